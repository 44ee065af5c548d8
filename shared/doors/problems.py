"""What a door answers when it does not do as asked: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.call import NAME_PATTERN

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 20
"""So many faults are listed in one answer; more help nobody."""
RETRY_SECONDS = 1
"""What `Retry-After` says where the problem itself does not."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what would be right."""

    path: str
    what: str
    right: str = ""


class ProblemDetails(BaseModel):
    """Why a request was not done."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class Problem(HTTPException):
    """Answers a request with a problem instead; sentence and faults quote no value that was sent.

    `members` are what a door's own details have besides.
    """

    def __init__(
        self, status: int, detail: str, *faults: Fault, headers: Mapping[str, str] | None = None, **members: str
    ) -> None:
        super().__init__(status, detail, headers)
        self.faults, self.members = faults, members


def problem_response(error: HTTPException, details: type[ProblemDetails] = ProblemDetails) -> Response:
    """The answer to a request that ended in an error, of ours or of the framework's."""
    status = error.status_code
    faults, members = (error.faults, error.members) if isinstance(error, Problem) else ((), {})
    body = details(title=title_of(status), status=status, detail=error.detail, errors=list(faults), **members)
    return Response(body.model_dump_json(), status, headers_of(error), MEDIA_TYPE)


def title_of(status: int) -> str:
    """What a status is called (RFC 9110, 15), whatever Python runs this: those before 3.13 have older names."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


_RENAMED: Mapping[int, str] = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def headers_of(error: HTTPException) -> dict[str, str]:
    """The headers of an answer to an error: its own, and those that its status asks for."""
    return {**_HEADERS.get(error.status_code, {}), **(error.headers or {})}


_HEADERS: Mapping[int, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": str(RETRY_SECONDS)},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": str(RETRY_SECONDS)},
}


def message_of(error: Mapping[str, Any]) -> str:
    """What pydantic says of one of its errors; a validator of our own says it itself."""
    return str(error["msg"]).removeprefix("Value error, ")


def words_of(error: Mapping[str, Any]) -> str:
    """The same in words for people who know no pydantic; needs the error with its context."""
    context = error.get("ctx") or {}
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "is not written as it should be")
    words = _WORDS.get(error["type"])
    return words.format(**context) if words else message_of(error)


_INSTANT = "must be an instant with its offset, such as 2026-12-07T19:00-06:00"
_LEAST, _MOST = "must be at least {ge}", "must be at most {le}"
_NUMBER = "must be a whole number"
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "extra_forbidden": "no such field",
        "literal_error": "must be {expected}",
        "enum": "must be {expected}",
        "string_type": "must be text",
        "string_too_short": "must have {min_length} or more characters",
        "string_too_long": "must have {max_length} or fewer characters",
        "too_short": "must have {min_length} or more",
        "too_long": "must have {max_length} or fewer",
        "greater_than_equal": _LEAST,
        "less_than_equal": _MOST,
        "greater_than": "must be more than {gt}",
        "finite_number": "must be a number that can be counted with",
        "int_type": _NUMBER,
        "int_parsing": _NUMBER,
        "int_from_float": _NUMBER,
        "timezone_aware": _INSTANT,
        "datetime_type": _INSTANT,
        "datetime_parsing": _INSTANT,
        "datetime_from_date_parsing": _INSTANT,
    }
)
"""By pydantic's name of what is wrong. The rest pydantic says itself; it quotes no value."""
_PATTERNS: Mapping[str, str] = MappingProxyType(
    {NAME_PATTERN: "must be letters, digits and . _ : @ - alone, and begin with a letter or digit"}
)
