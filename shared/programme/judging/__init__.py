"""Judging a call by a programme that has been read and verified. Pure."""
