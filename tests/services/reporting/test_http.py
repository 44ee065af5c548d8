"""The door: whoever has the key is told, and nothing is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.config import ReportingSettings
from services.reporting.http import create_app
from services.reporting.store.engine import open_engine
from services.reporting.store.write import write
from services.reporting.trace import Trace
from shared.clock import SystemClock
from shared.engine.broker import RecordPosition
from shared.trace import TraceRecord, waterfall
from tests.builders import call_routed
from tests.services.reporting.journals import AGENCY, BEGINNING, Topics
from tests.services.reporting.test_projection import CALL, begun

KEY = "k" * 32
WITH_KEY = {"Authorization": f"Bearer {KEY}"}


def door(engine: AsyncEngine, directory: Path) -> httpx.AsyncClient:
    settings = ReportingSettings(kafka="x", storage_directory=directory, reporting_key=SecretStr(KEY))
    app = create_app(engine, settings, SystemClock(), lambda: True)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting")


@pytest.fixture
async def client(store: AsyncEngine, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with door(store, tmp_path) as client:
        yield client


async def some_calls(store: AsyncEngine) -> Topics:
    topics = Topics()
    await write(store, [topics.append("calls", begun("metro/cad/9"))])
    began = topics.append("assignments", begun(), cause="calls/0/0")
    routed = topics.append("assignments", call_routed(CALL, BEGINNING, "default"), cause="assignments/0/0")
    late = topics.append("assignments", call_routed("metro/cad/2", BEGINNING), cause=f"deadline/{CALL}")
    await write(store, [began, routed, late])
    return topics


async def test_a_trace_holds_every_record_of_a_call_and_what_caused_them(
    client: httpx.AsyncClient, store: AsyncEngine
) -> None:
    await some_calls(store)
    answer = await client.get(f"/trace/{AGENCY}/cad/1", headers=WITH_KEY)
    assert answer.status_code == HTTPStatus.OK
    trace = TypeAdapter(Trace).validate_json(answer.content)
    assert [(record.type, record.cause) for record in trace.records] == [
        ("deadline-set", "calls/0/0"),
        ("call-routed", "assignments/0/0"),
    ]
    assert [record.position for record in trace.causes] == [RecordPosition("calls", 0, 0)]
    assert [step.depth for step in waterfall([*trace.causes, *trace.records])] == [0, 1, 2]
    assert isinstance(trace.records[0], TraceRecord)


@pytest.mark.parametrize("path", ["/trace/metro/cad/%00", "/figures/%00", "/outcomes/%00", "/publications/%00"])
async def test_what_no_name_holds_is_not_looked_for(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=WITH_KEY)).status_code == HTTPStatus.NOT_FOUND


async def test_a_trace_of_a_call_that_nobody_knows_is_empty(client: httpx.AsyncClient, store: AsyncEngine) -> None:
    await some_calls(store)
    for path in ("/trace/metro/cad/none", "/trace/elsewhere/cad/1"):
        assert (await client.get(path, headers=WITH_KEY)).json()["records"] == []


async def test_outcomes_are_told_page_by_page(
    client: httpx.AsyncClient, store: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_calls(store)
    monkeypatch.setattr("services.reporting.outcomes.MOST_OUTCOMES", 1)
    first = (await client.get("/outcomes/metro", headers=WITH_KEY)).json()
    second = (await client.get("/outcomes/metro?after=1", headers=WITH_KEY)).json()
    assert [(page["outcomes"][0]["call_id"], page["has_more"]) for page in (first, second)] == [
        (CALL, True),
        ("metro/cad/2", False),
    ]


@pytest.mark.parametrize("after", ["x", "1;drop", "9" * 30, "--1", ""])
async def test_a_wrong_offset_is_refused_in_words(client: httpx.AsyncClient, after: str) -> None:
    answer = await client.get("/outcomes/metro", params={"after": after}, headers=WITH_KEY)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (HTTPStatus.BAD_REQUEST, "after")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": f"Bearer {KEY}x"}])
async def test_nobody_is_told_anything_without_the_key(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for path in ("/trace/metro/cad/1", "/outcomes/metro", "/whatever"):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (HTTPStatus.UNAUTHORIZED, "Bearer")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/trace/metro/cad/1", headers=WITH_KEY)
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_path_that_is_not_there_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing", headers=WITH_KEY)
    assert (answer.status_code, answer.headers["cache-control"]) == (HTTPStatus.NOT_FOUND, "no-store")


async def test_whoever_asks_while_the_database_is_away_is_told_so(tmp_path: Path) -> None:
    engine: Any = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    async with door(engine, tmp_path) as client:
        answer = await client.get("/outcomes/metro", headers=WITH_KEY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "1")
    assert "away" in answer.json()["detail"]
    await engine.dispose()


async def test_so_is_whoever_asks_before_the_store_is_made(store: AsyncEngine, tmp_path: Path) -> None:
    settings = ReportingSettings(kafka="x", storage_directory=tmp_path, reporting_key=SecretStr(KEY))
    app = create_app(store, settings, SystemClock(), lambda: False, lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:
        answers = [await client.get(path, headers=WITH_KEY) for path in ("/outcomes/metro", "/readyz")]
    assert [answer.status_code for answer in answers] == [HTTPStatus.SERVICE_UNAVAILABLE] * 2


async def test_the_door_says_whether_it_is_ready_to_anybody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).status_code == HTTPStatus.OK
