"""Who gets in by a link: each member once they have confirmed, and nobody by a link that was revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from services.pocket.view import View
from shared.engine.broker import Stored
from shared.events import (
    AssignmentEnded,
    ConfirmMember,
    Event,
    LinksRevoked,
    MemberConfirmed,
    OfferAccepted,
    OfferMade,
    ReportStatus,
    StatusReported,
    TeamSignedOff,
    TeamSignedOn,
)
from shared.links import token_of
from tests.builders import of_offer, offer_made
from tests.services.pocket.driver import AGENCY, CALL, PERSONAL, SECRET, City
from tests.services.pocket.test_http import settle, shown

SHIFT = "shift-of-alpha-1"


def links(person_id: str, generation: int) -> tuple[str, str]:
    """A person's links to their shift and to an offer."""
    shift = token_of(SECRET, "shift", SHIFT, person_id, generation)
    return f"/s/{shift}", f"/p/{token_of(SECRET, 'offer', 'offer-1', person_id, generation)}"


# --- F10 ------------------------------------------------------------------------------------------------------------


async def test_f10_a_revoked_link_shows_nothing_and_the_new_one_shows_the_same_call(city: City, phone: Any) -> None:
    """F10: a lost phone during a call: its links end at once, the team stays on scene, a new link leads to the call."""
    city.call()
    city.sign_on()
    city.offer()
    (old_shift, old_offer), (shift, offer) = links("ana", 0), links("ana", 1)
    await settle(city)
    await phone.post(f"{old_offer}/accept")
    await phone.post(f"{old_offer}/status", data={"status": "on-scene", "page_at": "1"})
    assert PERSONAL["address"] in await shown(city, phone, old_offer)
    for path in (shift, offer):
        await shown(city, phone, path, 404)
    city.write(LinksRevoked(person_id="ana", generation=1))
    for path in (old_shift, old_offer):
        assert PERSONAL["address"] not in await shown(city, phone, path, 404)
    for path in ("accept", "decline", "status"):
        answer = await phone.post(f"{old_offer}/{path}", data={"status": "cleared", "page_at": "2"})
        assert answer.status_code in (404, 422)
    page = await shown(city, phone, offer)
    assert PERSONAL["address"] in page
    assert "Transporting" in page, "the team is on scene, as before"
    assert offer in await shown(city, phone, shift)
    assert PERSONAL["address"] in await shown(city, phone, links("ben", 0)[1]), "the others' links hold"
    answer = await phone.post(f"{offer}/status", data={"status": "transporting", "page_at": "3"})
    assert answer.status_code == 200
    assert isinstance(city.commands()[-1], ReportStatus)


async def test_f10_what_comes_after_has_links_of_the_new_generation(city: City, phone: Any) -> None:
    city.write(LinksRevoked(person_id="ana", generation=1), LinksRevoked(person_id="ana", generation=2))
    city.sign_on()
    city.offer()
    for path in (*links("ana", 0), *links("ana", 1)):
        await shown(city, phone, path, 404)
    for path in links("ana", 2):
        await shown(city, phone, path)
    city.write(TeamSignedOff(team_id="alpha-1", shift_id=SHIFT))
    await shown(city, phone, links("ana", 2)[0], 410)


# --- F9 -------------------------------------------------------------------------------------------------------------


def sign_on_unconfirmed(city: City) -> None:
    ends_at = city.clock.now().replace(microsecond=0)
    signed_on = TeamSignedOn(
        team_id="alpha-1",
        shift_id=SHIFT,
        members=("ana", "ben"),
        shift_ends_at=ends_at.replace(year=ends_at.year + 1),
        unconfirmed=("ben",),
    )
    city.write(signed_on)


async def test_f9_who_was_signed_on_by_another_sees_one_question_and_says_yes_with_one_tap(
    city: City,
    phone: Any,
) -> None:
    """F9: no offer, no call and no button of the team before Ben has said that he is on it; everything after."""
    city.call()
    sign_on_unconfirmed(city)
    ana, ben = links("ana", 0), links("ben", 0)
    city.offer(recipients=())
    await settle(city)
    await phone.post(f"{ana[1]}/accept")
    page = await shown(city, phone, ben[0])
    assert "Are you on this team?" in page
    assert "ben was signed on with ana." in page
    assert page.count("<button") == 1
    await shown(city, phone, ben[1], 404)
    for path in ("sign-off", "status"):
        before = len(city.commands())
        await phone.post(f"{ben[0]}/{path}", data={"status": "out-of-service", "page_at": "1"})
        assert len(city.commands()) == before
    assert "Are you on this team?" in (await phone.get(f"{ben[0]}/sign-off")).text
    answer = await phone.post(f"{ben[0]}/confirm", data={"page_at": "1"})
    command = city.commands()[-1]
    assert isinstance(command, ConfirmMember)
    assert (command.team_id, command.person_id, command.issued_by) == ("alpha-1", "ben", "ben")
    assert "Are you on this team?" in answer.text, "until it is in the journal"
    city.write(MemberConfirmed(team_id="alpha-1", shift_id=SHIFT, person_id="ben"))
    assert "Your call" in await shown(city, phone, ben[0])
    assert PERSONAL["address"] in await shown(city, phone, ben[1])
    before = len(city.commands())
    await phone.post(f"{ben[0]}/confirm", data={"page_at": "2"})
    assert len(city.commands()) == before, "said once is enough"


async def test_f9_a_request_for_help_is_taken_from_whoever_holds_a_link(city: City, phone: Any) -> None:
    sign_on_unconfirmed(city)
    await settle(city)
    await phone.post(f"{links('ben', 0)[0]}/status", data={"status": "need-police", "page_at": "1"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert command.status == "need-police"


async def test_f9_what_cannot_be_confirmed_is_said(city: City, phone: Any) -> None:
    sign_on_unconfirmed(city)
    await settle(city)
    city.refuse = "ben is not on shift with alpha-1."
    answer = await phone.post(f"{links('ben', 0)[0]}/confirm", data={"page_at": "1"})
    assert "ben is not on shift with alpha-1." in answer.text


# --- whatever happens -----------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = ("ana", "ben")
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("revoke"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("confirm"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("on"), st.sampled_from(((), ("ben",), PEOPLE))),
        st.tuples(st.sampled_from(("off", "offer", "accept", "arrive", "clear")), st.just("")),
    ),
    max_size=25,
)


class Story:
    """What happened to a team so far, and who may have which link."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.shift, self.certain = "", set[str]()
        self.offers: list[OfferMade] = []
        self.generations = dict.fromkeys(PEOPLE, 0)
        self.must_have: dict[str, set[str]] = {}
        """Offer → who was on the team for certain when it was made."""
        self.may_have: dict[str, set[str]] = {}
        """Offer → who has been on the team for certain since."""

    def tell(self, kind: str, about: Any) -> None:
        """Let the next thing happen, if it can."""
        event = getattr(self, f"_{kind}")(about) if self.shift or kind in ("revoke", "on") else None
        if event is not None:
            self.events.append(event)
        for offer in self.offers:
            self.may_have.setdefault(offer.offer_id, set()).update(self.certain)

    def view(self) -> View:
        """The page's view, as it is when all of it was read just now."""
        view = View(SECRET)
        for event in self.events:
            view.fold(AGENCY, event, Stored("assignments", 0, 0, NOW, AGENCY, event.encode(), {}))
        return view

    def _revoke(self, person_id: str) -> Event:
        self.generations[person_id] += 1
        return LinksRevoked(person_id=person_id, generation=self.generations[person_id])

    def _on(self, unconfirmed: tuple[str, ...]) -> Event:
        self.shift, self.certain = f"shift-{len(self.events)}", set(PEOPLE) - set(unconfirmed)
        fields: dict[str, Any] = {"members": PEOPLE, "shift_ends_at": NOW + timedelta(hours=8)}
        return TeamSignedOn(team_id="alpha-1", shift_id=self.shift, unconfirmed=unconfirmed, **fields)

    def _confirm(self, person_id: str) -> Event:
        self.certain.add(person_id)
        return MemberConfirmed(team_id="alpha-1", shift_id=self.shift, person_id=person_id)

    def _off(self, _: str) -> Event:
        return TeamSignedOff(team_id="alpha-1", shift_id=self.shift)

    def _offer(self, _: str) -> Event:
        offer_id = f"offer-{len(self.events)}"
        self.offers.append(offer_made(CALL, NOW, 1, team_id="alpha-1", offer_id=offer_id))
        self.must_have[offer_id] = set(self.certain)
        return self.offers[-1]

    def _accept(self, _: str) -> Event | None:
        fields: dict[str, Any] = {"person_id": "ana", "accepted_at": NOW, "call_at": "calls/0/0"}
        return of_offer(OfferAccepted, self.offers[-1], **fields) if self.offers else None

    def _arrive(self, _: str) -> Event:
        return StatusReported(team_id="alpha-1", status="on-scene", call_id=CALL, episode=1)

    def _clear(self, _: str) -> Event:
        return AssignmentEnded(call_id=CALL, episode=1, team_id="alpha-1", disposition="resolved-on-scene")


@settings(max_examples=300)
@given(HAPPENINGS)
def test_f9_f10_only_a_confirmed_members_newest_link_leads_to_a_call(happenings: list[tuple[str, Any]]) -> None:
    """F9, F10: in whatever order things happen, a link to an offer leads there only if it is its person's newest."""
    story = Story()
    for happening in happenings:
        story.tell(*happening)
    view = story.view()
    for offer, person_id in product(story.offers, PEOPLE):
        newest = story.generations[person_id]
        for generation in range(newest + 2):
            token = token_of(SECRET, "offer", offer.offer_id, person_id, generation)
            link = view.offer_link(token, NOW)
            if link is not None:
                assert (link.person_id, generation) == (person_id, newest)
                assert person_id in story.may_have[offer.offer_id]
            elif generation == newest:
                assert person_id not in story.must_have[offer.offer_id]


@pytest.mark.parametrize("person_id", PEOPLE)
async def test_f10_both_pages_of_a_revoked_person_are_gone_in_every_phase(
    city: City,
    phone: Any,
    person_id: str,
) -> None:
    city.call()
    city.sign_on()
    for number, phase in enumerate(("offered", "accepted", "on-scene", "cleared"), start=1):
        if phase == "offered":
            city.offer()
        elif phase == "accepted":
            await phone.post(f"{links('ana', number - 1 if person_id == 'ana' else 0)[1]}/accept")
        else:
            path = links("ana", number - 1 if person_id == "ana" else 0)[1]
            data = {"status": phase, "page_at": str(number)}
            await phone.post(f"{path}/status", data=data | ({"disposition": "refused"} if phase == "cleared" else {}))
        await settle(city)
        city.write(LinksRevoked(person_id=person_id, generation=number))
        for path in links(person_id, number - 1):
            await shown(city, phone, path, 404)
        for path in links(person_id, number):
            await shown(city, phone, path)
