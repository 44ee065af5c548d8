"""A disk of a bounded size for one directory, that can be filled: a file system in memory, mounted there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MEGABYTES = 1024
FILLER = "filler"


class DiskError(RuntimeError):
    """Nothing can be mounted here; the message says why."""


class SmallDisk:
    """Mounted over a directory; what was in that is hidden meanwhile."""

    def __init__(self, directory: Path) -> None:
        """Mount it. Raises `DiskError`."""
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(directory))

    def fill(self) -> None:
        """Leave no room at all."""
        with (self._directory / FILLER).open("wb") as filler:
            os.posix_fallocate(
                filler.fileno(), 0, os.statvfs(self._directory).f_bavail * os.statvfs(self._directory).f_bsize
            )

    def clear(self) -> None:
        """Give the room back."""
        (self._directory / FILLER).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take it away, with what it holds."""
        _run("umount", "--lazy", str(self._directory))


def _run(*command: str) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", "") or error
        raise DiskError(f"A disk that can be filled has to be mounted, which is root's right: {why}") from error
