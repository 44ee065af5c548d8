"""A door waits for the answers to its commands, by a command's id or by its position."""

from __future__ import annotations

import asyncio

import pytest

from shared.doors import answers
from shared.doors.answers import AnswerFollower
from shared.engine.broker import Record, Stored
from shared.engine.journal import StepHeaders, headers_of
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import Claimed, CommandDone, CommandRefused, Event, VersionNoted
from shared.topics import DECISIONS
from tests.simulation.virtual_time import EPOCH


class Door:
    """A follower on a journal of which one event is folded, besides the answers."""

    def __init__(self) -> None:
        self.log = MemoryLog(1)
        self.folded: list[str] = []
        self.follower = AnswerFollower(MemoryBroker(self.log), [DECISIONS], self.fold, frozenset({VersionNoted}))
        self.write(Claimed(epoch=1, writer="w"))

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        del agency, stored
        self.folded.append(event.type)

    def write(self, event: Event, epoch: int = 1, cause: str = "commands/0/7") -> None:
        common = StepHeaders(epoch, EPOCH, "1", {}, "triage").common()
        self.log.append(DECISIONS.name, 0, [Record("a", event.encode(), headers_of(event, cause, 0, common))])


async def test_an_answer_is_had_by_id_and_by_position_before_and_after_it_comes() -> None:
    door = Door()
    await door.follower.start()
    waiting = [asyncio.ensure_future(door.follower.answer(key, 5)) for key in ("one", "commands/0/7")]
    await asyncio.sleep(0)
    done = CommandDone(command_id="one", result="done")
    door.write(done)
    assert await asyncio.gather(*waiting) == [done, done]
    assert await door.follower.answer("one", 0) == done
    refused = CommandRefused(command_id="two", reason="expired", sentence="Too late.")
    door.write(refused, cause="commands/0/8")
    assert await door.follower.answer("two", 5) == refused
    await door.follower.stop()
    assert door.folded == ["command-done", "command-refused"]


async def test_no_answer_comes_of_a_late_write_and_nobody_waits_longer_than_asked() -> None:
    door = Door()
    await door.follower.start()
    door.write(CommandDone(command_id="one", result="done"), epoch=0)
    assert await door.follower.answer("one", 0.1) is None
    await door.follower.stop()


async def test_old_answers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "REMEMBERED_ANSWERS", 4)  # each is kept by its id and its position
    door = Door()
    await door.follower.start()
    for number in range(3):
        door.write(CommandDone(command_id=str(number), result="done"), cause=f"commands/0/{number}")
    assert await door.follower.answer("2", 5) is not None
    assert await door.follower.answer("0", 0.05) is None
    assert await door.follower.answer("1", 0) is not None
    await door.follower.stop()
