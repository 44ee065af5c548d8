"""Calls that wait for a team: only once their CAD, or a dispatcher, has acknowledged that, and never without end."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.team_availability.choice import recipients_of, serves_there
from services.team_availability.draft import OR_DEFAULT_GOES, AgencyDraft, CallDraft
from services.team_availability.offers import advance, where_it_stands
from services.team_availability.state import CallState
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    CadInformed,
    Event,
    HoldBegan,
    HoldCall,
    HoldNoticeDue,
    MemberConfirmed,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    PauseApplied,
    ShiftChanged,
    StatusReported,
    TeamDefined,
    TeamHeard,
    TeamSignedOn,
    TeamToRemind,
    WayStood,
)
from shared.judgement import Judgement

BY_CAD = "cad"
FREES = (
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    MemberConfirmed,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    PauseApplied,
    ShiftChanged,
    StatusReported,
    TeamDefined,
    TeamHeard,
    TeamSignedOn,
    WayStood,
)
"""After these a team may be free that was not."""


def cad_informed(draft: AgencyDraft, event: CadInformed) -> None:
    """The CAD has acknowledged that a call waits; in time, or the default stands."""
    if event.kind != "call.hold" or event.call_id not in draft.state.calls:
        return
    call = draft.call(event.call_id)
    if _may_begin(call) and call.episode.number == event.episode:
        _begin(call, BY_CAD)


def hold_call(draft: AgencyDraft, command: HoldCall) -> list[Event]:
    """A dispatcher lets a call wait, though its CAD has not acknowledged it."""
    call = draft.call(command.call_id)
    if call.memory is None:
        return [refused(command, "unknown-call", "careroute has not seen this call.")]
    if not call.is_open:
        return [refused(command, *where_it_stands(call.state))]
    if call.episode.waits:
        return [nothing_to_do(command, "The call is on hold already.", about=call.call_id)]
    if not _may_begin(call):
        return [refused(command, "not-asked", "careroute does not ask for a hold of this call.")]
    _begin(call, command.issued_by, command.reason)
    until = draft.state.timings(call.state).clock_time(call.episode.deadline)
    return [done(command, f"The call waits for a team until {until}.", about=call.call_id)]


def _may_begin(call: CallDraft) -> bool:
    """Whether a hold was asked for, and is acknowledged before the routing deadline."""
    episode = call.state.episode
    if episode is None or not call.is_open or episode.override is not None or episode.hold is None:
        return False
    return episode.hold.began_at is None and call.draft.given.time <= episode.deadline


def _begin(call: CallDraft, by: str, reason: str = "") -> None:
    hold, began_at = call.episode.hold, call.draft.given.time
    assert hold is not None  # noqa: S101  it was asked for
    minutes = hold.minutes if call.plan is None else min(hold.minutes, call.plan.hold_minutes)
    until = began_at + timedelta(minutes=minutes)
    clock_time = call.draft.state.timings(call.state).clock_time(until)
    call.emit(
        HoldBegan(
            **call.key,
            acknowledged_by=by,
            began_at=began_at,
            until=until,
            reason=reason,
            sentence=f"The call waits for a team until {clock_time} at the latest; then {OR_DEFAULT_GOES}.",
        )
    )


def wait_ends(call: CallDraft, judgement: Judgement) -> datetime:
    """When a call stops waiting: no later than it was said, and sooner where its priority may not wait for so long."""
    hold, deadline = call.episode.hold, call.episode.deadline
    if hold is None or hold.began_at is None or not judgement.hold_minutes:
        return deadline
    return min(deadline, hold.began_at + timedelta(minutes=judgement.hold_minutes))


def notice(draft: AgencyDraft, call_id: str) -> None:
    """A call has waited for long: whoever could take it, and the dispatcher, are reminded."""
    call = draft.call(call_id)
    hold = call.episode.hold
    if hold is None or hold.began_at is None:
        return
    minutes, until = int((draft.now - hold.began_at).total_seconds() // 60), call.episode.deadline
    reminded = [TeamToRemind(team_id=team, recipients=recipients_of(draft.state, team)) for team in _pool(call)]
    clock_time = draft.state.timings(call.state).clock_time(until)
    call.emit(
        HoldNoticeDue(
            **call.key,
            waited_minutes=minutes,
            until=until,
            district=call.state.district,
            priority=call.plan.priority if call.plan else None,
            teams=tuple(reminded),
            sentence=f"The call has waited for a team for {minutes} min, and waits until {clock_time} at the latest.",
        )
    )


def _pool(call: CallDraft) -> list[str]:
    """The teams at work that serve there, for a response that may go."""
    options = [] if call.plan is None else [option for option in call.plan.options if option.may_go]
    return [
        team_id
        for team_id, entry in sorted(call.draft.state.teams.items())
        if entry.shift is not None and any(serves_there(call.state, entry.team, option) for option in options)
    ]


def offer_to_who_is_free(draft: AgencyDraft) -> None:
    """Somebody may have come free: the calls that wait are asked first, in the order of calls, then by their wait."""
    if not draft.state.on_hold or not any(isinstance(event, FREES) for event in draft.events):
        return
    waiting = [(call_id, draft.state.calls[call_id]) for call_id in draft.state.on_hold]
    for call_id, _ in sorted(waiting, key=lambda entry: _place(draft, *entry)):
        advance(draft.call(call_id))


def _place(draft: AgencyDraft, call_id: str, call: CallState) -> tuple[int, datetime, str]:
    order = () if call.plan is None else call.plan.order_of_calls
    return call.place_in(order)[0], draft.state.on_hold[call_id], call_id


def end_hold(call: CallDraft, why: str) -> None:
    """A call that waits has become more dangerous, is in doubt, or none for its response: the default goes at once."""
    call.withdraw(why)
    call.route("default", (*call.episode.reasons, why))
