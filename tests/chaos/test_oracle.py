"""The oracle finds what it is there for: each broken promise, made by hand, is seen, and a clean log is clean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, cast

import pytest

from deploy.actors.webhooks import Delivery
from tests.chaos.oracle import NOTED_LATE_SECONDS, Sent, judge
from tests.chaos.stalls import Fault, stalls
from tests.chaos.telephony import Carried
from tests.rig.log import Entry, Rule
from tests.rig.machine import slowness

CALL = "town/cad/1"
AT = "2026-01-01T00:00:00+00:00"
_numbers = count()


def logged(topic: str, type_: str, /, *, cause: str = "", epoch: int = 1, time: float = 0.0, **fields: Any) -> Entry:
    """A record of partition 0, in the order of the calls of this function."""
    number = next(_numbers)
    headers = {
        "id": str(number),
        "epoch": str(epoch),
        "cause": cause or f"x/0/{number}",
        "subject": fields.get("call_id", ""),
    }
    raw = {name: value.encode() for name, value in headers.items()}
    return Entry(topic, 0, number, time, "town", type_, raw, json.dumps(fields).encode())


def lived() -> list[Entry]:
    """A call as it should go: reported, judged, offered, paged, accepted, routed, cleared."""
    about: dict[str, Any] = {"call_id": CALL, "episode": 1, "team_id": "t1"}
    page: dict[str, Any] = {
        **about,
        "offer_id": "o1",
        "person_id": "p1",
        "method": {"method_id": "m"},
        "kind": "offer",
        "page_id": "g1",
        "not_after": AT,
    }
    return [
        logged("calls", "call-reported", call_id=CALL, event_id="e1", call={"updated_at": AT}),
        logged("decisions", "call-triaged", call_id=CALL, event_id="e1", updated_at=AT),
        logged("assignments", "deadline-set", call_id=CALL, episode=1),
        logged("assignments", "offer-made", **about, offer_id="o1"),
        logged("notifications", "page-due", **page),
        logged("assignments", "offer-accepted", **about, offer_id="o1"),
        logged("assignments", "call-routed", **about, outcome="team-accepted"),
        logged("assignments", "assignment-ended", **about),
    ]


def broken(
    records: list[Entry],
    received: list[Delivery] | None = None,
    commands: list[str] | None = None,
    carried: list[Carried] | None = None,
) -> set[str]:
    """The promises that the oracle says are broken."""
    verdict = judge(records, [Sent(CALL, "e1")], commands or [], received or [], carried=carried or [])
    return {name for name, faults in verdict.faults.items() if faults}


def again(records: list[Entry], kind: str) -> list[Entry]:
    """The log with a second record of a kind at its end, brought about by something else."""
    one = next(record for record in records if record.type == kind)
    return [*records, logged(one.topic, one.type, **cast("dict[str, Any]", one.fields))]


def test_a_clean_log_is_clean() -> None:
    assert broken(lived(), [Delivery("g1", "/page/town", 1.0, 2.0, True)]) == set()  # noqa: FBT003


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("call-reported", "acknowledged and not in the topic"),
        ("call-triaged", "acknowledged and not judged by triage"),
        ("call-routed", "calls lost: no outcome"),
    ],
)
def test_what_is_missing(missing: str, named: str) -> None:
    assert named in broken([record for record in lived() if record.type != missing])


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("call-routed", "outcomes twice"),
        ("page-due", "pages twice, by step, person and method"),
        ("offer-made", "a team offered two calls at a time"),
    ],
)
def test_what_is_there_twice(kind: str, named: str) -> None:
    records = [record for record in lived() if record.type != "offer-accepted"]
    assert named in broken(again(records, kind))


def test_a_second_assignment_while_one_is_live() -> None:
    records = [record for record in lived() if record.type != "assignment-ended"]
    other = logged("assignments", "offer-accepted", call_id="town/cad/2", episode=1, team_id="t1", offer_id="o2")
    assert broken([*records, other]) == {"double assignments of a team"}
    other = logged("assignments", "offer-accepted", call_id=CALL, episode=1, team_id="t2", offer_id="o2")
    assert broken([*records, other]) == {"double assignments of a call"}


def test_a_clock_that_fired_twice() -> None:
    one = logged(
        "assignments", "offer-expired", cause="tick/town/offer/1", offer_id="o9", call_id=CALL, episode=1, team_id="t1"
    )
    twice = Entry(one.topic, 0, next(_numbers), 0.0, one.key, one.type, one.headers, one.value)
    assert {"clocks fired twice", "offers expired twice"} == broken([*lived(), one, twice])


def test_a_command_without_an_answer_and_with_two() -> None:
    answer = logged("assignments", "command-done", command_id="c1")
    assert broken([*lived(), answer], commands=["c1", "c2"]) == {"commands not answered"}
    assert broken([*lived(), answer, logged("decisions", "command-refused", command_id="c1")]) == {
        "commands answered twice"
    }


def test_pages_as_they_were_received() -> None:
    page = Delivery("g1", "/page/town", 1.0, 2.0, True)  # noqa: FBT003
    assert broken(lived(), [page, page]) == {"pages received twice"}
    assert broken(lived(), [Delivery("g1", "/page/town", 9.0, 2.0, True, 3.0)]) == {"pages sent past their time"}  # noqa: FBT003
    assert broken(lived(), [Delivery("g1", "/page/town", 1.0, 2.0, False)]) == {"webhooks with a wrong signature"}  # noqa: FBT003


def test_texts_and_calls_as_they_were_carried() -> None:
    end = datetime.fromisoformat(AT).timestamp()
    text = Carried("town", "g1", "twilio", "text", end - 3)
    assert broken(lived(), carried=[text]) == set()
    twice = "texts and calls carried twice, by step, person and way"
    assert broken(lived(), carried=[text, replace(text, carrier="telnyx")]) == {twice}
    assert broken(lived(), carried=[replace(text, at=end + 0.5)]) == set()
    assert broken(lived(), carried=[replace(text, at=end + 1.5 + NOTED_LATE_SECONDS * slowness())]) == {
        "texts and calls carried past their time"
    }
    assert broken(lived(), carried=[replace(text, page_id="g2")]) == {"texts and calls of no page"}


def test_a_call_whose_end_came_first_has_no_episode() -> None:
    ended = logged("calls", "call-cancelled", call_id=CALL, event_id="e1", call={"updated_at": AT})
    over = logged("decisions", "call-ended", call_id=CALL, event_id="e1", updated_at=AT)
    assert broken([ended, over]) == set()


def test_the_rule_ignores_what_a_former_owner_writes() -> None:
    rule = Rule()
    claims = [logged("decisions", "claimed", epoch=epoch) for epoch in (1, 2, 2)]
    claims = [Entry(one.topic, 0, one.offset, 0.0, "", one.type, one.headers, json.dumps({"epoch": epoch}).encode())
              for one, epoch in zip(claims, (1, 2, 2), strict=True)]  # fmt: skip
    assert [rule.counts(one) for one in claims] == [True, True, False]
    assert not rule.counts(logged("decisions", "call-triaged", epoch=1))
    assert rule.counts(logged("decisions", "call-triaged", epoch=2))


def test_a_stall_is_the_longest_wait_of_an_input() -> None:
    inputs = [logged("calls", "call-reported", call_id=CALL, time=10.0 + wait) for wait in range(4)]
    journal = [
        logged("decisions", "call-triaged", cause=inputs[0].position, time=10.1),
        logged("decisions", "claimed", epoch=2, time=13.4),
        logged("decisions", "call-triaged", epoch=2, cause=inputs[1].position, time=13.5),
        logged("decisions", "call-triaged", epoch=2, cause=inputs[2].position, time=13.6),
    ]
    (stall,) = stalls([Fault("kill", "triage", 1, 10.5)], [*inputs, *journal])
    assert (stall.kind, stall.journal, stall.partition) == ("kill", "decisions", 0)
    assert stall.waited_seconds == pytest.approx(2.5)
    assert stall.first_seconds == pytest.approx(3.0)
    assert stalls([Fault("kill", "notification", 1, 10.5)], [*inputs, *journal]) == []
