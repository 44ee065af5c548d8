"""A dispatch room in memory: a city whose services answer as real ones would, and calls that happen now."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

from shared import events
from shared.answers import done
from shared.events import Command, Event
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests import builders
from tests.services.console import stories
from tests.services.console.driver import AGENCY, City, FakeServices, running_city

DOCUMENT = """
agency = "madison-wi"
programme = "Madison CARES"
version = 3
time_zone = "America/Chicago"
default = "police patrol"
[districts]
Central = ["C1"]
West = ["W1"]
[responses.cares]
[responses.co-response]
"""


def call_of(incident: str, source: str = "dane-county") -> str:
    return f"{AGENCY}/{source}/{incident}"


class RoomServices(FakeServices):
    """They decide what a dispatcher asks for at once."""

    def _confirm_decision(self, command: events.ConfirmDecision) -> list[Event]:
        confirmed = events.DecisionConfirmed(
            call_id=command.call_id, episode=1, response="cares", confirmed_by=command.issued_by
        )
        return [confirmed, done(command, "cares is confirmed.")]

    def _sign_off(self, command: events.SignOff) -> list[Event]:
        return [events.TeamSignedOff(team_id=command.team_id, shift_id="shift-1"), done(command)]

    def _take_shift(self, command: events.TakeShift) -> list[Event]:
        taken = events.PlaceTaken(
            shift_id=command.shift_id,
            team_id="cares-1",
            place=command.place,
            person_id=command.person_id,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            taken_by=command.issued_by,
        )
        closed = events.GapClosed(gap_id=f"gap-{command.shift_id}", shift_id=command.shift_id, team_id="cares-1")
        return [taken, closed, done(command, f"{command.person_id} has the place.")]

    def _ask_for_cover(self, command: events.AskForCover) -> list[Event]:
        asked = events.CoverAsked(
            shift_id=command.shift_id, team_id="cares-1", place=command.place, person_id=command.issued_by
        )
        return [asked, done(command, "2 people are asked.")]

    def _drop_shift(self, command: events.DropShift) -> list[Event]:
        dropped = events.ShiftDropped(
            shift_id=command.shift_id, team_id="cares-1", dropped_by=command.issued_by, reason=command.reason
        )
        return [dropped, done(command, "The shift does not take place.")]

    def _set_absence(self, command: events.SetAbsence) -> list[Event]:
        absence = events.AbsenceSet(
            absence_id=command.command_id,
            person_id=command.person_id,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            set_by=command.issued_by,
        )
        return [absence, done(command, f"{command.person_id} is away.")]

    def _call_roll(self, command: events.CallRoll) -> list[Event]:
        asked = tuple(events.RollPlace(person_id=person_id, method_id="mobile") for person_id in command.person_ids)
        until = self.log.clock.now() + timedelta(minutes=command.minutes)
        called = events.RollCalled(roll_id=command.command_id, asked=asked, until=until, called_by=command.issued_by)
        return [called, done(command, f"{len(asked)} are asked.", about=command.command_id)]

    def _override_call(self, command: events.OverrideCall) -> list[Event]:
        overridden = events.CallOverridden(
            call_id=command.call_id,
            episode=1,
            send=command.send,
            overridden_by=command.issued_by,
            reason=command.reason,
        )
        at = self.log.clock.now()
        routed = builders.call_routed(command.call_id, at, "default", reasons=("overridden",))
        return [overridden, routed, done(command, f"{command.send} goes.")]


def week_of(day: date) -> str:
    """Where the page of the rota shows the week of a day."""
    return f"/rota?week={day - timedelta(days=day.weekday())}"


class Room:
    """The room, and what happens in it."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.write(
            DECISIONS.name,
            events.ProgrammeProposed(
                document=DOCUMENT, document_hash="d" * 32, version=3, effective=self.now, proposed_by="the-supervisor"
            ),
            events.ProgrammeActivated(document_hash="d" * 32, version=3),
            events.PhaseChanged(
                response="cares", district="Central", phase="advisory", revision=1, changed_by="the-supervisor"
            ),
        )
        self.write(ASSIGNMENTS.name, stories.person(), stories.team(), stories.signed_on())

    @property
    def now(self) -> datetime:
        return self.city.log.clock.now()

    def write(self, journal: str, *made: Event) -> None:
        self.city.services.write(AGENCY, *made, journal=journal)

    def call(self, incident: str, seconds: float = 60, source: str = "dane-county", **changes: object) -> str:
        """A call comes in, and is judged."""
        call_id, at = call_of(incident, source), self.now
        judged = builders.call_triaged(call_id, at, stories.judgement(**changes), priority="2")
        self.write(DECISIONS.name, judged)
        until = at + timedelta(seconds=seconds)
        self.write(ASSIGNMENTS.name, stories.deadline(call_id, received_at=at, deadline=until))
        return call_id

    def waits(self, incident: str, seconds: float = 60) -> str:
        """A call for which a dispatcher may confirm a team."""
        call_id = self.call(incident, seconds)
        asked = events.ConfirmationAsked(
            call_id=call_id,
            episode=1,
            response="cares",
            expires_at=self.now + timedelta(seconds=seconds),
            sentence="cares may go to this call.",
        )
        self.write(ASSIGNMENTS.name, asked)
        return call_id

    def accepted(self, incident: str) -> str:
        """A call that a team has taken, with all that was paged and told."""
        call_id, at = self.call(incident), self.now
        for journal, event in stories.ACCEPTED[5:]:
            moved = {"call_id": call_id} if "call_id" in type(event).model_fields else {}
            soon = {"expires_at": at + timedelta(seconds=30)} if "expires_at" in type(event).model_fields else {}
            late = {"deadline": at + timedelta(seconds=60)} if "deadline" in type(event).model_fields else {}
            self.write(journal, event.model_copy(update=moved | soon | late))
        return call_id

    def passed_over(self, incident: str) -> str:
        """A call that no team could be sent to."""
        call_id, at = self.call(incident), self.now
        why, over = ("no-team",), (events.BypassedTeam(team_id="cares-9", reasons=("off-duty", "crew-incomplete")),)
        stepped = events.FallBackStepped(
            call_id=call_id, episode=1, response="cares", why=why, bypassed=over, next_response=None
        )
        sentence = "The default response goes: no-team, deadline."
        routed = builders.call_routed(call_id, at, "default", reasons=(*why, "deadline"), sentence=sentence)
        self.write(ASSIGNMENTS.name, stepped, routed)
        return call_id

    def told_nothing(self, incident: str) -> None:
        """The CAD did not acknowledge a message about a call."""
        self.write(
            NOTIFICATIONS.name,
            events.CadNotInformed(
                message_id="message-1",
                source="dane-county",
                kind="call.routed",
                call_id=call_of(incident),
                episode=1,
                why="no answer",
                alarm=True,
            ),
        )

    def commands(self) -> list[Command]:
        return self.city.commands()


@contextlib.asynccontextmanager
async def running_room(folder: Path) -> AsyncIterator[Room]:
    async with running_city(folder, RoomServices) as city:
        room = Room(city)
        await city.settle()
        yield room
