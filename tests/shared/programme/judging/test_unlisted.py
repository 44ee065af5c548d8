"""Nothing unlisted is calm: a listed name counts however it is written, and one that is not listed calms nothing."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.call import CallType
from shared.programme import ProgrammeRefused, read, words_in
from shared.programme.judging.hazard_words import HAZARD_WORDS
from shared.programme.judging.normal_forms import language, normal
from tests.shared.programme.documents import CALM, MADISON, answers, judged, programme

GATE = MADISON.replace("cautions = {", 'cautions = { "GATE CODE" = {},')
MARKS = st.text(st.sampled_from(" \t\u00a0-_/.,\u2013"), min_size=1, max_size=3)
UNSEEN = st.text(st.sampled_from("\u200b\u200e\u00ad\u2060\ufeff\ufe0f\u202e\x07"), max_size=2)


@st.composite
def written_otherwise(draw: st.DrawFn, name: str) -> str:
    """A listed name in other capitals, with other blanks and marks, wide letters, and characters that nobody sees."""
    letters = []
    for letter in name:
        if letter in " -_/.,":
            letters.append(draw(MARKS))
        else:
            wide = chr(ord(letter) + 0xFEE0) if letter in string.ascii_letters + string.digits else letter
            letters.append(draw(st.sampled_from((letter, letter.upper(), letter.lower(), wide))))
        letters.append(draw(UNSEEN))
    return draw(st.sampled_from(("", " ", "\u200e"))) + "".join(letters) + draw(st.sampled_from(("", " ", ".")))


@settings(max_examples=150)
@given(st.data())
def test_a_listed_name_is_that_name_however_it_is_written(data: st.DataObject) -> None:
    def otherwise(name: str) -> str:
        return data.draw(written_otherwise(name))

    (question, answer) = data.draw(st.sampled_from([*CALM.items(), ("Q1", "yes"), ("Q2", "in-progress")]))
    usual: dict[str, Any] = {
        "code": data.draw(st.sampled_from(("MENTAL", "MENTAL VIOLENT", "CHECK PERSON"))),
        "system": "dane-county",
        "cautions": data.draw(st.sampled_from(((), ("ARMED",), ("ASSAULTIVE",)))),
        "answers": answers(**{question: answer}),
        "district": "Central",
        "beat": "C1",
        "facts": {"weapon": data.draw(st.sampled_from(("none", "firearm", "not-asked", "cannot-tell")))},
    }
    otherwise_written = usual | {
        "code": otherwise(usual["code"]),
        "system": otherwise(usual["system"]),
        "cautions": tuple(map(otherwise, usual["cautions"])),
        "answers": {otherwise(name): otherwise(said) for name, said in usual["answers"].items()},
        "district": otherwise("Central"),
        "beat": otherwise("C1"),
        "facts": {"weapon": otherwise(usual["facts"]["weapon"])},
    }
    found, expected = judged(**otherwise_written), judged(**usual)
    assert (found.suitability, found.level, found.missing) == (expected.suitability, expected.level, expected.missing)
    assert (found.category, found.district, found.unlisted) == (expected.category, expected.district, ())
    assert [gate.reason for gate in found.gates] == [gate.reason for gate in expected.gates]


@settings(max_examples=300)
@given(st.text(max_size=30))
def test_the_normal_form_of_a_normal_form_is_itself(name: str) -> None:
    assert normal(normal(name)) == normal(name)


@settings(max_examples=150)
@given(st.text(min_size=1, max_size=20), st.sampled_from(("code", "caution")))
def test_a_name_that_is_not_listed_never_makes_a_call_calmer(name: str, kind: str) -> None:
    changed = judged(code=name) if kind == "code" else judged(cautions=(name,))
    assert changed.level_rank >= judged().level_rank
    if kind == "code" and changed.category is None:
        assert not any(response.may_go for response in changed.responses)


@pytest.mark.parametrize("caution", ["Armed", "armed", "ARMED;ASSAULTIVE", "Assaultive, Armed", "PARKING|ARMED"])
def test_cautions_are_read_in_one_form_and_a_list_is_taken_apart(caution: str) -> None:
    """cautions "Armed" and "ARMED;ASSAULTIVE" were ignored."""
    found = judged(cautions=(caution,))
    assert found.suitability == "unsuitable"
    assert "caution" in found.raised_by[0].source


def test_a_caution_that_is_not_listed_leaves_weapon_and_violence_unknown() -> None:
    """E3: "ARMED AND DANGEROUS", and "Weapon" of a suspect, were ignored."""
    for caution in ("ARMED AND DANGEROUS", "Weapon"):
        found = judged(cautions=(caution,))
        assert found.missing == ("weapon", "violence")
        assert {raised.source for raised in found.raised_by} == {"caution not listed"}
        assert "weapon (caution not listed)" in found.gates[3].sentence
        assert found.unlisted == (f"caution {caution}",)


@pytest.mark.parametrize(
    ("caution", "besides"), [("OVERDOSE", ("injury", "suicide")), ("Not-Breathing", ("injury",)), ("ARSON", ("crime",))]
)
def test_the_words_of_a_caution_that_is_not_listed_leave_their_hazards_unknown_too(
    caution: str, besides: tuple[str, ...]
) -> None:
    """Once weapon and violence were answered, a team went to "NOT BREATHING"."""
    assert set(judged(cautions=(caution,)).missing) == {"weapon", "violence", *besides}


def test_an_answer_that_is_none_of_its_question_s_is_read_for_words() -> None:
    """Q3, on crime, answered "no, but he has a knife" left crime unknown, and weapon as Q1 said."""
    said = "no, but he has a knife"
    assert judged(answers=CALM | {"q3": said}).missing == ("weapon", "crime")
    assert judged(answers=CALM | {"Q77": said}).missing == ("weapon",)  # a question that nobody lists states nothing


@pytest.mark.parametrize("no", ["no", "N", "None", "not-asked", "", "0"])
def test_a_question_that_is_not_listed_is_read_for_words_with_its_answer(no: str) -> None:
    """`Is there a gun? Yes` beside Q1 answered no: a team went."""
    assert judged(answers=CALM | {"Is there a gun?": "yes"}).missing == ("weapon",)
    assert judged(answers=CALM | {"Is there a gun?": "unknown"}).missing == ("weapon",)
    assert judged(answers=CALM | {"Is there a gun?": no}).suitability == "suitable"
    assert judged(answers=CALM | {"Is it raining?": "yes"}).suitability == "suitable"


def test_a_caution_that_is_listed_without_a_hazard_is_harmless() -> None:
    assert judged(GATE, cautions=("Gate-Code",)).suitability == "suitable"
    assert judged(GATE, cautions=("GATE CODE; DOG",)).missing == ("weapon", "violence")


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ({"caller_wants": "alternative"}, False),
        ({"requested_by": "caller"}, False),
        ({"requested_by": "provider"}, False),
        ({"requested_by": "officer"}, True),
        ({"requested_by": "fire-crew"}, True),
        ({"requested_by": "dispatcher"}, True),
    ],
)
@pytest.mark.parametrize("kind", ["unlisted", "over", "other system"])
def test_who_sees_the_scene_may_ask_whatever_the_code_and_a_caller_may_not(
    kind: str,
    asked: dict[str, Any],
    goes: bool,  # noqa: FBT001
) -> None:
    """ "SHOTS FIRED", a code past its `until` and one of a misspelt system went at a caller's wish."""
    text = MADISON.replace(
        'may_be_asked_by = ["caller"]', 'may_be_asked_by = ["caller", "provider", "officer", "fire-crew", "dispatcher"]'
    )
    assert text != MADISON
    until = '"SHOTS FIRED" = { category = "x", weapon = "firearm", until = 2021-09-01 }'
    document = (
        text.replace("[call_types.dane-county]", f"[call_types.dane-county]\n{until}") if kind == "over" else text
    )
    document = document.replace("effective = 2021-09-01", "effective = 2021-08-01")
    call_type = CallType(system="dain-county" if kind == "other system" else "dane-county", code="SHOTS FIRED")
    (cares,) = judged(document, call_type=call_type, **asked).responses
    assert cares.may_go is goes
    if not goes:
        assert cares.reasons == ("code-not-listed",)
    else:
        sentence = judged(document, call_type=call_type, **asked).sentence
        assert "though SHOTS FIRED is not a listed call type." in sentence


def test_what_a_code_that_is_not_listed_does_not_say_is_unknown_for_that_reason() -> None:
    found = judged(code="SHOTS FIRED", answers={"Q1": "no"})
    assert {raised.fact: raised.source for raised in found.raised_by}["violence"] == "code not listed"


def test_an_answer_counts_by_the_normal_form_of_its_question_and_a_stranger_is_named() -> None:
    """`q1` for the listed `Q1` was dropped."""
    asked = CALM | {"Q1": "not-asked"}
    assert judged(answers=asked | {"q1": "yes"}).suitability == "unsuitable"
    assert judged(answers=CALM | {"q1": "yes"}).suitability == "unsuitable"  # of both the worse
    found = judged(answers=CALM | {"Q77": "yes"})
    assert (found.suitability, found.unlisted) == ("suitable", ("question Q77",))


def test_the_text_of_a_call_type_is_read_for_words() -> None:
    """`call_type.text` = "ARMED W/ KNIFE" was never read."""
    armed = CallType(system="dane-county", code="MENTAL", text="ARMED W/ KNIFE")
    assert judged(call_type=armed).missing == ("weapon",)
    found = judged(further_types=(CallType(system="apco", code="X", text="man with knives"),))
    assert (found.missing, found.unlisted) == (("weapon",), ("code apco X",))


def test_E1_a_further_code_that_is_not_listed_is_read_for_words() -> None:  # noqa: N802
    """A calm code with "SHOTS FIRED" beside it went."""
    for name, hazards in (("SHOTS FIRED", ("weapon",)), ("ASSAULT/KNIFE", ("weapon", "violence")), ("WELFARE", ())):
        found = judged(further_types=(CallType(system="apco", code=name),))
        assert (found.missing, found.unlisted) == (hazards, (f"code apco {name}",))


def test_a_beat_in_other_capitals_is_that_beat() -> None:
    """beat `w1` with district Central was no conflict."""
    assert judged(beat="w1").reasons == ("district-conflict",)


@pytest.mark.parametrize("written", ["ES", "es-MX", "spa", "es_419", "\u200ees"])
def test_a_language_is_compared_by_its_primary_subtag(written: str) -> None:
    """C5."""
    assert language(written) == "es"
    text = MADISON.replace(
        'may_be_asked_by = ["caller"]', 'may_be_asked_by = ["caller"]\nonly_when = { language = "Spa" }'
    )
    assert judged(text, language=written).responses[0].may_go
    assert not judged(text, language="fr").responses[0].may_go


@pytest.mark.parametrize(
    ("narrative", "hazard"),
    [
        ("two knives and guns", "weapon"),
        ("he has a machete", "weapon"),
        ("tiene un cuchillo", "weapon"),
        ("he said he'd hit her yesterday", "violence"),
        ("la golpe\u00f3 ayer", "violence"),
        ("la golpeo ayer", "violence"),
        ("going to kill himself", "suicide"),
        ("took an overdose", "injury"),
        ("held at gunpoint", "weapon"),
        ("has an ax", "weapon"),
        ("opened his pocketknife", "weapon"),
        ("he will throw things at staff", "violence"),
        ("made a threat", "violence"),
        ("is homicidal and aggressive", "violence"),
        ("wants to shoot up the school", "violence"),
        ("has barricaded the door", "violence"),
        ("cut herself", "injury"),
        ("swallowed bleach", "injury"),
        ("about to jump in front of a train", "suicide"),
        ("g\u200eun", "weapon"),
        ("g\u0336u\u0336n\u0336", "weapon"),
        ("\U0001d420\U0001d42e\U0001d427", "weapon"),
    ],
)
def test_words_that_count_under_every_document(narrative: str, hazard: str) -> None:
    """C12: "knives", "guns", "machete" and "g\\u200eun" were not found."""
    assert hazard in words_in(programme(MADISON), narrative)


@pytest.mark.parametrize("unseen", ["\u200b", "\x00", "\x02", "\u2060", "\ufeff", "\u200e\u200b"])
def test_C12_what_nobody_sees_hides_no_word_within_it_nor_between_two(unseen: str) -> None:  # noqa: N802
    assert words_in(programme(MADISON), f"his g{unseen}un") == {"weapon"}
    assert words_in(programme(MADISON), f"no gun{unseen}here") == {"weapon"}
    assert words_in(programme(MADISON), f"shots{unseen}fired") == {"weapon"}


def test_a_document_adds_stems_and_takes_words_out_by_their_names() -> None:
    text = MADISON.replace('weapon = ["knife", "gun"]', 'weapon = ["knife", "gun", "spear*"]')
    text = text.replace("words    =", 'not_words = ["Machete*", "end his life"]\nwords    =')
    assert words_in(programme(text), "two spears") == {"weapon"}
    assert words_in(programme(text), "machetes; end his life") == frozenset()
    assert words_in(programme(text), "pistol") == {"weapon"}
    with pytest.raises(ProgrammeRefused, match="none of the words that count under every document"):
        read(text.replace("Machete*", "machette"))


def test_calm_narratives_hold_none_of_the_words() -> None:
    for narrative in (
        "Caller is calm, sits on the bench and would like to talk to somebody. Has not slept for days.",
        "Male, 40s, talking to himself, no shoes, a bit upset. Takes medication for blood pressure. Panic attack.",
        "Caller feels suicidal and wants help; therapist suggested to call.",
        "La persona est\u00e1 tranquila y pide hablar con alguien. Ataque de p\u00e1nico.",
    ):
        assert words_in(programme(MADISON), narrative) == frozenset(), narrative


def test_the_built_in_words_are_each_found_by_themselves() -> None:
    for hazard, words in HAZARD_WORDS.items():
        assert len(set(words)) == len(words), hazard
        for word in words:
            assert word.strip(), hazard
            assert hazard in words_in(programme(MADISON), f"said {word.removesuffix('*')} then"), word


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("[call_types.dane-county]", '[call_types.dane-county]\n"Mental-Violent" = {}', "MENTAL VIOLENT"),
        ("cautions = {", 'cautions = { "armed" = { weapon = "present" },', "ARMED"),
        ("[districts]", '[districts]\ncentral = ["c 9"]', "Central"),
        ('"C1", "C2"', '"C1", "c1", "C2"', "c1"),
    ],
)
def test_two_listed_names_that_meet_in_the_normal_form_are_refused(before: str, after: str, where: str) -> None:
    with pytest.raises(ProgrammeRefused) as refused:
        read(MADISON.replace(before, after, 1))
    assert any(where in str(fault) for fault in refused.value.faults)
