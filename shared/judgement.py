"""What the programme says of one call: the value that travels inside `CallTriaged`, with all that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict

Suitability = Literal["suitable", "unsuitable", "indeterminate"]
"""Whether an alternative response may be sent at all, before asking who is there; indeterminate: ask first."""

Phase = Literal["off", "shadow", "advisory", "live"]
"""How far a response is switched on in a district: not at all; evaluated and recorded; offered once a dispatcher has
confirmed it; offered at once."""
PHASES: Final[tuple[Phase, ...]] = ("off", "shadow", "advisory", "live")
"""Every phase, the least first."""

Unknown = Literal["not-asked", "cannot-tell", "words"]
"""Why nobody knows a fact: nobody asked, the one asked cannot tell, or a word of the narrative puts it in doubt."""
UNKNOWN_WORDS: Final[Mapping[Unknown, str]] = MappingProxyType(
    {"not-asked": "not asked", "cannot-tell": "cannot tell", "words": "in doubt by words heard"}
)

Model = Literal[
    "crisis-call-diversion",
    "community-responder",
    "mobile-crisis-team",
    "co-responder",
    "dual-dispatch",
    "multidisciplinary-team",
    "mobile-integrated-health",
    "mediation-response",
    "peer-led",
    "care-navigator",
    "designated-crisis-responder",
    "police",
    "ems",
    "fire",
    "administrative",
]
"""What kind of response is sent."""

Discipline = Literal["paramedic", "emt", "nurse", "clinician", "crisis-worker", "peer", "officer", "navigator"]
"""What a member of a crew is trained for."""
OR: Final = " or "
CrewPlace = str
"""A place in a crew: a discipline, or several of which one will do, like `emt or paramedic`."""


def disciplines_of(place: CrewPlace) -> frozenset[str]:
    """The disciplines of which one fills a place."""
    return frozenset(place.split(OR))


Goes = Literal["instead of default", "beside default"]
DefaultService = Literal["police", "ems", "fire"]
"""A part of the default response."""
ReachedBy = Literal["offer", "broadcast", "window", "pull", "on-call page", "phone transfer", "referral", "note"]
"""How a response learns of a call. An offer and an on-call page ask one team after the other; broadcast asks every team
at once, and pull puts the call on every team's page and pages nobody: the first to accept has it. A window asks every
team at once how soon it can be there: the soonest has it when the window ends. A referral and a note route nothing:
they are recorded with the decision."""
NOT_ROUTED = ("referral", "note")
EntersWhen = Literal["police on scene", "released by sergeant"]
"""What a team that has arrived waits for, staged, before it goes in."""
OnUpgrade = Literal["recall", "stage", "stay"]
"""What an accepted team does when the call's level rises: turn back, wait nearby, carry on."""
Attempt = Literal["same response", "neighbour pool", "next response", "phone", "hold", "default"]
"""What a step of the fall-back chain tries. `hold` asks the CAD to let the call wait for a team."""
HOLD: Final = "hold"
DEFAULT_POOL = "default"
EXPECTED_MINUTES = 60
MISSED_SAFETY_CHECKS = 2
STAGED_NOTICE_MINUTES = 10
ORDER_OF_CALLS: tuple[str, ...] = ("officer", "fire-crew")
"""Somebody on scene who waits for a team goes before everybody else."""
AGE: Final = "age"
"""Last in an order of calls: of those that stand alike in it the one that has waited longest goes first."""
PRIORITY: Final = "priority "
"""Before a priority's code in an order of calls."""

UNLISTED: Final = "is not a listed call type"
"""How the gates say so of a call whose type the document does not know."""
OF_FACTS = ("district", "category", "only-when-")
"""How the gates begin that turn on what is said of a call, besides its level."""
NO_LEVEL_RANK = 99
"""The rank of a call that no programme could judge: above every level."""

_LENIENT = ConfigDict(extra="ignore")
"""It travels in events: a newer version may have added a field."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One question that the call or a response had to pass. `reason` is a stable code, None where it passed."""

    __pydantic_config__: ClassVar = _LENIENT

    gate: str
    passed: bool
    reason: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class RaisedBy:
    """A fact that put the call on its level. An unknown fact has the worst `value`, because it raises as that would."""

    __pydantic_config__: ClassVar = _LENIENT

    fact: str
    value: str
    unknown: Unknown | None
    source: str
    """`code …`, `answer …`, `caution …`, `cad`, `words`, `caller`, `caution not listed`, `code not listed`, or `nobody`
    for what was not asked."""
    at: datetime
    """When the CAD last changed the call that says so."""


@dataclass(frozen=True, slots=True)
class OrderOfTeams:
    """What counts against a team, in minutes, all of it together: the team with the least is the best.

    Within a window it is added to the time in which the team says that it can be there.
    """

    __pydantic_config__: ClassVar = _LENIENT

    other_district_minutes: int = 0
    """It is not one of its primary districts."""
    other_language_minutes: int = 0
    """Nobody on it speaks the caller's language."""
    each_call_minutes: int = 0
    """Each call that it has had this shift."""


@dataclass(frozen=True, slots=True)
class CapTerms:
    """A cap that a response has where a call is: asked once more when a team is chosen, for others may have come."""

    __pydantic_config__: ClassVar = _LENIENT

    districts: tuple[str, ...]
    """Whose calls it counts together; empty: those of all."""
    at_most_open: int | None = None
    at_most_per_day: int | None = None

    def reason(self, under_way: int, today: int) -> str | None:
        """Why a response with so many calls takes no further one; None where it does."""
        if self.at_most_open is not None and under_way >= self.at_most_open:
            return "cap-open"
        return "cap-day" if self.at_most_per_day is not None and today >= self.at_most_per_day else None


@dataclass(frozen=True, slots=True)
class ResponseVerdict:
    """Whether one response of the level may go, with every gate it had to pass."""

    __pydantic_config__: ClassVar = _LENIENT

    response: str
    model: Model
    crew: tuple[CrewPlace, ...]
    goes: Goes
    replaces: tuple[DefaultService, ...]
    """The parts of the default response that do not go when this one goes."""
    reached_by: ReachedBy
    on_upgrade: OnUpgrade
    may_go: bool
    """Every gate passed; what leaves the house then depends on `phase` (in `shadow` nothing does)."""
    phase: Phase
    """The lower of roll-out row and switchboard; a pause counts as `off`."""
    reasons: tuple[str, ...]
    gates: tuple[Gate, ...]
    enters_when: tuple[EntersWhen, ...] = ()
    """Whichever comes first lets the team go in; empty: it enters at once."""
    due_hours: int | None = None
    """Of a referral: within how many hours somebody makes contact."""
    expected_minutes: int = EXPECTED_MINUTES
    """How long a call of it takes, travel included: a team whose shift ends before is not asked."""
    pool: str = DEFAULT_POOL
    """The pool whose teams are asked; teams of another only in a step `neighbour pool`."""
    window_seconds: int | None = None
    """Of a window: for how long teams may say how soon they can be there."""
    preferred_eta_minutes: int | None = None
    """Of a window: a team that can be there within so many minutes has the call at once."""
    late_minutes: int | None = None
    """Of a pull: for how long a call that nobody took stands on the teams' pages as late."""
    order_of_teams: OrderOfTeams | None = None
    """What makes one team better than another; None: its primary district, then language, then fewest calls."""
    caps: tuple[CapTerms, ...] = ()


OUTSIDE = ""
"""Stands among the districts of a position on a border for whatever lies beyond all boundaries."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where the position of a call lies, by the boundaries of one document. The position itself is personal."""

    __pydantic_config__: ClassVar = _LENIENT

    districts: tuple[str, ...]
    """Those that hold it or on whose border it is, `OUTSIDE` among them; none: it lies outside of all."""
    boundaries: str
    """Hash of the boundaries; by others it has to be located anew."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the fall-back chain and the time it may take; `default` ends the chain and takes none."""

    __pydantic_config__: ClassVar = _LENIENT

    attempt: Attempt
    seconds: int


class Judgement(BaseModel):
    """One call under one programme version and one switchboard revision. Every gate is in it, passed or not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    suitability: Suitability
    reasons: tuple[str, ...]
    """Codes of the call gates that failed; empty when suitable."""
    missing: tuple[str, ...]
    """When indeterminate: the facts whose answers could make the call suitable (`call_type` among them)."""
    level: str
    level_rank: int
    """0 is the calmest level."""
    raised_by: tuple[RaisedBy, ...]
    district: str | None
    category: str | None
    gates: tuple[Gate, ...]
    """The call gates: jurisdiction, district, call-type, level, freshness; of a test call `synthetic` besides."""
    responses: tuple[ResponseVerdict, ...]
    """What the level sends, in order of preference, the default left out."""
    steps: tuple[Step, ...]
    routing_deadline_seconds: int
    cad_notice_seconds: int
    offer_expiry_seconds: int
    accepted_not_moving_minutes: int
    status_stale_minutes: int
    transfer_ack_seconds: int
    on_scene_check_minutes: int
    sentence: str
    """What a dispatcher reads."""
    programme_version: int
    programme_hash: str
    switchboard_revision: int
    missed_safety_checks: int = MISSED_SAFETY_CHECKS
    zone: str = "UTC"
    """The agency's time zone: people read times on its clocks."""
    staged_notice_minutes: int = STAGED_NOTICE_MINUTES
    """How long a team waits nearby before the dispatcher is told that nobody has let it in."""
    order_of_calls: tuple[str, ...] = ORDER_OF_CALLS
    """Which calls come first where teams are few: who asks, `priority` and its code, then all others; `age` last."""
    hold_minutes: int = 0
    """For how long a call like this may wait for a team, once its CAD has acknowledged that; 0: not at all."""
    hold_notice_minutes: tuple[int, ...] = ()
    """After how long a wait the teams and the dispatcher are reminded of it."""
    position_stale_seconds: int = 60
    """Nothing reads it; readers of an older version ask for it."""
    unlisted: tuple[str, ...] = ()
    """Names of the call that the document does not list, each after its kind: `code …`, `caution …`, `question …`."""

    def verdict(self, response: str) -> ResponseVerdict | None:
        """What it says of a response, if it is among those that the level sends."""
        return next((verdict for verdict in self.responses if verdict.response == response), None)

    def may_go(self, response: str) -> bool:
        """Whether a response may go to the call."""
        verdict = self.verdict(response)
        return self.suitability == "suitable" and verdict is not None and verdict.may_go

    def against(self, response: str) -> tuple[str, ...]:
        """What the facts of the call have against a response on any level: where it is, its kind, a condition."""
        verdict = self.verdict(response)
        gates = (*self.gates, *(verdict.gates if verdict else ()))
        return tuple(gate.reason for gate in gates if gate.reason and gate.gate.startswith(OF_FACTS))

    @property
    def unlisted_type(self) -> str:
        """The call type where the document does not list it, as the CAD writes it; else empty."""
        said = next((gate.sentence for gate in self.gates if gate.gate == "call-type"), "")
        return said.removesuffix(f" {UNLISTED}.") if said.endswith(f" {UNLISTED}.") else ""
