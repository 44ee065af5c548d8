"""A city of a few calls, as its journals have them, whose figures can be worked out by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.figures.counting import Question
from services.reporting.store.write import write
from shared import events
from shared.engine.broker import Stored
from shared.events import Event
from shared.judgement import Gate, Judgement, ResponseVerdict
from shared.topics import ASSIGNMENTS, DECISIONS
from tests.builders import call_triaged, judgement, verdict

AGENCY, ZONE = "harbor", "America/New_York"
MARCH = Question(AGENCY, ZONE, date(2026, 3, 1), date(2026, 4, 1))
NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)
"""When calls are received, but for the last; in New York it is one in the afternoon."""
MIDNIGHT_BEFORE_APRIL = datetime(2026, 4, 1, 4, tzinfo=UTC)
FEBRUARY_VERSION, MARCH_VERSION = 2, 3


TERMS = events.TermsNoted(
    programme_hash="sha256:3",
    responses=(),
    routing_deadline_seconds=60,
    cad_notice_seconds=10,
    offer_expiry_seconds=30,
    accepted_not_moving_minutes=5,
    status_stale_minutes=15,
    zone=ZONE,
)


class Journal:
    """Appends what happens to calls, each event so many seconds after the receipt of its call."""

    def __init__(self, agency: str = AGENCY) -> None:
        self.agency, self.records = agency, list[Stored]()
        self._ends = defaultdict[str, int](int)

    def append(self, topic: str, at: datetime, event: Event, agency: str = "") -> int:
        """Append an event; its offset."""
        offset = self._ends[topic]
        self._ends[topic] += 1
        headers = {"type": event.type.encode(), "epoch": b"0", "id": f"{topic}-{offset}".encode(), "source": b"test"}
        key = agency or self.agency
        self.records.append(Stored(topic, 0, offset, at, key, event.encode(), headers))
        return offset

    def decided(self, at: datetime, event: Event) -> int:
        """Triage's word."""
        return self.append(DECISIONS.name, at, event)


class CallInJournal:
    """One call, from its receipt on."""

    def __init__(
        self,
        journal: Journal,
        number: int,
        *,
        source: str = "cad",
        agency: str = "",
        at: datetime = NOON,
        **begins: Any,
    ) -> None:
        self.journal, self.at, self.agency = journal, at, agency or journal.agency
        self.call_id = f"{self.agency}/{source}/{number}"
        deadline = at + timedelta(seconds=60)
        self.says(0, events.DeadlineSet, deadline=deadline, received_at=at, call_at="calls/0/0", **begins)

    def says(self, seconds: float, kind: type[Event], **fields: Any) -> CallInJournal:
        """Something happens to it, by team availability."""
        event = kind(call_id=self.call_id, episode=1, **fields)
        self.journal.append(ASSIGNMENTS.name, self.at + timedelta(seconds=seconds), event, self.agency)
        return self

    def judged(self, judged: Judgement, caller: str = "") -> CallInJournal:
        """Triage judges it, and it is planned for."""
        triaged = call_triaged(self.call_id, self.at, judged, caller=caller)
        offset = self.journal.append(DECISIONS.name, self.at, triaged, self.agency)
        plan = {"event_id": "e", "judgement": judged, "deadline": self.at + timedelta(seconds=60), "triaged_at": offset}
        return self.says(0, events.PlanSet, **plan)

    def offered(
        self,
        name: str,
        made: float,
        ended: float | None = None,
        kind: type[Event] | None = None,
        response: str = "crt",
    ) -> CallInJournal:
        """A team is asked, and answers, or not."""
        deadline = self.at + timedelta(seconds=60)
        offer = {"offer_id": name, "team_id": "team-1"}
        about = {"response": response, "district": None, "priority": None, "step": 1}
        self.says(made, events.OfferMade, expires_at=deadline, deadline=deadline, **offer, **about)
        if kind is None or ended is None:
            return self
        person = {} if kind is events.OfferExpired else {"person_id": "ann"}
        accepted = {"accepted_at": self.at + timedelta(seconds=ended)} if kind is events.OfferAccepted else {}
        return self.says(ended, kind, **offer, **person, **accepted)

    def routed(self, seconds: float, outcome: str, *reasons: str, **fields: Any) -> CallInJournal:
        """Its one outcome."""
        deadline = self.at + timedelta(seconds=60)
        return self.says(seconds, events.CallRouted, outcome=outcome, reasons=reasons, deadline=deadline, **fields)

    def taken(self, seconds: float, response: str = "crt") -> CallInJournal:
        """A team takes it."""
        return self.routed(seconds, "team-accepted", team_id="team-1", response=response)

    def stands(self, seconds: float, status: str) -> CallInJournal:
        """Its team says where it stands."""
        return self.says(seconds, events.StatusReported, team_id="team-1", status=status)

    def cleared(self, seconds: float, disposition: str) -> CallInJournal:
        """Its team clears it."""
        return self.says(seconds, events.AssignmentEnded, team_id="team-1", disposition=disposition)


def crt(**changes: Any) -> ResponseVerdict:
    """A team that goes instead of police."""
    return verdict("crt", **{"replaces": ("police",), **changes})


def suitable(*responses: ResponseVerdict, **changes: Any) -> Judgement:
    """A call of the north that a live response may go to."""
    named = {"district": "north", "zone": ZONE, "programme_version": MARCH_VERSION}
    return judgement(*(responses or (crt(),)), **{**named, **changes})


def stopped(*gates: str, **changes: Any) -> Judgement:
    """A call that nothing may go to, for gates of its own."""
    failed = tuple(Gate(gate, passed=False, reason=gate, sentence="no.") for gate in gates)
    judged = suitable(**{"suitability": "unsuitable", "gates": failed, **changes})
    return judged.model_copy(update={"responses": ()})


def after_hours() -> ResponseVerdict:
    """A response that is closed at this hour."""
    closed = Gate("hours", passed=False, reason="outside-hours", sentence="closed.")
    return crt(may_go=False, reasons=("outside-hours",), gates=(closed,))


def small_city() -> Journal:
    """Seventeen real calls of March; two that are none, and one of April."""
    city = Journal()
    for version, at in (
        (FEBRUARY_VERSION, datetime(2026, 1, 5, tzinfo=UTC)),
        (MARCH_VERSION, datetime(2026, 3, 5, tzinfo=UTC)),
    ):
        city.decided(at, events.ProgrammeActivated(document_hash=f"sha256:{version}", version=version))
    city.append(ASSIGNMENTS.name, NOON, TERMS)
    _taken(city)
    _not_taken(city)
    _not_eligible(city)
    _not_counted(city)
    _referrals(city)
    return city


def _taken(city: Journal) -> None:
    call = CallInJournal(city, 1).judged(suitable(), caller="a").offered("o1", 2, 20, events.OfferAccepted).taken(20)
    call.stands(20 + 600, "on-scene").cleared(20 + 600 + 1800, "resolved-on-scene")

    call = CallInJournal(city, 2).judged(suitable(), caller="a").offered("o2", 1, 10, events.OfferAccepted).taken(10)
    call.stands(10 + 1200, "on-scene").stands(1300, "need-police").cleared(10 + 1200 + 3600, "transported-er")

    beside = suitable(verdict("co", model="co-responder", replaces=("police",)), district="south")
    call = CallInJournal(city, 3).judged(beside, caller="a")
    call.offered("o3", 2, 8, events.OfferDeclined).offered("o4", 8, 40, events.OfferAccepted).taken(40, "co")
    call.says(100, events.UpgradeRaised, team_id="team-1", level="police", level_rank=3, on_upgrade="recall")
    call.says(110, events.AssignmentWithdrawn, team_id="team-1", why="upgraded")

    call = CallInJournal(city, 4).judged(suitable(district="south"), caller="b").taken(30)
    call.cleared(3000, "unable-to-locate")

    phone = verdict("phone", model="crisis-call-diversion", reached_by="phone transfer")
    call = CallInJournal(city, 5).judged(suitable(phone, district="south"), caller="b")
    call.routed(15, "phone-accepted", response="phone").stands(900, "cleared")


def _not_taken(city: Journal) -> None:
    call = CallInJournal(city, 6).judged(suitable(), caller="c").offered("o5", 2, 32, events.OfferExpired)
    call.routed(60, "default", "no-team", "deadline")
    CallInJournal(city, 7).judged(suitable()).routed(60, "default", "deadline")
    asked_for = suitable(crt(phase="advisory"), district="south", category=None)
    CallInJournal(city, 8, requested_by="officer").judged(asked_for).routed(60, "default", "no-team")
    for number, team_id in ((9, "team-1"), (10, None)):
        call = CallInJournal(city, number).judged(suitable(crt(phase="shadow")))
        call.says(1, events.OfferShadowed, response="crt", team_id=team_id).routed(1, "default", "shadow")
    CallInJournal(city, 16).judged(suitable()).offered("o6", 2)


def _not_eligible(city: Journal) -> None:
    CallInJournal(city, 11).judged(suitable(after_hours())).routed(1, "default", "outside-hours")
    unclear = stopped("level", suitability="indeterminate", district="south")
    CallInJournal(city, 12).judged(unclear).routed(60, "default", "deadline")
    welfare = stopped("level", district="south", category="welfare")
    CallInJournal(city, 13).judged(welfare).routed(1, "default", "unsuitable")
    unlisted = stopped("call-type", district="south", category=None)
    CallInJournal(city, 14, source="ambulance").judged(unlisted).routed(1, "default", "unsuitable")
    CallInJournal(city, 15).routed(61, "default", "deadline")
    CallInJournal(city, 17).judged(stopped(category="welfare")).routed(-5, "cancelled")


def _not_counted(city: Journal) -> None:
    synthetic = CallInJournal(city, 18, synthetic=True).judged(suitable())
    synthetic.offered("o7", 2, 3, events.OfferAccepted).taken(3)
    CallInJournal(city, 19, agency="probe-1").judged(suitable()).taken(3)
    CallInJournal(city, 20, at=MIDNIGHT_BEFORE_APRIL).judged(suitable()).taken(3)


def _referrals(city: Journal) -> None:
    call_id, due_at = f"{AGENCY}/cad/1", NOON + timedelta(hours=1)
    for name, kind in (
        ("r1", "referral"),
        ("r2", "referral"),
        ("r3", "follow-up"),
        ("r4", "referral"),
        ("r5", "referral"),
    ):
        about: dict[str, Any] = {"referral_id": name, "call_id": call_id, "kind": kind, "due_at": due_at}
        city.decided(NOON, events.ReferralMade(**about, response="crt", district="north", phase="live"))
    city.decided(NOON, events.NoteMade(note_id="n1", call_id=call_id, response="crt", district="north", phase="live"))
    for name in ("r2", "r3"):
        city.decided(due_at, events.ReferralOverdue(referral_id=name, call_id=call_id))
    for name, minutes, result in (("r1", 50, "contacted"), ("r2", 70, "contacted"), ("r4", 1, "withdrawn")):
        closed: dict[str, Any] = {"referral_id": name, "call_id": call_id, "result": result, "closed_by": "ann"}
        city.decided(NOON + timedelta(minutes=minutes), events.ReferralClosed(**closed))


async def settle(engine: AsyncEngine) -> None:
    """Have reporting read the city's journals."""
    await write(engine, small_city().records)
