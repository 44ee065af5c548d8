"""Notification's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from services.notification.reach import ReachSettings
from shared.config import CallbacksUrl, Settings
from shared.sealing import SealingSettings


class NotificationSettings(ReachSettings, SealingSettings, Settings):
    """Where people's pages lead, and who the CADs are."""

    agencies_file: Path = Field(description="the agencies file: CAD webhooks, secrets that sign pages")
    link_secret: SecretStr = Field(min_length=32, description="makes the links on pages; the same for the pocket page")
    pocket_url: str = Field(pattern="^https?://", description="where people's phones reach the pocket page")
    callbacks_url: CallbacksUrl = ""
