"""What is left to try of an open offer, for one person: ways whose turn has yet to come, and pages that are silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.engine.state import EMPTY, ClockId, PMap
from shared.events import ContactKind, ContactMethod, LadderSet, LadderStep, PageDue, child_id
from shared.replace import replace

SILENT_SECONDS: Mapping[ContactKind, float] = {"sms": 10.0, "push": 5.0}
"""A page that its provider took and of which nothing is heard for so long has perhaps not arrived."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one person for one offer that are still to come. It is gone with the last of them."""

    order: LadderSet
    silent_at: PMap[str, datetime] = EMPTY
    """Pages that a provider took, and when their silence counts as a failure."""
    failed: tuple[str, ...] = ()
    """Pages whose failure, or silence, has given its turn to the next way: each does so once."""

    @property
    def clock(self) -> str:
        """The name of its clock."""
        return str(ClockId("ladder", f"{self.order.offer_id}/{self.order.person_id}"))

    @property
    def is_over(self) -> bool:
        """Whether no step is left."""
        return not (self.order.steps or self.order.never)

    def next_step(self) -> LadderStep | None:
        """The step whose turn is next: where one before it failed, one that its own time could never reach as well."""
        return next(iter((*self.order.steps, *self.order.never)), None)

    def next_at(self) -> datetime:
        """When there is something to do, unless something fails before; with the offer it is over in any case."""
        silent_at: list[datetime] = list(self.silent_at.values())
        return min([*(step.at for step in self.order.steps[:1]), *silent_at, self.order.not_after])

    def without_step(self, method_id: str) -> Ladder:
        """The ladder without a way that has had its turn, or is gone."""
        steps, never = (
            tuple(step for step in part if step.method_id != method_id) for part in (self.order.steps, self.order.never)
        )
        return replace(self, order=self.order.model_copy(update={"steps": steps, "never": never}))

    def with_silence(self, page_id: str, kind: ContactKind, taken_at: datetime) -> Ladder:
        """The ladder after a provider took a page: its silence counts from now on."""
        seconds = SILENT_SECONDS.get(kind)
        if seconds is None:
            return self
        return replace(self, silent_at=self.silent_at.set(page_id, taken_at + timedelta(seconds=seconds)))

    def without_silence(self, page_id: str) -> Ladder:
        """The ladder after something was heard of a page."""
        return replace(self, silent_at=self.silent_at.delete(page_id)) if page_id in self.silent_at else self

    def has_failed(self, page_id: str) -> bool:
        """Whether the failure of a page has had its effect."""
        return page_id in self.failed

    def with_failure(self, page_id: str) -> Ladder:
        """The ladder after a page failed."""
        ladder = self.without_silence(page_id)
        return ladder if page_id in self.failed else replace(ladder, failed=(*self.failed, page_id))

    def silent_by(self, at: datetime) -> list[str]:
        """The pages whose silence counts as a failure by then."""
        return sorted(page_id for page_id, silent_at in self.silent_at.items() if silent_at <= at)

    def page(self, method: ContactMethod, link_generation: int) -> PageDue:
        """The page of this offer over a way: its id is the same whenever it is made."""
        order = self.order
        return PageDue(
            page_id=offer_page_id(order.offer_id, order.person_id, method.method_id),
            kind="offer",
            call_id=order.call_id,
            episode=order.episode,
            team_id=order.team_id,
            person_id=order.person_id,
            method=method,
            not_after=order.not_after,
            offer_id=order.offer_id,
            district=order.district,
            priority=order.priority,
            link_generation=link_generation,
        )


def offer_page_id(offer_id: str, person_id: str, method_id: str) -> str:
    """The id of the one page of an offer to a person over a way: so nobody is paged twice over it."""
    return child_id(offer_id, f"{person_id}/{method_id}")


def over_id(offer_id: str) -> str:
    """What says that an offer is over, once."""
    return child_id(offer_id, "ladder/over")


def ladder_id(offer_id: str, person_id: str) -> str:
    """What says that the later ways to a person were set for an offer, once."""
    return child_id(offer_id, f"ladder/{person_id}")
