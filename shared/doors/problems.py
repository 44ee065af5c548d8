"""What a door answers when it does not do as asked: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

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
