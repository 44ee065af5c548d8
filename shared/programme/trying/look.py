"""A dry look at a city's export before anybody has written a mapping: what its columns seem to be, and its times."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.call import CallType
from shared.programme.judging.normal_forms import spoken
from shared.programme.judging.programme import Programme
from shared.programme.trying.export_document import File, MappingRefused, clock_time
from shared.programme.trying.export_files import BadFile, opened, records

MOST_ROWS = 1_000_000
MOST_DIFFERENT = 5_000
"""So many values of a column are told apart; a column with more is an identifier or a text."""
EXAMPLES, MOST_FAULTS, MOST_CODES = 3, 20, 200
SHARE, LEAST_SHARE = 0.95, 0.5
"""Of the filled values that have to be of a kind for the column to be taken for it; of times, at the least."""

TIMES = (
    "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S%z",
    "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
)  # fmt: skip
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%m/%d/%y", "%Y%m%d")
_OF_IDS = {"incident", "id", "num", "number", "event", "case", "call", "cad"}
_OF_LISTS = {"snapshot", "asof", "as", "seen", "listed"}
_MIDNIGHT = re.compile(r"(.+?)((?:T| +)(?:00:00(?::00(?:\.0+)?)?|12:00(?::00)? AM)Z?)", re.IGNORECASE)
"""A date that is written as a time: the hour says nothing."""
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M")


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column: how many of its fields are filled, how many values there are, and some of them."""

    name: str
    filled: int
    different: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column may be, and why."""

    meaning: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What an export seems to hold."""

    rows: int
    columns: tuple[ColumnSeen, ...]
    guesses: tuple[Guess, ...]
    first: str | None
    last: str | None
    by_hour: tuple[int, ...]
    unlisted: Mapping[str, int]
    """Codes that the document does not know, the most frequent first; empty without a document."""
    faults: tuple[str, ...]
    mapping: str
    """A first mapping, as TOML, for a person to correct."""


def look_at(path: Path, file: File, programme: Programme | None = None) -> Look:
    """Look at an export. Raises MappingRefused where it cannot be read at all."""
    faults: list[str] = []
    table: dict[str, Counter[str]] = {}
    rows: list[Mapping[str, str]] = []
    try:
        with opened(path, file) as lines:
            for record in records(file, lines):
                if record.fault:
                    faults.append(f"line {record.line}, {record.fault}")
                elif len(rows) < MOST_ROWS:
                    rows.append(record.fields)
                    for name, value in record.fields.items():
                        counted = table.setdefault(name, Counter())
                        if value and (value in counted or len(counted) < MOST_DIFFERENT):
                            counted[value] += 1
    except (OSError, BadFile) as error:
        raise MappingRefused(f"{path.name}: {error}") from None
    if not rows:
        raise MappingRefused(f"{path.name}: holds no row that can be read", *faults[:MOST_FAULTS])
    guesses = _Guesses(rows, table)
    instants = sorted(guesses.instants())
    return Look(
        rows=len(rows),
        columns=tuple(_column(name, counted, rows) for name, counted in table.items()),
        guesses=tuple(guesses.made),
        first=instants[0].isoformat(sep=" ") if instants else None,
        last=instants[-1].isoformat(sep=" ") if instants else None,
        by_hour=_by_hour(instants),
        unlisted=_unlisted(programme, table.get(guesses.column("code"), Counter())),
        faults=tuple(faults[:MOST_FAULTS]),
        mapping=guesses.mapping(file, programme),
    )


def _column(name: str, counted: Counter[str], rows: Sequence[Mapping[str, str]]) -> ColumnSeen:
    examples = tuple(value[:40] for value, _ in counted.most_common(EXAMPLES))
    return ColumnSeen(name, sum(bool(row.get(name)) for row in rows), len(counted), examples)


def _by_hour(instants: Iterable[datetime]) -> tuple[int, ...]:
    hours = Counter(instant.hour for instant in instants)
    return tuple(hours[hour] for hour in range(24))


def _unlisted(programme: Programme | None, codes: Counter[str]) -> dict[str, int]:
    if programme is None:
        return {}
    systems = {system for system, _ in programme.codes}
    unknown = {
        code: count
        for code, count in codes.most_common()
        if not any(programme.code(CallType(system=system, code=code[:200])) for system in systems)
    }
    return dict(list(unknown.items())[:MOST_CODES])


Fits = Callable[[Sequence[str]], str]
"""Why the values of a column fit a meaning; empty where they do not."""


class _Guesses:
    """What each column may be, by its name and its values."""

    def __init__(self, rows: Sequence[Mapping[str, str]], table: Mapping[str, Counter[str]]) -> None:
        self._rows, self._table = rows, table
        self.made: list[Guess] = []
        self.time = ""
        self._of_a_call = ""
        self._created: tuple[str, ...] = ()
        self._guess_times()
        self._guess_id()
        for meaning, (words, fits) in _MEANINGS.items():
            self._guess(meaning, words, fits)

    def column(self, meaning: str) -> str:
        """The column that has the meaning; empty where there is none."""
        return next((guess.column for guess in self.made if guess.meaning == meaning), "")

    def instants(self) -> list[datetime]:
        """When the calls came in, as the clocks of the export say."""
        found = []
        for row in self._rows if self.time else ():
            try:
                found.append(_parsed(" ".join(row.get(name, "") for name in self._created), self.time))
            except (ValueError, OverflowError, OSError):
                continue
        return found

    def _guess_times(self) -> None:
        times = {name: written for name, counted in self._table.items() if (written := _time_of(list(counted)))}
        wanted = {
            "created_at": "create creation receive received call entry start reported time datetime date",
            "dispatched_at": "dispatch dispatched",
            "arrived_at": "arrive arrived arrival onscene scene",
            "closed_at": "close closed clear cleared end completed",
            "updated_at": "update updated modified snapshot asof as seen listed",
        }
        for meaning in ("dispatched_at", "arrived_at", "closed_at", "updated_at", "created_at"):
            taken = {guess.column for guess in self.made}
            named = [name for name in times if name not in taken and _words(name) & set(wanted[meaning].split())]
            if meaning == "created_at" and not named:
                named = [name for name in times if name not in taken]
            if named:
                self.made.append(Guess(meaning, named[0], self._like(named[0], times[named[0]])))
        if self.column("created_at"):
            self.time, self._created = times[self.column("created_at")], (self.column("created_at"),)
        else:
            self._guess_two_columns()
        self.made.reverse()

    def _like(self, name: str, written: str) -> str:
        values = [value for row in self._rows if (value := row.get(name))]
        others = [value for value in values if not _is(value, written)]
        if not others:
            return f"its values are like {written}"
        what = '[file] empty says what stands for nothing, [rows] unreadable_time = "leave-out" leaves rows out'
        return f"{len(others)} of {len(values)} values are not like {written}, as {others[0]}: {what}"

    def _guess_id(self) -> None:
        """The call's number: one that no two rows share, or that only rows of one and the same time do."""
        taken = {guess.column for guess in self.made} | set(self._created)
        named = [name for name in self._table if name not in taken and _words(name) & _OF_IDS]
        for name in named:
            if _different(list(self._table[name].elements())):
                why = f"it is called {' '.join(sorted(_words(name) & _OF_IDS))} and no value stands twice"
                self.made.append(Guess("incident_id", name, why))
                return
        for name in named:
            if self._created and self._is_one_time(name):
                updated = _words(self.column("updated_at"))
                self._of_a_call = "snapshots" if updated & _OF_LISTS else "versions" if updated else "units"
                self.made.append(Guess("incident_id", name, "rows with one value in it have one time"))
                return

    def _is_one_time(self, name: str) -> bool:
        """Whether all rows with one value of a column came in at one time, and values differ."""
        times: dict[str, tuple[str, ...]] = {}
        for row in self._rows:
            created = tuple(row.get(column, "") for column in self._created)
            if not row.get(name) or times.setdefault(row[name], created) != created:
                return False
        return len(times) > 1 and len(set(times.values())) > 1

    def _guess_two_columns(self) -> None:
        dates = {name: written for name, counted in self._table.items() if (written := _date_of(list(counted)))}
        clocks = {name: written for name, counted in self._table.items() if (written := _fits(list(counted), CLOCKS))}
        clocks = {name: written for name, written in clocks.items() if name not in dates}
        for (date, day), (clock, hour) in zip(dates.items(), clocks.items(), strict=False):
            self.time, self._created = f"{day} {hour}", (date, clock)
            self.made.append(Guess("created_at", date, f"with {clock} its values are like {self.time}"))
            return

    def _guess(self, meaning: str, words: str, fits: Fits) -> None:
        taken = {guess.column for guess in self.made} | set(self._created)
        for name, counted in self._table.items():
            named = _words(name) & set(words.split())
            if name not in taken and named and (why := fits(list(counted.elements())[: len(self._rows)])):
                self.made.append(Guess(meaning, name, f"it is called {' '.join(sorted(named))} and {why}"))
                return

    def mapping(self, file: File, programme: Programme | None) -> str:
        """A first mapping; what nobody can guess says so."""
        zone = programme.zone.key if programme else "America/Chicago"
        system = min((system for system, _ in programme.codes), default="cad") if programme else "cad"
        created = list(self._created) or ["?"]
        lines = [
            "# A first mapping, guessed from the export: correct every line before anybody counts with it.",
            f"agency      = {_toml(programme.agency if programme else 'agency')}",
            'source      = "cad"',
            f"time_zone   = {_toml(zone)}  # a guess: nothing in the export says it",
            f"time        = {_toml(self.time or '%Y-%m-%d %H:%M:%S')}",
            'ambiguous   = "first"  # in the hour that autumn repeats, the first one is meant: an assumption',
            f"code_system = {_toml(system)}",
        ]
        if file != File():
            lines += ["[file]", *(f"{name} = {_toml(value)}" for name, value in file.model_dump().items())]
        lines += ["[columns]", f"created_at = {_toml(created if len(created) > 1 else created[0])}"]
        guessed = {guess.meaning: guess for guess in self.made if guess.meaning != "created_at"}
        lines.append(f"code = {_toml(guessed['code'].column if 'code' in guessed else '?')}")
        for meaning, guess in guessed.items():
            if meaning != "code":
                lines.append(f"{meaning} = {_toml(guess.column)}  # {guess.reason}")
        if self._of_a_call:
            lines += ["[rows]", f"of_a_call = {_toml(self._of_a_call)}  # a guess: several rows have one number"]
        return "\n".join(lines) + "\n"


def _filled(_values: Sequence[str]) -> str:
    return "it is filled"


def _different(values: Sequence[str]) -> str:
    return "no value stands twice" if values and len(set(values)) == len(values) else ""


def _few(values: Sequence[str]) -> str:
    different = len(set(values))
    return f"it has {different} values" if 1 <= different <= max(20, len(values) // 2) else ""


def _degrees(most: int) -> Fits:
    def fits(values: Sequence[str]) -> str:
        try:
            good = sum(abs(float(value)) <= most for value in values)
        except ValueError:
            return ""
        return f"its values are degrees up to {most}" if values and good >= SHARE * len(values) else ""

    return fits


_MEANINGS: Mapping[str, tuple[str, Fits]] = {
    "latitude": ("latitude lat y", _degrees(90)),
    "longitude": ("longitude lon long lng x", _degrees(180)),
    "code": ("type code nature problem category calltype", _few),
    "priority": ("priority prio pri", _few),
    "beat": ("beat zone district sector precinct division grid area", _few),
    "disposition": ("disposition dispo outcome result status", _few),
}


def _words(name: str) -> set[str]:
    return set(spoken(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)))


def _time_of(values: Sequence[str]) -> str:
    """The way in which nearly all values are times, or else most; empty where there is none, and of bare dates."""
    if _date_of(values):
        return ""
    if found := _fits(values, TIMES) or _fits(values, TIMES, LEAST_SHARE):
        return found
    numbers = [value for value in values if re.fullmatch(r"\d{10}(\d{3})?(\.\d+)?", value)]
    if values and len(numbers) >= SHARE * len(values):
        return "epoch-seconds" if all(len(value.partition(".")[0]) == 10 for value in numbers) else "epoch-milliseconds"  # noqa: PLR2004  digits
    return ""


def _date_of(values: Sequence[str]) -> str:
    """The way in which values are dates, be it with a midnight that says nothing; empty where they are not."""
    matches = [match for value in values if (match := _MIDNIGHT.fullmatch(value))]
    tails = {match[2] for match in matches}
    if 1 < len(values) == len(matches) and len(tails) == 1:
        written = _fits([match[1] for match in matches], DATES)
        return written and written + tails.pop()
    return _fits(values, DATES)


def _fits(values: Sequence[str], formats: Iterable[str], share: float = SHARE) -> str:
    tried = values[:500]
    for written in formats if tried else ():
        if sum(_is(value, written) for value in tried) >= share * len(tried):
            return written
    return ""


def _is(value: str, written: str) -> bool:
    """Whether a value is a time of this century in a format."""
    try:
        return 2000 <= _parsed(value, written).year < 2100 or written in CLOCKS  # noqa: PLR2004  this century
    except (ValueError, OverflowError, OSError):
        return False


def _parsed(value: str, written: str) -> datetime:
    return clock_time(value, f"{written[:-1]}%z" if written.endswith("Z") else written).replace(tzinfo=None)


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
