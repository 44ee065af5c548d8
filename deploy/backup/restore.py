"""Makes an empty cluster hold what a backup holds, each record at its own offset and with its own time.

Journals state positions, and ids follow from them, so nothing may come to stand elsewhere; and times decide who was in
time. Nothing else may run on the cluster meanwhile: a record of somebody else's is noticed, and ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from deploy.backup.manifest import BACKED_UP, Manifest, WrongBackup
from deploy.backup.progress import Progress
from deploy.backup.verify import stored_in
from deploy.topics import topic_faults
from shared.connection import Connection
from shared.engine.broker import Stored, TopicPartition, reading
from shared.engine.kafka import KafkaBroker, create_topics
from shared.engine.kafka_restore import BATCH_BYTES, CopyFailed, KafkaCopy, delete_before, set_up
from shared.topics import TOPICS


async def restore(at: Connection, directory: Path, manifest: Manifest, replication: int, progress: Progress) -> None:
    """Put everything back.

    Raises WrongBackup where the cluster is not empty, Damaged, CopyFailed, BrokerUnavailable.
    """
    fresh = [replace(topic, writers_times=topic in BACKED_UP) for topic in TOPICS]
    created = await create_topics(at, manifest.partitions, replication, fresh)
    await _see_that_it_is_empty(at, manifest.partitions)
    if len(created) < len(TOPICS):
        await set_up(at, [topic for topic in fresh if topic.writers_times], replication)
    begins, ends = {}, dict.fromkeys(_places(manifest.partitions), 0)
    async with KafkaCopy.to(at) as copy:
        for topic in BACKED_UP:
            for partition in range(manifest.partitions):
                place = manifest.place(topic.name, partition)
                records = stored_in(directory, topic, partition, place)
                end = Stored(topic.name, partition, place.end, manifest.taken_at, "", b"")
                await _put_back(copy, records, end, progress)
                ends[topic.name, partition] = place.end
                if place.begin and not topic.compacted:
                    begins[topic.name, partition] = place.begin
    await delete_before(at, begins)
    await set_up(at, BACKED_UP, replication)
    await _see_that_nobody_wrote(at, manifest.partitions, ends)


async def _see_that_it_is_empty(at: Connection, partitions: int) -> None:
    if wrong := await topic_faults(at, partitions):
        raise WrongBackup(f"{'; '.join(wrong)}: begin with an empty cluster")
    if written := [place for place, end in (await _ends(at, partitions)).items() if end]:
        raise WrongBackup(
            f"the cluster is not empty: {_named(written)} had records. "
            "Positions that were in use cannot be given again: begin with an empty cluster"
        )


async def _see_that_nobody_wrote(at: Connection, partitions: int, ends: Mapping[TopicPartition, int]) -> None:
    """Behind what was already put back nothing of the copy would come to stand elsewhere, and notice it."""
    if written := [place for place, end in (await _ends(at, partitions)).items() if end != ends[place]]:
        raise CopyFailed(
            f"somebody else wrote to {_named(written)} meanwhile: what is there is not the backup. End whatever runs "
            "on this cluster, and begin with an empty one"
        )


async def _ends(at: Connection, partitions: int) -> dict[TopicPartition, int]:
    broker = KafkaBroker(at, partitions)
    try:
        async with reading(broker) as reader:
            return await reader.ends(_places(partitions))
    finally:
        await broker.close()


def _places(partitions: int) -> list[TopicPartition]:
    return [(topic.name, number) for topic in TOPICS for number in range(partitions)]


def _named(places: Sequence[TopicPartition]) -> str:
    return f"{', '.join(f'{topic}/{number}' for topic, number in places[:5])}{' …' if len(places) > 5 else ''}"


async def _put_back(copy: KafkaCopy, records: Iterable[Stored], end: Stored, progress: Progress) -> None:
    """Write the records of a partition; `end` stands for the one that is to come after them."""
    position = 0
    for batch in _batches(records):
        await copy.fill(batch[0], batch[0].offset - position)
        await copy.append(batch)
        position = batch[-1].offset + 1
        progress.step(end.topic, len(batch))
    await copy.fill(end, end.offset - position)


def _batches(records: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Records that follow each other without a gap, as many as fit into a batch."""
    batch: list[Stored] = []
    size = 0
    for stored in records:
        if batch and (stored.offset != batch[-1].offset + 1 or size + stored.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(stored)
        size += stored.size
    yield from chain([batch] if batch else [])
