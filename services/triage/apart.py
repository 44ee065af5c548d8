"""A document that nobody has verified yet, read in a process of its own, which ends whatever the document costs.

The process stays for the next document, unless this one was its end.
"""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import BinaryIO, Final

from shared.ending import ended_after
from shared.programme import Fault, ProgrammeRefused, read

SECONDS: Final = 0.25
"""Of reading, on a processor: half of what a decision has, for after a restart a decision reads the document."""
LATER_SECONDS = 30.0
"""It takes a second of the processor to begin: as much as this process does, to which others wait to hand over."""
START_SECONDS, WALL_SECONDS = 30.0, 5.0
"""Of the process until it can read a document, and of one document, on a machine that is busy with other things."""
PROGRAM: tuple[str, ...] = (sys.executable, "-m", "services.triage.apart")
_MEBIBYTES: Final = 1024
_ENDED_AFTER_SECONDS: Final = 2
_READY, _CHEAP, _DEAR = b"r", b"c", b"d"


class NotStarted(Exception):
    """The process that reads documents was not there in time: the machine is full, or cannot start it."""


class Apart:
    """The process, one document at a time: several would take the processors from each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def endures(self, text: str) -> None:
        """Returns where reading the document costs little enough, accepted or not. Raises `ProgrammeRefused` else.

        Raises `NotStarted` where nobody could look: that is no fault of the document's.
        """
        with self._lock:
            process = self._started()
            if not self._is_ready:
                with ended_after(START_SECONDS, process):
                    self._is_ready = _answer_of(process) == _READY
            if not self._is_ready:
                self.close()
                raise NotStarted
            with ended_after(WALL_SECONDS, process):
                answer = _ask(process, text.encode("utf-8", "replace"))
            if answer == _CHEAP:
                return
            if answer != _DEAR:
                self.close()
            raise too_large()

    def start(self) -> None:
        """Have the process there before the first document comes."""
        with self._lock:
            self._started()

    def start_later(self) -> None:
        """The same, once this one decides."""
        starting = threading.Timer(LATER_SECONDS, self.start)
        starting.daemon = True
        starting.start()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process, self._is_ready = None, False

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  this program
        return self._process


def _ask(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """What the process says of the document; nothing where it ended over it."""
    assert process.stdin is not None  # noqa: S101  it is a pipe
    try:
        process.stdin.write(b"%d\n%b" % (len(text), text))
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    return _answer_of(process)


def _answer_of(process: subprocess.Popen[bytes]) -> bytes:
    """What it says next; nothing where it has ended."""
    assert process.stdout is not None  # noqa: S101  it is a pipe
    return process.stdout.read(1)


def too_large() -> ProgrammeRefused:
    """The refusal of a document that could not be read in time."""
    what = f"is too large to verify: reading it takes more than {SECONDS} s, or {_MEBIBYTES} MiB"
    return ProgrammeRefused([Fault(1, "document", what, "fewer levels, rows and names")])


def _serve(documents: BinaryIO, answers: BinaryIO) -> None:
    """Read documents until there are no more, each after its length in bytes on a line."""
    size = _MEBIBYTES << 20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    answers.write(_READY)
    answers.flush()
    while line := documents.readline():
        text = documents.read(int(line)).decode("utf-8", "replace")
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = math.ceil(used.ru_utime + used.ru_stime) + _ENDED_AFTER_SECONDS  # the limit knows whole ones
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        began = time.thread_time()
        with suppress(ProgrammeRefused):
            read(text)
        answers.write(_CHEAP if time.thread_time() - began <= SECONDS else _DEAR)
        answers.flush()


if __name__ == "__main__":
    import holidays.countries  # noqa: F401  # all at once, a fifth of a second: the first document would have to pay

    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # who started it has ended, and has said why: that is the last word
        os._exit(0)
