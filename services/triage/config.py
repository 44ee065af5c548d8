"""Triage's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from shared.config import Settings
from shared.sealing import SealingSettings


class TriageSettings(SealingSettings, Settings):
    """Settings of triage's worker."""
