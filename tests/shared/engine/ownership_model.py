"""Every interleaving of two writers on one journal, up to a depth, under the real fold, gap check and snapshot restore.

Two models. *Journal*: claims by anybody at any moment, verified there or further on, steps of several records over two
inputs, an effect that may happen at most once, gaps that are read, owners that let go, crashes at any moment, and
writes that land late, even after their process died.
*Snapshots*: the same writers save rounds of snapshots, which land late too, so that a zombie's overwrite newer ones in
a compacted topic.

`python -m tests.shared.engine.ownership_model DEPTH [journal|snapshots] [everything-counts|rank-ignored|goes-on]`
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from shared.engine.broker import Stored
from shared.engine.journal import START, InputPosition, Ownership, Progress, StepHeaders, headers_of, positions_of
from shared.engine.packing import Packer
from shared.engine.service import Service
from shared.engine.snapshot_cache import FLOOR, LOWEST, SnapshotCache, Snapshots, rank
from shared.engine.writer import NotOwner, check_gap
from shared.events import Claimed, CommandDone, Event, PositionsNoted
from shared.topics import ASSIGNMENTS

T = TypeVar("T")

INSTANT = datetime(2026, 1, 1, tzinfo=UTC)
AGENCIES = ("x", "y")


class EverythingCounts(Ownership):
    """The mutation: no record is ever ignored."""

    __slots__ = ()

    def counts(self, record: Stored) -> bool:
        super().counts(record)
        return record.headers["type"] != b"claimed"


class Violation(Exception):
    """A promise of the journal is broken."""


# --- records ---------------------------------------------------------------------------------------------------------


class Claim(NamedTuple):
    epoch: int
    token: int


class Write(NamedTuple):
    """One step: `kind` names the inputs it decides (`a`, `ab`), `attempt` and `result` of the effect, or `release`."""

    epoch: int
    number: int
    kind: str
    known: tuple[int, ...]
    """Numbers of the steps that its writer knew to count."""
    positions: tuple[int, int]

    @property
    def records(self) -> int:
        return 2 if self.kind == "ab" else 1


Entry = Claim | Write
Log = tuple[tuple[Entry, int], ...]
"""Each record with its number within its step."""


@functools.cache
def stored(entry: Entry, index: int, offset: int) -> Stored:
    """The record as a reader sees it."""
    if isinstance(entry, Claim):
        event: Event = Claimed(epoch=entry.epoch, writer=str(entry.token))
        positions = {}
    else:
        is_release = entry.kind == "release"
        event = PositionsNoted(released=True) if is_release else CommandDone(command_id="c", result="done")
        positions = {"a": InputPosition(entry.positions[0], 0), "b": InputPosition(entry.positions[1], 0)}
    common = StepHeaders(entry.epoch, INSTANT, "1", positions, "model").common()
    headers = dict(headers_of(event, f"cause/{offset}", index, common))
    agency = AGENCIES[(entry.number + index) % 2] if isinstance(entry, Write) else ""
    return Stored("journal", 0, offset, INSTANT, agency, event.encode(), headers)


class Folded(NamedTuple):
    """What a log amounts to."""

    epoch: int = 0
    writer: str | None = None
    counted: tuple[Write, ...] = ()
    """Steps whose records count."""
    records: tuple[tuple[str, int], ...] = ()
    """Agency and offset of each record that counts."""
    positions: tuple[int, int] = (0, 0)

    @property
    def known(self) -> tuple[int, ...]:
        return tuple(write.number for write in self.counted)

    def has(self, kind: str) -> bool:
        return any(write.kind == kind for write in self.counted)


class Rule:
    """Folds logs with one kind of ownership, each log once, and checks each record as it lands."""

    def __init__(self, ownership: type[Ownership]) -> None:
        self.ownership = ownership
        self._folded: dict[Log, Folded] = {(): Folded()}

    def fold(self, log: Log) -> Folded:
        known = self._folded.get(log)
        if known is None:
            known = self._folded[log] = self._take(self.fold(log[:-1]), log)
        return known

    def _take(self, before: Folded, log: Log) -> Folded:
        entry, index = log[-1]
        record = stored(entry, index, len(log) - 1)
        ownership = self.ownership(before.epoch, before.writer)
        counts = ownership.counts(record)
        after = before._replace(epoch=ownership.epoch, writer=ownership.writer)
        if not counts:
            return after
        if isinstance(entry, Claim):
            raise Violation(f"a claim counts as an event: {entry}")
        after = after._replace(records=(*before.records, (record.key, record.offset)))
        if index > 0:
            if before.counted[-1:] != (entry,):
                raise Violation(f"half a step counts: {entry}")
            return after
        self._check(before, entry)
        at = positions_of(record.headers)
        return after._replace(counted=(*before.counted, entry), positions=(at["a"][0], at["b"][0]))

    def _check(self, before: Folded, write: Write) -> None:
        if write.known != before.known:
            raise Violation(f"step {write.number} was decided on {write.known}, {before.known} count before it")
        moved = (write.positions[0] - before.positions[0], write.positions[1] - before.positions[1])
        if moved != (write.kind.count("a") if write.kind in ("a", "ab") else 0, int(write.kind == "ab")):
            raise Violation(f"step {write.number} skips or repeats an input: {before.positions} → {write.positions}")
        if any(other.kind == "release" and other.epoch == write.epoch for other in before.counted):
            raise Violation(f"step {write.number} counts after its owner has let go")
        if write.kind in ("attempt", "result") and before.has(write.kind):
            raise Violation(f"a second {write.kind}: step {write.number}")


# --- the writers -----------------------------------------------------------------------------------------------------


class Owner(NamedTuple):
    """A process: `idle`, `read`, `claiming`, `own` or `wait` (for the answer to an append)."""

    doing: str = "idle"
    epoch: int = 0
    token: int = -1
    expected: int = 0
    """Where its next record should stand."""
    known: tuple[int, ...] = ()
    positions: tuple[int, int] = START
    attempted: bool = False
    """The journal says that the effect was tried."""
    may_perform: bool = False
    """It was this very process that noted the attempt."""
    settled: bool = False
    write: Write | None = None
    unsaved: tuple[tuple[str, ...], ...] = ()
    """For snapshots: per agency, what counts of it, where that is not saved yet."""
    saved: tuple[tuple[str, int], ...] = ()
    """For snapshots: per agency, the position of its last one."""
    round: tuple[Any, ...] = ()
    """The snapshot round under way: its position, agencies left."""


class State(NamedTuple):
    log: Log = ()
    writers: tuple[Owner, Owner] = (Owner(), Owner())
    in_flight: frozenset[Any] = frozenset()
    tokens: int = 0
    steps: int = 0
    performed: int = 0
    saved: tuple[tuple[str, int, int, tuple[int, ...]], ...] = ()
    """The snapshot topic after compaction: key, epoch, position, what it holds."""


def gap_is_harmless(epoch: int, log: Log, start: int, end: int) -> bool:
    """The writer's own check of what it finds where its record should have stood."""
    progress = Progress(["journal"], {("journal", 0): InputPosition(start, epoch)})
    gap = [stored(*log[offset], offset) for offset in range(start, end)]
    try:
        check_gap(epoch, [record for record in gap if progress.counts(record)], progress.position(("journal", 0)))
    except NotOwner:
        return False
    return True


class Model:
    """The moves of two writers: with effects, or with snapshots instead.

    Mutations: `ranked=False` restores by the floor alone; with `goes_on` who has let go decides on.
    """

    def __init__(
        self,
        ownership: type[Ownership] = Ownership,
        *,
        snapshots: bool = False,
        ranked: bool = True,
        goes_on: bool = False,
    ) -> None:
        self.rule, self.snapshots, self.ranked, self.goes_on = Rule(ownership), snapshots, ranked, goes_on

    def moves(self, state: State) -> Iterator[State]:
        """Every state that can follow. Raises Violation."""
        for index, writer in enumerate(state.writers):
            if index == 1 and writer == state.writers[0]:
                continue  # the writers are alike
            for after, changed in self._writer_moves(state, writer):
                pair = (changed, state.writers[1]) if index == 0 else (state.writers[0], changed)
                yield after._replace(writers=pair if pair[0] <= pair[1] else (pair[1], pair[0]))
        for flying in state.in_flight:
            yield self._land(state._replace(in_flight=state.in_flight - {flying}), flying)

    def _land(self, state: State, flying: Any) -> State:
        if isinstance(flying, Claim | Write):
            records = flying.records if isinstance(flying, Write) else 1
            log = state.log
            for index in range(records):
                log = (*log, (flying, index))
                self.rule.fold(log)
            after = state._replace(log=log)
        else:
            after = state._replace(saved=tuple(sorted([*(s for s in state.saved if s[0] != flying[0]), flying])))
        if self.snapshots:
            self._check_restore(after)
        return after

    def _writer_moves(self, state: State, writer: Owner) -> Iterator[tuple[State, Owner]]:
        if writer.doing != "idle":
            yield state, Owner()  # it crashes; what is in flight stays in flight
        if writer.doing == "idle":
            yield state, Owner("read", self.rule.fold(state.log).epoch)
        elif writer.doing == "read":
            claim = Claim(writer.epoch + 1, state.tokens)
            flying = state._replace(tokens=state.tokens + 1, in_flight=state.in_flight | {claim})
            yield flying, Owner("claiming", claim.epoch, claim.token)
        elif writer.doing == "claiming":
            yield from self._claimed(state, writer)
        elif writer.doing == "own":
            yield from self._decisions(state, writer)
            yield from self._saves(state, writer)
        elif writer.doing == "wait":
            yield from self._answered(state, writer)

    def _claimed(self, state: State, writer: Owner) -> Iterator[tuple[State, Owner]]:
        entry = (Claim(writer.epoch, writer.token), 0)
        if entry in state.log:
            snapshots = restored(state.saved, ranked=self.ranked).agencies if self.snapshots else {}
            saved = {agency: snapshot.position for agency, snapshot in snapshots.items()}
            for end in range(state.log.index(entry) + 1, len(state.log) + 1):  # it may have read on meanwhile
                folded = self.rule.fold(state.log[:end])
                won = folded.writer == str(writer.token)
                yield state, self._as_owner(writer, folded, end, saved) if won else Owner()

    def _as_owner(self, writer: Owner, folded: Folded, expected: int, saved: Mapping[str, int]) -> Owner:
        return writer._replace(
            doing="own",
            expected=expected,
            known=folded.known,
            positions=folded.positions,
            attempted=folded.has("attempt"),
            settled=folded.has("result"),
            unsaved=tuple(sorted({(agency,) for agency, at in folded.records if at >= saved.get(agency, 0)}))
            if self.snapshots
            else (),
            saved=tuple(sorted(saved.items())),
        )

    def _decisions(self, state: State, writer: Owner) -> Iterator[tuple[State, Owner]]:
        a, b = writer.positions
        kinds = {"a": (a + 1, b), "ab": (a + 1, b + 1)}
        if not self.snapshots and writer.known and not writer.attempted:
            kinds["attempt"] = (a, b)
        if writer.attempted and not writer.settled and not writer.may_perform:
            kinds["result"] = (a, b)  # nobody knows what came of it: never tried again
        for kind, positions in kinds.items():
            write = Write(writer.epoch, state.steps, kind, writer.known, positions)
            flying = state._replace(steps=state.steps + 1, in_flight=state.in_flight | {write})
            yield flying, writer._replace(doing="wait", write=write)
        if not self.snapshots and not writer.may_perform:
            release = Write(writer.epoch, state.steps, "release", writer.known, writer.positions)
            flying = state._replace(steps=state.steps + 1, in_flight=state.in_flight | {release})
            yield flying, writer._replace(doing="wait", write=release) if self.goes_on else Owner()
        if writer.may_perform:
            if state.performed:
                raise Violation("an effect that may happen at most once happens again")
            if not self.rule.fold(state.log).has("attempt"):
                raise Violation("an effect happens that no record that counts has ordered")
            yield state._replace(performed=1), writer._replace(may_perform=False)

    def _answered(self, state: State, writer: Owner) -> Iterator[tuple[State, Owner]]:
        write = writer.write
        assert write is not None
        if (write, 0) not in state.log:
            return
        offset = state.log.index((write, 0))
        if not gap_is_harmless(writer.epoch, state.log, writer.expected, offset):
            yield state, Owner()
            return
        touched = {(stored(write, index, 0).key,) for index in range(write.records)} if self.snapshots else set()
        yield (
            state,
            writer._replace(
                doing="own",
                expected=offset + write.records,
                known=(*writer.known, write.number),
                positions=write.positions,
                attempted=writer.attempted or write.kind == "attempt",
                may_perform=writer.may_perform or write.kind == "attempt",
                settled=writer.settled or write.kind == "result",
                unsaved=tuple(sorted({*writer.unsaved, *touched})),
                write=None,
            ),
        )

    # --- snapshots -----------------------------------------------------------------------------------------------

    def _saves(self, state: State, writer: Owner) -> Iterator[tuple[State, Owner]]:
        """A round, as `write_snapshots` does it: it saves what there was when it began, and writes the floor last."""
        if not self.snapshots:
            return
        if not writer.round:
            if writer.unsaved:
                begun = (writer.expected, tuple(agency for (agency,) in writer.unsaved))
                yield state, writer._replace(round=begun, unsaved=())
            return
        position, left = writer.round
        saved = writer.saved
        if left:
            offsets = tuple(offset for agency, offset in self._counting(state, position) if agency == left[0])
            snapshot: tuple[Any, ...] = (f"{left[0]}/1", writer.epoch, position, offsets)
            rest: tuple[Any, ...] = (position, left[1:])
            saved = tuple(sorted({**dict(saved), left[0]: position}.items()))
        else:
            snapshot, rest = (f"{FLOOR}/1", writer.epoch, position, saved), ()
        flying = state._replace(in_flight=state.in_flight | {snapshot})
        yield self._land(state, snapshot), writer._replace(round=rest, saved=saved)
        yield flying, Owner()  # it dies, or is put off for long, while this is on its way

    def _counting(self, state: State, position: int) -> tuple[tuple[str, int], ...]:
        return self.rule.fold(state.log[:position]).records

    def _check_restore(self, state: State) -> None:
        """Restoring from what is saved and reading the rest gives what reading everything gives."""
        snapshots = restored(state.saved, ranked=self.ranked)
        folded = {agency: list(snapshot.state) for agency, snapshot in snapshots.agencies.items()}
        ownership = self.rule.ownership(snapshots.start.epoch)
        for offset in range(snapshots.start.offset, len(state.log)):
            record = stored(*state.log[offset], offset)
            below = snapshots.agencies[record.key].position if record.key in snapshots.agencies else 0
            if ownership.counts(record) and offset >= below:
                folded.setdefault(record.key, []).append(offset)
        whole: dict[str, list[int]] = {}
        for agency, offset in self.rule.fold(state.log).records:
            whole.setdefault(agency, []).append(offset)
        if {agency: offsets for agency, offsets in folded.items() if offsets} != whole:
            raise Violation(f"restored {folded} instead of {whole} from {state.saved} and {state.log}")


def _read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
    yield
    return json.loads(next(lines))


_SERVICE: Service[Any] = Service(
    name="model",
    reads=(),
    writes=ASSIGNMENTS,
    handles=frozenset(),
    initial=(),
    decide=lambda _state, _input, _now: [],
    evolve=lambda state, _event, _at: state,
    packer=Packer(
        write=lambda state: iter((json.dumps(state).encode(),)),
        read=_read,
        unpack=json.loads,
    ),
    state_version=1,
)


@functools.lru_cache(maxsize=100_000)
def restored(saved: tuple[tuple[str, int, int, tuple[Any, ...]], ...], *, ranked: bool) -> Snapshots[Any]:
    """What the worker makes of the snapshot topic."""
    cache: SnapshotCache[Any] = SnapshotCache(_SERVICE)
    floor = LOWEST
    for key, epoch, position, content in saved:
        headers = {"epoch": b"%d" % epoch, "position": b"%d" % position, "time": INSTANT.isoformat().encode()}
        value = dict(content) if key.startswith(FLOOR) else content
        record = Stored("model-snapshots", 0, 0, INSTANT, key, json.dumps(value).encode(), headers)
        assert rank(record) > LOWEST
        cache.take(record)
        floor = rank(record) if key.startswith(FLOOR) else floor
    snapshots = at_once(cache.restored())
    if not ranked:  # the mutation: trust the floor alone
        snapshots.start = START if floor == LOWEST else InputPosition(floor.position, floor.epoch)
    return snapshots


def at_once(work: Generator[None, None, T]) -> T:
    """What comes of it, without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as over:
            result: T = over.value
            return result


# --- exploring -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Explored:
    """How far it went, and what it found."""

    depth: int
    states: int
    violation: str | None = None


def explore(
    model: Model,
    depth: int,
    start: State = State(),  # noqa: B008  # a value
    progress: Callable[[int, int], None] = lambda _depth, _states: None,
) -> Explored:
    """Breadth first, so that the first violation is a shortest one."""
    front, seen = {start}, {start}
    for at in range(1, depth + 1):
        following: set[State] = set()
        for state in front:
            try:
                following.update(after for after in model.moves(state) if after not in seen)
            except Violation as violation:
                return Explored(at, len(seen), str(violation))
        seen |= following
        front = following
        progress(at, len(seen))
    return Explored(depth, len(seen))


def zombie_on_its_way() -> State:
    """One writer owned, decided a step, and died while the snapshot of its agency was on its way."""
    claim, write = Claim(1, 0), Write(1, 0, "a", (), (1, 0))
    snapshot = (f"{AGENCIES[0]}/1", 1, 2, (1,))
    return State(log=((claim, 0), (write, 0)), in_flight=frozenset([snapshot]), tokens=1, steps=1)


def main(arguments: list[str]) -> int:
    """The command line; 1 if a violation was found."""
    depth = int(arguments[0]) if arguments else 14
    model = Model(
        EverythingCounts if "everything-counts" in arguments else Ownership,
        snapshots="snapshots" in arguments,
        ranked="rank-ignored" not in arguments,
        goes_on="goes-on" in arguments,
    )
    found = explore(model, depth, progress=lambda at, states: print(f"depth {at}: {states} states", flush=True))  # noqa: T201
    print(found.violation or "holds")  # noqa: T201  # a command line
    return 1 if found.violation else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
