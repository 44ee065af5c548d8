"""What `replace` gives is what `dataclasses.replace` gives, and it refuses what that refuses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest

from services.notification.state import State as NotificationState
from services.rostering.state import State as RosteringState
from services.team_availability.state import State as TeamState
from services.triage.state import OpenCall
from services.triage.state import State as TriageState
from shared.replace import replace


@dataclass(frozen=True, slots=True)
class Base:
    kind: str
    value: int = 0


@dataclass(frozen=True, slots=True)
class Named(Base):
    copy: str = ""
    new: int | None = 1
    same: bool = False


@pytest.mark.parametrize("kind", [NotificationState, RosteringState, TeamState, TriageState, OpenCall])
def test_each_field_of_a_state_can_be_changed_alone(kind: Any) -> None:
    state = kind()
    for field in dataclasses.fields(kind):
        assert replace(state, **{field.name: 7}) == dataclasses.replace(state, **{field.name: 7})
    assert replace(state) == state == kind()


def test_no_name_of_a_field_is_in_the_way() -> None:
    named = Named("a", 1, "b", 2, True)  # noqa: FBT003  # a value
    for change in ({"kind": "c"}, {"value": 3}, {"copy": "d", "new": None}, {"same": False}):
        assert replace(named, **change) == dataclasses.replace(named, **change)
    assert named == Named("a", 1, "b", 2, True)  # noqa: FBT003  # as above


def test_another_name_than_a_fields_is_refused() -> None:
    change: Any = {"colour": "red"}
    with pytest.raises(TypeError, match="colour"):
        replace(Named("a"), **change)


def test_what_checks_what_it_holds_or_has_no_slots_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int

        def __post_init__(self) -> None:
            assert self.number

    @dataclass(frozen=True)
    class Open:
        number: int

    for value in (Checked(1), Open(1)):
        with pytest.raises(TypeError, match=r"use `dataclasses\.replace`"):
            replace(value, number=2)
