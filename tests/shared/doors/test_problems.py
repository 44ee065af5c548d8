"""Problem details, as every door answers them."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from shared.call import Name
from shared.doors.problems import Fault, Problem, ProblemDetails, problem_response
from shared.validation import words_of


class Refusal(ProblemDetails):
    """A door's own details."""

    reason: str = ""


def test_a_problem_says_where_what_and_what_would_be_right() -> None:
    response = problem_response(Problem(422, "It does not fit.", Fault("0.a", "is missing", "a name"), Fault("", "b")))
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "It does not fit.",
        "errors": [{"path": "0.a", "what": "is missing", "right": "a name"}, {"path": "", "what": "b", "right": ""}],
    }


def test_a_door_may_say_more() -> None:
    problem = Problem(409, "Refused.", reason="stale")
    assert json.loads(bytes(problem_response(problem, Refusal).body))["reason"] == "stale"
    assert json.loads(bytes(problem_response(HTTPException(404), Refusal).body))["reason"] == ""
    assert "reason" not in json.loads(bytes(problem_response(problem).body))


@pytest.mark.parametrize(
    ("problem", "headers"),
    [
        (Problem(401, "Who?"), {"www-authenticate": "Bearer"}),
        (Problem(429, "Too many."), {"retry-after": "1"}),
        (Problem(503, "Away."), {"retry-after": "1"}),
        (Problem(503, "Away.", headers={"Retry-After": "2"}), {"retry-after": "2"}),
        (HTTPException(405, headers={"Allow": "GET"}), {"allow": "GET"}),
        (Problem(404, "Nothing."), {}),
    ],
)
def test_a_status_brings_its_headers(problem: HTTPException, headers: dict[str, str]) -> None:
    sent = {name: value for name, value in problem_response(problem).headers.items() if not name.startswith("content-")}
    assert sent == headers


class Asked(BaseModel):
    """What a request may hold."""

    who: Name
    at: AwareDatetime
    kind: Literal["sms", "voice"]
    minutes: int = Field(ge=1)
    people: tuple[str, ...] = Field(min_length=1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("who", "a b", "must be letters, digits and . _ : @ - alone, and begin with a letter or digit"),
        ("who", "", "must have 1 or more characters"),
        ("who", "a" * 81, "must have 80 or fewer characters"),
        ("at", "2026-12-07T19:00", "must be an instant with its offset, such as 2026-12-07T19:00-06:00"),
        ("at", "yesterday", "must be an instant with its offset, such as 2026-12-07T19:00-06:00"),
        ("kind", "mail", "must be 'sms' or 'voice'"),
        ("minutes", 0, "must be at least 1"),
        ("minutes", "x", "must be a whole number"),
        ("people", (), "must have 1 or more"),
    ],
)
def test_what_does_not_fit_is_said_in_plain_words(field: str, value: object, words: str) -> None:
    right = {"who": "ann", "at": "2026-12-07T19:00-06:00", "kind": "sms", "minutes": 1, "people": ("ann",)}
    with pytest.raises(ValidationError) as caught:
        Asked.model_validate({**right, field: value})
    assert [words_of(error) for error in caught.value.errors()] == [words]
