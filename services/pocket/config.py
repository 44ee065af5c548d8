"""The pocket page's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.card_numbers import CardNumbers
from shared.config import DoorSettings, WebhookNetworks
from shared.sealing import SealingSettings


class PocketSettings(SealingSettings, DoorSettings):
    """What the door needs to know."""

    link_secret: SecretStr = Field(min_length=32, description="makes the links on pages; the same for notification")
    pocket_url: str = Field(
        default="", pattern="^(https?://.*)?$", description="where phones reach this page; http:// only on one machine"
    )
    push_public_key: str = Field(
        default="",
        pattern="^([A-Za-z0-9_-]{87})?$",
        description="of `careroute key push`: browsers ask for pushes with it; without it there are none",
    )
    card_numbers: CardNumbers = Field(default_factory=dict)
    webhook_networks: WebhookNetworks = ()
