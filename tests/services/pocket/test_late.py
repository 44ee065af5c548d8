"""What a team sees of a call that no team took in time: it may ask for it, and waits for the dispatcher."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.events import LateCallEnded, LateCallListed, LateTakeAsked, LateTakeLapsed, TakeLateCall
from tests.services.pocket.driver import CALL, City
from tests.services.pocket.test_http import settle, shown

pytestmark = pytest.mark.scenario("modes")


async def test_a_late_call_can_be_asked_for(city: City, phone: httpx.AsyncClient) -> None:
    shift = city.sign_on()
    until = city.clock.now() + timedelta(minutes=20)
    about: dict[str, Any] = {"call_id": CALL, "episode": 1}
    listed = LateCallListed(
        **about, response="cru", team_ids=("alpha-1",), until=until, district="Central", priority="2"
    )
    city.write(listed)
    page = await shown(city, phone, shift)
    assert "Late call in Central, priority 2" in page
    await phone.post(f"{shift}/late", data={"call_id": CALL, "page_at": "1"})
    (command,) = city.commands()
    assert isinstance(command, TakeLateCall)
    assert (command.team_id, command.person_id, command.call_id) == ("alpha-1", "ana", CALL)
    asked: dict[str, Any] = {
        "response": "cru",
        "team_id": "alpha-1",
        "person_id": "ana",
        "expires_at": until,
        "sentence": "",
    }
    city.write(LateTakeAsked(**about, **asked))
    page = await shown(city, phone, shift)
    assert "The dispatcher is asked." in page
    assert "Ask to take it" not in page
    city.write(LateTakeLapsed(**about, team_id="alpha-1"))
    assert "Ask to take it" in await shown(city, phone, shift)
    city.write(LateCallEnded(**about, why="units-on-scene"))
    await settle(city)
    assert "Late call" not in await shown(city, phone, shift)
    assert len(city.commands()) == 1
