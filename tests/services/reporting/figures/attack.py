"""What anybody can work out from published tables: the range of each withheld count, by linear programming.

The attacker has every number that is published, knows that counts are whole and that nought is always shown, and knows
which totals are sums of which cells. Of how cells to withhold are chosen this room knows nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from scipy.optimize import linprog

Name = Hashable


@dataclass(slots=True)
class Published:
    """Counts by name, None where withheld, and which counts add up to which."""

    counts: dict[Name, int | None] = field(default_factory=dict)
    sums: list[tuple[Name, tuple[Name, ...]]] = field(default_factory=list)

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
        rows, sides = [], []
        for total, parts in self.sums:
            row, side = [0] * len(unknown), 0
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
        return {
            name: (self._least(rows, sides, place), self._most(rows, sides, place))
            for name in asked
            for place in [at[name]]
        }

    def _least(self, rows: list[list[int]], sides: list[int], place: int) -> int:
        least = _optimum(rows, sides, place, 1)
        assert least is not None
        return round(least)

    def _most(self, rows: list[list[int]], sides: list[int], place: int) -> int | None:
        most = _optimum(rows, sides, place, -1)
        return None if most is None else round(most)


def _optimum(rows: list[list[int]], sides: list[int], place: int, sign: int) -> float | None:
    """The least (or, with -1, the most) that one unknown can be; None where nothing bounds it."""
    cost = [0] * (len(rows[0]) if rows else place + 1)
    cost[place] = sign
    solved = linprog(cost, A_eq=rows or None, b_eq=sides or None, bounds=(1, None), method="highs")
    if solved.status == 3:
        return None
    assert solved.status == 0, solved.message
    return sign * float(solved.fun)
