"""What the pages show: offers, the call of a team, a shift, or a message."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request
from starlette.responses import Response

from services.pocket import words
from services.pocket.agency import OfferLink, ShiftLink
from services.pocket.records import Assignment, Offer
from shared.doors.pages import Page, Pages, back_to

OFFER_REFRESH_SECONDS, SHIFT_REFRESH_SECONDS, CALL_REFRESH_SECONDS, MESSAGE_REFRESH_SECONDS = 5, 4, 10, 8
QUESTION_SECONDS = 60
"""How long a question of ours may stand over a call: its page looks for news, and asks whether its team is well."""
ETA_MINUTES = (5, 10, 15, 20, 30, 45)
ORDER = ("en-route", "staged", "on-scene", "transporting")
PLACES = ("address", "position")
OF_A_CALL = "careroute-call"
"""A header, by which an enrolled phone's worker knows which page to keep readable where there is no connection."""
GONE = "This link has come to its end, or never led anywhere. Open your newest message, or ask the dispatcher by radio."
AWAY = "careroute cannot be reached just now, and what you tapped may not have counted. Tell the dispatcher by radio."
MESSAGES = {
    **{status: Page(status, "Nothing here", GONE) for status in (400, 404)},
    405: Page(405, "One moment", "Nothing is sent from here. The page opens again by itself.", refresh_seconds=1),
    408: Page(408, "Too slow", "What you tapped did not reach careroute in time. Go back and try once more."),
    413: Page(413, "Too much", "The form is larger than any form of ours."),
    429: Page(429, "One moment", "Many are asking careroute just now. Go back and try again."),
    500: Page(500, "Something went wrong", AWAY),
}


def page_of(path: str) -> str:
    """The page on which somebody has tapped what was sent to a path, and may go on: `/p/<token>` of `…/accept`."""
    parts = [part for part in path.split("/") if part]
    kept = 2 if parts[:1] != ["me"] else 3 if parts[1:2] == ["enrol"] else 1
    return "/" + "/".join(parts[:kept])


async def _stands_still(still: bool = False) -> bool:  # noqa: FBT001, FBT002  # a query
    return still


async def _back(request: Request) -> str:
    return back_to(page_of(request.url.path), request)


Still = Annotated[bool, Depends(_stands_still)]
"""Whether a page is not to look for news by itself: who has it read out would begin anew each time."""
Back = Annotated[str, Depends(_back)]
"""The page on which somebody has tapped; it stands still where it did."""
PAGES = Pages(Path(__file__).parent, messages=MESSAGES, page_of=page_of, words=words)


class Personal(NamedTuple):
    """The personal part of a call, and of the version that the team accepted."""

    now: dict[str, str]
    accepted: dict[str, str]

    @property
    def changed(self) -> dict[str, str]:
        """Where the call was when the team accepted it, as far as it is somewhere else by now."""
        names = (name for name in PLACES if name in self.accepted)
        return {name: self.accepted[name] for name in names if self.accepted[name] != self.now.get(name)}


def offer_page(link: OfferLink, now: datetime, notice: str, *, still: bool) -> Response:
    """An offer that can be answered, or what became of it."""
    offer = link.offer
    waiting = offer.open_at(now) or not offer.outcome
    return PAGES.show(
        "offer.html",
        url=f"/p/{link.token}",
        refresh_seconds=_refresh_seconds(OFFER_REFRESH_SECONDS, notice) if waiting else None,
        still=still,
        notice=notice,
        card=_offer_card(offer, link.token, now),
    )


def call_page(
    link: OfferLink, assignment: Assignment, personal: Personal, now: datetime, notice: str, *, still: bool
) -> Response:
    """The call of the team that accepted, with its personal part as far as it could be opened."""
    next_step, further = _steps(link.offer, assignment)
    shown = PAGES.show(
        "call.html",
        url=f"/p/{link.token}",
        refresh_seconds=None if assignment.ended else _refresh_seconds(CALL_REFRESH_SECONDS, notice),
        still=still,
        notice=notice,
        token=link.token,
        offer=link.offer,
        assignment=assignment,
        personal=_in_order(personal.now),
        before=personal.changed,
        changed=words.changed(assignment.address_changed_at, now),
        next=next_step,
        further=further,
        earlier=_earlier(link.offer, assignment),
        ago=words.minutes((now - assignment.accepted_at).total_seconds()),
        now=now,
        page_at=milliseconds(now),
    )
    if not assignment.ended:
        shown.headers[OF_A_CALL] = "shown"
    return shown


def clear_page(link: OfferLink, now: datetime, *, still: bool) -> Response:
    """The question how a call ended."""
    asked = _asked(f"/p/{link.token}", "clear", still=still)
    return PAGES.show("clear.html", link=link, dispositions=words.DISPOSITIONS, page_at=milliseconds(now), **asked)


def enter_page(link: OfferLink, assignment: Assignment, now: datetime, *, still: bool) -> Response:
    """The question whether somebody has let the team in, knowing of the call what is known now."""
    asked = _asked(f"/p/{link.token}", "enter", still=still)
    return PAGES.show("enter.html", link=link, assignment=assignment, page_at=milliseconds(now), **asked)


def correct_page(link: OfferLink, assignment: Assignment, now: datetime, *, still: bool) -> Response:
    """The question where the team is, if not where it said."""
    earlier = _earlier(link.offer, assignment)
    asked = _asked(f"/p/{link.token}", "correct", still=still)
    return PAGES.show("correct.html", link=link, earlier=earlier, page_at=milliseconds(now), **asked)


def _asked(back: str, question: str, *, still: bool) -> dict[str, Any]:
    """A question that nobody answers leads back to the call or the shift, whose page looks for news."""
    return {"url": f"{back}/{question}", "onward": back, "refresh_seconds": QUESTION_SECONDS, "still": still}


def waits_to_enter(offer: Offer, assignment: Assignment) -> bool:
    """Whether the team has not arrived, and is to be let in."""
    arrived = assignment.status in ("on-scene", "transporting")
    return bool(offer.enters_when) and not assignment.may_enter and not arrived


def shift_page(link: ShiftLink, now: datetime, notice: str, *, still: bool) -> Response:
    """A person's shift: the team's call, open offers, and what is just past."""
    shift = link.shift
    offers = link.agency.offers(shift.signed_on.team_id)
    cards = [_offer_card(offer, link.agency.token(offer, link.person_id), now) for offer in offers]
    return PAGES.show(
        "shift.html",
        url=f"/s/{link.token}",
        refresh_seconds=_refresh_seconds(SHIFT_REFRESH_SECONDS, notice),
        still=still,
        notice=notice,
        link=link,
        end=words.end_of_shift(shift.signed_on.shift_ends_at, now),
        team_says=shift.signed_on.duty == "on-shift",
        too_long=_too_long(link, now),
        ago=words.minutes((now - shift.heard_at).total_seconds()),
        calls=[card for card in cards if card["offer"].assignment and not card["offer"].assignment.ended],
        open_offers=sorted((card for card in cards if card["open"]), key=lambda card: card["offer"].made.expires_at),
        late=link.agency.late_calls(shift.signed_on.team_id, now),
        past=[card for card in cards if not card["open"] and _is_past(card["offer"])],
        now=now,
        page_at=milliseconds(now),
    )


def _too_long(link: ShiftLink, now: datetime) -> int | None:
    """How many minutes even the shortest call takes, where less is left of a shift: such a team is asked no more.

    Of a team on call its crew's turn says nothing: it is asked until the plan ends.
    """
    signed_on = link.shift.signed_on
    shortest = link.agency.shortest_minutes(signed_on.team_id)
    if shortest is None or signed_on.duty != "on-shift":
        return None
    return shortest if signed_on.shift_ends_at - now < timedelta(minutes=shortest) else None


def confirm_page(link: ShiftLink, now: datetime, notice: str, *, still: bool) -> Response:
    """The question whether a member is on the team that somebody else signed on."""
    signed_on = link.shift.signed_on
    return PAGES.show(
        "confirm.html",
        url=f"/s/{link.token}",
        refresh_seconds=MESSAGE_REFRESH_SECONDS if notice else None,
        still=still,
        link=link,
        notice=notice,
        others=[member for member in signed_on.members if member != link.person_id],
        end=words.end_of_shift(signed_on.shift_ends_at, now),
        page_at=milliseconds(now),
    )


def sign_off_page(link: ShiftLink, now: datetime, *, still: bool) -> Response:
    """The question whether the team signs off."""
    asked = _asked(f"/s/{link.token}", "sign-off", still=still)
    return PAGES.show("sign-off.html", link=link, page_at=milliseconds(now), **asked)


def milliseconds(now: datetime) -> int:
    """When a page was made, as it stands in its forms."""
    return int(now.timestamp() * 1000)


def _offer_card(offer: Offer, token: str, now: datetime) -> dict[str, Any]:
    """An offer as templates show it."""
    made = offer.made
    return {
        "token": token,
        "offer": offer,
        "open": offer.open_at(now),
        "left_seconds": max(0, int((made.expires_at - now).total_seconds())),
        "whole_seconds": max(1, int((made.expires_at - offer.made_at).total_seconds())),
        "etas": ETA_MINUTES,
    }


def _order(offer: Offer) -> list[str]:
    return [status for status in ORDER if status != "staged" or offer.enters_when]


def _steps(offer: Offer, assignment: Assignment) -> tuple[tuple[str, str] | None, list[tuple[str, str]]]:
    """The step that comes next, if it has a button of its own, and those after it."""
    order = _order(offer)
    place = order.index(assignment.status) if assignment.status in order else -1
    steps = [(status, words.STATUSES[status]) for status in order[place + 1 :]]
    if assignment.status in ("on-scene", "transporting"):
        return None, steps
    return steps[0], steps[1:]


def _earlier(offer: Offer, assignment: Assignment) -> list[str]:
    """Where the team may have been all along, if it said too much."""
    order = _order(offer)
    return order[: order.index(assignment.status)] if assignment.status in order else []


def _in_order(personal: dict[str, str]) -> dict[str, str]:
    """The opened texts, those that help to get there first; empty ones left out."""
    names = [*words.PERSONAL, *(name for name in sorted(personal) if name not in words.PERSONAL)]
    return {name: personal[name] for name in names if personal.get(name)}


def _is_past(offer: Offer) -> bool:
    return offer.assignment is None or bool(offer.assignment.ended)


def _refresh_seconds(seconds: int, notice: str) -> int:
    """A message stays long enough to be read."""
    return MESSAGE_REFRESH_SECONDS if notice else seconds
