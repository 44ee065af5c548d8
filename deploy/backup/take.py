"""Copies what a cluster's topics hold into files, up to ends that are fixed at the beginning, while work goes on.

Journals are looked at first, and cut off where they refer to each other too far (`deploy.backup.cut`); then the topics
that they refer to; at last the keys of what these hold. So whatever a record refers to is there. What is written
meanwhile is left to the next backup, which goes on in the same directory where this one ends.

Where Kafka has another record than was taken there last, it tells another history, and nothing of it is added.

What Kafka deletes because it is old enough goes from the backup too. A journal is kept for good: what was deleted from
one stays in the backup, which may have its last copy, and is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.backup.cut import Reference, consistent_ends
from deploy.backup.files import Damaged, RecordFile, digest_of, is_written_as, last_in, records_in
from deploy.backup.manifest import BACKED_UP, FileEntry, Manifest, Place, WrongBackup, alone_in
from deploy.backup.merge import MERGED_BYTES, to_merge
from deploy.backup.progress import Progress
from shared.engine.broker import (
    Broker,
    BrokerUnavailable,
    PositionOutOfRange,
    Reader,
    Stored,
    TopicPartition,
    reading,
    require_topics,
)
from shared.engine.journal import positions_of
from shared.engine.topic import Topic
from shared.erasable import Standing

POLL_SECONDS, SILENT_POLLS = 1.0, 30
"""After so many polls without a record, though some must come, the broker counts as away."""
POLL_RECORDS = 2_000
LOOK_BACK = 50
"""Records before the first look, of which some state where their writer was: it is seen whether a broker is behind."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is written."""

    manifest: Manifest
    deleted: tuple[str, ...] = ()
    """What is gone from journals in Kafka, a sentence for each partition."""


async def take(broker: Broker, cluster: str, directory: Path, now: datetime, progress: Progress) -> Taken:
    """Take a backup, or what came since the last one in that directory.

    Raises WrongBackup, Damaged, BehindItsReaders, BrokerUnavailable, OSError.
    """
    await require_topics(broker, BACKED_UP)
    with alone_in(directory):
        former = Manifest.former(directory)
        if former is not None and (former.cluster, former.partitions) != (cluster, broker.partitions):
            raise WrongBackup(
                f"{directory} is of the cluster {former.cluster} with {former.partitions} partitions; this is "
                f"{cluster} with {broker.partitions}. Take a new directory"
            )
        async with reading(broker) as reader:
            return await _Taking(reader, directory, former, progress, broker.partitions, now).take(cluster)


@dataclass(slots=True)
class _Taking:
    reader: Reader
    directory: Path
    former: Manifest | None
    progress: Progress
    partitions: int
    now: datetime
    places: dict[str, Place] = field(default_factory=dict)
    may_merge: int = MERGED_BYTES
    """Bytes of files that may still be written again."""

    async def take(self, cluster: str) -> Taken:
        ends = await self._ends()
        starts = await self.reader.starts(ends)
        number = 1 if self.former is None else self.former.takes + 1
        for topic in BACKED_UP:
            for partition in range(self.partitions):
                place = topic.name, partition
                self.places[f"{topic.name}/{partition}"] = await self._copy(topic, place, starts, ends, number)
        manifest = Manifest(
            cluster=cluster, partitions=self.partitions, taken_at=self.now, takes=number, places=self.places
        )
        manifest.write(self.directory)
        return Taken(manifest, tuple(self._deleted(starts)))

    # --- up to where ------------------------------------------------------------------------------------------------

    async def _ends(self) -> dict[TopicPartition, int]:
        journals = self._places(lambda topic: topic.journal)
        least = await self.reader.ends(journals)
        ends = await self.reader.ends(journals)
        for chosen in (lambda topic: not topic.journal and not topic.compacted, lambda topic: topic.compacted):
            ends |= await self.reader.ends(self._places(chosen))
        starts = await self.reader.starts(journals)
        latest = {
            place: await self._references(place, max(starts[place], least[place] - LOOK_BACK), ends[place])
            for place in journals
        }
        return consistent_ends(ends, latest, least)

    def _places(self, chosen: Callable[[Topic], bool]) -> list[TopicPartition]:
        return [(topic.name, number) for topic in BACKED_UP if chosen(topic) for number in range(self.partitions)]

    async def _references(self, place: TopicPartition, start: int, end: int) -> list[Reference]:
        return [reference_of(stored) async for stored in self._records(place, start, end)]

    # --- copying ----------------------------------------------------------------------------------------------------

    async def _copy(
        self,
        topic: Topic,
        place: TopicPartition,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        number: int,
    ) -> Place:
        """What there is of a partition: the files from before that still count, and one for what is new.

        Where there are many from before, the one for what is new holds the newest of them too.
        """
        files = self._files_before(topic, place, starts[place], ends[place])
        start, end = files[-1].end if files else starts[place], ends[place]
        last = await self._last_of(place, files) if starts[place] < start < end else None
        path = self.directory / topic.name / f"{place[1]}-{number:04d}.jsonl.gz"
        standing = Standing()
        merged = to_merge(
            self.directory, topic, place, files, fresh=end - start, most_bytes=self.may_merge, now=self.now
        )
        self.may_merge -= sum(former.bytes for former in merged)
        files = files[: len(files) - len(merged)]
        with RecordFile.new(path) as file:
            async for stored in self._records_of(place, merged):
                file.add(stored)
            async for stored in self._records_after(last, place, start, end):
                file.add(stored)
                if topic.compacted:
                    standing.take(stored)
                self.progress.step(path.parent.name)
            if topic.compacted:  # what replaced a record before it could be read stands behind it
                later = (await self.reader.ends([place]))[place]
                async for stored in self._records(place, end, later):
                    file.add(stored)
                    standing.take(stored)
                end = later
        if topic.compacted:
            file = _without_replaced(path, place, standing)
        if not file.records:
            path.unlink()
            return Place(end=end, files=tuple(files))
        entry = FileEntry(
            name=path.relative_to(self.directory).as_posix(),
            first=file.first,
            end=file.end,
            records=file.records,
            bytes=path.stat().st_size,
            sha256=digest_of(path),
        )
        return Place(end=end, files=(*files, entry))

    def _files_before(self, topic: Topic, place: TopicPartition, start: int, end: int) -> list[FileEntry]:
        """Those that Kafka itself still has records of, and all of a journal; none of a topic that is taken anew."""
        if self.former is None or topic.compacted:
            return []
        former = self.former.place(*place)
        if end < former.end:
            raise WrongBackup(
                f"{place[0]}/{place[1]} ends at {end}, and the backup in {self.directory} at {former.end}: the topic "
                "was made anew. Take a new directory"
            )
        if topic.journal and start > former.end:
            raise WrongBackup(f"{place[0]}/{place[1]} begins at {start}; what stood before that is in no backup")
        if topic.journal:
            return [*former.files]
        return [file for file in former.files if file.end > start] if start <= former.end else []

    def _deleted(self, starts: Mapping[TopicPartition, int]) -> Iterator[str]:
        """What is gone from journals in Kafka: each begins at 0, and stays so. In words."""
        for place in self._places(lambda topic: topic.journal):
            name, start = f"{place[0]}/{place[1]}", starts[place]
            begin = self.places[name].begin
            if begin < start:
                yield f"{name}: what stands before {start} was deleted in Kafka; this backup has it, from {begin} on"
            elif start and self.former is None:
                yield f"{name}: what stands before {start} was deleted in Kafka before this directory's first backup"

    async def _last_of(self, place: TopicPartition, files: Sequence[FileEntry]) -> Stored | None:
        """The last record of some files; None where the last file is damaged: `verify` names it."""
        try:
            return await asyncio.to_thread(last_in, self.directory / files[-1].name, *place)
        except Damaged:
            return None

    async def _records_after(
        self, last: Stored | None, place: TopicPartition, start: int, end: int
    ) -> AsyncIterator[Stored]:
        """What stands between two positions, if what Kafka has before them is what was taken there last.

        It is not where topics were made anew, or put back from an older copy, and have come as far again: the cluster
        may well have the same id. Raises WrongBackup, BrokerUnavailable.
        """
        async for stored in self._records(place, start if last is None else start - 1, end):
            if last is None or stored.offset >= start:
                yield stored
            elif not is_written_as(stored, last):
                raise WrongBackup(
                    f"{stored.position} is not the record that the backup in {self.directory} has there: Kafka has "
                    "lost that, or was made anew, or of an older copy. Take a new directory, and keep this one"
                )

    async def _records_of(self, place: TopicPartition, files: Sequence[FileEntry]) -> AsyncIterator[Stored]:
        """What stands in files from before. Kafka is heard now and then meanwhile. Raises Damaged."""
        for file in files:
            for count, stored in enumerate(records_in(self.directory / file.name, *place)):
                if not count % POLL_RECORDS:
                    self.progress.step(place[0], 0)
                    await asyncio.sleep(0)
                yield stored

    async def _records(self, place: TopicPartition, start: int, end: int) -> AsyncIterator[Stored]:
        """What stands in a partition between two positions. Raises BrokerUnavailable."""
        if start >= end:
            return
        await self.reader.assign({place: start}, seeks_beginnings=False)
        silent = 0
        while True:
            try:
                polled = await self.reader.poll(POLL_SECONDS, POLL_RECORDS)
            except PositionOutOfRange as error:
                message = f"{place[0]}/{place[1]}: Kafka deleted its oldest records meanwhile. Take the backup again"
                raise BrokerUnavailable(message) from error
            silent = 0 if polled else silent + 1
            if silent > SILENT_POLLS:
                raise BrokerUnavailable(f"{place[0]}/{place[1]}: nothing came for {SILENT_POLLS * POLL_SECONDS:.0f} s")
            for stored in polled:
                if stored.offset < end:
                    yield stored
                if stored.offset >= end - 1:
                    return


def _without_replaced(path: Path, place: TopicPartition, standing: Standing) -> RecordFile:
    """Leave out of a file what was replaced or erased under its key: Kafka itself forgets it only within a day."""
    whole = path.replace(path.with_name(f"whole-{path.name}"))
    with RecordFile.new(path) as file:
        for stored in filter(standing.has, records_in(whole, *place)):
            file.add(stored)
    whole.unlink()
    return file


def reference_of(stored: Stored) -> Reference:
    """What a record of a journal refers to."""
    return Reference(stored.offset, {topic: at.offset for topic, at in positions_of(stored.headers).items()})
