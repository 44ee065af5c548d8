"""Over which way a person is paged when: all that come at once, then step by step, sooner where one before failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notification.contact import Contact
from services.notification.deciding.pages import owe
from services.notification.ladders import Ladder, ladder_id, offer_page_id, over_id
from services.notification.state import State
from shared.engine.service import Draft, Input
from shared.events import LadderEnded, LadderSet, LadderStep, OfferMade, PageDue

Asked = OfferMade | PageDue
"""An offer, or one of its pages, which says the same of it."""


def climb(draft: Draft[State], offer: Asked, person_id: str, made_at: datetime) -> None:
    """Page a person over every way that comes at once, and have the later ones wait for their turn.

    A way that does not work gives its turn to the next. Who has none hears by no page, and that is said at once.
    """
    ways = draft.state.ways_in_order(person_id)
    at_once = [(method_id, contact) for method_id, contact in ways if not contact.after_seconds]
    later = [(method_id, contact) for method_id, contact in ways if contact.after_seconds]
    ladder = Ladder(_order(draft.state, offer, person_id, later, made_at))
    if not ladder.is_over or not ways:
        _set(draft, ladder)
    failed = [method_id for method_id, contact in at_once if not _page(draft, ladder, method_id, contact)]
    for _ in failed:
        pull(draft, ladder.order.offer_id, person_id)


def keep_ways(draft: Draft[State], offer: Asked, person_id: str, why_not: str) -> None:
    """Page nobody of this offer, but keep the ways that would have come first: its notices go there."""
    ways = draft.state.ways_in_order(person_id)
    if not ways:
        keep_person(draft, offer, person_id)
    ladder = Ladder(_order(draft.state, offer, person_id, [], draft.now))
    for method_id, contact in ways:
        if contact.after_seconds == ways[0][1].after_seconds:
            owe(draft, ladder.page(contact.method(method_id), draft.state.link_generation(person_id)), why_not)


def keep_person(draft: Draft[State], offer: Asked, person_id: str) -> None:
    """Keep somebody to whom there is no way among those who hear of an offer: there may be one later."""
    _set(draft, Ladder(_order(draft.state, offer, person_id, [], draft.now)))


def _set(draft: Draft[State], ladder: Ladder) -> None:
    if ladder_id(ladder.order.offer_id, ladder.order.person_id) not in draft.state.seen:
        draft.emit(ladder.order)


def pull(draft: Draft[State], offer_id: str, person_id: str) -> None:
    """Give the next way that works its turn now: its time has come, or one before it failed."""
    while (ladder := draft.state.ladder(offer_id, person_id)) is not None and draft.now < ladder.order.not_after:
        step = ladder.next_step()
        contact = draft.state.contact(person_id, step.method_id) if step else None
        if step is None or contact is None or _page(draft, ladder, step.method_id, contact):
            return


def end(
    draft: Draft[State], offer_id: str, why: str, calls_to_end: Sequence[str] = (), *, being_tried: bool = False
) -> None:
    """An offer is over: no later step has its turn, what waits for a sender stays, and phones that ring fall silent."""
    is_news = being_tried and over_id(offer_id) not in draft.state.seen
    if offer_id in draft.state.ladders or calls_to_end or is_news:
        draft.emit(LadderEnded(offer_id=offer_id, why=why, calls_to_end=tuple(calls_to_end)))


def tick(draft: Draft[State], about: str, _given: Input) -> None:
    """The time of a step has come, or a page has been silent for too long."""
    offer_id, _, person_id = about.partition("/")
    ladder = draft.state.ladders[offer_id][person_id]
    if draft.now >= ladder.order.not_after:
        end(draft, offer_id, "too-late")
        return
    due = sum(step.at <= draft.now for step in ladder.order.steps)
    for _ in range(max(due, len(ladder.silent_by(draft.now)))):
        pull(draft, offer_id, person_id)


def _order(
    state: State, offer: Asked, person_id: str, later: list[tuple[str, Contact]], made_at: datetime
) -> LadderSet:
    offer_id = offer.offer_id or ""
    until = offer.expires_at if isinstance(offer, OfferMade) else offer.not_after
    steps = [
        LadderStep(method_id=method_id, kind=contact.kind, at=made_at + timedelta(seconds=contact.after_seconds))
        for method_id, contact in later
        if offer_page_id(offer_id, person_id, method_id) not in state.seen
    ]
    return LadderSet(
        offer_id=offer_id,
        call_id=offer.call_id,
        episode=offer.episode,
        team_id=offer.team_id,
        person_id=person_id,
        not_after=until,
        steps=tuple(step for step in steps if step.at < until),
        never=tuple(step for step in steps if step.at >= until),
        district=offer.district,
        priority=offer.priority,
    )


def _page(draft: Draft[State], ladder: Ladder, method_id: str, contact: Contact) -> bool:
    """Owe the page over a way; False where it does not work."""
    generation = draft.state.link_generation(ladder.order.person_id)
    owe(draft, ladder.page(contact.method(method_id), generation), contact.why_not)
    return not contact.why_not
