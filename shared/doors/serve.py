"""What doors have in common: append a command, or any record of an append-only topic, under CloudEvents' words."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.agencies import Agencies, AgenciesRefused
from shared.clock import Clock, SystemClock
from shared.config import AgencyDoorSettings
from shared.engine import gc_tuning
from shared.engine.broker import Broker, Record
from shared.engine.kafka import KafkaBroker
from shared.events import Command, Event
from shared.telemetry import configure_logs
from shared.topics import COMMANDS

if TYPE_CHECKING:
    from fastapi import FastAPI

EXIT_SETTINGS = 78

APPEND_SECONDS = 1.5
"""A door gives up on the broker after this long: its caller gets an answer within two seconds."""


def serve(name: str, settings: AgencyDoorSettings, make: Callable[[Broker, Clock, Agencies], FastAPI]) -> None:
    """Run a door as this process until it is told to stop. A wrong agencies file ends it (exit code 78) with a line."""
    import uvicorn  # noqa: PLC0415  # the deciding services do without

    configure_logs(name, settings.instance, settings.log_level)
    try:
        agencies = Agencies(settings.agencies_file)
    except (OSError, AgenciesRefused) as error:
        sys.stderr.write(f"CAREROUTE_AGENCIES_FILE: {error}\n")
        sys.exit(EXIT_SETTINGS)
    app = make(KafkaBroker(settings.kafka, settings.partitions, APPEND_SECONDS), SystemClock(), agencies)
    gc_tuning.tune()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        access_log=False,  # a path may hold a token
        log_config=None,
        proxy_headers=False,
    )


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
