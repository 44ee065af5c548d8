"""Counts measures in the store: each figure with its number, how many it is of, and how many could not be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, literal, null, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from services.reporting.figures.facts import Facts, received_within
from services.reporting.figures.measures import MEASURES, Breakdown, Duration, Measure, Repeats, Share
from services.reporting.store.tables import EPISODE

MICROSECONDS: Final = {"seconds": 1_000_000, "minutes": 60_000_000}
MEDIAN, NINETY = 0.5, 0.9

Group = str | int | None
"""What a figure is cut by: None where a call does not say it, or where nothing was asked for."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whose calls, of which days on the agency's clocks, and by what the figures are cut."""

    agency: str
    zone: str
    first_day: date
    end_day: date
    """The first day that is not among them."""
    cut: str | None = None

    @property
    def since(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first_day, time(), ZoneInfo(self.zone))

    @property
    def until(self) -> datetime:
        """The first instant after."""
        return datetime.combine(self.end_day, time(), ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a measure. `count` of `n` calls; `missing` more could not be counted."""

    group: Group
    part: str | None
    """Of a breakdown: which part; of repeat callers: from how many calls on."""
    value: float | None
    """In the measure's unit; of a duration the median."""
    high: float | None
    """Of a duration: in nine of ten it was no longer."""
    count: int
    n: int
    missing: int


async def count_all(
    connection: AsyncConnection, question: Question, names: Iterable[str] = tuple(MEASURES)
) -> dict[str, list[Figure]]:
    """The figures of some measures, by measure; groups in order, of a breakdown the greatest part first."""
    measures = [MEASURES[name] for name in names]
    counted: dict[str, list[Figure]] = {measure.name: [] for measure in measures}
    counted |= await _shares(connection, question, [measure for measure in measures if isinstance(measure, Share)])
    for measure in measures:
        if not isinstance(measure, Share):
            counted[measure.name] = await _counted(connection, question, measure)
    return {name: sorted(filter(_says_something, figures), key=_order) for name, figures in counted.items()}


async def _counted(connection: AsyncConnection, question: Question, measure: Measure) -> list[Figure]:
    match measure:
        case Breakdown():
            return await _breakdown(connection, question, measure)
        case Duration():
            return await _duration(connection, question, measure)
        case Repeats():
            return await _repeats(connection, question, measure)
        case _:
            raise TypeError(f"nothing counts a {type(measure).__name__}")


async def _shares(
    connection: AsyncConnection, question: Question, measures: Sequence[Share]
) -> Mapping[str, list[Figure]]:
    """All shares of the same facts in one reading of them."""
    figures = defaultdict[str, list[Figure]](list)
    by_facts = defaultdict[int, list[Share]](list)
    for measure in measures:
        by_facts[id(measure.facts)].append(measure)
    for alike in by_facts.values():
        columns = [column for measure in alike for column in _share_columns(measure)]
        for group, *counts in await connection.execute(_asked(question, alike[0].facts, *columns)):
            for place, measure in enumerate(alike):
                count, n, missing = (int(number or 0) for number in counts[3 * place : 3 * place + 3])
                value = 100 * count / n if n else None
                figures[measure.name].append(Figure(group, None, value, None, count, n, missing))
    return figures


def _share_columns(measure: Share) -> tuple[ColumnElement[int], ...]:
    there = _there(measure)
    return _sum(and_(there, measure.counted)), _sum(there), _sum(_absent(measure))


async def _breakdown(connection: AsyncConnection, question: Question, measure: Breakdown) -> list[Figure]:
    part = case((_there(measure), measure.part)).label("part")
    query = _asked(question, measure.facts, part, func.count(), _sum(_absent(measure)))
    rows = [tuple(row) for row in await connection.execute(query.where(measure.among).group_by("part"))]
    n, missing = defaultdict[Group, int](int), defaultdict[Group, int](int)
    for group, name, count, absent in rows:
        missing[group] += int(absent or 0)
        n[group] += count if name is not None else 0
    return [
        Figure(group, str(name), float(count), None, count, n[group], missing[group])
        for group, name, count, _ in rows
        if name is not None
    ] + [Figure(group, None, None, None, 0, 0, missing[group]) for group in missing if not n[group]]


async def _duration(connection: AsyncConnection, question: Question, measure: Duration) -> list[Figure]:
    """Nearest rank: the shortest that so many are no longer than. What ends before it begins is missing."""
    took = type_coerce(measure.end, BigInteger) - type_coerce(measure.start, BigInteger)
    stamped = and_(measure.among, measure.start.is_not(None), measure.end.is_not(None), took >= 0)
    group = _cut(question, measure.facts)
    ranked = (
        select(
            group.label("cut"),
            took.label("took"),
            func.cume_dist().over(partition_by=group, order_by=took).label("rank"),
        )
        .select_from(measure.facts.rows)
        .where(_asked_for(question, measure.facts), stamped)
        .subquery()
    )
    rank = {at: func.min(case((ranked.c.rank >= at, ranked.c.took))) for at in (MEDIAN, NINETY)}
    ranks = select(ranked.c.cut, rank[MEDIAN], rank[NINETY]).group_by(ranked.c.cut)
    quantiles = {cut: (median, ninety) for cut, median, ninety in await connection.execute(ranks)}
    counts = _asked(question, measure.facts, _sum(measure.among), _sum(stamped))
    unit = MICROSECONDS[measure.unit]
    figures = []
    for cut, among, n in await connection.execute(counts):
        median, ninety = (None if took is None else took / unit for took in quantiles.get(cut, (None, None)))
        figures.append(Figure(cut, None, median, ninety, int(n or 0), int(n or 0), int((among or 0) - (n or 0))))
    return figures


async def _repeats(connection: AsyncConnection, question: Question, measure: Repeats) -> list[Figure]:
    """A call that was reopened or asked for anew has several episodes: nobody has called more often for that."""
    group = _cut(question, measure.facts)
    callers = (
        select(
            group.label("cut"), measure.caller.label("caller"), func.count(EPISODE.c.call_id.distinct()).label("calls")
        )
        .select_from(measure.facts.rows)
        .where(_asked_for(question, measure.facts), _there(measure))
        .group_by("cut", "caller")
        .subquery()
    )
    at_least = [_sum(callers.c.calls >= threshold) for threshold in measure.thresholds]
    callers_by_cut = {
        cut: tuple(counts)
        for cut, *counts in await connection.execute(select(callers.c.cut, *at_least).group_by(callers.c.cut))
    }
    counts = _asked(question, measure.facts, _sum(_there(measure)), _sum(_absent(measure)))
    return [
        Figure(cut, str(threshold), float(count), None, int(count), int(n or 0), int(missing or 0))
        for cut, n, missing in await connection.execute(counts)
        for threshold, count in zip(
            measure.thresholds, callers_by_cut.get(cut, [0] * len(measure.thresholds)), strict=True
        )
    ]


def _asked(question: Question, facts: Facts, *columns: ColumnElement[Any]) -> Select[Any]:
    """Columns over the calls asked for, by what they are cut by."""
    group = _cut(question, facts)
    query = select(group.label("cut"), *columns).select_from(facts.rows).where(_asked_for(question, facts))
    return query if question.cut is None else query.group_by("cut")


def _cut(question: Question, facts: Facts) -> ColumnElement[Any]:
    return null() if question.cut is None else facts.cuts[question.cut]


def _asked_for(question: Question, facts: Facts) -> ColumnElement[bool]:
    """Those that count, of real calls of the agency, received in the period."""
    within = received_within(question.since, question.until)
    return and_(EPISODE.c.agency == question.agency, EPISODE.c.synthetic.is_(False), within, facts.counted)


def _there(measure: Measure) -> ColumnElement[bool]:
    return measure.among if measure.lacks is None else and_(measure.among, ~measure.lacks)


def _absent(measure: Measure) -> ColumnElement[bool]:
    return literal(1) == literal(0) if measure.lacks is None else and_(measure.among, measure.lacks)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _says_something(figure: Figure) -> bool:
    """A group in which there is nothing to count is left out."""
    return bool(figure.n or figure.missing)


_DIGITS: Final = 2
"""Of a threshold at most: so 5 comes before 10."""


def _order(figure: Figure) -> tuple[bool, Any, int, str]:
    group = figure.group
    return (
        group is None,
        (group if isinstance(group, int) else 0, str(group)),
        -figure.count,
        (figure.part or "").rjust(_DIGITS),
    )
