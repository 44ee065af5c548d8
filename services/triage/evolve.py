"""The fold of triage's journal: the state after each of its own events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from services.triage import load
from services.triage.callers import with_call, without_callers
from services.triage.sealed_part import Disclosure
from services.triage.sources import is_reused
from services.triage.standing import opens_again, remembered, with_version
from services.triage.state import (
    ClosedCall,
    LoadEntry,
    Memory,
    OpenCall,
    Referral,
    SourceNotes,
    State,
    VerifiedDocument,
    Version,
    memory_of,
    version_key,
)
from shared.call import order_of
from shared.engine.state import ClockId, PMap
from shared.events import (
    CadClockNoted,
    CadIdentityNoted,
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
    ProgrammeRejected,
    ReferralClosed,
    ReferralMade,
    ReferralOverdue,
    RoutingNoted,
    UpgradeNoted,
    VersionNoted,
)
from shared.judgement import NOT_ROUTED
from shared.programme.judging.programme import NO_CAP, Cap
from shared.replace import replace
from shared.switch import Switch

RETIRE_UNROUTED_AFTER = timedelta(hours=1)
"""Routing takes a minute; a call of which nothing was heard for so long is not waited for."""
RETIRE_ACCEPTED_AFTER = timedelta(hours=12)
"""How long updates of a call that a team has taken are measured against what was judged before."""
MAX_PROPOSED = 8
"""That can be approved; who would propose one more is told so. Those that an approved version has outrun make room."""
MAX_FORMER, MAX_ROLLED_BACK = 4, 2
"""Documents, with their text, to which the programme can be rolled back."""
MAX_UNREVIEWED = 200
MAX_UPGRADES = 100
"""The most that a document may ask for."""
EXPIRE_OVERDUE_AFTER = timedelta(days=90)
"""How long a referral of which nobody says anything stays open after its time."""

MOST_SEEN = 128
"""Versions of one call that are told from repeats. One from before decided again says what it said then, or worse."""

JUDGE_AGAIN, ACTIVATE, RETIRE, DUE = "judge-again", "activate", "retire", "due"
"""Kinds of clocks: `judge-again/how many wait`, `activate/document hash`, `retire/call id`, `due/referral id`."""


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event that was decided at an instant; events that triage does not write change nothing."""
    change = CHANGES.get(type(event))
    return change(state, event, at) if change else state


# --- calls ----------------------------------------------------------------------------------------------------------


def _call_triaged(state: State, event: CallTriaged, at: datetime) -> State:
    if event.call is None:  # versions from before were judged again
        open_call = state.calls[event.call_id]
    else:
        state, open_call = _with_event(state, event, at)
    may_be_offered = event.judgement.suitability == "suitable" and any(
        verdict.may_go and verdict.reached_by not in NOT_ROUTED for verdict in event.judgement.responses
    )
    open_call = replace(open_call, judgement=event.judgement, may_be_offered=may_be_offered)
    return replace(state, calls=state.calls.set(event.call_id, open_call))


def _version_noted(state: State, event: VersionNoted, at: datetime) -> State:
    closed = state.closed_calls.get(event.call_id) if event.call_id not in state.calls else None
    if closed is not None and event.why == "late":
        memory = _with_seen(_remembered(state, closed.memory, event), event)
        return _closed(state, event.call_id, replace(closed, memory=memory), at)
    state, open_call = _with_event(state, event, at)
    return replace(state, calls=state.calls.set(event.call_id, open_call))


def _with_event(state: State, event: CallTriaged | VersionNoted, at: datetime) -> tuple[State, OpenCall]:
    open_call, call = state.calls.get(event.call_id), event.call
    memory, closed = memory_of(state, event.call_id), state.closed_calls.get(event.call_id)
    version = _version_of(event)
    was_ended = open_call is None and closed is not None and closed.why == "ended"
    again = was_ended and version is not None and opens_again(memory, version)  # else a team is told of what is over
    if call is not None and is_reused(state, event.call_id, call.created_at, call.updated_at, call.status):
        open_call, memory, again = None, Memory(), True
        state = load.remove(state, event.call_id, counts=False)
    if open_call is None:
        entry = state.load_entries.get(event.call_id)
        open_call = OpenCall(memory=memory, accepted=entry is not None and entry.accepted)
        retire_after = RETIRE_ACCEPTED_AFTER if open_call.accepted else RETIRE_UNROUTED_AFTER
        clocks = state.clocks.set(_retire(event.call_id), at + retire_after)
        state = replace(state, clocks=clocks, closed_calls=state.closed_calls.forget(event.call_id))
    if version is not None:
        open_call = with_version(state.programme, open_call, version)
        if again:  # an end from before is over
            open_call = replace(open_call, memory=replace(open_call.memory, reopened=version.order, merged_into=""))
    if event.caller:
        state = with_call(state, event.caller, event.call_id, event.judged_at or event.updated_at)
    return state, replace(open_call, memory=_with_seen(open_call.memory, event))


def _version_of(event: CallTriaged | VersionNoted) -> Version | None:
    if event.call is None:
        return None
    disclosure = Disclosure(event.lines, event.located, event.caller, event.read_by)
    judged_at = event.judged_at or event.updated_at
    return Version(event.event_id, event.call, judged_at, *disclosure, event.received_at, event.synthetic)


def _remembered(state: State, memory: Memory, event: VersionNoted) -> Memory:
    version = _version_of(event)
    return memory if version is None else remembered(memory, version, state.programme)


def _with_seen(memory: Memory, event: CallTriaged | VersionNoted | CallEnded | CallStale) -> Memory:
    key = version_key(event.event_id, event.fingerprint, event.updated_at)
    return replace(memory, seen=(*memory.seen, key)[-MOST_SEEN:])


def _call_over(state: State, event: CallEnded | CallStale, at: datetime) -> State:
    order = order_of(event.updated_at, event.received_at or event.updated_at)
    memory = memory_of(state, event.call_id)
    status = event.status if isinstance(event, CallEnded) else ""
    if is_reused(state, event.call_id, event.created_at, event.updated_at, status):
        memory = Memory()
    if isinstance(event, CallEnded) and event.call is not None:
        judged_at = event.judged_at or event.updated_at
        version = Version(event.event_id, event.call, judged_at, event.lines, received_at=event.received_at)
        memory = remembered(memory, version, state.programme)
    order = order if memory.order is None else max(order, memory.order)
    memory = replace(_with_seen(memory, event), order=order, created_at=memory.created_at or event.created_at)
    why: Literal["ended", "stale"] = "ended" if isinstance(event, CallEnded) else "stale"
    return _without_call(state, event.call_id, ClosedCall(why, memory), at)


def _call_retired(state: State, event: CallRetired, at: datetime) -> State:
    open_call = state.calls.get(event.call_id)
    if open_call is None:
        return state
    if not open_call.accepted:  # an outcome that team availability could not tell of
        state = load.remove(state, event.call_id, counts=False)
    return _without_call(state, event.call_id, ClosedCall("routed", open_call.memory), at)


def _routing_noted(state: State, event: RoutingNoted, at: datetime) -> State:
    state = _with_load(state, event)
    open_call = state.calls.get(event.call_id)
    if open_call is None:
        return state
    if event.reached == "ended":  # nothing is in flight any more: who asks for a team now is judged by what is now
        open_call = replace(open_call, frozen=False, may_be_offered=False, accepted=False)
        return replace(state, calls=state.calls.set(event.call_id, open_call))
    if event.reached in ("default", "cancelled"):
        return _without_call(state, event.call_id, ClosedCall("routed", open_call.memory), at)
    clocks = state.clocks
    if event.reached == "held":
        clocks = clocks.set(_retire(event.call_id), (event.until or at) + RETIRE_UNROUTED_AFTER)
        return replace(
            state,
            calls=state.calls.set(event.call_id, replace(open_call, frozen=True, held_until=event.until)),
            clocks=clocks,
        )
    accepted = open_call.accepted or event.reached != "offered"
    if accepted:
        clocks = clocks.set(_retire(event.call_id), at + RETIRE_ACCEPTED_AFTER)
    offered = max(open_call.offered, (event.episode, event.step))
    open_call = replace(open_call, frozen=True, accepted=accepted, offered=offered)
    return replace(state, calls=state.calls.set(event.call_id, open_call), clocks=clocks)


def _with_load(state: State, event: RoutingNoted) -> State:
    """From its first offer on a call counts in the load of the response that has it."""
    if event.reached in ("default", "cancelled", "ended"):
        return load.remove(state, event.call_id, counts=event.reached == "ended")
    if event.response is None or event.day is None:
        return state
    before = state.load_entries.get(event.call_id)
    offered = max(before.offered if before else (0, 0), (event.episode, event.step))
    accepted = event.reached in ("team-accepted", "phone-accepted")
    entry = LoadEntry(event.response, event.district or "", event.day, offered, accepted, event.unasked)
    return load.add(state, event.call_id, entry)


def _without_call(state: State, call_id: str, closed: ClosedCall, at: datetime) -> State:
    """Only what its versions said of hazards stays, for seven days."""
    state = replace(
        state,
        calls=state.calls.delete(call_id) if call_id in state.calls else state.calls,
        clocks=state.clocks.clear(_retire(call_id)),
    )
    return _closed(state, call_id, closed, at)


def _closed(state: State, call_id: str, closed: ClosedCall, at: datetime) -> State:
    state = replace(state, closed_calls=state.closed_calls.forget(call_id).set(call_id, closed, at))
    into = closed.memory.merged_into
    merged = state.merged.get(into) or ()
    if not into or call_id in merged or memory_of(state, into).order is not None:
        return state
    return replace(state, merged=state.merged.forget(into).set(into, (*merged, call_id), at))


def _clock_noted(state: State, event: CadClockNoted, at: datetime) -> State:  # noqa: ARG001  one shape for all
    notes, day = state.sources.get(event.source, SourceNotes()), event.seen_at.astimezone(UTC).date()
    notes = replace(notes, day=day, offset=timedelta(seconds=event.offset_seconds))
    return replace(state, sources=state.sources.set(event.source, notes))


def _identity_noted(state: State, event: CadIdentityNoted, at: datetime) -> State:  # noqa: ARG001  one shape for all
    notes = replace(state.sources.get(event.source, SourceNotes()), beginnings_move=True)
    return replace(state, sources=state.sources.set(event.source, notes))


def _retire(call_id: str) -> str:
    return str(ClockId(RETIRE, call_id))


# --- programme and switchboard --------------------------------------------------------------------------------------


def _programme_proposed(state: State, event: ProgrammeProposed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    document = VerifiedDocument(event.document, event.document_hash, event.version, event.effective, event.proposed_by)
    proposed = state.proposed.set(document.document_hash, document)
    if len(proposed) > MAX_PROPOSED:
        oldest = min(proposed.values(), key=lambda other: (other.version, other.document_hash))
        proposed = proposed.delete(oldest.document_hash)
    return replace(state, proposed=proposed)


def _programme_rejected(state: State, event: ProgrammeRejected, at: datetime) -> State:  # noqa: ARG001  one shape for all
    document_hash = event.document_hash
    if document_hash in state.proposed:
        return replace(state, proposed=state.proposed.delete(document_hash))
    clocks = state.clocks.clear(_activate(document_hash))
    return replace(state, adopted=state.adopted.delete(document_hash), clocks=clocks)


def _programme_adopted(state: State, event: ProgrammeAdopted, at: datetime) -> State:
    document = state.proposed[event.document_hash]
    return replace(
        state,
        proposed=state.proposed.delete(event.document_hash),
        adopted=state.adopted.set(event.document_hash, document),
        approved_version=max(state.approved_version, event.version),
        clocks=state.clocks.set(_activate(event.document_hash), max(document.effective, at)),
    )


def _programme_activated(state: State, event: ProgrammeActivated, at: datetime) -> State:
    """The document is in force; older ones that still waited for their instant are overtaken."""
    if event.rolled_back_from is not None:
        return _judge_again(without_callers(_rolled_back(state, event.document_hash)), at)
    active = state.adopted[event.document_hash]
    former = (*state.former, state.active) if state.active else ()
    adopted, clocks = state.adopted, state.clocks
    for document in state.adopted.values():
        if document.version <= active.version:
            adopted = adopted.delete(document.document_hash)
            clocks = clocks.clear(_activate(document.document_hash))
    state = replace(state, active=active, former=former[-MAX_FORMER:], adopted=adopted, clocks=clocks)
    return _judge_again(without_callers(state), at)


def _activate(document_hash: str) -> str:
    return str(ClockId(ACTIVATE, document_hash))


def _rolled_back(state: State, document_hash: str) -> State:
    """Down the stack of what was in force before; or up again, to what was rolled back from."""
    replaced, former, rolled_back = state.active, state.former, state.rolled_back
    assert replaced is not None  # noqa: S101  only a document in force is rolled back from
    hashes = [document.document_hash for document in former]
    if document_hash in hashes:
        at = hashes.index(document_hash)
        active, former, rolled_back = former[at], former[:at], (*rolled_back, *former[at + 1 :], replaced)
    else:
        active = next(document for document in rolled_back if document.document_hash == document_hash)
        former = (*former, replaced)
        rolled_back = tuple(document for document in rolled_back if document is not active)
    return replace(state, active=active, former=former[-MAX_FORMER:], rolled_back=rolled_back[-MAX_ROLLED_BACK:])


def _phase_changed(state: State, event: PhaseChanged, at: datetime) -> State:
    board = state.switchboard
    phases = board.phases.set(Switch(event.district, event.response).key, event.phase)
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, phases=phases)), at)


def _district_paused(state: State, event: DistrictPaused, at: datetime) -> State:
    board = state.switchboard
    paused = board.paused | {Switch.of(event.district, event.response)}
    unreviewed = _newest(state.unreviewed_pauses.set(event.revision, event.changed_by))
    state = replace(state, unreviewed_pauses=unreviewed)
    if event.audit_gap:
        state = replace(state, audit_gaps=state.audit_gaps.set(event.audit_gap, at, at))
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, paused=paused)), at)


def _newest(unreviewed: PMap[int, str]) -> PMap[int, str]:
    return unreviewed.delete(min(unreviewed)) if len(unreviewed) > MAX_UNREVIEWED else unreviewed


def _pause_reviewed(state: State, event: PauseReviewed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    return replace(state, unreviewed_pauses=state.unreviewed_pauses.delete(event.paused_at_revision))


def _district_resumed(state: State, event: DistrictResumed, at: datetime) -> State:
    board, ended = state.switchboard, Switch.of(event.district, event.response)
    board = replace(board, revision=event.revision, paused=board.paused - {ended})
    upgrades = state.upgrades.delete(ended.key) if ended.key in state.upgrades else state.upgrades  # looked into
    return _judge_again(replace(state, switchboard=board, upgrades=upgrades), at)


def _cap_changed(state: State, event: CapChanged, at: datetime) -> State:
    board, key = state.switchboard, Switch(event.district, event.response).key
    cap = Cap(event.at_most_open, event.at_most_per_day)
    caps = board.caps.set(key, cap) if cap != NO_CAP else board.caps.delete(key) if key in board.caps else board.caps
    return _judge_again(replace(state, switchboard=replace(board, revision=event.revision, caps=caps)), at)


def _upgrade_noted(state: State, event: UpgradeNoted, at: datetime) -> State:
    counted = (*state.upgrades.get(event.counts_for, ()), (event.call_id, at))[-MAX_UPGRADES:]
    return replace(state, upgrades=state.upgrades.set(event.counts_for, counted))


def _judge_again(state: State, at: datetime) -> State:
    """Calls that no team was offered yet are judged again, some at a time."""
    waiting = tuple(sorted(call_id for call_id, open_call in state.calls.items() if not open_call.frozen))
    return _waiting(state, waiting, at)


def _calls_judged_again(state: State, event: CallsJudgedAgain, at: datetime) -> State:
    return _waiting(state, state.to_judge[event.count :], at)


def _waiting(state: State, waiting: tuple[str, ...], at: datetime) -> State:
    clocks = state.clocks.clear(str(ClockId(JUDGE_AGAIN, str(len(state.to_judge)))))
    if waiting:
        clocks = clocks.set(str(ClockId(JUDGE_AGAIN, str(len(waiting)))), at)
    return replace(state, to_judge=waiting, clocks=clocks)


# --- referrals ------------------------------------------------------------------------------------------------------


def _referral_made(state: State, event: ReferralMade, at: datetime) -> State:  # noqa: ARG001  one shape for all
    referral = Referral(event.call_id, event.due_at)
    clocks = state.clocks.set(_due(event.referral_id), event.due_at)
    return replace(state, referrals=state.referrals.set(event.referral_id, referral), clocks=clocks)


def _referral_overdue(state: State, event: ReferralOverdue, at: datetime) -> State:
    referral = replace(state.referrals[event.referral_id], overdue=True)
    clocks = state.clocks.set(_due(event.referral_id), at + EXPIRE_OVERDUE_AFTER)
    return replace(state, referrals=state.referrals.set(event.referral_id, referral), clocks=clocks)


def _referral_closed(state: State, event: ReferralClosed, at: datetime) -> State:
    """One that was taken back may be made again, if the call proves to be one after all."""
    closed = state.closed_records
    if event.result != "withdrawn":
        closed = closed.set(event.referral_id, at, at)
    clocks = state.clocks.clear(_due(event.referral_id))
    return replace(state, referrals=state.referrals.delete(event.referral_id), closed_records=closed, clocks=clocks)


def _note_made(state: State, event: NoteMade, at: datetime) -> State:
    return replace(state, closed_records=state.closed_records.set(event.note_id, at, at))


def _due(referral_id: str) -> str:
    return str(ClockId(DUE, referral_id))


# --- everything else ------------------------------------------------------------------------------------------------


def _command_answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    return replace(state, answered=state.answered.set(event.command_id, at, at))


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:  # noqa: ARG001  one shape for all
    return replace(state, clocks=state.clocks.clear(event.clock_id))


CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    CallTriaged: _call_triaged,
    VersionNoted: _version_noted,
    CallEnded: _call_over,
    CallStale: _call_over,
    CallRetired: _call_retired,
    CadClockNoted: _clock_noted,
    CadIdentityNoted: _identity_noted,
    RoutingNoted: _routing_noted,
    ProgrammeProposed: _programme_proposed,
    ProgrammeRejected: _programme_rejected,
    ProgrammeAdopted: _programme_adopted,
    ProgrammeActivated: _programme_activated,
    PhaseChanged: _phase_changed,
    DistrictPaused: _district_paused,
    DistrictResumed: _district_resumed,
    PauseReviewed: _pause_reviewed,
    CapChanged: _cap_changed,
    UpgradeNoted: _upgrade_noted,
    ReferralMade: _referral_made,
    ReferralOverdue: _referral_overdue,
    ReferralClosed: _referral_closed,
    NoteMade: _note_made,
    CallsJudgedAgain: _calls_judged_again,
    CommandDone: _command_answered,
    CommandRefused: _command_answered,
    ClockFailed: _clock_failed,
}
