"""A person wins: overrides, confirmations, commands that wait, and the kill switch."""

from __future__ import annotations

from typing import Any

import pytest

from services.team_availability.pauses import EPISODES_A_STEP
from shared.events import (
    AssignmentWithdrawn,
    CallOverridden,
    CallRouted,
    CommandRefused,
    ConfirmationAsked,
    ConfirmDecision,
    DeadlineSet,
    DistrictPaused,
    DistrictResumed,
    Event,
    OfferAccepted,
    OfferMade,
    OfferWithdrawn,
    OverrideCall,
    PauseApplied,
    UpgradeRaised,
)
from tests.services.team_availability.town import Town, call_id, judgement, kinds, unsuitable, verdict


def override(town: Town, send: str, incident: str = "1", **fields: Any) -> Event:
    return town.command(OverrideCall, call_id=call_id(incident), send=send, **fields)


def paused(district: str = "Central", revision: int = 4) -> DistrictPaused:
    return DistrictPaused(district=district, revision=revision, changed_by="sue")


def reason(answer: Event) -> str:
    return answer.reason if isinstance(answer, CommandRefused) else answer.type


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
    assert not town.triage(unsuitable()), "a later judgement does not undo it"
    town.accept(town.last(OfferMade))
    assert town.last(CallRouted).outcome == "team-accepted"
    town.wait(1)
    town.triage(unsuitable(level_rank=2))
    assert town.last(UpgradeRaised).on_upgrade == "stay"
    assert not town.all(AssignmentWithdrawn)


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
    assert not town.state.held_of


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
    assert not town.state.held


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


def test_a_big_pause_is_taken_in_bounded_steps() -> None:
    town = Town()
    calls = EPISODES_A_STEP * 2 + 20
    for number in range(calls):
        town.call(str(number), judgement(verdict(phase="advisory")))
    town.hear(paused("all"), "decisions")
    assert len(town.all(CallRouted)) == EPISODES_A_STEP
    town.wait(0.01)
    assert len(town.all(CallRouted)) == calls
    assert [event.more for event in town.all(PauseApplied)] == [True, True, False]
    assert not town.state.calls
