"""What a team answers to an offer. Acceptances are judged by their durable time; the first that is valid wins."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.team_availability.offers import advance, let_go, route, running, where_it_stands, withdraw
from services.team_availability.plan import PHONE
from services.team_availability.state import CallState, Episode, Offer, State
from shared.answers import Answer, done, nothing_to_do, refused
from shared.engine.service import Draft, Input
from shared.events import AcceptOffer, DeclineOffer, Event, OfferAccepted, OfferDeclined


def accept_offer(draft: Draft[State], command: AcceptOffer, given: Input) -> list[Event]:
    """A member of a team takes the call."""
    found = _find(draft.state, command)
    if not isinstance(found, Found):
        return [found]
    if (answer := _why_not(draft.state, command, found, given.time)) is not None:
        return [answer]
    call_id, call, episode, offer = found
    passed_over = _take_over(draft, call_id, offer)
    draft.emit(
        OfferAccepted(
            offer_id=offer.offer_id,
            call_id=call_id,
            episode=episode.number,
            team_id=offer.team_id,
            person_id=command.person_id,
            accepted_at=given.time,
            eta_minutes=command.eta_minutes,
            call_at=call.memory.call_at if call.memory else "",
        )
    )
    route(draft, call_id, "phone-accepted" if offer.reached_by == PHONE else "team-accepted", (), offer=offer)
    for other in passed_over:
        advance(draft, other, given.cause)
    return [done(command, "The call is yours.", about=offer.offer_id)]


def decline_offer(draft: Draft[State], command: DeclineOffer, given: Input) -> list[Event]:
    """A member of a team leaves the call to another."""
    found = _find(draft.state, command)
    if not isinstance(found, Found):
        return [found]
    call_id, _, episode, offer = found
    if offer.ended == "accepted":
        return [refused(command, "accepted", "Your team has accepted this call: clear it, or ask the dispatcher.")]
    if offer.ended:
        return [nothing_to_do(command, "The offer is over already.", about=offer.offer_id)]
    draft.emit(
        OfferDeclined(
            offer_id=offer.offer_id,
            call_id=call_id,
            episode=episode.number,
            team_id=offer.team_id,
            person_id=command.person_id,
        )
    )
    advance(draft, call_id, given.cause)
    return [done(command, "The call goes to another.", about=offer.offer_id)]


class Found(NamedTuple):
    """What an answer is about."""

    call_id: str
    call: CallState
    episode: Episode
    offer: Offer


def _find(state: State, command: AcceptOffer | DeclineOffer) -> Answer | Found:
    """The offer that is answered, or the refusal."""
    call_id = state.offers.get(command.offer_id)
    if call_id is None:
        return refused(command, "unknown-offer", "This offer is not known, or long over.")
    call, episode = running(state, call_id)
    offer = next(one for one in episode.offers if one.offer_id == command.offer_id)
    team = state.teams.get(offer.team_id)
    if team is None or team.shift is None or command.person_id not in team.shift.members:
        return refused(command, "not-on-team", f"{command.person_id} is not on shift with {offer.team_id}.")
    return Found(call_id, call, episode, offer)


def _why_not(state: State, command: AcceptOffer, found: Found, time: datetime) -> Answer | None:
    """Why an acceptance, durable at `time`, does not count; None if it does."""
    call_id, call, episode, offer = found
    if episode.assignment is not None and episode.assignment.offer_id == offer.offer_id:
        return nothing_to_do(command, "Your team has this call already.", about=call_id)
    if not call.is_open:
        return refused(command, *where_it_stands(call.memory, call))
    if offer.ended == "withdrawn":
        return refused(command, "withdrawn", "The offer was withdrawn.")
    if offer.ended == "declined":
        return refused(command, "declined", "Your team has declined this call.")
    if time > min(offer.expires_at, episode.deadline):
        return refused(command, "expired", f"The offer was open until {offer.expires_at:%H:%M:%S} UTC.")
    return _why_not_late(state, command, found) if offer.ended else None


def _why_not_late(state: State, command: AcceptOffer, found: Found) -> Answer | None:
    """An acceptance in time, read after the clock had expired the offer, is good if nothing speaks against it."""
    _, call, episode, offer = found
    shift = state.teams[offer.team_id].shift
    if shift is None or shift.call_id is not None or shift.status != "available":
        return refused(command, "busy", "Your team is not free any more.")
    if state.is_paused(call.district, offer.response):
        return refused(command, "paused", f"{offer.response} is paused there.")
    if episode.override not in (None, offer.response) or (
        episode.override is None and (call.plan is None or not call.plan.may_go(offer.response))
    ):
        return refused(command, "withdrawn", f"{offer.response} may not go to this call any more.")
    return None


def _take_over(draft: Draft[State], call_id: str, offer: Offer) -> list[str]:
    """Take the call back from the other teams, and from the team what else it was offered.

    The calls that the team will not take: they have to be offered to others.
    """
    withdraw(draft, call_id, "taken", but=offer.team_id)
    return let_go(draft, offer.team_id, "taken", but=offer.offer_id)
