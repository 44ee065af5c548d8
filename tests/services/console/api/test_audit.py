"""Who came in, saw names, was given a link, issued a command or took figures out stands in the audit log."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from deploy.local.kafka.node import CHECKOUT
from services.console.api import call_desk, routes_figures
from shared import events
from shared.call_keys import new_call_key
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable
from shared.engine.memory import MemoryBroker
from shared.events import AuditEntry
from shared.sealing import Sealer
from shared.topics import AUDIT_LOG, CALL_KEYS, COMMANDS
from tests.audited import entries_in, entries_of
from tests.services.console.driver import AGENCY, SEALING_KEY, City


async def entries(city: City, kind: type[AuditEntry]) -> list[Any]:
    """The entries of a kind, once they are written."""
    written = await entries_of(city.log, city.app.state.register.log)
    return [entry for entry in written if isinstance(entry, kind)]


async def test_a_token_that_is_used_for_the_first_time_is_a_sign_in(city: City) -> None:
    """Not each time; and one that nobody has is a refusal, counted where it repeats."""
    for _ in range(3):
        await city.get("dispatcher", "/v1/teams")
        await city.get("nobody-s", "/v1/teams")
    (came_in,) = await entries(city, events.SignedIn)
    assert (came_in.by, came_in.roles, came_in.identified) == ("the-dispatcher", ("dispatcher",), "token")
    assert (came_in.door, came_in.request) == ("console", "GET /v1/teams")
    (refused,) = await entries(city, events.SignInRefused)
    assert refused.by == ""


async def test_whoever_was_not_let_in_is_shown_to_those_who_may_read_the_log(city: City) -> None:
    """They are of no agency, and nobody was told of them."""
    await city.get("nobody-s", "/v1/teams")
    async with city.browser() as browser:
        await browser.post("/enter", data={"token": "wrong"})
    await entries(city, AuditEntry)
    for reader in ("supervisor", "approver", "bob"):
        told = (await city.get(reader, "/v1/audit-log", strangers="true")).json()["lines"]
        assert [(line["sentence"], line["request"]) for line in told] == [
            ("Somebody was not let in: nobody is known by what they had.", request)
            for request in ("POST /enter", "GET /v1/teams")
        ]
        assert "was not let in" not in (await city.get(reader, "/v1/audit-log")).text
    assert (await city.get("dispatcher", "/v1/audit-log", strangers="true")).status_code == 403
    async with city.signed_in("supervisor") as browser:
        shown = (await browser.get("/audit-log?strangers=1")).text
    assert shown.count("Somebody was not let in") == 2
    assert 'value="1" checked' in shown


async def test_signing_in_and_out_at_a_browser(city: City) -> None:
    """By a token; a wrong one is a refusal."""
    async with city.signed_in("supervisor") as browser:
        await browser.post("/leave")
        await browser.post("/enter", data={"token": "wrong"})
    (came_in,) = await entries(city, events.SignedIn)
    assert (came_in.by, came_in.identified, came_in.request) == ("the-supervisor", "token", "POST /enter")
    (left,) = await entries(city, events.SignedOut)
    assert (left.by, left.identified) == ("the-supervisor", "browser")
    assert len(await entries(city, events.SignInRefused)) == 1


@pytest.mark.parametrize("path", ["/people", "/teams", "/rota", "/roll-call"])
async def test_a_page_with_names_says_who_opened_it(city: City, path: str) -> None:
    """To whoever may read names: a viewer is shown ids, and has seen none."""
    for token in ("dispatcher", "viewer"):
        async with city.signed_in(token) as browser:
            await browser.get(path)
    (seen,) = await entries(city, events.PersonalDataSeen)
    assert (seen.by, seen.what, seen.request, seen.identified) == ("the-dispatcher", "names", f"GET {path}", "browser")


async def test_whoever_follows_names_without_a_page_has_seen_them_too(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a browser and page: one that stays open asks again and again."""
    noted: list[AuditEntry] = []
    monkeypatch.setattr(city.app.state.register.log, "record", lambda _agency, entry: noted.append(entry))
    for token in ("dispatcher", "viewer", "dispatcher"):
        async with city.signed_in(token) as browser:
            for _ in range(3):
                assert (await browser.get("/news?page=/teams&page=/")).status_code == 200
    seen = [(entry.by, entry.request) for entry in noted if isinstance(entry, events.PersonalDataSeen)]
    assert seen == [("the-dispatcher", "GET /news")] * 2


def test_every_page_that_asks_for_a_name_says_so() -> None:
    """By its module: where `name_of` stands, the page has `names_people`."""
    folder = CHECKOUT / "services/console/pages"
    asking = {file.stem for file in folder.glob("*.py") if ".name_of(" in file.read_text("utf-8")}
    saying = {file.stem for file in folder.glob("*.py") if "names_people=True" in file.read_text("utf-8")}
    assert asking - saying == {"page", "rota_line"}, "what gives names, and the part of a page that two have"


async def test_names_over_the_api_and_links_that_are_handed_out(city: City) -> None:
    """Whose link it is stands there, and never the link."""
    person = {"person_id": "ann", "name": "Ann Example", "disciplines": ["emt"]}
    await city.post("supervisor", "/v1/people", {"person": person})
    await city.post("ann", "/v1/teams/cares-1/sign-on", {"members": ["ann"], "hours": 8})
    await city.settle()
    await city.get("dispatcher", "/v1/people")
    await city.get("ann", "/v1/people/me/link")
    await city.get("dispatcher", "/v1/rota/calendars/ann")
    await city.post("ann", "/v1/devices/enrolment-link", {})
    (names,) = await entries(city, events.PersonalDataSeen)
    assert (names.by, names.what) == ("the-dispatcher", "names")
    links = [(link.by, link.what, link.person_id) for link in await entries(city, events.LinkHandedOut)]
    assert set(links) == {
        ("ann", "device", "ann"),
        ("ann", "shift", "ann"),
        ("the-dispatcher", "calendar", "ann"),
    }
    written = b"".join(
        stored.value for (topic, _), held in city.log.places.items() if topic == AUDIT_LOG.name for stored in held
    )
    assert b"Example" not in written
    assert b"http" not in written


async def test_who_saw_the_names_of_all_staff_saw_that_of_whoever_is_asked_about(city: City) -> None:
    """Of nobody it was told who had seen their name: each sight is one of everybody's."""
    person = {"person_id": "ann", "name": "Ann Example", "disciplines": ["emt"]}
    await city.post("supervisor", "/v1/people", {"person": person})
    await city.get("dispatcher", "/v1/people")
    await city.get("ann", "/v1/rota/calendars")
    await entries(city, AuditEntry)
    told = (await city.get("supervisor", "/v1/audit-log", person_id="ann")).json()["lines"]
    assert [line["sentence"] for line in told] == [
        "ann was shown ann's link of their calendar.",
        "the-dispatcher saw the names of all staff.",
        "the-supervisor issued: define person (ann); done.",
    ]
    told = (await city.get("supervisor", "/v1/audit-log", call_id=f"{AGENCY}/dane-county/1")).json()["lines"]
    assert told == []


async def test_whoever_is_asked_about_is_found_in_whatever_field_of_a_command(city: City) -> None:
    """Who was signed on, planned for or shut out was told of none of it: only one field was looked at."""
    emt = {"name": "A. Example", "disciplines": ["emt"]}
    await city.post("supervisor", "/v1/people", {"person": {"person_id": "ann", **emt}})
    await city.post("supervisor", "/v1/people", {"person": {"person_id": "bob", **emt}})
    await city.post("supervisor", "/v1/teams/cares-1/sign-on", {"members": ["ann", "bob"], "hours": 8})
    await city.post("supervisor", "/v1/people/ann/revoke-token", {"reason": "lost"})
    await city.settle()
    issued = await entries(city, events.CommandIssued)
    assert [(each.command_type, each.person_id, each.people) for each in issued] == [
        ("define-person", "", ("ann",)),
        ("define-person", "", ("bob",)),
        ("sign-on", "", ("ann", "bob")),
        ("revoke-token", "", ("ann",)),
    ]
    told = (await city.get("supervisor", "/v1/audit-log", person_id="bob")).json()["lines"]
    assert [line["sentence"] for line in told] == [
        "the-supervisor issued: sign on (ann, bob); done.",
        "the-supervisor issued: define person (bob); done.",
    ]


async def test_a_command_stands_there_with_its_place_and_digest(city: City) -> None:
    """What stands at that place in `commands` has it; and what came of the command."""
    pause = {"reason": "something is wrong"}
    assert (await city.post("dispatcher", "/v1/switchboard/pause", {"district": "all", **pause})).status_code == 200
    (issued,) = await entries(city, events.CommandIssued)
    assert (issued.by, issued.command_type, issued.district, issued.answer) == (
        "the-dispatcher", "pause-district", "all", "done",
    )  # fmt: skip
    topic, partition, offset = issued.position.split("/")
    assert topic == COMMANDS.name
    stored = city.log.places[topic, int(partition)][int(offset)]
    assert issued.digest == hashlib.sha256(stored.value).hexdigest()


async def test_a_command_that_the_log_did_not_take_stands_there_too(city: City) -> None:
    """And nobody waits for the audit log with it."""
    city.network.away = True
    body = {"district": "all", "reason": "something is wrong"}
    assert (await city.post("dispatcher", "/v1/switchboard/pause", body)).status_code == 503
    city.network.away = False
    (issued,) = await entries(city, events.CommandIssued)
    assert (issued.answer, issued.position) == ("not-sent", "")


async def test_what_is_erased_stands_there_once_its_keys_are_gone_and_no_sooner(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Kafka takes no erasure nobody is told of one; asked for again it is done, and it says why."""
    call_id, why = f"{AGENCY}/dane-county/1", {"reason": "the caller asked for it"}
    key = new_call_key(Sealer(SEALING_KEY), SystemClock(), call_id)
    city.log.append(CALL_KEYS.name, MemoryBroker(city.log).partition_of(AGENCY), [key.record])

    async def away(*_: object) -> None:
        raise BrokerUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(call_desk, "erase_keys", away)
        assert (await city.post("supervisor", f"/v1/calls/{call_id}/erase", why)).status_code == 503
        assert await entries(city, events.PersonalDataErased) == []
    assert (await city.post("supervisor", f"/v1/calls/{call_id}/erase", why)).status_code == 200
    (erased,) = await entries(city, events.PersonalDataErased)
    assert (erased.by, erased.call_id, erased.reason) == ("the-supervisor", call_id, why["reason"])


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "0001-01-01T00:00:00Z"},
        {"from": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00"},
        {"until": "0001-01-01T00:00:00Z"},
        {"from": "1969-12-31T23:59:59Z"},
    ],
)
async def test_the_log_may_be_asked_for_from_one_end_of_the_calendar_to_the_other(
    city: City, asked: dict[str, str]
) -> None:
    """Nothing of it is older than its year, and nobody reads what came before."""
    answer = await city.get("supervisor", "/v1/audit-log", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["since"] > "2001"


@pytest.mark.parametrize("path", ["/v1/figures.csv", "/v1/calls.csv"])
async def test_what_leaves_in_bulk_leaves_once_it_is_written_down(
    city: City, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without reporting nothing comes; that it was asked for stands there first. Where that fails nothing is asked."""
    monkeypatch.setattr("shared.doors.audit.RECORD_SECONDS", 0.1)
    city.network.away = True
    refused = await city.get("supervisor", path)
    assert (refused.status_code, refused.json()["detail"]) == (503, routes_figures.NOT_NOTED)
    city.network.away = False
    monkeypatch.setattr("shared.doors.audit.RECORD_SECONDS", 3)
    asked = await city.get("supervisor", path, **{"from": "2026-01-01"})
    assert asked.json()["detail"] != routes_figures.NOT_NOTED
    exports = [entry for entry in entries_in(city.log) if isinstance(entry, events.DataExported)]
    assert [(entry.by, entry.since) for entry in exports] == [("the-supervisor", ""), ("the-supervisor", "2026-01-01")]
