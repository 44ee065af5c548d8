"""The steps of a rebuild, told as they are taken."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.begin import begin
from services.reporting.config import ReportingSettings
from services.reporting.rebuild.compare import compare
from services.reporting.rebuild.places import NoNewStore, Places, places_of
from services.reporting.reporter import READS
from services.reporting.store.engine import UNUSABLE, said
from services.reporting.store.lock import StoreInUse
from services.reporting.store.prepare import prepare
from services.reporting.store.write import write
from shared import telemetry
from shared.clock import SystemClock
from shared.engine.broker import Broker, BrokerUnavailable, reading
from shared.engine.kafka import KafkaBroker

EXIT_DIFFERENT, EXIT_IN_USE, EXIT_NO_KAFKA, EXIT_NO_STORE = 1, 3, 4, 5
SWAP = "--swap"
POLL_SECONDS = 1.0
DAMAGED = (
    "If the old one is damaged, put its last copy in its place and begin again; without one move it away, and what was "
    "published is gone (deploy/DISASTER.md says what that means)"
)


def main(settings: ReportingSettings, arguments: Sequence[str]) -> int:
    """Make the store anew and swap it in; `--swap` swaps in one that is there already. The exit code."""
    telemetry.configure_logs("reporting", settings.instance, settings.log_level)
    return uvloop.run(_main(settings, swap_only=SWAP in arguments))


async def _main(settings: ReportingSettings, *, swap_only: bool) -> int:
    places = places_of(settings)
    broker = KafkaBroker(settings.connection, settings.partitions)
    try:
        if not swap_only and not await rebuild(places, broker):
            return EXIT_DIFFERENT
        await places.swap()
    except BrokerUnavailable as error:
        _say(f"Kafka is away: {error}")
        return EXIT_NO_KAFKA
    except StoreInUse as error:
        _say(f"The new store is ready, and {error}. Stop reporting, and swap it in: careroute report rebuild {SWAP}")
        return EXIT_IN_USE
    except NoNewStore as error:
        _say(f"Nothing was swapped, for {error}. Make a new store: careroute report rebuild")
        return EXIT_NO_STORE
    except UNUSABLE as error:
        _say(f"A store is away, full or damaged: {said(error)}. Nothing was swapped. {DAMAGED}")
        return EXIT_DIFFERENT
    finally:
        await broker.close()
    _say("The new store is in place; the old one stands beside it. Reporting goes on where the new one is.")
    return 0


async def rebuild(places: Places, broker: Broker) -> bool:
    """Make the new store, and compare it with the old one; whether they agree. Raises BrokerUnavailable."""
    await places.clear()
    new, old = places.new(), places.current()
    try:
        await prepare(new, SystemClock().now(), places.schema)
        _say(f"{await _read_everything(new, broker)} records read into a new store.")
        if old is None:
            return True
        comparison = await compare(old, new)
    finally:
        for engine in (new, old):
            if engine is not None:
                await engine.dispose()
    for name, (before, after) in comparison.rows.items():
        if before != after:
            _say(f"{name}: {before} rows before, {after} now.")
    for line in comparison.differences:
        _say(line)
    if comparison.differences:
        _say(
            "The stores do not agree on outcomes; the old one stays in place. Where a person finds that the new one is "
            f"right, it is put there as it is: careroute report rebuild {SWAP}"
        )
    return not comparison.differences


async def _read_everything(new: AsyncEngine, broker: Broker) -> int:
    """Read up to where the topics end now; how many records that were."""
    read = 0
    async with reading(broker) as reader:
        places = [(topic.name, number) for topic in READS for number in range(broker.partitions)]
        left, begins = await reader.ends(places), await begin(new, reader, places)
        left = {place: end for place, end in left.items() if begins[place] < end}
        await reader.assign({place: begins[place] for place in left})
        while left:
            batch = [stored for stored in await reader.poll(POLL_SECONDS) if (stored.topic, stored.partition) in left]
            await write(new, batch)
            read += len(batch)
            for stored in batch:
                if stored.offset + 1 >= left.get((stored.topic, stored.partition), 0):
                    left.pop((stored.topic, stored.partition), None)
    return read


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
