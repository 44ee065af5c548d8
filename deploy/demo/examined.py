"""What the audit log makes of a run: it has to be whole, and tell of each call that a team has seen."""

from __future__ import annotations

from typing import NamedTuple

from shared.audit_log.chain import ChainKeys
from shared.audit_log.reading import examine_log, line_of
from shared.clock import Clock
from shared.engine.broker import Broker
from shared.engine.reader import kept_records
from shared.events import PersonalDataSeen
from shared.topics import AUDIT_LOG

SHOWN = 5


class ExaminedLog(NamedTuple):
    """How much stands in the audit log, and what is wrong with it."""

    records: int
    chains: int
    seen: int
    """Calls that somebody has seen."""
    commands: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"The audit log is whole: {self.records} records of {self.chains} chains, {self.seen} calls seen by teams, "
            f"{self.commands} commands that stand as it says."
        )


async def examined_log(broker: Broker, keys: ChainKeys, clock: Clock, shown: int) -> ExaminedLog:
    """Examine the log of a run in which teams were shown so many addresses."""
    try:
        examined = await examine_log(broker, keys, clock.now())
        lines = [line_of(keys, stored) async for stored in kept_records(broker, range(broker.partitions), [AUDIT_LOG])]
    finally:
        await broker.close()
    entries = [line.entry for line in lines if line is not None and line.genuine]
    told = {entry.call_id for entry in entries if isinstance(entry, PersonalDataSeen) and entry.what == "call"}
    broken = [f"audit log, {found.position}: {found.sentence}" for found in examined.breaks[:SHOWN]]
    unsaid = [f"{shown} addresses were shown, and the audit log tells of none"] if shown and not told else []
    examination = examined.examination
    return ExaminedLog(examination.records, examination.chains, len(told), examined.commands, (*broken, *unsaid))
