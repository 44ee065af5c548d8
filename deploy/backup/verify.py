"""Reads a whole backup and says what is wrong: damaged files, gaps, and records that refer to what it does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy.backup.cut import goes_beyond
from deploy.backup.files import Damaged, records_in
from deploy.backup.manifest import BACKED_UP, Manifest, Place
from deploy.backup.progress import Progress
from deploy.backup.take import reference_of
from shared.engine.broker import Stored
from shared.engine.topic import Topic


def faults_of(directory: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    """What is wrong, a sentence each; of a partition the first that is found."""
    ends = manifest.ends
    for topic in BACKED_UP:
        for partition in range(manifest.partitions):
            place = manifest.place(topic.name, partition)
            position = place.begin
            try:
                for stored in stored_in(directory, topic, partition, place):
                    if stored.offset != position and not (topic.compacted and stored.offset > position):
                        yield f"{stored.position} stands where {position} should"
                        break
                    position = stored.offset + 1
                    if topic.journal and (name := goes_beyond(reference_of(stored), partition, ends)):
                        yield f"{stored.position} refers to what is beyond the end of {name}/{partition}"
                        break
                    progress.step(topic.name)
                else:
                    if position > place.end or (position < place.end and not topic.compacted):
                        yield f"{topic.name}/{partition} ends at {position}, and should at {place.end}"
            except Damaged as error:
                yield str(error)


def stored_in(directory: Path, topic: Topic, partition: int, place: Place) -> Iterator[Stored]:
    """The records of a partition, in their order. Raises Damaged, also where a file is not the one that was written."""
    for file in place.files:
        file.check(directory)
        path, count = directory / file.name, 0
        for stored in records_in(path, topic.name, partition):
            count += 1
            yield stored
        if count != file.records:
            raise Damaged(f"{path} holds {count} records, and should {file.records}")
