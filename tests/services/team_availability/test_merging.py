"""A call merged into another: its team follows, where the other is known and the team may go there."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from services.team_availability.life_cycle import WITH_SOMEBODY, AssignmentState
from shared.events import (
    AssignmentMoved,
    AssignmentWithdrawn,
    CallRouted,
    DeadlineSet,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    SafetyCheckDue,
    TeamNotMoving,
    TeamStays,
    UpgradeRaised,
)
from shared.judgement import Unknown
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id, unsuitable
from tests.services.team_availability.test_life_cycle import HALF_HOUR, in_state, raised, recall
from tests.services.team_availability.test_whatever_comes import is_asked


def merge(town: Town, incident: str = "1", into: str | None = "2") -> None:
    town.cancel(incident, status="merged", merged_into=into)
    is_asked(town.state)


def has(town: Town, incident: str) -> bool:
    call = town.state.calls.get(call_id(incident))
    assignment, shift = None if call is None else call.assignment, town.state.teams["one"].shift
    assert shift is not None
    assert (assignment is not None) == (shift.call_id == call_id(incident))
    return assignment is not None and assignment.team_id == "one"


def outcome(town: Town, incident: str) -> Any:
    (routed,) = [event for event in town.all(CallRouted) if event.call_id == call_id(incident)]
    return routed


@pytest.mark.parametrize("state", get_args(AssignmentState))
def test_a_team_follows_to_the_call_that_its_own_was_merged_into(state: AssignmentState) -> None:
    town = in_state(state)
    town.team("two")
    town.call("2")
    town.wait(1)
    merge(town)
    assert has(town, "2")
    assert not has(town, "1")
    moved = town.last(AssignmentMoved)
    assert (moved.call_id, moved.to_call_id, moved.to_episode) == (call_id("1"), call_id("2"), 1)
    assert not town.all(AssignmentWithdrawn)
    assert not town.all(TeamStays)


def test_the_other_call_has_its_one_outcome_with_the_team_and_its_offers_go() -> None:
    town = in_state("on-scene")
    town.team("two")
    town.call("2")
    assert town.last(OfferMade).team_id == "two"
    merge(town)
    assert town.last(OfferWithdrawn).why == "taken"
    routed = outcome(town, "2")
    assert (routed.outcome, routed.team_id, routed.reasons) == ("team-accepted", "one", ("merged",))
    assert not town.all(UpgradeRaised)
    town.call("3")
    assert town.last(OfferMade).team_id == "two"


def test_a_call_that_is_not_judged_yet_is_waited_for() -> None:
    states: tuple[AssignmentState, ...] = ("en-route", "on-scene")
    for state in states:
        town = in_state(state)
        town.report("2")
        merge(town)
        assert has(town, "1")
        town.triage(incident="2")
        assert has(town, "2")
        assert len(town.all(OfferMade)) == 1, "nobody else is asked in between"


@pytest.mark.parametrize("state", ["en-route", "on-scene"])
def test_a_call_that_is_never_judged_gets_the_default_and_the_team_on_scene(state: AssignmentState) -> None:
    town = in_state(state)
    town.report("2")
    merge(town)
    town.wait(60)
    assert outcome(town, "2").outcome == "default"
    assert has(town, "2") == (state in WITH_SOMEBODY)
    assert [event.why for event in town.all(AssignmentWithdrawn)] == ([] if has(town, "2") else ["cancelled"])


@pytest.mark.parametrize("state", get_args(AssignmentState))
def test_into_a_call_that_may_be_dangerous_goes_nobody_and_who_is_there_is_told(state: AssignmentState) -> None:
    town = in_state(state)
    town.call("2", unsuitable())
    merge(town)
    assert has(town, "2") == (state in WITH_SOMEBODY)
    assert outcome(town, "2").outcome == "default"
    if state in WITH_SOMEBODY:
        upgrade = town.last(UpgradeRaised)
        assert (upgrade.call_id, upgrade.send, upgrade.team_on_scene) == (call_id("2"), "default", True)
    else:
        assert town.last(AssignmentWithdrawn).why == "cancelled"


def test_a_higher_level_of_the_other_call_is_told_and_later_ones_too() -> None:
    town = in_state("on-scene")
    town.team("two")
    town.call("2", judgement(level_rank=1, level="guarded"))
    merge(town)
    assert (town.last(UpgradeRaised).level, town.last(UpgradeRaised).send) == ("guarded", "")
    assert outcome(town, "2").outcome == "default", "it is sent what it would have got beside the team"
    town.wait(1)
    town.triage(unsuitable(level_rank=2), "2")
    assert (town.last(UpgradeRaised).level_rank, town.last(UpgradeRaised).call_id) == (2, call_id("2"))


def test_into_a_call_that_has_a_team_nobody_follows() -> None:
    cases: tuple[tuple[AssignmentState, str], ...] = (("en-route", "assignment-withdrawn"), ("on-scene", "team-stays"))
    for state, happens in cases:
        town = in_state(state)
        town.team("two")
        town.call("2")
        town.accept(town.last(OfferMade))
        merge(town)
        assert not town.all(AssignmentMoved)
        assert town.kinds()[-1] == happens
        assert town.journal[-1].subject == call_id("1")


@pytest.mark.parametrize("other", ["stays", "clears"])
def test_a_team_that_could_not_follow_is_told_what_comes_up_at_the_other_call(other: str) -> None:
    """Two callers, two teams at one door, and a weapon that is said of the call that stands for both."""
    town = in_state("on-scene")
    town.team("two")
    town.call("2")
    town.accept(town.last(OfferMade))
    town.status("on-scene", "two")
    merge(town)
    assert has(town, "1")
    if other == "clears":
        town.status("cleared", "two", disposition="resolved-on-scene")
    town.wait(1)
    town.report("2")
    armed = unsuitable(raised_by=(raised("weapon", "firearm"),))
    town.triage(armed, "2")
    told = {event.team_id: event for event in town.all(UpgradeRaised)}
    assert set(told) == ({"one"} if other == "clears" else {"one", "two"})
    assert (told["one"].call_id, told["one"].send, told["one"].team_on_scene) == (call_id("1"), "default", True)
    assert has(town, "1")


@pytest.mark.parametrize("state", ["en-route", "on-scene"])
def test_a_weapon_that_was_said_of_the_call_before_the_merging_and_is_judged_after_it_is_told(
    state: AssignmentState,
) -> None:
    town = in_state(state)
    town.team("two")
    town.call("2")
    town.wait(1)
    town.report("1")
    armed_at = town.now
    town.wait(1)
    merge(town)
    assert has(town, "2")
    town.triage(unsuitable(raised_by=(raised("weapon", "firearm"),)), "1", updated_at=armed_at)
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.team_id, upgrade.call_id, upgrade.send) == ("one", call_id("2"), "default")
    assert has(town, "2") == (state == "on-scene")


@pytest.mark.parametrize("state", ["en-route", "on-scene"])
def test_another_hazard_of_the_other_call_is_told_with_it(state: AssignmentState) -> None:
    drunk, armed = (raised("intoxication", "severe"),), (raised("weapon", "elsewhere"),)
    town = Town()
    town.team("one")
    town.call("1", judgement(level_rank=1, raised_by=drunk))
    town.accept(town.last(OfferMade))
    town.status(state)
    town.team("two")
    town.call("2", judgement(level_rank=1, raised_by=armed))
    merge(town)
    assert has(town, "2")
    told = [(event.call_id, event.team_on_scene, event.send) for event in town.all(UpgradeRaised)]
    assert told == [(call_id("2"), state == "on-scene", "")]


@pytest.mark.parametrize("unknown", [None, "words"])
def test_what_the_team_of_the_other_call_was_told_is_told_to_one_that_cannot_follow(unknown: Unknown | None) -> None:
    town = in_state("on-scene")
    town.team("two")
    town.call("2")
    town.accept(town.last(OfferMade))
    town.status("on-scene", "two")
    town.wait(1)
    town.triage(unsuitable(raised_by=(raised("weapon", "firearm", unknown),)), "2")
    merge(town)
    assert [(event.team_id, event.call_id) for event in town.all(UpgradeRaised)] == [
        ("two", call_id("2")),
        ("one", call_id("1")),
    ]
    assert (town.last(UpgradeRaised).send, town.last(UpgradeRaised).team_on_scene) == ("default", True)
    assert [(each.value, each.unknown) for each in town.last(UpgradeRaised).raised_by] == [("firearm", unknown)]
    town.wait(1)
    merge(town)
    assert len(town.all(UpgradeRaised)) == 2, "the CAD says again that it has merged the call"


@pytest.mark.parametrize("into", [None, "never-heard-of", "1"])
def test_where_the_other_call_is_not_known_it_is_as_any_end(into: str | None) -> None:
    town = in_state("en-route")
    merge(town, into=into)
    assert town.last(AssignmentWithdrawn).why == "cancelled"
    on_scene = in_state("on-scene")
    merge(on_scene, into=into)
    assert on_scene.last(TeamStays).why == "merged"
    assert has(on_scene, "1")


def test_a_call_that_is_reported_after_the_merging_is_joined_once_it_is_judged() -> None:
    town = in_state("on-scene")
    merge(town)
    town.wait(1)
    town.report("2")
    assert has(town, "1")
    town.triage(incident="2")
    assert has(town, "2")
    assert outcome(town, "2").outcome == "team-accepted"


def test_of_a_call_that_has_its_outcome_nobody_knows_how_dangerous_it_is_by_now() -> None:
    town = in_state("on-scene")
    town.call("2")
    assert outcome(town, "2").outcome == "default"
    merge(town)
    assert has(town, "2")
    assert (town.last(UpgradeRaised).level, town.last(UpgradeRaised).send) == ("not known", "default")
    town.wait(1)
    town.triage(unsuitable(), "2")
    assert town.last(UpgradeRaised).level == "police needed"
    for asked in ((), ("two",)):
        on_its_way = in_state("en-route")
        for team_id in asked:
            on_its_way.team(team_id)
        on_its_way.call("2")
        on_its_way.wait(60)
        assert outcome(on_its_way, "2").outcome == "default"
        merge(on_its_way)
        assert on_its_way.last(AssignmentWithdrawn).why == "cancelled"


def test_an_outcome_of_the_other_call_is_never_rewritten() -> None:
    town = Town()
    town.call("2")
    assert outcome(town, "2").outcome == "default"
    town.team("one")
    town.call("1")
    town.accept(town.last(OfferMade))
    town.status("on-scene")
    town.wait(3600)
    merge(town)
    assert has(town, "2")
    assert outcome(town, "2").outcome == "default"
    town.status("cleared", disposition="resolved-on-scene")
    assert not has(town, "2")
    town.wait(1)
    town.report("2", status="reopened")
    assert town.last(DeadlineSet).episode == 2


def test_a_call_merged_twice_and_one_merged_in_a_circle() -> None:
    town = in_state("on-scene")
    town.call("2")
    town.call("3")
    merge(town, "2", "3")
    merge(town, "1", "2")
    assert has(town, "3")
    merge(town, "3", "1")
    assert has(town, "3")
    assert town.last(TeamStays).call_id == call_id("3")


def test_every_clock_goes_with_the_team() -> None:
    town = in_state("on-scene")
    town.wait(HALF_HOUR - 120)
    town.call("2")
    merge(town)
    town.wait(120)
    assert [event.call_id for event in town.all(SafetyCheckDue)] == [call_id("2")]
    on_its_way = in_state("accepted")
    on_its_way.team("two")
    on_its_way.call("2")
    merge(on_its_way)
    on_its_way.wait(300)
    assert on_its_way.last(TeamNotMoving).call_id == call_id("2")


def test_a_report_from_a_page_of_before_is_about_the_call_that_the_team_has() -> None:
    town = in_state("en-route")
    town.team("two")
    town.call("2")
    merge(town)
    assert town.status("on-scene", call_id=call_id("1")).type == "command-done"
    assert town.status("cleared", call_id=call_id("1"), disposition="refused").type == "command-done"
    assert not has(town, "2")


def test_what_a_dispatcher_is_sending_goes_on() -> None:
    town = in_state("on-scene")
    town.team("two")
    town.call("2", judgement(verdict(may_go=False, reasons=("phase-off",))))
    town.command(OverrideCall, call_id=call_id("2"), send="cares")
    town.accept(town.last(OfferMade))
    merge(town)
    assert has(town, "1")
    assert town.last(TeamStays).call_id == call_id("1")


def test_an_upgrade_of_the_other_call_reaches_the_team_and_the_old_one_no_more() -> None:
    town = in_state("on-scene")
    town.team("two")
    town.call("2")
    merge(town)
    town.wait(1)
    recall(town)
    assert not town.all(UpgradeRaised), "its call is the other one"
    town.triage(unsuitable(), "2")
    assert town.last(UpgradeRaised).call_id == call_id("2")
