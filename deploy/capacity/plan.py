"""What a layout costs, and which one costs least: into how many cells, with how many partitions. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from deploy.capacity import storage
from deploy.capacity.inputs import DECIDERS
from deploy.capacity.model import GIB, MIB, Cell, of_largest

PARTITIONS = (4, 8, 16, 24, 32, 48, 64, 96, 128)
"""Numbers that are compared."""
MOST_CELLS = 32
NOT_MUCH = 1.5
"""Times the load. The number of partitions stands for a cluster's life: it should not be the least that does."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What is paid for in a year."""

    processes: int
    """Of the deciding services and of intake: each uses a core at most, and is given one."""
    brokers: int
    cores: float
    memory_gib: float
    disk_tb: float
    cost: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What a number of partitions leads to."""

    partitions: int
    hottest_share: float
    """Of all calls of the country in one cell, in the partition that has most."""
    busy_partition: float
    """The core that it alone would keep busy in a surge, in the service where that is most."""
    cells: int | None
    """The smallest number of cells that each fit; None where even the greatest is too few."""
    bill: Bill | None


def bill(cell: Cell, cells: int) -> Bill | None:
    """So many cells like this one; None where a service cannot have enough processes."""
    prices, layout = cell.wanted.prices, cell.wanted.layout
    deciders = {name: number for name in DECIDERS if (number := cell.processes(name)) is not None}
    if len(deciders) < len(DECIDERS):
        return None
    processes, brokers = cell.intakes() + sum(deciders.values()), max(storage.brokers(cell).values())
    memory = cell.intakes() * cell.measured.processes["intake"].resident_mib * MIB / GIB
    memory += sum(number * cell.memory_bytes(name, surge=True) / GIB for name, number in deciders.items())
    cores, memory = processes + brokers * layout.broker_cores, memory + brokers * layout.broker_gib
    disk = storage.disk_tb(cell)
    cost = cores * prices.core_year + memory * prices.gib_memory_year + disk * prices.tb_disk_year
    return Bill(processes * cells, brokers * cells, cores * cells, memory * cells, disk * cells, cost * cells)


def choices(country: Cell) -> Iterator[Choice]:
    """Every number of partitions, each with as few cells as it needs."""
    dealt = functools.cache(lambda number: of_largest(country, number))
    for partitions in PARTITIONS:
        whole = replace(country, partitions=partitions)
        share, busy = whole.spread.hottest_partition(), max(map(whole.busy_partition, DECIDERS))
        divided = ((number, replace(dealt(number), partitions=partitions)) for number in range(1, MOST_CELLS + 1))
        cells, cell = next(((number, cell) for number, cell in divided if cell.fits()), (None, None))
        yield Choice(partitions, share, busy, cells, bill(cell, cells) if cell is not None and cells else None)


def best(compared: list[Choice], largest_share: float) -> Choice | None:
    """What costs least of those with so many partitions that more would not help; then what has fewest of them.

    Those are the ones of which the hottest has not much more than the largest agency alone. Where none has so many,
    all are taken.
    """
    possible = [choice for choice in compared if choice.bill is not None]
    cool = [choice for choice in possible if choice.hottest_share <= NOT_MUCH * largest_share]
    return min(cool or possible, key=lambda choice: choice.bill.cost if choice.bill else 0.0, default=None)
