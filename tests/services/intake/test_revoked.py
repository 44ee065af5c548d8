"""A CAD's key that was revoked, at intake: refused at once, and nothing that stands in a journal keeps calls out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from services.intake import revoked
from services.intake.config import IntakeSettings
from services.intake.http import create_app
from shared.agencies import Agencies, hash_of
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable, Record
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Claimed, Event, PositionsNoted, TokenRevoked
from shared.sealing import Sealer
from shared.topics import ASSIGNMENTS
from tests.services.intake.conftest import AGENCIES, CALL, KEY

AGENCY = CALL["agency"]


class Intake:
    """The door, the log behind it, and a journal that tells of revocations."""

    def __init__(self, settings: IntakeSettings, broker: MemoryBroker, log: MemoryLog) -> None:
        self.log, self.file = log, settings.agencies_file
        sealer = Sealer(settings.sealing_key.get_secret_value())
        self.app: Starlette = create_app(broker, SystemClock(), Agencies(self.file), sealer, settings)
        self.partition = MemoryBroker(log).partition_of(AGENCY)
        self.tell(Claimed(epoch=1, writer="w"), key="")

    def tell(self, event: Event, key: str = AGENCY, epoch: int = 1) -> None:
        common = StepHeaders(epoch, self.log.clock.now(), "1", {}, "team-availability").common()
        record = Record(key, event.encode(), headers_of(event, "test/0/0", 0, common))
        self.log.append(ASSIGNMENTS.name, self.partition, [record])

    async def publish(self, event_id: str = "e1") -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://intake") as client:
            return (
                await client.post("/v1/calls", json={**CALL, "event_id": event_id}, headers={"X-API-Key": KEY})
            ).status_code

    async def ready(self) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://intake") as client:
            return await client.get("/readyz")

    async def until(self, status: int) -> None:
        """Until a publication is answered so. Raises AssertionError where that does not come."""
        for number in range(300):
            if await self.publish(f"e{number}") == status:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(status)


@pytest.fixture
async def intake(settings: IntakeSettings) -> AsyncIterator[Intake]:
    log = MemoryLog()
    made = Intake(settings, MemoryBroker(log), log)
    async with made.app.router.lifespan_context(made.app):
        yield made


@pytest.mark.parametrize("file", ["whole", "wrong", "gone"])
async def test_f7_a_revoked_key_publishes_nothing_more_whatever_the_file_says(intake: Intake, file: str) -> None:
    """F7: the key was taken out, and the file has a syntax error: the CAD still publishes, until it is revoked."""
    if file == "wrong":
        intake.file.write_text(AGENCIES + "[agencies", "utf-8")
    elif file == "gone":
        intake.file.unlink()
    assert await intake.publish() == 200, "no call is lost for a wrong file"
    assert ("refused since" in (await intake.ready()).text) == (file != "whole")
    intake.tell(TokenRevoked(token_hash=hash_of(KEY), holder="dane-county"), epoch=0)
    intake.tell(TokenRevoked(token_hash=hash_of(KEY), holder="dane-county"), key="boston-ma")
    await asyncio.sleep(0.05)
    assert await intake.publish() == 200, "neither a former owner's word nor another agency's"
    intake.tell(TokenRevoked(token_hash=hash_of(KEY), holder="dane-county"))
    await intake.until(401)


async def test_f7_a_journal_that_cannot_be_followed_keeps_no_call_out(
    settings: IntakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F7: calls are taken before the journal is read, and while it cannot be; it is tried again until it can."""
    monkeypatch.setattr(revoked, "RETRY_SECONDS", 0.01)
    log = MemoryLog()
    broker = Broken(log)
    intake = Intake(settings, broker, log)
    intake.tell(TokenRevoked(token_hash=hash_of(KEY), holder="dane-county"))
    async with intake.app.router.lifespan_context(intake.app):
        for fault in (BrokerUnavailable("away"), RuntimeError("a record that nobody can read")):
            broker.fault = fault
            await asyncio.sleep(0.05)
            assert await intake.publish() == 200
            assert (await intake.ready()).status_code == 200
        broker.fault = None
        await intake.until(401)


class Broken(MemoryBroker):
    """A broker whose journals cannot be read, for a while."""

    fault: Exception | None = BrokerUnavailable("away")

    async def reader(self, *, settled: bool = False) -> Any:
        reader, broker = await super().reader(settled=settled), self

        class Reader:
            def __getattr__(self, name: str) -> Any:
                return getattr(reader, name)

            async def poll(self, *arguments: Any, **named: Any) -> Any:
                if broker.fault is not None:
                    raise broker.fault
                return await reader.poll(*arguments, **named)

        return Reader()


async def test_the_end_of_the_door_ends_the_following(settings: IntakeSettings) -> None:
    log = MemoryLog()
    intake = Intake(settings, MemoryBroker(log), log)
    async with intake.app.router.lifespan_context(intake.app):
        intake.tell(PositionsNoted())
        await asyncio.sleep(0.02)
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
