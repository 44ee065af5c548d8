"""The mapping document: what the columns of a city's export mean. Every line of the language stands here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.call import Name, Text
from shared.programme.document.kinds import zone
from shared.validation import faults_in

M = TypeVar("M", bound=BaseModel)

EPOCHS = {"epoch-seconds": 1, "epoch-milliseconds": 1000}
"""Numbers since 1970 in UTC, by how many make a second."""
MAX_FAULTS = 50
"""So many faults are told in one run."""


class MappingRefused(ValueError):
    """The mapping document or the export is wrong; says where, a line for each fault."""

    def __init__(self, *faults: str) -> None:
        more = [f"and {len(faults) - MAX_FAULTS} faults more"] if len(faults) > MAX_FAULTS else []
        super().__init__("\n".join([*faults[:MAX_FAULTS], *more]))
        self.faults = faults


def _zone(name: str) -> str:
    zone(name)
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
"""Where a document's clocks stand."""
_NEEDED = {"year": "%Y %y", "month": "%m %b %B", "day": "%d", "hour": "%H %I"}
_TAKEN = frozenset("YymbBdjHIpMSfzaA%")


def time_format(written: str) -> str:
    """A format of `strptime` that says when something was. Raises ValueError.

    A literal Z at the end stands for UTC, as it does in the times.
    """
    if written in EPOCHS:
        return written
    letters = re.findall(r"%(.?)", written)
    if unknown := sorted(set(letters) - _TAKEN):
        raise ValueError(f"%{unknown[0]} is not taken; write the parts of the time one by one, like %Y-%m-%d %H:%M")
    day_of_year = {"month", "day"} if "j" in letters else set()
    for part, codes in _NEEDED.items():
        if part not in day_of_year and not any(code[1] in letters for code in codes.split()):
            raise ValueError(f"{written!r} says no {part} ({codes}): year, month, day and hour are needed")
    if "I" in letters and "p" not in letters:
        raise ValueError(f"{written!r} has hours to 12 (%I) and does not say AM or PM (%p)")
    if "H" in letters and "p" in letters:
        raise ValueError(f"{written!r} says AM or PM (%p) of hours to 24 (%H); hours to 12 are %I")
    return re.sub(r"(?<!%)Z$", "%z", written)


END_OF_DAY: Final = "24"
"""The hour that ISO 8601 takes for the first of the day after, where minutes and seconds are none."""


def clock_time(value: str, written: str) -> datetime:
    """The time that a text says in a format of `strptime`, or as `EPOCHS` count; 24:00 is the next day's 00:00.

    Raises ValueError, and OverflowError or OSError for what lies beyond all days.
    """
    if written in EPOCHS:
        return datetime.fromtimestamp(float(value) / EPOCHS[written], UTC)
    try:
        return datetime.strptime(value, written)  # noqa: DTZ007  # its zone is for who asks
    except ValueError:
        for match in re.finditer(END_OF_DAY, value) if "%H" in written else ():
            with suppress(ValueError):
                at = datetime.strptime(f"{value[: match.start()]}00{value[match.end() :]}", written)  # noqa: DTZ007  # as above
                if at.time() == time.min:
                    return at + timedelta(days=1)
        raise


def several(written: object) -> object:
    """A single text as a list of one."""
    return [written] if isinstance(written, str) else written


ColumnNames = Annotated[list[str], BeforeValidator(several), Field(min_length=1, max_length=4)]
"""One column, or several whose values are read together."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Encoding = Literal["utf-8", "utf-16", "cp1252", "latin-1"]


class File(_Table):
    """How the file is written."""

    format: Literal["csv", "json-lines", "arcgis-json"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Encoding = "utf-8"
    empty: list[str] = []
    """What stands in a field that holds nothing, as databases write it: `NULL`, or a day of 1900."""


class Columns(_Table):
    """Which column of the export says what. A time may stand in two columns, a code have its suffix in another."""

    incident_id: str | None = None
    """Without one, an id is made of what the row says."""
    created_at: ColumnNames
    code: ColumnNames
    updated_at: ColumnNames | None = None
    dispatched_at: ColumnNames | None = None
    arrived_at: ColumnNames | None = None
    closed_at: ColumnNames | None = None
    priority: str | None = None
    beat: str | None = None
    disposition: str | None = None
    latitude: str | None = None
    longitude: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is read."""
        given: list[str | list[str] | None] = list(self.model_dump().values())
        listed = [[value] if isinstance(value, str) else value or [] for value in given]
        return tuple(dict.fromkeys(name for names in listed for name in names))


class Rows(_Table):
    """Which rows there are."""

    of_a_call: Literal["one", "units", "versions", "snapshots"] = "one"
    """What several rows of a call are: a fault, a row a unit, its versions, or lists of the active calls."""
    leave_out: dict[str, list[str]] = {}
    """Column → patterns of rows that are no calls for help, e.g. officer-initiated."""
    take_only: dict[str, list[str]] = {}
    """Column → patterns outside of which a row is another agency's, or another kind."""
    unreadable_time: Literal["refuse", "leave-out"] = "refuse"
    """Where some times cannot be read, e.g. lack AM or PM: whether their rows are left out, and counted."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return (*self.leave_out, *self.take_only)


class Priorities(_Table):
    """The priorities that may occur."""

    taken: list[str]


class Beats(_Table):
    """Which beats (patterns with `?` and `*`) are in which district, and which say that the beat is not known."""

    unknown: list[str] = []
    districts: dict[Text, list[str]]


class End(_Table):
    """How a disposition ends a call, and how long after it came in where no column says it."""

    status: Literal["cancelled", "closed", "merged"]
    after_minutes: Annotated[int, Field(ge=0, le=1440)] = 0


class CallMapping(_Table):
    """A mapping document."""

    agency: Name
    source: Name
    time_zone: TimeZone
    time: Annotated[str, AfterValidator(time_format)]
    ambiguous: Literal["first", "second"]
    code_system: Text
    columns: Columns
    file: File = File()
    rows: Rows = Rows()
    codes: dict[str, str] = {}
    priorities: Priorities | None = None
    beats: Beats | None = None
    ends: dict[str, End] = {}


def read_document(kind: type[M], text: str) -> M:
    """A mapping document of any kind, as far as its form goes. Raises MappingRefused with every fault."""
    try:
        return kind.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise MappingRefused(*(f"the mapping: {fault}" for fault in faults_in(error))) from None
    except RecursionError:
        raise MappingRefused("the mapping is nested too deeply: it needs a table in a table at most") from None
    except ValueError as error:  # no TOML, or a number without end
        raise MappingRefused(f"the mapping is no TOML: {error}") from None


def read_mapping(text: str) -> CallMapping:
    """The document. Raises MappingRefused with every fault that was found."""
    mapping = read_document(CallMapping, text)
    if contradictions := tuple(_contradictions(mapping)):
        raise MappingRefused(*contradictions)
    return mapping


def _contradictions(mapping: CallMapping) -> Iterable[str]:
    columns, of_a_call = mapping.columns, mapping.rows.of_a_call
    if (columns.latitude is None) != (columns.longitude is None):
        yield "the mapping: columns: latitude and longitude belong together"
    if of_a_call != "one" and columns.incident_id is None:
        yield f"the mapping: columns.incident_id: is needed to know which rows ({of_a_call}) are one call's"
    if of_a_call in ("versions", "snapshots") and columns.updated_at is None:
        yield f"the mapping: columns.updated_at: is needed to order {of_a_call}: when each row was true"
