"""The routes that tell: calls, switchboard, programme, teams, people, alerts, commands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.console.api.access import Asking, Right, may, visible
from services.console.api.contact_desk import desk_of
from services.console.api.issue import CommandIssuer
from services.console.api.problems import RESPONSES, ProblemDetails, later
from services.console.config import ConsoleSettings
from services.console.elsewhere import Elsewhere
from services.console.trace import TraceSeen, trace_of
from services.console.view.agency import AgencyView, View
from services.console.view.alarms import alerts_of
from services.console.view.call import CallSeen
from services.console.view.records import (
    Alert,
    CallDetail,
    CallSummary,
    CommandSeen,
    ContactSeen,
    DocumentSeen,
    LinkSeen,
    PersonSeen,
    ReferralSeen,
    SwitchboardSeen,
    TeamSeen,
)
from shared.contacts import Contacts
from shared.doors.audit import Register
from shared.doors.problems import Fault, Problem
from shared.events import LinkHandedOut, Person, PersonalDataSeen
from shared.links import shift_link

router = APIRouter(prefix="/v1", responses=RESPONSES, tags=["reading"])


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody who may read, and what there is for them."""

    who: Asking
    seen: AgencyView


def _reader(right: Right) -> Any:
    """A dependency: who may read, with the view of their agency once it is complete."""
    allowed = Depends(may(right))

    async def read(request: Request, who: Asking = allowed) -> Reading:
        return Reading(who, whole_view(request).agency(who.agency))

    return Depends(read)


reading_with = _reader
"""The same for routes that stand in a room of their own."""


def whole_view(request: Request) -> View:
    """The view once the journals have been read to their end. Raises Problem (503)."""
    if not request.app.state.follower.ready:
        detail = "This door is still reading its journals; ask again in a moment."
        raise later(detail)
    view: View = request.app.state.view
    return view


@router.get("/calls")
async def list_calls(  # noqa: PLR0917  # FastAPI's way to declare a query
    request: Request,
    response: Response,
    reading: Annotated[Reading, _reader("read-calls")],
    district: Annotated[str | None, Query(max_length=200)] = None,
    open: Annotated[bool | None, Query(description="only calls without outcome, or with a team on them")] = None,  # noqa: A002  # the query's name
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[str | None, Query(max_length=400, description="where the page before ended: its `Link`")] = None,
) -> list[CallSummary]:
    """Calls, the one heard of last first. Where there are more, the header `Link` (`rel="next"`) leads to them."""
    place = _Place.parse(after) if after is not None else None
    calls: list[CallSummary] = []
    for call in sorted(reading.seen.calls(), key=_Place.of, reverse=True):
        if district not in (None, call.district) or open not in (None, call.open):
            continue
        if (place is not None and _Place.of(call) >= place) or not visible(reading.who, call.call_id):
            continue
        if len(calls) == limit:
            following = request.url.include_query_params(after=str(_Place.of(calls[-1])))
            response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
            break
        calls.append(call.summary())
    return calls


class _Place(NamedTuple):
    """Where a call stands in a list by when it was heard of; one that is heard of later moves to the top."""

    at: datetime
    call_id: str

    @classmethod
    def of(cls, call: CallSeen | CallSummary) -> Self:
        """The place of a call."""
        return cls(call.last_at, call.call_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `str` wrote. Raises Problem (422)."""
        at, _, call_id = text.partition(" ")
        try:
            place = cls(datetime.fromisoformat(at), call_id)
        except ValueError:
            place = None
        if place is None or place.at.tzinfo is None:
            fault = Fault("after", "is no place in the list", "what the header Link of the page before says")
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such place in the list.", fault)
        return place

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {self.call_id}"


@router.get("/calls/{agency}/{source}/{incident}", responses={404: {"model": ProblemDetails}})
async def show_call(
    reading: Annotated[Reading, _reader("read-calls")], agency: str, source: str, incident: str
) -> CallDetail:
    """A call with its state, outcomes, history, and every gate with its sentence."""
    call_id = f"{agency}/{source}/{incident}"
    call = reading.seen.call(call_id) if visible(reading.who, call_id) else None
    if call is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such call among those you may see, or it closed long ago.")
    return call.detail()


@router.get("/calls/{agency}/{source}/{incident}/trace", responses={404: {"model": ProblemDetails}})
async def show_trace(
    request: Request,
    who: Annotated[Asking, Depends(may("read-calls"))],
    agency: Annotated[str, Path(max_length=80)],
    source: Annotated[str, Path(max_length=80)],
    incident: Annotated[str, Path(max_length=120)],
) -> TraceSeen:
    """What brought what about in a call, as reporting remembers it: of calls that closed long ago, too."""
    return await visible_trace(who, request.app.state.reporting, f"{agency}/{source}/{incident}")


async def visible_trace(who: Asking, reporting: Elsewhere, call_id: str) -> TraceSeen:
    """A call's trace, for somebody who may read calls. Raises Problem (404, 503)."""
    trace = await trace_of(reporting, call_id) if visible(who, call_id) else None
    if trace is None or not trace.steps:
        raise Problem(HTTPStatus.NOT_FOUND, "Reporting knows of no such call among those you may see.")
    return trace


@router.get("/switchboard")
async def show_switchboard(reading: Annotated[Reading, _reader("read")]) -> SwitchboardSeen:
    """What is switched on and what is paused, with the revision."""
    return reading.seen.switchboard


@router.get("/referrals")
async def list_referrals(
    reading: Annotated[Reading, _reader("read")],
    open: Annotated[bool | None, Query(description="only those that nobody has closed")] = None,  # noqa: A002  # the query's name
) -> list[ReferralSeen]:
    """Referrals and follow-ups, the one that is due first at the top; and notes."""
    referrals = [seen for seen in reading.seen.referrals.values() if open in (None, seen.state in ("open", "overdue"))]
    return sorted(referrals, key=lambda seen: (seen.due_at or seen.made_at, seen.referral_id))


@router.get("/programme")
async def show_programme(reading: Annotated[Reading, _reader("read")]) -> list[DocumentSeen]:
    """Versions of the programme: proposed, adopted, active, replaced; the newest first."""
    return list(reversed(reading.seen.documents.values()))


@router.get("/teams")
async def list_teams(reading: Annotated[Reading, _reader("read")]) -> list[TeamSeen]:
    """The roster, with who is on shift and where they stand."""
    return sorted(reading.seen.teams.values(), key=lambda seen: seen.team.team_id)


@router.get("/people")
async def list_people(request: Request, reading: Annotated[Reading, _reader("read-people")]) -> list[PersonSeen]:
    """Members of staff, by name where this console may open names, and the ways to them."""
    contacts = desk_of(request).contacts
    register_of(request).note(PersonalDataSeen, reading.who.asker, what="names")
    return [
        replace(
            person,
            person=person.person.model_copy(update={"name": name_of(contacts, reading.who.agency, person.person)}),
            contacts=contacts_of(reading.seen, person_id),
        )
        for person_id, person in sorted(reading.seen.people.items())
    ]


def register_of(request: Request) -> Register:
    """Where this door writes down who saw what."""
    register: Register = request.app.state.register
    return register


def name_of(contacts: Contacts, agency: str, person: Person) -> str:
    """A person's name as it is sealed, or as an old record has it; empty where neither is."""
    return contacts.name(agency, person.person_id) or person.name


def contacts_of(seen: AgencyView, person_id: str) -> tuple[ContactSeen, ...]:
    """The ways to a person, in the order of their turns."""
    ways = seen.contacts.get(person_id, {}).values()
    return tuple(sorted(ways, key=lambda way: (way.after_seconds, way.method_id)))


@router.get("/people/me/link", responses={404: {"model": ProblemDetails}})
async def show_own_link(request: Request, reading: Annotated[Reading, _reader("read")]) -> LinkSeen:
    """Your pocket page of the shift that you are on: yours alone, by your own token."""
    name = reading.who.name
    teams = (seen for seen in reading.seen.teams.values() if seen.shift_id is not None and name in seen.members)
    team = min(teams, key=lambda seen: name in seen.unconfirmed, default=None)
    if team is None or team.shift_id is None:
        raise Problem(HTTPStatus.NOT_FOUND, "You are not on shift: sign on first.")
    generation = reading.seen.link_generations.get(name, 0)
    register_of(request).note(LinkHandedOut, reading.who.asker, what="shift", person_id=name)
    link = own_shift_link(request.app.state.settings, team.shift_id, name, generation)
    return LinkSeen(name, team.team.team_id, link)


def own_shift_link(settings: ConsoleSettings, shift_id: str, name: str, generation: int) -> str:
    """A person's page of a shift; it is told to nobody but them."""
    return shift_link(settings.pocket_url, settings.link_secret.get_secret_value(), shift_id, name, generation)


@router.get("/alerts")
async def list_alerts(request: Request, reading: Annotated[Reading, _reader("read")]) -> list[Alert]:
    """What somebody has to look at, newest first, and who looks after it."""
    return agency_alerts(request, reading.who)


def agency_alerts(request: Request, who: Asking) -> list[Alert]:
    """What somebody at their agency has to look at. Raises Problem (503)."""
    agencies, seen = request.app.state.agencies, whole_view(request).agency(who.agency)
    return alerts_of(seen, may_pause=agencies.may_pause(who.agency), file_refused_since=agencies.refused_since)


@router.get("/commands/{command_id}")
async def show_command(
    request: Request, who: Annotated[Asking, Depends(may("read"))], command_id: Annotated[str, Path(max_length=80)]
) -> CommandSeen:
    """How far a command has come: unknown, waiting, held (for its call), done or refused."""
    commands: CommandIssuer = request.app.state.commands
    return commands.state_of(who.agency, command_id)
