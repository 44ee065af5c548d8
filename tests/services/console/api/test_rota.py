"""The rota at the door: what everybody is told of it, and who may change what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared import events
from shared.events import Event, PlannedShift, ShiftPlace
from shared.topics import ROSTERS
from tests.services.console.driver import AGENCY, City

NOW = datetime.now(UTC).replace(microsecond=0)


def shift(shift_id: str, days: int, *people: str, team_id: str = "one") -> PlannedShift:
    starts_at = NOW + timedelta(days=days)
    return PlannedShift(
        shift_id=shift_id,
        team_id=team_id,
        duty="on-call",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=12),
        zone="America/Chicago",
        places=tuple(ShiftPlace(person_id=person_id) for person_id in people),
    )


async def told(city: City, *made: Event) -> None:
    city.services.write(AGENCY, *made, journal=ROSTERS.name)
    await city.settle()


async def rota(city: City, **query: Any) -> list[dict[str, Any]]:
    answer = await city.get("viewer", "/v1/rota", **query)
    assert answer.status_code == 200, answer.text
    shifts: list[dict[str, Any]] = answer.json()
    return shifts


async def test_the_plan_is_told_as_it_stands(city: City) -> None:
    first, second = shift("a", 1, "ann", "bob"), shift("b", 2, "", team_id="two")
    gap = events.GapFound(
        gap_id="g",
        shift_id="b",
        team_id="two",
        why="empty",
        starts_at=second.starts_at,
        ends_at=second.ends_at,
        days_ahead=7,
    )
    half = first.starts_at + timedelta(hours=6)
    await told(
        city,
        events.ShiftPlanned(shift=first),
        events.ShiftPlanned(shift=second),
        gap,
        events.CoverAsked(shift_id="a", team_id="one", place=2, person_id="bob"),
        events.PlaceTaken(shift_id="a", team_id="one", place=1, person_id="cat", ends_at=half),
        events.AbsenceSet(absence_id="x", person_id="ann", starts_at=half, ends_at=half + timedelta(days=1)),
    )
    seen, other = await rota(city)
    assert [(held["person_id"], held["absent"]) for held in seen["places"][0]["held"]] == [
        ("cat", False),
        ("ann", True),
    ]
    assert seen["places"][1]["cover_wanted"]
    assert other["gaps"][0]["why"] == "empty"
    assert [each["shift_id"] for each in await rota(city, person_id="cat")] == ["a"]
    assert [each["shift_id"] for each in await rota(city, team_id="two")] == ["b"]
    moved = first.model_copy(update={"starts_at": half, "ends_at": half + timedelta(hours=12)})
    await told(
        city,
        events.ShiftMoved(shift=moved, moved_by="sue", reason="a training"),
        events.PlaceTaken(shift_id="a", team_id="one", place=2, person_id="dan"),
        events.GapClosed(gap_id="g", shift_id="b", team_id="two"),
        events.ShiftDropped(shift_id="b", team_id="two", dropped_by="sue", reason="a holiday"),
        events.StaffLeft(person_id="ann"),
    )
    seen, other = await rota(city)
    assert [held["person_id"] for held in seen["places"][0]["held"]] == [""]
    assert not seen["places"][1]["cover_wanted"]
    assert other["dropped"] == "sue: a holiday"
    await told(city, events.DutyEnded(shift_id="a", team_id="one"))
    assert [each["shift_id"] for each in await rota(city)] == ["b"]


async def test_a_time_that_is_too_long_is_refused(city: City) -> None:
    answer = await city.get("viewer", "/v1/rota", ends_at=(NOW + timedelta(days=200)).isoformat())
    assert answer.status_code == 422


@pytest.mark.parametrize("begins", ["9999-12-31T23:59:00Z", "9999-12-31T23:59:00-14:00", "0001-01-01T00:00:00+14:00"])
async def test_the_plan_may_be_asked_for_from_one_end_of_the_calendar_to_the_other(city: City, begins: str) -> None:
    asked = await city.get("viewer", "/v1/rota", starts_at=begins)
    assert asked.status_code in (200, 422), asked.text


async def test_staff_change_their_own_plan_alone(city: City) -> None:
    other = await city.post("staff", "/v1/rota/shifts/a/take", {"person_id": "ann"})
    assert other.status_code == 403
    away = {"starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(days=1)).isoformat()}
    assert (await city.post("staff", "/v1/rota/absences", {**away, "person_id": "ann"})).status_code == 403
    for path, body in (("take", {}), ("cover", {}), ("swap", {"other_shift_id": "b"})):
        assert (await city.post("staff", f"/v1/rota/shifts/a/{path}", body)).status_code == 200
        assert getattr(city.commands()[-1], "person_id") == "the-staff"  # noqa: B009  # of whatever command it is
    await city.post("supervisor", "/v1/rota/shifts/a/cover", {"reason": "ill"})
    asked = city.commands()[-1]
    assert isinstance(asked, events.AskForCover)
    assert asked.person_id is None


async def test_absences_are_seen_by_whom_they_concern(city: City) -> None:
    until = NOW + timedelta(days=1)
    await told(city, events.AbsenceSet(absence_id="x", person_id="ann", starts_at=NOW, ends_at=until))
    seen = {
        token: len((await city.get(token, "/v1/rota/absences")).json())
        for token in ("ann", "staff", "viewer", "dispatcher", "supervisor")
    }
    assert seen == {"ann": 1, "staff": 0, "viewer": 0, "dispatcher": 1, "supervisor": 1}


async def test_an_import_of_500_rows_fits_through_the_door(city: City) -> None:
    row = {
        "key": "k" * 100, "team_id": "one", "duty": "on-call", "people": ["ann", "bob"],
        "starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=8)).isoformat(),
    }  # fmt: skip
    body = {
        "source": "hr", "starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(days=30)).isoformat(),
        "zone": "America/Chicago", "rows": [row] * 500,
    }  # fmt: skip
    assert (await city.post("supervisor", "/v1/rota/import", body)).status_code == 200


@pytest.mark.parametrize("reason", ["\u200b\u200b", " ", "\u3164"])
async def test_a_reason_of_which_nothing_is_seen_is_none(city: City, reason: str) -> None:
    for path in ("/v1/rota/shifts/a/drop", "/v1/rota/rotations/nights/remove"):
        answer = await city.post("supervisor", path, {"reason": reason})
        assert answer.status_code == 422
        assert "must say why" in answer.text
    assert (await city.post("supervisor", "/v1/rota/shifts/a/cover", {"reason": reason})).status_code == 200
    assert [command.reason for command in city.commands()] == [""]
