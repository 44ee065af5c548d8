"""What the CADs of made-up agencies publish: new calls, and updates of those that are open."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.rig.town import QUESTIONS, SYSTEM

CALM = dict.fromkeys(QUESTIONS, "no")
KINDS = (
    ("MENTAL", CALM, 25),
    ("NOISE COMPLAINT", CALM, 35),  # not listed: no response takes it
    ("MENTAL VIOLENT", CALM, 20),
    ("CHECK PERSON", CALM | {"Q1": "yes"}, 20),
)
"""Call type, answers, and share of the new calls in percent. Only the first kind is suitable for a team."""
SUITABLE_PERCENT = KINDS[0][2]
RAISED_PERCENT, ENDED_PERCENT = 5, 3
"""Of the updates: a hazard becomes known; the CAD closes the call. The others add to the narrative alone."""
NARRATIVE = (
    "Caller reports a person sitting on the kerb outside the library, talking to themselves, known to the neighbours. "
    "No word in it raises anything: this is a calm call. Caller stays at a distance and will wave to whoever comes. "
)
OPEN_CALLS = 2000


@dataclass(slots=True)
class OpenCall:
    """A call as the CAD has it."""

    agency: str
    incident_id: str
    code: str
    answers: dict[str, str]
    created_at: str
    number: int
    """Which event of the run it began with."""
    version: int = 0
    status: str = "active"

    @property
    def call_id(self) -> str:
        """As careroute names it."""
        return f"{self.agency}/cad/{self.incident_id}"

    @property
    def event_id(self) -> str:
        """Of its newest version."""
        return f"{self.incident_id}-{self.version}"


class CallStream:
    """The calls of several agencies as one stream of versions; every `new_every`th is that of a new call."""

    def __init__(self, agencies: Iterable[str], seed: int, new_every: int, settle_events: int) -> None:
        """A call is updated at the earliest `settle_events` events after its first version."""
        self._agencies, self._random = list(agencies), Random(seed)
        self._new_every, self._settle = new_every, settle_events
        self._open: deque[OpenCall] = deque(maxlen=OPEN_CALLS)
        self._number, self._seed = 0, seed

    def next(self) -> tuple[OpenCall, bytes]:
        """The call that changes next, and the flat record that says so."""
        self._number += 1
        call = None if self._number % self._new_every == 0 else self._to_update()
        now = datetime.now(UTC).isoformat()
        if call is None:
            call = self._new(now)
        else:
            self._update(call)
        return call, body_of(call, now)

    def _new(self, now: str) -> OpenCall:
        (code, answers, _), *_ = self._random.choices(KINDS, [share for _, _, share in KINDS])
        agency = self._agencies[self._random.randrange(len(self._agencies))]
        call = OpenCall(agency, f"{self._seed}-{self._number}", code, answers, now, self._number)
        self._open.append(call)
        return call

    def _to_update(self) -> OpenCall | None:
        for _ in range(20):
            if not self._open:
                return None
            call = self._open[self._random.randrange(len(self._open))]
            if call.status == "active" and call.number + self._settle <= self._number:
                return call
        return None

    def _update(self, call: OpenCall) -> None:
        call.version += 1
        drawn = self._random.randrange(100)
        if drawn < RAISED_PERCENT:
            call.answers = call.answers | {"Q2": "yes"}
        elif drawn < RAISED_PERCENT + ENDED_PERCENT:
            call.status = "closed"


def body_of(call: OpenCall, now: str) -> bytes:
    """The flat record of its newest version."""
    record = {
        "event_id": call.event_id,
        "agency": call.agency,
        "source": "cad",
        "incident_id": call.incident_id,
        "status": call.status,
        "created_at": call.created_at,
        "updated_at": now,
        "call_type": {"system": SYSTEM, "code": call.code},
        "priority": "P3",
        "district": "Central",
        "beat": "C2",
        "answers": call.answers,
        "address": "1200 Made-up Street, corner of Example Avenue",
        "callback_number": "+1 608 555 0100",
        "narrative": f"{NARRATIVE}Entry {call.version}.",
    }
    return json.dumps(record, separators=(",", ":")).encode()
