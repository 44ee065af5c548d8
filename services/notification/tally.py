"""How many texts and calls went out of late: what an agency's limit for its day is held against.

A decision knows no agencies file, and so neither limit nor zone. It counts by the quarter hour, for every zone's
midnight lies on one, and whoever sends the page has the file and counts from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.events import PageKind

LIMITED: Final[frozenset[PageKind]] = frozenset(("reminder", "cover", "gap", "test"))
"""What stops at the limit. Nothing else ever does: not an offer, nor what tells of a call or of a shift that moves."""
OVER_LIMIT: Final = "day-limit"
OFFER_OVER: Final = "offer-over"
"""Of a page that waited for its sender when its offer ended."""
NOT_SENT: Final = frozenset({OVER_LIMIT, OFFER_OVER})
"""Why a page that was tried did certainly not go out, nor cost anything."""
KEPT = timedelta(hours=26)
"""Longer than the longest day, which has 25 hours."""
QUARTER_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Quarter:
    """How many pages went out within one quarter hour."""

    began_at: datetime
    pages: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The pages of one kind of way that were tried of late, oldest quarter first."""

    quarters: tuple[Quarter, ...] = ()

    def with_page(self, at: datetime) -> Tally:
        """The tally with a page that is tried now."""
        began_at = _quarter(at)
        before = tuple(quarter for quarter in self.quarters if began_at - KEPT < quarter.began_at < began_at)
        pages = sum(quarter.pages for quarter in self.quarters if quarter.began_at >= began_at)
        return Tally((*before, Quarter(began_at, pages + 1)))

    def without_page(self, at: datetime) -> Tally:
        """The tally without a page that was tried then and did not go out after all."""
        began_at = _quarter(at)
        return Tally(
            tuple(
                Quarter(quarter.began_at, quarter.pages - (quarter.began_at == began_at))
                for quarter in self.quarters
                if quarter.began_at != began_at or quarter.pages > 1
            )
        )

    def since(self, start: datetime) -> int:
        """How many went out since the beginning of a day."""
        return sum(quarter.pages for quarter in self.quarters if quarter.began_at >= start)


NO_PAGES: Final = Tally()


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % QUARTER_MINUTES, second=0, microsecond=0)
