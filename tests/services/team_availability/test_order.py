"""The order of versions and of calls: what is newer, what is another incident, and who goes first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.events import (
    CallCancelled,
    CallReported,
    CallRouted,
    CallVersionAt,
    CommandRefused,
    ConfirmationAsked,
    DeadlineSet,
    Event,
    FallBackStepped,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    PlanSet,
    UpgradeRaised,
)
from shared.judgement import Judgement, Step
from tests.builders import call_triaged, judgement, verdict
from tests.services.team_availability.driver import Town, call_id, kinds, unsuitable
from tests.shared.programme.documents import MADISON, judged


def town_of(*teams: str) -> Town:
    town = Town()
    for team in teams or ("one",):
        town.team(team)
    return town


# --- versions -------------------------------------------------------------------------------------------------------


def test_A1_a_clock_that_is_ahead_hides_neither_a_cancel_nor_an_upgrade() -> None:  # noqa: N802
    town = town_of()
    ahead = town.now + timedelta(seconds=240)
    town.report(updated_at=ahead)
    town.triage(updated_at=ahead)
    town.accept(town.last(OfferMade))
    town.wait(5)
    assert town.report(district="West"), "the page follows it"
    town.wait(3)
    town.cancel()
    assert town.kinds()[-1] == "assignment-withdrawn"


def test_A2_a_closing_from_ahead_and_a_reopening_behind_it() -> None:  # noqa: N802
    town = town_of()
    town.call()
    town.wait(1)
    town.cancel(updated_at=town.now + timedelta(hours=1), status="closed")
    town.wait(20)
    assert isinstance(town.report(status="reopened")[0], DeadlineSet)


def test_A4_of_equal_stamps_the_version_that_came_last_is_on_the_page() -> None:  # noqa: N802
    town = town_of()
    stamp = town.now
    town.call()
    town.accept(town.last(OfferMade))
    town.wait(2)
    again = town.report(updated_at=stamp, beat="12")
    assert isinstance(again[0], CallVersionAt)
    assert town.state.calls[call_id()].reported.call_at == again[0].call_at


def test_A5_closed_and_reopened_in_one_second_is_offered() -> None:  # noqa: N802
    town = town_of()
    stamp = town.now
    town.report(updated_at=stamp)
    town.wait(1)
    town.cancel(updated_at=stamp, status="closed")
    town.report(updated_at=stamp, status="reopened")
    town.triage(updated_at=stamp, version={"status": "reopened"})
    town.wait(1)
    town.report(updated_at=stamp + timedelta(seconds=5), status="reopened")
    assert town.last(OfferMade).episode == 2
    assert [event.outcome for event in town.all(CallRouted)] == ["cancelled"]


def test_a_late_end_counts_unless_the_call_was_reopened_after_it() -> None:
    town = town_of()
    town.call()
    at = town.now
    town.wait(10)
    town.report()
    town.wait(1)
    assert "call-routed" in kinds(town.cancel(updated_at=at + timedelta(seconds=5)))
    reopened = town_of()
    reopened.call()
    reopened.wait(10)
    reopened.report(status="reopened")
    assert not reopened.cancel(updated_at=at + timedelta(seconds=5))


def test_a_judgement_of_a_late_version_is_the_last_word_of_triage_all_the_same() -> None:
    town = town_of()
    town.call()
    at = town.now
    town.wait(5)
    town.report()
    town.triage()
    town.triage(judgement(verdict(may_go=False)), updated_at=at)
    assert town.last(OfferWithdrawn).why == "may-not-go"


def test_a_call_that_is_opened_again_begins_once_whenever_it_says_that_it_began() -> None:
    town = Town()
    town.call()
    town.wait(1)
    town.cancel()
    town.wait(7200)
    began = town.now
    town.report(created_at=began, status="reopened")
    assert town.last(DeadlineSet).why == "reopened"
    town.wait(1)
    town.report(created_at=began)
    assert (len(town.all(DeadlineSet)), town.all(CallRouted)[1:]) == (2, [])


def test_A6_a_number_used_again_is_another_incident_with_an_outcome_of_its_own() -> None:  # noqa: N802
    town = Town()
    town.call()
    assert town.last(CallRouted).outcome == "default"
    town.wait(86400)
    town.team("one")
    town.report(created_at=town.now)
    assert town.last(DeadlineSet).why == "number-reused"
    town.triage(version={"created_at": town.now})
    assert town.last(OfferMade).episode == 2


def test_A6_an_incident_of_an_eido_stays_one_where_its_beginning_went_away() -> None:  # noqa: N802
    """An hour after its default, when a version came without its call component, a team was sent to it."""
    incident = "urn:emergency:uid:incidentid:a56e556d871:psap.example"
    town = Town()
    town.call(incident)
    assert town.last(CallRouted).outcome == "default"
    town.wait(4200)
    town.team("one")
    town.report(incident, created_at=town.now)
    town.triage(incident=incident, version={"created_at": town.now})
    assert len(town.all(DeadlineSet)) == 1
    assert not town.all(OfferMade)


def test_A6_a_judgement_of_the_other_incident_may_come_first() -> None:  # noqa: N802
    town = Town()
    town.call()
    town.wait(86400)
    town.team("one")
    town.triage(version={"created_at": town.now})
    town.report(created_at=town.now)
    assert town.last(OfferMade).episode == 2


def test_A6_what_is_open_of_the_old_incident_ends_with_the_default() -> None:  # noqa: N802
    town = town_of()
    town.report(created_at=town.now - timedelta(hours=2))
    town.triage()
    town.wait(10)
    town.report(created_at=town.now)
    assert (town.last(CallRouted).outcome, town.last(CallRouted).reasons) == ("default", ("number-reused",))
    assert town.last(DeadlineSet).episode == 2


def test_A6_a_source_whose_beginning_moves_with_every_version_keeps_one_call_a_number() -> None:  # noqa: N802
    town = Town()
    town.call()
    for minutes in (10, 120):
        town.wait(minutes * 60)
        town.report(created_at=town.now)
    assert len(town.all(DeadlineSet)) == 1


def test_A8_a_call_that_is_old_by_either_time_stamp_gets_no_episode() -> None:  # noqa: N802
    town = Town()
    assert not town.report(created_at=town.now - timedelta(days=8))
    assert not town.report("2", updated_at=town.now - timedelta(days=8))


# --- calls ----------------------------------------------------------------------------------------------------------


def test_an_officer_on_scene_goes_before_an_unanswered_offer_of_a_callers() -> None:
    town = town_of()
    town.call("1")
    town.report("2", requested_by="officer")
    town.triage(incident="2")
    assert town.last(OfferWithdrawn).why == "needed-first"
    assert town.last(OfferMade).call_id == call_id("2")
    assert (town.last(CallRouted).call_id, town.last(CallRouted).reasons) == (call_id("1"), ("offered-another",))


@pytest.mark.parametrize("first", ["officer", "fire-crew"])
def test_nobody_of_the_same_rank_is_put_off_and_no_accepted_call_is(first: str) -> None:
    town = town_of()
    town.report("1", requested_by=first)
    town.triage(incident="1")
    town.report("2", requested_by=first)
    town.triage(incident="2")
    assert not town.all(OfferWithdrawn)
    accepted = town_of()
    accepted.call("1")
    accepted.accept(accepted.last(OfferMade))
    accepted.report("2", requested_by=first)
    accepted.triage(incident="2")
    assert accepted.last(CallRouted).reasons == ("assigned",)


def test_what_a_dispatcher_sends_is_not_taken_back() -> None:
    town = town_of()
    town.call("1", judgement(verdict(may_go=False)))
    town.command(OverrideCall, call_id=call_id("1"), send="cares")
    town.report("2", requested_by="officer")
    town.triage(incident="2")
    assert not town.all(OfferWithdrawn)


def test_the_document_may_put_a_priority_first() -> None:
    town = town_of()
    order = ("priority 1", "officer")
    town.report("1", requested_by="officer")
    town.triage(judgement(order_of_calls=order), "1")
    town.report("2")
    town.triage(judgement(order_of_calls=order), "2", priority="1")
    assert town.last(OfferMade).call_id == call_id("2")


def test_a_priority_is_named_in_any_spelling() -> None:
    town = town_of()
    order = ("priority P-1",)
    town.call("1", judgement(order_of_calls=order))
    town.report("2")
    town.triage(judgement(order_of_calls=order), "2", priority="p1")
    assert not town.all(OfferWithdrawn), "P1 is another code than P-1 with a mark between"
    town.report("3")
    town.triage(judgement(order_of_calls=order), "3", priority="p 1")
    assert town.last(OfferMade).call_id == call_id("3")


@pytest.mark.parametrize(("order", "first"), [(("officer",), "younger"), (("officer", "age"), "older")])
def test_with_age_the_call_that_has_waited_longest_goes_first(order: tuple[str, ...], first: str) -> None:
    town = Town()
    town.report("older")
    town.wait(5)
    town.team("one")
    town.report("younger")
    town.triage(judgement(order_of_calls=order), "younger")
    town.triage(judgement(order_of_calls=order), "older")
    assert town.last(OfferMade).call_id == call_id(first)


def test_who_asks_comes_before_age() -> None:
    town = Town()
    order = ("officer", "age")
    town.report("older")
    town.wait(5)
    town.team("one")
    town.report("younger", requested_by="officer")
    town.triage(judgement(order_of_calls=order), "younger")
    town.triage(judgement(order_of_calls=order), "older")
    assert not town.all(OfferWithdrawn)


@pytest.mark.parametrize("said", ["", 'order_of_calls = ["priority 1", "officer"]', "order_of_calls = []"])
def test_what_the_document_says_of_the_order_reaches_the_only_team(said: str) -> None:
    """An officer on scene asks while a caller's offer stands: by default, or where the document names officers."""
    text = MADISON.replace("programme ", f"{said}\nprogramme ", 1).replace(
        "[clocks]", "[clocks]\nstaged_notice_minutes = 4", 1
    )
    town = town_of()
    for incident, asks in (("1", None), ("2", "officer")):
        found = judged(text, requested_by=asks)
        assert found.staged_notice_minutes == 4
        town.report(incident, requested_by=asks)
        town.triage(found, incident)
    first = "1" if said.endswith("[]") else "2"
    assert town.last(OfferMade).call_id == call_id(first)
    assert [event.why for event in town.all(OfferWithdrawn)] == ([] if first == "1" else ["needed-first"])


# --- why nobody comes -----------------------------------------------------------------------------------------------


def test_the_default_names_why_the_best_team_was_passed_over() -> None:
    town = Town()
    town.team("one", hours=0.5)
    town.team("far", primary_districts=("West",))
    town.call()
    assert town.last(CallRouted).reasons == ("shift-ends",)
    assert town.last(FallBackStepped).why == ("shift-ends",)
    incomplete = Town()
    incomplete.team("one", members=("one-medic",))
    incomplete.call()
    assert incomplete.last(CallRouted).reasons == ("crew-incomplete",)
    nobody = Town()
    nobody.call()
    assert nobody.last(CallRouted).reasons == ("no-team",)


# --- times that people read -----------------------------------------------------------------------------------------


def test_A11_times_in_sentences_are_on_the_agencys_clocks() -> None:  # noqa: N802
    town = town_of()
    town.call("1", judgement(verdict(phase="advisory"), zone="America/Chicago"))
    assert "confirm by 06:00:50 CST" in town.last(ConfirmationAsked).sentence
    town.call("2", judgement(zone="America/Chicago", steps=(Step("same response", 20), Step("default", 0))))
    assert town.all(PlanSet)
    offer = town.last(OfferMade)
    late = town.accept(offer, offer.expires_at + timedelta(seconds=1))
    assert isinstance(late, CommandRefused)
    assert late.sentence == "The offer was open until 06:00:20 CST."


# --- receipts -------------------------------------------------------------------------------------------------------


def received(town: Town, at: datetime, seconds: float, **changes: Any) -> CallReported:
    """A version stamped `at`, which an intake received so many seconds after that by its own clock."""
    return town.version(updated_at=at, **changes).model_copy(update={"received_at": at + timedelta(seconds=seconds)})


def judge(town: Town, version: CallReported, judged: Judgement | None = None) -> list[Event]:
    fields = {"judged_at": town.now, "call": version.call, "received_at": version.received_at}
    return town.hear(call_triaged(call_id(), version.call.updated_at, judged, **fields), "decisions")


def test_what_was_received_sooner_by_the_clock_of_another_intake_is_no_less_dangerous() -> None:
    """Two versions of one stamp: the second came a moment later, over an intake whose clock is a little behind."""
    town = town_of()
    stamp = town.now
    first, second = received(town, stamp, 0.25), received(town, stamp, 0.006)
    town.hear(first, "calls")
    judge(town, first)
    assert town.last(OfferMade).call_id == call_id()
    town.hear(second, "calls")
    judge(town, second, unsuitable())
    assert (town.last(OfferWithdrawn).why, town.last(CallRouted).outcome) == ("upgraded", "default")


@pytest.mark.parametrize("kept", [True, False])
def test_no_judgement_of_what_had_come_before_begins_another_episode_of_a_later_version(*, kept: bool) -> None:
    """Triage, which had heard of the end, says nothing of a gun then: a team was sent by what it had said before."""
    town = town_of()
    at = town.now
    town.report()
    town.triage(unsuitable())
    town.wait(10)
    calm = received(town, at + timedelta(seconds=10), 0.1)
    town.hear(calm, "calls")
    ended = received(town, at + timedelta(seconds=5), 6, status="closed")
    town.hear(CallCancelled(**dict(ended)), "calls")
    if kept:
        judge(town, calm)
    assert town.hear(received(town, at + timedelta(seconds=8), 4, facts={"weapon": "firearm"}), "calls")
    if not kept:
        judge(town, calm)
    town.wait(60)
    assert not town.all(OfferMade)
    assert [routed.outcome for routed in town.all(CallRouted)] == ["default", "default"]


def test_a_judgement_that_waits_for_its_report_is_overtaken_by_what_triage_says_next() -> None:
    """A gun of a version that came late is said of the newest one, which was judged before: it went unheard."""
    town = town_of()
    town.cancel()
    town.wait(20)
    opened = received(town, town.now, 1)
    judge(town, opened)
    again = call_triaged(call_id(), opened.call.updated_at, unsuitable(), received_at=opened.received_at)
    town.hear(again, "decisions")
    town.hear(opened, "calls")
    assert (town.all(OfferMade), town.last(CallRouted).outcome) == ([], "default")


def test_what_a_dispatcher_sends_is_told_what_another_intake_had_received_sooner_by_its_clock() -> None:
    town = town_of("one", "two")
    town.call()
    town.wait(1)
    first = received(town, town.now, 0.25)
    town.hear(first, "calls")
    town.accept(town.last(OfferMade))
    judge(town, first, unsuitable(level_rank=1))
    second = received(town, first.call.updated_at, 0.006)
    judge(town, second, unsuitable(level="weapon", level_rank=2))
    town.command(OverrideCall, call_id=call_id(), send="cares", reason="I know the man.")
    town.accept(town.last(OfferMade))
    assert town.last(UpgradeRaised).level == "weapon"
