"""How many versions of calls come, from agencies of which size. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deploy.capacity.inputs import WEEK_HOURS, Demand

Shares = NDArray[np.float64]

YEAR_SECONDS = 365 * 24 * 3600
MOST_EXPONENT = 50.0
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Rates:
    """Versions a second of all agencies together."""

    mean: float
    """Over the year."""
    busiest: float
    """In the busiest hour of a usual week."""
    surge: float
    """In the busiest hour of a surge."""

    def times(self, factor: float) -> tuple[float, float, float]:
        """Each of them, times as much."""
        return self.mean * factor, self.busiest * factor, self.surge * factor


def rates(demand: Demand) -> Rates:
    """What comes in."""
    mean = demand.calls_a_year * demand.versions_a_call / YEAR_SECONDS
    busiest = mean * peak(demand.calls_by_hour_of_week)
    return Rates(mean, busiest, busiest * demand.surge_factor)


def peak(week: list[int]) -> float:
    """How many times an average hour's calls the busiest hour of the week has."""
    return max(week) * WEEK_HOURS / sum(week)


def exponent(agencies: int, largest_share: float) -> float:
    """The exponent of Zipf's law with which the largest of so many agencies has that share of the calls."""
    low, high = 0.0, MOST_EXPONENT
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if shares(agencies, middle)[0] < largest_share else (low, middle)
    return (low + high) / 2


def shares(agencies: int, exponent: float) -> Shares:
    """Each agency's share of the calls, the largest first."""
    sizes = np.arange(1, agencies + 1, dtype=np.float64) ** -exponent
    normed: Shares = sizes / sizes.sum()
    return normed
