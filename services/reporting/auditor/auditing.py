"""The auditor as it runs: carries every record into its store, and asks the invariants every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.reporting.auditor.audit import Auditor, Run
from services.reporting.auditor.config import AuditorSettings
from services.reporting.auditor.fold.batch import TOPICS as READ
from services.reporting.auditor.fold.batch import take
from services.reporting.auditor.heartbeat import Heartbeat
from services.reporting.auditor.lists import take_lists
from services.reporting.auditor.prepare import prepare
from services.reporting.auditor.tables import CLEAN, SECOND, microseconds
from services.reporting.auditor.told import tell
from services.reporting.carrier import Carrier
from services.reporting.keeper import StoreKeeper, beside
from services.reporting.store.engine import is_away, transaction
from services.reporting.store.write import positions, write
from shared import telemetry
from shared.audit_log.chain import ChainKeys
from shared.clock import Clock
from shared.engine.broker import Broker, BrokerUnavailable, Reader, Stored, reading
from shared.topics import AUDITS, TOPICS

BEHIND_SECONDS = 30.0
"""Whoever has not held all there was for so long does not know enough to say that all is well."""
RUNS_MISSED = 6
"""So many runs without an end, and it is not ready any more."""

Result = Literal["clean", "broken", "blind", "cut", "behind", "away"]


class Auditing(StoreKeeper):
    """Keeps the auditor's store, and asks the invariants of it."""

    look_seconds = 0.25

    def __init__(
        self, engine: AsyncEngine, broker: Broker, carrier: Carrier, clock: Clock, settings: AuditorSettings
    ) -> None:
        super().__init__(engine, broker, carrier, clock, READ)
        self._seconds, self._directory = settings.audit_seconds, settings.storage_directory
        self._auditor = Auditor(engine, budget_seconds=settings.audit_budget_seconds)
        self._audit_keys = ChainKeys(settings.audit_keys.get_secret_value())
        self._canaries = [word.get_secret_value().encode() for word in settings.planted_words]
        self._ran_at: float | None = None
        self.heartbeat = Heartbeat(settings)
        self.topics = tuple(topic for topic in TOPICS if topic.name in (*READ, AUDITS.name))

    @property
    def ready(self) -> bool:
        """Whether it reads, runs, and has been told who watches it."""
        ran = self._ran_at is not None and self._clock.monotonic() - self._ran_at < RUNS_MISSED * self._seconds
        return self._lag.caught_up and ran and not self._away and self.heartbeat.configured

    # --- reading -----------------------------------------------------------------------------------------------------

    async def _run(self, ticking: asyncio.Future[None]) -> None:
        telemetry.AUDIT_LAG.set_function(self._lag.seconds)
        telemetry.AUDIT_INVARIANTS.set(len(self._auditor.names))
        await self._once_there(lambda: prepare(self._engine))
        await self._once_there(self._remember)
        async with self._carrying() as (reader, carrying), beside(self._keep_auditing()) as auditing:
            await self._watch(reader, (ticking, carrying, auditing))

    async def _take(self, batch: Sequence[Stored]) -> None:
        await self._once_there(lambda: write(self._engine, batch, self._fold))

    async def _fold(self, connection: AsyncConnection, counted: Sequence[Stored]) -> None:
        await connection.run_sync(take, counted, self._audit_keys, self._clock.now(), self._canaries)

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _keep_auditing(self) -> None:
        async with reading(self._broker) as reader:
            while True:
                began = self._clock.monotonic()
                telemetry.AUDIT_RUNS.labels(await self._audit_or_say_why_not(reader)).inc()
                await asyncio.sleep(max(0.0, self._seconds - (self._clock.monotonic() - began)))

    async def _audit_or_say_why_not(self, reader: Reader) -> Result:
        try:
            return await self._audit(reader)
        except Exception as error:
            if not (is_away(error) or isinstance(error, BrokerUnavailable)):
                raise
            telemetry.logger().warning("no audit", error=type(error).__name__)
            return "away"

    async def _audit(self, reader: Reader) -> Result:
        """One run, and what follows from it."""
        await take_lists(self._engine, self._directory, self._clock)
        await note_ends(self._engine, reader, self._clock)
        behind_us = round(self._lag.seconds() * SECOND)
        run = await self._auditor.run(microseconds(self._clock.now()), behind_us)
        self._show(run)
        await tell(self._engine, self._broker, self._clock)
        result = self._result_of(run)
        if result == "clean":
            now = self._clock.now()
            async with transaction(self._engine) as connection:
                await connection.execute(text(_CLEAN), {"at_us": microseconds(now)})
            telemetry.AUDIT_LAST_CLEAN.set(now.timestamp())
            await self.heartbeat.beat()
        return result

    def _show(self, run: Run) -> None:
        self._ran_at = self._clock.monotonic()
        telemetry.AUDIT_SECONDS.set(run.seconds)
        telemetry.AUDIT_PLANTED.set(run.planted_found)
        telemetry.AUDIT_UNASKED.set(len(run.unasked))
        for name, count in run.open.items():
            telemetry.AUDIT_VIOLATIONS.labels(name).set(count)
        if run.blind:
            telemetry.logger().critical("what was planted was not found", kind=", ".join(run.blind))
        for name, count in run.open.items():
            if count:
                telemetry.logger().error("a promise is broken", kind=name, count=count)

    def _result_of(self, run: Run) -> Result:
        if run.blind:
            return "blind"
        if run.broken:
            return "broken"
        if run.unasked:
            return "cut"
        return "clean" if self._lag.caught_up and self._lag.seconds() < BEHIND_SECONDS else "behind"

    async def _remember(self) -> None:
        """When a run was last clean: a new process does not begin with a false alarm."""
        async with self._engine.connect() as connection:
            at_us = (await connection.execute(select(CLEAN.c.at_us))).scalar()
        telemetry.AUDIT_LAST_CLEAN.set((at_us or 0) / SECOND)


_CLEAN = """INSERT INTO clean (id, at_us) VALUES (1, :at_us)
    ON CONFLICT (id) DO UPDATE SET at_us = excluded.at_us"""
_END = """INSERT INTO log_end (topic, partition, end_offset, read_offset, at_us)
    VALUES (:topic, :partition, :end_offset, :read_offset, :at_us)
    ON CONFLICT (topic, partition) DO UPDATE SET end_offset = excluded.end_offset,
        read_offset = excluded.read_offset, at_us = excluded.at_us"""


async def note_ends(engine: AsyncEngine, reader: Reader, clock: Clock) -> None:
    """Note where each partition ends. How far it was read is looked at before the end, which only grows."""
    read = await positions(engine)
    ends, at_us = await reader.ends(read), microseconds(clock.now())
    rows = [
        {"topic": place[0], "partition": place[1], "end_offset": end, "read_offset": read[place], "at_us": at_us}
        for place, end in ends.items()
    ]
    async with transaction(engine) as connection:
        await connection.run_sync(_note, rows)


def _note(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    connection.execute(text(_END), list(rows))
