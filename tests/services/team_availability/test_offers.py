"""Offers: who gets them, how they end, and how a call goes on to the next team, step and response."""

from __future__ import annotations

from datetime import timedelta

from services.team_availability.state import SETTLE
from shared.events import (
    CallRouted,
    ConfirmationAsked,
    ConfirmDecision,
    DefinePerson,
    FallBackStepped,
    OfferMade,
    OfferShadowed,
    Person,
    SignOff,
)
from shared.judgement import Step
from tests.services.team_availability.town import Town, judgement, kinds, unsuitable, verdict

BOSTON = (Step("same response", 25), Step("next response", 25), Step("default", 0))


def test_a_suitable_call_is_offered_to_the_best_team_with_the_reason_each_other_was_passed_over() -> None:
    town = Town()
    town.team("two", primary_districts=("West",), secondary_districts=("Central",))
    town.team("one")
    town.team("police", model="co-responder")
    town.team("short", hours=0.5)
    town.team("far", primary_districts=("West",))
    events = town.call()
    assert kinds(events) == ["deadline-set", "terms-noted", "plan-set", "offer-made"]
    offer = town.last(OfferMade)
    assert (offer.team_id, offer.ranked, offer.step) == ("one", ("one", "two"), 1)
    assert offer.expires_at == town.now + timedelta(seconds=30)
    assert {one.team_id: one.reasons for one in offer.bypassed} == {
        "police": ("other-model",),
        "short": ("shift-ends",),
        "far": ("other-district",),
    }
    assert [one.person_id for one in offer.recipients] == ["one-medic", "one-worker"]


def test_language_then_the_least_calls_of_the_shift_order_teams_of_one_district() -> None:
    town = Town()
    for name in ("a", "b", "c"):
        town.team(name)
    person = Person(person_id="c-medic", name="c", disciplines=("paramedic",), languages=("en", "es"))
    town.command(DefinePerson, person=person)
    town.report("1")
    town.triage(incident="1", language="es")
    assert town.last(OfferMade).ranked == ("c", "a", "b")
    town.accept(town.last(OfferMade))
    town.status("cleared", "c", disposition="refused")
    town.call("2")
    assert town.last(OfferMade).ranked == ("a", "b", "c")


def test_a_team_is_not_offered_a_call_when_stale_incomplete_out_of_service_or_holding_another() -> None:
    town = Town()
    town.team("old")
    town.wait(16 * 60)
    town.team("out")
    town.status("out-of-service", "out")
    town.team("alone", members=("alone-medic",))
    town.team("one")
    town.call("1")
    town.call("2")
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.reasons) == ("default", ("no-team",))
    stepped = town.last(FallBackStepped)
    assert {one.team_id: one.reasons for one in stepped.bypassed} == {
        "old": ("status-stale",),
        "out": ("out-of-service",),
        "alone": ("crew-incomplete",),
        "one": ("offered-another",),
    }


def test_a_heartbeat_keeps_a_team_offerable() -> None:
    town = Town()
    town.team()
    for _ in range(3):
        town.wait(10 * 60)
        town.status("available")
    town.call()
    assert town.last(OfferMade).team_id == "one"


def test_a_declined_call_goes_to_the_next_team_within_the_time_of_the_step() -> None:
    town = Town()
    town.team("one")
    town.team("two")
    town.call()
    town.wait(10)
    town.decline(town.last(OfferMade))
    offer = town.last(OfferMade)
    assert (offer.team_id, offer.step) == ("two", 2)
    assert offer.expires_at == town.now + timedelta(seconds=20)
    assert [(one.team_id, one.reasons) for one in offer.bypassed] == [("one", ("declined",))]
    town.decline(offer)
    assert town.last(CallRouted).reasons == ("declined", "no-team")


def test_silence_ends_the_step_and_the_next_response_is_tried() -> None:
    town = Town()
    town.team("one")
    town.team("line", model="crisis-call-diversion", members=("line-medic",))
    line = verdict("line", model="crisis-call-diversion", crew=("paramedic",), reached_by="phone transfer")
    town.call("1", judgement(verdict(), line, steps=BOSTON, offer_expiry_seconds=25))
    town.wait(25)
    assert town.last(OfferMade).team_id == "one", "the clock fires when answers in time have settled"
    town.wait(SETTLE.total_seconds())
    offer = town.last(OfferMade)
    assert (offer.team_id, offer.response) == ("line", "line")
    assert offer.expires_at == offer.deadline
    town.accept(offer)
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.team_id, routed.response) == ("phone-accepted", "line", "line")


def test_a_next_response_that_does_not_exist_is_a_step_passed_over() -> None:
    town = Town()
    town.call("1", judgement(steps=BOSTON))
    assert [event.why for event in town.all(FallBackStepped)] == [("no-team",), ("no-next-response",)]
    assert town.last(CallRouted).reasons == ("no-team",)


def test_a_chain_that_begins_with_the_next_response_tries_the_first_one_once() -> None:
    town = Town()
    town.team("one")
    town.team("other")
    steps = (Step("next response", 20), Step("default", 0))
    other = verdict("other", crew=("paramedic",))
    town.call("1", judgement(verdict(), other, steps=steps))
    assert town.last(OfferMade).response == "cares"
    town.wait(31)
    assert (town.last(OfferMade).response, town.last(OfferMade).team_id) == ("other", "other")


def test_nobody_answers_until_the_deadline() -> None:
    town = Town()
    town.team("one")
    town.team("two")
    town.call("1", judgement(steps=(Step("same response", 50), Step("default", 0))))
    town.wait(60)
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.reasons) == ("default", ("expired", "deadline"))
    assert town.kinds()[-5:] == ["offer-made", "offer-expired", "offer-made", "offer-expired", "call-routed"]


def test_a_plan_may_move_the_deadline() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(routing_deadline_seconds=30))
    assert town.last(OfferMade).expires_at == town.now + timedelta(seconds=20)
    town.wait(21)
    assert town.last(CallRouted).deadline == town.now - timedelta(seconds=1)


def test_shadow_records_the_team_and_goes_on() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(verdict(phase="shadow")))
    assert town.last(OfferShadowed).team_id == "one"
    assert town.last(CallRouted).reasons == ("shadow",)
    assert not town.all(OfferMade)
    town.call("2", judgement(verdict("first", phase="shadow"), verdict("second")))
    assert town.last(OfferMade).response == "second"


def test_a_response_that_may_not_go_is_passed_over_with_its_reasons() -> None:
    town = Town()
    town.team()
    closed = verdict(may_go=False, phase="off", reasons=("outside-hours",))
    town.call("1", judgement(closed))
    assert town.last(CallRouted).reasons == ("outside-hours",)
    town.call("2", judgement(closed, verdict("second")))
    assert town.last(OfferMade).response == "second"


def test_advisory_waits_for_the_dispatcher() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(verdict(phase="advisory")))
    asked = town.last(ConfirmationAsked)
    assert (asked.response, asked.expires_at) == ("cares", town.now + timedelta(seconds=50))
    assert not town.all(OfferMade)
    assert town.command(ConfirmDecision, call_id=asked.call_id).type == "command-done"
    town.accept(town.last(OfferMade))
    assert town.last(CallRouted).outcome == "team-accepted"


def test_advisory_without_confirmation_is_the_default() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(verdict(phase="advisory")))
    town.wait(51)
    assert town.last(CallRouted).reasons == ("not-confirmed", "deadline")
    answer = town.command(ConfirmDecision, call_id=town.last(CallRouted).call_id)
    assert (answer.type, getattr(answer, "reason", "")) == ("command-refused", "routed")


def test_sign_off_passes_an_open_offer_on() -> None:
    town = Town()
    town.team("one")
    town.team("two")
    town.call()
    town.command(SignOff, team_id="one")
    assert town.last(OfferMade).team_id == "two"
    assert town.kinds()[-4:] == ["offer-withdrawn", "team-signed-off", "offer-made", "command-done"]


def test_a_team_that_goes_out_of_service_passes_its_offer_on() -> None:
    town = Town()
    town.team("one")
    town.team("two")
    town.call()
    town.status("out-of-service", "one")
    assert town.last(OfferMade).team_id == "two"


def test_an_update_that_stops_the_response_takes_its_offer_back() -> None:
    town = Town()
    town.team()
    town.call()
    town.wait(1)
    town.triage(unsuitable())
    assert town.kinds()[-2:] == ["offer-withdrawn", "call-routed"]
    assert town.last(CallRouted).reasons == ("level-sends-default",)


def test_an_update_that_changes_the_plan_leaves_an_offer_that_may_stand() -> None:
    town = Town()
    town.team()
    town.call()
    town.wait(1)
    since = len(town.journal)
    town.triage(judgement(verdict(), verdict("second")))
    assert town.kinds(since) == ["terms-noted", "plan-set"]
    town.triage(judgement(verdict(may_go=False, reasons=("consent",)), verdict("second")))
    assert town.kinds(since)[2:] == ["plan-set", "offer-withdrawn", "offer-made"]
    assert town.last(OfferMade).response == "second"


def test_an_answered_question_opens_an_indeterminate_call() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(suitability="indeterminate", missing=("weapon",), reasons=("level-sends-default",)))
    assert not town.all(CallRouted)
    town.wait(5)
    town.triage(judgement())
    assert town.last(OfferMade).team_id == "one"


def test_an_indeterminate_call_waits_until_its_deadline() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(suitability="indeterminate", missing=("weapon",), reasons=("level-sends-default",)))
    town.wait(49)
    assert not town.all(CallRouted)
    town.wait(2)
    assert town.last(CallRouted).reasons == ("level-sends-default", "indeterminate", "deadline")
