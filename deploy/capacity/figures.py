"""The figures of a layout in the order in which they are told, each with its formula in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploy.capacity import plan, storage
from deploy.capacity.demand import YEAR_SECONDS, peak
from deploy.capacity.demand import exponent as zipf
from deploy.capacity.inputs import DECIDERS, DeciderName
from deploy.capacity.model import DAYS_IN_MEMORY, GIB, KEY_DAYS, MIB, SILENCE_SECONDS, Cell
from deploy.capacity.spread import DRAWS
from deploy.capacity.storage import TB
from deploy.capacity.waiting import mean_wait, wait_at
from shared.engine.beats import BEAT_SECONDS
from shared.engine.packing import BYTES_AT_ONCE
from shared.engine.peers import SILENT_BEATS
from shared.engine.snapshots import SNAPSHOT_EVERY_RECORDS, STATE_BYTES


@dataclass(frozen=True, slots=True)
class Line:
    """A figure on a mean day, in the busiest hour of a week and in that of a surge; or one for all three."""

    name: str
    values: tuple[float | None, ...]
    """None: there is none that is enough."""
    unit: str
    how: str


_TAKEN_OVER = Line(
    "a dead process is noticed after",
    (SILENCE_SECONDS,),
    "s",
    f"{SILENT_BEATS} beats of {BEAT_SECONDS:g} s; the others hold what it held, and claim it at once",
)


def figures(country: Cell, cell: Cell) -> dict[str, list[Line]]:
    """By heading: what comes to the country, what one of its cells makes of it, and what all of them cost."""
    cells = country.wanted.layout.cells
    return {
        "What comes, all agencies": list(_demand(country)),
        "Agencies and partitions, one cell": list(_spread(country, cell)),
        "Processes, one cell": [line for name in DECIDERS for line in _processes(cell, name)] + [*_intake(cell)],
        "Waiting for a core, one cell": list(_waiting(cell)),
        "Memory and restarts, one cell": [_TAKEN_OVER] + [line for name in DECIDERS for line in _memory(cell, name)],
        "One agency's snapshot": [line for name in DECIDERS for line in _snapshots(country, name)],
        "Kafka, one cell": list(_kafka(cell)),
        f"Cost a year, all {cells} cells": list(_cost(cell, cells)),
    }


def _demand(cell: Cell) -> Iterator[Line]:
    demand = cell.wanted.demand
    calls = cell.rates.times(1 / demand.versions_a_call)
    busiest = f"x {peak(demand.calls_by_hour_of_week):.2f} (busiest hour of the week) x {demand.surge_factor:g} (surge)"
    yield Line("calls", calls, "/s", f"{demand.calls_a_year:,} calls a year ÷ {YEAR_SECONDS:,} s; {busiest}")
    yield Line("versions", cell.rates.times(1.0), "/s", f"calls x {demand.versions_a_call:g} versions a call")
    opened = tuple(rate * demand.open_minutes * 60 for rate in calls)
    yield Line("open calls", opened, "", f"calls a second x {demand.open_minutes:g} min (Little's law)")
    how = f"calls a day x {DAYS_IN_MEMORY} days in memory, the last of them a surge of {demand.surge_hours:g} h"
    yield Line("remembered calls", _thrice(cell.remembered), "", how)


def _spread(country: Cell, cell: Cell) -> Iterator[Line]:
    demand, layout = cell.wanted.demand, cell.wanted.layout
    exponent = zipf(demand.agencies, country.largest)
    how = (
        f"{demand.largest_agency_calls_a_year:,} of {demand.calls_a_year:,}; by Zipf's law with exponent {exponent:.3f}"
    )
    yield Line("largest agency, of all calls", (100 * country.largest,), "%", how)
    yield Line("largest agency", country.rates.times(country.largest), "versions/s", "its share x versions")
    how = f"that of the largest agency, of {layout.cells}: dealt out, the largest first, each to the lightest"
    yield Line("cell, of all calls", (100 * cell.part,), "%", how)
    hottest = cell.spread.hottest_partition()
    how = f"Kafka's hash of {len(cell.shares):,} names over {cell.partitions}, median of {DRAWS} sets of names"
    yield Line("hottest partition, of the cell", (100 * hottest,), "%", how)
    yield Line("hottest partition", cell.rates.times(hottest), "versions/s", "its share x versions of the cell")
    yield Line("hottest partition, times the average", (hottest * cell.partitions,), "x", "its share x partitions")
    for name in DECIDERS:
        full = cell.full_core_versions(name)
        how = f"{layout.most_utilisation:g} of a core ÷ {1000 * cell.deciding(name):.2g} ms a version"
        yield Line(f"{name}: one agency fills a core at", (full,), "versions/s", how)
        calls = full / country.rates.surge * demand.calls_a_year / 1e6
        yield Line(f"{name}: such an agency has", (calls,), "M calls/a", "÷ versions in a surge x calls a year")


def _processes(cell: Cell, name: DeciderName) -> Iterator[Line]:
    layout, figures, rates = cell.wanted.layout, cell.decider(name), cell.rates
    how = f"versions x {1000 * cell.deciding(name):.2g} ms"
    yield Line(f"{name}: deciding", rates.times(cell.deciding(name)), "cores", how)
    how = f"versions x {figures.journal_records_a_version:g} records x {figures.fold_us_a_record:g} µs, in each process"
    yield Line(f"{name}: following the others", rates.times(cell.following(name)), "cores", how)
    squares = cell.spread.squares(1)
    usual, busiest = (cell.packing(name, rate, squares, surge=False) for rate in (rates.mean, rates.busiest))
    how = (
        f"versions x records ÷ {SNAPSHOT_EVERY_RECORDS:,} x remembered calls x {figures.pack_us_a_call:g} µs "
        f"x {squares:.3f} (squares of the partitions' shares)"
    )
    surge = cell.packing(name, rates.surge, squares, surge=True)
    yield Line(f"{name}: snapshots", (usual, busiest, surge), "cores", how)
    how = f"until the busiest is {layout.most_utilisation:g} busy in a surge, + {layout.spare_processes} spare"
    yield Line(f"{name}: processes", (cell.processes(name),), "", how)


def _intake(cell: Cell) -> Iterator[Line]:
    layout, milliseconds = cell.wanted.layout, cell.measured.processes["intake"].cpu_ms_a_version
    yield Line("intake: work", cell.rates.times(milliseconds / 1000), "cores", f"versions x {milliseconds:.2g} ms")
    how = f"÷ {layout.most_utilisation:g} busy, + {layout.spare_processes} spare"
    yield Line("intake: processes", (cell.intakes(),), "", how)


def _waiting(cell: Cell) -> Iterator[Line]:
    means, most, work = [0.0] * 3, [0.0] * 3, 0.0
    for name in DECIDERS:
        share, service = cell.spread.hottest_process(cell.owning(name)), cell.deciding(name)
        for at, rate in enumerate(cell.rates.times(share)):
            means[at] += 1000 * mean_wait(rate, service)
            most[at] += 1000 * wait_at(0.99, rate, service)
        work += 1000 * service
    yield Line("work on a version", (work,), "ms", "in the three deciding services, one after another")
    how = "busy x work ÷ (2 x (1 - busy)), M/D/1 in the busiest process of each; while no snapshot is written"
    yield Line("mean wait", tuple(means), "ms", how)
    yield Line("99th percentile", tuple(most), "ms", "its exponential tail; those of the three added up, so at most")


def _memory(cell: Cell, name: DeciderName) -> Iterator[Line]:
    figures = cell.decider(name)
    keys = f" + calls of {KEY_DAYS:g} days x {size:,g} B, their keys" if (size := cell.key_bytes(name)) else ""
    how = (
        f"{cell.measured.processes[name].resident_mib:g} MiB + {figures.resident_a_counted_byte:g} x "
        f"({len(cell.shares):,} agencies x {figures.bytes_an_agency:,g} B + open x {figures.bytes_an_open_call:,g} B "
        f"+ remembered x {figures.bytes_a_remembered_call:,g} B{keys})"
    )
    memory = _thrice(lambda surge: cell.memory_bytes(name, surge=surge) / GIB)
    yield Line(f"{name}: each process", memory, "GiB", how)
    restart = _thrice(lambda surge: cell.restart_seconds(name, surge=surge))
    how = (
        f"{figures.start_cpu_seconds:g} s + remembered x ({figures.unpack_us_a_call:g} + "
        f"{figures.collect_us_a_call:g} µs) + {cell.partitions} x {SNAPSHOT_EVERY_RECORDS:,} records "
        f"x {figures.fold_us_a_record:g} µs"
    )
    yield Line(f"{name}: warm after a start", restart, "s", how)
    processes = cell.processes(name)
    rolling = None if processes is None else processes * restart[-1] / 60
    yield Line(f"{name}: all restarted in turn in", (rolling,), "min", "processes x warm after a start, after a surge")
    how = f"versions of all years kept ({cell.wanted.layout.years_kept:g}) x records x {figures.fold_us_a_record:g} µs"
    yield Line(f"{name}: without any snapshot", (cell.whole_journal_seconds(name) / 3600,), "h", how)
    seconds = cell.backlog_seconds(name)
    how = (
        f"of a surge ÷ ({cell.owning(name)} processes x {figures.drained_versions_a_cpu_second:,g}/s "
        "- what comes meanwhile)"
    )
    yield Line(f"{name}: an hour's backlog takes", (None if seconds is None else seconds / 60,), "min", how)


def _snapshots(country: Cell, name: DeciderName) -> Iterator[Line]:
    figures = country.decider(name)
    sizes = _thrice(lambda surge: country.snapshot_bytes(name, country.largest, surge=surge) / MIB)
    how = f"remembered x {figures.snapshot_bytes_a_call:g} B; at most {STATE_BYTES // MIB}, or it is not saved"
    yield Line(f"{name}: of the largest", sizes, "MiB", how)
    yield Line(
        f"{name}: agencies with more than that",
        _thrice(lambda surge: country.unsaved_agencies(name, surge=surge)),
        "",
        "",
    )
    seconds = _thrice(lambda surge: country.pack_seconds(name, country.largest, surge=surge))
    how = f"remembered x {figures.pack_us_a_call:g} µs; other work has its turn after each {BYTES_AT_ONCE // 1024} KiB"
    yield Line(f"{name}: writing it", seconds, "s", how)
    how = f"without a surge: {STATE_BYTES // MIB} MiB ÷ B a call"
    yield Line(f"{name}: saved up to", (country.most_saved_calls(name) / 1e6,), "M calls/a", how)


def _kafka(cell: Cell) -> Iterator[Line]:
    layout = cell.wanted.layout
    for each in storage.kept(cell):
        share = cell.measured.topics[each.topic]
        end = "kept for good" if each.for_good else "then deleted"
        how = f"versions of {each.days:g} days ({end}), a surge among them x {share.bytes_a_version:,g} B"
        yield Line(each.topic, (each.copy_bytes / TB,), "TB", how)
    yield Line("disk", (storage.disk_tb(cell),), "TB", f"all topics x {layout.replication} copies")
    rates = cell.rates.times(1.0)
    written = tuple(storage.written_mb(cell, rate) for rate in rates)
    yield Line("written", written, "MB/s", "versions x bytes a version; one copy")
    usual, busiest = (storage.saved_mb(cell, rate, surge=False) for rate in (cell.rates.mean, cell.rates.busiest))
    saved = (usual, busiest, storage.saved_mb(cell, cell.rates.surge, surge=True))
    how = f"versions x records ÷ {SNAPSHOT_EVERY_RECORDS:,} x remembered calls x bytes a call x squares, as above"
    yield Line("written: snapshots", saved, "MB/s", f"{how}; besides")
    read = tuple(storage.read_mb(cell, rate) for rate in rates)
    yield Line(
        "read", read, "MB/s", "by each service, reporting and auditor; a journal by all processes that follow it"
    )
    how = f"versions x {cell.measured.processes['kafka'].cpu_ms_a_version:.2g} ms x {layout.replication} copies"
    yield Line("processor", tuple(storage.cores(cell, rate) for rate in rates), "cores", how)
    needs = storage.brokers(cell)
    how = "the greatest of " + ", ".join(f"{number} for {name}" for name, number in needs.items())
    yield Line("brokers", (max(needs.values()),), "", how)


def _cost(cell: Cell, cells: int) -> Iterator[Line]:
    paid, prices = plan.bill(cell, cells), cell.wanted.prices
    if paid is None:
        yield Line("all", (None,), "", "no number of processes is enough")
        return
    how = (
        f"{paid.processes} processes, a core each, and {paid.brokers} brokers: {paid.cores:g} cores "
        f"x {prices.core_year:g}"
    )
    yield Line("processors", (paid.cores * prices.core_year,), "", how)
    how = f"{paid.memory_gib:,.0f} GiB x {prices.gib_memory_year:g}"
    yield Line("memory", (paid.memory_gib * prices.gib_memory_year,), "", how)
    yield Line("disk", (paid.disk_tb * prices.tb_disk_year,), "", f"{paid.disk_tb:.1f} TB x {prices.tb_disk_year:g}")
    yield Line("all", (paid.cost,), "", "at prices that are assumed")
    yield Line("a thousand calls", (1000 * paid.cost / cell.wanted.demand.calls_a_year,), "", "÷ calls a year")


def _thrice(figure: Callable[..., float]) -> tuple[float, float, float]:
    """What does not depend on the hour: the same on a mean day as in the busiest hour, and more after a surge."""
    usual = figure(surge=False)
    return usual, usual, figure(surge=True)
