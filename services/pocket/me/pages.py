"""What the own page shows: of a person their team, offers and ways to be reached; of a team's tablet who is at work."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services.pocket import words
from services.pocket.agency import AgencyView
from services.pocket.calendar.show import there
from services.pocket.me import ways
from services.pocket.me.book import Device, Way
from services.pocket.pages import MESSAGES, milliseconds
from services.pocket.records import Offer, Shift
from services.pocket.view import View
from shared.doors.pages import HEADERS, Pages
from shared.enrolment import Enrolment
from shared.events import DutyNoted

HERE = Path(__file__).parent
HEADERS_WITH_SCRIPT = {
    **HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; manifest-src 'self'; connect-src 'self'; "
        "style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""Of a person's own page alone: pages on which calls are answered run no script."""
REFRESH_SECONDS = 8
SHIFTS_SHOWN = 4
PROOF_DAYS = 30
"""After so long nobody can be sure any more that a way works."""
WITH_SCRIPT = Pages(HERE, messages=MESSAGES, headers=HEADERS_WITH_SCRIPT, words=words, ways=ways)
PLAIN = Pages(HERE, messages=MESSAGES, words=words, ways=ways)


class OfferLine(NamedTuple):
    """An offer that can be answered, and where."""

    path: str
    asks: str
    left_seconds: int


class WayLine(NamedTuple):
    """A way to a person, and whether anybody knows that it works."""

    called: str
    state: str
    is_well: bool


class ShiftLine(NamedTuple):
    """A stretch of a planned shift that is the person's."""

    when: str
    team_id: str
    on_call: bool


class MemberLine(NamedTuple):
    """A member of a team at work, and their own page of the shift."""

    person_id: str
    path: str
    confirmed: bool


def enrol_page(enrolment: Enrolment, path: str, present: Device | None) -> Response:
    """The question whether this device is to be somebody's; a fresh credential waits in its form."""
    return PLAIN.show(
        "enrol.html", enrolment=enrolment, path=path, present=present, credential=secrets.token_urlsafe(32)
    )


def own_page(
    view: View, device: Device, now: datetime, notice: str, *, push_key: str, card: str, still: bool
) -> Response:
    """A person's own page."""
    agency, person_id = view.agency(device.agency), device.person_id or ""
    shift = agency.shift_of(person_id)
    return WITH_SCRIPT.show(
        "own.html",
        notice=notice,
        still=still,
        device=device,
        shift=None if shift is None else _member(agency, shift, person_id),
        team_id="" if shift is None else shift.signed_on.team_id,
        begun=None if shift is not None else _begun(view, device, now, person_id),
        end="" if shift is None else words.end_of_shift(shift.signed_on.shift_ends_at, now),
        offers=_offers(agency, shift, person_id, now),
        planned=_planned(view, device.agency, person_id, now),
        ways=[_way_line(way, now) for way in view.book.ways(device.agency, person_id)],
        push_key=push_key,
        card=card,
        calendar=view.calendars.path(device.agency, person_id),
        push_on=_is_on(view.book.push_to(device)),
        page_at=milliseconds(now),
        seconds=REFRESH_SECONDS,
    )


def team_page(view: View, device: Device, now: datetime, notice: str, *, hours: Sequence[int], still: bool) -> Response:
    """A team's tablet: who starts the shift, or whose page is wanted."""
    agency, team_id = view.agency(device.agency), device.team_id or ""
    shift = agency.shift_of_team(team_id)
    members = [] if shift is None else [_member(agency, shift, name) for name in shift.signed_on.members]
    free = sorted(name for name in view.book.staff(device.agency).people if agency.shift_of(name) is None)
    return PLAIN.show(
        "team.html",
        url="/me",
        refresh_seconds=REFRESH_SECONDS if shift is not None else None,
        still=still,
        notice=notice,
        team_id=team_id,
        members=members,
        people=free,
        planned=view.book.planned(device.agency, now, team_id=team_id),
        hours=hours,
        offers=[] if shift is None else _offers(agency, shift, shift.members[0] if shift.members else "", now),
        end="" if shift is None else words.end_of_shift(shift.signed_on.shift_ends_at, now),
        page_at=milliseconds(now),
    )


def _begun(view: View, device: Device, now: datetime, person_id: str) -> DutyNoted | None:
    """The planned shift that a person is to start, unless their team has another by now."""
    planned = view.book.planned(device.agency, now, person_id=person_id)
    is_free = planned is not None and view.agency(device.agency).shift_of_team(planned.team_id) is None
    return planned if is_free else None


def gone_page() -> Response:
    """What stands on a phone that its holder has given up."""
    return PLAIN.show("gone.html")


def _member(agency: AgencyView, shift: Shift, person_id: str) -> MemberLine:
    return MemberLine(person_id, f"/s/{agency.shift_token(shift, person_id)}", person_id not in shift.unconfirmed)


def _offers(agency: AgencyView, shift: Shift | None, person_id: str, now: datetime) -> list[OfferLine]:
    """What the person may answer, what ends first at the top."""
    if shift is None:
        return []
    offers = [offer for offer in agency.offers(shift.signed_on.team_id) if person_id in offer.people]
    lines = [_offer_line(agency, offer, person_id, now) for offer in offers if offer.open_at(now)]
    return sorted(lines, key=lambda line: line.left_seconds)


def _offer_line(agency: AgencyView, offer: Offer, person_id: str, now: datetime) -> OfferLine:
    asks = ways.asked(offer.made)
    return OfferLine(f"/p/{agency.token(offer, person_id)}", asks, int((offer.made.expires_at - now).total_seconds()))


def _planned(view: View, agency: str, person_id: str, now: datetime) -> list[ShiftLine]:
    """When the person is planned next and not away, on the clocks of each shift."""
    rota = view.calendars.rota(agency)
    stretches = (
        (stretch, shift.rota.plan)
        for shift in rota.of(person_id)
        for stretch in there(rota, shift, person_id)
        if stretch.ends_at > now
    )
    nearest = sorted(stretches, key=lambda each: each[0].starts_at)[:SHIFTS_SHOWN]
    return [
        ShiftLine(
            ways.when(stretch.starts_at, stretch.ends_at, ZoneInfo(plan.zone)), plan.team_id, plan.duty == "on-call"
        )
        for stretch, plan in nearest
    ]


def _way_line(way: Way, now: datetime) -> WayLine:
    state, is_well = ways.state_of(way, now, timedelta(days=PROOF_DAYS))
    return WayLine(ways.called(way), state, is_well)


def _is_on(push: Way | None) -> bool:
    return push is not None and not push.broken
