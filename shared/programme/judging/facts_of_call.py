"""What is known of a call's facts, from all sources together, and the level that this puts it on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from shared.call import SEALED_TEXT, Call
from shared.last_answer import last_answer
from shared.programme.judging.evidence import Evidence, Facts, Hazard, Other
from shared.programme.judging.facts import CHOICES, HAZARDS, NOT_ASKED
from shared.programme.judging.normal_forms import language, normal, plain
from shared.programme.judging.programme import ASKED_NOT, Code, Condition, Programme, Raise
from shared.programme.judging.surroundings import Surroundings
from shared.programme.judging.words import words_in

WORDS: Final = "words"
"""The source of a doubt that somebody's words raise."""
CAUTION_NOT_LISTED: Final = "caution not listed"
"""The source of a doubt that a flag raises of which the document does not say what it warns of."""
CODE_NOT_LISTED: Final = "code not listed"
"""The source of what a call type does not say that the document does not know."""
WARNED_OF: Final = ("weapon", "violence")
"""What a flag may warn of that nobody has listed."""


def weigh(programme: Programme, call: Call, code: Code | None, surroundings: Surroundings) -> Facts:
    """Every fact that the programme turns on, from code, answers and the CAD's own facts; the worst counts.

    Cautions only make a hazard worse, and words only put it in doubt: neither answers what nobody asked. What former
    versions have said of a hazard counts until somebody's new word has settled it.
    """
    stated = _stated(call, code, programme)
    unlisted = programme.by_form.stated_by_codes if code is None and call.call_type is not None else frozenset[str]()
    doubts = dict.fromkeys(surroundings.heard, WORDS)
    if surroundings.former is None:
        doubts |= {hazard: source for hazards, source in doubts_of(programme, call).values() for hazard in hazards}
    facts: Facts = {}
    for fact in programme.hazards:
        said_now = _hazard(fact, stated, doubts, unlisted)
        former = surroundings.former.get(fact) if surroundings.former else None
        facts[fact] = said_now if former is None else worse(former, said_now)
    for fact in programme.others:
        facts[fact] = _other(call, code, fact, stated.statements)
    if surroundings.repeat_caller and "repeat_caller" in facts:
        repeated = facts["repeat_caller"]
        assert isinstance(repeated, Other)  # noqa: S101  it is no hazard
        facts["repeat_caller"] = Other((*repeated.values, "yes"), None, "calls counted")
    facts["caller_wants"] = Other((call.caller_wants,), None, "caller")
    return facts


class Said(NamedTuple):
    """What one version says of a hazard by itself, its doubts apart."""

    evidence: Hazard
    answers: frozenset[int]
    """What code, priority, answers and CAD say that it is: whoever was asked."""


def said_of_hazards(programme: Programme, call: Call, code: Code | None) -> dict[str, Said]:
    """Everything that a version says of any hazard; one of which it says nothing is not among them."""
    stated = _stated(call, code, programme)
    said = {}
    for fact in HAZARDS:
        if fact in stated.answered or fact in stated.warnings or fact in stated.unclear:
            evidence = _hazard(fact, stated, _NO_DOUBTS, frozenset())
            if evidence.unknown == "not-asked":  # it is at least what the flag warns of; that nobody asked is no word
                evidence = Hazard(evidence.low, evidence.low, None, evidence.source)
            said[fact] = Said(evidence, frozenset(stated.answers.get(fact, ())))
    return said


@last_answer
def doubts_of(programme: Programme, call: Call) -> dict[str, tuple[frozenset[str], str]]:
    """What puts hazards in doubt beside the narrative: by what tells it from another, the hazards and the source."""
    doubts: dict[str, tuple[frozenset[str], str]] = {}
    texts = [call_type.text for call_type in (call.call_type, *call.further_types) if call_type is not None]
    # a further code that is not listed bars nobody; what its name says, like `SHOTS FIRED`, is a word like others
    texts += [further.code for further in call.further_types if programme.code(further) is None]
    said = [("type", text) for text in texts if text]
    said += [("answer", answer) for answer in _strange_answers(programme, call)]
    said += [("question", question) for question in _strange_questions(programme, call)]
    for kind, text in said:
        if hazards := words_in(programme, text):
            doubts[f"{kind} {normal(text)}"] = hazards, WORDS
    for flag in _unlisted_flags(programme, call):
        doubts[f"caution {normal(flag)}"] = _doubted_by(programme, flag), CAUTION_NOT_LISTED
    return doubts


def _strange_answers(programme: Programme, call: Call) -> list[str]:
    """What is said to a listed question and is none of its answers: it may be about anything."""
    questions = programme.by_form.questions
    asked = [(questions.get(normal(name)), answer) for name, answer in call.answers.items()]
    return [answer for question, answer in asked if question is not None and normal(answer) not in question.by_form]


def _strange_questions(programme: Programme, call: Call) -> list[str]:
    """Each question that is not listed, with its answer: it states nothing, but `Is there a gun? Yes` holds a word."""
    listed = programme.by_form.questions
    asked = [(name, answer) for name, answer in call.answers.items() if normal(name) not in listed]
    return [f"{name} {answer}" for name, answer in asked if normal(answer) not in _SAYS_NO]


def _doubted_by(programme: Programme, flag: str) -> frozenset[str]:
    """What an unlisted flag may warn of, its words too; one whose text is sealed may be any that the document lists."""
    listed = programme.by_form.cautions.values() if flag.startswith(SEALED_TEXT) else ()
    return frozenset(WARNED_OF).union(words_in(programme, flag), *listed)


def worse(one: Hazard, other: Hazard) -> Hazard:
    """The worse of two things that are said of a hazard; of what is as bad, the first."""
    low, high = max(one.low, other.low), max(one.high, other.high)
    for evidence in (one, other):
        if evidence.high == high and (evidence.low == high) == (low == high):
            return evidence._replace(low=low)
    raise AssertionError  # whichever is as high as both is known to be so, or is not


def unlisted(programme: Programme, call: Call, code: Code | None) -> tuple[str, ...]:
    """The names of the call that the document does not list, each after its kind, as the CAD writes them."""
    strange = [call.call_type] if call.call_type is not None and code is None else []
    strange += [further for further in call.further_types if programme.code(further) is None]
    names = [f"code {plain(call_type.system)} {plain(call_type.code)}" for call_type in strange]
    names += [f"caution {plain(flag)}" for flag in _unlisted_flags(programme, call)]
    questions = programme.by_form.questions
    names += [f"question {plain(name)}" for name in call.answers if normal(name) not in questions]
    return tuple(dict.fromkeys(names))


def level_of(raises: Iterable[Raise], facts: Facts) -> tuple[int, list[Raise]]:
    """The rank of the level that the facts put a call on, and what raised it there. `raises` has the highest first."""
    reached: list[Raise] = []
    for item in raises:
        if reached and item.rank < reached[0].rank:
            break
        if all(facts[condition.fact].may_be(condition) for condition in item.conditions):
            reached.append(item)
    return (reached[0].rank if reached else 0), reached


def possible_level(programme: Programme, facts: Facts) -> int | None:
    """The highest rank that routes and that the call could stand on, were its unknown facts answered."""
    return next((rank for rank, _ in possible_levels(programme, facts)), None)


def possible_levels(programme: Programme, facts: Facts) -> Iterator[tuple[int, Facts]]:
    """The ranks that route and that the call could stand on, highest first, each with answers that put it there.

    Raising is monotonic, so it is enough to look at the best case of all, and at the least that each raise needs.
    """
    best = {fact: _at_best(evidence) for fact, evidence in facts.items()}
    for item in programme.raises:
        if programme.levels[item.rank].routes and all(
            facts[condition.fact].may_be(condition) for condition in item.conditions
        ):
            lifted = best | {condition.fact: _lifted(best[condition.fact], condition) for condition in item.conditions}
            if level_of(programme.raises, lifted)[0] == item.rank:
                yield item.rank, lifted
    rank = level_of(programme.raises, best)[0]
    if programme.levels[rank].routes:
        yield rank, best


def unknown_above(raises: Iterable[Raise], facts: Facts, rank: int) -> tuple[str, ...]:
    """The unknown facts that hold the call above `rank`, in the vocabulary's order."""
    holding = {
        condition.fact
        for item in raises
        if item.rank > rank and all(facts[condition.fact].may_be(condition) for condition in item.conditions)
        for condition in item.conditions
        if not facts[condition.fact].is_surely(condition)
    }
    return tuple(fact for fact in facts if fact in holding)


_UNCLEAR = -2
_NO_WARNING: Mapping[str, int] = {}
_NO_DOUBTS: Mapping[str, str] = {}
_RANKS = {
    hazard: {**{normal(value): rank for rank, value in enumerate(values)}, normal(NOT_ASKED): ASKED_NOT}
    for hazard, values in HAZARDS.items()
}
_CHOICES = {fact: {normal(value): value for value in values} for fact, values in CHOICES.items()}
_NOT_ASKED = normal(NOT_ASKED)
_SAYS_NO = frozenset(("", "0", "false", "n", "no", "none", _NOT_ASKED))
"""Answers to a question that is not listed which leave it unsaid, whatever it asks for."""
_LIST = re.compile(r"[;,|]")


Ranks = dict[str, tuple[int, str]]
"""Hazard → its rank, and who says so."""
Statements = tuple[tuple[str, int | str, str], ...]
"""Fact, what it is stated to be, and by whom."""


class _Stated(NamedTuple):
    statements: Statements
    """Of answers and of the CAD, as they come."""
    answered: Ranks
    """The worst that anybody who was asked says."""
    answers: dict[str, set[int]]
    """Everything that they say."""
    unclear: dict[str, str]
    """Of which somebody who was asked cannot tell."""
    warnings: Ranks


@last_answer
def _stated(call: Call, code: Code | None, programme: Programme) -> _Stated:
    statements = tuple(_statements(programme, call))
    answered: Ranks = {}
    answers: dict[str, set[int]] = {}
    unclear: dict[str, str] = {}
    for fact, meaning, source in _all_statements(programme, call, code, statements):
        if meaning == _UNCLEAR:
            unclear.setdefault(fact, source)
        elif isinstance(meaning, int) and meaning != ASKED_NOT:
            answers.setdefault(fact, set()).add(meaning)
            if fact not in answered or meaning > answered[fact][0]:
                answered[fact] = (meaning, source)
    warnings = _warnings(programme, call) if call.cautions or call.further_types else {}
    return _Stated(statements, answered, answers, unclear, warnings)


def _all_statements(
    programme: Programme, call: Call, code: Code | None, statements: Statements
) -> Iterator[tuple[str, int | str, str]]:
    if code is not None:
        for fact, rank in code.hazards.items():
            yield fact, rank, f"code {code.system} {code.code}"
    if programme.priorities and call.priority is not None:
        for fact, rank in programme.by_form.priorities.get(normal(call.priority), _NO_WARNING).items():
            yield fact, rank, f"priority {call.priority}"
    yield from statements


def _warnings(programme: Programme, call: Call) -> Ranks:
    """What cautions, and codes beside the first, say: they only make a hazard worse."""
    cautions = programme.by_form.cautions
    stated = [(cautions.get(normal(flag), _NO_WARNING), f"caution {plain(flag)}") for flag in _flags(programme, call)]
    for further in call.further_types:
        code = programme.code(further)
        if code is not None:
            stated.append((code.hazards, f"code {code.system} {code.code}"))
    warnings: Ranks = {}
    for hazards, source in stated:
        for fact, rank in hazards.items():
            if fact not in warnings or rank > warnings[fact][0]:
                warnings[fact] = (rank, source)
    return warnings


def _flags(programme: Programme, call: Call) -> Iterator[str]:
    """The flags; several in one text are taken apart, unless the document lists them so."""
    for flag in call.cautions:
        if normal(flag) in programme.by_form.cautions:
            yield flag
        else:
            yield from (part for part in _LIST.split(flag) if normal(part))


def _unlisted_flags(programme: Programme, call: Call) -> list[str]:
    return [flag for flag in _flags(programme, call) if normal(flag) not in programme.by_form.cautions]


def _statements(programme: Programme, call: Call) -> Iterator[tuple[str, int | str, str]]:
    """What each answer says, and each hazard of the CAD's own."""
    for name, answer in call.answers.items():
        question = programme.by_form.questions.get(normal(name))
        if question is not None:
            word = normal(answer)
            meaning = question.by_form.get(word)
            if meaning is None:
                meaning = _cad_value("age", answer) if question.fact == "age" else _UNCLEAR
            yield question.fact, meaning, f"answer {question.name}"
    for fact, answer in call.facts.items():
        ranks = _RANKS.get(fact)
        if ranks is not None:
            yield fact, ranks.get(normal(answer), _UNCLEAR), "cad"


def _hazard(fact: str, stated: _Stated, doubts: Mapping[str, str], unlisted: frozenset[str]) -> Hazard:
    worst = len(HAZARDS[fact]) - 1
    low, source = stated.answered.get(fact, (0, "nobody"))
    warning = stated.warnings.get(fact)
    if warning is not None and warning[0] > low:
        low, source = warning
    if low == worst:
        return Hazard(worst, worst, None, source)
    if fact in doubts:
        return Hazard(low, worst, "words", doubts[fact])
    if fact in stated.unclear:
        return Hazard(low, worst, "cannot-tell", stated.unclear[fact])
    if fact not in stated.answered:
        return Hazard(low, worst, "not-asked", CODE_NOT_LISTED if fact in unlisted else "nobody")
    return Hazard(low, low, None, source)


def _other(call: Call, code: Code | None, fact: str, statements: Statements) -> Other:
    if fact == "language":
        return Other((language(call.language),), None, "cad") if call.language else _NOBODY_ASKED
    values: list[str] = []
    if fact == "units_on_scene" and (call.units_on_scene or fact not in call.facts):
        values.append("yes" if call.units_on_scene else "no")
    source, unclear = "cad" if values else "nobody", ""
    if code is not None and fact in code.others:
        values.append(code.others[fact])
        source = f"code {code.system} {code.code}"
    stated = [(meaning, by) for name, meaning, by in statements if name == fact]
    if fact in call.facts:
        stated.append((_cad_value(fact, call.facts[fact]), "cad"))
    for meaning, by in stated:
        if isinstance(meaning, str):
            values.append(meaning)
            source = by
        elif meaning == _UNCLEAR:
            unclear = by
    if unclear:
        return Other(tuple(values), "cannot-tell", unclear)
    return Other(tuple(values), None if values else "not-asked", source)


_NOBODY_ASKED = Other((), "not-asked", "nobody")


def _cad_value(fact: str, text: str) -> int | str:
    """What the CAD's own words say of a fact that is no hazard."""
    word = normal(text)
    if word == _NOT_ASKED:
        return ASKED_NOT
    if fact == "age":
        years = unicodedata.normalize("NFKC", text).strip()  # as it is written: `-1` is no 1
        return years if _YEARS.fullmatch(years) and int(years) <= OLDEST else _UNCLEAR
    return _CHOICES[fact].get(word, _UNCLEAR)  # whoever cannot tell chooses none


_YEARS = re.compile(r"\d{1,3}", re.ASCII)
OLDEST: Final = 120
"""Years. A CAD that writes more, like 999, does not know."""


def _at_best(evidence: Evidence) -> Evidence:
    if isinstance(evidence, Hazard):
        return Hazard(evidence.low, evidence.low, None, evidence.source)
    return Other(evidence.values, None, evidence.source)


def _lifted(evidence: Evidence, condition: Condition) -> Evidence:
    if isinstance(evidence, Hazard):
        least = max(evidence.low, condition.least or 0)
        return evidence._replace(low=least, high=least)
    return evidence if evidence.is_surely(condition) else evidence._replace(unknown="not-asked")
