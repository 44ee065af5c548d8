"""Ownership of a journal, folded from the journal itself. Pure, and used by every reader of every journal."""

# --- Theory of operation ---------------------------------------------------------------------------------------------
#
# A service is a few pure functions around one topic, its journal; its state is the fold of that journal, one state for
# each agency (the key of its records). This comment says how processes that may be killed, paused or cut off at any
# moment come to write a journal as if there had only ever been one of them.
#
# THE PROBLEM. Two processes of a service share out the partitions of its journal. One of them hangs for ten seconds, is
# taken for dead and replaced, and wakes up in the middle of an append, sure that it is still in charge. A lock or lease
# beside the log does not help: between looking at the lock and the write reaching the log any time may pass. What
# decides who owns a partition has to stand in that partition.
#
# CLAIMS. To own a partition of a journal, a writer reads it to its end, appends `Claimed(epoch, writer)`, with an epoch
# one above the highest that it has read and a fresh random token as the writer, and reads on up to its own claim. Each
# record bears the epoch of its writer in a header. One fold over the records then tells every reader the same:
#
#     the first claim of a higher epoch takes over, any other claim has lost;
#     a record counts if its epoch is the highest claimed so far.
#
#     offset   record               owner   counts
#        0     claim 1 by a         a, 1
#        1     event of epoch 1     a, 1    yes
#        2     claim 2 by b         b, 2
#        3     event of epoch 1     b, 2    no: a was paused, and did not know
#        4     claim 2 by c         b, 2    no claim counts as an event; this one has lost, and c tries again with 3
#        5     event of epoch 2     b, 2    yes
#
# That fences the paused process without a word to it: whatever it still sends lands behind the claim of its heir, where
# nobody takes it in, now or when the journal is read again in a year. If the late write lands before the claim, the
# heir reads it before it owns anything. There is no third place where it could land.
#
# NO TRANSACTIONS. Kafka's own answer, transactional producers, also fences. But a hop then costs twenty times the
# latency (three hops: 6 to 9 ms without, 190 to 310 ms with, at 80 events a second on two cores), and a transaction
# covers neither a page to a phone nor a webhook to a CAD, which have to be made safe anyway. Nothing here needs to
# write two topics at once; one batch is enough.
#
# A STEP IS ONE BATCH. A worker decides a number of inputs at a time and appends all events that follow as one record
# batch, which Kafka stores whole or not at all. So no reader ever sees half a decision, and the positions below cannot
# come apart from the events. A step that would not fit takes fewer inputs.
#
# POSITIONS. A position on a topic is the offset of the record to be read next, and, where the topic is a journal, the
# epoch in force there: without it a reader that begins in the middle could not tell which records count. In a topic
# that is no journal the epoch is 0 and everything counts. (0, 0) is the beginning: the first record that is kept. A
# journal is kept for good; should one be cut off at its beginning, then only up to a claim that won, so that the
# beginning still explains itself.
# Every record of a step states the positions reached on *all* inputs at the end of that step. The last record that
# counts therefore says where its owner's successor goes on, and no offset is stored anywhere else. Inputs that led to
# nothing are covered too: if they were read again, they would be decided later, on another state, and might then lead
# to something. A partition in which nothing happens notes its positions once an hour (`PositionsNoted`). The same
# headers (positions, time, cause, version of the decider) are what it takes to decide the journal again and get the
# same bytes (`shared.engine.redecide`).
#
# WHAT THE RETURNED OFFSET PROVES. The owner knows where its next batch should stand: after the last record it has read
# or written. If the broker returns that offset, nobody wrote in between; so nobody has claimed, and the batch counts.
# If it returns a higher one, the owner reads the gap. Late writes of former owners and claims that lost change nothing.
# A claim of a higher epoch means that the batch is itself a late write: the process ends, and its supervisor starts
# another. The state moves on, and anything else happens, only after that check. The same holds after an append without
# an answer: nobody knows whether it stands, so the process ends and the journal is read again.
#
# EFFECTS COME AFTER. Only an event that stands in the journal and counts may cause something outside. What is owed is
# part of the state (`Service.pending`), so a crash between the append and the effect loses nothing: the next owner
# finds it owed. An effect that may happen at most once is first noted as attempted; if its process dies then, its
# result is unknown, and it is never tried again. Just before an effect the ownership must have been confirmed within
# 2 seconds, counted on the monotonic clock from before the append or the look at the journal's end that confirmed it.
# If it was longer ago, the end is looked at first, and a gap is read as above. So a process that wakes up after a
# pause pages nobody on the strength of what it knew before. It may still be paused between that look and the sending;
# hence every effect also carries the instant after which it must not happen, and adapters look at it last.
#
# WHO SHOULD TRY. A consumer group on the journal (paused; its polls are heartbeats) shares out the partitions among the
# processes. It is a hint, never a permission: during a rebalance two processes may believe in the same partition, and
# the claim settles it. A partition that is handed away and comes back is claimed anew. But the group learns of a death
# after six seconds and of a planned end as late, since its members are static: a restart shall move nothing.
# So the processes of a service also tell each other, four times a second and whenever it changes, what they own, at
# which epoch, and what they could take over at once (`shared.engine.beats`). Who is silent while another one beats four
# times in a row is taken for dead. What a process used to say that it owns, and nobody alive says any more, is claimed
# by an heir: of those that could decide at once one, by a rule that gives all of them the same answer. The heir keeps
# it until one to whom the group has given it says that it could decide at once; then it is handed over. To hand over,
# an owner starts no new effects and goes on deciding until those under way are over (five seconds at most); then it
# notes in the journal that it has ended in order, says so, and the other claims. A process that ends in order hands
# over everything in the same way; for what no other could decide at once it goes on for five seconds at most, unless
# all others say that they leave too.
# All of that may be wrong at any moment: a beat can be late, a process slow and not dead. Then a claim comes too early,
# and its former owner finds out by its next append, or by the other's beat, and ends. It costs time, and nothing else.
#
# STANDBY. A process follows the partitions of its journal that it does not own, folds what counts, and is warm when it
# has caught up (`shared.engine.standby`). Its claim begins there and restores nothing: it is the same fold. What it
# cannot fold, such as an event of a later version, it cannot own: where the group has given it that it is not ready,
# serves all else, and does not end.
#
# INPUTS are read by two more readers, of which one has the topics marked `first` and waits behind no other. They
# belong to no group and are told by hand which partitions to read and from where (`assign`, then seek). A service
# needs partition n of *all* its inputs where it owns partition n of its journal, and a group subscribed to several
# topics does not give them out together (with five members Kafka's default assignor parted every one of twelve
# partitions). And the positions to begin at come from the journal.
#
# AN INPUT THAT KILLS. A decision that raises is refused, and so is one that uses up its time (`shared.engine.budget`).
# One that ends the process (a fault in C, no memory left, a loop that only the watchdog can end) would be met again by
# every owner, and no other input would ever be decided. So an owner that ends in order says so in its last record, and
# one that follows an owner which did not is careful (`shared.engine.care`): before it decides, the journal says what.
# An owner died over what was noted if the last of its records that counts is that note: what is next is noted in the
# batch of what was decided before, behind it, so the note before is the last as long as that is being decided. The
# first inputs are taken alone, then many at a time; what was noted when an owner died is taken alone by the next. An
# input over which alone two owners died is refused undecided by the next, as if it had raised. In all that costs three
# owners, the first of which noted nothing, or four where much else waited before it. Of the careful partitions of a
# process one at a time decides, so that no other is blamed. An owner that dies of something else, whatever it had in
# hand, makes its successor slower for a moment and nothing worse.
# Care ends after some hundreds of inputs, which is what the first owner may have had in hand, or some seconds; and what
# was decided with care is in the journal, so that an owner that comes after another death begins further on.
# The notes are `PositionsNoted`: they belong to no agency, and no state and no second decision takes them in.
#
# SNAPSHOTS save folding a long journal at every start. They are a cache, keyed by agency and the version of the state,
# in a compacted topic of their own. A round writes the states that changed, then a floor, which lists for every agency
# the position that it is saved up to. A zombie may overwrite newer ones with its own. A floor that is too low only
# means to read more of the journal; a snapshot that is older than the floor says means to read the journal from that
# snapshot's position on, and one that is not there at all from the beginning. Whatever of it is already in an agency's
# snapshot is skipped. A state that does not fit into a record is written in parts (`shared.engine.snapshot_cache`).
# Right before what is saved stands a record of who saved it, and the snapshot has its time. Where the journal has none
# there that counts and has that time, it has lost its end and grown again since: it is folded anew, from its beginning.
#
# CLOCKS are state as well: `Service.due` names the next one. When its instant has come, firing it is an input like any
# other, and what follows must disarm it, or it is taken out (`ClockFailed`); so none fires twice. The `now` of a step
# is never before that of the step before it, though the new owner's clock may be behind the old one's; a machine whose
# clock differs by more than half a second from those of most partitions' leaders does not claim. After a take-over,
# what had come in by then is decided before any clock fires (an answer that was in time wins over its deadline), and
# records of topics marked `first`, such as what people have ordered, before everything else.

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import ValidationError

from shared.engine.broker import Stored, TopicPartition
from shared.events.base import Event, child_id
from shared.events.journals import Claimed

CLAIMED: Final = Claimed.type.encode()


class InputPosition(NamedTuple):
    """Offset of the next record to read, and the epoch in force there (0 in a topic that is no journal)."""

    offset: int
    epoch: int


START = InputPosition(0, 0)
"""The first record that is kept."""


@dataclass(slots=True)
class Ownership:
    """The fold: the highest epoch claimed so far, and by whom."""

    epoch: int = 0
    writer: str | None = None

    def counts(self, record: Stored) -> bool:
        """Take the next record in; whether it counts. A claim never counts as an event."""
        if record.headers.get("type") == CLAIMED:
            claim = _claim_in(record)
            return claim is not None and self.claim(claim.epoch, claim.writer)
        try:
            return int(record.headers.get("epoch", b"-1")) == self.epoch
        except ValueError:
            return False  # no process of careroute wrote it

    def claim(self, epoch: int, writer: str) -> bool:
        """Take a claim in. Always False: a claim changes the owner, never the state."""
        if epoch > self.epoch:
            self.epoch, self.writer = epoch, writer
        return False


def is_late_write(record: Stored) -> bool:
    """Whether a record that does not count is a former owner's event, or a stranger's.

    Claims that lost and looks at the clock are neither.
    """
    event_type = record.headers.get("type")
    return _claim_in(record) is None if event_type == CLAIMED else event_type != b"positions-noted"


def _claim_in(record: Stored) -> Claimed | None:
    """What a claim says; None of one that no process of careroute wrote."""
    try:
        return Claimed.model_validate_json(record.value)
    except ValidationError:
        return None


class Progress:
    """How far some partitions have been read. Each next record is taken in once, in the order of its partition."""

    def __init__(
        self, journals: Iterable[str], positions: Mapping[TopicPartition, InputPosition] = MappingProxyType({})
    ) -> None:
        """`journals`: names of the topics in which not everything counts; `positions`: where the reading begins."""
        self._journals = frozenset(journals)
        self._offsets = {place: position.offset for place, position in positions.items()}
        self._owners = {
            place: Ownership(position.epoch) for place, position in positions.items() if place[0] in self._journals
        }

    def counts(self, stored: Stored) -> bool:
        """Take the next record in; whether it counts."""
        place = stored.topic, stored.partition
        self._offsets[place] = stored.offset + 1
        return stored.topic not in self._journals or self.owner(place).counts(stored)

    def owner(self, place: TopicPartition) -> Ownership:
        """Who owns a partition of a journal, as far as it was read."""
        owner = self._owners.get(place)
        if owner is None:
            owner = self._owners[place] = Ownership()
        return owner

    def position(self, place: TopicPartition) -> InputPosition:
        """The position after the last record that was taken in."""
        owner = self._owners.get(place)
        return InputPosition(self._offsets.get(place, 0), 0 if owner is None else owner.epoch)

    @property
    def positions(self) -> dict[TopicPartition, InputPosition]:
        """The position reached in each partition."""
        return {place: self.position(place) for place in self._offsets}


@dataclass(frozen=True, slots=True)
class StepHeaders:
    """What one step of a worker has in common, written into the headers of each of its records."""

    epoch: int
    time: datetime
    decider: str
    positions: Mapping[str, InputPosition]
    service: str

    def common(self) -> tuple[tuple[str, bytes], ...]:
        """The headers that all records of the step share."""
        return (
            ("epoch", b"%d" % self.epoch),
            ("time", self.time.isoformat().encode()),
            ("decider", self.decider.encode()),
            ("positions", json.dumps(self.positions, separators=(",", ":")).encode()),
            ("source", self.service.encode()),
        )


def headers_of(
    event: Event, cause: str, number: int, common: tuple[tuple[str, bytes], ...]
) -> tuple[tuple[str, bytes], ...]:
    """The headers of one record: CloudEvents' id, type and subject, the cause, and what the step has in common."""
    return (
        ("id", child_id(cause, f"{event.type}/{number}").encode()),
        ("type", event.type.encode()),
        ("subject", event.subject.encode()),
        ("cause", cause.encode()),
        *common,
    )


def positions_of(headers: Mapping[str, bytes]) -> dict[str, InputPosition]:
    """The positions on all inputs that a journal record states."""
    return {topic: InputPosition(*position) for topic, position in json.loads(headers.get("positions", b"{}")).items()}


def time_of(headers: Mapping[str, bytes]) -> datetime:
    """The `now` that a journal record was decided with."""
    return datetime.fromisoformat(headers["time"].decode())
