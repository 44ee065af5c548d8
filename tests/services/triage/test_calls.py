from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from services.triage.state import OpenCall
from shared.call import CallType
from shared.events import (
    CallEnded,
    CallRetired,
    CallRouted,
    CallsJudgedAgain,
    CallStale,
    CallTriaged,
    PauseDistrict,
    RoutingNoted,
    SetPhase,
    VersionNoted,
)
from shared.programme import Judgement
from tests.services.triage.driver import (
    MADISON,
    SAFE,
    THURSDAY_NOON,
    Triage,
    cleared,
    command,
    madison,
    of,
    offer,
    only,
    report,
    triaged,
)

CALL = "madison-wi/dane-county/1"


def routed(outcome: str) -> CallRouted:
    about: dict[str, Any] = {"call_id": CALL, "episode": 1, "outcome": outcome, "programme_hash": "h1"}
    return CallRouted(**about, deadline=THURSDAY_NOON)


def held(triage: Triage) -> OpenCall:
    return triage.state.calls[CALL]


def judgement(triage: Triage) -> Judgement:
    found = held(triage).judgement
    assert found is not None
    return found


def test_a_calm_call_in_an_open_district_may_go_to_the_team() -> None:
    said = triaged(madison().put(report()))
    assert said.judgement.suitability == "suitable"
    assert [(one.response, one.may_go, one.phase) for one in said.judgement.responses] == [("cares", True, "live")]
    assert said.judgement.programme_version == 1
    assert said.judgement.switchboard_revision == 1


def test_without_a_programme_the_default_stands_and_says_so() -> None:
    said = triaged(Triage().put(report()))
    assert said.judgement.reasons == ("no-programme",)


def test_a_repeat_leaves_nothing_and_a_version_that_says_the_same_is_noted() -> None:
    triage = madison()
    triage.put(report("e1"))
    assert triage.put(report("e1")) == []
    assert only(triage.put(report("e2", minute=1)), VersionNoted).why == "unchanged"
    assert triage.put(report("e2", minute=1)) == []


def test_a_careless_id_does_not_hide_a_hazard() -> None:
    triage = madison()
    triage.put(report("e1"))
    said = triaged(triage.put(report("e1", minute=1, answers=SAFE | {"Q1": "yes"})))
    assert said.judgement.level == "police needed"


def test_a_careless_id_does_not_hide_a_hazard_that_comes_back() -> None:
    triage = madison()
    armed = SAFE | {"Q1": "yes"}
    triage.put(report("e1", answers=armed))
    assert triaged(triage.put(report("e1", minute=1))).judgement.suitability == "suitable"
    assert triaged(triage.put(report("e1", minute=2, answers=armed))).judgement.level == "police needed"
    assert triage.put(report("e1", minute=2, received_minute=3, answers=armed)) == []


def test_a_late_version_tightens_and_never_calms() -> None:
    triage = madison()
    triage.put(report("e2", minute=2))
    late, again = triage.put(report("e1", minute=1, answers=SAFE | {"Q1": "yes"}))
    assert isinstance(late, VersionNoted)
    assert isinstance(again, CallTriaged)
    assert (late.why, again.judgement.level, again.event_id) == ("late", "police needed", "e2")
    assert triage.put(report("e1", minute=1, answers=SAFE | {"Q1": "yes"})) == []
    assert only(triage.put(report("e0", minute=0.5)), VersionNoted).why == "late"
    assert judgement(triage).level == "police needed"


def test_of_two_versions_with_one_time_stamp_the_worse_stands_whichever_comes_first() -> None:
    calm, armed = report("e1"), report("e2", answers=SAFE | {"Q1": "yes"})
    for pair in itertools.permutations((calm, armed)):
        triage = madison()
        for version in pair:
            triage.put(version)
        assert judgement(triage).level == "police needed"


def test_of_very_many_versions_with_one_time_stamp_none_is_forgotten() -> None:
    triage = madison()
    triage.put(report("a", answers=SAFE | {"Q1": "yes"}))
    for number in range(40):
        triage.put(report(f"b{number}", priority=str(number)))
    assert judgement(triage).level == "police needed"
    assert held(triage).version.event_id == "b39"


def test_before_an_offer_an_answer_may_bring_a_call_down_again() -> None:
    triage = madison()
    assert triaged(triage.put(report("e1", answers={}))).judgement.suitability == "indeterminate"
    assert triaged(triage.put(report("e2", minute=1))).judgement.suitability == "suitable"


def test_one_type_that_nobody_lists_is_not_another() -> None:
    triage = madison()
    for code in ("TRAFFIC", "SHOTS FIRED"):
        unlisted = report(code, call_type=CallType(system="dane-county", code=code))
        assert triaged(triage.put(unlisted)).judgement.unlisted_type == code
    again = report("again", minute=1, call_type=CallType(system="dane-county", code="SHOTS FIRED"))
    assert only(triage.put(again), VersionNoted).why == "unchanged"
    listed = report("listed", minute=2, call_type=CallType(system="dane-county", code="MENTAL"))
    assert not triaged(triage.put(listed)).judgement.unlisted_type


def test_a_changed_priority_is_told_although_the_judgement_is_the_same() -> None:
    triage = madison()
    triage.put(report("e1", priority="3"))
    assert triaged(triage.put(report("e2", minute=1, priority="1"))).priority == "1"


# --- in flight


def test_after_the_first_offer_facts_tighten_and_never_loosen() -> None:
    triage = madison()
    triage.put(report("e1"))
    assert only(triage.put(offer()), RoutingNoted).reached == "offered"
    said = triaged(triage.put(report("e2", minute=1, answers=SAFE | {"Q1": "yes"})))
    assert said.judgement.level == "police needed"
    assert said.judgement.suitability == "unsuitable"
    assert only(triage.put(report("e3", minute=2)), VersionNoted).why == "unchanged"
    assert judgement(triage).level == "police needed"


def test_after_the_first_offer_the_hours_and_the_phase_stand_as_they_were() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(offer())
    triage.put(command(SetPhase, "c9", response="cares", district="Central", phase="off", based_on=1))
    assert [type(event) for event in triage.run_clocks()] == []
    closing = 7 * 60 + 30  # the team's hours ended half an hour ago
    assert only(triage.put(report("e2", minute=closing)), VersionNoted).why == "unchanged"
    said = triaged(triage.put(report("e3", minute=closing + 1, priority="1")))
    assert said.judgement.responses[0].may_go
    assert "may go (live)" in said.judgement.sentence


def test_after_the_first_offer_a_response_that_may_not_go_any_more_stays_at_home() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(offer())
    said = triaged(triage.put(report("e2", minute=1, call_type=CallType(system="dane-county", code="FIRE"))))
    assert said.judgement.responses[0].reasons == ("category-not-taken",)
    said = triaged(triage.put(report("e3", minute=2)))
    assert said.judgement.responses[0].reasons == ("category-not-taken",)
    assert "does not take" in said.judgement.sentence


def test_an_offer_for_a_call_that_triage_does_not_know_is_counted_and_no_more() -> None:
    triage = madison()
    only(triage.put(offer()), RoutingNoted)
    assert not triage.state.calls


def test_a_version_that_comes_before_the_offer_is_read_counts_anew() -> None:
    triage = madison()
    triage.put(report("e1", answers=SAFE | {"Q1": "yes"}))
    triage.put(report("e2", minute=1))
    triage.put(offer())
    assert judgement(triage).suitability == "suitable"


@pytest.mark.parametrize("minute", [60, 7 * 60 + 30])
def test_who_asks_once_the_team_has_gone_gets_none_outside_hours(minute: float) -> None:
    """A request never skips the hours; those of the first offer stood for the whole day."""
    triage = madison()
    triage.put(report("e1"))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    triage.put(cleared())
    said = triaged(triage.put(report("e2", minute=minute, requested_by="officer")))
    assert said.judgement.responses[0].may_go == (minute == 60)
    assert triage.refold() == triage.state


def test_a_reopened_call_is_judged_anew() -> None:
    triage = madison()
    triage.put(report("e1", answers=SAFE | {"Q1": "yes"}))
    triage.put(offer())
    said = triaged(triage.put(report("e2", minute=30, status="reopened")))
    assert said.judgement.suitability == "suitable"


# --- the end


def test_the_cad_ends_a_call_and_only_its_id_stays() -> None:
    triage = madison()
    triage.put(report("e1"))
    assert only(triage.put(report("e2", minute=5, status="closed")), CallEnded).status == "closed"
    assert CALL not in triage.state.calls
    assert len(triage.state.clocks) == 0
    assert triage.put(report("e1")) == []
    assert only(triage.put(report("e3", minute=4)), VersionNoted).why == "late"
    assert triage.put(report("e3", minute=4)) == []
    assert CALL not in triage.state.calls


def test_a_cancellation_before_the_call_keeps_the_call_from_coming_back() -> None:
    triage = madison()
    only(triage.put(report("e2", minute=5, status="cancelled")), CallEnded)
    assert only(triage.put(report("e1")), VersionNoted).why == "late"
    assert CALL not in triage.state.calls


def test_a_late_cancellation_ends_a_call_that_was_not_opened_again_since() -> None:
    triage = madison()
    triage.put(report("e2", minute=5))
    only(triage.put(report("e1", minute=1, status="cancelled")), CallEnded)
    assert CALL not in triage.state.calls


def test_a_cancellation_from_before_a_reopening_is_noted_and_ends_nothing() -> None:
    triage = madison()
    triage.put(report("e2", minute=5, status="reopened"))
    assert only(triage.put(report("e1", minute=1, status="cancelled")), VersionNoted).why == "late"
    assert CALL in triage.state.calls


def test_an_ended_call_can_come_back() -> None:
    triage = madison()
    triage.put(report("e1", minute=5, status="closed"))
    assert triaged(triage.put(report("e2", minute=5, status="reopened"))).judgement.suitability == "suitable"
    assert CALL not in triage.state.closed_calls


def test_a_call_older_than_our_memory_is_stale_once() -> None:
    triage = madison()
    week = 7 * 24 * 60 + 1
    for status in ("active", "reopened"):
        created_at = THURSDAY_NOON - timedelta(minutes=week)
        old = report("e1", minute=-week, received_minute=0, incident_id=status, status=status, created_at=created_at)
        only(of(triage.put(old), CallStale), CallStale)
        assert triage.put(old) == []


def test_A8_a_call_that_began_eight_days_ago_is_stale_whenever_it_is_published() -> None:  # noqa: N802
    """A8: it was judged "may go", and got no episode, no outcome and no event."""
    triage = madison()
    began = THURSDAY_NOON - timedelta(days=8)
    only(triage.put(report("e1", created_at=began)), CallStale)
    only(triage.put(report("e2", minute=1, created_at=began)), CallStale)
    assert CALL not in triage.state.calls


def test_a_replayed_source_is_never_stale() -> None:
    triaged(madison().put(report("e1", minute=-60 * 24 * 30, received_minute=-60 * 24 * 30)))


@pytest.mark.parametrize("outcome", ["default", "cancelled"])
def test_a_call_whose_outcome_is_default_leaves_the_state(outcome: str) -> None:
    triage = madison()
    triage.put(report("e1"))
    assert only(triage.put(routed(outcome)), RoutingNoted).reached == outcome
    assert CALL not in triage.state.calls
    assert triage.put(report("e1")) == []
    asked = report("e2", minute=3, requested_by="officer")
    assert triaged(triage.put(asked)).judgement.suitability == "suitable"


def test_an_accepted_call_stays_twelve_hours() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(offer())
    only(triage.put(routed("team-accepted")), RoutingNoted)
    triage.at(hours=11)
    assert triage.run_clocks() == []
    only(triage.at(hours=12).run_clocks(), CallRetired)
    assert triage.put(report("e1")) == []


ASKED_BY_OFFICER = MADISON.replace('may_be_asked_by = ["caller"]', 'may_be_asked_by = ["caller", "officer"]')


@pytest.mark.parametrize("asks", [{"requested_by": "officer"}, {"caller_wants": "alternative"}])
def test_a_request_stands_while_the_call_is_in_flight(asks: dict[str, Any]) -> None:
    """A version of the same call that named nobody any more took the team off it that an officer waits for."""
    triage = madison(document=ASKED_BY_OFFICER)
    trouble = CallType(system="dane-county", code="TROUBLE")
    assert triaged(triage.put(report("e1", call_type=trouble, **asks))).judgement.may_go("cares")
    triage.put(offer())
    for minute, event_id in ((1, "e2"), (2, "e3")):
        assert only(triage.put(report(event_id, minute, call_type=trouble)), VersionNoted).why == "unchanged"
        triage.put(routed("team-accepted"))
    assert triage.refold() == triage.state
    worse = triaged(triage.put(report("e4", 3, call_type=trouble, answers=SAFE | {"Q1": "yes"})))
    assert worse.judgement.suitability == "unsuitable"


@pytest.mark.parametrize("asks", [{"requested_by": "officer"}, {"caller_wants": "alternative"}])
def test_a_request_stands_whether_the_first_offer_or_the_next_version_is_read_first(asks: dict[str, Any]) -> None:
    """The team had accepted already, and was recalled: the version was read before the offer, and named nobody."""
    trouble = CallType(system="dane-county", code="TROUBLE")
    first = report("e1", call_type=trouble, **asks)
    second = report("e2", 1, call_type=trouble)
    for then in ((offer(), second), (second, offer())):
        triage = madison(document=ASKED_BY_OFFICER)
        triage.put(first)
        for event in then:
            triage.put(event)
        triage.put(routed("team-accepted"))
        assert judgement(triage).may_go("cares")
        assert triage.refold() == triage.state
        triage.put(cleared())
        assert not triaged(triage.put(report("e3", 2, call_type=trouble))).judgement.may_go("cares"), "it was answered"


def test_a_request_that_a_version_takes_back_before_anybody_may_be_asked_is_none() -> None:
    triage = madison(document=ASKED_BY_OFFICER)
    trouble = CallType(system="dane-county", code="TROUBLE")
    closed = report("e1", -120, call_type=trouble, requested_by="officer")
    assert not triaged(triage.put(closed)).judgement.may_go("cares")
    assert not triaged(triage.put(report("e2", call_type=trouble))).judgement.may_go("cares")
    triage = madison(document=ASKED_BY_OFFICER)
    triage.put(report("e1", call_type=trouble, requested_by="officer"))
    triage.put(report("e2", 1, call_type=trouble, requested_by="officer", answers=SAFE | {"Q1": "yes"}))
    assert not triaged(triage.put(report("e3", 2, call_type=trouble))).judgement.may_go("cares")


def test_a_call_that_nobody_routes_does_not_stay_for_ever() -> None:
    triage = madison()
    triage.put(report("e1"))
    only(triage.at(hours=1).run_clocks(), CallRetired)
    assert len(triage.state.calls) == 0


# --- judging again


def test_a_switched_phase_is_told_for_every_open_call_that_it_changes() -> None:
    triage = madison(phase=None)
    for number in range(120):
        triage.put(report("e1", incident_id=str(number)))
    triage.put(report("e1", incident_id="west", district="West"))
    triage.put(command(SetPhase, "c3", response="cares", district="Central", phase="live", based_on=0))
    made = triage.run_clocks()
    assert sum(isinstance(event, CallTriaged) for event in made) == 120
    assert [event.count for event in made if isinstance(event, CallsJudgedAgain)] == [50, 50, 21]
    assert triage.run_clocks() == []
    assert judgement(triage).responses[0].may_go


def test_a_pause_and_its_end_are_told() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(command(PauseDistrict, "c4", district="all"))
    triage.run_clocks()
    assert judgement(triage).responses[0].reasons == ("paused",)


def test_a_call_cancelled_while_it_waits_to_be_judged_again_is_passed_over() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(command(PauseDistrict, "c4", district="Central"))
    triage.put(report("e2", minute=1, status="cancelled"))
    assert [type(event) for event in triage.run_clocks()] == [CallsJudgedAgain]


def test_what_turns_a_team_back_is_said_and_not_that_it_may_go() -> None:
    """A district of no programme, then a code that nobody lists: both times cares was said to go, in Central."""
    triage = madison()
    triage.put(report())
    triage.put(offer())
    triage.put(routed("team-accepted"))
    west = triaged(triage.put(report("e1b", 0.5, district="West"))).judgement
    assert (west.suitability, west.district, west.sentence) == ("suitable", "West", "cares may go.")
    away = triaged(triage.put(report("e2", 1, district="Airport"))).judgement
    assert (away.suitability, away.sentence) == (
        "unsuitable",
        "Default (police patrol): Airport is no district of the programme.",
    )
    back = triaged(triage.put(report("e3", 2, call_type=CallType(system="dane-county", code="459A")))).judgement
    assert back.sentence == f"{away.sentence} cares may not go: cares does not take a call type that is not listed."
