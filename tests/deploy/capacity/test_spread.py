"""Agencies lie where Kafka puts them, and none of their load is lost or made."""

from __future__ import annotations

from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.capacity.demand import exponent, shares
from deploy.capacity.spread import DRAWS, Spread, hashes
from shared.engine.kafka import KafkaBroker, key_hash

KAFKAS = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107}
"""From the tests of Kafka's own client: murmur2 of some keys, as signed numbers."""


@pytest.mark.parametrize(("key", "signed"), KAFKAS.items())
def test_a_key_is_hashed_as_kafka_hashes_it(key: str, signed: int) -> None:
    assert key_hash(key) == signed & 0x7FFFFFFF


async def test_agencies_lie_where_the_product_puts_them() -> None:
    broker = KafkaBroker("nowhere:1", 48)
    assert [broker.partition_of(f"agency-3-{number}") for number in range(50)] == list(hashes(50, 3) % 48)
    await broker.close()


@given(agencies=st.integers(1, 200), partitions=st.integers(1, 64), processes=st.integers(1, 64))
def test_no_load_is_lost_or_made(agencies: int, partitions: int, processes: int) -> None:
    spread = Spread.of(shares(agencies, 1.0), partitions)
    assert spread.partitions.sum(axis=1) == pytest.approx([1.0] * DRAWS)
    assert 1 / min(processes, partitions) - 1e-9 <= spread.hottest_process(processes) <= 1 + 1e-9
    assert spread.hottest_process(1) == pytest.approx(1.0)
    assert spread.hottest_process(partitions) == pytest.approx(spread.hottest_partition())


def test_more_partitions_do_not_make_the_hottest_hotter() -> None:
    sizes = shares(600, 0.8)

    def expected(partitions: int) -> float:
        return mean(map(float, Spread.of(sizes, partitions).partitions.max(axis=1)))

    hottest = [expected(partitions) for partitions in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    assert hottest == sorted(hottest, reverse=True)
    assert hottest[-1] >= sizes[0], "none is cooler than its largest agency"


@pytest.mark.parametrize("largest", [0.01, 0.05, 0.5, 0.99])
def test_zipfs_exponent_gives_the_largest_its_share(largest: float) -> None:
    sizes = shares(300, exponent(300, largest))
    assert sizes[0] == pytest.approx(largest)
    assert sizes.sum() == pytest.approx(1)
    assert (np.diff(sizes) <= 0).all()
