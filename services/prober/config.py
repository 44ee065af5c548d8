"""The prober's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from shared.addresses import well_formed
from shared.config import KeepingSettings, ListeningSettings, WatchedSettings

URL = "^https?://"
Door = Annotated[str, AfterValidator(well_formed), AfterValidator(lambda url: url.rstrip("/"))]
"""Where a door is: paths are put behind it."""


class ProberSettings(ListeningSettings, KeepingSettings, WatchedSettings):
    """Where careroute's doors are, and who is told when it is deaf. The way to them must not lead through careroute."""

    probes_file: Path = Field(description="the probes file, which `careroute probe` writes: keys, tokens, secrets")
    prober_url: Door = Field(description="where careroute reaches this door: pages and CAD messages")
    intake_url: Door = Field(description="the door for CADs")
    console_url: Door = Field(description="the console")
    pocket_url: Door = Field(description="where people's phones reach the pocket page")
    probe_seconds: float = Field(default=30, ge=0.2, le=60, description="from one probe of an agency to the next")
    beat_seconds: float = Field(default=60, ge=0.2, le=60, description="from one beat of a district to the next")
    probe_limit_seconds: float = Field(default=20, ge=0.2, le=25, description="how long one may take, all in all")
    probe_start_seconds: float = Field(
        default=45, ge=0, le=60, description="how long after its own start the doors are waited for"
    )
    alarm_url: str = Field(
        default="", pattern=f"^$|{URL}", description="where an alarm is posted; without it the prober is never ready"
    )
    alarm_token: SecretStr = Field(default=SecretStr(""), description="a bearer token for it, if it asks for one")
