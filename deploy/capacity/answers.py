"""What the model says: figures, what breaks first, how many partitions and cells there should be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.capacity import plan
from deploy.capacity.figures import Line, figures
from deploy.capacity.inputs import DECIDERS, DeciderName
from deploy.capacity.model import GIB, MIB, Cell, of_largest
from shared.engine.snapshots import STATE_BYTES

LEFT_OUT = (
    "The audit log: it grows with what people look at, not with calls.",
    "Console, pocket, reporting, auditor, prober, rostering: their processes, databases and web traffic.",
    "Texts, calls and mails, and what carriers take for them; people, sites, support.",
    "Calls unlike those measured: long narratives, many teams to an agency, hand-overs, holds.",
    "Steps of many versions, which are cheaper than one version by one: under load the figures here are too high.",
    "Reading the keys of calls whenever triage starts: there is no snapshot of them.",
    "Time on the wire and on disk: three brokers were not measured, nor any network between sites.",
    "Failures beyond spare processes: no broker, rack or site is lost here.",
    "A disaster that sends one region more than the surge says; here it comes to all agencies alike, in one hour.",
    "Other processors than the one measured on, which did other work beside: alone it is faster.",
)


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that a surge comes close to, or goes beyond."""

    name: str
    need: float
    limit: float
    unit: str

    @property
    def bears(self) -> float:
        """How many times this surge it bears."""
        return self.limit / self.need


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that the model says."""

    figures: dict[str, list[Line]]
    """By heading."""
    limits: list[Limit]
    """What breaks first comes first."""
    choices: list[plan.Choice]
    best: plan.Choice | None
    own_partition: float
    """How many times the calls of the largest agency one has that fills a core, and needs a partition of its own."""
    most_saved_calls: float
    """How many calls a year an agency has at most if its state is to be saved, without any surge."""
    left_out: tuple[str, ...] = LEFT_OUT


def answers(country: Cell) -> Answers:
    """All of it."""
    cell = of_largest(country, country.wanted.layout.cells)
    limits = sorted((limit for name in DECIDERS for limit in _limits(cell, name)), key=lambda limit: limit.bears)
    choices = list(plan.choices(country))
    return Answers(
        figures(country, cell),
        limits,
        choices,
        plan.best(choices, country.largest),
        min(map(country.full_core_versions, DECIDERS)) / (country.rates.surge * country.largest),
        min(map(country.most_saved_calls, DECIDERS)),
    )


def _limits(cell: Cell, name: DeciderName) -> Iterator[Limit]:
    layout = cell.wanted.layout
    size = cell.snapshot_bytes(name, cell.largest, surge=True)
    yield Limit(f"{name}: snapshot of the largest agency", size / MIB, STATE_BYTES / MIB, "MiB")
    yield Limit(f"{name}: memory of a process", cell.memory_bytes(name, surge=True) / GIB, layout.process_gib, "GiB")
    following = cell.rates.surge * cell.following(name)
    yield Limit(f"{name}: following what others decide", following, layout.most_utilisation, "cores")
    yield Limit(f"{name}: the hottest partition", cell.busy_partition(name), layout.most_utilisation, "cores")
