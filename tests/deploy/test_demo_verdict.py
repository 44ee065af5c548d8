"""The verdict is good only where the topics keep every promise: each broken one, made by hand, is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.ledger import Ledger
from deploy.demo.verdict import Verdict, outcomes_by_district, reasons, unsettled, verdict
from shared.engine.broker import Stored
from shared.events import Claimed

AGENCY = "demo-city"
CALL = f"{AGENCY}/cad/D1"
OTHER = f"{AGENCY}/cad/D2"
START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
DEADLINE = START + timedelta(seconds=20)


class Topics:
    """Topics written by hand."""

    def __init__(self) -> None:
        self.ledger = Ledger(AGENCY, "Zzyzx")
        self.acknowledged: set[tuple[str, str]] = set()
        self._offsets: dict[str, int] = {}
        self.claim(1)

    def claim(self, epoch: int) -> None:
        for topic in ("decisions", "assignments", "notifications"):
            claimed = Claimed(epoch=epoch, writer=f"writer {epoch}")
            self._put(topic, {"type": b"claimed"}, claimed.encode(), 0)

    def say(self, topic: str, event_type: str, *, seconds: float = 0, epoch: int = 1, **fields: Any) -> None:
        headers = {"type": event_type.encode(), "epoch": b"%d" % epoch}
        self._put(topic, headers, json.dumps(fields, default=str).encode(), seconds)

    def _put(self, topic: str, headers: dict[str, bytes], value: bytes, seconds: float) -> None:
        offset = self._offsets.get(topic, 0)
        self._offsets[topic] = offset + 1
        time = START + timedelta(seconds=seconds)
        self.ledger.take(Stored(topic, 0, offset, time, AGENCY, value, headers))

    def report(self, call_id: str = CALL, version: int = 1, status: str = "active", *, durable: bool = True) -> None:
        agency, source, incident_id = call_id.split("/")
        event_id = f"{incident_id}-{version}"
        self.acknowledged.add((call_id, event_id))
        updated_at = START + timedelta(seconds=version)
        call = {
            "agency": agency,
            "source": source,
            "incident_id": incident_id,
            "updated_at": updated_at,
            "status": status,
        }
        if durable:
            self.say("calls", "call-reported", event_id=event_id, call=call)

    def begin(self, call_id: str = CALL, episode: int = 1) -> None:
        self.say("assignments", "deadline-set", call_id=call_id, episode=episode, deadline=DEADLINE, received_at=START)

    def route(
        self,
        call_id: str = CALL,
        episode: int = 1,
        outcome: str = "default",
        *,
        reasons: tuple[str, ...] = ("no-team",),
        team_id: str | None = None,
        seconds: float = 1,
        epoch: int = 1,
        district: str = "Harbor",
    ) -> None:
        self.say(
            "assignments",
            "call-routed",
            seconds=seconds,
            epoch=epoch,
            call_id=call_id,
            episode=episode,
            outcome=outcome,
            reasons=reasons,
            team_id=team_id,
            district=district,
        )

    def accept(self, call_id: str = CALL, team_id: str = "harbor-1", episode: int = 1) -> None:
        self.say("assignments", "offer-accepted", call_id=call_id, team_id=team_id, episode=episode)
        self.route(call_id, episode, "team-accepted", reasons=(), team_id=team_id)

    def clear(self, call_id: str = CALL, team_id: str = "harbor-1") -> None:
        self.say("assignments", "assignment-ended", call_id=call_id, team_id=team_id, episode=1, disposition="refused")

    def page_due(self, page_id: str, kind: str = "offer") -> None:
        self.say(
            "notifications",
            "page-due",
            page_id=page_id,
            kind=kind,
            offer_id="offer-1",
            person_id="ana",
            method={"method_id": "phone"},
        )

    def verdict(self, pages: dict[str, int] | None = None, late: int = 0) -> Verdict:
        return verdict(self.ledger, self.acknowledged, pages or {}, late)


@pytest.fixture
def topics() -> Topics:
    """One call, routed as it should be."""
    topics = Topics()
    topics.report()
    topics.begin()
    topics.route()
    return topics


def test_a_good_run_is_good(topics: Topics) -> None:
    topics.report(OTHER)
    topics.begin(OTHER)
    topics.accept(OTHER)
    topics.page_due("page-1")
    topics.say("notifications", "page-attempted", page_id="page-1")
    found = topics.verdict({"page-1": 1})
    assert found.good
    assert (found.versions, found.calls, found.episodes, found.outcomes) == (2, 2, 2, 2)
    assert found.sentence.endswith("exactly one each: 0 lost, 0 unaccounted.")
    assert unsettled(topics.ledger, topics.acknowledged) == 0
    assert outcomes_by_district(topics.ledger) == {"Harbor": {"default": 1, "team-accepted": 1}}
    assert reasons(topics.ledger) == {"default (no-team)": 1}


def missing_outcome(topics: Topics) -> None:
    topics.report(OTHER)
    topics.begin(OTHER)


def missing_episode(topics: Topics) -> None:
    topics.report(OTHER)


def missing_second_episode(topics: Topics) -> None:
    topics.report(version=2, status="closed")
    topics.report(version=3, status="reopened")


def two_outcomes(topics: Topics) -> None:
    topics.route(outcome="cancelled")


def lost_version(topics: Topics) -> None:
    topics.report(OTHER, durable=False)


def outcome_of_nothing(topics: Topics) -> None:
    topics.route(episode=2)


def team_with_two_calls(topics: Topics) -> None:
    for call_id in (OTHER, f"{AGENCY}/cad/D3"):
        topics.report(call_id)
        topics.begin(call_id)
        topics.accept(call_id)


def call_with_two_teams(topics: Topics) -> None:
    topics.report(OTHER)
    topics.begin(OTHER)
    topics.accept(OTHER)
    topics.say("assignments", "offer-accepted", call_id=OTHER, team_id="harbor-2", episode=1)


def page_sent_twice(topics: Topics) -> None:
    topics.page_due("page-1")
    topics.say("notifications", "page-attempted", page_id="page-1")
    topics.say("notifications", "page-attempted", page_id="page-1")


def two_pages_for_one_offer(topics: Topics) -> None:
    topics.page_due("page-1")
    topics.page_due("page-2")


def dead_letter(topics: Topics) -> None:
    topics.say("dead-letters", "input-refused", position="calls/0/1")


def leak(topics: Topics) -> None:
    topics.say("decisions", "call-stale", call_id=OTHER, why="Zzyzx lives there")


def default_without_reason(topics: Topics) -> None:
    topics.report(OTHER)
    topics.begin(OTHER)
    topics.route(OTHER, reasons=())


def sent_where_it_is_off(topics: Topics) -> None:
    topics.say("decisions", "phase-changed", response="outreach", district="Airport", phase="shadow")
    topics.report(OTHER)
    topics.begin(OTHER)
    topics.route(OTHER, outcome="team-accepted", team_id="airport-1", district="Airport")


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (missing_outcome, "D2, episode 1: no outcome"),
        (missing_episode, "D2: 0 episodes, 1 owed"),
        (missing_second_episode, "D1: 1 episodes, 2 owed"),
        (two_outcomes, "D1, episode 1: default and cancelled"),
        (lost_version, "version D2-1 was acknowledged and is not in the topic"),
        (outcome_of_nothing, "outcome of episode 2, which never began"),
        (team_with_two_calls, "harbor-1 took demo-city/cad/D3 while it had demo-city/cad/D2"),
        (call_with_two_teams, "went to harbor-2 while harbor-1 had it"),
        (page_sent_twice, "page page-1 was sent 2 times"),
        (two_pages_for_one_offer, "ana is owed two pages for one offer"),
        (dead_letter, "1 dead letters"),
        (leak, "something personal stands in the open at decisions/0/1"),
        (default_without_reason, "default without a reason"),
        (sent_where_it_is_off, "a team was sent in Airport, which is shadow"),
    ],
)
def test_each_broken_promise_is_found(topics: Topics, breaks: Callable[[Topics], None], says: str) -> None:
    breaks(topics)
    found = topics.verdict()
    assert not found.good
    assert says in found.sentence


def test_a_page_that_came_twice_or_was_sent_late_is_found(topics: Topics) -> None:
    assert "page page-1 came 2 times" in topics.verdict({"page-1": 2}).sentence
    assert "1 pages were sent after their time" in topics.verdict(late=1).sentence


def test_what_a_former_owner_writes_does_not_count(topics: Topics) -> None:
    topics.claim(2)
    topics.route(outcome="cancelled", epoch=1)
    assert topics.verdict().good
    assert topics.ledger.late_writes == 1


def test_a_team_is_free_again_after_its_call(topics: Topics) -> None:
    for number in (2, 3):
        call_id = f"{AGENCY}/cad/D{number}"
        topics.report(call_id)
        topics.begin(call_id)
        topics.accept(call_id)
        topics.clear(call_id)
    assert topics.verdict().good


def test_a_call_that_was_over_before_it_came_owes_nothing(topics: Topics) -> None:
    topics.report(OTHER, version=2, status="cancelled")
    topics.report(OTHER, version=1)  # late
    assert topics.verdict().good


def test_a_late_outcome_is_counted(topics: Topics) -> None:
    topics.report(OTHER)
    topics.begin(OTHER)
    topics.route(OTHER, seconds=22)
    found = topics.verdict()
    assert found.good
    assert found.late == 1


def test_another_agency_is_not_read(topics: Topics) -> None:
    topics.ledger.take(Stored("dead-letters", 0, 9, START, "elsewhere", b"{}", {"type": b"input-refused"}))
    assert topics.verdict().good


def test_a_referral_is_made_once_and_closed_once(topics: Topics) -> None:
    def said() -> list[str]:
        return [sentence for sentence in topics.ledger.wrong if "referral" in sentence]

    topics.say("decisions", "referral-made", referral_id="r1", call_id=CALL)
    topics.say("decisions", "note-made", note_id="n1", call_id=CALL)
    topics.say("decisions", "referral-overdue", referral_id="r1", call_id=CALL)
    topics.say("decisions", "referral-closed", referral_id="r1", call_id=CALL, result="contacted")
    assert said() == []
    assert topics.ledger.referrals == {"r1": "contacted", "n1": "noted"}
    topics.say("decisions", "referral-closed", referral_id="r1", call_id=CALL, result="refused")
    topics.say("decisions", "referral-overdue", referral_id="r2", call_id=CALL)
    topics.say("decisions", "referral-made", referral_id="r1", call_id=CALL)
    assert said() == [
        "referral r1 is refused, and was contacted",
        "referral r2 is overdue, and was never made",
        "referral or note r1 was made twice",
    ]


def test_a_judgement_that_is_read_before_its_call_is_timed_by_itself(topics: Topics) -> None:
    """Topics are read in no order: of the first judgement the time counts, not that of one much later."""
    before = len(topics.ledger.triage_seconds)
    judgement = dict.fromkeys(("programme_version", "switchboard_revision"), 0) | {"programme_hash": ""}
    for seconds in (2, 40):
        topics.say("decisions", "call-triaged", seconds=seconds, call_id=OTHER, event_id="D2-7", judgement=judgement)
    topics.report(OTHER, version=7)
    assert topics.ledger.triage_seconds[before:] == [2.0]


def test_a_wrong_signature_counts_where_a_journal_knows_the_message(topics: Topics) -> None:
    topics.say("notifications", "cad-message-due", message_id="m1")
    said = [verdict(topics.ledger, topics.acknowledged, {}, forged=forged).wrong for forged in (["m2"], ["m1", "m2"])]
    assert said == [(), ("1 messages had a wrong signature",)]
