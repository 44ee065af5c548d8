"""What state is made of: values by day, and the names of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.engine.state import ByDay, ClockId

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
