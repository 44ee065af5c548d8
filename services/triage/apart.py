"""A document that nobody has verified yet, read in a process of its own, which ends whatever the document costs."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Final

from shared.programme import Fault, ProgrammeRefused, read

SECONDS: Final = 0.25
"""Of reading, on a processor: half of what a decision has, for after a restart a decision reads the document."""
_ENDED_AFTER_SECONDS: Final = 2
WALL_SECONDS = 15.0
"""Its start included, on a machine that is busy with other things; the decision waits a little longer."""
_MEBIBYTES: Final = 1024
_READ, _TOO_SLOW = 0, 1
_ONE_AT_A_TIME = threading.Lock()
"""Several agencies may propose in one moment; their readers would take the processors from each other."""
PROGRAM: tuple[str, ...] = (sys.executable, "-m", "services.triage.apart")


def endures(text: str) -> None:
    """Returns where reading the document costs little enough, accepted or not. Raises `ProgrammeRefused` else."""
    try:
        with _ONE_AT_A_TIME:
            done = subprocess.run(  # noqa: S603  this program, and the text on its standard input
                PROGRAM, input=text.encode("utf-8", "replace"), timeout=WALL_SECONDS, capture_output=True, check=False
            )
    except subprocess.TimeoutExpired:
        raise too_large() from None
    if done.returncode != _READ:
        raise too_large()


def too_large() -> ProgrammeRefused:
    """The refusal of a document that could not be read in time."""
    what = f"is too large to verify: reading it takes more than {SECONDS} s, or {_MEBIBYTES} MiB"
    return ProgrammeRefused([Fault(1, "document", what, "fewer levels, rows and names")])


def _read_here() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _ENDED_AFTER_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    size = _MEBIBYTES << 20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    text, began = sys.stdin.buffer.read().decode("utf-8", "replace"), time.thread_time()
    with suppress(ProgrammeRefused):
        read(text)
    if time.thread_time() - began > SECONDS:
        sys.exit(_TOO_SLOW)


if __name__ == "__main__":
    _read_here()
