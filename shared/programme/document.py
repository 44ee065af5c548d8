"""The programme document as it is written: every table and key, what each may hold, and nothing about how they fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from shared.call import Asker, Name
from shared.programme.facts import CANNOT_TELL, CHOICES, HAZARDS, NOT_ASKED, VALUES, WISHES
from shared.programme.hours import calendar_days, parse_hours
from shared.programme.judgement import (
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
from shared.programme.programme import plain
from shared.programme.words import spoken

_OUT: Final = "leave it out"
NOT_YET: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "": {
            "automatic_pause": "leave it out, and pause by hand",
            "evaluation": "give the roll-out rows an arm",
            "notes": 'a response with reached_by = "note"',
            "pools": "give teams secondary districts on the roster",
            "repeat_callers": "let the CAD state repeat_caller",
        },
        "responses": {
            "pool": "give teams secondary districts on the roster",
            "expected_minutes": _OUT,
            "order_of_teams": _OUT,
        },
        "rollout": {
            "caps": "fewer hours or districts",
            "at_most_open": "fewer hours or districts",
            "at_most_per_day": "fewer hours or districts",
        },
        "clocks": {
            "follow_up_due_hours": "due_hours of a referral",
            "hold_minutes": _OUT,
            "hold_notice_minutes": _OUT,
            "missed_safety_checks": _OUT,
        },
        "districts": {"boundary": "beats say where a district is"},
        "try": {
            "neighbour pool": 'give teams secondary districts on the roster, and try = "same response"',
            "phone": 'name the telephone response last in sends, and try = "next response"',
            "hold": 'try = "default"',
        },
    }
)
"""Keys by part of the document, and values by key, that are not read yet, each with what to write instead."""


class Table(BaseModel):
    """A table of the document. Unknown keys and near-miss types are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def stated(self) -> Iterator[tuple[str, Any]]:
        """The facts that the table names, in the vocabulary's order."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None and name in _FACTS:
                yield name, value


_FACTS = frozenset((*HAZARDS, *CHOICES, "age", "language", "caller_wants"))


def fault(what: str, right: str) -> PydanticCustomError:
    """A fault in words of careroute's own."""
    return PydanticCustomError("careroute", "{what}", {"what": what, "right": right})


def _checked(check: Callable[[Any], object], right: str) -> AfterValidator:
    """Refuses what `check` raises ValueError for."""

    def validate(value: Any) -> Any:
        try:
            check(value)
        except ValueError as error:
            raise fault(str(error), right) from None
        return value

    return AfterValidator(validate)


def _zone(value: str) -> None:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone")


def _plain(value: str) -> None:
    if value != plain(value) or not value:
        raise ValueError(f"{value!r} is empty, or has stray white space or decomposed letters")


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_LISTED_WORDS: Final = BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])


def _year(value: date) -> None:
    if not 2000 <= value.year < 2200:  # noqa: PLR2004  a document is neither older than careroute's calls nor for ever
        raise ValueError(f"{value} is out of range")


def _years(value: str) -> None:
    match = re.fullmatch(r"\d{1,3} or more|under \d{1,3}|(\d{1,3}) to (\d{1,3})", value)
    if match is None or (match[1] and int(match[1]) > int(match[2])):
        raise ValueError(f"{value!r} is no age bound")


def _spoken(value: str) -> None:
    if not spoken(value):
        raise ValueError(f"{value!r} has no letter or digit")


Words = Annotated[str, Field(max_length=200), _checked(_plain, "one line of words")]
Slug = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
DistrictName = Annotated[str, Field(max_length=80, pattern=r"^[^/]+$"), _checked(_plain, "a name without slash")]
Spoken = Annotated[Words, _checked(_spoken, "a word as it is spoken")]
Hours = Annotated[
    str, _checked(parse_hours, 'like "Mon-Fri 11:00-19:00", "Sat,Sun 10:00-02:00" or "daily 00:00-24:00"')
]
AgeBound = Annotated[str, _checked(_years, '"18 or more", "under 18" or "13 to 17"')]
Day = Annotated[date, _checked(_year, "a year between 2000 and 2199")]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Minutes = Annotated[int, Field(ge=1, le=1440)]


def _optional(kind: Any) -> Any:
    return (kind | None, None)


def _one_of(values: tuple[str, ...]) -> Any:
    return Literal[values]


def _any_of(values: tuple[str, ...]) -> Any:
    one: Any = Literal[values]
    return Annotated[
        tuple[one, ...], BeforeValidator(_listed, json_schema_input_type=one | tuple[one, ...]), Field(min_length=1)
    ]


def thresholds(hazard: str) -> tuple[str, ...]:
    """How a level may name a hazard: from a value upwards, never one value in the middle nor the calmest."""
    _, *raising = HAZARDS[hazard]
    return (*(f"{value} or worse" for value in raising), raising[-1])


def _tables() -> tuple[type[Table], ...]:
    """The tables whose keys are facts."""
    choices: dict[str, Any] = {fact: _optional(_any_of(values)) for fact, values in CHOICES.items()}
    choices["age"] = _optional(AgeBound)
    wish = {"caller_wants": _optional(_any_of(WISHES[1:]))}
    languages = {"language": _optional(Annotated[tuple[Words, ...], _LISTED_WORDS, Field(min_length=1)])}
    dates: dict[str, Any] = {
        "from_": (Day | None, Field(default=None, alias="from")),
        "until": (Day | None, None),
    }
    raising: dict[str, Any] = {hazard: _optional(_one_of(thresholds(hazard))) for hazard in HAZARDS}
    code: dict[str, Any] = {fact: _optional(_one_of(values)) for fact, values in VALUES.items()}
    caution: dict[str, Any] = {hazard: _optional(_one_of(values[1:])) for hazard, values in HAZARDS.items()}
    words: dict[str, Any] = {hazard: _optional(tuple[Spoken, ...]) for hazard in HAZARDS}
    stated: dict[str, Any] = {hazard: code[hazard] for hazard in HAZARDS}
    return (
        create_model("RaisedBy", __base__=Table, **raising, **choices, **wish),
        create_model("OnlyWhen", __base__=Table, **choices, **languages, **wish),
        create_model("CallTypeEntry", __base__=Table, category=(Slug | None, None), **dates, **code),
        create_model("Caution", __base__=Table, **caution),
        create_model("HazardWords", __base__=Table, **words),
        create_model("PriorityFacts", __base__=Table, **stated),
        create_model("FloorLine", __base__=Table, **raising),
    )


if TYPE_CHECKING:

    class RaisedBy(Table):
        """Facts that, all together, raise a call to a level."""

    class OnlyWhen(Table):
        """Facts, none of them a hazard, that must all be known true."""

    class CallTypeEntry(Table):
        """What a call-type code means: its category, and the facts that it states by itself."""

        category: str | None
        from_: date | None
        until: date | None

    class Caution(Table):
        """Hazards that a premise or person flag warns of. It never says that there is none."""

    class HazardWords(Table):
        """Words of a narrative that put a hazard in doubt."""

    class PriorityFacts(Table):
        """Hazards that the CAD's priority states by itself, as a code does."""

    class FloorLine(Table):
        """From which value of each hazard a service comes along."""
else:
    RaisedBy, OnlyWhen, CallTypeEntry, Caution, HazardWords, PriorityFacts, FloorLine = _tables()


class Answer(BaseModel):
    """The fact that a question asks for; other keys spell out what an answer means where `yes` is not the worst."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    fact: Literal[
        "weapon", "violence", "crime", "injury", "suicide", "intoxication", "triage_level",
        "location_kind", "consent", "relation", "resolvable_by_phone", "subject_present", "repeat_caller", "age",
    ]  # fmt: skip

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
        Annotated[str, _checked(lambda name: calendar_days(name, 2024), 'a calendar such as "US" or "US-WI"')] | None
    ) = None
    open: tuple[Day, ...] = ()
    closed: tuple[Day, ...] = ()


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
    cautions: dict[str, Caution] = Field(default_factory=dict)
    priorities: dict[str, PriorityFacts] = Field(default_factory=dict)
    words: HazardWords = Field(default_factory=lambda: HazardWords.model_validate({}))


class Level(Table):
    """How dangerous: the facts that raise a call to it, and the responses it sends, in order of preference."""

    name: Words
    sends: Annotated[tuple[Slug, ...], Field(min_length=1)]
    raised_by: tuple[RaisedBy, ...] = ()


class Response(Table):
    """Who goes."""

    model: Model
    crew: tuple[Discipline, ...] = ()
    takes: tuple[Slug, ...] = ()
    may_be_asked_by: tuple[Asker, ...] = ()
    only_when: OnlyWhen | None = None
    goes: Goes
    replaces: tuple[Service, ...] = ()
    reached_by: ReachedBy
    enters_when: Annotated[
        tuple[EntersWhen, ...], BeforeValidator(_listed, json_schema_input_type=EntersWhen | tuple[EntersWhen, ...])
    ] = ()
    on_upgrade: OnUpgrade = "recall"
    silence_means: Literal["declined"] = "declined"
    due_hours: Annotated[int, Field(ge=1, le=24 * 366)] | None = None


def _arm_of(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _ARMS:
            raise fault(f"{value!r} is no arm", '"everyone", "control" or { share_percent = 50, seed = "…" }')
        return {"share_percent": _ARMS[value]}
    return value


_ARMS = {"everyone": 100, "control": 0}


class Arm(Table):
    """The seeded share of calls that a response is sent to; the others are the control."""

    share_percent: Annotated[int, Field(ge=0, le=100)]
    seed: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _seeded(self) -> Arm:
        if self.share_percent not in _ARMS.values() and not self.seed:
            raise fault("a share without seed", 'add seed = "…", any words that stay the same')
        return self


class Rollout(Table):
    """Where and when one response runs; `until` is the first day no longer in it."""

    response: Slug
    districts: Annotated[tuple[str, ...], _LISTED_WORDS, Field(min_length=1)]
    """Names, or `"all"`."""
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    hours: Annotated[tuple[Hours, ...], Field(min_length=1)]
    holidays: Literal["open", "closed"] = "open"
    phase: Phase
    arm: Annotated[Arm, BeforeValidator(_arm_of, json_schema_input_type=Arm | Literal["everyone", "control"])] = Arm(
        share_percent=100
    )


class Step(Table):
    """One step of the fall-back chain."""

    attempt: Attempt = Field(alias="try")
    seconds: Seconds | None = None


class WhenNoTeam(Table):
    """What is tried, in order, inside the routing deadline."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Clocks(Table):
    """Every clock with its unit in its name; the defaults are those of domain §6."""

    routing_deadline_seconds: Seconds = 60
    priority_deadline_seconds: dict[Words, Seconds] = Field(default_factory=dict)
    """Shorter or longer deadlines for some of the CAD's priorities."""
    cad_notice_seconds: Seconds = 10
    offer_expiry_seconds: Seconds = 30
    transfer_ack_seconds: Seconds = 30
    position_stale_seconds: Seconds = 60
    status_stale_minutes: Minutes = 15
    call_stale_minutes: Minutes = 15
    accepted_not_moving_minutes: Minutes = 5
    on_scene_check_minutes: Minutes = 30


class SafetyFloor(Table):
    """Tightens careroute's own floor: from these values of hazards upwards, everything sent brings the service."""

    police: FloorLine | None = None
    ems: FloorLine | None = None


class CodeSystem(Table):
    """How the codes of a system are written."""

    format: Literal["exact", "mpds"] = "exact"


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


class _DistrictTable(Table):
    beats: tuple[Words, ...] = ()


District = Annotated[
    tuple[Words, ...], BeforeValidator(_beats, json_schema_input_type=tuple[Words, ...] | _DistrictTable)
]


class Document(Table):
    """One version of one agency's programme."""

    agency: Name
    sources: tuple[Name, ...] = ()
    programme: Words
    version: Annotated[int, Field(ge=1)]
    effective: Annotated[datetime, _checked(_year, "a year between 2000 and 2199")]
    time_zone: Annotated[str, _checked(_zone, 'an IANA name such as "America/Chicago"')]
    default: Words
    holidays: Holidays | None = None
    districts: Annotated[dict[DistrictName, District], Field(min_length=1)]
    code_systems: dict[str, CodeSystem] = Field(default_factory=dict)
    call_types: dict[str, dict[str, CallTypeEntry]]
    heard: Heard = Field(default_factory=Heard)
    level: Annotated[tuple[Level, ...], Field(min_length=1)]
    responses: dict[Slug, Response]
    rollout: tuple[Rollout, ...] = ()
    when_no_team: WhenNoTeam
    clocks: Clocks = Field(default_factory=Clocks)
    safety_floor: SafetyFloor = Field(default_factory=SafetyFloor)
