"""Referrals, follow-ups and notes: records of their own, with a due date and no deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.events import (
    ApproveProgramme,
    CallCancelled,
    CallReported,
    CloseReferral,
    NoteMade,
    ProposeProgramme,
    ReferralClosed,
    ReferralMade,
    ReferralOverdue,
    SetPhase,
)
from tests.services.triage.driver import (
    MADISON,
    THURSDAY_NOON,
    Triage,
    cleared,
    command,
    done,
    madison,
    of,
    offer,
    refusal,
    report,
    routed,
)

REFERRING = (
    MADISON.replace('sends = ["cares"]', 'sends = ["cares", "navigator", "familiar-faces"]')
    .replace(
        "[[rollout]]",
        """[responses.navigator]
model = "care-navigator"
crew = ["navigator"]
takes = ["mental-health", "check-welfare"]
goes = "beside default"
reached_by = "referral"
due_hours = 48
[responses.familiar-faces]
model = "care-navigator"
crew = ["navigator"]
takes = ["mental-health", "check-welfare"]
goes = "beside default"
reached_by = "note"
only_when = { repeat_caller = "yes" }
[[rollout]]
response = "navigator"
districts = "all"
hours = ["daily 00:00-24:00"]
phase = "live"
[[rollout]]
response = "familiar-faces"
districts = "all"
hours = ["daily 00:00-24:00"]
phase = "live"
[[rollout]]""",
        1,
    )
    .replace('reached_by      = "offer" ', 'follow_up_due_hours = [24, 720]\nreached_by      = "offer" ')
    .replace(
        "[when_no_team]",
        '[repeat_callers]\ncalls = 3\nwithin_days = 90\nexcept_numbers = ["608 555 0199"]\n[when_no_team]',
    )
)
NUMBER = "(608) 555-0123"


def referring(phase: str = "live", document: str = REFERRING) -> Triage:
    triage = madison(document=document)
    for response in ("navigator", "familiar-faces"):
        board = triage.state.switchboard.revision
        triage.put(command(SetPhase, response, response=response, district="Central", phase=phase, based_on=board))
    return triage


@pytest.mark.parametrize("phase", ["live", "advisory"])
def test_a_referral_is_made_once_a_call_with_its_due_date(phase: str) -> None:
    triage = referring(phase)
    made = triage.put(report())
    referral = of(made, ReferralMade)[0]
    assert isinstance(referral, ReferralMade)
    assert (referral.response, referral.phase, referral.kind) == ("navigator", phase, "referral")
    assert referral.due_at == THURSDAY_NOON + timedelta(hours=48)
    assert of(triage.put(report("e2", minute=1, priority="1")), ReferralMade) == []
    triage.put(routed("default"))
    assert of(triage.put(report("e3", minute=2, priority="2")), ReferralMade) == [], "the call had its outcome before"


@pytest.mark.parametrize("phase", ["shadow", "off"])
def test_in_shadow_nothing_is_referred(phase: str) -> None:
    assert of(referring(phase).put(report()), ReferralMade) == []


def test_a_referral_is_taken_back_when_the_call_proves_dangerous_and_the_former_answer_makes_none_again() -> None:
    triage = referring()
    triage.put(report())
    armed = triage.put(report("e2", minute=1, answers={"Q1": "yes"}))
    closed = of(armed, ReferralClosed)[0]
    assert isinstance(closed, ReferralClosed)
    assert (closed.result, closed.closed_by) == ("withdrawn", "careroute")
    assert of(triage.put(report("e3", minute=2)), ReferralMade) == []


def test_the_next_incident_of_a_number_has_a_referral_of_its_own_and_takes_none_back() -> None:
    triage = referring()
    triage.put(report())
    triage.put(report("end", minute=30, status="closed"))
    triage.at(days=1)
    next_day: dict[str, Any] = {"minute": 24 * 60, "created_at": THURSDAY_NOON + timedelta(days=1)}
    (second,) = of(triage.put(report("next", **next_day)), ReferralMade)
    assert len(triage.state.referrals) == 2
    (closed,) = of(triage.put(report("armed", **next_day, answers={"Q1": "yes"})), ReferralClosed)
    assert isinstance(second, ReferralMade)
    assert isinstance(closed, ReferralClosed)
    assert closed.referral_id == second.referral_id


def test_a_follow_up_stands_beside_that_of_the_next_incident_of_its_number() -> None:
    triage = madison(document=REFERRING)
    for day in (0, 10):
        triage.at(days=day)
        created_at = THURSDAY_NOON + timedelta(days=day)
        triage.put(report(f"e{day}", minute=day * 24 * 60, created_at=created_at))
        triage.put(offer())
        triage.put(routed("team-accepted"))
        triage.put(cleared())
        triage.put(report(f"end{day}", minute=day * 24 * 60 + 30, created_at=created_at, status="closed"))
    due = sorted(referral.due_at for referral in triage.state.referrals.values())
    assert due == [THURSDAY_NOON + timedelta(days=days) for days in (1, 11, 30, 40)]


def test_a_referral_stands_when_only_its_hours_are_over() -> None:
    triage = referring()
    triage.put(report())
    board = triage.state.switchboard.revision
    triage.put(command(SetPhase, "off", response="navigator", district="Central", phase="off", based_on=board))
    assert of(triage.run_clocks(), ReferralClosed) == []
    assert len(triage.state.referrals) == 1


def test_somebody_says_what_became_of_it() -> None:
    triage = referring()
    referral = of(triage.put(report()), ReferralMade)[0]
    assert isinstance(referral, ReferralMade)
    close = {"referral_id": referral.referral_id, "result": "contacted"}
    assert done(triage.put(command(CloseReferral, "r1", **close))).sentence == "Closed: contacted."
    assert done(triage.put(command(CloseReferral, "r2", **close))).result == "nothing-to-do"
    assert of(triage.put(report("e2", minute=1, priority="1")), ReferralMade) == []
    unknown = command(CloseReferral, "r3", referral_id="nothing", result="contacted")
    assert refusal(triage.put(unknown)).reason == "unknown-referral"
    triage.at(days=3)
    assert of(triage.run_clocks(), ReferralOverdue) == []


def test_a_referral_that_nobody_closes_is_overdue_once_and_closed_for_good_much_later() -> None:
    triage = referring()
    triage.put(report())
    assert of(triage.at(hours=47).run_clocks(), ReferralOverdue) == []
    assert len(of(triage.at(hours=49).run_clocks(), ReferralOverdue)) == 1
    assert triage.refold() == triage.state
    closed = of(triage.at(days=93).run_clocks(), ReferralClosed)[0]
    assert isinstance(closed, ReferralClosed)
    assert closed.result == "expired"
    assert not triage.state.referrals


@pytest.mark.parametrize(("disposition", "hours"), [("resolved-on-scene", [24, 720]), ("unable-to-locate", [])])
def test_a_team_that_met_the_person_is_followed_up(disposition: str, hours: list[int]) -> None:
    triage = madison(document=REFERRING)
    triage.put(report())
    triage.put(offer())
    triage.put(routed("team-accepted"))
    made = of(triage.put(cleared(disposition=disposition)), ReferralMade)
    due = [event.due_at for event in made if isinstance(event, ReferralMade)]
    assert due == [THURSDAY_NOON + timedelta(hours=later) for later in hours]


def test_a_team_that_met_the_person_is_followed_up_though_its_response_is_called_otherwise_by_now() -> None:
    triage = madison(document=REFERRING)
    triage.put(report())
    triage.put(offer())
    triage.put(routed("team-accepted"))
    renamed = REFERRING.replace("version   = 1", "version   = 2").replace("cares]", "crisis]")
    proposed = done(triage.put(command(ProposeProgramme, "p2", document=renamed.replace('"cares"', '"crisis"'))))
    triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=proposed.about))
    made = of(triage.put(cleared()), ReferralMade)
    assert [event.response for event in made if isinstance(event, ReferralMade)] == ["cares", "cares"]


def test_a_note_is_made_from_the_third_call_of_one_number_on() -> None:
    triage = referring()
    for incident, number in (("1", NUMBER), ("2", "+1 608 555 0123"), ("3", "6085550123")):
        made = triage.put(report(incident, incident_id=incident, number=number))
        assert len(of(made, NoteMade)) == (incident == "3"), incident
        more = triage.put(report(f"{incident}-2", minute=1, incident_id=incident, number=number, priority="2"))
        assert of(more, NoteMade) == [], "a second version of a call is no second call"
    assert NUMBER not in triage.journal[-1].model_dump_json()
    assert all("5550123" not in event.model_dump_json().replace("-", "") for event in triage.journal)


def test_calls_after_their_outcome_count_once_too() -> None:
    triage = referring()
    for minute in range(6):
        triage.put(report(f"e{minute}", minute=minute, number=NUMBER, priority=str(minute)))
        triage.put(routed("default", episode=minute + 1))
    assert of(triage.journal, NoteMade) == []


@pytest.mark.parametrize("number", ["608-555-0199", "none", ""])
def test_a_telephone_of_many_people_and_what_is_no_number_are_not_counted(number: str) -> None:
    triage = referring()
    for incident in ("1", "2", "3", "4"):
        assert of(triage.put(report(incident, incident_id=incident, number=number)), NoteMade) == []


def test_calls_of_long_ago_do_not_count() -> None:
    triage = referring()
    for incident, day in (("1", 0), ("2", 1), ("3", 91)):
        assert of(triage.put(of_day(incident, day)), NoteMade) == []
    assert of(triage.put(of_day("4", 91)), NoteMade) == []
    assert len(of(triage.put(of_day("5", 91)), NoteMade)) == 1


def of_day(incident: str, day: int) -> CallReported | CallCancelled:
    created_at = THURSDAY_NOON + timedelta(days=day)
    return report(incident, minute=day * 24 * 60, incident_id=incident, number=NUMBER, created_at=created_at)


def test_what_the_cad_says_against_it_is_no_permission() -> None:
    triage = referring()
    for incident in ("1", "2", "3"):
        triage.put(report(incident, incident_id=incident, number=NUMBER, facts={"repeat_caller": "no"}))
    assert of(triage.journal, NoteMade) == []


@pytest.mark.parametrize(
    "changes", [{"source": "elsewhere"}, {"district": "Nowhere"}, {"call_type": None}, {"received_minute": 300}]
)
def test_nothing_is_referred_of_calls_that_are_not_the_programmes_own(changes: dict[str, Any]) -> None:
    document = REFERRING.replace('programme = "Madison CARES"', 'programme = "M"\nsources = ["dane-county"]')
    triage = referring(document=document)
    assert of(triage.put(report(**changes)), ReferralMade) == []


def test_nothing_is_kept_of_callers_that_nobody_counts_any_more() -> None:
    triage = referring()
    triage.put(report(number=NUMBER))
    assert triage.state.callers
    document = MADISON.replace("version   = 1", "version   = 2")
    proposed = done(triage.put(command(ProposeProgramme, "p2", document=document)))
    triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=proposed.about))
    assert not triage.state.callers
