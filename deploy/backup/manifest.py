"""What a backup says of itself: of which cluster it is, up to where it goes, and what each of its files holds.

It is replaced as a whole, last of all: what it names is complete, and a file that it does not name counts for nothing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from deploy.backup.files import Damaged, digest_of
from shared.engine.broker import TopicPartition
from shared.engine.topic import Topic
from shared.private_file import write_private
from shared.topics import TOPICS
from shared.validation import faults_in

NAME = "manifest.json"
FORMAT = 1
FAULTS = 3
"""Of a manifest, that are told."""
BACKED_UP: tuple[Topic, ...] = tuple(topic for topic in TOPICS if not topic.name.endswith(("-snapshots", "-beats")))
"""Snapshots are a cache that journals are folded into again, and beats are of no use after an hour.

Those that are compacted are taken anew each time, so that what was erased is in no backup after the next one.
"""


class WrongBackup(Exception):
    """There is no backup, or not the one that is needed."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Model):
    """A file with records of one partition."""

    name: str = Field(pattern=r"^[a-z-]+/\d+-\d{4,}\.jsonl\.gz$")
    first: int = Field(ge=0)
    """The offset of its first record."""
    end: int = Field(ge=0)
    """The offset after its last."""
    records: int = Field(ge=1)
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    def check(self, directory: Path) -> None:
        """Raises Damaged where it is not the file that was written, or cannot be read."""
        path = directory / self.name
        try:
            digest = digest_of(path)
        except OSError as error:
            raise Damaged(f"{path} cannot be read: {type(error).__name__}") from error
        if digest != self.sha256:
            raise Damaged(f"{path} is not the file that was written: its SHA-256 is another one")


class Place(_Model):
    """What there is of a partition of a topic."""

    end: int = Field(ge=0)
    """The position up to which everything is here that the topic held."""
    files: tuple[FileEntry, ...] = ()

    @property
    def begin(self) -> int:
        """The offset of the first record."""
        return self.files[0].first if self.files else self.end

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(file.records for file in self.files)


class Manifest(_Model):
    """The whole of it."""

    format: int = FORMAT
    careroute: str = Field(default_factory=lambda: version("careroute"))
    """The version that took it."""
    cluster: str
    partitions: int = Field(ge=1)
    taken_at: AwareDatetime
    """When its ends were looked at: what came later is not in it."""
    takes: int = Field(ge=1)
    places: Mapping[str, Place]
    """By `topic/partition`."""

    @classmethod
    def of(cls, directory: Path) -> Self:
        """The manifest of a directory. Raises WrongBackup."""
        path = directory / NAME
        try:
            manifest = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise WrongBackup(
                f"{path} cannot be read ({type(error).__name__}): no backup is whole without it"
            ) from error
        except ValidationError as error:
            what = f"{path} is no manifest of a backup that this version knows: it is damaged, or of a later version"
            raise WrongBackup(f"{what} ({'; '.join(faults_in(error)[:FAULTS])})") from None
        if manifest.format != FORMAT:
            raise WrongBackup(f"{path} has format {manifest.format}, and this version reads {FORMAT}")
        names = {f"{topic.name}/{number}" for topic in BACKED_UP for number in range(manifest.partitions)}
        if unknown := manifest.places.keys() - names:
            raise WrongBackup(f"{path} has topics that this version does not know: {', '.join(sorted(unknown))}")
        return manifest

    @classmethod
    def former(cls, directory: Path) -> Self | None:
        """That of the last backup in a directory; None where none was taken to its end. Raises WrongBackup."""
        if (directory / NAME).exists():
            return cls.of(directory)
        if any(not path.match("*-0001.jsonl.gz") for path in directory.glob("*/*.jsonl.gz")):
            raise WrongBackup(  # of a first one that was broken off there are files of that number alone
                f"{directory} has files of backups and no {NAME}: to begin anew would delete them, perhaps the last "
                f"copy of what they hold. Put {NAME} back from a copy of the directory, or take a new directory"
            )
        return None

    def place(self, topic: str, partition: int) -> Place:
        """What there is of a partition: nothing, where an earlier version had no such topic."""
        return self.places.get(f"{topic}/{partition}", Place(end=0))

    @property
    def ends(self) -> dict[TopicPartition, int]:
        """The position up to which it has each partition."""
        return {place_of(name): place.end for name, place in self.places.items()}

    @property
    def records(self) -> int:
        """How many it has."""
        return sum(place.records for place in self.places.values())

    @property
    def bytes(self) -> int:
        """How large its files are."""
        return sum(file.bytes for place in self.places.values() for file in place.files)

    def write(self, directory: Path) -> None:
        """Put it in the place of the former one, and delete the files that it does not name. Raises OSError.

        It, and that the files which it names are there, stands on the disk before it is put there: else it could be
        empty after a power cut, or name what is not there, with the former one gone.
        """
        fresh = directory / f"{NAME}.new"
        write_private(fresh, self.model_dump_json(indent=1) + "\n")
        named = {file.name for place in self.places.values() for file in place.files}
        for path in (fresh, *{(directory / name).parent for name in named}, directory):
            _sync(path)
        fresh.replace(directory / NAME)
        _sync(directory)
        for path in directory.glob("*/*.jsonl.gz"):
            if path.relative_to(directory).as_posix() not in named:
                path.unlink()


def place_of(name: str) -> TopicPartition:
    """The parts of `topic/partition`."""
    topic, _, number = name.rpartition("/")
    return topic, int(number)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keep others out of a directory while the block runs; it is made where it is missing. Raises WrongBackup."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(directory / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WrongBackup(f"another process is at work in {directory}") from error
        yield


def _sync(path: Path) -> None:
    """Have what a file holds, or which files a directory has, stand on the disk. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
