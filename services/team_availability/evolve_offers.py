"""How each event of team availability's journal changes its state: offers, proposals, the fall-back chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from services.team_availability.evolve_calls import with_episode, without_hold
from services.team_availability.evolve_teams import HEARD, with_offer, with_shift, without_offer
from services.team_availability.load import count
from services.team_availability.plan import OF_THE_CHAIN
from services.team_availability.state import SETTLE, Episode, Offer, State, Willing, clock
from shared.events import (
    OFFER_ENDS,
    CallOverridden,
    ConfirmationAsked,
    ConfirmationLapsed,
    DecisionConfirmed,
    FallBackStepped,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferShadowed,
    OfferWithdrawn,
)
from shared.replace import replace


def _offer_made(state: State, event: OfferMade, at: datetime) -> State:
    call, episode = state.calls[event.call_id], state.calls[event.call_id].running
    state = count(state, event.call_id, event.response, event.district, at)
    option = state.option(call, event.response)
    reached_by = "offer" if option is None else option.reached_by
    offer = Offer(event.offer_id, event.team_id, event.response, reached_by, event.expires_at)
    ends_at = episode.step_ends_at
    if ends_at is None and call.plan is not None and episode.override is None:
        ends_at = at + timedelta(seconds=call.plan.steps[episode.step].seconds)
    state = with_episode(
        state,
        event.call_id,
        offers=(*episode.offers, offer),
        response=_goes_on_from(episode, event.response),
        step_ends_at=ends_at,
        proposed=None,
    )
    state = with_offer(state, event.team_id, event.offer_id, paged_until=event.expires_at if event.paged else None)
    return replace(
        state,
        offers=state.offers.set(event.offer_id, event.call_id),
        clocks=state.clocks.set(clock("offer", event.offer_id), event.expires_at + SETTLE),
    )


def _offer_answered(state: State, event: OfferAnswered, at: datetime) -> State:
    willing = Willing(event.person_id, event.eta_minutes, event.answered_at, event.method_id)
    episode = state.calls[event.call_id].running
    offers = tuple(
        replace(offer, willing=willing) if offer.offer_id == event.offer_id else offer for offer in episode.offers
    )
    state = with_episode(state, event.call_id, offers=offers)
    return state if state.teams[event.team_id].shift is None else with_shift(state, event.team_id, heard_at=at, **HEARD)


def _offer_over(state: State, event: OfferDeclined | OfferExpired | OfferWithdrawn, at: datetime) -> State:
    episode, ended = state.calls[event.call_id].running, OFFER_ENDS[type(event)]
    reasons = episode.reasons if ended == "withdrawn" else _with_reason(episode, ended)
    if ended == "expired" and _may_be_late(state, event):
        reasons = _with_reason(episode, "not-pulled")
    # what goes instead of a paused response has the whole time of the step
    ends_at = None if isinstance(event, OfferWithdrawn) and event.why == "paused" else episode.step_ends_at
    offers = episode.with_end(event.offer_id, ended)
    state = with_episode(state, event.call_id, offers=offers, reasons=reasons, step_ends_at=ends_at)
    changes: dict[str, Any] = {"heard_at": at, **HEARD} if ended == "declined" else {}
    if ended == "expired" and episode.offer(event.offer_id).willing is None:
        changes = _left_unanswered(state, event.team_id, event.offer_id)
    state = without_offer(state, event.team_id, event.offer_id, **changes)
    return replace(state, clocks=state.clocks.clear(clock("offer", event.offer_id)))


def _left_unanswered(state: State, team_id: str, offer_id: str) -> dict[str, Any]:
    """What follows for a team's shift where it was paged for an offer; an open call it may leave to others."""
    shift = state.teams[team_id].shift if team_id in state.teams else None
    return {"unanswered": shift.unanswered + 1} if shift is not None and shift.offer_id == offer_id else {}


def _may_be_late(state: State, event: OfferExpired | OfferDeclined | OfferWithdrawn) -> bool:
    """Whether a call that no team took may be asked for later."""
    call = state.calls[event.call_id]
    option = state.option(call, call.running.offer(event.offer_id).response)
    return option is not None and option.late_minutes is not None


def _offer_shadowed(state: State, event: OfferShadowed, _at: datetime) -> State:
    episode = state.calls[event.call_id].running
    return with_episode(
        state,
        event.call_id,
        shadowed=(*episode.shadowed, event.response),
        reasons=_with_reason(episode, "shadow"),
        response=_goes_on_from(episode, event.response),
    )


def _confirmation_asked(state: State, event: ConfirmationAsked, _at: datetime) -> State:
    episode = state.calls[event.call_id].running
    state = with_episode(state, event.call_id, proposed=event.response, response=_goes_on_from(episode, event.response))
    clock_id = clock("confirm", event.call_id)
    if event.expires_at >= episode.deadline:
        return replace(state, clocks=state.clocks.clear(clock_id))
    return replace(state, clocks=state.clocks.set(clock_id, event.expires_at + SETTLE))


def _confirmation_lapsed(state: State, event: ConfirmationLapsed, _at: datetime) -> State:
    reasons = _with_reason(state.calls[event.call_id].running, "not-confirmed")
    # what goes instead has the whole time of the step
    return with_episode(state, event.call_id, proposed=None, lapsed=True, reasons=reasons, step_ends_at=None)


def _decision_confirmed(state: State, event: DecisionConfirmed, _at: datetime) -> State:
    episode = state.calls[event.call_id].running
    confirmed, response = (*episode.confirmed, event.response), _goes_on_from(episode, event.response)
    return with_episode(state, event.call_id, proposed=None, confirmed=confirmed, response=response)


def _goes_on_from(episode: Episode, response: str) -> str | None:
    """From where the order goes on, once `response` is tried: one tried out of the order moves nothing."""
    return episode.response if response in episode.tried_out_of_order else response


def _stepped(state: State, event: FallBackStepped, at: datetime) -> State:
    call, episode = state.calls[event.call_id], state.calls[event.call_id].running
    step = episode.step + 1
    steps = call.plan.steps if call.plan else ()
    ends_at = at + timedelta(seconds=steps[step].seconds) if step < len(steps) else episode.step_ends_at
    reasons = tuple(dict.fromkeys((*episode.reasons, *(why for why in event.why if why not in OF_THE_CHAIN))))
    response, out_of_order = event.next_response or episode.response, episode.tried_out_of_order
    if event.next_response is not None and step < len(steps) and steps[step].attempt == "phone":
        response, out_of_order = _goes_on_from(episode, event.response), (*out_of_order, event.next_response)
    return with_episode(
        state,
        event.call_id,
        step=step,
        step_ends_at=ends_at,
        reasons=reasons,
        response=response,
        tried_out_of_order=out_of_order,
    )


def _overridden(state: State, event: CallOverridden, _at: datetime) -> State:
    if event.send == "default":
        return state
    return with_episode(
        without_hold(state, event.call_id),
        event.call_id,
        override=event.send,
        proposed=None,
        response=event.send,
        step=0,
        step_ends_at=None,
    )


def _with_reason(episode: Episode, reason: str) -> tuple[str, ...]:
    return episode.reasons if reason in episode.reasons else (*episode.reasons, reason)


OFFER_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    OfferMade: _offer_made,
    OfferAnswered: _offer_answered,
    OfferDeclined: _offer_over,
    OfferExpired: _offer_over,
    OfferWithdrawn: _offer_over,
    OfferShadowed: _offer_shadowed,
    ConfirmationAsked: _confirmation_asked,
    ConfirmationLapsed: _confirmation_lapsed,
    DecisionConfirmed: _decision_confirmed,
    FallBackStepped: _stepped,
    CallOverridden: _overridden,
}
