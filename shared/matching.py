"""Whether a crew is complete: each place has a member of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

P = TypeVar("P")
M = TypeVar("M")


def has_perfect_matching(places: Sequence[P], members: Sequence[M], fits: Callable[[P, M], bool]) -> bool:
    """Whether every place can have a member who fits, and nobody fills two (a matching, by augmenting paths)."""
    place_of: dict[int, int] = {}

    def fill(place: int, tried: set[int]) -> bool:
        for member in range(len(members)):
            if member not in tried and fits(places[place], members[member]):
                tried.add(member)
                if member not in place_of or fill(place_of[member], tried):
                    place_of[member] = place
                    return True
        return False

    return all(fill(place, set()) for place in range(len(places)))
