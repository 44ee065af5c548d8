"""The own page's words for ways to a person, and for what they are asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.pocket import words
from services.pocket.me.book import Way
from shared.events import ContactKind, OfferMade

KINDS: dict[ContactKind, str] = {
    "pocket": "This page",
    "webhook": "Paging service",
    "sms": "Text",
    "voice": "Phone call",
    "push": "Notification",
    "email": "Mail",
}
BROKEN = {
    "gone": "The phone is not told any more: open this page on it, and turn it on again.",
    "unproved": "Nobody has answered over it for months: ring it, and answer.",
    "unknown-number": "There is no such number.",
    "landline": "No text goes to a landline.",
    "not-mobile": "No text goes to this number.",
    "blocked": "The carrier does not let us through.",
}


def called(way: Way) -> str:
    """What a way is called, with as much of the address as may be seen."""
    return f"{KINDS[way.kind]} {way.shown}".strip()


def state_of(way: Way, now: datetime, proof: timedelta) -> tuple[str, bool]:
    """Whether a way works, in a sentence and in a word."""
    if way.kind == "pocket":
        return "It is there as long as you look at it.", True
    if way.opted_out:
        return "You have said STOP. Reply START to be told again.", False
    if way.broken:
        return BROKEN.get(way.broken, f"It does not work: {way.broken.replace('-', ' ')}."), False
    if way.proved_at is None:
        return "Nobody has answered over it yet: ring it, and answer.", False
    age = now - way.proved_at
    when = f"{age.days} {'day' if age.days == 1 else 'days'}" if age.days else words.minutes(age.total_seconds())
    return f"It worked {when} ago.", age < proof


def asked(made: OfferMade) -> str:
    """An offer in one line."""
    where = f" in {made.district}" if made.district else ""
    how_urgent = f", priority {made.priority}" if made.priority else ""
    return f"{made.response.replace('-', ' ').capitalize()}{where}{how_urgent}"
