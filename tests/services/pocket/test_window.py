"""What a team sees that is asked within a window: how soon it can be there, and that it waits to hear."""

from __future__ import annotations

import httpx
import pytest

from shared.events import AcceptOffer, DeclineOffer, OfferAccepted, OfferWithdrawn
from tests.builders import of_offer
from tests.services.pocket.driver import CALL, City
from tests.services.pocket.test_http import settle, shown

pytestmark = pytest.mark.scenario("modes")


async def test_a_team_says_how_soon_it_can_be_there_and_waits(city: City, phone: httpx.AsyncClient) -> None:
    path = city.offer(window=True)
    assert "How soon can you be there?" in await shown(city, phone, path)
    answer = " ".join((await phone.post(f"{path}/accept", data={"eta_minutes": "10"})).text.split())
    assert "You would be there in about 10 min." in answer
    assert "until it is decided" in answer
    assert "You have this call" not in answer
    for minutes in ("20", "10"):
        assert (await phone.post(f"{path}/accept", data={"eta_minutes": minutes})).status_code == 200
    accepts = [command for command in city.commands() if isinstance(command, AcceptOffer)]
    assert [command.eta_minutes for command in accepts] == [10, 20, 10], "it may come to say another time"
    assert len({command.command_id for command in accepts}) == len(accepts), "and each counts"
    await phone.post(f"{path}/decline")
    assert isinstance(city.commands()[-1], DeclineOffer), "it may still say that it cannot come"


@pytest.mark.parametrize("is_first", [True, False])
async def test_it_hears_whether_the_call_is_its_own(city: City, phone: httpx.AsyncClient, is_first: bool) -> None:  # noqa: FBT001
    city.call()
    path = city.offer(window=True)
    await settle(city)
    await phone.post(f"{path}/accept")
    made = city.offers["offer-1"]
    if is_first:
        accepted = of_offer(OfferAccepted, made, person_id="ana", accepted_at=city.clock.now(), waited=True)
        city.write(accepted)
        assert "You have this call" in await shown(city, phone, path)
    else:
        city.write(OfferWithdrawn(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1", why="not-needed"))
        page = await shown(city, phone, path)
        assert "Another team is there sooner." in page
        assert "Now there in about" not in page
    assert len(city.commands()) == 1
