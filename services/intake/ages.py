"""How old a person is of whom an EIDO tells, in whole years.

The standard has NIEM's `ageMeasure` and `birthDate`, and does not say how a measure is written: it is read as a number
or a text, or as an object with one field of a value and one of a unit. What is not clearly one age is none: a
programme's bound asks for an age that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from services.intake.flat import word_of
from services.intake.parts import Part

IN_A_YEAR: Final[Mapping[str, int]] = {
    **dict.fromkeys(("", "ann", "a", "y", "yr", "yrs", "year", "years", "yearold", "yearsold", "yo"), 1),
    **dict.fromkeys(("mon", "mo", "mos", "month", "months", "monthold", "monthsold"), 12),
    **dict.fromkeys(("wee", "wk", "wks", "week", "weeks"), 52),
    **dict.fromkeys(("day", "d", "days"), 365),
}
"""How many of a unit make a year, by UN/CEFACT's codes, which NIEM has, and by name."""
WEST: Final = timedelta(hours=12)
"""Where clocks are behind UTC a birthday begins later: nobody is held for older than they are."""
_MEASURE = re.compile(r"(\d{1,3})(?:\.\d*)?([^\d.]*)")


def years_of(person: Part, at: datetime) -> int | None:
    """A person's age at an instant; None where nothing, several things, or something unreadable is said of it."""
    said = {_measured(text) for text in _measures(person)}
    said |= {_lived(text, (at - WEST).date()) for text in person.texts("birthDate")}
    return said.pop() if len(said) == 1 else None


def _measures(person: Part) -> Iterator[str]:
    objects = person.parts("ageMeasure")
    for measure in objects:
        values, units = _texts_of(measure, "value"), _texts_of(measure, "unit")
        yield " ".join(values + units) if len(values) == 1 and len(units) <= 1 else ""
    if not objects:
        yield from person.texts("ageMeasure")


def _texts_of(measure: Part, part: str) -> list[str]:
    return [text for name in measure.content if part in name.casefold() for text in measure.texts(name)]


def _measured(text: str) -> int | None:
    match = _MEASURE.fullmatch(text.strip())
    in_a_year = None if match is None else IN_A_YEAR.get(word_of(match[2]))
    return None if match is None or in_a_year is None else int(match[1]) // in_a_year


def _lived(text: str, today: date) -> int | None:
    try:
        born = date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years >= 0 else None
