"""The links on a page: opaque, and the same whenever made until revoked.

Each is bound to what it leads to and to its person, and that of a page also to the way that the page went: so whoever
answers by it has proved that way.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, get_args

from shared.base64url import encoded

TOKEN_BYTES = 16

CalendarOf = Literal["own", "whole"]
"""What a calendar shows: a person's own shifts, or everybody's."""
CALENDARS: tuple[CalendarOf, ...] = get_args(CalendarOf)


def token_of(
    secret: str, kind: str, subject_id: str, person_id: str, generation: int = 0, *, method_id: str = ""
) -> str:
    """The token for a person and what it leads to: 128 bits of HMAC-SHA256, so that nothing here is random.

    The generation counts how often the person's links were revoked; before the first time nothing is added for it,
    unless the way is.
    """
    counted = [str(generation)] if generation or method_id else []
    parts = (kind, subject_id, person_id, *counted, *([method_id] if method_id else []))
    message = "\x00".join(parts).encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return encoded(digest[:TOKEN_BYTES])


def offer_link(
    base_url: str, secret: str, offer_id: str, person_id: str, generation: int = 0, *, method_id: str = ""
) -> str:
    """Where a person answers an offer; dies with the offer and the assignment it led to."""
    return f"{base_url.rstrip('/')}/p/{token_of(secret, 'offer', offer_id, person_id, generation, method_id=method_id)}"


def shift_link(base_url: str, secret: str, shift_id: str, person_id: str, generation: int = 0) -> str:
    """A person's page for the shift; dies at sign-off."""
    return f"{base_url.rstrip('/')}/s/{token_of(secret, 'shift', shift_id, person_id, generation)}"


def calendar_token(  # noqa: PLR0917  # what a link is of
    secret: str, agency: str, person_id: str, whose: CalendarOf, generation: int = 0, calendar_generation: int = 0
) -> str:
    """The token of a person's link to a calendar; it dies with their links, and when calendars alone are revoked."""
    return token_of(secret, "calendar", f"{agency}/{whose}/{calendar_generation}", person_id, generation)


def calendar_link(base_url: str, token: str) -> str:
    """Where a calendar program subscribes."""
    return f"{base_url.rstrip('/')}/cal/{token}.ics"


def roll_link(
    base_url: str, secret: str, roll_id: str, person_id: str, generation: int = 0, *, method_id: str = ""
) -> str:
    """Where a person answers a roll call; dies when it is over."""
    return f"{base_url.rstrip('/')}/r/{token_of(secret, 'roll', roll_id, person_id, generation, method_id=method_id)}"
