"""Pages of any door: the shared frame and style, the door's own after them, and a page instead of an error."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.doors.pages import HEADERS, SHARED, STYLE_PATH, Page, Pages
from shared.doors.problems import MEDIA_TYPE, Problem, problem_response

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hello.html").write_text(
        '{% extends "base.html" %}{% block main %}{{ greeting }} {{ name }}{% endblock %}'
    )
    return tmp_path


def problems(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem_response(error)


def door(pages: Pages) -> httpx.AsyncClient:
    async def refuse(_request: Request) -> Response:
        raise Problem(503, "The log is <away>.")

    async def find(_request: Request) -> Response:
        raise Page(410, "Over", "Thank you.")

    routes = [Route("/refused", refuse), Route("/over", find), pages.style_route()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: pages.respond})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy")


def test_a_door_needs_a_template_of_its_own_and_nothing_else(folder: Path) -> None:
    pages = Pages(folder, greeting="hello")
    shown = pages.show("hello.html", name="<ann>")
    text = bytes(shown.body).decode()
    assert "hello &lt;ann&gt;" in text
    assert f'<link rel="stylesheet" href="{STYLE_PATH}">' in text
    assert "<script" not in text
    assert {name: shown.headers[name] for name in HEADERS} == HEADERS
    with pytest.raises(UndefinedError):
        pages.show("hello.html")


def test_nothing_in_a_text_turns_the_line_round_but_what_is_edited_stays_as_it_is(folder: Path) -> None:
    (folder / "templates" / "edit.html").write_text("{{ text }}<textarea>{{ text | e }}</textarea>")
    text = "rob\u202elac < one\ntwo"
    shown = Pages(folder).render("edit.html", {"text": text})
    assert shown == "rob\\u{202e}lac &lt; one\ntwo<textarea>rob\u202elac &lt; one\ntwo</textarea>"


async def test_a_door_has_the_style_of_all_and_after_it_its_own(folder: Path) -> None:
    common = (SHARED / "static" / "style.css").read_text("utf-8")
    async with door(Pages(folder)) as client:
        assert (await client.get(STYLE_PATH)).text == common
    (folder / "static").mkdir()
    (folder / "static" / "style.css").write_text("main { max-width: 1rem; }")
    async with door(Pages(folder)) as client:
        answer = await client.get(STYLE_PATH)
    assert answer.text == common + "main { max-width: 1rem; }"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_message_looks_again_only_where_it_says_so(folder: Path) -> None:
    pages = Pages(folder)
    waiting = pages.message(Page(503, "One moment", "Starting.", refresh_seconds=5), "/here", {"Retry-After": "1"})
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1")
    assert b'content="5;url=/here"' in waiting.body
    over = pages.message(Page(404, "Nothing here", "Gone."), "/here", {})
    assert b"<h1>Nothing here</h1>" in over.body
    assert b"/here" not in over.body


async def test_an_error_is_a_page_in_its_own_words_or_in_those_of_the_door(folder: Path) -> None:
    async with door(Pages(folder, messages={404: Page(404, "Nothing here", "Ask by radio.")})) as client:
        answers = [await client.get(path) for path in ("/refused", "/nowhere", "/over")]
        unlisted = await client.post("/over")
    assert [(answer.status_code, shown(answer)) for answer in answers] == [
        (503, ["Service Unavailable", "The log is &lt;away&gt;."]),
        (404, ["Nothing here", "Ask by radio."]),
        (410, ["Over", "Thank you."]),
    ]
    assert (unlisted.status_code, shown(unlisted)) == (405, ["Method Not Allowed"])
    assert answers[0].headers["retry-after"] == "1"


def shown(answer: httpx.Response) -> list[str]:
    return re.findall(r"<(?:h1|p class=\"big\")>(.*)</", answer.text)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "text/html; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("*/*", MEDIA_TYPE),
        ("application/json", MEDIA_TYPE),
        ("", MEDIA_TYPE),
    ],
)
async def test_a_door_for_programs_too_answers_with_a_page_where_a_browser_asks(
    folder: Path, accept: str, kind: str
) -> None:
    async with door(Pages(folder, otherwise=problems)) as client:
        answer = await client.get("/refused", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (503, kind)
