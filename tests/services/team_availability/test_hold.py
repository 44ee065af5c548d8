"""A hold: a call waits for a team, once its CAD or a dispatcher has acknowledged that, and never without end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.team_availability.state import SETTLE
from shared.events import (
    CadInformed,
    CadMessageDue,
    CallRouted,
    CommandRefused,
    DistrictPaused,
    HoldAsked,
    HoldBegan,
    HoldCall,
    HoldNoticeDue,
    OfferMade,
    OverrideCall,
    SignOff,
)
from shared.judgement import Judgement, RaisedBy, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, call_id, unsuitable
from tests.services.team_availability.told import ToldTown

pytestmark = pytest.mark.scenario("modes")

MINUTES = 40
CHAIN = (Step("same response", 30), Step("hold", 10), Step("default", 0))
ASKED = ("call.hold", "cad")
DEFAULT = [("call.routed", "cad")]


def may_wait(*responses: Any, **changes: Any) -> Judgement:
    fields = {"steps": CHAIN, "hold_minutes": MINUTES, "hold_notice_minutes": (10, 20, 60)}
    return judgement(*(responses or (verdict(),)), **fields | changes)


def town_without_team(judged: Judgement | None = None) -> ToldTown:
    """A team is on its way to another call, so nobody can take this one: its CAD is asked, and nobody else."""
    town = ToldTown()
    town.team("one")
    town.call("0")
    town.accept(town.last(OfferMade))
    town.status("en-route", call_id=call_id("0"))
    town.sent()
    town.call("1", judged or may_wait())
    assert town.sent() == [ASKED]
    return town


def held_town(judged: Judgement | None = None) -> ToldTown:
    """The CAD has acknowledged; nothing else is sent by that."""
    town = town_without_team(judged)
    town.wait(2)
    town.cad_answers("call.hold")
    assert town.all(HoldBegan)
    assert town.sent() == []
    return town


def outcome(town: ToldTown, incident: str = "1") -> tuple[str, tuple[str, ...]] | None:
    routed = [event for event in town.all(CallRouted) if event.call_id == call_id(incident)]
    assert len(routed) <= 1
    return (routed[0].outcome, routed[0].reasons) if routed else None


def clears(town: ToldTown) -> None:
    """The team is done with its other call."""
    town.status("cleared", call_id=call_id("0"), disposition="resolved-on-scene")


def test_without_an_acknowledgement_the_default_goes_at_the_old_deadline() -> None:
    town = town_without_team()
    town.wait(49)
    assert outcome(town) is None
    town.wait(1 + SETTLE.total_seconds())
    assert outcome(town) == ("default", ("assigned", "hold-not-acknowledged", "deadline"))
    assert (town.sent(), town.all(HoldBegan)) == (DEFAULT, [])
    message = town.last(CallRouted)
    assert message.held, "the CAD may believe that the call waits: it is an alarm if it does not hear otherwise"


def test_the_question_says_until_when_a_word_counts_and_when_the_default_goes() -> None:
    """It named the end of the step, 40 s before either: a dispatcher thought that the default had gone."""
    town = town_without_team()
    assert "Without a word by 12:00:50 UTC, the default response goes." in town.last(HoldAsked).sentence
    town.wait(49)
    assert outcome(town) is None
    answer: Any = town.command(HoldCall, call_id=call_id())
    assert answer.result == "done"


def test_a_cad_that_refuses_changes_nothing() -> None:
    town = town_without_team()
    town.wait(2)
    assert town.cad_answers("call.hold", "failed") == []
    town.wait(60)
    assert outcome(town) == ("default", ("assigned", "hold-not-acknowledged", "deadline"))
    assert town.sent() == DEFAULT


def test_only_its_acknowledgement_moves_the_deadline() -> None:
    town = held_town()
    began = town.last(HoldBegan)
    assert (began.acknowledged_by, began.until - began.began_at) == ("cad", timedelta(minutes=MINUTES))
    assert began.began_at == town.now
    town.wait(300)
    assert (outcome(town), town.sent()) == (None, [])


def test_an_acknowledgement_that_comes_after_the_deadline_is_too_late() -> None:
    town = town_without_team()
    message = town.last(HoldAsked)
    town.now = START + timedelta(seconds=50, milliseconds=100)
    late = CadInformed(message_id="m", source="cad", kind="call.hold", call_id=message.call_id, episode=1)
    assert town.hear(late, "notifications") == []
    town.wait(1)
    assert (outcome(town), town.sent()) == (("default", ("assigned", "hold-not-acknowledged", "deadline")), DEFAULT)


def test_the_acknowledgement_of_another_message_begins_no_hold() -> None:
    town = town_without_team()
    for kind in ("call.held", "call.confirm", "unit.status"):
        told = CadInformed(message_id="m", source="cad", kind=kind, call_id=call_id(), episode=1)
        assert town.hear(told, "notifications") == []
    other = CadInformed(message_id="m", source="cad", kind="call.hold", call_id=call_id(), episode=2)
    assert town.hear(other, "notifications") == []
    assert (town.all(HoldBegan), town.sent()) == ([], [])


def test_the_cad_is_asked_no_longer_than_its_answer_counts() -> None:
    town = town_without_team()
    (message,) = [
        owed.event
        for owed in town.notification.owed.values()
        if isinstance(owed.event, CadMessageDue) and owed.event.kind == "call.hold"
    ]
    assert message.not_after == town.last(HoldAsked).until == START + timedelta(seconds=10)
    assert message.body["data"]["minutes"] == MINUTES


def test_a_dispatcher_may_acknowledge_it_and_the_cad_hears_of_that() -> None:
    town = town_without_team()
    answer = town.command(HoldCall, call_id=call_id(), reason="the CAD is slow")
    assert answer.type == "command-done"
    assert town.last(HoldBegan).acknowledged_by == "dee"
    assert town.sent() == [("call.held", "cad")]
    again = town.command(HoldCall, call_id=call_id())
    assert (again.type, len(town.all(HoldBegan)), town.sent()) == ("command-done", 1, [])


def test_a_dispatcher_cannot_put_on_hold_what_careroute_does_not_ask_for() -> None:
    town = ToldTown()
    town.team("one")
    town.sent()
    town.call("1", may_wait())
    answer = town.command(HoldCall, call_id=call_id())
    assert isinstance(answer, CommandRefused)
    assert (answer.reason, town.sent()) == ("not-asked", [("offer", "one")])


def test_a_team_that_comes_free_is_asked_first() -> None:
    town = held_town()
    town.wait(600)
    town.sent()
    clears(town)
    assert town.last(OfferMade).call_id == call_id("1")
    assert town.last(OfferMade).expires_at == town.now + timedelta(seconds=30), "its own time, not that of the step"
    town.call("2")
    assert town.last(OfferMade).call_id == call_id("1"), "the call that waited goes before a new one"
    town.sent()
    town.accept(town.last(OfferMade))
    assert outcome(town) == ("team-accepted", ())
    assert town.sent() == DEFAULT
    assert call_id("1") not in town.state.on_hold


def test_it_goes_on_waiting_after_an_offer_that_nobody_takes() -> None:
    town = held_town()
    clears(town)
    town.decline(town.last(OfferMade))
    town.sent()
    town.wait(120)
    assert (outcome(town), town.sent()) == (None, [])
    assert len([event for event in town.all(OfferMade) if event.call_id == call_id("1")]) == 1


def test_who_refused_before_the_hold_is_asked_again_once_heard_from() -> None:
    town = ToldTown()
    town.team("one")
    town.call("1", may_wait())
    town.wait(31)
    assert town.last(HoldAsked).call_id == call_id("1")
    town.cad_answers("call.hold")
    town.wait(60)
    assert len(town.all(OfferMade)) == 1
    town.status("available")
    assert len(town.all(OfferMade)) == 2
    town.decline(town.last(OfferMade))
    town.status("available")
    assert len(town.all(OfferMade)) == 2, "what it refused of the hold stands"


def test_notices_come_at_their_minutes_to_teams_and_dispatcher_and_to_nobody_else() -> None:
    town = held_town()
    town.team("elsewhere", pool="north")
    town.sent()
    town.wait(10 * 60)
    assert town.sent() == [("hold", "one"), ("call.held", "cad")]
    notice = town.last(HoldNoticeDue)
    assert (notice.waited_minutes, [team.team_id for team in notice.teams]) == (10, ["one"])
    town.wait(10 * 60)
    assert ("call.held", "cad") in town.sent()
    town.wait(15 * 60)
    assert len(town.all(HoldNoticeDue)) == 2, "the third would come after its end"


def test_its_end_is_the_default_loudly() -> None:
    town = held_town()
    town.wait(MINUTES * 60 - 1)
    assert outcome(town) is None
    town.sent()
    town.wait(2)
    assert outcome(town) == ("default", ("assigned", "hold-over", "deadline"))
    assert town.sent() == DEFAULT
    assert town.last(CallRouted).held


def test_a_hold_survives_a_restart_and_an_overdue_one_ends_at_once() -> None:
    town = held_town()
    town.now += timedelta(hours=2)
    town.wait(0)
    assert outcome(town) == ("default", ("assigned", "hold-over", "deadline"))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("more-dangerous", "upgraded"),
        ("unsuitable", "upgraded"),
        ("in-doubt", "may-not-go"),
        ("new-hazard", "upgraded"),
        ("for-others", "may-not-go"),
    ],
)
def test_an_upgrade_ends_it_with_the_default_at_once(how: str, why: str) -> None:
    town = held_town()
    town.wait(30)
    town.sent()
    weapon = RaisedBy("weapon", "elsewhere", None, "answer Q1", town.now)
    judged = {
        "more-dangerous": may_wait(level="watched", level_rank=1),
        "unsuitable": unsuitable(),
        "in-doubt": may_wait(suitability="indeterminate", reasons=("no-call-type",)),
        "new-hazard": may_wait(raised_by=(weapon,)),
        "for-others": may_wait(suitability="indeterminate", reasons=("age-not-met",)),
    }[how]
    town.triage(judged)
    found = outcome(town)
    assert found is not None
    assert how == "unsuitable" or found[1][-1] == why, "it was said of all that they had become more dangerous"
    assert (found[0], town.sent()) == ("default", DEFAULT)


def test_a_judgement_that_changes_nothing_leaves_its_end_where_it_is() -> None:
    town = held_town()
    until = town.last(HoldBegan).until
    town.wait(120)
    town.sent()
    town.triage(may_wait(priority="2", programme_hash="h2"))
    episode = town.state.calls[call_id()].running
    assert (episode.deadline, outcome(town), town.sent()) == (until, None, [])


def test_a_dispatcher_ends_it() -> None:
    town = held_town()
    town.command(OverrideCall, call_id=call_id(), send="default", reason="police are near")
    found = outcome(town)
    assert found is not None
    assert (found[0], town.sent()) == ("default", DEFAULT)


def test_a_dispatcher_sends_something_else_and_nothing_waits_any_more() -> None:
    town = held_town()
    town.team("two", pool="north")
    town.sent()
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="two is near")
    assert town.sent() == [("offer", "two")]
    assert call_id() not in town.state.on_hold
    town.decline(town.last(OfferMade))
    found = outcome(town)
    assert found is not None
    assert found[0] == "default", "at once: it does not wait for the end of a hold that is no more"


def test_the_cad_ends_the_call() -> None:
    town = held_town()
    town.cancel()
    assert outcome(town) == ("cancelled", ("cancelled",))
    assert town.sent() == DEFAULT
    town.wait(3600)
    assert not town.all(HoldNoticeDue)


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_pause_ends_it(acknowledged: bool) -> None:  # noqa: FBT001
    town = held_town() if acknowledged else town_without_team()
    town.hear(DistrictPaused(district="Central", changed_by="sue", revision=4), "decisions")
    found = outcome(town)
    assert found is not None
    assert (found[0], "paused" in found[1], town.sent()) == ("default", True, DEFAULT)


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        (may_wait(hold_minutes=0), "not-held"),
        (may_wait(verdict(phase="shadow")), "shadow"),
    ],
)
def test_what_may_not_wait_gets_the_default(judged: Judgement, reason: str) -> None:
    town = ToldTown()
    town.call("1", judged)
    found = outcome(town)
    assert found is not None
    assert (found[0], reason in found[1], town.sent()) == ("default", True, DEFAULT)


def test_calls_that_wait_are_asked_for_in_the_order_of_calls() -> None:
    town = held_town()
    town.report("2", requested_by="officer")
    town.triage(may_wait(), "2", version={"requested_by": "officer"})
    town.cad_answers("call.hold")
    clears(town)
    assert town.last(OfferMade).call_id == call_id("2"), "an officer waits there"


def test_a_team_that_comes_free_before_the_acknowledgement_is_asked_too() -> None:
    town = town_without_team()
    clears(town)
    assert town.last(OfferMade).call_id == call_id("1")
    town.cad_answers("call.hold")
    town.sent()
    town.accept(town.last(OfferMade))
    assert outcome(town) == ("team-accepted", ())
    assert town.sent() == DEFAULT


def test_a_sign_off_in_the_hold_leaves_the_call_waiting() -> None:
    town = held_town()
    clears(town)
    town.sent()
    town.command(SignOff, team_id="one")
    assert (outcome(town), town.sent()) == (None, [])


STEPS = st.sampled_from(["ack", "dispatcher", "wait", "long", "clear", "decline", "judge"])


@settings(max_examples=60)
@given(st.lists(STEPS, max_size=14))
def test_a_hold_never_begins_without_acknowledgement_nor_outlives_its_maximum(steps: list[str]) -> None:
    town = town_without_team()
    acknowledged = False
    for step in steps:
        if step == "ack" and any(owed.event.type == "cad-message-due" for owed in town.notification.owed.values()):
            acknowledged |= bool(_acknowledge(town))
        elif step == "dispatcher":
            acknowledged |= town.command(HoldCall, call_id=call_id()).type == "command-done"
        elif step in ("wait", "long"):
            town.wait(9 if step == "wait" else 700)
        elif step == "clear" and town.state.teams["one"].shift is not None:
            town.status("cleared", call_id=call_id("0"), disposition="refused")
        elif step == "decline" and town.state.calls.get(call_id("1")):
            for offer in town.state.calls[call_id("1")].open_offers:
                town.decline(next(made for made in town.all(OfferMade) if made.offer_id == offer.offer_id))
        elif step == "judge":
            town.triage(may_wait())
        _check(town, acknowledged=acknowledged)
    town.wait((MINUTES + 2) * 60)
    assert outcome(town) is not None


def _acknowledge(town: ToldTown) -> list[Any]:
    try:
        return town.cad_answers("call.hold")
    except StopIteration:
        return []


def _check(town: ToldTown, *, acknowledged: bool) -> None:
    began = town.all(HoldBegan)
    assert len(began) <= 1
    assert not began or acknowledged
    end: datetime = began[0].began_at + timedelta(minutes=MINUTES) if began else START + timedelta(seconds=50)
    assert outcome(town) is not None or town.now <= end + SETTLE


def test_a_call_of_a_priority_that_may_not_wait_waits_no_more() -> None:
    """`priority_hold_minutes = { 1 = 0 }`: a call that became the most urgent went on waiting for forty minutes."""
    for town in (held_town(), town_without_team()):
        town.wait(3)
        town.report("1", priority="1")
        town.triage(may_wait(hold_minutes=0), "1", priority="1")
        assert outcome(town) == ("default", ("assigned", "not-held"))


def test_a_call_of_a_priority_that_may_wait_for_less_waits_for_less() -> None:
    town = held_town()
    began_at = town.last(HoldBegan).began_at
    town.wait(60)
    town.report("1", priority="2")
    town.triage(may_wait(hold_minutes=12), "1", priority="2")
    town.wait(9 * 60)
    assert town.last(HoldNoticeDue).until == began_at + timedelta(minutes=12)
    assert outcome(town) is None
    town.wait(2 * 60 + SETTLE.total_seconds())
    assert outcome(town) == ("default", ("assigned", "hold-over", "deadline"))
    town = held_town(may_wait(hold_minutes=12))
    town.report("1", priority="3")
    town.triage(may_wait(hold_minutes=60), "1", priority="3")
    town.wait(12 * 60 + SETTLE.total_seconds())
    assert outcome(town) is not None, "its CAD was asked for no more"
