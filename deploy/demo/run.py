"""One run of the demo, from the start of Kafka to the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.demo.cad import Receiver, Sender
from deploy.demo.crews import Crews
from deploy.demo.ledger import TOPICS, Ledger
from deploy.demo.people import Console as Door
from deploy.demo.people import Dispatcher, adopt, set_phases, staff
from deploy.demo.scenarios import Scenario
from deploy.demo.stages import Stage
from deploy.demo.verdict import Verdict, unsettled, verdict
from deploy.demo.view import View, tables
from deploy.local.asgi import serving
from deploy.local.programs import HOST
from deploy.redecide import redecide_all, services_with
from deploy.rehearsal.switching import Switching
from shared.clock import Clock
from shared.engine.broker import Broker

LOOK_SECONDS = 0.25
PROCESS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Bots:
    """Everybody who is played, and the door for people."""

    door: Door
    sender: Sender
    receiver: Receiver
    dispatcher: Dispatcher
    crews: Crews


class Run:
    """One run on a stage that is up already, heard at a loopback port."""

    def __init__(
        self, scenario: Scenario, stage: Stage, console: Console, clock: Clock, *, seed: int, port: int
    ) -> None:
        self._scenario, self._stage, self._console, self._clock = scenario, stage, console, clock
        self._seed, self._port = seed, port
        self.links: dict[str, str] = {}
        """Each team's own page."""
        self.ledger = Ledger(scenario.agency, scenario.marked)
        self._view = View(console, scenario, self.ledger)
        script = scenario.switching
        self.switching = None if script is None else Switching(script, self.ledger.in_force, clock, self._say)

    async def play(self) -> Verdict:
        """Set everything up, play the scenario, wait for every outcome, and judge."""
        for note in self._scenario.notes:
            self._console.print(f"  {note}", style="dim")
        async with self._client() as client, self._bots(client) as bots:
            async with self._beside(self._follow(self._stage.broker())):
                with self._view.shown():
                    await self._play(bots)
            found = self._judge(bots)
        self._console.print(tables(self.ledger, self._scenario, found, self._view.now))
        if self.switching is not None:
            self._console.print(self.switching.table())
        return found

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            yield client

    @asynccontextmanager
    async def _bots(self, client: httpx.AsyncClient) -> AsyncIterator[Bots]:
        """Start the receiver, put the programme in force, sign the teams on."""
        scenario, access = self._scenario, self._stage.access
        crews: list[Crews] = []
        receiver = Receiver(
            access.webhook_secret(scenario.agency, scenario.source),
            access.page_secret(scenario.agency),
            self._clock,
            seed=self._seed,
            page=lambda team_id, link: crews[0].page(team_id, link) if crews else None,
        )
        async with serving(receiver.app(), self._port):
            door = Door(client, self._stage.console_url, lambda who: access.token(scenario.agency, who))
            await adopt(door, scenario.document)
            self._say("programme proposed by ana, approved by ben, in force")
            await set_phases(door, scenario.phases)
            phases = ", ".join(f"{district} {phase}" for (_, district), phase in _first(scenario.phases.items()))
            self._say(f"phases set: {phases}")
            self.links = links = await staff(door, scenario.teams, f"http://{HOST}:{self._port}/pages")
            self._say(f"{len(links)} teams signed on")
            look = frozenset(team.team_id for team in scenario.teams if team.paged_by == "pocket")
            crews.append(
                Crews(
                    client,
                    self._stage.pocket_url,
                    seed=self._seed,
                    links=links,
                    look=look,
                    habits=scenario.habits,
                    marked=scenario.marked,
                )
            )
            dispatcher = Dispatcher(
                door, seed=self._seed, districts=scenario.advisory, overrides_in=scenario.overrides_in
            )
            key = access.key(scenario.agency, scenario.source)
            yield Bots(door, Sender(client, self._stage.intake_url, key, self._clock), receiver, dispatcher, crews[0])

    async def _play(self, bots: Bots) -> None:
        began = self._clock.monotonic()
        work = [self._show(bots, began), bots.crews.work(), bots.dispatcher.watch(), self._switch(bots)]
        async with self._beside(*work):
            await bots.sender.play(self._scenario.sendings, self._scenario.body)
            self._view.now.phase = "waiting for the last outcomes"
            bots.receiver.faulty = False
            deadline = self._clock.monotonic() + self._scenario.settle_seconds
            while self._clock.monotonic() < deadline and not self._settled(bots):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)

    def _settled(self, bots: Bots) -> bool:
        """Whether every call has its outcome, no team is out, and nothing is owed to anybody."""
        ledger = self.ledger
        switching = self.switching is not None and not self.switching.done
        owed = ledger.messages_open or ledger.pages_owed or bots.crews.at_work or switching
        return not owed and unsettled(ledger, bots.sender.acknowledged) == 0

    async def _switch(self, bots: Bots) -> None:
        """Play the script; without one throw the stop switch in the middle of the run."""
        seconds = self._scenario.seconds
        if self.switching is not None:
            await self.switching.play(bots.door, seconds)
        elif self._scenario.pause is not None:
            await asyncio.sleep(seconds * 0.45)
            await bots.dispatcher.pause(self._scenario.pause, seconds * 0.08)

    async def _show(self, bots: Bots, began: float) -> None:
        now, processes_at = self._view.now, -PROCESS_SECONDS
        now.teams_did, now.dispatcher_did = bots.crews.did, bots.dispatcher.did
        while True:
            now.seconds = self._clock.monotonic() - began
            now.acknowledged = bots.sender.done
            now.cad_messages = bots.receiver.messages.total()
            if now.seconds - processes_at >= PROCESS_SECONDS:
                processes_at = now.seconds
                now.processes = await asyncio.to_thread(self._stage.processes)
                now.waiting = unsettled(self.ledger, bots.sender.acknowledged)
            self._view.refresh()
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, broker: Broker) -> None:
        """Read every topic into the ledger, for ever."""
        reader = await broker.reader()
        try:
            await reader.assign({(topic, number): 0 for topic in TOPICS for number in range(broker.partitions)})
            while True:
                for stored in await reader.poll(0.5):
                    self.ledger.take(stored)
        finally:
            await reader.close()
            await broker.close()

    def _judge(self, bots: Bots) -> Verdict:
        receiver, wrong = bots.receiver, self.ledger.wrong
        if receiver.forged:
            wrong.append(f"{receiver.forged} messages had a wrong signature")
        if self._scenario.marked:
            wrong += leaks(self._stage.logs(), self._scenario.marked)
        if self.switching is not None and not self.switching.done:
            wrong.append("not all that was to be switched was")
        found = verdict(self.ledger, bots.sender.acknowledged.keys(), receiver.pages, receiver.sent_late)
        return found if self.switching is None else replace(found, also=(self.switching.sentence(),))

    @asynccontextmanager
    async def _beside(self, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run coroutines beside the block, and end them with it; a fault in one ends the block."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one) for one in work]
            yield
            for task in running:
                task.cancel()

    def _say(self, sentence: str) -> None:
        say(self._console)(sentence)


def say(console: Console) -> Callable[[str], None]:
    """Prints a step, once."""
    last: list[str] = []

    def print_step(sentence: str) -> None:
        if last != [sentence]:
            last[:] = [sentence]
            console.print(f"[green]✓[/green] {sentence}", highlight=False)

    return print_step


async def decided_again(stage: Stage, agency: str) -> tuple[str, list[str]]:
    """Decide the journals of a run again: a line that tells, and every difference."""
    services = services_with(stage.access.sealing_key)
    reports = await redecide_all(stage.broker(), services, agency)
    decisions, differences = sum(one.decisions for one in reports), sum(one.differences.total() for one in reports)
    line = f"re-decided {decisions} decisions of {len(reports)} services: {differences} differences"
    unlike = [one for one in reports if one.differences or one.inputs_gone]
    return line, [f"decided again, {report}" for report in unlike]


def leaks(logs: Iterable[Path], marked: str) -> list[str]:
    """Log files in which a personal text stands."""
    return [f"something personal stands in {path.name}" for path in logs if marked in path.read_text(errors="replace")]


def _first(phases: Iterable[tuple[tuple[str, str], str]]) -> list[tuple[tuple[str, str], str]]:
    """One phase a district."""
    found: dict[str, tuple[tuple[str, str], str]] = {}
    for (response, district), phase in phases:
        found.setdefault(district, ((response, district), phase))
    return list(found.values())
