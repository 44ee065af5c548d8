"""A dispatcher decides: overrides, confirmations, and commands that wait for a call not seen yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.team_availability.draft import DEFAULT_GOES, AgencyDraft, CallDraft, remembered_fields
from services.team_availability.late import give_late
from services.team_availability.life_cycle import ENDS
from services.team_availability.offers import advance, end_by_deadline, where_it_stands
from services.team_availability.state import Assignment
from shared.answers import Answer, done, nothing_to_do, refused
from shared.events import (
    CallOverridden,
    Command,
    CommandHeld,
    ConfirmDecision,
    DecisionConfirmed,
    Event,
    OverrideCall,
)
from shared.judgement import NOT_ROUTED
from shared.programme.judging.normal_forms import listed

MOST_WAITING = 1000
"""So many commands wait at most, in one agency; a door that invents calls must not fill the state."""


def override_call(draft: AgencyDraft, command: OverrideCall) -> list[Event]:
    """A person wins: the default goes at once, or the response that the dispatcher names is offered."""
    answer = _override(draft.call(command.call_id), command)
    return [_hold(draft, command) if answer is None else answer]


def confirm_decision(draft: AgencyDraft, command: ConfirmDecision) -> list[Event]:
    """A dispatcher confirms what careroute proposes for a call in an advisory district."""
    answer = _confirm(draft.call(command.call_id), command)
    return [_hold(draft, command) if answer is None else answer]


def answer_waiting(call: CallDraft, only: str | None = None) -> None:
    """Decide the commands that waited for this call, or only those of a type, as far as they can be decided now."""
    for command_id in call.draft.state.waiting_for.get(call.call_id, ()):
        waiting = call.draft.state.waiting[command_id]
        if only not in (None, waiting.command_type):
            continue
        kind, decider = MAY_WAIT[waiting.command_type]
        if (answer := decider(call, kind.model_validate(waiting.command))) is not None:
            call.emit(answer)


# --- overriding -----------------------------------------------------------------------------------------------------


def _override(call: CallDraft, command: OverrideCall) -> Answer | None:
    """The answer; None where it cannot be decided yet."""
    if call.memory is None:
        return None
    known = ("default", *call.draft.state.responses_of(call.state))
    command = command.model_copy(update={"send": listed(command.send, known)})
    if command.send == "default":
        return _send_default(call, command)
    if call.memory.synthetic:
        return refused(command, *where_it_stands(call.state))
    if call.memory.unvouched:
        return None  # whether it is a test is not known before triage speaks of it
    if call.is_open and call.plan is None and call.episode.override is None:
        return None  # which responses there are is not known before the call is judged
    return _why_not(call, command) or _send(call, command)


def _why_not(call: CallDraft, command: OverrideCall) -> Answer | None:
    """Why not even a person may send this response."""
    if call.state.reported.ended:
        return refused(command, *where_it_stands(call.state))
    option = call.draft.state.option(call.state, command.send)
    if option is None:
        return refused(command, "unknown-response", f"The programme has no response {command.send!r} for this call.")
    if option.reached_by in NOT_ROUTED:
        return refused(command, "unknown-response", f"{command.send} is a {option.reached_by}, which sends nobody.")
    if call.is_paused(command.send):
        return refused(command, "paused", "careroute is paused there: resume it first.")
    return None


def _send_default(call: CallDraft, command: OverrideCall) -> Answer:
    if call.is_open:
        call.emit(_overridden(call, command))
        call.withdraw("overridden")
        call.route("default", (*call.episode.reasons, "overridden"))
        return done(command, f"{DEFAULT_GOES}.", about=call.call_id)
    if (assignment := call.assignment) is not None:
        call.emit(_overridden(call, command))
        if call.release("overridden"):
            return done(command, f"{assignment.team_id} is released. {DEFAULT_GOES}.", about=call.call_id)
        return done(command, f"{DEFAULT_GOES}. {_stays(assignment)}", about=call.call_id)
    if call.state.late is not None:
        call.emit(_overridden(call, command))
        call.end_late("overridden")
        return done(command, f"{DEFAULT_GOES}: no team may take the call late any more.", about=call.call_id)
    return nothing_to_do(command, "No team has this call.", about=call.call_id)


def _send(call: CallDraft, command: OverrideCall) -> Answer:
    """Offer the response that the dispatcher names, in a new episode if the running one is over."""
    is_sent = call.is_open and call.episode.override == command.send
    if call.is_open and not is_sent and call.draft.now >= call.episode.deadline:
        end_by_deadline(call)  # over, though its clock has not fired yet: a team may have it that answered in time
    if (assignment := call.assignment) is not None:
        if assignment.response == command.send:
            sentence = f"{assignment.team_id} has this call already ({assignment.response})."
            return nothing_to_do(command, sentence, about=call.call_id)
        if "overridden" not in ENDS[assignment.state]:
            return refused(command, "team-on-scene", _stays(assignment))
        call.release("overridden")
    if is_sent:
        return nothing_to_do(command, f"{command.send} is being sent already.", about=call.call_id)
    if not call.is_open:
        _begin(call)
    if call.episode.offered != command.send:
        call.withdraw("overridden")
    call.emit(_overridden(call, command))
    advance(call)
    return _how_it_went(call, command)


def _stays(assignment: Assignment) -> str:
    return (
        f"{assignment.team_id} is with somebody and stays with the call until it clears, "
        "or until you withdraw it by name and say why."
    )


def _begin(call: CallDraft) -> None:
    memory, timings = call.state.reported, call.draft.state.timings(call.state)
    call.begin(
        "overridden", remembered_fields(memory), call_at=memory.call_at, received_at=call.draft.now, timings=timings
    )


def _how_it_went(call: CallDraft, command: OverrideCall) -> Answer:
    offers = call.state.open_offers
    if not offers:
        sentence = f"No team can be offered the call for {command.send}. {DEFAULT_GOES}."
        return done(command, sentence, about=call.call_id)
    teams = ", ".join(offer.team_id for offer in offers)
    return done(command, f"Offered the call ({command.send}): {teams}.", about=offers[0].offer_id)


def _overridden(call: CallDraft, command: OverrideCall) -> CallOverridden:
    return CallOverridden(**call.key, send=command.send, overridden_by=command.issued_by, reason=command.reason)


# --- confirming -----------------------------------------------------------------------------------------------------


def _confirm(call: CallDraft, command: ConfirmDecision) -> Answer | None:
    """The answer; None where it cannot be decided yet."""
    if call.memory is None:
        return None
    if (answer := give_late(call, command)) is not None:
        return answer
    if not call.is_open or call.draft.now >= call.episode.deadline:
        return refused(command, *where_it_stands(call.state))
    episode = call.episode
    if episode.proposed is None:
        return _why_nothing_is_proposed(call, command)
    if command.response is not None and listed(command.response, (episode.proposed,)) != episode.proposed:
        return refused(command, "another-proposed", f"{episode.proposed} is proposed by now: look again.")
    call.emit(DecisionConfirmed(**call.key, response=episode.proposed, confirmed_by=command.issued_by))
    advance(call)
    is_offered = any(offer.response == episode.proposed for offer in call.state.open_offers)
    nobody = "" if is_offered else " No team can be offered the call for it."
    return done(command, f"{episode.proposed} is confirmed.{nobody}", about=call.call_id)


def _why_nothing_is_proposed(call: CallDraft, command: ConfirmDecision) -> Answer | None:
    episode = call.episode
    if episode.confirmed:
        return nothing_to_do(command, f"{episode.confirmed[-1]} is confirmed already.", about=call.call_id)
    if episode.lapsed:
        sentence = "Nobody confirmed in time, and what needs no confirmation is tried: override the call instead."
        return refused(command, "expired", sentence)
    if call.plan is None and episode.override is None:
        return None
    return refused(command, "not-asked", "Nothing is proposed for this call.")


# --- waiting --------------------------------------------------------------------------------------------------------


def _hold(draft: AgencyDraft, command: OverrideCall | ConfirmDecision) -> Event:
    if len(draft.state.waiting) >= MOST_WAITING:
        return refused(command, "unknown-call", "careroute has not seen this call, and too many commands wait already.")
    return CommandHeld(
        command_type=command.type,
        command=command.model_dump(mode="json"),
        command_id=command.command_id,
        call_id=command.call_id,
        expires_at=command.expires_at,
    )


MAY_WAIT: dict[str, tuple[type[Command], Callable[[CallDraft, Any], Answer | None]]] = {
    OverrideCall.type: (OverrideCall, _override),
    ConfirmDecision.type: (ConfirmDecision, _confirm),
}
