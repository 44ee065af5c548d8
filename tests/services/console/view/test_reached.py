"""Alerts of ways that are lost, and of teams that nobody can reach."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.view.agency import AgencyView
from shared import events
from tests.services.console.stories import person, signed_on, team
from tests.services.console.view.test_view import A, N, Story, view_of

SET = (N, events.ContactSet(person_id="ann", method_id="mobile", kind="sms", position=1))
CALL = (N, events.ContactSet(person_id="ann", method_id="call", kind="voice", position=2))
PAGE = (N, events.ContactSet(person_id="ann", method_id="page", kind="pocket"))
AT_WORK: Story = ((A, person()), (A, team()), SET, (A, signed_on()))
LOST = (N, events.ContactBroken(person_id="ann", method_id="mobile", why="landline"))
STOPPED = (N, events.ContactOptedOut(person_id="ann", method_id="mobile"))
GONE = (N, events.ContactRemoved(person_id="ann", method_id="mobile", why="device-revoked"))
SIGNED_OFF = (A, events.TeamSignedOff(team_id="cares-1", shift_id="shift-1"))
BOTH = ["team-unreachable", "way-lost"]


def kinds(view: AgencyView) -> list[str]:
    return sorted(alert.kind for alert in view.alerts())


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize(
    ("more", "raised"),
    [
        ((CALL, LOST), ["way-lost"]),
        ((CALL, STOPPED), ["way-lost"]),
        ((LOST,), BOTH),
        ((STOPPED,), BOTH),
        ((LOST, (N, events.ContactProved(person_id="ann", method_id="mobile"))), []),
        ((STOPPED, (N, events.ContactOptedIn(person_id="ann", method_id="mobile"))), []),
        ((LOST, SET), []),
        ((STOPPED, SET), BOTH),
        ((STOPPED, (N, SET[1].model_copy(update={"fingerprint": "another number"}))), []),
        ((LOST, CALL), ["way-lost"]),
        ((PAGE, LOST), BOTH),
        ((LOST, SIGNED_OFF), []),
        ((SIGNED_OFF, LOST), []),
        ((LOST, (A, signed_on())), BOTH),
        ((GONE,), ["team-unreachable"]),
        ((CALL, GONE), []),
        ((LOST, GONE), ["team-unreachable"]),
        ((GONE, SET), []),
        ((GONE, SIGNED_OFF), []),
        ((SIGNED_OFF, GONE), []),
    ],
)
def test_a_way_that_is_lost_on_duty_is_an_alert_until_it_works(more: Story, raised: list[str]) -> None:
    assert kinds(view_of(*AT_WORK, *more)) == raised


@pytest.mark.scenario("contacts")
def test_a_team_whose_plan_leaves_it_those_alone_that_nobody_can_reach_is_an_alert() -> None:
    """That the plan changed a crew was not looked at."""
    of_bob = (N, events.ContactSet(person_id="bob", method_id="mobile", kind="sms", position=3))
    at_work: Story = (
        (A, person()),
        (A, person("bob")),
        (A, team()),
        SET,
        of_bob,
        (A, signed_on("cares-1", "ann", "bob")),
    )
    changed = events.ShiftChanged(
        team_id="cares-1",
        shift_id="shift-1",
        members=("ann",),
        shift_ends_at=signed_on().shift_ends_at,
        planned_shift_id="p",
    )
    assert kinds(view_of(*at_work, LOST)) == ["way-lost"]
    assert kinds(view_of(*at_work, LOST, (A, changed))) == BOTH
    back = changed.model_copy(update={"members": ("ann", "bob")})
    assert kinds(view_of(*at_work, LOST, (A, changed), (A, back))) == ["way-lost"]


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("news", [LOST, STOPPED])
def test_what_was_lost_is_told_whichever_journal_is_read_first(news: tuple[str, Any]) -> None:
    """A console that began anew read of the loss before it read of the shift: nobody heard of it any more."""
    roster, shift, ways = AT_WORK[:2], AT_WORK[3], (SET, news)
    moved = (A, events.TeamSignedOn(**{**signed_on().model_dump(), "team_id": "cares-2", "shift_id": "shift-2"}))
    for story in ((*roster, shift, *ways), (*roster, *ways, shift), (*ways, *roster, shift)):
        assert kinds(view_of(*story)) == BOTH
        assert kinds(view_of(*story, SIGNED_OFF)) == []
        (lost,) = (alert for alert in view_of(*story, (A, team("cares-2")), moved, SIGNED_OFF).alerts()
                   if alert.kind == "way-lost")  # fmt: skip
        assert lost.about == "cares-2"


def test_it_says_whether_another_way_is_left() -> None:
    (alert,) = view_of(*AT_WORK, CALL, LOST).alerts()
    lost = "ann of cares-1 is not reached by mobile any more: the number is a landline."
    assert alert.sentence == lost
    sentences = [alert.sentence for alert in view_of(*AT_WORK, LOST).alerts()]
    assert f"{lost} No other way to them is left." in sentences


def test_the_duty_officer_is_missed_whoever_is_at_work() -> None:
    """Nothing that they are sent is answered: after ninety days without a roll call every way to them is broken."""
    officer: dict[str, Any] = {"person_id": "duty-officer", "method_id": "mobile"}
    is_set = (N, events.ContactSet(**officer, kind="sms", position=1))
    lost = (N, events.ContactBroken(**officer, why="unproved"))
    (alert,) = view_of(is_set, lost).alerts()
    assert (alert.kind, alert.about) == ("way-lost", "")
    assert alert.sentence.startswith("The duty officer is not reached by mobile any more")
    assert alert.sentence.endswith("No other way to them is left.")
    assert kinds(view_of(is_set, lost, (N, events.ContactProved(**officer)))) == []
    of_ann = (N, events.ContactBroken(person_id="ann", method_id="mobile", why="unproved"))
    assert kinds(view_of((A, person()), SET, of_ann)) == [], "the rota has it"
