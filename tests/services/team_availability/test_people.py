"""A person wins: overrides, confirmations, commands that wait, and the kill switch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.team_availability.pauses import EPISODES_PER_STEP
from shared.engine.topic import STEP_BYTES
from shared.events import (
    AssignmentWithdrawn,
    CallOverridden,
    CallRouted,
    CommandRefused,
    ConfirmationAsked,
    ConfirmDecision,
    DeadlineSet,
    DecisionConfirmed,
    DistrictPaused,
    DistrictResumed,
    Event,
    OfferAccepted,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    PauseApplied,
    ProgrammeActivated,
    ProgrammeTerms,
    ResponseTerms,
    Team,
    TeamDefined,
    UpgradeRaised,
)
from shared.judgement import RaisedBy, Step
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id, kinds, reason, unsuitable


def override(town: Town, send: str, incident: str = "1", **fields: Any) -> Event:
    return town.command(OverrideCall, call_id=call_id(incident), send=send, **fields)


def paused(district: str = "Central", revision: int = 4, response: str | None = None) -> DistrictPaused:
    return DistrictPaused(district=district, revision=revision, changed_by="sue", response=response)


def town_with(*teams: str) -> Town:
    town = Town()
    for team in teams:
        town.team(team)
    return town


def test_default_ends_an_open_episode_and_nothing_undoes_it() -> None:
    town = town_with("one")
    town.call()
    override(town, "default", reason="caller is armed")
    assert town.kinds()[-4:] == ["call-overridden", "offer-withdrawn", "call-routed", "command-done"]
    assert town.last(CallRouted).reasons == ("overridden",)
    town.wait(1)
    town.triage()
    assert len(town.all(OfferMade)) == 1
    assert override(town, "default").type == "command-done"
    assert len(town.all(CallOverridden)) == 1


def test_default_after_acceptance_releases_the_team_and_leaves_the_outcome() -> None:
    town = town_with("one")
    town.call()
    town.accept(town.last(OfferMade))
    override(town, "default")
    assert town.last(AssignmentWithdrawn).why == "overridden"
    assert [event.outcome for event in town.all(CallRouted)] == ["team-accepted"]


def test_a_response_is_offered_though_triage_said_no() -> None:
    town = town_with("one", "two")
    town.call("seen")  # any judgement teaches which responses there are
    town.accept(town.last(OfferMade))
    town.call("1", unsuitable())
    answer = override(town, "cares")
    assert answer.type == "command-done"
    begun = town.last(DeadlineSet)
    assert (begun.episode, begun.why, begun.call_at) == (2, "overridden", town.all(DeadlineSet)[1].call_at)
    assert (town.last(OfferMade).team_id, town.last(OfferMade).episode) == ("two", 2)
    town.wait(1)
    assert kinds(town.triage(unsuitable())) == ["plan-kept"], "a later judgement does not undo it"
    town.accept(town.last(OfferMade))
    assert town.last(CallRouted).outcome == "team-accepted"
    assert [event.level_rank for event in town.all(UpgradeRaised)] == [1]
    town.wait(1)
    town.triage(unsuitable(level_rank=2))
    assert town.last(UpgradeRaised).on_upgrade == "stay"
    assert not town.all(AssignmentWithdrawn)


def test_what_a_dispatcher_sends_is_known_though_another_document_is_in_force_that_has_not_named_it_yet() -> None:
    """The first call that was judged by it took every other response from people: what was sent, and what may be."""
    town, later = town_with("one"), {"programme_hash": "h2", "programme_version": 2}
    town.team("two", model="co-responder")
    second = verdict("second", model="co-responder", enters_when=("police on scene",))
    town.call("seen", judgement(second))
    town.decline(town.last(OfferMade))
    town.call("1", unsuitable())
    override(town, "second")
    town.call("2", judgement(**later))
    town.accept(town.all(OfferMade)[1])
    assignment = town.state.calls[call_id("1")].assignment
    assert assignment is not None
    assert not assignment.may_enter, "it went in at once, where it has to wait for police"
    town.call("3", unsuitable(**later))
    assert override(town, "second", "3").type == "command-done"


def test_a_weapon_that_comes_up_while_a_team_is_asked_for_an_override_is_told_to_whoever_takes_the_call() -> None:
    town = town_with("one", "two")
    town.call("1", judgement(verdict(), verdict("second")))
    override(town, "second")
    armed = unsuitable(raised_by=(RaisedBy("weapon", "firearm", None, "cad", town.now),))
    town.wait(1)
    town.triage(armed)
    town.decline(town.last(OfferMade))
    town.accept(town.last(OfferMade))
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.team_id, upgrade.send, upgrade.on_upgrade) == (town.last(OfferMade).team_id, "default", "stay")
    assert [raised.value for raised in upgrade.raised_by] == ["firearm"]
    town.wait(1)
    assert not town.triage(armed), "once"
    assert not town.all(AssignmentWithdrawn), "a person wins"


def test_what_has_come_up_since_the_default_is_told_to_the_team_that_a_dispatcher_sends_after_it() -> None:
    for settled in (False, True):
        town = town_with("one")
        town.call()
        town.decline(town.last(OfferMade))
        assert town.last(CallRouted).outcome == "default"
        town.wait(60)
        assert not town.triage(judgement(programme_version=2)), "nothing to tell"
        town.triage(unsuitable(raised_by=(RaisedBy("weapon", "firearm", None, "cad", town.now),)))
        if settled:
            town.wait(1)
            town.triage()
        town.wait(10 * 60)
        override(town, "cares")
        assert town.last(OfferMade).episode == 2
        town.accept(town.last(OfferMade))
        assert [event.level for event in town.all(UpgradeRaised)] == ([] if settled else ["police needed"])


def test_another_response_takes_over_an_open_episode_until_the_deadline() -> None:
    town = town_with("one", "two")
    town.call("1", judgement(verdict(), verdict("second", may_go=False, phase="off", reasons=("phase-off",))))
    override(town, "second")
    assert [event.why for event in town.all(OfferWithdrawn)] == ["overridden"]
    assert (town.last(OfferMade).response, town.last(OfferMade).episode) == ("second", 1)
    town.wait(31)
    town.wait(30)
    assert town.last(CallRouted).reasons == ("expired", "deadline")


def test_another_response_takes_the_call_from_the_team_that_has_it() -> None:
    town = town_with("one", "two")
    town.call("1", judgement(verdict(), verdict("second")))
    town.accept(town.last(OfferMade))
    assert override(town, "cares").type == "command-done"
    assert not town.all(AssignmentWithdrawn)
    override(town, "second")
    assert town.last(AssignmentWithdrawn).team_id == "one"
    assert (town.last(DeadlineSet).episode, town.last(OfferMade).team_id) == (2, "two")


def test_a_referral_is_sent_to_nobody_and_takes_no_team_off_a_call() -> None:
    town = town_with("one")
    town.call("1", judgement(verdict(), verdict("navigators", reached_by="referral")))
    town.accept(town.last(OfferMade))
    refused = override(town, "navigators")
    assert isinstance(refused, CommandRefused)
    assert (refused.reason, refused.sentence) == ("unknown-response", "navigators is a referral, which sends nobody.")
    assert not town.all(AssignmentWithdrawn)


TERMS = ProgrammeTerms(
    programme_hash="a" * 16,
    responses=(
        ResponseTerms(
            response="cares",
            model="community-responder",
            crew=("paramedic", "crisis-worker"),
            reached_by="offer",
            on_upgrade="recall",
        ),
    ),
    routing_deadline_seconds=45,
    cad_notice_seconds=5,
    offer_expiry_seconds=20,
    accepted_not_moving_minutes=4,
    status_stale_minutes=15,
)
IN_FORCE = ProgrammeActivated(document_hash="a" * 16, version=1, terms=TERMS)


def test_a_response_is_sent_to_the_first_call_that_an_agency_has_however_dangerous_it_is() -> None:
    """Nobody knew the programme's responses before a calm call had named them: `unknown-response`, it was said."""
    town = town_with("one")
    town.hear(IN_FORCE, "decisions")
    town.call("1", unsuitable(programme_hash="a" * 16))
    assert override(town, "cares").type == "command-done"
    assert (town.last(OfferMade).team_id, town.last(OfferMade).response) == ("one", "cares")
    assert town.last(OfferMade).expires_at == town.now + timedelta(seconds=20)
    assert not town.hear(IN_FORCE, "decisions"), "it is in force again, and says nothing new"
    assert not town.hear(IN_FORCE.model_copy(update={"terms": None}), "decisions")


@pytest.mark.parametrize("send", ["Second", "SECOND", " second "])
def test_what_a_dispatcher_sends_is_meant_however_it_is_written(send: str) -> None:
    town = town_with("one")
    town.call("1", judgement(verdict(), verdict("second")))
    assert override(town, send).type == "command-done"
    assert town.last(OfferMade).response == "second"
    assert town.last(CallOverridden).send == "second"
    override(town, "Default")
    assert town.last(CallRouted).reasons[-1] == "overridden"


@pytest.mark.parametrize(("send", "expected"), [("nobody", "unknown-response"), ("cares", "cancelled")])
def test_what_even_a_person_cannot_send(send: str, expected: str) -> None:
    town = town_with("one")
    town.call()
    if expected == "cancelled":
        town.wait(1)
        town.cancel()
    assert reason(override(town, send)) == expected


def test_no_team_for_an_override_says_so_and_is_the_default() -> None:
    town = Town()
    town.call()
    answer = override(town, "cares")
    assert "No team" in getattr(answer, "sentence", "")
    assert [event.episode for event in town.all(CallRouted)] == [1, 2]


def test_an_override_of_a_call_not_seen_yet_waits_for_it() -> None:
    town = town_with("one")
    assert override(town, "default").type == "command-held"
    events = [*town.report(), *town.triage()]
    assert kinds(events)[:4] == ["deadline-set", "call-overridden", "call-routed", "command-done"]
    assert not town.all(OfferMade)
    assert not town.state.waiting_for


def test_an_override_to_a_response_waits_until_the_call_is_judged() -> None:
    town = town_with("one")
    town.report()
    assert override(town, "cares").type == "command-held"
    town.triage(judgement(verdict(may_go=False, phase="off", reasons=("phase-off",))))
    assert [(event.episode, event.outcome) for event in town.all(CallRouted)] == []
    assert town.last(OfferMade).response == "cares"


def test_a_command_that_waits_is_refused_when_it_expires() -> None:
    town = Town()
    override(town, "default", command_id="waits")
    assert not town.hear(
        OverrideCall(
            command_id="waits",
            issued_by="dee",
            issued_at=town.now,
            expires_at=town.now,
            call_id=call_id(),
            send="default",
        ),
        "commands",
    )
    town.wait(61)
    refused = town.last(CommandRefused)
    assert (refused.command_id, refused.reason) == ("waits", "unknown-call")
    assert not town.state.waiting


def test_a_confirmation_waits_for_the_question() -> None:
    town = town_with("one")
    assert town.command(ConfirmDecision, call_id=call_id()).type == "command-held"
    town.call("1", judgement(verdict(phase="advisory")))
    assert town.last(OfferMade).team_id == "one"
    assert town.kinds()[-1] == "command-done"
    assert reason(town.command(ConfirmDecision, call_id=call_id())) == "command-done"


def test_a_pause_withdraws_what_is_open_and_leaves_what_is_accepted() -> None:
    town = town_with("one", "two")
    town.call("1")
    town.accept(town.last(OfferMade))
    town.call("2")
    town.call("3", judgement(verdict(phase="advisory")))
    assert town.last(ConfirmationAsked).call_id == call_id("3")
    town.call("4", judgement(district="West"))
    events = town.hear(paused(), "decisions")
    assert kinds(events) == ["pause-applied", "offer-withdrawn", "call-routed", "call-routed"]
    assert {event.reasons for event in events if isinstance(event, CallRouted)} == {("paused",)}
    assert len(town.all(OfferAccepted)) == 1
    assert not town.all(AssignmentWithdrawn)
    town.call("5")
    assert town.last(CallRouted).reasons == ("paused",)
    assert reason(override(town, "cares", "5")) == "paused"
    resumed = DistrictResumed(district="Central", revision=5, changed_by="sue")
    town.hear(resumed, "decisions")
    town.call("6")
    assert town.last(OfferMade).call_id == call_id("6")


NEXT = verdict("outreach", model="mobile-crisis")


def town_with_outreach() -> Town:
    town = town_with("one", "two")
    town.team("outreach-1", model="mobile-crisis")
    return town


@pytest.mark.parametrize("district", ["Central", "all"])
def test_a_pause_of_one_response_withdraws_its_offers_and_the_call_goes_on_to_the_next(district: str) -> None:
    town = town_with_outreach()
    town.call("1", judgement(verdict(), NEXT))
    town.call("2", judgement(NEXT))
    first, other = town.all(OfferMade)
    town.wait(27)
    events = town.hear(paused(district, response="cares"), "decisions")
    assert kinds(events) == ["pause-applied", "offer-withdrawn", "fall-back-stepped", "call-routed"]  # outreach is busy
    assert (town.last(OfferWithdrawn).offer_id, town.last(OfferWithdrawn).why) == (first.offer_id, "paused")
    assert town.last(CallRouted).reasons == ("offered-another", "paused")
    town.accept(other)
    town.status("cleared", "outreach-1", call_id=call_id("2"), disposition="resolved-on-scene")
    town.status("available", "outreach-1")
    town.call("3", judgement(verdict(), NEXT))
    assert (town.last(OfferMade).call_id, town.last(OfferMade).response) == (call_id("3"), "outreach")


def test_the_next_response_has_the_whole_time_of_its_step() -> None:
    town = town_with_outreach()
    town.call("1", judgement(verdict(), NEXT, routing_deadline_seconds=90))
    town.wait(28)
    town.hear(paused(response="cares"), "decisions")
    offer = town.last(OfferMade)
    assert (offer.response, offer.expires_at - town.now) == ("outreach", timedelta(seconds=30))
    assert town.accept(offer).type == "command-done"
    assert town.last(CallRouted).response == "outreach"


def test_a_call_ends_paused_where_no_other_response_is_left() -> None:
    town = town_with("one")
    town.call("1")
    town.call("2", judgement(verdict(phase="advisory")))
    town.call("3", judgement(verdict(phase="shadow")))
    town.hear(paused(response="cares"), "decisions")
    assert [(event.call_id, event.reasons) for event in town.all(CallRouted)[-2:]] == [
        (call_id("1"), ("paused",)),
        (call_id("2"), ("paused",)),
    ]
    town.call("4")
    assert town.last(CallRouted).reasons == ("paused",)
    assert reason(override(town, "cares", "4")) == "paused"
    resumed = DistrictResumed(district="Central", revision=5, changed_by="sue", response="cares")
    town.hear(resumed, "decisions")
    town.call("5")
    assert town.last(OfferMade).call_id == call_id("5")


def test_a_proposal_that_is_paused_gives_way_to_the_next_response() -> None:
    town = town_with_outreach()
    town.call("1", judgement(verdict(phase="advisory"), NEXT))
    town.hear(paused(response="cares"), "decisions")
    assert town.last(OfferMade).response == "outreach"
    town.call("2", judgement(verdict(phase="advisory"), verdict("nurse", phase="advisory")))
    assert town.last(ConfirmationAsked).response == "nurse"
    town.command(ConfirmDecision, call_id=call_id("2"))
    assert [event.response for event in town.all(DecisionConfirmed)] == ["nurse"]


def test_what_a_dispatcher_sends_is_held_by_the_pause_of_that_response() -> None:
    town = town_with_outreach()
    town.call("1", judgement(verdict(), NEXT))
    override(town, "outreach")
    town.hear(paused("all", response="outreach"), "decisions")
    assert town.last(OfferWithdrawn).why == "paused"
    assert town.last(CallRouted).reasons == ("paused",)


def test_an_acceptance_read_after_the_expiry_does_not_undo_a_pause() -> None:
    town = town_with_outreach()
    town.call("1", judgement(verdict(), NEXT, steps=(Step("next response", 20), Step("default", 0))))
    first = town.last(OfferMade)
    town.wait(31)
    assert town.last(OfferMade).response == "outreach"
    town.hear(paused(response="cares"), "decisions")
    assert reason(town.accept(first, first.expires_at - timedelta(seconds=1))) == "paused"


def test_a_pause_of_a_response_takes_fewer_at_once_where_many_teams_are_passed_over() -> None:
    town = Town()
    for number in range(300):
        team = Team(team_id=f"team-{number}", model="community-responder")
        town.fold(TeamDefined(team=team))
    for number in range(60):
        town.call(str(number), judgement(verdict(phase="advisory"), NEXT))
    town.wait(1)
    before = len(town.journal)
    events = town.hear(paused("all", response="cares"), "decisions")
    assert sum(len(event.encode()) + 600 for event in events) < STEP_BYTES
    assert town.last(PauseApplied).more
    town.wait(1)
    assert not town.last(PauseApplied).more
    routed = [event for event in town.journal[before:] if isinstance(event, CallRouted)]
    assert len(routed) == 60


def test_a_big_pause_is_taken_in_bounded_steps() -> None:
    town = Town()
    calls = EPISODES_PER_STEP * 2 + 20
    for number in range(calls):
        town.call(str(number), judgement(verdict(phase="advisory")))
    town.hear(paused("all"), "decisions")
    assert len(town.all(CallRouted)) == EPISODES_PER_STEP
    town.wait(0.01)
    assert len(town.all(CallRouted)) == calls
    assert [event.more for event in town.all(PauseApplied)] == [False, True, False, True, False]
    assert not town.state.calls
