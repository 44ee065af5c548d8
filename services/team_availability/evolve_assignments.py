"""How each event of team availability's journal changes its state: outcomes, and the teams that have a call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.team_availability.evolve_calls import (
    vouched,
    with_call,
    with_episode,
    without_call,
    without_hold,
    without_proposal_clock,
)
from services.team_availability.evolve_teams import HEARD, with_shift, without_offer
from services.team_availability.life_cycle import ENDS
from services.team_availability.load import count, discount
from services.team_availability.plan import PHONE, POLICE_ON_SCENE, SOMEBODYS_WORD, Option, known_hazards
from services.team_availability.state import (
    ASK_AGAIN,
    FREE,
    IN_NEED,
    LINGER,
    RECALL_MINUTES,
    SETTLE,
    UPGRADED_CHECKS,
    Assignment,
    CallMemory,
    CallState,
    ClockKind,
    Episode,
    Shift,
    ShiftStatus,
    State,
    clock,
)
from shared.call import is_another_incident
from shared.engine.state import ClockId
from shared.events import (
    LEVEL_NOT_KNOWN,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallChanged,
    CallRouted,
    ClockFailed,
    IncidentConfirmed,
    InputRefused,
    OfferAccepted,
    Outcome,
    RecallUnacknowledged,
    SafetyCheckDue,
    StatusCorrected,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
)
from shared.replace import replace

# --- outcomes -------------------------------------------------------------------------------------------------------


def _accepted(state: State, event: OfferAccepted, at: datetime) -> State:
    call, episode = state.calls[event.call_id], state.calls[event.call_id].running
    offer = episode.offer(event.offer_id)
    option, memory = state.option(call, offer.response), call.reported
    enters_when = () if option is None else option.enters_when
    shift = state.teams[offer.team_id].shift
    on_phone = offer.reached_by == PHONE
    assignment = Assignment(
        offer.team_id,
        offer.offer_id,
        offer.response,
        on_upgrade="stay" if option is None else option.on_upgrade,
        on_phone=on_phone,
        level_told=0 if call.plan is None else call.plan.level_rank,
        hazards_told=() if call.plan is None else call.plan.hazards,
        type_told="" if call.plan is None else call.plan.unlisted_type,
        against_told=() if option is None else option.against,
        enters_when=enters_when,
        may_enter=not enters_when or (POLICE_ON_SCENE in enters_when and memory.units_on_scene),
        accepted_at=at,
        hand_back_at=None if on_phone or shift is None or option is None else _hand_back_at(state, shift, option, at),
    )
    offers = episode.with_end(offer.offer_id, "accepted")
    state = with_episode(state, event.call_id, offers=offers, assignment=assignment, proposed=None)
    taken = {"call_id": event.call_id, "calls": shift.calls + 1 if shift else 1, "heard_at": at, **HEARD}
    state = without_offer(state, offer.team_id, offer.offer_id, **taken)
    clocks = state.clocks.clear(clock("offer", offer.offer_id)).clear(clock("shift", offer.team_id))
    if not on_phone:
        minutes = state.timings(call).accepted_not_moving_minutes
        clocks = clocks.set(clock("moving", event.call_id), at + timedelta(minutes=minutes))
    return _with_clocks(replace(state, clocks=clocks), event.call_id, at)


def _hand_back_at(state: State, shift: Shift, option: Option, accepted_at: datetime) -> datetime:
    """When a team that has not arrived gives the call back: what is left of its duty is less than a call takes.

    One that was asked just in time has half of that to arrive, as has one that was asked before its shift ended and
    answers after it.
    """
    expected, ends_at = timedelta(minutes=option.expected_minutes), state.on_duty_until(shift)
    if ends_at <= accepted_at:
        ends_at = accepted_at + expected
    return min(max(ends_at - expected, accepted_at + expected / 2), ends_at)


def with_hand_back(state: State, team_id: str, at: datetime) -> State:
    """The state in which a team gives its call back by when its duty ends now: the plan has changed on its way."""
    shift = state.teams[team_id].shift if team_id in state.teams else None
    call_id = None if shift is None else shift.call_id
    if shift is None or call_id is None or (assignment := state.calls[call_id].assignment) is None:
        return state
    option, accepted_at = state.option(state.calls[call_id], assignment.response), assignment.accepted_at
    if assignment.hand_back_at is None or option is None or accepted_at is None:
        return state
    hand_back_at = _hand_back_at(state, shift, option, accepted_at)
    return _with_clocks(_with_assignment(state, call_id, hand_back_at=hand_back_at), call_id, at)


def _routed(state: State, event: CallRouted, at: datetime) -> State:
    memory = state.calls[event.call_id].reported
    district, triaged_at = event.district or memory.district, max(memory.triaged_at, event.triaged_at)
    memory = memory._replace(district=district, triaged_at=triaged_at)
    if event.triaged_at >= 0 or "not-judged" in event.reasons:
        memory = memory._replace(against=event.sentence)
    state = with_call(state, event.call_id, memory=memory)
    return _with_outcome(state, event.call_id, event.outcome, at)


def _with_outcome(state: State, call_id: str, outcome: Outcome, at: datetime) -> State:
    call = state.calls[call_id]
    memory, episode = call.reported._replace(outcome=outcome), replace(call.running, outcome=outcome, proposed=None)
    if episode.assignment is None:
        state = discount(state, call_id, of_its_day=False)
    state = with_call(state, call_id, memory=memory, episode=episode, early_plan=None)
    state = without_proposal_clock(replace(state, clocks=state.clocks.clear(clock("deadline", call_id))), call_id)
    state = without_hold(state, call_id)
    return _rest(state, call_id, at)


def _rest(state: State, call_id: str, at: datetime) -> State:
    """A call with its outcome: it stays while a team has it, for a while if there were offers, and leaves otherwise."""
    episode = state.calls[call_id].running
    if episode.assignment is not None:
        return state
    if not episode.offers:
        return without_call(state, call_id, at)
    return replace(state, clocks=state.clocks.set(clock("forget", call_id), at + LINGER))


def _input_refused(state: State, event: InputRefused, at: datetime) -> State:
    """A call that could not be read has its outcome by that: default(internal-error). No report of it ever counts."""
    if event.call_id is None or event.input_type not in ("call-reported", "call-cancelled"):
        return state
    call = state.call(event.call_id)
    if call.is_open:
        return _failed(state, event.call_id, at)
    if event.input_type == "call-cancelled" or call.memory is not None:
        return state
    memory = CallMemory(datetime.min.replace(tzinfo=at.tzinfo), episodes=1, outcome="default", unvouched=True)
    if call.early_plan is not None:
        memory = vouched(memory, call.early_plan)
    state = replace(state, calls=state.calls.set(event.call_id, CallState(memory)))
    return without_call(state, event.call_id, at)  # with the judgement that may have waited for that report


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:
    """A failure of ours: an episode ends by it; whether a team is well is asked all the same, a little later."""
    kind, about = ClockId.parse(event.clock_id)
    if kind in ("check", "watch"):
        return replace(state, clocks=state.clocks.set(event.clock_id, at + ASK_AGAIN))
    state = replace(state, clocks=state.clocks.clear(event.clock_id))
    return _failed(state, about, at) if kind == "deadline" and state.call(about).is_open else state


def _failed(state: State, call_id: str, at: datetime) -> State:
    """The episode is over without `CallRouted`; the clocks of open offers take the offers back at once."""
    clocks = state.clocks
    for offer in state.calls[call_id].open_offers:
        clocks = clocks.set(clock("offer", offer.offer_id), at)
    return _with_outcome(replace(state, clocks=clocks), call_id, "default", at)


# --- assignments ----------------------------------------------------------------------------------------------------


def _with_assignment(state: State, call_id: str, **changes: Any) -> State:
    assignment = state.calls[call_id].assignment
    return state if assignment is None else with_episode(state, call_id, assignment=replace(assignment, **changes))


def _assignment_over(state: State, event: AssignmentEnded | AssignmentWithdrawn, at: datetime) -> State:
    state = with_episode(discount(state, event.call_id, of_its_day=True), event.call_id, assignment=None)
    recalled = isinstance(event, AssignmentWithdrawn) and event.acknowledge
    status: ShiftStatus = "recalled" if recalled else "available"
    state = with_shift(
        state, event.team_id, call_id=None, status=status, last_call=(event.call_id, event.episode), missed_checks=0
    )
    clocks = state.clocks
    for kind in OF_AN_ASSIGNMENT:
        clocks = clocks.clear(clock(kind, event.call_id))
    return _rest(with_shift_clocks(replace(state, clocks=clocks), event.team_id, at), event.call_id, at)


def _moved(state: State, event: AssignmentMoved, at: datetime) -> State:
    """The team has the other call, with all that is known of it, and every clock that runs for it."""
    assignment = state.calls[event.call_id].assignment
    if assignment is None:
        return state
    target_id, target = event.to_call_id, state.call(event.to_call_id)
    memory = target.reported
    begun_with = (memory.order, memory.received_at or memory.updated_at)
    episode = target.episode or Episode(memory.episodes, at, at, begun_with, outcome=memory.outcome)
    assignment = replace(assignment, stays="", begun_told=None, moved_from=(*assignment.moved_from, event.call_id))
    target = replace(target, episode=replace(episode, assignment=assignment))
    clocks = state.clocks.clear(clock("forget", target_id))
    for kind in OF_AN_ASSIGNMENT:
        armed = clocks.at.get(clock(kind, event.call_id))
        if armed is not None:
            clocks = clocks.clear(clock(kind, event.call_id)).set(clock(kind, target_id), armed)
    state = replace(
        state, calls=state.calls.set(target_id, target), closed=state.closed.forget(target_id), clocks=clocks
    )
    state = discount(state, event.call_id, of_its_day=True)
    state = count(state, target_id, assignment.response, target.district, at)
    state = with_shift(with_episode(state, event.call_id, assignment=None), event.team_id, call_id=target_id)
    return _rest(state, event.call_id, at)


def with_shift_clocks(state: State, team_id: str, at: datetime) -> State:
    """A team without a call: its shift ends by itself, its recall is waited for, or it is asked whether it is well.

    A shift that is to end with an open offer (`with_offer`) still does.
    """
    shift = state.teams[team_id].shift if team_id in state.teams else None
    if shift is None or shift.call_id is not None:
        return state
    armed: dict[ClockKind, datetime] = {}
    if shift.status in FREE:
        with_its_offer = None if shift.offer_id is None else state.clocks.at.get(clock("shift", team_id))
        armed["shift"] = max(shift.over_at, with_its_offer or shift.over_at)
    elif shift.status == "recalled":
        armed["recall"] = at + timedelta(minutes=RECALL_MINUTES)
    elif shift.status in IN_NEED:
        armed["watch"] = at + timedelta(minutes=state.terms.timings.on_scene_check_minutes) / UPGRADED_CHECKS
    clocks = state.clocks
    for kind in OF_A_SHIFT:
        clock_id = clock(kind, team_id)
        clocks = clocks.set(clock_id, armed[kind]) if kind in armed else clocks.clear(clock_id)
    return replace(state, clocks=clocks)


def _recall_unacknowledged(state: State, event: RecallUnacknowledged, at: datetime) -> State:
    return with_shift_clocks(with_shift(state, event.team_id, status="silent"), event.team_id, at)


def _upgraded(state: State, event: UpgradeRaised, at: datetime) -> State:
    memory, assignment = state.calls[event.call_id].reported, state.calls[event.call_id].assignment
    if assignment is None:
        return state
    memory = memory._replace(triaged_at=max(memory.triaged_at, event.triaged_at))
    if event.level != LEVEL_NOT_KNOWN:  # else it says again what stands there
        memory = memory._replace(against=event.sentence)
    state = with_call(state, event.call_id, memory=memory)
    changes: dict[str, Any] = {
        "level_told": max(assignment.level_told, event.level_rank),
        "hazards_told": known_hazards(event.raised_by, assignment.hazards_told),
        "type_told": event.unlisted_type or assignment.type_told,
        "against_told": tuple(dict.fromkeys((*assignment.against_told, *event.against))),
        "upgraded": assignment.upgraded or event.more_dangerous,
    }
    if event.on_upgrade == "stage":
        changes |= {"may_enter": False, "enters_when": (SOMEBODYS_WORD,)}
    return _with_clocks(_with_assignment(state, event.call_id, **changes), event.call_id, at)


def _unconfirmed(state: State, event: AssignmentUnconfirmed, _at: datetime) -> State:
    return _with_assignment(state, event.call_id, unconfirmed=True)


def _not_moving(state: State, event: TeamNotMoving, _at: datetime) -> State:
    return replace(state, clocks=state.clocks.clear(clock("moving", event.call_id)))


def _stays(state: State, event: TeamStays, _at: datetime) -> State:
    return _with_assignment(state, event.call_id, stays=event.why)


def _changed(state: State, event: CallChanged, _at: datetime) -> State:
    if event.begun_at is None:
        return state
    memory, begun_at = state.calls[event.call_id].reported, event.begun_at
    known = memory.created_at or begun_at
    is_another = is_another_incident(event.call_id, known, begun_at, memory.updated_at, memory.status)
    memory = memory._replace(another_begun_at=begun_at if is_another else None)
    return _with_assignment(with_call(state, event.call_id, memory=memory), event.call_id, begun_told=begun_at)


def _incident_confirmed(state: State, event: IncidentConfirmed, _at: datetime) -> State:
    memory = state.calls[event.call_id].reported
    if event.another:
        return with_call(state, event.call_id, memory=memory._replace(another_begun_at=event.begun_at))
    memory = memory._replace(created_at=event.begun_at, another_begun_at=None)
    state = with_call(state, event.call_id, memory=memory)
    return _with_assignment(state, event.call_id, begun_told=None)


def _may_enter(state: State, event: TeamMayEnter, at: datetime) -> State:
    assignment = state.calls[event.call_id].assignment
    waited_for = (assignment.enters_when if assignment is not None else ()) or (SOMEBODYS_WORD,)
    return _with_clocks(
        _with_assignment(state, event.call_id, may_enter=True, enters_when=waited_for), event.call_id, at
    )


def _still_staged(state: State, event: TeamStillStaged, at: datetime) -> State:
    """It is told of again."""
    state = replace(state, clocks=state.clocks.clear(clock("staged", event.call_id)))
    return _with_clocks(state, event.call_id, at)


def _status_reported(state: State, event: StatusReported, at: datetime) -> State:
    call_id = event.call_id
    if call_id is None or not event.assigned:
        status = "available" if event.status == "cleared" else event.status
        state = with_shift(state, event.team_id, status=status, heard_at=at, missed_checks=0, **HEARD)
        return with_shift_clocks(state, event.team_id, at)
    state = with_shift(state, event.team_id, status=event.status, heard_at=at, **HEARD)
    changes: dict[str, Any] = {"missed_checks": 0}
    if event.status == "need-police":
        changes["police_asked"] = True
    else:
        changes |= {"reported": event.status, "reported_at": event.happened_at or at}
    state = _with_assignment(state, call_id, **changes)
    state = replace(state, clocks=state.clocks.clear(clock("moving", call_id)).clear(clock("check", call_id)))
    return _with_clocks(state, call_id, at)


def _corrected(state: State, event: StatusCorrected, at: datetime) -> State:
    state = with_shift(state, event.team_id, status=event.status, heard_at=at, **HEARD)
    state = _with_assignment(state, event.call_id, reported=event.status, reported_at=at, missed_checks=0)
    return _with_clocks(state, event.call_id, at)


def _safety_check_due(state: State, event: SafetyCheckDue, at: datetime) -> State:
    assignment = state.call(event.call_id).assignment
    if assignment is None or assignment.team_id != event.team_id:
        return with_shift_clocks(with_shift(state, event.team_id, missed_checks=event.number), event.team_id, at)
    state = _with_assignment(state, event.call_id, missed_checks=event.number)
    clocks = state.clocks.clear(clock("check", event.call_id))
    return _with_clocks(replace(state, clocks=clocks), event.call_id, at)


def _with_clocks(state: State, call_id: str, at: datetime) -> State:
    """The clocks of an assignment as its state asks for them; the one place that arms a safety check, and ends one."""
    call = state.calls[call_id]
    assignment, timings, clocks = call.assignment, state.timings(call), state.clocks
    if assignment is None:
        return state
    check, staged, hand_back = (clock(kind, call_id) for kind in ("check", "staged", "hand-back"))
    let_in = assignment.may_enter and bool(assignment.enters_when)
    if assignment.is_with_somebody or (assignment.state == "staged" and let_in):  # it may have gone in without a word
        minutes = timings.on_scene_check_minutes / (UPGRADED_CHECKS if assignment.upgraded else 1)
        clocks = clocks.set(
            check, min(at + timedelta(minutes=minutes), clocks.at.get(check, datetime.max.replace(tzinfo=UTC)))
        )
    else:
        clocks = clocks.clear(check)
    is_told_to_wait = assignment.enters_when == (SOMEBODYS_WORD,) and not assignment.is_with_somebody
    if let_in or not (assignment.state == "staged" or is_told_to_wait):
        clocks = clocks.clear(staged)  # it has moved on, or somebody has let it in
    elif staged not in clocks:
        clocks = clocks.set(staged, at + timedelta(minutes=timings.staged_notice_minutes))
    is_under_way = "shift-ends" in ENDS[assignment.state]
    if is_under_way and assignment.hand_back_at is not None:
        clocks = clocks.set(hand_back, assignment.hand_back_at + SETTLE)
    else:
        clocks = clocks.clear(hand_back)
    return replace(state, clocks=clocks)


OF_AN_ASSIGNMENT: tuple[ClockKind, ...] = ("moving", "check", "staged", "hand-back")
OF_A_SHIFT: tuple[ClockKind, ...] = ("shift", "recall", "watch")


ASSIGNMENT_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    OfferAccepted: _accepted,
    CallRouted: _routed,
    InputRefused: _input_refused,
    ClockFailed: _clock_failed,
    AssignmentEnded: _assignment_over,
    AssignmentWithdrawn: _assignment_over,
    AssignmentMoved: _moved,
    AssignmentUnconfirmed: _unconfirmed,
    UpgradeRaised: _upgraded,
    TeamNotMoving: _not_moving,
    StatusReported: _status_reported,
    SafetyCheckDue: _safety_check_due,
    RecallUnacknowledged: _recall_unacknowledged,
    TeamStays: _stays,
    TeamMayEnter: _may_enter,
    TeamStillStaged: _still_staged,
    StatusCorrected: _corrected,
    CallChanged: _changed,
    IncidentConfirmed: _incident_confirmed,
}
