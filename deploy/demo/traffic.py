"""The calls of a made-up city, from a seed: daily rhythm, mix of types, screening, and what a CAD does to a call later.

A day is squeezed into the length of the run. A call has up to nine further versions, some twice, some late; it may be
cancelled, closed, re-opened, or become more dangerous after a team took it. Names, numbers and addresses are marked.
"""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

AGENCY, SOURCE, CODE_SYSTEM = "demo-city", "cad", "demo-cad"
CANARY = "Zzyzx"
"""Stands in every personal text, so that a leak can be searched for."""

HOURLY = (30, 24, 21, 17, 14, 14, 18, 27, 38, 44, 47, 50, 53, 54, 56, 60, 63, 64, 61, 57, 54, 51, 46, 38)
"""Calls by hour of the day, as police calls for service come: least before dawn, most in the late afternoon."""

DISTRICTS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "Harbor": (0.36, ("H1", "H2", "H3")),
    "Hillside": (0.26, ("S1", "S2", "S3")),
    "Old Town": (0.24, ("O1", "O2")),
    "Airport": (0.14, ("A1",)),
}
CALL_TYPES: Mapping[str, float] = {
    "MENTAL": 3.2,
    "MENTAL VIOLENT": 0.8,
    "SUICIDE THREAT": 0.7,
    "CHECK WELFARE": 8.0,
    "INTOX PERSON": 4.0,
    "DISTURBANCE": 15.0,
    "TRESPASS": 6.0,
    "ALARM": 13.0,
    "TRAFFIC": 22.0,
    "ACCIDENT INJ": 5.0,
    "THEFT REPORT": 11.0,
    "BURGLARY": 3.0,
    "WEAPON": 2.0,
    "NOISE": 5.3,
}
"""Share of each type, in per cent."""
ASKED_SHARE = 0.86
QUESTIONS = ("Q1", "Q2", "Q3", "Q4", "Q5")
PRIORITIES = (12, 45, 30, 13)
"""How many calls of a hundred have priority 1, 2, 3, 4."""
FURTHER_VERSIONS = (44, 20, 13, 8, 5, 4, 2, 2, 1, 1)
"""How many calls of a hundred have 0, 1, … 9 further versions."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request of a CAD: what it sends, and when after the start; times in seconds."""

    at_seconds: float
    body: Mapping[str, Any]
    created_seconds: float | None = None
    """When the call and this version were made; None where the body says so itself."""
    updated_seconds: float | None = None

    def flat(self, start: datetime) -> dict[str, Any]:
        """The flat record, for a run that began at `start`."""
        if self.created_seconds is None or self.updated_seconds is None:
            return dict(self.body)
        times = {"created_at": self.created_seconds, "updated_at": self.updated_seconds}
        made = {name: (start + timedelta(seconds=seconds)).isoformat() for name, seconds in times.items()}
        return {**self.body, **made}


def city(seed: int, seconds: float, calls_per_second: float) -> list[Sending]:
    """Everything that the CAD of the city sends, in order. The same arguments always give the same."""
    chance = random.Random(seed)  # noqa: S311  # a simulation that can be repeated, no secret
    count = max(1, round(seconds * calls_per_second))
    begins = sorted(_moment(chance) * seconds for _ in range(count))
    sendings = [
        sending
        for number, begin in enumerate(begins, start=1)
        for sending in _CityStory(chance, number, begin).sendings()
        if sending.at_seconds <= seconds
    ]
    return sorted(sendings, key=lambda sending: sending.at_seconds)


_TO_HOUR = tuple(itertools.accumulate(HOURLY))


def _moment(chance: random.Random) -> float:
    """A moment of the day, from 0 to 1, as likely as calls are then."""
    drawn = chance.random() * _TO_HOUR[-1]
    hour = bisect.bisect_right(_TO_HOUR, drawn)
    before = _TO_HOUR[hour - 1] if hour else 0
    return (hour + (drawn - before) / HOURLY[hour]) / len(HOURLY)


class Story:
    """The life of one call, as its CAD tells it."""

    def __init__(self, chance: random.Random, begin: float, body: dict[str, Any]) -> None:
        """`body`: what the first version says; `begin`: when, in seconds after the start."""
        self._chance, self._begin, self._body = chance, begin, body
        self._versions = 0
        self._updated = begin

    def change(self) -> None:
        """Let the body say what a further version says anew."""

    def sendings(self) -> Iterator[Sending]:
        """The first version, the further ones, and how it ends."""
        told = [self._told()]
        for _ in range(self._chance.choices(range(10), FURTHER_VERSIONS)[0]):
            self._later(0.6, 5.0)
            self.change()
            told.append(self._told())
        told += self._end()
        yield from self._as_sent(told)

    def _as_sent(self, told: list[Sending]) -> Iterator[Sending]:
        """Some versions arrive late, after their successor; some arrive twice."""
        for sending, successor in itertools.zip_longest(told, told[1:]):
            sent = sending
            if successor is not None and self._chance.random() < 0.04:
                sent = replace(sending, at_seconds=successor.at_seconds + 0.4)
            yield sent
            if self._chance.random() < 0.06:
                yield replace(sent, at_seconds=sent.at_seconds + self._chance.uniform(0.05, 4.0))

    def _told(self) -> Sending:
        self._versions += 1
        body = {**self._body, "event_id": f"{self._body['incident_id']}-{self._versions}"}
        return Sending(self._updated, body, self._begin, self._updated)

    def _later(self, least: float, most: float) -> None:
        self._updated += self._chance.uniform(least, most)

    def _end(self) -> list[Sending]:
        """Cancelled early, closed late, or left open; now and then opened again."""
        drawn, ended = self._chance.random(), []
        if drawn < 0.08:
            self._later(0.3, 6.0)
            ended.append(self._with_status("cancelled"))
        elif drawn < 0.55:
            self._later(18.0, 40.0)
            ended.append(self._with_status("closed"))
        if ended and self._chance.random() < 0.08:
            self._later(1.0, 6.0)
            ended.append(self._with_status("reopened"))
        return ended

    def _with_status(self, status: str) -> Sending:
        self._body["status"] = status
        return self._told()


class _CityStory(Story):
    """A call of the made-up city."""

    def __init__(self, chance: random.Random, number: int, begin: float) -> None:
        self._chance = chance
        code = chance.choices(list(CALL_TYPES), list(CALL_TYPES.values()))[0]
        body = {
            "agency": AGENCY,
            "source": SOURCE,
            "incident_id": f"D{number:06d}",
            "call_type": {"system": CODE_SYSTEM, "code": code},
            "priority": str(chance.choices((1, 2, 3, 4), PRIORITIES)[0]),
            **self._place(),
            **self._asked(),
            **self._wishes(),
            **personal(chance, number, " He may have a knife." if chance.random() < 0.04 else ""),
        }
        super().__init__(chance, begin, body)

    def change(self) -> None:
        """What a further version says anew."""
        drawn = self._chance.random()
        if drawn < 0.30:
            self._body |= self._asked(everything=True)
        elif drawn < 0.38:  # it becomes more dangerous: an upgrade, where a team has it
            self._body["answers"] = {**self._body.get("answers", {}), self._chance.choice(("Q1", "Q2")): "yes"}
        elif drawn < 0.50:
            self._body["priority"] = str(self._chance.randint(1, 4))
        elif drawn < 0.60:
            self._body["units_on_scene"] = True
        elif drawn < 0.85:
            self._body["narrative"] += f" Caller {CANARY} adds: still there."

    def _place(self) -> dict[str, str]:
        weights = [share for share, _ in DISTRICTS.values()]
        district = self._chance.choices(list(DISTRICTS), weights)[0]
        beat, drawn = self._chance.choice(DISTRICTS[district][1]), self._chance.random()
        if drawn < 0.015:
            return {"beat": "X9"}  # a beat that nobody knows
        if drawn < 0.025:
            return {"district": district, "beat": "A1" if district != "Airport" else "H1"}  # they disagree
        return {"beat": beat} if drawn < 0.5 else {"district": district, "beat": beat}

    def _asked(self, *, everything: bool = False) -> dict[str, Any]:
        """The screening answers: mostly all asked and nothing found."""
        drawn = self._chance.random()
        answers = dict.fromkeys(QUESTIONS, "no")
        if everything or drawn < ASKED_SHARE * 0.82:
            return {"answers": answers}
        if drawn < ASKED_SHARE * 0.92:
            return {"answers": {**answers, self._chance.choice(QUESTIONS[:4]): "yes"}}
        if drawn < ASKED_SHARE:
            return {"answers": {**answers, self._chance.choice(QUESTIONS): "cannot-tell"}}
        return {"answers": {"Q1": "no"}} if drawn < (1 + ASKED_SHARE) / 2 else {}

    def _wishes(self) -> dict[str, Any]:
        drawn = self._chance.random()
        found: dict[str, Any] = {}
        if drawn < 0.02:
            found["caller_wants"] = "alternative"
        elif drawn < 0.05:
            found["caller_wants"] = "police"
        elif drawn < 0.06:
            found["requested_by"] = "officer"
        if self._chance.random() < 0.03:
            found["cautions"] = [self._chance.choice(("ARMED", "ASSAULTIVE"))]
        if self._chance.random() < 0.12:
            found["language"] = "es"
        return found


def personal(chance: random.Random, number: int, said: str = "") -> dict[str, str]:
    """What is personal in a call, marked; `said` ends the narrative."""
    house = chance.randint(0, 99)
    return {
        "caller_name": f"Quentin {CANARY}-{number}",
        "callback_number": f"555-01{house:02d}-{CANARY}",
        "address": f"{house} {CANARY} Street, Apt {number % 40}",
        "narrative": f"{CANARY} says a man is sitting by the door and cries.{said}",
    }
