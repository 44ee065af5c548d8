"""What triage decides when a call is published, routed, or has to be judged again. Pure."""

from __future__ import annotations

from datetime import timedelta

from services.triage.judging import essence, judged
from services.triage.listen import OpenSealed, lines_heard
from services.triage.state import OpenCall, State, Version, order_of, seen_as, with_version
from shared.call import Call
from shared.events import (
    CallCancelled,
    CallEnded,
    CallReported,
    CallRouted,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    Event,
    OfferMade,
    RoutingNoted,
    VersionNoted,
)

STALE = timedelta(days=7)
"""Ids are remembered for so long; an unknown call with an older time stamp may have been forgotten."""
JUDGED_AT_ONCE = 50
"""Calls judged again in one go."""


def reported(state: State, event: CallReported | CallCancelled, open_sealed: OpenSealed) -> list[Event]:
    """A version of a call: judged, or noted, or nothing new."""
    call, held = event.call, state.calls.get(event.call_id)
    if held is None:
        closed_at = state.closed.get(event.call_id)
        if closed_at is None and event.judged_at - call.updated_at > STALE:
            return [CallStale(call_id=event.call_id, event_id=event.event_id, updated_at=call.updated_at)]
        if closed_at is not None and order_of(call) <= closed_at:
            return []  # the call is over, and this is from before
        held = OpenCall()
    elif seen_as(event.event_id, event.fingerprint) in held.seen:
        return []
    late = bool(held.newest) and order_of(call) < held.newest[0].order
    if call.ended:
        return [_late(event, Version(event.event_id, call, event.judged_at, ()))] if late else [_ended(event)]
    version = Version(event.event_id, call, event.judged_at, lines_heard(state.programme, event, open_sealed))
    after = with_version(held, version)
    if late:
        # it may be the first to hold a line, which makes an answer in the newest one count
        return [_late(event, version), *_said_again(state, after)]
    return [_said(state, held, after, event, version)]


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
    )


def _terms(call: Call) -> tuple[str | None, ...]:
    """What team availability goes by besides the judgement; a new request or a re-opening may begin an episode."""
    return call.priority, call.language, call.requested_by, call.status


def judge_again(state: State) -> list[Event]:
    """The next of the calls that wait since the programme or the switchboard changed."""
    waiting = state.to_judge[:JUDGED_AT_ONCE]
    events: list[Event] = []
    for call_id in waiting:
        held = state.calls.get(call_id)
        if held is not None and held.newest and not held.frozen:
            events += _said_again(state, held)
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
        )
    ]


def offered(state: State, event: OfferMade) -> list[Event]:
    """A team was asked: from here on the call is in flight."""
    held = state.calls.get(event.call_id)
    if held is None or held.frozen:
        return []
    return [RoutingNoted(call_id=event.call_id, reached="offered")]


def routed(state: State, event: CallRouted) -> list[Event]:
    """The call has its outcome."""
    held = state.calls.get(event.call_id)
    if held is None or (held.accepted and event.outcome in ("team-accepted", "phone-accepted")):
        return []
    return [RoutingNoted(call_id=event.call_id, reached=event.outcome)]
