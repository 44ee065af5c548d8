"""What the demo finds where the store of reporting holds other outcomes than its own ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web

from deploy.demo import reported
from deploy.demo.ledger import CallHistory, Episode, Ledger
from deploy.demo.reported import compare
from deploy.local.kafka.node import free_port

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = "key"
TWO = [("metro/cad/1", 1, "default"), ("metro/cad/2", 1, "team-accepted")]


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger("metro")
    for call_id, number, outcome in TWO:
        ledger.calls[call_id] = CallHistory(episodes={number: Episode(NOW, NOW, NOW, [outcome])})
    return ledger


@pytest.fixture
async def door() -> AsyncIterator[tuple[str, list[tuple[str, int, str]]]]:
    """Reporting, played: an outcome a page."""
    outcomes: list[tuple[str, int, str]] = []

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}" or request.match_info["agency"] != "metro":
            return web.Response(status=401)
        after = int(request.query["after"]) + 1
        page = [
            {"offset": after, "call_id": call_id, "episode": episode, "outcome": outcome}
            for call_id, episode, outcome in outcomes[after : after + 1]
        ]
        return web.json_response({"outcomes": page, "has_more": after + 1 < len(outcomes)})

    app, port = web.Application(), free_port()
    app.router.add_get("/outcomes/{agency}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}", outcomes
    await runner.cleanup()


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (TWO, ()),
        ([*TWO, ("metro/synthetic/probe-1", 1, "default")], ()),
        (TWO[:1], ("metro/cad/2, episode 1: team-accepted is missing in the store of reporting",)),
        ([*TWO, TWO[0]], ("metro/cad/1, episode 1: default is in the store of reporting once too often",)),
        (
            [],
            tuple(f"{call}, episode {n}: {how} is missing in the store of reporting" for call, n, how in TWO),
        ),
    ],
)
async def test_outcomes_that_are_missing_or_twice_are_named(
    ledger: Ledger,
    door: tuple[str, list[tuple[str, int, str]]],
    found: list[tuple[str, int, str]],
    wrong: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reported, "WAIT_SECONDS", 0.0)
    url, outcomes = door
    outcomes += found
    async with ClientSession() as http:
        compared = await compare(http, url, KEY, ledger, "cad")
    assert compared.wrong == wrong
    assert compared.outcomes == sum("/cad/" in call_id for call_id, _, _ in found)


async def test_reporting_that_does_not_answer_holds_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reported, "WAIT_SECONDS", 0.0)
    async with ClientSession() as http:
        compared = await compare(http, f"http://127.0.0.1:{free_port()}", KEY, ledger, "cad")
    assert (compared.outcomes, len(compared.wrong)) == (0, 2)
