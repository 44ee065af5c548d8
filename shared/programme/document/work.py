"""How much verifying may cost: counted, not timed, so that a document is refused everywhere or nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

MAX_LOOKS: Final = 2_000_000
"""The most conditions and rows that one check looks at: about two seconds. The largest preset needs some thousands."""


class TooMuchWork(Exception):
    """A check would have to look at more than it may."""


class Work:
    """What one check may still look at."""

    def __init__(self) -> None:
        self._left = MAX_LOOKS

    def each(self, items: Iterable[T], looks: int) -> Iterator[T]:
        """The items, each of which costs that many looks. Raises TooMuchWork."""
        for item in items:
            self.spend(looks)
            yield item

    def spend(self, looks: int) -> None:
        """Raises TooMuchWork where that many are not left."""
        self._left -= max(looks, 1)
        if self._left < 0:
            raise TooMuchWork
