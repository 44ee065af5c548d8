"""What a fault did is told rightly: a calm window shows nothing, and each harm in it shows in its own column."""

from __future__ import annotations

import json
from dataclasses import replace

from deploy.actors.webhooks import Delivery
from tests.chaos.oracle import Sent, judge
from tests.chaos.test_oracle import CALL, lived
from tests.chaos.windows import HEAD, Effect, Window, as_markdown, effects, row_of
from tests.rig.log import Entry

DEADLINE_SECONDS = 20.0
FIRST = Window("first", 0.0, 10.0, 20.0, {200: 7, 503: 2, 0: 1}, frozenset({"PartitionUnowned"}), 3)
SECOND = Window("second", 20.0, 30.0, 40.0)
SENT = Sent(CALL, "e1", at=5.0, acknowledged_at=9.0)


def told(at: float, kind: str = "call.routed") -> Delivery:
    body = json.dumps({"type": kind, "data": {"call_id": CALL}}).encode()
    return Delivery("m", "/cad/town", at, 0.0, is_genuine=True, body=body)


def at_once(records: list[Entry]) -> list[Entry]:
    """The call becomes durable in the first window, and is judged two seconds later."""
    judged_of = records[0].position
    return [
        replace(record, time=8.0, headers=dict(record.headers) | {"cause": judged_of.encode()})
        if record.topic == "decisions"
        else replace(record, time=6.0)
        for record in records
    ]


def done(records: list[Entry], *received: Delivery, sent: Sent = SENT) -> list[Effect]:
    verdict = judge(records, [sent], [], [])
    return effects([FIRST, SECOND], records, [sent], received, verdict=verdict, deadline_seconds=DEADLINE_SECONDS)


def test_what_went_well_shows_how_long_it_took_and_nothing_else() -> None:
    first, second = done(at_once(lived()), told(24.0))
    assert (first.acknowledged, first.calls, first.refused) == (1, 1, 3)
    assert (first.waited_seconds, first.undecided_seconds) == (4.0, 2.0)
    assert (first.lost, first.without_one_outcome, first.twice, first.silent) == (0, 0, 0, 0)
    assert second == Effect(SECOND, 0, 0, 0.0, 0.0, 0, 0, 0, 0, 0)


def test_what_was_acknowledged_and_is_nowhere_is_lost_in_the_window_in_which_it_was_sent() -> None:
    first, second = done(at_once(lived())[1:], told(6.0))
    assert (first.lost, second.lost) == (1, 0)
    first, _ = done([record for record in at_once(lived()) if record.type != "call-routed"], told(6.0))
    assert (first.lost, first.without_one_outcome) == (1, 1)


def test_two_outcomes_are_told_where_the_second_came() -> None:
    records = at_once(lived())
    (routed,) = (record for record in records if record.type == "call-routed")
    first, second = done([*records, replace(routed, offset=99, time=25.0)], told(6.0))
    assert (first.without_one_outcome, first.twice, second.twice) == (1, 0, 1)
    first, second = done([*records, replace(routed, offset=99, time=25.0, counts=False)], told(6.0))
    assert (first.without_one_outcome, first.twice, second.twice) == (0, 0, 0)


def test_a_cad_that_hears_nothing_in_time_has_sent_the_default() -> None:
    records = at_once(lived())
    assert [effect.silent for effect in done(records)] == [1, 0]
    assert [effect.silent for effect in done(records, told(6.0, "unit.status"), told(25.5))] == [1, 0]


def test_the_table_is_markdown() -> None:
    lines = as_markdown(HEAD, map(row_of, done(at_once(lived()), told(24.0)))).splitlines()
    assert {line.count("|") for line in lines} == {len(HEAD) + 1}
    assert lines[2].startswith("| first | 10 | 1 | 1 x lost, 2 x 503 | 4.0 s | 2.0 s | 0 |")
    assert lines[2].endswith("| PartitionUnowned |")
