"""What is known of a call's facts, from all sources together, and the level that this puts it on (domain §3.2)."""

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
    """A hazard as it counts. `low` to `high` are the ranks it may have; they are one where it is known."""

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


Facts = dict[str, "Hazard | Other"]


def weigh(programme: Programme, call: Call, code: Code | None, surroundings: Surroundings) -> Facts:
    """Every fact that the programme turns on, from code, answers and the CAD's own facts; the worst counts.

    Cautions only make a hazard worse, and words only put it in doubt: neither answers what nobody asked.
    """
    told = tuple(_told(programme, call))
    answered, unclear = _answered(programme, call, code, told)
    warned = _warned(programme, call) if call.cautions else {}
    facts: Facts = {fact: _hazard(fact, answered, unclear, warned, surroundings.heard) for fact in programme.hazards}
    for fact in programme.others:
        facts[fact] = _other(call, code, fact, told)
    if surroundings.repeat_caller and "repeat_caller" in facts:
        said = facts["repeat_caller"]
        assert isinstance(said, Other)  # noqa: S101  it is no hazard
        facts["repeat_caller"] = Other((*said.values, "yes"), None, "calls counted")
    facts["caller_wants"] = Other((call.caller_wants,), None, "caller")
    return facts


def level_of(raises: Iterable[Raise], facts: Facts) -> tuple[int, list[Raise]]:
    """The rank of the level that the facts put a call on, and what raised it there. `raises` has the highest first."""
    reached: list[Raise] = []
    for item in raises:
        if reached and item.rank < reached[0].rank:
            break
        if all(facts[one.fact].may_be(one) for one in item.conditions):
            reached.append(item)
    return (reached[0].rank if reached else 0), reached


def possible_level(programme: Programme, facts: Facts) -> int | None:
    """The highest rank that routes and that the call could stand on, were its unknown facts answered."""
    return next((rank for rank, _ in possible_levels(programme, facts)), None)


def possible_levels(programme: Programme, facts: Facts) -> Iterator[tuple[int, Facts]]:
    """The ranks that route and that the call could stand on, highest first, each with answers that put it there.

    By monotony it is enough to look at the best case of all, and from there at what each raise would need at least.
    """
    best = {fact: _at_best(known) for fact, known in facts.items()}
    for item in programme.raises:
        if programme.levels[item.rank].routes and all(facts[one.fact].may_be(one) for one in item.conditions):
            lifted = best | {one.fact: _lifted(best[one.fact], one) for one in item.conditions}
            if level_of(programme.raises, lifted)[0] == item.rank:
                yield item.rank, lifted
    rank = level_of(programme.raises, best)[0]
    if programme.levels[rank].routes:
        yield rank, best


def unknown_above(raises: Iterable[Raise], facts: Facts, rank: int) -> tuple[str, ...]:
    """The unknown facts that hold the call above `rank`, in the vocabulary's order."""
    holding = {
        one.fact
        for item in raises
        if item.rank > rank and all(facts[one.fact].may_be(one) for one in item.conditions)
        for one in item.conditions
        if not facts[one.fact].is_surely(one)
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


Told = tuple[tuple[str, int | str, str], ...]
"""Fact, what it is said to be, and by whom."""


def _answered(programme: Programme, call: Call, code: Code | None, told: Told) -> tuple[Ranks, dict[str, str]]:
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
    for fact, meant, source in told:
        if meant == _UNCLEAR:
            unclear.setdefault(fact, source)
        elif isinstance(meant, int) and meant != ASKED_NOT and (fact not in answered or meant > answered[fact][0]):
            answered[fact] = (meant, source)
    return answered, unclear


def _warned(programme: Programme, call: Call) -> Ranks:
    warned: Ranks = {}
    for flag in call.cautions:
        for fact, rank in programme.cautions.get(plain(flag), _NO_WARNING).items():
            if fact not in warned or rank > warned[fact][0]:
                warned[fact] = (rank, f"caution {plain(flag)}")
    return warned


def _told(programme: Programme, call: Call) -> Iterator[tuple[str, int | str, str]]:
    """What each answer says, and each hazard of the CAD's own."""
    if call.answers:
        for question in programme.questions:
            told = call.answers.get(question.name)
            if told is not None:
                meant = question.meanings.get(told)
                if meant is None and question.fact == "age":
                    meant = _own("age", told.strip().casefold())
                if meant is None:
                    meant = question.meanings.get(told.strip().casefold(), _UNCLEAR)
                yield question.fact, meant, f"answer {question.name}"
    for fact, told in call.facts.items():
        ranks = _RANKS.get(fact)
        if ranks is not None:
            yield fact, ranks.get(told.strip().casefold(), _UNCLEAR), "cad"


def _hazard(fact: str, answered: Ranks, unclear: Mapping[str, str], warned: Ranks, heard: frozenset[str]) -> Hazard:
    worst = len(HAZARDS[fact]) - 1
    low, source = answered.get(fact, (0, "nobody"))
    warning = warned.get(fact)
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


def _other(call: Call, code: Code | None, fact: str, told: Told) -> Other:
    if fact == "language":
        return Other((call.language.strip().casefold(),), None, "cad") if call.language else _NOBODY_ASKED
    values: list[str] = []
    if fact == "units_on_scene" and (call.units_on_scene or fact not in call.facts):
        values.append("yes" if call.units_on_scene else "no")
    source, unclear = "cad" if values else "nobody", ""
    if code is not None and fact in code.others:
        values.append(code.others[fact])
        source = f"code {code.system} {code.code}"
    said = [(meant, by) for name, meant, by in told if name == fact]
    if fact in call.facts:
        said.append((_own(fact, call.facts[fact].strip().casefold()), "cad"))
    for meant, by in said:
        if isinstance(meant, str):
            values.append(meant)
            source = by
        elif meant == _UNCLEAR:
            unclear = by
    if unclear:
        return Other(tuple(values), "cannot-tell", unclear)
    return Other(tuple(values), None if values else "not-asked", source)


_NOBODY_ASKED = Other((), "not-asked", "nobody")


def _own(fact: str, told: str) -> int | str:
    """What the CAD's own words say of a fact that is no hazard."""
    if told == NOT_ASKED:
        return ASKED_NOT
    if told in CANNOT_TELL:
        return _UNCLEAR
    if fact == "age":
        return told if told.isascii() and told.isdigit() and len(told) <= 3 else _UNCLEAR  # noqa: PLR2004  digits
    return told if told in CHOICES[fact] else _UNCLEAR


def _at_best(known: Hazard | Other) -> Hazard | Other:
    if isinstance(known, Hazard):
        return Hazard(known.low, known.low, None, known.source)
    return Other(known.values, None, known.source)


def _lifted(known: Hazard | Other, condition: Condition) -> Hazard | Other:
    if isinstance(known, Hazard):
        least = max(known.low, condition.least or 0)
        return known._replace(low=least, high=least)
    return known if known.is_surely(condition) else known._replace(unknown="not-asked")
