"""Calls: when an episode begins and ends, in whatever order calls and judgements come."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from shared.call import ENDED, CallStatus
from shared.events import (
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadNotInformed,
    CallRouted,
    CallVersionAt,
    DeadlineSet,
    InputRefused,
    OfferAccepted,
    OfferMade,
    OfferWithdrawn,
    UpgradeRaised,
    WithdrawTeam,
)
from tests.builders import judgement, verdict
from tests.services.team_availability.driver import Town, call_id, kinds, unsuitable


def accepted(*responses: object) -> Town:
    town = Town()
    town.team()
    town.call("1", judgement(*responses) if responses else None)  # type: ignore[arg-type]
    town.accept(town.last(OfferMade))
    town.wait(1)
    return town


def test_a_call_that_nobody_judges_is_the_default_at_its_deadline() -> None:
    town = Town()
    town.report()
    begun = town.last(DeadlineSet)
    assert (begun.episode, begun.why, begun.call_at) == (1, "reported", "calls/0/1")
    assert begun.deadline == begun.received_at + timedelta(seconds=50)
    town.wait(50.2)
    assert not town.all(CallRouted)
    town.wait(0.1)
    assert town.last(CallRouted).reasons == ("not-judged", "deadline")


def test_an_unsuitable_call_is_the_default_at_once_and_leaves_the_state() -> None:
    town = Town()
    events = town.call("1", unsuitable("level-sends-default"))
    assert kinds(events) == ["deadline-set", "call-routed"]
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.reasons, routed.programme_hash) == ("default", ("level-sends-default",), "h1")
    assert not town.state.calls
    assert len(town.state.clocks) == 0


@pytest.mark.parametrize("judged", [judgement(), unsuitable(), judgement(suitability="indeterminate")])
def test_a_judgement_may_come_before_its_call(judged: object) -> None:
    first, second = Town(), Town()
    for town in (first, second):
        town.team()
    first.report()
    first.triage(judged)  # type: ignore[arg-type]
    since = len(second.journal)
    at = second.now
    second.triage(judged)  # type: ignore[arg-type]
    second.report(updated_at=at)
    expected = first.kinds()[since:]
    assert [kind for kind in second.kinds(since) if kind not in ("plan-kept", "terms-noted")] == [
        kind for kind in expected if kind != "terms-noted"
    ]


def test_a_judgement_whose_call_never_comes_is_forgotten() -> None:
    town = Town()
    town.triage()
    assert town.state.calls
    town.wait(16 * 60)
    assert town.kinds()[-1] == "call-forgotten"
    assert not town.state.calls
    assert not len(town.state.closed)


def test_versions_that_say_nothing_new_leave_nothing_once_the_call_has_its_outcome() -> None:
    town = Town()
    town.call("1", unsuitable())
    town.wait(5)
    since = len(town.journal)
    town.report(priority="2")
    town.report(updated_at=town.now - timedelta(seconds=60))
    assert not town.journal[since:]


def test_a_call_older_than_a_week_gets_nothing() -> None:
    town = Town()
    old = town.now - timedelta(days=8)
    assert not town.report("1", updated_at=old)
    assert not town.report("2", created_at=old)
    assert not town.cancel("3", updated_at=old)


def test_a_cancelled_call_is_cancelled_and_its_offer_withdrawn() -> None:
    town = Town()
    town.team()
    town.call()
    town.wait(1)
    events = town.cancel()
    assert kinds(events) == ["call-version-seen", "offer-withdrawn", "call-routed"]
    assert town.last(CallRouted).outcome == "cancelled"
    assert not town.cancel(updated_at=town.now)


def test_cancelling_an_accepted_call_frees_the_team() -> None:
    town = accepted()
    town.cancel()
    assert town.last(AssignmentWithdrawn).why == "cancelled"
    assert len(town.all(CallRouted)) == 1, "the outcome stays as it was"
    town.call("2")
    assert town.last(OfferMade).team_id == "one"


def test_a_cancellation_may_come_before_its_call() -> None:
    town = Town()
    town.cancel()
    assert not town.report(updated_at=town.now - timedelta(seconds=5))
    town.wait(5)
    town.report()
    assert (town.last(DeadlineSet).episode, town.last(DeadlineSet).why) == (1, "reopened")


def test_a_cancellation_counts_in_the_second_of_the_report() -> None:
    town = Town()
    town.report()
    town.cancel(updated_at=town.now)
    assert town.last(CallRouted).outcome == "cancelled"
    town.wait(3600)
    assert not town.report(updated_at=town.now - timedelta(seconds=3600))


def test_an_active_version_after_the_end_reopens() -> None:
    town = Town()
    town.call()
    town.wait(1)
    town.cancel()
    town.wait(1)
    town.report()
    assert (town.last(DeadlineSet).episode, town.last(DeadlineSet).why) == (2, "reopened")


def test_a_gun_at_the_very_instant_of_a_reopening_that_was_judged_takes_its_offer_back() -> None:
    """Of one array of versions, or a clock of whole seconds: the team kept its offer, and was told nothing."""
    town = Town()
    town.team()
    town.report()
    town.cancel()
    town.report(status="reopened")
    town.triage(version={"status": "reopened"})
    offer = town.last(OfferMade)
    town.report()
    town.triage(unsuitable())
    assert town.last(OfferWithdrawn).offer_id == offer.offer_id
    assert town.last(CallRouted).outcome == "default"


def test_reopened_begins_one_episode_however_often_it_is_said() -> None:
    town = Town()
    town.call("1", unsuitable())
    for _ in range(3):
        town.wait(60)
        town.report(status="reopened")
    assert [event.episode for event in town.all(DeadlineSet)] == [1, 2]
    assert [event.episode for event in town.all(CallRouted)] == [1, 2]


def test_a_request_after_a_default_begins_an_episode_and_one_while_open_does_not() -> None:
    town = Town()
    town.call("1", unsuitable())
    town.wait(5)
    town.report(requested_by="officer")
    assert (town.last(DeadlineSet).episode, town.last(DeadlineSet).why) == (2, "requested")
    town.wait(5)
    town.report(requested_by="dispatcher")
    town.wait(60)
    town.report(requested_by="dispatcher")
    assert len(town.all(DeadlineSet)) == 2


def test_a_request_while_a_team_has_the_call_begins_nothing() -> None:
    town = accepted()
    town.report(requested_by="officer")
    town.status("cleared", disposition="refused")
    town.wait(5)
    town.report(requested_by="officer")
    assert len(town.all(DeadlineSet)) == 1


@pytest.mark.parametrize("gone", ["cleared", "taken off"])
def test_an_officer_who_asks_once_the_team_has_gone_is_answered(gone: str) -> None:
    """Silence is no answer: nobody came, and nobody said so."""
    town = accepted()
    if gone == "cleared":
        town.status("cleared", disposition="refused")
    else:
        town.command(WithdrawTeam, team_id="one", reason="needed elsewhere")
    town.wait(5)
    town.report(requested_by="officer")
    assert (town.last(DeadlineSet).episode, town.last(DeadlineSet).why) == (2, "requested")
    town.wait(60)
    assert (town.last(CallRouted).outcome, town.last(CallRouted).requested_by) == ("default", "officer")


@pytest.mark.parametrize("judged_first", [False, True])
def test_a_reopened_call_is_judged_anew_in_either_order(judged_first: bool) -> None:  # noqa: FBT001
    town = Town()
    town.team()
    town.call("1", unsuitable())
    town.wait(20 * 60)
    town.status("available")
    if judged_first:
        town.triage(version={"status": "reopened"})
        town.report(status="reopened")
    else:
        town.report(status="reopened")
        town.triage(updated_at=town.now - timedelta(minutes=20))
        assert not town.all(OfferMade), "what was judged before the reopening says nothing about it"
        town.triage(version={"status": "reopened"})
    assert town.last(OfferMade).episode == 2


@pytest.mark.parametrize("before", get_args(CallStatus))
@pytest.mark.parametrize("after", get_args(CallStatus))
def test_of_two_versions_of_one_instant_the_last_to_arrive_stands(before: CallStatus, after: CallStatus) -> None:
    """Only an end that a mere update follows at the same instant stands: it may be a repetition."""
    town = Town()
    town.report(status=before)
    stands = before not in ENDED or after == "reopened"
    assert bool(town.report(status=after)) == stands
    last = after if stands else before
    assert town.state.call(call_id()).is_open == (last not in ENDED)


@pytest.mark.parametrize("ended", sorted(ENDED))
@pytest.mark.parametrize("judged_first", [False, True])
def test_a_call_closed_and_reopened_at_one_instant_is_judged_anew(ended: CallStatus, judged_first: bool) -> None:  # noqa: FBT001
    town = Town()
    town.team()
    town.call()
    town.wait(1)
    town.cancel(status=ended)
    if judged_first:
        town.triage(version={"status": "reopened"})
    assert [event.why for event in town.report(status="reopened") if isinstance(event, DeadlineSet)] == ["reopened"]
    if not judged_first:
        assert not town.triage(), "what was judged before the end says nothing about the episode after it"
        town.triage(version={"status": "reopened"})
    assert town.last(OfferMade).episode == 2
    assert kinds(town.report(status=ended))[0] == "call-version-seen", "what comes last at one instant stands"
    assert not town.state.calls[call_id()].is_open


def test_a_call_that_is_judged_again_is_not_older_than_its_episode() -> None:
    town = Town()
    town.team()
    town.cancel()
    town.report(status="reopened")
    town.triage(call=None)
    assert town.last(OfferMade).episode == 1


def test_the_team_gets_the_newest_version_known_when_it_accepts_and_those_after() -> None:
    town = Town()
    town.team()
    town.call()
    town.wait(1)
    newest = town.report(priority="2")[0]
    assert isinstance(newest, CallVersionAt)
    town.accept(town.last(OfferMade))
    assert town.last(OfferAccepted).call_at == newest.call_at
    town.wait(1)
    assert kinds(town.report(priority="3")) == ["call-version-at"]


def test_an_upgrade_is_told_once_and_recalls_the_team() -> None:
    town = accepted(verdict(on_upgrade="stay"))
    town.triage(unsuitable())
    upgrade = town.last(UpgradeRaised)
    assert (upgrade.team_id, upgrade.level_rank, upgrade.on_upgrade) == ("one", 1, "stay")
    town.wait(1)
    assert not town.triage(unsuitable())
    recalled = accepted()
    recalled.triage(unsuitable())
    assert recalled.last(AssignmentWithdrawn).why == "upgraded"


@pytest.mark.parametrize("reason", ["stale", "clock-ahead", "district-conflict"])
def test_news_that_are_stale_or_disagree_make_nothing_more_dangerous(reason: str) -> None:
    town = accepted()
    assert not town.triage(unsuitable(reason, level="calm", level_rank=0))
    town.triage(unsuitable())
    assert town.last(AssignmentWithdrawn).why == "upgraded"


def test_whoever_asked_and_waits_is_told_that_nobody_comes_though_a_later_version_does_not_name_them() -> None:
    town = Town()
    town.report(requested_by="officer")
    town.wait(1)
    town.report()
    town.wait(60)
    assert (town.last(CallRouted).outcome, town.last(CallRouted).requested_by) == ("default", "officer")
    town.wait(1)
    town.report()
    town.wait(1)
    town.report(requested_by="officer")
    assert town.last(DeadlineSet).why == "requested", "asked once more, it is another request"


def test_whoever_asked_and_waits_is_told_that_nobody_comes() -> None:
    town = Town()
    town.report(requested_by="officer")
    town.triage(unsuitable())
    routed = town.last(CallRouted)
    assert (routed.outcome, routed.requested_by) == ("default", "officer")
    assert routed.sentence.startswith("Nobody comes, though officer asked. ")
    nobody_asked = Town()
    nobody_asked.call("1", unsuitable())
    assert nobody_asked.last(CallRouted).requested_by is None


def test_a_judgement_after_the_outcome_changes_nothing() -> None:
    town = Town()
    town.team()
    town.report()
    town.wait(51)
    assert not [
        event for event in town.triage(updated_at=town.now - timedelta(seconds=51)) if event.type != "terms-noted"
    ]
    assert len(town.all(CallRouted)) == 1


def test_a_cad_that_was_not_told_leaves_the_assignment_unconfirmed_once() -> None:
    town = accepted()
    for _ in range(2):
        told = CadNotInformed(
            message_id="m", source="cad", kind="call.routed", why="timeout", call_id=call_id(), episode=1
        )
        town.hear(told, "notifications")
    assert len(town.all(AssignmentUnconfirmed)) == 1


def test_an_input_that_could_not_be_decided_is_the_outcome() -> None:
    town = Town()
    town.team()
    town.call()
    refused = InputRefused(
        position="calls/0/9", sha256="", length=0, wrong="KeyError", input_type="call-reported", call_id=call_id()
    )
    town.fold(refused)
    assert not town.state.calls[call_id()].is_open
    town.wait(60)
    assert not town.all(CallRouted)
    assert town.kinds()[-1] == "offer-withdrawn"
    town.fold(refused.model_copy(update={"call_id": call_id("2")}))
    assert not town.report("2")


def test_a_refused_report_counts_as_an_episode_though_its_judgement_came_first() -> None:
    town = Town()
    town.team()
    town.triage()
    refused = InputRefused(
        position="calls/0/9", sha256="", length=0, wrong="KeyError", input_type="call-reported", call_id=call_id()
    )
    town.fold(refused)
    assert not town.state.calls
    assert not len(town.state.clocks.clear("shift/one"))
    assert not town.report()
    town.wait(1)
    town.report(status="reopened")
    assert town.last(DeadlineSet).episode == 2


def test_a_deadline_whose_clock_failed_is_the_outcome() -> None:
    town = Town()
    town.report()
    town.fail_clock(f"deadline/{call_id()}")
    assert not town.state.calls
    town.wait(60)
    assert not town.all(CallRouted)


def test_closed_calls_are_remembered_for_a_week_in_little_room() -> None:
    town = Town()
    for number in range(200):
        town.call(str(number), unsuitable())
    assert len(town.state.closed) == 200
    town.wait(6 * 86400)
    assert not town.report("7", updated_at=town.now - timedelta(days=6))
    town.wait(3 * 86400)
    town.call("new", unsuitable())
    assert len(town.state.closed) == 1
