"""The lines to phones: one call at a time over each, whoever it is for and whatever it says.

A page by call waits while another call to its phone may be under way, and the most urgent of those that wait has the
line next. What waits is owed and untried: it goes with its offer, or when its time is over, as any other page does.

What is urgent does not wait for what is not, nor for an offer that its team was made before, which is over: that call
is ended first. Where its carrier has given it no name nobody can end it, and its end is waited for: a phone that rings
already would not ring for another call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.engine.state import ClockId
from shared.events import PageDue, PageKind
from shared.replace import replace

DANGEROUS: frozenset[PageKind] = frozenset(("upgrade", "safety-check", "unconfirmed"))
"""They go over every way at once."""
MAY_NOT_GO = "may-not-go-"
"""Stands in why an upgrade is paged before what the team does, where its call is no more dangerous, but none for it."""
URGENT: frozenset[PageKind] = DANGEROUS | {"offer", "assigned"}
"""They have a line before all else, and ring for as long as they are worth it."""
URGENT_RING_SECONDS, RING_SECONDS = 60, 20
"""Nothing else rings for so long that an offer which comes meanwhile would find no time."""
LEAST_RING_SECONDS = 5
TALK_SECONDS = 30
"""So long somebody who picks up may listen, and look for the key."""
PARTING_SECONDS = 10
"""So long whoever has pressed a key hears what came of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with a call on it, from the moment that the call is tried."""

    page: PageDue
    free_at: datetime
    """By then it is free, whether anybody has said so or not."""
    taken_as: str = ""
    """What the carrier calls the call, once it has it."""
    silenced: bool | None = None
    """Whether its carrier has taken the word to end it; None: it had none. A failure after that says nothing."""

    @property
    def clock(self) -> str:
        """The name of its clock."""
        return str(ClockId("line", self.page.page_id))

    def ringing(self, at: datetime, taken_as: str = "") -> Line:
        """The line once the carrier has the call, or may have it: it rings from now on."""
        free_at = at + timedelta(seconds=ring_seconds(self.page, at) + TALK_SECONDS)
        return replace(self, free_at=free_at, taken_as=taken_as)

    def yields_to(self, page: PageDue) -> bool:
        """Whether the call on it is ended for the sake of a page. The same to another who has this phone waits."""
        is_the_same = (self.page.kind, self.page.offer_id) == (page.kind, page.offer_id)
        if not self.taken_as or page.kind not in URGENT or is_the_same:
            return False
        is_past = self.page.team_id == page.team_id and self.page.kind not in DANGEROUS
        return is_past or self.page.kind not in URGENT

    def answered(self, at: datetime) -> Line:
        """The line once a key was pressed."""
        return replace(self, free_at=min(self.free_at, at + timedelta(seconds=PARTING_SECONDS)))


def begun(page: PageDue) -> Line:
    """The line of a call that is being handed to its carrier, which may be busy until the page is worth no more."""
    return Line(page, page.not_after + timedelta(seconds=TALK_SECONDS))


def ring_seconds(page: PageDue, at: datetime) -> int:
    """For how long a phone rings that is called at an instant."""
    most = URGENT_RING_SECONDS if page.kind in URGENT else RING_SECONDS
    return max(LEAST_RING_SECONDS, min(most, int((page.not_after - at).total_seconds())))


def goes_before(page: PageDue) -> tuple[bool, datetime, str]:
    """What sorts the pages that wait for a line: the urgent first, then those whose time is over sooner."""
    return page.kind not in URGENT, page.not_after, page.page_id
