"""One run of the demo, from the start of Kafka to the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from rich.console import Console as Terminal

from deploy.actors.cad import Cad, Schedule
from deploy.actors.carrier.serving import serving
from deploy.actors.console import Console, adopt, set_phases, sign_on
from deploy.actors.dispatcher import Dispatcher
from deploy.actors.http import session
from deploy.actors.outreach import Outreach
from deploy.actors.pocket import PocketCrews
from deploy.actors.scenario import Scenario
from deploy.actors.webhooks import receiving
from deploy.demo.audited import audited
from deploy.demo.examined import examined_log
from deploy.demo.ledger import TOPICS, Ledger
from deploy.demo.phones import Handsets, PhoneBook, plan_on_call, table
from deploy.demo.receiver import Receiver
from deploy.demo.reported import compare
from deploy.demo.stages import Stage
from deploy.demo.verdict import Verdict, unsettled, verdict
from deploy.demo.view import View, tables
from deploy.local.programs import HOST
from deploy.redecide import redecide_all
from deploy.rehearsal import Changes, Rehearsal
from shared.audit_log.chain import ChainKeys
from shared.clock import Clock
from shared.engine.broker import Broker, reading
from shared.sealing import Sealer

LOOK_SECONDS = 0.25
PROCESS_SECONDS = 2.0
BEGINS_SECONDS = 2
"""From now, a shift that is planned for tonight."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who is played."""

    console: Console
    cad: Cad
    receiver: Receiver
    dispatcher: Dispatcher
    outreach: Outreach
    crews: PocketCrews
    handsets: Handsets | None = None


class Run:
    """One run on a stage that is up already, heard at a loopback port."""

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        terminal: Terminal,
        clock: Clock,
        *,
        seed: int,
        port: int,
        carriers_port: int = 0,
    ) -> None:
        self._scenario, self._stage, self._terminal, self._clock = scenario, stage, terminal, clock
        self._seed, self._port, self._carriers_port, self._say = seed, port, carriers_port, say(terminal)
        self._book = PhoneBook(scenario.phones)
        self.links: dict[str, str] = {}
        """Each team's own page."""
        self.ledger = Ledger(scenario.agency, scenario.marked)
        self._view = View(terminal, scenario, self.ledger)
        self.changes: Changes | None = None
        """What people change while calls flow, where that is rehearsed."""
        if isinstance(scenario, Rehearsal):
            self.changes = Changes(scenario.plan, self.ledger.in_force, clock, self._say)

    async def play(self) -> Verdict:
        """Set everything up, play the scenario, wait for every outcome, and judge."""
        for note in self._scenario.notes:
            self._terminal.print(f"  {note}", style="dim")
        async with session() as http, self._cast(http) as cast:
            async with self._beside(self._follow(self._stage.broker())):
                with self._view.shown():
                    await self._play(cast)
            judged = await self._compared(http, self._judge(cast))
            judged = await self._audited(http, judged, cast)
            judged = await self._examined(judged, cast)
        self._terminal.print(tables(self.ledger, self._scenario, judged, self._view.now))
        if cast.handsets is not None:
            self._terminal.print(table(self.ledger.reached, cast.handsets))
            self._terminal.print(f"{self.ledger.reached.sentence}; phones: {cast.handsets.sentence}", soft_wrap=True)
        if self.changes is not None:
            self._terminal.print(self.changes.table())
        return judged

    @asynccontextmanager
    async def _cast(self, http: ClientSession) -> AsyncIterator[Cast]:
        """Put the programme in force and sign the teams on, then let the CAD and those who page listen."""
        scenario, stage, access = self._scenario, self._stage, self._stage.access
        console = Console(http, stage.url_of("console"), lambda who: access.token(scenario.agency, who))
        async with self._carriers() as handsets:
            self.links = await self._set_up(console)
            async with self._listening(http, console, handsets) as cast:
                yield cast

    @asynccontextmanager
    async def _carriers(self) -> AsyncIterator[Handsets | None]:
        """Carriers and phones, where anybody has one."""
        if not self._book.owners:
            yield None
            return
        url, access = self._stage.url_of("pocket"), self._stage.access
        self.ledger.reached.pocket_url, self.ledger.reached.link_secret = url, access.link_secret
        team_of = {member: team.team_id for team in self._scenario.teams for member in team.members}
        setup = self._book.setup(self._stage.url_of("callbacks"), self._scenario.agency)
        async with serving(self._carriers_port, setup) as exchange:
            yield Handsets(self._book, exchange, team_of)

    @asynccontextmanager
    async def _listening(self, http: ClientSession, console: Console, handsets: Handsets | None) -> AsyncIterator[Cast]:
        scenario, stage, access = self._scenario, self._stage, self._stage.access
        called = {handsets.team_of[person_id] for person_id in self._book.owners} if handsets else set()
        crews = PocketCrews(
            http,
            stage.url_of("pocket"),
            seed=self._seed,
            links=self.links,
            unpaged=frozenset(team.team_id for team in scenario.teams if not team.paged_members) - called,
            replies=handsets.replies() if handsets else {},
            habits=scenario.habits,
            marked=scenario.marked,
        )
        receiver = Receiver(
            access.webhook_secret(scenario.agency, scenario.source),
            access.page_secret(scenario.agency),
            seed=self._seed,
            page=crews.page,
            roll=crews.roll,
        )
        dispatcher = Dispatcher(
            console, seed=self._seed, districts=scenario.advisory, overrides_in=scenario.overrides_in
        )
        cad = Cad(http, stage.url_of("intake"), access.key(scenario.agency, scenario.source), seed=self._seed)
        if handsets is not None:
            handsets.page = crews.page
        async with receiving(self._port, receiver.take):
            yield Cast(console, cad, receiver, dispatcher, Outreach(console, seed=self._seed), crews, handsets)

    async def _set_up(self, console: Console) -> dict[str, str]:
        """Put the programme in force and sign the teams on; each team's own page."""
        scenario = self._scenario
        await adopt(console, scenario.document)
        self._say("programme proposed by ana, approved by ben, in force")
        await set_phases(console, scenario.phases)
        first_phases = {district: phase for (_, district), phase in reversed(list(scenario.phases.items()))}
        phases = ", ".join(f"{district} {first_phases[district]}" for district in scenario.districts)
        self._say(f"phases set: {phases}")
        links = await sign_on(console, scenario.teams, f"http://{HOST}:{self._port}/pages", self._book.ways)
        self._say(f"{len(links)} teams signed on")
        if self._book.owners:
            await console.command("ana", "/v1/rolls", {"minutes": 1})
            self._say("a roll call is out: who can be reached?")
        for team in scenario.teams:
            if team.on_call:
                await plan_on_call(console, team, self._clock.now() + timedelta(seconds=BEGINS_SECONDS))
                self._say(f"{team.team_id} is on call tonight, by the rota")
                links[team.team_id] = ""
        return links

    async def _play(self, cast: Cast) -> None:
        began = self._clock.monotonic()
        watching = [cast.dispatcher.watch(), cast.outreach.watch()]
        if cast.handsets is not None:
            watching += [cast.handsets.watch(), cast.handsets.go_wrong(self._scenario.seconds)]
        async with self._beside(self._show(cast, began), cast.crews.work(), *watching, self._change(cast)):
            await Schedule(cast.cad, self._clock).play(self._scenario.sendings, self._scenario.body)
            self._view.now.phase = "waiting for the last outcomes"
            cast.receiver.faulty = False
            deadline = self._clock.monotonic() + self._scenario.settle_seconds
            while self._clock.monotonic() < deadline and not self._settled(cast):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)

    def _settled(self, cast: Cast) -> bool:
        """Whether every call has its outcome, no team is out, and nothing is owed to anybody."""
        ledger = self.ledger
        changing = self.changes is not None and not self.changes.done
        owed = ledger.messages_open or ledger.pages_owed or cast.crews.at_work or changing
        return not owed and unsettled(ledger, cast.cad.acknowledged) == 0

    async def _change(self, cast: Cast) -> None:
        """Change what a rehearsal plans; else throw the stop switch in the middle of the run."""
        seconds = self._scenario.seconds
        if self.changes is not None:
            await self.changes.make(cast.console, seconds)
        elif self._scenario.pause is not None:
            await asyncio.sleep(seconds * 0.45)
            await cast.dispatcher.pause(self._scenario.pause, seconds * 0.08)

    async def _show(self, cast: Cast, began: float) -> None:
        now, processes_at = self._view.now, -PROCESS_SECONDS
        now.teams_did, now.dispatcher_did = cast.crews.did, cast.dispatcher.did
        now.alerts_fired = cast.receiver.alerts.fired
        while True:
            now.seconds = self._clock.monotonic() - began
            now.acknowledged = cast.cad.acknowledgements
            now.cad_messages = cast.receiver.messages.total()
            if now.seconds - processes_at >= PROCESS_SECONDS:
                processes_at = now.seconds
                now.processes = await asyncio.to_thread(self._stage.processes)
                now.waiting = unsettled(self.ledger, cast.cad.acknowledged)
            self._view.refresh()
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, broker: Broker) -> None:
        """Read every topic into the ledger, where the agency's records stand, for ever."""
        partition = broker.partition_of(self._scenario.agency)
        try:
            async with reading(broker) as reader:
                await reader.assign({(topic, partition): 0 for topic in TOPICS})
                while True:
                    for stored in await reader.poll(0.5):
                        self.ledger.take(stored)
        finally:
            await broker.close()

    def _judge(self, cast: Cast) -> Verdict:
        receiver, wrong = cast.receiver, self.ledger.wrong
        if cast.handsets is not None:
            wrong += cast.handsets.twice()
        if self._scenario.marked:
            wrong += leaks(self._stage.logs(), self._scenario.marked)
        if self.changes is not None and not self.changes.done:
            wrong.append("not all that was to be switched was")
        acknowledged = cast.cad.acknowledged.keys()
        judged = verdict(self.ledger, acknowledged, receiver.pages, receiver.sent_late, receiver.forged)
        return judged if self.changes is None else replace(judged, also=(self.changes.sentence(),))

    async def _compared(self, http: ClientSession, judged: Verdict) -> Verdict:
        """The verdict with what reporting made of the run, where it runs."""
        if not self._stage.reports:
            return judged
        url, key = self._stage.url_of("reporting"), self._stage.access.reporting_key
        compared = await compare(http, url, key, self.ledger, self._scenario.source)
        also = () if compared.wrong else (str(compared),)
        return replace(judged, wrong=(*judged.wrong, *compared.wrong), also=(*judged.also, *also))

    async def _audited(self, http: ClientSession, judged: Verdict, cast: Cast) -> Verdict:
        """The verdict with what the auditor found, where one reads beside it."""
        if (auditor := self._stage.auditor) is None:
            return judged
        found = await audited(http, auditor, self._scenario.agency, cast.cad.acknowledged.keys())
        also = () if found.wrong else (str(found),)
        return replace(judged, wrong=(*judged.wrong, *found.wrong), also=(*judged.also, *also))

    async def _examined(self, judged: Verdict, cast: Cast) -> Verdict:
        """The verdict with what stands in the audit log."""
        keys, shown = ChainKeys(self._stage.access.audit_key), cast.crews.did["address shown"]
        examined = await examined_log(self._stage.broker(), keys, self._clock, shown)
        also = () if examined.wrong else (str(examined),)
        return replace(judged, wrong=(*judged.wrong, *examined.wrong), also=(*judged.also, *also))

    @asynccontextmanager
    async def _beside(self, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run coroutines beside the block, and end them with it; a fault in one ends the block."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(coroutine) for coroutine in work]
            yield
            for task in running:
                task.cancel()


def say(terminal: Terminal) -> Callable[[str], None]:
    """Prints a step, once."""
    last: list[str] = []

    def print_step(sentence: str) -> None:
        if last != [sentence]:
            last[:] = [sentence]
            terminal.print(f"[green]✓[/green] {sentence}", highlight=False)

    return print_step


@dataclass(frozen=True, slots=True)
class DecidedAgain:
    """What came of deciding the journals of a run again."""

    services: int
    decisions: int
    differences: int
    unlike: tuple[str, ...]
    """Every service that decides otherwise, or whose inputs are gone."""

    def __str__(self) -> str:
        return f"re-decided {self.decisions} decisions of {self.services} services: {self.differences} differences"


async def decided_again(stage: Stage, agency: str) -> DecidedAgain:
    """Decide the journals of a run again."""
    reports = await redecide_all(stage.broker("redecide"), Sealer(stage.access.sealing_key), agency)
    return DecidedAgain(
        len(reports),
        sum(report.decisions for report in reports),
        sum(report.differences.total() for report in reports),
        tuple(f"decided again, {report}" for report in reports if report.differences or report.inputs_gone),
    )


def leaks(logs: Iterable[Path], marked: str) -> list[str]:
    """Log files in which a personal text stands."""
    return [f"something personal stands in {path.name}" for path in logs if marked in path.read_text(errors="replace")]
