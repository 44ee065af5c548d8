"""What state is made of: values by day, and the names of clocks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from shared.engine.snapshots import packed
from shared.engine.state import EMPTY, ByDay, ClockId, Clocks, PMap, packer

MONDAY = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
NOTHING: ByDay[int] = ByDay()


def test_the_value_remembered_last_counts() -> None:
    values = NOTHING.set("a", 1, MONDAY).set("a", 2, MONDAY + timedelta(days=1)).set("b", 3, MONDAY)
    assert (values.get("a"), values.get("b"), values.get("c")) == (2, 3, None)
    assert "a" in values
    assert "c" not in values
    assert (sorted(values), len(values)) == (["a", "a", "b"], 3)


def test_days_are_forgotten_whole_and_only_when_a_new_day_begins() -> None:
    values = NOTHING.set("old", 1, MONDAY, keep_days=2)
    kept = values.set("new", 2, MONDAY + timedelta(days=2), keep_days=2)
    assert "old" in kept
    assert "old" not in values.set("new", 2, MONDAY + timedelta(days=3), keep_days=2)
    assert "old" in kept.set("other", 3, MONDAY + timedelta(days=2), keep_days=0)


def test_what_is_forgotten_by_name_is_forgotten_on_every_day() -> None:
    values = NOTHING.set("a", 1, MONDAY).set("a", 2, MONDAY + timedelta(days=1)).set("b", 3, MONDAY)
    assert "a" not in values.forget("a")
    assert values.forget("a").get("b") == 3
    assert not NOTHING


def test_a_snapshot_holds_them() -> None:
    values = NOTHING.set("a", 1, MONDAY)
    written = packer(ByDay[int])
    assert written.unpack(written.pack(values)) == values


@dataclass(frozen=True, slots=True)
class Whole:
    """A state with all that a state may have."""

    name: str = "whole"
    days: ByDay[Whole | None] = field(default_factory=ByDay)
    clocks: Clocks = field(default_factory=Clocks)
    maps: PMap[str, PMap[str, tuple[int, ...]]] = EMPTY
    values: PMap[int, frozenset[int]] = EMPTY


def whole(size: int) -> Whole:
    """A state with so many entries a map."""
    days, clocks, maps, values = Whole().days, Clocks(), Whole().maps, Whole().values
    for number in range(size):
        days = days.set(f'"{number}"', Whole(name="é") if number % 2 else None, MONDAY + timedelta(hours=number))
        clocks = clocks.set(f"kind/{number}", MONDAY + timedelta(seconds=number // 3))
        maps = maps.set(f"{number % 7}", maps.get(f"{number % 7}", EMPTY).set(f"{number}", (number,)))
        values = values.set(number, frozenset({number}))
    return Whole(f"of {size}", days, clocks, maps, values)


@pytest.mark.parametrize("size", [0, 1, 2, 49, 50, 51, 250])
async def test_what_is_written_piece_by_piece_is_what_pydantic_writes_at_once(size: int) -> None:
    state, written = whole(size), packer(Whole)
    pieces = list(written.write(state))
    assert json.loads(b"".join(pieces)) == json.loads(TypeAdapter(Whole).dump_json(state))
    assert written.unpack(written.pack(state)) == written.unpack(await packed(written, state)) == state


async def test_other_work_goes_on_while_a_large_state_is_written() -> None:
    """It has its turn ten times as often while ten times as much is written."""

    async def turns(size: int) -> int:
        turns, task = 0, asyncio.create_task(packed(packer(Whole), whole(size)))
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert await turns(10_000) > 8 * await turns(1_000) > 8


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("deadline/madison/dane/17", ClockId("deadline", "madison/dane/17")),
        ("judge-again/50", ClockId("judge-again", "50")),
        ("sweep/", ClockId("sweep", "")),
    ],
)
def test_a_clock_is_named_by_its_kind_and_what_it_is_about(text: str, clock: ClockId) -> None:
    assert ClockId.parse(text) == clock
    assert str(clock) == text


def test_a_clock_about_nothing_has_a_kind_alone() -> None:
    assert ClockId.parse("sweep") == ClockId("sweep", "")
