from __future__ import annotations

from datetime import timedelta

import pytest

from shared.events import (
    ApproveProgramme,
    CallTriaged,
    CommandDone,
    CommandRefused,
    DistrictPaused,
    DistrictResumed,
    PauseDistrict,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    ProposeProgramme,
    ResumeDistrict,
    SetPhase,
)
from tests.services.triage.harness import (
    MADISON,
    SERVICE,
    THURSDAY_NOON,
    Triage,
    command,
    done,
    madison,
    refusal,
    report,
)

SECOND = MADISON.replace("version   = 1", "version   = 2")
JUNE = SECOND.replace("2021-09-01T00:00:00 ", "2021-09-03T00:00:00 ")


def propose(triage: Triage, document: str, command_id: str = "p", by: str = "ann") -> str:
    return done(triage.put(command(ProposeProgramme, command_id, by=by, document=document))).about


def test_two_people_publish_a_document_and_it_is_in_force() -> None:
    triage = Triage()
    made = triage.put(command(ProposeProgramme, "c1", document=MADISON))
    assert [type(event) for event in made] == [ProgrammeProposed, CommandDone]
    made = triage.put(command(ApproveProgramme, "c2", by="bob", document_hash=done(made).about))
    assert [type(event) for event in made] == [ProgrammeAdopted, ProgrammeActivated, CommandDone]
    assert triage.state.active is not None
    assert triage.state.active.version == 1


@pytest.mark.parametrize("by", ["ann", "Ann "])
def test_the_author_cannot_approve(by: str) -> None:
    triage = Triage()
    approval = command(ApproveProgramme, "c2", by=by, document_hash=propose(triage, MADISON))
    assert refusal(triage.put(approval)).reason == "same-person"
    assert triage.state.active is None


def test_a_bad_document_is_refused_with_line_and_field_and_the_old_one_stays() -> None:
    triage = madison()
    bad = MADISON.replace('sends = ["cares"]', 'sends = ["carse"]')
    answer = refusal(triage.put(command(ProposeProgramme, "c8", document=bad)))
    assert answer.reason == "document-refused"
    assert any(fault.startswith("line ") and "cares" in fault for fault in answer.faults)
    assert triage.state.active is not None


def test_another_agencys_document_is_refused() -> None:
    other = MADISON.replace('"madison-wi"', '"boston-ma"')
    assert refusal(Triage().put(command(ProposeProgramme, "c1", document=other))).reason == "other-agency"


def test_a_document_that_is_too_large_is_refused() -> None:
    large = "# é" + "é" * 350_000
    assert refusal(Triage().put(command(ProposeProgramme, "c1", document=large))).reason == "document-too-large"


def test_a_version_must_be_greater() -> None:
    triage = madison()
    other = MADISON.replace("Madison CARES at its start", "Another text")
    assert refusal(triage.put(command(ProposeProgramme, "c8", document=other))).reason == "version-not-greater"


def test_an_approved_version_rules_out_the_others_of_its_number() -> None:
    triage = madison()
    one, other = propose(triage, SECOND, "p1"), propose(triage, SECOND + "# other\n", "p2")
    triage.put(command(ApproveProgramme, "a1", by="bob", document_hash=one))
    approval = command(ApproveProgramme, "a2", by="bob", document_hash=other)
    assert refusal(triage.put(approval)).reason == "version-not-greater"


def test_unknown_and_repeated_documents_are_answered() -> None:
    triage = madison()
    assert refusal(triage.put(command(ApproveProgramme, "a1", document_hash="?"))).reason == "unknown-document"
    assert triage.state.active is not None
    again = command(ApproveProgramme, "a2", by="bob", document_hash=triage.state.active.document_hash)
    assert done(triage.put(again)).result == "nothing-to-do"
    propose(triage, SECOND, "p1")
    assert done(triage.put(command(ProposeProgramme, "p2", document=SECOND))).result == "nothing-to-do"


def test_a_document_waits_for_its_instant_and_then_calls_are_judged_under_it() -> None:
    triage = madison()
    triage.put(report("e1"))
    triage.put(command(ApproveProgramme, "a1", by="bob", document_hash=propose(triage, JUNE)))
    assert triage.run_clocks() == []
    triage.now = THURSDAY_NOON + timedelta(minutes=30)
    assert triage.run_clocks() == []
    due = SERVICE.due(triage.state)
    assert due is not None  # the call's own clock comes first
    triage.now = THURSDAY_NOON.replace(day=3, hour=0)
    triage.put(report("e1", minute=11 * 60 + 50, received_minute=11 * 60 + 50, incident_id="2"))
    made = triage.run_clocks()
    assert ProgrammeActivated in [type(event) for event in made]
    judged = [event for event in made if isinstance(event, CallTriaged)]
    assert [event.judgement.programme_version for event in judged] == [2]


def test_an_older_version_that_still_waited_is_overtaken() -> None:
    triage = madison()
    triage.put(command(ApproveProgramme, "a1", by="bob", document_hash=propose(triage, JUNE, "p1")))
    third = MADISON.replace("version   = 1", "version   = 3")
    triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=propose(triage, third, "p2")))
    triage.at(days=3).run_clocks()
    assert triage.state.active is not None
    assert triage.state.active.version == 3
    assert SERVICE.due(triage.state) is None


# --- switchboard


def switch(command_id: str, phase: str = "shadow", based_on: int | None = 1, **where: str) -> SetPhase:
    where = {"response": "cares", "district": "Central"} | where
    made = command(SetPhase, command_id, phase=phase, based_on=based_on, **where)
    assert isinstance(made, SetPhase)
    return made


def test_every_change_raises_the_revision() -> None:
    triage = madison()
    changed, answer = triage.put(switch("s1"))
    assert isinstance(changed, PhaseChanged)
    assert isinstance(answer, CommandDone)
    assert changed.revision == answer.revision == 2
    paused, _ = triage.put(command(PauseDistrict, "s2", district="Central"))
    assert isinstance(paused, DistrictPaused)
    assert paused.revision == 3
    resumed, _ = triage.put(command(ResumeDistrict, "s3", district="Central"))
    assert isinstance(resumed, DistrictResumed)
    assert resumed.revision == 4
    assert triage.state.switchboard.paused == frozenset()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (switch("s", based_on=0), "switchboard-moved"),
        (switch("s", district="West"), "phase-not-allowed"),
        (switch("s", district="Nowhere"), "unknown-district"),
        (switch("s", response="nobody"), "unknown-response"),
    ],
)
def test_a_switch_that_cannot_be_set_is_refused(wrong: SetPhase, reason: str) -> None:
    assert refusal(madison().put(wrong)).reason == reason


def test_switching_up_needs_the_revision_that_was_seen_and_switching_down_does_not() -> None:
    triage = madison("shadow")
    assert refusal(triage.put(switch("s1", "live", based_on=None))).reason == "switchboard-moved"
    assert done(triage.put(switch("s2", "off", based_on=None))).revision == 2
    assert done(triage.put(switch("s3", "off", based_on=2))).result == "nothing-to-do"


def test_without_a_programme_nothing_is_switched_but_everything_can_be_paused() -> None:
    triage = Triage()
    assert refusal(triage.put(switch("s1", based_on=0))).reason == "no-programme"
    assert done(triage.put(command(PauseDistrict, "s2", district="all"))).result == "done"
    assert done(triage.put(command(PauseDistrict, "s3", district="all"))).result == "nothing-to-do"
    assert triage.state.switchboard.is_paused("Central", "cares")


def test_an_unknown_district_cannot_be_paused() -> None:
    assert refusal(madison().put(command(PauseDistrict, "s", district="Centrall"))).reason == "unknown-district"


def test_a_pause_of_all_outlives_the_end_of_a_districts_pause() -> None:
    triage = madison()
    triage.put(command(PauseDistrict, "s1", district="all"))
    triage.put(command(PauseDistrict, "s2", district="Central"))
    assert "all" in done(triage.put(command(ResumeDistrict, "s3", district="Central"))).sentence
    assert triage.state.switchboard.is_paused("Central", "cares")
    assert "all" in done(triage.put(command(ResumeDistrict, "s4", district="Central"))).sentence


def test_a_resumption_based_on_another_revision_is_refused() -> None:
    triage = madison()
    triage.put(command(PauseDistrict, "s1", district="all"))
    assert refusal(triage.put(command(ResumeDistrict, "s2", district="all", based_on=1))).reason == "switchboard-moved"


def test_an_expired_command_is_refused_and_a_repeat_gets_no_second_answer() -> None:
    triage = madison()
    pause = command(PauseDistrict, "s1", district="all")
    triage.put(pause)
    assert triage.put(pause) == []
    late = triage.at(days=2).put(command(PauseDistrict, "s2", district="Central"))
    assert isinstance(late[0], CommandRefused)
    assert late[0].reason == "expired"
