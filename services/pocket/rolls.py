"""The page of a roll call: one button, which says that its person can be reached, and the card to save before."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse

from services.pocket.door import Door, PageAt
from services.pocket.links import RollLink
from services.pocket.pages import GONE, PAGES, Back, Still, milliseconds
from shared.doors.pages import HEADERS, Page
from shared.events import AnswerRoll, child_id

CARD = "careroute.vcf"


def add_roll_pages(app: FastAPI, door: Door) -> None:
    """Add the page, its answer, and the card."""

    def roll(token: str) -> RollLink:
        door.check_ready()
        link = door.view.roll_link(token, door.clock.now())
        if link is None:
            raise Page(404, "Nothing here", GONE)
        return link

    @app.get("/r/{token}")
    async def show(token: str, still: Still, said: str = "") -> Response:
        link = roll(token)
        return PAGES.show(
            "roll.html",
            url=f"/r/{token}",
            still=still,
            notice=door.notice(said),
            link=link,
            over=door.clock.now() >= link.until,
            card=f"/r/{token}/{CARD}" if door.card_numbers.get(link.agency) else "",
            page_at=milliseconds(door.clock.now()),
        )

    @app.post("/r/{token}/answer")
    async def answer(token: str, back: Back, page_at: PageAt) -> Response:
        link = roll(token)
        if link.answered:
            return RedirectResponse(back, 303)
        command = AnswerRoll(
            command_id=child_id(link.roll_id, f"answer/{link.person_id}/{link.method_id}/{page_at}"),
            roll_id=link.roll_id,
            person_id=link.person_id,
            method_id=link.method_id,
            **door.issued(link.person_id),
        )
        return await door.act(link.agency, command, back)

    @app.get(f"/r/{{token}}/{CARD}")
    async def card(token: str) -> Response:
        return card_page(door, roll(token).agency)


def card_page(door: Door, agency: str) -> Response:
    """The contact card of an agency's numbers. Raises Page where it has none."""
    numbers = door.card_numbers.get(agency)
    if not numbers:
        raise Page(404, "Nothing here", GONE)
    disposition = {"Content-Disposition": f'attachment; filename="{CARD}"'}
    return Response(contact_card(numbers), headers={**HEADERS, **disposition}, media_type="text/vcard")


def contact_card(numbers: Sequence[str]) -> str:
    """One contact with every number that texts and calls come from: a phone lets a contact ring that is let past it."""
    telephones = [f"TEL;TYPE=WORK,VOICE:{number}" for number in numbers]
    lines = ["BEGIN:VCARD", "VERSION:3.0", "N:careroute;;;;", "FN:careroute", *telephones, "END:VCARD"]
    return "".join(f"{line}\r\n" for line in lines)
