"""What became of each call, as rows: episodes, outcomes, offers, steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.reporting.projection.episodes import (
    FOLLOWS,
    NUMBER_AGAIN,
    beginnings_of,
    columns_of,
    episode_of,
    follow,
    follow_judgement,
    former_of,
    is_of_former,
    name_response,
    set_local_time,
)
from services.reporting.projection.needs import (
    ASSIGNMENTS,
    EPISODES,
    EPISODES_OF_CLOCK,
    ITS_AGENCY,
    ITS_OFFER,
    JUDGED,
    OFFERS_BEFORE,
    REFERRALS_BEFORE,
    VERDICTS,
    VERSIONS,
    VERSIONS_OF_CLOCK,
    Projection,
    call_of_clock,
)
from services.reporting.projection.rows import Row, Rows
from services.reporting.projection.words import header, is_synthetic, place_of, words
from services.reporting.store.tables import (
    AGENCY,
    ASSIGNMENT,
    BYPASS,
    EPISODE,
    FAULT,
    JUDGEMENT,
    OFFER,
    OUTCOME,
    OUTCOME_REASON,
    REFERRAL,
    STEP,
    VERDICT,
    VERSION,
)
from services.reporting.store.went import HANDED_TO_POLICE
from shared import events
from shared.agencies import is_probe
from shared.engine.broker import Stored
from shared.events import DEADLINE_CLOCK, OFFER_ENDS, BypassedTeam
from shared.topics import ASSIGNMENTS as ASSIGNMENTS_TOPIC

GOES_ON = ("overridden", "late-pull")
"""Why an episode begins that goes on with a call where the one before left it: the CAD has said nothing new."""
UNDER_WAY = (*GOES_ON, "requested")
"""Why an episode begins of a call that has not ended: whoever went to it before may be there."""
MAY_SEND_DEFAULT = ("default_asked", "upgraded_at", "police_asked_at", "silent_at", "unconfirmed_at")
"""What of an episode says, where it is there, that the default was sent beside its team, or may have been."""
UNDECIDABLE = (events.CallReported.type, events.CallCancelled.type)
"""Inputs whose refusal by team availability is the outcome of their call."""


# --- episodes and the judgements that they follow


def _terms_noted(rows: Rows, event: events.TermsNoted, stored: Stored) -> None:
    row = rows.change(AGENCY, agency=stored.key)
    row["zone"], row["programme_hash"], row["noted_at"] = event.zone, event.programme_hash, stored.time


def _deadline_set(rows: Rows, event: events.DeadlineSet, stored: Stored) -> None:
    if event.episode == 1:
        _part_from_former(rows, event.call_id, stored.time)
    before = [row for row in rows.of_call(EPISODE, event.call_id) if row["episode"] < event.episode]
    episode = episode_of(rows, event.call_id, event.episode, stored)
    goes_on = event.why in GOES_ON and bool(before)
    if before and event.why in UNDER_WAY:
        episode["default_asked"] = _default_may_have_gone(before[-1], stored.time)
    if goes_on:
        episode |= {name: before[-1][name] for name in FOLLOWS}
    else:
        _take_zone(rows, episode)
    episode |= {
        "synthetic": is_synthetic(event, stored),
        "why": event.why,
        "begun_at": stored.time,
        "received_at": event.received_at,
        "call_received_at": before[-1]["call_received_at"] if goes_on else event.received_at,
        "deadline_at": event.deadline,
        "requested_by": (episode["requested_by"] if goes_on else None) or event.requested_by,
    }
    set_local_time(episode)


def _part_from_former(rows: Rows, call_id: str, at: datetime) -> None:
    """An incident that had the number long before is another: what is told by its episodes goes by another id."""
    begun = beginnings_of(rows, call_id)
    if begun and at - max(begun) > NUMBER_AGAIN:
        for table in (EPISODE, OFFER):
            rows.give_to(table, call_id, former_of(call_id, at))
        for referral in list(rows.where(REFERRAL, call_id=call_id)):
            if is_of_former(referral["made_at"], at):
                rows.mark_changed(REFERRAL, referral)["call_id"] = former_of(call_id, at)


def _take_zone(rows: Rows, episode: Row) -> None:
    """The agency's, as long as no judgement says one."""
    agency = rows.find(AGENCY, agency=episode["agency"])
    if agency is not None:
        episode["zone"] = episode["zone"] or agency["zone"]
    set_local_time(episode)


def _default_may_have_gone(before: Row, at: datetime) -> bool:
    """Whether it was sent to the call before an instant, or by whom a team was turned back or handed over to."""
    turned_back = before["released_at"] is not None and before["released_at"] < at  # else another is sent in its place
    return (
        before["outcome"] == "default"
        or turned_back
        or before["disposition"] in HANDED_TO_POLICE
        or any(before[name] for name in MAY_SEND_DEFAULT)
    )


def _plan_set(rows: Rows, event: events.PlanSet, stored: Stored) -> None:
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["deadline_at"], episode["priority"] = event.deadline, event.priority or episode["priority"]
    follow(episode, columns_of(event.judgement))
    _follow_at(rows, episode, event.triaged_at)


def _hold_began(rows: Rows, event: events.HoldBegan, stored: Stored) -> None:
    """The call waits for a team: it needs its outcome by the end of that."""
    rows.add(
        STEP,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        episode=event.episode,
        kind="hold",
        at=stored.time,
    )
    episode_of(rows, event.call_id, event.episode, stored)["deadline_at"] = event.until


def _follow_at(rows: Rows, episode: Row, offset: int) -> None:
    """The episode follows the judgement at an offset, which may not have been read yet: then it waits for it."""
    if offset < 0:
        return
    episode["judgement_offset"] = offset
    judgement = rows.find(JUDGEMENT, partition=episode["partition"], record_offset=offset)
    if judgement is not None:
        follow_judgement(episode, judgement, _verdicts(rows, episode))


def _verdicts(rows: Rows, episode: Row) -> list[Row]:
    if episode["judgement_offset"] is None:
        return []
    place = {"partition": episode["partition"], "record_offset": episode["judgement_offset"]}
    return list(rows.where(VERDICT, **place))


# --- outcomes


def _call_routed(rows: Rows, event: events.CallRouted, stored: Stored) -> None:
    episode = episode_of(rows, event.call_id, event.episode, stored)
    is_first = _outcome(rows, episode, Routed(event.outcome, event.reasons, event), stored)
    if not is_first:  # a double: it shows, and changes nothing
        return
    episode |= {"team_id": event.team_id, "response": event.response, "deadline_at": event.deadline}
    episode["district"] = event.district or episode["district"]
    _follow_at(rows, episode, event.triaged_at)
    name_response(episode, _verdicts(rows, episode))
    for name in ("programme_version", "programme_hash", "switchboard_revision"):
        episode[name] = getattr(event, name) or episode[name]


class Routed(NamedTuple):
    """An outcome and its reasons; without an event it came by a failure."""

    outcome: str
    reasons: tuple[str, ...]
    event: events.CallRouted | None = None


FAILED = Routed("default", ("internal-error",))


def _outcome(rows: Rows, episode: Row, routed: Routed, stored: Stored) -> bool:
    """Note an outcome of an episode; whether it is the first."""
    outcome, reasons, event = routed
    about = {"agency": stored.key, "call_id": episode["call_id"], "episode": episode["episode"]}
    rows.add(
        OUTCOME,
        **place_of(stored),
        **about,
        event_id=header(stored, "id"),
        at=stored.time,
        outcome=outcome,
        reasons=words(reasons),
        by_failure=event is None,
        **({} if event is None else {name: getattr(event, name) for name in OF_AN_OUTCOME}),
        deadline_at=episode["deadline_at"] if event is None else event.deadline,
        judgement_offset=None if event is None or event.triaged_at < 0 else event.triaged_at,
    )
    for number, reason in enumerate(reasons):
        rows.add(OUTCOME_REASON, **place_of(stored), number=number, reason=reason, **about)
    episode["outcomes"] += 1
    if episode["outcomes"] > 1:
        return False
    episode |= {"outcome": outcome, "outcome_at": stored.time, "reasons": words(reasons)}
    episode["reason"] = reasons[0] if reasons else None
    return True


OF_AN_OUTCOME = ("team_id", "response", "district", "programme_version", "programme_hash", "switchboard_revision")


def _input_refused(rows: Rows, event: events.InputRefused, stored: Stored) -> None:
    """A call that team availability could not take in has its outcome with that."""
    _fault(rows, "input-refused", event.input_type, event.call_id, stored)
    if stored.topic == ASSIGNMENTS_TOPIC.name and event.call_id and event.input_type in UNDECIDABLE:
        _fail(rows, event.call_id, stored, begins=event.input_type == events.CallReported.type)


def _clock_failed(rows: Rows, event: events.ClockFailed, stored: Stored) -> None:
    """So has a call whose routing deadline failed."""
    kind, about = event.clock_id.partition("/")[0], call_of_clock(event.clock_id)
    is_deadline = kind == DEADLINE_CLOCK
    _fault(rows, "clock-failed", kind, about if is_deadline else None, stored)
    if is_deadline and stored.topic == ASSIGNMENTS_TOPIC.name:
        _fail(rows, about, stored, begins=False)


def _fail(rows: Rows, call_id: str, stored: Stored, *, begins: bool) -> None:
    episodes = rows.of_call(EPISODE, call_id)
    if episodes and max(episodes, key=lambda row: row["episode"])["outcome"] is not None:
        return
    if episodes or begins:
        number = max((row["episode"] for row in episodes), default=1)
        episode = episode_of(rows, call_id, number, stored)
        episode["begun_at"] = episode["begun_at"] or stored.time
        _take_zone(rows, episode)
        episode["synthetic"] = episode["synthetic"] or is_probe(stored.key) or _is_of_a_test(rows, call_id)
        _outcome(rows, episode, FAILED, stored)


def _is_of_a_test(rows: Rows, call_id: str) -> bool:
    """A refusal does not say so itself; what was refused stands among the versions, which may be read later."""
    return any(version["synthetic"] for version in rows.of_call(VERSION, call_id))


def _fault(rows: Rows, kind: str, about: str, call_id: str | None, stored: Stored) -> None:
    rows.add(
        FAULT,
        topic=stored.topic,
        **place_of(stored),
        agency=stored.key,
        call_id=call_id,
        kind=kind,
        about=about,
        at=stored.time,
    )


# --- offers


def _offer_made(rows: Rows, event: events.OfferMade, stored: Stored) -> None:
    offer = rows.change(OFFER, offer_id=event.offer_id)
    offer |= {
        "agency": stored.key,
        "call_id": event.call_id,
        "episode": event.episode,
        "team_id": event.team_id,
        "response": event.response,
        "district": event.district,
        "priority": event.priority,
        "step": event.step,
        "paged": event.paged,
        "recipients": len(event.recipients),
        "made_at": stored.time,
        "expires_at": event.expires_at,
    }
    _bypass(rows, event, "offer", stored)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["offers"] += 1
    episode["first_offer_at"] = episode["first_offer_at"] or stored.time


def _offer_answered(rows: Rows, event: events.OfferAnswered, stored: Stored) -> None:
    offer = rows.change(OFFER, offer_id=event.offer_id)
    offer |= {"agency": stored.key, "call_id": event.call_id, "episode": event.episode, "team_id": event.team_id}
    offer |= {"person_id": event.person_id, "eta_minutes": event.eta_minutes}


def _offer_ended(rows: Rows, event: Any, stored: Stored) -> None:
    offer = rows.change(OFFER, offer_id=event.offer_id)
    offer |= {
        "agency": stored.key,
        "call_id": event.call_id,
        "episode": event.episode,
        "team_id": event.team_id,
        "ended": OFFER_ENDS[type(event)],
        "ended_at": stored.time,
        "why": getattr(event, "why", None),
        "person_id": getattr(event, "person_id", offer["person_id"]),
        "eta_minutes": getattr(event, "eta_minutes", offer["eta_minutes"]),
    }


def _offer_accepted(rows: Rows, event: events.OfferAccepted, stored: Stored) -> None:
    _offer_ended(rows, event, stored)
    offer = rows.change(OFFER, offer_id=event.offer_id)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode |= {"accepted_at": event.accepted_at, "eta_minutes": event.eta_minutes, "team_id": event.team_id}
    rows.add(
        ASSIGNMENT,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        episode=event.episode,
        team_id=event.team_id,
        offer_id=event.offer_id,
        response=offer["response"],
        accepted_at=event.accepted_at,
        from_at=stored.time,
    )


def _offer_shadowed(rows: Rows, event: events.OfferShadowed, stored: Stored) -> None:
    """The first response that somebody would have been there for; where nobody was for any, the first of them."""
    _step(rows, event, "shadow", stored, team_id=event.team_id)
    episode = episode_of(rows, event.call_id, event.episode, stored)
    if episode["shadow_team_id"] is None and (event.team_id or episode["shadow_at"] is None):
        episode |= {"shadow_at": stored.time, "shadow_response": event.response, "shadow_team_id": event.team_id}


def _fall_back_stepped(rows: Rows, event: events.FallBackStepped, stored: Stored) -> None:
    _step(rows, event, "fall-back", stored, next_response=event.next_response, reasons=words(event.why))


def _step(rows: Rows, event: Any, kind: str, stored: Stored, **more: Any) -> None:
    rows.add(
        STEP,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        episode=event.episode,
        kind=kind,
        response=event.response,
        at=stored.time,
        **more,
    )
    _bypass(rows, event, kind, stored)


def _bypass(rows: Rows, event: Any, kind: str, stored: Stored) -> None:
    bypassed: Sequence[BypassedTeam] = event.bypassed
    reasons = [(team.team_id, reason) for team in bypassed for reason in team.reasons]
    for number, (team_id, reason) in enumerate(reasons):
        rows.add(
            BYPASS,
            **place_of(stored),
            number=number,
            agency=stored.key,
            call_id=event.call_id,
            episode=event.episode,
            kind=kind,
            response=event.response,
            team_id=team_id,
            reason=reason,
        )


# --- what dispatchers are asked, and decide


def _confirmation_asked(rows: Rows, event: events.ConfirmationAsked, stored: Stored) -> None:
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["confirmation_asked_at"] = episode["confirmation_asked_at"] or stored.time


def _decision_confirmed(rows: Rows, event: events.DecisionConfirmed, stored: Stored) -> None:
    episode_of(rows, event.call_id, event.episode, stored)["confirmed_at"] = stored.time


def _confirmation_lapsed(rows: Rows, event: events.ConfirmationLapsed, stored: Stored) -> None:
    episode_of(rows, event.call_id, event.episode, stored)["confirmation_lapsed_at"] = stored.time


def _call_overridden(rows: Rows, event: events.CallOverridden, stored: Stored) -> None:
    episode = episode_of(rows, event.call_id, event.episode, stored)
    episode["overridden_at"], episode["override_send"] = stored.time, event.send
    episode["default_asked"] = episode["default_asked"] or event.send == "default"


ROUTED: dict[type[events.Event], Projection] = {
    events.TermsNoted: Projection(_terms_noted, (ITS_AGENCY,)),
    events.DeadlineSet: Projection(_deadline_set, (EPISODES, OFFERS_BEFORE, REFERRALS_BEFORE, ITS_AGENCY)),
    events.PlanSet: Projection(_plan_set, (EPISODES, JUDGED, VERDICTS)),
    events.CallRouted: Projection(_call_routed, (EPISODES, JUDGED, VERDICTS)),
    events.InputRefused: Projection(_input_refused, (EPISODES, VERSIONS, ITS_AGENCY)),
    events.ClockFailed: Projection(_clock_failed, (EPISODES_OF_CLOCK, VERSIONS_OF_CLOCK, ITS_AGENCY)),
    events.HoldBegan: Projection(_hold_began, (EPISODES,)),
    events.OfferMade: Projection(_offer_made, (ITS_OFFER, EPISODES)),
    events.OfferAnswered: Projection(_offer_answered, (ITS_OFFER,)),
    **dict.fromkeys(OFFER_ENDS, Projection(_offer_ended, (ITS_OFFER,))),
    events.OfferAccepted: Projection(_offer_accepted, (ITS_OFFER, EPISODES, ASSIGNMENTS)),
    events.OfferShadowed: Projection(_offer_shadowed, (EPISODES,)),
    events.FallBackStepped: Projection(_fall_back_stepped),
    events.ConfirmationAsked: Projection(_confirmation_asked, (EPISODES,)),
    events.DecisionConfirmed: Projection(_decision_confirmed, (EPISODES,)),
    events.ConfirmationLapsed: Projection(_confirmation_lapsed, (EPISODES,)),
    events.CallOverridden: Projection(_call_overridden, (EPISODES,)),
}
