"""What is known of a call's facts, from all sources together, and the level that this puts it on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from shared.call import Call
from shared.judgement import Unknown
from shared.programme.judging.facts import CANNOT_TELL, CHOICES, HAZARDS, NOT_ASKED
from shared.programme.judging.normal_forms import plain
from shared.programme.judging.programme import ASKED_NOT, Code, Condition, Programme, Raise
from shared.programme.judging.surroundings import Surroundings


class Hazard(NamedTuple):
    """A hazard as it counts. `low` to `high` are the ranks that it may have; they are the same where it is known."""

    low: int
    high: int
    unknown: Unknown | None
    source: str

    def may_be(self, condition: Condition) -> bool:
        """Whether it must be taken to meet the condition: what nobody knows counts as its worst value."""
        return condition.least is not None and self.high >= condition.least

    def is_surely(self, condition: Condition) -> bool:
        """Whether it meets the condition even at the best that is possible."""
        return condition.least is not None and self.low >= condition.least


class Other(NamedTuple):
    """A fact that is no hazard: every value that some source gives it."""

    values: tuple[str, ...]
    unknown: Unknown | None
    source: str

    def may_be(self, condition: Condition) -> bool:
        """Whether a restriction applies: unless known false."""
        return self.unknown is not None or any(map(condition.allows, self.values))

    def is_surely(self, condition: Condition) -> bool:
        """Whether some source says that the restriction applies."""
        return any(map(condition.allows, self.values))

    def permits(self, condition: Condition) -> bool:
        """Whether a permission applies: only if known true, and no source says otherwise."""
        return self.unknown is None and all(map(condition.allows, self.values))


Evidence = Hazard | Other
"""What is known of one fact."""
Facts = dict[str, Evidence]


def weigh(programme: Programme, call: Call, code: Code | None, surroundings: Surroundings) -> Facts:
    """Every fact that the programme turns on, from code, answers and the CAD's own facts; the worst counts.

    Cautions only make a hazard worse, and words only put it in doubt: neither answers what nobody asked.
    """
    statements = tuple(_statements(programme, call))
    answered, unclear = _answered(programme, call, code, statements)
    warnings = _warnings(programme, call) if call.cautions or call.further_types else {}
    facts: Facts = {fact: _hazard(fact, answered, unclear, warnings, surroundings.heard) for fact in programme.hazards}
    for fact in programme.others:
        facts[fact] = _other(call, code, fact, statements)
    if surroundings.repeat_caller and "repeat_caller" in facts:
        stated = facts["repeat_caller"]
        assert isinstance(stated, Other)  # noqa: S101  it is no hazard
        facts["repeat_caller"] = Other((*stated.values, "yes"), None, "calls counted")
    facts["caller_wants"] = Other((call.caller_wants,), None, "caller")
    return facts


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
_RANKS = {
    hazard: {**{value: rank for rank, value in enumerate(values)}, NOT_ASKED: ASKED_NOT}
    for hazard, values in HAZARDS.items()
}


Ranks = dict[str, tuple[int, str]]
"""Hazard → its rank, and who says so."""
Statements = tuple[tuple[str, int | str, str], ...]
"""Fact, what it is stated to be, and by whom."""


def _answered(
    programme: Programme, call: Call, code: Code | None, statements: Statements
) -> tuple[Ranks, dict[str, str]]:
    """The hazards that somebody answered for, and those of which somebody who was asked cannot tell."""
    answered: Ranks = {}
    unclear: dict[str, str] = {}
    if code is not None:
        for fact, rank in code.hazards.items():
            answered[fact] = (rank, f"code {code.system} {code.code}")
    if programme.priorities and call.priority is not None:
        for fact, rank in programme.priorities.get(plain(call.priority), _NO_WARNING).items():
            if fact not in answered or rank > answered[fact][0]:
                answered[fact] = (rank, f"priority {call.priority}")
    for fact, meaning, source in statements:
        if meaning == _UNCLEAR:
            unclear.setdefault(fact, source)
        elif (
            isinstance(meaning, int) and meaning != ASKED_NOT and (fact not in answered or meaning > answered[fact][0])
        ):
            answered[fact] = (meaning, source)
    return answered, unclear


def _warnings(programme: Programme, call: Call) -> Ranks:
    """What cautions, and codes beside the first, say: they only make a hazard worse."""
    stated = [(programme.cautions.get(plain(flag), _NO_WARNING), f"caution {plain(flag)}") for flag in call.cautions]
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


def _statements(programme: Programme, call: Call) -> Iterator[tuple[str, int | str, str]]:
    """What each answer says, and each hazard of the CAD's own."""
    if call.answers:
        for question in programme.questions:
            answer = call.answers.get(question.name)
            if answer is not None:
                meaning = question.meanings.get(answer)
                if meaning is None and question.fact == "age":
                    meaning = _cad_value("age", answer.strip().casefold())
                if meaning is None:
                    meaning = question.meanings.get(answer.strip().casefold(), _UNCLEAR)
                yield question.fact, meaning, f"answer {question.name}"
    for fact, answer in call.facts.items():
        ranks = _RANKS.get(fact)
        if ranks is not None:
            yield fact, ranks.get(answer.strip().casefold(), _UNCLEAR), "cad"


def _hazard(fact: str, answered: Ranks, unclear: Mapping[str, str], warnings: Ranks, heard: frozenset[str]) -> Hazard:
    worst = len(HAZARDS[fact]) - 1
    low, source = answered.get(fact, (0, "nobody"))
    warning = warnings.get(fact)
    if warning is not None and warning[0] > low:
        low, source = warning
    if low == worst:
        return Hazard(worst, worst, None, source)
    if fact in heard:
        return Hazard(low, worst, "words", "words")
    if fact in unclear:
        return Hazard(low, worst, "cannot-tell", unclear[fact])
    if fact not in answered:
        return Hazard(low, worst, "not-asked", "nobody")
    return Hazard(low, low, None, source)


def _other(call: Call, code: Code | None, fact: str, statements: Statements) -> Other:
    if fact == "language":
        return Other((call.language.strip().casefold(),), None, "cad") if call.language else _NOBODY_ASKED
    values: list[str] = []
    if fact == "units_on_scene" and (call.units_on_scene or fact not in call.facts):
        values.append("yes" if call.units_on_scene else "no")
    source, unclear = "cad" if values else "nobody", ""
    if code is not None and fact in code.others:
        values.append(code.others[fact])
        source = f"code {code.system} {code.code}"
    stated = [(meaning, by) for name, meaning, by in statements if name == fact]
    if fact in call.facts:
        stated.append((_cad_value(fact, call.facts[fact].strip().casefold()), "cad"))
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


def _cad_value(fact: str, word: str) -> int | str:
    """What the CAD's own words say of a fact that is no hazard."""
    if word == NOT_ASKED:
        return ASKED_NOT
    if word in CANNOT_TELL:
        return _UNCLEAR
    if fact == "age":
        return word if word.isascii() and word.isdigit() and len(word) <= 3 else _UNCLEAR  # noqa: PLR2004  digits
    return word if word in CHOICES[fact] else _UNCLEAR


def _at_best(evidence: Evidence) -> Evidence:
    if isinstance(evidence, Hazard):
        return Hazard(evidence.low, evidence.low, None, evidence.source)
    return Other(evidence.values, None, evidence.source)


def _lifted(evidence: Evidence, condition: Condition) -> Evidence:
    if isinstance(evidence, Hazard):
        least = max(evidence.low, condition.least or 0)
        return evidence._replace(low=least, high=least)
    return evidence if evidence.is_surely(condition) else evidence._replace(unknown="not-asked")
