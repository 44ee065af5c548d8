"""Decides whole journals again and tells what comes out otherwise: `python -m deploy.redecide --service all`.

Exit codes: 0 every decision made by this version comes out the same, 1 one does not, 2 wrong usage. Decisions of
another version are compared too, and counted apart. It reads only, and holds one partition of a journal at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field

from services.notification.service import NOTIFICATION
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE, triage_service
from shared.config import KafkaSettings, require_secured
from shared.engine.broker import Broker, BrokerUnavailable, Stored
from shared.engine.journal import START
from shared.engine.kafka import KafkaBroker
from shared.engine.reader import JournalReader
from shared.engine.redecide import Difference, JournalBroken, Redecision
from shared.engine.service import Service
from shared.engine.topic import Topic
from shared.sealing import Sealer, SealingKey

SHOWN = 20
"""Differences that are printed; all of them are counted."""
NAMES = (TRIAGE.name, TEAM_AVAILABILITY.name, NOTIFICATION.name, ROSTERING.name)


class RedecideSettings(KafkaSettings):
    """Where the log is; what intake sealed is opened again, or triage could not decide as it did."""

    kafka: str = Field(default="", description="bootstrap servers, host:port[,host:port]")
    sealing_key: SealingKey | None = Field(default=None, description="32 bytes, base64: the key that intake seals with")


@dataclass(slots=True)
class Report:
    """What came of one service's journal."""

    service: Service[Any]
    decisions: int = 0
    failed: int = 0
    inputs_gone: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    """By the version that had decided."""
    shown: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether everything that this version had decided came out the same."""
        return not self.differences[self.service.decider_version]

    def __str__(self) -> str:
        lines = [f"{self.service.name}: {self.decisions} decisions, {self.differences.total()} differences"]
        for version, number in sorted(self.differences.items()):
            if version != self.service.decider_version:
                lines.append(f"  {number} were decided by version {version}; this is {self.service.decider_version}")
        if self.failed:
            lines.append(f"  {self.failed} had failed and are not compared")
        if self.inputs_gone:
            lines.append(f"  {self.inputs_gone} rest on inputs that are not kept any more and are not compared")
        lines.extend(f"  {different}" for different in self.shown)
        return "\n".join(lines)


async def redecide(broker: Broker, service: Service[Any], agency: str | None = None) -> Report:
    """Decide a service's journal again: all of it, or one agency's. Raises BrokerUnavailable, JournalBroken."""
    report = Report(service)
    handled = {kind.type.encode() for kind in service.handles}
    for partition in range(broker.partitions) if agency is None else (broker.partition_of(agency),):
        # the journal first: whatever it rests on was there before it
        journal = [stored async for stored in kept_records(broker, partition, [service.writes])]
        inputs = {
            stored.position: stored
            async for stored in kept_records(broker, partition, service.reads)
            if stored.headers.get("type") in handled
        }
        again = Redecision(service, inputs.get)
        for different in again.differences(stored for stored in journal if agency in (None, stored.key)):
            report.differences[different.decider] += 1
            if len(report.shown) < SHOWN:
                report.shown.append(different)
        report.decisions += again.decisions
        report.failed += again.failed
        report.inputs_gone += again.inputs_gone
    return report


async def kept_records(broker: Broker, partition: int, topics: Sequence[Topic]) -> AsyncIterator[Stored]:
    """Everything that is kept of some topics at this moment, and counts."""
    places = [(topic.name, partition) for topic in topics]
    reader = JournalReader(await broker.reader(), [topic.name for topic in topics if topic.journal])
    try:
        ends = await reader.ends(places)
        await reader.assign(dict.fromkeys(places, START))
        async for stored in reader.until(ends):
            yield stored
    finally:
        await reader.close()


def services_with(sealing_key: str | None) -> tuple[Service[Any], ...]:
    """The services that decide; without the key triage opens nothing."""
    triage = TRIAGE if sealing_key is None else triage_service(Sealer(sealing_key))
    return triage, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING


async def redecide_all(broker: Broker, services: Iterable[Service[Any]], agency: str | None = None) -> list[Report]:
    """Decide several journals again, and let go of the broker. Raises BrokerUnavailable, JournalBroken."""
    try:
        return [await redecide(broker, service, agency) for service in services]
    finally:
        await broker.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    settings = RedecideSettings.load()
    parser = argparse.ArgumentParser(prog="python -m deploy.redecide", description=__doc__)
    parser.add_argument("--kafka", default=settings.kafka, help="bootstrap servers; else CAREROUTE_KAFKA")
    parser.add_argument("--partitions", type=int, default=settings.partitions, help="of every topic")
    parser.add_argument("--agency", help="only this agency's")
    parser.add_argument("--service", choices=(*NAMES, "all"), default="all")
    given = parser.parse_args(arguments)
    if not given.kafka:
        parser.error("say where the log is: --kafka, or CAREROUTE_KAFKA")
    if settings.sealing_key is None and given.service in (TRIAGE.name, "all"):
        parser.error("triage had read what intake sealed: set CAREROUTE_SEALING_KEY to the same key")
    connection = replace(settings.connection, servers=given.kafka)
    require_secured(connection, unless=settings.kafka_unsecured == "allowed")
    key = None if settings.sealing_key is None else settings.sealing_key.get_secret_value()
    services = [service for service in services_with(key) if given.service in (service.name, "all")]
    try:
        broker = KafkaBroker(connection, given.partitions)
        reports = asyncio.run(redecide_all(broker, services, given.agency))
    except (BrokerUnavailable, JournalBroken) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{report}\n" for report in reports))
    return 0 if all(report.same for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
