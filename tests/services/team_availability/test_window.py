"""A window: every team is asked at once how soon it can be there, and the soonest has the call."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import (
    AssignmentWithdrawn,
    CallRouted,
    CommandRefused,
    DefinePerson,
    DistrictPaused,
    Event,
    FallBackStepped,
    OfferAccepted,
    OfferAnswered,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    Person,
    SignOff,
)
from shared.judgement import Judgement, OrderOfTeams, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import call_id, unsuitable
from tests.services.team_availability.told import ToldTown

pytestmark = pytest.mark.scenario("modes")

TEAMS = ("one", "two", "three")
RANKED = ("one", "three", "two")
CHAIN = (Step("same response", 25), Step("next response", 25), Step("default", 0))
ASKED = [("offer", team) for team in RANKED]


def within(**changes: Any) -> Judgement:
    """A response that asks every team within 25 s, and prefers one that is there in 8 min; then another response."""
    window = verdict("cares", reached_by="window", **{"window_seconds": 25, "preferred_eta_minutes": 8} | changes)
    line = verdict("line", model="crisis-call-diversion", crew=())
    return judgement(window, line, steps=CHAIN, offer_expiry_seconds=25)


def asked_town(judged: Judgement | None = None) -> tuple[ToldTown, dict[str, OfferMade]]:
    """Three teams are asked, and nobody else."""
    town = ToldTown()
    for team in TEAMS:
        town.team(team)
    town.team("line", model="crisis-call-diversion")
    town.sent()
    town.call("1", judged or within())
    assert town.sent() == ASKED
    return town, {offer.team_id: offer for offer in town.all(OfferMade)}


def winner(town: ToldTown) -> str | None:
    assert len(town.all(OfferAccepted)) <= 1
    routed = town.all(CallRouted)
    assert len(routed) <= 1
    return routed[0].team_id if routed else None


def test_every_team_is_asked_at_once_and_an_answer_is_not_yet_the_call() -> None:
    town, offers = asked_town()
    assert {(offer.window, offer.paged) for offer in offers.values()} == {(True, True)}
    answer = town.accept(offers["two"], eta_minutes=12)
    assert "whether you have the call" in answer.sentence  # type: ignore[attr-defined]
    assert town.last(OfferAnswered).until == offers["two"].expires_at
    assert (winner(town), town.sent()) == (None, [])


@pytest.mark.parametrize("then", [None, 40])
def test_an_answer_without_a_time_takes_back_none_that_the_team_has_said(then: int | None) -> None:
    """Of a crew one texted `1 12`, and the other, whose phone rang meanwhile, pressed 1: a team further off went."""
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=30)
    town.accept(offers["two"], eta_minutes=12)
    town.accept(offers["two"], eta_minutes=then)
    assert town.last(OfferAnswered).eta_minutes == (then or 12)
    town.wait(30)
    assert winner(town) == ("two" if then is None else "one")


def test_when_the_window_ends_the_soonest_has_the_call_and_the_others_hear_that_they_are_not_needed() -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=30)
    town.accept(offers["two"], eta_minutes=12)
    answered_at = town.now
    town.wait(30)
    assert winner(town) == "two"
    accepted = town.last(OfferAccepted)
    assert (accepted.accepted_at, accepted.eta_minutes, accepted.waited) == (answered_at, 12, True)
    assert [event.team_id for event in town.all(OfferExpired)] == ["three"], "it was silent"
    assert [(event.team_id, event.why) for event in town.all(OfferWithdrawn)] == [("one", "not-needed")]
    assert town.sent() == [("withdrawn", "one"), ("assigned", "two"), ("call.routed", "cad")]


def test_the_first_that_is_there_soon_enough_ends_the_window_at_once() -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=9)
    answer = town.accept(offers["three"], eta_minutes=8)
    assert (winner(town), answer.sentence) == ("three", "The call is yours.")  # type: ignore[attr-defined]
    assert [(event.team_id, event.why) for event in town.all(OfferWithdrawn)] == [
        ("one", "not-needed"),
        ("two", "not-needed"),
    ]
    assert town.sent() == [("withdrawn", "one"), ("withdrawn", "two"), ("call.routed", "cad")]


def test_when_all_have_answered_it_is_decided_at_once() -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=20)
    town.decline(offers["three"])
    assert (winner(town), town.sent()) == (None, [])
    answer = town.accept(offers["two"], eta_minutes=25)
    assert answer.sentence == "one is there sooner and has the call."  # type: ignore[attr-defined]
    assert (winner(town), town.sent()) == ("one", [("withdrawn", "two"), ("assigned", "one"), ("call.routed", "cad")])


def test_who_says_no_time_comes_last_and_of_equals_the_best_by_rank() -> None:
    town, offers = asked_town()
    town.accept(offers["one"])
    town.accept(offers["two"], eta_minutes=240)
    town.accept(offers["three"], eta_minutes=240)
    assert winner(town) == "three"


def test_a_language_may_be_worth_minutes() -> None:
    order = OrderOfTeams(other_language_minutes=10)
    judged = within(order_of_teams=order)
    town, offers = asked_town(judged)
    town.wait(1)
    town.triage(judged, language="es")
    worker = Person(person_id="two-worker", name="two-worker", disciplines=("crisis-worker",), languages=("en", "es"))
    town.command(DefinePerson, person=worker)
    town.accept(offers["one"], eta_minutes=20)
    town.accept(offers["three"], eta_minutes=20)
    town.accept(offers["two"], eta_minutes=29)
    assert winner(town) == "two", "29 are less than 20 and 10"


def test_the_order_of_teams_decides_who_is_asked_first() -> None:
    town = ToldTown()
    town.team("far", primary_districts=("North",), secondary_districts=("Central",))
    town.team("near")
    order = OrderOfTeams(other_district_minutes=5, each_call_minutes=3)
    for number in ("1", "2", "3"):
        town.call(number, judgement(verdict("cares", order_of_teams=order)))
        made = town.last(OfferMade)
        town.accept(made)
        town.status("cleared", team_id=made.team_id, call_id=call_id(number), disposition="refused")
    assert [made.team_id for made in town.all(OfferMade)] == ["near", "near", "far"], "6 min of calls against 5"


def test_a_later_answer_of_a_team_takes_the_place_of_the_one_before() -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=10)
    town.accept(offers["two"], eta_minutes=20)
    town.accept(offers["one"], eta_minutes=30, person_id="one-worker")
    town.wait(30)
    assert (winner(town), town.last(OfferAccepted).person_id) == ("two", "two-medic")


@pytest.mark.parametrize("how", ["declines", "signs-off", "out-of-service"])
def test_a_team_that_answered_and_cannot_come_drops_out(how: str) -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=10)
    town.accept(offers["two"], eta_minutes=20)
    town.decline(offers["three"])
    assert winner(town) == "one"
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=10)
    town.accept(offers["two"], eta_minutes=20)
    if how == "declines":
        town.decline(offers["one"])
    elif how == "signs-off":
        town.command(SignOff, team_id="one")
    else:
        town.status("out-of-service", team_id="one")
    assert winner(town) is None, "three may still answer"
    town.wait(30)
    told_of_its_end = [("withdrawn", "one")] if how == "out-of-service" else []
    assert (winner(town), town.sent()) == ("two", [*told_of_its_end, ("assigned", "two"), ("call.routed", "cad")])


def test_nobody_answers_and_the_chain_goes_on() -> None:
    town, _ = asked_town()
    town.wait(26)
    assert town.last(OfferMade).team_id == "line"
    assert town.last(FallBackStepped).why == ("expired",)
    assert town.sent() == [("offer", "line")]


def test_an_answer_that_was_durable_in_time_and_is_read_late_is_good() -> None:
    town, offers = asked_town(judgement(verdict("cares", reached_by="window", window_seconds=25)))
    in_time = offers["one"].expires_at
    town.wait(25)
    town.accept(offers["one"], time=in_time, eta_minutes=15)
    town.wait(1)
    assert winner(town) == "one"


def test_who_answers_after_the_end_is_told_so() -> None:
    town, offers = asked_town()
    town.accept(offers["two"], eta_minutes=12)
    town.wait(26)
    late = town.accept(offers["one"], eta_minutes=1)
    assert isinstance(late, CommandRefused)
    assert (late.reason, late.sentence) == ("taken", "two has this call.")


def test_a_window_that_nobody_could_end_in_time_gives_the_call_to_nobody() -> None:
    """We were down over the deadline: the CAD heard nothing, and sends the default."""
    town, offers = asked_town()
    town.accept(offers["two"], eta_minutes=12)
    town.now += timedelta(seconds=60)
    clock_id = f"offer/{offers['two'].offer_id}"
    town.fire(clock_id, town.state.clocks.at[clock_id])
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.reasons[-1]) == ("default", "deadline")
    assert winner(town) is None
    assert town.sent() == [("withdrawn", "two"), ("call.routed", "cad")]


@pytest.mark.parametrize("seconds", [0.5, 2])
def test_the_deadline_may_come_first(seconds: float) -> None:
    """The window ends with the deadline: whichever clock fires first, who answered in time has the call."""
    town, offers = asked_town(
        judgement(verdict("cares", reached_by="window", window_seconds=50), steps=(Step("same response", 50),))
    )
    assert offers["two"].expires_at == offers["two"].deadline
    town.accept(offers["two"], eta_minutes=12)
    town.now = offers["two"].deadline + timedelta(seconds=seconds)
    clock_id = f"deadline/{call_id()}"
    town.fire(clock_id, town.state.clocks.at[clock_id])
    assert (town.last(CallRouted).outcome, winner(town)) == (
        ("team-accepted", "two") if seconds < 1 else ("default", None)
    )


def test_a_dispatcher_right_after_the_deadline_leaves_no_team_with_a_call_that_is_not_its_own() -> None:
    """The team that answered in time has the call by the deadline; what is sent instead turns it back."""
    for send, has_it in (("line", False), ("cares", True)):
        town, offers = asked_town(within(window_seconds=50, preferred_eta_minutes=None))
        town.accept(offers["two"], eta_minutes=12)
        town.now = offers["two"].deadline + timedelta(milliseconds=100)
        town.command(OverrideCall, call_id=call_id(), send=send)
        shift = town.state.teams["two"].shift
        assert shift is not None
        assert (shift.call_id, shift.status) == ((call_id(), "available") if has_it else (None, "recalled"))
        assert [event.team_id for event in town.all(AssignmentWithdrawn)] == ([] if has_it else ["two"])
        assert town.status("en-route", "two").type == ("command-done" if has_it else "command-refused")


def test_a_dispatcher_a_pause_and_an_upgrade_end_a_window() -> None:
    ends: list[str] = []
    for end in ("override", "pause", "upgrade", "cancel"):
        town, offers = asked_town(within())
        town.accept(offers["two"], eta_minutes=12)
        if end == "override":
            town.command(OverrideCall, call_id=call_id(), send="default", reason="seen")
        elif end == "pause":
            town.hear(DistrictPaused(district="Central", changed_by="dee", reason="drill", revision=4), "decisions")
        elif end == "upgrade":
            town.wait(1)
            town.triage(unsuitable())
        else:
            town.cancel()
        assert winner(town) is None
        assert not town.all(OfferAccepted)
        assert town.sent() == [*(("withdrawn", team) for team in RANKED), ("call.routed", "cad")]
        ends.append(town.last(OfferWithdrawn).why)
    assert ends == ["overridden", "paused", "upgraded", "cancelled"]


def test_an_answered_team_is_not_taken_back_for_another_call() -> None:
    town, offers = asked_town()
    town.accept(offers["one"], eta_minutes=10)
    town.report("2", requested_by="officer")
    town.triage(judgement(verdict("cares")), "2", version={"requested_by": "officer"})
    taken_back = {event.team_id for event in town.all(OfferWithdrawn)}
    assert "one" not in taken_back


ETAS = st.one_of(st.none(), st.integers(min_value=9, max_value=60))


@settings(max_examples=40)
@given(etas=st.tuples(ETAS, ETAS, ETAS), order=st.sampled_from(list(permutations(range(3)))))
def test_the_winner_is_the_soonest_in_whatever_order_they_answer(
    etas: tuple[int | None, ...], order: tuple[int, ...]
) -> None:
    town, offers = asked_town()
    for place in order:
        town.accept(offers[RANKED[place]], eta_minutes=etas[place])
    best = min(range(3), key=lambda place: (10_000 if etas[place] is None else etas[place] or 0, place))
    assert winner(town) == RANKED[best]
    losers = {event.team_id for event in town.all(OfferWithdrawn) if event.why == "not-needed"}
    assert losers == set(RANKED) - {RANKED[best]}


def test_every_event_of_a_window_is_said_once() -> None:
    """No team has two offers, no call two outcomes, however often an answer is repeated."""
    town, offers = asked_town()
    for _ in range(3):
        town.accept(offers["one"], eta_minutes=20)
        town.accept(offers["two"], eta_minutes=21)
    town.accept(offers["three"], eta_minutes=22)
    answers: list[Event] = [town.accept(offer, eta_minutes=1) for offer in offers.values()]
    assert winner(town) == "one"
    assert [answer.type for answer in answers] == ["command-done", "command-refused", "command-refused"]
