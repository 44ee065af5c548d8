"""The drill: a town's Kafka is lost while calls run, another is made of the backup, and work goes on where it was."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.web import BaseRequest
from pydantic import SecretStr

from deploy.actors.cad import Cad
from deploy.actors.console import CommandFailed, Console, TeamSpec, adopt, set_phases, sign_on
from deploy.actors.http import session
from deploy.actors.webhooks import receiving
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Progress
from deploy.backup.restore import restore
from deploy.backup.take import take
from deploy.backup.verify import faults_of
from deploy.demo.stages import PARTITIONS
from deploy.local.access import Access, AgencySpec, people_with
from deploy.local.kafka.node import CHECKOUT, LocalKafka, free_port
from deploy.redecide import redecide_all
from services.reporting.config import ReportingSettings
from services.reporting.rebuild.places import Places, places_of
from services.reporting.rebuild.run import rebuild
from shared.clock import SystemClock
from shared.connection import Connection
from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.kafka_restore import cluster_id
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, TOPICS
from tests.rig.log import Entry, read
from tests.rig.town import PROGRAMME

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
AGENCY = "madison"
CREW = ("paramedic", "crisis-worker")
TEAMS = [TeamSpec(name, "community-responder", CREW, ("Central",), len(CREW)) for name in ("one", "two", "three")]
SECONDS = 60
STILL_READING = 503
CLOCKS = {"offer_seconds": 100, "deadline_seconds": 120, "step_seconds": 110}


@dataclass
class Town:
    """What people do, and what they see; they do not know which Kafka is behind it."""

    access: Access
    http: ClientSession
    pages: Counter[str] = field(default_factory=Counter)
    """By its kind and its id."""
    address: str = ""
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        return Console(self.http, self.urls["console"], partial(self.access.token, AGENCY))

    async def take_page(self, request: BaseRequest) -> int:
        kind = json.loads(await request.read())["type"]
        self.pages[f"{kind} {request.headers['webhook-id']}"] += 1
        return 204

    async def settle(self, pager: str) -> None:
        await adopt(self.console, PROGRAMME.format(agency=AGENCY, **CLOCKS))
        await set_phases(self.console, {("cares", "Central"): "live"})
        await sign_on(self.console, TEAMS, pager)

    async def publish(self, incident: str) -> None:
        now = datetime.now(UTC).isoformat()
        call = {
            "event_id": "1",
            "agency": AGENCY,
            "source": "cad",
            "incident_id": incident,
            "created_at": now,
            "updated_at": now,
            "call_type": {"system": "rig", "code": "CHECK PERSON"},
            "answers": dict.fromkeys(("Q1", "Q2", "Q3", "Q4", "Q5"), "no"),
            "district": "Central",
            "narrative": "He sits under a willow.",
        }
        async with asyncio.timeout(SECONDS):
            await Cad(self.http, self.urls["intake"], self.access.key(AGENCY)).publish(json.dumps(call).encode())

    async def assignments(self) -> Sequence[Entry]:
        """What counts of them."""
        return [entry for entry in await read(self.address, PARTITIONS, [ASSIGNMENTS.name]) if entry.counts]

    async def written(self, kind: str, incident: str) -> dict[str, Any]:
        """The fields of an event about a call, once the journal has it."""
        async with asyncio.timeout(SECONDS):
            while True:
                for entry in await self.assignments():
                    if (entry.type, entry.subject) == (kind, f"{AGENCY}/cad/{incident}"):
                        return entry.fields
                await asyncio.sleep(0.1)

    async def accept(self, incident: str) -> str:
        """The team that was asked takes the call."""
        offer = await self.written("offer-made", incident)
        person = {"person_id": offer["recipients"][0]["person_id"]}
        await self.console.command("ana", f"/v1/offers/{offer['offer_id']}/accept", person)
        return str((await self.written("offer-accepted", incident))["team_id"])

    async def report(self, team: str, incident: str, status: str, **more: str) -> None:
        body = {"call_id": f"{AGENCY}/cad/{incident}", "status": status, **more}
        await self.console.command("ana", f"/v1/teams/{team}/status", body)

    async def seen(self, states: dict[str, str]) -> dict[str, Any]:
        """What the console shows of teams, calls and the programme, once it has read that these calls stand so."""
        paths = ("calls", "teams", "programme", "switchboard")
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    shown = {path: await self.console.read("vera", f"/v1/{path}") for path in paths}
                except CommandFailed as error:
                    if error.status != STILL_READING:
                        raise
                else:
                    if {call["call_id"]: call["state"] for call in shown["calls"]} == states:
                        # what was heard last may be what came of a page, just after the backup
                        shown["calls"] = [call | {"last_at": "", "sentence": ""} for call in shown["calls"]]
                        return shown
                await asyncio.sleep(0.1)

    async def paged(self, count: int) -> None:
        """Wait until so many have been paged for an offer."""
        async with asyncio.timeout(SECONDS):
            while len(self.offered) < count:  # noqa: ASYNC110  # others see to it
                await asyncio.sleep(0.05)

    @property
    def offered(self) -> list[str]:
        return [page for page in self.pages if page.startswith("page.offer ")]


@dataclass
class Side:
    """A Kafka, and a process with all of careroute on it, which waits until it may start."""

    node: LocalKafka
    process: subprocess.Popen[str]

    async def start(self, town: Town) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        town.urls = json.loads(await asyncio.to_thread(self.process.stdout.readline))
        town.address = self.node.address

    def lose(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.node.discard()


@pytest.fixture
def access() -> Access:
    return Access([AgencySpec(AGENCY, people=people_with(person for team in TEAMS for person in team.members))])


@pytest.fixture
def sides(kafka: str, access: Access, tmp_path: Path) -> Iterator[list[Side]]:
    """What will be lost, and what will stand in for it."""
    del kafka  # it says whether Kafka can be had here
    (tmp_path / "access").write_bytes(pickle.dumps(access))
    names = ("lost", "fresh")
    nodes = [LocalKafka(tmp_path / name / "kafka") for name in names]
    command = [sys.executable, "-m", "tests.deploy.backup.town_process", str(tmp_path / "access")]
    made = [
        Side(
            node,
            subprocess.Popen(
                [*command, node.address, str(tmp_path / name)],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ),
        )
        for name, node in zip(names, nodes, strict=True)
    ]
    try:
        with ThreadPoolExecutor() as starting:
            list(starting.map(LocalKafka.start, nodes))
        yield made
    finally:
        for side in made:
            side.lose()


def store_in(directory: Path) -> Places:
    """Reporting's, which is not lost with its Kafka."""
    return places_of(ReportingSettings(kafka="kafka", storage_directory=directory, reporting_key=SecretStr("k" * 32)))


async def test_work_goes_on_on_a_kafka_that_was_made_of_a_backup(
    sides: list[Side], access: Access, tmp_path: Path
) -> None:
    lost, fresh = (Connection(side.node.address) for side in sides)
    backup, port = tmp_path / "backup", free_port()
    async with session() as http:
        town = Town(access, http)
        async with receiving(port, town.take_page):
            await create_topics(lost, PARTITIONS, 1, TOPICS)
            await sides[0].start(town)
            await town.settle(f"http://127.0.0.1:{port}/page")
            await town.publish("1")
            await town.paged(len(CREW))  # who accepts before is not paged any more
            team = await town.accept("1")
            await town.report(team, "1", "on-scene")
            await town.publish("2")
            await town.paged(2 * len(CREW))
            states = {f"{AGENCY}/cad/1": "on-scene", f"{AGENCY}/cad/2": "offered"}
            before = await town.seen(states)
            broker = KafkaBroker(lost, PARTITIONS)
            await take(broker, await cluster_id(lost), backup, SystemClock().now(), Progress(print, "copied"))
            await town.accept("2")  # after the backup, and in the store of reporting
            store = store_in(tmp_path)
            assert await rebuild(store, broker)
            await store.swap()
            await broker.close()
            await asyncio.to_thread(sides[0].lose)

            manifest = Manifest.of(backup)
            assert list(faults_of(backup, manifest, Progress(print, "read"))) == []
            await restore(fresh, backup, manifest, 1, Progress(print, "put back"))
            empty = KafkaBroker(fresh, PARTITIONS)
            assert await rebuild(store, empty), "before anybody writes other outcomes there"
            await empty.close()
            await sides[1].start(town)
            assert await town.seen(states) == before
            other = await town.accept("2")
            assert other != team
            await town.report(team, "1", "cleared", disposition="resolved-on-scene")
            await town.publish("3")
            await town.paged(3 * len(CREW))
            assert await town.accept("3") not in (team, other)
            routed = Counter(entry.subject for entry in await town.assignments() if entry.type == "call-routed")
            reports = await redecide_all(KafkaBroker(fresh, PARTITIONS), Sealer(access.sealing_key))
    assert [(report.differences.total(), report.failed, report.inputs_gone) for report in reports] == [(0, 0, 0)] * 4
    assert reports[0].decisions >= 3
    assert routed == {f"{AGENCY}/cad/{incident}": 1 for incident in "123"}
    assert len(town.offered) == 3 * len(CREW)
    assert set(town.pages.values()) == {1}, "nobody is paged twice"
