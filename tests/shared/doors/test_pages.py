"""Pages of any door: the shared templates, the door's own before them, and a message instead of what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from shared.doors.pages import Page, Pages


def test_a_door_needs_a_template_of_its_own_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "hello.html").write_text(
        '{% extends "base.html" %}{% block main %}{{ greeting }} {{ name }}{% endblock %}'
    )
    pages = Pages(tmp_path, "/toy.css", greeting="hello")
    shown = bytes(pages.show("hello.html", name="<ann>").body).decode()
    assert "hello &lt;ann&gt;" in shown
    assert '<link rel="stylesheet" href="/toy.css">' in shown
    assert "<script" not in shown
    with pytest.raises(UndefinedError):
        pages.show("hello.html")


def test_a_message_looks_again_only_where_it_says_so(tmp_path: Path) -> None:
    pages = Pages(tmp_path, "/toy.css")
    waiting = pages.message(Page(503, "One moment", "Starting.", refresh_seconds=5), "/here", {"Retry-After": "1"})
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1")
    assert b'content="5;url=/here"' in waiting.body
    over = pages.message(Page(404, "Nothing here", "Gone."), "/here", {})
    assert b"<h1>Nothing here</h1>" in over.body
    assert b"/here" not in over.body
