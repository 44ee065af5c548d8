"""A dispatch room whose programme is decided by triage itself, from documents that verify."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

from services.console.view.agency import View
from services.console.view.records import DocumentSeen
from services.triage.service import TRIAGE
from services.triage.state import State
from shared import events
from shared.engine.memory import MemoryLog
from shared.engine.service import Input
from shared.events import Command, Event
from shared.topics import DECISIONS
from tests.services.console.driver import AGENCY, City, running_city
from tests.services.console.pages.driver import Room, RoomServices
from tests.shared.programme.documents import PROGRAMMES

FIRST = (PROGRAMMES / "madison-wi.2021-09-01.toml").read_text()
"""In force when the room begins."""


def version(number: int, *changes: tuple[str, str]) -> str:
    """The first document as a later version, with some of it replaced."""
    text = re.sub(r"(?m)^version( *)= 1$", rf"version\1= {number}", FIRST)
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


SECOND = version(2, ("11:00-19:00", "08:00-22:00"))


ABOUT_THE_PROGRAMME = (
    events.ProposeProgramme,
    events.ApproveProgramme,
    events.RejectProgramme,
    events.RollBackProgramme,
)


class ProgrammeServices(RoomServices):
    """Triage decides what has to do with the programme."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.state = State()

    def decide(self, command: Command) -> list[Event]:
        if not isinstance(command, ABOUT_THE_PROGRAMME):
            return super().decide(command)
        now = self.log.clock.now()
        given = Input(command, "commands/0/0", now, AGENCY)
        made = list(TRIAGE.decide(self.state, given, now))
        for event in made:
            self.state = TRIAGE.evolve(self.state, event, now)
        return made


class ProgrammeRoom(Room):
    """The room, with the first document in force."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.in_force(FIRST, self.now)

    @property
    def active(self) -> int:
        """The version in force."""
        services = self.city.services
        assert isinstance(services, ProgrammeServices)
        assert services.state.active is not None
        return services.state.active.version

    def hash_of(self, number: int) -> str:
        """The hash of a version."""
        return self._document(number).document_hash

    def text_of(self, number: int) -> str:
        """The text of a version, as it was proposed."""
        return self._document(number).document

    def _document(self, number: int) -> DocumentSeen:
        view: View = self.city.app.state.view
        return next(seen for seen in view.agency(AGENCY).documents.values() if seen.version == number)

    def in_force(self, text: str, at: datetime) -> None:
        """Two people have agreed on a document."""
        services = self.city.services
        assert isinstance(services, ProgrammeServices)
        soon = at + timedelta(minutes=1)
        proposal = events.ProposeProgramme(
            command_id="p1", issued_by="maria", issued_at=at, expires_at=soon, document=text, reason="first"
        )
        made = services.decide(proposal)
        assert isinstance(made[0], events.ProgrammeProposed), made
        approval = events.ApproveProgramme(
            command_id="a1",
            issued_by="paul",
            issued_at=at,
            expires_at=soon,
            document_hash=made[0].document_hash,
            reason="agreed",
        )
        services.write(AGENCY, *made, *services.decide(approval), journal=DECISIONS.name)


@contextlib.asynccontextmanager
async def programme_room(folder: Path) -> AsyncIterator[ProgrammeRoom]:
    async with running_city(folder, ProgrammeServices) as city:
        room = ProgrammeRoom(city)
        await city.settle()
        yield room
