"""What a CAD is told when its request is not taken: problem+json (RFC 9457) with the path of every fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from services.intake.config import RETRY_AFTER_SECONDS

MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what would be right. Never quotes a value."""

    path: str
    what: str
    right: str


class NotTaken(Exception):
    """The request is not taken: an HTTP status, a sentence and the faults found."""

    def __init__(self, status: int, sentence: str, *faults: Fault) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.faults = status, sentence, faults


class Problem(BaseModel):
    """The body of every answer that is not 200."""

    class Error(BaseModel):
        """One fault."""

        path: str
        what: str
        right: str

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Error] = []


def answer(problem: NotTaken) -> Response:
    """The HTTP answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.sentence,
        "errors": [{"path": fault.path, "what": fault.what, "right": fault.right} for fault in problem.faults],
    }
    headers: dict[str, str] = {}
    if problem.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body), problem.status, headers, "application/problem+json")


def not_valid(error: ValidationError, meanings: Mapping[str, str]) -> NotTaken:
    """What pydantic found, values left out: 400 where it is no JSON, else 422. `meanings`: field → what is right."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return NotTaken(400, "The body is not JSON.", Fault("", found[0]["msg"], "JSON (RFC 8259) in UTF-8"))
    faults = []
    for one in found[:MAX_FAULTS]:
        names = [str(part) for part in one["loc"] if isinstance(part, str)]
        right = next((meanings[name] for name in reversed(names) if name in meanings), "see /docs")
        faults.append(Fault(path_of(one["loc"]), _what(one["type"], one["msg"]), right))
    more = f" The first {MAX_FAULTS} of {len(found)} faults are shown." if len(found) > MAX_FAULTS else ""
    return NotTaken(422, f"Nothing was taken: the content does not fit.{more}", *faults)


def path_of(parts: Iterable[str | int]) -> str:
    """`3.answers.Q1`; a key that does not look like a name may be something personal and is shown as `?`."""
    return ".".join(str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "?" for part in parts)


_NAME = re.compile(r"[$a-zA-Z][a-zA-Z_]{0,49}|Q?\d{1,3}|\[key\]")


def _what(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such field"
    if kind == "missing":
        return "is missing"
    # a validator of our own says itself what is wrong; the rest is pydantic's, which quotes no value
    return message.removeprefix("Value error, ")
