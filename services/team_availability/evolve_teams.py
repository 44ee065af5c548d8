"""How each event of team availability's journal changes its state: people, teams, shifts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from services.team_availability.state import SETTLE, Shift, State, TeamState, clock
from shared.events import (
    CalendarRevoked,
    LinksRevoked,
    MemberConfirmed,
    PersonDefined,
    PersonRemoved,
    TeamDefined,
    TeamRemoved,
    TeamSignedOff,
    TeamSignedOn,
    TokenRevoked,
)
from shared.replace import replace

HEARD: Mapping[str, Any] = MappingProxyType({"unanswered": 0, "is_unanswering": False})
"""What changes of a shift once its team is heard from."""


def with_shift(state: State, team_id: str, **changes: Any) -> State:
    """The state with some of a team's shift changed; a team that is off duty stays so."""
    team = state.teams.get(team_id)
    if team is None or team.shift is None:
        return state
    return replace(state, teams=state.teams.set(team_id, replace(team, shift=replace(team.shift, **changes))))


def with_offer(state: State, team_id: str, offer_id: str, *, paged_until: datetime | None) -> State:
    """The team holds an offer: one that it is expected to answer until then, or one more that it may take.

    A shift that ends meanwhile ends with the offer: who was paged may answer.
    """
    shift = state.teams[team_id].shift if team_id in state.teams else None
    if shift is None:
        return state
    if paged_until is None:
        return with_shift(state, team_id, open_calls=(*shift.open_calls, offer_id))
    state = with_shift(state, team_id, offer_id=offer_id)
    over_at = max(shift.over_at, paged_until + 2 * SETTLE)
    return replace(state, clocks=state.clocks.set(clock("shift", team_id), over_at)) if shift.is_free else state


def without_offer(state: State, team_id: str, offer_id: str, **changes: Any) -> State:
    """The team does not hold an offer any more, and what changes with that."""
    shift = state.teams[team_id].shift if team_id in state.teams else None
    if shift is None:
        return state
    paged = None if shift.offer_id == offer_id else shift.offer_id
    open_calls = tuple(other for other in shift.open_calls if other != offer_id)
    state = with_shift(state, team_id, offer_id=paged, open_calls=open_calls, **changes)
    after = state.teams[team_id].shift
    if after is None or paged is not None or not after.is_free:
        return state
    return replace(state, clocks=state.clocks.set(clock("shift", team_id), after.over_at))


def with_missing_clock(state: State, planned_shift_id: str, at: datetime) -> State:
    """The clock of a team that is to be at work and has not signed on: it runs for as long as that is so."""
    duty, clock_id = state.duties[planned_shift_id], clock("missing", planned_shift_id)
    team = state.teams.get(duty.team_id)
    waits = duty.duty == "on-shift" and not duty.is_missing and team is not None and team.shift is None
    if not (waits and duty.runs(at)):
        return replace(state, clocks=state.clocks.clear(clock_id))
    if clock_id in state.clocks:
        return state
    return replace(state, clocks=state.clocks.set(clock_id, at + timedelta(minutes=duty.grace_minutes)))


def _with_missing_clocks(state: State, team_id: str, at: datetime, **changes: Any) -> State:
    for planned_shift_id, duty in state.duties.items():
        if duty.team_id == team_id:
            state = replace(state, duties=state.duties.set(planned_shift_id, replace(duty, **changes)))
            state = with_missing_clock(state, planned_shift_id, at)
    return state


def _person_defined(state: State, event: PersonDefined, _at: datetime) -> State:
    return replace(state, people=state.people.set(event.person.person_id, event.person))


def _person_removed(state: State, event: PersonRemoved, _at: datetime) -> State:
    return replace(state, people=state.people.delete(event.person_id))


def _links_revoked(state: State, event: LinksRevoked, _at: datetime) -> State:
    return replace(state, link_generations=state.link_generations.set(event.person_id, event.generation))


def _calendar_revoked(state: State, event: CalendarRevoked, _at: datetime) -> State:
    generations = state.calendar_generations.set(event.person_id, event.generation)
    return replace(state, calendar_generations=generations)


def _token_revoked(state: State, event: TokenRevoked, at: datetime) -> State:
    return replace(state, revoked_tokens=state.revoked_tokens.set(event.token_hash, at))


def _team_defined(state: State, event: TeamDefined, _at: datetime) -> State:
    old = state.teams.get(event.team.team_id)
    shift = None if old is None else old.shift
    return replace(state, teams=state.teams.set(event.team.team_id, TeamState(event.team, shift)))


def _team_removed(state: State, event: TeamRemoved, _at: datetime) -> State:
    return replace(state, teams=state.teams.delete(event.team_id))


def _signed_on(state: State, event: TeamSignedOn, at: datetime) -> State:
    members = tuple(member for member in event.members if member not in event.unconfirmed)
    shift = Shift(
        event.shift_id,
        members,
        event.shift_ends_at,
        heard_at=at,
        unconfirmed=event.unconfirmed,
        duty=event.duty,
        planned_shift_id=event.planned_shift_id,
    )
    team = replace(state.teams[event.team_id], shift=shift)
    state = replace(
        state,
        teams=state.teams.set(event.team_id, team),
        clocks=state.clocks.set(clock("shift", event.team_id), shift.over_at),
    )
    return _with_missing_clocks(state, event.team_id, at, is_missing=False)


def _member_confirmed(state: State, event: MemberConfirmed, _at: datetime) -> State:
    team = state.teams.get(event.team_id)
    shift = None if team is None else team.shift
    if shift is None or shift.shift_id != event.shift_id or event.person_id not in shift.unconfirmed:
        return state
    left = tuple(member for member in shift.unconfirmed if member != event.person_id)
    heard = {} if event.vouched_by else HEARD
    return with_shift(state, event.team_id, members=(*shift.members, event.person_id), unconfirmed=left, **heard)


def _signed_off(state: State, event: TeamSignedOff, at: datetime) -> State:
    team = replace(state.teams[event.team_id], shift=None)
    state = replace(
        state,
        teams=state.teams.set(event.team_id, team),
        clocks=state.clocks.clear(clock("shift", event.team_id))
        .clear(clock("recall", event.team_id))
        .clear(clock("watch", event.team_id)),
    )
    return _with_missing_clocks(state, event.team_id, at)


TEAM_CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    PersonDefined: _person_defined,
    PersonRemoved: _person_removed,
    TeamDefined: _team_defined,
    TeamRemoved: _team_removed,
    TeamSignedOn: _signed_on,
    TeamSignedOff: _signed_off,
    MemberConfirmed: _member_confirmed,
    CalendarRevoked: _calendar_revoked,
    LinksRevoked: _links_revoked,
    TokenRevoked: _token_revoked,
}
