"""Round figures, with which the arithmetic can be done by hand."""

from __future__ import annotations

from datetime import date

from deploy.capacity.inputs import (
    DECIDERS,
    Decider,
    Demand,
    Layout,
    Measured,
    Prices,
    Process,
    Run,
    TopicShare,
    Wanted,
)

RUN = Run(date=date(2026, 1, 1), commit="0", machine="round", load_average=0.0, calls="none", versions_a_call=10.0)
PROCESS = Process(idle_cores=0.0, cpu_ms_a_version=1.0, resident_mib=100.0)
DECIDER = Decider(
    drained_versions_a_cpu_second=1_000.0,
    journal_records_a_version=1.0,
    fold_us_a_record=100.0,
    start_cpu_seconds=1.0,
    bytes_an_agency=1_000.0,
    bytes_an_open_call=2_000.0,
    bytes_a_remembered_call=1_000.0,
    resident_a_counted_byte=1.0,
    snapshot_bytes_a_call=100.0,
    pack_us_a_call=10.0,
    unpack_us_a_call=20.0,
    collect_us_a_call=5.0,
)
TOPICS = {
    "calls": TopicShare(records_a_version=1.0, bytes_a_version=1_000.0),
    "decisions": TopicShare(records_a_version=1.0, bytes_a_version=2_000.0),
}
MEASURED = Measured(
    run=RUN,
    processes=dict.fromkeys(("intake", *DECIDERS, "kafka"), PROCESS),
    deciders=dict.fromkeys(DECIDERS, DECIDER),
    topics=TOPICS,
)
DEMAND = Demand(
    agencies=100,
    calls_a_year=365 * 86_400,  # one a second
    largest_agency_calls_a_year=365 * 8_640,  # a tenth of them
    versions_a_call=10.0,
    open_minutes=60.0,
    routing_minutes=1.0,
    surge_factor=10.0,
    surge_hours=24.0,
    calls_by_hour_of_week=[1] * 84 + [3] * 84,  # the busiest hour has half as much again as an average one
)
LAYOUT = Layout(
    cells=1,
    partitions=16,
    replication=3,
    years_kept=1.0,
    most_utilisation=0.5,
    spare_processes=1,
    process_gib=16.0,
    broker_cores=4.0,
    broker_gib=16.0,
    broker_disk_tb=10.0,
    broker_mb_a_second=100.0,
    broker_partition_copies=4_000,
)
PRICES = Prices(core_year=100.0, gib_memory_year=10.0, tb_disk_year=1_000.0)
WANTED = Wanted(demand=DEMAND, layout=LAYOUT, prices=PRICES)
