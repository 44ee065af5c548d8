from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from prometheus_client import REGISTRY

from services.console.api.access import RIGHTS
from services.console.api.http import MAX_BODY_BYTES
from services.console.view.unnamed import NO_PROGRAMME
from shared import events
from shared.call import Call
from shared.doors.command import APPEND_SECONDS
from shared.doors.guard import WRONG_TOKENS_AT_ONCE
from shared.links import shift_link
from shared.topics import ASSIGNMENTS, AUDIT_LOG, DECISIONS
from tests.services.console.driver import AGENCY, OTHER_AGENCY, POCKET, ROLES, SECRET, City
from tests.services.console.stories import ACCEPTED, CALL_ID, START, deadline, routed, triaged

README = Path(__file__).parents[4] / "services/console/README.md"
NOON = datetime(2021, 9, 1, 17, 0, tzinfo=UTC)
PEOPLE = {"dispatcher", "supervisor", "approver", "staff", "viewer"}
SHIFT = {"members": ["the-staff"], "hours": 8}
NUMBER = "+16085550123"
PERSON = {"person_id": "x", "name": "X", "disciplines": ["emt"]}
TIMES = {"starts_at": "2021-09-02T19:00:00-05:00", "ends_at": "2021-09-03T07:00:00-05:00"}
ON_TEAM = {"team_id": "cares-1", "duty": "on-call"}
ROW = {"key": "uid-1", **ON_TEAM, **TIMES, "people": ["ann"]}
ROTATION = {
    "rotation_id": "nights", **ON_TEAM, "zone": "America/Chicago", "starts": "19:00", "ends": "07:00",
    "crews": [["ann"]], "anchor": "2021-09-01",
}  # fmt: skip
ROLL = "1" * 32
ROUTES: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", "/v1/calls"): (PEOPLE | {"cad"}, None),
    ("GET", f"/v1/calls/{CALL_ID}"): (PEOPLE | {"cad"}, None),
    ("GET", f"/v1/calls/{CALL_ID}/trace"): (PEOPLE | {"cad"}, None),
    ("GET", "/v1/switchboard"): (PEOPLE, None),
    ("GET", "/v1/audit-log"): ({"supervisor", "approver"}, None),
    ("GET", "/v1/referrals"): (PEOPLE, None),
    ("GET", "/v1/programme"): (PEOPLE, None),
    ("GET", "/v1/teams"): (PEOPLE, None),
    ("GET", "/v1/people"): ({"dispatcher", "supervisor"}, None),
    ("GET", "/v1/people/me/link"): (PEOPLE, None),
    ("GET", "/v1/rota/calendars"): (PEOPLE, None),
    ("GET", "/v1/rota/calendars/the-staff"): ({"dispatcher", "supervisor"}, None),
    ("GET", "/v1/alerts"): (PEOPLE, None),
    ("GET", "/v1/commands/x"): (PEOPLE, None),
    ("GET", "/v1/figures"): ({"supervisor", "approver", "viewer"}, None),
    ("GET", "/v1/figures.csv"): ({"supervisor", "approver", "viewer"}, None),
    ("GET", "/v1/calls.csv"): ({"supervisor"}, None),
    ("GET", "/v1/publications"): ({"supervisor", "approver", "viewer"}, None),
    ("POST", "/v1/publications/2026-Q1"): ({"approver"}, None),
    ("POST", "/v1/switchboard/pause"): ({"dispatcher", "supervisor"}, {"district": "all"}),
    ("POST", "/v1/switchboard/resume"): ({"supervisor"}, {"district": "all"}),
    ("POST", "/v1/switchboard/phase"): ({"supervisor"}, {"district": "C", "response": "cares", "phase": "off"}),
    ("POST", "/v1/switchboard/review"): ({"supervisor", "approver"}, {"revision": 1, "reason": "a fire"}),
    ("POST", "/v1/switchboard/cap"): ({"supervisor"}, {"district": "C", "response": "cares", "at_most_open": 2}),
    ("POST", "/v1/referrals/r/close"): ({"dispatcher", "supervisor", "staff"}, {"result": "contacted"}),
    ("POST", "/v1/programme/propose"): ({"supervisor"}, {"document": "version = 1"}),
    ("POST", "/v1/programme/approve"): ({"approver"}, {"document_hash": "h"}),
    ("POST", "/v1/programme/reject"): (
        {"approver", "supervisor"},
        {"document_hash": "h", "reason": "another is meant"},
    ),
    ("POST", f"/v1/calls/{CALL_ID}/override"): ({"dispatcher", "supervisor"}, {"send": "default"}),
    ("POST", f"/v1/calls/{CALL_ID}/confirm"): ({"dispatcher", "supervisor"}, {}),
    ("POST", f"/v1/calls/{CALL_ID}/erase"): ({"supervisor"}, {"reason": "the caller asked for it"}),
    ("POST", f"/v1/calls/{CALL_ID}/late"): ({"staff", "supervisor"}, {"team_id": "cares-1", "person_id": "the-staff"}),
    ("POST", f"/v1/calls/{CALL_ID}/hold"): ({"dispatcher", "supervisor"}, {}),
    ("POST", f"/v1/calls/{CALL_ID}/incident"): ({"dispatcher", "supervisor"}, {"another": True}),
    ("POST", "/v1/teams"): ({"supervisor"}, {"team": {"team_id": "t", "model": "peer-led"}}),
    ("POST", "/v1/programme/rollback"): ({"supervisor"}, {"reason": "too many refusals"}),
    ("POST", "/v1/teams/cares-1/remove"): ({"supervisor"}, {}),
    ("POST", "/v1/teams/cares-1/sign-on"): ({"staff", "dispatcher", "supervisor"}, SHIFT),
    ("POST", "/v1/teams/cares-1/begin-duty"): ({"staff", "dispatcher", "supervisor"}, {"planned_shift_id": "night"}),
    ("POST", "/v1/teams/cares-1/confirm"): ({"staff", "dispatcher", "supervisor"}, {}),
    ("POST", "/v1/teams/cares-1/sign-off"): ({"staff", "supervisor"}, {}),
    ("POST", "/v1/teams/cares-1/status"): ({"staff", "supervisor"}, {"status": "available"}),
    ("POST", "/v1/teams/cares-1/correct"): ({"staff", "supervisor"}, {"status": "en-route"}),
    ("POST", "/v1/teams/cares-1/release"): ({"dispatcher", "supervisor"}, {}),
    ("POST", "/v1/teams/cares-1/withdraw"): ({"dispatcher", "supervisor"}, {"reason": "relieved"}),
    ("POST", "/v1/people"): ({"supervisor"}, {"person": PERSON}),
    ("POST", "/v1/people/check"): ({"supervisor"}, {"people": [{"person": PERSON}]}),
    ("POST", "/v1/people/x/remove"): ({"supervisor"}, {}),
    ("POST", "/v1/people/the-staff/revoke-links"): (
        {"staff", "dispatcher", "supervisor"},
        {"reason": "the phone is lost"},
    ),
    ("POST", "/v1/people/the-staff/revoke-calendar"): (
        {"staff", "dispatcher", "supervisor"},
        {"reason": "the phone is lost"},
    ),
    ("GET", "/v1/people/the-staff/contacts"): ({"staff", "dispatcher", "supervisor"}, None),
    ("POST", "/v1/people/the-staff/contacts/phone"): ({"staff", "supervisor"}, {"kind": "sms", "address": NUMBER}),
    ("POST", "/v1/people/the-staff/contacts/phone/remove"): ({"staff", "supervisor"}, {}),
    ("POST", "/v1/people/nobody/erase"): ({"supervisor"}, {"reason": "they asked for it"}),
    ("POST", "/v1/people/ann/revoke-token"): ({"supervisor"}, {"reason": "it was seen"}),
    ("POST", "/v1/cad/uw-police/revoke-key"): ({"supervisor"}, {"reason": "it was seen"}),
    ("GET", "/v1/devices"): (PEOPLE, None),
    ("POST", "/v1/devices/enrolment-link"): ({"staff", "supervisor"}, {"person_id": "the-staff"}),
    ("POST", "/v1/devices/of-the-staff/revoke"): ({"staff", "dispatcher", "supervisor"}, {"reason": "lost"}),
    ("POST", "/v1/offers/o/accept"): ({"staff", "supervisor"}, {"person_id": "the-staff"}),
    ("POST", "/v1/offers/o/decline"): ({"staff", "supervisor"}, {"person_id": "the-staff"}),
    ("POST", "/v1/cad/dane-county/ping"): ({"supervisor"}, {}),
    ("POST", "/v1/cad-messages/m/redeliver"): ({"supervisor"}, {}),
    ("POST", "/v1/alerts/acknowledge"): ({"dispatcher", "supervisor"}, {"alert_id": "team-silent/cares-1"}),
    ("GET", "/v1/rolls"): (PEOPLE, None),
    ("GET", f"/v1/rolls/{ROLL}"): (PEOPLE, None),
    ("POST", "/v1/rolls"): ({"staff", "dispatcher", "supervisor"}, {"person_ids": ["the-staff"]}),
    ("GET", "/v1/rota"): (PEOPLE, None),
    ("GET", "/v1/rota/rotations"): (PEOPLE, None),
    ("GET", "/v1/rota/absences"): (PEOPLE, None),
    ("GET", "/v1/rota/feeds"): (PEOPLE, None),
    ("POST", "/v1/rota/rotations"): ({"supervisor"}, {"rotation": ROTATION}),
    ("POST", "/v1/rota/rotations/nights/remove"): ({"supervisor"}, {"reason": "it is over"}),
    ("POST", "/v1/rota/shifts"): ({"supervisor"}, {**ON_TEAM, **TIMES, "zone": "UTC", "places": [{}]}),
    ("POST", "/v1/rota/shifts/s/move"): ({"supervisor"}, {**TIMES, "reason": "a training"}),
    ("POST", "/v1/rota/shifts/s/drop"): ({"supervisor"}, {"reason": "a training"}),
    ("POST", "/v1/rota/import"): ({"supervisor"}, {"source": "hr", **TIMES, "zone": "UTC", "rows": [ROW]}),
    ("POST", "/v1/rota/shifts/s/take"): ({"staff", "supervisor"}, {}),
    ("POST", "/v1/rota/shifts/s/swap"): ({"staff", "supervisor"}, {"other_shift_id": "t"}),
    ("POST", "/v1/rota/shifts/s/cover"): ({"staff", "supervisor"}, {}),
    ("POST", "/v1/rota/absences"): ({"staff", "supervisor"}, TIMES),
    ("POST", "/v1/rota/absences/a/lift"): ({"staff", "supervisor"}, {}),
    ("POST", "/v1/people/me/sign-in-link"): (set(ROLES) - {"cad"}, {}),
}


@pytest.fixture
async def told(city: City) -> City:
    """A city where a team with the person `the-staff` has accepted a call."""
    for topic, event in ACCEPTED:
        given = (
            event.model_copy(update={"members": ("the-staff",)}) if isinstance(event, events.TeamSignedOn) else event
        )
        city.services.write(AGENCY, given, journal=topic)
    person = events.Person(person_id="the-staff", name="Sam", disciplines=("emt",))
    device = events.DeviceEnrolled(device_id="of-the-staff", credential_hash="sha256:0", person_id="the-staff")
    city.services.write(AGENCY, events.PersonDefined(person=person), device, journal=ASSIGNMENTS.name)
    await city.settle()
    return city


async def ask(city: City, token: str | None, route: tuple[str, str]) -> httpx.Response:
    method, path = route
    return await (city.get(token, path) if method == "GET" else city.post(token, path, ROUTES[route][1]))


@pytest.mark.parametrize("role", ROLES)
async def test_what_each_role_may(told: City, role: str) -> None:
    for route, (roles, _) in ROUTES.items():
        status = (await ask(told, role, route)).status_code
        assert status != 422, route
        assert (status != 403) == (role in roles), (route, role, status)


def test_the_readme_gives_each_role_the_rights_that_it_has() -> None:
    said: dict[str, set[str]] = {}
    for roles, rights in re.findall(r"^\| ([a-z]+) \| (.*) \|$", README.read_text("utf-8"), re.MULTILINE):
        further = re.match(r"as (\w+), and", rights)
        said[roles] = set(re.findall(r"`([a-z-]+)`", rights)) | (said[further[1]] if further else set())
    assert {role: said[role] for role in ROLES} == {
        role: {right for right, roles in RIGHTS.items() if role in roles} for role in ROLES
    }


async def test_no_route_is_left_out_of_the_matrix(told: City) -> None:
    paths = (await told.get(None, "/openapi.json")).json()["paths"]
    declared = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    patterns = [(method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")) for method, path in declared]
    matched = [sum(method == m and bool(p.match(path)) for m, p in patterns) for method, path in ROUTES]
    assert matched == [1] * len(ROUTES)
    assert len(declared) == len(ROUTES)


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_without_a_known_token_nothing_is_told(told: City, token: str | None) -> None:
    for number, route in enumerate(ROUTES):
        response = await ask(told, token, route)
        expected = 429 if token and number >= WRONG_TOKENS_AT_ONCE else 401
        assert response.status_code == expected, route
        assert (response.headers.get("WWW-Authenticate") == "Bearer") == (expected == 401)
        assert response.headers["content-type"] == "application/problem+json"
    assert told.commands() == []


async def test_reading_changes_nothing(told: City) -> None:
    """It is written down who read what, and that is all that is written."""
    before = {place: len(held) for place, held in told.log.places.items()}
    for method, path in ROUTES:
        await told.get("supervisor", path)
        assert method in ("GET", "POST")
    after = {place: len(held) for place, held in told.log.places.items() if place[0] != AUDIT_LOG.name}
    assert after == {place: count for place, count in before.items() if place[0] != AUDIT_LOG.name}


async def test_a_call_with_everything_that_explains_it(told: City) -> None:
    response = await told.get("viewer", f"/v1/calls/{CALL_ID}")
    call = response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert (call["state"], call["outcomes"], call["team_id"]) == ("accepted", ["team-accepted"], "cares-1")
    assert call["judgement"]["responses"][0]["gates"][0]["sentence"] == "Mon-Fri 11:00-19:00 is open."
    assert call["judgement"]["raised_by"][0]["fact"] == "weapon"
    assert call["offers"][0]["bypassed"] == [{"team_id": "cares-9", "reasons": ["off-duty"]}]
    assert [page["state"] for page in call["pages"]] == ["delivered"]
    assert [message["state"] for message in call["cad_messages"]] == ["informed"]
    assert call["history"][0]["sentence"] == "Suitable for cares."


@pytest.mark.parametrize(
    ("token", "status"), [("cad", 200), ("other-cad", 404), ("bob", 404), ("viewer", 200), ("dispatcher", 200)]
)
async def test_a_cad_sees_the_calls_of_its_source_alone(told: City, token: str, status: int) -> None:
    assert (await told.get(token, f"/v1/calls/{CALL_ID}")).status_code == status
    assert len((await told.get(token, "/v1/calls")).json()) == (status == 200)


async def test_calls_are_listed_by_district_and_openness(city: City) -> None:
    for number, district in enumerate(("Central", "West")):
        call_id = f"{AGENCY}/dane-county/{number}"
        city.services.write(AGENCY, deadline(call_id), journal=ASSIGNMENTS.name)
        city.services.write(AGENCY, triaged(call_id, district=district), journal=DECISIONS.name)
        city.services.write(
            AGENCY, routed("default", f"{AGENCY}/dane-county/1", district="West"), journal=ASSIGNMENTS.name
        )
    await city.settle()

    async def found(**query: Any) -> list[str]:
        return [call["call_id"][-1] for call in (await city.get("dispatcher", "/v1/calls", **query)).json()]

    assert sorted(await found()) == ["0", "1"]
    assert await found(district="West") == ["1"]
    assert await found(open=True) == ["0"]
    assert await found(open=False) == ["1"]
    assert len(await found(limit=1)) == 1
    assert (await city.get("dispatcher", "/v1/calls", limit=0)).status_code == 422


async def test_c14_a_cursor_leads_to_every_call_once_even_while_calls_are_heard_of_again(city: City) -> None:
    ids = [f"{AGENCY}/dane-county/{number}" for number in range(25)]
    for call_id in ids:
        city.services.write(AGENCY, triaged(call_id, district="Central"), journal=DECISIONS.name)
    await city.settle()
    seen: list[str] = []
    path, query = "/v1/calls", {"limit": "10", "district": "Central"}
    while True:
        response = await city.get("dispatcher", path, **query)
        seen += [call["call_id"] for call in response.json()]
        if "Link" not in response.headers:
            break
        url = httpx.URL(response.headers["Link"].partition(">")[0].removeprefix("<"))
        path, query = url.path, dict(url.params)
        city.services.write(AGENCY, triaged(seen[-1], district="Central"), journal=DECISIONS.name)
        await city.settle()
    assert sorted(seen) == sorted(ids)
    assert (await city.get("dispatcher", "/v1/calls", after="yesterday")).status_code == 422


async def test_e5_linked_incidents_are_shown(city: City) -> None:
    told = triaged()
    call = Call(
        agency=AGENCY, source="s", incident_id="1", created_at=START, updated_at=START, linked_incidents=("urn:2",)
    )
    city.services.write(AGENCY, told.model_copy(update={"call": call}), journal=DECISIONS.name)
    city.services.write(AGENCY, told, journal=DECISIONS.name)
    await city.settle()
    assert (await city.get("viewer", f"/v1/calls/{CALL_ID}")).json()["linked_incidents"] == ["urn:2"]


async def test_c13_a_shift_has_one_bound_however_its_end_is_said(city: City) -> None:
    """C13: at most 72 hours, and more than 24 only where somebody says that they are meant."""
    hours_taken = {(24, False): True, (25, False): False, (25, True): True, (72, True): True, (74, True): False}
    for (hours, long_shift), taken in hours_taken.items():
        ends_at = (datetime.now(UTC) + timedelta(hours=hours, minutes=-1)).isoformat()
        for end in ({"hours": hours}, {"shift_ends_at": ends_at}):
            body = {"members": ["ann"], "long_shift": long_shift, **end}
            response = await city.post("supervisor", "/v1/teams/t/sign-on", body)
            assert (response.status_code != 422) == taken, (body, response.text)
    body = {"members": ["ann"], "shift_ends_at": "2062-01-01T00:00:00Z", "long_shift": True}
    assert (await city.post("supervisor", "/v1/teams/t/sign-on", body)).status_code == 422


async def test_a_command_is_answered(city: City) -> None:
    response = await city.post("dispatcher", "/v1/switchboard/pause", {"district": "Central", "reason": "storm"})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["state"], answer["sentence"], answer["revision"]) == ("done", "Central is paused.", 1)
    (command,) = city.commands()
    assert isinstance(command, events.PauseDistrict)
    assert (command.issued_by, command.reason, command.command_id) == ("the-dispatcher", "storm", answer["command_id"])
    assert (command.expires_at - command.issued_at).total_seconds() == 60
    assert (await city.get("viewer", "/v1/switchboard")).json()["paused"]["Central"]["by"] == "the-dispatcher"
    assert (await city.get("viewer", f"/v1/commands/{command.command_id}")).json()["state"] == "done"


async def test_one_response_is_paused_and_the_history_says_who_when_and_why(city: City) -> None:
    body = {"district": "Central", "response": "cares"}
    await city.post("dispatcher", "/v1/switchboard/pause", {"district": "Central"})
    assert (await city.post("dispatcher", "/v1/switchboard/pause", {**body, "reason": "no van"})).status_code == 200
    seen = (await city.get("viewer", "/v1/switchboard")).json()
    assert seen["paused"].keys() == {"Central", "cares/Central"}
    assert (await city.post("supervisor", "/v1/switchboard/resume", body)).status_code == 200
    seen = (await city.get("viewer", "/v1/switchboard")).json()
    assert seen["paused"].keys() == {"Central"}
    assert [(line["revision"], line["by"], line["sentence"], line["reason"]) for line in seen["history"]] == [
        (3, "the-supervisor", "Resumed: cares in Central.", ""),
        (2, "the-dispatcher", "Paused: cares in Central.", "no van"),
        (1, "the-dispatcher", "Paused: Central.", ""),
    ]


async def test_a_cap_is_shown_until_it_is_lifted(city: City) -> None:
    body = {"response": "cares", "district": "all", "at_most_open": 2, "reason": "two vans"}
    assert (await city.post("supervisor", "/v1/switchboard/cap", body)).status_code == 200
    seen = (await city.get("viewer", "/v1/switchboard")).json()
    cap = seen["caps"]["cares/all"]
    assert (cap["at_most_open"], cap["at_most_per_day"], cap["reason"]) == (2, None, "two vans")
    assert seen["history"][0]["sentence"] == "cares in all takes at most 2 calls at once."
    await city.post("supervisor", "/v1/switchboard/cap", {"response": "cares", "district": "all"})
    seen = (await city.get("viewer", "/v1/switchboard")).json()
    assert seen["caps"] == {}
    assert seen["history"][0]["sentence"] == "cares in all takes any number of calls."


@pytest.mark.parametrize("body", [{"at_most_open": 0}, {"at_most_per_day": 10_001}, {"at_most_open": "two"}])
async def test_a_cap_has_bounds(city: City, body: dict[str, Any]) -> None:
    given = {"response": "cares", "district": "all", **body}
    assert (await city.post("supervisor", "/v1/switchboard/cap", given)).status_code == 422


def referral(referral_id: str, hours: int, **changes: Any) -> events.ReferralMade:
    known = {"kind": "referral", "call_id": CALL_ID, "response": "navigator", "district": "Central", "phase": "live"}
    return events.ReferralMade(referral_id=referral_id, due_at=NOON + timedelta(hours=hours), **(known | changes))


async def test_referrals_are_listed_by_when_they_are_due(city: City) -> None:
    made: list[events.Event] = [referral("late", 48), referral("soon", 24, kind="follow-up"), referral("shut", 1)]
    made += [events.NoteMade(note_id="n", call_id=CALL_ID, response="familiar-faces", district=None, phase="live")]
    made += [events.ReferralOverdue(referral_id="soon", call_id=CALL_ID)]
    made += [events.ReferralClosed(referral_id="shut", call_id=CALL_ID, result="contacted", closed_by="ann")]
    city.services.write(AGENCY, *made, journal=DECISIONS.name)
    await city.settle()
    found = (await city.get("viewer", "/v1/referrals", open=True)).json()
    assert [(seen["referral_id"], seen["kind"], seen["state"]) for seen in found] == [
        ("soon", "follow-up", "overdue"),
        ("late", "referral", "open"),
    ]
    closed = (await city.get("viewer", "/v1/referrals", open=False)).json()
    assert {(seen["referral_id"], seen["state"], seen["closed_by"]) for seen in closed} == {
        ("shut", "contacted", "ann"),
        ("n", "noted", None),
    }
    assert [alert["kind"] for alert in (await city.get("viewer", "/v1/alerts")).json()] == ["referral-overdue"]


async def test_a_pause_by_itself_is_an_alert_until_a_person_resumes(city: City) -> None:
    about = {"district": "Central", "response": "cares"}
    paused = events.DistrictPaused(**about, revision=3, changed_by="careroute", reason="2 unsafe upgrades")
    city.services.write(AGENCY, paused, journal=DECISIONS.name)
    await city.settle()
    alerts = (await city.get("viewer", "/v1/alerts")).json()
    found = {alert["kind"]: alert["about"] for alert in alerts}
    assert found == {"paused-by-itself": "cares/Central", "pause-unreviewed": "3"}
    resumed = events.DistrictResumed(**about, revision=4, changed_by="ann")
    city.services.write(AGENCY, resumed, journal=DECISIONS.name)
    await city.settle()
    assert [alert["kind"] for alert in (await city.get("viewer", "/v1/alerts")).json()] == ["pause-unreviewed"]
    reviewed = events.PauseReviewed(paused_at_revision=3, reviewed_by="ben", reason="two wrong codes")
    city.services.write(AGENCY, reviewed, journal=DECISIONS.name)
    await city.settle()
    assert (await city.get("viewer", "/v1/alerts")).json() == []
    line = (await city.get("viewer", "/v1/switchboard")).json()["history"][1]
    assert (line["reviewed_by"], line["found"]) == ("ben", "two wrong codes")


async def test_a_roll_back_needs_a_reason(city: City) -> None:
    assert (await city.post("supervisor", "/v1/programme/rollback", {})).status_code == 422
    assert (await city.post("supervisor", "/v1/programme/rollback", {"reason": ""})).status_code == 422
    body = {"to_hash": "h0", "in_force": "h1", "reason": "too many refusals"}
    assert (await city.post("supervisor", "/v1/programme/rollback", body)).status_code == 200
    (command,) = city.commands()
    assert isinstance(command, events.RollBackProgramme)
    assert (command.to_hash, command.in_force, command.reason) == ("h0", "h1", "too many refusals")


async def test_a_refusal_says_why(city: City) -> None:
    body = {"district": "C", "response": "r", "phase": "shadow", "based_on": 9}
    response = await city.post("supervisor", "/v1/switchboard/phase", body)
    problem = response.json()
    assert (response.status_code, problem["reason"], problem["detail"]) == (
        409,
        "stale",
        "The switchboard has moved on.",
    )
    assert problem["errors"] == [{"path": "", "what": "revision", "right": ""}]
    state = (await city.get("supervisor", f"/v1/commands/{problem['command_id']}")).json()
    assert (state["state"], state["reason"]) == ("refused", "stale")


async def test_a_cad_that_no_file_has_is_sent_no_test_message(city: City) -> None:
    """Once named it was a source for good, and was owed each cry for help of a team without a call."""
    problem = (await city.post("supervisor", "/v1/cad/nowhere/ping")).json()
    assert (problem["status"], problem["detail"]) == (404, "The agencies file in force has no source nowhere.")
    assert city.commands() == []


async def test_no_answer_in_time_is_202_with_an_address(city: City) -> None:
    city.services.silent = True
    response = await city.post("supervisor", "/v1/cad/dane-county/ping")
    assert response.status_code == 202
    address = response.json()["status"]
    assert response.headers["Location"] == address
    assert (await city.get("supervisor", address)).json()["state"] == "waiting"
    assert (await city.get("bob", address)).json()["state"] == "unknown"


async def test_a_command_about_a_call_not_seen_yet_is_held(city: City) -> None:
    response = await city.post("dispatcher", f"/v1/calls/{CALL_ID}/override", {"send": "default", "reason": "known"})
    assert (response.status_code, response.json()["state"]) == (202, "held")
    assert (await city.get("dispatcher", response.json()["status"])).json()["state"] == "held"


async def test_a_retry_with_the_same_key_is_one_command(city: City) -> None:
    body = {"district": "Central"}
    first, second = [await city.post("supervisor", "/v1/switchboard/pause", body, key="k") for _ in range(2)]
    assert first.json() == second.json()
    assert len(city.commands()) == 1
    third = await city.post("dispatcher", "/v1/switchboard/pause", body, key="k")
    fourth = await city.post("supervisor", "/v1/switchboard/pause", {"district": "West"}, key="k")
    fifth = await city.post("supervisor", "/v1/switchboard/resume", body, key="k")
    sixth = await city.post("supervisor", "/v1/switchboard/pause", body)
    assert len({r.json()["command_id"] for r in (first, third, fourth, fifth, sixth)}) == 5


async def test_a_retry_of_a_command_without_answer_gets_the_one_answer(city: City) -> None:
    city.services.silent = True
    first = await city.post("supervisor", "/v1/teams/t/sign-on", {"members": ["ann"], "hours": 8}, key="k")
    assert first.status_code == 202
    city.services.silent = False
    second = await city.post("supervisor", "/v1/teams/t/sign-on", {"members": ["ann"], "hours": 8}, key="k")
    assert (second.status_code, second.json()["command_id"]) == (200, first.json()["command_id"])
    assert len(city.services.answered) == 1


@pytest.mark.parametrize("fault", ["away", "hangs"])
async def test_a_log_that_is_away_is_503_within_two_seconds(city: City, fault: str) -> None:
    setattr(city.network, fault, True)
    began = city.log.clock.monotonic()
    response = await city.post("dispatcher", "/v1/switchboard/pause", {"district": "all"}, key="k")
    assert city.log.clock.monotonic() - began < APPEND_SECONDS + 2  # what a loaded machine may add
    assert APPEND_SECONDS < 2
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.headers["Location"] == f"/v1/commands/{response.json()['command_id']}"
    setattr(city.network, fault, False)
    again = await city.post("dispatcher", "/v1/switchboard/pause", {"district": "all"}, key="k")
    assert again.json()["command_id"] == response.json()["command_id"]


async def test_while_it_reads_the_journals_it_is_not_ready_and_still_pauses(city: City) -> None:
    assert (await city.get(None, "/readyz")).status_code == 200
    city.app.state.follower._behind = {(DECISIONS.name, 99): 1}
    assert (await city.get(None, "/readyz")).status_code == 503
    response = await city.get("viewer", "/v1/switchboard")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert (await city.post("staff", "/v1/teams/cares-1/sign-off")).status_code == 503
    assert (await city.post("dispatcher", "/v1/switchboard/pause", {"district": "all"})).status_code == 200


async def test_a_door_that_cannot_follow_any_more_is_not_ready(city: City) -> None:
    city.app.state.follower.failed = RuntimeError()
    assert (await city.get(None, "/readyz")).status_code == 503


async def test_a_team_that_no_programme_names_is_added_and_that_is_said(city: City) -> None:
    added = (await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})).json()
    assert (added["result"], added["sentence"]) == ("done", NO_PROGRAMME)
    assert [team["team"]["team_id"] for team in (await city.get("supervisor", "/v1/teams")).json()] == ["t"]


async def test_f8_f9_a_link_goes_to_its_person_alone(city: City) -> None:
    members = ["the-staff", "ann"]
    assert (
        await city.post("supervisor", "/v1/teams", {"team": {"team_id": "t", "model": "peer-led"}})
    ).status_code == 200
    for token, name in (("staff", "the-staff"), ("staff", "the-staff"), ("supervisor", None)):
        response = await city.post(token, "/v1/teams/t/sign-on", {"members": members, "hours": 8}, key="k")
        if response.status_code == 200:
            links = {name: shift_link(POCKET, SECRET, "shift-1", name)} if name else {}
            assert response.json()["links"] == links
            assert response.headers["Cache-Control"] == "no-store"
    for token, name in (("staff", "the-staff"), ("ann", "ann")):
        own = await city.get(token, "/v1/people/me/link")
        assert own.json() == {"person_id": name, "team_id": "t", "link": shift_link(POCKET, SECRET, "shift-1", name)}
        assert own.headers["Cache-Control"] == "no-store"
    assert (await city.get("supervisor", "/v1/people/me/link")).status_code == 404
    assert (await city.get("bob", "/v1/people/me/link")).status_code == 404
    command, *_ = [command for command in city.commands() if isinstance(command, events.SignOn)]
    assert (command.shift_ends_at - command.issued_at).total_seconds() == 8 * 3600


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/teams/cares-1/sign-on", {"members": ["the-staff"], "hours": 8}),
        ("/v1/teams/cares-1/sign-off", {}),
        ("/v1/teams/cares-1/status", {"status": "available"}),
        ("/v1/teams/cares-2/sign-off", {}),
        ("/v1/offers/o/accept", {"person_id": "the-staff"}),
        ("/v1/offers/o/decline", {"person_id": "the-staff"}),
    ],
)
async def test_staff_act_for_themselves_alone(told: City, path: str, body: dict[str, Any]) -> None:
    assert (await told.post("ann", path, body)).status_code == 403
    assert (await told.post("supervisor", path, body)).status_code == 200
    own = 403 if "cares-2" in path else 200
    assert (await told.post("staff", path, body)).status_code == own


async def test_staff_answer_in_their_own_name_and_a_supervisor_names_somebody(told: City) -> None:
    assert (await told.post("ann", "/v1/offers/o/accept", {"eta_minutes": 5})).status_code == 200
    (command,) = told.commands()
    assert isinstance(command, events.AcceptOffer)
    assert (command.person_id, command.eta_minutes) == ("ann", 5)
    assert (await told.post("supervisor", "/v1/offers/o/accept")).status_code == 422


async def test_nobody_decides_calls_of_another_agency(told: City) -> None:
    assert (await told.post("bob", f"/v1/calls/{CALL_ID}/override", {"send": "default"})).status_code == 403
    assert (await told.post("bob", "/v1/switchboard/pause", {"district": "all"})).status_code in (200, 202)
    assert told.log.places[ASSIGNMENTS.name, 0] is not None
    assert (await told.get("viewer", "/v1/switchboard")).json()["paused"] == {}
    assert (await told.get("bob", "/v1/switchboard")).json()["paused"].keys() == {"all"}
    assert OTHER_AGENCY != AGENCY


class NobodyMayPause:
    """An agencies file whose tokens work, and in which nobody has the stop switch."""

    def __init__(self, agencies: Any) -> None:
        self._agencies = agencies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._agencies, name)

    def may_pause(self, agency: str) -> bool:
        return agency == "elsewhere"


async def test_no_district_goes_live_without_a_stop_switch(city: City) -> None:
    live = {"district": "Central", "response": "cares", "phase": "live"}
    agencies = city.app.state.agencies
    city.app.state.agencies = NobodyMayPause(agencies)
    response = await city.post("supervisor", "/v1/switchboard/phase", live)
    assert (response.status_code, response.json()["reason"]) == (409, "no-stop-switch")
    assert city.commands() == []
    assert (await city.post("supervisor", "/v1/switchboard/phase", {**live, "phase": "shadow"})).status_code == 200
    city.app.state.agencies = agencies
    assert (await city.post("supervisor", "/v1/switchboard/phase", live)).status_code == 200
    assert (await city.get("viewer", "/v1/alerts")).json() == []
    city.app.state.agencies = NobodyMayPause(agencies)
    assert [alert["kind"] for alert in (await city.get("viewer", "/v1/alerts")).json()] == ["no-stop-switch"]


async def test_a_woken_former_owner_is_not_believed(city: City) -> None:
    pause = events.DistrictPaused(district="all", revision=9, changed_by="zombie")
    city.services.write(AGENCY, pause, journal=DECISIONS.name, epoch=0)
    await city.settle()
    assert (await city.get("viewer", "/v1/switchboard")).json()["paused"] == {}


@pytest.mark.parametrize(
    ("path", "content", "status", "place"),
    [
        ("/v1/switchboard/pause", b"{}", 422, "district"),
        ("/v1/switchboard/pause", b'{"district": "C", "distrikt": 1}', 422, "distrikt"),
        ("/v1/switchboard/pause", b'{"district": 7}', 422, "district"),
        ("/v1/switchboard/pause", b"{", 422, None),
        ("/v1/switchboard/pause", b"[" * 60_000, (400, 422), None),
        ("/v1/switchboard/phase", b'{"district": "C", "response": "r", "phase": "lve"}', 422, "phase"),
        ("/v1/teams/t/sign-on", b'{"members": ["a"]}', 422, ""),
        ("/v1/teams/t/sign-on", b'{"members": [], "hours": 1}', 422, "members"),
        ("/v1/teams/t/sign-on", b'{"members": ["a", "b/c"], "hours": 1}', 422, "members.1"),
        ("/v1/teams/t/sign-on", b'{"members": ["a"], "shift_ends_at": "2021-01-01T00:00:00"}', 422, "shift_ends_at"),
        ("/v1/teams/a%20b/remove", b"{}", 422, "path.team_id"),
        ("/v1/teams", b'{"team": {"team_id": "t"}}', 422, "team.model"),
        ("/v1/switchboard/pause", b" " * (MAX_BODY_BYTES + 1), 413, None),
        ("/v1/nothing", b"{}", 404, None),
        ("/v1/switchboard", b"{}", 405, None),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(
    city: City, path: str, content: bytes, status: int | tuple[int, ...], place: str | None
) -> None:
    async with city.client("supervisor") as client:
        response = await client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (status if isinstance(status, tuple) else (status,))
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert problem.keys() >= {"type", "title", "status", "detail", "errors"}
    if place is not None:
        assert place in [fault["path"] for fault in problem["errors"]]
    assert city.commands() == []


async def test_values_are_not_told_back(city: City) -> None:
    body = {"district": {"canary": "ZANZIBAR"}, "reason": ["ZANZIBAR"]}
    assert "ZANZIBAR" not in (await city.post("supervisor", "/v1/switchboard/pause", body)).text


async def test_a_body_without_length_is_bounded_all_the_same(city: City) -> None:
    async def stream(size: int) -> Any:
        yield b'{"district": "all"}'
        for _ in range(size // 1000):
            yield b" " * 1000

    json_type = {"Content-Type": "application/json"}
    async with city.client("supervisor") as client:
        small = await client.post("/v1/switchboard/pause", content=stream(1000), headers=json_type)
        large = await client.post("/v1/switchboard/pause", content=stream(MAX_BODY_BYTES + 1000), headers=json_type)
    assert (small.status_code, large.status_code) == (200, 413)


async def test_a_programme_document_may_be_large(city: City) -> None:
    document = "# " + "x" * 500_000
    assert (await city.post("supervisor", "/v1/programme/propose", {"document": document})).status_code == 200
    assert (await city.post("supervisor", "/v1/programme/propose", {"document": document * 2})).status_code in (
        413,
        422,
    )


async def test_a_fault_of_ours_is_a_problem_and_counted(city: City) -> None:
    city.app.state.view.agency = None
    response = await city.get("viewer", "/v1/switchboard")
    assert (response.status_code, response.json()["title"]) == (500, "Internal Server Error")


async def test_requests_are_counted_by_route(city: City) -> None:
    def counted(path: str, status: str) -> float:
        labels = {"door": "console", "path": path, "status": status}
        return REGISTRY.get_sample_value("careroute_requests_total", labels) or 0

    before = counted("/v1/calls/{agency}/{source}/{incident}", "404")
    await city.get("viewer", "/v1/calls/a/b/c")
    assert counted("/v1/calls/{agency}/{source}/{incident}", "404") == before + 1
    assert (await city.get(None, "/metrics")).status_code == 404, "F16: figures are on the port for operations alone"


async def test_the_api_describes_itself(city: City) -> None:
    document = (await city.get(None, "/openapi.json")).json()
    docs = await city.get(None, "/docs")
    assert docs.status_code == 200
    assert "PauseBody" in docs.text
    assert docs.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "<script" not in docs.text
    assert "//" not in docs.text.replace("https://pager.example", "").replace("http://www.w3.org", ""), "F16: its own"
    assert {"CallDetail", "ProblemDetails", "Answered"} <= document["components"]["schemas"].keys()
    pause = document["paths"]["/v1/switchboard/pause"]["post"]
    assert {"200", "202", "401", "403", "409", "422", "503"} <= pause["responses"].keys()
    assert "Idempotency-Key" in json.dumps(pause)


@pytest.mark.parametrize("path", ["/v1/teams/", "/docs/", "//evil.example/"])
async def test_f16_nothing_redirects_to_the_host_that_a_request_names(city: City, path: str) -> None:
    async with city.client("viewer") as client:
        answer = await client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == (401 if path.startswith("//") else 404)  # that path is `/` of another host: a page
    assert "location" not in answer.headers


async def test_f16_wrong_tokens_are_counted_and_slowed_down_and_right_ones_are_not(city: City) -> None:
    def wrong() -> float:
        return REGISTRY.get_sample_value("careroute_wrong_tokens_total", {"door": "console"}) or 0

    before = wrong()
    statuses = [(await city.get(f"guess-{number}", "/v1/teams")).status_code for number in range(30)]
    assert statuses[:WRONG_TOKENS_AT_ONCE] == [401] * WRONG_TOKENS_AT_ONCE
    assert statuses.count(429) > 10, "a few more are heard as time goes by"
    assert wrong() == before + 30
    assert (await city.get("viewer", "/v1/teams")).status_code == 200
    assert (await city.get(None, "/v1/teams")).status_code == 401


@pytest.mark.parametrize("hidden", ["\x00", "\x1b]0;x\x07\x1b[2J", "\u202e", "\u2066", "\u2028", "\x85"])
async def test_f15_what_acts_on_a_terminal_is_refused_in_names_and_ids(city: City, hidden: str) -> None:
    person = {**PERSON, "name": f"X{hidden}"}
    assert (await city.post("supervisor", "/v1/people", {"person": person})).status_code == 422
    team = {"team_id": "t", "model": "peer-led", "primary_districts": [f"C{hidden}"]}
    assert (await city.post("supervisor", "/v1/teams", {"team": team})).status_code == 422
    path = quote(f"/v1/calls/{AGENCY}/dane-county/26{hidden}/override")
    assert (await city.post("supervisor", path, {"send": "default"})).status_code == 422
    assert city.commands() == []


async def test_f15_an_incident_that_is_dots_alone_is_no_incident(city: City) -> None:
    path = f"/v1/calls/{AGENCY}/dane-county/%2e%2e/override"
    assert (await city.post("supervisor", path, {"send": "default"})).status_code in (404, 422)
