"""Answers: the first valid acceptance wins, a late one is told who has the call, teams say where they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.team_availability.state import SETTLE
from shared.events import (
    AcceptOffer,
    AssignmentEnded,
    CallRouted,
    CommandRefused,
    OfferAccepted,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    RemovePerson,
    RemoveTeam,
    SignOff,
    SignOn,
    StatusReported,
    TeamNotMoving,
    TeamSignedOff,
)
from shared.judgement import Step
from tests.builders import judgement
from tests.services.team_availability.driver import Town, call_id, reason


def offered(*teams: str) -> Town:
    town = Town()
    for team in teams or ("one", "two"):
        town.team(team)
    town.call()
    return town


def test_an_acceptance_is_the_outcome() -> None:
    town = offered()
    answer = town.accept(town.last(OfferMade), eta_minutes=7)
    assert answer.type == "command-done"
    assert town.kinds()[-3:] == ["offer-accepted", "call-routed", "command-done"]
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.team_id, routed.response) == ("team-accepted", "one", "cares")
    assert routed.programme_version == 1
    assert town.last(OfferAccepted).eta_minutes == 7
    assert town.accept(town.last(OfferMade), person_id="one-worker").type == "command-done"
    assert len(town.all(OfferAccepted)) == 1


def test_only_members_of_the_team_answer() -> None:
    town = offered()
    assert reason(town.accept(town.last(OfferMade), person_id="two-medic")) == "not-on-team"
    assert reason(town.command(AcceptOffer, offer_id="none", person_id="one-medic")) == "unknown-offer"


def test_a_late_acceptance_is_told_who_has_the_call() -> None:
    town = offered()
    first = town.last(OfferMade)
    town.decline(first)
    town.accept(town.last(OfferMade))
    answer = town.accept(first)
    assert isinstance(answer, CommandRefused)
    assert (answer.reason, answer.sentence) == ("taken", "two has this call.")


def test_a_late_acceptance_is_told_that_the_default_goes() -> None:
    town = offered("one")
    town.wait(60)
    answer = town.accept(town.last(OfferMade))
    assert isinstance(answer, CommandRefused)
    assert (answer.reason, answer.sentence) == ("routed", "Too late: the default response goes to this call.")


def test_the_durable_time_of_an_acceptance_counts() -> None:
    town = offered("one")
    offer = town.last(OfferMade)
    town.wait(30.1)
    assert reason(town.accept(offer, offer.expires_at + timedelta(milliseconds=1))) == "expired"
    assert town.accept(offer, offer.expires_at).type == "command-done"


def from_expired() -> tuple[Town, OfferMade]:
    """Offer expired by the clock, while an acceptance durable in time is still to be read."""
    town = Town()
    town.team("one")
    town.team("two")
    steps = (Step("same response", 50), Step("default", 0))
    town.call("1", judgement(steps=steps, offer_expiry_seconds=20))
    offer = town.last(OfferMade)
    town.wait(20 + SETTLE.total_seconds())
    assert town.all(OfferExpired)
    return town, offer


def test_an_acceptance_in_time_read_after_the_expiry_still_wins() -> None:
    town, offer = from_expired()
    assert town.last(OfferMade).team_id == "two"
    assert town.accept(offer, offer.expires_at).type == "command-done"
    assert (town.last(OfferWithdrawn).team_id, town.last(OfferWithdrawn).why) == ("two", "taken")
    assert town.last(CallRouted).team_id == "one"
    assert reason(town.accept(town.all(OfferMade)[1])) == "taken"


def test_an_acceptance_in_time_read_late_passes_the_teams_newer_offer_on() -> None:
    town, offer = from_expired()
    town.call("2")
    assert (town.last(OfferMade).call_id, town.last(OfferMade).team_id) == (call_id("2"), "one")
    town.team("three")
    town.accept(offer, offer.expires_at)
    assert (town.last(OfferMade).call_id, town.last(OfferMade).team_id) == (call_id("2"), "three")


def test_an_acceptance_in_time_read_late_is_refused_once_the_team_has_another_call() -> None:
    town, offer = from_expired()
    town.call("2")
    town.accept(town.last(OfferMade))
    assert reason(town.accept(offer, offer.expires_at)) == "busy"


def test_two_teams_never_have_one_call_nor_a_team_two() -> None:
    town = offered("one")
    town.accept(town.last(OfferMade))
    town.call("2")
    assert town.last(CallRouted).reasons == ("assigned",)


def test_a_declined_offer_stays_declined() -> None:
    town = offered()
    offer = town.last(OfferMade)
    town.decline(offer)
    assert reason(town.accept(offer)) == "declined"
    assert town.decline(offer).type == "command-done"
    town.accept(town.last(OfferMade))
    assert reason(town.decline(town.last(OfferMade))) == "accepted"


def test_status_until_cleared() -> None:
    town = offered("one")
    town.accept(town.last(OfferMade))
    for status in ("en-route", "on-scene", "need-police", "transporting"):
        assert town.status(status, call_id=call_id()).type == "command-done"
        assert town.last(StatusReported).episode == 1
    assert reason(town.status("cleared")) == "no-disposition"
    assert reason(town.status("available")) == "assigned"
    assert reason(town.command(SignOff, team_id="one")) == "assigned"
    assert town.status("cleared", disposition="resolved-on-scene").type == "command-done"
    assert town.last(AssignmentEnded).disposition == "resolved-on-scene"
    assert reason(town.status("on-scene")) == "not-assigned"
    town.wait(2 * 3600)
    assert not town.all(TeamNotMoving)
    assert not town.state.calls


def test_police_can_be_asked_for_again() -> None:
    town = offered("one")
    town.accept(town.last(OfferMade))
    town.status("need-police")
    town.status("need-police")
    assert len(town.all(StatusReported)) == 2
    assert reason(town.status("en-route", call_id=call_id("9"))) == "not-assigned"


def test_a_team_that_does_not_set_out_is_noticed_once() -> None:
    town = offered("one")
    town.accept(town.last(OfferMade))
    town.wait(299)
    assert not town.all(TeamNotMoving)
    town.wait(3600)
    assert len(town.all(TeamNotMoving)) == 1


def test_a_shift_ends_by_itself_or_once_the_call_is_cleared() -> None:
    town = Town()
    town.team("one", hours=1.1)
    town.team("two", hours=1.1)
    town.call()
    town.accept(town.last(OfferMade))
    town.status("en-route")
    town.wait(2 * 3600)
    assert [(event.team_id, event.why) for event in town.all(TeamSignedOff)] == [("two", "shift-over")]
    town.status("cleared", disposition="refused")
    town.wait(0)
    assert town.last(TeamSignedOff).team_id == "one"


def test_an_offer_open_at_the_shifts_end_goes_to_another() -> None:
    town = Town()
    town.team("one", hours=1)
    town.team("two", primary_districts=("West",), secondary_districts=("Central",))
    town.call()
    assert town.last(OfferMade).team_id == "one"
    town.wait(1)
    town.state = replace(town.state, clocks=town.state.clocks.set("shift/one", town.now))
    town.wait(0)
    assert town.last(OfferMade).team_id == "two"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"team_id": "none", "members": ("two-medic",)}, "unknown-team"),
        ({"team_id": "two", "members": ("ghost",)}, "cannot-sign-on"),
        ({"team_id": "two", "members": ("one-medic",)}, "cannot-sign-on"),
        ({"team_id": "two", "members": ("two-medic", "two-medic")}, "cannot-sign-on"),
        ({"team_id": "one", "members": ("two-medic",)}, "on-shift"),
    ],
)
def test_a_sign_on_that_cannot_be(fields: dict[str, Any], expected: str) -> None:
    town = Town()
    town.team("one")
    town.team("two")
    town.command(SignOff, team_id="two")
    answer = town.command(SignOn, shift_ends_at=town.now + timedelta(hours=8), **fields)
    assert reason(answer) == expected


@pytest.mark.parametrize(
    ("hours", "long_shift", "expected"),
    [
        (24, False, "command-done"),
        (24.1, False, "cannot-sign-on"),
        (48, True, "command-done"),
        (72, True, "command-done"),
        (72.1, True, "cannot-sign-on"),
        (24 * 365 * 36, True, "cannot-sign-on"),
    ],
)
def test_C13_a_long_shift_is_asked_back_and_a_longer_one_refused(  # noqa: N802
    *, hours: float, long_shift: bool, expected: str
) -> None:
    town = Town()
    town.team("one")
    town.command(SignOff, team_id="one")
    ends_at = town.now + timedelta(hours=hours)
    members = ("one-medic", "one-worker")
    answer = town.command(SignOn, team_id="one", members=members, shift_ends_at=ends_at, long_shift=long_shift)
    assert reason(answer) == expected


@pytest.mark.parametrize("behind", [timedelta(microseconds=200), timedelta(seconds=2)])
def test_a_day_on_shift_is_no_longer_where_the_log_s_clock_is_behind_that_of_the_door(behind: timedelta) -> None:
    """It counts in whole milliseconds, and its machine may differ from that of the console, which has set the end."""
    town = Town()
    town.team("one")
    town.command(SignOff, team_id="one")
    about = {"team_id": "one", "members": ("one-medic", "one-worker"), "shift_ends_at": town.now + timedelta(hours=24)}
    assert town.command(SignOn, town.now - behind, **about).type == "command-done"


def test_the_roster_does_not_change_under_a_shift() -> None:
    town = Town()
    town.team("one")
    assert reason(town.command(RemoveTeam, team_id="one")) == "on-shift"
    assert reason(town.command(RemovePerson, person_id="one-medic")) == "on-shift"
    town.command(SignOff, team_id="one")
    assert town.command(RemoveTeam, team_id="one").type == "command-done"
    assert town.command(RemovePerson, person_id="one-medic").type == "command-done"
    assert town.command(RemoveTeam, team_id="one").type == "command-done"
    assert not town.state.teams


def test_an_expired_command_is_refused_and_a_repeat_gets_no_second_answer() -> None:
    town = Town()
    town.team("one")
    answer = town.command(SignOff, team_id="one", expires_at=town.now - timedelta(seconds=1))
    assert reason(answer) == "expired"
