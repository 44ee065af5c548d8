"""Runs notification as a worker would, one input at a time, and builds the events that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.notification.decide import decide
from services.notification.service import NOTIFICATION
from services.notification.state import EndCallEffect, State
from shared.engine.service import EffectDone, EffectResult, EffectStarting, Input, Tick
from shared.events import (
    AcknowledgeAlert,
    AnswerRoll,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallRoll,
    CallRouted,
    ContactMethod,
    ErasePerson,
    Event,
    NoteOptOut,
    NoteReceipt,
    OfferAccepted,
    OfferMade,
    OfferWithdrawn,
    PageAttempted,
    PageDue,
    PingCad,
    Recipient,
    RedeliverMessage,
    RemoveContact,
    SafetyCheckDue,
    SafetyCheckMissed,
    SetContact,
    StatusReported,
    UpgradeRaised,
)
from shared.judgement import RaisedBy
from tests.builders import call_routed, of_offer, offer_made

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CALL = "madison/dane/26-001"
POCKET = ContactMethod(method_id="phone", kind="pocket")
WEBHOOK = ContactMethod(method_id="pager", kind="webhook", url="https://pager.example/p")
CREW = (
    Recipient(person_id="ana", contact_methods=(POCKET, WEBHOOK)),
    Recipient(person_id="ben", contact_methods=(POCKET,)),
)


@dataclass
class Running:
    """An agency's notification: its state, its journal, and every input that it was given."""

    state: State = field(default_factory=State)
    now: datetime = NOON
    journal: list[Event] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)

    def take(
        self, event: Event | Tick | EffectStarting | EffectDone, cause: str = "", at: datetime | None = None
    ) -> list[Event]:
        """Decide an input now, that became durable `at` an instant; the events that it left."""
        given = Input(event, cause or f"assignments/0/{len(self.inputs)}", at or self.now, "madison")
        self.inputs.append(given)
        return self.decide(given)

    def decide(self, given: Input) -> list[Event]:
        events = decide(self.state, given, self.now)
        for event in events:
            self.state = NOTIFICATION.evolve(self.state, event, self.now)
        assert events.state == self.state, "what a decision folds is not what its events fold to"
        self.journal += events
        return events

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def perform(self, result: EffectResult = "done", why: str = "") -> list[Event]:
        """Try everything owed, once, with this result; the events that it left."""
        left: list[Event] = []
        for effect_id, effect in list(NOTIFICATION.pending(self.state).items()):
            if effect.at_most_once and not effect.attempted:
                left += self.take(EffectStarting(effect_id), f"effect/{effect_id}")
            if effect_id in NOTIFICATION.pending(self.state):
                left += self.take(EffectDone(effect_id, result, why), f"effect/{effect_id}/done")
        return left

    def owed(self) -> list[str]:
        return [effect.event.type for effect in NOTIFICATION.pending(self.state).values()]


@dataclass
class Sending(Running):
    """A notification whose pages go out as soon as they are owed, and whose clocks run."""

    outcomes: dict[str, tuple[EffectResult, str]] = field(default_factory=dict)
    """What comes of handing a page over, by method id; otherwise its provider takes it."""
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    """Everything that went out, ever: seconds after noon, person, method."""
    offers: list[tuple[float, str, str]] = field(default_factory=list)
    """Of these, the pages of offers."""
    stopped: list[str] = field(default_factory=list)
    """What carriers were told to end because the offer is over."""
    stops: tuple[EffectResult, str] = ("done", "")
    """What comes of that."""
    pages: dict[tuple[str, str, str], PageDue] = field(default_factory=dict)
    """By kind, person and method, the newest page that was tried."""

    def take(
        self, event: Event | Tick | EffectStarting | EffectDone, cause: str = "", at: datetime | None = None
    ) -> list[Event]:
        return super().take(event, cause, at) + self.send()

    def send(self) -> list[Event]:
        """Hand over what is owed, and whatever that brings about."""
        left: list[Event] = []
        begun: set[str] = set()
        while owed := sorted(NOTIFICATION.pending(self.state).keys() - begun):
            begun.add(owed[0])
            effect = NOTIFICATION.pending(self.state)[owed[0]]
            if isinstance(effect.event, PageDue):
                left += self.hand_over(effect.event)
            elif isinstance(effect, EndCallEffect):
                self.stopped.append(effect.taken_as)
                left += super().take(EffectDone(effect.effect_id, *self.stops), f"effect/{effect.effect_id}/done")
        return left

    def hand_over(self, page: PageDue) -> list[Event]:
        started = super().take(EffectStarting(page.page_id), f"effect/{page.page_id}/start")
        if not of(started, PageAttempted):
            return started
        seconds, method_id = (self.now - NOON).total_seconds(), page.method.method_id
        self.sent.append((seconds, page.person_id, method_id))
        self.offers += self.sent[-1:] if page.kind == "offer" else []
        self.pages[page.kind, page.person_id, method_id] = page
        named = f"twilio/CA{len(self.sent):032x}" if page.method.kind == "voice" else ""
        result, why = self.outcomes.get(method_id, ("done", named))
        return [*started, *self.take(EffectDone(page.page_id, result, why), f"effect/{page.page_id}/{result}")]

    def until(self, seconds: float) -> list[Event]:
        """Let the time come, and every clock fire on the way."""
        left: list[Event] = []
        end = NOON + timedelta(seconds=seconds)
        while (due := NOTIFICATION.due(self.state)) is not None and due[1] <= end:
            self.now = max(self.now, due[1])
            fired = self.take(Tick(*due), Tick(*due).cause("madison"))
            assert fired, "a clock that brings nothing about is stuck"
            assert NOTIFICATION.due(self.state) != due
            left += fired
        self.now = end
        return left

    def page(self, method_id: str, person_id: str = "ana", kind: str = "offer") -> str:
        """The id of a page that went out."""
        return self.pages[kind, person_id, method_id].page_id


def of(events: Iterable[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def offer(number: int = 1, team_id: str = "alpha", at: datetime = NOON, call_id: str = CALL, **more: Any) -> OfferMade:
    fields = {"team_id": team_id, "response": "care-team", "district": "central", "recipients": CREW}
    return offer_made(call_id, at, number, **fields | more)


def accepted(made: OfferMade, at: datetime = NOON) -> OfferAccepted:
    return of_offer(OfferAccepted, made, person_id="ana", accepted_at=at, eta_minutes=10, call_at="calls/0/0")


def withdrawn(made: OfferMade, why: str = "cancelled") -> OfferWithdrawn:
    return of_offer(OfferWithdrawn, made, why=why)


def routed(outcome: str = "team-accepted", team_id: str | None = "alpha", at: datetime = NOON) -> CallRouted:
    fields = {"team_id": team_id, "response": "care-team", "district": "central", "programme_version": 3}
    return call_routed(CALL, at, outcome, **fields, sentence="The care team has it.")


def status(name: str, **more: Any) -> StatusReported:
    return StatusReported(team_id="alpha", status=name, call_id=CALL, episode=1, **more)  # type: ignore[arg-type]


def upgrade() -> UpgradeRaised:
    knife = RaisedBy("weapon", "present", None, "answer weapon", NOON)
    return UpgradeRaised(
        call_id=CALL,
        episode=1,
        team_id="alpha",
        level="police",
        level_rank=3,
        raised_by=(knife,),
        on_upgrade="stage",
        sentence="A weapon is present.",
    )


def unconfirmed() -> AssignmentUnconfirmed:
    return AssignmentUnconfirmed(call_id=CALL, episode=1, team_id="alpha")


def safety_check(number: int = 1) -> SafetyCheckDue:
    return SafetyCheckDue(call_id=CALL, episode=1, team_id="alpha", number=number)


def silent() -> SafetyCheckMissed:
    return SafetyCheckMissed(
        call_id=CALL,
        episode=1,
        team_id="alpha",
        missed=2,
        silent_minutes=90,
        sentence="alpha has been silent for 90 min, safety checks missed: 2. Send police.",
    )


def released(why: str = "overridden") -> AssignmentWithdrawn:
    return AssignmentWithdrawn(call_id=CALL, episode=1, team_id="alpha", why=why)


def _issued(command_id: str, at: datetime, seconds: float = 60) -> dict[str, Any]:
    expires_at = at + timedelta(seconds=seconds)
    return {"command_id": command_id, "issued_by": "kim", "issued_at": at, "expires_at": expires_at}


def _any_time(command_id: str) -> dict[str, Any]:
    return _issued(command_id, NOON, timedelta(days=400).total_seconds())


def ping(command_id: str = "ping-1", at: datetime = NOON) -> PingCad:
    return PingCad(source="dane", **_issued(command_id, at))


def acknowledge(command_id: str = "ack-1", by: str = "dora", **more: Any) -> AcknowledgeAlert:
    about = {"alert_id": "team-silent/alpha", "kind": "team-silent", "raised_at": NOON}
    return AcknowledgeAlert(**{**_issued(command_id, NOON), **about, "issued_by": by, **more})


def redeliver(message_id: str, command_id: str = "again-1", at: datetime = NOON) -> RedeliverMessage:
    return RedeliverMessage(message_id=message_id, **_issued(command_id, at))


def set_contact(person_id: str, method_id: str, kind: str, command_id: str = "1", **more: Any) -> SetContact:
    way = {"person_id": person_id, "method_id": method_id, "kind": kind, "position": 1, **more}
    return SetContact(**_any_time(f"set/{command_id}"), **way)


def remove_contact(person_id: str, method_id: str, command_id: str = "1") -> RemoveContact:
    return RemoveContact(**_any_time(f"remove/{command_id}"), person_id=person_id, method_id=method_id)


def erase(person_id: str) -> ErasePerson:
    return ErasePerson(**_any_time(f"erase/{person_id}"), person_id=person_id)


def opt_out(person_id: str, method_id: str, command_id: str = "1", *, opted_out: bool = True) -> NoteOptOut:
    issued = _any_time(f"stop/{command_id}")
    return NoteOptOut(**issued, person_id=person_id, method_id=method_id, opted_out=opted_out)


def receipt(page_id: str, state: str, code: str = "", provider: str = "twilio", number: int = 0) -> NoteReceipt:
    issued = _any_time(f"{page_id}/{provider}/{state}/{number}")
    return NoteReceipt(**issued, page_id=page_id, provider=provider, state=state, code=code)  # type: ignore[arg-type]


def call_roll(command_id: str = "1", *person_ids: str, minutes: int = 60, **more: Any) -> CallRoll:
    return CallRoll(**_any_time(f"roll/{command_id}"), person_ids=person_ids, minutes=minutes, **more)


def answer_roll(roll_id: str, person_id: str, method_id: str, command_id: str = "1") -> AnswerRoll:
    issued = _any_time(f"answer/{roll_id}/{person_id}/{method_id}/{command_id}")
    return AnswerRoll(**issued, roll_id=roll_id, person_id=person_id, method_id=method_id)
