"""Calls that no team took in time: the default goes, and a team may take one later if a dispatcher says so."""

from __future__ import annotations

from datetime import timedelta

from services.team_availability.choice import Choice, choose
from services.team_availability.draft import AgencyDraft, CallDraft, remembered_fields
from services.team_availability.offers import advance, offered
from services.team_availability.plan import PULL, known_hazards
from services.team_availability.state import JudgedVersion, Late, Willing
from services.team_availability.upgrades import why_taken_back
from services.team_availability.window import give
from shared.answers import Answer, done, nothing_to_do, refused
from shared.events import (
    CallRouted,
    ConfirmDecision,
    DecisionConfirmed,
    Event,
    LateCallListed,
    LateTakeAsked,
    LateTakeLapsed,
    TakeLateCall,
)

TO_ANSWER = timedelta(minutes=2)
"""How long a dispatcher may say yes."""
OF_ITS_SILENCE = frozenset(("expired", "status-stale"))
"""What speaks against a team that did not take the call, and asks for it now."""
NEVER_LATE = frozenset(("overridden", "paused", "upgraded", "may-not-go", "number-reused", "internal-error"))
"""Reasons of a default after which nobody is to go but the default."""


def list_late(call: CallDraft, event: CallRouted) -> None:
    """Nobody took the call from its page: let it stand there, for a while."""
    state, episode = call.state, call.state.episode
    if episode is None or event.outcome != "default" or not NEVER_LATE.isdisjoint(event.reasons):
        return
    if state.reported.units_on_scene:
        return
    pulled = [offer for offer in episode.offers if offer.reached_by == PULL and offer.ended == "expired"]
    option = None if call.plan is None or not pulled else call.plan.option(pulled[-1].response)
    if option is None or option.late_minutes is None or call.plan is None or not call.plan.may_go(option.response):
        return
    call.emit(
        LateCallListed(
            **call.key,
            response=option.response,
            team_ids=tuple(dict.fromkeys(offer.team_id for offer in pulled)),
            until=call.draft.now + timedelta(minutes=option.late_minutes),
            district=state.district,
            priority=call.plan.priority,
        )
    )


def take_late_call(draft: AgencyDraft, command: TakeLateCall) -> list[Event]:
    """A member of a team would take a late call: a dispatcher is asked."""
    call = draft.call(command.call_id)
    late, entry = call.state.late, draft.state.teams.get(command.team_id)
    if late is None or draft.now >= late.until:
        return [refused(command, "over", "This call cannot be taken any more.")]
    if entry is None or entry.shift is None or command.person_id not in entry.shift.members:
        return [refused(command, "not-on-team", f"{command.person_id} is not on shift with {command.team_id}.")]
    if late.asked is not None and late.asked.team_id == command.team_id:
        return [nothing_to_do(command, "The dispatcher is asked already.", about=call.call_id)]
    if late.asked is not None:
        return [refused(command, "asked-already", "The dispatcher is being asked for another team.")]
    if (answer := _why_not(call, late, command.team_id, command)) is not None:
        return [answer]
    expires_at = min(draft.now + TO_ANSWER, late.until)
    clock_time = draft.state.timings(call.state).clock_time(expires_at)
    call.emit(
        LateTakeAsked(
            **call.key,
            response=late.response,
            team_id=command.team_id,
            person_id=command.person_id,
            expires_at=expires_at,
            sentence=f"{command.team_id} would take this call now, though the default goes: "
            f"confirm by {clock_time}, or nothing comes of it.",
        )
    )
    sentence = "The dispatcher is asked. Do not set out before this page says that the call is yours."
    return [done(command, sentence, about=call.call_id)]


def _why_not(call: CallDraft, late: Late, team_id: str, command: TakeLateCall | ConfirmDecision) -> Answer | None:
    """Why a team cannot have a late call now."""
    draft = call.draft
    option = draft.state.option(call.state, late.response)
    if option is None or call.is_paused(late.response):
        return refused(command, "paused", f"{late.response} is paused there.")
    pick = choose(draft.state, call.state, option, draft.now, any_pool=True)
    against = {reason for team in pick.bypassed if team.team_id == team_id for reason in team.reasons}
    if against - OF_ITS_SILENCE or team_id not in draft.state.teams:
        return refused(command, "busy", f"{team_id} is not free for it: {', '.join(sorted(against - OF_ITS_SILENCE))}.")
    return None


def give_late(call: CallDraft, command: ConfirmDecision) -> Answer | None:
    """A dispatcher says yes: the call begins another episode, and the team has it. None where nobody has asked."""
    late = call.state.late
    if late is None or late.asked is None or call.is_open or call.draft.now >= late.asked.expires_at:
        return None
    take = late.asked
    if (answer := _why_not(call, late, take.team_id, command)) is not None:
        return answer
    draft, memory = call.draft, call.state.reported
    timings, option = draft.state.timings(call.state), draft.state.option(call.state, late.response)
    assert option is not None  # noqa: S101  or there is something against it
    call.begin("late-pull", remembered_fields(memory), call_at=memory.call_at, received_at=draft.now, timings=timings)
    call.emit(DecisionConfirmed(**call.key, response=late.response, confirmed_by=command.issued_by))
    draft.emit_all(offered(call, option, Choice((take.team_id,), ()), call.episode.deadline))
    (offer,) = call.state.open_offers
    for other in give(call, offer, Willing(take.person_id, None, draft.given.time), waited=True):
        advance(other)
    return done(command, f"{take.team_id} has the call.", about=call.call_id)


def judged_again(call: CallDraft, judged: JudgedVersion) -> None:
    """A late call that has become more dangerous, has another hazard, or is none for it, is asked for no more."""
    late, plan, judgement = call.state.late, call.plan, judged.judgement
    fits = late is not None and judgement.may_go(late.response)
    hazards = () if plan is None else plan.hazards
    is_other = known_hazards(judgement.raised_by, hazards) != hazards
    if not fits or plan is None or judgement.level_rank > plan.level_rank or is_other:
        call.end_late(why_taken_back(judgement, plan))


def over(draft: AgencyDraft, call_id: str) -> None:
    """It has been late for long enough."""
    draft.call(call_id).end_late("over")


def lapsed(draft: AgencyDraft, call_id: str) -> None:
    """No dispatcher has said yes: nothing comes of it."""
    call = draft.call(call_id)
    if call.state.late is not None and call.state.late.asked is not None:
        call.emit(LateTakeLapsed(**call.key, team_id=call.state.late.asked.team_id))
