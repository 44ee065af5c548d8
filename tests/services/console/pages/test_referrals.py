"""With whom somebody is to get in touch, in the browser: before, the command line alone told it and took the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.console.pages.boards import BoardKey
from shared import events
from shared.topics import DECISIONS
from tests.services.console.driver import AGENCY
from tests.services.console.pages.driver import Room
from tests.services.console.pages.test_calls import shown

pytestmark = pytest.mark.scenario("browser")


def rows(room: Room) -> tuple[list[str], ...]:
    """What is due, and what was closed."""
    regions = room.city.app.state.boards.now(BoardKey(AGENCY, frozenset({"viewer"}), "/referrals")).regions
    return tuple(list(regions[name].rows) for name in ("due", "closed"))


async def test_what_is_due_stands_by_its_time_and_is_closed_where_it_stands(room: Room) -> None:
    about: dict[str, Any] = {"call_id": room.call("26-1"), "response": "cares", "district": "Central", "phase": "live"}
    late, soon = "a" * 32, "b" * 32
    due_at, was_due_at = room.now + timedelta(hours=24), room.now - timedelta(hours=1)
    room.write(
        DECISIONS.name,
        events.ReferralMade(**about, referral_id=soon, kind="follow-up", due_at=due_at),
        events.ReferralMade(**about, referral_id=late, kind="referral", due_at=was_due_at),
    )
    room.write(DECISIONS.name, events.ReferralOverdue(referral_id=late, call_id=about["call_id"]))
    room.write(DECISIONS.name, events.NoteMade(**about, note_id="c" * 32))
    page = await shown(room, "/referrals")
    assert rows(room) == ([f"referral-{late}", f"referral-{soon}"], ["closed-empty"]), "a note asks for nothing"
    assert "was due" in page
    assert 'href="/calls/madison-wi/dane-county/26-1"' in page
    assert f"/referrals/{late}/close" not in await shown(room, "/referrals", "viewer")
    assert 'href="/referrals"' in await shown(room, "/alerts"), "there it is closed"
    async with room.city.signed_in("staff") as browser:
        form = {"result": "contacted", "reason": "", "back": "/referrals"}
        assert (await browser.post(f"/referrals/{late}/close", data=form)).status_code == 303
    page = await shown(room, "/referrals")
    assert rows(room) == ([f"referral-{soon}"], [f"referral-{late}"])
    assert "contacted, the-staff" in page
