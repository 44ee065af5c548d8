"""A demo is red where the auditor is not clean, refuses the sender's list, or does not answer at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import time

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from deploy.demo import audited as audited_module
from deploy.demo.audited import Auditor, audited
from services.reporting.auditor.senders_list import read_list
from shared.clock import SystemClock

ACKNOWLEDGED = {("city/cad/1", "v1"), ("city/cad/1", "v2")}


class Metrics:
    """What an auditor says of itself; it takes a list as soon as it is there."""

    def __init__(self, lists: Path) -> None:
        self._lists = lists
        self.broken = {"outcome-in-time": 3, "one-outcome": 0}
        self.runs = {"clean": 7, "broken": 0, "blind": 0, "behind": 2}
        self.refuses, self.cleans = False, True

    async def answer(self, _request: web.Request) -> web.Response:
        listed = (self._lists / "city.csv").exists()
        clean_at = time() + 1 if listed and self.cleans else 0.0
        lines = [f'careroute_audit_runs_total{{result="{name}"}} {count}' for name, count in self.runs.items()]
        lines += [f'careroute_audit_violations{{invariant="{name}"}} {count}' for name, count in self.broken.items()]
        lines.append(f'careroute_audit_lists_total{{result="taken"}} {int(listed and not self.refuses)}')
        lines.append(f'careroute_audit_lists_total{{result="refused"}} {int(listed and self.refuses)}')
        lines += [f"careroute_audit_planted_found 27\ncareroute_audit_last_clean_timestamp_seconds {clean_at}"]
        return web.Response(text="\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audited_module, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(audited_module, "AGAIN_SECONDS", 0.05)


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[tuple[Metrics, Auditor]]:
    metrics, app = Metrics(tmp_path / "lists"), web.Application()
    app.router.add_get("/metrics", metrics.answer)
    async with TestServer(app) as server:
        yield metrics, Auditor(str(server.make_url("/metrics")), tmp_path / "lists")


async def test_a_clean_auditor_is_said_with_what_it_has_shown(told: tuple[Metrics, Auditor]) -> None:
    _, auditor = told
    async with ClientSession() as http:
        found = await audited(http, auditor, "city", ACKNOWLEDGED)
    assert found.wrong == ()
    assert str(found) == "auditor: 9 runs, clean, 27 planted found each run, 2 acknowledged versions accounted for."
    assert len(await asyncio.to_thread(read_list, auditor.lists / "city.csv", SystemClock().now())) == 2


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda metrics: metrics.broken.update({"one-outcome": 2}), "the auditor found one-outcome broken 2 times"),
        (lambda metrics: metrics.runs.update(blind=1), "1 runs of the auditor were blind"),
        (lambda metrics: metrics.runs.update(broken=4), "4 runs of the auditor were broken"),
        (lambda metrics: setattr(metrics, "refuses", True), "the auditor refused the sender's list"),
        (lambda metrics: setattr(metrics, "cleans", False), "no run of the auditor was clean after the last call"),
    ],
)
async def test_anything_else_makes_the_demo_red(
    told: tuple[Metrics, Auditor], change: Callable[[Metrics], None], wrong: str
) -> None:
    metrics, auditor = told
    change(metrics)
    async with ClientSession() as http:
        assert (await audited(http, auditor, "city", ACKNOWLEDGED)).wrong == (wrong,)


async def test_an_auditor_that_does_not_answer_is_not_taken_for_clean(tmp_path: Path) -> None:
    nobody = Auditor("http://127.0.0.1:1/metrics", tmp_path / "lists")
    async with ClientSession() as http:
        assert (await audited(http, nobody, "city", ACKNOWLEDGED)).wrong == ("the auditor does not answer",)
