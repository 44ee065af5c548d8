"""What triage decides when a call is published, routed, or has to be judged again. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from services.triage.judging import essence, judged
from services.triage.referrals import followed_up, told_later
from services.triage.sealed_part import Opener, disclosed
from services.triage.state import OpenCall, State, Version, seen_as, with_version
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
"""Ids are remembered for so long; an unknown call with an older time stamp may have been forgotten."""
JUDGED_AT_ONCE = 50
"""Calls judged again in one go."""


def reported(state: State, event: CallReported | CallCancelled, now: datetime, opener: Opener) -> list[Event]:
    """A version of a call: judged, or noted, or nothing new."""
    call, held = event.call, state.calls.get(event.call_id)
    if held is None:
        closed_at = state.closed.get(event.call_id)
        if closed_at is None and event.judged_at - call.updated_at > STALE:
            return [CallStale(call_id=event.call_id, event_id=event.event_id, updated_at=call.updated_at)]
        if closed_at is not None and call.order <= closed_at:
            return []  # the call is over, and this is from before
        held = OpenCall()
    elif seen_as(event.event_id, event.fingerprint) in held.seen:
        return []
    late = bool(held.newest) and call.order < held.newest[0].order
    if call.ended:
        return [_late(event, Version(event.event_id, call, event.judged_at, ()))] if late else [_ended(event)]
    version = Version(event.event_id, call, event.judged_at, *disclosed(state.programme, event, opener))
    after = with_version(held, version)
    if late:
        # it may be the first to hold a line, which makes an answer in the newest one count
        return [_late(event, version), *_with_later(state, _said_again(state, after), now)]
    return _with_later(state, [_said(state, held, after, event, version)], now)


def _with_later(state: State, said: list[Event], now: datetime) -> list[Event]:
    """What is said of calls, and the referrals and notes that follow from it."""
    later = (told_later(state, one.call_id, one.judgement, now) for one in said if isinstance(one, CallTriaged))
    return [*said, *(event for events in later for event in events)]


def _ended(event: CallReported | CallCancelled) -> Event:
    call = event.call
    return CallEnded(call_id=event.call_id, event_id=event.event_id, updated_at=call.updated_at, status=call.status)


def _late(event: CallReported | CallCancelled, version: Version) -> Event:
    return VersionNoted.model_construct(
        call_id=event.call_id,
        event_id=event.event_id,
        updated_at=event.call.updated_at,
        why="late",
        fingerprint=event.fingerprint,
        heard=(),
        judged_at=event.judged_at,
        call=version.call if version.lines else None,
        lines=version.lines,
        located=version.located,
        caller=version.caller,
        read_by=version.read_by,
    )


def _said(
    state: State, before: OpenCall, after: OpenCall, event: CallReported | CallCancelled, version: Version
) -> Event:
    judgement, heard = judged(state, after)
    call = after.version.call
    if before.judgement is not None and before.newest and essence(judgement) == essence(before.judgement):
        was = before.version.call
        if _terms(call) == _terms(was) and after.frozen == before.frozen:
            return VersionNoted.model_construct(
                call_id=event.call_id,
                event_id=event.event_id,
                updated_at=version.call.updated_at,
                why="unchanged",
                fingerprint=event.fingerprint,
                heard=heard,
                judged_at=version.judged_at,
                call=version.call,
                lines=version.lines,
                located=version.located,
                caller=version.caller,
                read_by=version.read_by,
            )
    return CallTriaged.model_construct(
        call_id=event.call_id,
        event_id=event.event_id,
        updated_at=version.call.updated_at,
        judged_at=version.judged_at,
        judgement=judgement,
        heard=heard,
        fingerprint=event.fingerprint,
        priority=call.priority,
        language=call.language,
        call=version.call,
        lines=version.lines,
        located=version.located,
        caller=version.caller,
        read_by=version.read_by,
    )


def _terms(call: Call) -> tuple[str | None, ...]:
    """What team availability goes by besides the judgement; a new request or a re-opening may begin an episode."""
    return call.priority, call.language, call.requested_by, call.status


def judge_again(state: State, now: datetime) -> list[Event]:
    """The next of the calls that wait since the programme or the switchboard changed."""
    waiting = state.to_judge[:JUDGED_AT_ONCE]
    events: list[Event] = []
    for call_id in waiting:
        held = state.calls.get(call_id)
        if held is not None and held.newest and not held.frozen:
            events += _with_later(state, _said_again(state, held), now)
    return [*events, CallsJudgedAgain(count=len(waiting))]


def _said_again(state: State, held: OpenCall) -> list[Event]:
    """What is said of a call whose versions are all known: only what differs from what was said last."""
    judgement, heard = judged(state, held)
    if held.judgement is not None and essence(judgement) == essence(held.judgement):
        return []
    version = held.version
    return [
        CallTriaged.model_construct(
            call_id=version.call.call_id,
            event_id=version.event_id,
            updated_at=version.call.updated_at,
            judged_at=version.judged_at,
            judgement=judgement,
            heard=heard,
            fingerprint="",
            priority=version.call.priority,
            language=version.call.language,
            call=None,
            lines=(),
            located=None,
            caller="",
            read_by="",
        )
    ]


def offered(state: State, event: OfferMade, now: datetime) -> list[Event]:
    """A team was asked: from here on the call is in flight, and counts as one of the response's."""
    held, carried = state.calls.get(event.call_id), state.carried.get(event.call_id)
    newest = max(held.offered if held else (0, 0), carried.offered if carried else (0, 0))
    if (event.episode, event.step) <= newest:
        return []
    return [
        RoutingNoted(
            call_id=event.call_id,
            reached="offered",
            response=event.response,
            district=event.district,
            day=_day(state, held, now),
            episode=event.episode,
            step=event.step,
        )
    ]


def _day(state: State, held: OpenCall | None, now: datetime) -> date:
    """The day, on the agency's clocks, that a call is one of."""
    at = held.version.judged_at if held is not None and held.newest else now
    return at.astimezone(state.programme.zone if state.programme else UTC).date()


def routed(state: State, event: CallRouted, now: datetime) -> list[Event]:
    """The call has its outcome; of two responses it counts for the one that takes it."""
    held, carried = state.calls.get(event.call_id), state.carried.get(event.call_id)
    if event.outcome not in ("team-accepted", "phone-accepted"):
        known = held is None and carried is None
        return [] if known else [RoutingNoted(call_id=event.call_id, reached=event.outcome)]
    moved = event.response is not None and (carried is None or carried.response != event.response)
    if not moved and (held is None or held.accepted):
        return []
    return [
        RoutingNoted(
            call_id=event.call_id,
            reached=event.outcome,
            response=event.response,
            district=event.district,
            day=_day(state, held, now),
            episode=event.episode,
        )
    ]


def released(state: State, event: AssignmentEnded | AssignmentWithdrawn, now: datetime) -> list[Event]:
    """The team is free again."""
    if event.call_id not in state.carried:
        return []
    after = followed_up(state, event, now) if isinstance(event, AssignmentEnded) else ()
    return [RoutingNoted(call_id=event.call_id, reached="ended"), *after]


def upgraded(state: State, event: UpgradeRaised | StatusReported, now: datetime) -> list[Event]:
    """A call that a team has accepted is more dangerous than it was thought; so many of them are a pause."""
    carried, programme = state.carried.get(event.call_id or ""), state.programme
    rule = programme.automatic_pause if programme else None
    if carried is None or not carried.district or rule is None:
        return []
    if isinstance(event, StatusReported) and event.status != "need-police":
        return []
    call_id, response = event.call_id or "", carried.response if rule.pauses == "response" else None
    paused, since = Switch(carried.district, response).key, now - timedelta(minutes=rule.within_minutes)
    recent = {known for known, at in state.upgrades.get(paused, ()) if at > since}
    if call_id in recent:
        return []
    events: list[Event] = [UpgradeNoted(call_id=call_id, counts_for=paused)]
    if len(recent) + 1 >= rule.unsafe_upgrades and not state.switchboard.is_paused(carried.district, carried.response):
        events.append(
            DistrictPaused(
                district=carried.district,
                response=response,
                revision=state.switchboard.revision + 1,
                changed_by=BY_ITSELF,
                reason=f"{len(recent) + 1} unsafe upgrades within {rule.within_minutes} minutes",
            )
        )
    return events
