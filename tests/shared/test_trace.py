"""The waterfall: every record once, under its cause, with how long it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.engine.broker import RecordPosition
from shared.engine.service import EffectDone, EffectStarting, Tick
from shared.trace import TraceRecord, along, waterfall

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def record(topic: str, offset: int, kind: str, seconds: float, cause: str = "", *, source: str = "x") -> TraceRecord:
    return TraceRecord(
        RecordPosition(topic, 0, offset), "madison", kind, BEGAN + timedelta(seconds=seconds), source, cause
    )


CALL = [
    record("calls", 4, "call-reported", 0, source="intake"),
    record("decisions", 9, "call-triaged", 0.02, "calls/0/4", source="triage"),
    record("assignments", 7, "episode-began", 0.01, "calls/0/4", source="team-availability"),
    record("assignments", 8, "offer-made", 0.05, "decisions/0/9", source="team-availability"),
    record("notifications", 3, "page-requested", 0.06, "assignments/0/8", source="notification"),
    record("notifications", 4, "page-attempted", 0.07, EffectStarting("p1").cause("madison"), source="notification"),
    record("notifications", 5, "page-delivered", 0.4, EffectDone("p1", "done").cause("madison"), source="notification"),
    record("assignments", 12, "offer-expired", 30.1, Tick("offer/o1", BEGAN + timedelta(seconds=30)).cause("madison")),
    record("assignments", 13, "call-routed", 45, "commands/0/77", source="team-availability"),
]


def test_each_record_stands_under_its_cause_with_what_it_took() -> None:
    steps = waterfall(reversed(CALL), [record("commands", 77, "override", 44.9)])
    assert [("  " * step.depth + step.type, round(step.took_seconds, 3), step.cause) for step in steps] == [
        ("call-reported", 0, "from outside"),
        ("  episode-began", 0.01, ""),
        ("  call-triaged", 0.02, ""),
        ("    offer-made", 0.03, ""),
        ("      page-requested", 0.01, ""),
        ("page-attempted", 0, "a page or a message to the CAD"),
        ("  page-delivered", 0.33, ""),
        ("offer-expired", 0.1, "the clock offer"),
        ("call-routed", 0, "override (commands/0/77)"),
    ]
    assert steps[-1].ends_seconds == 45


def test_a_short_step_can_be_seen_beside_a_long_clock() -> None:
    whole = 60.0
    places = [along(seconds, whole) for seconds in (0, 0.02, 0.2, 2, 20, 60)]
    assert (places[0], places[-1]) == (0, 1)
    assert all(later - earlier > 0.1 for earlier, later in pairwise(places))
    assert along(0, 0) == 0
    assert along(0.001, 0.001) <= 1


def test_without_records_there_is_none() -> None:
    assert waterfall([]) == ()


def test_records_that_name_each_other_are_shown_all_the_same() -> None:
    circle = [
        record("a", 1, "first", 0, "a/0/2"),
        record("a", 2, "second", 1, "a/0/1"),
        record("a", 3, "own", 2, "a/0/3"),
    ]
    assert [(step.type, step.depth) for step in waterfall(circle)] == [("first", 0), ("second", 1), ("own", 0)]


ODD = (
    "", "tick/madison/x/no-instant", "tick/madison/x/2026-03-02", "effect/madison/e/start", "effect/madison/e/done",
    "effect", "tick/", "//",
)  # fmt: skip
causes = st.one_of(st.builds("a/0/{}".format, st.integers(0, 9)), st.sampled_from(ODD), st.text(max_size=20))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), causes), max_size=20, unique_by=lambda given: given[0]))
def test_whatever_the_causes_say_each_record_is_shown_once_and_none_before_its_cause(
    given_records: list[tuple[int, int, str]],
) -> None:
    steps = waterfall(record("a", offset, "t", seconds, cause) for offset, seconds, cause in given_records)
    assert sorted(step.position for step in steps) == sorted(f"a/0/{offset}" for offset, _, _ in given_records)
    assert all(step.took_seconds >= 0 for step in steps)
    assert all(step.depth <= before.depth + 1 for before, step in pairwise(steps))
