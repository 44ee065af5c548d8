"""What a door puts on the log: a command, whose answer it then waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from shared.clock import Clock
from shared.doors.answers import Answer, AnswerFollower
from shared.engine.broker import Broker, BrokerUnavailable, Record
from shared.events import Command, Event
from shared.topics import COMMANDS

Written = TypeVar("Written")

BROKER_SECONDS = 1.5
"""So long a door's broker tries to append."""
APPEND_SECONDS = 1.9
"""A caller hears within two seconds that the log is away, whatever an append had to wait for."""
LEAST_ANSWER_SECONDS = 0.1


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

    async def issue(self, agency: str, command: Command, answer_seconds: float) -> Answer | None:
        """Append a command and wait for its answer; None if none came in time. Raises LogAway."""
        began = self.clock.monotonic()
        await appended(send(self.broker, agency, command, self.clock, self.door))
        left_seconds = answer_seconds - (self.clock.monotonic() - began)
        return await self.follower.answer(command.command_id, max(left_seconds, LEAST_ANSWER_SECONDS))


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
