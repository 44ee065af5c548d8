"""What each answer, flag, priority and word of a document states, and on which level that alone puts a call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.programme.judging.evidence import Evidence, Hazard, Other
from shared.programme.judging.facts import CANNOT_TELL, HAZARDS, NOT_ASKED, VALUES, in_words
from shared.programme.judging.programme import ASKED_NOT, Programme, Question
from shared.programme.judging.words import STEM

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Statement:
    """A word, what it states, the level on which that alone puts a call, and the responses that it permits."""

    word: str
    states: str
    level: str
    permits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeardLine:
    """A question, flag, priority or list of words with what it states."""

    kind: str
    name: str
    about: str
    statements: tuple[Statement, ...]


def heard_lines(programme: Programme) -> Iterator[HeardLine]:
    """Everything that a call may bring beside its code."""
    for question in programme.questions:
        yield HeardLine("question", question.name, in_words(question.fact), tuple(_answers(programme, question)))
    for kind, flags in (("caution", programme.cautions), ("priority", programme.priorities)):
        for name, stated in flags.items():
            facts = [_hazard(programme, in_words(hazard), hazard, rank) for hazard, rank in stated.items()]
            yield HeardLine(kind, name, "", tuple(facts))
    for hazard, words in _words(programme).items():
        unknown = _unknown(programme, "heard", hazard)
        yield HeardLine("words", ", ".join(words), in_words(hazard), (unknown,))


def _answers(programme: Programme, question: Question) -> Iterator[Statement]:
    """`yes` and `no` first, then what is spelt out and the values, and at last that nobody knows."""
    first = [word for word in ("yes", "no") if word in question.meanings]
    rest = [word for word in question.meanings if word not in (*first, *CANNOT_TELL, NOT_ASKED)]
    for word in (*first, *rest):
        value = question.meanings[word]
        if value == ASKED_NOT:
            yield _unknown(programme, word, question.fact)
        elif isinstance(value, int):
            yield _hazard(programme, word, question.fact, value)
        else:
            yield _other(programme, word, question.fact, value)
    if question.fact not in VALUES:
        yield Statement("years", "itself", "as the bounds of the levels say")
    for word in (CANNOT_TELL[0], NOT_ASKED):
        yield _unknown(programme, word, question.fact)


def _hazard(programme: Programme, word: str, hazard: str, rank: int) -> Statement:
    evidence = Hazard(rank, rank, None, "")
    return Statement(word, HAZARDS[hazard][rank], _level(programme, hazard, evidence))


def _other(programme: Programme, word: str, fact: str, value: str) -> Statement:
    evidence = Other((value,), None, "")
    permits = [
        name
        for name, response in programme.responses.items()
        if any(condition.fact == fact and evidence.permits(condition) for condition in response.only_when)
    ]
    return Statement(word, value, _level(programme, fact, evidence), tuple(permits))


def _unknown(programme: Programme, word: str, fact: str) -> Statement:
    if fact in HAZARDS:
        worst = len(HAZARDS[fact]) - 1
        states = f"{UNKNOWN}, which counts as {HAZARDS[fact][worst]}"
        return Statement(word, states, _level(programme, fact, Hazard(0, worst, "not-asked", "")))
    return Statement(word, UNKNOWN, _level(programme, fact, Other((), "not-asked", "")))


def _level(programme: Programme, fact: str, evidence: Evidence) -> str:
    """Of a call of which nothing else raises the level: no unit is on scene, and nobody has voiced a wish."""
    for item in programme.raises:
        if all(
            evidence.may_be(condition)
            if condition.fact == fact
            else condition.fact in _USUAL and condition.allows(_USUAL[condition.fact])
            for condition in item.conditions
        ):
            return programme.levels[item.rank].name
    return programme.levels[0].name


_USUAL: Final[Mapping[str, str]] = MappingProxyType({"units_on_scene": "no", "caller_wants": "none"})
"""What is never unknown."""


def _words(programme: Programme) -> Mapping[str, list[str]]:
    by_hazard: defaultdict[str, list[str]] = defaultdict(list)
    stems = {f"{stem}{STEM}": hazards for stem, hazards in programme.stems.items()}
    for word, hazards in {**programme.words, **stems}.items():
        for hazard in hazards:
            by_hazard[hazard].append(word)
    for phrase, hazard in programme.phrases:
        by_hazard[hazard].append(phrase)
    return by_hazard
