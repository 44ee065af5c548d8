"""The demo end to end: on the in-memory twin, on a real Kafka, and what its command line leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import httpx
import psutil
import pytest
from aiohttp.web import BaseRequest
from rich.console import Console
from standardwebhooks import Webhook

from deploy.actors.crews import Habits
from deploy.actors.scenario import Scenario
from deploy.actors.webhooks import receiving
from deploy.backup.manifest import BACKED_UP
from deploy.demo import scenarios
from deploy.demo.__main__ import main
from deploy.demo.alerts import Alerts
from deploy.demo.receiver import Receiver
from deploy.demo.run import Run, decided_again
from deploy.demo.stages import OneProcess, Processes, Stage, agency_of
from deploy.demo.verdict import Verdict, outcomes_by_district
from deploy.local.access import Access, AgencySpec, SourceSpec
from deploy.local.kafka.node import CHECKOUT, LocalKafka, free_port
from deploy.local.kafka.security import Security
from deploy.local.processes import processes_of
from deploy.local.programs import HOST
from deploy.local.stack import Stack, StackError, stop_leftover
from deploy.local.watch import Watch, missing
from deploy.principals import PRINCIPALS
from shared.agencies import Agencies
from shared.clock import SystemClock
from shared.engine.kafka_rights import Kind, Operation
from shared.sealing import new_key
from tests.conftest import IS_CI, absent, install_prometheus
from tests.rig.machine import slowness
from tests.rig.rights import Use, uses

AT_ONCE = Habits(is_silent=0.05, answer=(0.05, 0.2), travel=(0.05, 0.1), work=(0.1, 0.3))


def short_city(seconds: float, calls_per_second: float, times: int = 1) -> Scenario:
    """The made-up city with still shorter clocks, or some times as long."""
    scenario = scenarios.city(1, seconds, calls_per_second)
    document = scenario.document
    for name, value in {
        "routing_deadline_seconds": 7,
        "cad_notice_seconds": 2,
        "offer_expiry_seconds": 2,
    }.items():
        document = re.sub(rf"(?m)^({name}\s*)= \d+", rf"\1= {value * times}", document)
    document = document.replace('same response", seconds = 9', f'same response", seconds = {3 * times}')
    document = document.replace('next response", seconds = 5', f'next response", seconds = {2 * times}')
    return replace(scenario, document=document, habits=AT_ONCE)


async def nothing() -> None:
    pass


async def play(
    scenario: Scenario, stage: Stage, port: int, before_the_end: Callable[[], Awaitable[None]] = nothing
) -> tuple[Verdict, Run, str]:
    printed = io.StringIO()
    run = Run(scenario, stage, Console(file=printed, width=100), SystemClock(), seed=1, port=port)
    await stage.start(lambda _: None)
    try:
        found = await run.play()
        again = await decided_again(stage, scenario.agency)
        assert again.unlike == ()
        assert re.fullmatch(r"re-decided \d{3,} decisions of 4 services: 0 differences", str(again))
        await before_the_end()
        return found, run, printed.getvalue()
    finally:
        await stage.stop()


async def test_on_the_in_memory_twin(tmp_path: Path) -> None:
    scenario, port = short_city(4, 12), free_port()
    found, run, printed = await play(scenario, OneProcess(tmp_path, agency_of(scenario, port)), port)
    assert found.good, found.sentence
    assert found.calls > 40
    by_district = outcomes_by_district(run.ledger)
    assert by_district["Harbor"]["team-accepted"] > 0
    assert by_district["Airport"].keys() <= {"default", "cancelled"}
    assert "episodes by district and outcome" in printed
    assert run.ledger.messages["acknowledged"] >= found.outcomes


async def test_a_decision_that_comes_out_otherwise_is_told(tmp_path: Path) -> None:
    """The same calls sealed with another key: triage cannot read what it had read."""
    scenario, port = short_city(2, 6), free_port()
    stage = OneProcess(tmp_path, agency_of(scenario, port))
    await play(scenario, stage, port)
    stage.access.sealing_key = new_key()
    again = await decided_again(stage, scenario.agency)
    assert again.differences > 0
    assert len(again.unlike) == 1
    assert again.unlike[0].startswith("decided again, triage: ")


RARE = re.compile(r".*-snapshots|dead-letters")
"""Topics that a short run may leave alone."""


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.alone
async def test_on_a_real_kafka(kafka: str, tmp_path: Path) -> None:
    """Secured, each process somebody of its own; with Prometheus on it: every panel is drawn, an alert is heard."""
    del kafka  # it says whether Kafka can be had here; this test has its own
    if IS_CI:
        install_prometheus()
    scenario, port = short_city(20, 8, math.ceil(slowness())), free_port()
    scenario = scenario.renamed(f"demo-city-{free_port()}")
    watch = Watch(tmp_path, f"http://{HOST}:{port}/alerts") if missing() is None else None
    node = LocalKafka(tmp_path / "kafka", security=Security(tmp_path / "kafka" / "security", logs_rights=True))
    stage = Processes(tmp_path, node, agency_of(scenario, port), watch=watch)

    async def before_the_end() -> None:
        if watch is not None:
            assert await watch.empty_curves() == []
            await see_an_alert(tmp_path / "agencies.toml", port, watch)
        assert uses(node.log, "Denied") == set(), "somebody of ours lacks a right"
        assert unused(uses(node.log, "Allowed")) == set(), "somebody of ours has a right that its code does not use"

    found, run, _ = await play(scenario, stage, port, before_the_end)
    assert found.good, found.sentence
    assert run.ledger.offers["accepted"] > 0
    assert processes_of(tmp_path) == []
    if watch is None:
        absent(f"NOT TESTED, but all else of this test: {missing()}")


def unused(used: set[Use]) -> set[Use]:
    """The rights that nobody came to use, those apart that a short run may leave alone."""
    rare = {
        ("pocket", "WRITE", "TOPIC", "contacts"),  # somebody lets a phone show notifications
        ("console", "WRITE", "TOPIC", "call-keys"),  # somebody has a call erased,
        ("console", "READ", "TOPIC", "calls"),  # and what the CAD has merged with it
        ("console", "READ", "TOPIC", "audit-log"),  # each ten minutes, what others have written since
        ("auditor", "WRITE", "TOPIC", "audits"),  # it finds something broken
        ("redecide", "READ", "TOPIC", "audits"),  # triage was told of it
        *(("backup", "READ", "TOPIC", topic.name) for topic in BACKED_UP),  # somebody takes a backup
        *(("examiner", "READ", "TOPIC", name) for name in ("audit-log", "commands")),  # somebody runs `audit verify`
        *(
            (service, how, "TOPIC", "audit-log")  # each minute, what keys were used for
            for service, how in product(("triage", "notification"), ("READ", "WRITE"))
        ),
    }
    given = {
        (principal.name, Operation(right.operation).name, Kind(right.kind).name, right.name)
        for principal in PRINCIPALS
        if not principal.administers  # its command is tried in tests of the engine
        for right in principal.rights()
        if not RARE.fullmatch(right.name)
    }
    return given - used - rare


async def see_an_alert(agencies: Path, port: int, watch: Watch) -> None:
    """Spoil the agencies file, and wait until Alertmanager has told of it."""
    alerts = Alerts()

    async def take(request: BaseRequest) -> int:
        return alerts.take(await request.read())

    await asyncio.to_thread(agencies.write_text, "this is no agencies file")
    async with receiving(port, take), asyncio.timeout(30):
        while not alerts.fired["AgenciesFileRefused"]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert "AgenciesFileRefused" in {name for name, *_ in await watch.firing()}


@pytest.mark.kafka
@pytest.mark.slow
async def test_the_stack_restarts_what_dies_and_leaves_nothing(kafka: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path, kafka, [AgencySpec("somewhere")], services=("intake",))
    try:
        await stack.start()
        first = stack.pid_of("intake")
        assert first is not None
        assert stack.running() == {"intake-1"}
        psutil.Process(first).kill()
        async with asyncio.timeout(20):
            while stack.pid_of("intake") in (first, None):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while len(orphans := processes_of(tmp_path)) < 2:  # noqa: ASYNC110  # one that begins has no mark yet
                await asyncio.sleep(0.1)
        for process in orphans:
            if "supervisor.supervisord" in process.cmdline():
                process.kill()  # what it had started is without a parent now
    finally:
        await asyncio.to_thread(stack.stop)
    assert processes_of(tmp_path) == []
    assert stop_leftover(tmp_path) == 0


@pytest.mark.kafka
async def test_a_stack_that_does_not_get_ready_says_where_to_look(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.stack.READY_SECONDS", 3.0)
    wrong = {"CAREROUTE_SEALING_KEY": "no key"}
    stack = Stack(tmp_path, kafka, [AgencySpec("somewhere")], services=("intake",), supervised=False, environment=wrong)
    with pytest.raises(StackError, match=r"intake-1, see .*intake-1\.log"):
        await stack.start()
    assert processes_of(tmp_path) == []


def test_the_agencies_file_is_private_and_knows_hashes_only(tmp_path: Path) -> None:
    access, file = (
        Access([AgencySpec("somewhere", (SourceSpec("cad", "https://cad.example/hook"),))]),
        tmp_path / "a",
    )
    access.write(file)
    assert file.stat().st_mode & 0o777 == 0o600
    text, agencies = file.read_text(), Agencies(file)
    assert access.key("somewhere") not in text
    assert access.token("somewhere", "ana") not in text
    source, ana = agencies.source_of(access.key("somewhere")), agencies.person_of(access.token("somewhere", "ana"))
    assert source is not None
    assert source.name == "cad"
    assert ana is not None
    assert ana.roles == {"supervisor"}
    assert agencies.page_secrets("somewhere") == (access.page_secret("somewhere"),)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--calls", "x.csv"), "--calls and --mapping belong together"),
        (("--city", "all", "--keep"), "of all documents none is left running"),
        (("--memory", "--secured"), "--memory has no Kafka to be secured"),
        (("--speed", "nan"), "--speed: 'nan' is no number above 0"),
        (("--minutes", "inf"), "--minutes: 'inf' is no number above 0"),
        (("--teams", "0"), "--teams: '0' is no whole number from 1 on"),
    ],
)
def test_what_belongs_together_is_asked_for_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], what: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["deploy.demo", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert what in capsys.readouterr().err


async def test_the_receiver_takes_only_what_is_signed_and_counts_pages() -> None:
    access = Access([AgencySpec("somewhere")])
    pages: list[tuple[str, str]] = []
    receiver = Receiver(
        access.webhook_secret("somewhere"),
        access.page_secret("somewhere"),
        page=lambda team_id, link: pages.append((team_id, link)),
    )
    now = datetime.now(UTC)
    not_after = (now + timedelta(seconds=30)).isoformat()
    data = {"team_id": "t1", "link": "http://pocket/p/x", "not_after": not_after}
    content = json.dumps({"type": "page.offer", "data": data}).encode()

    def signed(secret: str) -> dict[str, str]:
        signature = Webhook(secret).sign("page-1", now, content.decode())
        return {
            "webhook-id": "page-1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
            "careroute-not-after": not_after,
        }

    port = free_port()
    async with receiving(port, receiver.take), httpx.AsyncClient(base_url=f"http://{HOST}:{port}") as client:
        good, forged = signed(access.page_secret("somewhere")), signed(access.webhook_secret("somewhere"))
        assert (await client.post("/pages", content=content, headers=forged)).status_code == 401
        for _ in range(2):
            assert (await client.post("/pages", content=content, headers=good)).status_code == 204
    assert receiver.forged == ["page-1"]
    assert receiver.pages == {"page-1": 2}
    assert pages == [("t1", "http://pocket/p/x")] * 2


@pytest.mark.kafka
@pytest.mark.slow
async def test_down_ends_a_demo_that_still_runs(kafka: str) -> None:
    """The whole command line, on a Kafka that somebody else runs."""
    environment = {**os.environ, "CAREROUTE_KAFKA": kafka}
    directory = CHECKOUT / ".run" / f"demo-test-{free_port()}"
    command = [sys.executable, "-m", "deploy.demo", "--minutes", "5", "--directory", str(directory)]
    demo = psutil.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while len(processes_of(directory)) < 10:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        down = [sys.executable, "-m", "deploy.demo", "--down", "--directory", str(directory)]
        told = await asyncio.to_thread(
            subprocess.run, down, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=90
        )
        assert told.returncode == 0, told.stdout + told.stderr
        assert "Ended" in told.stdout
        assert await asyncio.to_thread(demo.wait, 20) == 130
        assert processes_of(directory) == []
    finally:
        with contextlib.suppress(psutil.Error):
            demo.send_signal(signal.SIGKILL)
        demo.wait()
        stop_leftover(directory)
        shutil.rmtree(directory, ignore_errors=True)
