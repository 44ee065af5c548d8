"""What was in force is read from the journals exactly, and a judgement that cites anything else is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deploy.rehearsal.in_force import Cited
from tests.deploy.test_demo_verdict import CALL, OTHER, Topics


@pytest.fixture
def topics() -> Topics:
    """Version 1 in force, outreach live in Harbor: revision 1."""
    topics = Topics()
    topics.say("decisions", "programme-proposed", seconds=1, document_hash="a1")
    topics.say("decisions", "programme-activated", seconds=2, version=1, document_hash="a1")
    topics.say(
        "decisions", "phase-changed", seconds=3, response="outreach", district="Harbor", phase="live", revision=1
    )
    return topics


def triage(topics: Topics, *cited: Any, call_id: str = CALL, status: str = "active", seconds: float = 4) -> None:
    names = ("programme_version", "programme_hash", "switchboard_revision")
    judgement = dict(zip(names, cited, strict=True))
    fields: dict[str, Any] = {"call_id": call_id, "event_id": "1", "judgement": judgement, "call": {"status": status}}
    topics.say("decisions", "call-triaged", seconds=seconds, **fields)


def offer(topics: Topics, number: int = 1, district: str = "Harbor", seconds: float = 5) -> None:
    about: dict[str, Any] = {"offer_id": f"o{number}", "call_id": CALL, "team_id": "harbor-1", "episode": 1}
    topics.begin(CALL, number)
    topics.say("assignments", "offer-made", seconds=seconds, response="outreach", district=district, **about)


def pause(topics: Topics, *, paused: bool = True, seconds: float = 6) -> None:
    topics.say("assignments", "pause-applied", seconds=seconds, district="Harbor", response=None, paused=paused)


def test_each_change_tells_when_it_was_first_cited_and_how_often(topics: Topics) -> None:
    for second in (4, 5):
        triage(topics, 1, "a1", 1, seconds=second)
    topics.say("decisions", "programme-activated", seconds=6, version=2, document_hash="b2")
    triage(topics, 2, "b2", 1, seconds=7)
    topics.say("decisions", "cap-changed", seconds=8, revision=2)  # whatever is switched has a revision
    topics.say("decisions", "command-done", seconds=8, command_id="c", revision=2)
    triage(topics, 2, "b2", 2, seconds=9)
    found = topics.ledger.in_force
    assert [change.cited for change in found.changes[-3:]] == [Cited(1, "a1", 1), Cited(2, "b2", 1), Cited(2, "b2", 2)]
    assert [change.judgements for change in found.changes[-3:]] == [2, 1, 1]
    assert [(change.first_cited_at or change.at).second for change in found.changes[-3:]] == [4, 7, 9]
    assert (found.judgements, found.in_flight_judgements) == (4, 0)
    assert found.proposed["a1"].second == 1
    assert topics.ledger.wrong == []


def another_version(topics: Topics) -> None:
    triage(topics, 2, "a1", 1)


def another_hash(topics: Topics) -> None:
    triage(topics, 1, "b2", 1)


def the_revision_before(topics: Topics) -> None:
    triage(topics, 1, "a1", 1)
    topics.say("decisions", "district-paused", district="Harbor", revision=2, changed_by="cleo", reason="smoke")
    triage(topics, 1, "a1", 1)


def the_revision_after(topics: Topics) -> None:
    triage(topics, 1, "a1", 2)


@pytest.mark.parametrize("breaks", [another_version, another_hash, the_revision_before, the_revision_after])
def test_a_judgement_that_cites_anything_else_is_found(topics: Topics, breaks: Callable[[Topics], None]) -> None:
    breaks(topics)
    assert [wrong for wrong in topics.ledger.wrong if "was in force" in wrong]
    assert not topics.verdict().good


def test_a_call_in_flight_keeps_what_it_cited_and_nothing_older(topics: Topics) -> None:
    triage(topics, 1, "a1", 1)
    topics.say("decisions", "routing-noted", call_id=CALL, reached="offered")
    topics.say("decisions", "programme-activated", version=2, document_hash="b2")
    triage(topics, 1, "a1", 1)
    assert topics.ledger.wrong == []
    assert topics.ledger.in_force.in_flight_judgements == 1
    triage(topics, 2, "b2", 1)
    triage(topics, 1, "a1", 1)
    assert len(topics.ledger.wrong) == 1


@pytest.mark.parametrize("over", ["call-ended", "routing-noted", "reopened"])
def test_what_is_no_longer_in_flight_cites_what_is_in_force(topics: Topics, over: str) -> None:
    triage(topics, 1, "a1", 1)
    topics.say("decisions", "routing-noted", call_id=CALL, reached="offered")
    topics.say("decisions", "programme-activated", version=2, document_hash="b2")
    if over != "reopened":
        topics.say("decisions", over, call_id=CALL, reached="default")
    triage(topics, 1, "a1", 1, status=over if over == "reopened" else "active")
    assert len(topics.ledger.wrong) == 1


def test_a_revision_that_is_left_out_is_found(topics: Topics) -> None:
    topics.say("decisions", "district-resumed", district="Harbor", revision=3, changed_by="ana")
    assert "revision 3 follows 1" in topics.ledger.wrong[0]


def test_a_pause_is_at_work_when_nothing_is_open_there_any_more(topics: Topics) -> None:
    offer(topics, 1)
    offer(topics, 2, "Airport")
    pause(topics)
    for number in (1, 2):
        ended: dict[str, Any] = {"offer_id": f"o{number}", "call_id": CALL, "team_id": "harbor-1", "episode": 1}
        topics.say("assignments", "offer-withdrawn", seconds=6 + number, why="paused", **ended)
    pause(topics, paused=False, seconds=9)
    offer(topics, 3, seconds=10)
    (found,) = topics.ledger.in_force.pauses
    assert (found.name, found.at.second, found.quiet_at.second, found.ended) == ("Harbor", 6, 7, 1)
    assert topics.ledger.wrong == []


def test_an_offer_where_it_is_paused_is_found(topics: Topics) -> None:
    topics.report(OTHER)
    pause(topics)
    offer(topics, 1, "Airport")
    assert topics.ledger.wrong == []
    offer(topics, 2)
    assert "outreach/Harbor was paused" in topics.ledger.wrong[0]
