"""Texts and calls to people: what they say, who carries them, and what came of it."""
