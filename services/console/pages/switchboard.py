"""The page Switchboard: what is switched on where, by whom and why, what runs there, and what is stopped."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from services.console.pages.limits import Limits, limits_of
from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.view.load import Load, load_of
from services.console.view.records import CapSeen, PauseSeen, SwitchSeen
from shared.judgement import PHASES, Phase
from shared.programme.judging.programme import Cap
from shared.programme.trying.schematic import DistrictShape
from shared.switch import ALL, Switch

MOST_CHANGES = 50

NO_BOUNDARIES = "The document has no boundaries that could be drawn; the table below has every district."


class StopLine(NamedTuple):
    """A pause in force."""

    html_id: str
    district: str
    response: str
    words: str
    since: datetime
    by: str
    reason: str


class ReviewLine(NamedTuple):
    """A pause that another person has yet to look into."""

    revision: int
    at: datetime
    by: str
    sentence: str
    reason: str


class CapLine(NamedTuple):
    """A bound that people have set."""

    words: str
    at_most_open: int | None
    at_most_per_day: int | None
    by: str
    since: datetime
    reason: str


class Cell(NamedTuple):
    """A response in a district, or with `all` in all of them together."""

    html_id: str
    response: str
    district: str
    phase: Phase | None
    """None in `all`: a phase is a district's."""
    set_by: str
    set_at: datetime | None
    set_why: str
    choices: tuple[Phase, ...]
    """What the document allows; every phase where nobody knows."""
    stopped: bool
    stopped_itself: bool
    """Whether this place has a pause of its own, rather than being held by a wider one."""
    load: Load
    is_counted: bool
    cap: CapLine | None
    document_caps: tuple[str, ...]


class DistrictLine(NamedTuple):
    """A row of the grid."""

    html_id: str
    district: str
    words: str
    open_calls: int
    stopped: bool
    stopped_itself: bool
    cells: tuple[Cell, ...]
    revision: int


class PlaceOnSchematic(NamedTuple):
    """A district on the schematic."""

    shape: DistrictShape
    state: str
    """`paused`, or the highest phase of any response there."""
    open_calls: int


class SchematicShown(NamedTuple):
    """The districts as shapes."""

    width: int
    height: int
    places: tuple[PlaceOnSchematic, ...]


class ChangeLine(NamedTuple):
    """A change of the switchboard."""

    revision: int
    at: datetime
    by: str
    sentence: str
    reason: str
    reviewed_by: str
    found: str


async def _read_document(visit: Visit) -> Mapping[str, Any]:
    """Read the document beside the loop, before the rows need it."""
    await asyncio.to_thread(limits_of, visit.seen)
    return {"responses": visit.document.responses}


def regions(visit: Visit) -> Sequence[Region]:
    """What is stopped, what waits for a review, the districts, the grid, and what changed."""
    limits = limits_of(visit.seen)
    grid = _Grid(visit, limits)
    lines = [grid.line(district) for district in (ALL, *visit.document.districts)]
    return (
        Region("stops", [_stop_row(pause) for pause in _paused(visit)], empty="Nothing is stopped."),
        Region("reviews", _reviews(visit), empty="No pause waits for a review."),
        Region("schematic", _schematic(limits, lines), NO_BOUNDARIES, tag="div", row_tag="div"),
        Region(
            "grid",
            [Row(f"district-{line.html_id}", "row_district.html", line) for line in lines],
            tag="tbody",
            row_tag="tr",
        ),
        Region(
            "changes",
            [_change_row(change) for change in visit.seen.switchboard.history[:MOST_CHANGES]],
            empty="None yet.",
        ),
    )


# --- the grid


class _Grid:
    """What the cells are made of."""

    def __init__(self, visit: Visit, limits: Limits | None) -> None:
        self._visit, self._limits = visit, limits
        self._board, self._responses = visit.seen.switchboard, visit.document.responses
        self._pauses = [Switch(pause.district, pause.response) for pause in self._board.paused.values()]
        self._load = load_of(visit.seen, visit.now.astimezone(visit.zone).date())
        self._open_calls = Counter(call.district for call in visit.seen.open_calls() if not call.synthetic)

    def line(self, district: str) -> DistrictLine:
        """A row: a district, or with `all` all of them."""
        is_all = district == ALL
        return DistrictLine(
            html_id=_html_id(district),
            district=district,
            words="All together" if is_all else district,
            open_calls=sum(self._open_calls.values()) if is_all else self._open_calls[district],
            stopped=any(pause.holds(district, None) for pause in self._pauses),
            stopped_itself=Switch(district) in self._pauses,
            cells=tuple(self._cell(response, district) for response in self._responses),
            revision=self._board.revision,
        )

    def _cell(self, response: str, district: str) -> Cell:
        switch, limits, place = Switch(district, response), self._limits, (response, district)
        seen, cap = self._board.phases.get(switch.key), self._board.caps.get(switch.key)
        most = limits.phases.get(place, "off") if limits else PHASES[-1]
        return Cell(
            html_id=_html_id(switch.key),
            response=response,
            district=district,
            phase=None if district == ALL else seen.phase if seen else "off",
            set_by=seen.by if seen else "",
            set_at=seen.since if seen else None,
            set_why=seen.reason if seen else "",
            choices=() if district == ALL else PHASES[: PHASES.index(most) + 1],
            stopped=any(pause.holds(district, response) for pause in self._pauses),
            stopped_itself=switch in self._pauses,
            load=self._load_of(response, district),
            is_counted=limits is None or response in limits.counted,
            cap=_cap_line(cap) if cap else None,
            document_caps=limits.caps.get(place, ()) if limits else (),
        )

    def _load_of(self, response: str, district: str) -> Load:
        if district != ALL:
            return self._load.get((response, district), Load(0, 0))
        of_response = [load for (name, _), load in self._load.items() if name == response]
        return Load(sum(load.open for load in of_response), sum(load.today for load in of_response))


def _cap_line(cap: CapSeen) -> CapLine:
    words = Cap(cap.at_most_open, cap.at_most_per_day).words
    return CapLine(words, cap.at_most_open, cap.at_most_per_day, cap.by, cap.since, cap.reason)


# --- around the grid


def _paused(visit: Visit) -> list[PauseSeen]:
    return sorted(visit.seen.switchboard.paused.values(), key=lambda pause: (pause.since, pause.district))


def _stop_row(pause: PauseSeen) -> Row:
    switch = Switch(pause.district, pause.response)
    words = "everything" if switch == Switch(ALL) else switch.words
    html_id = _html_id(switch.key)
    line = StopLine(html_id, pause.district, pause.response or "", words, pause.since, pause.by, pause.reason)
    return Row(f"stop-{html_id}", "row_stop.html", line, "alert")


def _reviews(visit: Visit) -> list[Row]:
    changes = {change.revision: change for change in visit.seen.switchboard.history}
    waiting = sorted((alert.at, int(alert.about)) for alert in visit.seen.alerts() if alert.kind == "pause-unreviewed")
    rows = []
    for at, revision in waiting:
        change = changes.get(revision)
        by, sentence, reason = (change.by, change.sentence, change.reason) if change else ("", "", "")
        rows.append(
            Row(f"review-{revision}", "row_review.html", ReviewLine(revision, at, by, sentence, reason), "waits")
        )
    return rows


def _schematic(limits: Limits | None, lines: Sequence[DistrictLine]) -> list[Row]:
    if limits is None:
        return []
    by_district = {line.district: line for line in lines}
    places = tuple(
        PlaceOnSchematic(shape, _state(by_district[shape.name]), by_district[shape.name].open_calls)
        for shape in limits.schematic.shapes
        if shape.name in by_district
    )
    if not places:
        return []
    shown = SchematicShown(limits.schematic.width, limits.schematic.height, places)
    return [Row("schematic-now", "schematic.html", shown)]


def _state(line: DistrictLine) -> str:
    if line.stopped:
        return "paused"
    return max((cell.phase for cell in line.cells if cell.phase), key=PHASES.index, default="off")


def _change_row(change: SwitchSeen) -> Row:
    line = ChangeLine(
        change.revision,
        change.at,
        change.by,
        change.sentence,
        change.reason,
        change.reviewed_by or "",
        change.found,
    )
    return Row(f"change-{change.revision}", "row_change.html", line)


def _html_id(key: str) -> str:
    return quote(key, safe="")


PAGE = ConsolePage(
    path="/switchboard",
    title="Switchboard",
    right="read",
    template="switchboard.html",
    show=_read_document,
    regions=regions,
)
