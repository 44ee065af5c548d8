"""Figures: what the store holds, counted by stated definitions, and what of it the public may see."""
