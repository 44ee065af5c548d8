"""The fold of triage's journal: the state after each of its own events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.triage.state import ENDED, REOPENED, Document, OpenCall, State, Version, seen_as, with_version
from shared.events import (
    CallEnded,
    CallRetired,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    ClockFailed,
    CommandDone,
    CommandRefused,
    DistrictPaused,
    DistrictResumed,
    Event,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    RoutingNoted,
    VersionNoted,
    pause_of,
)
from shared.programme import Switchboard

KEPT_UNROUTED = timedelta(hours=1)
"""Routing takes a minute; a call of which nothing was heard for so long is not waited for."""
KEPT_ACCEPTED = timedelta(hours=12)
"""How long updates of a call that a team has taken are measured against what was judged before."""
KEPT_PROPOSALS = 8
KEPT_FORMER, KEPT_ROLLED_BACK = 4, 2
"""Documents, with their text, to which the programme can be rolled back."""

JUDGE_AGAIN, ACTIVATE, RETIRE = "judge-again", "activate", "retire"
"""Clocks: `judge-again/how many wait`, `activate/document hash`, `retire/call id`."""


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event that was decided at an instant; events that triage does not write change nothing."""
    change = _CHANGES.get(type(event))
    return change(state, event, at) if change else state


# --- calls ----------------------------------------------------------------------------------------------------------


def _triaged(state: State, event: CallTriaged, at: datetime) -> State:
    if event.call is None:  # known versions were judged again
        held = state.calls[event.call_id]
    else:
        state, held = _with_event(state, event, at)
    held = replace(held, judgement=event.judgement)
    return replace(state, calls=state.calls.set(event.call_id, held))


def _noted(state: State, event: VersionNoted, at: datetime) -> State:
    state, held = _with_event(state, event, at)
    return replace(state, calls=state.calls.set(event.call_id, held))


def _with_event(state: State, event: CallTriaged | VersionNoted, at: datetime) -> tuple[State, OpenCall]:
    held = state.calls.get(event.call_id)
    if held is None:
        held = OpenCall()
        clocks = state.clocks.set(f"{RETIRE}/{event.call_id}", at + KEPT_UNROUTED)
        state = replace(state, clocks=clocks, closed=state.closed.forget(event.call_id))
    if event.call is not None:
        version = Version(event.event_id, event.call, event.judged_at or event.updated_at, event.lines)
        held = with_version(held, version)
    seen = held.seen.set(seen_as(event.event_id, event.fingerprint), True)  # noqa: FBT003  the map is a set
    return state, replace(held, seen=seen)


def _over(state: State, event: CallEnded | CallStale, at: datetime) -> State:
    return _without(state, event.call_id, event.updated_at + (ENDED if isinstance(event, CallEnded) else REOPENED), at)


def _retired(state: State, event: CallRetired, at: datetime) -> State:
    held = state.calls.get(event.call_id)
    return _without(state, event.call_id, held.version.order, at) if held else state


def _routing(state: State, event: RoutingNoted, at: datetime) -> State:
    held = state.calls.get(event.call_id)
    if held is None:
        return state
    if event.reached in ("default", "cancelled"):
        return _without(state, event.call_id, held.version.order, at)
    clocks = state.clocks
    accepted = held.accepted or event.reached != "offered"
    if accepted:
        clocks = clocks.set(f"{RETIRE}/{event.call_id}", at + KEPT_ACCEPTED)
    held = replace(held, frozen=True, accepted=accepted)
    return replace(state, calls=state.calls.set(event.call_id, held), clocks=clocks)


def _without(state: State, call_id: str, last_order: datetime, at: datetime) -> State:
    """Only the id stays, for seven days."""
    return replace(
        state,
        calls=state.calls.delete(call_id) if call_id in state.calls else state.calls,
        closed=state.closed.forget(call_id).add(call_id, last_order, at),
        clocks=state.clocks.clear(f"{RETIRE}/{call_id}"),
    )


# --- programme and switchboard --------------------------------------------------------------------------------------


def _proposed(state: State, event: ProgrammeProposed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    document = Document(event.document, event.document_hash, event.version, event.effective, event.proposed_by)
    proposed = state.proposed.set(document.document_hash, document)
    if len(proposed) > KEPT_PROPOSALS:
        oldest = min(proposed.values(), key=lambda one: (one.version, one.document_hash))
        proposed = proposed.delete(oldest.document_hash)
    return replace(state, proposed=proposed)


def _adopted(state: State, event: ProgrammeAdopted, at: datetime) -> State:
    document = state.proposed[event.document_hash]
    return replace(
        state,
        proposed=state.proposed.delete(event.document_hash),
        adopted=state.adopted.set(event.document_hash, document),
        approved_version=max(state.approved_version, event.version),
        clocks=state.clocks.set(f"{ACTIVATE}/{event.document_hash}", max(document.effective, at)),
    )


def _activated(state: State, event: ProgrammeActivated, at: datetime) -> State:
    """The document is in force; older ones that still waited for their instant are overtaken."""
    if event.rolled_back_from is not None:
        return _judge_again(_rolled_back(state, event.document_hash), at)
    active = state.adopted[event.document_hash]
    former = (*state.former, state.active) if state.active else ()
    adopted, clocks = state.adopted, state.clocks
    for document in state.adopted.values():
        if document.version <= active.version:
            adopted = adopted.delete(document.document_hash)
            clocks = clocks.clear(f"{ACTIVATE}/{document.document_hash}")
    state = replace(state, active=active, former=former[-KEPT_FORMER:], adopted=adopted, clocks=clocks)
    return _judge_again(state, at)


def _rolled_back(state: State, document_hash: str) -> State:
    """Down the stack of what was in force before; or up again, to what was rolled back from."""
    left, former, rolled_back = state.active, state.former, state.rolled_back
    assert left is not None  # noqa: S101  only a document in force is rolled back from
    hashes = [document.document_hash for document in former]
    if document_hash in hashes:
        at = hashes.index(document_hash)
        active, former, rolled_back = former[at], former[:at], (*rolled_back, *former[at + 1 :], left)
    else:
        active = next(document for document in rolled_back if document.document_hash == document_hash)
        former, rolled_back = (*former, left), tuple(one for one in rolled_back if one is not active)
    return replace(state, active=active, former=former[-KEPT_FORMER:], rolled_back=rolled_back[-KEPT_ROLLED_BACK:])


def _phase(state: State, event: PhaseChanged, at: datetime) -> State:
    board = state.switchboard
    phases = board.phases.set(f"{event.response}/{event.district}", event.phase)
    return _judge_again(replace(state, switchboard=Switchboard(event.revision, phases, board.paused)), at)


def _paused(state: State, event: DistrictPaused, at: datetime) -> State:
    board = state.switchboard
    paused = frozenset(board.paused) | {pause_of(event.district, event.response)}
    return _judge_again(replace(state, switchboard=Switchboard(event.revision, board.phases, paused)), at)


def _resumed(state: State, event: DistrictResumed, at: datetime) -> State:
    board = state.switchboard
    paused = frozenset(board.paused) - {pause_of(event.district, event.response)}
    return _judge_again(replace(state, switchboard=Switchboard(event.revision, board.phases, paused)), at)


def _judge_again(state: State, at: datetime) -> State:
    """Calls that no team was offered yet are judged again, a number at a time."""
    waiting = tuple(sorted(call_id for call_id, held in state.calls.items() if not held.frozen))
    return _waiting(state, waiting, at)


def _judged_again(state: State, event: CallsJudgedAgain, at: datetime) -> State:
    return _waiting(state, state.to_judge[event.count :], at)


def _waiting(state: State, waiting: tuple[str, ...], at: datetime) -> State:
    clocks = state.clocks.clear(f"{JUDGE_AGAIN}/{len(state.to_judge)}")
    if waiting:
        clocks = clocks.set(f"{JUDGE_AGAIN}/{len(waiting)}", at)
    return replace(state, to_judge=waiting, clocks=clocks)


# --- everything else ------------------------------------------------------------------------------------------------


def _answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.add(event.command_id, at, at))


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    return replace(state, clocks=state.clocks.clear(event.clock_id))


_CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    CallTriaged: _triaged,
    VersionNoted: _noted,
    CallEnded: _over,
    CallStale: _over,
    CallRetired: _retired,
    RoutingNoted: _routing,
    ProgrammeProposed: _proposed,
    ProgrammeAdopted: _adopted,
    ProgrammeActivated: _activated,
    PhaseChanged: _phase,
    DistrictPaused: _paused,
    DistrictResumed: _resumed,
    CallsJudgedAgain: _judged_again,
    CommandDone: _answered,
    CommandRefused: _answered,
    ClockFailed: _clock_failed,
}
