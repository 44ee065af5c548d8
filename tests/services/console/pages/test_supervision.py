"""Teams, Switchboard and Alerts at the door: what they show to whom, what they let do, and that no script is needed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import get_args

import pytest

from deploy.local.kafka.node import CHECKOUT
from services.console.view.records import Alert, AlertKind
from shared import events
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests.services.console import stories
from tests.services.console.driver import AGENCY
from tests.services.console.pages.driver import Room, call_of

DOCUMENT = (CHECKOUT / "deploy/programmes/example-city.toml").read_text("utf-8")


async def in_force(room: Room, document: str) -> None:
    room.write(
        DECISIONS.name,
        events.ProgrammeProposed(
            document=document, document_hash="e" * 32, version=4, effective=room.now, proposed_by="eve"
        ),
        events.ProgrammeActivated(document_hash="e" * 32, version=4),
    )
    await room.city.settle()


def words_in(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


async def shown(room: Room, path: str, token: str = "supervisor") -> str:
    async with room.city.signed_in(token) as browser:
        page = await browser.get(path)
        assert page.status_code == 200, page.text
        return page.text


# --- switchboard ----------------------------------------------------------------------------------------------------


async def test_the_grid_says_what_the_document_allows_and_offers_no_more(room: Room) -> None:
    await in_force(room, DOCUMENT)
    page = await shown(room, "/switchboard")
    form = page[page.index('id="phase-beside-police%2FHarbor"') :].partition("</form>")[0]
    assert re.findall(r'<option value="([a-z]+)"', form) == ["off", "shadow", "advisory"]
    assert 'id="phase-van%2FHillside"' not in page, "always off there"
    assert 'id="cap-navigators%2FHarbor"' not in page, "a referral occupies nobody"
    words = words_in(page)
    assert "document: at most 4 calls at once and at most 30 calls a day, together with Hillside" in words
    assert page.count('<g class="place') == 2


async def test_where_the_document_cannot_be_read_the_decider_says_what_is_right(room: Room) -> None:
    await in_force(room, 'programme = "older than today\'s rules"\n[districts]\nCentral = []\n[responses.cares]\n')
    page = await shown(room, "/switchboard")
    form = page[page.index('id="phase-cares%2FCentral"') :].partition("</form>")[0]
    assert re.findall(r'<option value="([a-z]+)"', form) == ["off", "shadow", "advisory", "live"]


async def test_a_pause_of_everything_stands_on_every_place(room: Room) -> None:
    await in_force(room, DOCUMENT)
    room.write(DECISIONS.name, events.DistrictPaused(district="all", revision=2, changed_by="dora", reason="storm"))
    await room.city.settle()
    words = words_in(await shown(room, "/switchboard", "viewer"))
    assert "stopped: everything by dora" in words
    assert words.count("◆ stopped off once resumed") == 2 * 5
    assert "dora paused all" not in words
    assert "Paused: all." in words


@pytest.mark.parametrize(
    ("token", "acts"),
    [
        ("viewer", set()),
        ("dispatcher", {"pause"}),
        ("approver", {"review"}),
        ("supervisor", {"pause", "resume", "review", "phase", "cap"}),
    ],
)
async def test_each_role_is_offered_what_it_may(room: Room, token: str, acts: set[str]) -> None:
    await in_force(room, DOCUMENT)
    room.write(DECISIONS.name, events.DistrictPaused(district="Harbor", revision=2, changed_by="dora"))
    await room.city.settle()
    page = (await shown(room, "/switchboard", token)).partition("<main")[2]
    assert set(re.findall(r'action="/switchboard/([a-z]+)"', page)) == acts


async def test_a_refusal_is_told_without_a_script_too(room: Room) -> None:
    await in_force(room, DOCUMENT)
    form = {"response": "line", "district": "Harbor", "phase": "shadow", "reason": "x", "based_on": "7"}
    async with room.city.signed_in("supervisor") as browser:
        answer = await browser.post("/switchboard/phase", data={**form, "back": "/switchboard"})
        assert "Not done. The switchboard has moved on." in (await browser.get(answer.headers["location"])).text


async def test_live_needs_a_fresh_sign_in(room: Room) -> None:
    form = {"response": "cares", "district": "Central", "phase": "live", "reason": "x", "back": "/switchboard"}
    async with room.city.signed_in("supervisor") as browser:
        for session in room.city.app.state.console.sessions._sessions.values():
            session.proved_at -= timedelta(hours=1)
        answer = await browser.post("/switchboard/phase", data=form)
        assert answer.headers["location"] == "/enter?to=/switchboard"
        assert room.commands() == []
        await browser.post("/enter", data={"token": "supervisor", "to": "/switchboard"})
        await browser.post("/switchboard/phase", data=form)
        assert [type(command) for command in room.commands()] == [events.SetPhase]


# --- teams ----------------------------------------------------------------------------------------------------------


async def test_a_district_without_a_team_is_a_gap_and_the_last_end_is_said(room: Room) -> None:
    cover = words_in((await shown(room, "/teams")).partition("Who serves each district")[2])
    assert "Central ◐ advisory 1 on shift cares-1 until" in cover
    assert "Nobody after" in cover
    off = events.TeamSignedOff(team_id="cares-1", shift_id="shift-1")
    room.write(ASSIGNMENTS.name, off)
    await room.city.settle()
    cover = words_in((await shown(room, "/teams")).partition("Who serves each district")[2])
    assert "Central ◐ advisory ◆ nobody on shift" in cover
    assert "West ○ off nobody on shift" in cover, "nothing is on there"


async def test_a_silent_team_stands_apart(room: Room) -> None:
    call_id = room.accepted("26-4")
    missed = events.SafetyCheckMissed(
        call_id=call_id, episode=1, team_id="cares-1", missed=2, silent_minutes=70, sentence="Silent."
    )
    room.write(ASSIGNMENTS.name, missed)
    await room.city.settle()
    page = words_in((await shown(room, "/teams")).partition("<main")[2])
    assert page.startswith('id="main" tabindex="-1"> Teams Silent, in need, or not moving cares-1 ◆ silent')
    assert "No other team is on shift." in page


async def test_people_are_named_to_those_alone_who_may_read_them(room: Room) -> None:
    room.write(ASSIGNMENTS.name, events.TeamSignedOff(team_id="cares-1", shift_id="shift-1"))
    await room.city.settle()
    assert 'value="ann"> Ann' in await shown(room, "/teams/cares-1/sign-on", "dispatcher")
    assert "Ann" not in await shown(room, "/teams/cares-1/sign-on", "staff")
    for token in ("viewer", "staff"):
        page = await shown(room, "/teams", token)
        assert "Ann" not in page
        assert ("/teams/cares-1/sign-on" in page) == (token == "staff")


async def test_who_is_free_is_not_listed_once_for_each_team(room: Room) -> None:
    """600 teams off duty and 80 people who are free made a page of 4.8 MB."""
    for number in range(60):
        team = events.Team(team_id=f"night-{number}", model="community-responder")
        person = events.Person(person_id=f"free-{number}", name=f"Free {number}", disciplines=("emt",))
        room.write(ASSIGNMENTS.name, events.TeamDefined(team=team), events.PersonDefined(person=person))
    await room.city.settle()
    assert len(await shown(room, "/teams")) < 60 * 2_000
    assert (await shown(room, "/teams/night-7/sign-on")).count('value="free-') == 60
    async with room.city.signed_in("supervisor") as browser:
        assert (await browser.get("/teams/nobody/sign-on")).status_code == 404


@pytest.mark.parametrize("path", ["/teams", "/people", "/switchboard", "/alerts"])
async def test_what_can_be_pressed_says_whose_it_is(room: Room, path: str) -> None:
    """Who has a page read out heard "Sign off", "Lost phone" or "Set phase" once for each row, and of nobody."""
    for name in ("bo", "cy"):
        team = events.Team(team_id=f"team-{name}", model="community-responder")
        person = events.Person(person_id=name, name=name, disciplines=("emt",))
        paused = events.DistrictPaused(district={"bo": "Central", "cy": "West"}[name], revision=2, changed_by="dora")
        signed_on = stories.signed_on(team.team_id, name)
        defined = events.TeamDefined(team=team), events.PersonDefined(person=person)
        room.write(ASSIGNMENTS.name, *defined, signed_on)
        room.write(DECISIONS.name, paused)
        agency = room.city.app.state.console.view.agency(AGENCY)
        agency.raise_alert(name, Alert("need-police", room.now, "Look at it.", about=team.team_id))
    await room.city.settle()
    page = (await shown(room, path)).partition("<main")[2]
    page = re.sub(r'<(\w+)[^>]*aria-hidden="true"[^>]*>.*?</\1>', "", page)
    controls = re.findall(r"<(button|summary)\b[^>]*>(.*?)</\1>", page, re.DOTALL)
    named = [(tag, words_in(inner)) for tag, inner in controls]
    twice = {name for tag, name in named if named.count((tag, name)) > 1}
    assert len(named) > 4
    assert {name for name in twice if not name.startswith(("Change", "Resume "))} == set(), "to resume is in two places"


# --- alerts ---------------------------------------------------------------------------------------------------------


async def test_an_alert_is_acknowledged_without_a_script(room: Room) -> None:
    room.accepted("26-4")
    room.told_nothing("26-4")
    await room.city.settle()
    page = await shown(room, "/alerts", "dispatcher")
    assert "Nobody looks after it yet." in page
    form = dict(re.findall(r'name="(alert_id|raised_at)" value="([^"]+)"', page))
    async with room.city.signed_in("dispatcher") as browser:
        answer = await browser.post("/alerts/acknowledge", data={**form, "back": "/alerts"})
        page = (await browser.get(answer.headers["location"])).text
    assert "the-dispatcher looks after it" in words_in(page)
    assert f"/calls/{call_of('26-4')}" in page


async def test_without_runbooks_everything_counts_as_danger(room: Room) -> None:
    room.write(DECISIONS.name, events.DistrictPaused(district="West", revision=2, changed_by="dora"))
    await room.city.settle()
    assert "no danger now" in words_in(await shown(room, "/alerts"))
    object.__setattr__(room.city.app.state.console, "runbooks", {})
    words = words_in(await shown(room, "/alerts"))
    assert "danger possible" in words
    assert "count it as yes" in words


async def test_an_alert_about_a_test_call_is_no_alarm(room: Room) -> None:
    call_id = room.accepted("26-4")
    room.told_nothing("26-4")
    await room.city.settle()
    assert "danger possible" in words_in(await shown(room, "/alerts"))
    call = room.city.app.state.view.agency("madison-wi").call(call_id)
    call.synthetic = True
    assert "of a test call" in words_in(await shown(room, "/alerts"))


async def test_now_says_who_looks_after_an_alert(room: Room) -> None:
    room.accepted("26-4")
    room.told_nothing("26-4")
    await room.city.settle()
    body = {"alert_id": "cad-not-informed/message-1"}
    assert (await room.city.post("dispatcher", "/v1/alerts/acknowledge", body)).status_code == 200
    assert "the-dispatcher looks after it" in words_in(await shown(room, "/"))


async def test_what_ended_is_told_apart_with_its_end(room: Room) -> None:
    room.write(
        NOTIFICATIONS.name, events.CadWebhookDisabled(source="uw-police"), events.CadWebhookEnabled(source="uw-police")
    )
    await room.city.settle()
    words = words_in(await shown(room, "/alerts", "viewer"))
    assert "Nothing is wrong, as far as careroute knows." in words
    assert "✓ webhook disabled ended" in words


@pytest.mark.parametrize("kind", get_args(AlertKind))
async def test_every_kind_of_alert_can_be_shown_to_everybody_on_every_page(room: Room, kind: AlertKind) -> None:
    """Over a team that waits for police a page had a button for which it lacked the call, and showed nothing."""
    call_id = room.accepted("26-1")
    agency = room.city.app.state.console.view.agency(AGENCY)
    agency.raise_alert("one", Alert(kind, room.now, "Look at it.", about="cares-1", call_id=call_id))
    agency.raise_alert("two", Alert(kind, room.now, "Look at it too.", about="dane-county"))
    for path in ("/", "/alerts", "/wall", f"/calls/{call_id}"):
        for who in ("viewer", "dispatcher", "supervisor"):
            page = await shown(room, path, who)
            assert path != "/alerts" or ("Look at it." in page and "Look at it too." in page)
