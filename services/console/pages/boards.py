"""What the open pages show: rendered once an agency, set of roles and page, however many browsers look at it.

A board is one page as one kind of reader sees it. It is rendered anew where the view has changed, at most ten times a
second, and once a second besides, since some things change by time alone.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.console.pages.page import Region, Row, Visit
from shared.agencies import Role
from shared.telemetry import logger

AT_MOST_EVERY_SECONDS, AT_LEAST_EVERY_SECONDS = 0.1, 1.0

Render = Callable[[str, Mapping[str, Any]], str]
"""`render(template, values)`: the markup."""


class BoardKey(NamedTuple):
    """Which page, for whom."""

    agency: str
    roles: frozenset[Role]
    address: str
    """Its path, with its query."""


class RenderedRow(NamedTuple):
    """A row as it stands in a page."""

    revision: str
    markup: str
    encoded: str
    """The markup as JSON."""


class RenderedRegion(NamedTuple):
    """A region as it stands in a page."""

    region: Region
    rows: Mapping[str, RenderedRow]

    @property
    def markup(self) -> Markup:
        """The region in its page."""
        name, tag, label = self.region.name, self.region.tag, self.region.label
        called = Markup(' aria-label="{}"').format(label) if label else Markup("")
        inside = Markup("").join(Markup(row.markup) for row in self.rows.values())  # noqa: S704  # escaped when rendered
        return Markup('<{} id="{}" class="region" data-region{}>{}</{}>').format(tag, name, called, inside, tag)


class Board:
    """One page as one kind of reader sees it."""

    def __init__(
        self, regions: Callable[[], tuple[Visit, Sequence[Region]]], render: Render, every_seconds: float = 0.0
    ) -> None:
        """`every_seconds`: how often it is rendered at most, if not as often as there is news."""
        self._regions, self._render, self.every_seconds = regions, render, every_seconds
        self.due_at = 0.0
        """On the loop's clock, when it may be rendered again."""
        self._drawn: dict[str, tuple[Row, RenderedRow]] = {}
        """By id, each row as it was given and as it was rendered."""
        self._zone: ZoneInfo | None = None
        """On whose clocks they were rendered."""
        self.regions: dict[str, RenderedRegion] = {}
        self.broken = False
        """Whether it could not be rendered, so that what it shows may be out of date."""

    def refresh(self) -> None:
        """Render what has changed. Where that fails the board says so; the others go on."""
        try:
            visit, regions = self._regions()
            if visit.zone != self._zone:
                self._drawn, self._zone = {}, visit.zone
            drawn: dict[str, tuple[Row, RenderedRow]] = {}
            self.regions = {
                region.name: RenderedRegion(
                    region, {row.id: self._draw(row, region, visit, drawn) for row in _rows(region)}
                )
                for region in regions
            }
            self._drawn, self.broken = drawn, False
        except Exception as error:  # noqa: BLE001  # whatever it is: a page that is wrong must not look as if it were right
            if not self.broken:
                logger().error("page not rendered", error=type(error).__name__)
            self.broken = True

    def _draw(self, row: Row, region: Region, visit: Visit, drawn: dict[str, tuple[Row, RenderedRow]]) -> RenderedRow:
        before = self._drawn.get(row.id)
        if before is None or before[0] != row:
            inside = self._render(row.template, {"row": row.shown, "may": visit.may, "zone": visit.zone})
            before = row, _rendered(row, region.row_tag, inside)
        drawn[row.id] = before
        return before[1]


def _rows(region: Region) -> Sequence[Row]:
    if region.rows or not region.empty:
        return region.rows
    template = "row_empty_cell.html" if region.row_tag == "tr" else "row_empty.html"
    return (Row(f"{region.name}-empty", template, region.empty, "empty"),)


def _rendered(row: Row, tag: str, inside: str) -> RenderedRow:
    revision = f"{zlib.crc32(f'{row.kind}{inside}'.encode()):08x}"
    head = Markup('<{} id="{}" class="row {}" data-revision="{}">').format(tag, row.id, row.kind, revision)
    markup = f"{head}{inside}</{tag}>"
    return RenderedRow(revision, markup, json.dumps(markup))


class Boards:
    """The boards that somebody looks at, kept current."""

    def __init__(self, board_of: Callable[[BoardKey], Board]) -> None:
        """`board_of` makes the board of a key. Raises Problem."""
        self._board_of = board_of
        self._open: dict[BoardKey, Board] = {}
        self._watchers: Counter[BoardKey] = Counter()
        self._changed: set[str] = set()
        self._woken, self._refreshed = asyncio.Event(), asyncio.Event()
        self.read = 0
        """How many events the view has taken in since this door began."""

    def note(self, agency: str) -> None:
        """The view of an agency has taken an event in."""
        self.read += 1
        self._changed.add(agency)
        self._woken.set()

    @contextmanager
    def watched(self, keys: Sequence[BoardKey]) -> Iterator[Mapping[str, Board]]:
        """The boards of some pages, by address, kept current while the block runs. Raises Problem."""
        boards = {key: self._open.get(key) or self._first(key) for key in keys}
        for key, board in boards.items():
            self._open[key] = board
            self._watchers[key] += 1
        try:
            yield {key.address: board for key, board in boards.items()}
        finally:
            for key in boards:
                self._watchers[key] -= 1
                if not self._watchers[key]:
                    del self._watchers[key], self._open[key]

    def now(self, key: BoardKey) -> Board:
        """A board as of now. Raises Problem."""
        board = self._open.get(key)
        if board is None:
            return self._first(key)
        board.refresh()
        return board

    def _first(self, key: BoardKey) -> Board:
        board = self._board_of(key)
        board.refresh()
        return board

    async def wait(self, seconds: float) -> None:
        """Return after the next refresh, or after so many seconds."""
        refreshed = self._refreshed
        try:
            async with asyncio.timeout(seconds):
                await refreshed.wait()
        except TimeoutError:
            return

    async def keep_current(self) -> None:
        """Refresh what is open, for as long as the door is."""
        loop = asyncio.get_running_loop()
        refreshed_all_at = loop.time()
        while True:
            try:
                async with asyncio.timeout(AT_LEAST_EVERY_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            changed, self._changed = self._changed, set()
            is_due = loop.time() - refreshed_all_at >= AT_LEAST_EVERY_SECONDS
            if is_due:
                refreshed_all_at = loop.time()
            for key, board in list(self._open.items()):
                if (is_due or key.agency in changed) and board.due_at <= loop.time():
                    board.due_at = loop.time() + board.every_seconds
                    board.refresh()
                    await asyncio.sleep(0)  # one after the other: none of them keeps anybody from the stop switch
            refreshed, self._refreshed = self._refreshed, asyncio.Event()
            refreshed.set()
            await asyncio.sleep(AT_MOST_EVERY_SECONDS)
