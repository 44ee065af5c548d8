"""A call that the CAD merged into another: the team that has it follows to that one, once that one is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.team_availability.draft import CallDraft
from services.team_availability.plan import IN_DOUBT, HazardRanks, Plan
from services.team_availability.state import Assignment, CallState
from shared.call import CallId
from shared.events import LEVEL_NOT_KNOWN, AssignmentMoved, UpgradeRaised
from shared.judgement import RaisedBy
from shared.programme.judging.facts import HAZARDS


def merge(call: CallDraft) -> None:
    """The CAD has merged a call into another."""
    target = _target(call)
    if target is None:
        call.release("cancelled", "merged")
    else:
        _follow(call, target)


def let_join(target: CallDraft) -> None:
    """A call was judged, or has its outcome: teams of calls that were merged into it need not wait any more."""
    for call in tuple(_waiting_for(target)):
        _follow(call, target)


def one_with(call: CallDraft, said_at: datetime) -> Iterator[CallDraft]:
    """The calls whose teams are at the place of which something was said: merged into this one, or gone on with.

    What is said of this one after it was merged is not about the call that its team has gone on with.
    """
    yield from _waiting_for(call)
    if call.memory is None or not call.memory.ended or said_at > call.memory.order:
        return
    for other, state in _with_teams(call):
        if state.assignment is not None and call.call_id in state.assignment.moved_from:
            yield other


def _waiting_for(target: CallDraft) -> Iterator[CallDraft]:
    """Calls that were merged into this one and still have a team."""
    for call, state in _with_teams(target):
        if state.memory is not None and state.memory.status == "merged":
            stands_for = _target(call)
            if stands_for is not None and stands_for.call_id == target.call_id:
                yield call


def _with_teams(but: CallDraft) -> Iterator[tuple[CallDraft, CallState]]:
    """The calls that have a team, but for one, as they are when this begins."""
    calls = but.draft.state.calls
    for _, shift in but.draft.state.on_shift():
        if shift.call_id is not None and shift.call_id != but.call_id and shift.call_id in calls:
            yield but.draft.call(shift.call_id), calls[shift.call_id]


def _target(call: CallDraft) -> CallDraft | None:
    """The call that stands for this one by now, if it is known and not over; it may have been merged itself."""
    seen, target = {call.call_id}, call
    while target.memory is not None and target.memory.ended:
        merged_into = target.memory.merged_into if target.memory.status == "merged" else None
        if merged_into is None:
            return None
        target = call.draft.call(str(CallId.parse(call.call_id)._replace(incident=merged_into)))
        if target.call_id in seen:
            return None
        seen.add(target.call_id)
    return None if target.memory is None else target


def _follow(call: CallDraft, target: CallDraft) -> None:
    """Give the team the other call, where it can have it; a team on its way follows only to what it may go to."""
    assignment = call.assignment
    if assignment is None or (target.is_open and (target.plan is None or target.episode.override is not None)):
        return  # it is judged in a moment, or a dispatcher is sending somebody; its deadline stands for both
    plan = target.plan if target.is_open else None  # of a call with its outcome later judgements are not kept
    fits = plan is not None and plan.may_go(assignment.response) and plan.level_rank <= assignment.level_told
    fits = fits and not target.state.reported.synthetic
    other = target.assignment
    if other is not None or not (fits or assignment.is_with_somebody):
        if not call.release("cancelled", "merged") and other is not None and _is_news(assignment, other):
            call.emit(_warning(call, assignment, other))
        return
    if target.is_open:
        target.withdraw("taken")
    target.end_late("taken")
    call.emit(
        AssignmentMoved(
            **call.key,
            team_id=assignment.team_id,
            to_call_id=target.call_id,
            to_episode=target.state.reported.episodes,
            response=assignment.response,
            call_at=target.state.reported.call_at,
            sentence=f"{assignment.team_id} has {target.call_id} now: the CAD has merged {call.call_id} into it.",
        )
    )
    if target.is_open:
        target.route_to(assignment, fits=fits)
    if not assignment.may_enter:
        target.let_in_beside_police()
    if not fits or _is_news(assignment, plan):
        target.emit(_warning(target, assignment, plan))


def _known(there: Assignment | Plan | None) -> tuple[int, HazardRanks]:
    """The level of the other call, and its hazards, as they are known of it or to the team that has it."""
    if isinstance(there, Plan):
        return there.level_rank, there.hazards
    return (0, ()) if there is None else (there.level_told, there.hazards_told)


def _is_news(assignment: Assignment, there: Assignment | Plan | None) -> bool:
    """Whether the other call is on a higher level than the team knows of, or on the same with another hazard."""
    (rank, hazards), told = _known(there), dict(assignment.hazards_told)
    is_other = any(worst > told.get(hazard, -1) for hazard, worst in hazards)
    return rank > assignment.level_told or (rank == assignment.level_told and is_other)


def _raised_by(fact: str, worst: int, said_at: datetime) -> RaisedBy:
    if worst == IN_DOUBT:
        return RaisedBy(fact, HAZARDS[fact][-1], "words", "words", said_at)
    return RaisedBy(fact, HAZARDS[fact][worst], None, "cad", said_at)


def _warning(call: CallDraft, assignment: Assignment, there: Assignment | Plan | None) -> UpgradeRaised:
    """What the team is told where the other call is more dangerous, or may be."""
    (rank, hazards), plan = _known(there), there if isinstance(there, Plan) else None
    said_at, is_let_in = call.state.reported.updated_at, (call.assignment or assignment).is_let_in
    return UpgradeRaised(
        **call.key,
        team_id=assignment.team_id,
        level=LEVEL_NOT_KNOWN if plan is None else plan.level,
        level_rank=max(rank, assignment.level_told) if plan is None else rank,
        raised_by=tuple(_raised_by(fact, worst, said_at) for fact, worst in hazards),
        on_upgrade="stay" if is_let_in else "stage",
        sentence="The call that yours was merged into is more dangerous, or nobody knows how dangerous it is.",
        suitability="" if plan is None else plan.suitability,
        team_on_scene=assignment.is_with_somebody,
        send="" if plan is not None and plan.may_go(assignment.response) else "default",
    )
