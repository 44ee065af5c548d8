"""A report: figures with all that makes them readable: definitions, period, documents in force, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.reporting.figures.counting import Figure, Group, Question, count_all
from services.reporting.figures.customary import CUSTOMARY
from services.reporting.figures.measures import MEASURES, Measure
from services.reporting.store.tables import IN_FORCE
from shared.doors.charts import DAYS

_WORDS = (
    "name", "version", "title", "sentence", "numerator", "denominator", "clock_start", "clock_end", "exclusions",
    "missing", "unit", "small_cells", "caveat",
)  # fmt: skip
"""Of a measure, what belongs to its definition."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A programme document that was in force in the period."""

    version: int | None
    document_hash: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a period, and what they mean."""

    question: Question
    documents: tuple[InForce, ...]
    figures: dict[str, list[Figure]]
    not_cut: tuple[str, ...] = ()
    """Measures that were asked for, of which that cut says no more than what they count."""

    @property
    def changes(self) -> list[dict[str, str]]:
        """Since which days figures differ in kind from those before: another document, another definition."""
        first = self.question.first_day.isoformat()
        documents = [
            (f"{each.since.astimezone(ZoneInfo(self.question.zone)):%Y-%m-%d}", f"programme document {each.version}")
            for each in self.documents
        ]
        meanings = [
            (measure.changed, f"{measure.title}: definition {measure.version}")
            for measure in map(MEASURES.__getitem__, self.figures)
            if first < measure.changed < self.question.end_day.isoformat()
        ]
        return [{"day": day, "label": f"from {day}: {what}"} for day, what in (*documents[1:], *meanings)]

    def body(self) -> dict[str, Any]:
        """The report as JSON."""
        question = self.question
        return {
            "agency": question.agency,
            "zone": question.zone,
            "from": question.first_day.isoformat(),
            "until": question.end_day.isoformat(),
            "by": question.cut,
            "documents": [
                {"version": each.version, "hash": each.document_hash, "since": each.since.isoformat()}
                for each in self.documents
            ],
            "changes": self.changes,
            "not_cut": list(self.not_cut),
            "measures": [
                {**definition(MEASURES[name]), "figures": [asdict(figure) for figure in figures]}
                for name, figures in self.figures.items()
            ],
            "customary": [asdict(each) for each in CUSTOMARY],
        }


async def report(connection: AsyncConnection, question: Question, names: Sequence[str] = tuple(MEASURES)) -> Report:
    """The figures asked for."""
    not_cut = tuple(name for name in names if question.cut in MEASURES[name].not_by)
    figures = await count_all(connection, question, [name for name in names if name not in not_cut])
    if question.cut == "weekday":
        figures = {name: [replace(each, group=_day(each.group)) for each in found] for name, found in figures.items()}
    return Report(question, await _documents(connection, question), figures, not_cut)


def _day(group: Group) -> Group:
    return DAYS[group] if isinstance(group, int) else group


def definition(measure: Measure) -> dict[str, str | int]:
    """A measure in words."""
    return {word: getattr(measure, word) for word in _WORDS}


async def _documents(connection: AsyncConnection, question: Question) -> tuple[InForce, ...]:
    """The document in force at the beginning of the period, and those that followed it."""
    begun = and_(IN_FORCE.c.agency == question.agency, IN_FORCE.c.from_at < question.until)
    columns = (IN_FORCE.c.programme_version, IN_FORCE.c.programme_hash, IN_FORCE.c.from_at)
    ordered = select(*columns).where(begun).order_by(IN_FORCE.c.from_at, IN_FORCE.c.record_offset)
    documents = [InForce(*row) for row in await connection.execute(ordered)]
    before = [each for each in documents if each.since < question.since]
    return (*before[-1:], *documents[len(before) :])
