"""Where agencies come to lie: over partitions by the hash of their key, over processes by their partition's number."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deploy.capacity.demand import Shares
from shared.engine.kafka import key_hash

DRAWS = 9
"""Sets of made-up names: which agencies meet in a partition is chance, and nobody should build on a lucky one."""


@functools.cache
def hashes(agencies: int, draw: int) -> NDArray[np.int64]:
    """The hash of each agency's key, under the names of one draw."""
    return np.array([key_hash(f"agency-{draw}-{number}") for number in range(agencies)])


@dataclass(frozen=True, slots=True)
class Spread:
    """What each partition has of the load, by draw; figures are the median of the draws."""

    partitions: NDArray[np.float64]

    @classmethod
    def of(cls, shares: Shares, partitions: int) -> Self:
        """Agencies, of whom each has its share of the load, over so many partitions."""
        agencies = len(shares)
        return cls(
            np.array(
                [
                    np.bincount(hashes(agencies, draw) % partitions, weights=shares, minlength=partitions)
                    for draw in range(DRAWS)
                ]
            )
        )

    def hottest_partition(self) -> float:
        """The greatest share that a partition has."""
        return _median_of_greatest(self.partitions)

    def hottest_process(self, processes: int) -> float:
        """The greatest share that a process has, where they share out the partitions by number."""
        return _median_of_greatest(_dealt(self.partitions, processes))

    def squares(self, processes: int) -> float:
        """The greatest sum that a process has of the squares of its partitions' shares."""
        return _median_of_greatest(_dealt(self.partitions**2, processes))


def _dealt(partitions: NDArray[np.float64], processes: int) -> NDArray[np.float64]:
    draws, number = partitions.shape
    padded = np.zeros((draws, -(-number // processes) * processes))
    padded[:, :number] = partitions
    dealt: NDArray[np.float64] = padded.reshape(draws, -1, processes).sum(axis=1)
    return dealt


def _median_of_greatest(shares: NDArray[np.float64]) -> float:
    return float(np.median(shares.max(axis=1)))
