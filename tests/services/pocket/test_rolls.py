"""The page of a roll call, and the card that its person saves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from services.pocket.rolls import contact_card
from shared.events import AnswerRoll, ContactMethod, ContactProved, LinksRevoked, PageDue, child_id
from shared.links import token_of
from shared.topics import NOTIFICATIONS
from tests.services.pocket.driver import AGENCY, SECRET, City
from tests.services.pocket.test_http import settle, shown

ROLL = "a" * 32
PAGE = child_id(ROLL, "ana/mobile")
NUMBERS = ("+16085550100", "+16085550101")


@pytest.fixture
async def city() -> AsyncIterator[City]:
    made = City()
    made.door = replace(made.door, card_numbers={AGENCY: NUMBERS})
    async with made.living():
        yield made


def asked(city: City, minutes: float = 10) -> str:
    """Ana is asked over her mobile; the path of her page."""
    page = PageDue(
        page_id=PAGE,
        kind="test",
        call_id="",
        episode=0,
        team_id="",
        person_id="ana",
        method=ContactMethod(method_id="mobile", kind="sms"),
        not_after=city.clock.now() + timedelta(minutes=minutes),
        about=ROLL,
    )
    city.write(page, topic=NOTIFICATIONS)
    return path()


def path(generation: int = 0) -> str:
    return f"/r/{token_of(SECRET, 'roll', ROLL, 'ana', generation, method_id='mobile')}"


@pytest.mark.scenario("contacts")
async def test_one_button_answers_a_roll_call_over_the_way_that_its_page_went(
    city: City, phone: httpx.AsyncClient
) -> None:
    link = asked(city)
    page = await shown(city, phone, link)
    assert "This is a test, no call" in page
    assert page.count("<form") == 1
    await settle(city)
    assert city.commands() == [], "to look at it answers nothing"
    await phone.post(f"{link}/answer", data={"page_at": "1"})
    (command,) = city.commands()
    assert isinstance(command, AnswerRoll)
    assert (command.roll_id, command.person_id, command.method_id) == (ROLL, "ana", "mobile")
    city.write(ContactProved(person_id="ana", method_id="mobile", page_id=PAGE), topic=NOTIFICATIONS)
    page = await shown(city, phone, link)
    assert "You can be reached this way." in page
    assert "<form" not in page


async def test_the_card_has_every_number_and_is_one_contact(city: City, phone: httpx.AsyncClient) -> None:
    link = asked(city)
    assert f'href="{link}/careroute.vcf"' in await shown(city, phone, link)
    answer = await phone.get(f"{link}/careroute.vcf")
    assert answer.headers["content-type"].startswith("text/vcard")
    assert answer.text.count("BEGIN:VCARD") == 1
    assert [line[-12:] for line in answer.text.split("\r\n") if line.startswith("TEL")] == list(NUMBERS)
    assert contact_card(()).endswith("END:VCARD\r\n")
    await shown(city, phone, "/r/other/careroute.vcf", 404)


async def test_its_link_ends_soon_after_the_roll_call_and_when_it_is_revoked(
    city: City, phone: httpx.AsyncClient
) -> None:
    link = asked(city)
    city.write(LinksRevoked(person_id="ana", generation=1))
    await shown(city, phone, link, 404)
    await shown(city, phone, path(1))
    city.clock.ahead += timedelta(minutes=12)
    assert "over" in await shown(city, phone, path(1)), "an answer still counts"
    city.clock.ahead += timedelta(minutes=5)
    await shown(city, phone, path(1), 404)
