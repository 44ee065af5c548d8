"""`/livez` and `/readyz` of a process with a door; `/metrics` is on its port for operations alone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.operations import Probe, Remark, operations

PATHS = ("/livez", "/readyz")


def operations_routes(ready: Probe, remark: Remark = str) -> list[Route]:
    """Whether the door lives and is ready, for those who send requests to it."""
    answer = operations(ready, remark=remark)

    async def respond(request: Request) -> Response:
        status, kind, body = answer(request.url.path)
        return Response(body, status, media_type=kind)

    return [Route(path, respond, include_in_schema=False) for path in PATHS]
