"""Has aiokafka read records whatever their headers are called; it is imported for that.

Kafka looks at no header's name, and any client may write one that is no UTF-8. aiokafka raises over it: nobody could
read past such a record, and every process that tried would end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Bytes(bytearray):
    """Bytes whose parts can be read as text: what is no UTF-8 is replaced."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return _Bytes(part) if isinstance(at, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)


class _Replacing(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    """A batch read in Python, which takes longer."""

    _buffer: Any

    def __iter__(self) -> _Replacing:
        super().__iter__()
        self._buffer = _Bytes(self._buffer)
        return self


class _Batch:
    """A batch as aiokafka reads it, and from the record on over which it raises as read in Python."""

    def __init__(self, batch: Any, data: bytes | memoryview) -> None:
        self._batch, self._data = batch, data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        records_read = 0
        try:
            for record in self._batch:
                records_read += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(_Replacing(self._data), records_read, None)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # aiokafka has no types
    """The batches of a fetch."""

    def next_batch(self, *settings: SupportsIndex) -> Any:
        data = self._next_slice
        batch = super().next_batch(*settings)
        return batch if batch is None else _Batch(batch, data)


fetcher.MemoryRecords = _Records  # version pinned; there is no other way
