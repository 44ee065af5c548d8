"""The pocket page's settings, each `CAREROUTE_<NAME>` in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from shared.call import Name
from shared.carriers import Sender
from shared.config import DoorSettings, WebhookNetworks
from shared.sealing import SealingSettings


def _by_agency(value: object) -> object:
    """`madison-wi=+16085550100 60855, dane=+16085550200` as numbers by agency."""
    if not isinstance(value, str):
        return value
    by_agency: dict[str, tuple[str, ...]] = {}
    for part in filter(None, map(str.strip, value.split(","))):
        agency, _, numbers = part.partition("=")
        if agency in by_agency:
            raise ValueError(f"{agency} stands twice")
        by_agency[agency] = tuple(numbers.split())
    return by_agency


CardNumbers = Annotated[
    Mapping[Name, Annotated[tuple[Sender, ...], Field(min_length=1, max_length=20)]],
    NoDecode,
    BeforeValidator(_by_agency),
    Field(description="each agency's senders, on the contact card: madison-wi=+16085550100 60855, dane=+16085550200"),
]


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
