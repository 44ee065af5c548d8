from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.agencies import Agencies, hash_of
from shared.clock import SystemClock
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Event, Sealed, decode
from shared.sealing import Sealer, new_key
from shared.topics import CALLS
from tests.rig.call_keys import keys_in

KEY, OTHER_KEY, REPLAY_KEY, TEST_KEY = "key-one", "key-two", "key-three", "key-four"
CALL: dict[str, Any] = {
    "event_id": "e1",
    "agency": "madison-wi",
    "source": "dane-county",
    "incident_id": "2021-1",
    "created_at": "2021-09-02T12:00:00-05:00",
    "updated_at": "2021-09-02T12:01:00-05:00",
    "call_type": {"system": "dane-county", "code": "CHECK PERSON"},
    "district": "Central",
    "answers": {"Q1": "no"},
}
AGENCIES = f"""
[agencies.madison-wi.sources.dane-county]
keys = ["{hash_of(KEY)}"]
[agencies.madison-wi.sources.old-calls]
keys = ["{hash_of(REPLAY_KEY)}"]
replay = true
[agencies.madison-wi.sources.synthetic]
keys = ["{hash_of(TEST_KEY)}"]
kind = "synthetic"
[agencies.boston-ma.sources.boston]
keys = ["{hash_of(OTHER_KEY)}"]
"""


@dataclass
class Door:
    app: Starlette
    client: httpx.AsyncClient
    log: MemoryLog
    sealer: Sealer
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {KEY}"})

    async def post(self, content: Any, path: str = "/v1/calls", **headers: str) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        given = {"Content-Type": "application/json", **self.headers}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, content=body, headers=given)

    def events(self) -> list[Event]:
        """Every version that was taken."""
        return [
            decode(stored.headers["type"].decode(), stored.value)
            for (topic, _), held in sorted(self.log.places.items())
            for stored in held
            if topic == CALLS.name
        ]

    def open(self, call_id: str, sealed: Sealed) -> dict[str, str]:
        """What is sealed in a version."""
        return keys_in(self.log, self.sealer).open(call_id, sealed)


@pytest.fixture
def settings(tmp_path: Path) -> IntakeSettings:
    path = tmp_path / "agencies.toml"
    path.write_text(AGENCIES)
    return IntakeSettings(kafka="none:9092", agencies_file=path, sealing_key=new_key(), requests_in_flight=16)  # type: ignore[arg-type]


@pytest.fixture
async def door(settings: IntakeSettings) -> AsyncIterator[Door]:
    log, sealer = MemoryLog(), Sealer(settings.sealing_key.get_secret_value())
    app = create_app(MemoryBroker(log), SystemClock(), Agencies(settings.agencies_file), sealer, settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield Door(app, client, log, sealer)
