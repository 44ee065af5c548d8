"""Triage's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from shared.audit_log.key_use import KeyUseSettings
from shared.sealing import SealingSettings


class TriageSettings(SealingSettings, KeyUseSettings):
    """Settings of triage's worker."""
