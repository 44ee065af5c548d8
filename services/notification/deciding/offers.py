"""Pages of offers: to everybody on the team while the offer is open, and never after it."""

from __future__ import annotations

from services.notification.deciding import ladder
from services.notification.deciding.notices import assigned, tell_paged
from services.notification.deciding.pages import drop, is_repeat, owe
from services.notification.ladders import offer_page_id
from services.notification.state import State, end_of
from shared.engine.service import Draft, EffectDone, Input
from shared.events import (
    OFFER_ENDS,
    CallRouted,
    ContactMethod,
    MemberConfirmed,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageDue,
    RingStopped,
    ShiftChanged,
)


def offer_made(draft: Draft[State], offer: OfferMade, given: Input) -> None:
    """A page to everybody on the team; of an open call nobody is paged, but the ways to them are kept for notices."""
    why_not = "not-paged" if not offer.paged else "too-late" if draft.now >= offer.expires_at else ""
    offers = draft.state.recent_offers.get(offer.team_id, ())
    if not why_not and all(other.offer_id != offer.offer_id for other in offers):
        _unsay_withdrawals(draft, offer, {offer.call_id, *(other.call_id for other in offers)})
    for recipient in offer.recipients:
        person_id = recipient.person_id
        if recipient.contact_methods and not draft.state.ways_to(person_id):
            pass  # of old records, whose ways stand in themselves
        elif why_not:
            ladder.keep_ways(draft, offer, person_id, why_not)
        else:
            ladder.climb(draft, offer, person_id, given.time)
        for method in recipient.contact_methods:
            if draft.state.contact(person_id, method.method_id) is None:
                owe(draft, _page(draft.state, offer, person_id, method), why_not)


def _unsay_withdrawals(draft: Draft[State], offer: OfferMade, call_ids: set[str]) -> None:
    """Whoever is asked for a call is not told now that it, or one before it, is over for them.

    Offers go out first: "the call in Central is over for you" would be read last. A team that was released from a call
    is asked for nothing before it has said that it knows.
    """
    asked = {(offer.team_id, recipient.person_id) for recipient in offer.recipients}
    for call_id in sorted(call_ids):
        drop(
            draft,
            call_id,
            "asked-anew",
            lambda page: page.kind == "withdrawn" and (page.team_id, page.person_id) in asked,
        )


def ask_who_came(draft: Draft[State], event: MemberConfirmed | ShiftChanged, given: Input) -> None:
    """Who has come to a team that has yet to answer an offer is asked as the others were, from now on."""
    offers = draft.state.recent_offers.get(event.team_id, ())
    offer = next((offer for offer in offers if offer.offer_id == event.offer_id), None)
    if offer is None:
        return
    for person_id in (event.person_id,) if isinstance(event, MemberConfirmed) else event.members:
        if person_id in offer.people or (isinstance(event, ShiftChanged) and person_id in event.unconfirmed):
            continue
        if draft.now >= offer.like.not_after:
            ladder.keep_ways(draft, offer.like, person_id, "too-late")
        else:
            ladder.climb(draft, offer.like, person_id, given.time)


def _page(state: State, offer: OfferMade, person_id: str, method: ContactMethod) -> PageDue:
    """The page over a way that the offer itself names, as records from before ways were kept here do."""
    return PageDue(
        page_id=offer_page_id(offer.offer_id, person_id, method.method_id),
        kind="offer",
        call_id=offer.call_id,
        episode=offer.episode,
        team_id=offer.team_id,
        person_id=person_id,
        method=method,
        not_after=offer.expires_at,
        offer_id=offer.offer_id,
        district=offer.district,
        priority=offer.priority,
        link_generation=state.link_generation(person_id),
    )


def offer_answered(draft: Draft[State], event: OfferAnswered, _given: Input) -> None:
    """Who has answered within a window is asked no more, and waits to hear whether the call is theirs."""
    _end(draft, event, "answered")


def offer_ended(draft: Draft[State], event: OfferAccepted | OfferDeclined | OfferExpired, given: Input) -> None:
    """Pages that did not go out never will; who has waited to hear whether the call is theirs hears that it is."""
    _end(draft, event, OFFER_ENDS[type(event)])
    if isinstance(event, OfferAccepted) and event.waited:
        assigned(draft, event, given)


def offer_withdrawn(draft: Draft[State], event: OfferWithdrawn, given: Input) -> None:
    """Pages that did not go out never will; who was paged already hears that it is over."""
    _end(draft, event, event.why)
    if event.why == "signed-off":
        return
    for offer in draft.state.recent_offers.get(event.team_id, ()):
        if offer.offer_id == event.offer_id:
            tell_paged(draft, given, offer, event.why)


def call_routed(draft: Draft[State], event: CallRouted, given: Input) -> None:
    """A call that is routed is offered to nobody any more."""
    if is_repeat(draft, given, "call.routed"):
        return
    drop(draft, event.call_id, "routed", lambda page: page.kind == "offer" and page.episode == event.episode)
    for offer_id, of_offer in sorted(draft.state.ladders.items()):
        order = next(iter(of_offer.values())).order
        if (order.call_id, order.episode) == (event.call_id, event.episode):
            ladder.end(draft, offer_id, "routed")


def _end(
    draft: Draft[State], event: OfferAccepted | OfferAnswered | OfferDeclined | OfferExpired | OfferWithdrawn, why: str
) -> None:
    """Whoever has taken the call is called no more; the phones of the team's others tell them that there is one."""
    drop(draft, event.call_id, why, lambda page: page.kind == "offer" and page.offer_id == event.offer_id)
    taken_by = event.person_id if isinstance(event, OfferAccepted | OfferAnswered) else ""
    owed = (draft.state.owed[page_id] for page_id in draft.state.pages_of_call.get(event.call_id, ()))
    tried = (each.event for each in owed if each.attempted and isinstance(each.event, PageDue))
    being_tried = any(page.kind == "offer" and page.offer_id == event.offer_id for page in tried)
    calls = draft.state.ringing_for(event.offer_id, taken_by)
    ladder.end(draft, event.offer_id, why, calls, being_tried=being_tried)


def call_ended(draft: Draft[State], effect: EffectDone, _given: Input) -> None:
    """It was tried to end a call. Whether it has ended its carrier says, as of any call."""
    for page_id in draft.state.calls_to_end:
        if effect.effect_id == end_of(page_id):
            why_not = "" if effect.result == "done" else effect.why or effect.result
            draft.emit(RingStopped(page_id=page_id, why=why_not))
            return
