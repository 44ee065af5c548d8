"""What a dispatcher sees, and can say, of a call that may wait for a team, or that a team would take late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared import events
from shared.topics import ASSIGNMENTS
from tests import builders
from tests.services.console.pages.driver import Room
from tests.services.console.pages.test_calls import row_of, rows_of, shown

pytestmark = pytest.mark.scenario("modes")


async def test_a_question_whether_a_call_may_wait_stands_first_and_once_it_waits_it_runs(room: Room) -> None:
    about: dict[str, Any] = {"call_id": room.call("26-1"), "episode": 1}
    soon, later = room.now + timedelta(seconds=10), room.now + timedelta(minutes=40)
    asked = events.HoldAsked(**about, minutes=40, until=soon, sentence="May the call wait for a team?")
    room.write(ASSIGNMENTS.name, asked)
    for path in ("/", f"/calls/{about['call_id']}"):
        assert "Let it wait" in await shown(room, path)
        assert "Let it wait" not in await shown(room, path, "viewer")
        assert f"{soon:%H:%M:%S}" not in await shown(room, path), "a dispatcher's word counts until the deadline"
    assert rows_of(await shown(room, "/"), "waits") == [row_of("26-1")]
    began = events.HoldBegan(
        **about, acknowledged_by="cad", began_at=room.now, until=later, sentence="The call waits for a team."
    )
    room.write(ASSIGNMENTS.name, began)
    page = await shown(room, "/")
    assert rows_of(page, "running") == [row_of("26-1")]
    assert "waits for a team" in page
    assert "Let it wait" not in page
    assert "Send default" in page, "a dispatcher may end it at any time"
    assert "<b>1</b> undecided</span> <span><b>0</b> with a team" in await shown(room, "/wall")
    assert room.commands() == []


@pytest.mark.parametrize("sent", [None, "cares"])
async def test_a_team_that_would_take_a_late_call_is_a_question(room: Room, sent: str | None) -> None:
    """Also where a dispatcher had sent a team to it, and none took the call."""
    about: dict[str, Any] = {"call_id": room.call("26-1"), "episode": 1}
    if sent is not None:
        room.write(ASSIGNMENTS.name, events.CallOverridden(**about, send=sent, overridden_by="dee"))
    routed = builders.call_routed(about["call_id"], room.now, "default", reasons=("not-pulled",))
    room.write(ASSIGNMENTS.name, routed)
    assert rows_of(await shown(room, "/"), "ended") == [row_of("26-1")]
    until = room.now + timedelta(minutes=2)
    asked = events.LateTakeAsked(
        **about,
        response="cares",
        team_id="cares-1",
        person_id="ann",
        expires_at=until,
        sentence="cares-1 would go.",
    )
    room.write(ASSIGNMENTS.name, asked)
    page = await shown(room, "/")
    assert rows_of(page, "waits") == [row_of("26-1")]
    assert "cares-1 would go." in page
    assert "Confirm" in page
    room.write(ASSIGNMENTS.name, events.LateTakeLapsed(**about, team_id="cares-1"))
    page = await shown(room, "/")
    assert (rows_of(page, "waits"), rows_of(page, "ended")) == (["waits-empty"], [row_of("26-1")])
    assert room.commands() == []


def offered_for(call_id: str, room: Room) -> events.OfferMade:
    return builders.offer_made(call_id, room.now, team_id="cares-1", response="co-response", district="Central")


def judged_anew(call_id: str, room: Room) -> events.PlanSet:
    no_more = builders.judgement(builders.verdict(may_go=False, reasons=("paused",)))
    until = room.now + timedelta(seconds=60)
    return events.PlanSet(call_id=call_id, episode=1, event_id="e2", judgement=no_more, deadline=until)


@pytest.mark.parametrize("over", [offered_for, judged_anew], ids=["a team is asked", "it may not go any more"])
async def test_what_is_proposed_no_more_is_no_question(room: Room, over: Any) -> None:
    """A call moved to a live district, or a knife was heard of: `Confirm` stood there, and was refused."""
    call_id = room.waits("26-1")
    room.write(ASSIGNMENTS.name, over(call_id, room))
    page = await shown(room, "/")
    assert (rows_of(page, "waits"), rows_of(page, "running")) == (["waits-empty"], [row_of("26-1")])
    assert "Confirm cares" not in page + await shown(room, f"/calls/{call_id}")


async def test_a_team_is_asked_for_its_own_response(room: Room) -> None:
    call_id = room.waits("26-1")
    room.write(
        ASSIGNMENTS.name,
        events.ConfirmationLapsed(call_id=call_id, episode=1, response="cares"),
        offered_for(call_id, room),
    )
    assert "cares-1</b> for co-response" in await shown(room, "/")


async def test_what_is_proposed_after_what_was_confirmed_is_a_question_of_its_own(room: Room) -> None:
    """Nobody took what was confirmed, and the next response wants a dispatcher's yes too: nobody was asked for it."""
    call_id = room.waits("26-1")
    about: dict[str, Any] = {"call_id": call_id, "episode": 1}
    until = room.now + timedelta(seconds=40)
    room.write(
        ASSIGNMENTS.name,
        events.DecisionConfirmed(**about, response="cares", confirmed_by="dee"),
        events.ConfirmationAsked(**about, response="co-response", expires_at=until, sentence="co-response may go."),
    )
    page = await shown(room, "/")
    assert rows_of(page, "waits") == [row_of("26-1")]
    assert "Confirm co-response" in page
