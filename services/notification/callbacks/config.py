"""The callbacks door's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.card_numbers import CardNumbers
from shared.config import AgencyDoorSettings, CallbacksUrl, WebhookNetworks
from shared.sealing import SealingSettings


class CallbacksSettings(SealingSettings, AgencyDoorSettings):
    """What the door needs to know."""

    callbacks_url: CallbacksUrl = Field(min_length=1)
    link_secret: SecretStr = Field(min_length=32, description="makes links and callback addresses, as for notification")
    pocket_url: str = Field(pattern="^https?://", description="where people's phones reach the pocket page")
    webhook_networks: WebhookNetworks = ()
    card_numbers: CardNumbers = Field(default_factory=dict)
