"""What is known of a page that was sent. News of it comes late, twice and in any order: only what says more counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from shared.events import ContactKind, PageDue, PageKind, ReceiptState, child_id
from shared.replace import replace


class Rank(IntEnum):
    """How much is known of a page; it only ever rises."""

    ATTEMPTED = 1
    TAKEN = 2
    SENT = 3
    UNDELIVERED = 4
    DELIVERED = 5
    SEEN = 6
    """The phone showed it, or somebody picked up."""
    ANSWERED = 7


RANK_OF: Mapping[ReceiptState, Rank] = {
    "taken": Rank.TAKEN,
    "sent": Rank.SENT,
    "ringing": Rank.SENT,
    "no-answer": Rank.UNDELIVERED,
    "busy": Rank.UNDELIVERED,
    "undelivered": Rank.UNDELIVERED,
    "failed": Rank.UNDELIVERED,
    "delivered": Rank.DELIVERED,
    "shown": Rank.SEEN,
    "heard": Rank.SEEN,
}


@dataclass(frozen=True, slots=True)
class SentPage:
    """A page that was tried: over which way, what for, and how much is known of it."""

    person_id: str
    method_id: str
    method_kind: ContactKind
    kind: PageKind
    at: datetime
    """When it was tried."""
    offer_id: str = ""
    about: str = ""
    rank: Rank = Rank.ATTEMPTED
    line: str = ""
    """Of a page by call: the line to its phone."""
    position: int = -1
    """Where the address stands that it went to."""

    @classmethod
    def of(cls, page: PageDue, at: datetime, line: str = "") -> SentPage:
        """A page that is being tried at an instant."""
        method = page.method
        offer_id, about = page.offer_id or "", page.about
        return cls(
            page.person_id,
            method.method_id,
            method.kind,
            page.kind,
            at,
            offer_id,
            about,
            line=line,
            position=method.position,
        )

    @property
    def like(self) -> tuple[PageKind, str, str, str]:
        """What it is known by, whatever its id: what for, of which offer or roll call, to whom, over which way."""
        return self.kind, self.offer_id or self.about, self.person_id, self.method_id

    def known(self, rank: Rank) -> SentPage:
        """The page with this known of it, unless more is."""
        return replace(self, rank=max(self.rank, rank))


def answer_id(page_id: str) -> str:
    """What says that a page was answered."""
    return child_id(page_id, "answered")
