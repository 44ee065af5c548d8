"""How each event of team availability's journal changes its state: calls, episodes, offers, assignments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.team_availability.evolve_teams import TEAM_CHANGES, with_offer, with_shift, without_offer
from services.team_availability.state import (
    CHECKED,
    KEPT,
    PAUSE_STEP,
    PHONE,
    SETTLE,
    Assignment,
    CallState,
    Episode,
    KeptPlan,
    Known,
    Offer,
    Option,
    Plan,
    State,
    Terms,
    Timings,
)
from shared.events import (
    AssignmentEnded,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallForgotten,
    CallOverridden,
    CallRouted,
    CallVersionAt,
    CallVersionSeen,
    ClockFailed,
    CommandDone,
    CommandHeld,
    CommandRefused,
    ConfirmationAsked,
    DeadlineSet,
    DecisionConfirmed,
    Event,
    FallBackStepped,
    InputRefused,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferShadowed,
    OfferWithdrawn,
    PauseApplied,
    PlanKept,
    PlanSet,
    SafetyCheckDue,
    StatusReported,
    TeamNotMoving,
    TermsNoted,
    UpgradeRaised,
)
from shared.switch import Switch


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event decided at an instant; an event that changes nothing here leaves it as it is."""
    change = CHANGES.get(type(event))
    return state if change is None else change(state, event, at)


# --- calls ----------------------------------------------------------------------------------------------------------


def _deadline_set(state: State, event: DeadlineSet, _at: datetime) -> State:
    call = state.calls.get(event.call_id, CallState())
    known = call.known or state.closed.get(event.call_id)
    begun_with = event.updated_at or event.received_at
    is_new = event.why != "overridden"
    before = known or Known(begun_with)
    if is_new:
        before = before._replace(
            updated_at=begun_with, call_at=event.call_at, status=event.status, requested_by=event.requested_by
        )
    known = before._replace(episodes=event.episode, outcome=None)
    kept = call.kept if call.kept is not None and call.kept.updated_at >= begun_with else None
    episode = Episode(event.episode, event.received_at, event.deadline, begun_with)
    state = _without_offers(state, call)
    return replace(
        state,
        calls=state.calls.set(event.call_id, CallState(known, episode, None if is_new else call.plan, kept)),
        closed=state.closed if call.known is not None else state.closed.forget(event.call_id),
        clocks=state.clocks.clear(f"forget/{event.call_id}").set(f"deadline/{event.call_id}", event.deadline + SETTLE),
    )


def _version_at(state: State, event: CallVersionAt, _at: datetime) -> State:
    call = state.calls[event.call_id]
    known = _with_version(call.known, event)._replace(call_at=event.call_at)
    return replace(state, calls=state.calls.set(event.call_id, replace(call, known=known)))


def _version_seen(state: State, event: CallVersionSeen, at: datetime) -> State:
    call = state.calls.get(event.call_id)
    if call is None:
        seen = _with_version(state.closed.get(event.call_id), event)
        return replace(state, closed=state.closed.set(event.call_id, seen, at))
    call = replace(call, known=_with_version(call.known, event))
    return replace(state, calls=state.calls.set(event.call_id, call))


def _with_version(known: Known | None, event: CallVersionAt | CallVersionSeen) -> Known:
    at = event.updated_at
    if known is None:
        assert at is not None  # noqa: S101  a first version names its instant
        known = Known(at)
    return known._replace(updated_at=at or known.updated_at, status=event.status, requested_by=event.requested_by)


def _plan_kept(state: State, event: PlanKept, at: datetime) -> State:
    call = state.calls.get(event.call_id) or CallState(state.closed.get(event.call_id))
    kept = KeptPlan(event.event_id, event.judgement, event.updated_at, event.triaged_at, event.language, event.priority)
    return replace(
        state,
        calls=state.calls.set(event.call_id, replace(call, kept=kept)),
        closed=state.closed.forget(event.call_id),
        clocks=state.clocks.set(f"forget/{event.call_id}", at + KEPT),
    )


def _plan_set(state: State, event: PlanSet, _at: datetime) -> State:
    call = state.calls[event.call_id]
    episode, known = call.episode, call.known
    assert episode is not None and known is not None  # noqa: S101, PT018  a plan is set for an open episode
    plan = Plan.of(event)
    known = known._replace(triaged_at=event.triaged_at, district=plan.district)
    asked = episode.asked if episode.asked is not None and plan.may_go(episode.asked) else None
    step = min(episode.step, len(plan.steps) - 1)
    episode = replace(episode, deadline=event.deadline, asked=asked, step=step)
    return replace(
        state,
        calls=state.calls.set(event.call_id, CallState(known, episode, plan)),
        clocks=state.clocks.set(f"deadline/{event.call_id}", event.deadline + SETTLE),
    )


def _terms_noted(state: State, event: TermsNoted, _at: datetime) -> State:
    old = state.terms
    responses = old.responses if old.programme_hash == event.programme_hash else Terms().responses
    for one in event.responses:
        option = Option(
            one.response,
            one.model,
            one.crew,
            one.reached_by,
            one.on_upgrade,
            enters_when=one.enters_when,
            expected_minutes=one.expected_minutes,
            pool=one.pool,
        )
        responses = responses.set(one.response, option)
    return replace(state, terms=Terms(event.programme_hash, responses, Timings.of(event)))


def _forgotten(state: State, event: CallForgotten, at: datetime) -> State:
    call = state.calls.get(event.call_id)
    if call is None:
        return replace(state, clocks=state.clocks.clear(f"forget/{event.call_id}"))
    return _close(state, event.call_id, call, at)


def _close(state: State, call_id: str, call: CallState, at: datetime) -> State:
    """The call leaves the state; what is left of it fits in a line."""
    state = _without_offers(state, call)
    return replace(
        state,
        calls=state.calls.delete(call_id),
        closed=state.closed if call.known is None else state.closed.set(call_id, call.known, at),
        clocks=state.clocks.clear(f"forget/{call_id}"),
    )


def _without_offers(state: State, call: CallState) -> State:
    """Nothing is known any more of the offers of an episode that is over; what a failure left open is let go."""
    offers, clocks = state.offers, state.clocks
    for offer in call.episode.offers if call.episode else ():
        offers = offers.delete(offer.offer_id) if offer.offer_id in offers else offers
        if not offer.ended:
            clocks = clocks.clear(f"offer/{offer.offer_id}")
            state = without_offer(state, offer.team_id, offer.offer_id)
    return replace(state, offers=offers, clocks=clocks)


# --- offers ---------------------------------------------------------------------------------------------------------


def _episode(state: State, call_id: str, **changes: Any) -> State:
    call = state.calls[call_id]
    assert call.episode is not None  # noqa: S101  only calls with an episode come here
    return replace(state, calls=state.calls.set(call_id, replace(call, episode=replace(call.episode, **changes))))


def _running(state: State, call_id: str) -> Episode:
    episode = state.calls[call_id].episode
    assert episode is not None  # noqa: S101  as above
    return episode


def _offer_made(state: State, event: OfferMade, at: datetime) -> State:
    call, episode = state.calls[event.call_id], _running(state, event.call_id)
    reached_by = next((one.reached_by for one in options_named(state, call, event.response)), "offer")
    offer = Offer(event.offer_id, event.team_id, event.response, reached_by, event.expires_at)
    ends_at = episode.step_ends_at
    if ends_at is None and call.plan is not None and episode.override is None:
        ends_at = at + timedelta(seconds=call.plan.steps[episode.step].seconds)
    state = _episode(
        state,
        event.call_id,
        offers=(*episode.offers, offer),
        response=_place(episode, event.response),
        step_ends_at=ends_at,
        asked=None,
    )
    state = with_offer(state, event.team_id, event.offer_id, paged=event.paged)
    return replace(
        state,
        offers=state.offers.set(event.offer_id, event.call_id),
        clocks=state.clocks.set(f"offer/{event.offer_id}", event.expires_at + SETTLE),
    )


def options_named(state: State, call: CallState, response: str) -> tuple[Option, ...]:
    """The response of this name in the call's plan, or else in the programme."""
    in_plan = tuple(one for one in (call.plan.options if call.plan else ()) if one.response == response)
    known = state.terms.responses.get(response)
    return in_plan or (() if known is None else (known,))


def _offer_over(state: State, event: OfferDeclined | OfferExpired | OfferWithdrawn, at: datetime) -> State:
    episode = _running(state, event.call_id)
    how = {OfferDeclined: "declined", OfferExpired: "expired"}.get(type(event), "withdrawn")
    changed = episode.with_offer(event.offer_id, how)
    reasons = episode.reasons if how == "withdrawn" else _and(episode.reasons, how)
    # what goes instead of a paused response has the whole time of the step
    ends_at = None if isinstance(event, OfferWithdrawn) and event.why == "paused" else episode.step_ends_at
    state = _episode(state, event.call_id, offers=changed.offers, reasons=reasons, step_ends_at=ends_at)
    heard = {"heard_at": at} if how == "declined" else {}
    state = without_offer(state, event.team_id, event.offer_id, **heard)
    return replace(state, clocks=state.clocks.clear(f"offer/{event.offer_id}"))


def _offer_shadowed(state: State, event: OfferShadowed, _at: datetime) -> State:
    episode = _running(state, event.call_id)
    shadowed, reasons = (*episode.shadowed, event.response), _and(episode.reasons, "shadow")
    response = _place(episode, event.response)
    return _episode(state, event.call_id, shadowed=shadowed, reasons=reasons, response=response)


def _confirmation_asked(state: State, event: ConfirmationAsked, _at: datetime) -> State:
    response = _place(_running(state, event.call_id), event.response)
    return _episode(state, event.call_id, asked=event.response, response=response)


def _confirmed(state: State, event: DecisionConfirmed, _at: datetime) -> State:
    episode = _running(state, event.call_id)
    confirmed, response = (*episode.confirmed, event.response), _place(episode, event.response)
    return _episode(state, event.call_id, asked=None, confirmed=confirmed, response=response)


def _place(episode: Episode, response: str) -> str | None:
    """From where the order goes on, once `response` is tried: what is tried aside moves nothing."""
    return episode.response if response in episode.aside else response


def _stepped(state: State, event: FallBackStepped, at: datetime) -> State:
    call, episode = state.calls[event.call_id], _running(state, event.call_id)
    step = episode.step + 1
    steps = call.plan.steps if call.plan else ()
    ends_at = at + timedelta(seconds=steps[step].seconds) if step < len(steps) else episode.step_ends_at
    reasons = _and(episode.reasons, "no-team") if "no-team" in event.why else episode.reasons
    response, aside = event.next_response or episode.response, episode.aside
    if event.next_response is not None and step < len(steps) and steps[step].attempt == "phone":
        response, aside = _place(episode, event.response), (*aside, event.next_response)
    return _episode(
        state, event.call_id, step=step, step_ends_at=ends_at, reasons=reasons, response=response, aside=aside
    )


def _overridden(state: State, event: CallOverridden, _at: datetime) -> State:
    if event.send == "default":
        return state
    return _episode(
        state, event.call_id, override=event.send, asked=None, response=event.send, step=0, step_ends_at=None
    )


def _and(reasons: tuple[str, ...], reason: str) -> tuple[str, ...]:
    return reasons if reason in reasons else (*reasons, reason)


# --- outcomes and assignments ---------------------------------------------------------------------------------------


def _accepted(state: State, event: OfferAccepted, at: datetime) -> State:
    call, episode = state.calls[event.call_id], _running(state, event.call_id)
    offer = next(one for one in episode.offers if one.offer_id == event.offer_id)
    plan = call.plan
    on_upgrade = next((one.on_upgrade for one in options_named(state, call, offer.response)), "stay")
    assignment = Assignment(
        offer.team_id,
        offer.offer_id,
        offer.response,
        on_upgrade,
        told_rank=0 if plan is None else plan.level_rank,
    )
    accepted = episode.with_offer(offer.offer_id, "accepted")
    state = _episode(state, event.call_id, offers=accepted.offers, assignment=assignment, asked=None)
    shift = state.teams[offer.team_id].shift
    taken = {"call_id": event.call_id, "calls": shift.calls + 1 if shift else 1, "heard_at": at}
    state = without_offer(state, offer.team_id, offer.offer_id, **taken)
    clocks = state.clocks.clear(f"offer/{offer.offer_id}").clear(f"shift/{offer.team_id}")
    if offer.reached_by != PHONE:
        minutes = state.timings(call).accepted_not_moving_minutes
        clocks = clocks.set(f"moving/{event.call_id}", at + timedelta(minutes=minutes))
    return replace(state, clocks=clocks)


def _routed(state: State, event: CallRouted, at: datetime) -> State:
    call = state.calls[event.call_id]
    assert call.known is not None  # noqa: S101  only a reported call is routed
    known = call.known._replace(
        outcome=event.outcome,
        district=event.district or call.known.district,
        triaged_at=max(call.known.triaged_at, event.triaged_at),
    )
    state = replace(state, calls=state.calls.set(event.call_id, replace(call, known=known, kept=None)))
    state = _episode(state, event.call_id, outcome=event.outcome, asked=None)
    state = replace(state, clocks=state.clocks.clear(f"deadline/{event.call_id}"))
    return _rest(state, event.call_id, at)


def _rest(state: State, call_id: str, at: datetime) -> State:
    """A call with its outcome: it stays while a team has it, for a while if there were offers, and leaves otherwise."""
    call = state.calls[call_id]
    if call.assignment is not None:
        return state
    if call.episode is None or not call.episode.offers:
        return _close(state, call_id, call, at)
    return replace(state, clocks=state.clocks.set(f"forget/{call_id}", at + KEPT))


def _assignment_over(state: State, event: AssignmentEnded | AssignmentWithdrawn, at: datetime) -> State:
    state = _episode(state, event.call_id, assignment=None)
    state = with_shift(state, event.team_id, call_id=None, status="available")
    shift = state.teams[event.team_id].shift
    clocks = state.clocks.clear(f"moving/{event.call_id}").clear(f"check/{event.call_id}")
    if shift is not None:
        clocks = clocks.set(f"shift/{event.team_id}", shift.ends_at)
    return _rest(replace(state, clocks=clocks), event.call_id, at)


def _assignment(state: State, call_id: str, **changes: Any) -> State:
    assignment = _running(state, call_id).assignment
    return state if assignment is None else _episode(state, call_id, assignment=replace(assignment, **changes))


def _upgraded(state: State, event: UpgradeRaised, _at: datetime) -> State:
    assignment = _running(state, event.call_id).assignment
    if assignment is None:
        return state
    call = state.calls[event.call_id]
    if call.known is not None:
        known = call.known._replace(triaged_at=max(call.known.triaged_at, event.triaged_at))
        state = replace(state, calls=state.calls.set(event.call_id, replace(call, known=known)))
    return _assignment(state, event.call_id, told_rank=max(assignment.told_rank, event.level_rank))


def _unconfirmed(state: State, event: AssignmentUnconfirmed, _at: datetime) -> State:
    return _assignment(state, event.call_id, unconfirmed=True)


def _not_moving(state: State, event: TeamNotMoving, _at: datetime) -> State:
    return replace(state, clocks=state.clocks.clear(f"moving/{event.call_id}"))


def _status(state: State, event: StatusReported, at: datetime) -> State:
    state = with_shift(state, event.team_id, status=event.status, heard_at=at)
    if event.call_id is None:
        return state
    state = _assignment(state, event.call_id, status=event.status, checks=0)
    check, clocks = f"check/{event.call_id}", state.clocks.clear(f"moving/{event.call_id}")
    if event.status in CHECKED or (event.status == "need-police" and check in clocks):
        return replace(state, clocks=clocks.set(check, at + _check_every(state, event.call_id)))
    return replace(state, clocks=clocks.clear(check))


def _check_every(state: State, call_id: str) -> timedelta:
    return timedelta(minutes=state.timings(state.calls[call_id]).on_scene_check_minutes)


def _safety_check(state: State, event: SafetyCheckDue, at: datetime) -> State:
    state = _assignment(state, event.call_id, checks=event.number)
    again = at + _check_every(state, event.call_id)
    return replace(state, clocks=state.clocks.set(f"check/{event.call_id}", again))


def _input_refused(state: State, event: InputRefused, at: datetime) -> State:
    """A call that could not be read has its outcome by that: default(internal-error). No report of it ever counts."""
    if event.call_id is None or event.input_type not in ("call-reported", "call-cancelled"):
        return state
    call = state.calls.get(event.call_id)
    if call is not None and call.is_open:
        return _default(state, event.call_id, at)
    if event.input_type == "call-cancelled" or state.known(event.call_id) is not None:
        return state
    known = Known(datetime.min.replace(tzinfo=at.tzinfo), episodes=1, outcome="default")
    return replace(state, closed=state.closed.set(event.call_id, known, at))


def _clock_failed(state: State, event: ClockFailed, at: datetime) -> State:
    kind, _, call_id = event.clock_id.partition("/")
    state = replace(state, clocks=state.clocks.clear(event.clock_id))
    call = state.calls.get(call_id) if kind == "deadline" else None
    return state if call is None or not call.is_open else _default(state, call_id, at)


def _default(state: State, call_id: str, at: datetime) -> State:
    """The episode is over without `CallRouted`; the clocks of open offers take the offers back at once."""
    call = state.calls[call_id]
    offers = _running(state, call_id).open_offers
    assert call.known is not None  # noqa: S101  it has an episode
    known = call.known._replace(outcome="default")
    state = replace(state, calls=state.calls.set(call_id, replace(call, known=known, kept=None)))
    state = _episode(state, call_id, outcome="default", asked=None)
    clocks = state.clocks.clear(f"deadline/{call_id}")
    for offer in offers:
        clocks = clocks.set(f"offer/{offer.offer_id}", at)
    return _rest(replace(state, clocks=clocks), call_id, at)


# --- pauses and commands --------------------------------------------------------------------------------------------


def _pause_applied(state: State, event: PauseApplied, at: datetime) -> State:
    key = Switch(event.district, event.response).key
    clock_id = f"pause/{key}"
    if not event.paused:
        paused = state.paused.delete(key) if key in state.paused else state.paused
        return replace(state, paused=paused, clocks=state.clocks.clear(clock_id))
    clocks = state.clocks.set(clock_id, at + PAUSE_STEP) if event.more else state.clocks.clear(clock_id)
    return replace(state, paused=state.paused.set(key, at), clocks=clocks)


def _held(state: State, event: CommandHeld, _at: datetime) -> State:
    of_call = state.held_of.get(event.call_id, ())
    return replace(
        state,
        held=state.held.set(event.command_id, event),
        held_of=state.held_of.set(event.call_id, (*of_call, event.command_id)),
        clocks=state.clocks.set(f"held/{event.command_id}", event.expires_at),
    )


def _answered(state: State, event: CommandDone | CommandRefused, at: datetime) -> State:
    command_id = event.command_id
    state = replace(state, answered=state.answered.set(command_id, at, at))
    held = state.held.get(command_id)
    if held is None:
        return state
    left = tuple(one for one in state.held_of[held.call_id] if one != command_id)
    held_of = state.held_of.set(held.call_id, left) if left else state.held_of.delete(held.call_id)
    return replace(
        state,
        held=state.held.delete(command_id),
        held_of=held_of,
        clocks=state.clocks.clear(f"held/{command_id}"),
    )


CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    **TEAM_CHANGES,
    DeadlineSet: _deadline_set,
    CallVersionAt: _version_at,
    CallVersionSeen: _version_seen,
    PlanKept: _plan_kept,
    PlanSet: _plan_set,
    TermsNoted: _terms_noted,
    CallForgotten: _forgotten,
    OfferMade: _offer_made,
    OfferDeclined: _offer_over,
    OfferExpired: _offer_over,
    OfferWithdrawn: _offer_over,
    OfferShadowed: _offer_shadowed,
    ConfirmationAsked: _confirmation_asked,
    DecisionConfirmed: _confirmed,
    FallBackStepped: _stepped,
    CallOverridden: _overridden,
    OfferAccepted: _accepted,
    CallRouted: _routed,
    AssignmentEnded: _assignment_over,
    AssignmentWithdrawn: _assignment_over,
    AssignmentUnconfirmed: _unconfirmed,
    UpgradeRaised: _upgraded,
    TeamNotMoving: _not_moving,
    SafetyCheckDue: _safety_check,
    StatusReported: _status,
    InputRefused: _input_refused,
    ClockFailed: _clock_failed,
    PauseApplied: _pause_applied,
    CommandHeld: _held,
    CommandDone: _answered,
    CommandRefused: _answered,
}
