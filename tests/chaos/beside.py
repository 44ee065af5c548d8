"""Two versions side by side: another commit's processes and ours on one Kafka, under load, in the order of an upgrade.

The other commit is taken out of the history into a directory of its own, and run by the Python of this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGTERM

import httpx

from deploy.local.access import AgencySpec
from deploy.local.kafka.node import CHECKOUT, LocalKafka, free_port
from deploy.local.programs import Program
from deploy.local.stack import READY_SECONDS, Stack, StackError
from deploy.redecide import redecide_all
from shared.engine.kafka import KafkaBroker
from shared.engine.topic import DEAD_LETTERS
from shared.sealing import Sealer
from tests.chaos.city import City
from tests.chaos.oracle import Verdict, judge
from tests.chaos.stalls import JOURNAL_OF
from tests.rig.log import read
from tests.rig.town import Terms, Town, names, settle

TERMS = Terms(deadline_seconds=40, step_seconds=25, offer_seconds=20)
TEAMS, PAGED_MEMBERS, PARTITIONS = 6, 1, 2
TOPICS = ("calls", "commands", *JOURNAL_OF.values())
FEW = ("triage", "team-availability", "notification", "console", "intake")
DRAIN_SECONDS, SETTLED_SECONDS = 90.0, 3.0
NEW_KEYS = frozenset({"calls_per_second"})
"""Of a carrier's account."""
LOOK_SECONDS = 0.1
SUFFIX = "_FILE"


class NoSuchCommit(RuntimeError):
    """The history does not hold the commit, or there is none."""


def take_out(commit: str, directory: Path) -> Path:
    """The files of a commit, below a directory. Raises NoSuchCommit."""
    directory.mkdir(parents=True)
    try:
        git = ("git", "-C", str(CHECKOUT), "archive", "--format=tar", f"--output={directory}.tar", commit)
        subprocess.run(git, check=True, capture_output=True, text=True)
        subprocess.run(
            ("tar", "-xf", f"{directory}.tar", "-C", str(directory)), check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise NoSuchCommit(f"{commit} cannot be taken out of the history: {error.stderr.strip()}") from error
    except OSError as error:
        raise NoSuchCommit(f"{commit} cannot be taken out of the history: {error}") from error
    return directory


@dataclass
class Beside:
    """The processes of a stack, each of either version; whatever dies is started again as what it was."""

    stack: Stack
    other: Path
    """Where the files of the other version are."""
    say: Callable[[str], None] = lambda _: None
    deaths: list[str] = field(default_factory=list)
    """Processes that ended by themselves."""
    _runs: dict[str, Program] = field(default_factory=dict)

    def as_other(self, program: Program) -> Program:
        """A program as the other version runs it; perhaps that does not know that a secret can stand in a file."""
        secrets, environment = self.stack.directory / "secrets", dict[str, str]()
        for name, value in program.environment.items():
            if name.endswith(SUFFIX) and Path(value).is_relative_to(secrets):
                environment[name.removesuffix(SUFFIX)] = Path(value).read_text("utf-8")
            else:
                environment[name] = value
        return replace(program, checkout=self.other, environment=environment)

    @contextlib.asynccontextmanager
    async def running(self, others: Iterable[str]) -> AsyncIterator[None]:
        """Start everything, these processes of the other version, and keep it up while the block runs."""
        await self.stack.prepare()
        for program in self.stack.programs:
            self._runs[program.name] = self.as_other(program) if program.name in set(others) else program
        self.stack.children.start([*self._runs.values()])
        keeping = asyncio.get_running_loop().create_task(self._keep_up())
        try:
            await self._ready(self._runs)
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await asyncio.to_thread(self.stack.stop)

    async def change(self, names: Sequence[str], *, to_other: bool) -> None:
        """End some processes in order, one after the other, and start each as the other version, or as ours."""
        programs = {program.name: program for program in self.stack.programs}
        for name in names:
            ended = self._runs.pop(name)
            await asyncio.to_thread(self.stack.children.end, ended.name, SIGTERM)
            self._runs[name] = self.as_other(programs[name]) if to_other else programs[name]
            self.stack.children.start([self._runs[name]])
            await self._ready([name])
        self.say(f"{', '.join(names)}: now {'the other version' if to_other else 'ours'}")

    async def _ready(self, names: Iterable[str]) -> None:
        waiting, until = set(names), time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while waiting:
                for name in [*waiting]:
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(self._runs[name].ready_url)).is_success:
                            waiting.discard(name)
                if time.monotonic() > until:
                    raise StackError(f"not ready: {', '.join(sorted(waiting))}; see {self.stack.directory}")
                await asyncio.sleep(LOOK_SECONDS)

    async def _keep_up(self) -> None:
        while True:
            for name, program in [*self._runs.items()]:
                if self.stack.children.pid_of(name) is None:
                    self.deaths.append(name)
                    self.stack.children.start([program])
            await asyncio.sleep(LOOK_SECONDS)


# --- one run


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for."""

    commit: str
    seconds: float = 10.0
    """Between two changes."""
    rate: float = 20.0
    whole: bool = False
    """Every service, all of it of the other version at first, and people with phones; else what decides, half of it."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    verdict: Verdict
    differences: Sequence[str]
    """Services of which this version would decide otherwise what bears its own decider's number."""
    dead_letters: Sequence[str]
    deciders: Mapping[str, frozenset[str]]
    """By service, the versions that decided."""
    deaths: Sequence[str]
    refused_back: Sequence[str]
    """Services whose journal the other version cannot read any more: they cannot be rolled back."""

    @property
    def clean(self) -> bool:
        """Whether every promise held, and nothing was decided otherwise or given up."""
        return self.verdict.clean and not self.differences and not self.dead_letters

    def report(self) -> Mapping[str, str]:
        """What else came of it, in words."""
        return {
            "decided otherwise": "; ".join(self.differences) or "nothing",
            "dead letters": f"{len(self.dead_letters)}",
            "deciders": ", ".join(f"{name} {' and '.join(sorted(by))}" for name, by in self.deciders.items()),
            "processes that died": ", ".join(self.deaths) or "none",
            "services that cannot go back": ", ".join(self.refused_back) or "none",
        }


UPGRADE = ("triage", "team-availability", "notification", "rostering", "callbacks", "pocket", "console", "intake")
"""Readers before writers: whoever meets something new knows it by then. Roll-back goes the other way."""


async def side_by_side(options: Options, directory: Path, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """One run, in a directory of its own. Raises NoSuchCommit, KafkaError, StackError."""
    other = await asyncio.to_thread(take_out, options.commit, directory / "other")
    port = free_port()
    towns = [
        Town(name, TEAMS, PAGED_MEMBERS, port, free_port() if options.whole else 0)
        for name in names(PARTITIONS, PARTITIONS)
    ]
    with LocalKafka(directory / "kafka") as kafka:
        stack = Stack(
            directory / "stack",
            kafka.address,
            [_plain(town.spec) for town in towns],
            partitions=PARTITIONS,
            services=UPGRADE if options.whole else FEW,
            supervised=False,
        )
        run = _Run(options, Beside(stack, other, say), City(stack, towns, port, options.seed), towns)
        try:
            return await run.run()
        finally:
            await asyncio.to_thread(kafka.kill)
            shutil.rmtree(directory / "kafka", ignore_errors=True)


@dataclass
class _Run:
    options: Options
    beside: Beside
    city: City
    towns: Sequence[Town]

    async def run(self) -> Outcome:
        stack, whole = self.beside.stack, self.options.whole
        everybody = [program.name for program in stack.programs]
        refused: list[str] = []
        async with self.beside.running(everybody if whole else set(_first(everybody)) - {"console-1"}):
            if whole:
                await self.city.telephony.start(stack.url_of("callbacks"))
            await settle(stack, self.towns, TERMS)
            await self.city.start()
            over = asyncio.Event()
            publishing = asyncio.get_running_loop().create_task(self.city.publish(self.options.rate, over))
            try:
                await asyncio.sleep(self.options.seconds)
                await (self._forward(everybody) if whole else self._forward_at_once(everybody))
                await asyncio.sleep(self.options.seconds)
                if whole:
                    refused = await self._back(everybody)
                else:
                    await self._back_at_once(everybody)
                await asyncio.sleep(self.options.seconds)
            finally:
                over.set()
                await asyncio.wait([publishing])
            await self.city.drain(DRAIN_SECONDS)
            await asyncio.sleep(SETTLED_SECONDS)
        await self.city.stop()
        await self.city.telephony.stop()
        return await self._outcome(refused)

    async def _forward(self, names: Sequence[str]) -> None:
        for service in UPGRADE:
            await self.beside.change(_of(service, names), to_other=False)

    async def _forward_at_once(self, names: Sequence[str]) -> None:
        """In the same order, several at a time: what decides, then intake."""
        deciding = [name for service in JOURNAL_OF for name in _of(service, _first(names))]
        await asyncio.gather(*(self.beside.change([name], to_other=False) for name in deciding))
        await self.beside.change(_of("intake", names), to_other=False)

    async def _back(self, names: Sequence[str]) -> list[str]:
        """Roll back what can be, the other way round; the services that cannot."""
        refused = [service for service in JOURNAL_OF if await self._is_unreadable(service)]
        for service in reversed(UPGRADE):
            if service not in refused:
                await self.beside.change(_of(service, names), to_other=True)
        return refused

    async def _back_at_once(self, names: Sequence[str]) -> None:
        """Intake, then the first process of each service that decides."""
        await self.beside.change(_of("intake", names), to_other=True)
        deciding = [name for service in JOURNAL_OF for name in _of(service, _first(names))]
        await asyncio.gather(*(self.beside.change([name], to_other=True) for name in deciding))

    async def _is_unreadable(self, service: str) -> bool:
        """Whether the other version says, as its operator is to ask it, that it does not know what a journal holds."""
        stack = self.beside.stack
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.redecide", "--service", service),
            *("--kafka", stack.bootstrap, "--partitions", str(stack.partitions)),
            cwd=self.beside.other,
            env={**os.environ, "CAREROUTE_SEALING_KEY": stack.access.sealing_key},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        return f"{JOURNAL_OF[service]}/".encode() in said  # where the record stands that it cannot read

    async def _outcome(self, refused: Sequence[str]) -> Outcome:
        stack, city = self.beside.stack, self.city
        records = await read(stack.connection, stack.partitions, (*TOPICS, DEAD_LETTERS.name))
        dead_letters = [record for record in records if record.topic == DEAD_LETTERS.name]
        records = [record for record in records if record.topic != DEAD_LETTERS.name]
        commands = city.commands | {record.headers["id"].decode() for record in records if record.topic == "commands"}
        reports = await redecide_all(KafkaBroker(stack.connection, stack.partitions), Sealer(stack.access.sealing_key))
        return Outcome(
            judge(records, city.sent, commands, city.received, carried=city.telephony.carried),
            [f"{report}" for report in reports if not report.same],
            [record.value.decode(errors="replace") for record in dead_letters],
            {
                service: frozenset(
                    record.headers.get("decider", b"").decode() for record in records if record.topic == journal
                )
                for service, journal in JOURNAL_OF.items()
            },
            self.beside.deaths,
            refused,
        )


def _plain(agency: AgencySpec) -> AgencySpec:
    """An agency of which the agencies file says nothing that the other version does not know, and would refuse."""
    carriers = {
        carrier: {key: value for key, value in account.items() if key not in NEW_KEYS}
        for carrier, account in agency.carriers.items()
    }
    return replace(agency, carriers=carriers)


def _of(service: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.rpartition("-")[0] == service]


def _first(names: Iterable[str]) -> list[str]:
    """Of each service its first process."""
    return [name for name in names if name.endswith("-1")]
