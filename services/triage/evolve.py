"""The fold of triage's journal: the state after each of its own events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.triage.callers import with_call, without_callers
from services.triage.load import released, taken
from services.triage.sealed_part import Disclosed
from services.triage.state import (
    Carried,
    Document,
    OpenCall,
    Referral,
    State,
    Version,
    seen_as,
    with_version,
)
from shared.call import order_of
from shared.engine.state import PMap
from shared.events import (
    CallEnded,
    CallRetired,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    CapChanged,
    ClockFailed,
    CommandDone,
    CommandRefused,
    DistrictPaused,
    DistrictResumed,
    Event,
    NoteMade,
    PauseReviewed,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    ReferralClosed,
    ReferralMade,
    ReferralOverdue,
    RoutingNoted,
    UpgradeNoted,
    VersionNoted,
)
from shared.programme.judging.programme import NO_CAP, Cap
from shared.switch import Switch

KEPT_UNROUTED = timedelta(hours=1)
"""Routing takes a minute; a call of which nothing was heard for so long is not waited for."""
KEPT_ACCEPTED = timedelta(hours=12)
"""How long updates of a call that a team has taken are measured against what was judged before."""
KEPT_PROPOSALS = 8
KEPT_FORMER, KEPT_ROLLED_BACK = 4, 2
"""Documents, with their text, to which the programme can be rolled back."""

KEPT_UNREVIEWED = 200
KEPT_UPGRADES = 100
"""The most that a document may ask for."""
KEPT_OVERDUE = timedelta(days=90)
"""How long a referral of which nobody says anything stays open after its time."""

JUDGE_AGAIN, ACTIVATE, RETIRE, DUE = "judge-again", "activate", "retire", "due"
"""Clocks: `judge-again/how many wait`, `activate/document hash`, `retire/call id`, `due/referral id`."""


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
        judged_at = event.judged_at or event.updated_at
        version = Version(event.event_id, event.call, judged_at, *_disclosed(event))
        held = with_version(held, version)
    if event.caller:
        state = with_call(state, event.caller, event.call_id, event.judged_at or event.updated_at)
    seen = held.seen.set(seen_as(event.event_id, event.fingerprint), True)  # noqa: FBT003  the map is a set
    return state, replace(held, seen=seen)


def _disclosed(event: CallTriaged | VersionNoted) -> Disclosed:
    return Disclosed(event.lines, event.located, event.caller, event.read_by)


def _over(state: State, event: CallEnded | CallStale, at: datetime) -> State:
    order = order_of(event.updated_at, "closed" if isinstance(event, CallEnded) else "reopened")
    return _without(state, event.call_id, order, at)


def _retired(state: State, event: CallRetired, at: datetime) -> State:
    held = state.calls.get(event.call_id)
    if held is None:
        return state
    if not held.accepted:  # an outcome that team availability could not tell of
        state = released(state, event.call_id, counts=False)
    return _without(state, event.call_id, held.version.order, at)


def _routing(state: State, event: RoutingNoted, at: datetime) -> State:
    state = _loaded(state, event)
    held = state.calls.get(event.call_id)
    if held is None or event.reached == "ended":
        return state
    if event.reached in ("default", "cancelled"):
        return _without(state, event.call_id, held.version.order, at)
    clocks = state.clocks
    accepted = held.accepted or event.reached != "offered"
    if accepted:
        clocks = clocks.set(f"{RETIRE}/{event.call_id}", at + KEPT_ACCEPTED)
    offered = max(held.offered, (event.episode, event.step))
    held = replace(held, frozen=True, accepted=accepted, offered=offered)
    return replace(state, calls=state.calls.set(event.call_id, held), clocks=clocks)


def _loaded(state: State, event: RoutingNoted) -> State:
    """From its first offer on a call counts in the load of the response that has it."""
    if event.reached in ("default", "cancelled", "ended"):
        return released(state, event.call_id, counts=event.reached == "ended")
    if event.response is None or event.day is None:
        return state
    known = state.carried.get(event.call_id)
    offered = max(known.offered if known else (0, 0), (event.episode, event.step))
    return taken(state, event.call_id, Carried(event.response, event.district or "", event.day, offered))


def _without(state: State, call_id: str, last_order: datetime, at: datetime) -> State:
    """Only the id stays, for seven days."""
    return replace(
        state,
        calls=state.calls.delete(call_id) if call_id in state.calls else state.calls,
        closed=state.closed.forget(call_id).set(call_id, last_order, at),
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
        return _judge_again(without_callers(_rolled_back(state, event.document_hash)), at)
    active = state.adopted[event.document_hash]
    former = (*state.former, state.active) if state.active else ()
    adopted, clocks = state.adopted, state.clocks
    for document in state.adopted.values():
        if document.version <= active.version:
            adopted = adopted.delete(document.document_hash)
            clocks = clocks.clear(f"{ACTIVATE}/{document.document_hash}")
    state = replace(state, active=active, former=former[-KEPT_FORMER:], adopted=adopted, clocks=clocks)
    return _judge_again(without_callers(state), at)


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
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, phases=phases)), at)


def _paused(state: State, event: DistrictPaused, at: datetime) -> State:
    board = state.switchboard
    paused = frozenset(board.paused) | {Switch(event.district, event.response).key}
    state = replace(state, unreviewed=_newest(state.unreviewed.set(event.revision, event.changed_by)))
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, paused=paused)), at)


def _newest(unreviewed: PMap[int, str]) -> PMap[int, str]:
    return unreviewed.delete(min(unreviewed)) if len(unreviewed) > KEPT_UNREVIEWED else unreviewed


def _reviewed(state: State, event: PauseReviewed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    return replace(state, unreviewed=state.unreviewed.delete(event.paused_at_revision))


def _resumed(state: State, event: DistrictResumed, at: datetime) -> State:
    board, ended = state.switchboard, Switch(event.district, event.response).key
    board = replace(board, revision=event.revision, paused=frozenset(board.paused) - {ended})
    upgrades = state.upgrades.delete(ended) if ended in state.upgrades else state.upgrades  # they are looked into
    return _judge_again(replace(state, switchboard=board, upgrades=upgrades), at)


def _capped(state: State, event: CapChanged, at: datetime) -> State:
    board, key = state.switchboard, f"{event.response}/{event.district}"
    cap = Cap(event.at_most_open, event.at_most_per_day)
    caps = board.caps.set(key, cap) if cap != NO_CAP else board.caps.delete(key) if key in board.caps else board.caps
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, caps=caps)), at)


def _upgraded(state: State, event: UpgradeNoted, at: datetime) -> State:
    counted = (*state.upgrades.get(event.counts_for, ()), (event.call_id, at))[-KEPT_UPGRADES:]
    return replace(state, upgrades=state.upgrades.set(event.counts_for, counted))


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


# --- referrals ------------------------------------------------------------------------------------------------------


def _referral(state: State, event: ReferralMade, at: datetime) -> State:  # noqa: ARG001  one shape for all
    referral = Referral(event.call_id, event.due_at)
    clocks = state.clocks.set(f"{DUE}/{event.referral_id}", event.due_at)
    return replace(state, referrals=state.referrals.set(event.referral_id, referral), clocks=clocks)


def _overdue(state: State, event: ReferralOverdue, at: datetime) -> State:
    referral = replace(state.referrals[event.referral_id], overdue=True)
    clocks = state.clocks.set(f"{DUE}/{event.referral_id}", at + KEPT_OVERDUE)
    return replace(state, referrals=state.referrals.set(event.referral_id, referral), clocks=clocks)


def _referral_closed(state: State, event: ReferralClosed, at: datetime) -> State:
    """One that was taken back may be made again, if the call proves to be one after all."""
    known = state.referred if event.result == "withdrawn" else state.referred.set(event.referral_id, at, at)
    clocks = state.clocks.clear(f"{DUE}/{event.referral_id}")
    return replace(state, referrals=state.referrals.delete(event.referral_id), referred=known, clocks=clocks)


def _note(state: State, event: NoteMade, at: datetime) -> State:
    return replace(state, referred=state.referred.set(event.note_id, at, at))


# --- everything else ------------------------------------------------------------------------------------------------


def _answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.set(event.command_id, at, at))


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
    PauseReviewed: _reviewed,
    CapChanged: _capped,
    UpgradeNoted: _upgraded,
    ReferralMade: _referral,
    ReferralOverdue: _overdue,
    ReferralClosed: _referral_closed,
    NoteMade: _note,
    CallsJudgedAgain: _judged_again,
    CommandDone: _answered,
    CommandRefused: _answered,
    ClockFailed: _clock_failed,
}
