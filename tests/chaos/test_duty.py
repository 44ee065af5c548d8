"""The oracle of duty finds each broken promise that is made by hand; and none in a night that went well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from shared.events import (
    DutyBegan,
    DutyEnded,
    DutyNoted,
    Event,
    OfferAccepted,
    PlannedShift,
    ShiftPlace,
    ShiftPlanned,
    TeamSignedOff,
    TeamSignedOn,
)
from tests.chaos.duty import duty_faults
from tests.rig.log import Entry

STARTS = datetime(2026, 3, 2, 20, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=30)
SHIFT, CREW = "0a" * 16, ("ana", "ben")
_numbers = count()


def night(*, begun: tuple[float, ...] = (0.2,), ended: float = 0.2, signed_on: int = 1) -> list[Entry]:
    """A shift on call: planned, begun, its team signed on; over, and signed off. In seconds after its times."""
    places = tuple(ShiftPlace(person_id=person) for person in CREW)
    about: dict[str, Any] = {"team_id": "rota-0", "zone": "UTC", "places": places}
    plan = PlannedShift(shift_id=SHIFT, duty="on-call", starts_at=STARTS, ends_at=ENDS, **about)
    duty: dict[str, Any] = {"team_id": "rota-0", "duty": "on-call", "members": CREW, "ends_at": ENDS}
    records = [logged("rosters", ShiftPlanned(shift=plan), STARTS - timedelta(minutes=1))]
    began = DutyBegan(shift_id=SHIFT, **duty)
    records += [logged("rosters", began, STARTS + timedelta(seconds=seconds)) for seconds in begun]
    records.append(logged("assignments", DutyNoted(planned_shift_id=SHIFT, **duty), STARTS + timedelta(seconds=0.3)))
    records += [team_signed_on() for _ in range(signed_on)]
    over_at = ENDS + timedelta(seconds=ended)
    records.append(logged("rosters", DutyEnded(shift_id=SHIFT, team_id="rota-0"), over_at))
    records.append(team_signed_off(over_at + timedelta(seconds=0.1)))
    records.append(logged("rosters", ShiftPlanned(shift=plan), ENDS + timedelta(minutes=1)))
    return records


def team_signed_on() -> Entry:
    on: dict[str, Any] = {"team_id": "rota-0", "shift_id": "0b" * 16, "members": CREW, "shift_ends_at": ENDS}
    event = TeamSignedOn(**on, duty="on-call", planned_shift_id=SHIFT)
    return logged("assignments", event, STARTS + timedelta(seconds=0.4))


def team_signed_off(at: datetime) -> Entry:
    return logged("assignments", TeamSignedOff(team_id="rota-0", shift_id="0b" * 16, why="shift-over"), at)


def logged(topic: str, event: Event, at: datetime) -> Entry:
    return Entry(topic, 0, next(_numbers), at.timestamp(), "town", event.type, {}, event.encode())


def broken(records: list[Entry]) -> set[str]:
    return {name for name, faults in duty_faults(records).items() if faults}


UNTIMELY = "planned shifts that did not begin and end once, in time"


@pytest.mark.parametrize(
    ("records", "named"),
    [
        (night(), set()),
        (night(begun=(0.2, 5.0)), {UNTIMELY}),
        (night(begun=()), {UNTIMELY}),
        (night(begun=(-5.0,)), {UNTIMELY}),
        (night(ended=40.0), {UNTIMELY}),
        (night(signed_on=0), {"planned teams not signed on once"}),
        (night(signed_on=2), {"planned teams not signed on once"}),
    ],
)
def test_a_shift_that_does_not_go_as_planned(records: list[Entry], named: set[str]) -> None:
    assert broken(records) == named


def test_a_team_that_is_signed_off_before_the_rota_says_so() -> None:
    records = [record for record in night() if record.type != "duty-ended"]
    assert broken(records) == {"planned teams not signed on once", UNTIMELY}


def test_a_team_that_is_signed_off_while_it_has_a_call() -> None:
    records = night()
    about: dict[str, Any] = {
        "call_id": "town/cad/1",
        "episode": 1,
        "team_id": "rota-0",
        "offer_id": "0c" * 16,
        "person_id": "ana",
    }
    taken = logged("assignments", OfferAccepted(**about, accepted_at=STARTS), ENDS - timedelta(minutes=1))
    place = next(place for place, record in enumerate(records) if record.type == "duty-ended")
    assert broken([*records[:place], taken, *records[place:]]) == {"people with a call dropped"}
