from __future__ import annotations

import pytest

from shared.call import CallType
from shared.events import ApproveProgramme, PauseDistrict, ProposeProgramme, VersionNoted
from tests.services.triage.driver import MADISON, SAFE, Triage, command, done, madison, only, report, triaged


def test_a_word_makes_a_fact_unknown_although_it_was_answered() -> None:
    said = triaged(madison().put(report(narrative="caller says he has a KNIFE")))
    assert said.heard == ("weapon",)
    assert said.judgement.suitability == "indeterminate"
    assert said.judgement.missing == ("weapon",)


def test_a_narrative_without_such_words_changes_nothing() -> None:
    said = triaged(madison().put(report(narrative="caller is calm")))
    assert said.heard == ()
    assert said.judgement.suitability == "suitable"


def test_words_in_html_are_found_however_they_are_written() -> None:
    written = ("a kn<b>ife</b>", "&#107;nife", "<knife in hand>", "<p>knife</p>", "<!-- x -->knife", "<script>knife")
    for narrative in written:
        assert triaged(madison().put(report(narrative=narrative))).heard == ("weapon",), narrative


def test_an_answer_after_the_word_settles_it() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun", answers=SAFE | {"Q1": "not-asked"}))
    said = triaged(triage.put(report("e2", minute=1, narrative="has a gun\nit is a toy")))
    assert said.heard == ()
    assert said.judgement.suitability == "suitable"


def test_the_same_answer_as_before_settles_nothing() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    noted = only(triage.put(report("e2", minute=1, narrative="has a gun\nstill there")), VersionNoted)
    assert noted.heard == ("weapon",)


def test_a_caller_who_cannot_tell_settles_nothing() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun"))
    triage.put(report("e2", minute=1, narrative="has a gun", answers=SAFE | {"Q1": "cannot-tell"}))
    assert triage.journal[-1].heard == ("weapon",)  # type: ignore[attr-defined]


def test_a_new_line_after_the_answer_puts_the_fact_in_doubt_again() -> None:
    triage = madison()
    triage.put(report("e1", narrative="has a gun", answers={}))
    triage.put(report("e2", minute=1, narrative="has a gun"))
    said = triaged(triage.put(report("e3", minute=2, narrative="now he says there is a gun\nhas a gun")))
    assert said.heard == ("weapon",)


def test_a_line_that_is_written_again_after_the_answer_puts_the_fact_in_doubt_again() -> None:
    """A second caller's "W/KNIFE" was taken for the first one's, which a toy had settled."""
    triage = madison()
    triage.put(report("e1", narrative="W/KNIFE", answers={}))
    assert triaged(triage.put(report("e2", minute=1, narrative="W/KNIFE\na toy"))).judgement.suitability == "suitable"
    assert triaged(triage.put(report("e3", minute=2, narrative="W/KNIFE\na toy\nW/KNIFE"))).heard == ("weapon",)
    triage.put(report("e4", minute=3, narrative="a toy\nW/KNIFE\nW/KNIFE", answers=SAFE | {"Q1": "elsewhere"}))
    assert triage.journal[-1].heard == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrapped", ["two shots\nfired there", "now not\n\n  breathing", "over the\nrailing*"])
def test_a_phrase_that_the_end_of_a_line_parts_is_new_beside_an_answered_word(wrapped: str) -> None:
    """`shots` and `fired`, on two lines, went unheard where another line's `gun` was answered."""
    before = "owns a gun, bled last week, spoke of suicide\nis calm"
    triage = madison()
    triage.put(report("e1", narrative=before, answers=dict.fromkeys(SAFE, "cannot-tell")))
    triage.put(report("e2", minute=1, narrative=before))
    assert suitability(triage) == "suitable"
    triage.put(report("e3", minute=2, narrative=f"{before}\n{wrapped}"))
    assert suitability(triage) == "indeterminate"


@pytest.mark.parametrize(
    ("cut", "heard"),
    [
        ("RP STS HER SON IS IN THE KITCHEN AND HAS A KNI\nFE, IS UPSET", ("weapon",)),
        ("RP STS THAT THE NEIGHBOR IS IN THE YARD AND BLEE\r\nDING", ("injury",)),
        ("RP STS HER SON IS IN THE KITCHEN WITH A GUN, SHE HAS A KNI\nFE", ("weapon",)),
        ("RP STS HER SON IS IN THE KITCHEN AND WOULD BE\n AT HOME", ()),
        ("WOULD BE\nAT HOME", ()),
    ],
)
def test_a_word_that_the_end_of_a_column_cuts_in_two_is_heard(cut: str, heard: tuple[str, ...]) -> None:
    """A CAD that keeps its remarks in rows of a fixed width had its knife in two of them."""
    assert triaged(madison().put(report(narrative=cut))).heard == heard


def test_an_earlier_version_that_comes_late_calms_nothing() -> None:
    triage = madison()
    assert triaged(triage.put(report("e2", minute=1, narrative="has a gun"))).heard == ("weapon",)
    assert only(triage.put(report("e1", minute=0, narrative="has a gun", answers={})), VersionNoted).why == "late"
    assert suitability(triage) == "indeterminate"


def test_a_narrative_that_cannot_be_opened_leaves_every_such_hazard_unknown_and_says_so() -> None:
    said = triaged(madison().put(report(unreadable=True)))
    assert said.heard == ("crime", "injury", "suicide", "violence", "weapon")
    assert said.judgement.suitability == "indeterminate"
    assert "could not be read" in said.judgement.sentence


def test_nothing_personal_is_in_any_event() -> None:
    triage = madison()
    triage.put(report("e1", narrative="CANARY-NAME has a gun\nCANARY-PHONE"))
    triage.put(report("e2", minute=1, narrative="CANARY-NAME has a gun\nCANARY-PHONE hit"))
    triage.put(report("e3", minute=0.5, narrative="CANARY-NAME knife"))
    triage.put(report("e4", minute=3, unreadable=True, narrative="CANARY-OTHER"))
    triage.put(report("e5", minute=4, status="closed", narrative="CANARY-OTHER"))
    assert not [event for event in triage.journal if b"CANARY" in event.encode()]
    assert len(triage.journal) > 5


@pytest.mark.parametrize("narrative", ["walks about", None])
def test_what_a_new_document_listens_for_may_be_in_a_narrative_that_was_read_before_it(narrative: str | None) -> None:
    triage = madison()
    triage.put(report(narrative=narrative))
    document = MADISON.replace('"gun"]', '"gun", "machete"]').replace("version   = 1", "version   = 2")
    proposed = done(triage.put(command(ProposeProgramme, "p2", document=document)))
    triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=proposed.about))
    triage.run_clocks()
    assert suitability(triage) == ("suitable" if narrative is None else "indeterminate")
    triage.put(report("e2", minute=1, narrative=narrative))
    assert suitability(triage) == "suitable"


def test_what_a_new_document_doubts_is_in_doubt_before_the_next_version_says_it_again() -> None:
    """A flag that was listed as harmless, and is not any more; a further code by whose word the new one stops."""
    harmless = MADISON.replace("cautions = {", 'cautions = { "GATE CODE" = {},')
    later = MADISON.replace('"gun"]', '"gun", "machete"]').replace("version   = 1", "version   = 2")
    for said in ({"cautions": ("GATE CODE",)}, {"further_types": (CallType(system="apco", code="MACHETE"),)}):
        triage = madison(document=harmless.replace("words    =", 'not_words = ["machete*"]\nwords    ='))
        triage.put(report(**said))
        assert suitability(triage) == "suitable"
        proposed = done(triage.put(command(ProposeProgramme, "p2", document=later)))
        triage.put(command(ApproveProgramme, "a2", by="bob", document_hash=proposed.about))
        triage.run_clocks()
        assert suitability(triage) == "indeterminate"
        triage.put(command(PauseDistrict, "x", district="West"))
        triage.run_clocks()
        assert suitability(triage) == "indeterminate"
        triage.put(report("e2", minute=1, **said))
        assert suitability(triage) == "indeterminate"


def suitability(triage: Triage) -> str:
    (held,) = triage.state.calls.values()
    assert held.judgement is not None
    return held.judgement.suitability
