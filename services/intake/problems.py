"""What a CAD is told of content that does not fit: the path of every fault, and never a value."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.intake.config import MAX_DEPTH
from shared.doors.problems import MAX_FAULTS, Fault, Problem
from shared.validation import message_of

MAX_LISTED = 500
"""More faults are not even looked at: telling them apart would take longer than reading the body."""


def not_valid(error: ValidationError, meanings: Mapping[str, str]) -> Problem:
    """What pydantic found: 400 where it is no JSON, else 422. `meanings`: field → what is right."""
    if error.error_count() > MAX_LISTED:
        sentence = f"Nothing was taken: the content does not fit in more than {MAX_LISTED} places; see /docs."
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        return not_json(errors[0]["msg"])
    more = f" The first {MAX_FAULTS} of {len(errors)} faults are shown." if len(errors) > MAX_FAULTS else ""
    faults = [_fault(details, meanings) for details in errors[:MAX_FAULTS]]
    sentence = f"Nothing was taken: the content does not fit.{more}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, sentence, *faults)


def is_no_json(error: ValidationError) -> bool:
    """Whether it is the body as a whole that cannot be read."""
    if error.error_count() > 1:
        return False
    return error.errors(include_url=False, include_input=False, include_context=False)[0]["type"] == "json_invalid"


def refuse_twice(body: bytes) -> None:
    """Raise Problem where an object gives a name twice: a parser takes the last, and the first may be the hazard."""
    with suppress(ValueError, RecursionError):  # of what was read once
        json.loads(body, object_pairs_hook=_once, parse_int=str)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        fault = Fault(path_of([name]), "stands twice in one object", "each name once")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was taken: nobody can tell which is meant.", fault)
    return content


def path_of(parts: Iterable[str | int]) -> str:
    """`3.answers.Q1`; a key that does not look like a name may be something personal and is shown as `?`."""
    shown = (str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "?" for part in parts if part != "[key]")
    return ".".join(shown)


_NAME = re.compile(r"[$a-zA-Z][a-zA-Z_]{0,49}|Q?\d{1,3}")


def not_json(message: str) -> Problem:
    """What is answered to a body that is no JSON, by what its parser said."""
    if "recursion limit" in message:
        fault = Fault("", "nests too deeply", f"at most {MAX_DEPTH} levels")
        return Problem(HTTPStatus.BAD_REQUEST, "The body nests too deeply.", fault)
    return Problem(HTTPStatus.BAD_REQUEST, "The body is not JSON.", Fault("", message, "JSON (RFC 8259) in UTF-8"))


def _fault(error: ErrorDetails, meanings: Mapping[str, str]) -> Fault:
    names = [part for part in error["loc"] if isinstance(part, str)]
    right = next((meanings[name] for name in reversed(names) if name in meanings), "see /docs")
    return Fault(path_of(error["loc"]), _WHAT.get(error["type"]) or message_of(error), right)


_WHAT = {"extra_forbidden": "no such field", "missing": "is missing"}
"""The rest is said by pydantic, which quotes no value, or by a validator of our own."""
