"""What a door puts on the log: a command, whose answer it then waits for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.clock import Clock
from shared.doors.answers import Answer, AnswerFollower
from shared.doors.audit import Asker, Register
from shared.engine.broker import Broker, BrokerUnavailable, Record
from shared.events import Command, CommandDone, CommandIssued, Event
from shared.topics import COMMANDS

Written = TypeVar("Written")

BROKER_SECONDS = 1.5
"""So long a door's broker tries to append."""
APPEND_SECONDS = 1.9
"""A caller hears within two seconds that the log is away, whatever an append had to wait for."""
LEAST_ANSWER_SECONDS = 0.1
NAMING_PEOPLE = frozenset(("person_id", "other_person_id", "person_ids", "members", "holder"))
"""The fields of a command in which people stand, whatever it orders of them."""


class LogAway(Exception):
    """The log did not take a record in time; it may still arrive there."""


async def appended(writing: Awaitable[Written]) -> Written:
    """What an append came to. Raises LogAway."""
    try:
        async with asyncio.timeout(APPEND_SECONDS):
            return await writing
    except (BrokerUnavailable, TimeoutError):
        raise LogAway from None


@dataclass(frozen=True, slots=True)
class CommandLog:
    """The log, as a door issues commands to it: each under the name of the door."""

    door: str
    broker: Broker
    follower: AnswerFollower
    clock: Clock
    register: Register | None = None
    """Where it is written down who issued what; None where nobody is to know."""

    async def issue(
        self, agency: str, command: Command, answer_seconds: float, asker: Asker | None = None
    ) -> Answer | None:
        """Append a command and wait for its answer; None if none came in time. Raises LogAway.

        `asker`: who is to stand in the audit log for it, if anybody.
        """
        began, position = self.clock.monotonic(), ""
        answer: Answer | None = None
        try:
            position = await appended(send(self.broker, agency, command, self.clock, self.door))
            left_seconds = answer_seconds - (self.clock.monotonic() - began)
            answer = await self.follower.answer(command.command_id, max(left_seconds, LEAST_ANSWER_SECONDS))
        finally:
            if self.register is not None and asker is not None:
                note_command(self.register, asker, command, position, answer)
        return answer


def note_command(register: Register, asker: Asker, command: Command, position: str, answer: Answer | None) -> None:
    """Write down that a command was issued, where it stands, and what came of it as far as that is known."""
    came_to = "done" if isinstance(answer, CommandDone) else "refused"
    register.note(
        CommandIssued,
        asker,
        command_id=command.command_id,
        command_type=command.type,
        **{name: str(getattr(command, name, None) or "") for name in ("call_id", "person_id", "district")},
        people=tuple(sorted({*_people_in(command.model_dump())} - {getattr(command, "person_id", None)})),
        position=position,
        digest=hashlib.sha256(command.encode()).hexdigest(),
        answer=came_to if answer is not None else "not-yet" if position else "not-sent",
    )


def _people_in(part: Any, name: str = "") -> Iterator[str]:
    """The people whom a part of a command names, however deep; `name`: that of the field in which it stands."""
    if isinstance(part, Mapping):
        for field, value in part.items():
            yield from _people_in(value, field)
    elif isinstance(part, tuple):
        for value in part:
            yield from _people_in(value, name)
    elif part and name in NAMING_PEOPLE:
        yield str(part)


async def send(broker: Broker, agency: str, command: Command, clock: Clock, source: str = "door") -> str:
    """Append a command; its position. Raises BrokerUnavailable."""
    partition = broker.partition_of(agency)
    written = await broker.append(
        COMMANDS.name, partition, [record(agency, command, command.command_id, source, clock)]
    )
    return f"{COMMANDS.name}/{partition}/{written.offset}"


def record(agency: str, event: Event, event_id: str, source: str, clock: Clock) -> Record:
    """A record as it stands in an append-only topic, under CloudEvents' words."""
    return Record(
        agency,
        event.encode(),
        (
            ("id", event_id.encode()),
            ("type", event.type.encode()),
            ("source", source.encode()),
            ("subject", event.subject.encode()),
            ("time", clock.now().isoformat().encode()),
        ),
    )
