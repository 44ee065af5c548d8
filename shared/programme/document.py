"""The programme document as it is written: every table and key, what each may hold, and nothing about how they fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator

from shared.call import Asker, Name
from shared.judgement import (
    Attempt,
    Discipline,
    EntersWhen,
    Goes,
    Model,
    OnUpgrade,
    Phase,
    ReachedBy,
    Service,
)
from shared.programme.facts import CANNOT_TELL, CHOICES, HAZARDS, MEANINGS, NOT_ASKED, VALUES, WISHES
from shared.programme.hours import calendar_days
from shared.programme.kinds import (
    LISTED,
    AgeBound,
    Day,
    DistrictName,
    Hours,
    Minutes,
    Seconds,
    Slug,
    Spoken,
    Words,
    any_of,
    checked,
    fault,
    listed,
    one_of,
    thresholds,
    year,
    zone,
)
from shared.programme.later import NOT_YET


class Table(BaseModel):
    """A table of the document. Unknown keys and near-miss types are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def stated(self) -> Iterator[tuple[str, Any]]:
        """The facts that the table names, in the vocabulary's order."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None and name in MEANINGS:
                yield name, value


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Optional keys, one a fact, with the fact's meaning."""
    return {fact: (kind | None, Field(default=None, description=MEANINGS[fact])) for fact, kind in values.items()}


def _tables() -> tuple[type[Table], ...]:
    """The tables whose keys are facts."""
    choices = {fact: any_of(values) for fact, values in CHOICES.items()} | {"age": AgeBound}
    raising = _facts({hazard: one_of(thresholds(hazard)) for hazard in HAZARDS})
    permitting = choices | {"language": Annotated[tuple[Words, ...], LISTED, Field(min_length=1)]}
    wish = _facts({"caller_wants": any_of(WISHES[1:])})
    code = _facts({fact: one_of(values) for fact, values in VALUES.items()})
    caution = _facts({hazard: one_of(values[1:]) for hazard, values in HAZARDS.items()})
    words = _facts(dict.fromkeys(HAZARDS, tuple[Spoken, ...]))
    stated = {hazard: code[hazard] for hazard in HAZARDS}
    entry: dict[str, Any] = {
        "category": (Slug | None, Field(default=None, description="What responses take it by.")),
        "from_": (Day | None, Field(default=None, alias="from", description="The first day on which it means this.")),
        "until": (Day | None, Field(default=None, description="The first day on which it means nothing any more.")),
    }
    return (
        _table("RaisedBy", "Facts that, all together, raise a call to a level.", **raising, **_facts(choices), **wish),
        _table("OnlyWhen", "Facts that must all be known true; no hazard is one.", **_facts(permitting), **wish),
        _table("CallTypeEntry", "What a code means, and the facts that it states by itself.", **entry, **code),
        _table("Caution", "Hazards that a flag warns of. It never says that there is none.", **caution),
        _table("HazardWords", "Words of a narrative that put a hazard in doubt. They never clear one.", **words),
        _table("PriorityFacts", "Hazards that the CAD's priority states by itself, as a code does.", **stated),
        _table("FloorLine", "From which value of each hazard upwards the service comes along.", **raising),
    )


def _table(name: str, says: str, **keys: Any) -> type[Table]:
    return create_model(name, __base__=Table, __doc__=says, **keys)


if TYPE_CHECKING:
    RaisedBy = Table
    OnlyWhen = Table
    Caution = Table
    HazardWords = Table
    PriorityFacts = Table
    FloorLine = Table

    class CallTypeEntry(Table):
        """What a code means, as type checkers see it."""

        category: str | None
        from_: date | None
        until: date | None
else:
    RaisedBy, OnlyWhen, CallTypeEntry, Caution, HazardWords, PriorityFacts, FloorLine = _tables()


class Answer(BaseModel):
    """What a question asks for. `yes` is a hazard's worst value and `no` its calmest; other keys spell out more."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, use_attribute_docstrings=True)

    fact: Literal[
        "weapon", "violence", "crime", "injury", "suicide", "intoxication", "triage_level",
        "location_kind", "consent", "relation", "resolvable_by_phone", "subject_present", "repeat_caller", "age",
    ]  # fmt: skip
    """The fact that is asked for."""

    @model_validator(mode="after")
    def _spelt_out(self) -> Answer:
        values = (*VALUES.get(self.fact, ()), CANNOT_TELL[0], NOT_ASKED)
        for answer, value in (self.model_extra or {}).items():
            if value not in values:
                raise fault(f"{answer} = {value!r} is no value of {self.fact}", "one of " + ", ".join(values))
        return self


class Holidays(Table):
    """The days on which rows with `holidays = "closed"` do not open."""

    calendar: (
        Annotated[str, checked(lambda name: calendar_days(name, 2024), 'a calendar such as "US" or "US-WI"')] | None
    ) = None
    """A calendar of the `holidays` library; `check` prints the days that result."""
    open: tuple[Day, ...] = ()
    """Days of the calendar on which the agency works."""
    closed: tuple[Day, ...] = ()
    """Days on which it does not, besides."""


class Heard(Table):
    """Other sources of facts than the code: of several the worst counts."""

    answers: dict[
        str,
        Annotated[
            Answer,
            BeforeValidator(
                lambda told: {"fact": told} if isinstance(told, str) else told, json_schema_input_type=Answer | str
            ),
        ],
    ] = Field(default_factory=dict)
    """Screening questions, by the names that the CAD gives them: the fact asked for, or a table that spells it out."""
    cautions: dict[str, Caution] = Field(default_factory=dict)
    """Premise and person flags, as the CAD writes them."""
    priorities: dict[str, PriorityFacts] = Field(default_factory=dict)
    """What the CAD's priorities say."""
    words: HazardWords = Field(default_factory=lambda: HazardWords.model_validate({}))
    """Words that make a hazard unknown."""


class Level(Table):
    """How dangerous. A call stands on the highest level that any fact raises it to; the calmest comes first."""

    name: Words
    """Any words."""
    sends: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Responses in order of preference; `default` may come last, and the highest level sends nothing else."""
    raised_by: tuple[RaisedBy, ...] = ()
    """Each of these raises a call to the level; a fact that nobody knows raises as its worst value would."""


class Response(Table):
    """Who goes."""

    model: Model
    """What it is, for reports, and which crew it must have."""
    crew: tuple[Discipline, ...] = ()
    """The members that a team must have on shift, one a place; police or EMS on board follows from it."""
    takes: tuple[Slug, ...] = ()
    """Categories of call types."""
    may_be_asked_by: tuple[Asker, ...] = ()
    """Who may ask for it by name: then with any call type, but on no other level."""
    only_when: OnlyWhen | None = None
    """What must be known to be so."""
    goes: Goes
    """Alone, or with the default."""
    replaces: tuple[Service, ...] = ()
    """Beside the default: the parts of it that do not go."""
    reached_by: ReachedBy
    """How it learns of a call. Broadcast, pull and on-call page are carried as offers to one team after the other; a
    referral and a note route nothing, and are recorded with the decision."""
    enters_when: Annotated[
        tuple[EntersWhen, ...], BeforeValidator(listed, json_schema_input_type=EntersWhen | tuple[EntersWhen, ...])
    ] = ()
    """What the team waits for, staged, before it goes in: whichever comes first."""
    on_upgrade: OnUpgrade = "recall"
    """What a team on its way does when the level rises: turn back, wait nearby, carry on."""
    silence_means: Literal["declined"] = "declined"
    """A team that does not answer has declined."""
    due_hours: Annotated[int, Field(ge=1, le=24 * 366)] | None = None
    """Of a referral: within how many hours somebody makes contact."""


def _arm_of(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _ARMS:
            raise fault(f"{value!r} is no arm", '"everyone", "control" or { share_percent = 50, seed = "…" }')
        return {"share_percent": _ARMS[value]}
    return value


_ARMS = {"everyone": 100, "control": 0}


class Arm(Table):
    """The share of calls that a response is sent to, drawn from their ids; the others are the control."""

    share_percent: Annotated[int, Field(ge=0, le=100)]
    """How many of a hundred."""
    seed: Annotated[str, Field(max_length=200)] = ""
    """Any words; the same words draw the same calls."""

    @model_validator(mode="after")
    def _seeded(self) -> Arm:
        if self.share_percent not in _ARMS.values() and not self.seed:
            raise fault("a share without seed", 'add seed = "…", any words that stay the same')
        return self


class Rollout(Table):
    """Where and when one response runs. Where no row says so it is off: evaluated and counted, not sent."""

    response: Slug
    """Its name."""
    districts: Annotated[tuple[str, ...], LISTED, Field(min_length=1)]
    """Names, or `"all"`."""
    from_: Day | None = Field(default=None, alias="from")
    """The first day."""
    until: Day | None = None
    """The first day no longer in it."""
    hours: Annotated[tuple[Hours, ...], Field(min_length=1)]
    """On the agency's clocks. Hours belong to the day they open, and may run past midnight."""
    holidays: Literal["open", "closed"] = "open"
    """Whether it opens on holidays."""
    phase: Phase
    """The most that the switchboard may set."""
    arm: Annotated[Arm, BeforeValidator(_arm_of, json_schema_input_type=Arm | Literal["everyone", "control"])] = Arm(
        share_percent=100
    )
    """The arm of an evaluation."""


class Step(Table):
    """One step of the fall-back chain."""

    attempt: Attempt = Field(alias="try")
    """Another team of the same response, the level's next response, or the default, which ends the chain."""
    seconds: Seconds | None = None
    """How long it may take; at least as long as an offer stands."""


class WhenNoTeam(Table):
    """What is tried while no team has accepted."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """In order; all fit into the routing deadline, less the notice to the CAD."""


class Clocks(Table):
    """Every clock, with its unit in its name."""

    routing_deadline_seconds: Seconds = 60
    """From the receipt of a call to its outcome; then the default stands."""
    priority_deadline_seconds: dict[Words, Seconds] = Field(default_factory=dict)
    """Another deadline for calls with one of these CAD priorities."""
    cad_notice_seconds: Seconds = 10
    """The part of the deadline that is kept for telling the CAD."""
    offer_expiry_seconds: Seconds = 30
    """How long a team may take to answer."""
    transfer_ack_seconds: Seconds = 30
    """How long a telephone transfer may wait to be taken."""
    position_stale_seconds: Seconds = 60
    """After which a position is too old to count."""
    status_stale_minutes: Minutes = 15
    """After which a team that was not heard of is asked for nothing."""
    call_stale_minutes: Minutes = 15
    """After which a call that was not heard of is not diverted."""
    accepted_not_moving_minutes: Minutes = 5
    """After which a team that accepted and does not move is an alarm."""
    on_scene_check_minutes: Minutes = 30
    """After which a team on scene is asked whether it is well."""


class SafetyFloor(Table):
    """Tightens careroute's own floor. It can loosen nothing."""

    police: FloorLine | None = None
    """From these values upwards everything that is sent brings police."""
    ems: FloorLine | None = None
    """From these values upwards everything that is sent brings EMS."""


class CodeSystem(Table):
    """How the codes of a system are written."""

    format: Literal["exact", "mpds"] = "exact"
    """`mpds`: determinants, of which `25A01`, `25-A-1` and `25A1` are one; a suffix letter makes another code."""


def _beats(value: Any) -> Any:
    """The beats of a district that is written as a table."""
    if not isinstance(value, dict):
        return value
    for key in value:
        if key in NOT_YET["districts"]:
            raise fault(f"{key!r} is not yet supported", NOT_YET["districts"][key])
        if key != "beats":
            raise fault(f"unknown key {key!r}", "a district has beats")
    return value.get("beats", ())


class DistrictTable(Table):
    """A district as a table."""

    beats: tuple[Words, ...] = ()
    """As the CAD writes them; each belongs to one district."""


District = Annotated[
    tuple[Words, ...], BeforeValidator(_beats, json_schema_input_type=tuple[Words, ...] | DistrictTable)
]


class Document(Table):
    """One version of one agency's programme."""

    agency: Name
    """The organisation that dispatches teams."""
    sources: tuple[Name, ...] = ()
    """The CADs whose calls it is for; left out: all of the agency's."""
    programme: Words
    """Its name."""
    version: Annotated[int, Field(ge=1)]
    """Greater than that of the document before it."""
    effective: Annotated[datetime, checked(year, "a year between 2000 and 2199")]
    """When it takes effect: local time, unless it has an offset."""
    time_zone: Annotated[str, checked(zone, 'an IANA name such as "America/Chicago"')]
    """The agency's clocks."""
    default: Words
    """In words, what the CAD sends when careroute says nothing."""
    holidays: Holidays | None = None
    """Needed where a row closes on holidays."""
    districts: Annotated[dict[DistrictName, District], Field(min_length=1)]
    """By the names that the CAD gives them: the beats of each."""
    code_systems: dict[str, CodeSystem] = Field(default_factory=dict)
    """Needed for systems whose codes may be written in several ways."""
    call_types: dict[str, dict[str, CallTypeEntry]]
    """By code system: the codes that mean something here. Any other is taken by nobody, unless somebody asks."""
    heard: Heard = Field(default_factory=Heard)
    """Answers, flags, priorities and words."""
    level: Annotated[tuple[Level, ...], Field(min_length=1)]
    """The levels, calmest first."""
    responses: dict[Slug, Response]
    """By name."""
    rollout: tuple[Rollout, ...] = ()
    """Rows; of several that are open the one that allows most counts."""
    when_no_team: WhenNoTeam
    """The fall-back chain."""
    clocks: Clocks = Field(default_factory=Clocks)
    """Those that are left out have their default."""
    safety_floor: SafetyFloor = Field(default_factory=SafetyFloor)
    """Left out: careroute's own."""
