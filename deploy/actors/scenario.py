"""What the actors play: an agency's programme with its phases and teams, the calls, and how everybody behaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from deploy.actors.console import TeamSpec
from deploy.actors.crews import Habits
from deploy.actors.story import Sending

PROGRAMMES = Path(__file__).parents[1] / "programmes"
SETTLE_SECONDS = 40.0
"""How long after the last version every outcome must be there: the routing deadline of the document, and a margin."""


Owner = Literal["taps", "texts", "presses", "is off", "says stop"]
"""Opens the link of a text; answers by a text; looks at no text, and presses a key when the phone rings; has it off;
says STOP in the middle of the run."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is played."""

    title: str
    agency: str
    source: str
    document: str
    sendings: Sequence[Sending]
    phases: Mapping[tuple[str, str], str]
    """By response and district."""
    teams: Sequence[TeamSpec]
    replay: bool = False
    habits: Habits = field(default_factory=Habits)
    pause: str | None = None
    """The district in which the stop switch is thrown once."""
    overrides_in: tuple[str, ...] = ()
    marked: str = ""
    """What stands in every personal text."""
    phones: Mapping[str, Owner] = field(default_factory=dict)
    """By person: who has a phone that careroute reaches by carriers, and what they do with it."""
    clocks: Callable[[float], str] = lambda seconds: f"{seconds:.0f} s"
    """The time of the run, in words."""
    notes: tuple[str, ...] = ()
    at: datetime | None = None
    """The instant at which the calls begin, where that is not now."""
    settle_seconds: float = SETTLE_SECONDS

    @property
    def seconds(self) -> float:
        """When the last version is due."""
        return self.sendings[-1].at_seconds

    @property
    def districts(self) -> tuple[str, ...]:
        """Districts in the order of their phases."""
        return tuple(dict.fromkeys(district for _, district in self.phases))

    @property
    def advisory(self) -> tuple[str, ...]:
        """Districts in which a dispatcher confirms, sooner or later."""
        return advisory_of(self.phases)

    def example(self, now: datetime) -> dict[str, Any]:
        """A call for somebody to send by hand: one that a team may take, in the first district."""
        here = (sending for sending in self.sendings if sending.body.get("district") == self.districts[0])
        calm = (sending for sending in here if _is_calm(sending.body))
        return self.by_hand(self.body(next(calm, self.sendings[0]), now), now)

    def by_hand(self, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The same call as if it had just begun, under a name of its own."""
        names = {"agency": self.agency, "source": self.source, "incident_id": "BY-HAND-1", "event_id": "by-hand-1"}
        return {**body, **dict.fromkeys(("created_at", "updated_at"), (self.at or now).isoformat()), **names}

    def renamed(self, agency: str) -> Self:
        """The same for an agency of another name, where the log holds calls of the first already."""
        return replace(self, agency=agency, document=of_agency(agency, self.document))

    def body(self, sending: Sending, start: datetime) -> dict[str, Any]:
        """The flat record to send."""
        return {**sending.flat(self.at or start), "agency": self.agency}


def advisory_of(phases: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Districts in which any response is in its advisory phase."""
    return tuple(dict.fromkeys(district for (_, district), phase in phases.items() if phase == "advisory"))


def of_agency(agency: str, document: str) -> str:
    """The same document, of another agency."""
    return re.sub(r'(?m)^agency(\s*)= "[^"]*"', rf'agency\g<1>= "{agency}"', document)


def _is_calm(body: Mapping[str, Any]) -> bool:
    answers = set(body.get("answers", {"": "no"}).values())
    code = body.get("call_type", {}).get("code")
    return code in ("MENTAL", "CHECK WELFARE", "5150", "CW") and answers == {"no"} and "cautions" not in body
