"""One process at a time has the files of a storage directory."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = "reporting.lock"


class StoreInUse(RuntimeError):
    """Another process has the store, or nothing can be written where it is."""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Have the store in a directory for as long as the block lasts. Raises StoreInUse."""
    try:
        opened = (directory / LOCK_NAME).open("w")
    except OSError as error:
        raise StoreInUse(f"nothing can be written into {directory}: {error.strerror}") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it ends with the process, however that ends
        except OSError:
            raise StoreInUse(f"another process has the store in {directory}") from None
        yield
