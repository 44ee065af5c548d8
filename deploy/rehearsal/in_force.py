"""What was in force, read from the journals alone: programme, switchboard, pauses; and what each judgement cites.

Every judgement must cite what was in force at its place in the journal. That of a call in flight may go on citing what
it cited before: from the first offer on it only tightens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared.engine.broker import Stored
from shared.switch import Switch

OFFERS_ENDED = ("offer-accepted", "offer-declined", "offer-expired", "offer-withdrawn")


class Cited(NamedTuple):
    """What a judgement stands on."""

    version: int = 0
    document_hash: str = ""
    revision: int = 0

    def __str__(self) -> str:
        return f"version {self.version}, revision {self.revision}"


@dataclass(slots=True)
class Change:
    """A change of programme or switchboard, in force until the next."""

    cited: Cited
    cause: str
    """Position of the command that it came from."""
    at: datetime
    first_cited_at: datetime | None = None
    judgements: int = 0
    """Those that cite it."""


@dataclass(slots=True)
class Pause:
    """A pause as team availability applied it."""

    name: str
    """A district, `all`, or one of them after a response and a slash."""
    at: datetime
    quiet_at: datetime
    """When the last offer that was open there had ended."""
    ended: int = 0
    """Offers that were open there."""

    def holds(self, place: str) -> bool:
        """Whether an offer at a place, `response/district`, may not be made."""
        response, _, district = place.partition("/")
        return self.name in ("all", district, place, f"{response}/all")


class InForce:
    """Folds the journals of triage and team availability, each in order."""

    def __init__(self, wrong: list[str]) -> None:
        """`wrong` takes the promises that are broken."""
        self.changes: list[Change] = []
        self.proposed: dict[str, datetime] = {}
        """By document hash."""
        self.pauses: list[Pause] = []
        """All that there were."""
        self.judgements = 0
        self.in_flight_judgements = 0
        """Of them: of calls in flight, citing what they cited before."""
        self._wrong = wrong
        self._pauses_now: dict[str, Pause] = {}
        self._offers: dict[str, str] = {}
        """Open offers: id → place."""
        self._cites: dict[str, Cited] = {}
        """What the last judgement of a call cites."""
        self._in_flight: set[str] = set()

    @property
    def now(self) -> Cited:
        """What is in force at this place in triage's journal."""
        return self.changes[-1].cited if self.changes else Cited()

    def take(self, kind: str, event: Mapping[str, Any], stored: Stored) -> None:
        """Take in the next event of a journal."""
        if stored.topic == "decisions":
            self._decision(kind, event, stored)
        elif stored.topic == "assignments":
            self._assignment(kind, event, stored.time)

    # --- triage's journal

    def _decision(self, kind: str, event: Mapping[str, Any], stored: Stored) -> None:
        if kind == "call-triaged":
            self._triaged(event, stored.time)
        elif kind == "routing-noted":
            if event["reached"] in ("default", "cancelled"):
                self._in_flight.discard(event["call_id"])
            else:
                self._in_flight.add(event["call_id"])
        elif kind == "call-ended":
            self._in_flight.discard(event["call_id"])
        elif kind == "programme-proposed":
            self.proposed[event["document_hash"]] = stored.time
        elif kind == "programme-activated":
            changed = self.now._replace(version=event["version"], document_hash=event["document_hash"])
            self._change(changed, stored)
        elif "revision" in event and kind != "command-done":  # whatever it was that somebody switched
            if event["revision"] != self.now.revision + 1:
                self._wrong.append(f"revision {event['revision']} follows {self.now.revision} at {stored.position}")
            self._change(self.now._replace(revision=event["revision"]), stored)

    def _change(self, cited: Cited, stored: Stored) -> None:
        self.changes.append(Change(cited, stored.header("cause"), stored.time))

    def _triaged(self, event: Mapping[str, Any], at: datetime) -> None:
        call_id, judgement = event["call_id"], event["judgement"]
        names = ("programme_version", "programme_hash", "switchboard_revision")
        cited, before = Cited(*(judgement[name] for name in names)), self._cites.get(call_id)
        if (event.get("call") or {}).get("status") == "reopened":
            self._in_flight.discard(call_id)
        self.judgements += 1
        self._cites[call_id] = cited
        if cited == self.now:
            if self.changes:
                change = self.changes[-1]
                change.judgements += 1
                change.first_cited_at = change.first_cited_at or at
        elif call_id in self._in_flight and cited == before:
            self.in_flight_judgements += 1
        else:
            self._wrong.append(f"{call_id} was judged by {tuple(cited)}, when {tuple(self.now)} was in force")

    # --- team availability's

    def _assignment(self, kind: str, event: Mapping[str, Any], at: datetime) -> None:
        if kind == "offer-made":
            self._offers[event.get("offer_id", "")] = place = f"{event['response']}/{event['district']}"
            if any(pause.holds(place) for pause in self._pauses_now.values()):
                self._wrong.append(f"{event['call_id']} was offered to {event['team_id']} though {place} was paused")
        elif kind in OFFERS_ENDED:
            place = self._offers.pop(event.get("offer_id", ""), "")
            for pause in self._pauses_now.values():
                if place and pause.holds(place):
                    pause.quiet_at, pause.ended = at, pause.ended + 1
        elif kind == "pause-applied":
            name = Switch(event["district"], event.get("response")).key
            if not event["paused"]:
                self._pauses_now.pop(name, None)
            elif name not in self._pauses_now:
                self._pauses_now[name] = pause = Pause(name, at, at)
                self.pauses.append(pause)
