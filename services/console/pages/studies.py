"""Documents as pages show them: studied at the workbench, with their weeks as rows of spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

from services.console.pages.page import Visit
from services.console.view.records import DocumentSeen
from services.console.workbench.tasks import Studied, Study
from shared.judgement import Phase
from shared.programme.judging.hours import DAYS
from shared.programme.trying.page import HALF_HOUR, Grid

WIDE: Final = 4
"""So many half hours have room for the word of their phase."""


class Span(NamedTuple):
    """Half hours of a day in the same phase."""

    phase: Phase
    opens: str
    closes: str
    half_hours: int

    @property
    def is_wide(self) -> bool:
        """Whether the word of the phase has room."""
        return self.half_hours >= WIDE


class Week(NamedTuple):
    """The week of a response in some districts."""

    response: str
    districts: tuple[str, ...]
    on: date
    days: tuple[tuple[str, tuple[Span, ...]], ...]


def active_of(visit: Visit) -> DocumentSeen | None:
    """The document in force, if there is one whose text this door has."""
    return next((seen for seen in visit.seen.documents.values() if seen.state == "active" and seen.document), None)


def approved_version(visit: Visit) -> int:
    """The greatest version that two people agreed on: another has to be greater."""
    return max((seen.version for seen in visit.seen.documents.values() if seen.approved_by), default=0)


async def studied(visit: Visit, text: str, in_force: str = "") -> Studied:
    """What a document means, and how it differs from the one in force, or from one that is by then."""
    if not in_force or in_force == text:
        return await visit.door.workbench.study(Study(text))
    documents = visit.seen.documents.values()
    waiting = tuple(seen.document for seen in documents if seen.state == "adopted" and seen.document not in ("", text))
    return await visit.door.workbench.study(Study(text, in_force, waiting))


def values_of(study: Studied) -> Mapping[str, Any]:
    """What the templates show of a study."""
    weeks = [_week(grid) for grid in study.page.grids] if study.page else []
    return {"study": study, "weeks": weeks, "hours": range(0, 24, 2)}


def _week(grid: Grid) -> Week:
    days = ((name, tuple(_spans(day))) for name, day in zip(DAYS, grid.days, strict=True))
    return Week(grid.response, grid.districts, grid.on, tuple(days))


def _spans(day: tuple[Phase, ...]) -> Iterator[Span]:
    start = 0
    for phase, same in groupby(day):
        half_hours = len(list(same))
        yield Span(phase, _clock(start), _clock(start + half_hours), half_hours)
        start += half_hours


def _clock(half_hours: int) -> str:
    hours, minutes = divmod(half_hours * HALF_HOUR, 60)
    return f"{hours:02}:{minutes:02}"
