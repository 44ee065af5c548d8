"""The door for CADs: takes call versions over HTTP and acknowledges them once they are durable."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.intake import eido, flat, problems
from services.intake.append import Appender
from services.intake.config import (
    ANSWER_SECONDS,
    BODY_SECONDS,
    MAX_BODY_BYTES,
    MAX_CALL_BYTES,
    MAX_CALLS,
    MAX_DEPTH,
    RETRY_AFTER_SECONDS,
    IntakeSettings,
)
from services.intake.problems import Fault, NotTaken, Problem
from services.intake.version import Version, check, records
from shared import telemetry
from shared.agencies import Agencies, Source
from shared.clock import Clock
from shared.doors.operations import operations_router
from shared.engine.broker import Broker, BrokerUnavailable
from shared.engine.topic import STEP_BYTES
from shared.sealing import Sealer
from shared.topics import CALLS

DESCRIPTION = f"""
A CAD publishes the full current state of its calls here, as often as it likes: late, twice, out of order.

* The key (one per agency and source) goes into `Authorization: Bearer …` or `X-API-Key`.
* `200` means: durable. Any other answer means: nothing was taken, and the default response stands.
* Sending a version again under the same `event_id` is harmless; after a `503` or a lost answer, do.
* A request has at most {MAX_BODY_BYTES} bytes and {MAX_CALLS} calls, a flat call {MAX_CALL_BYTES} bytes;
  it nests at most {MAX_DEPTH} deep.
* `?dry_run=true` validates and explains, and publishes nothing.
* Errors are `application/problem+json` with the path of every fault; they quote no values.
"""


class Taken(BaseModel):
    """What became durable, and where."""

    class Version(BaseModel):
        """One version of a call."""

        event_id: str
        call_id: str
        position: str
        notes: list[str] = []

    taken: list[Version]


Reads = Callable[[bytes, Source], list[Version]]


def create_app(
    broker: Broker,
    clock: Clock,
    agencies: Agencies,
    sealer: Sealer,
    settings: IntakeSettings,
) -> FastAPI:
    """The door on a broker, as an ASGI application. When it ends it closes the broker."""
    door = _Door(broker, clock, agencies, sealer, settings.requests_in_flight)
    app = FastAPI(title="careroute intake", description=DESCRIPTION, lifespan=lambda _: door.open())
    router = APIRouter(route_class=_RawRoute)

    @router.post("/v1/calls", responses=_ANSWERS, openapi_extra=_body("application/json", _FLAT_SCHEMA))
    async def publish_calls(request: Request) -> Response:
        """Publish one call version, or an array of them, which is taken whole or not at all."""
        return await door.answer(request, _FLAT_TYPES, lambda body, _: flat.read(body))

    @router.post("/v1/eido", responses=_ANSWERS, openapi_extra=_body(eido.MEDIA_TYPE, {"type": "object"}))
    async def publish_eido(request: Request) -> Response:
        """Publish an Emergency Incident Data Object (NENA-STA-021), version 1; unknown fields are ignored."""
        return await door.answer(request, _EIDO_TYPES, lambda body, at: eido.read(body, at, sealer.pseudonym))

    app.include_router(router)
    app.add_middleware(_Straight, endpoints={"/v1/calls": publish_calls, "/v1/eido": publish_eido})
    app.add_exception_handler(HTTPException, _other_path)
    app.include_router(operations_router(door.ready))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _other_path(request: Request, error: Exception) -> Response:  # noqa: ARG001  # Starlette's shape
    """What FastAPI itself has to say (404, 405), in the form that everything else has."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problems.answer(NotTaken(status, "Only what /docs describes is here."))


class _Straight:
    """Hands a publication straight to its endpoint: the way through the routing costs as much as taking the call."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Callable[[Request], Awaitable[Response]]]) -> None:
        self._app, self._endpoints = app, endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
        else:
            response = await endpoint(Request(scope, receive))
            await response(scope, receive, send)


class _RawRoute(APIRoute):
    """Documented like any other, but handed the request as it is: nothing is parsed, injected or validated before."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


class _Door:
    def __init__(self, broker: Broker, clock: Clock, agencies: Agencies, sealer: Sealer, most_in_flight: int) -> None:
        self._broker, self._clock, self._agencies, self._sealer = broker, clock, agencies, sealer
        self._appender = Appender(broker, CALLS)
        self._in_flight, self._most_in_flight = 0, most_in_flight
        self._reached, self._failed_at = False, -math.inf

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Look for the broker while serving already."""
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._reach())
            yield
            looking.cancel()
        await self._broker.close()

    def ready(self) -> bool:
        """Whether the broker was reached, and not lost within the last seconds."""
        return self._reached and self._clock.monotonic() - self._failed_at > UNREADY_SECONDS

    async def _reach(self) -> None:
        while not self._reached:
            try:
                reader = await self._broker.reader()
                await reader.ends([(CALLS.name, 0)])
                await reader.close()
                self._reached = True
            except BrokerUnavailable:
                await asyncio.sleep(RETRY_AFTER_SECONDS)

    async def answer(self, request: Request, types: frozenset[str], read: Reads) -> Response:
        """Take the request or say why not; never raises, never quotes."""
        started, path = self._clock.monotonic(), request.scope["path"]
        self._in_flight += 1
        try:
            response = await self._take(request, types, read)
        except NotTaken as problem:
            response = problems.answer(problem)
        except Exception as error:  # noqa: BLE001  an error's text may hold what the caller sent; its class does not
            telemetry.logger().error("request failed", error=type(error).__name__, url_path=path)
            response = problems.answer(NotTaken(500, "Something went wrong here; nothing was taken."))
        finally:
            self._in_flight -= 1
        telemetry.REQUESTS.labels("intake", path, str(response.status_code)).inc()
        telemetry.REQUEST_SECONDS.labels("intake").observe(self._clock.monotonic() - started)
        return response

    async def _take(self, request: Request, types: frozenset[str], read: Reads) -> Response:
        source = self._source(request)
        if self._in_flight > self._most_in_flight:
            raise NotTaken(429, f"More than {self._most_in_flight} requests are under way.")
        check_media_type(request.headers.get("content-type", ""), types)
        body = await _body_of(request)
        check_depth(body)
        versions = read(body, source)
        now = self._clock.now()
        check(versions, source, now)
        if request.query_params.get("dry_run") == "true":
            return _json({"dry_run": True, "calls": [_explained(version) for version in versions]})
        return await self._publish(versions, source)

    def _source(self, request: Request) -> Source:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
        source = self._agencies.source_of(key) if key else None
        if source is None:
            raise NotTaken(401, "A valid API key is needed, in `Authorization: Bearer …` or `X-API-Key`.")
        return source

    async def _publish(self, versions: Sequence[Version], source: Source) -> Response:
        made = records(versions, source, self._sealer, self._clock.now())
        size = sum(len(record.value) + RECORD_OVERHEAD_BYTES for record in made)
        if size > STEP_BYTES:
            fault = Fault("", f"makes {size} bytes of records", f"at most {STEP_BYTES}: send fewer calls at a time")
            raise NotTaken(413, "The request is too large to be taken whole.", fault)
        partition = self._broker.partition_of(source.agency)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                offset = await self._appender.append(partition, made, size)
        except (BrokerUnavailable, TimeoutError):
            self._failed_at = self._clock.monotonic()
            raise NotTaken(503, "The log is away; nothing was acknowledged. Send it again.") from None
        telemetry.CALLS_RECEIVED.labels(source.agency).inc(len(made))
        return _json({"taken": [_taken(version, partition, offset + at) for at, version in enumerate(versions)]})


UNREADY_SECONDS = 5.0
RECORD_OVERHEAD_BYTES = 400
"""Key, headers and framing of a record, rounded up."""
_FLAT_TYPES = frozenset(("application/json",))
_EIDO_TYPES = frozenset((eido.MEDIA_TYPE, "application/json"))


def check_media_type(content_type: str, types: frozenset[str]) -> None:
    """Raise NotTaken: 415 for another media type or charset, 406 where none of the offered versions is spoken here."""
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    parts = (parameter.partition("=") for parameter in parameters)
    given = {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}
    if kind.lower() not in types or given.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        fault = Fault("Content-Type", "is another media type", " or ".join(sorted(types)) + ", in UTF-8")
        raise NotTaken(415, "The media type is not taken here.", fault)
    offered = {part.strip().partition(".")[0] for part in given.get("version", eido.MAJOR_VERSION).split(",")}
    if kind.lower() == eido.MEDIA_TYPE and eido.MAJOR_VERSION not in offered:
        fault = Fault("Content-Type", "offers no version that is spoken here", f'version="{eido.MAJOR_VERSION}"')
        raise NotTaken(406, "None of the offered versions is supported.", fault)


async def _body_of(request: Request) -> bytes:
    """The body, read no further than it may be long."""
    chunks, size = [], 0
    too_large = NotTaken(413, "The body is too large.", Fault("", "is too long", f"at most {MAX_BODY_BYTES} bytes"))
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:12]) > MAX_BODY_BYTES:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise too_large
                chunks.append(chunk)
    except (TimeoutError, ClientDisconnect):
        raise NotTaken(408, f"The body did not come within {BODY_SECONDS:.0f} seconds.") from None
    return b"".join(chunks)


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def check_depth(body: bytes) -> None:
    """Raise NotTaken (400) for JSON that nests too deeply, before anything recurses into it."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            fault = Fault("", "nests too deeply", f"at most {MAX_DEPTH} levels")
            raise NotTaken(400, "The body nests too deeply.", fault)


def _taken(version: Version, partition: int, offset: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "event_id": version.event_id,
        "call_id": version.call.call_id,
        "position": f"{CALLS.name}/{partition}/{offset}",
    }
    return said | {"notes": version.notes} if version.notes else said


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
    return Response(json.dumps(content, separators=(",", ":")), HTTPStatus.OK, media_type="application/json")


_MEANING_OF_STATUS = {
    400: "Not JSON, not UTF-8, or nested too deeply.",
    401: "No valid key.",
    403: "The key belongs to another agency or source.",
    406: "None of the offered EIDO versions is supported.",
    408: "The body did not come in time.",
    409: "The request contradicts itself.",
    413: "Too large.",
    415: "Another media type.",
    422: "The content does not fit.",
    429: "Too many requests are under way; see Retry-After.",
    503: "The log is away, nothing was acknowledged; see Retry-After.",
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Taken, "description": "Durable. With `dry_run=true`: what would be taken, explained."},
    **{
        status: {"description": meaning, "content": {"application/problem+json": {"schema": _PROBLEM}}}
        for status, meaning in _MEANING_OF_STATUS.items()
    },
}
_REFERENCE = {"$ref": "#/components/schemas/FlatCall"}
_FLAT_SCHEMA = {"oneOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1, "maxItems": MAX_CALLS}]}


def _body(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    explained = "Validate and explain only."
    dry_run = {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}, "description": explained}
    return {
        "requestBody": {"required": True, "content": {media_type: {"schema": schema}}},
        "parameters": [dry_run],
        "security": [{"key": []}],
    }


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the models that the doors read by themselves."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version="1", description=app.description, routes=app.routes)
        held = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (flat.FlatCall, Problem):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            held.update(schema.pop("$defs", {}))
            held[model.__name__] = schema
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = document
    return app.openapi_schema
