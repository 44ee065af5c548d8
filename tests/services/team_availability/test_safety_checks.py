"""Safety checks: a team with somebody that falls silent is asked whether it is well; who stays silent gets police."""

from __future__ import annotations

import pytest

from services.team_availability.service import TEAM_AVAILABILITY
from services.team_availability.state import State
from shared.events import (
    CommandDone,
    OfferMade,
    ReportStatus,
    SafetyCheckDue,
    SafetyCheckMissed,
    StatusReported,
    WithdrawTeam,
)
from shared.judgement import Judgement
from tests.builders import judgement
from tests.services.team_availability.driver import START, Town, call_id, kinds

HALF_HOUR = 30 * 60


def on_scene(status: str = "on-scene", judged: Judgement | None = None) -> Town:
    """Team one has the call, and has reported where it is."""
    town = Town()
    town.team("one")
    town.call(judged=judged)
    town.accept(town.last(OfferMade))
    town.status(status)
    return town


@pytest.mark.parametrize("status", ["on-scene", "transporting"])
def test_a_team_with_somebody_is_asked_after_half_an_hour_of_silence(status: str) -> None:
    town = on_scene(status)
    town.wait(HALF_HOUR - 1)
    assert not town.all(SafetyCheckDue)
    town.wait(1)
    assert town.all(SafetyCheckDue) == [SafetyCheckDue(call_id=call_id(), episode=1, team_id="one", number=1)]


def test_a_team_on_its_way_is_not_asked() -> None:
    town = on_scene("en-route")
    town.wait(5 * HALF_HOUR)
    assert not town.all(SafetyCheckDue)
    town.status("need-police")
    town.wait(HALF_HOUR)
    assert len(town.all(SafetyCheckDue)) == 1, "whoever asks for police is asked, on the way too"


def test_two_unanswered_in_a_row_are_a_matter_for_the_police_and_the_questions_go_on() -> None:
    town = on_scene()
    town.wait(3 * HALF_HOUR - 1)
    assert [one.number for one in town.all(SafetyCheckDue)] == [1, 2]
    assert not town.all(SafetyCheckMissed)
    assert kinds(town.wait(1)) == ["safety-check-missed", "safety-check-due"]
    missed = town.last(SafetyCheckMissed)
    assert (missed.call_id, missed.team_id, missed.missed, missed.silent_minutes) == (call_id(), "one", 2, 90)
    assert missed.sentence == "one has been silent for 90 min, safety checks missed: 2. Send police."
    town.wait(HALF_HOUR)
    assert [one.missed for one in town.all(SafetyCheckMissed)] == [2, 3]
    assert [one.number for one in town.all(SafetyCheckDue)] == [1, 2, 3, 4]


@pytest.mark.parametrize("says", ["on-scene", "transporting", "need-police"])
def test_any_report_answers_and_the_count_begins_again(says: str) -> None:
    town = on_scene()
    town.wait(2 * HALF_HOUR + 60)
    assert town.status(says).result == "done"  # type: ignore[attr-defined]
    assert town.last(StatusReported).status == says
    town.wait(HALF_HOUR - 1)
    assert [one.number for one in town.all(SafetyCheckDue)] == [1, 2]
    town.wait(2)
    assert [one.number for one in town.all(SafetyCheckDue)] == [1, 2, 1]
    assert not town.all(SafetyCheckMissed)


def test_the_same_status_is_news_only_while_it_is_asked_for() -> None:
    town = on_scene()
    assert town.status("on-scene").result == "nothing-to-do"  # type: ignore[attr-defined]
    town.wait(HALF_HOUR)
    assert town.status("on-scene", command_id="we-are-well").result == "done"  # type: ignore[attr-defined]
    assert town.status("on-scene").result == "nothing-to-do"  # type: ignore[attr-defined]
    assert len(town.all(StatusReported)) == 2
    answers = [one for one in town.all(CommandDone) if one.command_id == "we-are-well"]
    assert len(answers) == 1


def test_a_second_tap_on_one_page_answers_no_later_question() -> None:
    town = on_scene()
    town.wait(HALF_HOUR)
    town.status("on-scene", command_id="tap", expires_at=START.replace(hour=23))
    given = town.heard[-1]
    town.wait(HALF_HOUR)
    assert isinstance(given[0], ReportStatus)
    assert town.take(*given) == []


def test_a_cleared_or_released_call_has_no_check() -> None:
    for end in ("cleared", "released"):
        town = on_scene()
        town.wait(HALF_HOUR)
        if end == "cleared":
            town.status("cleared", disposition="resolved-on-scene")
        else:
            town.command(WithdrawTeam, team_id="one", reason="relieved by another crew")
            town.status("available")
        before = len(town.all(SafetyCheckDue))
        town.wait(10 * HALF_HOUR)
        assert len(town.all(SafetyCheckDue)) == before == 1
        assert not town.state.calls


def test_the_document_says_how_long_and_how_many() -> None:
    town = on_scene(judged=judgement(on_scene_check_minutes=10, missed_safety_checks=1))
    town.wait(20 * 60)
    assert [one.number for one in town.all(SafetyCheckDue)] == [1, 2]
    assert [one.missed for one in town.all(SafetyCheckMissed)] == [1]


def test_an_overdue_check_fires_once_after_a_restart() -> None:
    town = on_scene()
    state: State = TEAM_AVAILABILITY.initial
    for event, at in zip(town.journal, town.times, strict=True):
        state = TEAM_AVAILABILITY.evolve(state, event, at)
    assert state == town.state
    due = TEAM_AVAILABILITY.due(state)
    assert due is not None
    town.now = due[1].replace(hour=due[1].hour + 5)
    assert [one.type for one in town.fire(*due)] == ["safety-check-due"]
    assert town.fire(*due) == []
    town.wait(HALF_HOUR - 1)
    assert len(town.all(SafetyCheckDue)) == 1
