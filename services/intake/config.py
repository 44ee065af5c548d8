"""Where intake's things are, and the bounds that it states to CADs."""

from __future__ import annotations

from pydantic import Field

from shared.config import AgencyDoorSettings
from shared.sealing import SealingSettings

MAX_BODY_BYTES = 1024 * 1024
MAX_CALL_BYTES = 64 * 1024
MAX_CALLS = 1000
MAX_DEPTH = 200
"""Where the parser of pydantic stops by itself."""
MAX_OBJECTS, MAX_VALUES = 10_000, 40_000
"""Of one EIDO: each is looked at several times."""
MAX_NOTES_CHARACTERS = 256 * 1024
"""All notes of one EIDO as text. More is refused, never cut: the cut part could hold the word that matters."""


class IntakeSettings(SealingSettings, AgencyDoorSettings):
    """Settings of the door for CADs."""

    requests_in_flight: int = Field(default=512, ge=1, description="requests at a time; one more is answered 429")
