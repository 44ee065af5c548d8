"""Commands of people: each is answered exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.notification.deciding.cad import ASKS, CAD_NOTICE_SECONDS, is_taken_back
from services.notification.state import State, alert_key
from shared.answers import answer, done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import (
    AcknowledgeAlert,
    AlertAcknowledged,
    CadMessageDue,
    Command,
    Event,
    PingCad,
    RedeliverMessage,
    child_id,
)


def once(decider: Callable[[Draft[State], Any], list[Event]]) -> Callable[[Draft[State], Command, Input], None]:
    """A decider that answers a command exactly once."""

    def decide_once(draft: Draft[State], command: Command, given: Input) -> None:
        draft.emit_all(answer(command, given.time, draft.state.answered, lambda command: decider(draft, command)))

    return decide_once


def ping(draft: Draft[State], command: PingCad) -> list[Event]:
    """Send a test message to the CAD of a source."""
    message_id = child_id(command.command_id, "ping")
    body = {"type": "ping", "timestamp": draft.now.isoformat(), "data": {"source": command.source}}
    not_after = draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)
    ping = CadMessageDue(message_id=message_id, kind="ping", source=command.source, body=body, not_after=not_after)
    return [ping, done(command, f"A ping is on its way to {command.source}.", about=message_id)]


def redeliver(draft: Draft[State], command: RedeliverMessage) -> list[Event]:
    """Send a message again under its id."""
    message_id = command.message_id
    message = draft.state.outbox.get(message_id)
    if message is None:
        return [refused(command, "unknown-message", "No message of this id is kept; a day of messages is.")]
    if message_id in draft.state.owed:
        return [nothing_to_do(command, "The message is being sent already.", about=message_id)]
    if message.source in draft.state.disabled_sources:
        return [refused(command, "disabled", f"The webhook of {message.source} is gone: ping it first.")]
    if message.kind in ASKS and draft.now >= message.not_after:
        return [refused(command, "too-late", "It is a question, and an answer would come too late by now.")]
    if is_taken_back(message, draft.state.outbox.after(message)):
        return [refused(command, "taken-back", "The team that it names comes no more: redeliver what says so.")]
    soon = draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)
    again = message.model_copy(update={"not_after": min(soon, message.not_after) if message.kind in ASKS else soon})
    return [again, done(command, "The message is on its way again.", about=message_id)]


def acknowledge(draft: Draft[State], command: AcknowledgeAlert) -> list[Event]:
    """The newest word counts: somebody may take an alert over from another."""
    if command.noise and not command.reason.strip():
        return [refused(command, "no-reason", "Say why it is noise, so that it can be mended.")]
    present = draft.state.acknowledged.get(alert_key(command.alert_id, command.raised_at))
    if present and (present.acknowledged_by, present.noise) == (command.issued_by, command.noise):
        return [nothing_to_do(command, "You have said so already.", about=command.alert_id)]
    acknowledged = AlertAcknowledged(
        alert_id=command.alert_id,
        kind=command.kind,
        raised_at=command.raised_at,
        acknowledged_by=command.issued_by,
        reason=command.reason,
        noise=command.noise,
    )
    by = command.issued_by
    sentence = f"{by} takes it for noise." if command.noise else f"{by} looks after it."
    if present and present.acknowledged_by != by:
        sentence += f" Before: {present.acknowledged_by}."
    return [acknowledged, done(command, f"{sentence} It stays open until it has ended.", about=command.alert_id)]
