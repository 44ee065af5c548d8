from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.judging import WORSE, essence, judgement_of
from services.triage.state import SAME_TIME_VERSIONS, OpenCall
from shared.call import CallType
from shared.events import (
    CallCancelled,
    CallEnded,
    CallReported,
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
from tests.services.triage.harness import (
    MADISON,
    SAFE,
    SERVICE,
    THURSDAY_NOON,
    Triage,
    command,
    madison,
    offer,
    only,
    report,
    triaged,
)

CALL = "madison-wi/dane-county/1"


def routed(outcome: str) -> CallRouted:
    return CallRouted(call_id=CALL, episode=1, outcome=outcome, deadline=THURSDAY_NOON)  # type: ignore[arg-type]


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


def test_a_late_version_is_noted_once_and_changes_nothing() -> None:
    triage = madison()
    triage.put(report("e2", minute=2))
    before = judgement(triage)
    assert only(triage.put(report("e1", minute=1, answers=SAFE | {"Q1": "yes"})), VersionNoted).why == "late"
    assert judgement(triage) == before
    assert triage.put(report("e1", minute=1, answers=SAFE | {"Q1": "yes"})) == []


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
    assert len(held(triage).newest) == SAME_TIME_VERSIONS


def test_before_an_offer_an_answer_may_bring_a_call_down_again() -> None:
    triage = madison()
    assert triaged(triage.put(report("e1", answers={}))).judgement.suitability == "indeterminate"
    assert triaged(triage.put(report("e2", minute=1))).judgement.suitability == "suitable"


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
    assert triage.put(report("e3", minute=4)) == []


def test_a_cancellation_before_the_call_keeps_the_call_from_coming_back() -> None:
    triage = madison()
    only(triage.put(report("e2", minute=5, status="cancelled")), CallEnded)
    assert triage.put(report("e1")) == []


def test_a_late_cancellation_is_noted_and_ends_nothing() -> None:
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
        old = report("e1", minute=-week, received_minute=0, incident_id=status, status=status)
        only(triage.put(old), CallStale)
        assert triage.put(old) == []


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


# --- properties


VERSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 3),
            "answers": st.dictionaries(st.sampled_from(sorted(SAFE)), st.sampled_from(["yes", "no", "cannot-tell"])),
            "narrative": st.sampled_from([None, "calm", "has a gun", "he hit me\nhas a gun", "hit"]),
            "call_type": st.sampled_from(["CHECK PERSON", "MENTAL", "MENTAL VIOLENT", None]),
            "status": st.sampled_from(["active", "reopened"]),
        }
    ),
    min_size=1,
    max_size=5,
)


def versions(drawn: list[dict[str, Any]]) -> list[CallReported | CallCancelled]:
    made = []
    for number, one in enumerate(drawn):
        call_type = CallType(system="dane-county", code=one["call_type"]) if one["call_type"] else None
        made.append(report(f"e{number}", **one | {"call_type": call_type}))
    return made


@settings(max_examples=150, deadline=None)
@given(drawn=VERSIONS, data=st.data())
def test_the_order_in_which_versions_come_does_not_matter(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
    made = versions(drawn)
    one, other = madison(), madison()
    for version in made:
        one.put(version)
    for version in data.draw(st.permutations(made)):
        other.put(version)
    assert judgement_of(one.state, held(one)) == judgement_of(other.state, held(other))
    assert essence(judgement(one)) == essence(judgement(other))


@settings(max_examples=100, deadline=None)
@given(drawn=VERSIONS, begin=st.integers(0, 4))
def test_in_flight_nothing_gets_looser(drawn: list[dict[str, Any]], begin: int) -> None:
    triage, last = madison(), None
    for number, version in enumerate(versions([one | {"status": "active"} for one in drawn])):
        triage.put(version)
        if number == begin:
            triage.put(offer())
        if number >= begin:
            new = judgement(triage)
            assert last is None or new.level_rank >= last.level_rank
            assert last is None or WORSE[new.suitability] >= WORSE[last.suitability]
            if last is not None and new.level_rank == last.level_rank:
                assert {one.response for one in new.responses if one.may_go} <= {
                    one.response for one in last.responses if one.may_go
                }
            last = new


@settings(max_examples=60, deadline=None)
@given(drawn=VERSIONS)
def test_replaying_every_input_yields_nothing_and_the_snapshot_holds_all(drawn: list[dict[str, Any]]) -> None:
    made, triage = versions(drawn), madison()
    for version in made:
        triage.put(version)
    assert triage.refold() == triage.state
    refolded = SERVICE.initial
    for event in triage.journal:
        refolded = SERVICE.evolve(refolded, event, triage.now)
    assert refolded == triage.state
    for version in made:
        assert triage.put(version) == []
    triage.put(routed("default"))
    for version in made:
        assert triage.put(version) == []


def test_the_document_of_the_tests_is_madisons() -> None:
    assert 'agency    = "madison-wi"' in MADISON


def test_police_who_come_first_are_not_relieved_by_a_new_call_type() -> None:
    triage = madison()
    noise = CallType(system="dane-county", code="NOISE")
    triage.put(report("e1", call_type=noise))
    typed = triaged(triage.put(report("e2", minute=1, units_on_scene=True)))
    assert typed.judgement.responses[0].reasons == ("units-on-scene",)
    asked = triaged(triage.put(report("e3", minute=2, units_on_scene=True, requested_by="officer")))
    assert asked.judgement.responses[0].may_go
