"""What a topic is, how it is made, and what fits into it."""

from __future__ import annotations

from dataclasses import dataclass

HOUR_MILLISECONDS = 60 * 60 * 1000
DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS
MAX_RECORD_BYTES = 1024 * 1024
"""What a topic takes in one batch; a step stays below it (`STEP_BYTES`)."""
STEP_BYTES = 900_000
SNAPSHOT_BYTES = 16 * 1024 * 1024
"""What a snapshot topic takes in one batch."""
SNAPSHOT_SEGMENT_BYTES = 64 * 1024 * 1024
"""Kafka compacts no segment that it still writes to: all of it is read at a start."""
SEGMENTS = 24
"""What has to be gone within a day is written to a new segment every hour."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. A journal is written by its owner only and kept for good; its fold is that service's state."""

    name: str
    written_by: str
    journal: bool = False
    first: bool = False
    """After a take-over its records are decided before those of any other topic, and before any clock fires."""
    refusals_name_subject: bool = False
    """A refusal of one of its records says what the record is about."""
    retention_milliseconds: int = -1
    compacted: bool = False
    gone_within_milliseconds: int | None = None
    """Of a compacted topic: how long what was erased may still be there, as long as something is appended now and then.

    Kafka compacts no segment that it still writes to, and looks only at an append whether one is old enough to end.
    """
    max_bytes: int = MAX_RECORD_BYTES
    segment_bytes: int | None = None
    """After how much another segment begins; None: when Kafka likes."""
    writers_times: bool = False
    """Whether a record bears the time that is written with it, and not the broker's: while a copy is put back."""

    @property
    def retention_promised(self) -> bool:
        """Whether anything rests on what Kafka deletes of it, and what not."""
        return self.journal or self.retention_milliseconds >= 0

    @property
    def _is_fleeting(self) -> bool:
        """Whether what is older than an hour is of no use: then no disk need hold it, and segments are short."""
        return 0 < self.retention_milliseconds <= HOUR_MILLISECONDS

    def settings(self, replication: int) -> dict[str, str]:
        """Kafka's settings for it. With one copy only, every write that has to last is flushed to disk at once."""
        settings = {
            "message.timestamp.type": "CreateTime" if self.writers_times else "LogAppendTime",
            "retention.ms": str(self.retention_milliseconds),
            "retention.bytes": "-1",  # else the brokers' own log.retention.bytes counts
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_bytes),
            "unclean.leader.election.enable": "false",
            "min.insync.replicas": str(min(2, replication)),
        }
        if self.segment_bytes is not None:
            settings["segment.bytes"] = str(self.segment_bytes)
        if self._is_fleeting:
            settings["segment.ms"] = str(self.retention_milliseconds // SEGMENTS)
        elif replication == 1 and not self.compacted:
            settings["flush.messages"] = "1"
        if self.gone_within_milliseconds is not None:
            settings["max.compaction.lag.ms"] = str(self.gone_within_milliseconds * 3 // 4)
            settings["segment.ms"] = str(self.gone_within_milliseconds // SEGMENTS)
        return settings


def snapshots_of(service: str) -> Topic:
    """The topic that caches a service's state."""
    return Topic(
        f"{service}-snapshots",
        service,
        compacted=True,
        max_bytes=SNAPSHOT_BYTES,
        segment_bytes=SNAPSHOT_SEGMENT_BYTES,
    )


def beats_of(service: str) -> Topic:
    """The topic in which a service's processes tell each other that they are alive, and what they own."""
    return Topic(f"{service}-beats", service, retention_milliseconds=HOUR_MILLISECONDS)


DEAD_LETTERS = Topic("dead-letters", "any service")
