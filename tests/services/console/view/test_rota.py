"""The rota's alerts: they stand for what the next day lacks, and for a plan that is not read any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared import events
from shared.events import Event, GapReason, PlannedShift, ShiftPlace
from shared.topics import ROSTERS
from tests.services.console.stories import START
from tests.services.console.view.test_view import view_of

SHIFT = PlannedShift(
    shift_id="s",
    team_id="one",
    duty="on-call",
    starts_at=START + timedelta(hours=20),
    ends_at=START + timedelta(hours=30),
    zone="America/Chicago",
    places=(ShiftPlace(person_id="ann"),),
)
PLANNED = events.ShiftPlanned(shift=SHIFT)
CLOSED = events.GapClosed(gap_id="absent", shift_id="s", team_id="one")


def gap(why: GapReason, days_ahead: int = 1) -> events.GapFound:
    return events.GapFound(
        gap_id=why, shift_id="s", team_id="one", why=why, person_id="ann", starts_at=SHIFT.starts_at,
        ends_at=SHIFT.ends_at, days_ahead=days_ahead,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("story", "sentences"),
    [
        ((gap("absent"),), ["one, on call from Fri 08:00 CDT: ann is away."]),
        (
            (gap("absent"), gap("unreachable")),
            ["one, on call from Fri 08:00 CDT: ann is away; no way to ann has proved to work."],
        ),
        ((gap("absent", 7),), []),
        ((gap("no-rest"),), []),
        ((gap("elsewhere"),), ["one, on call from Fri 08:00 CDT: ann is in another shift at the same time."]),
        ((gap("absent"), CLOSED), []),
        ((gap("absent"), events.ShiftDropped(shift_id="s", team_id="one", dropped_by="sue", reason="-")), []),
        ((gap("absent"), events.DutyEnded(shift_id="s", team_id="one")), []),
        (
            (events.ShiftsImported(source="hr"), events.RosterFeedStale(source="hr", read_at=START)),
            ["The plan of hr was not read for two of its periods; what was read last stands."],
        ),
        ((events.RosterFeedStale(source="hr", read_at=START), events.ShiftsImported(source="hr")), []),
    ],
)
def test_alerts_of_the_rota_come_and_go(story: tuple[Event, ...], sentences: list[str]) -> None:
    view = view_of(*((ROSTERS.name, event) for event in (PLANNED, *story)))
    assert [alert.sentence for alert in view.alerts()] == sentences


def test_an_alert_that_says_the_same_is_not_raised_again() -> None:
    """Whoever looks after it looks after it still."""
    view = view_of(*((ROSTERS.name, event) for event in (PLANNED, gap("absent"), gap("absent"))))
    (alert,) = view.alerts()
    assert alert.at < view_of(*((ROSTERS.name, event) for event in (PLANNED, PLANNED, gap("absent")))).alerts()[0].at
