"""The space of facts that a programme tells apart: the value classes of each fact, and what level each comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from shared.programme.judging.evidence import Evidence, Hazard, Other
from shared.programme.judging.facts import CHOICES, HAZARDS, WISHES
from shared.programme.judging.programme import Condition, Programme, Raise

NEVER_UNKNOWN = ("caller_wants", "units_on_scene")
MAX_CELLS = 200_000
"""The most combinations that are looked at one by one; the largest preset has some ten thousand."""

Cell = tuple[int, ...]
"""One combination: the index of a class on each axis."""


@dataclass(frozen=True, slots=True)
class ValueClass:
    """Values of one fact that no condition tells apart; `sample` is one of them as it is weighed."""

    values: tuple[str, ...]
    sample: Evidence

    @property
    def unknown(self) -> bool:
        """Whether it is the class of what nobody knows."""
        return self.sample.unknown is not None


@dataclass(frozen=True, slots=True)
class Axis:
    """A fact with its classes: a hazard's calmest first, the unknown class last."""

    fact: str
    classes: tuple[ValueClass, ...]


def axes_of(conditions: Iterable[Condition], *, unknown_hazards: bool = True) -> tuple[Axis, ...]:
    """The facts that the conditions turn on. Without `unknown_hazards` an unknown one is left to its worst class."""
    by_fact: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_fact.setdefault(condition.fact, []).append(condition)
    order = (*HAZARDS, *CHOICES, "age", "language", "caller_wants")
    return tuple(
        Axis(fact, tuple(_classes(fact, by_fact[fact], unknown_hazards=unknown_hazards)))
        for fact in order
        if fact in by_fact
    )


def conditions_of(programme: Programme, *, permissions: bool = False) -> Iterator[Condition]:
    """What the levels turn on, and with `permissions` the responses too."""
    for item in programme.raises:
        yield from item.conditions
    if permissions:
        for response in programme.responses.values():
            yield from response.only_when


@dataclass(frozen=True, slots=True)
class Shares:
    """How many combinations of value classes there are, unknown ones among them, and how many stand on each level."""

    size: int
    by_level: tuple[int, ...]


def shares(programme: Programme) -> Shares:
    """Counted exactly: facts that no raise names together are independent, so their counts are multiplied."""
    axes = axes_of(conditions_of(programme))
    groups = components(programme.raises)
    size = prod(len(axis.classes) for axis in axes)
    at_most = [
        prod(_free(tuple(axis for axis in axes if axis.fact in group), programme.raises, rank) for group in groups)
        for rank in range(len(programme.levels))
    ]
    return Shares(size, tuple(count - (at_most[rank - 1] if rank else 0) for rank, count in enumerate(at_most)))


def must_be_answered(programme: Programme) -> tuple[str, ...]:
    """The facts that, unknown, keep a call from every level that routes, even with all others at their best."""
    axes = axes_of(conditions_of(programme))
    ranking = Ranking(axes, programme)
    best: Cell = (0,) * len(axes)
    for place, axis in enumerate(axes):
        best = min((_with(best, place, index) for index in range(len(axis.classes))), key=ranking.rank)
    return tuple(
        axis.fact
        for place, axis in enumerate(axes)
        if axis.classes[-1].unknown
        and not programme.levels[ranking.rank(_with(best, place, len(axis.classes) - 1))].routes
    )


def _with(cell: Cell, place: int, index: int) -> Cell:
    return (*cell[:place], index, *cell[place + 1 :])


class Ranking:
    """The level of each cell under one programme."""

    def __init__(self, axes: tuple[Axis, ...], programme: Programme) -> None:
        """Look up once which classes meet which condition. Every fact of the programme's raises has its axis."""
        places = {axis.fact: place for place, axis in enumerate(axes)}
        self._raises = [
            (
                item.rank,
                [
                    (places[condition.fact], _meeting(axes[places[condition.fact]], condition))
                    for condition in item.conditions
                ],
            )
            for item in programme.raises
        ]

    def rank(self, cell: Cell) -> int:
        """The rank of the level that the cell stands on."""
        for rank, conditions in self._raises:
            if all(cell[place] in classes for place, classes in conditions):
                return rank
        return 0


def permitted(axes: tuple[Axis, ...], conditions: Sequence[Condition]) -> tuple[tuple[int, frozenset[int]], ...]:
    """For each permission the place of its axis and the classes that permit."""
    places = {axis.fact: place for place, axis in enumerate(axes)}
    return tuple(
        (
            places[condition.fact],
            frozenset(
                index
                for index, value_class in enumerate(axes[places[condition.fact]].classes)
                if isinstance(value_class.sample, Other) and value_class.sample.permits(condition)
            ),
        )
        for condition in conditions
    )


def cells(axes: tuple[Axis, ...]) -> Iterator[Cell]:
    """Every combination."""
    return product(*(range(len(axis.classes)) for axis in axes))


Box = tuple[frozenset[int], ...]
"""A product of classes: a set of them for each axis."""


def boxes(chosen: Iterable[Cell]) -> list[Box]:
    """The cells merged into boxes: neighbours on one axis that agree on all others become one."""
    merged: set[Box] = {tuple(frozenset((index,)) for index in cell) for cell in chosen}
    count = len(next(iter(merged), ()))
    for place in range(count):
        by_rest: dict[Box, frozenset[int]] = {}
        for box in merged:
            rest = (*box[:place], frozenset[int](), *box[place + 1 :])
            by_rest[rest] = by_rest.get(rest, frozenset()) | box[place]
        merged = {(*rest[:place], classes, *rest[place + 1 :]) for rest, classes in by_rest.items()}
    return sorted(merged, key=lambda box: tuple(sorted(map(sorted, box))))


def box_words(axes: tuple[Axis, ...], box: Box, within: Box) -> str:
    """What sets the box apart from the classes that are `within` reach; empty if nothing does."""
    return ", ".join(
        f"{axis.fact.replace('_', ' ')} {class_words(axis, chosen)}"
        for axis, chosen, most in zip(axes, box, within, strict=True)
        if chosen != most
    )


def class_words(axis: Axis, chosen: frozenset[int]) -> str:
    """`past or less`, `threat or worse`, `under 18 or unknown`."""
    values = [value for index in sorted(chosen) for value in axis.classes[index].values]
    scale = HAZARDS.get(axis.fact)
    if scale is None or "unknown" in values:
        return " or ".join(values)
    if tuple(values) == scale[-len(values) :] and len(values) > 1:
        return f"{values[0]} or worse"
    if tuple(values) == scale[: len(values)] and len(values) > 1:
        return f"{values[-1]} or less"
    return " or ".join(values)


def _classes(fact: str, conditions: list[Condition], *, unknown_hazards: bool) -> Iterator[ValueClass]:
    if fact in HAZARDS:
        scale = HAZARDS[fact]
        starts = sorted({0, *(condition.least for condition in conditions if condition.least is not None)})
        for start, end in zip(starts, [*starts[1:], len(scale)], strict=True):
            yield ValueClass(scale[start:end], Hazard(start, start, None, "any"))
        if unknown_hazards:
            yield ValueClass(("unknown",), Hazard(0, len(scale) - 1, "not-asked", "nobody"))
        return
    grouped: dict[tuple[bool, ...], list[tuple[str, str]]] = {}
    for value, words in _samples(fact, conditions):
        grouped.setdefault(tuple(condition.allows(value) for condition in conditions), []).append((value, words))
    for members in grouped.values():
        yield ValueClass(tuple(words for _, words in members), Other((members[0][0],), None, "any"))
    if fact not in NEVER_UNKNOWN:
        yield ValueClass(("unknown",), Other((), "not-asked", "nobody"))


def _samples(fact: str, conditions: list[Condition]) -> Iterator[tuple[str, str]]:
    """A value of each kind that the conditions could tell apart, and its words."""
    if fact == "age":
        bounds = {condition.from_years for condition in conditions} | {
            condition.below_years for condition in conditions
        }
        starts = sorted({0, *(bound for bound in bounds if bound is not None)})
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            yield str(start), f"{start} or more" if end is None else f"{start} to {end - 1}"
    elif fact == "language":
        for value in sorted({value for condition in conditions for value in condition.values}):
            yield value, value
        yield "", "another"
    else:
        for value in WISHES if fact == "caller_wants" else _calm_first(fact, conditions):
            yield value, value


def _calm_first(fact: str, conditions: list[Condition]) -> list[str]:
    """The values; those that the fewest conditions name come first."""
    return sorted(CHOICES[fact], key=lambda value: sum(condition.allows(value) for condition in conditions))


def _meeting(axis: Axis, condition: Condition) -> frozenset[int]:
    return frozenset(index for index, value_class in enumerate(axis.classes) if value_class.sample.may_be(condition))


def components(raises: tuple[Raise, ...]) -> list[set[str]]:
    """The facts of the raises, those that some raise names together in one group."""
    groups: list[set[str]] = []
    for item in raises:
        joined = {condition.fact for condition in item.conditions}
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def combinations(raises: tuple[Raise, ...]) -> list[tuple[tuple[str, ...], int]]:
    """The facts of each group, and how many combinations of their classes there are."""
    axes = axes_of(condition for item in raises for condition in item.conditions)
    grouped = [[axis for axis in axes if axis.fact in group] for group in components(raises)]
    return [(tuple(axis.fact for axis in group), prod(len(axis.classes) for axis in group)) for group in grouped]


def _free(axes: tuple[Axis, ...], raises: tuple[Raise, ...], rank: int) -> int:
    """How many combinations of these facts no raise lifts above `rank`."""
    facts = {axis.fact: place for place, axis in enumerate(axes)}
    lifting = [
        [(facts[condition.fact], _meeting(axes[facts[condition.fact]], condition)) for condition in item.conditions]
        for item in raises
        if item.rank > rank and all(condition.fact in facts for condition in item.conditions)
    ]
    return sum(
        not any(all(cell[place] in classes for place, classes in needs) for needs in lifting) for cell in cells(axes)
    )


def projections(chosen: Iterable[Cell], count: int) -> tuple[frozenset[int], ...]:
    """The classes that occur on each of `count` axes."""
    seen: list[set[int]] = [set() for _ in range(count)]
    for cell in chosen:
        for place, index in enumerate(cell):
            seen[place].add(index)
    return tuple(map(frozenset, seen))
