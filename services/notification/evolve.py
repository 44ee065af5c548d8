"""How each event of notification's journal changes its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notification.state import KEPT_OFFERS, Owed, RecentOffer, State
from shared.events import (
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CommandDone,
    CommandRefused,
    Event,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
)


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event decided at an instant; an event that changes nothing here leaves it as it is."""
    change = CHANGES.get(type(event))
    return state if change is None else change(state, event, at)


def _page_due(state: State, event: PageDue, at: datetime) -> State:
    of_call = state.pages_of_call.get(event.call_id, ())
    return replace(
        state,
        owed=state.owed.set(event.page_id, Owed(event)),
        pages_of_call=state.pages_of_call.set(event.call_id, (*of_call, event.page_id)),
        recent_offers=_with_page(state, event) if event.kind == "offer" else state.recent_offers,
        seen=state.seen.set(event.page_id, at, at),
    )


def _with_page(state: State, page: PageDue) -> Any:
    """The recent offers with this page among them."""
    offer_id, of_team = page.offer_id or "", state.recent_offers.get(page.team_id, ())
    offer = next((known for known in of_team if known.offer_id == offer_id), None)
    if offer is None:
        of_team = (*of_team[1 - KEPT_OFFERS :], RecentOffer(offer_id, page.call_id, (page,)))
    else:
        more = replace(offer, pages=(*offer.pages, page))
        of_team = tuple(more if known is offer else known for known in of_team)
    return state.recent_offers.set(page.team_id, of_team)


def _page_attempted(state: State, event: PageAttempted, _at: datetime) -> State:
    held = state.owed.get(event.page_id)
    if held is None or not isinstance(held.event, PageDue):
        return state
    tried = replace(state, owed=state.owed.set(event.page_id, replace(held, attempted=True)))
    if held.event.kind != "offer":
        return tried
    page, of_team = held.event, state.recent_offers.get(held.event.team_id, ())
    of_team = tuple(
        replace(offer, attempted=(*offer.attempted, page.page_id)) if offer.offer_id == page.offer_id else offer
        for offer in of_team
    )
    return replace(tried, recent_offers=state.recent_offers.set(page.team_id, of_team))


def _page_over(state: State, event: PageDelivered | PageFailed, _at: datetime) -> State:
    return state.without(event.page_id)


def _page_dropped(state: State, event: PageDropped, at: datetime) -> State:
    left = state.without(event.page_id)
    page = event.page  # never owed, and yet the team may see its offer on its own page: it can have notices
    recent_offers = left.recent_offers if page is None else _with_page(left, page)
    return replace(left, recent_offers=recent_offers, seen=left.seen.set(event.page_id, at, at))


def _message_due(state: State, event: CadMessageDue, at: datetime) -> State:
    return replace(
        state,
        owed=state.owed.set(event.message_id, Owed(event)),
        outbox=state.outbox.add(event, at),
        seen=state.seen.set(event.message_id, at, at),
    )


def _message_over(state: State, event: CadInformed | CadNotInformed, _at: datetime) -> State:
    return state.without(event.message_id)


def _disabled(state: State, event: CadWebhookDisabled, at: datetime) -> State:
    return replace(state, disabled=state.disabled.set(event.source, at))


def _enabled(state: State, event: CadWebhookEnabled, _at: datetime) -> State:
    if event.source not in state.disabled:
        return state
    return replace(state, disabled=state.disabled.delete(event.source))


def _answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.set(event.command_id, at, at))


CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    PageDue: _page_due,
    PageAttempted: _page_attempted,
    PageDelivered: _page_over,
    PageFailed: _page_over,
    PageDropped: _page_dropped,
    CadMessageDue: _message_due,
    CadInformed: _message_over,
    CadNotInformed: _message_over,
    CadWebhookDisabled: _disabled,
    CadWebhookEnabled: _enabled,
    CommandDone: _answered,
    CommandRefused: _answered,
}
