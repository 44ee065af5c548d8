"""What is personal of a call goes only when nobody may need it any more: no team has it, and none can be sent."""

from __future__ import annotations

from typing import get_args

import pytest

from services.team_availability.life_cycle import AssignmentState
from shared.events import CallErased, CommandDone, CommandRefused, EraseCall, Event
from tests.services.team_availability.driver import Town, call_id, unsuitable
from tests.services.team_availability.test_life_cycle import in_state
from tests.services.team_availability.test_merging import merge


def erase(town: Town, incident: str = "1", *merged: str, reason: str = "the caller asked for it") -> Event:
    ids = tuple(call_id(each) for each in merged)
    return town.command(EraseCall, call_id=call_id(incident), merged=ids, issued_by="ben", reason=reason)


def refusal(answer: Event) -> str:
    assert isinstance(answer, CommandRefused), answer
    return answer.reason


@pytest.mark.parametrize("state", get_args(AssignmentState))
def test_a_call_is_not_erased_while_a_team_has_it_whatever_the_cad_says(state: AssignmentState) -> None:
    town = in_state(state)
    answer = erase(town)
    assert refusal(answer) == "team-has-call"
    assert "one has" in answer.sentence  # type: ignore[attr-defined]
    town.cancel(status="closed")
    still = town.state.call(call_id()).assignment is not None
    assert isinstance(erase(town), CommandRefused if still else CommandDone)
    assert bool(town.all(CallErased)) is not still


def test_a_call_is_not_erased_before_it_is_decided_or_while_a_team_can_be_sent() -> None:
    town = Town()
    town.team()
    town.report()
    assert refusal(erase(town)) == "call-open"
    town.triage(unsuitable())
    assert refusal(erase(town)) == "call-open"  # a dispatcher can still send a team
    town.cancel(status="closed")
    assert isinstance(erase(town), CommandDone)


def test_who_asked_and_why_is_on_record_and_a_second_time_too() -> None:
    town = Town()
    town.report()
    town.cancel(status="closed")
    assert refusal(erase(town, reason=" ")) == "no-reason"
    for reason in ("the caller asked for it", "once more: a page was still open"):
        assert isinstance(erase(town, reason=reason), CommandDone)
        erased = town.last(CallErased)
        assert (erased.call_id, erased.erased_by, erased.reason) == (call_id(), "ben", reason)
    assert len(town.all(CallErased)) == 2


def test_calls_that_are_one_are_erased_together_or_not_at_all() -> None:
    town = Town()
    town.call("1", unsuitable())
    town.call("2", unsuitable())
    merge(town)
    assert refusal(erase(town, "1", "2")) == "call-open"
    town.cancel("2", status="closed")
    assert isinstance(erase(town, "1", "2"), CommandDone)
    assert town.last(CallErased).merged == (call_id("2"),)


def test_a_call_that_is_long_forgotten_can_be_erased() -> None:
    assert isinstance(erase(Town(), "old"), CommandDone)


def test_a_call_that_is_only_judged_so_far_is_about_to_come() -> None:
    town = Town()
    town.triage(unsuitable())
    assert refusal(erase(town)) == "call-open"
