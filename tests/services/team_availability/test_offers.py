"""Offers: who gets them, how they end, and how a call goes on to the next team, step and response."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.team_availability.state import SETTLE
from shared.events import (
    CallRouted,
    CommandDone,
    CommandRefused,
    ConfirmationAsked,
    ConfirmationLapsed,
    ConfirmDecision,
    DefinePerson,
    DistrictPaused,
    FallBackStepped,
    OfferExpired,
    OfferMade,
    OfferShadowed,
    OfferWithdrawn,
    OverrideCall,
    Person,
    SignOff,
)
from shared.judgement import CapTerms, Judgement, ResponseVerdict, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import START, Town, call_id, kinds, unsuitable

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


@pytest.mark.parametrize(("spoken", "wanted"), [("es", "es-MX"), ("ES", "spa"), ("es-US", "es"), ("spa", "ES_mx")])
def test_a_language_is_one_however_it_is_written(spoken: str, wanted: str) -> None:
    town = Town()
    town.team("a")
    town.team("b")
    person = Person(person_id="b-medic", name="b", disciplines=("paramedic",), languages=("en", spoken))
    town.command(DefinePerson, person=person)
    town.report("1")
    town.triage(incident="1", language=wanted)
    assert town.last(OfferMade).ranked == ("b", "a")


def test_a_team_serves_every_model_that_it_can_go_as() -> None:
    town = Town()
    town.team("one", model="multidisciplinary-team", further_models=("co-responder", "community-responder"))
    town.team("two", model="co-responder", further_models=("mobile-crisis-team",))
    town.call()
    offer = town.last(OfferMade)
    assert offer.ranked == ("one",)
    assert [(team.team_id, team.reasons) for team in offer.bypassed] == [("two", ("other-model",))]


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
    assert (routed.outcome, routed.reasons) == ("default", ("crew-incomplete",))
    stepped = town.last(FallBackStepped)
    assert {one.team_id: one.reasons for one in stepped.bypassed} == {
        "old": ("status-stale",),
        "out": ("out-of-service",),
        "alone": ("crew-incomplete",),
        "one": ("offered-another",),
    }


@pytest.mark.parametrize(
    ("crew", "offered"),
    [
        (("emt or paramedic", "crisis-worker"), True),
        (("crisis-worker or paramedic", "paramedic or emt"), True),
        (("emt or nurse", "crisis-worker"), False),
        (("paramedic", "paramedic"), False),
        (("paramedic", "paramedic or emt"), False),
        (("paramedic", "crisis-worker", "emt or paramedic or crisis-worker"), False),
    ],
)
def test_each_place_of_a_crew_has_a_member_of_its_own(crew: tuple[str, ...], offered: bool) -> None:  # noqa: FBT001
    town = Town()
    town.team()
    town.call("1", judgement(verdict("cares", crew=crew)))
    assert isinstance(town.journal[-1], OfferMade) == offered


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
    assert town.last(CallRouted).reasons == ("declined",)


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


def test_who_confirms_is_told_where_no_team_can_be_offered_the_call() -> None:
    """`cares is confirmed.` was all that they heard, and the default went."""
    town = Town()
    town.call("1", judgement(verdict(phase="advisory")))
    answer = town.command(ConfirmDecision, call_id=call_id())
    assert isinstance(answer, CommandDone)
    assert answer.sentence == "cares is confirmed. No team can be offered the call for it."
    town = Town()
    town.team()
    town.call("1", judgement(verdict(phase="advisory")))
    answer = town.command(ConfirmDecision, call_id=call_id())
    assert isinstance(answer, CommandDone)
    assert answer.sentence == "cares is confirmed."


def test_what_is_confirmed_is_what_was_seen() -> None:
    """It was judged again meanwhile, and another response is proposed."""
    town = Town()
    town.team()
    first, second = (verdict(response, phase="advisory") for response in ("first", "second"))
    town.call("1", judgement(first, second))
    assert town.last(ConfirmationAsked).response == "first"
    town.report("1")
    closed = verdict("first", phase="advisory", may_go=False, reasons=("only-when",))
    town.triage(judgement(closed, second), "1")
    assert town.last(ConfirmationAsked).response == "second"
    refused = town.command(ConfirmDecision, call_id=call_id(), response="first")
    assert isinstance(refused, CommandRefused)
    assert (refused.reason, refused.sentence) == ("another-proposed", "second is proposed by now: look again.")
    assert town.command(ConfirmDecision, call_id=call_id(), response="second").type == "command-done"
    assert town.last(OfferMade).response == "second"


def test_advisory_without_confirmation_is_the_default() -> None:
    town = Town()
    town.team()
    town.call("1", judgement(verdict(phase="advisory")))
    town.wait(51)
    assert town.last(CallRouted).reasons == ("not-confirmed", "deadline")
    answer = town.command(ConfirmDecision, call_id=town.last(CallRouted).call_id)
    assert (answer.type, getattr(answer, "reason", "")) == ("command-refused", "routed")


ADVISED = verdict("outreach", phase="advisory")


def advised(*others: ResponseVerdict, **changes: Any) -> Town:
    town = Town()
    town.team()
    town.call("1", judgement(ADVISED, *(others or (verdict(),)), **changes))
    return town


@pytest.mark.parametrize(
    "steps", [(Step("same response", 30), Step("default", 0)), BOSTON, (Step("next response", 20), Step("default", 0))]
)
def test_what_nobody_confirms_gives_way_to_what_may_go_without_being_asked(steps: tuple[Step, ...]) -> None:
    town = advised(steps=steps)
    asked = town.last(ConfirmationAsked)
    assert asked.expires_at == START + timedelta(seconds=25), "half for the dispatcher, half for the team"
    assert asked.sentence.endswith("or cares is offered.")
    town.wait(25)
    assert not town.all(OfferMade)
    town.wait(1)
    assert town.last(ConfirmationLapsed).response == "outreach"
    offer = town.last(OfferMade)
    assert offer.response == "cares"
    assert offer.expires_at - town.now > timedelta(seconds=19)
    late = town.command(ConfirmDecision, call_id=call_id())
    assert (late.type, getattr(late, "reason", "")) == ("command-refused", "expired")
    town.accept(offer)
    assert town.last(CallRouted).outcome == "team-accepted"


def test_a_confirmation_in_time_stands_and_the_clock_of_the_proposal_is_gone() -> None:
    town = advised()
    town.wait(24.9)
    assert town.command(ConfirmDecision, call_id=call_id()).type == "command-done"
    assert town.last(OfferMade).response == "outreach"
    town.accept(town.last(OfferMade))
    town.wait(60)
    assert not town.all(ConfirmationLapsed)


def test_a_dispatcher_may_still_send_what_nobody_confirmed() -> None:
    town = advised()
    town.wait(30)
    assert town.last(OfferMade).response == "cares"
    town.command(OverrideCall, call_id=call_id(), send="outreach")
    assert town.last(OfferWithdrawn).why == "overridden"
    assert town.last(OfferMade).response == "outreach"


def test_what_has_no_team_or_has_to_be_confirmed_too_shortens_no_proposal() -> None:
    for other in (verdict(model="co-responder"), verdict(phase="advisory"), verdict(phase="shadow")):
        town = advised(other)
        assert town.last(ConfirmationAsked).expires_at == START + timedelta(seconds=50)
    town = advised(verdict("nurse", phase="advisory"), verdict())
    town.wait(26)
    assert [event.response for event in town.all(ConfirmationAsked)] == ["outreach"]
    assert town.last(OfferMade).response == "cares", "what need not be confirmed, not the next that has to be"


def test_a_team_that_is_gone_by_then_leaves_the_dispatcher_the_time_until_the_deadline() -> None:
    town = advised()
    town.status("out-of-service")
    town.wait(26)
    assert not town.all(ConfirmationLapsed)
    assert town.last(ConfirmationAsked).expires_at == START + timedelta(seconds=50)
    town.wait(20)
    assert town.command(ConfirmDecision, call_id=call_id()).type == "command-done"


def test_nobody_confirms_and_nobody_accepts() -> None:
    town = advised()
    town.wait(60)
    assert (town.last(CallRouted).outcome, town.last(CallRouted).reasons) == (
        "default",
        ("not-confirmed", "expired", "deadline"),
    )


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


# --- telephone, pools, expected time


def line(**changes: Any) -> ResponseVerdict:
    base = {"model": "crisis-call-diversion", "crew": ("paramedic",), "reached_by": "phone transfer"}
    return verdict("line", **base | changes)


def clinicians(town: Town, *names: str) -> None:
    for name in names:
        town.team(name, model="crisis-call-diversion", members=(f"{name}-medic",))


def test_a_transfer_that_nobody_acknowledges_returns_to_the_chain() -> None:
    town = Town()
    clinicians(town, "line-one")
    town.team("one")
    steps = (Step("same response", 20), Step("next response", 20), Step("default", 0))
    town.call("1", judgement(line(), verdict(), steps=steps, offer_expiry_seconds=20, transfer_ack_seconds=8))
    offer = town.last(OfferMade)
    assert (offer.response, offer.expires_at) == ("line", town.now + timedelta(seconds=8))
    town.wait(9)
    assert [one.team_id for one in town.all(OfferExpired)] == ["line-one"]
    offer = town.last(OfferMade)
    assert (offer.response, offer.team_id) == ("cares", "one")
    assert offer.expires_at == town.now - timedelta(seconds=9) + timedelta(seconds=8) + SETTLE + timedelta(seconds=20)


def test_an_implied_first_step_is_as_long_as_a_transfer_where_it_is_one() -> None:
    town = Town()
    clinicians(town, "line-one")
    town.call("1", judgement(line(), steps=(Step("default", 0),), offer_expiry_seconds=10, transfer_ack_seconds=25))
    assert town.last(OfferMade).expires_at == town.now + timedelta(seconds=25)


CHAIN = (Step("same response", 10), Step("phone", 10), Step("next response", 10), Step("default", 0))


def test_a_phone_step_takes_the_telephone_out_of_its_order_and_the_order_goes_on_behind() -> None:
    town = Town()
    town.team("one")
    town.team("van", members=("van-medic",))
    clinicians(town, "line-one", "line-two")
    other = verdict("other", crew=("paramedic",))
    town.call("1", judgement(verdict(), other, line(), steps=CHAIN, offer_expiry_seconds=10, transfer_ack_seconds=10))
    town.decline(town.last(OfferMade))
    first, second = town.all(FallBackStepped)[-1], town.last(OfferMade)
    assert (first.response, first.why, first.next_response) == ("cares", ("declined",), "line")
    assert (second.response, second.team_id) == ("line", "line-one")
    town.decline(second)
    assert town.last(OfferMade).team_id == "line-two"
    town.decline(town.last(OfferMade))
    stepped = town.last(FallBackStepped)
    assert (stepped.response, stepped.why, stepped.next_response) == ("line", ("declined",), "other")
    assert (town.last(OfferMade).response, town.last(OfferMade).team_id) == ("other", "van")
    town.decline(town.last(OfferMade))
    assert town.last(CallRouted).reasons == ("declined",)
    assert [one.response for one in town.all(OfferMade)] == ["cares", "line", "line", "other"]


def test_the_telephone_is_not_tried_again_as_the_next_response() -> None:
    town = Town()
    clinicians(town, "line-one")
    other, last = verdict("other"), verdict("last")
    steps = (*CHAIN[:-1], Step("next response", 10), Step("default", 0))
    town.call("1", judgement(verdict(), other, line(), last, steps=steps))
    town.decline(town.last(OfferMade))
    assert [(one.response, one.next_response) for one in town.all(FallBackStepped)] == [
        ("cares", "line"),
        ("line", "other"),
        ("other", "last"),
        ("last", None),
    ]


@pytest.mark.parametrize("telephone", [(), (line(may_go=False, reasons=("phase-off",)),)])
def test_a_phone_step_without_a_telephone_that_may_go_says_so(telephone: tuple[ResponseVerdict, ...]) -> None:
    town = Town()
    clinicians(town, "line-one")
    town.call("1", judgement(verdict(), *telephone, steps=CHAIN))
    assert [one.why for one in town.all(FallBackStepped)] == [
        ("no-team",),
        ("no-phone-response",),
        ("no-next-response",),
    ]
    assert not town.all(OfferMade)


def test_a_telephone_that_is_paused_in_its_step_leaves_the_step_to_the_others() -> None:
    town = Town()
    town.team("one")
    clinicians(town, "line-one")
    town.call("1", judgement(verdict(), line(), steps=CHAIN))
    town.decline(town.last(OfferMade))
    town.hear(DistrictPaused(district="all", response="line", revision=2, changed_by="sue"), "decisions")
    assert town.last(OfferWithdrawn).why == "paused"
    assert town.last(CallRouted).reasons == ("declined", "paused")


def test_a_shift_has_to_leave_room_for_what_a_call_of_the_response_takes() -> None:
    for minutes, offered in ((29, True), (30, True), (31, False), (60, False)):
        town = Town()
        town.team("one", hours=0.5)
        town.call("1", judgement(verdict(expected_minutes=minutes)))
        assert bool(town.all(OfferMade)) is offered, minutes


NEIGHBOURS = (Step("same response", 15), Step("neighbour pool", 15), Step("default", 0))


def test_only_teams_of_the_responses_pool_are_asked_until_a_step_asks_the_neighbours() -> None:
    town = Town()
    town.team("own", pool="north", primary_districts=("West",), secondary_districts=("Central",))
    town.team("near", pool="south")
    town.team("far", pool="south", primary_districts=("West",))
    town.team("unnamed")
    town.call("1", judgement(verdict(pool="north"), steps=NEIGHBOURS))
    offer = town.last(OfferMade)
    assert offer.ranked == ("own",)
    assert {one.team_id: one.reasons for one in offer.bypassed} == {
        "near": ("other-pool",),
        "far": ("other-pool", "other-district"),
        "unnamed": ("other-pool",),
    }
    town.decline(offer)
    stepped, offer = town.last(FallBackStepped), town.last(OfferMade)
    assert (stepped.why, stepped.next_response) == (("declined",), None)
    assert (offer.response, offer.ranked) == ("cares", ("near", "unnamed"))
    assert {one.team_id: one.reasons for one in offer.bypassed} == {"own": ("declined",), "far": ("other-district",)}


def test_a_pools_own_teams_come_first_among_the_neighbours() -> None:
    town = Town()
    town.team("own", hours=4, pool="north", primary_districts=("West",), secondary_districts=("Central",))
    town.team("near", pool="south")
    town.status("out-of-service", "own")
    town.call("1", judgement(verdict(pool="north"), steps=NEIGHBOURS))
    assert town.last(OfferMade).ranked == ("near",)
    town.status("available", "own")
    town.call("2", judgement(verdict(pool="north"), steps=NEIGHBOURS))
    assert town.last(OfferMade).ranked == ("own",)


def test_a_dispatcher_reaches_the_neighbours_after_the_pools_own_teams() -> None:
    town = Town()
    town.team("near", pool="south")
    town.team("own", primary_districts=("West",), secondary_districts=("Central",))
    town.call("1", judgement(verdict(phase="shadow")))
    town.command(OverrideCall, call_id=call_id(), send="cares")
    assert town.last(OfferMade).ranked == ("own", "near")


def test_what_a_dispatcher_sends_to_a_call_that_is_over_follows_the_programmes_clocks() -> None:
    town = Town()
    town.call("1", judgement(offer_expiry_seconds=12))
    assert town.last(CallRouted).reasons == ("no-team",)
    town.team("one")
    town.command(OverrideCall, call_id=call_id(), send="cares")
    assert town.last(OfferMade).expires_at == town.now + timedelta(seconds=12)


# --- caps -----------------------------------------------------------------------------------------------------------


def capped(**caps: int) -> Judgement:
    return judgement(verdict(caps=(CapTerms(("Central",), **caps),)))


def two_at_once(judged: Judgement) -> Town:
    """Both calls were judged before either was offered."""
    town = Town()
    town.team("one")
    town.team("two")
    for incident in ("1", "2"):
        town.report(incident)
    for incident in ("1", "2"):
        town.triage(judged, incident)
    return town


@pytest.mark.parametrize(("caps", "reason"), [({"at_most_open": 1}, "cap-open"), ({"at_most_per_day": 1}, "cap-day")])
def test_a_cap_is_asked_once_more_when_a_team_is_chosen(caps: dict[str, int], reason: str) -> None:
    """Of two calls judged in the same second each found the other not there yet, and both were offered."""
    town = two_at_once(capped(**caps))
    assert [made.call_id for made in town.all(OfferMade)] == [call_id("1")]
    routed = town.last(CallRouted)
    assert (routed.call_id, routed.outcome, routed.reasons) == (call_id("2"), "default", (reason,))
    town.accept(town.last(OfferMade))
    town.status("cleared", disposition="refused")
    town.call("3", capped(**caps))
    assert (town.last(OfferMade).call_id == call_id("3")) == (reason == "cap-open")
    town.wait(24 * 3600)
    town.team("three")
    town.call("4", capped(**caps))
    assert town.all(OfferMade)[-1].call_id == call_id("4"), "on another day"


def test_a_call_that_has_its_place_under_a_cap_keeps_it_and_one_that_got_the_default_gives_it_back() -> None:
    town = two_at_once(capped(at_most_open=1, at_most_per_day=1))
    town.decline(town.last(OfferMade))
    assert [made.team_id for made in town.all(OfferMade)] == ["one", "two"]
    town.decline(town.last(OfferMade))
    assert town.last(CallRouted).reasons == ("declined",)
    town.team("three")
    town.call("3", capped(at_most_open=1, at_most_per_day=1))
    assert town.last(OfferMade).call_id == call_id("3")


def test_a_dispatcher_sends_more_than_a_cap_allows_and_elsewhere_it_says_nothing() -> None:
    town = two_at_once(capped(at_most_open=1))
    assert town.command(OverrideCall, call_id=call_id("2"), send="cares").type == "command-done"
    assert town.last(OfferMade).call_id == call_id("2")
    other = two_at_once(judgement(verdict(caps=(CapTerms(("West",), at_most_open=1),))))
    assert len(other.all(OfferMade)) == 2
    everywhere = two_at_once(judgement(verdict(caps=(CapTerms((), at_most_open=1),))))
    assert len(everywhere.all(OfferMade)) == 1


def test_a_response_that_is_full_is_left_for_the_next_and_not_proposed() -> None:
    full = (CapTerms((), at_most_open=0),)
    steps = (Step("same response", 20), Step("next response", 20), Step("default", 0))
    town = Town()
    town.team("one")
    town.call("1", judgement(verdict(caps=full, phase="advisory"), verdict("other"), steps=steps))
    assert [made.response for made in town.all(OfferMade)] == ["other"]
    assert town.last(FallBackStepped).why == ("cap-open",)
    assert not town.all(ConfirmationAsked)
