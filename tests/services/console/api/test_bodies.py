"""A body has the fields of the command that it asks for, with their bounds, and none of its envelope."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, ValidationError

from services.console.api.bodies import ENVELOPE, Body, body_of
from shared.call import Text
from shared.events import Command


class _Hold(Command):
    """A command that does not exist."""

    call_id: Text
    district: Text
    minutes: int = Field(default=5, ge=1, le=60)
    note: Text | None = None


@body_of(_Hold, "call_id", minutes=Field(description="how long"), based_on=Field(description="what you saw"))
class HoldBody(Body):
    """Where, and how long."""


def test_a_body_asks_for_what_its_command_says() -> None:
    body = HoldBody.model_validate({"district": "Central", "minutes": 60, "reason": "a fire"})
    assert body.fields() == {"district": "Central", "minutes": 60, "reason": "a fire"}
    assert list(HoldBody.model_fields) == ["reason", "district", "minutes", "note", "based_on"]
    schema = HoldBody.model_json_schema()
    assert (schema["title"], schema["description"], schema["required"]) == (
        "HoldBody",
        "Where, and how long.",
        ["district"],
    )
    assert schema["properties"]["minutes"] == {
        "default": 5,
        "description": "how long",
        "maximum": 60,
        "minimum": 1,
        "title": "Minutes",
        "type": "integer",
    }


@pytest.mark.parametrize(
    "wrong",
    [{}, {"district": ""}, {"district": "C", "minutes": 61}, {"district": "C", "call_id": "a/b/c"}]
    + [{"district": "C", name: "x"} for name in sorted(ENVELOPE - {"reason", "based_on"})],
)
def test_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HoldBody.model_validate(wrong)
