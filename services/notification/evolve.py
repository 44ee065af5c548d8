"""How each event of notification's journal changes its state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notification.evolve_contacts import CONTACT_CHANGES
from services.notification.evolve_pages import PAGE_CHANGES
from services.notification.evolve_rolls import ROLL_CHANGES
from services.notification.state import OwedEffect, State, alert_key
from shared.engine.state import ByDay
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
)
from shared.replace import replace


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event decided at an instant; an event that changes nothing here leaves it as it is."""
    change = CHANGES.get(type(event))
    return state if change is None else change(state, event, at)


def _links_renewed(state: State, event: LinksRenewed, _at: datetime) -> State:
    return replace(state, links=state.links.set(event.person_id, event))


def _message_due(state: State, event: CadMessageDue, at: datetime) -> State:
    return replace(
        state,
        stamps=_with_stamp(state.stamps, event, at),
        owed=state.owed.set(event.message_id, OwedEffect(event)),
        outbox=state.outbox.add(event, at),
        sources=state.sources if event.source in state.sources else state.sources.set(event.source, at),
        seen=state.seen.set(event.message_id, at, at),
    )


def _with_stamp(stamps: ByDay[datetime], event: CadMessageDue, at: datetime) -> ByDay[datetime]:
    """The last time stamp about a call, or a source; a message that is sent again keeps its own."""
    about, stamp = event.call_id or event.source, datetime.fromisoformat(event.body["timestamp"])
    last = stamps.get(about)
    return stamps if last is not None and stamp <= last else stamps.forget(about).set(about, stamp, at)


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
    LinksRenewed: _links_renewed,
    CadMessageDue: _message_due,
    CadInformed: _message_ended,
    CadNotInformed: _message_ended,
    CadWebhookDisabled: _webhook_disabled,
    CadWebhookEnabled: _webhook_enabled,
    AlertAcknowledged: _alert_acknowledged,
    CommandDone: _command_answered,
    CommandRefused: _command_answered,
    **PAGE_CHANGES,
    **CONTACT_CHANGES,
    **ROLL_CHANGES,
}
