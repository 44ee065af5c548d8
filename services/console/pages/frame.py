"""What stands on every page: who you are, how current it is, what is stopped, and the stop switch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.console.pages.page import ConsolePage, Region, Visit
from services.console.view.alarms import open_alarms
from shared.switch import ALL, Switch

FRAME = "*frame"
"""The address of the board that every page watches besides its own."""


class Stopped(NamedTuple):
    """A pause, as the frame shows it."""

    district: str
    response: str
    words: str


class Summary(NamedTuple):
    """The switchboard in a line."""

    stopped: tuple[Stopped, ...]
    live: int
    advisory: int
    shadow: int


def regions(visit: Visit) -> Sequence[Region]:
    """The parts of the frame that change."""
    return (
        Region.of_one("frame-document", "frame_document.html", _document(visit)),
        Region.of_one("frame-switches", "frame_switches.html", _summary(visit)),
        Region.of_one("frame-alarms", "frame_alarms.html", _alarms(visit)),
        Region.of_one("frame-overseers", "frame_overseers.html", visit.door.overseers.warnings(visit.who.agency)),
    )


PAGE = ConsolePage(path=FRAME, title="", right="read", template="", regions=regions, navigation=False)


def _document(visit: Visit) -> tuple[str, int | None, str]:
    document = visit.document
    return document.programme, document.version, document.document_hash[:8]


def _summary(visit: Visit) -> Summary:
    board = visit.seen.switchboard
    stopped = sorted(
        Stopped(p.district, p.response or "", Switch(p.district, p.response).words) for p in board.paused.values()
    )
    phases = [seen.phase for seen in board.phases.values()]
    return Summary(tuple(stopped), phases.count("live"), phases.count("advisory"), phases.count("shadow"))


def _alarms(visit: Visit) -> int:
    return sum(open_alarms(visit.alerts(), visit.now).values())


def districts(visit: Visit) -> tuple[str, ...]:
    """What the stop switch can stop: everything first."""
    return (ALL, *visit.document.districts)
