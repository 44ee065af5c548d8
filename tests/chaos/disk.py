"""A disk of a bounded size for one directory, that can be full: a file system in memory, mounted there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MEGABYTES = 4096
TRIES = 50
"""Whoever writes meanwhile makes it too small for what is on it, which is refused."""


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
        """Leave no room at all: it becomes as small as what is on it. Raises `DiskError`."""
        for tries_left in reversed(range(TRIES)):
            disk = os.statvfs(self._directory)
            try:
                self._resize(f"{(disk.f_blocks - disk.f_bfree) * disk.f_frsize}")
            except DiskError:
                if not tries_left:
                    raise
            else:
                return

    def clear(self) -> None:
        """Give the room back. Raises `DiskError`."""
        self._resize(f"{MEGABYTES}m")

    def unmount(self) -> None:
        """Take it away, with what it holds. Raises `DiskError`."""
        _run("umount", "--lazy", str(self._directory))

    def _resize(self, size: str) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self._directory))


def _run(*command: str) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", "") or error
        raise DiskError(f"A disk that can be filled has to be mounted, which is root's right: {why}") from error
