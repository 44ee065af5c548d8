"""Those who are played, at doors that answer as told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest
from aiohttp import ClientSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.actors.cad import Cad, Schedule
from deploy.actors.console import CommandFailed, Console
from deploy.actors.crews import Crew, Habits
from deploy.actors.http import LOST, ask, session
from deploy.actors.story import Sending
from deploy.local.asgi import serving
from deploy.local.kafka.node import free_port
from deploy.local.programs import HOST
from shared.clock import SystemClock

Answering = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def door(path: str, answer: Answering) -> AsyncIterator[tuple[ClientSession, str]]:
    """A door that answers as told at one path: a session, and its address."""
    port = free_port()
    async with serving(Starlette(routes=[Route(path, answer, methods=["POST"])]), port), session() as http:
        yield http, f"http://{HOST}:{port}"


# --- a CAD


@asynccontextmanager
async def cad_at(answer: Answering) -> AsyncIterator[Cad]:
    async with door("/v1/calls", answer) as (http, url):
        yield Cad(http, url, "key")


async def test_the_sender_sends_again_until_it_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.actors.cad.PAUSE_SECONDS", 0.01)
    answers = iter((503, 429, 500))

    async def take(request: Request) -> Response:
        if (status := next(answers, 200)) != 200:
            return Response(status_code=status)
        body = await request.json()
        return JSONResponse({"taken": [{"call_id": "a/b/1", "event_id": body["event_id"]}]})

    async with cad_at(take) as cad:
        await Schedule(cad, SystemClock()).play(
            [Sending(0.0, {"incident_id": "1", "event_id": "1-1"})], lambda sending, start: sending.flat(start)
        )
    assert list(cad.acknowledged) == [("a/b/1", "1-1")]
    assert cad.answers == {503: 1, 429: 1, 500: 1, 200: 1}


async def test_the_versions_of_a_call_are_sent_one_after_the_other() -> None:
    order: list[str] = []

    async def take(request: Request) -> Response:
        event_id = (await request.json())["event_id"]
        await asyncio.sleep(0.1 if event_id == "1-1" else 0)
        order.append(event_id)
        return JSONResponse({"taken": []})

    names = [("1", "1-1"), ("1", "1-2"), ("2", "2-1")]
    sendings = [Sending(0.0, {"incident_id": call, "event_id": event}) for call, event in names]
    async with cad_at(take) as cad:
        await Schedule(cad, SystemClock()).play(sendings, lambda sending, start: sending.flat(start))
    assert order == ["2-1", "1-1", "1-2"]


async def test_a_version_that_is_refused_ends_the_run() -> None:
    async def refuse(_request: Request) -> Response:
        return Response("beat: wrong", 422)

    async with cad_at(refuse) as cad:
        with pytest.raises(ExceptionGroup) as raised:
            await Schedule(cad, SystemClock()).play(
                [Sending(0.0, {"incident_id": "1", "event_id": "1-1"})], lambda sending, start: sending.flat(start)
            )
    assert "intake refused 1-1: beat: wrong" in str(raised.value.exceptions[0])
    assert not cad.acknowledged


# --- people at the console


async def test_a_command_is_asked_again_under_one_key_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.actors.console.PAUSE_SECONDS", 0.01)
    statuses, keys = iter((503, 429, 202)), set()

    async def answer(request: Request) -> Response:
        keys.add((request.headers["idempotency-key"], request.headers["authorization"]))
        return JSONResponse({"command_id": "c1", "revision": 7}, next(statuses, 200))

    async with door("/v1/pause", answer) as (http, url):
        console = Console(http, url, lambda who: f"token of {who}")
        assert (await console.command("ana", "/v1/pause", {}, "k1"))["revision"] == 7
    assert keys == {("k1", "Bearer token of ana")}
    assert console.durable == {"c1"}


async def test_a_command_that_is_refused_says_why() -> None:
    async def refuse(_request: Request) -> Response:
        return Response("the offer is over", 409)

    async with door("/v1/accept", refuse) as (http, url):
        console = Console(http, url, lambda who: who)
        with pytest.raises(CommandFailed, match="/v1/accept: 409 the offer is over") as failed:
            await console.command("ana", "/v1/accept", {})
    assert failed.value.status == 409
    assert not console.durable


async def test_a_door_that_is_away_is_an_answer_too() -> None:
    async with session() as http:
        assert (await ask(http, "GET", f"http://{HOST}:{free_port()}/", seconds=1)).status == LOST


# --- crews


class Team(Crew[str]):
    """An offer called "open" is open; the team is released as soon as it arrives."""

    def __init__(self, habits: Habits) -> None:
        super().__init__(habits, Random(1), Counter())
        self.reports: list[str] = []

    async def is_open(self, offer: str) -> bool:
        return offer == "open"

    async def accept(self, offer: str, eta_minutes: int) -> bool:
        return bool(offer) and eta_minutes > 0

    async def decline(self, offer: str) -> None:
        self.reports.append(f"declined {offer}")

    async def report(self, offer: str, status: str, disposition: str | None = None) -> bool:
        self.reports.append(f"{status} {disposition or offer}")
        return status != "on-scene"


@pytest.mark.parametrize(
    ("declines", "is_silent", "offer", "did"),
    [
        (0, 0, "open", "accepted"),
        (1, 0, "open", "declined"),
        (0, 1, "open", "stayed silent"),
        (0, 0, "over", "offer was over"),
    ],
)
async def test_a_crew_has_habits(declines: float, is_silent: float, offer: str, did: str) -> None:
    team = Team(Habits(declines=declines, is_silent=is_silent, answer=(0, 0)))
    assert await team.answer(offer) == (did == "accepted")
    assert team.did == {did: 1}


async def test_a_crew_that_is_released_reports_no_more() -> None:
    team = Team(Habits(answer=(0, 0), travel=(0, 0)))
    await team.work("open")
    assert team.reports == ["en-route open", "on-scene open"]
    assert team.did == {"en-route": 1, "released": 1}
