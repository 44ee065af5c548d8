"""Responses that can never go, because nothing they take or permit stands on a level that sends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from shared.programme.document.compile import raises_of, responses_of
from shared.programme.document.fact_space import axes_of
from shared.programme.document.finding import Finding
from shared.programme.document.floor import levels_reached, looks_at, rank_reached
from shared.programme.document.work import Work
from shared.programme.document.written import Document
from shared.programme.judging.evidence import Other
from shared.programme.judging.facts import CHOICES, HAZARDS
from shared.programme.judging.programme import Condition, Raise, Response

Stated = tuple[tuple[str, str], ...]
"""What a code says by itself."""


def responses_reached(document: Document) -> Iterator[Finding]:
    """Responses that can never go to any of the calls that they take, or may be asked for.

    Where a level itself cannot be reached, that is the fault to report.
    """
    if any(True for _ in levels_reached(document)):
        return
    raises, codes, work = raises_of(document), _statements(document), Work()
    for name, response in responses_of(document).items():
        ranks = [rank for rank, level in enumerate(document.level) if name in level.sends]
        stated: set[Stated] = {()} if response.may_be_asked_by else set()
        for category in response.takes:
            stated |= codes.get(category, set())
        if ranks and stated and not any(_stands(raises, ranks, response, dict(facts), work) for facts in stated):
            what = f"no call that {name!r} takes, and goes to, can stand on a level that sends it"
            yield Finding(("responses", name), what, "a level that its codes and only_when leave open")


def _statements(document: Document) -> dict[str, set[Stated]]:
    """Category → what its codes state."""
    by_category: dict[str, set[Stated]] = {}
    for codes in document.call_types.values():
        for entry in codes.values():
            if entry.category:
                by_category.setdefault(entry.category, set()).add(tuple(entry.stated()))
    return by_category


def _stands(
    raises: tuple[Raise, ...], ranks: list[int], response: Response, stated: Mapping[str, str], work: Work
) -> bool:
    """Whether some facts put such a call on one of the levels, and permit the response.

    Of hazards it is enough to try what the code states, and from there what each raise needs: more only lifts further.
    """
    calm = {fact: HAZARDS[fact].index(value) for fact, value in stated.items() if fact in HAZARDS}
    needs = [_lifted(calm, item.conditions) for item in raises if item.rank in ranks]
    work.spend(len(raises) * len(raises))  # the classes of its facts
    others, looks = list(work.each(_others(raises, response, stated), 1)), looks_at(raises)
    return any(
        rank_reached(raises, hazards, values) in ranks
        for hazards in [calm, *needs]
        for values in work.each(others, looks)
    )


def _lifted(calm: Mapping[str, int], conditions: Iterable[Condition]) -> dict[str, int]:
    return dict(calm) | {
        condition.fact: max(calm.get(condition.fact, 0), condition.least)
        for condition in conditions
        if condition.least is not None
    }


def _others(raises: tuple[Raise, ...], response: Response, stated: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The values that facts which are no hazards may have together: what is stated, and what the response permits."""
    named = [condition for item in raises for condition in item.conditions if condition.least is None]
    axes = axes_of([*named, *response.only_when])
    choices: list[list[str]] = []
    for axis in axes:
        values: Iterable[str] = [
            sample.values[0]
            for sample in (value_class.sample for value_class in axis.classes if not value_class.unknown)
            if isinstance(sample, Other)
        ]
        if axis.fact in stated and axis.fact in CHOICES:
            values = (stated[axis.fact],)
        permissions = [condition for condition in response.only_when if condition.fact == axis.fact]
        choices.append([value for value in values if all(condition.allows(value) for condition in permissions)])
    for values in product(*choices):
        yield dict(zip((axis.fact for axis in axes), values, strict=True))
