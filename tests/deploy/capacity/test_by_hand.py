"""A small deployment with round figures: every result here was reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from math import isclose

import numpy as np
import pytest

from deploy.capacity import plan, storage
from deploy.capacity.inputs import TopicShare
from deploy.capacity.model import GIB, MIB, Cell, of_largest, whole
from deploy.capacity.spread import Spread
from tests.deploy.capacity.figures import DEMAND, LAYOUT, MEASURED, WANTED


@pytest.fixture
def cell() -> Cell:
    return whole(MEASURED, WANTED)


def test_rates(cell: Cell) -> None:
    # 1 call a second of 10 versions; 84 hours of 1 and 84 of 3: the busiest has 3 where the mean has 2; a surge of 10
    assert (cell.rates.mean, cell.rates.busiest, cell.rates.surge) == (10, 15, 150)


def test_calls_in_memory(cell: Cell) -> None:
    # 86,400 calls a day for 8 days; the last of them tenfold: nine times a day more
    assert isclose(cell.remembered(surge=False), 691_200)
    assert isclose(cell.remembered(surge=True), 691_200 + 9 * 86_400)
    # 1.5 calls a second for an hour, and 15 for a minute while their outcome is awaited
    assert isclose(cell.open_calls("triage", surge=False), 5_400)
    assert isclose(cell.open_calls("notification", surge=True), 900)


def test_memory_of_a_process(cell: Cell) -> None:
    # 100 MiB, 100 agencies of 1 kB, 5,400 open calls of 2 kB, 691,200 remembered of 1 kB
    assert isclose(cell.memory_bytes("triage", surge=False), 100 * MIB + 100_000 + 10_800_000 + 691_200_000)


def test_keys_of_calls_are_in_memory_and_on_disk_for_as_long_as_they_open_something(cell: Cell) -> None:
    # 86,400 calls a day for 32 days, a key of 10 x 50 bytes each; the last day tenfold
    share = TopicShare(records_a_version=0.1, bytes_a_version=50.0)
    with_keys = replace(cell, measured=MEASURED.model_copy(update={"topics": MEASURED.topics | {"call-keys": share}}))
    more = with_keys.memory_bytes("triage", surge=True) - cell.memory_bytes("triage", surge=True)
    assert isclose(more, (32 + 9) * 86_400 * 500)
    assert with_keys.memory_bytes("notification", surge=True) == cell.memory_bytes("notification", surge=True)
    (kept,) = [each for each in storage.kept(with_keys) if each.topic == "call-keys"]
    assert (kept.days, kept.for_good) == (32.0, False)
    assert kept.copy_bytes == pytest.approx(41 * 864_000 * 50)


def test_restarts(cell: Cell) -> None:
    # 1 s, 691,200 calls of 20 µs and 5 µs, and 16 times 5,000 records of 100 µs
    assert isclose(cell.restart_seconds("triage", surge=False), 1 + 13.824 + 3.456 + 8)
    # 365 days and 9 more of the surge, 864,000 versions each, a record of 100 µs
    assert isclose(cell.whole_journal_seconds("triage"), 1 + 374 * 86.4)


def test_one_agencys_snapshot(cell: Cell) -> None:
    # a tenth of 691,200 calls, 100 bytes and 10 µs each
    assert isclose(cell.largest, 0.1)
    assert isclose(cell.snapshot_bytes("triage", cell.largest, surge=False), 6_912_000, rel_tol=1e-6)
    assert isclose(cell.pack_seconds("triage", cell.largest, surge=False), 0.6912, rel_tol=1e-6)
    # 256 MiB would take 3.9 times all of them, and 1.83 times after a surge
    assert cell.unsaved_agencies("triage", surge=False) == 0
    assert cell.unsaved_agencies("triage", surge=True) == 0
    assert replace(cell, shares=np.array([1.9, 1.8])).unsaved_agencies("triage", surge=True) == 1
    assert isclose(cell.most_saved_calls("triage"), 256 * MIB / 100 / 8 * 365)


def test_how_busy_processes_are_and_how_many_there_are(cell: Cell) -> None:
    alike = replace(cell, shares=cell.shares * 0 + 0.01)
    alike.__dict__["spread"] = Spread(partitions=np.full((1, 16), 1 / 16))
    # of two alike, each decides 75 versions a second of 1 ms and follows 75 of 0.1 ms; and packs: 150 records ÷ 5,000 a
    # second, 1,468,800 calls of 10 µs, 8 partitions of a sixteenth squared
    packing = 150 / 5_000 * 14.688 * 8 / 256
    assert isclose(alike.busy("triage", 2, 150, surge=True), 0.075 + 0.0075 + packing)
    # alone it would be busy for 0.15 + 0.0275: that is below a half, and one is spare
    assert alike.processes("triage") == 2
    # 150 versions a second of 1 ms, at a half: one, and a spare one
    assert alike.intakes() == 2
    # 540,000 versions of an hour; two drain 2,000 a second, while 150 come
    assert alike.backlog_seconds("triage") == pytest.approx(540_000 / 1_850)
    assert alike.full_core_versions("triage") == 500


def test_disk_and_brokers(cell: Cell) -> None:
    # calls for 30 days and decisions for 365, of 864,000 versions, and nine days' worth of the surge in either
    assert {each.topic: each.copy_bytes for each in storage.kept(cell)} == pytest.approx(
        {"calls": 39 * 864e6, "decisions": 374 * 1_728e6}
    )
    assert storage.disk_tb(cell) == pytest.approx(3 * (39 * 864e6 + 374 * 1_728e6) / 1e12)
    assert storage.written_mb(cell, 150) == pytest.approx(0.45)
    # calls: triage, team availability, reporting, auditor; decisions: team availability, those two, and one follower
    assert storage.read_mb(cell, 150) == pytest.approx(150 * (4 * 1_000 + 4 * 2_000) / 1e6)
    assert storage.brokers(cell) == {"copies": 3, "disk": 1, "traffic": 1, "processor": 1, "partitions": 1}


def test_the_bill(cell: Cell) -> None:
    bill = plan.bill(cell, 2)
    assert bill is not None
    one = 2 * 4 + 3 * 4.0  # two processes of each service, and three brokers of four cores
    assert (bill.processes, bill.brokers, bill.cores) == (16, 6, 2 * one)
    memory = sum(2 * cell.memory_bytes(name, surge=True) / GIB for name in MEASURED.deciders)
    assert bill.memory_gib == pytest.approx(2 * (memory + 2 * 100 / 1024 + 3 * 16))
    assert bill.cost == pytest.approx(bill.cores * 100 + bill.memory_gib * 10 + bill.disk_tb * 1_000)


def test_agencies_are_dealt_to_cells_the_largest_first() -> None:
    country = Cell(MEASURED, WANTED, 4, shares=np.array([0.4, 0.3, 0.2, 0.1]))
    mine = of_largest(country, 2)  # 0.4 and 0.1; 0.3 and 0.2 are the other cell's
    assert mine.part == pytest.approx(0.5)
    assert list(mine.shares) == pytest.approx([0.8, 0.2])


def test_a_cell_fits_by_its_memory_and_its_cores(cell: Cell) -> None:
    assert cell.fits()
    small = WANTED.model_copy(update={"layout": LAYOUT.model_copy(update={"process_gib": 1.0})})
    assert not replace(cell, wanted=small).fits()
    crowded = WANTED.model_copy(update={"demand": DEMAND.model_copy(update={"surge_factor": 100.0})})
    assert not replace(cell, wanted=crowded).fits()


def test_snapshots_cost_what_is_remembered(cell: Cell) -> None:
    # 150 records a second are 0.03 rounds, of 1,468,800 calls of 10 µs
    assert isclose(cell.packing("triage", 150, 1.0, surge=True), 0.03 * 14.688)


def test_snapshots_are_written_besides(cell: Cell) -> None:
    # of three services 0.03 rounds a second each, in 16 partitions alike: 1,468,800 calls of 100 bytes, a sixteenth of
    cell.__dict__["spread"] = Spread(partitions=np.full((1, 16), 1 / 16))
    assert isclose(storage.saved_mb(cell, 150, surge=True), 3 * 0.03 * 146.88 / 16)
    narrow = WANTED.model_copy(update={"layout": LAYOUT.model_copy(update={"broker_mb_a_second": 2.0})})
    # 0.45 of topics and 0.83 of snapshots, each written thrice and sent twice on, and 1.8 that are read
    assert storage.brokers(replace(cell, wanted=narrow))["traffic"] == 5


def test_the_best_number_of_partitions_is_the_cheapest_of_those_that_are_cool() -> None:
    def choice(partitions: int, share: float, cost: float | None) -> plan.Choice:
        bill = None if cost is None else plan.Bill(8, 3, 20, 100, 1, cost)
        return plan.Choice(partitions, share, 0.1, 1, bill)

    compared = [choice(4, 0.3, 1.0), choice(8, 0.15, 3.0), choice(16, 0.12, 2.0), choice(32, 0.11, 2.0)]
    assert plan.best(compared, 0.1) == compared[2], "4 are cheaper, and hotter than half as much again as the largest"
    assert plan.best(compared[:1], 0.1) == compared[0]
    assert plan.best([choice(64, 0.1, None)], 0.1) is None
