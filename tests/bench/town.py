"""The towns around the benchmark, a process of its own: crews that answer over the topic `commands`, CADs that listen.

`python -m tests.bench.town SPEC.json`, ended by SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp.web import BaseRequest

from deploy.actors.webhooks import receiving
from shared.clock import SystemClock
from shared.doors.command import send
from shared.engine.kafka import KafkaBroker
from shared.events import AcceptOffer, Command, DeclineOffer, ReportStatus, child_id
from tests.rig.crews import Crews
from tests.rig.log import Entry, follow

KINDS: dict[str, type[Command]] = {"accept": AcceptOffer, "decline": DeclineOffer, "status": ReportStatus}


async def town(spec: dict[str, Any]) -> None:
    """Live until told to stop."""
    broker, clock = KafkaBroker(spec["bootstrap"], spec["partitions"]), SystemClock()

    async def act(agency: str, kind: str, fields: dict[str, Any], key: str) -> None:
        now = clock.now()
        person = fields.get("person_id", fields.get("team_id"))
        common: dict[str, Any] = {"command_id": child_id(agency, key), "issued_by": person, "issued_at": now}
        command = KINDS[kind](**common, expires_at=now + timedelta(seconds=60), **fields)
        await send(broker, agency, command, clock, "rig")

    async def take(request: BaseRequest) -> int:
        await request.read()
        return 204

    crews = Crews(act, spec["seed"])
    over, ready = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)

    def take_records(records: list[Entry]) -> None:
        for record in records:
            crews.take(record)

    async with receiving(spec["port"], take):
        watching = asyncio.get_running_loop().create_task(
            follow(spec["bootstrap"], spec["partitions"], ("assignments",), ready, take_records)
        )
        await ready.wait()
        await asyncio.to_thread(Path(spec["ready"]).touch)
        await over.wait()
        watching.cancel()
        await asyncio.wait([watching])
        await crews.stop()
    await broker.close()


if __name__ == "__main__":
    asyncio.run(town(json.loads(Path(sys.argv[1]).read_text())))
