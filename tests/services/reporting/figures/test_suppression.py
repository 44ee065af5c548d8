"""Suppression, attacked: whatever anybody works out from published tables, a small cell may be any of one to ten."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from services.reporting.figures.suppression import Cell, CoarsenFirst, check_remainder, percentage, withheld
from tests.services.reporting.figures.attack import Published

QUARTERS_BY_DISTRICT = ((45, 7, 23, 31), (38, 19, 4, 27), (52, 16, 29, 33), (41, 12, 18, 0))
TABLES = 80


def publish(counts: Sequence[Sequence[int]], hidden: frozenset[Cell], name: str = "table") -> Published:
    """A table as a reader has it: cells that are not withheld, the totals, and the percentages, which are no news."""
    published = Published()
    rows, columns = range(len(counts)), range(len(counts[0]))
    for row in rows:
        for column in columns:
            shown = None if Cell(row, column) in hidden else counts[row][column]
            published.publish((name, row, column), shown)
        published.publish((name, row, "all"), sum(counts[row]))
        published.add_up((name, row, "all"), [(name, row, column) for column in columns])
    if len(counts) > 1:
        for column in columns:
            published.publish((name, "all", column), sum(row[column] for row in counts))
            published.add_up((name, "all", column), [(name, row, column) for row in rows])
    return published


def narrowed(counts: Sequence[Sequence[int]], hidden: frozenset[Cell]) -> list[Cell]:
    """The small cells of which a reader can rule out any of one to ten."""
    small = [
        Cell(row, column) for row, cells in enumerate(counts) for column, count in enumerate(cells) if 0 < count <= 10
    ]
    assert all(cell in hidden for cell in small)
    ranges = publish(counts, hidden).ranges([("table", *cell) for cell in small])
    return [
        cell
        for cell in small
        for least, most in [ranges["table", *cell]]
        if least > 1 or (most is not None and most < 10)
    ]


def test_small_cells_alone_would_be_worked_out_exactly() -> None:
    alone = frozenset({Cell(0, 1), Cell(1, 2)})
    ranges = publish(QUARTERS_BY_DISTRICT, alone).ranges([("table", *cell) for cell in alone])
    assert [ranges["table", *cell] for cell in sorted(alone)] == [(7, 7), (4, 4)]
    assert narrowed(QUARTERS_BY_DISTRICT, alone) == sorted(alone)


def test_a_small_cell_takes_companions_with_it_and_nought_is_shown() -> None:
    hidden = withheld(QUARTERS_BY_DISTRICT)
    assert {Cell(0, 1), Cell(1, 2)} < hidden
    assert Cell(3, 3) not in hidden
    assert len(hidden) <= 6
    assert narrowed(QUARTERS_BY_DISTRICT, hidden) == []


def test_a_table_without_small_cells_is_published_whole() -> None:
    assert withheld(((11, 0), (40, 12))) == frozenset()


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        (((7, 3), (40, 50)), "row"),
        (((7, 40), (3, 50)), "column"),
        (((0, 4),), "row"),
        (((7, 40), (20, 0)), "cannot be protected"),
        (((5, 20, 0), (0, 30, 40), (11, 0, 20)), "cannot be protected"),
        (((3, 4, 5),), "cannot be protected"),
    ],
)
def test_what_cannot_be_protected_is_refused(counts: Sequence[Sequence[int]], why: str) -> None:
    with pytest.raises(CoarsenFirst, match=why):
        withheld(counts)


@pytest.mark.parametrize(("rows", "columns"), [(4, 5), (2, 2), (6, 2), (1, 4), (5, 3)])
def test_no_attack_on_a_random_table_narrows_a_small_cell(rows: int, columns: int) -> None:
    drawn = random.Random(f"{rows} by {columns}")
    kinds = [0, 0, 1, 2, 5, 9, 10, 11, 12, 15, 20, 30, 45, 80, 200]
    tables = [[[drawn.choice(kinds) for _ in range(columns)] for _ in range(rows)] for _ in range(TABLES)]
    protected = 0
    for counts in tables:
        try:
            hidden = withheld(counts)
        except CoarsenFirst:
            continue
        protected += 1
        assert narrowed(counts, hidden) == [], counts
    assert protected > TABLES // 4


def test_a_longer_period_leaves_nothing_small_beside_its_parts() -> None:
    check_remainder((40, 60), [(20, 30), (20, 30)])
    check_remainder((40, 60), [(20, 30)])
    with pytest.raises(CoarsenFirst):
        check_remainder((40, 60), [(20, 30), (13, 30)])
    with pytest.raises(CoarsenFirst):
        check_remainder((40, 60), [(20, 30), (20, 31)])


def test_a_percentage_is_made_of_published_counts_alone() -> None:
    assert percentage(12, 48) == 25
    assert percentage(None, 48) is None
    assert percentage(12, None) is None
    assert percentage(0, 0) is None
