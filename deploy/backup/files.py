"""Records in files: a line of JSON each, compressed, for nobody but their owner.

`{"offset": 7, "time": milliseconds, "key": text, "headers": {name: text}, "value": text}`; bytes that are no UTF-8
stand as lone surrogates (Python's `surrogateescape`), so that every byte comes back.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from shared.engine.broker import Stored

LEVEL = 1
"""Of compression: the next one takes twice the time for a tenth less."""
MAX_LINE_BYTES = 8 * 1024 * 1024
"""A record takes a megabyte at most, and each of its bytes six characters."""


_NOT_AS_WRITTEN = (
    OSError,
    EOFError,
    zlib.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading something else raises: no gzip, no JSON, other JSON, times out of this world, brackets without end."""


class Damaged(Exception):
    """A file is not what was written."""


class RecordFile:
    """A file that records are added to."""

    def __init__(self, path: Path, opened: BinaryIO) -> None:
        self._path, self._opened = path, opened
        self._compressed = gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=opened, mtime=0)
        self.records = 0
        self.first = self.end = 0
        """The offset of its first record, and the one after its last."""

    @classmethod
    @contextmanager
    def new(cls, path: Path) -> Iterator[RecordFile]:
        """A new file; whatever was there is replaced. What is written stands on the disk after the block."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            file = cls(path, opened)
            yield file
            file._compressed.close()
            opened.flush()
            os.fsync(opened.fileno())

    def add(self, stored: Stored) -> None:
        """Write the next record."""
        if not self.records:
            self.first = stored.offset
        self.records, self.end = self.records + 1, stored.offset + 1
        self._compressed.write(_line_of(stored))


def records_in(path: Path, topic: str, partition: int) -> Iterator[Stored]:
    """The records of a file, one at a time. Raises Damaged."""
    try:
        with gzip.open(path, "rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                yield _stored_of(json.loads(line), topic, partition)
    except _NOT_AS_WRITTEN as error:
        raise _damaged(path, error) from error


def last_in(path: Path, topic: str, partition: int) -> Stored:
    """The last record of a file. Raises Damaged, also where there is none."""
    last = b""
    try:
        with gzip.open(path, "rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                last = line
            return _stored_of(json.loads(last), topic, partition)
    except _NOT_AS_WRITTEN as error:
        raise _damaged(path, error) from error


def is_written_as(stored: Stored, other: Stored) -> bool:
    """Whether two records are one: what stands in a file has times of no more than milliseconds."""
    return _line_of(stored) == _line_of(other)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex. Raises OSError."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _damaged(path: Path, error: Exception) -> Damaged:
    return Damaged(f"{path}: no file of records, or only the beginning of one: {type(error).__name__}")


def _line_of(stored: Stored) -> bytes:
    fields = {
        "offset": stored.offset,
        "time": round(stored.time.timestamp() * 1000),
        "key": stored.key,
        "headers": {name: _text(value) for name, value in stored.headers.items()},
        "value": _text(stored.value),
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _stored_of(fields: dict[str, Any], topic: str, partition: int) -> Stored:
    return Stored(
        topic,
        partition,
        int(fields["offset"]),
        datetime.fromtimestamp(fields["time"] / 1000, UTC),
        str(fields["key"]),
        _bytes(fields["value"]),
        {str(name): _bytes(value) for name, value in fields["headers"].items()},
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
