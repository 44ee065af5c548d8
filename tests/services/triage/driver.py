"""Triage of one agency, driven by hand: what goes in, what came out, and the state in between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from services.triage.service import triage_service
from services.triage.state import State
from shared.call import Call, CallType
from shared.engine.service import Input, Tick
from shared.events import (
    ApproveProgramme,
    AssignmentEnded,
    CallCancelled,
    CallReported,
    CallRouted,
    CallTriaged,
    Command,
    CommandDone,
    CommandRefused,
    Event,
    OfferMade,
    Outcome,
    ProposeProgramme,
    Sealed,
    SetPhase,
    decode,
)
from tests.builders import call_routed, offer_made

MADISON = (Path(__file__).parents[3] / "deploy/programmes/madison-wi.2021-09-01.toml").read_text()
AGENCY = "madison-wi"
THURSDAY_NOON = datetime.fromisoformat("2021-09-02T12:00:00-05:00")
SAFE = {"Q1": "no", "Q2": "no", "Q3": "no", "Q4": "no", "Q5": "no"}

E = TypeVar("E", bound=Event)


class MadeUp:
    """Has the sealed part in the clear; a real one is the sealer's business."""

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        if sealed.key_id == "lost":
            raise ValueError("sealed with another key")
        assert sealed.nonce == call_id
        return json.loads(sealed.ciphertext)  # type: ignore[no-any-return]

    def pseudonym(self, text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:16]


SERVICE = triage_service(MadeUp())


def report(
    event_id: str = "e1",
    minute: float = 0,
    narrative: str | None = None,
    *,
    unreadable: bool = False,
    received_minute: float | None = None,
    number: str = "",
    position: str = "",
    **fields: Any,
) -> CallReported | CallCancelled:
    """A version of call 1, made so many minutes after noon of the Thursday on which Madison CARES is open."""
    said: dict[str, Any] = {
        "agency": AGENCY,
        "source": "dane-county",
        "incident_id": "1",
        "created_at": THURSDAY_NOON,
        "updated_at": THURSDAY_NOON + timedelta(minutes=minute),
        "call_type": CallType(system="dane-county", code="CHECK PERSON"),
        "district": "Central",
        "answers": SAFE,
    } | fields
    call = Call(**said)
    sealed = None
    if narrative is not None or unreadable or number or position:
        personal = {"narrative": narrative or "", "address": "CANARY-ADDRESS", "callback_number": number}
        personal["position"] = position
        ciphertext = json.dumps(personal)
        sealed = Sealed(key_id="lost" if unreadable else "k", nonce=call.call_id, ciphertext=ciphertext)
    at = THURSDAY_NOON + timedelta(minutes=minute if received_minute is None else received_minute)
    kind = CallCancelled if call.ended else CallReported
    fingerprint = str(
        hash((call.model_dump_json(exclude={"created_at", "updated_at"}), narrative, unreadable, position))
    )
    return kind(event_id=event_id, call=call, received_at=at, judged_at=at, sealed=sealed, fingerprint=fingerprint)


def command(kind: type[Command], command_id: str, by: str = "ann", **fields: Any) -> Command:
    return kind(
        command_id=command_id,
        issued_by=by,
        issued_at=THURSDAY_NOON,
        expires_at=THURSDAY_NOON + timedelta(days=1),
        **fields,
    )


def offer(incident: str = "1", step: int = 1, episode: int = 1, response: str = "cares") -> OfferMade:
    call_id = f"{AGENCY}/dane-county/{incident}"
    return offer_made(call_id, THURSDAY_NOON, step, offer_id=f"o{step}", episode=episode, response=response)


def routed(outcome: Outcome, incident: str = "1", episode: int = 1, response: str = "cares") -> CallRouted:
    taken = {"response": response} if outcome in ("team-accepted", "phone-accepted") else {}
    return call_routed(f"{AGENCY}/dane-county/{incident}", THURSDAY_NOON, outcome, episode=episode, **taken)


def cleared(incident: str = "1", disposition: str = "resolved-on-scene") -> AssignmentEnded:
    return AssignmentEnded(
        call_id=f"{AGENCY}/dane-county/{incident}", episode=1, team_id="cares-1", disposition=disposition
    )


@dataclass
class Triage:
    """Folds what it decides; clocks fire when asked. Each input is decided twice: the second time must say nothing."""

    state: State = field(default_factory=State)
    now: datetime = THURSDAY_NOON
    journal: list[Event] = field(default_factory=list)
    number: int = 0

    def put(self, event: Event) -> list[Event]:
        self.number += 1
        item = Input(event, f"input/0/{self.number}", self.now, AGENCY)
        made = self._decide(item)
        assert self._decide(item) == [], "deciding an input a second time must lead to nothing"
        return made

    def run_clocks(self) -> list[Event]:
        made: list[Event] = []
        while (due := SERVICE.due(self.state)) is not None and due[1] <= self.now:
            made += self._decide(Input(Tick(*due), f"tick/{due[0]}", self.now, AGENCY))
            assert SERVICE.due(self.state) != due, "a clock that fired must be disarmed"
        return made

    def at(self, **later: float) -> Triage:
        self.now = THURSDAY_NOON + timedelta(**later)
        return self

    def _decide(self, item: Input) -> list[Event]:
        made = [decode(event.type, event.encode()) for event in SERVICE.decide(self.state, item, self.now)]
        for event in made:
            self.state = SERVICE.evolve(self.state, event, self.now)
        self.journal += made
        return made

    def refold(self) -> State:
        """The state as a take-over would find it."""
        return SERVICE.packer.unpack(SERVICE.packer.pack(self.state))  # type: ignore[no-any-return]


def only(events: list[Event], kind: type[E]) -> E:
    assert [type(event) for event in events] == [kind], events
    return events[0]  # type: ignore[return-value]


def of(events: list[Event], kind: type[Event] | tuple[type[Event], ...]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def triaged(events: list[Event]) -> CallTriaged:
    return only(events, CallTriaged)


def done(events: list[Event]) -> CommandDone:
    assert isinstance(events[-1], CommandDone), events
    return events[-1]


def refusal(events: list[Event]) -> CommandRefused:
    return only(events, CommandRefused)


def madison(phase: str | None = "live", document: str = MADISON) -> Triage:
    """Madison's programme in force, cares switched on in Central."""
    triage = Triage()
    proposed = done(triage.put(command(ProposeProgramme, "c1", document=document)))
    triage.put(command(ApproveProgramme, "c2", by="bob", document_hash=proposed.about))
    if phase is not None:
        board = triage.state.switchboard.revision
        triage.put(command(SetPhase, "c3", response="cares", district="Central", phase=phase, based_on=board))
    return triage
