"""Faust: `python -m tests.bench.peers.hosts.on_faust SPEC.json`.

The state of an agency is a value of a table, which a changelog topic keeps.
"""

from __future__ import annotations

from typing import Any

import faust
import uvloop
from faust.types import StreamT

from tests.bench.peers.hosting import EXACTLY_ONCE_SECONDS, SESSION_MILLISECONDS, Decider, Spec, stored_of


def app_of(spec: Spec) -> faust.App:
    """One service."""
    often: dict[str, Any] = {"broker_commit_interval": EXACTLY_ONCE_SECONDS} if spec.exactly_once else {}
    app = faust.App(
        spec.group,
        broker=f"kafka://{spec.bootstrap}",
        consumer_group_instance_id=spec.group,
        processing_guarantee="exactly_once" if spec.exactly_once else "at_least_once",
        store="memory://",
        datadir=spec.directory,
        topic_partitions=spec.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        broker_session_timeout=SESSION_MILLISECONDS / 1000,
        broker_heartbeat_interval=SESSION_MILLISECONDS / 6000,
        loop=uvloop.new_event_loop(),
        **often,
    )
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes}
    journal = app.topic(spec.journal, **raw)
    table = app.Table("state", **raw)
    decider, packed = Decider(spec), dict[str, bytes]()

    @app.agent(app.topic(*spec.inputs, **raw))
    async def take(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            message = event.message
            agency, place = message.key.decode(), (message.topic, message.partition, message.offset)
            kept = table.get(message.key)
            if kept is not None and kept is not packed.get(agency):
                decider.unpack(agency, kept)
            content = message.value, dict(message.headers or ())
            stored = stored_of(spec, place, round(message.timestamp * 1000), message.key, content)
            records = decider.take(stored)
            for record in records:
                await journal.send(
                    key=record.key.encode(),
                    value=record.value,
                    partition=message.partition,
                    headers=dict(record.headers),
                )
            if records:
                packed[agency] = table[message.key] = decider.packed(agency)

    return app


if __name__ == "__main__":
    app = app_of(Spec.load())
    faust.Worker(app, loop=app.loop, loglevel="warning").execute_from_commandline()
