"""A command on its way to the log, and back as an answer; or word within two seconds that the log is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.answers import done
from shared.clock import SystemClock
from shared.doors import command as doors
from shared.doors.answers import AnswerFollower
from shared.doors.command import CommandLog, LogAway, appended
from shared.engine.broker import BrokerUnavailable, Record
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Claimed, PauseDistrict
from shared.topics import COMMANDS, DECISIONS

NOW = datetime(2021, 9, 1, 12, 0, tzinfo=UTC)
PAUSE = PauseDistrict(
    command_id="c1", issued_by="ann", issued_at=NOW, expires_at=NOW + timedelta(minutes=1), district="all"
)


@pytest.fixture
async def log() -> AsyncIterator[CommandLog]:
    broker = MemoryBroker(MemoryLog(partitions=1))
    write_decision(broker, Claimed(epoch=1, writer="w"), "claim")
    follower = AnswerFollower(broker, (DECISIONS,), lambda *_: None)
    await follower.start()
    yield CommandLog("toy", broker, follower, SystemClock())
    await follower.stop()


def write_decision(broker: MemoryBroker, event: object, cause: str) -> None:
    common = StepHeaders(1, NOW, "1", {}, "triage").common()
    record = Record("madison", event.encode(), headers_of(event, cause, 0, common))  # type: ignore[attr-defined, arg-type]
    broker.log.append(DECISIONS.name, 0, [record])


async def test_a_command_is_appended_and_its_answer_awaited(log: CommandLog) -> None:
    async with asyncio.TaskGroup() as tasks:
        issuing = tasks.create_task(log.issue("madison", PAUSE, 2.0))
        await asyncio.sleep(0.01)
        write_decision(log.broker, done(PAUSE, "Paused."), "commands/0/0")  # type: ignore[arg-type]
    answer = issuing.result()
    assert answer is not None
    assert answer.command_id == "c1"
    (stored,) = log.broker.log.places[COMMANDS.name, 0]  # type: ignore[attr-defined]
    assert (stored.key, stored.headers["source"], stored.headers["type"]) == ("madison", b"toy", b"pause-district")


async def test_no_answer_in_time_is_none(log: CommandLog) -> None:
    assert await log.issue("madison", PAUSE, 0.01) is None


async def test_a_log_that_is_away_or_slow_is_said_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "APPEND_SECONDS", 0.01)

    async def away() -> int:
        raise BrokerUnavailable("away")

    for writing in (away(), asyncio.sleep(1)):
        with pytest.raises(LogAway):
            await appended(writing)
    assert await appended(asyncio.sleep(0, result=7)) == 7
