"""Whether a crew is complete: each place has a member of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

W = TypeVar("W")
F = TypeVar("F")


def has_perfect_matching(wants: Sequence[W], offers: Sequence[F], fits: Callable[[W, F], bool]) -> bool:
    """Whether every want can have an offer that fits, and no offer serves two (a matching, by augmenting paths)."""
    holder: dict[int, int] = {}

    def place(want: int, tried: set[int]) -> bool:
        for offer in range(len(offers)):
            if offer not in tried and fits(wants[want], offers[offer]):
                tried.add(offer)
                if offer not in holder or place(holder[offer], tried):
                    holder[offer] = want
                    return True
        return False

    return all(place(want, set()) for want in range(len(wants)))
