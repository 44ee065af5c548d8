"""What of a table may be published: small counts are withheld, with as many others as keep them from being worked out.

A count from one to ten may point at a person; nought points at nobody, and is shown. Whoever has the other cells, the
totals, the percentages, the linked tables and all periods still cannot rule out any of one to ten for a small cell.

Totals are never withheld: a table with a small one is refused, and a coarser one is published. So tables that share no
more than totals tell nothing about each other's cells, and each is protected by itself. Tables whose cells are sums of
the same counts tell something: who publishes two of these has to look at both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

SMALL: Final = range(1, 11)
"""Counts that are not published."""

Counts = Sequence[Sequence[int]]
"""The cells of a table, row by row, without totals."""


class Cell(NamedTuple):
    """A place in a table."""

    row: int
    column: int


class CoarsenFirst(Exception):
    """The table cannot be published at this cut: merge rows or columns, or take a longer period."""


class _Exchange(NamedTuple):
    """Cells that can change together with one of them so that every total stays as it is."""

    along: tuple[Cell, ...]
    """They rise by as much as that one rises."""
    against: tuple[Cell, ...]
    """They fall by as much."""

    @property
    def others(self) -> frozenset[Cell]:
        """All of them but the one."""
        return frozenset(self.along + self.against)


def withheld(counts: Counts) -> frozenset[Cell]:
    """The cells to withhold from a table that is published with all its totals; one of a single row has the one total.

    Which companions a small cell gets does not depend on how large they are beyond being large enough, so that the
    choice itself says little. Raises CoarsenFirst.
    """
    _check_totals(counts)
    small = [cell for cell in _cells(counts) if _count(counts, cell) in SMALL]
    hidden = set(small)
    for cell in small:
        exchanges = list(_exchanges(counts, cell))
        hidden |= _companions([each for each in exchanges if _falls_to_least(counts, cell, each)], hidden)
        hidden |= _companions([each for each in exchanges if _rises_to_most(counts, cell, each)], hidden)
    return frozenset(hidden)


def check_remainder(whole: Sequence[int], parts: Sequence[Sequence[int]]) -> None:
    """Refuse the totals of a period that leave a small count beside those published of parts of it.

    `whole` and each of `parts` are counts of the same kinds. Raises CoarsenFirst.
    """
    rest = [total - sum(part[kind] for part in parts) for kind, total in enumerate(whole)]
    if any(count < 0 or count in SMALL for count in (*rest, sum(rest))):
        raise CoarsenFirst("Beside what is published of parts of this period, its totals would leave a small count.")


def percentage(numerator: int | None, denominator: int | None) -> int | None:
    """A share of two published counts in whole percent; None where either is withheld, or there is nothing to share."""
    if numerator is None or not denominator:
        return None
    return round(100 * numerator / denominator)


def _check_totals(counts: Counts) -> None:
    rows, columns = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    if any(total in SMALL for total in (*rows, sum(rows))):
        raise CoarsenFirst("A row of this table, or all of it, has a total from 1 to 10.")
    if len(counts) > 1 and any(total in SMALL for total in columns):
        raise CoarsenFirst("A column of this table has a total from 1 to 10.")


def _companions(exchanges: Sequence[_Exchange], hidden: set[Cell]) -> frozenset[Cell]:
    """Those of the exchange that costs the fewest cells beyond the hidden ones; of several the first in the table."""
    if not exchanges:
        raise CoarsenFirst("A small cell of this table cannot be protected by withholding others with it.")
    return min(exchanges, key=lambda exchange: len(exchange.others - hidden)).others


def _falls_to_least(counts: Counts, cell: Cell, exchange: _Exchange) -> bool:
    """Whether a small cell may as well be one: the others that fall with it stay above nought."""
    return all(_count(counts, other) >= _count(counts, cell) for other in exchange.along)


def _rises_to_most(counts: Counts, cell: Cell, exchange: _Exchange) -> bool:
    """Whether a small cell may as well be ten: the others that fall as it rises stay above nought."""
    return all(_count(counts, other) > SMALL[-1] - _count(counts, cell) for other in exchange.against)


def _exchanges(counts: Counts, cell: Cell) -> Iterator[_Exchange]:
    """With which cells a cell can change: the corners of a rectangle, or in a single row one other cell.

    A cell that is nought takes no part: it is shown.
    """
    for other in _cells(counts):
        if len(counts) == 1:
            exchange = _Exchange((), (other,))
        elif other.row != cell.row:
            exchange = _Exchange((other,), (Cell(cell.row, other.column), Cell(other.row, cell.column)))
        else:
            continue
        if other.column != cell.column and all(_count(counts, each) for each in exchange.others):
            yield exchange


def _cells(counts: Counts) -> Iterator[Cell]:
    return (Cell(row, column) for row, cells in enumerate(counts) for column in range(len(cells)))


def _count(counts: Counts, cell: Cell) -> int:
    return counts[cell.row][cell.column]
