"""A dispatcher decides: overrides, confirmations, and commands that wait for a call not seen yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.team_availability.offers import (
    GOING,
    advance,
    end_by_deadline,
    end_by_default,
    running,
    where_it_stands,
    withdraw,
)
from services.team_availability.state import CallState, State
from shared.answers import Answer, done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import (
    AssignmentWithdrawn,
    CallOverridden,
    Command,
    CommandHeld,
    ConfirmDecision,
    DeadlineSet,
    DecisionConfirmed,
    Event,
    OverrideCall,
)

HELD_COMMANDS = 1000
"""So many commands wait at most, in one agency; a door that invents calls must not fill the state."""


def override_call(draft: Draft[State], command: OverrideCall, given: Input) -> list[Event]:
    """A person wins: the default goes at once, or the response that the dispatcher names is offered."""
    found = _override(draft, command, given)
    return [_hold(draft, command) if found is None else found]


def confirm_decision(draft: Draft[State], command: ConfirmDecision, given: Input) -> list[Event]:
    """A dispatcher confirms what careroute proposes for a call in an advisory district."""
    found = _confirm(draft, command, given)
    return [_hold(draft, command) if found is None else found]


def answer_held(draft: Draft[State], call_id: str, given: Input, only: str | None = None) -> None:
    """Decide the commands that waited for this call, or only those of a type, as far as they can be decided now."""
    for command_id in draft.state.waiting_for.get(call_id, ()):
        held = draft.state.waiting[command_id]
        if only not in (None, held.command_type):
            continue
        kind, decider = HELD[held.command_type]
        if (answer := decider(draft, kind.model_validate(held.command), given)) is not None:
            draft.emit(answer)


# --- overriding -----------------------------------------------------------------------------------------------------


def _override(draft: Draft[State], command: OverrideCall, given: Input) -> Answer | None:
    """The answer; None where it cannot be decided yet."""
    known, call = draft.state.call(command.call_id).memory, draft.state.calls.get(command.call_id)
    if known is None:
        return None
    if command.send == "default":
        return _send_default(draft, command, call)
    if call is not None and call.is_open and call.plan is None and _overriding(call) is None:
        return None  # which responses there are is not known before the call is judged
    return _why_not(draft.state, command, call or CallState(known)) or _send(draft, command, given)


def _why_not(state: State, command: OverrideCall, call: CallState) -> Answer | None:
    """Why not even a person may send this response."""
    if call.memory is not None and call.memory.ended:
        return refused(command, *where_it_stands(call.memory, call))
    if state.option(call, command.send) is None:
        return refused(command, "unknown-response", f"The programme has no response {command.send!r} for this call.")
    if state.is_paused(call.district, command.send):
        return refused(command, "paused", "careroute is paused there: resume it first.")
    return None


def _overriding(call: CallState) -> str | None:
    return None if call.episode is None else call.episode.override


def _send_default(draft: Draft[State], command: OverrideCall, call: CallState | None) -> Answer:
    call_id = command.call_id
    if call is not None and call.is_open:
        _, episode = running(draft.state, call_id)
        draft.emit(_overridden(command, episode.number))
        end_by_default(draft, call_id, "overridden", withdrawn="overridden")
        return done(command, f"{GOING}.", about=call_id)
    if call is not None and call.assignment is not None:
        _, episode = running(draft.state, call_id)
        draft.emit(_overridden(command, episode.number))
        _release(draft, call_id)
        return done(command, f"{call.assignment.team_id} is released. {GOING}.", about=call_id)
    return nothing_to_do(command, "No team has this call.", about=call_id)


def _send(draft: Draft[State], command: OverrideCall, given: Input) -> Answer:
    """Offer the response that the dispatcher names, in a new episode if the running one is over."""
    call_id, call = command.call_id, draft.state.calls.get(command.call_id)
    assignment = None if call is None else call.assignment
    if assignment is not None:
        if assignment.response == command.send:
            sentence = f"{assignment.team_id} has this call already ({assignment.response})."
            return nothing_to_do(command, sentence, about=call_id)
        _release(draft, call_id)
    if call is not None and call.is_open:
        _, episode = running(draft.state, call_id)
        if episode.override == command.send:
            return nothing_to_do(command, f"{command.send} is being sent already.", about=call_id)
        if draft.now >= episode.deadline:  # over, though its clock has not fired yet
            end_by_deadline(draft, call_id)
    call = draft.state.calls.get(call_id)
    if call is None or not call.is_open:
        _begin(draft, call_id)
    _, episode = running(draft.state, call_id)
    if episode.offered != command.send:
        withdraw(draft, call_id, "overridden")
    draft.emit(_overridden(command, episode.number))
    advance(draft, call_id, given.cause)
    return _how_it_went(draft.state, command)


def _how_it_went(state: State, command: OverrideCall) -> Answer:
    call = state.calls.get(command.call_id)
    offers = call.episode.open_offers if call is not None and call.episode is not None else ()
    if not offers:
        return done(command, f"No team can be offered the call for {command.send}. {GOING}.", about=command.call_id)
    teams = ", ".join(offer.team_id for offer in offers)
    return done(command, f"Offered the call ({command.send}): {teams}.", about=offers[0].offer_id)


def _begin(draft: Draft[State], call_id: str) -> None:
    known, call = draft.state.call(call_id).memory, draft.state.calls.get(call_id)
    assert known is not None  # noqa: S101  only a reported call is overridden
    timings = draft.state.timings(call or CallState())
    draft.emit(
        DeadlineSet(
            call_id=call_id,
            episode=known.episodes + 1,
            deadline=draft.now + timings.to_decide,
            received_at=draft.now,
            call_at=known.call_at,
            why="overridden",
            updated_at=known.updated_at,
            status=known.status,
            requested_by=known.requested_by,
        )
    )


def _overridden(command: OverrideCall, episode: int) -> CallOverridden:
    return CallOverridden(
        call_id=command.call_id,
        episode=episode,
        send=command.send,
        overridden_by=command.issued_by,
        reason=command.reason,
    )


def _release(draft: Draft[State], call_id: str) -> None:
    _, episode = running(draft.state, call_id)
    if episode.assignment is not None:
        team_id = episode.assignment.team_id
        draft.emit(AssignmentWithdrawn(call_id=call_id, episode=episode.number, team_id=team_id, why="overridden"))


# --- confirming -----------------------------------------------------------------------------------------------------


def _confirm(draft: Draft[State], command: ConfirmDecision, given: Input) -> Answer | None:
    """The answer; None where it cannot be decided yet."""
    call_id, call = command.call_id, draft.state.calls.get(command.call_id)
    known = draft.state.call(call_id).memory
    if known is None:
        return None
    if call is None or call.episode is None or not call.is_open or draft.now >= call.episode.deadline:
        return refused(command, *where_it_stands(known, call))
    episode = call.episode
    if episode.proposed is None:
        if episode.confirmed:
            return nothing_to_do(command, f"{episode.confirmed[-1]} is confirmed already.", about=call_id)
        if call.plan is None and episode.override is None:
            return None
        return refused(command, "not-asked", "Nothing is proposed for this call.")
    draft.emit(
        DecisionConfirmed(
            call_id=call_id, episode=episode.number, response=episode.proposed, confirmed_by=command.issued_by
        )
    )
    advance(draft, call_id, given.cause)
    return done(command, f"{episode.proposed} is confirmed.", about=call_id)


# --- waiting --------------------------------------------------------------------------------------------------------


def _hold(draft: Draft[State], command: OverrideCall | ConfirmDecision) -> Event:
    if len(draft.state.waiting) >= HELD_COMMANDS:
        return refused(command, "unknown-call", "careroute has not seen this call, and too many commands wait already.")
    return CommandHeld(
        command_type=command.type,
        command=command.model_dump(mode="json"),
        command_id=command.command_id,
        call_id=command.call_id,
        expires_at=command.expires_at,
    )


HELD: dict[str, tuple[type[Command], Callable[[Draft[State], Any, Input], Answer | None]]] = {
    OverrideCall.type: (OverrideCall, _override),
    ConfirmDecision.type: (ConfirmDecision, _confirm),
}
