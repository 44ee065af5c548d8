"""What the journals of a run amount to in memory and in snapshots, in a process of its own, which does nothing else.

`python -m tests.bench.folded SPEC.json`
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import psutil

from services.notification.service import NOTIFICATION
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE
from shared.engine.journal import START
from shared.engine.kafka import KafkaBroker
from shared.engine.reader import JournalReader
from shared.engine.restoration import Restoration
from shared.engine.service import Service
from shared.engine.snapshot_cache import Snapshots
from shared.engine.state import EMPTY, ByDay

SERVICES: dict[str, Service[Any]] = {service.name: service for service in (TRIAGE, TEAM_AVAILABILITY, NOTIFICATION)}
LOOKS = 12
"""How often, along each journal, the state is weighed: at its end nothing may be open any more."""
COPIES = 10
NOT_WEIGHED = (type, ModuleType, FunctionType, BuiltinFunctionType)
"""Shared by all states, however many there are."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The states of one partition at some point of its journal."""

    open_calls: int
    remembered_bytes: int
    """In what is forgotten by days."""
    other_bytes: int


@dataclass(frozen=True, slots=True)
class Copies:
    """What it takes to hold states."""

    resident_a_counted_byte: float
    """What the process grows by."""
    collect_cpu_seconds: float
    """Of Python's collector, looking once at what the calls have added."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Snapshots of states."""

    snapshot_bytes: int
    pack_cpu_seconds: float
    unpack_cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Folded:
    """The whole journal of a service."""

    records: int
    calls: int
    """That they are about."""
    fold_cpu_seconds: float
    copies: Copies
    base: list[Weighed]
    """Each partition before the first call."""
    fullest: list[Weighed]
    """Each partition where most calls were open."""
    last: list[Weighed]
    packed_base: Packed
    packed: Packed


async def folded(service: Service[Any], bootstrap: str, partitions: int, base: dict[str, int]) -> Folded:
    """Fold a service's journal as a process does that follows it; `base`: by partition, where the calls begin."""
    broker = KafkaBroker(bootstrap, partitions)
    journal = service.writes.name
    reader = JournalReader(await broker.reader(), [journal])
    places = [(journal, number) for number in range(partitions)]
    ends = await reader.ends(places)
    restorations = {number: Restoration(service, Snapshots()) for number in range(partitions)}
    records, cpu, calls, weighed = 0, 0.0, set[bytes](), dict[int, list[Weighed]]()
    base_states: list[Any] = []
    for place in places:
        number, end = place[1], ends[place]
        begin = base[str(number)]
        looks = deque(begin + (end - begin) * look // LOOKS for look in range(LOOKS))
        weighed[number] = []
        await reader.assign({place: START})
        began = time.process_time()
        async for stored in reader.until({place: end}):
            if looks and stored.offset >= looks[0]:
                looks.popleft()
                cpu += time.process_time() - began
                if not weighed[number]:
                    base_states += states_of(restorations[number])  # states are values: nothing changes them later
                weighed[number].append(weigh(service, states_of(restorations[number])))
                began = time.process_time()
            restorations[number].fold(stored)
            records += 1
            calls.add(stored.headers.get("subject", b""))
        cpu += time.process_time() - began
    for number in weighed:
        weighed[number].append(weigh(service, states_of(restorations[number])))
    states = [over(service, state) for restoration in restorations.values() for state in states_of(restoration)]
    await reader.close()
    await broker.close()
    return Folded(
        records,
        sum(subject.count(b"/") == 2 for subject in calls),
        cpu,
        copies_of(service, states, base_states),
        [of_one[0] for of_one in weighed.values()],
        [max(of_one, key=lambda each: each.open_calls) for of_one in weighed.values()],
        [of_one[-1] for of_one in weighed.values()],
        pack(service, base_states),
        pack(service, states),
    )


def pack(service: Service[Any], states: list[Any]) -> Packed:
    """Write snapshots and read them again."""
    began = time.process_time()
    packed = [service.packer.pack(state) for state in states]
    packing = time.process_time() - began
    began = time.process_time()
    for snapshot in packed:
        service.packer.unpack(snapshot)
    return Packed(sum(map(len, packed)), packing, time.process_time() - began)


def copies_of(service: Service[Any], states: list[Any], base: list[Any]) -> Copies:
    """Take in many copies of states, so that they outweigh what the process itself consists of."""
    packed, packed_base = (list(map(service.packer.pack, some)) for some in (states, base))
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    copies = [service.packer.unpack(snapshot) for _ in range(COPIES) for snapshot in packed]
    gc.collect()
    resident = process.memory_info().rss - before
    resident_a_counted_byte = resident / bytes_of(copies)
    full = collect_cpu_seconds()
    copies = [service.packer.unpack(snapshot) for _ in range(COPIES) for snapshot in packed_base]
    return Copies(resident_a_counted_byte, (full - collect_cpu_seconds()) / COPIES)


def collect_cpu_seconds() -> float:
    """How long the collector takes over all that there is, once what was dropped is gone."""
    gc.collect()
    began = time.process_time()
    gc.collect()
    return time.process_time() - began


def over(service: Service[Any], state: Any) -> Any:
    """A state without its open calls, which weigh many times what is remembered of them."""
    return replace(state, **{open_calls_of(service): EMPTY})


def open_calls_of(service: Service[Any]) -> str:
    """The field of a state in which they stand."""
    return "owed" if service is NOTIFICATION else "calls"


def states_of(restoration: Restoration[Any]) -> list[Any]:
    """The agencies' states as they stand."""
    return list(restoration._state.states.values())


def weigh(service: Service[Any], states: Iterable[Any]) -> Weighed:
    """Count the bytes of states."""
    states = list(states)
    days = [value for state in states for value in values_of(state) if isinstance(value, ByDay)]
    others = [value for state in states for value in values_of(state) if not isinstance(value, ByDay)]
    name = open_calls_of(service)
    return Weighed(sum(len(getattr(state, name)) for state in states), bytes_of(days), bytes_of(others))


def values_of(state: Any) -> list[Any]:
    """The fields of a state."""
    return [getattr(state, each.name) for each in fields(state)]


def bytes_of(roots: list[Any]) -> int:
    """The bytes of objects and of all that they refer to, each once."""
    seen, waiting, size = set[int](), list(roots), 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, NOT_WEIGHED):
            continue
        seen.add(id(item))
        size += sys.getsizeof(item)
        waiting.extend(gc.get_referents(item))
    return size


def main() -> None:
    """Write what came of one service to the file that the spec names."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    service = SERVICES[spec["service"]]
    found = asyncio.run(folded(service, spec["bootstrap"], spec["partitions"], spec["base"]))
    Path(spec["out"]).write_text(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
