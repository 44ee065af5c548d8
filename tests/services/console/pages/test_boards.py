"""Rendering: once for everybody who sees the same, anew only where something changed, and never silently wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from services.console.pages.boards import Board, BoardKey, Boards
from services.console.pages.page import Region, Row, Visit


class Page:
    """A page of one region whose rows a test sets."""

    def __init__(self) -> None:
        self.rows: Sequence[Row] = ()
        self.rendered: list[Any] = []
        self.asked = 0
        self.fails = False

    def regions(self) -> tuple[Visit, Sequence[Region]]:
        self.asked += 1
        return cast("Visit", _Visit), (Region("list", self.rows, empty="Nothing."),)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        if self.fails:
            raise LookupError
        self.rendered.append(values["row"])
        return f"<p>{template} {values['row']}</p>"


class _Visit:
    may = None
    zone = ZoneInfo("UTC")


def test_only_what_changed_is_rendered_anew() -> None:
    page = Page()
    board = Board(page.regions, page.render)
    board.refresh()
    assert 'id="list-empty"' in board.regions["list"].markup
    page.rows = (Row("a", "row", 1), Row("b", "row", 2))
    board.refresh()
    before = dict(board.regions["list"].rows)
    page.rendered.clear()
    page.rows = (Row("b", "row", 2), Row("a", "row", 3))
    board.refresh()
    after = board.regions["list"].rows
    assert page.rendered == [3]
    assert list(after) == ["b", "a"]
    assert after["b"] is before["b"]
    assert after["a"].revision != before["a"].revision
    page.rows = (Row("b", "row", 2), Row("a", "row", 3, "alert"))
    board.refresh()
    assert board.regions["list"].rows["a"].revision != after["a"].revision, "a mark is a change, too"


def test_every_row_is_rendered_anew_where_the_clocks_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    board = Board(page.regions, page.render)
    page.rows = (Row("a", "row", 1), Row("b", "row", 2))
    board.refresh()
    page.rendered.clear()
    monkeypatch.setattr(_Visit, "zone", ZoneInfo("America/Chicago"))
    board.refresh()
    assert page.rendered == [1, 2], "a document with another zone is in force"


def test_a_page_that_cannot_be_rendered_says_so_until_it_can() -> None:
    page = Page()
    board = Board(page.regions, page.render)
    page.rows = (Row("a", "row", 1),)
    board.refresh()
    page.rows, page.fails = (Row("b", "row", 1),), True
    board.refresh()
    assert board.broken
    assert "a" in board.regions["list"].rows, "what was there stands, and is said to be old"
    page.fails = False
    board.refresh()
    assert not board.broken
    assert list(board.regions["list"].rows) == ["b"]


def test_everybody_with_the_same_roles_shares_a_board() -> None:
    page = Page()
    boards = Boards(lambda _key: Board(page.regions, page.render))
    key = BoardKey("a", frozenset({"viewer"}), "/")
    with boards.watched([key]) as one:
        with boards.watched([key, key]) as other:
            assert one["/"] is other["/"]
            assert page.asked == 1
        assert boards.now(key) is one["/"], "who is still there keeps it"
    assert boards.now(key) is not one["/"]


async def test_between_two_boards_others_have_their_turn() -> None:
    """One person's tabs, each with another query, held the loop for eleven seconds: so long no pause was taken."""
    page, seen = Page(), list[int]()
    boards = Boards(lambda _key: Board(page.regions, page.render))
    with boards.watched([BoardKey("a", frozenset({"viewer"}), f"/calls?x={number}") for number in range(30)]):
        first = page.asked
        boards.note("a")
        keeping = asyncio.create_task(boards.keep_current())
        while page.asked < 2 * first:
            await asyncio.sleep(0)
            seen.append(page.asked)
        keeping.cancel()
    assert max(later - earlier for earlier, later in pairwise(seen)) == 1
