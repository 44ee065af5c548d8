"""Settings of the door, and of the command line that asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from shared.config import AgencyDoorSettings, Environment, WebhookNetworks

Address = Annotated[Annotated[str, Field(pattern="^https?://")] | None, BeforeValidator(lambda value: value or None)]
"""Of something that there may be; empty is the same as left out."""


class ConsoleSettings(AgencyDoorSettings):
    """What the door needs to know."""

    link_secret: SecretStr = Field(min_length=32, description="what the pocket links are made with, as in notification")
    pocket_url: str = Field(
        default="http://127.0.0.1:8002", pattern="^https?://", description="address of the pocket page, for links"
    )
    webhook_networks: WebhookNetworks = ()
    console_answer_seconds: float = Field(
        default=2.0, gt=0, le=10, description="how long a command's answer is waited for"
    )
    console_command_expiry_seconds: int = Field(
        default=60, ge=5, le=3600, description="how long a command may take to become durable, or wait for its call"
    )
    console_keep_closed_hours: int = Field(default=72, ge=1, le=168, description="how long closed calls can be read")
    console_keep_closed_calls: int = Field(default=5_000, ge=10, description="how many of an agency at most")
    console_idle_hours: float = Field(
        default=12, gt=0, le=24, description="how long a browser stays signed in that nobody uses"
    )
    console_runbooks: Path | None = Field(
        default=None, description="directory of the pages that say what to do about an alert: a copy of deploy/runbooks"
    )
    console_sessions_file: Path | None = Field(
        default=None, description="where it is kept who is signed in; without it a restart signs everybody out"
    )
    reporting_url: Address = Field(default=None, description="where the reporting service is, for traces and figures")
    reporting_key: SecretStr = Field(default=SecretStr(""), description="what reporting lets this console in with")
    prometheus_url: Address = Field(default=None, description="where Prometheus is, for the page of operations")


class WatchSettings(Environment):
    """What `careroute watch` needs to know."""

    watch_secret: SecretStr = Field(min_length=32, description="what whoever beats shares with the watcher")


class CommandLineSettings(Environment):
    """What the command line needs to know."""

    console_url: str = Field(default="http://127.0.0.1:8092", pattern="^https?://", description="where the door is")
    token: SecretStr = Field(default=SecretStr(""), description="your token, as your administrator gave it to you")
