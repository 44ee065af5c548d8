"""What a careroute of a given size does to its processes: the arithmetic, from what was measured. Pure.

A process owns some partitions and decides for them; all others it follows, so that it can take them over at once. So it
holds every call in memory, however many processes there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

import numpy as np

from deploy.capacity.demand import Rates, Shares, exponent, rates, shares
from deploy.capacity.inputs import DECIDERS, Decider, DeciderName, Measured, Wanted
from deploy.capacity.spread import Spread
from services.triage.service import TRIAGE
from shared.call_keys import LASTS
from shared.engine.beats import BEAT_SECONDS
from shared.engine.peers import SILENT_BEATS
from shared.engine.snapshots import SNAPSHOT_EVERY_RECORDS, STATE_BYTES
from shared.engine.state import REMEMBERED_DAYS
from shared.topics import CALL_KEYS

YEAR_DAYS = 365
MIB, GIB = 2**20, 2**30
LEAST_PROCESSES = 2
"""Of each service: one goes on where the other dies."""
DAYS_IN_MEMORY = REMEMBERED_DAYS + 1
"""Whole days are forgotten, so today is remembered besides."""
KEY_DAYS = LASTS / timedelta(days=1)
"""For so long a call's key is kept, and triage has it in memory."""
SILENCE_SECONDS = SILENT_BEATS * BEAT_SECONDS
"""Who says nothing for so long is taken for dead by the others."""


@dataclass(frozen=True)
class Cell:
    """Agencies on one careroute and one Kafka: all of a country's, or some of them."""

    measured: Measured
    wanted: Wanted
    partitions: int
    shares: Shares
    """By agency, of the calls of the cell, the largest first."""
    part: float = 1.0
    """Of all calls, how much comes to this cell."""

    # --- what comes ------------------------------------------------------------------------------------------------

    @cached_property
    def rates(self) -> Rates:
        """Versions a second."""
        return Rates(*rates(self.wanted.demand).times(self.part))

    @property
    def calls_a_day(self) -> float:
        """On a usual day."""
        return self.wanted.demand.calls_a_year * self.part / YEAR_DAYS

    def calls_in(self, days: float, *, surge: bool) -> float:
        """Calls of so many days; with a surge, the last of them were one."""
        demand = self.wanted.demand
        extra = min(days, demand.surge_hours / 24) * (demand.surge_factor - 1) if surge else 0.0
        return self.calls_a_day * (days + extra)

    def remembered(self, *, surge: bool) -> float:
        """Calls that are over and not forgotten."""
        return self.calls_in(DAYS_IN_MEMORY, surge=surge)

    def open_calls(self, name: DeciderName, *, surge: bool) -> float:
        """Calls that a service has in hand in the busiest hour: Little's law."""
        demand, rate = self.wanted.demand, self.rates.surge if surge else self.rates.busiest
        minutes = demand.routing_minutes if name == "notification" else demand.open_minutes
        return rate / demand.versions_a_call * minutes * 60

    @property
    def longer(self) -> float:
        """How many times the versions of the calls that were weighed a call has: it weighs in proportion."""
        return self.wanted.demand.versions_a_call / self.measured.run.versions_a_call

    @cached_property
    def spread(self) -> Spread:
        """Over the partitions."""
        return Spread.of(self.shares, self.partitions)

    # --- a core ----------------------------------------------------------------------------------------------------

    def decider(self, name: DeciderName) -> Decider:
        """What was measured of a deciding service."""
        return self.measured.deciders[name]

    def deciding(self, name: DeciderName) -> float:
        """Seconds of a core for a version."""
        return self.measured.processes[name].cpu_ms_a_version / 1000

    def following(self, name: DeciderName) -> float:
        """Seconds of a core for a version that another process decides."""
        figures = self.decider(name)
        return figures.journal_records_a_version * figures.fold_us_a_record / 1e6

    def packing(self, name: DeciderName, rate: float, squares: float, *, surge: bool) -> float:
        """Cores that write snapshots of partitions, with the sum of the squares of their shares of the versions.

        A partition writes all that it remembers whenever its journal has grown by so many records: both go with its
        share, so that what it takes goes with the square of that.
        """
        return self._rounds(name, rate) * self.pack_seconds(name, 1.0, surge=surge) * squares

    def saving(self, name: DeciderName, rate: float, squares: float, *, surge: bool) -> float:
        """Bytes of snapshots that are written in a second: as above, of each partition all that it remembers."""
        return self._rounds(name, rate) * self.snapshot_bytes(name, 1.0, surge=surge) * squares

    def _rounds(self, name: DeciderName, rate: float) -> float:
        """How many a second there would be if all were one partition."""
        return rate * self.decider(name).journal_records_a_version / SNAPSHOT_EVERY_RECORDS

    def pack_seconds(self, name: DeciderName, share: float, *, surge: bool) -> float:
        """Seconds of a core for the snapshot of what has this share of the calls; in pieces, between other work."""
        return share * self.remembered(surge=surge) * self.longer * self.decider(name).pack_us_a_call / 1e6

    def busy(self, name: DeciderName, processes: int, rate: float, *, surge: bool) -> float:
        """How busy the core of the process is that has most to do."""
        share = self.spread.hottest_process(processes)
        work = share * self.deciding(name) + (1 - share) * self.following(name)
        packing = self.packing(name, rate, self.spread.squares(processes), surge=surge)
        return self.measured.processes[name].idle_cores + rate * work + packing

    def busy_partition(self, name: DeciderName) -> float:
        """How busy the hottest partition would keep a core in a surge, if that had nothing else to do."""
        share = self.spread.hottest_partition()
        packing = self.packing(name, self.rates.surge, share**2, surge=True)
        return self.rates.surge * share * self.deciding(name) + packing

    # --- processes -------------------------------------------------------------------------------------------------

    def processes(self, name: DeciderName) -> int | None:
        """How many a service needs in the busiest hour of a surge, spares included; None where no number is enough."""
        layout = self.wanted.layout

        def is_enough(number: int) -> bool:
            return self.busy(name, number, self.rates.surge, surge=True) <= layout.most_utilisation

        if not is_enough(self.partitions) and self.deciding(name) >= self.following(name):
            return None  # with a partition each, they are the least busy
        numbers = filter(is_enough, range(1, self.partitions + 1))
        number = next(numbers, None)
        return None if number is None else max(LEAST_PROCESSES, number + layout.spare_processes)

    def owning(self, name: DeciderName) -> int:
        """Those of them that own partitions: as many as there are partitions where no number is enough."""
        return min(self.processes(name) or self.partitions, self.partitions)

    def intakes(self) -> int:
        """How many processes of intake, which remember nothing and share out calls evenly."""
        layout = self.wanted.layout
        cores = self.rates.surge * self.measured.processes["intake"].cpu_ms_a_version / 1000
        return max(LEAST_PROCESSES, math.ceil(cores / layout.most_utilisation) + layout.spare_processes)

    def memory_bytes(self, name: DeciderName, *, surge: bool) -> float:
        """Of one process."""
        figures = self.decider(name)
        calls = self.open_calls(name, surge=surge) * figures.bytes_an_open_call
        calls += self.remembered(surge=surge) * figures.bytes_a_remembered_call
        counted = len(self.shares) * figures.bytes_an_agency + calls * self.longer
        counted += self.calls_in(KEY_DAYS, surge=surge) * self.key_bytes(name)
        return self.measured.processes[name].resident_mib * MIB + counted * figures.resident_a_counted_byte

    def key_bytes(self, name: DeciderName) -> float:
        """Of a call's keys, which triage alone opens: in memory they take about what they take on disk."""
        share = self.measured.topics.get(CALL_KEYS.name)
        if share is None or name != TRIAGE.name:
            return 0.0
        return share.bytes_a_version * self.measured.run.versions_a_call

    def restart_seconds(self, name: DeciderName, *, surge: bool) -> float:
        """From exec until a process is warm, on a core of its own, where every partition has its snapshots."""
        figures = self.decider(name)
        a_call = figures.unpack_us_a_call + figures.collect_us_a_call
        unpacking = self.remembered(surge=surge) * self.longer * a_call / 1e6
        tail = self.partitions * SNAPSHOT_EVERY_RECORDS * figures.fold_us_a_record / 1e6
        return figures.start_cpu_seconds + unpacking + tail

    def whole_journal_seconds(self, name: DeciderName) -> float:
        """The same where no snapshot can be used: it folds all that was ever written."""
        days = self.wanted.layout.years_kept * YEAR_DAYS
        versions = self.calls_in(days, surge=True) * self.wanted.demand.versions_a_call
        return self.decider(name).start_cpu_seconds + versions * self.following(name)

    def backlog_seconds(self, name: DeciderName) -> float | None:
        """How long the backlog of an hour of a surge takes, while the surge goes on; None: for ever."""
        left = self.owning(name) * self.decider(name).drained_versions_a_cpu_second - self.rates.surge
        return 3600 * self.rates.surge / left if left > 0 else None

    def fits(self) -> bool:
        """Whether processes can be added until none is too busy, and each holds the cell in memory."""
        limit = self.wanted.layout.process_gib * GIB
        return all(self.memory_bytes(name, surge=True) <= limit for name in DECIDERS) and all(
            self.processes(name) is not None for name in DECIDERS
        )

    # --- one agency ------------------------------------------------------------------------------------------------

    @property
    def largest(self) -> float:
        """The share of the largest agency."""
        return float(self.shares[0])

    def snapshot_bytes(self, name: DeciderName, share: float, *, surge: bool) -> float:
        """The snapshot of an agency that has this share of the calls."""
        return share * self.remembered(surge=surge) * self.longer * self.decider(name).snapshot_bytes_a_call

    def unsaved_agencies(self, name: DeciderName, *, surge: bool) -> int:
        """Agencies whose state is too large to be saved: of their partition no newer snapshot counts."""
        return int((self.shares * self.snapshot_bytes(name, 1.0, surge=surge) > STATE_BYTES).sum())

    def most_saved_calls(self, name: DeciderName) -> float:
        """Calls a year of an agency whose state is just small enough to be saved, without any surge."""
        return STATE_BYTES / self.snapshot_bytes(name, 1.0, surge=False) * self.calls_a_day * YEAR_DAYS

    def full_core_versions(self, name: DeciderName) -> float:
        """Versions a second of one agency that keep a core as busy as it may be."""
        return self.wanted.layout.most_utilisation / self.deciding(name)


def whole(measured: Measured, wanted: Wanted) -> Cell:
    """Everybody in one cell. Raises ValueError where the largest agency has too many calls, or too few."""
    demand = wanted.demand
    largest = demand.largest_agency_calls_a_year / demand.calls_a_year
    if not 1 / demand.agencies <= largest <= 1:
        raise ValueError(
            f"demand.largest_agency_calls_a_year: {demand.largest_agency_calls_a_year} of {demand.calls_a_year} calls "
            f"of {demand.agencies} agencies; at least the average, and at most all"
        )
    sizes = shares(demand.agencies, exponent(demand.agencies, largest))
    return Cell(measured, wanted, wanted.layout.partitions, sizes)


def of_largest(country: Cell, cells: int) -> Cell:
    """Of so many cells that of the largest agency: they are dealt out, the largest first, each to the lightest cell.

    The others are as heavy, or lighter: by no more than the smallest agency is any heavier.
    """
    loads, mine = np.zeros(cells), list[float]()
    for share in country.shares:
        lightest = int(loads.argmin())
        loads[lightest] += share
        if lightest == 0:
            mine.append(float(share))
    part = float(loads[0])
    return replace(country, shares=np.array(mine) / part, part=country.part * part)
