"""States as bytes: what is written is JSON, what is read back is the same, and other work goes on meanwhile."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.engine.packing import Packer, packer
from shared.engine.state import EMPTY, ByDay, Clocks, PMap

MONDAY = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Whole:
    """A state with all that a state may have."""

    name: str = "whole"
    days: ByDay[Whole | None] = field(default_factory=ByDay)
    clocks: Clocks = field(default_factory=Clocks)
    maps: PMap[str, PMap[str, tuple[int, ...]]] = EMPTY
    values: PMap[int, frozenset[int]] = EMPTY


@dataclass(frozen=True, slots=True)
class Grown:
    """The same, with what it has not learnt yet."""

    name: str = "whole"
    days: ByDay[Whole | None] = field(default_factory=ByDay)
    clocks: Clocks = field(default_factory=Clocks)
    maps: PMap[str, PMap[str, tuple[int, ...]]] = EMPTY
    values: PMap[int, frozenset[int]] = EMPTY
    more: PMap[str, PMap[str, Clocks]] = EMPTY
    some: tuple[dict[str, int], ...] = ({"a": 1},)
    last: Clocks = field(default_factory=Clocks)


def whole(size: int) -> Whole:
    """A state with so many entries a map."""
    days, clocks, maps, values = Whole().days, Clocks(), Whole().maps, Whole().values
    for number in range(size):
        days = days.set(f'"{number}"\n', Whole(name="é") if number % 2 else None, MONDAY + timedelta(hours=number))
        clocks = clocks.set(f"kind/{number}", MONDAY + timedelta(seconds=number // 3))
        maps = maps.set(f"{number % 7}", maps.get(f"{number % 7}", EMPTY).set(f"{number}", (number,)))
        values = values.set(number, frozenset({number}))
    return Whole(f"of\n{size}", days, clocks, maps, values)


def read_back(written: Packer, packed: bytes, cut: int) -> tuple[Any, int]:
    """What is read from pieces of a size, and how often other work had its turn."""
    pieces: Iterator[bytes] = (packed[start : start + cut] for start in range(0, len(packed), cut))
    work: Generator[None, None, Any] = written.unpacking(pieces)
    turns = 0
    while True:
        try:
            next(work)
        except StopIteration as over:
            return over.value, turns
        turns += 1


@pytest.mark.parametrize("size", [0, 1, 2, 49, 50, 51, 250])
def test_what_is_written_bit_by_bit_is_what_pydantic_writes_at_once(size: int) -> None:
    state, written = whole(size), packer(Whole)
    assert json.loads(b"".join(written.write(state))) == json.loads(TypeAdapter(Whole).dump_json(state))
    assert json.loads(zlib.decompress(written.pack(state))) == json.loads(TypeAdapter(Whole).dump_json(state))


@pytest.mark.parametrize("size", [0, 1, 2, 49, 50, 51, 250])
@pytest.mark.parametrize("cut", [1, 100, 1_000_000])
def test_what_is_read_bit_by_bit_is_what_was_written(size: int, cut: int) -> None:
    state, written = whole(size), packer(Whole)
    packed = written.pack(state)
    assert read_back(written, packed, cut)[0] == written.unpack(packed) == state


def test_a_snapshot_holds_values_by_day() -> None:
    values, written = Whole().days.set("a", None, MONDAY), packer(ByDay[Whole | None])
    assert read_back(written, written.pack(values), 10)[0] == written.unpack(written.pack(values)) == values


def test_a_field_that_was_not_written_has_its_default() -> None:
    state = whole(3)
    grown, _ = read_back(packer(Grown), packer(Whole).pack(state), 100)
    assert grown == Grown(state.name, state.days, state.clocks, state.maps, state.values)


@pytest.mark.parametrize("size", [0, 3, 60])
def test_a_field_that_is_not_known_is_passed_over(size: int) -> None:
    state = whole(size)
    more = EMPTY.set("a", EMPTY.set("b", state.clocks)).set("c", EMPTY)
    grown = Grown(state.name, state.days, state.clocks, state.maps, state.values, more, ({"{": 1}, {}), state.clocks)
    packed = packer(Grown).pack(grown)
    assert read_back(packer(Whole), packed, 100)[0] == packer(Whole).unpack(packed) == state
    assert read_back(packer(Grown), packed, 100)[0] == grown


def test_what_is_read_bit_by_bit_is_checked() -> None:
    text = b'{"name":\n7\n}\n'
    with pytest.raises(ValidationError):
        read_back(packer(Whole), zlib.compress(text), 100)
    packed = packer(Whole).pack(whole(50))
    with pytest.raises(ValueError, match="a packed state ends early"):
        read_back(packer(Whole), packed[: len(packed) // 2], 100)


def test_other_work_goes_on_while_a_large_state_is_written_and_read() -> None:
    """It has its turn ten times as often while ten times as much is written or read."""
    written = packer(Whole)
    small, large = whole(1_000), whole(10_000)
    assert len(list(written.pieces(large))) > 8 * len(list(written.pieces(small))) > 8
    turns = [read_back(written, written.pack(state), 10_000)[1] for state in (small, large)]
    assert turns[1] > 8 * turns[0] > 8


def test_reading_bit_by_bit_holds_little_beside_the_state() -> None:
    state, written = whole(10_000), packer(Whole)
    packed = written.pack(state)

    def peak(read: Any) -> int:
        tracemalloc.start()
        kept = read()
        size, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept
        return most - size

    assert peak(lambda: read_back(written, packed, 10_000)) < peak(lambda: written.unpack(packed)) / 4
