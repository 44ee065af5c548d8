"""The programme document as it is written: every table and key, what each may hold, and nothing about how they fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, create_model, model_validator

from shared.call import Asker, Name
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    MISSED_SAFETY_CHECKS,
    ORDER_OF_CALLS,
    STAGED_NOTICE_MINUTES,
    Attempt,
    DefaultService,
    EntersWhen,
    Goes,
    Model,
    OnUpgrade,
    Phase,
    ReachedBy,
)
from shared.programme.document.kinds import (
    LISTED,
    AgeBound,
    Count,
    CrewPlace,
    Day,
    DistrictName,
    Hours,
    Minutes,
    PlaceInOrder,
    Seconds,
    Slug,
    Spoken,
    WithinAnHour,
    Words,
    any_of,
    checked,
    fault,
    one_of,
    shown,
    thresholds,
    year,
    zone,
)
from shared.programme.judging.facts import CANNOT_TELL, CHOICES, HAZARDS, MEANINGS, NOT_ASKED, VALUES, WISHES
from shared.programme.judging.hours import calendar_days
from shared.programme.judging.phone_numbers import is_region
from shared.validation import several


class Table(BaseModel):
    """A table of the document. Unknown keys and near-miss types are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def stated(self) -> Iterator[tuple[str, Any]]:
        """The facts that the table names, in the vocabulary's order."""
        for name, value in self.__dict__.items():  # the fields in their order
            if value is not None and name in MEANINGS:
                yield name, value


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """An optional key for each fact, with the fact's meaning."""
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

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    fact: Literal[
        "weapon", "violence", "crime", "injury", "suicide", "intoxication", "triage_level",
        "location_kind", "consent", "relation", "resolvable_by_phone", "subject_present", "repeat_caller", "age",
    ]  # fmt: skip
    """The fact that is asked for."""
    asks: Literal["partly"] | None = None
    """For a hazard of which no answer tells the worst: something else does."""

    @model_validator(mode="after")
    def _spelt_out(self) -> Answer:
        values = (*VALUES.get(self.fact, ()), CANNOT_TELL[0], NOT_ASKED)
        for answer, value in (self.model_extra or {}).items():
            if value not in values:
                raise fault(f"{answer} = {shown(value)} is no value of {self.fact}", "one of " + ", ".join(values))
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
                lambda answer: {"fact": answer} if isinstance(answer, str) else answer,
                json_schema_input_type=Answer | str,
            ),
        ],
    ] = Field(default_factory=dict)
    """Screening questions, by the names that the CAD gives them: the fact asked for, or a table that spells it out.

    One that is not listed states nothing: with its answer, unless that is no, it is looked through for words.
    """
    cautions: dict[str, Caution] = Field(default_factory=dict)
    """Premise and person flags, as the CAD writes them. One that is not listed makes weapon and violence unknown; list
    a harmless one with `{}`."""
    priorities: dict[str, PriorityFacts] = Field(default_factory=dict)
    """What the CAD's priorities say."""
    weaker_on_purpose: tuple[Words, ...] = ()
    """Questions and cautions that state less than their word means by itself, and are meant to: a `yes` or a flag below
    the safety floor, or on a lower level than the hazard's worst value."""
    words: HazardWords = Field(default_factory=lambda: HazardWords.model_validate({}))
    """Words that make a hazard unknown, beside those that do under every document. `stab*` is a stem: every word that
    begins so."""
    not_words: tuple[Spoken, ...] = ()
    """Words that do under every document, and not under this one: each by its name."""


class Level(Table):
    """How dangerous. A call stands on the highest level that any fact raises it to; the calmest comes first."""

    name: Words
    """Any words."""
    sends: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Responses in order of preference; `default` may come last, and the highest level sends nothing else."""
    raised_by: tuple[RaisedBy, ...] = ()
    """Each of these raises a call to the level; a fact that nobody knows raises as its worst value would."""


class OrderOfTeams(Table):
    """What counts against a team, in minutes, all of it together; in a window they are added to the team's own."""

    other_district_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    """The district is not one of its primary districts."""
    other_language_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    """Nobody on it speaks the caller's language."""
    each_call_minutes: Annotated[int, Field(ge=0, le=240)] = 0
    """Each call that it has had this shift."""


class Response(Table):
    """Who goes."""

    model: Model
    """What it is, for reports, and which crew it must have."""
    crew: Annotated[tuple[CrewPlace, ...], Field(max_length=8)] = ()
    """The members that a team must have on shift, one for each place; `emt or paramedic` is filled by either."""
    takes: tuple[Slug, ...] = ()
    """Categories of call types."""
    may_be_asked_by: tuple[Asker, ...] = ()
    """Who may ask for it by name: then with any call type, but on no other level."""
    only_when: OnlyWhen | None = None
    """What must be known to be so."""
    goes: Goes
    """Alone, or with the default. Where units are on scene, alone only if they or a dispatcher ask for it."""
    replaces: tuple[DefaultService, ...] = ()
    """Beside the default: the parts of it that do not go."""
    reached_by: ReachedBy
    """How it learns of a call. An offer and an on-call page ask one team, or one professional, after the other.
    Broadcast asks every team at once; pull puts the call on every team's page, and pages nobody: the first to accept
    has it. A window asks every team at once how soon it can be there: the soonest has it when the window ends. A
    referral and a note route nothing, and are recorded with the decision."""
    window_seconds: Annotated[int, Field(ge=5, le=120)] | None = None
    """Of a window: for how long teams may say how soon they can be there. It ends sooner once all have answered."""
    preferred_eta_minutes: Annotated[int, Field(ge=1, le=240)] | None = None
    """Of a window: the first team that can be there within so many minutes has the call at once."""
    late_minutes: Annotated[int, Field(ge=1, le=60)] | None = None
    """Of a pull: for how long a call that nobody took, and that got the default, stays on the teams' pages as late, if
    no unit is on scene before. A team that would take it asks the dispatcher; without a yes nothing comes of it."""
    order_of_teams: OrderOfTeams | None = None
    """Which of several teams is asked first, or has the call within a window: the one with the fewest minutes against
    it. Left out, its primary district comes before everything else, then language, then the fewest calls."""
    enters_when: Annotated[
        tuple[EntersWhen, ...], BeforeValidator(several, json_schema_input_type=EntersWhen | tuple[EntersWhen, ...])
    ] = ()
    """What the team waits for, staged, before it goes in: whichever comes first."""
    on_upgrade: OnUpgrade = "recall"
    """What a team on its way does at a higher level, or a type that nobody lists: turn back, wait nearby, carry on."""
    silence_means: Literal["declined"] = "declined"
    """A team that does not answer has declined."""
    due_hours: Annotated[int, Field(ge=1, le=24 * 366)] | None = None
    """Of a referral: within how many hours somebody makes contact."""
    follow_up_due_hours: tuple[Annotated[int, Field(ge=1, le=24 * 366)], ...] = ()
    """After a team has met the person: by when somebody gets in touch again, once for each."""
    expected_minutes: Minutes = EXPECTED_MINUTES
    """How long a call of it takes, travel included: a team whose shift ends before is not asked."""
    pool: Words = DEFAULT_POOL
    """The pool whose teams are asked, as the roster names it; another's only in a step `neighbour pool`."""


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
    at_most_open: Count | None = None
    """At most this many calls at once in all of its districts together, from the first offer to a team's clearing."""
    at_most_per_day: Count | None = None
    """At most this many calls on a day of the agency's clocks; one that no team takes does not count."""
    cap: Slug | None = None
    """One of `[caps]`, counted over the districts of all rows that name it: for one bound that several rows share."""


class SharedCap(Table):
    """The most calls that the rows which name it take together; all of them are of one response."""

    at_most_open: Count | None = None
    """At most this many calls at once, from the first offer to a team's clearing."""
    at_most_per_day: Count | None = None
    """At most this many calls on a day of the agency's clocks."""


class Step(Table):
    """One step of the fall-back chain."""

    attempt: Attempt = Field(alias="try")
    """Another team of the same response, or of any pool; the level's next response, or the one that it reaches by
    phone transfer, whatever its place in the order; a hold, in which the call waits for a team once the CAD, or a
    dispatcher, has acknowledged that; or the default, which ends the chain."""
    seconds: Seconds | None = None
    """How long it may take; at least as long as an offer stands, `phone` as long as a transfer may wait, `hold` until
    the CAD has acknowledged it."""


class WhenNoTeam(Table):
    """What is tried while no team has accepted."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """In order; all fit into the routing deadline, less the notice to the CAD."""


HOLD_NOTICE_MINUTES: tuple[int, ...] = (10, 20, 60)
"""As patrol manuals have it; those beyond the end of a hold never come."""
HoldMinutes = Annotated[int, Field(ge=1, le=240)]


class Clocks(Table):
    """Every clock, with its unit in its name."""

    routing_deadline_seconds: Annotated[int, Field(ge=1, le=180)] = 60
    """From the receipt of a call to its outcome; then the default stands."""
    priority_deadline_seconds: dict[Words, Annotated[int, Field(ge=1, le=180)]] = Field(default_factory=dict)
    """Another deadline for calls with one of these CAD priorities."""
    cad_notice_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    """The part of the deadline that is kept for telling the CAD."""
    offer_expiry_seconds: Annotated[int, Field(ge=1, le=120)] = 30
    """How long a team may take to answer."""
    transfer_ack_seconds: Annotated[int, Field(ge=1, le=120)] | None = None
    """How long a telephone transfer may wait to be taken; left out, as long as any offer."""
    status_stale_minutes: WithinAnHour = 15
    """After which a team that was not heard of is asked for nothing."""
    call_stale_minutes: WithinAnHour = 15
    """After which a call that was not heard of is not diverted."""
    accepted_not_moving_minutes: WithinAnHour = 5
    """After which a team that accepted and does not move is an alarm."""
    on_scene_check_minutes: WithinAnHour = 30
    """After which a team on scene or transporting that says nothing is asked whether it is well, again and again."""
    missed_safety_checks: Annotated[int, Field(ge=1, le=3)] = MISSED_SAFETY_CHECKS
    """How many such questions in a row go unanswered before police are asked for: that many times
    `on_scene_check_minutes` after the first of them."""
    staged_notice_minutes: WithinAnHour = STAGED_NOTICE_MINUTES
    """After which the dispatcher is told, and each time again, that a team waits nearby and nobody has let it in."""

    hold_minutes: HoldMinutes | None = None
    """How long a call on hold waits at most; then the default goes."""
    priority_hold_minutes: dict[Words, Annotated[int, Field(ge=0, le=240)]] = Field(default_factory=dict)
    """Another bound for calls with one of these CAD priorities; 0: such a call is never put on hold."""
    hold_notice_minutes: tuple[HoldMinutes, ...] = HOLD_NOTICE_MINUTES
    """After how long a wait the pool's teams and the dispatcher are reminded of a call on hold."""

    @property
    def answer_by_phone_seconds(self) -> int:
        """`transfer_ack_seconds`, or what stands for it where it is left out."""
        return self.transfer_ack_seconds or self.offer_expiry_seconds


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


class Boundary(Table):
    """A GeoJSON geometry (RFC 7946): each position is a longitude and a latitude, in degrees (WGS84)."""

    type: Literal["Polygon", "MultiPolygon"]
    """One area, or several that belong together."""
    coordinates: tuple[Any, ...] = Field(json_schema_extra={"items": {"type": "array"}})
    """Of a polygon: its outer ring, and a ring for each hole; the last position of a ring is the first one again."""


class DistrictTable(Table):
    """A district as a table."""

    beats: tuple[Words, ...] = ()
    """As the CAD writes them; each belongs to one district."""
    boundary: Boundary | None = None
    """Where it is. A call whose position lies elsewhere or on a border gets the default."""


def _written_as(value: Any) -> str:
    return TABLE_FORM if isinstance(value, dict | DistrictTable) else LIST_FORM


LIST_FORM, TABLE_FORM = "[list]", "[table]"
"""The two ways to write a district, as pydantic's places name them."""
District = Annotated[
    Annotated[tuple[Words, ...], Tag(LIST_FORM)] | Annotated[DistrictTable, Tag(TABLE_FORM)],
    Discriminator(_written_as),
    BeforeValidator(lambda value: value, json_schema_input_type=tuple[Words, ...] | DistrictTable),
]


def beats_of(district: tuple[str, ...] | DistrictTable) -> tuple[str, ...]:
    """The beats, however the district is written."""
    return district.beats if isinstance(district, DistrictTable) else district


def _region(value: str) -> None:
    if not is_region(value):
        raise ValueError(f"{value!r} is no country whose telephone numbers are known")


class RepeatCallers(Table):
    """When `repeat_caller` is known to be so: by the calls with one call-back number, recorded under a pseudonym."""

    calls: Annotated[int, Field(ge=2, le=1000)]
    """The first call of one caller that counts as repeated; each after it does too."""
    within_days: Annotated[int, Field(ge=1, le=366)]
    """How far back calls count."""
    region: Annotated[str, checked(_region, 'a country such as "US"')] = "US"
    """Whose numbers those without an international prefix are."""
    except_numbers: tuple[Words, ...] = ()
    """Not counted: telephones that many people use, as in shelters and stations."""


class AutomaticPause(Table):
    """When careroute pauses by itself. Only a person resumes."""

    unsafe_upgrades: Annotated[int, Field(ge=1, le=100)]
    """Calls that a team had accepted and that then proved more dangerous, or for which the team asked for police."""
    within_minutes: Minutes
    """The time within which that number is too many."""
    pauses: Literal["response", "district"] = "response"
    """That response in that district, or all of the district; they are counted by the same."""


class Alarms(Table):
    """What careroute does besides when it raises an alarm."""

    audit_gap: Literal["alarm", "pause"] = "alarm"
    """The auditor, which reads beside careroute what it writes, finds a promise broken, such as a call without an
    outcome: only an alarm, or also a pause of the call's district, or of all districts where it has none. Only a person
    resumes."""


class Document(Table):
    """One version of one agency's programme."""

    agency: Name
    """The organisation that dispatches teams."""
    sources: tuple[Name, ...] = ()
    """The CADs whose calls it is for; left out: all of the agency's."""
    programme: Words
    """Its name."""
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
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
    caps: dict[Slug, SharedCap] = Field(default_factory=dict)
    """Bounds that rows share, by name."""
    when_no_team: WhenNoTeam
    """The fall-back chain."""
    order_of_calls: tuple[PlaceInOrder, ...] = ORDER_OF_CALLS
    """Where teams are few: who asks, or `priority` and its code as the CAD writes it, the first before the others, and
    all other calls behind. With `age` as the last, of calls that stand alike the one that has waited longest goes
    first. An offer that nobody has answered is taken back for a call before it."""
    repeat_callers: RepeatCallers | None = None
    """Left out: only the CAD can say that somebody calls often."""
    automatic_pause: AutomaticPause | None = None
    """Left out: only people pause."""
    alarms: Alarms = Field(default_factory=Alarms)
    """Left out: an alarm is an alarm, and people do the rest."""
    clocks: Clocks = Field(default_factory=Clocks)
    """Those that are left out have their default."""
    safety_floor: SafetyFloor = Field(default_factory=SafetyFloor)
    """Left out: careroute's own."""
