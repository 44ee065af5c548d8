"""Which team a response is offered to: the conditions, the order, and why every other team was passed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from services.team_availability.load import why_capped
from services.team_availability.plan import PULL, Option
from services.team_availability.state import CallState, Shift, State, TeamState
from shared.engine.state import EMPTY
from shared.events import BypassedTeam, Recipient, Team
from shared.judgement import OrderOfTeams, disciplines_of
from shared.matching import has_perfect_matching
from shared.programme.judging.normal_forms import language

MOST_OPEN_CALLS = 10
"""That stand on one team's page: more than anybody chooses among, and what ends with the team fits into one step."""


class Choice(NamedTuple):
    """The teams that can be offered a call, best first, and the others."""

    ranked: tuple[str, ...]
    bypassed: tuple[BypassedTeam, ...]
    capped: str | None = None
    """Why no team is looked for: the response has as many calls as it takes."""

    @property
    def why_none(self) -> tuple[str, ...]:
        """Why the best of the teams that serve there was passed over: the one with the least against it."""
        if self.capped is not None:
            return (self.capped,)
        there = (team.reasons for team in self.bypassed if NOT_THERE.isdisjoint(team.reasons))
        return min(there, key=len, default=("no-team",))


NOT_THERE: frozenset[str] = frozenset(("other-model", "other-district", "other-pool", "off-duty"))
"""What keeps a team from being one of those that serve there."""


def choose(state: State, call: CallState, option: Option, now: datetime, *, any_pool: bool = False) -> Choice:
    """Rank the roster for a response: its own pool, then as the document orders teams, then by id.

    Where it does not: primary district, language, least calls this shift. A response that has as many calls as it takes
    is given no other, however many there were when the call was judged.
    """
    if (capped := why_capped(state, call, option, now)) is not None:
        return Choice((), (), capped)
    ranked: list[tuple[bool, tuple[int, ...], str]] = []
    bypassed: list[BypassedTeam] = []
    for team_id, entry in sorted(state.teams.items()):
        other_pool = entry.team.pool != option.pool
        reasons = tuple(_reasons(state, call, option, entry, now))
        if other_pool and not any_pool:
            reasons = ("other-pool", *reasons)
        if entry.shift is None or reasons:
            bypassed.append(BypassedTeam.model_construct(team_id=team_id, reasons=reasons))
            continue
        against = _against(state, call, entry.team, entry.shift)
        place = against if option.order_of_teams is None else (_in_minutes(option.order_of_teams, against),)
        ranked.append((other_pool, place, team_id))
    return Choice(tuple(entry[-1] for entry in sorted(ranked)), tuple(bypassed))


def minutes_against(state: State, call: CallState, option: Option, team_id: str) -> int:
    """How many minutes later than it says a team counts as being there, by the document's order of teams."""
    entry = state.teams.get(team_id)
    if option.order_of_teams is None or entry is None or entry.shift is None:
        return 0
    return _in_minutes(option.order_of_teams, _against(state, call, entry.team, entry.shift))


def _against(state: State, call: CallState, team: Team, shift: Shift) -> tuple[int, int, int]:
    """What counts against a team: another district, another language, and its calls this shift."""
    wanted = call.plan.language if call.plan else None
    speaks = wanted is None or _speaks(state, shift, wanted)
    return int(call.district not in team.primary_districts), int(not speaks), shift.calls


def _in_minutes(order: OrderOfTeams, against: tuple[int, int, int]) -> int:
    worth = (order.other_district_minutes, order.other_language_minutes, order.each_call_minutes)
    return sum(minutes * count for minutes, count in zip(worth, against, strict=True))


def serves_there(call: CallState, team: Team, option: Option) -> bool:
    """Whether a team is one of those that a response may send to a call, free or not."""
    return option.model in team.models and option.pool == team.pool and _serves(call, team)


def recipients_of(state: State, team_id: str) -> tuple[Recipient, ...]:
    """The people on the team's shift; of those who stand in old records as they were, also the ways to reach them."""
    shift = state.teams[team_id].shift
    people = [state.people[member] for member in (shift.members if shift else ()) if member in state.people]
    return tuple(
        Recipient.model_construct(person_id=person.person_id, contact_methods=person.contact_methods)
        for person in people
    )


def _reasons(state: State, call: CallState, option: Option, entry: TeamState, now: datetime) -> Iterator[str]:
    """Why a team cannot be offered the call."""
    team, shift = entry.team, entry.shift
    if option.model not in team.models:
        yield "other-model"
    if not _serves(call, team):
        yield "other-district"
    if shift is None:
        yield "off-duty"
        return
    yield from _busy(shift)
    if option.reached_by == PULL and len(shift.open_calls) >= MOST_OPEN_CALLS:
        yield "many-open-calls"
    yield from _unheard(state, call, option, shift, now)
    if not (shift.members and _covers(state, shift.members, option)):
        yield "crew-incomplete"
    if state.on_duty_until(shift) - now < timedelta(minutes=option.expected_minutes):
        yield "shift-ends"
    refusal = call.episode.refusal(team.team_id, shift.heard_at) if call.episode else None
    if refusal is not None:
        yield refusal


def _busy(shift: Shift) -> Iterator[str]:
    if shift.call_id is not None:
        yield "assigned"
    elif shift.offer_id is not None:
        yield "offered-another"
    elif shift.status != "available":
        yield shift.status


def _unheard(state: State, call: CallState, option: Option, shift: Shift, now: datetime) -> Iterator[str]:
    """Why nobody may be there to hear. A team on call says nothing all night: its people have proved a way instead.

    Those who have must be a whole crew by themselves, for the response as the document says: then a phone that is dead
    beside them takes nobody out. Of a crew that is not whole in any case everybody must have.
    """
    if shift.is_unanswering:
        yield "unanswering"
    if shift.duty == "on-shift":
        if now - shift.heard_at > timedelta(minutes=state.timings(call).status_stale_minutes):
            yield "status-stale"
        return
    ways = {member: state.ways.get(member, EMPTY).values() for member in shift.members}
    working = tuple(member for member in shift.members if any(way.works for way in ways[member]))
    proved = tuple(member for member in working if any(way.is_proved(now) for way in ways[member]))
    if not _is_whole(state, working, option, shift):
        yield "no-working-way"
    elif not _is_whole(state, proved, option, shift):
        yield "unproved"


def _is_whole(state: State, members: tuple[str, ...], option: Option, shift: Shift) -> bool:
    """Whether these of a shift are enough: all of it, or at least somebody, and the crew of the response."""
    return members == shift.members or (bool(members) and bool(option.crew) and _covers(state, members, option))


def _serves(call: CallState, team: Team) -> bool:
    serves = (*team.primary_districts, *team.secondary_districts)
    if call.district is None:  # only a dispatcher sends anybody there, and knows where it is
        return call.episode is not None and call.episode.override is not None
    return not serves or call.district in serves


def _covers(state: State, members: tuple[str, ...], option: Option) -> bool:
    """Whether each place of the crew is filled by one of these members who is trained for it."""
    trained = [frozenset(state.people[member].disciplines) for member in members if member in state.people]
    places = tuple(map(disciplines_of, option.crew))
    return has_perfect_matching(places, trained, lambda place, member: not place.isdisjoint(member))


def _speaks(state: State, shift: Shift, wanted: str) -> bool:
    people = (state.people[member] for member in shift.members if member in state.people)
    return any(language(spoken) == language(wanted) for person in people for spoken in person.languages)
