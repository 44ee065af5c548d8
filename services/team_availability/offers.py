"""What an open episode does next: offers along the fall-back chain, a question to the dispatcher, or its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile

from services.team_availability.choice import Choice, choose, recipients_of
from services.team_availability.plan import PHONE, PULL, Cites, Option
from services.team_availability.state import CallMemory, CallState, Episode, Offer, State
from shared.engine.service import Draft
from shared.engine.topic import STEP_BYTES
from shared.events import (
    CallRouted,
    ConfirmationAsked,
    FallBackStepped,
    OfferExpired,
    OfferMade,
    OfferShadowed,
    OfferWithdrawn,
    Outcome,
    child_id,
)
from shared.judgement import Attempt, Judgement, Step

GOING = "The default response goes"
LEAST_OFFER = timedelta(seconds=1)
"""Nobody is asked for an answer in less."""


def advance(draft: Draft[State], call_id: str, cause: str) -> None:
    """Go on with an episode that has no open offer, until it waits for somebody or is over."""
    while (option := _to_try(draft, call_id)) is not None:
        call, episode = running(draft.state, call_id)
        pick = choose(draft.state, call, option, draft.now, any_pool=_any_pool(call))
        forced = episode.override is not None or option.response in episode.confirmed
        if not forced and option.phase == "shadow":
            team_id = pick.ranked[0] if pick.ranked else None
            draft.emit(
                OfferShadowed(
                    call_id=call_id,
                    episode=episode.number,
                    response=option.response,
                    team_id=team_id,
                    bypassed=pick.bypassed,
                )
            )
        elif not forced and option.phase == "advisory":
            _ask(draft, call_id, option)
        elif pick.ranked and _expiry(draft.state, call, option, draft.now) - draft.now >= LEAST_OFFER:
            _offer(draft, call_id, option, pick, cause)
        else:
            _step(draft, call_id, option, pick)


def running(state: State, call_id: str) -> tuple[CallState, Episode]:
    """A call that has an episode."""
    call = state.calls[call_id]
    assert call.episode is not None  # noqa: S101  only calls with an episode come here
    return call, call.episode


def route(
    draft: Draft[State],
    call_id: str,
    outcome: Outcome,
    reasons: Sequence[str],
    *,
    offer: Offer | None = None,
    sentence: str = "",
    judgement: Judgement | None = None,
    triaged_at: int = -1,
) -> None:
    """End the episode with its one outcome; `judgement` is what it follows, where no plan was set."""
    call, episode = running(draft.state, call_id)
    cites = Cites.of(judgement) if judgement else call.plan.cites if call.plan else Cites()
    reasons = tuple(dict.fromkeys(reasons))
    if offer is not None:
        sentence = f"{offer.team_id} takes the call ({offer.response})."
    sentence = sentence or (judgement.sentence if judgement else "") or f"{GOING}: {', '.join(reasons)}."
    asked_by = call.memory.requested_by if call.memory is not None and outcome == "default" else None
    if asked_by is not None:  # silence is no answer to somebody who waits (domain §3.5)
        sentence = f"Nobody comes, though {asked_by} asked. {sentence}"
    draft.emit(
        CallRouted(
            call_id=call_id,
            episode=episode.number,
            outcome=outcome,
            reasons=reasons,
            team_id=None if offer is None else offer.team_id,
            response=None if offer is None else offer.response,
            district=judgement.district if judgement else call.district,
            sentence=sentence,
            deadline=episode.deadline,
            requested_by=asked_by,
            triaged_at=triaged_at,
            **cites._asdict(),
        )
    )


def withdraw(draft: Draft[State], call_id: str, why: str, *, only: str | None = None, but: str | None = None) -> None:
    """Take the open offers back: all, only one team's, or all but one team's."""
    _, episode = running(draft.state, call_id)
    for offer in episode.open_offers:
        if only in (None, offer.team_id) and offer.team_id != but:
            draft.emit(
                OfferWithdrawn(
                    offer_id=offer.offer_id,
                    call_id=call_id,
                    episode=episode.number,
                    team_id=offer.team_id,
                    why=why,
                )
            )


def let_go(draft: Draft[State], team_id: str, why: str, *, but: str | None = None) -> list[str]:
    """Take back every offer that a team holds, but for one; the calls, which have to be gone on with."""
    shift = draft.state.teams[team_id].shift
    held = [offer_id for offer_id in (shift.open_offers if shift else ()) if offer_id != but]
    calls = [draft.state.offers[offer_id] for offer_id in held if offer_id in draft.state.offers]
    for call_id in calls:
        withdraw(draft, call_id, why, only=team_id)
    return calls


def expire(draft: Draft[State], call_id: str, offer: Offer) -> None:
    """The team was silent."""
    _, episode = running(draft.state, call_id)
    draft.emit(OfferExpired(offer_id=offer.offer_id, call_id=call_id, episode=episode.number, team_id=offer.team_id))


def end_by_default(draft: Draft[State], call_id: str, reason: str, *, withdrawn: str) -> None:
    """Take the open offers back and let the default stand, now."""
    withdraw(draft, call_id, withdrawn)
    _, episode = running(draft.state, call_id)
    route(draft, call_id, "default", (*episode.reasons, reason))


def end_by_deadline(draft: Draft[State], call_id: str) -> None:
    """Nobody took the call in time."""
    _, episode = running(draft.state, call_id)
    for offer in episode.open_offers:
        if offer.expires_at <= draft.now:
            expire(draft, call_id, offer)
    withdraw(draft, call_id, "routed")
    call, episode = running(draft.state, call_id)
    plan, why = call.plan, episode.reasons
    if episode.proposed is not None:
        why = (*why, "not-confirmed")
    if plan is None and episode.override is None:
        why = (*why, "not-judged")
    elif plan is not None and plan.suitability == "indeterminate":
        why = (*why, *plan.reasons, "indeterminate")
    route(draft, call_id, "default", (*why, "deadline"))


def where_it_stands(known: CallMemory | None, call: CallState | None) -> tuple[str, str]:
    """Why a team cannot have a call any more: a reason code and a sentence."""
    if call is not None and call.assignment is not None:
        return "taken", f"{call.assignment.team_id} has this call."
    if known is not None and known.ended:
        return "cancelled", "The CAD has ended this call."
    if known is not None and known.outcome in ("team-accepted", "phone-accepted"):
        return "taken", "Another team had this call, and it is over."
    return "routed", f"Too late: {GOING[0].lower()}{GOING[1:]} to this call."


# --- the chain ------------------------------------------------------------------------------------------------------


def _to_try(draft: Draft[State], call_id: str) -> Option | None:
    """The response to go on with; None where the episode waits or is over. Ends it when nothing is left to try."""
    call = draft.state.calls.get(call_id)
    episode = None if call is None else call.episode
    if call is None or episode is None or not call.is_open or episode.open_offers:
        return None
    if draft.now >= episode.deadline or (episode.override is None and not _may_offer(call)):
        return None  # the deadline's clock ends it
    steps = _steps(call)
    current = next(iter(_from_current(draft.state, call)), None)
    if current is None or steps[episode.step].attempt == "default":
        route(draft, call_id, "default", (*episode.reasons, *_paused(draft.state, call)) or _why_none(call))
        return None
    waits = episode.proposed == current.response and current.phase == "advisory"
    return None if waits else current


def _may_offer(call: CallState) -> bool:
    return call.plan is not None and call.plan.suitability == "suitable"


def _options(state: State, call: CallState) -> tuple[Option, ...]:
    """The responses that may still be tried, in order of preference."""
    return tuple(one for one in _unless_paused(state, call) if not state.is_paused(call.district, one.response))


def _unless_paused(state: State, call: CallState) -> tuple[Option, ...]:
    """Those, and what only a pause holds."""
    episode = call.episode
    assert episode is not None  # noqa: S101  it is being gone on with
    if episode.override is not None:
        sent = state.option(call, episode.override)
        return () if sent is None else (sent,)
    options = call.plan.options if call.plan else ()
    return tuple(one for one in options if one.may_go and one.response not in episode.shadowed)


def _paused(state: State, call: CallState) -> tuple[str, ...]:
    """The reason that counts where a pause holds what might have gone."""
    held = any(state.is_paused(call.district, one.response) for one in _unless_paused(state, call))
    return ("paused",) if held else ()


def _from_current(state: State, call: CallState) -> list[Option]:
    """The response being tried, if it may still go, and those after it."""
    episode, open_options = call.episode, _options(state, call)
    if episode is None or episode.override is not None or episode.response is None or call.plan is None:
        return list(open_options)
    names = [one.response for one in call.plan.options]
    if episode.response not in names:  # the plan has changed: begin again
        return list(open_options)
    _, *after = dropwhile(lambda name: name != episode.response, names)
    left = [episode.response, *(name for name in after if name not in episode.tried_out_of_order)]
    if call.plan.steps[episode.step].attempt == "phone":
        left = [*episode.tried_out_of_order[-1:], *left]
    return sorted((one for one in open_options if one.response in left), key=lambda one: left.index(one.response))


def _steps(call: CallState) -> tuple[Step, ...]:
    """The fall-back chain; what a dispatcher sends is offered on and on until the deadline."""
    if call.plan is None or (call.episode is not None and call.episode.override is not None):
        return _WITHOUT_CHAIN
    return call.plan.steps


_WITHOUT_CHAIN = (Step("same response", 0), Step("default", 0))


def _any_pool(call: CallState) -> bool:
    """Whether teams of other pools are asked after the response's own: in a step that says so, and for a dispatcher."""
    episode = call.episode
    assert episode is not None  # noqa: S101  it is being gone on with
    return episode.override is not None or _steps(call)[episode.step].attempt == "neighbour pool"


def _expiry(state: State, call: CallState, option: Option, now: datetime) -> datetime:
    """When an offer made now expires: with the offer's own time, the step's or the episode's, whichever is first."""
    episode = call.episode
    assert episode is not None  # noqa: S101  it is being gone on with
    answer_seconds = state.timings(call).answer_seconds(option.reached_by)
    bounds = [now + timedelta(seconds=answer_seconds), episode.deadline]
    if episode.step_ends_at is not None:
        bounds.append(episode.step_ends_at)
    elif episode.override is None:
        bounds.append(now + timedelta(seconds=_steps(call)[episode.step].seconds))
    return min(bounds)


def _why_none(call: CallState) -> tuple[str, ...]:
    """Why no response may go, though the call is suitable."""
    options = call.plan.options if call.plan else ()
    return tuple(dict.fromkeys(reason for one in options for reason in one.reasons)) or ("no-response",)


def _offer(draft: Draft[State], call_id: str, option: Option, pick: Choice, cause: str) -> None:
    """Offer the call to the best team, or at once to every team where the response is broadcast or pulled."""
    call, episode = running(draft.state, call_id)
    expires_at = _expiry(draft.state, call, option, draft.now)
    teams = pick.ranked if option.reached_by in AT_ONCE else pick.ranked[:1]
    written = Written(draft)
    for step, team_id in enumerate(teams, len(episode.offers) + 1):
        is_first = team_id == teams[0]
        if not is_first and written.size_bytes() > OFFER_BYTES:
            return  # whoever is left is asked when these have answered
        draft.emit(
            OfferMade(
                offer_id=child_id(cause, f"offer/{call_id}/{episode.number}/{step}"),
                call_id=call_id,
                episode=episode.number,
                team_id=team_id,
                response=option.response,
                district=call.district,
                priority=call.plan.priority if call.plan else None,
                step=step,
                expires_at=expires_at,
                deadline=episode.deadline,
                ranked=pick.ranked if is_first else (),
                bypassed=pick.bypassed if is_first else (),
                recipients=recipients_of(draft.state, team_id),
                enters_when=option.enters_when,
                paged=option.reached_by != PULL,
            )
        )


AT_ONCE = ("broadcast", PULL)
"""How a response is reached that is offered to every team at once."""
OFFER_BYTES = STEP_BYTES // 3
"""When a decision has written so much, no more teams are offered the call at once: what else it says has to fit."""
RECORD_BYTES = 600
"""What a record has besides its value, at most."""


@dataclass(slots=True)
class Written:
    """How much a decision has come to, asked again and again as it grows; each event is encoded once."""

    draft: Draft[State]
    events: int = 0
    bytes: int = 0

    def size_bytes(self) -> int:
        """About how many bytes it is by now."""
        new = self.draft.events[self.events :]
        self.bytes += sum(len(event.encode()) + RECORD_BYTES for event in new)
        self.events += len(new)
        return self.bytes


def _ask(draft: Draft[State], call_id: str, option: Option) -> None:
    _, episode = running(draft.state, call_id)
    draft.emit(
        ConfirmationAsked(
            call_id=call_id,
            episode=episode.number,
            response=option.response,
            expires_at=episode.deadline,
            sentence=f"{option.response} may go to this call: confirm by {episode.deadline:%H:%M:%S} UTC, or "
            f"{GOING[0].lower()}{GOING[1:]}.",
        )
    )


def _step(draft: Draft[State], call_id: str, option: Option, pick: Choice) -> None:
    """Leave the step of the chain behind, and those after it that have nothing to try."""
    call, episode = running(draft.state, call_id)
    steps, bypassed = _steps(call), pick.bypassed
    why = "out-of-time" if pick.ranked else "no-team"
    for step in steps[episode.step + 1 :]:
        following = _following(draft.state, call, option, step.attempt)
        draft.emit(
            FallBackStepped(
                call_id=call_id,
                episode=episode.number,
                response=option.response,
                why=(why,),
                bypassed=bypassed,
                next_response=following,
            )
        )
        if following is not None or step.attempt not in _HAS_NONE:
            return
        why, bypassed = _HAS_NONE[step.attempt], ()


_HAS_NONE: Mapping[Attempt, str] = {"next response": "no-next-response", "phone": "no-phone-response"}
"""Steps that need a response of their own, and why they are left behind where there is none."""


def _following(state: State, call: CallState, option: Option, attempt: Attempt) -> str | None:
    """The other response that a step goes on to from `option`: the next in order, or the one by telephone."""
    if attempt == "phone":
        return next((one.response for one in _options(state, call) if one.reached_by == PHONE), None)
    if attempt != "next response" or call.episode is None:
        return None
    tried = (option.response, call.episode.response)
    return next((one.response for one in _from_current(state, call) if one.response not in tried), None)
