"""Who has a call: the team that accepts it, or of those asked within a window the one that is there first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import count

from services.team_availability.choice import minutes_against
from services.team_availability.draft import CallDraft
from services.team_availability.plan import PHONE, WINDOW
from services.team_availability.state import Offer, Willing
from services.team_availability.upgrades import raise_upgrade, warn_who_is_sent
from shared.events import OfferAccepted, OfferAnswered

LATEST = timedelta(seconds=1)
"""A window that could not be ended within so much of the routing deadline gives the call to nobody: by then the default
goes, as every CAD expects that hears nothing."""
NEVER = 10**6
"""In minutes: who says no time is there later than anybody who does."""


def answer_within(call: CallDraft, offer: Offer, willing: Willing) -> list[CallDraft]:
    """A team would take the call: it has it at once where it is there soon enough, or is the last to answer.

    Returns the calls that have to be gone on with.
    """
    call.emit(
        OfferAnswered(
            **call.key,
            offer_id=offer.offer_id,
            team_id=offer.team_id,
            person_id=willing.person_id,
            answered_at=willing.at,
            eta_minutes=willing.eta_minutes,
            until=offer.expires_at,
            method_id=willing.method_id,
        )
    )
    option = call.draft.state.option(call.state, offer.response)
    preferred = None if option is None else option.preferred_eta_minutes
    if preferred is not None and willing.eta_minutes is not None and willing.eta_minutes <= preferred:
        return give(call, offer, willing)
    return settle(call, answering=offer)


def settle(call: CallDraft, answering: Offer | None = None) -> list[CallDraft]:
    """Give the call to the best of those who would take it, once nobody else is still expected to answer.

    Whoever is not `answering` just now has to be told that the call is theirs.

    Returns the calls that have to be gone on with.
    """
    offers = call.state.open_offers if call.is_open else ()
    best = soonest(call, offers)
    if best is None or best.willing is None or any(offer.willing is None for offer in offers):
        return []
    return give(call, best, best.willing, waited=answering is None or answering.offer_id != best.offer_id)


def soonest(call: CallDraft, offers: Iterable[Offer]) -> Offer | None:
    """Of the teams that would take a call the one that is there first; of several alike the best by rank.

    Where the document orders teams, what counts against a team is added to its own minutes.
    """
    willing = zip(count(), (offer for offer in offers if offer.willing is not None))  # made in the order of ranks
    return min(willing, key=lambda ranked: (_minutes(call, ranked[1]), ranked[0]), default=(0, None))[1]


def _minutes(call: CallDraft, offer: Offer) -> int:
    eta = None if offer.willing is None else offer.willing.eta_minutes
    option = call.draft.state.option(call.state, offer.response)
    against = 0 if option is None else minutes_against(call.draft.state, call.state, option, offer.team_id)
    return (NEVER if eta is None else eta) + against


def is_too_late(call: CallDraft) -> bool:
    """Whether the default goes by now, whatever was answered."""
    return call.draft.now > call.episode.deadline + LATEST


def give(call: CallDraft, offer: Offer, willing: Willing, *, waited: bool = False) -> list[CallDraft]:
    """The team has the call, and nobody else; returns the calls that it leaves to others."""
    judged = call.state.early_plan
    call.withdraw("not-needed" if offer.reached_by == WINDOW else "taken", but=offer.team_id)
    passed_over = call.draft.take_back(offer.team_id, "taken", but=offer.offer_id)
    shift = call.draft.state.teams[offer.team_id].shift
    call.emit(
        OfferAccepted(
            **call.key,
            offer_id=offer.offer_id,
            team_id=offer.team_id,
            person_id=willing.person_id,
            accepted_at=willing.at,
            eta_minutes=willing.eta_minutes,
            call_at=call.state.reported.call_at,
            method_id=willing.method_id,
            waited=waited,
            members=() if shift is None else shift.members,
        )
    )
    call.route("phone-accepted" if offer.reached_by == PHONE else "team-accepted", (), team=offer)
    call.let_in_beside_police()
    if judged is not None:  # while the team was asked for what a dispatcher sends
        raise_upgrade(call, judged)
    if call.assignment is not None and not call.assignment.upgraded:
        warn_who_is_sent(call)
    return passed_over
