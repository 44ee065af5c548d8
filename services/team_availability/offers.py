"""What an open episode does next: offers along the fall-back chain, a question to the dispatcher, or its outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter

from services.team_availability.chain import Chain
from services.team_availability.choice import Choice, choose, recipients_of
from services.team_availability.draft import OR_DEFAULT_GOES, CallDraft
from services.team_availability.plan import NO_NEXT_RESPONSE, NO_PHONE_RESPONSE, OUT_OF_TIME, PULL, WINDOW, Option
from services.team_availability.state import CallState
from services.team_availability.window import is_too_late, settle
from shared.call import SYNTHETIC
from shared.engine.topic import STEP_BYTES
from shared.events import (
    ConfirmationAsked,
    ConfirmationLapsed,
    Event,
    FallBackStepped,
    HoldAsked,
    OfferMade,
    OfferShadowed,
    child_id,
)
from shared.judgement import HOLD, ORDER_OF_CALLS, Attempt, Phase

LEAST_OFFER = timedelta(seconds=1)
"""Nobody is asked for an answer in less."""
MOST_ON_HOLD = 100
"""So many calls wait at most in one agency: whenever a team comes free, each is looked at."""
AT_ONCE = ("broadcast", PULL, WINDOW)
"""How a response is reached that is offered to every team at once."""
OFFER_BYTES = STEP_BYTES // 3
"""When a decision has written so much, no more teams are offered the call at once: what else it says has to fit."""


def advance(call: CallDraft) -> None:
    """Go on with an episode that waits for no answer, until it waits for somebody or is over."""
    for other in settle(call):
        advance(other)
    while _may_go_on(call):
        chain = Chain(call.draft.state, call.state)
        if chain.step.attempt == HOLD:
            if not _waited(call, chain):
                return
            continue
        option = chain.current
        if option is None:
            call.route("default", chain.why_over)
        elif option.phase == "advisory" and option.response == call.episode.proposed:
            return  # until a dispatcher confirms it
        else:
            passed_over = _make_room(call, chain, option)
            call.draft.emit_all(_attempt(call, Chain(call.draft.state, call.state), option))
            if passed_over is not None:
                advance(passed_over)


def _waited(call: CallDraft, chain: Chain) -> bool:
    """At the step in which a call may wait: offer it to who is free, or ask for the hold; False while it waits."""
    state, now = call.draft.state, call.draft.now
    for option in chain.waited_for:
        pick = choose(state, chain.call, option, now)
        expires_at = chain.expiry(option, now)
        if pick.ranked and expires_at - now >= LEAST_OFFER:
            call.draft.emit_all(offered(call, option, pick, expires_at))
            return True
    may_wait = call.plan is None or bool(call.plan.hold_minutes)  # its priority may say by now that it may not
    if call.episode.hold is not None and chain.waited_for and may_wait:
        return False
    why_not = _why_not_held(call, chain)
    if why_not:
        call.route("default", why_not)
        return True
    plan, deadline = call.plan, call.episode.deadline
    minutes = 0 if plan is None else plan.hold_minutes
    until = min(now + timedelta(seconds=chain.step.seconds), deadline)
    clock_time = state.timings(chain.call).clock_time(deadline)
    sentence = f"No team is free: may the call wait for one, {minutes} min at most? Without a word by {clock_time}, "
    call.emit(HoldAsked(**call.key, minutes=minutes, until=until, sentence=f"{sentence}{OR_DEFAULT_GOES}."))
    return False


def _why_not_held(call: CallDraft, chain: Chain) -> tuple[str, ...]:
    """Why a call may not wait, with what has stopped it before; empty where it may."""
    if not chain.waited_for:
        return chain.why_over
    if call.plan is None or not call.plan.hold_minutes:
        why_not = "not-held"
    elif len(call.draft.state.on_hold) >= MOST_ON_HOLD:
        why_not = "many-on-hold"
    else:
        return ()
    return (*call.episode.reasons, why_not)


def end_proposal(call: CallDraft) -> None:
    """Nobody has confirmed in time; where nothing may go without being asked, there is time until the deadline."""
    chain, proposed = Chain(call.draft.state, call.state), call.episode.proposed
    option = None if call.plan is None or proposed is None else call.plan.option(proposed)
    if option is not None and _unasked(chain, option, call.draft.now) is None:
        call.emit(_proposed(call, chain, option))
        return
    call.emit(ConfirmationLapsed(**call.key, response=proposed or ""))
    advance(call)


def end_by_deadline(call: CallDraft) -> None:
    """Nobody took the call in time; who was asked within a window may have answered in time."""
    for offer in call.episode.open_offers:
        if offer.expires_at <= call.draft.now and offer.willing is None:
            call.expire(offer)
    if not is_too_late(call):
        for other in settle(call):
            advance(other)
    if not call.is_open:
        return
    call.withdraw("routed")
    call.route("default", (*_why_late(call), "deadline"))


def _why_late(call: CallDraft) -> tuple[str, ...]:
    """What the time went by with."""
    plan, why = call.plan, call.episode.reasons
    if call.episode.proposed is not None:
        why = (*why, "not-confirmed")
    if call.episode.waits:
        why = (*why, "hold-over")
    elif call.episode.hold is not None and call.episode.override is None:
        why = (*why, "hold-not-acknowledged")
    if plan is None and call.episode.override is None:
        why = (*why, "not-judged")
    elif plan is not None and plan.suitability == "indeterminate":
        why = (*why, *plan.reasons, "indeterminate")
    return why


def end_window(call: CallDraft) -> None:
    """The time is over in which teams could say how soon they can be there."""
    if is_too_late(call):
        end_by_deadline(call)
        return
    for offer in call.episode.open_offers:
        if offer.willing is None:
            call.expire(offer)
    advance(call)


def where_it_stands(call: CallState) -> tuple[str, str]:
    """Why a team cannot have a call any more: a reason code and a sentence."""
    if call.assignment is not None:
        return "taken", f"{call.assignment.team_id} has this call."
    if call.memory is not None and call.memory.synthetic:
        return SYNTHETIC, "This is a test call of careroute's own: nobody is sent to it."
    if call.memory is not None and call.memory.ended:
        return "cancelled", "The CAD has ended this call."
    if call.memory is not None and call.memory.outcome in ("team-accepted", "phone-accepted"):
        return "taken", "Another team had this call, and it is over."
    return "routed", f"Too late: {OR_DEFAULT_GOES} to this call."


# --- the chain ------------------------------------------------------------------------------------------------------


def _may_go_on(call: CallDraft) -> bool:
    """Whether the episode waits for nobody; after its deadline the deadline's clock ends it."""
    if not call.is_open or call.episode.open_offers or call.draft.now >= call.episode.deadline:
        return False
    return call.episode.override is not None or (call.plan is not None and call.plan.suitability == "suitable")


def _attempt(call: CallDraft, chain: Chain, option: Option) -> Iterator[Event]:
    """Try a response as far as it is switched on."""
    now, phase = call.draft.now, _phase(call, option)
    pick = choose(chain.state, chain.call, option, now, any_pool=chain.any_pool)
    expires_at = chain.expiry(option, now)
    if phase == "shadow":
        team_id = pick.ranked[0] if pick.ranked else None
        yield OfferShadowed(**call.key, response=option.response, team_id=team_id, bypassed=pick.bypassed)
    elif phase == "advisory" and pick.capped is None:
        yield _proposed(call, chain, option)
    elif pick.ranked and expires_at - now >= LEAST_OFFER:
        yield from offered(call, option, pick, expires_at)
    else:
        yield from _stepped(call, chain, option, pick)


def _proposed(call: CallDraft, chain: Chain, option: Option) -> Event:
    """A question to the dispatcher: until the deadline, or as long as a team of what follows keeps the time to answer.

    Both have at least half of what is left.
    """
    now, deadline, timings = call.draft.now, call.episode.deadline, chain.state.timings(chain.call)
    unasked, expires_at, or_else = _unasked(chain, option, now), deadline, OR_DEFAULT_GOES
    if unasked is not None:
        latest = max(deadline - timedelta(seconds=timings.answer_seconds(unasked)), now + (deadline - now) / 2)
        expires_at, or_else = min(now + timedelta(seconds=chain.step.seconds), latest), f"{unasked.response} is offered"
    sentence = f"{option.response} may go to this call: confirm by {timings.clock_time(expires_at)}, or {or_else}."
    return ConfirmationAsked(**call.key, response=option.response, expires_at=expires_at, sentence=sentence)


def _unasked(chain: Chain, option: Option, now: datetime) -> Option | None:
    """What is tried if nobody confirms `option`: the first response that needs no confirmation and has a team."""
    live = (other for other in chain.behind(option) if other.phase == "live")
    return next(
        (other for other in live if choose(chain.state, chain.call, other, now, any_pool=chain.any_pool).ranked), None
    )


def _make_room(call: CallDraft, chain: Chain, option: Option) -> CallDraft | None:
    """Where every team is offered another call, take back the unanswered offer of one that comes after this one.

    What a dispatcher sends is not taken back. Returns the call that has to be gone on with.
    """
    state, now = chain.state, call.draft.now
    pick = choose(state, chain.call, option, now, any_pool=chain.any_pool)
    is_asked = _phase(call, option) == "live" and chain.expiry(option, now) - now >= LEAST_OFFER
    if pick.ranked or not is_asked:
        return None
    order = ORDER_OF_CALLS if call.plan is None else call.plan.order_of_calls
    later: list[tuple[tuple[int, datetime], str, CallDraft]] = []
    for team in pick.bypassed:
        shift = state.teams[team.team_id].shift
        if team.reasons == ("offered-another",) and shift is not None and shift.offer_id is not None:
            other = call.draft.call(state.offers[shift.offer_id])
            place, is_answered = other.state.place_in(order), other.episode.offer(shift.offer_id).willing is not None
            if place > chain.call.place_in(order) and other.episode.override is None and not is_answered:
                later.append((place, team.team_id, other))
    if not later:
        return None
    _, team_id, other = max(later, key=itemgetter(0))
    other.withdraw("needed-first", only=team_id)
    return other


def _phase(call: CallDraft, option: Option) -> Phase:
    """How far a response is switched on; what a dispatcher sends or confirms is offered like a live one."""
    is_forced = call.episode.override is not None or option.response in call.episode.confirmed
    return "live" if is_forced else option.phase


def offered(call: CallDraft, option: Option, pick: Choice, expires_at: datetime) -> Iterator[Event]:
    """To the best team, or at once to every team where the response is broadcast or pulled."""
    draft, episode = call.draft, call.episode
    teams = pick.ranked if option.reached_by in AT_ONCE else pick.ranked[:1]
    for step, team_id in enumerate(teams, len(episode.offers) + 1):
        is_first = team_id == teams[0]
        if not is_first and draft.size_bytes() > OFFER_BYTES:  # the draft holds the offers before this one already
            return  # whoever is left is asked when these have answered
        yield OfferMade(
            **call.key,
            offer_id=child_id(draft.given.cause, f"offer/{call.call_id}/{episode.number}/{step}"),
            team_id=team_id,
            response=option.response,
            district=call.state.district,
            priority=call.plan.priority if call.plan else None,
            step=step,
            expires_at=expires_at,
            deadline=episode.deadline,
            ranked=pick.ranked if is_first else (),
            bypassed=pick.bypassed if is_first else (),
            recipients=recipients_of(draft.state, team_id),
            enters_when=option.enters_when,
            paged=option.reached_by != PULL,
            window=option.reached_by == WINDOW,
        )


def _stepped(call: CallDraft, chain: Chain, option: Option, pick: Choice) -> Iterator[Event]:
    """Leave the step of the chain behind, and those after it that have nothing to try."""
    why, bypassed = (OUT_OF_TIME,) if pick.ranked else pick.why_none, pick.bypassed
    for step in chain.later_steps:
        following = chain.following(option, step.attempt)
        yield FallBackStepped(**call.key, response=option.response, why=why, bypassed=bypassed, next_response=following)
        if following is not None or step.attempt not in _HAS_NONE:
            return
        why, bypassed = (_HAS_NONE[step.attempt],), ()


_HAS_NONE: Mapping[Attempt, str] = {"next response": NO_NEXT_RESPONSE, "phone": NO_PHONE_RESPONSE}
"""Steps that need a response of their own, and why they are left behind where there is none."""
