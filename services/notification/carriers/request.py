"""What is asked of a carrier, whichever it is, and one try at asking it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.notification.carriers.handed import Handed
from services.notification.exchange import NoAnswer, Reply


@dataclass(frozen=True, slots=True)
class Text:
    """A text to one phone."""

    to: str
    sender: str
    body: str
    seconds: float
    """How long the carrier may take to answer."""
    valid_seconds: int
    callback: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to one phone."""

    to: str
    sender: str
    seconds: float
    ring_seconds: int
    voice_url: str
    callback: str


async def handed(asking: Awaitable[Reply], judge: Callable[[Reply], Handed]) -> Handed:
    """What came of one request: without an answer it may have been taken, unless nothing of it had left."""
    try:
        return judge(await asking)
    except NoAnswer as none:
        return Handed("unknown", "unknown") if none.sent else Handed("not-taken", none.why)
