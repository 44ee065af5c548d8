"""What is measured for the model is what it says: whole calls are sent, and all bytes of a state are counted."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from immutables import Map

from tests.bench.capacity import AT_ONCE, VERSIONS_A_CALL, lives
from tests.bench.folded import SERVICES, bytes_of, open_calls_of, over, weigh
from tests.bench.stage import Stage


def test_calls_are_sent_whole_and_most_of_them_are_ended_by_their_last_version() -> None:
    stage = cast("Stage", SimpleNamespace(keys={"a": "", "b": ""}))
    bodies = [json.loads(body) for _, body in lives(stage, AT_ONCE + 100)]
    versions = Counter(body["incident_id"] for body in bodies)
    assert set(versions.values()) == {VERSIONS_A_CALL}
    assert len(versions) == AT_ONCE + 100
    last = {body["incident_id"]: body["status"] for body in bodies}
    assert Counter(last.values()) == {"closed": 280, "active": 120}
    assert sum(body["status"] == "closed" for body in bodies) == 280, "nothing is sent of a call that is over"


def test_what_is_counted_is_what_was_allocated() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        state: Map[str, Any] = Map({str(number): ["x" * 50 + str(number)] * 30 for number in range(2_000)})
        allocated = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.9 <= bytes_of([state]) / allocated <= 1.1
    assert bytes_of([state, state]) - bytes_of([state]) == 0, "what is shared is counted once"


def test_what_is_open_is_no_part_of_what_is_remembered() -> None:
    for service in SERVICES.values():
        state = replace(service.initial, **{open_calls_of(service): Map({"a call": "x" * 10_000})})
        assert weigh(service, [state]).open_calls == 1
        assert over(service, state) == service.initial
