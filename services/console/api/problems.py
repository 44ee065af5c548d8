"""Problems as this door has them: with the reason of a refusal, and the command that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from shared.doors import problems
from shared.doors.problems import MAX_FAULTS, MEDIA_TYPE, Fault, Problem, problem_response
from shared.validation import words_of

RETRY_SECONDS = "2"
"""What `Retry-After` says while the log is away, or not read to its end."""


class ProblemDetails(problems.ProblemDetails):
    """Why a request was not done."""

    reason: str = Field(default="", description="stable code, where a service refused the command")
    command_id: str = ""


def respond(_request: Request, error: Exception) -> Response:
    """What is answered instead: problem details, whoever found what is wrong."""
    if isinstance(error, RequestValidationError):
        error = not_understood(error.errors())
    if not isinstance(error, HTTPException):
        raise error
    return problem_response(error, ProblemDetails)


def later(sentence: str) -> Problem:
    """What cannot be done while the log is away, or not read to its end; when to ask again stands beside it."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers={"Retry-After": RETRY_SECONDS})


def not_understood(errors: Sequence[Any]) -> Problem:
    """What pydantic found, by place; what was sent is not told back.

    A list is not called too short where its elements are at fault.
    """
    places = [error["loc"] for error in errors]
    told = [error for error in errors if not (error["type"] == "too_short" and _has_fault_within(places, error["loc"]))]
    sentence = "The request is not understood; see errors for each place."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, sentence, *map(_fault, told[:MAX_FAULTS]))


def _has_fault_within(places: Iterable[tuple[str | int, ...]], outer: tuple[str | int, ...]) -> bool:
    return any(len(place) > len(outer) and place[: len(outer)] == outer for place in places)


def _fault(error: Mapping[str, Any]) -> Fault:
    place = [str(part) for part in error["loc"] if part != "body"]
    what, pattern = words_of(error), (error.get("ctx") or {}).get("pattern")
    return Fault(".".join(place), what, "" if "must" in what else str(pattern or "see /docs"))


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
