"""The calls of a made-up city, from a seed: daily rhythm, mix of types, screening, and what comes to be known later.

A day is squeezed into the length of the run. A call may become more dangerous after a team took it.
"""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Mapping
from typing import Any

from deploy.actors.story import CANARY, Sending, Story, personal, sent_within

AGENCY, SOURCE, CODE_SYSTEM = "demo-city", "cad", "demo-cad"
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


def city(seed: int, seconds: float, calls_per_second: float) -> list[Sending]:
    """Everything that the CAD of the city sends, in order. The same arguments always give the same."""
    chance = random.Random(seed)  # noqa: S311  # a simulation that can be repeated, no secret
    count = max(1, round(seconds * calls_per_second))
    begins = sorted(_moment(chance) * seconds for _ in range(count))
    return sent_within(seconds, (_CityStory(chance, number, begin) for number, begin in enumerate(begins, start=1)))


_TO_HOUR = tuple(itertools.accumulate(HOURLY))


def _moment(chance: random.Random) -> float:
    """A moment of the day, from 0 to 1, as likely as calls are then."""
    drawn = chance.random() * _TO_HOUR[-1]
    hour = bisect.bisect_right(_TO_HOUR, drawn)
    before = _TO_HOUR[hour - 1] if hour else 0
    return (hour + (drawn - before) / HOURLY[hour]) / len(HOURLY)


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
        wishes: dict[str, Any] = {}
        if drawn < 0.02:
            wishes["caller_wants"] = "alternative"
        elif drawn < 0.05:
            wishes["caller_wants"] = "police"
        elif drawn < 0.06:
            wishes["requested_by"] = "officer"
        if self._chance.random() < 0.03:
            wishes["cautions"] = [self._chance.choice(("ARMED", "ASSAULTIVE"))]
        if self._chance.random() < 0.12:
            wishes["language"] = "es"
        return wishes
