"""Who starts processes and is told to end leaves none behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.processes import processes_of

STARTER = """
import asyncio, sys
from pathlib import Path
from deploy.local.processes import end_all, heed_termination, processes_of, spawn

async def work(directory):
    spawn([sys.executable, "-c", "import time; time.sleep(600)"], directory, "sleeper.log")
    try:
        print("started", flush=True)
        await asyncio.sleep(600)
    finally:
        end_all(processes_of(directory))

heed_termination()
asyncio.run(work(Path(sys.argv[1])))
"""


IN_THE_BACKGROUND = ("sh", "-c", """trap '' INT; exec "$@" """, "sh")
"""As a shell begins what ends with `&` in a script: it does not hear Ctrl-C."""


@pytest.mark.parametrize("begun", [(), IN_THE_BACKGROUND], ids=["", "in the background"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_is_asked_to_end_ends_what_it_has_started(
    tmp_path: Path, how: signal.Signals, begun: tuple[str, ...]
) -> None:
    command = [*begun, sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"
        assert len(processes_of(tmp_path)) == 1
        starter.send_signal(how)
        starter.wait(60)
    assert processes_of(tmp_path) == []
