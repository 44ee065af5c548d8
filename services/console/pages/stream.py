"""What browsers follow: the rows that changed, and a beat twice a second that says how current they are.

A stream is one browser's, for all its tabs: the script sees to that. It ends by itself after a while and is opened
again, so that none outlives its session, and no proxy closes it unseen. Who cannot have one asks for the same as JSON.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from services.console.api.routes_reads import whole_view
from services.console.pages.boards import Board, BoardKey, Boards
from services.console.pages.frame import FRAME
from services.console.pages.look import HEADERS
from services.console.pages.page import ConsoleDoor
from services.console.pages.registry import page_for
from services.console.pages.seat import Watching, door_of, note_names
from services.console.pages.sessions import SignedIn
from shared.doors.problems import Problem

BEAT_SECONDS = 0.5
STREAM_SECONDS = 45.0
"""Less than a door gives an answer."""
RETRY_MILLISECONDS = 200
MOST_STREAMS, MOST_OF_A_SESSION, MOST_PAGES = 100, 8, 12

router = APIRouter(include_in_schema=False)
Addresses = Annotated[list[str], Query(alias="page", max_length=MOST_PAGES)]


class Streams:
    """The streams that are open, and whose: of too many of a session the oldest ends.

    A person may have as many as are left free for others: whoever signs in again and again keeps nobody out.
    """

    def __init__(self) -> None:
        self._of_session: dict[str, OrderedDict[object, str]] = {}
        """By session, its streams, each with whose it is."""
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def check_room(self, whose: str) -> None:
        """Raise Problem (429) where somebody has as many as are free, or none is."""
        people = [each for own in self._of_session.values() for each in own.values()]
        if people.count(whose) >= MOST_STREAMS - len(people):
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many browsers follow this console; try again soon.")

    def open(self, session_hash: str, whose: str) -> object:
        """Count a stream in."""
        stream = object()
        own = self._of_session.setdefault(session_hash, OrderedDict())
        own[stream] = whose
        if len(own) > MOST_OF_A_SESSION:
            self.close(session_hash, next(iter(own)))
        return stream

    def is_open(self, session_hash: str, stream: object) -> bool:
        """Whether a stream may go on."""
        return stream in self._of_session.get(session_hash, ())

    def close(self, session_hash: str, stream: object) -> None:
        """Count a stream out."""
        own = self._of_session.get(session_hash)
        if own is not None and stream in own:
            del own[stream]
            if not own:
                del self._of_session[session_hash]

    async def in_turn(
        self, whose: str, keys: Sequence[BoardKey], board_of: Callable[[BoardKey], Board]
    ) -> dict[str, Board]:
        """Some boards by address. Of all that a person asks for one is rendered at a time, and then others go on."""
        boards: dict[str, Board] = {}
        async with self._turns[whose]:
            for key in keys:
                boards[key.address] = board_of(key)
                await asyncio.sleep(0)
        return boards


@router.get("/stream")
async def follow(request: Request, signed_in: Watching, addresses: Addresses = ()) -> Response:  # type: ignore[assignment]
    """The rows of some pages as server-sent events, for as long as a stream lasts."""
    streams: Streams = request.app.state.streams
    keys = _keys(door_of(request), signed_in, addresses)
    whose = _name_of(signed_in)
    streams.check_room(whose)
    following = _follow(request, signed_in.session_hash, whose, keys)
    headers = {**HEADERS, "X-Accel-Buffering": "no"}
    return StreamingResponse(following, headers=headers, media_type="text/event-stream")


@router.get("/news")
async def tell(request: Request, signed_in: Watching, addresses: Addresses = ()) -> Response:  # type: ignore[assignment]
    """The same once, as JSON: the second way, where no stream gets through. Raises Problem (503) at the start."""
    door, boards = door_of(request), request.app.state.boards
    whole_view(request)
    streams: Streams = request.app.state.streams
    shown = await streams.in_turn(_name_of(signed_in), _keys(door, signed_in, addresses), boards.now)
    rows = [change for address, board in shown.items() for change in _changes(address, board, {})]
    told = {"beat": _beat(door, boards, shown), "rows": [json.loads(change) for change in rows]}
    return Response(json.dumps(told), headers=HEADERS, media_type="application/json")


def _name_of(signed_in: SignedIn) -> str:
    return f"{signed_in.who.agency}/{signed_in.who.name}"


def _keys(door: ConsoleDoor, signed_in: SignedIn, addresses: Sequence[str]) -> list[BoardKey]:
    """What a browser may follow. Raises Problem (403, 404)."""
    who = signed_in.who
    for page in [page_for(who, address).page for address in addresses]:
        note_names(door, signed_in, page, opens=False)
    return [BoardKey(who.agency, who.roles, address) for address in dict.fromkeys((FRAME, *addresses))]


async def _follow(request: Request, session_hash: str, whose: str, keys: Sequence[BoardKey]) -> AsyncIterator[str]:
    door, boards, streams = door_of(request), request.app.state.boards, request.app.state.streams
    until, beat_at = door.clock.monotonic() + STREAM_SECONDS, 0.0
    sent: dict[tuple[str, str], Mapping[str, str]] = {}
    stream = streams.open(session_hash, whose)  # here, where its end is certain to be counted, too
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        while not door.follower.ready:  # what is read by half is not shown; the browser keeps what it has, and says so
            if door.clock.monotonic() >= until or await request.is_disconnected():
                return
            await asyncio.sleep(BEAT_SECONDS)
        with ExitStack() as open_boards:
            watched = await streams.in_turn(
                whose, keys, lambda key: open_boards.enter_context(boards.watched([key]))[key.address]
            )
            while door.clock.monotonic() < until and streams.is_open(session_hash, stream):
                for address, board in watched.items():
                    for change in _changes(address, board, sent):
                        yield f"event: rows\ndata: {change}\n\n"
                if door.clock.monotonic() >= beat_at:
                    if (signed_in := door.sessions.look_up(session_hash)) is None:
                        yield "event: signed-out\ndata: {}\n\n"
                        return
                    if (_name_of(signed_in), signed_in.who.roles) != (whose, keys[0].roles):
                        return  # the browser opens another, of what they may see now
                    if await request.is_disconnected():
                        return
                    beat_at = door.clock.monotonic() + BEAT_SECONDS
                    yield f"event: beat\ndata: {json.dumps(_beat(door, boards, watched))}\n\n"
                await boards.wait(max(0.0, beat_at - door.clock.monotonic()))
    finally:
        streams.close(session_hash, stream)


def _beat(door: ConsoleDoor, boards: Boards, watched: Mapping[str, Board]) -> dict[str, Any]:
    """The time at this door, how far behind the journals what it shows may be, and the pages it speaks of."""
    return {
        "at": round(door.clock.now().timestamp() * 1000),
        "lag": round(door.follower.lag_seconds(), 2),
        "read": boards.read,
        "pages": list(watched),
        "broken": [address for address, board in watched.items() if board.broken],
    }


def _changes(address: str, board: Board, sent: dict[tuple[str, str], Mapping[str, str]]) -> list[str]:
    """What a browser has yet to hear of a board, as JSON; noted in `sent` as heard."""
    changes = []
    for name, region in board.regions.items():
        rows = {row_id: row.revision for row_id, row in region.rows.items()}
        before = sent.get((address, name))
        if before is not None and before == rows and list(before) == list(rows):
            continue
        new = [row_id for row_id, revision in rows.items() if before is None or before.get(row_id) != revision]
        markup = ", ".join(f"{json.dumps(row_id)}: {region.rows[row_id].encoded}" for row_id in new)
        head = json.dumps({"page": address, "region": name, "order": list(rows)})
        changes.append(f'{head[:-1]}, "rows": {{{markup}}}}}')
        sent[address, name] = rows
    return changes
