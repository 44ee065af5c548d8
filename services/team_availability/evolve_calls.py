"""How each event of team availability's journal changes its state: calls, their episodes, their plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.evolve_teams import without_offer
from services.team_availability.plan import Option, Plan, Terms, Timings
from services.team_availability.state import (
    LINGER,
    SETTLE,
    CallMemory,
    CallState,
    Episode,
    JudgedVersion,
    State,
    clock,
)
from shared.call import ENDED, OF_WHAT_IS_KNOWN, is_another_incident, order_of
from shared.engine.broker import RecordPosition
from shared.events import (
    CallForgotten,
    CallVersionAt,
    CallVersionSeen,
    DeadlineSet,
    PlanKept,
    PlanSet,
    ResponseTerms,
    TermsNoted,
)
from shared.judgement import Judgement
from shared.replace import replace


def with_call(state: State, call_id: str, **changes: Any) -> State:
    """The state with something of a call changed that is not over."""
    return replace(state, calls=state.calls.set(call_id, replace(state.calls[call_id], **changes)))


def with_episode(state: State, call_id: str, **changes: Any) -> State:
    """The state with something of a call's episode changed; a proposal that is no more has no clock."""
    state = with_call(state, call_id, episode=replace(state.calls[call_id].running, **changes))
    return without_proposal_clock(state, call_id) if changes.get("proposed", "") is None else state


def without_proposal_clock(state: State, call_id: str) -> State:
    """The state in which no proposal for a call lapses."""
    return replace(state, clocks=state.clocks.clear(clock("confirm", call_id)))


def without_hold(state: State, call_id: str) -> State:
    """The state in which a call waits for no team, and nobody is reminded of it."""
    on_hold = state.on_hold.delete(call_id) if call_id in state.on_hold else state.on_hold
    return replace(state, on_hold=on_hold, clocks=state.clocks.clear(clock("hold", call_id)))


def without_call(state: State, call_id: str, at: datetime) -> State:
    """The call leaves the state; what is left of it fits in a line."""
    call = state.calls[call_id]
    state = _without_offers(state, call)
    return replace(
        state,
        calls=state.calls.delete(call_id),
        closed=state.closed if call.memory is None else state.closed.set(call_id, call.memory, at),
        clocks=state.clocks.clear(clock("forget", call_id)),
    )


def _without_offers(state: State, call: CallState) -> State:
    """Nothing is known any more of the offers of an episode that is over; what a failure left open is let go."""
    offers, clocks = state.offers, state.clocks
    for offer in call.episode.offers if call.episode else ():
        offers = offers.delete(offer.offer_id) if offer.offer_id in offers else offers
        if offer.ended is None:
            clocks = clocks.clear(clock("offer", offer.offer_id))
            state = without_offer(state, offer.team_id, offer.offer_id)
    return replace(state, offers=offers, clocks=clocks)


# --- versions and episodes ------------------------------------------------------------------------------------------


def _deadline_set(state: State, event: DeadlineSet, _at: datetime) -> State:
    call_id, call = event.call_id, state.call(event.call_id)
    updated_at = event.updated_at or event.received_at
    is_new = event.why not in ("overridden", "late-pull")
    memory = call.memory or CallMemory(updated_at, event.version_received_at)
    if event.why == "number-reused":
        memory = CallMemory(
            updated_at, event.version_received_at, episodes=memory.episodes, triaged_at=memory.triaged_at
        )
    if is_new:
        memory = _with_version(memory, event)._replace(call_at=event.call_at, against="")
    if event.why in ("reopened", "number-reused"):
        memory = memory._replace(reopened=memory.order)
    received_at = event.version_received_at or updated_at
    begun_with = (order_of(updated_at, received_at), received_at)
    reopened = event.status == "reopened"
    early = call.early_plan
    if early is not None and is_new and early.is_from_before(*begun_with):
        early = None
    begun = CallState(
        memory=memory._replace(episodes=event.episode, outcome=None),
        episode=Episode(event.episode, event.received_at, event.deadline, begun_with, reopened),
        plan=None if is_new else call.plan,
        early_plan=early,
    )
    clocks = state.clocks.clear(clock("forget", call_id)).set(clock("deadline", call_id), event.deadline + SETTLE)
    state = _without_offers(replace(state, clocks=clocks), call)
    return replace(state, calls=state.calls.set(call_id, begun), closed=state.closed.forget(call_id))


def _version_at(state: State, event: CallVersionAt, _at: datetime) -> State:
    before, assignment = state.calls[event.call_id].reported, state.calls[event.call_id].assignment
    memory = _with_version(before, event)._replace(call_at=event.call_at)
    if assignment is not None and not before.is_far_from(event.position_pseudonyms):
        memory = memory._replace(position_pseudonyms=before.position_pseudonyms or event.position_pseudonyms)
    state = with_call(state, event.call_id, memory=memory)
    if assignment is not None and assignment.stays in ENDED:  # the CAD has opened it again
        state = with_episode(state, event.call_id, assignment=replace(assignment, stays=""))
    return state


def _version_seen(state: State, event: CallVersionSeen, at: datetime) -> State:
    memory = _with_version(state.call(event.call_id).memory, event)
    if event.call_id in state.calls:
        return with_call(state, event.call_id, memory=memory)
    return replace(state, closed=state.closed.set(event.call_id, memory, at))


def _with_version(memory: CallMemory | None, event: DeadlineSet | CallVersionAt | CallVersionSeen) -> CallMemory:
    """What is remembered with one more version, which is the newest, or an end that came late."""
    at = event.updated_at
    if memory is None:
        assert at is not None  # noqa: S101  a first version names its instant
        memory = CallMemory(at, event.version_received_at)
    at = at or memory.updated_at
    arrived = RecordPosition.parse(event.call_at).offset if event.call_at else memory.arrived
    version = memory._replace(
        updated_at=at,
        received_at=event.version_received_at,
        status=event.status,
        requested_by=event.requested_by,
        asked_by=event.requested_by or (memory.asked_by if isinstance(event, CallVersionAt) else None),
        created_at=event.created_at if event.status == "reopened" else memory.created_at or event.created_at,
        created_moves=memory.created_moves
        or moves_its_beginning(event.call_id, memory, event.created_at, at, event.status),
        arrived=max(memory.arrived, arrived),
        units_on_scene=event.units_on_scene,
        place=event.place,
        address_pseudonym=event.address_pseudonym or memory.address_pseudonym,
        position_pseudonyms=event.position_pseudonyms or memory.position_pseudonyms,
        merged_into=event.merged_into,
        synthetic=memory.synthetic or event.synthetic,
        unvouched=False,
    )
    if version.order < memory.order:
        version = version._replace(updated_at=memory.updated_at, received_at=memory.received_at)
    return version._replace(reopened=version.order) if event.status == "reopened" else version


def moves_its_beginning(
    call_id: str, memory: CallMemory, created_at: datetime | None, updated_at: datetime, status: str
) -> bool:
    """Whether a version shows that its source states the time of the version as the beginning of the incident."""
    before = memory.created_at
    if before is None or created_at is None or created_at == before or created_at != updated_at:
        return False
    if status in OF_WHAT_IS_KNOWN:
        return False
    return not is_another_incident(call_id, before, created_at, updated_at)


def vouched(memory: CallMemory, judged: JudgedVersion | PlanKept | PlanSet) -> CallMemory:
    """What is remembered once triage has said whether the call is a test; where anybody says so, it is one."""
    return memory._replace(synthetic=memory.synthetic or judged.synthetic, unvouched=False)


def _forgotten(state: State, event: CallForgotten, at: datetime) -> State:
    if event.call_id in state.calls:
        return without_call(state, event.call_id, at)
    return replace(state, clocks=state.clocks.clear(clock("forget", event.call_id)))


# --- plans ----------------------------------------------------------------------------------------------------------


def _plan_kept(state: State, event: PlanKept, at: datetime) -> State:
    call_id = event.call_id
    call = state.call(call_id)
    memory = call.memory and vouched(call.memory, event)._replace(against=_against(event.judgement))
    call = replace(call, memory=memory, early_plan=JudgedVersion.of(event))
    state = replace(state, calls=state.calls.set(call_id, call), closed=state.closed.forget(call_id))
    return state if call.is_open else replace(state, clocks=state.clocks.set(clock("forget", call_id), at + LINGER))


def _against(judgement: Judgement) -> str:
    return "" if judgement.suitability == "suitable" and not judgement.unlisted_type else judgement.sentence


def _plan_set(state: State, event: PlanSet, _at: datetime) -> State:
    call_id, plan = event.call_id, Plan.of(event)
    call = state.calls[call_id]
    episode, memory = call.running, vouched(call.reported, event)
    against = _against(event.judgement)
    memory = memory._replace(triaged_at=event.triaged_at, district=plan.district, against=against)
    proposed = episode.proposed if episode.proposed is not None and plan.may_go(episode.proposed) else None
    step = min(episode.step, len(plan.steps) - 1) if episode.hold is None else plan.hold_step
    episode = replace(episode, deadline=event.deadline, proposed=proposed, step=step)
    state = replace(
        state,
        calls=state.calls.set(call_id, CallState(memory, episode, plan)),
        clocks=state.clocks.set(clock("deadline", call_id), event.deadline + SETTLE),
    )
    return without_proposal_clock(state, call_id) if proposed is None else state


def _terms_noted(state: State, event: TermsNoted, _at: datetime) -> State:
    """What the one before names stays until it is named anew: a dispatcher may send it, or be sending it just now."""
    responses = state.terms.responses
    for terms in event.responses:
        responses = responses.set(terms.response, _option(terms))
    return replace(state, terms=Terms(event.programme_hash, responses, Timings.of(event)))


def _option(terms: ResponseTerms) -> Option:
    return Option(
        terms.response,
        terms.model,
        terms.crew,
        terms.reached_by,
        terms.on_upgrade,
        enters_when=terms.enters_when,
        expected_minutes=terms.expected_minutes,
        pool=terms.pool,
        window_seconds=terms.window_seconds,
        preferred_eta_minutes=terms.preferred_eta_minutes,
        late_minutes=terms.late_minutes,
        order_of_teams=terms.order_of_teams,
    )


CALL_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    DeadlineSet: _deadline_set,
    CallVersionAt: _version_at,
    CallVersionSeen: _version_seen,
    CallForgotten: _forgotten,
    PlanKept: _plan_kept,
    PlanSet: _plan_set,
    TermsNoted: _terms_noted,
}
