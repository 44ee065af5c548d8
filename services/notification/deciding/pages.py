"""Pages to the people of a team: of an offer, and of what becomes of a call that the team has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from services.notification.state import State
from shared.engine.service import Draft, EffectDone, EffectStarting, Input
from shared.events import (
    OFFER_ENDS,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    CallRouted,
    Event,
    LinksRenewed,
    LinksRevoked,
    MessageKind,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
    PageKind,
    StatusReported,
    child_id,
)

NOTICE_PAGE_MINUTES = 3
"""A notice that could not be sent for so long is overtaken by the page that the team has open."""


def offer_made(draft: Draft[State], offer: OfferMade, _given: Input) -> None:
    """A page to everybody on the team; of an open call nobody is paged, but the ways to them are kept for notices."""
    why_not = "not-paged" if not offer.paged else "too-late" if draft.now >= offer.expires_at else ""
    for recipient in offer.recipients:
        for method in recipient.contact_methods:
            page_id = child_id(offer.offer_id, f"{recipient.person_id}/{method.method_id}")
            if page_id in draft.state.seen:
                continue
            page = PageDue(
                page_id=page_id,
                kind="offer",
                call_id=offer.call_id,
                episode=offer.episode,
                team_id=offer.team_id,
                person_id=recipient.person_id,
                method=method,
                not_after=offer.expires_at,
                offer_id=offer.offer_id,
                district=offer.district,
                priority=offer.priority,
                link_generation=draft.state.link_generation(recipient.person_id),
            )
            draft.emit(PageDropped(page_id=page_id, why=why_not, page=page) if why_not else page)


def offer_answered(draft: Draft[State], event: OfferAnswered, _given: Input) -> None:
    """Who has answered need not be asked again; what comes of it they hear on their page."""
    _drop(draft, event.call_id, "answered", lambda page: page.kind == "offer" and page.offer_id == event.offer_id)


def offer_ended(draft: Draft[State], event: OfferAccepted | OfferDeclined | OfferExpired, given: Input) -> None:
    """Pages that did not go out never will; who has waited to hear whether the call is theirs hears that it is."""
    _drop_offer(draft, event, OFFER_ENDS[type(event)])
    if isinstance(event, OfferAccepted) and event.waited:
        _assigned(draft, event, given)


def offer_withdrawn(draft: Draft[State], event: OfferWithdrawn, given: Input) -> None:
    """Pages that did not go out never will; who was paged already hears that it is over."""
    _drop_offer(draft, event, event.why)
    if event.why == "signed-off":
        return
    for offer in draft.state.recent_offers.get(event.team_id, ()):
        if offer.offer_id == event.offer_id:
            paged = [page for page in offer.pages if page.page_id in offer.attempted]
            _notify(draft, given, "withdrawn", paged, event.why)


def _assignment_event(
    kind: PageKind, why: Callable[[Any], str] = lambda _event: ""
) -> Callable[[Draft[State], Any, Input], None]:
    """A decider that tells an assigned team something over every way that its offer was sent."""

    def decider(draft: Draft[State], event: Any, given: Input) -> None:
        offers = draft.state.recent_offers.get(event.team_id, ())
        of_call = (offer for offer in reversed(offers) if event.call_id in ("", offer.call_id))
        newest = next(of_call, None)
        if newest is not None:
            _notify(draft, given, kind, newest.pages, why(event))

    return decider


unconfirmed = _assignment_event("unconfirmed")
not_moving = _assignment_event("not-moving")
safety_check = _assignment_event("safety-check")
upgraded = _assignment_event("upgrade", lambda event: event.on_upgrade)
_assigned = _assignment_event("assigned")
_released = _assignment_event("withdrawn", lambda event: event.why)
told_to_stay = _assignment_event("stays", lambda event: event.why)
let_in = _assignment_event("may-enter")
told_of_change = _assignment_event("changed")


def _notify(draft: Draft[State], given: Input, kind: PageKind, like: Iterable[PageDue], why: str) -> None:
    """Owe a notice to everyone who was to have a page of the offer, over the same methods."""
    not_after = draft.now + timedelta(minutes=NOTICE_PAGE_MINUTES)
    for page in like:
        page_id = child_id(given.cause, f"{kind}/{page.person_id}/{page.method.method_id}")
        if page_id not in draft.state.seen and draft.state.still_reaches(page):
            changed = {"page_id": page_id, "kind": kind, "not_after": not_after, "why": why}
            changed["link_generation"] = draft.state.link_generation(page.person_id)
            draft.emit(page.model_copy(update=changed))


def links_revoked(draft: Draft[State], event: LinksRevoked, _given: Input) -> None:
    """What the person is owed goes out with new links, over the ways that they are still reached in."""
    generation = event.generation
    if draft.state.link_generation(event.person_id) >= generation:
        return
    draft.emit(LinksRenewed(person_id=event.person_id, generation=generation, contact_methods=event.contact_methods))
    for page_id, owed in sorted(draft.state.owed.items()):
        page = owed.event
        if not isinstance(page, PageDue) or page.person_id != event.person_id or owed.attempted:
            continue
        draft.emit(PageDropped(page_id=page_id, why="links-revoked"))
        if draft.state.still_reaches(page):
            changed = {"page_id": child_id(page_id, f"links/{generation}"), "link_generation": generation}
            draft.emit(page.model_copy(update=changed))


def _drop(draft: Draft[State], call_id: str, why: str, which: Callable[[PageDue], bool]) -> None:
    """Pages of a call that are owed and untried are owed no more."""
    for page_id in draft.state.pages_of_call.get(call_id, ()):
        owed = draft.state.owed[page_id]
        if isinstance(owed.event, PageDue) and not owed.attempted and which(owed.event):
            draft.emit(PageDropped(page_id=page_id, why=why))


def _drop_offer(
    draft: Draft[State], event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn, why: str
) -> None:
    _drop(draft, event.call_id, why, lambda page: page.kind == "offer" and page.offer_id == event.offer_id)


def assignment_moved(draft: Draft[State], event: AssignmentMoved, given: Input) -> None:
    """The pages that say so are of the call that the team has now: its notices go on from them."""
    if _is_repeat(draft, given, "team.moved"):
        return
    offers = draft.state.recent_offers.get(event.team_id, ())
    newest = next((offer for offer in reversed(offers) if offer.call_id == event.call_id), None)
    if newest is not None:
        moved = {"call_id": event.to_call_id, "episode": event.to_episode}
        _notify(draft, given, "changed", [page.model_copy(update=moved) for page in newest.pages], "merged")


def drop_routed(draft: Draft[State], event: CallRouted, given: Input) -> None:
    """A call that is routed is offered to nobody any more."""
    if not _is_repeat(draft, given, "call.routed"):
        _drop(draft, event.call_id, "routed", lambda page: page.kind == "offer" and page.episode == event.episode)


def drop_answered(draft: Draft[State], event: StatusReported, given: Input) -> None:
    """A team that says how it stands need not be asked."""
    if event.call_id is not None and not _is_repeat(draft, given, "unit.status"):
        answered = ("not-moving", "safety-check")
        _drop(draft, event.call_id, "answered", lambda page: page.kind in answered and page.team_id == event.team_id)


def _is_repeat(draft: Draft[State], given: Input, word: MessageKind) -> bool:
    """Whether the input was decided before: then its word to the CAD has been owed."""
    return child_id(given.cause, word) in draft.state.seen


def _drop_notices(draft: Draft[State], event: AssignmentEnded | AssignmentWithdrawn, why: str) -> None:
    overtaken = ("unconfirmed", "upgrade", "not-moving", "safety-check", "stays", "may-enter", "changed")
    _drop(draft, event.call_id, why, lambda page: page.kind in overtaken and page.team_id == event.team_id)


def assignment_ended(draft: Draft[State], event: AssignmentEnded, _given: Input) -> None:
    """A notice of a call that is over says nothing."""
    _drop_notices(draft, event, "ended")


def assignment_withdrawn(draft: Draft[State], event: AssignmentWithdrawn, given: Input) -> None:
    """Its notices are overtaken by this one."""
    if _is_repeat(draft, given, "assignment.withdrawn"):
        return
    _drop_notices(draft, event, event.why)
    _released(draft, event, given)


# --- what came of it ------------------------------------------------------------------------------------------------


def starting(draft: Draft[State], effect: EffectStarting, _given: Input) -> None:
    """The journal says that a page is tried before it is, and it is tried once; one that comes too late is not."""
    owed = draft.state.owed.get(effect.effect_id)
    if owed is None or owed.attempted or not isinstance(owed.event, PageDue):
        return
    page_id = owed.event.page_id
    late = draft.now >= owed.event.not_after
    draft.emit(PageDropped(page_id=page_id, why="too-late") if late else PageAttempted(page_id=page_id))


def ended(draft: Draft[State], effect: EffectDone, _given: Input) -> None:
    """What came of a page: its provider took it, or not, or nobody knows."""
    owed = draft.state.owed.get(effect.effect_id)
    if owed is not None and isinstance(owed.event, PageDue):
        draft.emit(_end_of(owed.event, effect, attempted=owed.attempted))


def _end_of(page: PageDue, effect: EffectDone, *, attempted: bool) -> Event:
    if effect.result == "done":
        return PageDelivered(page_id=page.page_id)
    if effect.result == "expired" and not attempted:
        return PageDropped(page_id=page.page_id, why="too-late")
    return PageFailed(page_id=page.page_id, why=effect.why or effect.result)
