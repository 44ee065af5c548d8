from __future__ import annotations

import re

from deploy.local.kafka.node import CHECKOUT
from services.console.pages.commands import KEYS
from tests.services.console.pages.driver import Room

TEMPLATES = CHECKOUT / "services" / "console" / "pages" / "templates"


def test_every_key_of_a_row_stands_on_the_sheet() -> None:
    acts = re.compile(r'\bact\((?:[^()"]|"[^"]*"|\([^()]*\))*?, "([a-z]?)"')
    used = {key for path in TEMPLATES.glob("*.html") for key in acts.findall(path.read_text("utf-8"))} - {""}
    assert {"c", "d"} <= used
    assert used <= KEYS.keys()


async def test_the_sheet_has_what_somebody_may_type(room: Room) -> None:
    async def names(token: str) -> set[str]:
        async with room.city.signed_in(token) as browser:
            return set(re.findall(r'data-command="([a-z]+)"', (await browser.get("/")).text))

    everybody = {"call", "find", "help", "keys", "now", "calls", "wall"}
    assert await names("viewer") >= everybody
    assert await names("viewer") & {"stop", "resume", "confirm", "default"} == set()
    assert await names("dispatcher") >= {*everybody, "stop", "confirm", "default"}
    assert "resume" not in await names("dispatcher")
    assert "resume" in await names("supervisor")


async def test_a_number_leads_to_its_call(room: Room) -> None:
    call_id = room.waits("26-1")
    room.waits("26-11")
    await room.city.settle()
    async with room.city.signed_in("dispatcher") as browser:
        assert (await browser.get("/calls?go=yes&q=26-1")).headers["location"] == f"/calls/{call_id}"
        assert (await browser.get("/calls?go=yes&q=26-11")).status_code == 303
        several = await browser.get("/calls?go=yes&q=26")
        assert several.status_code == 200
        assert "2 calls" in several.text
