"""What the door answers when it does not do as asked: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 20
RETRY_SECONDS = "2"
"""What `Retry-After` says."""


class Fault(BaseModel):
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
    reason: str = Field(default="", description="stable code, where a service refused the command")
    errors: list[Fault] = []
    command_id: str = ""


class Problem(Exception):
    """Answers the request with a problem instead."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        reason: str = "",
        command_id: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.body = ProblemDetails(
            title=status.phrase,
            status=status,
            detail=detail,
            reason=reason,
            errors=list(errors),
            command_id=command_id,
        )

    def response(self) -> JSONResponse:
        """The answer."""
        body = self.body.model_dump()
        return JSONResponse(body, self.body.status, self.headers, media_type=MEDIA_TYPE)


def answer_problems(app: FastAPI) -> None:
    """Make every refusal of this app a problem."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        detail = "The request is not understood; see errors for each place."
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=faults_of(error.errors())).response()

    @app.exception_handler(HTTPException)
    async def other(_request: Request, error: HTTPException) -> JSONResponse:
        return Problem(HTTPStatus(error.status_code), str(error.detail), headers=error.headers).response()


def faults_of(errors: Sequence[Any]) -> list[Fault]:
    """Pydantic's findings, by place; what was sent is not told back."""
    return [_fault(found) for found in errors[:MAX_FAULTS]]


def _fault(found: Mapping[str, Any]) -> Fault:
    place = [str(part) for part in found["loc"] if part != "body"]
    context = found.get("ctx") or {}
    right = str(context.get("expected") or context.get("pattern") or "see /docs")
    return Fault(path=".".join(place), what=str(found["msg"]).removeprefix("Value error, "), right=right)


RESPONSES: dict[int | str, dict[str, Any]] = {
    status.value: {"model": ProblemDetails, "description": what, "content": {MEDIA_TYPE: {}}}
    for status, what in (
        (HTTPStatus.UNAUTHORIZED, "No token, or one that is not known"),
        (HTTPStatus.FORBIDDEN, "Your roles do not allow it"),
        (HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not understood"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "The log is away, or this door is still reading it; try again"),
    )
}
"""What every route may answer besides, for the OpenAPI document."""
