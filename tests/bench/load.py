"""The load generator, a process of its own: open loop, every event sent when it is due, whatever came of those before.

`python -m tests.bench.load SPEC.json`
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.rig.cad import Cads
from tests.rig.wire import Wire

NEW_ONE_IN = 10
CONNECTIONS = 64
MOST_CONNECTIONS = 400
ANSWER_SECONDS = 10.0


async def load(spec: dict[str, Any]) -> list[tuple[str, str, float, float, float, int]]:
    """One row an event: call id, event id, when it was due, sent and answered (wall clock, seconds), and the status."""
    rate, wire = spec["rate"], Wire(spec["port"], MOST_CONNECTIONS)
    await wire.open(min(CONNECTIONS, rate))
    cads = Cads(spec["keys"], spec["seed"], NEW_ONE_IN, settle_events=rate)
    rows: list[tuple[str, str, float, float, float, int]] = []
    began = time.time() + 0.2

    async def send(call_id: str, event_id: str, due: float, data: bytes) -> None:
        sent = time.time()
        status, _ = await wire.ask(data, ANSWER_SECONDS)
        rows.append((call_id, event_id, due, sent, time.time(), status))

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * spec["seconds"])):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            call, data = cads.next()
            tasks.create_task(send(call.call_id, call.event_id, due, data))
    return rows


def main() -> None:
    """Write the rows to the file that the spec names."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    gc.disable()  # a pause of the generator would be taken for one of the services
    Path(spec["out"]).write_text(json.dumps(asyncio.run(load(spec))))


if __name__ == "__main__":
    main()
