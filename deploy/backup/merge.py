"""Which files of a partition are put together: each backup adds one, and a manifest can name only so many.

Where there are many, the newest are put together with what is new, as long as each is less than twice as large as all
that come after it. So of those that stay each is at least twice as large as the next, and a record is written again
only into a file that is larger by half: both the number of files and how often a record is written grow with the
logarithm of what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from deploy.backup.files import Damaged, records_in
from deploy.backup.manifest import FileEntry
from shared.engine.broker import TopicPartition
from shared.engine.topic import Topic

FILES = 100
"""Of a partition, that there are before the newest of them are put together."""
MERGED_BYTES = 256 * 1024 * 1024
"""Of files, that one backup writes again: work of a minute or two. The next one goes on."""
PARTS = 32
"""A file goes from a backup when Kafka has deleted its last record: so one holds records of no more than such a part of
the time for which they are kept."""


def to_merge(
    directory: Path,
    topic: Topic,
    place: TopicPartition,
    files: Sequence[FileEntry],
    *,
    fresh: int,
    most_bytes: int,
    now: datetime,
) -> list[FileEntry]:
    """The last of some files, to be written again in one with so many fresh records; none where there are few files.

    A file that is damaged, and what stands before it, is left as it is: `verify` names it.
    """
    chosen: list[FileEntry] = []
    if not fresh or len(files) < FILES:
        return chosen
    records, size = fresh, 0
    for file in reversed(files):
        size += file.bytes
        if file.records >= 2 * records or size > most_bytes:
            break
        try:
            file.check(directory)
        except Damaged:
            break
        if topic.retention_milliseconds >= 0:
            kept = timedelta(milliseconds=topic.retention_milliseconds)
            if now - next(records_in(directory / file.name, *place)).time > kept / PARTS:
                break
        records += file.records
        chosen.insert(0, file)
    return chosen
