"""What stands in a partition of a snapshot topic, and what of it counts. Pure.

A small state is one record, `agency/version`. A large one is several *parts*, `agency/version#epoch.position.number`,
and after them a closing record, `agency/version#epoch.position`, that says how many they are. A floor closes the round.
"""

# WHY PARTS ARE NEVER MIXED. Kafka keeps the newest record of each key. The key of a part names the round in which it
# was written, so it is written once: nothing that anybody else writes, however late it lands, can take its place. A
# snapshot therefore stays whole until it is erased, part by part; and that happens only once a newer one of the same
# agency is whole and the floor of its round stands. A crash at any moment leaves the older, the newer, or both.
#
# Two slots, written in turn, would need no erasing. But who takes a partition over has read this topic when it started,
# perhaps days ago, and does not know in which of them the newest snapshot stands: it could write over the only whole
# one, and a process that was paused could do so at any time.
#
# WHAT CRASHES LEAVE BEHIND. An owner looks through the topic in its first round, and erases with each round whatever is
# older of the agencies that it saves, whoever wrote it. So of an agency there are at most: the snapshot in force, the
# one that is being written, and one of each former owner that was still writing after that look; the next owner erases
# those. Snapshots of another version of the state are left alone, since that version may come back.
#
# OLDER VERSIONS of this code know no parts, and look only at keys that end in `/version`. To them such an agency is not
# saved, or as it was when it was small. A floor that counts on parts would mislead them: it stands under a key of its
# own. They begin at the last floor that counts on none, and read more of the journal.

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from shared.engine.broker import Stored
from shared.engine.journal import START, InputPosition, positions_of
from shared.engine.service import Service

S = TypeVar("S")

FLOOR, FLOOR_ON_PARTS = "#floor", "#floor-on-parts"
MOST_DIGITS = 10
"""Of how many parts there are."""
IN_LINES = "lines"
"""The header of a single record that can be read line by line; earlier versions wrote none."""
_PART = re.compile(r"(.+)#(\d+)\.(\d+)(?:\.(\d+))?", re.DOTALL)


class Packing(Protocol):
    """How a state becomes bytes and is read back, as `shared.engine.packing` does it."""

    def pieces(self, state: Any) -> Iterator[bytes]:
        """The state piece by piece, so that other work can go on between them."""
        ...

    def unpacking(self, packed: Iterable[bytes]) -> Generator[None, None, Any]:
        """Read it back, pausing. It need not be packed in one piece."""
        ...

    @property
    def unpack(self) -> Callable[[bytes], Any]:
        """Reads a single record of an earlier version."""
        ...


@dataclass(frozen=True, slots=True)
class Saveable(Generic[S]):
    """What is saved that is no service's: a name, and how it is packed."""

    name: str
    packer: Packing
    state_version: int


SavedFor = Service[S] | Saveable[S]


class Rank(NamedTuple):
    """When a snapshot or floor was taken: the highest is the newest, wherever it stands in its topic."""

    epoch: int
    position: int


LOWEST = Rank(-1, -1)


def rank(stored: Stored | None) -> Rank:
    """The rank of a record; the lowest of none, and of one that states none."""
    try:
        return LOWEST if stored is None else Rank(int(stored.headers["epoch"]), int(stored.headers["position"]))
    except (KeyError, ValueError):
        return LOWEST


class PartKey(NamedTuple):
    """The key of a part, or of the closing record."""

    snapshot: str
    """`agency/version`: the key that it would have in one record."""
    rank: Rank
    number: int | None
    """None: the closing record."""

    @classmethod
    def parse(cls, key: str) -> PartKey | None:
        """What a key says; None if it is not that of a part."""
        match = _PART.fullmatch(key)
        if match is None:
            return None
        snapshot, epoch, position, number = match.groups()
        return cls(snapshot, Rank(int(epoch), int(position)), None if number is None else int(number))

    def __str__(self) -> str:
        number = "" if self.number is None else f".{self.number}"
        return f"{self.snapshot}#{self.rank.epoch}.{self.rank.position}{number}"


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """An agency's state at a position of the journal."""

    state: S
    epoch: int
    position: int
    time: str = ""
    """That of the record right before that position, as its header has it."""


class Witness(NamedTuple):
    """A record of the journal that a snapshot was made right after, and that counts."""

    offset: int
    time: str


@dataclass(slots=True)
class Snapshots(Generic[S]):
    """What the cache holds for a partition, and where the journal has to be read from."""

    agencies: dict[str, Snapshot[S]] = field(default_factory=dict)
    start: InputPosition = START
    positions: dict[str, InputPosition] = field(default_factory=dict)
    time: datetime | None = None
    missing: tuple[str, ...] = ()
    """Agencies that were saved and are not there: of them the whole journal has to be read."""
    witnesses: set[Witness] = field(default_factory=set)
    """Where the journal lacks one of these that is kept, it is not the one that they were made of."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Agencies of which something stands there that cannot be read, and the kind of error: for operators."""

    @property
    def reaches(self) -> int:
        """The highest position that any of it is of."""
        return max((self.start.offset, *(snapshot.position for snapshot in self.agencies.values())))


@dataclass(slots=True)
class _Parts:
    """What is there of a snapshot in parts."""

    values: dict[int, bytes] = field(default_factory=dict)
    count: int | None = None
    time: str = ""

    @property
    def is_whole(self) -> bool:
        return self.count is not None and all(number in self.values for number in range(self.count))

    def take(self, number: int | None, stored: Stored) -> None:
        value = stored.value
        if number is None:
            self.count = int(value) if value.isdigit() and len(value) < MOST_DIGITS else None
            self.time = stored.header("time")
        elif value:
            self.values[number] = value
        else:
            self.values.pop(number, None)

    def drained(self) -> Iterator[bytes]:
        """One after another, each let go of: there may be hundreds of megabytes."""
        yield from (self.values.pop(number) for number in range(self.count or 0))


class SnapshotCache(Generic[S]):
    """What was read of a partition, in one version of the state. What can no longer count is let go of at once."""

    def __init__(self, service: SavedFor[S]) -> None:
        self._packer: Packing = service.packer
        self._suffix = f"/{service.state_version}"
        self._records: dict[str, Stored] = {}
        """By key: single records and floors, of each the newest."""
        self._parts: defaultdict[str, dict[Rank, _Parts]] = defaultdict(dict)
        """By the key that a single record would have."""

    def take(self, stored: Stored) -> None:
        """Take in the next record. What no process of careroute wrote is passed over."""
        part = PartKey.parse(stored.key)
        if part is not None and part.snapshot.endswith(self._suffix):
            of_agency = self._parts[part.snapshot]
            of_agency.setdefault(part.rank, _Parts()).take(part.number, stored)
            if of_agency[part.rank].is_whole:
                self._parts[part.snapshot] = {rank: parts for rank, parts in of_agency.items() if rank >= part.rank}
        elif stored.key.endswith(self._suffix) and LOWEST < rank(stored) >= rank(self._records.get(stored.key)):
            self._records[stored.key] = stored

    def restored(self) -> Generator[None, None, Snapshots[S]]:
        """What all that amounts to; it pauses, so that other work can go on. It can be asked for once."""
        snapshots: Snapshots[S] = Snapshots()
        floor = max((self._records.pop(f"{name}{self._suffix}", None) for name in (FLOOR, FLOOR_ON_PARTS)), key=rank)
        for key in dict.fromkeys([*self._records, *self._parts]):
            agency = key.removesuffix(self._suffix)
            try:
                snapshot = yield from self._snapshot(key)
            except Exception as error:  # noqa: BLE001  # whatever it is: it is a cache, and the journal has it all
                snapshots.unreadable[agency] = type(error).__name__
                continue
            if snapshot is not None:
                snapshots.agencies[agency] = snapshot
                snapshots.witnesses.add(Witness(snapshot.position - 1, snapshot.time))
        if floor is not None:
            try:
                _begin(snapshots, floor)
            except Exception as error:  # noqa: BLE001  # as above
                snapshots.unreadable[floor.key.removesuffix(self._suffix)] = type(error).__name__
        return snapshots

    def _snapshot(self, key: str) -> Generator[None, None, Snapshot[S] | None]:
        """The newest of an agency that is whole."""
        record, of_agency = self._records.pop(key, None), self._parts.pop(key, {})
        newest = max((rank for rank, parts in of_agency.items() if parts.is_whole), default=LOWEST)
        if newest > rank(record):
            parts = of_agency[newest]
            return Snapshot((yield from self._packer.unpacking(parts.drained())), *newest, parts.time)
        if record is None:
            return None
        if IN_LINES in record.headers:
            state = yield from self._packer.unpacking([record.value])
        else:
            state = self._packer.unpack(record.value)
        return Snapshot(state, *rank(record), record.header("time"))


def _begin(snapshots: Snapshots[S], floor: Stored) -> None:
    """Where the journal is to be read from: the floor, or before it where a snapshot is older than the floor says."""
    saved: Mapping[str, int] = json.loads(floor.value)
    at, positions, time = rank(floor), positions_of(floor.headers), datetime.fromisoformat(floor.header("time"))
    older = [
        InputPosition(snapshot.position, snapshot.epoch)
        for agency, snapshot in snapshots.agencies.items()
        if snapshot.position < saved.get(agency, at.position)
    ]
    snapshots.missing = tuple(agency for agency in saved if agency not in snapshots.agencies)
    snapshots.start = min([InputPosition(at.position, at.epoch), *older, *[START] * bool(snapshots.missing)])
    snapshots.positions, snapshots.time = positions, time
    snapshots.witnesses.add(Witness(at.position - 1, floor.header("time")))
