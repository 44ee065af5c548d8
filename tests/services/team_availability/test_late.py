"""A late pull: a call that no team took from its page may still be taken, if a dispatcher says yes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events import (
    AssignmentMoved,
    CallRouted,
    CommandRefused,
    ConfirmDecision,
    DeadlineSet,
    DistrictPaused,
    LateCallEnded,
    LateCallListed,
    LateTakeAsked,
    LateTakeLapsed,
    OfferAccepted,
    OfferMade,
    OverrideCall,
    TakeLateCall,
)
from shared.judgement import Judgement, RaisedBy, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, call_id, unsuitable
from tests.services.team_availability.told import ToldTown

pytestmark = pytest.mark.scenario("modes")

QUESTION = [("call.confirm", "cad")]
TAKEN = [("assigned", "one"), ("call.routed", "cad")]


def pulled(**changes: Any) -> Judgement:
    response = verdict("cru", reached_by="pull", **{"late_minutes": 20} | changes)
    return judgement(response, steps=(Step("same response", 30), Step("default", 0)))


def late_town(judged: Judgement | None = None) -> ToldTown:
    """Nobody takes the call, and the default goes: nobody is paged of it."""
    town = ToldTown()
    town.team("one")
    town.team("two")
    town.sent()
    town.call("1", judged or pulled())
    town.wait(51)
    assert town.sent() == [("call.routed", "cad")]
    return town


def take(town: ToldTown, team_id: str = "one") -> Any:
    person_id = f"{team_id}-medic"
    return town.command(TakeLateCall, call_id=call_id(), team_id=team_id, person_id=person_id, issued_by=person_id)


def confirm(town: ToldTown) -> Any:
    return town.command(ConfirmDecision, call_id=call_id())


def test_a_call_that_nobody_took_stands_on_the_pages_as_late() -> None:
    town = late_town()
    routed, listed = town.last(CallRouted), town.last(LateCallListed)
    assert (routed.outcome, routed.reasons[0]) == ("default", "not-pulled")
    assert (listed.team_ids, listed.response) == (("one", "two"), "cru")
    assert (listed.until - town.times[town.journal.index(listed)]).total_seconds() == 20 * 60


def test_without_late_minutes_nothing_is_late() -> None:
    town = late_town(pulled(late_minutes=None))
    assert town.last(CallRouted).reasons == ("expired",)
    assert not town.all(LateCallListed)
    assert take(town).reason == "over"


def test_taking_it_asks_the_dispatcher_and_is_not_yet_the_call() -> None:
    town = late_town()
    assert "Do not set out" in take(town).sentence
    assert town.last(LateTakeAsked).team_id == "one"
    assert town.sent() == QUESTION
    assert (take(town).type, town.sent()) == ("command-done", [])
    assert take(town, "two").reason == "asked-already"
    assert not town.all(OfferAccepted)


def test_a_yes_is_a_new_episode_that_the_team_has() -> None:
    town = late_town()
    take(town)
    town.sent()
    assert confirm(town).type == "command-done"
    begun, routed = town.last(DeadlineSet), town.last(CallRouted)
    assert (begun.why, begun.episode, routed.episode) == ("late-pull", 2, 2)
    assert (routed.outcome, routed.team_id, routed.response) == ("team-accepted", "one", "cru")
    assert town.last(LateCallEnded).why == "taken"
    assert town.sent() == TAKEN
    assert town.state.teams["one"].shift is not None
    assert town.state.teams["one"].shift.call_id == call_id()
    assert take(town, "two").reason == "over"


def test_silence_is_nothing_and_another_team_may_ask() -> None:
    town = late_town()
    take(town)
    town.sent()
    town.wait(121)
    assert town.last(LateTakeLapsed).team_id == "one"
    assert confirm(town).type == "command-refused"
    assert (town.sent(), len(town.all(DeadlineSet))) == ([], 1)
    assert take(town, "two").type == "command-done"
    assert town.sent() == QUESTION


def test_a_yes_that_comes_too_late_is_refused_though_no_clock_has_fired() -> None:
    town = late_town()
    take(town)
    town.sent()
    town.now = town.last(LateTakeAsked).expires_at
    assert confirm(town).type == "command-refused"
    assert (town.sent(), len(town.all(DeadlineSet))) == ([], 1)


def test_after_its_time_nobody_can_ask() -> None:
    town = late_town()
    town.wait(20 * 60)
    assert town.last(LateCallEnded).why == "over"
    assert (take(town).reason, town.sent()) == ("over", [])


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("unit", "units-on-scene"),
        ("end", "cancelled"),
        ("danger", "upgraded"),
        ("other", "may-not-go"),
        ("again", "another-episode"),
    ],
)
def test_what_ends_it(how: str, why: str) -> None:
    town = late_town()
    take(town)
    town.wait(1)
    town.sent()
    if how == "unit":
        town.report("1", units_on_scene=True)
    elif how == "end":
        town.cancel()
    elif how == "danger":
        town.triage(unsuitable())
    elif how == "other":
        town.triage(unsuitable("age-not-met", level="calm", level_rank=0))
    else:
        town.command(OverrideCall, call_id=call_id(), send="cru", reason="they are near")
    assert town.last(LateCallEnded).why == why
    answer = confirm(town)
    assert isinstance(answer, CommandRefused)
    assert not town.all(OfferAccepted)
    assert [word for word in town.sent() if word[0] != "offer"] == []


@pytest.mark.parametrize("value", ["past", "threat"])
def test_another_hazard_on_the_same_level_ends_it_as_well(value: str) -> None:
    """The team that took it then was not told: the plan of the call was from before."""
    past, now = (RaisedBy("violence", known, None, "cad", START) for known in ("past", value))
    town = late_town(pulled().model_copy(update={"raised_by": (past,)}))
    take(town)
    town.triage(pulled().model_copy(update={"raised_by": (now,)}))
    assert [event.why for event in town.all(LateCallEnded)] == ([] if value == "past" else ["upgraded"])


def test_a_team_that_is_not_free_any_more_does_not_get_it() -> None:
    town = late_town()
    take(town)
    town.status("out-of-service", team_id="one")
    town.sent()
    answer = confirm(town)
    assert (answer.reason, town.sent(), len(town.all(DeadlineSet))) == ("busy", [], 1)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_judgement_of_a_request_that_is_read_before_the_request_is_not_lost(rank: int) -> None:
    town = late_town()
    town.wait(1)
    version = {"requested_by": "officer"}
    town.triage(judgement(verdict("cru"), level_rank=rank), version=version)
    town.report("1", **version)
    assert [event.why for event in town.all(LateCallEnded)] == (["upgraded"] if rank else ["another-episode"])
    town.accept(town.last(OfferMade))
    assert (town.last(CallRouted).episode, town.last(CallRouted).outcome) == (2, "team-accepted")


def test_a_call_that_is_forgotten_is_not_late_any_more() -> None:
    town = late_town()
    town.wait(1)
    town.triage(judgement(verdict("cru")), version={"requested_by": "officer"})
    town.wait(21 * 60)
    assert town.kinds()[-2:] == ["late-call-ended", "call-forgotten"]


def test_a_team_that_comes_with_a_merged_call_keeps_it_whoever_has_asked_for_it() -> None:
    town = late_town()
    town.call("2")
    town.accept(town.last(OfferMade))
    town.status("on-scene")
    take(town, "two")
    town.cancel("2", status="merged", merged_into="1")
    assert (town.last(LateCallEnded).why, town.last(AssignmentMoved).to_call_id) == ("taken", call_id())
    assert confirm(town).reason == "taken"
    assert town.status("transporting").type == "command-done"
    assert town.state.teams["two"].shift is not None
    assert town.state.teams["two"].shift.call_id is None


def test_a_pause_holds_it() -> None:
    town = late_town()
    take(town)
    town.hear(DistrictPaused(district="Central", changed_by="sue", revision=4), "decisions")
    town.sent()
    assert (confirm(town).reason, take(town, "two").reason) == ("paused", "asked-already")
    assert town.sent() == []


def test_after_a_dispatchers_default_nothing_is_late() -> None:
    town = ToldTown()
    town.team("one")
    town.call("1", pulled())
    town.sent()
    town.command(OverrideCall, call_id=call_id(), send="default", reason="police are there")
    assert not town.all(LateCallListed)
    assert town.sent() == [("call.routed", "cad")]


@pytest.mark.parametrize("asked", [True, False])
def test_a_dispatcher_who_sends_the_default_says_no_to_whoever_would_take_it_late(asked: bool) -> None:  # noqa: FBT001
    """They heard that no team has the call; the question stood, and another's yes sent the team after all."""
    town = late_town()
    if asked:
        take(town)
    said: Any = town.command(OverrideCall, call_id=call_id(), send="default", reason="police are with them")
    assert (said.result, "no team may take the call late any more" in said.sentence) == ("done", True)
    assert town.last(LateCallEnded).why == "overridden"
    assert confirm(town).type == "command-refused"
    assert take(town, "two").reason == "over"
    assert len(town.all(CallRouted)) == 1
    again: Any = town.command(OverrideCall, call_id=call_id(), send="default")
    assert again.sentence == "No team has this call."
