"""The formulas for waiting against queues that are played through, version by version."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deploy.capacity.waiting import mean_wait, wait_at


def played(busy: float, number: int = 400_000) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What each of so many versions waits for a core that takes one in each unit of time (Lindley's recursion)."""
    gained = 1 - np.random.default_rng(7).exponential(1 / busy, number)
    path = np.concatenate([[0.0], np.cumsum(gained)])
    return path - np.minimum.accumulate(path)


@pytest.mark.parametrize("busy", [0.1, 0.3, 0.5, 0.8])
def test_mean_and_percentiles_are_those_of_a_queue(busy: float) -> None:
    waits = played(busy)
    assert mean_wait(busy, 1) == pytest.approx(waits.mean(), rel=0.05)
    for share in (0.99, 0.999):
        assert wait_at(share, busy, 1) == pytest.approx(np.quantile(waits, share), rel=0.1)


def test_a_core_that_is_too_slow_is_waited_for_for_ever() -> None:
    assert mean_wait(100, 0.01) == wait_at(0.99, 100, 0.01) == math.inf


def test_where_few_wait_most_wait_for_nothing() -> None:
    assert wait_at(0.99, 1, 0.005) == 0
