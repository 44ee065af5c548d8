"""The guard before every door: what a request may cost, how it is counted, and what is answered when it fails."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import Clock
from shared.doors.operations import PATHS as OPERATIONS
from shared.doors.problems import Fault, Problem
from shared.telemetry import REQUEST_SECONDS, REQUESTS, WRONG_TOKENS, begin, logger

NOT_STORED = {"Cache-Control": "no-store"}
"""Nothing that a door answers belongs into a cache."""

WRONG_TOKENS_AT_ONCE, WRONG_TOKEN_SECONDS = 10, 6.0
"""An address may be wrong so often in a row, and once more whenever so much time has gone by."""
ADDRESSES = 10_000
"""So many addresses are remembered; the ones heard of longest ago make room."""
STRANGERS = "strangers"
"""The name of all of them together."""
_TOKEN_HEADERS = {"authorization", "x-api-key"}
TURN_SECONDS = 5.0
"""A request that could not begin for so long is sent away, while its caller still waits. To wait costs nothing; whoever
is sent away comes again, and costs."""

CallerOf = Callable[[Request], str | None]
"""Who asks: the name of a source or a person; None for a stranger."""

Respond = Callable[[Request, Exception], Response]
Handler = Callable[[Request, Exception], Awaitable[Response]]
"""How a door says that a request ended in an error."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What requests may cost."""

    requests_in_flight: int
    body_bytes: int
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Paths that take more."""
    body_seconds: float = 10.0


class Guard:
    """Middleware: bounds requests, counts and times them, and answers for what fails without quoting it.

    A caller may have as many requests under way as are left free for others: half of all where nobody else asks, the
    next half of the rest. So whoever is busy, or slow, leaves slots to those who are not. Strangers are bounded by
    address, and all of them together like one caller.

    Requests begin one after the other, so that a door to which more comes than it can do is no slower with what it has
    begun; and one of each caller in turn, so that whoever sends many waits for themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: str,
        clock: Clock,
        bounds: Bounds,
        caller_of: CallerOf,
        respond: Respond,
        failure: str,
        headers: Mapping[str, str] = NOT_STORED,
    ) -> None:
        self._app, self._door, self._clock, self._bounds = app, door, clock, bounds
        self._caller_of, self._respond, self._failure = caller_of, respond, failure
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._slots, self._turns = Slots(bounds.requests_in_flight), Turns(clock)
        self._wrong_tokens = WrongTokens()
        self._seconds = REQUEST_SECONDS.labels(door)
        begin(door, door=door)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request = self._clock.monotonic(), Request(scope)
        exchange = _Exchange(request, receive, send, self._bounds, self._headers, clock=self._clock)
        try:
            await self._pass_on(request, exchange)
        except HTTPException as error:
            await exchange.answer(self._respond(request, error))
        except Exception as error:  # noqa: BLE001  # its text may hold what was sent; its class does not
            logger().error("request failed", error=type(error).__name__, url_path=route_of(scope))
            failure = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, self._failure)
            await exchange.answer(self._respond(request, failure))
        REQUESTS.labels(self._door, route_of(scope), str(exchange.status)).inc()
        self._seconds.observe((exchange.answered_at or self._clock.monotonic()) - began)

    async def _pass_on(self, request: Request, exchange: _Exchange) -> None:
        """Raises Problem: 413 for a body that is stated to be too large, 429 where no slot is free, or no turn came."""
        exchange.check_stated_length()
        callers = () if request.scope["path"] in OPERATIONS else self._callers(request)
        self._check_wrong_tokens(request, callers)
        if (callers and not await self._turns.come(callers[0])) or not self._slots.take(callers):
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests are under way; send it again in a moment.")
        try:
            await self._app(request.scope, exchange.receive, exchange.send)
        finally:
            self._slots.give_back(callers)

    def _check_wrong_tokens(self, request: Request, callers: tuple[str, ...]) -> None:
        """Raises Problem (429) where too many wrong tokens came from.

        Whoever has a right one is never held up, nor who asks whether the door lives: that needs none.
        """
        if STRANGERS not in callers or _TOKEN_HEADERS.isdisjoint(request.headers):
            return
        WRONG_TOKENS.labels(self._door).inc()
        wait_seconds = self._wrong_tokens.note(_address_of(request), self._clock.monotonic())
        if wait_seconds:
            sentence = "Too many wrong tokens came from your address; look for the right one, and wait."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, sentence, headers={"Retry-After": str(math.ceil(wait_seconds))})

    def _callers(self, request: Request) -> tuple[str, ...]:
        """Under which names the request takes a slot."""
        if (caller := self._caller_of(request)) is not None:
            return (caller,)
        return (STRANGERS, f"stranger at {_address_of(request)}")


def handler_of(respond: Respond) -> Handler:
    """The same where something is refused inside. What is not async Starlette runs in a thread: ten times as dear."""

    async def handle(request: Request, error: Exception) -> Response:
        return respond(request, error)

    return handle


def _address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def bearer_of(request: Request) -> str:
    """The token in `Authorization: Bearer …`; empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def route_of(scope: Scope) -> str:
    """The route as it is declared: of a bounded number, and without anybody's id or token in it."""
    return str(getattr(scope.get("route"), "path", "unknown"))


class WrongTokens:
    """Wrong tokens by the address that they came from: after some of them, one every few seconds is answered."""

    def __init__(self) -> None:
        self._clear_at: OrderedDict[str, float] = OrderedDict()
        """Address → when nothing will be held against it any more; the one heard of last stands last."""

    def note(self, address: str, now: float) -> float:
        """Note a wrong token; how long the address has to wait before another is looked at, in seconds."""
        clear_at = max(self._clear_at.pop(address, now), now)
        wait_seconds = clear_at - now - (WRONG_TOKENS_AT_ONCE - 1) * WRONG_TOKEN_SECONDS
        self._clear_at[address] = clear_at + (WRONG_TOKEN_SECONDS if wait_seconds <= 0 else 0)
        if len(self._clear_at) > ADDRESSES:
            self._clear_at.popitem(last=False)
        return max(wait_seconds, 0.0)


class Slots:
    """Requests under way: how many more there may be, and how many each caller has."""

    def __init__(self, most: int) -> None:
        self.free = most
        self.taken: Counter[str] = Counter()

    def take(self, callers: tuple[str, ...]) -> bool:
        """Take a slot, unless one of the names has as many as are free."""
        if any(self.taken[caller] >= self.free for caller in callers):
            return False
        self.free -= bool(callers)
        for caller in callers:
            self.taken[caller] += 1
        return True

    def give_back(self, callers: tuple[str, ...]) -> None:
        """Give back what was taken."""
        self.free += bool(callers)
        for caller in callers:
            self.taken[caller] -= 1
            if not self.taken[caller]:
                del self.taken[caller]


class Turns:
    """Who begins: in each turn of the loop one, in the order in which they came; of several callers each in turn.

    Where all begin as they come, a loop that has too little processor gets to nothing else. What it had begun, and the
    answers of the log to that, waited behind hundreds of new requests, until it was too late for each of them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: OrderedDict[str, deque[tuple[float, asyncio.Future[bool]]]] = OrderedDict()
        """By caller, until when (monotonic time) each request can begin; whose turn is next stands first."""
        self._is_taken = False
        """Whether somebody has begun in this turn of the loop."""

    async def come(self, caller: str = STRANGERS) -> bool:
        """Whether the turn of a caller's request came in time."""
        loop = asyncio.get_running_loop()
        if not self._is_taken:
            self._is_taken = True
            loop.call_soon(self._next)
            return True
        begins: asyncio.Future[bool] = loop.create_future()
        self._waiting.setdefault(caller, deque()).append((self._clock.monotonic() + TURN_SECONDS, begins))
        return await begins

    def _next(self) -> None:
        self._is_taken = False
        now = self._clock.monotonic()
        while self._waiting and not self._is_taken:
            caller, own = self._waiting.popitem(last=False)
            until, begins = own.popleft()
            if own:
                self._waiting[caller] = own
            if not begins.done():  # else its caller has gone
                self._is_taken = now < until
                begins.set_result(self._is_taken)
        if self._is_taken:
            asyncio.get_running_loop().call_soon(self._next)


class _Exchange:
    """One request and its answer, seen from the guard: reads the body within its bounds, adds the door's headers."""

    def __init__(
        self,
        request: Request,
        receive: Receive,
        send: Send,
        bounds: Bounds,
        headers: list[tuple[bytes, bytes]],
        *,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self.answered_at: float | None = None
        """When an answer began: one that goes on for long, as a stream does, was not long in coming."""
        self._request, self._receive, self._send = request, receive, send
        self._bounds, self._headers = bounds, headers
        self._most_bytes = bounds.larger_bodies.get(request.scope["path"], bounds.body_bytes)
        self._late_at = asyncio.get_running_loop().time() + bounds.body_seconds
        self._read_bytes, self._read_whole = 0, False
        self._started = False
        self.status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        """What was answered."""

    def check_stated_length(self) -> None:
        """Raise Problem (413) for a body that would be too large, before any of it is read."""
        stated = self._request.headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:12]) > self._most_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next part of the body. Raises Problem: 408 where it does not come in time, 413 where it is too large."""
        if self._read_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._late_at):
                message = await self._receive()
        except TimeoutError:
            raise self._too_late() from None
        if message["type"] == "http.disconnect":
            raise self._too_late()
        self._read_bytes += len(message.get("body", b""))
        if self._read_bytes > self._most_bytes:
            raise self._too_large()
        self._read_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._started, self.status = True, message["status"]
            self.answered_at = self._clock.monotonic()
            given = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(field for field in self._headers if field[0] not in given)]
        await self._send(message)

    async def answer(self, response: Response) -> None:
        """Answer, unless an answer has begun: its sender then closes the connection."""
        if not self._started:
            await response(self._request.scope, self._receive, self.send)

    def _too_large(self) -> Problem:
        fault = Fault("", "is too long", f"at most {self._most_bytes} bytes")
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.", fault)

    def _too_late(self) -> Problem:
        sentence = f"The body did not come within {self._bounds.body_seconds:.0f} seconds."
        return Problem(HTTPStatus.REQUEST_TIMEOUT, sentence, headers={"Connection": "close"})
