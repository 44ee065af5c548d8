"""Days, quarters and years on an agency's clocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

_NAME = re.compile(r"(20[0-9]{2})(?:-Q([1-4]))?")
_QUARTER_MONTHS = 3
SETTLED_AFTER = timedelta(days=7)
"""By then every call of a period has ended, and whoever went has come back."""


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter, as `2026-Q1`, or a year, as `2026`."""

    name: str
    kind: Literal["quarter", "year"]
    first_day: date
    end_day: date
    """The first day after it."""

    @classmethod
    def parse(cls, name: str) -> Self:
        """The period of a name. Raises ValueError."""
        if (match := _NAME.fullmatch(name)) is None:
            raise ValueError("A period is a quarter, as 2026-Q1, or a year, as 2026.")
        year, quarter = int(match[1]), match[2]
        if quarter is None:
            return cls(name, "year", date(year, 1, 1), date(year + 1, 1, 1))
        month = (int(quarter) - 1) * _QUARTER_MONTHS + 1
        end = date(year + 1, 1, 1) if month + _QUARTER_MONTHS > 12 else date(year, month + _QUARTER_MONTHS, 1)  # noqa: PLR2004  # months of a year
        return cls(name, "quarter", date(year, month, 1), end)

    @property
    def year(self) -> str:
        """The year that it is, or is in."""
        return self.name[:4]

    @property
    def quarters(self) -> tuple[Self, ...]:
        """Those of its year."""
        return tuple(self.parse(f"{self.year}-Q{number}") for number in (1, 2, 3, 4))

    def settled_at(self, zone: ZoneInfo) -> datetime:
        """From when on nothing of it changes any more."""
        return datetime.combine(self.end_day, time(), zone) + SETTLED_AFTER
