"""Each call is sealed with a key of its own that stands in the log before it; one that was erased is used no more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from services.intake.call_keys import USED_FOR, CallKeyCache
from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.agencies import Agencies
from shared.call_keys import CallKeys, erase_keys
from shared.clock import SystemClock
from shared.engine.broker import Appended, BrokerUnavailable, Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import CallReported, decode
from shared.topics import CALL_KEYS, CALLS
from tests.rig.call_keys import keys_in
from tests.rig.clocks import LaterClock
from tests.services.intake.conftest import CALL, KEY

CALL_ID = "madison-wi/dane-county/2021-1"
PERSONAL = {"address": "415 N Henry St", "narrative": "Ann Smith is crying"}


class KeepingBroker(MemoryBroker):
    """Remembers in which order topics were written; one of them can be away."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.written: list[str] = []
        self.away = ""

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        if topic == self.away:
            raise BrokerUnavailable(topic)
        self.written += [topic] * len(records)
        return await super().append(topic, partition, records)


class Intake:
    """One process of intake, on a log that others write to, too."""

    def __init__(self, settings: IntakeSettings, log: MemoryLog) -> None:
        self.broker, self.log, self.sealer = KeepingBroker(log), log, settings.sealer
        self.app = create_app(self.broker, SystemClock(), Agencies(settings.agencies_file), self.sealer, settings)

    async def publish(self, event_id: str = "e1", query: str = "", **fields: Any) -> int:
        content = {**CALL, **PERSONAL, "event_id": event_id, **fields}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://intake") as client:
            return (await client.post(f"/v1/calls{query}", json=content, headers={"X-API-Key": KEY})).status_code

    def versions(self) -> list[CallReported]:
        made = [
            decode(stored.headers["type"].decode(), stored.value)
            for (topic, _), held in self.log.places.items()
            for stored in held
            if topic == CALLS.name
        ]
        return [event for event in made if isinstance(event, CallReported)]

    @property
    def keys(self) -> CallKeys:
        return keys_in(self.log, self.sealer)


async def test_the_key_stands_in_the_log_before_what_is_sealed_with_it(settings: IntakeSettings) -> None:
    intake = Intake(settings, MemoryLog())
    for number in range(3):
        assert await intake.publish(f"e{number}") == 200
    assert intake.broker.written == [CALL_KEYS.name, *[CALLS.name] * 3], "a call has its key once"
    for version in intake.versions():
        assert version.sealed is not None
        assert intake.keys.open(CALL_ID, version.sealed) == PERSONAL
    everything = [stored for held in intake.log.places.values() for stored in held]
    assert not [stored for stored in everything if b"Henry" in stored.value or b"Smith" in stored.value]
    assert await intake.publish("e9", incident_id="2021-2") == 200
    assert len({version.sealed.key_id for version in intake.versions() if version.sealed}) == 2, "another has another"


async def test_nothing_personal_needs_no_key_and_a_dry_run_makes_none(settings: IntakeSettings) -> None:
    intake = Intake(settings, MemoryLog())
    assert await intake.publish(address=None, narrative=None) == 200
    assert await intake.publish(query="?dry_run=true") == 200
    assert intake.broker.written == [CALLS.name]


async def test_intakes_know_nothing_of_each_other_and_all_their_keys_are_erased(settings: IntakeSettings) -> None:
    log = MemoryLog()
    for number in range(2):
        assert await Intake(settings, log).publish(f"e{number}") == 200
    intake = Intake(settings, log)
    names = intake.keys.names({CALL_ID})
    assert len(names) == 2
    await erase_keys(intake.broker, names)
    for version in intake.versions():
        assert version.sealed is not None
        with pytest.raises(ValueError, match="erased"):
            intake.keys.open(CALL_ID, version.sealed)


async def test_while_a_key_cannot_be_kept_nothing_is_acknowledged_and_nothing_appended(
    settings: IntakeSettings,
) -> None:
    intake = Intake(settings, MemoryLog())
    intake.broker.away = CALL_KEYS.name
    assert await intake.publish() == 503
    assert intake.versions() == []
    intake.broker.away = ""
    assert await intake.publish() == 200
    (version,) = intake.versions()
    assert version.sealed is not None
    assert intake.keys.open(CALL_ID, version.sealed) == PERSONAL


async def test_what_comes_after_an_erasure_is_sealed_with_a_new_key(settings: IntakeSettings) -> None:
    """A call that comes back after it was erased: its team has to see where it is."""
    intake = Intake(settings, MemoryLog())
    async with intake.app.router.lifespan_context(intake.app):
        await asyncio.sleep(0.05)
        assert await intake.publish("e1") == 200
        await erase_keys(intake.broker, intake.keys.names({CALL_ID}))
        await asyncio.sleep(0.05)
        assert await intake.publish("e2", status="reopened") == 200
    before, after = intake.versions()
    assert before.sealed is not None
    assert after.sealed is not None
    assert intake.keys.open(CALL_ID, after.sealed) == PERSONAL
    with pytest.raises(ValueError, match="erased"):
        intake.keys.open(CALL_ID, before.sealed)


async def test_the_cache_is_bounded_in_number_and_in_time(settings: IntakeSettings) -> None:
    log, clock = MemoryLog(), LaterClock()
    cache = CallKeyCache(MemoryBroker(log), clock, settings.sealer, most_calls=2)
    made = [cache.key_of(f"a/b/{number}") for number in range(3)]
    await cache.make_durable(made)
    assert [cache.key_of(key.call_id) is key for key in made] == [False, True, True]
    clock.ahead = USED_FOR * 1.01
    assert cache.key_of(made[2].call_id) is not made[2], "a key is gone 31 days after it was made, a version after 30"
