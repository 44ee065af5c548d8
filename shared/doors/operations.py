"""`/metrics`, `/livez` and `/readyz` of a process with a door."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.telemetry import Probe, operations

PATHS = ("/metrics", "/livez", "/readyz")


def operations_routes(ready: Probe) -> list[Route]:
    """What a worker serves on a port of its own, on the door's."""
    answer = operations(ready)

    async def respond(request: Request) -> Response:
        status, kind, body = answer(request.url.path)
        return Response(body, status, media_type=kind)

    return [Route(path, respond, include_in_schema=False) for path in PATHS]
