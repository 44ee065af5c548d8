"""Too many unsafe upgrades pause by themselves; only a person resumes."""

from __future__ import annotations

import pytest

from shared.events import (
    LEVEL_NOT_KNOWN,
    CommandDone,
    DistrictPaused,
    DistrictResumed,
    Event,
    PauseDistrict,
    ResumeDistrict,
    StatusReported,
    UpgradeNoted,
    UpgradeRaised,
)
from tests.services.triage.driver import AGENCY, MADISON, Triage, command, madison, offer, report, routed

PAUSING = MADISON.replace(
    "[when_no_team]", "[automatic_pause]\nunsafe_upgrades = 2\nwithin_minutes = 60\n[when_no_team]"
)


def accepted(document: str = PAUSING) -> Triage:
    """Teams have three calls."""
    triage = madison(document=document)
    for incident in ("1", "2", "3"):
        triage.put(report(incident, incident_id=incident))
        triage.put(offer(incident))
        triage.put(routed("team-accepted", incident))
    return triage


def upgrade(incident: str) -> UpgradeRaised:
    return UpgradeRaised(
        call_id=f"{AGENCY}/dane-county/{incident}",
        episode=1,
        team_id="t",
        level="police needed",
        level_rank=1,
        on_upgrade="recall",
    )


def needs_police(incident: str) -> StatusReported:
    return StatusReported(team_id="t", status="need-police", call_id=f"{AGENCY}/dane-county/{incident}")


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def test_the_second_unsafe_upgrade_within_the_hour_pauses_the_response_there() -> None:
    triage = accepted()
    assert kinds(triage.put(upgrade("1"))) == [UpgradeNoted]
    noted, paused = triage.at(minutes=59).put(needs_police("2"))
    assert isinstance(noted, UpgradeNoted)
    assert isinstance(paused, DistrictPaused)
    assert (paused.district, paused.response, paused.changed_by) == ("Central", "cares", "careroute")
    assert paused.reason == "2 unsafe upgrades within 60 minutes"
    assert triage.state.switchboard.is_paused("Central", "cares")
    assert triage.refold() == triage.state


def test_a_call_that_is_none_for_its_response_and_no_more_dangerous_counts_as_no_unsafe_one() -> None:
    triage = accepted()
    for incident in ("1", "2"):
        told = upgrade(incident).model_copy(update={"more_dangerous": False, "against": ("age-not-met",)})
        assert triage.put(told) == []


def test_one_call_counts_once_and_old_ones_do_not_count() -> None:
    triage = accepted()
    assert kinds(triage.put(upgrade("1"))) == [UpgradeNoted]
    assert triage.put(needs_police("1")) == []
    assert kinds(triage.at(minutes=61).put(upgrade("2"))) == [UpgradeNoted]


def test_a_person_resumes_and_the_count_begins_anew() -> None:
    triage = accepted()
    triage.put(upgrade("1"))
    triage.put(upgrade("2"))
    resumed = triage.put(command(ResumeDistrict, "r", district="Central", response="cares"))
    assert kinds(resumed) == [DistrictResumed, CommandDone]
    assert kinds(triage.put(upgrade("3"))) == [UpgradeNoted]


def test_all_of_the_district_where_the_document_says_so() -> None:
    triage = accepted(PAUSING.replace("within_minutes = 60", 'within_minutes = 60\npauses = "district"'))
    triage.put(upgrade("1"))
    paused = triage.put(upgrade("2"))[1]
    assert isinstance(paused, DistrictPaused)
    assert (paused.district, paused.response) == ("Central", None)


def test_what_is_paused_already_is_not_paused_again() -> None:
    triage = accepted()
    triage.put(command(PauseDistrict, "p", district="all"))
    triage.put(upgrade("1"))
    assert kinds(triage.put(upgrade("2"))) == [UpgradeNoted]


def test_a_call_to_which_no_judgement_sent_the_team_does_not_count() -> None:
    triage = madison(document=PAUSING)
    triage.put(report("4", incident_id="4"))
    triage.put(routed("default", "4"))
    triage.put(offer("4", episode=2))
    triage.put(routed("team-accepted", "4", episode=2).model_copy(update={"programme_hash": None}))
    assert triage.put(upgrade("4")) == []


@pytest.mark.parametrize("document", [PAUSING, MADISON])
def test_calls_that_no_team_has_and_other_words_of_a_team_do_not_count(document: str) -> None:
    triage = accepted(document)
    assert triage.put(upgrade("9")) == []
    assert triage.put(upgrade("1").model_copy(update={"level": LEVEL_NOT_KNOWN})) == []
    on_scene = StatusReported(team_id="t", status="on-scene", call_id=f"{AGENCY}/dane-county/1")
    assert triage.put(on_scene) == []
    assert kinds(triage.put(upgrade("1"))) == ([UpgradeNoted] if document == PAUSING else [])
