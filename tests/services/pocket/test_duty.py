"""Whose page of a shift leads where, when the plan gives the team other people while it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.events import AcceptOffer, ShiftChanged
from tests.services.pocket.driver import City
from tests.services.pocket.test_access import SHIFT, links
from tests.services.pocket.test_http import settle, shown


@pytest.mark.scenario("duty")
async def test_who_leaves_by_the_plan_has_no_page_any_more_and_who_comes_has_one(city: City, phone: Any) -> None:
    city.sign_on()
    await settle(city)
    await shown(city, phone, links("ana", 0)[0])
    ends_at = city.clock.now() + timedelta(hours=2)
    changed = ShiftChanged(
        team_id="alpha-1",
        shift_id=SHIFT,
        members=("ben", "cem"),
        unconfirmed=("cem",),
        shift_ends_at=ends_at,
        planned_shift_id="night",
    )
    city.write(changed)
    await settle(city)
    await shown(city, phone, links("ana", 0)[0], 404)
    assert "Available" in await shown(city, phone, links("ben", 0)[0])
    assert "Available" not in await shown(city, phone, links("cem", 0)[0]), "they have yet to say that they are there"
    assert city.commands() == []


@pytest.mark.scenario("duty")
async def test_who_comes_by_the_plan_opens_and_answers_what_the_team_is_asked(city: City, phone: Any) -> None:
    """Their shift page led them to a page of the offer that was not there."""
    city.sign_on()
    city.offer(seconds=60)
    changed = ShiftChanged(
        team_id="alpha-1",
        shift_id=SHIFT,
        members=("ana", "ben", "cem"),
        shift_ends_at=city.clock.now() + timedelta(hours=2),
        planned_shift_id="night",
    )
    city.write(changed)
    path = city.path_of("offer-1", "cem")
    assert path in await shown(city, phone, links("cem", 0)[0])
    assert "Will you take this call?" in await shown(city, phone, path)
    await phone.post(f"{path}/accept", data={"eta_minutes": 10})
    command = city.commands()[-1]
    assert isinstance(command, AcceptOffer)
    assert command.person_id == "cem"
