"""Makes a calendar's events concrete: series by their rule, less what is struck out, with what was moved or added.

Rules run on the clocks of the series, never on instants, so a shift keeps its hours when the clocks change.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from ical.types.recur import Frequency, Recur

from services.console.foreign.ics_lines import Component, Property
from services.console.foreign.ics_times import Moment, Times, last_wall, moment, moments, times_of
from services.console.foreign.mapping import RotaMapping
from services.console.foreign.plan import Span, Wrong, check_length
from shared.programme.trying.export_document import MappingRefused

MAX_OCCURRENCES = 100
"""Of one series, in the time that is imported."""
MAX_RULE_SECONDS = 20.0
"""Of the processor, for all rules of a file together: a rule may be written so that it never comes to an end."""
TAKEN = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"))
FREQUENCIES = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY)


class Occurrence(NamedTuple):
    """One shift of an event."""

    event: Component
    key: str
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class Series:
    """All events of one UID."""

    uid: str
    master: Component | None = None
    exceptions: list[Component] = field(default_factory=list)
    """Single occurrences that were moved, changed or cancelled."""


class Expansion:
    """Expands series within a span."""

    def __init__(self, mapping: RotaMapping, span: Span) -> None:
        self._mapping, self._span = mapping, span
        self._began = time.process_time()
        self.in_utc = 0
        """Series whose hours stand in UTC, and so move when the clocks change."""
        self.begun = 0
        """Shifts that run when the time begins that is imported."""

    def occurrences(self, series: Series) -> Iterator[Occurrence]:
        """Every occurrence of a series that begins in the span and is no exception. Raises Wrong."""
        master = series.master
        if master is None:
            return
        times = times_of(master, self._mapping)
        rules = master.properties.get("rrule", [])
        added = list(moments(master, "rdate", self._mapping))
        if not rules and not added:
            yield from self._within(master, series.uid, times, [times.begins.wall], keyed=False)
            return
        self.in_utc += times.begins.in_utc
        walls = set(self._walls(rules, times)) | {_on_clocks(other, times) for other in added}
        struck_out = [*moments(master, "exdate", self._mapping), *(self._meant(event) for event in series.exceptions)]
        walls -= _struck_out(struck_out, times, walls)
        yield from self._within(master, series.uid, times, sorted(walls), keyed=True)

    def exception(self, series: Series, event: Component) -> Iterator[Occurrence]:
        """What an occurrence that was moved or changed has become; it keeps its key. Raises Wrong."""
        times = times_of(event, self._mapping)
        of_series = times_of(series.master, self._mapping) if series.master else times
        meant = of_series.begins._replace(wall=_on_clocks(self._meant(event), of_series)).at
        for occurrence in self._within(event, series.uid, times, [times.begins.wall], keyed=False):
            yield occurrence._replace(key=_key(series.uid, meant))

    def _meant(self, event: Component) -> Moment:
        said = event.first("recurrence-id")
        if said is None:
            raise Wrong("RECURRENCE-ID", "is missing", "the occurrence that is changed")
        if said.parameters.get("RANGE"):
            raise Wrong("RECURRENCE-ID", "changes the rest of a series", "a series of its own for the rest")
        return moment(said, self._mapping)

    def _walls(self, rules: Sequence[Property], times: Times) -> Iterator[datetime]:
        """When the series begins, on its own clocks, up to the end of the span."""
        if not rules:
            yield times.begins.wall
            return
        if len(rules) > 1:
            raise Wrong("RRULE", "stands more than once", "one rule a series")
        end = self._span.ends_at.astimezone(times.begins.zone).replace(tzinfo=None)
        rule, until = _rule(rules[0], times)
        for wall in rule.as_rrule(times.begins.wall):
            if wall > end or (until is not None and wall > until):
                break
            yield wall
        if time.process_time() - self._began > MAX_RULE_SECONDS:
            raise MappingRefused(f"line {rules[0].line}: the rules of the file take longer than they may to be read")

    def _within(
        self, event: Component, uid: str, times: Times, walls: Sequence[datetime], *, keyed: bool
    ) -> Iterator[Occurrence]:
        count = 0
        for wall in walls:
            starts_at, ends_at = times.begins._replace(wall=wall).at, times.ends_at(wall)
            if not self._span.holds(starts_at):
                self.begun += self._span.begins_within(starts_at, ends_at)
                continue
            count += 1
            if count > MAX_OCCURRENCES:
                raise Wrong("RRULE", f"begins more than {MAX_OCCURRENCES} times in the time that is imported", "fewer")
            check_length(starts_at, ends_at, "DTEND")
            yield Occurrence(event, _key(uid, starts_at) if keyed else uid, starts_at, ends_at)


def _key(uid: str, at: datetime) -> str:
    return f"{uid}/{at:%Y%m%dT%H%MZ}"


def _rule(said: Property, times: Times) -> tuple[Recur, datetime | None]:
    """The rule without its end, and its end on the clocks of the series. Raises Wrong."""
    parts = dict(part.partition("=")[::2] for part in said.value.strip().upper().split(";") if part)
    if others := sorted(set(parts) - TAKEN):
        raise Wrong("RRULE", f"{others[0]} is not taken", f"a rule of {', '.join(sorted(TAKEN))}")
    try:
        until = last_wall(parts.pop("UNTIL"), times.begins.zone) if "UNTIL" in parts else None
        rule = Recur.from_rrule(";".join(f"{name}={value}" for name, value in parts.items()))
    except (ValueError, KeyError):
        raise Wrong("RRULE", "is no rule", "one like FREQ=WEEKLY;BYDAY=MO,TU") from None
    if rule.freq not in FREQUENCIES:
        raise Wrong("RRULE", f"{rule.freq.value} is too often for shifts", "DAILY, WEEKLY, MONTHLY or YEARLY")
    return rule, until


def _on_clocks(other: Moment, times: Times) -> datetime:
    """A time as the clocks of the series show it; a whole day has the hour of the series."""
    if other.whole_day:
        return datetime.combine(other.wall.date(), times.begins.wall.time())
    return other.at.astimezone(times.begins.zone).replace(tzinfo=None)


def _struck_out(moments: Sequence[Moment], times: Times, walls: set[datetime]) -> set[datetime]:
    """Which beginnings are meant: a day strikes out whatever begins on it, a time what begins at that instant."""
    days: set[date] = {other.wall.date() for other in moments if other.whole_day}
    instants = {other.at for other in moments if not other.whole_day}
    return {wall for wall in walls if wall.date() in days or times.begins._replace(wall=wall).at in instants}
