"""Decides whole journals again and tells what comes out otherwise: `python -m deploy.redecide --service all`.

Exit codes: 0 every decision made by this version comes out the same, 1 one does not, or the named agency has none, 2
wrong usage. Decisions of another version are compared too, and counted apart. It reads only, and holds some thousand
records at a time, however long a journal is.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import uvloop
from pydantic import Field

from deploy.arguments import from_one
from services.notification.service import NOTIFICATION
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE, triage_service
from shared.call_keys import CallKeys
from shared.config import KafkaSettings, require_secured
from shared.engine.broker import Broker, BrokerUnavailable, RecordPosition, Stored, reading, require_topics
from shared.engine.journal import InputPosition
from shared.engine.kafka import KafkaBroker
from shared.engine.reader import JournalReader, kept_records
from shared.engine.redecide import Difference, JournalBroken, Redecision, by_decision
from shared.engine.service import Service
from shared.sealing import KeySettings, Sealer

HELD = 10_000
"""Records of a journal, and those that they rest on: some tens of megabytes."""
SHOWN = 20
"""Differences that are printed; all of them are counted."""
NAMES = (TRIAGE.name, TEAM_AVAILABILITY.name, NOTIFICATION.name, ROSTERING.name)


class RedecideSettings(KeySettings, KafkaSettings):
    """Where the log is; what intake sealed is opened again, or triage could not decide as it did."""

    kafka: str = Field(default="", description="bootstrap servers, host:port[,host:port]")


@dataclass(slots=True)
class Report:
    """What came of one service's journal."""

    service: Service[Any]
    decisions: int = 0
    failed: int = 0
    inputs_gone: int = 0
    erased: int = 0
    """Decisions on versions of calls that are erased."""
    sealed_then: int = 0
    """Decisions on versions of calls that could not be opened then."""
    keys_sealed: int = 0
    """Keys of calls that are sealed with another key than those that were given here."""
    differences: Counter[str] = field(default_factory=Counter)
    """By the version that had decided."""
    shown: list[Difference] = field(default_factory=list)

    @property
    def looked_at(self) -> int:
        """How many decisions there are, whether they could be made again or not."""
        return self.decisions + self.failed + self.inputs_gone + self.erased

    @property
    def same(self) -> bool:
        """Whether everything that this version had decided came out the same."""
        return not self.differences[self.service.decider_version]

    def __str__(self) -> str:
        lines = [f"{self.service.name}: {self.decisions} decisions, {self.differences.total()} differences"]
        for version, number in sorted(self.differences.items()):
            if version != self.service.decider_version:
                lines.append(f"  {number} were decided by version {version}; this is {self.service.decider_version}")
        if self.keys_sealed:
            lines.append(
                f"  {self.keys_sealed} keys of calls cannot be opened here, so differences mean nothing: give both "
                "keys of processes (deploy/keys.md), CAREROUTE_SEALING_KEY and CAREROUTE_SECOND_SEALING_KEY"
            )
        if self.failed:
            lines.append(f"  {self.failed} had failed and are not compared")
        if self.inputs_gone:
            lines.append(f"  {self.inputs_gone} rest on inputs that are not kept any more and are not compared")
        if self.erased:
            lines.append(f"  {self.erased} rest on what was erased since, and cannot be made again")
        if self.sealed_then:
            lines.append(
                f"  {self.sealed_then} are the same without what is sealed: it could not be opened in time then"
            )
        lines.extend(f"  {different}" for different in self.shown)
        return "\n".join(lines)


async def redecide(
    broker: Broker,
    service: Service[Any],
    agency: str | None = None,
    keys: CallKeys | None = None,
    unopened: Service[Any] | None = None,
) -> Report:
    """Decide a service's journal again: all of it, or one agency's. Raises BrokerUnavailable, JournalBroken.

    `keys`: what the service opens sealed parts with, if it does; `unopened`: the service while it cannot.
    """
    await require_topics(broker, [*service.reads, service.writes])
    report = Report(service)
    for partition in range(broker.partitions) if agency is None else (broker.partition_of(agency),):
        async with reading(broker) as raw:
            finding = _Finding(broker, JournalReader(raw, ()), partition, service, keys, report)
            again = Redecision(service, finding.find, unopened=unopened)
            held: list[Stored] = []
            async for stored in kept_records(broker, [partition], [service.writes]):
                if agency in (None, stored.key):
                    held.append(stored)
                if len(held) >= HELD:
                    *whole, held = by_decision(held)  # the last may go on
                    await _compare(again, finding, [*chain.from_iterable(whole)], report)
            await _compare(again, finding, held, report)
        report.decisions += again.decisions
        report.failed += again.failed
        report.inputs_gone += again.inputs_gone
        report.sealed_then += again.sealed_then
    report.inputs_gone -= report.erased
    if keys is not None and keys.sealer is not None:
        report.keys_sealed = keys.unopenable(keys.sealer)
    return report


async def _compare(again: Redecision[Any], finding: _Finding, decisions: Sequence[Stored], report: Report) -> None:
    """Decide the next decisions of a journal again. They are written already, and whatever they rest on before them."""
    await finding.read(decisions)
    for different in again.differences(decisions):
        report.differences[different.decider] += 1
        if len(report.shown) < SHOWN:
            report.shown.append(different)


@dataclass(slots=True)
class _Finding:
    """Finds what some decisions rest on, and counts those of which something is erased."""

    broker: Broker
    reader: JournalReader
    partition: int
    service: Service[Any]
    keys: CallKeys | None
    report: Report
    inputs: dict[str, Stored] = field(default_factory=dict)
    has_keys: bool = False

    async def read(self, decisions: Iterable[Stored]) -> None:
        """Read the inputs that they name; no others are held any more. Raises BrokerUnavailable."""
        if self.keys is not None and not self.has_keys:
            async for stored in kept_records(self.broker, [self.partition], [self.keys.topic]):
                self.keys.take(stored)
            self.has_keys = True
        causes = {stored.header("cause") for stored in decisions}
        self.inputs, positions = {}, [*filter(None, map(RecordPosition.in_cause, causes))]
        handled = {kind.type.encode() for kind in self.service.handles}
        for topic in self.service.reads:
            place = topic.name, self.partition
            named = [position.offset for position in positions if (position.topic, position.partition) == place]
            if not named:
                continue
            starts, ends = await self.reader.starts([place]), await self.reader.ends([place])
            first, end = max(min(named), starts[place]), min(max(named) + 1, ends[place])
            if first < end:
                await self.reader.assign({place: InputPosition(first, 0)})
                async for stored in self.reader.until({place: end}):
                    if stored.position in causes and stored.headers.get("type") in handled:
                        self.inputs[stored.position] = stored

    def find(self, position: str) -> Stored | None:
        """The record at a position; None where it cannot be decided again."""
        stored = self.inputs.get(position)
        if stored is None or self.keys is None or not self.keys.lacks(stored):
            return stored
        self.report.erased += 1
        return None


async def redecide_all(
    broker: Broker, sealer: Sealer | None, agency: str | None = None, names: Container[str] = NAMES
) -> list[Report]:
    """Decide several journals again, and let go of the broker. Raises BrokerUnavailable, JournalBroken.

    Without a sealer triage opens nothing.
    """
    keys = None if sealer is None else CallKeys(broker, sealer)
    triage = TRIAGE if keys is None else triage_service(keys)
    opening = () if keys is None else (keys, TRIAGE)
    try:
        return [
            await redecide(broker, service, agency, *(opening if service is triage else ()))
            for service in (triage, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING)
            if service.name in names
        ]
    finally:
        await broker.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    settings = RedecideSettings.load()
    parser = argparse.ArgumentParser(prog="python -m deploy.redecide", description=__doc__)
    parser.add_argument("--kafka", default=settings.kafka, help="bootstrap servers; else CAREROUTE_KAFKA")
    parser.add_argument("--partitions", type=from_one, default=settings.partitions, help="of every topic")
    parser.add_argument("--agency", help="only this agency's")
    parser.add_argument("--service", choices=(*NAMES, "all"), default="all")
    given = parser.parse_args(arguments)
    if not given.kafka:
        parser.error("say where the log is: --kafka, or CAREROUTE_KAFKA")
    if settings.sealing_key is None and given.service in (TRIAGE.name, "all"):
        parser.error("triage had read what intake sealed: set CAREROUTE_SEALING_KEY to the same key")
    connection = replace(settings.connection, servers=given.kafka)
    require_secured(connection, allowed=settings.kafka_unsecured == "allowed")
    names = NAMES if given.service == "all" else (given.service,)
    sealer = None if settings.sealing_key is None else settings.sealer_with(settings.sealing_key)
    try:
        broker = KafkaBroker(connection, given.partitions)
        reports = uvloop.run(redecide_all(broker, sealer, given.agency, names))
    except (BrokerUnavailable, JournalBroken) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{report}\n" for report in reports))
    if given.agency and not any(report.looked_at for report in reports):
        sys.stderr.write(f"nothing was ever decided for an agency {given.agency!r}\n")
        return 1
    return 0 if all(report.same for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
