from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
from fastapi.routing import APIRoute

from services.console.api import (
    routes_calendars,
    routes_commands,
    routes_contacts,
    routes_erasure,
    routes_rolls,
    routes_rota,
)
from services.console.api.access import RIGHTS
from services.console.pages.boards import Board, BoardKey
from services.console.pages.registry import ACTIONS, PAGES
from services.console.pages.stream import BEAT_SECONDS, MOST_OF_A_SESSION, MOST_PAGES, MOST_STREAMS, Streams
from shared import events
from shared.doors.problems import Problem
from tests.services.console.driver import AGENCY, OTHER_AGENCY, City
from tests.services.console.pages.driver import Room

CALL = f"{AGENCY}/dane-county/26-1"


async def test_every_page_has_its_headers_and_no_script_inside(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        for path in ("/", "/calls", "/enter", "/stop"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            policy = page.headers["content-security-policy"]
            for part in (
                "default-src 'none'",
                "script-src 'self'",
                "require-trusted-types-for 'script'",
                "frame-ancestors",
            ):
                assert part in policy
            assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
            assert "<script>" not in page.text
            assert "style=" not in page.text
        api = await browser.get("/v1/calls")
        assert "script-src" not in api.headers["content-security-policy"]


def test_every_act_has_the_right_that_the_api_asks_for() -> None:
    rooms = (routes_commands, routes_calendars, routes_contacts, routes_erasure, routes_rolls, routes_rota)
    routes = {route.path: route for room in rooms for route in room.router.routes if isinstance(route, APIRoute)}
    for action in ACTIONS:
        route = routes[f"/v1{action.path}"]
        assert route.endpoint is action.command
        assert right_of(route) == RIGHTS[action.right]


def right_of(route: APIRoute) -> Any:
    issuer = next(part for part in route.dependant.dependencies if part.name == "issuer")
    check = issuer.dependencies[0].call
    assert check is not None
    return RIGHTS[inspect.getclosurevars(check).nonlocals["right"]]


async def test_an_act_is_the_command_of_the_api_and_leads_back(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        done = await browser.post(
            "/switchboard/pause", data={"district": "Central", "reason": "", "back": "/calls?open=yes"}
        )
        assert done.status_code == 303
        assert done.headers["location"].startswith("/calls?open=yes&said=")
        page = await browser.get(done.headers["location"])
        assert "Done. Central is paused." in page.text
        assert "stopped: Central" in page.text
        [command] = city.commands()
        assert isinstance(command, events.PauseDistrict)
        assert (command.issued_by, command.district, command.reason) == ("the-dispatcher", "Central", "")


SCRIPT = {"Accept": "application/json"}


async def test_a_script_gets_the_apis_answer(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        form = {"district": "all", "key": "k1"}
        first, again = [await browser.post("/switchboard/pause", headers=SCRIPT, data=form) for _ in range(2)]
        assert first.json()["state"] == "done"
        assert first.json() == again.json(), "one press, one command"
        city.services.silent = True
        later = await browser.post("/switchboard/pause", headers=SCRIPT, data={"district": "West"})
        assert (later.status_code, later.json()["state"]) == (202, "waiting")
        wrong = await browser.post("/switchboard/pause", headers=SCRIPT, data={})
        assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "district")
        city.network.away = True
        away = await browser.post("/switchboard/pause", headers=SCRIPT, data={"district": "East"})
        assert (away.status_code, "nobody knows yet" in away.json()["detail"]) == (503, True)


async def test_who_has_no_right_can_neither_see_nor_act(city: City) -> None:
    async with city.signed_in("viewer") as browser:
        page = await browser.get("/")
        assert 'class="stop"' not in page.text
        refused = await browser.post("/switchboard/pause", data={"district": "all"})
        assert (refused.status_code, "dispatcher or supervisor" in refused.text) == (403, True)
        assert (await browser.get("/stop")).status_code == 403
        assert (await browser.post(f"/calls/{CALL}/override", data={"send": "default"})).status_code == 403
    async with city.signed_in("dispatcher") as browser:
        other = await browser.post("/calls/boston-ma/cad/1/override", data={"send": "default"})
        assert (other.status_code, "another agency" in other.text) == (403, True)
    assert city.commands() == []


async def test_the_stop_switch_works_while_the_journals_are_read(city: City) -> None:
    city.app.state.follower._behind = {("decisions", 0): 1}
    async with city.signed_in("dispatcher") as browser:
        assert (await browser.get("/")).status_code == 503
        assert "Stop everything?" in (await browser.get("/stop")).text
        assert (await browser.post("/switchboard/pause", data={"district": "all"})).status_code == 303
    [command] = city.commands()
    assert isinstance(command, events.PauseDistrict)


Heard = tuple[str, Any]


@contextlib.asynccontextmanager
async def stream_of(city: City, token: str, *addresses: str) -> AsyncIterator[asyncio.Queue[Heard]]:
    """The events of a stream; httpx's transport waits for the end of an answer, so it is asked for by hand."""
    async with city.signed_in(token) as browser:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/stream",
        "query_string": "&".join(f"page={address}" for address in addresses).encode(),
        "headers": [(b"cookie", cookie.encode()), (b"host", b"door")],
        "scheme": "https",
        "client": ("127.0.0.1", 1),
    }
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    requests.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        for block in message.get("body", b"").decode().split("\n\n"):
            kind, _, data = block.partition("\n")
            if data:
                heard.put_nowait((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        if not message.get("more_body", True):
            heard.put_nowait(("end", None))

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(city.app(scope, requests.get, send))
        yield heard
        task.cancel()


async def test_a_stream_says_what_changed_and_how_current_it_is(city: City) -> None:
    async with stream_of(city, "dispatcher", "/") as heard:
        first = [await heard.get() for _ in range(8)]
        regions = {data["region"] for kind, data in first if kind == "rows"}
        frame = {"frame-document", "frame-switches", "frame-alarms", "frame-overseers"}
        assert regions == {"waits", "running", "ended"} | frame
        [beat] = [data for kind, data in first if kind == "beat"]
        assert beat["lag"] < 3
        assert beat["broken"] == []
        await city.post("dispatcher", "/v1/switchboard/pause", {"district": "West"})
        changes: list[Any] = []
        while not changes:
            changes = [data for kind, data in [await heard.get()] if kind == "rows"]
        assert changes[0]["region"] == "frame-switches"
        assert "stopped: West" in changes[0]["rows"]["frame-switches-now"]


async def test_what_is_read_by_half_is_neither_told_nor_followed(city: City) -> None:
    follower = city.app.state.follower
    ends, follower._behind = follower._behind, {("decisions", 0): 1}
    async with city.signed_in("dispatcher") as browser:
        news = await browser.get("/news?page=/", headers={"Accept": "application/json"})
        assert news.status_code == 503
        assert "reading its journals" in news.json()["detail"]
    async with stream_of(city, "dispatcher", "/") as heard:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.get(), 2 * BEAT_SECONDS)
        follower._behind = ends
        kind, told = await heard.get()
        assert (kind, told["region"]) == ("rows", "frame-document")


async def test_a_page_that_cannot_be_rendered_is_told_as_such_in_both_ways(city: City) -> None:
    def fail() -> NoReturn:
        raise RuntimeError

    boards = city.app.state.boards
    board_of = boards._board_of
    boards._board_of = lambda key: Board(fail, board_of(key)._render) if key.address == "/" else board_of(key)
    async with city.signed_in("dispatcher") as browser:
        assert (await browser.get("/news?page=/")).json()["beat"]["broken"] == ["/"]
    async with stream_of(city, "dispatcher", "/") as heard:
        while (told := await heard.get())[0] != "beat":
            pass
        assert told[1]["broken"] == ["/"]


async def test_a_stream_ends_with_its_session(city: City) -> None:
    async with stream_of(city, "dispatcher", "/") as heard:
        await heard.get()
        await city.post("supervisor", "/v1/people/the-dispatcher/revoke-token", {"reason": "lost"})
        kinds = set[str]()
        while "end" not in kinds:
            kinds.add((await heard.get())[0])
        assert "signed-out" in kinds


@pytest.mark.parametrize(
    ("is_now", "before"),
    [
        ('roles = ["viewer"]', 'roles = ["dispatcher"]'),
        (f"[agencies.{OTHER_AGENCY}.people", f"[agencies.{AGENCY}.people"),
    ],
    ids=["in another role", "at another agency"],
)
async def test_a_stream_ends_where_its_person_may_see_something_else_by_now(
    city: City, is_now: str, before: str
) -> None:
    async with stream_of(city, "dispatcher", "/people") as heard:
        await heard.get()
        text = city.agencies_file.read_text("utf-8")
        city.agencies_file.write_text(text.replace(before, is_now), "utf-8")
        async with asyncio.timeout(4 * BEAT_SECONDS):
            kinds = set[str]()
            while "end" not in kinds:
                kinds.add((await heard.get())[0])
        assert "signed-out" not in kinds


async def test_nobody_follows_what_they_may_not_see_or_what_is_not_there(city: City) -> None:
    async with city.signed_in("dispatcher") as browser:
        for address in ("/nowhere", "//[", "//elsewhere/", "*", ""):
            assert (await browser.get("/news", params={"page": address})).status_code == 404, address
        assert (await browser.get("/news?" + "page=/&" * 13)).status_code == 422
        news = await browser.get("/news?page=/")
        assert {change["region"] for change in news.json()["rows"]} >= {"waits", "running", "frame-alarms"}


async def test_whoever_asks_for_many_pages_at_a_time_keeps_nobody_from_the_stop_switch(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty such requests at a time of somebody who may only look: a pause took six seconds, or was sent away."""
    boards, rendered = room.city.app.state.boards, list[str]()
    board_now = boards.now

    def now(key: BoardKey) -> Board:
        rendered.append(key.address)
        board: Board = board_now(key)
        return board

    monkeypatch.setattr(boards, "now", now)
    pages = {"page": [f"/calls?x={number}" for number in range(MOST_PAGES)]}
    async with room.city.signed_in("viewer") as browser:
        asking = [asyncio.create_task(browser.get("/news", params=pages)) for _ in range(8)]
        await asyncio.sleep(0)
        paused = await room.city.post("dispatcher", "/v1/switchboard/pause", {"district": "all"})
        assert paused.status_code == 200
        assert len(rendered) < len(asking) * MOST_PAGES / 2
        assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}


def test_of_too_many_streams_of_a_session_the_oldest_ends() -> None:
    streams = Streams()
    first, *others = [streams.open("a", "city/ann") for _ in range(MOST_OF_A_SESSION + 1)]
    assert not streams.is_open("a", first)
    assert all(streams.is_open("a", other) for other in others)
    for number in range(MOST_STREAMS - MOST_OF_A_SESSION):
        streams.check_room(f"city/{number}")
        streams.open(f"session {number}", f"city/{number}")
    with pytest.raises(Problem):
        streams.check_room("city/ben")


def test_whoever_signs_in_again_and_again_leaves_streams_to_others() -> None:
    streams = Streams()
    for number in range(MOST_STREAMS // 2):
        streams.check_room("elsewhere/eve")
        streams.open(f"session {number}", "elsewhere/eve")
    with pytest.raises(Problem):
        streams.check_room("elsewhere/eve")
    streams.check_room("city/ann")


def test_pages_are_listed_once() -> None:
    assert len({page.path for page in PAGES}) == len(PAGES)
