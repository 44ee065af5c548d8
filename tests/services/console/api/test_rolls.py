"""Roll calls at the door: who is asked, how it comes on, and who sees what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared import events
from shared.topics import ASSIGNMENTS, NOTIFICATIONS
from tests.services.console.driver import AGENCY, City
from tests.services.console.stories import person

ROLL = "a" * 32
UNTIL = datetime.now(UTC) + timedelta(hours=1)
ASKED = tuple(events.RollPlace(person_id=who, method_id="mobile") for who in ("the-staff", "ben", "cem", "dan"))


def page(who: str) -> events.PageDue:
    return events.PageDue(
        page_id=events.child_id(ROLL, who),
        kind="test",
        call_id="",
        episode=0,
        team_id="",
        person_id=who,
        method=events.ContactMethod(method_id="mobile", kind="sms"),
        not_after=UNTIL,
        about=ROLL,
    )


async def written(city: City, *made: events.Event) -> None:
    city.services.write(AGENCY, *made, journal=NOTIFICATIONS.name)
    await city.settle()


@pytest.mark.scenario("contacts")
async def test_a_roll_call_is_told_place_by_place(city: City) -> None:
    await written(city, events.RollCalled(roll_id=ROLL, asked=ASKED, until=UNTIL, called_by="sue"))
    dropped = page("dan")
    await written(
        city,
        page("the-staff"),
        page("ben"),
        page("cem"),
        events.PageDropped(page_id=dropped.page_id, why="way-gone", page=dropped),
        events.PageUndelivered(page_id=page("cem").page_id, why="landline"),
        events.ContactProved(person_id="the-staff", method_id="mobile", page_id=page("the-staff").page_id),
    )
    seen = (await city.get("dispatcher", f"/v1/rolls/{ROLL}")).json()
    assert [(place["person_id"], place["state"], place["why"]) for place in seen["places"]] == [
        ("the-staff", "answered", ""),
        ("ben", "asked", ""),
        ("cem", "failed", "landline"),
        ("dan", "not-sent", "way-gone"),
    ]
    await written(city, events.RollClosed(roll_id=ROLL, answered=ASKED[:1], silent=ASKED[1:]))
    (seen,) = (await city.get("supervisor", "/v1/rolls")).json()
    assert [place["state"] for place in seen["places"]] == ["answered", "silent", "failed", "not-sent"]
    assert seen["closed_at"] is not None
    (own,) = (await city.get("staff", "/v1/rolls")).json()
    assert [place["person_id"] for place in own["places"]] == ["the-staff"], "staff see their own"
    assert (await city.get("viewer", f"/v1/rolls/{ROLL}")).status_code == 404


async def test_staff_ask_themselves_and_nobody_else(city: City) -> None:
    city.services.write(AGENCY, person("the-staff"), journal=ASSIGNMENTS.name)
    await city.settle()
    for people in ([], ["ben"], ["the-staff", "ben"]):
        assert (await city.post("staff", "/v1/rolls", {"person_ids": people})).status_code == 403
    assert (await city.post("staff", "/v1/rolls", {"person_ids": ["the-staff"], "minutes": 5})).status_code in (
        200,
        202,
    )
    (command,) = city.commands()
    assert isinstance(command, events.CallRoll)
    assert (command.person_ids, command.minutes, command.issued_by) == (("the-staff",), 5, "the-staff")


async def test_who_is_not_on_the_books_is_not_asked(city: City) -> None:
    await city.settle()
    refused = await city.post("supervisor", "/v1/rolls", {"person_ids": ["nobody"]})
    assert (refused.status_code, refused.json()["reason"]) == (409, "unknown-person")
    assert city.commands() == []


async def test_a_dispatcher_asks_everybody(city: City) -> None:
    await city.settle()
    await city.post("dispatcher", "/v1/rolls", {})
    (command,) = city.commands()
    assert isinstance(command, events.CallRoll)
    assert (command.person_ids, command.every_method) == ((), False)
