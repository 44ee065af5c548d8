"""A programme that has been read and verified, in the shape that judging wants: tables, no text to interpret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from shared.call import Asker, CallType
from shared.engine.state import EMPTY, PMap
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    HOLD,
    MISSED_SAFETY_CHECKS,
    PHASES,
    STAGED_NOTICE_MINUTES,
    CapTerms,
    CrewPlace,
    DefaultService,
    EntersWhen,
    Gate,
    Goes,
    Model,
    OnUpgrade,
    OrderOfTeams,
    Phase,
    ReachedBy,
    Step,
)
from shared.plain import how_many
from shared.programme.judging.hours import Holidays, Week
from shared.programme.judging.normal_forms import determinant, normal
from shared.switch import Switch

if TYPE_CHECKING:
    from shared.programme.judging.geometry import Boundaries

ASKED_NOT = -1
"""What an answer means that says the question was not put; see `Question.meanings`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a fact must be: a hazard from `least` upwards, an age from or below a bound, or one of `values`."""

    fact: str
    words: str
    least: int | None = None
    values: frozenset[str] = frozenset()
    from_years: int | None = None
    below_years: int | None = None

    def allows(self, value: str) -> bool:
        """Whether `value` of a fact that is no hazard is what the condition asks for."""
        if self.from_years is None and self.below_years is None:
            return value in self.values
        years = int(value)
        return (self.from_years or 0) <= years and (self.below_years is None or years < self.below_years)


@dataclass(frozen=True, slots=True)
class Raise:
    """Conditions that, all together, put a call on the level of this rank."""

    rank: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A level with the responses it sends, in order of preference; `default` is not among them."""

    name: str
    rank: int
    sends: tuple[str, ...]
    routes: bool
    """Whether one of them is more than a referral or a note."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a call-type code means: hazards as ranks, other facts as values."""

    system: str
    code: str
    category: str | None
    hazards: Mapping[str, int]
    others: Mapping[str, str]
    from_day: date | None
    until_day: date | None
    """The first day on which it means nothing any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """A screening question. `meanings`: answer → rank of a hazard, value of another fact, or `ASKED_NOT`."""

    name: str
    fact: str
    meanings: Mapping[str, int | str]
    by_form: Mapping[str, int | str]
    """The same by the normal form of the answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """Who goes."""

    name: str
    model: Model
    crew: tuple[CrewPlace, ...]
    takes: frozenset[str]
    may_be_asked_by: frozenset[Asker]
    only_when: tuple[Condition, ...]
    goes: Goes
    replaces: tuple[DefaultService, ...]
    reached_by: ReachedBy
    on_upgrade: OnUpgrade
    enters_when: tuple[EntersWhen, ...]
    due_hours: int | None
    follow_up_due_hours: tuple[int, ...] = ()
    expected_minutes: int = EXPECTED_MINUTES
    pool: str = DEFAULT_POOL
    window_seconds: int | None = None
    preferred_eta_minutes: int | None = None
    late_minutes: int | None = None
    order_of_teams: OrderOfTeams | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """The most calls that a response takes; None: no bound."""

    at_most_open: int | None = None
    """At once, from the first offer to the team's clearing."""
    at_most_per_day: int | None = None

    @property
    def words(self) -> str:
        """`at most 1 call at once and at most 20 calls a day`; empty without a bound."""
        bounds = ((self.at_most_open, "at once"), (self.at_most_per_day, "a day"))
        said = ((calls(bound), when) for bound, when in bounds if bound is not None)
        return " and ".join(f"at most {bound} {when}" for bound, when in said)

    def over(self, districts: Iterable[str]) -> CapTerms:
        """The same, with the districts whose calls it counts together; none: all."""
        return CapTerms(tuple(sorted(districts)), self.at_most_open, self.at_most_per_day)


NO_CAP = Cap()


def calls(number: int) -> str:
    """`1 call`, `3 calls`."""
    return how_many(number, "call")


@dataclass(frozen=True, slots=True)
class Row:
    """Where and when one response runs."""

    response: str
    districts: frozenset[str]
    from_day: date | None
    until_day: date | None
    week: Week
    closed_on_holidays: bool
    phase: Phase
    share_percent: int
    """The share of calls that it is for; the others are the control of an evaluation."""
    seed: str
    cap: Cap = NO_CAP
    """Counted over all of its districts, and those of the rows that share it."""
    cap_shared_with: frozenset[str] = frozenset()
    """The districts of all rows that share the cap; empty: its own alone."""

    @property
    def cap_districts(self) -> frozenset[str]:
        """Where the calls are that the cap counts."""
        return self.cap_shared_with or self.districts


@dataclass(frozen=True, slots=True)
class Clocks:
    """Every clock of the programme; the unit is in the name."""

    routing_deadline_seconds: int = 60
    cad_notice_seconds: int = 10
    offer_expiry_seconds: int = 30
    transfer_ack_seconds: int = 30
    status_stale_minutes: int = 15
    call_stale_minutes: int = 15
    accepted_not_moving_minutes: int = 5
    on_scene_check_minutes: int = 30
    missed_safety_checks: int = MISSED_SAFETY_CHECKS
    staged_notice_minutes: int = STAGED_NOTICE_MINUTES
    priority_deadline_seconds: PMap[str, int] = EMPTY
    """The routing deadline of the priorities that have their own, by their normal form."""
    hold_minutes: int | None = None
    priority_hold_minutes: PMap[str, int] = EMPTY
    """How long a call on hold waits at most, of the priorities that have their own, by their normal form."""
    hold_notice_minutes: tuple[int, ...] = ()

    def deadline_seconds(self, priority: str | None) -> int:
        """The routing deadline of a call of this priority."""
        by_priority = self.priority_deadline_seconds
        if not by_priority or priority is None:
            return self.routing_deadline_seconds
        return by_priority.get(normal(priority), self.routing_deadline_seconds)

    def most_hold_minutes(self, priority: str | None) -> int:
        """How long a call of this priority may be on hold; 0: not at all."""
        usual = self.hold_minutes or 0
        return usual if priority is None else self.priority_hold_minutes.get(normal(priority), usual)


@dataclass(frozen=True, slots=True)
class ByForm:
    """What the document lists, by the normal form of its name: how a name that comes from outside is looked up."""

    codes: Mapping[tuple[str, str], Code]
    determinants: frozenset[str]
    """The code systems whose codes are MPDS determinants."""
    stated_by_codes: frozenset[str]
    """Every hazard of which some listed code says something."""
    priorities: Mapping[str, Mapping[str, int]]
    questions: Mapping[str, Question]
    cautions: Mapping[str, Mapping[str, int]]
    """Without a hazard: harmless."""
    districts: Mapping[str, str]
    """→ the district's name as it is written."""
    beats: Mapping[str, str]
    """→ the district."""


@dataclass(frozen=True, slots=True)
class Programme:
    """One verified version of one agency's programme. `effective` is an instant, in UTC."""

    agency: str
    programme: str
    version: int
    effective: datetime
    time_zone: str
    default: str
    hash: str
    """The first 16 hex digits of the SHA-256 of the document's text."""
    zone: ZoneInfo
    holidays: Holidays | None
    districts: Mapping[str, tuple[str, ...]]
    """Name → beats."""
    boundaries: Boundaries | None
    """Of the districts that have one."""
    beats: Mapping[str, str]
    sources: frozenset[str]
    """The sources whose calls it is for; empty: all of the agency's."""
    codes: Mapping[tuple[str, str], Code]
    priorities: Mapping[str, Mapping[str, int]]
    """What the CAD's priority states of hazards."""
    questions: tuple[Question, ...]
    cautions: Mapping[str, Mapping[str, int]]
    by_form: ByForm
    """All of these as names from outside are compared with them; the tables above are as they are written."""
    words: Mapping[str, tuple[str, ...]]
    """Word → hazards, for single words, in the form `words.py` compares."""
    stems: Mapping[str, tuple[str, ...]]
    """The like for how words begin."""
    phrases: tuple[tuple[str, str], ...]
    """The like for several words in a row; the last may be a stem, which ends in `*`."""
    phrases_by_beginning: Mapping[str, tuple[tuple[str, str], ...]]
    """The same by their first words, by which they are looked for."""
    stems_by_beginning: Mapping[str, tuple[str, ...]]
    """The stems by as many of their first letters as the shortest of them has."""
    levels: tuple[Level, ...]
    raises: tuple[Raise, ...]
    """The highest level's first."""
    responses: Mapping[str, Response]
    rollout: tuple[Row, ...]
    rows: Mapping[tuple[str, str], tuple[Row, ...]]
    """Response and district → the rows that cover them."""
    hazards: tuple[str, ...]
    """The hazards that some level turns on."""
    others: tuple[str, ...]
    """The other facts that a level or a response turns on."""
    steps: tuple[Step, ...]
    order_of_calls: tuple[str, ...]
    """Which calls come first where teams are few."""
    clocks: Clocks
    reads: str
    """What it looks for in the sealed part of a call: hash of its words, a slash, hash of its boundaries."""
    repeat_callers: RepeatCallers | None
    automatic_pause: AutomaticPause | None
    pauses_on_audit_gap: bool
    """Whether it pauses by itself where the auditor finds a promise broken."""
    assumptions: tuple[str, ...]
    """Lines that say what codes and priorities state that is calmer than the worst, for a person to read and own."""
    weaker: tuple[str, ...]
    """Lines that say which answers and flags state less than their word means by itself; the document names each."""

    @property
    def holds(self) -> bool:
        """Whether a call may wait for a team."""
        return any(step.attempt == HOLD for step in self.steps)

    def code(self, call_type: CallType | None, at: datetime | None = None) -> Code | None:
        """What the document says of a code; None for one that it does not list in that system, or not on that day."""
        if call_type is None:
            return None
        system = normal(call_type.system)
        form = determinant(call_type.code) if system in self.by_form.determinants else None
        code = self.by_form.codes.get((system, form or normal(call_type.code)))
        if code is None or at is None or (code.from_day is None and code.until_day is None):
            return code
        day = at.astimezone(self.zone).date()
        started = code.from_day is None or day >= code.from_day
        return code if started and (code.until_day is None or day < code.until_day) else None

    def highest_phase(self, response: str, district: str) -> Phase:
        """The most that the document allows a response there, on any day."""
        rows = self.rows.get((response, district), ())
        return max((row.phase for row in rows), key=PHASES.index, default="off")


@dataclass(frozen=True, slots=True)
class RepeatCallers:
    """From which call of one caller on `repeat_caller` is known to be so."""

    calls: int
    within_days: int
    region: str
    except_numbers: frozenset[str]
    """In E.164."""


@dataclass(frozen=True, slots=True)
class AutomaticPause:
    """How many unsafe upgrades within which time pause a response, or all, in a district."""

    unsafe_upgrades: int
    within_minutes: int
    pauses: Literal["response", "district"]


@dataclass(frozen=True, slots=True)
class Switchboard:
    """What people have switched on now. It can only set less than the document; what it does not name is off."""

    revision: int = 0
    phases: PMap[str, Phase] = EMPTY
    """By the key of a switch: how far a response is on in a district."""
    paused: frozenset[Switch] = frozenset()
    caps: PMap[str, Cap] = EMPTY
    """By the key of a switch: the most that a response takes in a district, or in all of them together."""

    def phase(self, response: str, district: str) -> Phase:
        """How far the response is switched on in the district, pauses apart."""
        return self.phases.get(Switch(district, response).key, "off")

    def is_paused(self, district: str, response: str) -> bool:
        """Whether a pause holds the response in the district."""
        return bool(self.paused) and any(pause.holds(district, response) for pause in self.paused)


def lower(phase: Phase, other: Phase) -> Phase:
    """The lower of two phases."""
    return PHASES[min(PHASES.index(phase), PHASES.index(other))]


def passed(gate: str, sentence: str) -> Gate:
    """A gate that was passed."""
    return Gate(gate, True, None, sentence)  # noqa: FBT003  the field says what it is


def failed(gate: str, reason: str, sentence: str) -> Gate:
    """A gate that was not, with its stable code."""
    return Gate(gate, False, reason, sentence)  # noqa: FBT003  the field says what it is
