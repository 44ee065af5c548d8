"""What the board and the alerts say of planned duty: who is missing, left out, silent, and that it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared import events
from shared.events import Event
from tests.services.console.stories import START, person, signed_on, team
from tests.services.console.view.test_view import A, Story, view_of

NIGHT: dict[str, Any] = {"team_id": "cares-1", "planned_shift_id": "night"}
ENDS_AT = START + timedelta(hours=8)
ON_BOARD: Story = ((A, team()), (A, person()), (A, person("bob")))


def missing(why: str = "not-signed-on") -> tuple[str, Event]:
    return A, events.TeamMissing.model_validate({**NIGHT, "members": ("ann",), "since": START, "why": why})


def left_out(*people: events.MemberLeftOut) -> tuple[str, Event]:
    return A, events.MembersLeftOut(**NIGHT, left_out=people)


ELSEWHERE = left_out(events.MemberLeftOut(person_id="bob", why="on-shift", on_shift_with="day"))
SILENT: tuple[str, Event] = (A, events.TeamUnanswering(team_id="cares-1", unanswered=2))
OVER: tuple[str, Event] = (A, events.DutyOver(**NIGHT))
HEARD: tuple[str, Event] = (A, events.TeamHeard(team_id="cares-1", shift_id="shift-1", person_id="ann"))
AVAILABLE: tuple[str, Event] = (A, events.StatusReported(team_id="cares-1", status="available"))
OFF: tuple[str, Event] = (A, events.TeamSignedOff(team_id="cares-1", shift_id="shift-1"))
ON: tuple[str, Event] = (A, signed_on())


@pytest.mark.scenario("duty")
@pytest.mark.parametrize(
    ("story", "kinds"),
    [
        ((missing(),), ["team-missing"]),
        ((missing("nobody-left"),), ["team-missing"]),
        ((missing(), ON), []),
        ((missing(), OVER), []),
        ((ON, ELSEWHERE), ["members-left-out"]),
        ((ON, ELSEWHERE, left_out()), []),
        ((ON, ELSEWHERE, OFF), []),
        ((ON, SILENT), ["team-unanswering"]),
        ((ON, SILENT, HEARD), []),
        ((ON, SILENT, AVAILABLE), []),
        ((ON, SILENT, OFF), []),
    ],
)
def test_alerts_of_duty_come_and_go(story: Story, kinds: list[str]) -> None:
    view = view_of(*ON_BOARD, *story)
    assert [alert.kind for alert in view.alerts()] == kinds
    assert all("cares-1" in alert.sentence for alert in view.alerts())
    assert (view.teams["cares-1"].unanswering_since is not None) == ("team-unanswering" in kinds)


@pytest.mark.scenario("duty")
def test_the_board_shows_whom_the_plan_has_put_on_the_team() -> None:
    noted = events.DutyNoted(**NIGHT, duty="on-shift", members=("ann", "bob"), ends_at=ENDS_AT)
    assert view_of(*ON_BOARD, (A, noted)).teams["cares-1"].planned == noted
    assert view_of(*ON_BOARD, (A, noted), OVER).teams["cares-1"].planned is None
    changed = events.ShiftChanged(**NIGHT, shift_id="shift-1", members=("bob",), shift_ends_at=ENDS_AT)
    view = view_of(*ON_BOARD, ON, (A, changed))
    assert (view.teams["cares-1"].members, view.teams["cares-1"].shift_ends_at) == (("bob",), ENDS_AT)
    assert (view.people["ann"].team_id, view.people["bob"].team_id) == (None, "cares-1")
