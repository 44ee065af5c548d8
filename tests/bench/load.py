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

from tests.bench.client import Client
from tests.rig.calls import CallStream

NEW_EVERY = 10
CONNECTIONS = 400
ANSWER_SECONDS = 10.0


async def load(spec: dict[str, Any]) -> list[tuple[str, str, float, float, float, int]]:
    """A row for every event: call id, event id, when it was due, sent and answered (in seconds), and the status."""
    rate, client, keys = spec["rate"], Client(f"{spec['intake']}/v1/calls", CONNECTIONS), spec["keys"]
    calls = CallStream(keys, spec["seed"], NEW_EVERY, settle_events=rate)
    rows: list[tuple[str, str, float, float, float, int]] = []

    async def send(agency: str, call_id: str, event_id: str, due: float, body: bytes) -> None:
        sent = time.time()
        status = await client.post(keys[agency], body, ANSWER_SECONDS)
        rows.append((call_id, event_id, due, sent, time.time(), status))

    began = time.time() + 0.2
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * spec["seconds"])):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            call, body = calls.next()
            tasks.create_task(send(call.agency, call.call_id, call.event_id, due, body))
    return rows


def main() -> None:
    """Write the rows to the file that the spec names."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    gc.disable()  # a pause of the generator would be taken for one of the services
    Path(spec["out"]).write_text(json.dumps(asyncio.run(load(spec))))


if __name__ == "__main__":
    main()
