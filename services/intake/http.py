"""The door for CADs: takes call versions over HTTP and acknowledges them once they are durable."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.intake import eido, flat, openapi
from services.intake.append import Appender
from services.intake.call_keys import CallKeyCache
from services.intake.config import MAX_BODY_BYTES, MAX_CALL_BYTES, IntakeSettings
from services.intake.packed import is_packed, unpacked
from services.intake.revoked import follow_revocations
from services.intake.texts import with_texts_sealed
from services.intake.version import Version, check, record
from shared import telemetry
from shared.agencies import Agencies, Source
from shared.call_keys import CallKey
from shared.clock import Clock
from shared.doors.command import LogAway, appended
from shared.doors.guard import Bounds, Guard, bearer_of, handler_of
from shared.doors.operations import operations_routes
from shared.doors.problems import Fault, Problem, problem_response
from shared.doors.serve import connected
from shared.engine.broker import Broker, Record, reading
from shared.engine.topic import STEP_BYTES
from shared.sealing import Sealer
from shared.topics import CALLS

UNREADY_SECONDS = 5.0
QUICK_BYTES = 8 * 1024
"""A larger body could take longer than the loop may stand still, and is read beside it."""
LARGE_BYTES, MOST_WAITING = MAX_CALL_BYTES, 4
"""More than one call, and how many bodies of that size wait for one of the same source to be read."""
FLAT_TYPES = frozenset(("application/json",))
EIDO_TYPES = frozenset((eido.MEDIA_TYPE, "application/json"))

SOURCE = "careroute.source"
"""Where the guard leaves the source that asks, in the scope of its request."""

Read = Callable[[bytes, Source], list[Version]]


def create_app(broker: Broker, clock: Clock, agencies: Agencies, sealer: Sealer, settings: IntakeSettings) -> Starlette:
    """The door on a broker, as an ASGI application. When it ends it closes the broker."""
    door = Door(broker, clock, agencies, sealer)
    for agency, doors in agencies.current().agencies.items():
        for source in doors.sources:
            telemetry.begin("intake", agency=agency, source=source)

    async def publish_calls(request: Request) -> Response:
        return await door.take(request, FLAT_TYPES, lambda body, _: flat.read(body))

    async def publish_eido(request: Request) -> Response:
        return await door.take(request, EIDO_TYPES, lambda body, source: eido.read(body, source, sealer.pseudonym))

    guard = Middleware(
        Guard,
        door="intake",
        clock=clock,
        bounds=Bounds(settings.requests_in_flight, MAX_BODY_BYTES),
        caller_of=door.caller_of,
        respond=respond,
        failure="Something went wrong here; nothing was taken.",
    )
    app = Starlette(
        routes=[
            Route("/v1/calls", publish_calls, methods=["POST"]),
            Route("/v1/eido", publish_eido, methods=["POST"]),
            *openapi.routes(),
            *operations_routes(door.ready, agencies.remark),
        ],
        middleware=[guard],
        exception_handlers={HTTPException: handler_of(respond)},
        lifespan=lambda _: connected(broker, door.reach, door.close),
    )
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return app


def respond(_request: Request, error: Exception) -> Response:
    """What is answered instead: problem details, whoever found what is wrong."""
    if not isinstance(error, Problem):
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        error = Problem(status, "Only what /docs describes is here.")
    return problem_response(error)


class Taken(NamedTuple):
    """What a body says: versions, the records that they make, and the keys that these are sealed with."""

    versions: list[Version]
    records: list[Record]
    keys: list[CallKey]


@dataclass(slots=True)
class _Turn:
    """Whose turn it is among the large bodies of one source."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Door:
    """Takes publications: reads, checks and seals them, and appends them."""

    def __init__(self, broker: Broker, clock: Clock, agencies: Agencies, sealer: Sealer) -> None:
        self._broker, self._clock, self._agencies, self._sealer = broker, clock, agencies, sealer
        self._appender, self._keys = Appender(broker, CALLS), CallKeyCache(broker, clock, sealer)
        self._reached, self._failed_at = False, -math.inf
        self._beside: list[asyncio.Task[None]] = []
        self._turns: defaultdict[tuple[str, str], _Turn] = defaultdict(_Turn)

    def ready(self) -> bool:
        """Whether the broker was reached, and not lost within the last seconds."""
        return self._reached and self._clock.monotonic() - self._failed_at > UNREADY_SECONDS

    async def reach(self) -> None:
        """See whether the broker is there. Raises BrokerUnavailable."""
        async with reading(self._broker) as reader:
            await reader.ends([(CALLS.name, 0)])
        self._reached = True
        for work in (follow_revocations(self._broker, self._agencies), self._keys.forget_erased()):
            self._beside.append(asyncio.get_running_loop().create_task(work))

    async def close(self) -> None:
        """Follow no more."""
        for task in self._beside:
            task.cancel()
            await asyncio.wait([task])

    def caller_of(self, request: Request) -> str | None:
        """The source that asks, by its key."""
        source = request.scope[SOURCE] = self._source_of(request)
        return f"{source.agency}/{source.name}" if source else None

    def _source_of(self, request: Request) -> Source | None:
        key = bearer_of(request) or request.headers.get("x-api-key", "")
        return self._agencies.source_of(key) if key else None

    async def take(self, request: Request, types: frozenset[str], read: Read) -> Response:
        """Take a publication, or with `dry_run=true` say what would be taken. Raises Problem."""
        source: Source | None = request.scope[SOURCE]
        if source is None:
            sentence = "A valid API key is needed, in `Authorization: Bearer …` or `X-API-Key`."
            raise Problem(HTTPStatus.UNAUTHORIZED, sentence)
        check_media_type(request.headers.get("content-type", ""), types)
        is_dry = bool(request.scope["query_string"]) and is_dry_run(request.query_params.multi_items())
        packed = is_packed(request.headers.get("content-encoding", ""))
        body, now = await request.body(), self._clock.now()
        if packed:
            body = await asyncio.to_thread(unpacked, body)
        if len(body) <= QUICK_BYTES:
            taken = self._read(read, body, source, now)
        else:
            async with self._turn(source, len(body)):
                taken = await asyncio.to_thread(self._read, read, body, source, now)
        if is_dry:
            return _json({"dry_run": True, "calls": [_explained(version) for version in taken.versions]})
        return await self._publish(taken, source)

    @asynccontextmanager
    async def _turn(self, source: Source, size: int) -> AsyncIterator[None]:
        """Of the large bodies of one source one is read at a time, so that others' are too. Raises Problem (429)."""
        if size <= LARGE_BYTES:
            yield
            return
        turn = self._turns[source.agency, source.name]
        if turn.waiting >= MOST_WAITING:
            sentence = "Large requests of this source are being read; send it again in a moment."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, sentence)
        turn.waiting += 1
        try:
            await turn.lock.acquire()
        finally:
            turn.waiting -= 1
        try:
            yield
        finally:
            turn.lock.release()

    def _read(self, read: Read, body: bytes, source: Source, now: datetime) -> Taken:
        """What a body says. Raises Problem."""
        versions = read(body, source)
        check(versions, source, now)
        versions = [with_texts_sealed(version, self._sealer.pseudonym) for version in versions]
        keys = [self._keys.key_of(version.call.call_id) if version.personal else None for version in versions]
        made = [
            record(version, source, self._sealer, None if key is None else key.key, now)
            for version, key in zip(versions, keys, strict=True)
        ]
        return Taken(versions, made, [key for key in keys if key is not None])

    async def _publish(self, taken: Taken, source: Source) -> Response:
        versions, made = taken.versions, taken.records
        size = sum(record.size for record in made)
        if size > STEP_BYTES:
            fault = Fault("", f"makes {size} bytes of records", f"at most {STEP_BYTES}: send fewer calls at a time")
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large to be taken whole.", fault)
        partition = self._broker.partition_of(source.agency)
        try:
            offset = await appended(self._append(partition, taken, size))
        except LogAway:
            self._failed_at = self._clock.monotonic()
            sentence = "The log is away; nothing was acknowledged. Send it again."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence) from None
        if source.kind != "synthetic":
            telemetry.CALLS_RECEIVED.labels(source.agency, source.name).inc(len(made))
        return _json({"taken": [_taken(version, partition, offset + at) for at, version in enumerate(versions)]})

    async def _append(self, partition: int, taken: Taken, size: int) -> int:
        """First the keys: what stands in the topic of calls can be opened."""
        await self._keys.make_durable(taken.keys)
        return await self._appender.append(partition, taken.records, size)


_YES, _NO = frozenset(("true", "1", "yes", "y", "t", "on", "")), frozenset(("false", "0", "no", "n", "f", "off"))


def is_dry_run(parameters: Iterable[tuple[str, str]]) -> bool:
    """Whether nothing is to be published. Raises Problem (422) for a word that is neither yes nor no."""
    words = {value.strip().casefold() for name, value in parameters if _name_of(name) == "dryrun"}
    if not words <= _YES | _NO:
        fault = Fault("dry_run", "is neither yes nor no", "true or false")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was taken: is it a dry run?", fault)
    return not words.isdisjoint(_YES)


def _name_of(parameter: str) -> str:
    return parameter.strip().casefold().replace("_", "").replace("-", "")


@lru_cache(maxsize=100)  # a source sends the same one every time
def check_media_type(content_type: str, types: frozenset[str]) -> None:
    """Raise Problem: 415 for another media type or charset, 406 where none of the offered versions is spoken here."""
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    parts = (parameter.partition("=") for parameter in parameters)
    given = {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}
    if kind.lower() not in types or given.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        fault = Fault("Content-Type", "is another media type", " or ".join(sorted(types)) + ", in UTF-8")
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The media type is not taken here.", fault)
    offered = {part.strip().partition(".")[0] for part in given.get("version", eido.MAJOR_VERSION).split(",")}
    if kind.lower() == eido.MEDIA_TYPE and eido.MAJOR_VERSION not in offered:
        fault = Fault("Content-Type", "offers no version that is spoken here", f'version="{eido.MAJOR_VERSION}"')
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "None of the offered versions is supported.", fault)


def _taken(version: Version, partition: int, offset: int) -> dict[str, Any]:
    taken: dict[str, Any] = {
        "event_id": version.event_id,
        "call_id": version.call.call_id,
        "position": f"{CALLS.name}/{partition}/{offset}",
    }
    return taken | {"notes": version.notes} if version.notes else taken


def _explained(version: Version) -> dict[str, Any]:
    """A dry run's answer: the call as routing would know it, and which texts would be sealed."""
    call, notes = version.call, list(version.notes)
    if call.ended:
        notes.append(f"The call is {call.status}: it ends, and open offers for it are withdrawn.")
    elif call.call_type is None:
        notes.append("The call has no type yet: it waits for one until its deadline, then the default response stands.")
    if not call.ended and call.district is None and call.beat is None and "position" not in version.personal:
        notes.append("Neither district nor beat nor position is given: without a district the default response stands.")
    return {
        "event_id": version.event_id,
        "call_id": call.call_id,
        "call": call.model_dump(mode="json"),
        "sealed": sorted(version.personal),
        "notes": notes,
    }


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")
