"""How each event of team availability's journal changes its state: people, teams, shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.team_availability.state import Shift, State, TeamState, clock
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


def with_shift(state: State, team_id: str, **changes: Any) -> State:
    """The state with some of a team's shift changed; a team that is off duty stays so."""
    team = state.teams.get(team_id)
    if team is None or team.shift is None:
        return state
    return replace(state, teams=state.teams.set(team_id, replace(team, shift=replace(team.shift, **changes))))


def with_offer(state: State, team_id: str, offer_id: str, *, paged: bool) -> State:
    """The team holds an offer: one that it is expected to answer, or one more that it may take."""
    shift = state.teams[team_id].shift if team_id in state.teams else None
    if shift is None:
        return state
    open_calls = shift.open_calls if paged else (*shift.open_calls, offer_id)
    return with_shift(state, team_id, offer_id=offer_id if paged else shift.offer_id, open_calls=open_calls)


def without_offer(state: State, team_id: str, offer_id: str, **changes: Any) -> State:
    """The team does not hold an offer any more, and what changes with that."""
    shift = state.teams[team_id].shift if team_id in state.teams else None
    if shift is None:
        return state
    paged = None if shift.offer_id == offer_id else shift.offer_id
    open_calls = tuple(other for other in shift.open_calls if other != offer_id)
    return with_shift(state, team_id, offer_id=paged, open_calls=open_calls, **changes)


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
    shift = Shift(event.shift_id, members, event.shift_ends_at, heard_at=at, unconfirmed=event.unconfirmed)
    team = replace(state.teams[event.team_id], shift=shift)
    return replace(
        state,
        teams=state.teams.set(event.team_id, team),
        clocks=state.clocks.set(clock("shift", event.team_id), event.shift_ends_at),
    )


def _member_confirmed(state: State, event: MemberConfirmed, _at: datetime) -> State:
    team = state.teams.get(event.team_id)
    shift = None if team is None else team.shift
    if shift is None or shift.shift_id != event.shift_id or event.person_id not in shift.unconfirmed:
        return state
    left = tuple(member for member in shift.unconfirmed if member != event.person_id)
    return with_shift(state, event.team_id, members=(*shift.members, event.person_id), unconfirmed=left)


def _signed_off(state: State, event: TeamSignedOff, _at: datetime) -> State:
    team = replace(state.teams[event.team_id], shift=None)
    return replace(
        state,
        teams=state.teams.set(event.team_id, team),
        clocks=state.clocks.clear(clock("shift", event.team_id))
        .clear(clock("recall", event.team_id))
        .clear(clock("watch", event.team_id)),
    )


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
