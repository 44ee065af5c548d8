"""A phone is enrolled by one tap, opens its person's page from then on, and is shut out at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.pocket.door import OwnPage
from services.pocket.http import create_app
from services.pocket.me.static import MANIFEST, OFFLINE_PATH
from shared.agencies import hash_of
from shared.contacts import PUSH_ID_LENGTH
from shared.enrolment import ENROLMENT_LIFE, Enrolment
from shared.events import (
    AbsenceSet,
    BeginDuty,
    CallRoll,
    ContactBroken,
    ContactOptedOut,
    ContactProved,
    ContactSet,
    DeviceRevoked,
    DutyNoted,
    DutyOver,
    EnrolDevice,
    Event,
    LinksRevoked,
    Person,
    PersonDefined,
    PersonRemoved,
    RevokeDevice,
    ShiftDropped,
    ShiftPlanned,
    SignOn,
    TeamSignedOn,
)
from shared.events.rota import PlannedShift, ShiftPlace
from shared.links import token_of
from shared.topics import ROSTERS
from tests.services.pocket.driver import AGENCY, SECRET, City
from tests.services.pocket.test_http import settle, shown

PUSH_KEY = "B" * 87
COOKIE = "__Host-careroute-device"


@pytest.fixture
async def city() -> AsyncIterator[City]:
    made = City(OwnPage(push_key=PUSH_KEY))
    async with made.living():
        yield made


def a_browser(city: City, scheme: str = "https") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(city.door))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://pocket", follow_redirects=True)


def enrolment(city: City, person_id: str | None = "ana", team_id: str | None = None) -> str:
    """The path of a fresh link."""
    made = Enrolment.new(
        city.clock.now(), AGENCY, person_id=person_id, team_id=team_id, label="blue phone", enrolled_by="sue"
    )
    return made.link("https://pocket", SECRET).removeprefix("https://pocket")


def credential_in(page: str) -> str:
    found = re.search(r'name="credential" value="([\w-]{43})"', page)
    assert found is not None
    return found[1]


async def enrol(city: City, browser: httpx.AsyncClient, path: str = "", **holder: Any) -> httpx.Response:
    path = path or enrolment(city, **holder)
    page = await shown(city, browser, path)
    return await browser.post(path, data={"credential": credential_in(page)})


async def test_opening_a_link_changes_nothing_and_one_tap_enrols(city: City, phone: httpx.AsyncClient) -> None:
    path, before = enrolment(city), city.written()
    page = await shown(city, phone, path)
    assert "Is this the phone of ana?" in page
    assert "sue has made this link" in page
    assert city.written() == before
    assert COOKIE not in phone.cookies
    answer = await phone.post(path, data={"credential": credential_in(page)})
    assert answer.url.path == "/me"
    assert "ana" in answer.text
    (command,) = city.commands()
    assert isinstance(command, EnrolDevice)
    assert (command.person_id, command.label, command.issued_by) == ("ana", "blue phone", "sue")
    credential = phone.cookies[COOKIE]
    assert command.credential_hash == hash_of(credential)
    assert credential not in str(list(city.log.places.values())), "only its hash leaves"


async def test_the_cookie_is_for_this_door_by_tls_and_no_script(city: City, phone: httpx.AsyncClient) -> None:
    path = enrolment(city)
    page = await shown(city, phone, path)
    answer = await phone.post(path, data={"credential": credential_in(page)}, follow_redirects=False)
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_a_second_tap_on_the_same_page_is_the_same_device(city: City, phone: httpx.AsyncClient) -> None:
    path = enrolment(city)
    credential = credential_in(await shown(city, phone, path))
    for _ in range(2):
        assert (await phone.post(path, data={"credential": credential})).url.path == "/me"
    assert len({command.command_id for command in city.commands()}) == 1
    assert len([e for e in city.log.places["assignments", 0] if e.headers["type"] == b"device-enrolled"]) == 1


async def test_a_link_that_was_used_or_is_old_leads_nowhere(city: City, phone: httpx.AsyncClient) -> None:
    path = enrolment(city)
    await enrol(city, phone, path)
    async with a_browser(city) as other:
        assert "This link is used up" in await shown(city, other, path, 404)
        answer = await other.post(path, data={"credential": "x" * 43})
        assert answer.status_code == 404
        assert COOKIE not in other.cookies
        late = enrolment(city)
        city.clock.ahead = ENROLMENT_LIFE + timedelta(seconds=1)
        await shown(city, other, late, 404)
        await shown(city, other, "/me/enrol/forged.forged", 404)
    assert len(city.commands()) == 1


@pytest.mark.parametrize("ended", [LinksRevoked(person_id="ana", generation=1), PersonRemoved(person_id="ana")])
async def test_a_link_from_before_its_person_s_links_were_ended_enrols_nothing(
    city: City, phone: httpx.AsyncClient, ended: Event
) -> None:
    """The phone that is lost may have one, opened and not tapped on."""
    path, of_ben, of_team = enrolment(city), enrolment(city, "ben"), enrolment(city, None, "alpha-1")
    credential = credential_in(await shown(city, phone, path))
    city.write(ended)
    await settle(city)
    assert "This link is used up" in await shown(city, phone, path, 404)
    assert (await phone.post(path, data={"credential": credential})).status_code == 404
    assert (city.commands(), COOKIE in phone.cookies) == ([], False)
    for other in (of_ben, of_team):
        await shown(city, phone, other)
    city.clock.ahead = timedelta(seconds=2)
    await shown(city, phone, enrolment(city))


@pytest.mark.parametrize("credential", ["", "short", "x" * 44, "x" * 42 + "!"])
async def test_a_credential_is_as_long_as_ours(city: City, phone: httpx.AsyncClient, credential: str) -> None:
    await settle(city)
    answer = await phone.post(enrolment(city), data={"credential": credential})
    assert answer.status_code == 422
    assert city.commands() == []


async def test_a_refusal_is_told_and_no_cookie_is_set(city: City, phone: httpx.AsyncClient) -> None:
    city.refuse = "ana has 5 devices, and nobody has more: revoke one that is not used."
    answer = await enrol(city, phone)
    assert answer.status_code == 409
    assert "ana has 5 devices" in answer.text
    assert COOKIE not in phone.cookies


@pytest.mark.parametrize("cookie", [None, "x" * 43, "ä", ""])
async def test_a_strange_phone_is_shown_nothing(city: City, phone: httpx.AsyncClient, cookie: str | None) -> None:
    headers = {} if cookie is None else {b"cookie": f"{COOKIE}={cookie}".encode()}
    await settle(city)
    answer = await phone.get("/me", headers=headers)
    assert answer.status_code == 401
    assert "This phone is not known here" in answer.text
    for path in ("ring", "leave", "sign-on", "push", "push/end"):
        answer = await phone.post(f"/me/{path}", data={"page_at": 1, "members": "ana", "hours": 8}, headers=headers)
        assert answer.status_code in (401, 415)
    assert city.commands() == []


@pytest.mark.scenario("duty")
async def test_a_lost_phone_is_shut_out_at_once_and_the_other_one_stays(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    lost = next(command for command in city.commands() if isinstance(command, EnrolDevice))
    async with a_browser(city) as other:
        await enrol(city, other)
        city.write(DeviceRevoked(device_id=lost.device_id))
        before = len(city.commands())
        await shown(city, phone, "/me", 401)
        assert (await phone.post("/me/ring", data={"page_at": 1})).status_code == 401
        assert len(city.commands()) == before
        assert "Not on shift" in await shown(city, other, "/me")


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    "holder", [{"person_id": "ben"}, {"person_id": "ana"}, {"person_id": None, "team_id": "bravo-2"}]
)
async def test_a_phone_that_is_enrolled_anew_is_what_it_was_no_more(
    city: City, phone: httpx.AsyncClient, holder: dict[str, Any]
) -> None:
    """Its cookie is overwritten, but what it let in went on: a copy of it, and every push to the former holder."""
    await enrol(city, phone)
    credential = phone.cookies[COOKIE]
    (former,) = city.commands()
    assert isinstance(former, EnrolDevice)
    push = former.device_id[:PUSH_ID_LENGTH]
    city.write(ContactSet(person_id="ana", method_id=push, kind="push", shown="browser"))
    await enrol(city, phone, **holder)
    assert phone.cookies[COOKIE] != credential
    revoked = [command for command in city.commands() if isinstance(command, RevokeDevice)]
    assert [(each.device_id, each.issued_by) for each in revoked] == [(former.device_id, "sue")]
    async with a_browser(city) as copy:
        copy.cookies.set(COOKIE, credential)
        await shown(city, copy, "/me", 401)


async def test_nobody_of_another_agency_is_named_as_who_ended_a_phone(city: City, phone: httpx.AsyncClient) -> None:
    """A supervisor of one stood in the journal and the audit log of the other, where the name is somebody else's."""
    await enrol(city, phone)
    eve = PersonDefined(person=Person(person_id="eve", disciplines=("clinician",)))
    city.write(eve, agency="boston")
    elsewhere = Enrolment.new(
        city.clock.now(), "boston", person_id="eve", team_id=None, label="", enrolled_by="sue-of-boston"
    )
    await enrol(city, phone, elsewhere.link("https://pocket", SECRET).removeprefix("https://pocket"))
    (revoked,) = (command for command in city.commands() if isinstance(command, RevokeDevice))
    assert revoked.issued_by == "ana", "who had the phone"


@pytest.mark.scenario("duty")
async def test_the_former_holder_sees_and_answers_nothing_on_a_phone_that_is_anothers(
    city: City, phone: httpx.AsyncClient
) -> None:
    await enrol(city, phone)
    shift = city.sign_on()
    path = city.offer(seconds=60)
    assert "Will you take this call?" in await shown(city, phone, path)
    await enrol(city, phone, person_id="ben")
    for opened in (path, shift, f"{shift}/sign-off"):
        assert "This phone is not yours now" in await shown(city, phone, opened, 403)
    before = len(city.commands())
    for tapped in (f"{path}/accept", f"{path}/decline", f"{shift}/sign-off"):
        assert (await phone.post(tapped, data={"page_at": 1})).status_code == 403
    assert len(city.commands()) == before
    await phone.post(f"{shift}/status", data={"page_at": 1, "status": "need-police"}, follow_redirects=False)
    assert len(city.commands()) == before + 1, "who is in danger is heard, whosever phone it is"
    assert "Will you take this call?" in await shown(city, phone, city.path_of("offer-1", "ben")), "its holder's own"
    async with a_browser(city) as other:
        assert "Will you take this call?" in await shown(city, other, path), "and hers on her own phone"


async def test_a_tablet_of_a_team_opens_the_pages_of_its_people(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    assert "Nothing to do." in await shown(city, phone, city.sign_on())


async def test_own_team_offers_and_shift_are_on_the_page(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    assert "Not on shift" in await shown(city, phone, "/me")
    shift = city.sign_on()
    path = city.offer()
    page = await shown(city, phone, "/me")
    assert f'href="{shift}"' in page
    assert f'href="{path}"' in page
    assert "Care team in Central, priority 3" in page
    assert "Will you take this call?" in await shown(city, phone, path), "and it leads there"
    again = '<noscript><meta http-equiv="refresh" content="8;url=/me"></noscript>'
    assert again in page, "without script, too, the page looks again by itself"
    assert again not in await shown(city, phone, "/me?still=true")


async def test_who_was_signed_on_by_another_is_asked(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id="ben")
    ends_at = city.clock.now() + timedelta(hours=8)
    signed_on = TeamSignedOn(
        team_id="alpha-1", shift_id="s1", members=("ana", "ben"), shift_ends_at=ends_at, unconfirmed=("ben",)
    )
    city.write(signed_on)
    city.offer(recipients=())
    page = await shown(city, phone, "/me")
    assert "Are you on alpha-1?" in page
    assert f"/s/{token_of(SECRET, 'shift', 's1', 'ben')}" in page
    assert "seconds left to answer" not in page


async def test_the_ways_to_a_person_say_whether_they_work(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    assert "Nobody can reach you" in await shown(city, phone, "/me")
    city.write(
        ContactSet(person_id="ana", method_id="cell", kind="sms", shown="…23"),
        ContactSet(person_id="ana", method_id="desk", kind="voice", shown="…99"),
        ContactSet(person_id="ben", method_id="cell", kind="sms", shown="…77"),
        ContactProved(person_id="ana", method_id="cell"),
        ContactBroken(person_id="ana", method_id="desk", why="unknown-number"),
    )
    page = await shown(city, phone, "/me")
    assert "Text …23</dt> <dd>✓ It worked less than a minute ago." in page
    assert "Phone call …99</dt> <dd>! There is no such number." in page
    assert "…77" not in page, "another person's"
    city.clock.ahead = timedelta(days=31)
    assert "! It worked 31 days ago." in await shown(city, phone, "/me")
    stands_anew = ContactSet(person_id="ana", method_id="cell", kind="sms", shown="…23", after_seconds=8)
    city.write(ContactOptedOut(person_id="ana", method_id="cell"), stands_anew)
    assert "! You have said STOP." in await shown(city, phone, "/me"), "nothing goes there before they say START"


async def test_the_next_shifts_are_on_the_page_on_the_clocks_of_their_place(
    city: City, phone: httpx.AsyncClient
) -> None:
    await enrol(city, phone)
    assert "Your next shifts" not in await shown(city, phone, "/me")
    starts_at = datetime(2027, 1, 15, 1, 0, tzinfo=UTC)
    for number, person_id in enumerate(("ana", "ben", "ana"), 1):
        day = starts_at + timedelta(days=number)
        shift = PlannedShift(
            shift_id=f"s{number}",
            team_id="alpha-1",
            duty="on-call" if number == 1 else "on-shift",
            starts_at=day,
            ends_at=day + timedelta(hours=12),
            zone="America/Chicago",
            places=(ShiftPlace(person_id=person_id),),
        )
        city.write(ShiftPlanned(shift=shift), topic=ROSTERS)
    page = await shown(city, phone, "/me")
    assert "<li>Fri 15 Jan, 19:00 to Sat 07:00<br>alpha-1, on call</li>" in page
    assert "<li>Sun 17 Jan, 19:00 to Mon 07:00<br>alpha-1</li>" in page
    assert "Sat 16 Jan" not in page, "another person's"
    away_at = starts_at + timedelta(days=3, hours=2)
    away = AbsenceSet(absence_id="a1", person_id="ana", starts_at=away_at, ends_at=away_at + timedelta(days=2))
    city.write(away, topic=ROSTERS)
    assert "<li>Sun 17 Jan, 19:00 to 21:00<br>alpha-1</li>" in await shown(city, phone, "/me")
    city.write(ShiftDropped(shift_id="s1", team_id="alpha-1"), topic=ROSTERS)
    assert "Fri 15 Jan" not in await shown(city, phone, "/me")


async def test_ring_my_phone_calls_the_roll_for_this_person_alone(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    for _ in range(2):
        answer = await phone.post("/me/ring", data={"page_at": 7})
        assert "Every way to you has just been used." in answer.text
    rolls = [command for command in city.commands() if isinstance(command, CallRoll)]
    assert [(roll.person_ids, roll.every_method, roll.issued_by) for roll in rolls] == [(("ana",), True, "ana")] * 2
    assert len({roll.command_id for roll in rolls}) == 1, "two taps on one page ring once"


async def test_where_nobody_was_rung_it_is_not_said_that_somebody_was(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    city.idle = "Nobody else is left to ask. No way to ask: ana."
    answer = await phone.post("/me/ring", data={"page_at": 7})
    assert "has just been used" not in answer.text
    assert "Nothing was rung" in answer.text


async def test_another_site_cannot_tap(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    before = len(city.commands())
    for site in ("cross-site", "same-site", "none"):
        for path in ("ring", "leave"):
            answer = await phone.post(f"/me/{path}", data={"page_at": 1}, headers={"sec-fetch-site": site})
            assert answer.status_code == 403
    assert len(city.commands()) == before


async def test_another_site_cannot_make_a_phone_somebody_elses(city: City, phone: httpx.AsyncClient) -> None:
    path = enrolment(city, "eve")
    form = {"credential": credential_in(await shown(city, phone, path))}
    for site in ("cross-site", "same-site", "none"):
        assert (await phone.post(path, data=form, headers={"sec-fetch-site": site})).status_code == 403
    assert COOKIE not in phone.cookies
    assert city.commands() == []
    assert (await phone.post(path, data=form, headers={"sec-fetch-site": "same-origin"})).url.path == "/me"


async def test_whoever_holds_a_phone_gives_it_up(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    answer = await phone.post("/me/leave", data={"page_at": 1})
    assert "It opens no page of yours any more" in answer.text
    assert isinstance(city.commands()[-1], RevokeDevice)
    assert COOKIE not in phone.cookies
    await shown(city, phone, "/me", 401)


# --- a planned shift ------------------------------------------------------------------------------------------------


def duty_noted(city: City) -> DutyNoted:
    ends_at = city.clock.now() + timedelta(hours=8)
    return DutyNoted(
        planned_shift_id="night", team_id="alpha-1", duty="on-shift", members=("ana", "ben"), ends_at=ends_at
    )


@pytest.mark.scenario("duty")
async def test_a_planned_shift_starts_with_one_tap(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    assert "has begun" not in await shown(city, phone, "/me")
    city.write(duty_noted(city))
    assert "Your shift with alpha-1 has begun" in await shown(city, phone, "/me")
    before = len(city.commands())
    await phone.post("/me/begin-duty", data={"planned_shift_id": "night", "page_at": 1})
    (command,) = city.commands()[before:]
    assert isinstance(command, BeginDuty)
    assert (command.team_id, command.planned_shift_id, command.issued_by) == ("alpha-1", "night", "ana")
    assert not command.vouched
    city.write(DutyOver(planned_shift_id="night", team_id="alpha-1"))
    assert "has begun" not in await shown(city, phone, "/me")
    answer = await phone.post("/me/begin-duty", data={"planned_shift_id": "night", "page_at": 2})
    assert answer.status_code == 409
    assert len(city.commands()) == before + 1


@pytest.mark.scenario("duty")
async def test_on_a_tablet_one_of_the_plan_says_who_they_are(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    city.write(duty_noted(city))
    assert "Start the shift as planned" in await shown(city, phone, "/me")
    strange = {"planned_shift_id": "night", "page_at": 1, "person_id": "zoe"}
    assert (await phone.post("/me/begin-duty", data=strange)).status_code == 409
    before = len(city.commands())
    await phone.post("/me/begin-duty", data={**strange, "person_id": "ben"})
    (command,) = city.commands()[before:]
    assert isinstance(command, BeginDuty)
    assert command.issued_by == "ben"


# --- a team's tablet ------------------------------------------------------------------------------------------------


async def test_a_tablet_asks_who_is_there_and_signs_on_with_two_taps(city: City, phone: httpx.AsyncClient) -> None:
    for name in ("ana", "ben"):
        city.write(PersonDefined(person=Person(person_id=name, name=name, disciplines=("emt",))))
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    page = await shown(city, phone, "/me")
    assert "Who are you?" in page
    answer = await phone.post("/me/sign-on", data={"members": ["ben", "ana"], "hours": "8", "page_at": "1"})
    command = city.commands()[-1]
    assert isinstance(command, SignOn)
    assert (command.team_id, command.members, command.issued_by) == ("alpha-1", ("ben", "ana"), "ben")
    assert not command.vouched, "each other member says so themselves"
    hours = (command.shift_ends_at - city.clock.now()) / timedelta(hours=1)
    assert hours == pytest.approx(8, abs=0.02)
    page = " ".join(answer.text.split())
    assert f'href="/s/{token_of(SECRET, "shift", "shift-of-alpha-1", "ben")}">ben</a>' in page
    assert "ana: say that you are here" in page


async def test_a_tablet_is_no_persons_and_a_phone_no_teams(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    before = len(city.commands())
    for path in ("ring", "leave"):
        assert (await phone.post(f"/me/{path}", data={"page_at": 1})).status_code == 403
    async with a_browser(city) as other:
        await enrol(city, other)
        answer = await other.post("/me/sign-on", data={"members": "ana", "hours": "8", "page_at": "1"})
        assert answer.status_code == 403
    assert len(city.commands()) == before + 1


async def test_a_tablet_shows_what_its_team_is_asked(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone, person_id=None, team_id="alpha-1")
    city.sign_on()
    city.offer(team_id="alpha-2")
    assert "seconds left" not in await shown(city, phone, "/me"), "another team's"
    city.offer("offer-2")
    page = await shown(city, phone, "/me")
    assert "seconds left to answer" in page
    assert page.count('href="/s/') == 2


async def test_the_card_with_our_numbers_is_on_the_page_where_there_are_any(city: City) -> None:
    with_numbers = replace(city.door, card_numbers={AGENCY: ("+16085550100",)})
    transport = httpx.ASGITransport(create_app(with_numbers))
    async with httpx.AsyncClient(transport=transport, base_url="https://pocket", follow_redirects=True) as browser:
        await enrol(city, browser)
        city.write(ContactSet(person_id="ana", method_id="cell", kind="sms", shown="…23"))
        assert 'href="/me/careroute.vcf"' in await shown(city, browser, "/me")
        assert "TEL;TYPE=WORK,VOICE:+16085550100" in (await browser.get("/me/careroute.vcf")).text
    async with a_browser(city) as without:
        await enrol(city, without)
        assert "careroute.vcf" not in await shown(city, without, "/me")
        assert (await without.get("/me/careroute.vcf")).status_code == 404


# --- policies, and what an installed page is made of ----------------------------------------------------------------


async def test_a_script_runs_on_the_own_page_alone(city: City, phone: httpx.AsyncClient) -> None:
    await enrol(city, phone)
    shift, offer = city.sign_on(), city.offer()
    await settle(city)
    policy = (await phone.get("/me")).headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    for directive in ("script-src", "worker-src", "manifest-src", "connect-src"):
        assert parts[directive] == "'self'"
    for path in (shift, offer, f"{shift}/sign-off", enrolment(city), OFFLINE_PATH):
        page = await phone.get(path)
        assert "script-src" not in page.headers["content-security-policy"], path
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text
    async with a_browser(city) as tablet:
        await enrol(city, tablet, person_id=None, team_id="alpha-1")
        assert "script-src" not in (await tablet.get("/me")).headers["content-security-policy"]


async def test_what_is_installed_is_there_and_is_nobodys(phone: httpx.AsyncClient) -> None:
    for icon in MANIFEST["icons"]:
        answer = await phone.get(icon["src"])  # type: ignore[index]
        assert answer.headers["content-type"].startswith(icon["type"])  # type: ignore[index]
        assert len(answer.content) < 8_000
    for path in ("/me/manifest.webmanifest", "/me/me.js", "/worker.js", OFFLINE_PATH):
        answer = await phone.get(path)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
    offline = (await phone.get(OFFLINE_PATH)).text
    assert "What you tapped may not have arrived" in offline
    assert "nothing is sent later" in offline


async def test_over_plain_http_a_cookie_has_another_name() -> None:
    """On one machine, to try it: browsers keep no secure cookie of plain HTTP."""
    city = City(OwnPage(secure=False))
    async with city.living(), a_browser(city, "http") as browser:
        await enrol(city, browser)
        assert "careroute-device" in browser.cookies
        assert "Not on shift" in await shown(city, browser, "/me")
