"""What a CAD sends of a call in its life: up to nine further versions, some twice, some late, and how it ends.

A call may be cancelled, closed, or opened again. Names, numbers and addresses are marked.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

CANARY = "Zzyzx"
"""Stands in every personal text, so that a leak can be searched for."""
FURTHER_VERSIONS = (44, 20, 13, 8, 5, 4, 2, 2, 1, 1)
"""How many calls of a hundred have 0, 1, … 9 further versions."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request of a CAD: what it sends, and when after the start; times in seconds."""

    at_seconds: float
    body: Mapping[str, Any]
    created_seconds: float | None = None
    """When the call began and this version was made; None where the body says so itself."""
    updated_seconds: float | None = None

    def flat(self, start: datetime) -> dict[str, Any]:
        """The flat record, for a run that began at `start`."""
        if self.created_seconds is None or self.updated_seconds is None:
            return dict(self.body)
        times = {"created_at": self.created_seconds, "updated_at": self.updated_seconds}
        stamps = {name: (start + timedelta(seconds=seconds)).isoformat() for name, seconds in times.items()}
        return {**self.body, **stamps}


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
        versions = [self._version()]
        for _ in range(self._chance.choices(range(10), FURTHER_VERSIONS)[0]):
            self._later(0.6, 5.0)
            self.change()
            versions.append(self._version())
        versions += self._end()
        yield from self._as_sent(versions)

    def _as_sent(self, versions: list[Sending]) -> Iterator[Sending]:
        """Some versions arrive late, after their successor; some arrive twice."""
        for sending, successor in itertools.zip_longest(versions, versions[1:]):
            sent = sending
            if successor is not None and self._chance.random() < 0.04:
                sent = replace(sending, at_seconds=successor.at_seconds + 0.4)
            yield sent
            if self._chance.random() < 0.06:
                yield replace(sent, at_seconds=sent.at_seconds + self._chance.uniform(0.05, 4.0))

    def _version(self) -> Sending:
        self._versions += 1
        body = {**self._body, "event_id": f"{self._body['incident_id']}-{self._versions}"}
        return Sending(self._updated, body, self._begin, self._updated)

    def _later(self, least: float, most: float) -> None:
        self._updated += self._chance.uniform(least, most)

    def _end(self) -> list[Sending]:
        """Cancelled early, closed late, or left open; seldom opened again."""
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
        return self._version()


def sent_within(seconds: float, stories: Iterable[Story]) -> list[Sending]:
    """What is sent of all calls within a time, in order."""
    sendings = (sending for story in stories for sending in story.sendings() if sending.at_seconds <= seconds)
    return sorted(sendings, key=lambda sending: sending.at_seconds)


def personal(chance: random.Random, number: int, remark: str = "") -> dict[str, str]:
    """What is personal in a call, marked; `remark` ends the narrative."""
    house = chance.randint(0, 99)
    return {
        "caller_name": f"Quentin {CANARY}-{number}",
        "callback_number": f"555-01{house:02d}-{CANARY}",
        "address": f"{house} {CANARY} Street, Apt {number % 40}",
        "narrative": f"{CANARY} says a man is sitting by the door and cries.{remark}",
    }
