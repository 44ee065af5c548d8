"""Rostering's settings: those of every process, none of its own."""

from __future__ import annotations

from shared.config import Settings


class RosteringSettings(Settings):
    """Where things are."""
