"""The safety floor, and whether every level is reached: what the one rule lets us prove of levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Final

from shared.judgement import NOT_ROUTED, disciplines_of
from shared.programme.document import written
from shared.programme.document.compile import raises_of
from shared.programme.document.fact_space import combinations
from shared.programme.document.finding import Finding
from shared.programme.document.work import Work
from shared.programme.document.written import Document
from shared.programme.judging.facts import CHOICES, HAZARDS, WISHES
from shared.programme.judging.programme import Condition, Raise

FLOOR: Final = (
    ("weapon", "present", "police"),
    ("violence", "threat", "police"),
    ("crime", "in-progress", "police"),
    ("injury", "needs-ems", "ems"),
    ("suicide", "attempt", "ems"),
)
"""The safety floor: from this value of a hazard upwards, everything that is sent brings this service."""

EMS: Final[frozenset[str]] = frozenset(("emt", "paramedic"))


def floor_of(document: Document) -> tuple[tuple[str, str, str], ...]:
    """The built-in floor, and what the document adds to it: hazard, value, service."""
    return FLOOR + tuple(
        (hazard, value.removesuffix(" or worse"), service)
        for service, line in (("police", document.safety_floor.police), ("ems", document.safety_floor.ems))
        if line is not None
        for hazard, value in line.stated()
    )


def floor_tightens(document: Document) -> Iterator[Finding]:
    """A line of the document that asks for less than the built-in floor changes nothing, as its author may not know."""
    built_in = {(hazard, service): value for hazard, value, service in FLOOR}
    for hazard, value, service in floor_of(document)[len(FLOOR) :]:
        least = built_in.get((hazard, service))
        if least is not None and HAZARDS[hazard].index(value) > HAZARDS[hazard].index(least):
            what = f"{hazard} {value} loosens the floor, which has {service} come from {least} upwards"
            yield Finding(("safety_floor", service, hazard), what, f'"{least} or worse", or a calmer value')


def safety_floor(document: Document) -> Iterator[Finding]:
    """Raising is monotonic, so one look at each hazard value is a proof: no other fact puts the call any lower.

    The higher levels are looked at too, because another fact may raise the call to any of them. An unknown hazard needs
    no look of its own: it raises as the worst value. Enumeration is the oracle of this in the tests.
    """
    raises = raises_of(document)
    for hazard, value, service in floor_of(document):
        lowest = rank_reached(raises, {hazard: HAZARDS[hazard].index(value)}, {})
        for index in range(lowest, len(document.level)):
            level = document.level[index]
            for place, name in enumerate(level.sends):
                response = document.responses.get(name)
                if response is not None and not brings(response, service):
                    what = (
                        f"with {hazard} {value} a call can stand on {level.name!r}, where {name!r} brings no {service}"
                    )
                    right = f'raise {{ {hazard} = "{value} or worse" }} to a level that sends {service}'
                    yield Finding(("level", index, "sends", place), what, right)


def levels_reached(document: Document) -> Iterator[Finding]:
    """Levels that no call can stand on: a document with one does not mean what it says."""
    if document.level[0].raised_by:
        right = "a call that nothing raises stands on the first level"
        yield Finding(("level", 0, "raised_by"), "the first level is raised by something", right)
    for index, level in enumerate(document.level):
        for place, raised_by in enumerate(level.raised_by):
            if not any(True for _ in raised_by.stated()):
                yield Finding(("level", index, "raised_by", place), "names no fact", "name a fact, or leave it out")
    raises, work = raises_of(document), Work()
    if not _calm_stands(raises, work):
        yield Finding(("level", 0), "no call is left on the first level", "a value that raises nothing")
    for index, level in enumerate(document.level):
        if index and not any(_stands(raises, item, work) for item in raises if item.rank == index):
            what = f"nothing can put a call on {level.name!r}"
            right = "raise it by a fact that raises no higher level" if level.raised_by else "add raised_by"
            yield Finding(("level", index), what, right)


def brings(response: written.Response, service: str) -> bool:
    """Whether police or EMS come when this response goes: in its crew, or beside it. By telephone nobody comes."""
    bringing = frozenset(("officer",)) if service == "police" else EMS
    comes = response.reached_by not in (*NOT_ROUTED, "phone transfer")
    crew = comes and any(disciplines_of(place) <= bringing for place in response.crew)
    return crew or (response.goes == "beside default" and service not in response.replaces)


def rank_reached(raises: Iterable[Raise], hazards: Mapping[str, int], others: Mapping[str, str]) -> int:
    """The rank of the level of a call of which exactly these facts hold, all other hazards being at their calmest.

    `raises` has the highest first. It costs `looks_at(raises)`.
    """
    return next(
        (item.rank for item in raises if all(_holds(condition, hazards, others) for condition in item.conditions)), 0
    )


def looks_at(raises: Iterable[Raise]) -> int:
    """How many conditions these look at, at the most."""
    return sum(len(item.conditions) for item in raises)


def _holds(condition: Condition, hazards: Mapping[str, int], others: Mapping[str, str]) -> bool:
    if condition.least is not None:
        return hazards.get(condition.fact, 0) >= condition.least
    return condition.fact in others and condition.allows(others[condition.fact])


def few_combinations(document: Document) -> Iterator[Finding]:
    """A document is verified, and explained, by looking at every combination of the facts that are raised together."""
    raises = raises_of(document)
    for facts, count in combinations(raises):
        if count * len(raises) > MAX_COMBINATIONS:
            what = f"is too large to verify: {', '.join(facts)} have {count} combinations, with {len(raises)} raised_by"
            right = f"at most {MAX_COMBINATIONS} of both together: fewer facts in one raised_by, or fewer bounds of age"
            yield Finding(("level",), what, right)


MAX_COMBINATIONS: Final = 1_000_000
"""Times the tables of raised_by. The largest preset has some hundred."""


def _stands(raises: tuple[Raise, ...], reached: Raise, work: Work) -> bool:
    """Whether some call stands on exactly the level that `reached` raises to, because of it."""
    hazards = {condition.fact: condition.least for condition in reached.conditions if condition.least is not None}
    others = [condition for condition in reached.conditions if condition.least is None]
    chosen = [[value for value in _samples(raises, condition.fact) if condition.allows(value)] for condition in others]
    names = [condition.fact for condition in others]
    return any(
        rank_reached(raises, hazards, dict(zip(names, values, strict=True))) == reached.rank
        for values in work.each(product(*chosen), looks_at(raises))
    )


def _calm_stands(raises: tuple[Raise, ...], work: Work) -> bool:
    """Whether a call with every hazard at its calmest can stand on the first level."""
    facts = tuple({condition.fact for item in raises for condition in item.conditions if condition.least is None})
    samples = [_samples(raises, fact) for fact in facts]
    return any(
        rank_reached(raises, {}, dict(zip(facts, values, strict=True))) == 0
        for values in work.each(product(*samples), looks_at(raises))
    )


def _samples(raises: Iterable[Raise], fact: str) -> tuple[str, ...]:
    """One value of each class of a fact that is no hazard."""
    if fact != "age":
        return WISHES if fact == "caller_wants" else CHOICES[fact]
    bounds = {
        bound
        for item in raises
        for condition in item.conditions
        if condition.fact == fact
        for bound in (condition.from_years, condition.below_years)
        if bound is not None
    }
    return tuple(str(years) for bound in sorted(bounds) for years in (max(bound - 1, 0), bound))
