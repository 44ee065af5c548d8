"""How each event of notification's journal changes its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notification.evolve_contacts import CONTACT_CHANGES
from services.notification.state import MAX_RECENT_OFFERS, OwedEffect, RecentOffer, State, alert_key
from shared.engine.state import PMap
from shared.events import (
    AlertAcknowledged,
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CommandDone,
    CommandRefused,
    Event,
    LinksRenewed,
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
        owed=state.owed.set(event.page_id, OwedEffect(event)),
        pages_of_call=state.pages_of_call.set(event.call_id, (*of_call, event.page_id)),
        recent_offers=_with_page(state, event) if event.kind == "offer" else _moved(state, event),
        seen=state.seen.set(event.page_id, at, at),
    )


def _with_page(state: State, page: PageDue) -> PMap[str, tuple[RecentOffer, ...]]:
    """The recent offers with this page among them."""
    offer_id, of_team = page.offer_id or "", state.recent_offers.get(page.team_id, ())
    if any(offer.offer_id == offer_id for offer in of_team):
        of_team = tuple(
            replace(offer, pages=(*offer.pages, page)) if offer.offer_id == offer_id else offer for offer in of_team
        )
    else:
        of_team = (*of_team[1 - MAX_RECENT_OFFERS :], RecentOffer(offer_id, page.call_id, (page,)))
    return state.recent_offers.set(page.team_id, of_team)


def _moved(state: State, notice: PageDue) -> PMap[str, tuple[RecentOffer, ...]]:
    """The recent offers, that of the notice with the call that the notice is of: it may have been merged into it."""
    of_team = state.recent_offers.get(notice.team_id, ())
    if all(offer.offer_id != notice.offer_id or offer.call_id == notice.call_id for offer in of_team):
        return state.recent_offers
    now_of = {"call_id": notice.call_id, "episode": notice.episode}
    of_team = tuple(
        replace(offer, call_id=notice.call_id, pages=tuple(page.model_copy(update=now_of) for page in offer.pages))
        if offer.offer_id == notice.offer_id
        else offer
        for offer in of_team
    )
    return state.recent_offers.set(notice.team_id, of_team)


def _page_attempted(state: State, event: PageAttempted, _at: datetime) -> State:
    owed = state.owed.get(event.page_id)
    if owed is None or not isinstance(owed.event, PageDue):
        return state
    page = owed.event
    state = replace(state, owed=state.owed.set(page.page_id, replace(owed, attempted=True)))
    if page.kind != "offer":
        return state
    of_team = tuple(
        replace(offer, attempted=(*offer.attempted, page.page_id)) if offer.offer_id == page.offer_id else offer
        for offer in state.recent_offers.get(page.team_id, ())
    )
    return replace(state, recent_offers=state.recent_offers.set(page.team_id, of_team))


def _page_ended(state: State, event: PageDelivered | PageFailed, _at: datetime) -> State:
    return state.without(event.page_id)


def _page_dropped(state: State, event: PageDropped, at: datetime) -> State:
    state = state.without(event.page_id)
    page = event.page  # never owed, and yet the team may see its offer on its own page: it can have notices
    recent_offers = state.recent_offers if page is None else _with_page(state, page)
    return replace(state, recent_offers=recent_offers, seen=state.seen.set(event.page_id, at, at))


def _links_renewed(state: State, event: LinksRenewed, _at: datetime) -> State:
    return replace(state, links=state.links.set(event.person_id, event))


def _message_due(state: State, event: CadMessageDue, at: datetime) -> State:
    return replace(
        state,
        owed=state.owed.set(event.message_id, OwedEffect(event)),
        outbox=state.outbox.add(event, at),
        sources=state.sources if event.source in state.sources else state.sources.set(event.source, at),
        seen=state.seen.set(event.message_id, at, at),
    )


def _message_ended(state: State, event: CadInformed | CadNotInformed, _at: datetime) -> State:
    return state.without(event.message_id)


def _webhook_disabled(state: State, event: CadWebhookDisabled, at: datetime) -> State:
    return replace(state, disabled_sources=state.disabled_sources.set(event.source, at))


def _webhook_enabled(state: State, event: CadWebhookEnabled, _at: datetime) -> State:
    if event.source not in state.disabled_sources:
        return state
    return replace(state, disabled_sources=state.disabled_sources.delete(event.source))


def _alert_acknowledged(state: State, event: AlertAcknowledged, at: datetime) -> State:
    key = alert_key(event.alert_id, event.raised_at)
    return replace(state, acknowledged=state.acknowledged.forget(key).set(key, event, at))


def _command_answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.set(event.command_id, at, at))


CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    PageDue: _page_due,
    PageAttempted: _page_attempted,
    PageDelivered: _page_ended,
    PageFailed: _page_ended,
    PageDropped: _page_dropped,
    LinksRenewed: _links_renewed,
    CadMessageDue: _message_due,
    CadInformed: _message_ended,
    CadNotInformed: _message_ended,
    CadWebhookDisabled: _webhook_disabled,
    CadWebhookEnabled: _webhook_enabled,
    AlertAcknowledged: _alert_acknowledged,
    CommandDone: _command_answered,
    CommandRefused: _command_answered,
    **CONTACT_CHANGES,
}
