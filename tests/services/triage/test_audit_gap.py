"""Where the document says so, a promise that the auditor finds broken pauses: once, and not for what is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.events import AuditGapFound, CallTriaged, DistrictPaused, Event, PauseDistrict, ResumeDistrict
from tests.services.triage.driver import AGENCY, MADISON, THURSDAY_NOON, Triage, command, madison, report

PAUSING = MADISON.replace("[when_no_team]", '[alarms]\naudit_gap = "pause"\n[when_no_team]')


def gap(gap_id: str = "g1", district: str | None = "Central", **fields: Any) -> AuditGapFound:
    said: dict[str, Any] = {
        "invariant": "I1b",
        "about": f"{AGENCY}/dane-county/1, episode 1",
        "sentence": "It has no outcome.",
        "broken_at": THURSDAY_NOON,
    }
    return AuditGapFound(gap_id=gap_id, district=district, **{**said, **fields})


def paused(events: list[Event]) -> list[str]:
    return [event.district for event in events if isinstance(event, DistrictPaused)]


def test_the_district_is_paused_and_calls_are_judged_by_it() -> None:
    triage = madison(document=PAUSING)
    (pause,) = triage.put(gap())
    assert isinstance(pause, DistrictPaused)
    assert (pause.district, pause.response, pause.changed_by, pause.audit_gap) == ("Central", None, "careroute", "g1")
    assert pause.reason == "the auditor found a promise broken: It has no outcome."
    judged = triage.put(report())[-1]
    assert isinstance(judged, CallTriaged)
    assert not any(verdict.may_go for verdict in judged.judgement.responses)
    assert triage.refold() == triage.state


@pytest.mark.parametrize("document", [MADISON, MADISON.replace("[when_no_team]", "[alarms]\n[when_no_team]")])
def test_without_the_documents_word_it_is_an_alarm_and_no_pause(document: str) -> None:
    assert madison(document=document).put(gap()) == []
    assert Triage().put(gap()) == []


@pytest.mark.parametrize("district", [None, "a district of a former document"])
def test_everything_is_paused_where_nobody_knows_the_district(district: str | None) -> None:
    assert paused(madison(document=PAUSING).put(gap(district=district))) == ["all"]


def test_a_person_resumes_and_the_same_finding_does_not_pause_again() -> None:
    triage = madison(document=PAUSING)
    triage.put(gap())
    triage.put(command(ResumeDistrict, "r", district="Central"))
    assert triage.put(gap()) == []
    assert paused(triage.put(gap("g2"))) == ["Central"]


def test_what_is_paused_already_is_not_paused_again() -> None:
    triage = madison(document=PAUSING)
    triage.put(command(PauseDistrict, "p", district="all"))
    assert triage.put(gap()) == []


def test_a_finding_about_long_ago_pauses_nothing() -> None:
    triage = madison(document=PAUSING)
    assert triage.put(gap(broken_at=THURSDAY_NOON - timedelta(days=2, seconds=1))) == []
    assert paused(triage.put(gap("g2", broken_at=THURSDAY_NOON - timedelta(days=2)))) == ["Central"]
