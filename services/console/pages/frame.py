"""What stands on every page: who you are, how current it is, what is stopped, and the stop switch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.view.alarms import alerts_of, open_alarms
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
        _region("frame-document", "frame_document.html", _document(visit)),
        _region("frame-switches", "frame_switches.html", _summary(visit)),
        _region("frame-alarms", "frame_alarms.html", _alarms(visit)),
    )


PAGE = ConsolePage(path=FRAME, title="", right="read", template="", regions=regions, navigation=False)


def _region(name: str, template: str, shown: Hashable) -> Region:
    return Region(name, (Row(f"{name}-now", template, shown),), tag="div", row_tag="div")


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
    agencies, agency = visit.door.agencies, visit.who.agency
    alerts = alerts_of(visit.seen, may_pause=agencies.may_pause(agency), file_refused_since=agencies.refused_since)
    return sum(open_alarms(alerts, visit.now).values())


def districts(visit: Visit) -> tuple[str, ...]:
    """What the stop switch can stop: everything first."""
    return (ALL, *visit.document.districts)
