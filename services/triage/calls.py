"""What triage decides when a call is published, routed, or has to be judged again. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from services.triage.judging import essence, judgement_of
from services.triage.referrals import follow_ups, referrals_and_notes
from services.triage.sealed_part import Opener, disclosure_of
from services.triage.state import OpenCall, State, Version, version_key, with_version
from shared.call import Call
from shared.events import (
    BY_ITSELF,
    AssignmentEnded,
    AssignmentWithdrawn,
    CallCancelled,
    CallEnded,
    CallReported,
    CallRouted,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    DistrictPaused,
    Event,
    OfferMade,
    RoutingNoted,
    StatusReported,
    UpgradeNoted,
    UpgradeRaised,
    VersionNoted,
)
from shared.switch import Switch

STALE = timedelta(days=7)
"""How long ids are remembered; an unknown call with an older time stamp may have been forgotten."""
JUDGED_AT_ONCE = 50
"""Calls judged again in one go."""


def call_reported(state: State, event: CallReported | CallCancelled, now: datetime, opener: Opener) -> list[Event]:
    """A version of a call: judged, or noted, or nothing new."""
    call, before = event.call, state.calls.get(event.call_id)
    if before is None:
        closed_at = state.closed_calls.get(event.call_id)
        if closed_at is None and event.judged_at - call.updated_at > STALE:
            return [CallStale(call_id=event.call_id, event_id=event.event_id, updated_at=call.updated_at)]
        if closed_at is not None and call.order <= closed_at:
            return []  # the call is over, and this is from before
        before = OpenCall()
    elif version_key(event.event_id, event.fingerprint) in before.seen:
        return []
    late = bool(before.newest) and call.order < before.newest[0].order
    if call.ended:
        return [_noted(event, Version(event.event_id, call, event.judged_at, ()), "late")] if late else [_ended(event)]
    version = Version(event.event_id, call, event.judged_at, *disclosure_of(state.programme, event, opener))
    after = with_version(before, version)
    if late:
        # it may be the first to hold a line, which makes an answer in the newest one count
        again = _with_referrals(state, _judged_again(state, after), now)
        return [_noted(event, version, "late", call=version.call if version.lines else None), *again]
    return _with_referrals(state, [_judged(state, before, after, event, version)], now)


def _with_referrals(state: State, events: list[Event], now: datetime) -> list[Event]:
    """The events, and the referrals and notes that follow from the judgements among them."""
    judged = [event for event in events if isinstance(event, CallTriaged)]
    return [*events, *(record for event in judged for record in referrals_and_notes(state, event, now))]


def _ended(event: CallReported | CallCancelled) -> Event:
    call = event.call
    return CallEnded(call_id=event.call_id, event_id=event.event_id, updated_at=call.updated_at, status=call.status)


def _judged(
    state: State, before: OpenCall, after: OpenCall, event: CallReported | CallCancelled, version: Version
) -> Event:
    """The judgement of a newest version, or that it changes nothing."""
    judgement, heard = judgement_of(state, after)
    call = after.version.call
    if before.judgement is not None and before.newest and essence(judgement) == essence(before.judgement):
        same_terms = _terms(call) == _terms(before.version.call)
        if same_terms and after.frozen == before.frozen:
            return _noted(event, version, "unchanged", heard=heard, call=version.call)
    return CallTriaged.model_construct(
        call_id=event.call_id,
        event_id=event.event_id,
        updated_at=version.call.updated_at,
        judgement=judgement,
        heard=heard,
        fingerprint=event.fingerprint,
        priority=call.priority,
        language=call.language,
        call=version.call,
        **_disclosed(version),
    )


def _terms(call: Call) -> tuple[str | None, ...]:
    """What team availability goes by besides the judgement; a new request or a re-opening may begin an episode."""
    return call.priority, call.language, call.requested_by, call.status


def _noted(
    event: CallReported | CallCancelled,
    version: Version,
    why: Literal["unchanged", "late"],
    *,
    heard: tuple[str, ...] = (),
    call: Call | None = None,
) -> Event:
    return VersionNoted.model_construct(
        call_id=event.call_id,
        event_id=event.event_id,
        updated_at=event.call.updated_at,
        why=why,
        fingerprint=event.fingerprint,
        heard=heard,
        call=call,
        **_disclosed(version),
    )


def _disclosed(version: Version) -> dict[str, Any]:
    return {
        "judged_at": version.judged_at,
        "lines": version.lines,
        "located": version.located,
        "caller": version.caller,
        "read_by": version.read_by,
    }


def judge_again(state: State, now: datetime) -> list[Event]:
    """The next of the calls that wait since the programme or the switchboard changed."""
    waiting = state.to_judge[:JUDGED_AT_ONCE]
    events: list[Event] = []
    for call_id in waiting:
        open_call = state.calls.get(call_id)
        if open_call is not None and open_call.newest and not open_call.frozen:
            events += _with_referrals(state, _judged_again(state, open_call), now)
    return [*events, CallsJudgedAgain(count=len(waiting))]


def _judged_again(state: State, open_call: OpenCall) -> list[Event]:
    """The judgement of a call whose versions were all judged before, if it differs from the last one."""
    judgement, heard = judgement_of(state, open_call)
    if open_call.judgement is not None and essence(judgement) == essence(open_call.judgement):
        return []
    version = open_call.version
    return [
        CallTriaged.model_construct(
            call_id=version.call.call_id,
            event_id=version.event_id,
            updated_at=version.call.updated_at,
            judged_at=version.judged_at,
            judgement=judgement,
            heard=heard,
            priority=version.call.priority,
            language=version.call.language,
        )
    ]


def offer_made(state: State, event: OfferMade, now: datetime) -> list[Event]:
    """A team was asked: from here on the call is in flight, and counts as one of the response's."""
    open_call, entry = state.calls.get(event.call_id), state.load_entries.get(event.call_id)
    newest = max(open_call.offered if open_call else (0, 0), entry.offered if entry else (0, 0))
    if (event.episode, event.step) <= newest:
        return []
    return [
        RoutingNoted(
            call_id=event.call_id,
            reached="offered",
            response=event.response,
            district=event.district,
            day=_day(state, open_call, now),
            episode=event.episode,
            step=event.step,
        )
    ]


def _day(state: State, open_call: OpenCall | None, now: datetime) -> date:
    """The day, on the agency's clocks, that a call is one of."""
    at = open_call.version.judged_at if open_call is not None and open_call.newest else now
    return at.astimezone(state.programme.zone if state.programme else UTC).date()


def call_routed(state: State, event: CallRouted, now: datetime) -> list[Event]:
    """The call has its outcome; of two responses it counts for the one that takes it."""
    open_call, entry = state.calls.get(event.call_id), state.load_entries.get(event.call_id)
    if event.outcome not in ("team-accepted", "phone-accepted"):
        unknown = open_call is None and entry is None
        return [] if unknown else [RoutingNoted(call_id=event.call_id, reached=event.outcome)]
    moved = event.response is not None and (entry is None or entry.response != event.response)
    if not moved and (open_call is None or open_call.accepted):
        return []
    return [
        RoutingNoted(
            call_id=event.call_id,
            reached=event.outcome,
            response=event.response,
            district=event.district,
            day=_day(state, open_call, now),
            episode=event.episode,
        )
    ]


def team_freed(state: State, event: AssignmentEnded | AssignmentWithdrawn, now: datetime) -> list[Event]:
    """The team is free again."""
    if event.call_id not in state.load_entries:
        return []
    after = follow_ups(state, event, now) if isinstance(event, AssignmentEnded) else ()
    return [RoutingNoted(call_id=event.call_id, reached="ended"), *after]


def call_upgraded(state: State, event: UpgradeRaised | StatusReported, now: datetime) -> list[Event]:
    """A call that a team has accepted is more dangerous than it was thought; a number of them is a pause."""
    call_id = event.call_id or ""
    entry, programme = state.load_entries.get(call_id), state.programme
    rule = programme.automatic_pause if programme else None
    if entry is None or not entry.district or rule is None:
        return []
    if isinstance(event, StatusReported) and event.status != "need-police":
        return []
    pause = Switch(entry.district, entry.response if rule.pauses == "response" else None)
    since = now - timedelta(minutes=rule.within_minutes)
    recent = {other_id for other_id, at in state.upgrades.get(pause.key, ()) if at > since}
    if call_id in recent:
        return []
    events: list[Event] = [UpgradeNoted(call_id=call_id, counts_for=pause.key)]
    if len(recent) + 1 >= rule.unsafe_upgrades and not state.switchboard.is_paused(entry.district, entry.response):
        events.append(
            DistrictPaused(
                district=pause.district,
                response=pause.response,
                revision=state.switchboard.revision + 1,
                changed_by=BY_ITSELF,
                reason=f"{len(recent) + 1} unsafe upgrades within {rule.within_minutes} minutes",
            )
        )
    return events
