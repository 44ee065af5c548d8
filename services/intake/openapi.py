"""What the door says of itself: an OpenAPI document, and a page that shows it."""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import chain
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.intake import eido, flat, messages
from services.intake.config import MAX_BODY_BYTES, MAX_CALL_BYTES, MAX_CALLS, MAX_DEPTH, MAX_OBJECTS, MAX_VALUES
from shared.doors.problems import MEDIA_TYPE, ProblemDetails
from shared.doors.reference import reference_page

TITLE = "careroute intake"
DESCRIPTION = f"""
A CAD publishes the full current state of its calls here, as often as it likes: late, twice, out of order.

* The key (one per agency and source) goes into `Authorization: Bearer …` or `X-API-Key`.
* `200` means: durable. Any other answer means: nothing was taken, and the default response stands.
* Sending a version again under the same `event_id` is harmless; after a `503` or a lost answer, do.
* A request has at most {MAX_BODY_BYTES} bytes and {MAX_CALLS} calls, a flat call {MAX_CALL_BYTES} bytes, an EIDO
  {MAX_OBJECTS} objects and {MAX_VALUES} values; it nests at most {MAX_DEPTH} deep. It may be packed by gzip.
* `?dry_run=true` validates and explains, and publishes nothing.
* Errors are `application/problem+json` with the path of every fault; they quote no values.
* What comes of a call is posted to the webhook of its source, signed as Standard Webhooks says; see Messages.
"""
PROBLEMS = {
    400: "Not JSON, not UTF-8, nested too deeply, or not the gzip that it is said to be.",
    401: "No valid key.",
    403: "The key belongs to another agency or source.",
    406: "None of the offered EIDO versions is supported.",
    408: "The body did not come in time.",
    413: "Too large.",
    415: "Another media type, or another packing than gzip.",
    422: "The content does not fit.",
    429: "Too many requests are under way; see Retry-After.",
    503: "The log is away, nothing was acknowledged; see Retry-After.",
}


class Taken(BaseModel):
    """What became durable, and where."""

    class Version(BaseModel):
        """One version of a call."""

        event_id: str
        call_id: str
        position: str
        notes: list[str] = []

    taken: list[Version]


def routes() -> list[Route]:
    """`/openapi.json` and `/docs`."""

    async def openapi(_request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(document))

    async def docs(_request: Request) -> Response:
        return reference_page(await asyncio.to_thread(document))

    return [Route("/openapi.json", openapi), Route("/docs", docs)]


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. Made when somebody asks, beside the loop: no call waits for it, and no start."""
    kinds: list[type[BaseModel]] = [flat.FlatCall, ProblemDetails, Taken, *chain(*messages.shapes().values())]
    reference = _reference("{model}")["$ref"]
    _, schemas = models_json_schema([(kind, "validation") for kind in kinds], ref_template=reference)
    flat_call = _reference("FlatCall")
    several = {"type": "array", "items": flat_call, "minItems": 1, "maxItems": MAX_CALLS}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1", "description": DESCRIPTION},
        "paths": {
            "/v1/calls": _publication(
                "publish_calls",
                "Publish one call version, or an array of them, which is taken whole or not at all.",
                {"application/json": {"schema": {"oneOf": [flat_call, several]}}},
            ),
            "/v1/eido": _publication(
                "publish_eido",
                "Publish an Emergency Incident Data Object (NENA-STA-021), version 1; unknown fields are ignored.",
                {eido.MEDIA_TYPE: {"schema": {"type": "object"}}},
            ),
        },
        "webhooks": messages.webhooks(reference),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "key_in_header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _publication(name: str, description: str, content: dict[str, Any]) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": _reference("ProblemDetails")}}
    dry_run = {"type": "boolean"}
    return {
        "post": {
            "summary": name.replace("_", " ").title(),
            "description": description,
            "operationId": f"{name}_v1_{name.removeprefix('publish_')}_post",
            "security": [{"key": []}, {"key_in_header": []}],
            "parameters": [
                {"name": "dry_run", "in": "query", "schema": dry_run, "description": "Validate and explain only."}
            ],
            "requestBody": {"required": True, "content": content},
            "responses": {
                "200": {
                    "description": "Durable. With `dry_run=true`: what would be taken, explained.",
                    "content": {"application/json": {"schema": _reference("Taken")}},
                },
                **{str(status): {"description": meaning, "content": problem} for status, meaning in PROBLEMS.items()},
            },
        }
    }


def _reference(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}
