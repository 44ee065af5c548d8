"""Addresses of staff at the door: sealed, told to nobody again, erased; and what stands in the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.api.contact_desk import SETTLED, ContactDesk, Placed
from shared import events
from shared.contacts import ContactErased, ContactKey, Contacts, append_contact, push_key, seal_address
from shared.doors.command import appended
from shared.engine.broker import Record
from shared.events import Command
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS, CONTACTS, NOTIFICATIONS
from tests.rig.clocks import LaterClock
from tests.services.console.driver import AGENCY, SEALING_KEY, City, running_city

NUMBER, OTHER_NUMBER = "+16085550123", "+16085550177"
PHONE = "/v1/people/the-staff/contacts/phone"
TEXT = {"kind": "sms", "address": "(608) 555-0123"}
NAME = "Sal Quennell"
SEALER = Sealer(SEALING_KEY)
PUSHED_TO = '{"endpoint": "https://push.example/abc", "keys": {"auth": "a", "p256dh": "b"}}'
pytestmark = pytest.mark.scenario("contacts")


async def staffed(city: City, *people: str) -> None:
    for person_id in people:
        person = events.Person(person_id=person_id, disciplines=("emt",))
        city.services.write(AGENCY, events.PersonDefined(person=person), journal=ASSIGNMENTS.name)
    await city.settle()


@pytest.fixture(autouse=True)
async def crew(city: City) -> None:
    await staffed(city, "the-staff", "ann")


async def opened(city: City, method_id: str = "phone", kind: Any = "sms", person_id: str = "the-staff") -> str | None:
    """What can be opened of an address in the topic as it stands."""
    contacts = Contacts(city.app.state.contact_desk.broker, Sealer(SEALING_KEY))
    await contacts.start()
    try:
        await contacts.catch_up(AGENCY, 2)
        return await contacts.address(ContactKey(AGENCY, person_id, method_id), kind, position=-1, seconds=2)
    except ContactErased:
        return None
    finally:
        await contacts.stop()


def only(city: City) -> Command:
    (command,) = city.commands()
    return command


def everywhere(city: City) -> str:
    """Everything that any topic holds."""
    return "\n".join(
        f"{stored.key} {stored.value!r} {stored.headers}" for held in city.log.places.values() for stored in held
    )


async def ways(city: City, token: str = "staff") -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = (await city.get(token, "/v1/people/the-staff/contacts")).json()
    return seen


async def test_staff_set_their_own_number_and_nobody_is_told_it_again(city: City) -> None:
    answer = await city.post("staff", PHONE, {**TEXT, "after_seconds": 8})
    assert (answer.status_code, answer.json()["sentence"]) == (200, "They are reached so.")
    command = only(city)
    assert isinstance(command, events.SetContact)
    assert (command.kind, command.shown, command.after_seconds, command.position) == ("sms", "…23", 8, 0)
    assert command.fingerprint == Sealer(SEALING_KEY).pseudonym(NUMBER)
    (way,) = await ways(city)
    assert (way["method_id"], way["kind"], way["shown"], way["set_by"]) == ("phone", "sms", "…23", "the-staff")
    assert await opened(city) == NUMBER
    for shape in (NUMBER, NUMBER[2:], TEXT["address"], "5550123", "555-0123"):
        assert shape not in everywhere(city)
        assert shape not in answer.text


@pytest.mark.parametrize("token", ["dispatcher", "viewer", "approver", "ann", "cad"])
async def test_nobody_else_but_a_supervisor_sets_it(city: City, token: str) -> None:
    before = everywhere(city)
    assert (await city.post(token, PHONE, TEXT)).status_code == 403
    assert everywhere(city) == before
    assert (await city.post("supervisor", PHONE, TEXT)).status_code == 200


async def test_staff_see_their_own_ways_and_who_reads_people_sees_all(city: City) -> None:
    await city.post("staff", PHONE, TEXT)
    seen = {token: (await city.get(token, "/v1/people/the-staff/contacts")).status_code for token in
            ("staff", "ann", "dispatcher", "supervisor", "viewer", "approver")}  # fmt: skip
    assert seen == {"staff": 200, "ann": 403, "dispatcher": 200, "supervisor": 200, "viewer": 403, "approver": 403}


@pytest.mark.parametrize(
    ("kind", "address", "right"),
    [
        ("sms", "911", "must be a telephone number such as +16085550123, or one of US as it is dialled there"),
        ("voice", "", "must be a telephone number"),
        ("email", "sal", "must be a mail address such as sal@city.example"),
        ("webhook", "ftp://x", "must begin with https://"),
        ("webhook", "https://10.0.0.1/", "must not lead to a private, local or reserved address"),
        ("webhook", "https://a..b/x", "must name a host, such as https://pager.example/hook"),
        ("push", "{}", "must be the subscription that a browser makes"),
        ("pocket", NUMBER, "must be left out: the pocket page needs no address"),
    ],
)
async def test_b7_f14_what_nothing_can_be_sent_to_is_refused_with_what_would_be_right(
    city: City, kind: str, address: str, right: str
) -> None:
    before = everywhere(city)
    answer = await city.post("staff", PHONE, {"kind": kind, "address": address})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["path"], fault["right"][: len(right)]) == ("address", right)
    assert len(address) < len("ftp://x") or address not in answer.text
    assert everywhere(city) == before


async def test_a_number_of_doubt_is_taken_with_a_question(city: City) -> None:
    answer = await city.post("staff", PHONE, {"kind": "sms", "address": "+493012345678"})
    assert answer.json()["sentence"] == "They are reached so. That looks like a landline, to which no text goes."


async def test_the_pocket_page_needs_no_address_and_leaves_none(city: City) -> None:
    assert (await city.post("staff", PHONE, {"kind": "pocket"})).status_code == 200
    command = only(city)
    assert isinstance(command, events.SetContact)
    assert (command.position, command.fingerprint, city.log.places[CONTACTS.name, 0]) == (-1, "", [])


async def test_what_a_service_refuses_leaves_nothing_behind(city: City) -> None:
    city.services.full = True
    assert (await city.post("staff", PHONE, TEXT)).status_code == 409
    assert await opened(city) is None


async def test_what_a_service_refuses_leaves_the_former_number_in_force(city: City) -> None:
    assert (await city.post("staff", PHONE, TEXT)).status_code == 200
    await city.settle()
    city.services.full = True
    assert (await city.post("staff", PHONE, {"kind": "sms", "address": OTHER_NUMBER})).status_code == 409
    assert await opened(city) == NUMBER


async def place(city: City, number: str) -> Placed:
    desk: ContactDesk = city.app.state.contact_desk
    contact, _ = desk.seal_address(ContactKey(AGENCY, "the-staff", "phone"), "sms", number)
    return await desk.place(contact)


@pytest.mark.parametrize("meanwhile", ["", "+16085550199"])
async def test_what_has_come_meanwhile_stands_though_a_refused_number_is_put_back(city: City, meanwhile: str) -> None:
    """Another door has erased the person, or set another number."""
    desk = city.app.state.contact_desk
    await place(city, NUMBER)
    await desk.contacts.catch_up(AGENCY, 2)
    placed = await place(city, OTHER_NUMBER)
    if meanwhile:
        await place(city, meanwhile)
    else:
        await desk.erase_person(AGENCY, "the-staff", with_name=True)
    await desk.put_back(placed)
    assert (await opened(city) or "") == meanwhile


async def test_what_was_erased_before_a_refused_number_came_is_not_put_back(city: City) -> None:
    """Another console erases the person, and this one has not read that yet when it takes a number."""
    desk = city.app.state.contact_desk
    await place(city, NUMBER)
    await desk.contacts.catch_up(AGENCY, 2)
    erased = [Record(str(ContactKey(AGENCY, "the-staff", "phone")), b"")]
    city.log.append(CONTACTS.name, desk.broker.partition_of(AGENCY), erased)
    placed = await place(city, OTHER_NUMBER)
    await desk.put_back(placed)
    assert await opened(city) is None


@pytest.mark.parametrize("since", [OTHER_NUMBER, None])
async def test_a_retry_that_comes_late_brings_no_former_number_back(city: City, since: str | None) -> None:
    """A number is set, then another, or none; and then the first request comes once more."""
    first = await city.post("staff", PHONE, TEXT, key="k")
    path, body = (PHONE, {"kind": "sms", "address": since}) if since else (f"{PHONE}/remove", None)
    assert (await city.post("staff", path, body)).status_code == 200
    await city.settle()
    again = await city.post("staff", PHONE, TEXT, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await opened(city) == since


async def test_a_retry_under_the_same_key_is_one_command_though_it_is_sealed_anew(city: City) -> None:
    first = await city.post("staff", PHONE, TEXT, key="k")
    again = await city.post("staff", PHONE, {**TEXT, "address": NUMBER}, key="k")
    assert first.json()["command_id"] == again.json()["command_id"]
    other = await city.post("staff", PHONE, {**TEXT, "address": OTHER_NUMBER}, key="k")
    assert other.json()["command_id"] != first.json()["command_id"]
    assert await opened(city) == OTHER_NUMBER


async def test_while_the_log_is_away_nothing_is_said_to_be_done(city: City) -> None:
    city.network.away = True
    answer = await city.post("staff", PHONE, TEXT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert NUMBER not in answer.text
    assert (await city.post("supervisor", "/v1/people/ann/erase", {"reason": "warnings"})).status_code == 503
    city.network.away = False
    assert city.commands() == []


async def test_an_address_that_is_removed_cannot_be_opened_any_more(city: City) -> None:
    await city.post("staff", PHONE, TEXT)
    assert (await city.post("staff", f"{PHONE}/remove")).status_code == 200
    assert (await opened(city), await ways(city)) == (None, [])
    city.log.compact(CONTACTS.name)
    assert "ciphertext" not in everywhere(city)


@pytest.mark.parametrize("path", [PHONE.replace("phone", "name"), f"{PHONE.replace('phone', 'name')}/remove"])
async def test_a_name_is_no_way(city: City, path: str) -> None:
    answer = await city.post("staff", path, TEXT if path.endswith("name") else {})
    assert answer.status_code == 422
    assert "the person's name is sealed" in answer.json()["detail"]


@pytest.mark.parametrize("word", ["6085550199", "1-608-555-0199", "cell.608.5550199", "sal@city.example"])
async def test_an_address_is_no_word_for_itself(city: City, word: str) -> None:
    """The word stands in journals, which forget nothing: whoever was erased had a number there all the same."""
    await city.post("supervisor", "/v1/people", {"person": {"person_id": "the-staff", "disciplines": ["emt"]}})
    await city.settle()
    contact = {"kind": "sms", "address": "+16085550199"}
    refused = await city.post("staff", f"/v1/people/the-staff/contacts/{word}", contact)
    assert (refused.status_code, "a word for the way, such as mobile" in refused.text) == (422, True), refused.text
    assert word not in str(list(city.log.places.values()))
    assert (await city.post("staff", "/v1/people/the-staff/contacts/pager-2024-1", contact)).status_code == 200
    removed = await city.post("staff", f"/v1/people/the-staff/contacts/{word}/remove", {})
    assert removed.status_code == 200, "one that stands so already can be taken away"


async def test_somebody_unknown_is_reached_by_nothing(city: City) -> None:
    before = everywhere(city)
    answer = await city.post("supervisor", "/v1/people/nobody/contacts/phone", TEXT)
    assert (answer.status_code, answer.json()["reason"]) == (409, "unknown-person")
    assert everywhere(city) == before


# --- names


def named(person_id: str = "sal", name: str = NAME) -> dict[str, Any]:
    return {"person": {"person_id": person_id, "name": name, "disciplines": ["emt"]}}


@pytest.mark.parametrize("before", ["", "Sal Quennel"])
async def test_a_name_that_comes_with_a_refused_command_is_not_kept(city: City, before: str) -> None:
    if before:
        assert (await city.post("supervisor", "/v1/people", named(name=before))).status_code == 200
        await city.settle()
    city.services.late = True
    assert (await city.post("supervisor", "/v1/people", named())).status_code == 409
    assert (await opened(city, "name", "name", "sal") or "") == before


async def test_the_name_of_somebody_who_never_came_on_the_books_is_erased(city: City) -> None:
    """The command came to nothing, and no console lived to hear it."""
    desk: ContactDesk = city.app.state.contact_desk
    await staffed(city, "tim")
    for person_id in ("sal", "tim"):
        await desk.put_name(AGENCY, person_id, NAME)
    await desk.contacts.catch_up(AGENCY, 2)
    await replace(desk, clock=LaterClock(SETTLED)).finish()
    assert [await opened(city, "name", "name", person_id) for person_id in ("sal", "tim")] == [None, NAME]


async def test_a_name_is_sealed_and_shown_to_those_who_may_read_people(city: City) -> None:
    assert (await city.post("supervisor", "/v1/people", named())).status_code == 200
    assert NAME not in everywhere(city)
    assert "Quennell" not in everywhere(city)
    command = only(city)
    assert isinstance(command, events.DefinePerson)
    assert command.person.name == ""
    await city.settle()
    people = (await city.get("dispatcher", "/v1/people")).json()
    assert {seen["person"]["person_id"]: seen["person"]["name"] for seen in people} == {
        "ann": "", "sal": NAME, "the-staff": ""
    }  # fmt: skip


async def test_the_teams_page_names_people_to_those_who_may_read_them(city: City) -> None:
    await city.post("supervisor", "/v1/people", named())
    city.services.write(
        AGENCY,
        events.TeamDefined(team=events.Team(team_id="t", model="peer-led")),
        events.TeamSignedOn(team_id="t", shift_id="s", members=("sal",), shift_ends_at=city.log.clock.now()),
        journal=ASSIGNMENTS.name,
    )
    await city.settle()
    for token, shown in (("dispatcher", NAME), ("viewer", "sal")):
        async with city.signed_in(token) as browser:
            page = (await browser.get("/teams")).text
        assert (shown in page, NAME in page) == (True, token == "dispatcher")


@pytest.mark.parametrize(("person_id", "warnings"), [("sal.quennell", 1), ("sal@city.example", 1), ("medic-7", 0)])
async def test_an_id_that_looks_like_a_name_is_taken_with_a_word_of_warning(
    city: City, person_id: str, warnings: int
) -> None:
    answer = await city.post("supervisor", "/v1/people", named(person_id))
    assert (answer.status_code, answer.json()["sentence"].count("not erased with a person")) == (200, warnings)


async def test_an_old_record_has_its_name_still(city: City) -> None:
    person = events.Person(person_id="old", name="Olga Old", disciplines=("emt",))
    city.services.write(AGENCY, events.PersonDefined(person=person), journal=ASSIGNMENTS.name)
    await city.settle()
    people = (await city.get("dispatcher", "/v1/people")).json()
    assert "Olga Old" in {seen["person"]["name"] for seen in people}


@pytest.mark.parametrize("kind", ["pocket", "webhook"])
async def test_ways_in_a_person_are_refused_with_where_they_go_now(city: City, kind: str) -> None:
    method = {"method_id": "pager", "kind": kind, "url": "https://pager.example/sal"}
    answer = await city.post("supervisor", "/v1/people", {"person": {**named()["person"], "contact_methods": [method]}})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["path"] == "person.contact_methods"
    assert "careroute person contact set" in fault["what"]
    assert city.commands() == []


# --- erased


async def test_who_is_erased_leaves_nothing_that_can_be_opened(city: City) -> None:
    await city.post("supervisor", "/v1/people", named("the-staff"))
    await city.post("staff", PHONE, TEXT)
    await city.post(
        "supervisor", "/v1/people/the-staff/contacts/mail", {"kind": "email", "address": "sal@city.example"}
    )
    answer = await city.post("supervisor", "/v1/people/the-staff/erase", {"reason": "they asked for it"})
    assert answer.status_code == 200
    assert [command.type for command in city.commands()[-2:]] == ["remove-person", "erase-person"]
    assert [await opened(city), await opened(city, "mail", "email"), await opened(city, "name", "name")] == [None] * 3
    city.log.compact(CONTACTS.name)
    assert "ciphertext" not in everywhere(city)
    assert (await city.post("supervisor", "/v1/people/the-staff/erase", {"reason": "again"})).status_code == 200


async def test_a_name_that_is_misspelt_is_doubted(city: City) -> None:
    answer = await city.get("supervisor", "/v1/people/nobody/contacts")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no nobody among the staff.")
    erased = await city.post("supervisor", "/v1/people/nobody/erase", {"reason": "they asked for it"})
    assert erased.json()["sentence"].startswith("Nobody is called nobody on the books: is the id right?")


async def test_who_is_on_shift_is_not_erased(city: City) -> None:
    await staffed(city, "working")
    await city.post("supervisor", "/v1/people/working/contacts/phone", TEXT)
    answer = await city.post("supervisor", "/v1/people/working/erase", {"reason": "they asked for it"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "on-shift")
    assert await opened(city, person_id="working") == NUMBER


async def test_nobody_is_erased_before_they_are_off_the_books(city: City) -> None:
    await city.post("staff", PHONE, TEXT)
    city.services.silent = True
    answer = await city.post("supervisor", "/v1/people/the-staff/erase", {"reason": "they asked for it"})
    assert (answer.status_code, answer.json()["sentence"]) == (
        202,
        "Nothing is erased before the-staff is off the books: send it again then.",
    )
    assert await opened(city) == NUMBER


async def test_a_removal_that_is_sent_again_late_takes_no_newer_address_away(city: City) -> None:
    """Else the way would stand, and lead nowhere."""
    await city.post("staff", PHONE, TEXT)
    first = await city.post("staff", f"{PHONE}/remove", key="k")
    await city.post("staff", PHONE, TEXT)
    await city.settle()
    again = await city.post("staff", f"{PHONE}/remove", key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await opened(city), len(await ways(city))) == (NUMBER, 1)


@pytest.mark.parametrize("what", ["remove", "erase"])
async def test_who_is_on_the_books_again_loses_nothing_by_a_removal_that_is_sent_again(city: City, what: str) -> None:
    path, why = f"/v1/people/the-staff/{what}", {"reason": "has left"}
    assert (await city.post("supervisor", path, why, key="k")).status_code == 200
    await city.post("supervisor", "/v1/people", named("the-staff"))
    await city.settle()
    await city.post("staff", PHONE, TEXT)
    again = await city.post("supervisor", path, why, key="k")
    assert (again.status_code, again.json()["reason"]) == (409, "on-books-again")
    assert (await opened(city), await opened(city, "name", "name")) == (NUMBER, NAME)
    assert (await city.post("supervisor", path, why)).status_code == 200
    assert await opened(city) is None


async def test_an_address_that_leads_to_nobody_is_erased_whoever_left_it(city: City) -> None:
    """A removal that was answered too late, a console that died over one, a number that came behind an erasure.

    And one whose way leads to the pocket page by now.

    Whoever is on the books keeps theirs, and the names stay.
    """
    desk: ContactDesk = city.app.state.contact_desk
    await staffed(city, "sal", "tim")
    for person_id in ("the-staff", "sal", "tim"):
        await city.post("supervisor", f"/v1/people/{person_id}/contacts/phone", TEXT)
        await city.post("supervisor", "/v1/people", named(person_id))
    for kind in (TEXT, {"kind": "pocket"}):
        await city.post("supervisor", "/v1/people/the-staff/contacts/page", kind)
    await city.post("supervisor", "/v1/people/tim/contacts/other", TEXT)
    city.services.silent = True
    assert (await city.post("supervisor", "/v1/people/sal/remove")).status_code == 202
    city.services.write(AGENCY, events.PersonRemoved(person_id="sal"), journal=ASSIGNMENTS.name)
    removed = events.ContactRemoved(person_id="tim", method_id="other")
    city.services.write(AGENCY, removed, journal=NOTIFICATIONS.name)
    push = seal_address(SEALER, push_key(AGENCY, "tim", "1" * 32), "push", PUSHED_TO)
    await appended(append_contact(desk.broker, desk.clock, "pocket", push))
    taken_over: dict[str, Any] = {"person_id": "tim", "method_id": push.key.method_id}
    for event in (
        events.ContactSet(**taken_over, kind="push", fingerprint=push.fingerprint, set_by="tim"),
        events.ContactRemoved(**taken_over, why="device-revoked"),
    ):
        city.services.write(AGENCY, event, journal=NOTIFICATIONS.name)
    await city.settle()
    await desk.contacts.catch_up(AGENCY, 2)
    await desk.finish()
    assert await opened(city, person_id="sal") == NUMBER, "somebody may be about to be reached so"
    await replace(desk, clock=LaterClock(SETTLED)).finish()
    left = [await opened(city, method_id, "sms", person_id) for person_id, method_id in
            (("the-staff", "phone"), ("tim", "phone"), ("the-staff", "page"), ("tim", "other"), ("sal", "phone"))]  # fmt: skip  # noqa: E501
    assert left == [NUMBER, NUMBER, None, None, None]
    assert await opened(city, "1" * 16, "push", "tim") is None, "the browser is another's by now"
    assert await opened(city, "name", "name", "sal") == NAME


async def test_an_erasure_says_why_and_a_removal_keeps_the_name_alone(city: City) -> None:
    assert (await city.post("supervisor", "/v1/people/the-staff/erase", {})).status_code == 422
    await city.post("supervisor", "/v1/people", named("the-staff"))
    await city.post("staff", PHONE, TEXT)
    assert (await city.post("supervisor", "/v1/people/the-staff/remove")).status_code == 200
    assert (await opened(city), await opened(city, "name", "name")) == (None, NAME)


@pytest.mark.parametrize("ended", ["with-the-links", "by-itself", "with-the-person"])
async def test_where_a_device_was_pushed_to_is_erased_however_it_ends(city: City, ended: str) -> None:
    desk, lost, other = city.app.state.contact_desk, "1" * 32, "2" * 32
    for device_id in (lost, other):
        device = events.DeviceEnrolled(device_id=device_id, credential_hash="sha256:0", person_id="the-staff")
        city.services.write(AGENCY, device, journal=ASSIGNMENTS.name)
        key = push_key(AGENCY, "the-staff", device_id)
        await appended(append_contact(desk.broker, desk.clock, "pocket", seal_address(SEALER, key, "push", PUSHED_TO)))
    await city.post("staff", PHONE, TEXT)
    await city.settle()
    path, body = {
        "with-the-links": ("people/the-staff/revoke-links", {"device_ids": [lost], "reason": "lost"}),
        "by-itself": (f"devices/{lost}/revoke", {"reason": "lost"}),
        "with-the-person": ("people/the-staff/remove", {}),
    }[ended]
    answer = await city.post("supervisor", f"/v1/{path}", body)
    assert answer.status_code == 200, answer.text
    everything = ended == "with-the-person"
    assert await opened(city, lost[:16], "push") is None
    assert await opened(city, other[:16], "push") == (None if everything else PUSHED_TO)
    assert await opened(city) == (None if everything else NUMBER)


async def test_links_that_are_revoked_with_what_is_no_device_of_theirs_erase_no_other_way(city: City) -> None:
    await city.post("staff", PHONE, TEXT)
    await city.post("staff", "/v1/people/the-staff/revoke-links", {"device_ids": ["phone"], "reason": "lost"})
    assert await opened(city) == NUMBER


# --- without a key


@pytest.fixture
async def keyless(tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "keyless"
    folder.mkdir()
    async with running_city(folder, with_key=False) as running:
        await staffed(running, "the-staff")
        yield running


def refused_for_its_key(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["reason"]) == (409, "no-sealing-key")


async def test_without_a_sealing_key_nothing_is_taken_names_are_not_shown_and_everything_is_erased(
    keyless: City,
) -> None:
    assert refused_for_its_key(await keyless.post("staff", PHONE, TEXT))
    assert refused_for_its_key(await keyless.post("supervisor", "/v1/people", named()))
    assert (await keyless.post("staff", PHONE, {"kind": "pocket"})).status_code == 200
    unnamed = {"person": {"person_id": "sal", "disciplines": ["emt"]}}
    assert (await keyless.post("supervisor", "/v1/people", unnamed)).status_code == 200
    async with keyless.signed_in("dispatcher") as browser:
        assert (await browser.get("/teams")).status_code == 200
    erase = "/v1/people/the-staff/erase"
    assert (await keyless.post("supervisor", erase, {"reason": "they asked for it"})).status_code == 200
