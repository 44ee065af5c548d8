"""The covers of two versions: facts, call types, districts and hours with another result, as few pieces as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import pairwise
from math import prod
from operator import or_
from typing import Any, Final, NamedTuple

from shared.judgement import PHASES, Phase
from shared.programme.document.fact_space import (
    MAX_CELLS,
    Axis,
    Box,
    Cell,
    Ranking,
    axes_of,
    box_words,
    boxes,
    cells,
    conditions_of,
    permitted,
    projections,
)
from shared.programme.judging.gates import EVERYONE
from shared.programme.judging.hours import DAYS, MINUTES_A_DAY
from shared.programme.judging.programme import Level, Programme, Row


@dataclass(frozen=True, slots=True)
class Cover:
    """Calls to which one response may go differently from before: which they are, and how."""

    response: str
    facts: str
    call_types: str
    districts: str
    hours: str
    before: str
    after: str


class TooLarge(ValueError):
    """The two documents tell more combinations of facts apart than can be compared."""


def covers(old: Programme, new: Programme, facts: Facts) -> Iterator[Cover]:
    """From the day on which `new` takes effect, with every phase at the most its document allows.

    Response by response, for what one of them takes on does not concern the others; their order is another matter.
    """
    takes, times = _Takes(old, new), _Times(old, new)
    for response in dict.fromkeys((*old.responses, *new.responses)):
        for (before, after), pieces in _pieces(response, facts, takes, times).items():
            for piece in _merged(pieces):
                yield Cover(
                    response,
                    facts.words(piece.facts),
                    takes.words(piece.takes),
                    times.place_words(piece.places),
                    times.words(piece.times),
                    _going_words(before),
                    _going_words(after),
                )


def _pieces(response: str, facts: Facts, takes: _Takes, times: _Times) -> dict[tuple[Going, Going], list[_Piece]]:
    """All calls to which the response goes differently from before, by how it went and how it goes now."""
    sent, taken = facts.groups(response), takes.groups(response)
    pieces: defaultdict[tuple[Going, Going], list[_Piece]] = defaultdict(list)
    for place, plan in enumerate(times.plans(response)):
        for (phase, phase_now), atoms in plan.items():
            for (sends, sends_now), numbers in sent.items():
                for (takers, takers_now), names in taken.items():
                    before = phase if sends and takers else ()
                    after = phase_now if sends_now and takers_now else ()
                    if before != after:
                        pieces[before, after].append(_Piece(numbers, names, frozenset((place,)), atoms))
    return pieces


class Way(NamedTuple):
    """How far one roll-out row lets a response go, to which share of calls in percent, and within which cap."""

    phase: Phase
    share_percent: int
    seed: str
    cap: str

    def allows(self, other: Way) -> bool:
        """Whether every call goes by this way, as far, that goes by the other."""
        return (
            PHASES.index(self.phase) >= PHASES.index(other.phase)
            and self.share_percent >= other.share_percent
            and (self.share_percent == EVERYONE or self.seed == other.seed)
            and self.cap in ("", other.cap)
        )


Going = tuple[Way, ...]
"""The ways of the rows that are open, but for those that another allows; without any it does not go."""
Atom = tuple[int, bool, int]
"""A stretch of the week, whether the day it opens is a holiday, and a stretch of dates: by their numbers."""
Times = int
"""A set of atoms, a bit for each: many rows of different hours and dates tell a million apart."""


class _Piece(NamedTuple):
    """A product of the four dimensions."""

    facts: frozenset[Cell]
    takes: frozenset[str]
    places: frozenset[int]
    times: Times


def _going_words(going: Going) -> str:
    if not going:
        return "does not go"
    words = "; or ".join(map(_way_words, going))
    return f"may go ({words})" if words else "may go"


def _way_words(way: Way) -> str:
    notes = [] if way.phase == "live" else [str(way.phase)]
    notes += [f"{way.share_percent} % of calls, drawn by {way.seed!r}"] if way.seed else []
    return ", ".join([*notes, *filter(None, (way.cap,))])


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """Fewer, larger pieces: those that differ in one dimension only become one, until nothing more does."""
    while True:
        before = len(pieces)
        for place in range(4):
            by_rest: dict[tuple[object, ...], _Piece] = {}
            for piece in pieces:
                rest = (*piece[:place], *piece[place + 1 :])
                twin = by_rest.get(rest)
                if twin is not None:
                    parts: list[Any] = list(piece)
                    parts[place] |= twin[place]
                    piece = _Piece(*parts)  # noqa: PLW2901
                by_rest[rest] = piece
            pieces = list(by_rest.values())
        if len(pieces) == before:
            return pieces


class Facts:
    """Every combination of facts, and the level and the responses that each document has for it."""

    def __init__(self, old: Programme, new: Programme) -> None:
        """Work them out. Raises TooLarge."""
        self._old, self._new = old, new
        conditions = [condition for programme in (old, new) for condition in conditions_of(programme, permissions=True)]
        self._axes: tuple[Axis, ...] = axes_of(conditions, unknown_hazards=False)
        size = prod(len(axis.classes) for axis in self._axes)
        if size > MAX_CELLS:
            raise TooLarge(f"{size} combinations of facts; at most {MAX_CELLS} are compared")
        sends_old, sends_new = _Sends(self._axes, old), _Sends(self._axes, new)
        self._sent = {cell: (*sends_old.of(cell), *sends_new.of(cell)) for cell in cells(self._axes)}

    def levels(self) -> list[tuple[Level, Level]]:
        """The levels on which the same calls stand under the old document and under the new, calmest first."""
        ranks = sorted({(rank, rank_now) for rank, _, rank_now, _ in self._sent.values()})
        return [(self._old.levels[rank], self._new.levels[rank_now]) for rank, rank_now in ranks]

    def groups(self, response: str) -> dict[tuple[bool, bool], frozenset[Cell]]:
        """The cells by whether the response is sent, by the old document and by the new."""
        grouped: defaultdict[tuple[bool, bool], list[Cell]] = defaultdict(list)
        for cell, (_, sends, _, sends_now) in self._sent.items():
            grouped[response in sends, response in sends_now].append(cell)
        return {sent: frozenset(chosen) for sent, chosen in grouped.items()}

    def words(self, chosen: frozenset[Cell]) -> str:
        """What these facts are, by level, and by what sets them apart within the level."""
        by_ranks: defaultdict[tuple[int, int], set[Cell]] = defaultdict(set)
        for cell in chosen:
            rank, _, rank_now, _ = self._sent[cell]
            by_ranks[rank, rank_now].add(cell)
        return "; ".join(self._level_words(ranks, some) for ranks, some in sorted(by_ranks.items()))

    def _level_words(self, ranks: tuple[int, int], chosen: set[Cell]) -> str:
        rank, rank_now = ranks
        level = level_words(self._old.levels[rank], self._new.levels[rank_now])
        calmer = {
            cell
            for cell, (before, _, after, _) in self._sent.items()
            if (before == rank if rank <= rank_now else after == rank_now)
        }
        if chosen == calmer:
            return level
        within, box = projections(calmer, len(self._axes)), projections(chosen, len(self._axes))
        if all(cell in chosen or any(index not in box[place] for place, index in enumerate(cell)) for cell in calmer):
            return f"{level} with {box_words(self._axes, box, within)}"
        return f"{level} with " + " / ".join(_short(self._axes, boxes(chosen), within))


def level_words(was: Level, now: Level) -> str:
    """The name of a level, and of the one that stands in its place."""
    return f"level {was.name!r}" if was.name == now.name else f"level {was.name!r}, now {now.name!r}"


def _short(axes: tuple[Axis, ...], chosen: list[Box], within: Box) -> list[str]:
    words = [text for box in chosen if (text := box_words(axes, box, within))]
    return words[:6] + ([f"{len(words) - 6} more such combinations"] if len(words) > 6 else [])  # noqa: PLR2004  a line


class _Sends:
    """The level of a cell, and the responses that the level sends and whose permissions the cell grants."""

    def __init__(self, axes: tuple[Axis, ...], programme: Programme) -> None:
        self._ranking = Ranking(axes, programme)
        self._levels = [
            [(name, permitted(axes, programme.responses[name].only_when)) for name in level.sends]
            for level in programme.levels
        ]

    def of(self, cell: Cell) -> tuple[int, tuple[str, ...]]:
        rank = self._ranking.rank(cell)
        return rank, tuple(
            name for name, needs in self._levels[rank] if all(cell[place] in classes for place, classes in needs)
        )


class _Takes:
    """Categories, and those who may ask."""

    def __init__(self, old: Programme, new: Programme) -> None:
        self._old, self._new = old, new
        both = (*old.responses.values(), *new.responses.values())
        self._categories = {category for response in both for category in response.takes}
        self._askers = {asker for response in both for asker in response.may_be_asked_by}

    def groups(self, response: str) -> dict[tuple[bool, bool], frozenset[str]]:
        """Categories and askers, by whether the old document and the new let the response go to their calls."""
        grouped: defaultdict[tuple[bool, bool], set[str]] = defaultdict(set)
        before, after = self._old.responses.get(response), self._new.responses.get(response)
        for category in self._categories:
            taken = (before is not None and category in before.takes, after is not None and category in after.takes)
            grouped[taken].add(category)
        for asker in self._askers:
            asked = (
                before is not None and asker in before.may_be_asked_by,
                after is not None and asker in after.may_be_asked_by,
            )
            grouped[asked].add(f"{_ASKED}{asker}")
        return {taken: frozenset(names) for taken, names in grouped.items()}

    def words(self, names: frozenset[str]) -> str:
        """Categories, and whatever those who may ask ask for."""
        askers = sorted(name.removeprefix(_ASKED) for name in names if name.startswith(_ASKED))
        categories = sorted(name for name in names if not name.startswith(_ASKED))
        return ", ".join([*categories, *([f"whatever {' or '.join(askers)} asks for"] if askers else [])])


_ASKED = "asked for by "


class _Times:
    """Districts grouped by their roll-out rows, and for each group the times grouped by what is open."""

    def __init__(self, old: Programme, new: Programme) -> None:
        self._first_day = new.effective.astimezone(new.zone).date()
        rows = (*old.rollout, *new.rollout)
        self._week = _stretches(rows)
        days = {day for row in rows for day in (row.from_day, row.until_day) if day and day > self._first_day}
        self._dates = [self._first_day, *sorted(days)]
        self._holidays = (False, True) if any(row.closed_on_holidays for row in rows) else (False,)
        grouped: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
        for district in dict.fromkeys((*old.districts, *new.districts)):
            grouped[_rows_in(old, district), _rows_in(new, district)].append(district)
        self._places = tuple(grouped.values())
        self._all = {district for names in self._places for district in names}
        self._programmes = (old, new)

    def plans(self, response: str) -> Iterator[Mapping[tuple[Going, Going], Times]]:
        """For each group of districts, when the response goes under the old document and under the new."""
        for names in self._places:
            open_at: dict[tuple[frozenset[Way], ...], Times] = {(_NO_WAY, _NO_WAY): self._open(None)}
            for which, programme in enumerate(self._programmes):
                for row, way in _ways(programme, response, names[0]):
                    open_at = _parted(open_at, which, way, self._open(row))
            plan: defaultdict[tuple[Going, Going], Times] = defaultdict(int)
            for (ways, ways_now), times in open_at.items():
                plan[_going(ways), _going(ways_now)] |= times
            yield plan

    def _open(self, row: Row | None) -> Times:
        """When a row is open; without one always."""
        week = (place for place, stretch in enumerate(self._week) if row is None or opens(row, *stretch))
        day = _joined(week, 1, 1)
        shut = row is not None and row.closed_on_holidays
        kinds = (place for place, holiday in enumerate(self._holidays) if not (holiday and shut))
        dates = (place for place, day in enumerate(self._dates) if row is None or runs(row, day))
        return _joined(dates, _joined(kinds, day, len(self._week)), len(self._week) * len(self._holidays))

    def atoms(self, times: Times) -> Iterator[Atom]:
        """The single times."""
        for place, bit in enumerate(reversed(f"{times:b}")):
            if bit == "1":
                rest, number = divmod(place, len(self._week))
                dates, holiday = divmod(rest, len(self._holidays))
                yield number, self._holidays[holiday], dates

    def place_words(self, numbers: frozenset[int]) -> str:
        names = [district for number in sorted(numbers) for district in self._places[number]]
        if set(names) == self._all and len(names) > 1:
            return "all districts"
        old, new = (programme.districts for programme in self._programmes)
        return ", ".join(f"{name}{' (new)' if name not in old else ' (no more)' * (name not in new)}" for name in names)

    def words(self, times: Times) -> str:
        """Hours, holidays and dates."""
        by_rest: defaultdict[tuple[bool, int], set[int]] = defaultdict(set)
        for number, holiday, dates in self.atoms(times):
            by_rest[holiday, dates].add(number)
        by_hours: defaultdict[frozenset[int], set[tuple[bool, int]]] = defaultdict(set)
        for rest, numbers in by_rest.items():
            by_hours[frozenset(numbers)].add(rest)
        return "; ".join(self._hours_words(numbers) + self._rest_words(rest) for numbers, rest in by_hours.items())

    def _hours_words(self, numbers: Iterable[int]) -> str:
        by_day: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for weekday, start, end in sorted(self._week[number] for number in numbers):
            if by_day[weekday] and by_day[weekday][-1][1] == start:
                by_day[weekday][-1] = (by_day[weekday][-1][0], end)
            else:
                by_day[weekday].append((start, end))
        by_windows: defaultdict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
        for weekday, windows in by_day.items():
            by_windows[tuple(windows)].append(weekday)
        return ", ".join(f"{_days(days)} {_clocks(windows)}" for windows, days in by_windows.items())

    def _rest_words(self, rest: set[tuple[bool, int]]) -> str:
        words = ""
        holidays, dates = {holiday for holiday, _ in rest}, sorted({number for _, number in rest})
        if holidays != set(self._holidays):
            words += " on holidays" if True in holidays else " except on holidays"
        if len(dates) < len(self._dates):
            starts = [number for number in dates if number - 1 not in dates]
            ends = [number + 1 for number in dates if number + 1 not in dates]
            words += ", " + " and ".join(self._date_words(*stretch) for stretch in zip(starts, ends, strict=True))
        return words

    def _date_words(self, start: int, end: int) -> str:
        return f"from {self._dates[start]}" + (f" until {self._dates[end]}" if end < len(self._dates) else "")


_NO_WAY: Final[frozenset[Way]] = frozenset()


def _parted(
    open_at: Mapping[tuple[frozenset[Way], ...], Times], which: int, way: Way, times: Times
) -> dict[tuple[frozenset[Way], ...], Times]:
    """The same, with one more way at these times in the old document (0) or the new (1)."""
    parted: defaultdict[tuple[frozenset[Way], ...], Times] = defaultdict(int)
    for ways, before in open_at.items():
        parted[(*ways[:which], ways[which] | {way}, *ways[which + 1 :])] |= before & times
        parted[ways] |= before & ~times
    return {ways: some for ways, some in parted.items() if some}


def _going(ways: frozenset[Way]) -> Going:
    most = [way for way in ways if not any(other.allows(way) for other in ways - {way})]
    return tuple(sorted(most, key=lambda way: (-PHASES.index(way.phase), -way.share_percent, *way[2:])))


def _joined(places: Iterable[int], times: Times, width: int) -> Times:
    """`times` once for each place, as far apart as they are wide."""
    return reduce(or_, (times << place * width for place in places), 0)


def opens(row: Row, weekday: int, start: int, end: int) -> bool:
    """Whether the row opens in some part of a stretch of a day, in minutes after midnight."""
    today, yesterday = row.week.days[weekday], row.week.days[weekday - 1]
    return any(window.opens < end and start < window.closes for window in today) or any(
        start + MINUTES_A_DAY < window.closes for window in yesterday
    )


def runs(row: Row, day: date) -> bool:
    """Whether a day is among the row's dates."""
    return (row.from_day is None or day >= row.from_day) and (row.until_day is None or day < row.until_day)


def _rows_in(programme: Programme, district: str) -> tuple[object, ...]:
    return tuple(
        (name, tuple(_row_key(row) for row in programme.rows.get((name, district), ()))) for name in programme.responses
    )


def _row_key(row: Row) -> tuple[object, ...]:
    times = (row.from_day, row.until_day, row.week.days, row.closed_on_holidays)
    return (*times, row.phase, row.share_percent, row.seed, row.cap, row.cap_districts)


def _ways(programme: Programme, response: str, district: str) -> list[tuple[Row, Way]]:
    rows = programme.rows.get((response, district), ())
    return [(row, _way(programme, row)) for row in rows if row.share_percent]


def _way(programme: Programme, row: Row) -> Way:
    everywhere = row.cap_districts == frozenset(programme.districts)
    where = "all districts" if everywhere else ", ".join(sorted(row.cap_districts))
    cap = f"{row.cap.words} in {where}" if row.cap.words else ""
    return Way(row.phase, row.share_percent, row.seed if row.share_percent < EVERYONE else "", cap)


def _stretches(rows: Iterable[Row]) -> list[tuple[int, int, int]]:
    """Weekday, start and end in minutes of the stretches of a week within which nothing opens or closes."""
    cuts: list[set[int]] = [{0, MINUTES_A_DAY} for _ in DAYS]
    for row in rows:
        for weekday, windows in enumerate(row.week.days):
            for window in windows:
                cuts[weekday].add(window.opens)
                cuts[weekday].add(min(window.closes, MINUTES_A_DAY))
                cuts[(weekday + 1) % 7].add(max(window.closes - MINUTES_A_DAY, 0))
    return [
        (weekday, start, end) for weekday, minutes in enumerate(map(sorted, cuts)) for start, end in pairwise(minutes)
    ]


def _days(numbers: list[int]) -> str:
    if len(numbers) == len(DAYS):
        return "daily"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _clocks(windows: Iterable[tuple[int, int]]) -> str:
    return " and ".join(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in windows)
