"""The kinds of values that a document holds, and how each is checked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.call import Asker
from shared.judgement import AGE, OR, PRIORITY, Discipline
from shared.plain import fault_of_text
from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.hours import is_time_zone, parse_hours
from shared.programme.judging.normal_forms import normal, plain, spoken
from shared.validation import several

ASKERS: Final[tuple[str, ...]] = get_args(Asker)
DISCIPLINES: Final[tuple[str, ...]] = get_args(Discipline)


def fault(what: str, right: str) -> PydanticCustomError:
    """A fault in careroute's own words."""
    return PydanticCustomError("careroute", "{what}", {"what": what, "right": right})


def shown(value: object) -> str:
    """A value as a document writes it."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple | list):
        return "a list" if len(value) != 1 else f"a list of {shown(value[0])}"
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat() if isinstance(value, date | time) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  what fits a line


def checked(check: Callable[[Any], object], right: str) -> AfterValidator:
    """Refuses what `check` raises ValueError for."""

    def validate(value: Any) -> Any:
        try:
            check(value)
        except ValueError as error:
            raise fault(str(error), right) from None
        return value

    return AfterValidator(validate)


def zone(value: str) -> None:
    """Raises ValueError for anything but an IANA zone."""
    if not is_time_zone(value):
        raise ValueError(f"{value!r} is no time zone")


def _plain(value: str) -> None:
    if value != plain(value) or not value:
        raise ValueError(f"{value!r} is empty, or has stray white space or decomposed letters")
    if (wrong := fault_of_text(value)) is not None:
        raise ValueError(f"{value!r} {wrong}")


def _district(value: str) -> None:
    _plain(value)
    if "/" in value:
        raise ValueError(f"{value!r} has a slash, which parts a district from a response")


LISTED: Final = BeforeValidator(several, json_schema_input_type=str | tuple[str, ...])


def year(value: date) -> None:
    """Raises ValueError for a year that cannot be meant."""
    if not 2000 <= value.year < 2200:  # noqa: PLR2004  a document is neither older than careroute's calls nor for ever
        raise ValueError(f"{value} is out of range")


def _years(value: str) -> None:
    match = re.fullmatch(r"[1-9]\d{0,2} or more|under [1-9]\d{0,2}|(\d{1,3}) to (\d{1,3})", value)
    if match is None or (match[1] and int(match[1]) > int(match[2])):
        raise ValueError(f"{value!r} is no age bound")


def _spoken(value: str) -> None:
    if not spoken(value):
        raise ValueError(f"{value!r} has no letter or digit")


def _place(value: str) -> None:
    named = value.split(OR)
    for discipline in named:
        if discipline not in DISCIPLINES:
            raise ValueError(f"{discipline!r} is no discipline")
    if len(set(named)) != len(named):
        raise ValueError(f"{value!r} names a discipline twice")


def _orders_calls(value: str) -> None:
    names_priority = value.startswith(PRIORITY) and normal(value.removeprefix(PRIORITY))
    if value not in (*ASKERS, AGE) and not names_priority:
        raise ValueError(f"{value!r} orders no calls")


_DISCIPLINE = "|".join(DISCIPLINES)
CrewPlace = Annotated[
    str,
    Field(json_schema_extra={"pattern": rf"^({_DISCIPLINE})( or ({_DISCIPLINE}))*$"}),
    checked(_place, f"one of {', '.join(DISCIPLINES)}, or several like emt or paramedic"),
]
Words = Annotated[str, Field(max_length=200), checked(_plain, "one line of words")]
PlaceInOrder = Annotated[
    Words, checked(_orders_calls, f'one of {", ".join(ASKERS)}, "{PRIORITY}1" with a priority\'s code, or "{AGE}"')
]
Slug = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
DistrictName = Annotated[
    str, Field(max_length=80, json_schema_extra={"pattern": "^[^/]+$"}), checked(_district, "a name without slash")
]
Spoken = Annotated[Words, checked(_spoken, "a word as it is spoken")]
Hours = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"^[A-Za-z,-]+ \d\d:\d\d-\d\d:\d\d$"}),
    checked(parse_hours, 'like "Mon-Fri 11:00-19:00", "Sat,Sun 10:00-02:00" or "daily 00:00-24:00"'),
]
AgeBound = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"^([1-9]\d{0,2} or more|under [1-9]\d{0,2}|\d{1,3} to \d{1,3})$"}),
    checked(_years, '"18 or more", "under 18" or "13 to 17"'),
]
Day = Annotated[date, checked(year, "a year between 2000 and 2199")]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
WithinAnHour = Annotated[int, Field(ge=1, le=60)]


def one_of(values: tuple[str, ...]) -> Any:
    """One of these values."""
    return Literal[values]


def any_of(values: tuple[str, ...]) -> Any:
    """One of these values, or a list of them."""
    value: Any = Literal[values]
    return Annotated[
        tuple[value, ...],
        BeforeValidator(several, json_schema_input_type=value | tuple[value, ...]),
        Field(min_length=1),
    ]


def thresholds(hazard: str) -> tuple[str, ...]:
    """How a level may name a hazard: from a value upwards, never one value in the middle nor the calmest."""
    _, *raising = HAZARDS[hazard]
    return (*(f"{value} or worse" for value in raising), raising[-1])
