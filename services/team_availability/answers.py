"""What a team answers to an offer. Acceptances are judged by their durable time; the first that is valid wins."""

from __future__ import annotations

from typing import NamedTuple

from services.team_availability.draft import AgencyDraft, CallDraft
from services.team_availability.offers import advance, where_it_stands
from services.team_availability.plan import WINDOW
from services.team_availability.state import Offer, Willing
from services.team_availability.window import answer_within, give
from shared.answers import Answer, done, nothing_to_do, refused
from shared.events import AcceptOffer, DeclineOffer, Event, OfferDeclined, TeamHeard


def accept_offer(draft: AgencyDraft, command: AcceptOffer) -> list[Event]:
    """A member of a team takes the call."""
    answered = _answered_offer(draft, command)
    if not isinstance(answered, AnsweredOffer):
        return [answered]
    if (answer := _why_not(command, answered)) is not None:
        hear(draft, answered.offer.team_id, command.person_id)
        return [answer]
    call, offer = answered
    eta_minutes = command.eta_minutes
    if eta_minutes is None and offer.willing is not None:  # by a key, which names none: what the team said stands
        eta_minutes = offer.willing.eta_minutes
    willing = Willing(command.person_id, eta_minutes, draft.given.time, command.method_id)
    if offer.reached_by == WINDOW and offer.ended is None:
        passed_over = answer_within(call, offer, willing)
    else:
        passed_over = give(call, offer, willing)
    for other in passed_over:
        advance(other)
    return [done(command, _what_came_of(call, offer), about=offer.offer_id)]


def _what_came_of(call: CallDraft, offer: Offer) -> str:
    if call.assignment is None:
        until = f"{_clock_time(call, offer)} at the latest"
        return f"You will hear by {until} whether you have the call, or another team is there sooner."
    is_theirs = call.assignment.team_id == offer.team_id
    return "The call is yours." if is_theirs else f"{call.assignment.team_id} is there sooner and has the call."


def decline_offer(draft: AgencyDraft, command: DeclineOffer) -> list[Event]:
    """A member of a team leaves the call to another."""
    answered = _answered_offer(draft, command)
    if not isinstance(answered, AnsweredOffer):
        return [answered]
    call, offer = answered
    if offer.ended is not None:
        hear(draft, offer.team_id, command.person_id)
    if offer.ended == "accepted":
        return [refused(command, "accepted", "Your team has accepted this call: clear it, or ask the dispatcher.")]
    if offer.ended is not None:
        return [nothing_to_do(command, "The offer is over already: there is nothing to do.", about=offer.offer_id)]
    call.emit(
        OfferDeclined(
            **call.key,
            offer_id=offer.offer_id,
            team_id=offer.team_id,
            person_id=command.person_id,
            method_id=command.method_id,
        )
    )
    advance(call)
    return [done(command, "The call goes to another.", about=offer.offer_id)]


def hear(draft: AgencyDraft, team_id: str, person_id: str) -> None:
    """Somebody of a team has spoken, though nothing comes of it: it is offered calls again if it was not."""
    shift = draft.state.teams[team_id].shift
    if shift is not None and shift.unanswered:
        draft.emit(TeamHeard(team_id=team_id, shift_id=shift.shift_id, person_id=person_id))


class AnsweredOffer(NamedTuple):
    """The offer that an answer is about, and its call."""

    call: CallDraft
    offer: Offer


def _answered_offer(draft: AgencyDraft, command: AcceptOffer | DeclineOffer) -> Answer | AnsweredOffer:
    """What is answered, or the refusal."""
    call_id = draft.state.offers.get(command.offer_id)
    if call_id is None:
        return refused(command, "unknown-offer", "This offer is not known, or long over.")
    call = draft.call(call_id)
    offer = call.episode.offer(command.offer_id)
    team = draft.state.teams.get(offer.team_id)
    if team is not None and team.shift is not None and command.person_id in team.shift.unconfirmed:
        sentence = f"{command.person_id} has not confirmed yet to be on {offer.team_id}: that comes first."
        return refused(command, "not-confirmed", sentence)
    if team is None or team.shift is None or command.person_id not in team.shift.members:
        return refused(command, "not-on-team", f"{command.person_id} is not on shift with {offer.team_id}.")
    return AnsweredOffer(call, offer)


def _why_not(command: AcceptOffer, answered: AnsweredOffer) -> Answer | None:
    """Why an acceptance does not count; None if it does."""
    call, offer = answered
    if call.assignment is not None and call.assignment.offer_id == offer.offer_id:
        return nothing_to_do(command, "Your team has this call already.", about=call.call_id)
    if not call.is_open or call.state.reported.synthetic:
        return refused(command, *where_it_stands(call.state))
    if offer.ended == "withdrawn":
        return refused(command, "withdrawn", "The offer was withdrawn.")
    if offer.ended == "declined":
        return refused(command, "declined", "Your team has declined this call.")
    if call.draft.given.time > min(offer.expires_at, call.episode.deadline):
        return refused(command, "expired", f"The offer was open until {_clock_time(call, offer)}.")
    return None if offer.ended is None else _why_not_late(command, answered)


def _clock_time(call: CallDraft, offer: Offer) -> str:
    return call.draft.state.timings(call.state).clock_time(offer.expires_at)


def _why_not_late(command: AcceptOffer, answered: AnsweredOffer) -> Answer | None:
    """An acceptance in time, read after the clock had expired the offer, is good if nothing speaks against it."""
    call, offer = answered
    shift = call.draft.state.teams[offer.team_id].shift
    if shift is None or shift.call_id is not None or shift.status != "available":
        return refused(command, "busy", "Your team is not free any more.")
    if call.is_paused(offer.response):
        return refused(command, "paused", f"{offer.response} is paused there.")
    override, plan = call.episode.override, call.plan
    may_go = override == offer.response if override is not None else plan is not None and plan.may_go(offer.response)
    return None if may_go else refused(command, "withdrawn", f"{offer.response} may not go to this call any more.")
