"""`/metrics`, `/livez` and `/readyz` of a process with a door."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shared.telemetry import Probe, operations


def operations_router(ready: Probe) -> APIRouter:
    """What a worker serves on a port of its own, on the door's."""
    router, answer = APIRouter(include_in_schema=False), operations(ready)

    def respond(path: str) -> Response:
        status, kind, body = answer(path)
        return Response(body, status, media_type=kind)

    for path in ("/metrics", "/livez", "/readyz"):
        router.add_api_route(path, lambda path=path: respond(path), methods=["GET"])
    return router
