"""Carries every record from Kafka into the store: Faust reads, the store decides what is new.

Faust has no tables here and remembers nothing that matters. Kafka's committed offsets are a hint: what counts stands in
`place`, written with the facts in one transaction. So a process that was killed, frozen, or thought dead finds what it
reads again done already. Faust acknowledges a batch even where its reader failed (`take_events` does so in a
`finally`), and goes on behind it; then records would be missing. The store sees the gap, the process ends, and before
the next one reads, the group is set back to where the store is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import faust
from faust import SASLCredentials, SSLCredentials, Stream
from faust.types import EventT, StreamT
from faust.types.auth import CredentialsT, SASLMechanism

from shared.connection import Connection
from shared.engine.broker import Stored

GROUP = "careroute-reporting"
BATCH, BATCH_SECONDS = 500, 0.05
"""So many records at most, or what has come in so long, are one transaction."""
STOP_SECONDS = 5.0
"""Longer Faust is not waited for."""

Take = Callable[[Sequence[Stored]], Awaitable[None]]
"""Takes a batch in; returns once it is stored, and raises only what ends the process."""


class Carrier(NamedTuple):
    """Who reads, from where."""

    connection: Connection
    instance: str
    directory: Path
    """Faust's own; it keeps nothing there."""
    group: str = GROUP


@asynccontextmanager
async def carried(carrier: Carrier, topics: Sequence[str], take: Take) -> AsyncIterator[asyncio.Future[None]]:
    """Carry the records of topics for as long as the block lasts; the future fails with whatever `take` raises."""
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    app = _app(carrier)

    @app.agent(app.topic(*topics, key_serializer="raw", value_serializer="raw"))
    async def carry(stream: StreamT[Any]) -> None:
        async for events in cast("Stream[Any]", stream).take_events(BATCH, within=BATCH_SECONDS):
            try:
                await take([_stored(event) for event in events])
            except Exception as error:  # noqa: BLE001  # Faust would drop the batch, and go on with the next
                if not failed.done():
                    failed.set_exception(error)
                await asyncio.Event().wait()

    await app.start()
    try:
        yield failed
    finally:
        failed.cancel()
        with suppress(TimeoutError):  # what it leaves open ends with the process, and is read again by the next one
            async with asyncio.timeout(STOP_SECONDS):
                await app.stop()


def _app(carrier: Carrier) -> faust.App:
    return faust.App(
        carrier.group,
        broker=[f"kafka://{server}" for server in carrier.connection.servers.split(",")],
        broker_credentials=_credentials(carrier.connection),
        consumer_group_instance_id=f"{carrier.group}-{carrier.instance}",
        processing_guarantee="at_least_once",
        store="memory://",
        datadir=str(carrier.directory),
        topic_allow_declare=False,
        topic_disable_leader=True,  # else it wants a topic of its own, which nobody here may make
        web_enabled=False,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_commit_interval=0.5,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,  # else it waits, at its end, for a batch that nobody stores any more
        loop=asyncio.get_running_loop(),
    )


def _credentials(connection: Connection) -> CredentialsT | None:
    if connection.tls is None:
        return None
    if not connection.user:
        return SSLCredentials(connection.tls)
    return SASLCredentials(
        username=connection.user,
        password=connection.password,
        mechanism=SASLMechanism.SCRAM_SHA_512,
        ssl_context=connection.tls,
    )


def _stored(event: EventT[bytes]) -> Stored:
    message: Any = event.message
    headers = message.headers or {}
    return Stored(
        message.topic,
        message.partition,
        message.offset,
        datetime.fromtimestamp(message.timestamp, UTC),
        (message.key or b"").decode("utf-8", "replace"),
        message.value or b"",
        headers if isinstance(headers, dict) else dict(headers),
    )
