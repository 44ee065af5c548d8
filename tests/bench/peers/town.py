"""The towns that every host is given: what people once commanded of careroute itself, commanded again in each run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.engine.broker import Record
from shared.engine.kafka import KafkaBroker
from shared.events import (
    ApproveProgramme,
    Command,
    CommandDone,
    ProgrammeActivated,
    ProposeProgramme,
    SetPhase,
    child_id,
    decode,
)
from shared.topics import COMMANDS
from tests.bench.peers.watching import Watch
from tests.bench.stage import PARTITIONS, Stage
from tests.rig.log import Rule, read

SETTLE_SECONDS = 90.0
EXPIRES = timedelta(minutes=10)
BATCH = 200
ADOPT: tuple[type[Command], ...] = (ProposeProgramme, ApproveProgramme)
SWITCH: tuple[type[Command], ...] = (SetPhase,)


class NotSettled(RuntimeError):
    """A host did not come to the same towns."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the towns come from: each command with its agency, in order."""

    commands: Sequence[tuple[str, Command]]

    @property
    def agencies(self) -> list[str]:
        """The towns."""
        return sorted({agency for agency, _ in self.commands})

    async def again(self, broker: KafkaBroker, watch: Watch) -> None:
        """Have a host come to the same towns. Raises NotSettled."""
        rest = [(agency, command) for agency, command in self.commands if not isinstance(command, ADOPT + SWITCH)]
        await self._command(broker, watch, [each for each in self.commands if isinstance(each[1], ADOPT)])
        await _until(lambda: len(watch.of(ProgrammeActivated)) >= len(self.agencies), f"{watch.run}: programmes")
        await self._command(broker, watch, [each for each in self.commands if isinstance(each[1], SWITCH)])
        await self._command(broker, watch, rest)

    async def _command(self, broker: KafkaBroker, watch: Watch, commands: Sequence[tuple[str, Command]]) -> None:
        """Append commands, and wait until each of them is done."""
        waiting: dict[int, list[Record]] = {}
        for agency, command in commands:
            made = _anew(command, watch.run)
            headers = (("type", made.type.encode()), ("id", made.command_id.encode()))
            waiting.setdefault(broker.partition_of(agency), []).append(Record(agency, made.encode(), headers))
        done_before = len(watch.of(CommandDone))
        for partition, records in waiting.items():
            for start in range(0, len(records), BATCH):
                await broker.append(f"{watch.run}-{COMMANDS.name}", partition, records[start : start + BATCH])
        about = f"{watch.run}: {len(commands)} commands such as {commands[0][1].type}"
        await _until(lambda: len(watch.of(CommandDone)) >= done_before + len(commands), about)


async def past_of(stage: Stage) -> Past:
    """What was commanded on a stage that stands."""
    records = await read(stage.kafka.address, PARTITIONS, (COMMANDS.name,), rule=Rule(applies=False))
    commands = [(record.key, decode(record.type, record.value)) for record in records]
    once = {command.command_id: (agency, command) for agency, command in commands if isinstance(command, Command)}
    return Past(list(once.values()))  # a person whose answer is late commands the same again


async def _until(done: Callable[[], bool], about: str) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise NotSettled(f"{about}: not done within {SETTLE_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


def _anew(command: Command, run: str) -> Command:
    now = datetime.now(UTC)
    new_id = child_id(command.command_id, run)
    return command.model_copy(update={"command_id": new_id, "issued_at": now, "expires_at": now + EXPIRES})
