"""What doors have in common: append a command, or any record of an append-only topic, under CloudEvents' words."""

from __future__ import annotations

from shared.broker import Broker, Record
from shared.clock import Clock
from shared.events import Command, Event
from shared.topics import COMMANDS

APPEND_SECONDS = 1.5
"""A door gives up on the broker after this long: its caller gets an answer within two seconds."""


def record(agency: str, event: Event, event_id: str, source: str, clock: Clock) -> Record:
    """A record as it stands in an append-only topic."""
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


async def send(broker: Broker, agency: str, command: Command, clock: Clock, source: str = "door") -> str:
    """Append a command; its position. Raises BrokerUnavailable."""
    partition = broker.partition_of(agency)
    written = await broker.append(
        COMMANDS.name, partition, [record(agency, command, command.command_id, source, clock)]
    )
    return f"{COMMANDS.name}/{partition}/{written.offset}"
