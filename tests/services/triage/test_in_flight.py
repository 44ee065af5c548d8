"""A call that a team was offered, and a document that comes into force meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events import ApproveProgramme, CallTriaged, PauseDistrict, ProposeProgramme, RollBackProgramme
from shared.judgement import Judgement
from tests.services.triage.driver import MADISON, SAFE, Triage, command, done, madison, offer, report, routed

SECOND = MADISON.replace("version   = 1", "version   = 2")
TAKES = 'takes           = ["mental-health", "check-welfare"]'
CALLED_OTHERWISE = {
    "a district": SECOND.replace("Central = [", "Downtown = [").replace('["Central"]', '["Downtown"]'),
    "a response": SECOND.replace("cares]", "crisis]").replace('"cares"', '"crisis"'),
    "a code": SECOND.replace('"CHECK PERSON" ', '"WELFARE CHECK" '),
    "a category that is taken no more": SECOND.replace(TAKES, TAKES.replace(', "check-welfare"', "")),
    "a question": SECOND.replace('Q1 = "weapon"', 'QW = "weapon"'),
    "a level, in other words": SECOND.replace('"calm"', '"quiet"').replace('"CHECK PERSON" ', '"WELFARE CHECK" '),
}


def publish(triage: Triage, document: str) -> None:
    document_hash = done(triage.put(command(ProposeProgramme, "p2", document=document))).about
    triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=document_hash))
    triage.run_clocks()


def on_its_way(document: str = MADISON, **fields: Any) -> Triage:
    """A team has accepted a calm call under a document."""
    triage = madison(document=document)
    triage.put(report("e1", **fields))
    triage.put(offer())
    triage.put(routed("team-accepted"))
    return triage


def judged(triage: Triage, event_id: str, minute: float, **fields: Any) -> Judgement:
    """What stands of the call once a version of it was decided."""
    triage.put(report(event_id, minute, **fields))
    (open_call,) = triage.state.calls.values()
    assert open_call.judgement is not None
    assert triage.refold() == triage.state
    return open_call.judgement


@pytest.mark.parametrize("what", CALLED_OTHERWISE)
def test_a_document_takes_no_team_off_a_call_by_what_it_calls_otherwise(what: str) -> None:
    """At the CAD's next word the team was turned back as from a more dangerous call, or the default went besides."""
    triage = on_its_way()
    cited = triage.state.switchboard.revision
    triage.put(command(PauseDistrict, "c4", district="West"))
    publish(triage, CALLED_OTHERWISE[what])
    for minute in (1, 2):
        calm = judged(triage, f"e{minute}", minute, narrative="the door code is 12")
        assert (calm.may_go("cares"), calm.programme_version, calm.switchboard_revision) == (True, 1, cited)
    assert not judged(triage, "e0", 2.5, narrative="he has a gun").may_go("cares")
    armed = judged(triage, "e3", 3, answers=SAFE | {"Q1": "yes"})
    assert not armed.may_go("cares")
    assert [(raised.fact, raised.value) for raised in armed.raised_by] == [("weapon", "firearm")]
    assert not judged(triage, "e4", 4).may_go("cares")


def test_a_type_that_the_later_document_does_not_list_is_no_other_than_it_was() -> None:
    """An officer may ask for a team whatever the type: the team was told that the call had become another."""
    asks = 'may_be_asked_by = ["caller"'
    triage = on_its_way(MADISON.replace(asks, f'{asks}, "officer"'), requested_by="officer")
    publish(triage, CALLED_OTHERWISE["a code"].replace(asks, f'{asks}, "officer"'))
    assert judged(triage, "e2", 1, narrative="the door code is 12").unlisted_type == ""


def test_a_hazard_that_only_the_later_document_hears_of_turns_the_team_back() -> None:
    flag = 'FLAGGED = { weapon = "present" }, ARMED'
    first = MADISON.replace("{ ARMED", "{ FLAGGED = {}, ARMED")
    triage = on_its_way(first)
    publish(triage, SECOND.replace("{ ARMED", f"{{ {flag}").replace('"CHECK PERSON" ', '"WELFARE CHECK" '))
    assert judged(triage, "e2", 1).may_go("cares")
    flagged = judged(triage, "e3", 2, cautions=("FLAGGED",))
    assert (flagged.may_go("cares"), flagged.programme_version) == (False, 2)
    assert ("weapon", "present", None) in [(each.fact, each.value, each.unknown) for each in flagged.raised_by]


def test_what_only_the_default_goes_to_by_the_later_document_turns_the_team_back() -> None:
    """The same was known before; two people have agreed since that it needs police."""
    thoughts = '[[level]]\nname  = "thoughts"\nsends = ["cares"]\nraised_by = [{ suicide = "ideation or worse" }]\n'
    police, spelt = (
        '[[level]]\nname  = "police needed"',
        'Q5 = { fact = "suicide", yes = "attempt", ideation = "ideation" }',
    )
    first = MADISON.replace(police, thoughts + police).replace('Q5 = "suicide"', spelt)
    later = SECOND.replace('{ suicide = "attempt" }', '{ suicide = "ideation or worse" }').replace(
        'Q5 = "suicide"', spelt
    )
    thinks = SAFE | {"Q5": "ideation"}
    triage = on_its_way(first, answers=thinks)
    publish(triage, later)
    assert not judged(triage, "e2", 1, answers=thinks).may_go("cares")


def test_a_call_that_was_offered_by_what_is_rolled_back_keeps_its_team() -> None:
    """As the page of a roll-back says."""
    triage = madison()
    publish(triage, CALLED_OTHERWISE["a code"])
    code = report().call.call_type
    assert code is not None
    welfare = code.model_copy(update={"code": "WELFARE CHECK"})
    triage.put(report("e1", call_type=welfare))
    triage.put(offer())
    triage.put(command(RollBackProgramme, "r", by="sue", reason="too soon"))
    triage.run_clocks()
    assert judged(triage, "e2", 1, call_type=welfare, narrative="the door code is 12").may_go("cares")


def test_a_call_that_nobody_was_offered_is_judged_by_the_document_in_force() -> None:
    triage = madison()
    triage.put(report("e1"))
    publish(triage, CALLED_OTHERWISE["a code"])
    (open_call,) = triage.state.calls.values()
    assert open_call.judgement is not None
    assert (open_call.judgement.may_go("cares"), open_call.judgement.programme_version) == (False, 2)
    assert [event.judgement.programme_version for event in triage.journal if isinstance(event, CallTriaged)] == [1, 2]
