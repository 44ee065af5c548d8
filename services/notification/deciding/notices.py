"""What becomes of a call is told to the team that has it, over the ways that its offer went.

What may be dangerous (an upgrade, a safety check, an outcome that the CAD does not know) goes to everybody over every
way at once, phone calls too, for nobody can know which of them is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from services.notification.contact import Contact
from services.notification.deciding import ladder
from services.notification.deciding.pages import drop, is_repeat, outward_id, owe, page_to
from services.notification.lines import DANGEROUS, MAY_NOT_GO
from services.notification.state import RecentOffer, State
from shared.engine.service import Draft, Input
from shared.events import (
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    ContactMethod,
    HoldNoticeDue,
    MemberConfirmed,
    OfferAccepted,
    PageDue,
    PageKind,
    Recipient,
    SafetyCheckDue,
    StatusReported,
)

NOTICE_PAGE_MINUTES = 3
"""A notice that could not be sent for so long is overtaken by the page that the team has open."""
TURNED_BACK_FOR = timedelta(hours=1)
"""Who was turned back so long ago has said or been asked something since: to hear it now would be of another call."""
OVERTAKEN: frozenset[PageKind] = frozenset(
    ("assigned", "unconfirmed", "upgrade", "not-moving", "safety-check", "stays", "may-enter", "changed")
)
"""They say nothing once the assignment is over."""
ANSWERED: frozenset[PageKind] = frozenset(("not-moving", "safety-check"))
"""They ask what a status answers."""


def _to_team(
    kind: PageKind, why: Callable[[Any], str] = lambda _event: ""
) -> Callable[[Draft[State], Any, Input], None]:
    """A decider that tells an assigned team something."""

    def decider(draft: Draft[State], event: Any, given: Input) -> None:
        offers = draft.state.recent_offers.get(event.team_id, ())
        of_call = (offer for offer in reversed(offers) if event.call_id in ("", offer.call_id))
        newest = next(of_call, None)
        if newest is not None:
            _tell(draft, given, kind, newest, why(event))

    return decider


assigned = _to_team("assigned")
unconfirmed = _to_team("unconfirmed")
not_moving = _to_team("not-moving")
_checked = _to_team("safety-check")
upgraded = _to_team("upgrade", lambda event: ("" if event.more_dangerous else MAY_NOT_GO) + event.on_upgrade)
_released = _to_team("withdrawn", lambda event: event.why)
told_to_stay = _to_team("stays", lambda event: event.why)
let_in = _to_team("may-enter")
told_of_change = _to_team("changed")


def tell_who_came(draft: Draft[State], event: MemberConfirmed | OfferAccepted, given: Input) -> None:
    """Who has come to a team since it was asked hears that it has a call, and from then on all that the others hear."""
    offers = draft.state.recent_offers.get(event.team_id, ())
    newest = next((offer for offer in reversed(offers) if offer.call_id == event.call_id), None)
    if newest is not None:
        members = event.members if isinstance(event, OfferAccepted) else (event.person_id,)
        for member in members:
            if member not in newest.people:
                pages = list(_ways_of_offer(draft.state, newest, member))
                _owe_all(draft, given, "assigned", pages, "")
                if not pages:
                    ladder.keep_person(draft, newest.like, member)


def safety_check(draft: Draft[State], event: SafetyCheckDue, given: Input) -> None:
    """Of a team without a call everybody is asked who is on it now, over every way that works, on their shift page."""
    if not event.shift_id:
        _checked(draft, event, given)
        return
    about = {"call_id": event.call_id, "episode": event.episode, "team_id": event.team_id, "about": event.shift_id}
    more = about | {"not_after": draft.now + timedelta(minutes=NOTICE_PAGE_MINUTES)}
    for person_id in event.members:
        for method_id, contact in draft.state.ways_in_order(person_id):
            if not contact.why_not:
                page_id = outward_id(given, f"safety-check/{person_id}/{method_id}")
                method = contact.method(method_id)
                owe(draft, page_to(draft.state, page_id, "safety-check", person_id, method, **more))


def hold_notice_due(draft: Draft[State], event: HoldNoticeDue, given: Input) -> None:
    """A call waits: whoever could take it hears so, over the ways that come first."""
    if is_repeat(draft, given, "call.held"):
        return
    for team in event.teams:
        for recipient in team.recipients:
            for method in _first_ways(draft.state, recipient):
                page_id = outward_id(given, f"hold/{recipient.person_id}/{method.method_id}")
                not_after = min(event.until, draft.now + timedelta(minutes=NOTICE_PAGE_MINUTES))
                about = {"call_id": event.call_id, "episode": event.episode, "team_id": team.team_id}
                more = about | {"not_after": not_after, "district": event.district, "priority": event.priority}
                owe(draft, page_to(draft.state, page_id, "hold", recipient.person_id, method, **more))


def _first_ways(state: State, recipient: Recipient) -> Iterator[ContactMethod]:
    """The ways to a person that come first of those that work; or those that the event names, as old records do."""
    ways = list(_ways_that_ring(state, recipient.person_id))
    for method_id, contact in ways:
        if contact.after_seconds == ways[0][1].after_seconds:
            yield contact.method(method_id)
    yield from (
        method for method in recipient.contact_methods if state.contact(recipient.person_id, method.method_id) is None
    )


def tell_paged(draft: Draft[State], given: Input, offer: RecentOffer, why: str) -> None:
    """Who was paged for an offer hears that it is withdrawn; nobody else has heard of it."""
    paged = (page for page in offer.pages if page.page_id in offer.attempted and draft.state.still_reaches(page))
    _owe_all(draft, given, "withdrawn", paged, why)


def assignment_moved(draft: Draft[State], event: AssignmentMoved, given: Input) -> None:
    """The pages that say so are of the call that the team has now: its notices go on from them."""
    if is_repeat(draft, given, "team.moved"):
        return
    offers = draft.state.recent_offers.get(event.team_id, ())
    newest = next((offer for offer in reversed(offers) if offer.call_id == event.call_id), None)
    if newest is not None:
        _tell(draft, given, "changed", newest.of_call_now(event.to_call_id, event.to_episode), "merged")


def assignment_ended(draft: Draft[State], event: AssignmentEnded, _given: Input) -> None:
    """A notice of a call that is over says nothing."""
    _drop_overtaken(draft, event, "ended")


def assignment_withdrawn(draft: Draft[State], event: AssignmentWithdrawn, given: Input) -> None:
    """Its notices are overtaken by this one."""
    if is_repeat(draft, given, "assignment.withdrawn"):
        return
    _drop_overtaken(draft, event, event.why)
    _released(draft, event, given)


def drop_answered(draft: Draft[State], event: StatusReported, given: Input) -> None:
    """A team that says how it stands need not be asked."""
    if event.call_id is not None and not is_repeat(draft, given, "unit.status"):
        asked = event.team_id
        drop(draft, event.call_id, "answered", lambda page: page.kind in ANSWERED and page.team_id == asked)


def _drop_overtaken(draft: Draft[State], event: AssignmentEnded | AssignmentWithdrawn, why: str) -> None:
    drop(draft, event.call_id, why, lambda page: page.kind in OVERTAKEN and page.team_id == event.team_id)


def _tell(draft: Draft[State], given: Input, kind: PageKind, offer: RecentOffer, why: str) -> None:
    """Owe a notice to everyone who was to have a page of the offer."""
    ways = _every_way if kind in DANGEROUS else _ways_of_offer
    _owe_all(draft, given, kind, (page for person in offer.people for page in ways(draft.state, offer, person)), why)


def _owe_all(draft: Draft[State], given: Input, kind: PageKind, like: Iterable[PageDue], why: str) -> None:
    not_after = draft.now + timedelta(minutes=NOTICE_PAGE_MINUTES)
    is_past = kind == "withdrawn" and draft.now - given.time > TURNED_BACK_FOR
    for page in list(like):
        page_id = outward_id(given, f"{kind}/{page.person_id}/{page.method.method_id}")
        changed = {"page_id": page_id, "kind": kind, "not_after": not_after, "why": why}
        changed["link_generation"] = draft.state.link_generation(page.person_id)
        owe(draft, page.model_copy(update=changed), "too-late" if is_past else "")


def _ways_of_offer(state: State, offer: RecentOffer, person_id: str) -> Iterator[PageDue]:
    """The pages of the offer to a person whose ways still lead to them; if none of them rings, the first way that does.

    The page that is open already rings for nobody.
    """
    of_person = [page for page in offer.pages if page.person_id == person_id and state.still_reaches(page)]
    yield from of_person
    if all(page.method.kind == "pocket" for page in of_person):
        for method_id, contact in list(_ways_that_ring(state, person_id))[:1]:
            yield _over(offer, person_id, contact.method(method_id))


def _ways_that_ring(state: State, person_id: str) -> Iterator[tuple[str, Contact]]:
    """The ways to a person that work, in their order, but for the page that is open already."""
    ways = state.ways_in_order(person_id)
    return ((each, contact) for each, contact in ways if contact.can_be_proved and not contact.why_not)


def _every_way(state: State, offer: RecentOffer, person_id: str) -> Iterator[PageDue]:
    """Every way to a person that works, whether the offer has gone over it or not."""
    pages = {page.method.method_id: page for page in _ways_of_offer(state, offer, person_id)}
    for method_id, contact in state.ways_in_order(person_id):
        if not contact.why_not:
            pages.setdefault(method_id, _over(offer, person_id, contact.method(method_id)))
    yield from pages.values()


def _over(offer: RecentOffer, person_id: str, method: ContactMethod) -> PageDue:
    """A page of the offer over a way that it has not gone."""
    return offer.like.model_copy(update={"person_id": person_id, "method": method})
