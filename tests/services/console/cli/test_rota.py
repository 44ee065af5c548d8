"""`careroute rota`: rotations from a file, the plan as people read it, and the commands that change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.console.cli.rota_file import EXAMPLE, RotationFile, RotationsRefused
from shared import events
from shared.events import PlannedShift, ShiftPlace
from shared.topics import ROSTERS
from tests.services.console.cli.driver import Town

TOMORROW = datetime.now(UTC).replace(microsecond=0, second=0, minute=0) + timedelta(days=1)
SHIFT = PlannedShift(
    shift_id="a1" * 16,
    team_id="one",
    duty="on-call",
    starts_at=TOMORROW,
    ends_at=TOMORROW + timedelta(hours=12),
    zone="America/Chicago",
    places=(ShiftPlace(needs="paramedic", person_id="ann"), ShiftPlace()),
)


@pytest.fixture
def town(town: Town) -> Town:
    lacking = events.GapFound(
        gap_id="g", shift_id=SHIFT.shift_id, team_id="one", why="unreachable", person_id="ann",
        starts_at=SHIFT.starts_at, ends_at=SHIFT.ends_at, days_ahead=1,
    )  # fmt: skip
    other = SHIFT.model_copy(update={"shift_id": "b2" * 16})
    town.write(events.ShiftPlanned(shift=SHIFT), lacking, events.ShiftPlanned(shift=other), journal=ROSTERS.name)
    return town


def test_the_plan_is_shown_with_what_it_lacks(town: Town) -> None:
    shown = town.run("viewer", "rota", "show").output
    assert "a1a1a1a1" in shown
    assert "no way to ann has proved to work" in shown
    assert "shifts: 2, which lack something: 1" in shown
    assert [each["shift_id"] for each in town.json("viewer", "rota", "show", "--gaps")] == [SHIFT.shift_id]


def test_parts_of_a_shift_that_takes_days_are_shown_with_their_day(town: Town) -> None:
    begins = SHIFT.starts_at.replace(hour=18, minute=0, second=0, microsecond=0)
    days = SHIFT.model_copy(
        update={"shift_id": "c3" * 16, "starts_at": begins, "ends_at": begins + timedelta(days=3), "team_id": "two"}
    )
    middle: dict[str, Any] = {"starts_at": begins + timedelta(days=1), "ends_at": begins + timedelta(days=2)}
    taken = events.PlaceTaken(shift_id=days.shift_id, team_id="two", place=1, person_id="cat", **middle)
    gap = events.GapFound(gap_id="g", shift_id=days.shift_id, team_id="two", why="empty", days_ahead=1, **middle)
    town.write(events.ShiftPlanned(shift=days), taken, gap, journal=ROSTERS.name)
    shown = " ".join(town.run("viewer", "rota", "show", "--team", "two").output.split())
    first, last = (f"{middle[name].astimezone(ZoneInfo('America/Chicago')):%a %H:%M}" for name in middle)
    assert f"cat from {first}, ann from {last}" in shown
    assert f"{first} to {last}: nobody is on it" in shown


def test_rotations_of_a_file_are_defined_one_after_the_other(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "rota.toml"
    file.write_text(EXAMPLE + EXAMPLE.replace("nights", "days").replace('"19:00"', '"07:00"'))
    result = town.run("supervisor", "rota", "define", str(file))
    assert result.exit_code == 0, result.output
    asked = [each for each in town.city.commands() if isinstance(each, events.DefineRotation)]
    assert [each.rotation.rotation_id for each in asked] == ["nights", "days"]
    assert asked[0].rotation.places == ("paramedic or emt", "")


def test_everything_wrong_with_a_file_is_named_with_its_line(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "rota.toml"
    file.write_text(EXAMPLE.replace('"19:00"', '"25:00"').replace('zone = "America/Chicago"', "colour = 1"))
    result = town.run("supervisor", "rota", "define", str(file))
    assert result.exit_code == 2
    assert "line 4: rotation.nights.colour: is no field of a rotation" in result.output
    assert "line 5: rotation.nights.starts: is not written as it should be" in result.output
    assert "rotation.nights.zone: is missing" in result.output
    assert not town.city.commands()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the file has no rotation"),
        ("rotation = 3", "the file has no rotation"),
        ("[shift.x]", "line 1: shift: is no rotation"),
        ("[rotation.x", "it is no TOML"),
        ("x = " + "[" * 2000, "nested too deeply"),
    ],
)
def test_a_file_that_has_no_rotation_says_what_one_looks_like(text: str, what: str) -> None:
    with pytest.raises(RotationsRefused, match=what):
        RotationFile(text)


def test_what_rostering_says_of_a_field_gets_its_line() -> None:
    written = RotationFile(EXAMPLE)
    said = written.fault("nights", "crews[2]: there is no cat among the staff.")
    assert said == "line 10: rotation.nights: crews[2]: there is no cat among the staff."


def test_a_shift_is_named_by_how_its_id_begins(town: Town) -> None:
    assert town.run("staff", "rota", "take", "a1", "--place", "2").exit_code == 0
    (taken,) = town.city.commands()
    assert isinstance(taken, events.TakeShift)
    assert (taken.shift_id, taken.place, taken.person_id) == (SHIFT.shift_id, 2, "the-staff")
    for begin, what in (("zz", "No shift from now on"), ("", "2 shifts begin with")):
        result = town.run("staff", "rota", "take", begin)
        assert result.exit_code == 1
        assert what in result.output


def test_an_absence_is_taken_back_by_its_id_alone(town: Town) -> None:
    town.write(
        events.AbsenceSet(absence_id="x", person_id="ann", starts_at=SHIFT.starts_at, ends_at=SHIFT.ends_at),
        journal=ROSTERS.name,
    )
    assert town.run("supervisor", "rota", "back", "x").exit_code == 0
    (lifted,) = town.city.commands()
    assert isinstance(lifted, events.LiftAbsence)
    assert lifted.person_id == "ann"


def test_a_planned_shift_is_begun_by_how_its_id_begins(town: Town) -> None:
    town.run("supervisor", "team", "begin-duty", "one", "a1")
    (begun,) = town.city.commands()
    assert isinstance(begun, events.BeginDuty)
    assert begun.planned_shift_id == SHIFT.shift_id


def test_a_number_that_is_none_is_wrong_usage(town: Town) -> None:
    result = town.run("supervisor", "team", "sign-on", "one", "ann", "--hours", "nan")
    assert (result.exit_code, "A number cannot be counted with." in result.stderr) == (2, True)


def test_a_time_without_its_offset_is_told_what_one_looks_like(town: Town) -> None:
    result = town.run("supervisor", "rota", "away", "2026-12-07", "tomorrow")
    assert result.exit_code == 2
    assert result.stderr.count("must be an instant with its offset, such as 2026-12-07T19:00-06:00") == 2


@pytest.mark.parametrize(("option", "who"), [("--team", "nosuch"), ("--person", "nosuch")])
def test_nothing_is_planned_for_nobody_but_a_name_is_wrong(town: Town, option: str, who: str) -> None:
    result = town.run("supervisor", "rota", "show", option, who)
    assert (result.exit_code, "There is no nosuch" in result.stderr) == (1, True)


def test_the_example_of_a_file_of_rotations_can_be_defined(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "rota.toml"
    file.write_text(town.run("supervisor", "rota", "example").stdout)
    assert town.run("supervisor", "rota", "define", str(file)).exit_code == 0


def test_every_change_of_the_plan_can_be_said(town: Town) -> None:
    starts_at, ends_at = SHIFT.starts_at.isoformat(), SHIFT.ends_at.isoformat()
    for arguments in (
        ("swap", "a1", "b2"),
        ("cover", "a1", "-r", "ill"),
        ("away", starts_at, ends_at, "--person", "ann"),
        ("back", "x", "--person", "ann"),
        ("move", "a1", starts_at, ends_at, "-r", "a training"),
        ("drop", "a1", "-r", "a training"),
        ("plan", "one", starts_at, ends_at, "ann", "emt or nurse=bob", "emt=", "--zone", "UTC"),
        ("remove", "nights", "-r", "it is over"),
    ):
        result = town.run("supervisor", "rota", *arguments)
        assert result.exit_code == 0, result.output
    asked = town.city.commands()
    assert [each.type for each in asked] == [
        "swap-shifts", "ask-for-cover", "set-absence", "lift-absence", "move-shift", "drop-shift", "plan-shift",
        "remove-rotation",
    ]  # fmt: skip
    planned = next(each for each in asked if isinstance(each, events.PlanShift))
    assert [(place.needs, place.person_id) for place in planned.places] == [
        ("", "ann"), ("emt or nurse", "bob"), ("emt", ""),
    ]  # fmt: skip
    for listed in ("rotations", "absences", "feeds"):
        assert town.run("supervisor", "rota", listed).exit_code == 0
