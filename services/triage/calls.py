"""What triage decides when a call is published, routed, or has to be judged again. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from services.triage.evolve import evolve
from services.triage.judging import essence, judgement_of
from services.triage.referrals import follow_ups, referrals_and_notes
from services.triage.sealed_part import Opener, disclosure_of
from services.triage.sources import is_reused, notes_on
from services.triage.standing import hazards_as_facts, is_newest, opens_again, remembered, with_version
from services.triage.state import ClosedCall, Memory, OpenCall, State, Version, memory_of, version_key
from shared.call import Call, CallId, is_stale, order_of
from shared.events import (
    BY_ITSELF,
    LEVEL_NOT_KNOWN,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    CallCancelled,
    CallEnded,
    CallReported,
    CallRetired,
    CallRouted,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    DistrictPaused,
    Event,
    HoldBegan,
    OfferMade,
    RoutingNoted,
    StatusReported,
    UpgradeNoted,
    UpgradeRaised,
    VersionNoted,
)
from shared.plain import how_many
from shared.programme import Judgement
from shared.programme.judging.facts import MEANINGS
from shared.replace import replace
from shared.switch import Switch

JUDGED_AT_ONCE = 50
"""Calls judged again in one go."""


def call_reported(state: State, event: CallReported | CallCancelled, now: datetime, opener: Opener) -> list[Event]:
    """A version of a call: judged, noted, or the end of it; nothing for a repeat."""
    _check_facts(event)
    call_id, call = event.call_id, event.call
    open_call, memory = state.calls.get(call_id), memory_of(state, event.call_id)
    if version_key(event.event_id, event.fingerprint, call.updated_at) in memory.seen:
        return []
    source = notes_on(state, event, memory, open_call)
    closed = state.closed_calls.get(call_id) if open_call is None else None
    if open_call is None and (closed is None or closed.why == "stale") and is_stale(call, event.judged_at):
        return [*source, _over(event, CallStale)]
    if is_reused(state, call_id, call.created_at, call.updated_at, call.status):
        open_call, closed, memory = None, None, Memory()
    events = [*source, *_version_of(state, event, (open_call, closed, memory), now, opener)]
    return [*events, *_said_of_others(state, event, events, now)]


def _version_of(
    state: State,
    event: CallReported | CallCancelled,
    before: tuple[OpenCall | None, ClosedCall | None, Memory],
    now: datetime,
    opener: Opener,
) -> list[Event]:
    open_call, closed, memory = before
    call, order = event.call, order_of(event.call.updated_at, event.received_at)
    version = Version(
        event.event_id,
        call,
        event.judged_at,
        *disclosure_of(state.programme, event, opener),
        received_at=event.received_at,
        synthetic=event.synthetic,
    )
    ended = closed is not None and closed.why == "ended"
    if ended and not opens_again(memory, version):
        return _after_the_end(state, event, memory, version)
    overtaken = memory.reopened is not None and order < memory.reopened
    if call.ended and not overtaken:
        return _ended(state, event, open_call, memory, version)
    if is_newest(memory, order):
        open_call = open_call or OpenCall(memory=memory)
        after = with_version(state.programme, open_call, version)
        return _with_referrals(state, [_judged(state, open_call, after, event, version)], now)
    if open_call is None:
        return _after_the_end(state, event, memory, version)
    late = _noted(event, version, "late", call=call)
    again = _judged_again(state, with_version(state.programme, open_call, version))  # it may say something worse
    return [late, *_with_referrals(state, again, now)]


def _check_facts(event: CallReported | CallCancelled) -> None:
    """Facts are careroute's own words: whoever writes another means something that nobody would weigh."""
    strange = sorted(name for name in event.call.facts if name not in MEANINGS)
    if strange and not event.call.ended:
        raise ValueError(f"{len(strange)} facts of the call are none of careroute's")


def _with_referrals(state: State, events: list[Event], now: datetime) -> list[Event]:
    """The events, and the referrals and notes that follow from the judgements among them."""
    judged = [event for event in events if isinstance(event, CallTriaged)]
    return [*events, *(record for event in judged for record in referrals_and_notes(state, event, now))]


def _ended(
    state: State, event: CallReported | CallCancelled, open_call: OpenCall | None, memory: Memory, version: Version
) -> list[Event]:
    """The end of a call, with the version that says so where it tells of hazards: the call may be opened again.

    A team that has the call may be with somebody, and stays there: what it has to know is judged before.
    """
    after = remembered(memory, version, state.programme)
    if (after.standing, after.doubted, after.merged_into) == (memory.standing, memory.doubted, memory.merged_into):
        return [_over(event, CallEnded, status=version.call.status)]
    news = {"call": version.call, "judged_at": version.judged_at, "lines": version.lines}
    told, entry = list[Event](), state.load_entries.get(event.call_id)
    if open_call is not None and open_call.accepted:
        told = _judged_again(state, replace(open_call, memory=after))
    elif entry is not None and entry.accepted:
        told = [_judged(state, OpenCall(), OpenCall(version, memory=after), event, version)]
    return [*told, _over(event, CallEnded, status=version.call.status, **news)]


def _after_the_end(state: State, event: CallReported | CallCancelled, memory: Memory, version: Version) -> list[Event]:
    """A version of a call that is over, or late. A team that is with somebody has to know of a weapon all the same.

    So has one that a person sends to a call that has its outcome, or that would take it late. It is not ended by that.
    """
    after, closed = remembered(memory, version, state.programme), state.closed_calls.get(event.call_id)
    is_routed = closed is not None and closed.why == "routed"
    if not (is_routed or event.call_id in state.load_entries) or after.standing == memory.standing:
        return [_noted(event, version, "late", call=version.call)]
    told = _judged(state, OpenCall(), OpenCall(version, memory=after), event, version)
    if is_routed:
        return [told, CallRetired(call_id=event.call_id)]
    return [told, _over(event, CallEnded, status="closed")]


def _said_of_others(
    state: State, event: CallReported | CallCancelled, events: list[Event], now: datetime
) -> list[Event]:
    """What is new of the hazards of calls that were merged into others, said of those, and on along their chain.

    A call may be merged before anybody hears of the other one, and something may be said of it after that.
    """
    first = event.call_id
    if event.call.status != "merged" and not memory_of(state, first).merged_into and first not in state.merged:
        return []
    after, more, waiting = _after(state, events, now), list[Event](), [first]
    while waiting:
        call_id = waiting.pop()
        for merged, into in _merges_of(after, call_id):
            if said := _news_of(state, after, merged, into):
                made = _told_of(after, event, into, said)
                after = _after(after, made, now)
                more += made
                waiting += [into] if made else []
    return more


def _after(state: State, events: list[Event], now: datetime) -> State:
    for event in events:
        state = evolve(state, event, now)
    return state


def _merges_of(state: State, call_id: str) -> list[tuple[str, str]]:
    """Each merge of a call into another, and of others into it from before it was known, unless it goes on since."""
    into = memory_of(state, call_id).merged_into
    merges = [(call_id, into)] if into else []
    merges += [(merged, call_id) for merged in state.merged.get(call_id) or ()]
    return [(merged, into) for merged, into in merges if merged not in state.calls and merged != into]


def _news_of(before: State, after: State, merged: str, into: str) -> dict[str, str]:
    """The hazards of a merged call that the other has not been told of: all of them, where one of the two is new."""
    memory, said = memory_of(before, merged), memory_of(after, merged)
    is_new = memory.merged_into != into or memory_of(before, into).order is None
    changed = {hazard for hazard in said.standing if is_new or said.standing[hazard] != memory.standing.get(hazard)}
    return {hazard: value for hazard, value in hazards_as_facts(said).items() if hazard in changed}


def _told_of(state: State, event: CallReported | CallCancelled, into: str, said: dict[str, str]) -> list[Event]:
    """Hazards that a merged call has told of, as by a version of the other one that came late."""
    target, call_id = memory_of(state, into), CallId.parse(into)
    if target.order is None:
        return []
    call = Call(
        agency=call_id.agency,
        source=call_id.source,
        incident_id=call_id.incident,
        created_at=target.created_at or event.call.created_at,
        updated_at=target.order - timedelta.resolution,
        facts=said,
    )
    version = Version(event.event_id, call, event.judged_at, (), received_at=event.received_at)
    if remembered(target, version, state.programme).standing == target.standing:
        return []
    about, open_call = event.model_copy(update={"call": call}), state.calls.get(into)
    if open_call is None or open_call.newest is None:
        return _after_the_end(state, about, target, version)
    late = _noted(about, version, "late", call=call)
    return [late, *_judged_again(state, with_version(state.programme, open_call, version))]


def _over(event: CallReported | CallCancelled, kind: type[CallEnded | CallStale], **said: Any) -> Event:
    return kind(
        call_id=event.call_id,
        event_id=event.event_id,
        updated_at=event.call.updated_at,
        received_at=event.received_at,
        created_at=event.call.created_at,
        fingerprint=event.fingerprint,
        **said,
    )


def _judged(
    state: State, before: OpenCall, after: OpenCall, event: CallReported | CallCancelled, version: Version
) -> Event:
    """The judgement of a newest version, or that it changes nothing."""
    judgement, heard = judgement_of(state, after)
    call = after.version.call
    if before.judgement is not None and before.newest is not None and essence(judgement) == essence(before.judgement):
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
    version: Version | None,
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
        **(_disclosed(version) if version is not None else _nothing_disclosed(event)),
    )


def _nothing_disclosed(event: CallReported | CallCancelled) -> dict[str, Any]:
    return {"judged_at": event.judged_at, "received_at": event.received_at}


def _disclosed(version: Version) -> dict[str, Any]:
    return {
        "judged_at": version.judged_at,
        "lines": version.lines,
        "located": version.located,
        "caller": version.caller,
        "read_by": version.read_by,
        "received_at": version.received_at,
        "synthetic": version.synthetic,
    }


def judge_again(state: State, now: datetime) -> list[Event]:
    """The next of the calls that wait since the programme or the switchboard changed."""
    waiting = state.to_judge[:JUDGED_AT_ONCE]
    events: list[Event] = []
    for call_id in waiting:
        open_call = state.calls.get(call_id)
        if open_call is not None and open_call.newest is not None and not open_call.frozen:
            events += _with_referrals(state, _judged_again(state, open_call), now)
    return [*events, CallsJudgedAgain(count=len(waiting))]


def _judged_again(state: State, open_call: OpenCall) -> list[Event]:
    """The judgement of a call whose versions were all judged before, if it differs from the last one."""
    judgement, heard = judgement_of(state, open_call)
    if open_call.judgement is not None and essence(judgement) == essence(open_call.judgement):
        return []
    return _said_of(open_call, judgement, heard)


def _said_to_team(state: State, call_id: str) -> list[Event]:
    """What is known of a call to which a team has come that was not asked by a judgement of it."""
    open_call = state.calls.get(call_id)
    if open_call is None or open_call.newest is None:
        return []
    return _said_of(open_call, *judgement_of(state, open_call))


def _said_of(open_call: OpenCall, judgement: Judgement, heard: tuple[str, ...]) -> list[Event]:
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
            received_at=version.received_at,
            synthetic=version.synthetic,
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


def hold_began(state: State, event: HoldBegan, _now: datetime) -> list[Event]:
    """The call waits for a team: its roll-out gates stand as judged, and it is judged for as long as it waits."""
    open_call = state.calls.get(event.call_id)
    if open_call is None or open_call.held_until == event.until:
        return []
    return [RoutingNoted(call_id=event.call_id, reached="held", episode=event.episode, until=event.until)]


def _day(state: State, open_call: OpenCall | None, now: datetime) -> date:
    """The day, on the agency's clocks, that a call is one of."""
    at = open_call.version.judged_at if open_call is not None and open_call.newest is not None else now
    return at.astimezone(state.programme.zone if state.programme else UTC).date()


def call_routed(state: State, event: CallRouted, now: datetime) -> list[Event]:
    """The call has its outcome; of two responses it counts for the one that takes it."""
    open_call, entry = state.calls.get(event.call_id), state.load_entries.get(event.call_id)
    if event.outcome not in ("team-accepted", "phone-accepted"):
        unknown = open_call is None and entry is None
        joined = entry is not None and entry.accepted  # the default goes beside a team whose call was merged into it
        return [] if unknown or joined else [RoutingNoted(call_id=event.call_id, reached=event.outcome)]
    moved = event.response is not None and (entry is None or entry.response != event.response)
    known = open_call.accepted if open_call is not None else entry is None or entry.accepted
    if not moved and known:
        return []
    noted = RoutingNoted(
        call_id=event.call_id,
        reached=event.outcome,
        response=event.response,
        district=event.district,
        day=_day(state, open_call, now),
        episode=event.episode,
        unasked=event.programme_hash is None,  # it cites no plan
    )
    return [noted, *(_said_to_team(state, event.call_id) if noted.unasked else ())]


def team_freed(
    state: State, event: AssignmentEnded | AssignmentMoved | AssignmentWithdrawn, now: datetime
) -> list[Event]:
    """The call has no team any more; one that was merged has handed it on to the other."""
    entry = state.load_entries.get(event.call_id)
    if entry is None:
        return []
    ended = RoutingNoted(call_id=event.call_id, reached="ended")
    if not isinstance(event, AssignmentMoved):
        return [ended, *(follow_ups(state, event, now) if isinstance(event, AssignmentEnded) else ())]
    target = state.calls.get(event.to_call_id)
    judgement = None if target is None else target.judgement
    joined = RoutingNoted(
        call_id=event.to_call_id,
        reached="team-accepted",
        response=entry.response,
        district=entry.district,
        day=entry.day,
        episode=event.to_episode,
        unasked=judgement is None or not judgement.may_go(entry.response),
    )
    return [ended, joined, *(_said_to_team(state, event.to_call_id) if joined.unasked else ())]


def call_upgraded(state: State, event: UpgradeRaised | StatusReported, now: datetime) -> list[Event]:
    """A call that a team has accepted is more dangerous than it was thought; a number of them is a pause."""
    call_id = event.call_id or ""
    entry, programme = state.load_entries.get(call_id), state.programme
    rule = programme.automatic_pause if programme else None
    if entry is None or not entry.district or rule is None:
        return []
    if isinstance(event, StatusReported) and event.status != "need-police":
        return []
    if isinstance(event, UpgradeRaised) and (
        entry.unasked or event.level == LEVEL_NOT_KNOWN or not event.more_dangerous
    ):
        return []  # nothing of it was misjudged
    pause = Switch(entry.district, entry.response if rule.pauses == "response" else None)
    since = now - timedelta(minutes=rule.within_minutes)
    recent = {other_id for other_id, at in state.upgrades.get(pause.key, ()) if at > since}
    if call_id in recent:
        return []
    events: list[Event] = [UpgradeNoted(call_id=call_id, counts_for=pause.key)]
    upgrades, minutes = how_many(len(recent) + 1, "unsafe upgrade"), how_many(rule.within_minutes, "minute")
    if len(recent) + 1 >= rule.unsafe_upgrades and not state.switchboard.is_paused(entry.district, entry.response):
        events.append(
            DistrictPaused(
                district=pause.district,
                response=pause.response,
                revision=state.switchboard.revision + 1,
                changed_by=BY_ITSELF,
                reason=f"{upgrades} within {minutes}",
            )
        )
    return events
