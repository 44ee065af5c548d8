"""What a clock brings about when it fires: each leaves an event that disarms it."""

from __future__ import annotations

from collections.abc import Callable

from services.team_availability.offers import advance, end_by_deadline, expire, running, withdraw
from services.team_availability.pauses import apply_pause
from services.team_availability.roster import end_shift
from services.team_availability.state import State
from shared.engine.service import Draft, Input, Tick
from shared.events import CallForgotten, CommandRefused, SafetyCheckDue, SafetyCheckMissed, TeamNotMoving


def tick(draft: Draft[State], event: Tick, given: Input) -> None:
    """A clock of the state has reached its instant; one that was moved or disarmed since does nothing."""
    armed = draft.state.clocks.at.get(event.clock_id)
    if armed is None or armed > event.at:
        return
    kind, _, name = event.clock_id.partition("/")
    FIRES[kind](draft, name, given.cause)


def _deadline(draft: Draft[State], call_id: str, _cause: str) -> None:
    end_by_deadline(draft, call_id)


def _offer(draft: Draft[State], offer_id: str, cause: str) -> None:
    call_id = draft.state.offers[offer_id]
    call, episode = running(draft.state, call_id)
    if not call.is_open:  # it ended by a failure of ours, which left the offer open
        withdraw(draft, call_id, "routed")
        return
    expire(draft, call_id, next(one for one in episode.offers if one.offer_id == offer_id))
    advance(draft, call_id, cause)


def _held(draft: Draft[State], command_id: str, _cause: str) -> None:
    unknown = draft.state.call(draft.state.waiting[command_id].call_id).memory is None
    draft.emit(
        CommandRefused(
            command_id=command_id,
            reason="unknown-call" if unknown else "not-judged",
            sentence="careroute has not seen this call." if unknown else "The call was not judged in time.",
        )
    )


def _shift(draft: Draft[State], team_id: str, cause: str) -> None:
    shift = draft.state.teams[team_id].shift
    if shift is not None:  # free: an acceptance disarms this clock, and clearing the call arms it again
        end_shift(draft, team_id, shift, cause, over=True)


def _moving(draft: Draft[State], call_id: str, _cause: str) -> None:
    call, episode = running(draft.state, call_id)
    if call.assignment is not None:
        draft.emit(TeamNotMoving(call_id=call_id, episode=episode.number, team_id=call.assignment.team_id))


def _check(draft: Draft[State], call_id: str, _cause: str) -> None:
    """Ask a silent team whether it is well; from the missed checks that the programme bears on, police are needed."""
    call, episode = running(draft.state, call_id)
    assignment = call.assignment
    shift = None if assignment is None else draft.state.teams[assignment.team_id].shift
    if assignment is None or shift is None:
        return
    team_id, missed = assignment.team_id, assignment.missed_checks
    if missed >= draft.state.timings(call).missed_safety_checks:
        minutes = int((draft.now - shift.heard_at).total_seconds() // 60)
        draft.emit(
            SafetyCheckMissed(
                call_id=call_id,
                episode=episode.number,
                team_id=team_id,
                missed=missed,
                silent_minutes=minutes,
                sentence=f"{team_id} has been silent for {minutes} min, safety checks missed: {missed}. Send police.",
            )
        )
    draft.emit(SafetyCheckDue(call_id=call_id, episode=episode.number, team_id=team_id, number=missed + 1))


def _forget(draft: Draft[State], call_id: str, _cause: str) -> None:
    draft.emit(CallForgotten(call_id=call_id))


def _pause(draft: Draft[State], paused: str, cause: str) -> None:
    apply_pause(draft, paused, cause)


FIRES: dict[str, Callable[[Draft[State], str, str], None]] = {
    "deadline": _deadline,
    "offer": _offer,
    "held": _held,
    "shift": _shift,
    "moving": _moving,
    "check": _check,
    "forget": _forget,
    "pause": _pause,
}
