from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from services.triage import state
from shared.events import (
    ApproveProgramme,
    CallTriaged,
    CommandDone,
    CommandRefused,
    DistrictPaused,
    DistrictResumed,
    Event,
    PauseDistrict,
    PauseReviewed,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    ProgrammeRejected,
    ProposeProgramme,
    RejectProgramme,
    ResumeDistrict,
    ReviewPause,
    RollBackProgramme,
    SetPhase,
)
from shared.programme import Programme, ProgrammeRefused, read
from tests.services.triage.driver import (
    MADISON,
    SAFE,
    SERVICE,
    THURSDAY_NOON,
    Triage,
    command,
    done,
    madison,
    offer,
    refusal,
    report,
    routed,
    triaged,
)

SECOND = MADISON.replace("version   = 1", "version   = 2")
JUNE = SECOND.replace("2021-09-01T00:00:00 ", "2021-09-03T00:00:00 ")
THIRD = MADISON.replace("version   = 1", "version   = 3")
FOURTH = MADISON.replace("version   = 1", "version   = 4").replace("2021-09-01T00:00:00 ", "2021-09-04T00:00:00 ")


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
    assert answer.sentence == "The document has 2 faults; the one in force stays."
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


def test_whoever_approves_has_compared_it_with_what_it_takes_the_place_of() -> None:
    """Two people approved two documents, each read against the first one: what one had mended the other took back."""
    triage = madison()
    assert triage.state.active is not None
    first = triage.state.active.document_hash
    second, third, june = propose(triage, SECOND, "p2"), propose(triage, THIRD, "p3"), propose(triage, FOURTH, "p4")
    approved = done(triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=second, instead_of=first)))
    assert approved.sentence == "Version 2 is in force. It takes the place of version 1."
    moved = refusal(triage.put(command(ApproveProgramme, "a3", by="carol", document_hash=third, instead_of=first)))
    assert (moved.reason, moved.sentence) == ("programme-moved", "It takes the place of version 2 by now: look again.")
    done(triage.put(command(ApproveProgramme, "b3", by="carol", document_hash=third, instead_of=second)))
    moved = refusal(triage.put(command(ApproveProgramme, "a4", by="bob", document_hash=june, instead_of=second)))
    assert moved.reason == "programme-moved"
    done(triage.put(command(ApproveProgramme, "b4", by="bob", document_hash=june, instead_of=third)))


def test_what_takes_effect_later_is_compared_with_what_is_in_force_by_then() -> None:
    triage = madison()
    assert triage.state.active is not None
    first, june = triage.state.active.document_hash, propose(triage, JUNE, "p2")
    done(triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=june, instead_of=first)))
    fourth = propose(triage, FOURTH, "p4")
    approve = {"by": "carol", "document_hash": fourth}
    assert refusal(triage.put(command(ApproveProgramme, "a4", **approve, instead_of=first))).reason == "programme-moved"
    assert done(triage.put(command(ApproveProgramme, "b4", **approve, instead_of=june))).sentence == (
        "Version 4 takes effect at 2021-09-04 00:00 CDT. It takes the place of version 2."
    )


def test_an_approved_version_rules_out_the_others_of_its_number() -> None:
    triage = madison()
    one, other = propose(triage, SECOND, "p1"), propose(triage, SECOND + "# other\n", "p2")
    triage.put(command(ApproveProgramme, "a1", by="bob", document_hash=one))
    approval = command(ApproveProgramme, "a2", by="bob", document_hash=other)
    assert refusal(triage.put(approval)).reason == "version-not-greater"


def test_a_document_too_many_is_refused_and_pushes_no_other_out() -> None:
    """The ninth "waits for approval", it was said, and it or another was no longer there to be approved."""
    triage = madison()
    versions = [MADISON.replace("version   = 1", f"version   = {number}") for number in (3, 4, 5, 6, 7, 8, 9, 10, 2)]
    hashes = [propose(triage, document, f"p{place}") for place, document in enumerate(versions[:8])]
    ninth = command(ProposeProgramme, "p8", document=versions[8])
    assert refusal(triage.put(ninth)).reason == "too-many-proposed"
    triage.put(command(ApproveProgramme, "a", by="bob", document_hash=hashes[1]))
    eleventh = MADISON.replace("version   = 1", "version   = 11")
    propose(triage, eleventh, "p9")
    assert sorted(document.version for document in triage.state.proposed.values()) == [3, 5, 6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(("by", "what"), [("bob", "turned down"), ("ann", "taken back")])
def test_what_was_turned_down_cannot_be_approved_until_it_is_proposed_again(by: str, what: str) -> None:
    triage = madison()
    proposed = propose(triage, SECOND, "p1")
    silent = command(RejectProgramme, "r1", by=by, document_hash=proposed)
    assert refusal(triage.put(silent.model_copy(update={"reason": " "}))).reason == "no-reason"
    events = triage.put(command(RejectProgramme, "r2", by=by, document_hash=proposed, reason="too soon"))
    assert isinstance(events[0], ProgrammeRejected)
    assert (events[0].rejected_by, events[0].reason) == (by, "too soon")
    assert what in done(events).sentence
    approval = command(ApproveProgramme, "a1", by="bob", document_hash=proposed)
    assert refusal(triage.put(approval)).reason == "unknown-document"
    again = command(RejectProgramme, "r3", by=by, document_hash=proposed, reason="again")
    assert refusal(triage.put(again)).reason == "unknown-document"
    propose(triage, SECOND, "p2")
    done(triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=proposed)))
    assert triage.state.active is not None
    assert triage.state.active.version == 2


@pytest.mark.parametrize("by", ["ann", "bob", "sue"])
def test_an_approved_document_may_be_taken_back_before_its_time_by_one_person(by: str) -> None:
    """A mistake was seen in it, and only a further version that two people agree on could have stopped it."""
    triage = madison()
    approved = propose(triage, JUNE, "p1")
    triage.put(command(ApproveProgramme, "a1", by="bob", document_hash=approved))
    silent = command(RejectProgramme, "r1", by=by, document_hash=approved)
    assert refusal(triage.put(silent)).reason == "no-reason"
    events = triage.put(command(RejectProgramme, "r2", by=by, document_hash=approved, reason="wrong hours"))
    assert "approved version 2 is taken back" in done(events).sentence
    assert not triage.state.adopted
    assert triage.state.clocks.first() is None
    assert refusal(triage.put(command(ProposeProgramme, "p2", document=JUNE))).reason == "version-not-greater"
    triage.at(days=3).run_clocks()
    assert triage.state.active is not None
    assert triage.state.active.version == 1
    assert triage.refold() == triage.state


def test_a_document_in_force_is_not_taken_back() -> None:
    triage = madison()
    assert triage.state.active is not None
    in_force = triage.state.active.document_hash
    events = triage.put(command(RejectProgramme, "r1", document_hash=in_force, reason="wrong hours"))
    assert refusal(events).reason == "unknown-document"


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


# --- rolling back


def back(triage: Triage, command_id: str = "r", **fields: str | None) -> list[Event]:
    return triage.put(command(RollBackProgramme, command_id, by="sue", **{"reason": "too many refusals"} | fields))


def with_versions(*documents: str) -> tuple[Triage, list[str]]:
    """Madison's first version and others after it, all in force one after the other; the hash of each."""
    triage = madison()
    assert triage.state.active is not None
    hashes = [triage.state.active.document_hash]
    for number, document in enumerate(documents):
        hashes.append(propose(triage, document, f"p{number}"))
        triage.put(command(ApproveProgramme, f"a{number}", by="bob", document_hash=hashes[-1]))
    return triage, hashes


def in_force(triage: Triage) -> int:
    assert triage.state.active is not None
    return triage.state.active.version


def test_one_person_puts_the_document_before_in_force_again_at_once() -> None:
    triage, (first, second) = with_versions(SECOND)
    triage.put(report("e1"))
    activated, answer = back(triage)
    assert isinstance(activated, ProgrammeActivated)
    assert isinstance(answer, CommandDone)
    assert (activated.document_hash, activated.rolled_back_from) == (first, second)
    assert (activated.changed_by, activated.reason) == ("sue", "too many refusals")
    assert in_force(triage) == 1
    judged = [event for event in triage.run_clocks() if isinstance(event, CallTriaged)]
    assert [event.judgement.programme_version for event in judged] == [1]
    assert triage.refold() == triage.state


def test_a_call_that_a_team_was_offered_keeps_what_it_was_judged_under() -> None:
    triage, _ = with_versions(SECOND)
    triage.put(report("e1"))
    triage.put(offer())
    back(triage)
    assert not [event for event in triage.run_clocks() if isinstance(event, CallTriaged)]


def test_rolling_back_goes_down_step_by_step_and_never_up_by_itself() -> None:
    triage, (first, _, third) = with_versions(SECOND, THIRD)
    back(triage, "r1")
    assert in_force(triage) == 2
    back(triage, "r2")
    assert in_force(triage) == 1
    assert refusal(back(triage, "r3")).reason == "nothing-before"
    back(triage, "r4", to_hash=third)
    assert in_force(triage) == 3
    assert done(back(triage, "r5")).about == first


def test_a_version_that_was_rolled_back_is_not_what_the_next_one_falls_back_to() -> None:
    triage, (first, _) = with_versions(SECOND)
    back(triage, "r1")
    again = command(ProposeProgramme, "again", document=SECOND + "# mended\n")
    assert refusal(triage.put(again)).reason == "version-not-greater"
    triage.put(command(ApproveProgramme, "a9", by="bob", document_hash=propose(triage, THIRD, "p9")))
    assert done(back(triage, "r2")).about == first


def test_what_waits_for_its_instant_goes_on_waiting_and_the_answer_says_so() -> None:
    triage, _ = with_versions(SECOND)
    later = THIRD.replace("2021-09-01T00:00:00 ", "2021-09-03T00:00:00 ")
    triage.put(command(ApproveProgramme, "a9", by="bob", document_hash=propose(triage, later, "p9")))
    assert "Version 3 still takes effect at 2021-09-03 00:00 CDT." in done(back(triage)).sentence
    triage.at(days=2).run_clocks()
    assert in_force(triage) == 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"to_hash": "never-seen"}, "unknown-document"),
        ({"in_force": "another"}, "programme-moved"),
        ({"reason": " "}, "no-reason"),
    ],
)
def test_a_roll_back_that_cannot_be_is_refused(fields: dict[str, str], reason: str) -> None:
    triage, _ = with_versions(SECOND)
    assert refusal(back(triage, **fields)).reason == reason
    assert in_force(triage) == 2


def test_there_may_be_nothing_to_roll_back() -> None:
    assert refusal(back(Triage())).reason == "no-programme"
    triage, (first,) = with_versions()
    assert refusal(back(triage, "r1")).reason == "nothing-before"
    assert done(back(triage, "r2", to_hash=first)).result == "nothing-to-do"
    waiting = propose(triage, SECOND)
    assert refusal(back(triage, "r3", to_hash=waiting)).reason == "unknown-document"


def test_a_document_that_today_s_rules_refuse_is_not_put_in_force_again() -> None:
    triage, (first, _) = with_versions(SECOND)
    broken = replace(triage.state.former[0], text=MADISON.replace('sends = ["cares"]', 'sends = ["carse"]'))
    triage.state = replace(triage.state, former=(broken,))
    assert refusal(back(triage, to_hash=first)).reason == "document-refused"


def test_a_document_that_today_s_rules_refuse_cannot_be_approved() -> None:
    """It was proposed before an upgrade: once it was approved every call of the agency had the default."""
    triage = madison()
    document_hash = propose(triage, SECOND)
    waiting = triage.state.proposed[document_hash]
    broken = replace(waiting, text=SECOND.replace('sends = ["cares"]', 'sends = ["carse"]'))
    triage.state = replace(triage.state, proposed=triage.state.proposed.set(document_hash, broken))
    refused = refusal(triage.put(command(ApproveProgramme, "a", by="bob", document_hash=document_hash)))
    assert (refused.reason, in_force(triage)) == ("document-refused", 1)
    assert refused.sentence == "Version 2 has 2 faults by today's rules; the one in force stays."


def test_a_document_that_today_s_rules_refuse_stops_neither_the_journal_nor_a_new_one() -> None:
    """A version with stricter rules could not fold what was decided before it: triage stood still, for all agencies."""
    former = madison()
    former.put(report())
    broken = MADISON.replace('sends = ["cares"]', 'sends = ["carse"]')
    state, (proposed, *_) = Triage().state, former.journal
    assert isinstance(proposed, ProgrammeProposed)
    for event in (proposed.model_copy(update={"document": broken}), *former.journal[1:]):
        state = SERVICE.evolve(state, event, THURSDAY_NOON)
    triage = Triage(state)
    assert triaged(triage.put(report("e2", minute=1))).judgement.reasons == ("no-programme",)
    triage.put(command(ApproveProgramme, "a", by="bob", document_hash=propose(triage, SECOND)))
    judged, _ = triage.run_clocks()[-2:]
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.suitability == "suitable"


def test_what_goes_off_or_on_with_a_document_is_said_to_whoever_puts_it_in_force() -> None:
    """Renamed, a district was off until somebody switched it on; named again, it was on though nobody had."""
    triage = madison()
    assert triage.state.active is not None
    renamed = SECOND.replace("Central = [", "Downtown = [").replace('["Central"]', '["Downtown"]')
    second = propose(triage, renamed, "p2")
    approve = command(ApproveProgramme, "a2", by="bob", document_hash=second)
    off = "Version 2 is in force. It takes the place of version 1. Off with it: cares in Central."
    assert done(triage.put(approve)).sentence == off
    on = "On with it, as it was switched before: cares in Central."
    later = command(ApproveProgramme, "a3", by="bob", document_hash=propose(triage, FOURTH, "p3"))
    assert done(triage.put(later)).sentence.endswith(on)
    assert done(back(triage)).sentence.endswith(on)
    triage.put(command(SetPhase, "off", response="cares", district="Central", phase="off"))
    assert "Central" not in done(back(triage, "r2", to_hash=second)).sentence


def test_only_the_last_few_documents_are_kept() -> None:
    versions = [MADISON.replace("version   = 1", f"version   = {number}") for number in range(2, 10)]
    triage, hashes = with_versions(*versions)
    assert [document.version for document in triage.state.former] == [5, 6, 7, 8]
    for number in range(4):
        back(triage, f"r{number}")
    assert [document.version for document in triage.state.rolled_back] == [7, 6]
    assert refusal(back(triage, "r9", to_hash=hashes[0])).reason == "unknown-document"


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


def test_a_document_that_takes_effect_tells_its_responses_and_clocks() -> None:
    """Else nobody could be sent by name before some call had been calm enough to name them."""
    triage = madison()
    activated = next(event for event in triage.journal if isinstance(event, ProgrammeActivated))
    programme = triage.state.programme
    assert activated.terms is not None
    assert programme is not None
    assert activated.terms.programme_hash == programme.hash == activated.document_hash
    assert [terms.response for terms in activated.terms.responses] == list(programme.responses)
    (cares,) = (terms for terms in activated.terms.responses if terms.response == "cares")
    assert (cares.model, cares.crew) == ("community-responder", ("paramedic", "crisis-worker"))
    assert activated.terms.routing_deadline_seconds == programme.clocks.routing_deadline_seconds
    assert activated.terms.zone == "America/Chicago"


def test_without_a_programme_nothing_is_switched_but_everything_can_be_paused() -> None:
    triage = Triage()
    assert refusal(triage.put(switch("s1", based_on=0))).reason == "no-programme"
    assert done(triage.put(command(PauseDistrict, "s2", district="all"))).result == "done"
    assert done(triage.put(command(PauseDistrict, "s3", district="all"))).result == "nothing-to-do"
    assert triage.state.switchboard.is_paused("Central", "cares")


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ({"district": "Centrall"}, "unknown-district"),
        ({"district": ""}, "unknown-district"),
        ({"district": "cares/Central"}, "unknown-district"),
        ({"district": "Central", "response": "nobody"}, "unknown-response"),
        ({"district": "Central", "response": ""}, "unknown-response"),
    ],
)
def test_what_is_not_in_the_programme_cannot_be_paused(where: dict[str, str], reason: str) -> None:
    assert refusal(madison().put(command(PauseDistrict, "s", **where))).reason == reason


@pytest.mark.parametrize(
    ("written", "meant"), [("ALL", "all"), (" All ", "all"), ("central", "Central"), ("CENTRAL.", "Central")]
)
def test_a_place_is_paused_and_resumed_however_it_is_written(written: str, meant: str) -> None:
    triage = madison()
    answer = done(triage.put(command(PauseDistrict, "s1", district=written, response="Cares")))
    assert answer.sentence == f"Paused: cares in {meant}."
    assert triage.state.switchboard.is_paused("Central", "cares")
    again = command(PauseDistrict, "s2", district=meant, response="cares")
    assert done(triage.put(again)).result == "nothing-to-do"
    done(triage.put(command(ResumeDistrict, "s3", district=written, response="CARES")))
    assert not triage.state.switchboard.paused


def test_before_there_is_a_programme_everything_is_paused_however_all_is_written() -> None:
    triage = Triage()
    assert done(triage.put(command(PauseDistrict, "s1", district="ALL"))).sentence == "Paused: all."
    assert triage.state.switchboard.is_paused("Central", "cares")


def test_a_phase_is_set_for_the_district_that_is_meant() -> None:
    triage = madison("shadow")
    assert done(triage.put(switch("s1", "off", response="CARES", district="central"))).sentence.startswith(
        "cares in Central is off"
    )


@pytest.mark.parametrize("district", ["Central", "all"])
def test_one_response_is_paused_and_resumed_by_itself(district: str) -> None:
    triage = madison()
    triage.put(report("e1"))
    paused, answer = triage.put(command(PauseDistrict, "s1", district=district, response="cares"))
    assert isinstance(paused, DistrictPaused)
    assert (paused.response, paused.revision) == ("cares", 2)
    assert isinstance(answer, CommandDone)
    assert answer.sentence == f"Paused: cares in {district}."
    assert triage.state.switchboard.is_paused("Central", "cares")
    assert not triage.state.switchboard.is_paused("Central", "other")
    (judged, _) = triage.run_clocks()
    assert isinstance(judged, CallTriaged)
    assert judged.judgement.responses[0].reasons == ("paused",)
    again = command(PauseDistrict, "s2", district=district, response="cares")
    assert done(triage.put(again)).result == "nothing-to-do"
    assert done(triage.put(command(ResumeDistrict, "s3", district=district))).result == "nothing-to-do"
    triage.put(command(ResumeDistrict, "s4", district=district, response="cares"))
    assert triage.state.switchboard.paused == frozenset()
    assert triage.refold() == triage.state


def test_a_districts_pause_outlives_that_of_a_response() -> None:
    triage = madison()
    triage.put(command(PauseDistrict, "s1", district="Central"))
    triage.put(command(PauseDistrict, "s2", district="all", response="cares"))
    resume = command(ResumeDistrict, "s3", district="Central")
    assert done(triage.put(resume)).sentence == "Resumed: Central. Still paused: cares in all."


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


def test_one_person_pauses_and_another_looks_into_it() -> None:
    triage = madison()
    triage.put(command(PauseDistrict, "p", by="cleo", district="Central"))
    revision = triage.state.switchboard.revision
    for by, about, reason in (
        ("Cleo ", {"reason": "a fire"}, "same-person"),
        ("ann", {"reason": " "}, "no-reason"),
        ("ann", {"reason": "a fire", "revision": revision + 1}, "unknown-pause"),
    ):
        asked = command(ReviewPause, f"r/{by}/{reason}", by=by, **({"revision": revision} | about))
        assert refusal(triage.put(asked)).reason == reason
    reviewed, _ = triage.put(command(ReviewPause, "r", by="ann", revision=revision, reason="a fire"))
    assert isinstance(reviewed, PauseReviewed)
    assert (reviewed.paused_at_revision, reviewed.reviewed_by) == (revision, "ann")
    assert not triage.state.unreviewed_pauses
    assert triage.state.switchboard.is_paused("Central", "cares"), "a review resumes nothing"


def test_pauses_that_nobody_reviews_are_not_kept_for_ever() -> None:
    triage = madison()
    for number in range(205):
        triage.put(command(PauseDistrict, f"p{number}", district="Central"))
        triage.put(command(ResumeDistrict, f"r{number}", district="Central"))
    assert len(triage.state.unreviewed_pauses) == 200
    assert triage.refold() == triage.state


def test_a_call_in_flight_gets_nothing_that_only_a_later_document_sends() -> None:
    """The second level of the one is not the second level of the other: only what was allowed before may still go."""
    van = """[responses.van]
model = "co-responder"
crew = ["officer", "clinician"]
takes = ["check-welfare"]
goes = "instead of default"
reached_by = "offer"
[[rollout]]
response = "van"
districts = "all"
hours = ["daily 00:00-24:00"]
phase = "live"
"""
    later = SECOND.replace('sends = ["cares"] ', 'sends = ["van", "cares"] ').replace(
        "[when_no_team]", van + "[when_no_team]"
    )
    for offered in (False, True):
        triage = madison()
        triage.put(report())
        if offered:
            triage.put(offer())
        approve = command(ApproveProgramme, "a", by="bob", document_hash=propose(triage, later))
        triage.put(approve)
        board = triage.state.switchboard.revision
        triage.put(command(SetPhase, "v", response="van", district="Central", phase="live", based_on=board))
        made = [*triage.run_clocks(), *triage.put(report("e2", minute=1, priority="2"))]
        judgement = [event for event in made if isinstance(event, CallTriaged)][-1].judgement
        van_verdict, cares = judgement.responses
        assert cares.may_go
        assert van_verdict.reasons == (("in-flight",) if offered else ())


def test_a_firearm_counts_in_flight_under_a_later_document_with_fewer_levels() -> None:
    """The only other level of the later one was lower than the third of the first: the team went on, untold."""
    sent = 'sends = ["cares"]\nraised_by = [{ suicide = "'
    levels = f"""[[level]]
name = "thoughts"
{sent}ideation or worse" }}]
[[level]]
name = "plans"
{sent}threat-or-plan or worse" }}]
[[level]]
name  = "police needed"
"""
    spelt_out = 'Q5 = { fact = "suicide", yes = "attempt", no = "none", plan = "threat-or-plan" }'
    first = MADISON.replace('[[level]]\nname  = "police needed"\n', levels).replace('Q5 = "suicide"', spelt_out)
    triage = madison(document=first)
    assert triaged(triage.put(report(answers=SAFE | {"Q5": "plan"}))).judgement.level_rank == 2
    triage.put(offer())
    triage.put(routed("team-accepted"))
    triage.put(command(ApproveProgramme, "a", by="bob", document_hash=propose(triage, SECOND)))
    triage.run_clocks()
    armed = triaged(triage.put(report("e2", minute=1, answers=SAFE | {"Q1": "yes"}))).judgement
    assert (armed.level, armed.level_rank, armed.suitability) == ("police needed", 2, "unsuitable")
    assert [(raised.fact, raised.value) for raised in armed.raised_by] == [("weapon", "firearm")]
    assert not any(verdict.may_go for verdict in armed.responses)
    hurt = triaged(triage.put(report("e3", minute=2, answers=SAFE | {"Q1": "yes", "Q4": "yes"}))).judgement
    assert [raised.fact for raised in hurt.raised_by] == ["weapon", "injury"]


def test_a_document_is_read_once_whether_it_is_accepted_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read beside the loop is not read again in it."""
    reads: list[str] = []

    def counted(text: str) -> Programme:
        reads.append(text)
        return read(text)

    monkeypatch.setattr(state, "read", counted)
    for text in (MADISON + "# another\n", MADISON + "[unknown]\n"):
        for _ in range(2):
            with contextlib.suppress(ProgrammeRefused):
                state.parsed(text)
    assert len(reads) == 2
