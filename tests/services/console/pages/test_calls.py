"""What the pages of calls show, and in which order."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.console.pages import now
from services.console.view.call import KEEP_HISTORY_LINES
from shared import events
from shared.events import TeamStatus
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests import builders
from tests.services.console import stories
from tests.services.console.pages.driver import Room, call_of


async def shown(room: Room, path: str, token: str = "dispatcher") -> str:
    await room.city.settle()
    async with room.city.signed_in(token) as browser:
        page: httpx.Response = await browser.get(path)
        assert page.status_code == 200, page.text
        return page.text


def rows_of(page: str, region: str) -> list[str]:
    inside = page.split(f'id="{region}"', 1)[1].split(" data-region", 1)[1]
    inside = re.split(r'class="region"', inside)[0]
    return re.findall(r'id="(call-[^"]+|alert-[^"]+|[a-z]+-empty)"', inside)


def row_of(incident: str) -> str:
    return f"call-madison-wi%2Fdane-county%2F{incident}"


async def test_now_has_what_waits_apart_from_what_runs_and_what_ended(room: Room) -> None:
    room.waits("26-2", seconds=50)
    room.waits("26-1", seconds=40)
    room.call("26-3")
    room.accepted("26-4")
    over = room.call("26-5")
    room.write(ASSIGNMENTS.name, events.CallOverridden(call_id=over, episode=1, send="default", overridden_by="x"))
    room.write(ASSIGNMENTS.name, *room.city.services.decide(override(room, over))[1:2])
    room.told_nothing("26-4")
    page = await shown(room, "/")
    assert rows_of(page, "waits") == [row_of("26-1"), row_of("26-2"), "alert-cad-not-informed%2Fmessage-1"]
    assert rows_of(page, "running") == [row_of("26-3"), row_of("26-4")]
    assert rows_of(page, "ended") == [row_of("26-5")]
    assert "Confirm cares" in page
    assert re.search(r">\d\d s left<", page), "ages stand there without a script, too"


async def test_every_alert_about_a_team_stands_there(room: Room) -> None:
    for method_id in ("mobile", "home"):
        known = events.ContactSet(person_id="ann", method_id=method_id, kind="sms")
        broken = events.ContactBroken(person_id="ann", method_id=method_id, why="unknown-number")
        room.write(NOTIFICATIONS.name, known, broken)
    alerts = ["way-lost/ann/mobile", "way-lost/ann/home", "team-unreachable/cares-1"]
    for path in ("/", "/wall"):
        page = await shown(room, path)
        assert sorted(rows_of(page, "waits")) == sorted(f"alert-{quote(alert, safe='')}" for alert in alerts)


def override(room: Room, call_id: str) -> events.OverrideCall:
    return events.OverrideCall(
        command_id="c1", issued_by="x", issued_at=room.now, expires_at=room.now, call_id=call_id, send="default"
    )


async def test_what_is_pressed_says_what_was_seen(room: Room) -> None:
    """It may be another response, or the team's next call, by the time that it is decided."""
    room.waits("26-1")
    room.accepted("26-4")
    for path in ("/", f"/calls/{call_of('26-1')}"):
        page = await shown(room, path)
        confirm = page[page.index(f'action="/calls/{call_of("26-1")}/confirm"') :].partition("</form>")[0]
        assert '<input type="hidden" name="response" value="cares">' in confirm
    for path in ("/", f"/calls/{call_of('26-4')}"):
        page = await shown(room, path)
        withdraw = page[page.index('action="/teams/cares-1/withdraw"') :].partition("</form>")[0]
        assert f'<input type="hidden" name="call_id" value="{call_of("26-4")}">' in withdraw
    about: dict[str, Any] = {"call_id": call_of("26-4"), "episode": 1, "team_id": "cares-1"}
    room.write(ASSIGNMENTS.name, events.TeamStillStaged(**about, staged_minutes=10, sentence="It waits."))
    for path in ("/", "/alerts"):
        page = await shown(room, path)
        release = page[page.index('action="/teams/cares-1/release"') :].partition("</form>")[0]
        assert f'<input type="hidden" name="call_id" value="{call_of("26-4")}">' in release


async def test_nobody_is_offered_what_they_may_not_do(room: Room) -> None:
    room.waits("26-1")
    for path in ("/", f"/calls/{call_of('26-1')}"):
        assert "Confirm cares" in await shown(room, path, "dispatcher")
        assert "data-act" not in await shown(room, path, "viewer")


async def test_a_call_tells_its_whole_story(room: Room) -> None:
    call_id = room.accepted("26-1")
    room.told_nothing("26-1")
    page = await shown(room, f"/calls/{call_id}", "supervisor")
    for part in (
        "Call 26-1",
        "The call is in Central.",
        "Mon-Fri 11:00-19:00 is open.",
        "answer Q1",
        ">passed over cares-9: the team is off duty",
        'by <a class="person" href="/people#person-ann">Ann</a>, arriving in 7 min',
        "not acknowledged",
        "Tell it again",
        "The page is being handed to its provider.",
        "Document version",
        "h" * 32,
        "(not the one in force now)",
    ):
        assert part in page, part


async def test_reasons_are_said_in_words_and_their_codes_are_there(room: Room) -> None:
    call_id = room.passed_over("26-1")
    in_words = "The default response goes: no team serves there at this time; the time to decide ran out."
    for path in ("/", "/calls"):
        page = await shown(room, path)
        assert in_words in page
        assert 'title="no-team, deadline"' in page
    page = await shown(room, f"/calls/{call_id}")
    assert f'<p class="sentence big" title="no-team, deadline">{in_words}</p>' in page
    assert '<li title="off-duty, crew-incomplete">passed over cares-9: the team is off duty; nobody' in page
    assert f"Outcome of episode 1: default. {in_words}</span>" in page
    assert 'title="Outcome of episode 1: default (no-team, deadline). The default' in page
    told = (await room.city.get("dispatcher", f"/v1/calls/{call_id}")).json()
    assert told["history"][-1].keys() == {"at", "type", "sentence"}
    assert told["history"][-1]["sentence"].startswith("Outcome of episode 1: default (no-team, deadline).")
    assert told["episodes"][0]["sentence"] == "The default response goes: no-team, deadline."


async def test_a_table_without_rows_is_a_sentence_in_a_cell(room: Room) -> None:
    page = await shown(room, f"/calls/{room.call('26-1')}")
    for region, sentence in (("call-pages", "Nobody was paged."), ("call-messages", "The CAD was told nothing.")):
        assert re.search(rf'<tr id="{region}-empty" class="row empty"[^>]*><td class="quiet">{sentence}</td>', page)


async def test_a_call_that_is_not_theirs_is_not_found(room: Room) -> None:
    async with room.city.signed_in("dispatcher") as browser:
        for call in ("boston-ma/cad/1", call_of("none")):
            assert (await browser.get(f"/calls/{call}")).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["26-4", "26-3", "26-2", "26-1"]),
        ("?open=yes", ["26-4", "26-3", "26-1"]),
        ("?open=no", ["26-2"]),
        ("?q=26-3", ["26-3"]),
        ("?q=CARES-1", ["26-4"]),
        ("?outcome=default", ["26-2"]),
        ("?district=West", []),
        ("?open=yes&start=2", ["26-1"]),
        ("?start=-1&open=no", ["26-2"]),
    ],
)
async def test_calls_are_found(room: Room, query: str, found: list[str]) -> None:
    room.waits("26-1")
    over = room.call("26-2")
    room.write(ASSIGNMENTS.name, *room.city.services.decide(override(room, over))[:2])
    room.call("26-3")
    room.accepted("26-4")
    page = await shown(room, f"/calls{query}")
    assert rows_of(page, "calls") == ([row_of(incident) for incident in found] or ["calls-empty"])
    chosen = " selected" if query == "?outcome=default" else ""
    assert f'<option value="default"{chosen}>default sent</option>' in page, "in words"


async def test_the_wall_names_nobody_and_offers_nothing(room: Room) -> None:
    room.accepted("26-1")
    room.waits("26-2")
    page = await shown(room, "/wall", "dispatcher")
    assert "26-1" in page
    for absent in ("data-act", "ann", "cares-1", "<button", "the-dispatcher"):
        assert absent not in page, absent


async def test_a_team_can_be_sent_to_a_call_that_has_had_the_default_until_the_cad_ends_it(room: Room) -> None:
    call_id = room.passed_over("26-5")
    path, send = f"/calls/{call_id}", "<option>cares</option>"
    page = await shown(room, path)
    assert send in page
    assert "Send default" not in page
    assert send not in await shown(room, path, "viewer")
    room.write(DECISIONS.name, events.CallEnded(call_id=call_id, event_id="e2", updated_at=room.now, status="closed"))
    assert send not in await shown(room, path)


async def test_a_team_that_waits_nearby_can_be_let_in_as_soon_as_it_does(room: Room) -> None:
    """Only the alert had the button, ten minutes later."""
    call_id = room.accepted("26-5")
    about: dict[str, Any] = {"call_id": call_id, "episode": 1, "team_id": "cares-1", "reported_by": "ann"}
    stands: tuple[tuple[TeamStatus, bool], ...] = (("en-route", False), ("staged", True), ("on-scene", False))
    for status, offered in stands:
        room.write(ASSIGNMENTS.name, events.StatusReported(**about, status=status))
        for path in ("/", f"/calls/{call_id}"):
            assert ("Let cares-1 go in" in await shown(room, path)) == offered
            assert "Let cares-1 go in" not in await shown(room, path, "viewer")


async def test_no_other_team_is_offered_where_the_cad_has_ended_the_call_and_one_is_with_somebody(room: Room) -> None:
    """It was offered, and refused each time: the team stays, and the CAD has closed the call."""
    call_id = room.accepted("26-5")
    assert "<option>cares</option>" in await shown(room, f"/calls/{call_id}")
    room.write(DECISIONS.name, events.CallEnded(call_id=call_id, event_id="e2", updated_at=room.now, status="closed"))
    page = await shown(room, f"/calls/{call_id}")
    assert "<option>cares</option>" not in page
    assert "Withdraw cares-1" in page


async def test_where_there_are_several_cads_a_call_says_of_which_it_is(room: Room) -> None:
    """They may have given the same number. Where test calls come from is no CAD."""
    room.call("26-1")
    probe = builders.call_triaged(call_of("26-2", "beat"), room.now, stories.judgement(), synthetic=True)
    room.write(DECISIONS.name, probe)
    assert ">dane-county<" not in await shown(room, "/calls")
    other = room.call("26-1", source="uw-police")
    for path in ("/", "/calls"):
        page = await shown(room, path)
        assert (">dane-county<" in page, ">uw-police<" in page) == (True, True), path
    assert ">uw-police<" in await shown(room, f"/calls/{other}")


async def test_of_more_than_a_page_holds_it_says_how_many_are_missing(room: Room) -> None:
    for number in range(now.MOST_RUNNING + 3):
        room.accepted(f"26-{number}")
    assert "and 3 more" in await shown(room, "/")
    assert re.search(r"and \d+ more", await shown(room, "/wall"))
    call_id = call_of("26-0")
    about: dict[str, Any] = {"call_id": call_id, "episode": 1, "team_id": "cares-1", "reported_by": "ann"}
    for number in range(KEEP_HISTORY_LINES + 10):
        status: TeamStatus = "staged" if number % 2 else "en-route"
        room.write(ASSIGNMENTS.name, events.StatusReported(**about, status=status))
    assert re.search(r"\d+ lines in the middle of this long history", await shown(room, f"/calls/{call_id}"))
