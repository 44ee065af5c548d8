"""Triage's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from pydantic import Field

from shared.config import Settings
from shared.sealing import SealingKey


class TriageSettings(Settings):
    """Settings of triage's worker."""

    sealing_key: SealingKey = Field(description="32 bytes, base64: the key that intake seals with")
