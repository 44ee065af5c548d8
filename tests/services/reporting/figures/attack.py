"""What anybody can work out from published tables: the range of each withheld count, by linear programming.

The attacker has every number that is published, knows that counts are whole and that nought is always shown, and knows
which totals are sums of which cells. Of how cells to withhold are chosen this room knows nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from scipy.optimize import linprog

Name = Hashable
Equations = tuple[list[list[int]], list[int]]
Bounds = list[tuple[int, None]]


@dataclass(slots=True)
class Published:
    """Counts by name, None where withheld, and which counts add up to which."""

    counts: dict[Name, int | None] = field(default_factory=dict)
    sums: list[tuple[Name, tuple[Name, ...]]] = field(default_factory=list)
    unpublished: set[Name] = field(default_factory=set)
    """Counts of periods of which nothing was published: they may be nought as well."""

    def publish(self, name: Name, count: int | None) -> None:
        """Publish a count, or that it is withheld."""
        assert self.counts.setdefault(name, count) == count, f"{name} was published otherwise before"

    def add_up(self, total: Name, parts: Iterable[Name]) -> None:
        """Everybody knows that these counts add up to that one."""
        self.sums.append((total, tuple(parts)))

    def ranges(self, asked: Collection[Name]) -> Mapping[Name, tuple[int, int | None]]:
        """The least and the most that each of these withheld counts can be; None: no bound."""
        unknown = [name for name, count in self.counts.items() if count is None]
        at = {name: place for place, name in enumerate(unknown)}
        equations = self._equations(at)
        bounds: Bounds = [(0 if name in self.unpublished else 1, None) for name in unknown]
        return {name: _range(equations, bounds, at[name]) for name in asked}

    def _equations(self, at: Mapping[Name, int]) -> Equations:
        rows, sides = [], []
        for total, parts in self.sums:
            row, side = [0] * len(at), 0
            for name, sign in [(total, -1), *((part, 1) for part in parts)]:
                if (count := self.counts[name]) is None:
                    row[at[name]] += sign
                else:
                    side -= sign * count
            if any(row):
                rows.append(row)
                sides.append(side)
            else:
                assert side == 0, f"{total} is not the sum of its parts"
        return rows, sides


def _range(equations: Equations, bounds: Bounds, place: int) -> tuple[int, int | None]:
    least, most = (_optimum(equations, bounds, place, sign) for sign in (1, -1))
    assert least is not None
    return round(least), None if most is None else round(most)


def _optimum(equations: Equations, bounds: Bounds, place: int, sign: int) -> float | None:
    """The least (or, with -1, the most) that one unknown can be; None where nothing bounds it."""
    rows, sides = equations
    cost = [0] * len(bounds)
    cost[place] = sign
    solved = linprog(cost, A_eq=rows or None, b_eq=sides or None, bounds=bounds, method="highs")
    if solved.status == 3:
        return None
    assert solved.status == 0, solved.message
    return sign * float(solved.fun)
