"""What the model is told: what one machine has measured, and what is asked of a deployment. Two TOML documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.topics import TOPICS

T = TypeVar("T", bound=Mapping[Any, Any])

MEASURED = Path(__file__).with_name("measured.toml")
NATIONAL = Path(__file__).with_name("national.toml")

WEEK_HOURS = 168

DeciderName = Literal["triage", "team-availability", "notification"]
DECIDERS: tuple[DeciderName, ...] = ("triage", "team-availability", "notification")
ProcessName = Literal["intake", "triage", "team-availability", "notification", "kafka"]
PROCESSES: tuple[ProcessName, ...] = ("intake", *DECIDERS, "kafka")

Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Amount = Annotated[float, Field(ge=0, le=1e12)]
Positive = Annotated[float, Field(gt=0, le=1e12)]


def _complete(names: Sequence[str]) -> Callable[[T], T]:
    def check(tables: T) -> T:
        if missing := [name for name in names if name not in tables]:
            raise ValueError(f"{', '.join(missing)} must be there too")
        return tables

    return check


def _topic(name: str) -> str:
    if name not in (names := [topic.name for topic in TOPICS]):
        raise ValueError(f"should be one of {', '.join(names)}")
    return name


def _some(week: list[int]) -> list[int]:
    if not any(week):
        raise ValueError("should have a call in some hour")
    return week


TopicName = Annotated[str, AfterValidator(_topic)]
HourCalls = Annotated[int, Field(ge=0, le=10**9)]


class Table(BaseModel):
    """A table of a document: nothing that is not known, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# --- measured.toml, written by `make bench ARGS="--parts capacity"` ---------------------------------------------------


class Run(Table):
    """The run that has measured."""

    date: date
    commit: Text
    machine: Text
    load_average: Amount
    """When it began: what else the machine did. So all that is measured is processor time, bytes and numbers."""
    calls: Text
    """What was sent."""
    versions_a_call: Annotated[float, Field(ge=1, le=1_000)]
    """Of the calls that were weighed."""


class Process(Table):
    """One process, Kafka's own among them."""

    idle_cores: Amount
    """The share of a core that it uses while nothing happens."""
    cpu_ms_a_version: Positive
    """What a version adds to that where versions come one by one: together they cost less."""
    resident_mib: Positive
    """With next to no calls."""


class Decider(Table):
    """A deciding service: a process that remembers."""

    drained_versions_a_cpu_second: Positive
    """Versions of a backlog, with all that follows from them, in a second of a core."""
    journal_records_a_version: Positive
    fold_us_a_record: Positive
    """Processor time of following a record that another process has written into the journal."""
    start_cpu_seconds: Positive
    """From exec until it waits for work, on an almost empty journal."""
    bytes_an_agency: Amount
    """State before any call: programme, teams, people."""
    bytes_an_open_call: Positive
    bytes_a_remembered_call: Positive
    """A call that is over, until it is forgotten."""
    resident_a_counted_byte: Annotated[float, Field(ge=1, le=10)]
    """What a process grows by for each byte of state that can be counted."""
    snapshot_bytes_a_call: Positive
    """Compressed, of a call that is over."""
    pack_us_a_call: Positive
    """Processor time of a snapshot; nothing is decided meanwhile."""
    unpack_us_a_call: Positive
    collect_us_a_call: Positive
    """Processor time of Python's collector when it looks at everything; nothing is decided meanwhile."""


class TopicShare(Table):
    """What a version of a call leaves in a topic, with all that follows from it."""

    records_a_version: Amount
    bytes_a_version: Amount
    """On disk, in one copy: with keys, headers and what Kafka adds to a batch."""


class Measured(Table):
    """What one machine has measured."""

    run: Run
    processes: Annotated[dict[ProcessName, Process], AfterValidator(_complete(PROCESSES))]
    deciders: Annotated[dict[DeciderName, Decider], AfterValidator(_complete(DECIDERS))]
    topics: Annotated[dict[TopicName, TopicShare], Field(min_length=1)]


# --- national.toml, or a document like it ----------------------------------------------------------------------------


class Demand(Table):
    """Who calls, and how often."""

    agencies: Annotated[int, Field(ge=1, le=20_000)]
    calls_a_year: Annotated[int, Field(ge=1, le=10**11)]
    largest_agency_calls_a_year: Annotated[int, Field(ge=1, le=10**11)]
    """From it follows the exponent of Zipf's law: the n-th largest agency has 1/n^exponent of the largest's calls."""
    versions_a_call: Annotated[float, Field(ge=1, le=1_000)]
    """A call is sent again whenever anything of it changes."""
    open_minutes: Annotated[float, Field(gt=0, le=10_080)]
    """From a call's first version until it is over."""
    routing_minutes: Annotated[float, Field(gt=0, le=10_080)]
    """From a call's first version until it has its outcome: so long people and CADs are told of it."""
    surge_factor: Annotated[float, Field(ge=1, le=1_000)]
    surge_hours: Annotated[float, Field(gt=0, le=168)]
    calls_by_hour_of_week: Annotated[
        list[HourCalls], Field(min_length=WEEK_HOURS, max_length=WEEK_HOURS), AfterValidator(_some)
    ]
    """From Monday, midnight, on; only their proportions count."""


class Layout(Table):
    """How it is to be laid out."""

    cells: Annotated[int, Field(ge=1, le=64)]
    """Into how many careroutes, each with a Kafka of its own, the agencies are divided."""
    partitions: Annotated[int, Field(ge=1, le=4_096)]
    """Of every topic of a cell."""
    replication: Annotated[int, Field(ge=1, le=7)]
    years_kept: Annotated[float, Field(gt=0, le=100)]
    """How much of the journals there is: they are kept for good."""
    most_utilisation: Annotated[float, Field(gt=0, lt=1)]
    """How busy a core may be in the busiest hour of a surge: what is left takes a second surge, or a slow neighbour."""
    spare_processes: Annotated[int, Field(ge=0, le=100)]
    """Of each service, beyond those that the load needs."""
    process_gib: Positive
    """The most memory that a process may take."""
    broker_cores: Annotated[float, Field(ge=1, le=1_024)]
    broker_gib: Positive
    broker_disk_tb: Positive
    broker_mb_a_second: Positive
    broker_partition_copies: Annotated[int, Field(ge=1, le=1_000_000)]


class Prices(Table):
    """What is paid, in one currency."""

    core_year: Amount
    gib_memory_year: Amount
    tb_disk_year: Amount


class Wanted(Table):
    """What is asked of a deployment."""

    demand: Demand
    layout: Layout
    prices: Prices
