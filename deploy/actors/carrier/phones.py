"""Phones, and what their owners do: each keeps everything that it got, so that nothing can have been sent unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OFFER_LINK = re.compile(r"https?://\S+/p/[\w-]+")


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text that came to a phone."""

    at: float
    sender: str
    body: str

    @property
    def link(self) -> str:
        """The link to the page of an offer; empty where there is none in it."""
        link = OFFER_LINK.search(self.body)
        return link[0] if link else ""


@dataclass(slots=True)
class ReceivedCall:
    """A call that came to a phone: how it went, what was heard, and which keys were pressed."""

    at: float
    sender: str
    ended: str = ""
    """`completed`, `no-answer`, `busy` …; empty while it lasts."""
    ended_at: float = 0.0
    heard: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Phone:
    """A number, and what comes of reaching it. Seconds are those that its owner takes."""

    number: str
    replies: str = ""
    """What is texted back to each text that asks something."""
    replies_to_all: bool = False
    """It does so by itself, whatever it got."""
    replies_after_seconds: float = 3.0
    presses: str = ""
    """The keys that are pressed, one whenever one is asked for, the last again; empty: they only listen."""
    picks_up_after_seconds: float | None = 4.0
    """None: it rings until nobody lets it ring any more."""
    presses_after_seconds: float = 2.0
    text_error: str = ""
    """The carrier's code for why no text ever arrives: `30003`, switched off; `30005`, no such number …"""
    call_ends: str = ""
    """How every call ends before it is heard: `busy`, `failed`."""
    voicemail: bool = False
    """A machine picks up, hears everything, and presses nothing."""
    texts: list[ReceivedText] = field(default_factory=list)
    calls: list[ReceivedCall] = field(default_factory=list)
