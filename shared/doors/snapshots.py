"""What a door knows, saved now and then, so that a start need not fold every journal from its beginning.

It is a cache: whatever is wrong with it, the journals are folded anew, which takes minutes for each hundred thousand
calls. So nothing rests on it, and there is one for all processes of a door: whoever has read further writes over it.
"""

# WHY A PICKLE. A view is a graph of records that change in place, many of them reached in two ways; a service's state
# is none, and has a form of its own (`shared.engine.packing`). A pickle may hold code for whoever reads it. So it is
# sealed, with the key that calls and addresses are sealed with, or one that is made of the secret that the view holds:
# nothing is read that a process of ours has not written. And nothing is made of it but our own records and a few plain
# collections.
#
# WHICH VERSION. A view is whatever today's code makes of the journals. So a snapshot bears a fingerprint of that code,
# of what runs it, and of the settings that shape the view; one of another fingerprint is passed over. Nobody has to
# remember to count a version up, and the first start after an upgrade is a slow one.
#
# WHILE IT IS MADE no news is folded, so that it is of one instant: boards stand still, and no command is seen to be
# answered, at the console two seconds for each hundred thousand records of the calls that it shows. Requests are
# answered meanwhile, for another thread makes it. Once that is done, what has come is folded, and it is written beside.
# The longer it took, the longer it is until the next.
#
# WHO ELSE WRITES. All processes of a door write into one place, each under positions of its own, so that no part of a
# snapshot is another's. The one counts that has read furthest; but where a process found one that it could not use, its
# own go before all that were there.

from __future__ import annotations

import asyncio
import functools
import gc
import hashlib
import importlib
import io
import math
import pickle
import secrets
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pydantic

from shared import telemetry
from shared.clock import Clock
from shared.engine.broker import Broker, BrokerUnavailable, PositionOutOfRange, Reader, TopicPartition, reading
from shared.engine.follower import Positions
from shared.engine.journal import START
from shared.engine.snapshot_cache import Saveable, Snapshot
from shared.engine.snapshots import SIZES as STATE_SIZES
from shared.engine.snapshots import Saved, SnapshotRound, read_snapshots, write_snapshots
from shared.sealing import Sealer

EVERY_RECORDS, EVERY_SECONDS = 5_000, 600.0
"""As many take a quarter of a second to fold, and the snapshot of a large city some seconds to make."""
TIMES_AS_LONG = 100
"""As it took to make one, until the next: for no more than a hundredth of the time a board stands still."""
READ_SECONDS = 60.0
"""So long a start waits for what Kafka has of it. To unpack that takes less than to fold it anew, however long."""
PARTITION, NAME = 0, "view"
BYTES_AT_ONCE = 262_144
SIZES = replace(STATE_SIZES, record=STATE_SIZES.part)
"""Nothing larger is handed over at once: a door appends in a second and a half, or not at all."""
TOLD_APART = 2**32
LEVEL = 1
"""Of the compression: the fastest."""
ROOTS: Final = tuple(Path(__file__).parents[2] / name for name in ("services", "shared"))
COLLECTIONS: Final = frozenset(
    {
        ("builtins", "set"),
        ("builtins", "frozenset"),
        ("builtins", "list"),
        ("builtins", "dict"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "time"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("pydantic_core._pydantic_core", "TzInfo"),
    }
)


class _Bytes:
    """A snapshot is packed before it is written."""

    def pieces(self, state: bytes) -> Iterator[bytes]:
        """As much as is handed over at once."""
        return (state[start : start + BYTES_AT_ONCE] for start in range(0, len(state), BYTES_AT_ONCE))

    def unpacking(self, packed: Iterable[bytes]) -> Generator[None, None, bytes]:
        """All of it."""
        yield
        return b"".join(packed)

    unpack: Callable[[bytes], Any] = staticmethod(bytes)


class ViewSnapshots:
    """The snapshot of one door."""

    def __init__(self, door: str, broker: Broker, sealer: Sealer, clock: Clock, *settings: object) -> None:
        """`settings`: whatever shapes the view besides the code, as its `repr` tells it."""
        self._door, self._broker, self._sealer, self._clock = door, broker, sealer, clock
        self._form: Saveable[bytes] = Saveable(door, _Bytes(), 1)
        self._fingerprint = hashlib.sha256(_code() + repr(settings).encode()).digest()
        self._saved = Saved({})
        self._epoch: int | None = None
        """None before it is known what is there."""
        self._reached, self._next_at = 0, -math.inf
        self._writing: asyncio.Task[None] | None = None
        telemetry.begin(door, service=door)

    async def read(self, places: Iterable[TopicPartition]) -> tuple[Positions, Any] | None:
        """What was saved last, and up to where it is folded; None where nothing is there that can be used.

        Raises BrokerUnavailable where the journals cannot be read either: then it is no fault of the snapshot's.
        """
        followed = tuple(places)
        for is_last in (False, True):
            try:
                return await self._read(followed)
            except Exception as error:  # noqa: BLE001  # whatever it is: it is a cache, and the journals have it all
                if is_last or not isinstance(error, BrokerUnavailable):
                    telemetry.logger().error("snapshot not read", error=type(error).__name__)
                    return None
            async with reading(self._broker) as reader:
                await reader.ends(followed)
        return None

    async def _read(self, places: tuple[TopicPartition, ...]) -> tuple[Positions, Any] | None:
        async with reading(self._broker) as reader:
            async with asyncio.timeout(READ_SECONDS):
                found = await self._look(reader)
            if found is None:
                return None
            unpacked = await asyncio.to_thread(self._unpack, found.state)
            if unpacked is None or not await _stands(reader, places, unpacked[0]):
                reason = "another version" if unpacked is None else "other journals"
                telemetry.logger().warning("snapshot not used", reason=reason)
                return None
        self._epoch = found.epoch
        if not self._sealer.is_former(found.state):  # else it is soon sealed anew, before the former key goes
            self._reached = _records(unpacked[0])
        return unpacked

    async def _look(self, reader: Reader) -> Snapshot[bytes] | None:
        found = (await read_snapshots(self._form, reader, [PARTITION]))[PARTITION].agencies.get(NAME)
        self._epoch = 0 if found is None else found.epoch + 1  # what cannot be used makes room, however far it has read
        return found

    def is_due(self, positions: Positions) -> bool:
        """Whether enough has been folded since."""
        is_free = self._writing is None or self._writing.done()
        is_time = self._clock.monotonic() >= self._next_at
        return is_free and is_time and _records(positions) - self._reached >= EVERY_RECORDS

    async def save(self, positions: Positions, known: Any) -> None:
        """Save what is known. It must not change before this returns; it is written after that. Never raises."""
        began_at = self._clock.monotonic()
        try:
            packed = await asyncio.to_thread(self._pack, positions, known)
        except Exception as error:  # noqa: BLE001  # whatever it is: it is a cache, and the door goes on
            telemetry.SNAPSHOTS_NOT_SAVED.labels(self._door, "failed").inc()
            telemetry.logger().error("snapshot not saved", error=type(error).__name__)
        else:
            self._writing = asyncio.get_running_loop().create_task(self._write(_records(positions), packed))
        took = self._clock.monotonic() - began_at
        self._next_at = began_at + max(EVERY_SECONDS, TIMES_AS_LONG * took)

    async def close(self) -> None:
        """Leave what is being written."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

    async def _write(self, reached: int, packed: bytes) -> None:
        saved, self._saved = self._saved, Saved({})  # should it fail, the next looks for what it has left
        try:
            now, epoch = self._clock.now(), await self._own_epoch()
            round_ = SnapshotRound(PARTITION, epoch, _of_its_own(reached), {}, now, {NAME: packed}, saved)
            self._saved = await write_snapshots(self._form, self._broker, round_, SIZES)
        except (BrokerUnavailable, PositionOutOfRange) as error:
            telemetry.SNAPSHOTS_NOT_SAVED.labels(self._door, "unavailable").inc()
            telemetry.logger().error("snapshot not saved", wrong=str(error)[:300])
        else:
            self._reached = reached

    async def _own_epoch(self) -> int:
        """By what counts; where that could not be read at the start, it is looked up now. Raises BrokerUnavailable."""
        if self._epoch is None:
            async with reading(self._broker) as reader:
                await self._look(reader)
        return self._epoch or 0

    def _pack(self, positions: Positions, known: Any) -> bytes:
        with _uncollected():
            pickled = pickle.dumps((dict(positions), known), pickle.HIGHEST_PROTOCOL)
        return self._sealer.seal_bytes(self._bound_to, self._fingerprint + zlib.compress(pickled, LEVEL))

    def _unpack(self, sealed: bytes) -> tuple[Positions, Any] | None:
        plain = self._sealer.open_bytes(self._bound_to, sealed)
        fingerprint, compressed = plain[: len(self._fingerprint)], plain[len(self._fingerprint) :]
        if fingerprint != self._fingerprint:
            return None
        with _uncollected():
            unpacked: tuple[Positions, Any] = _Unpickler(io.BytesIO(zlib.decompress(compressed))).load()
        return unpacked

    @property
    def _bound_to(self) -> str:
        return f"{self._door} view"


class _Unpickler(pickle.Unpickler):
    """Makes our own records, and plain collections."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in COLLECTIONS or module.partition(".")[0] in ("services", "shared"):
            found = getattr(importlib.import_module(module), name)
            if isinstance(found, type):
                return found
        message = f"{module}.{name} is nothing that a view is made of"
        raise pickle.UnpicklingError(message)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that is made is looked through for garbage: that took four fifths of reading a large view."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _records(positions: Positions) -> int:
    """How many have been read, or were deleted before: it grows with each."""
    return sum(position.offset for position in positions.values())


def _of_its_own(reached: int) -> int:
    """A position that nobody else writes at, and that grows with how many have been read.

    Two processes that went on from one snapshot are due at the same record: each would write over parts of the other's.
    """
    return reached * TOLD_APART + secrets.randbelow(TOLD_APART)


async def _stands(reader: Reader, places: tuple[TopicPartition, ...], positions: Positions) -> bool:
    """Whether the journals can be read on from there."""
    if set(places) != positions.keys():
        return False
    starts, ends = await reader.starts(places), await reader.ends(places)
    return all(positions[place] == START or starts[place] <= positions[place].offset <= ends[place] for place in places)


@functools.cache
def _code() -> bytes:
    """A fingerprint of whatever the view is made by."""
    found = hashlib.sha256(f"{sys.version} {pydantic.VERSION}".encode())
    for path in sorted(path for root in ROOTS for path in root.rglob("*.py")):
        found.update(f"{path.relative_to(ROOTS[0].parent)}\n".encode() + path.read_bytes())
    return found.digest()
