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
