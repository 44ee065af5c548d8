"""The mapping document of a plan from elsewhere: what its columns or events mean, and who its names are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.call import Name
from shared.events.rota import SIGN_ON_GRACE_MINUTES, Duty, GraceMinutes
from shared.programme.judging.hours import fault_of_clocks
from shared.programme.judging.normal_forms import normal
from shared.programme.trying.export_document import (
    ColumnNames,
    File,
    MappingRefused,
    TimeZone,
    read_document,
    several,
    time_format,
)

Part = Literal["person", "team", "duty"]
"""What an entry of a plan says, beside when."""
PARTS: tuple[Part, ...] = ("person", "team", "duty")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _template(written: str) -> str:
    names = _PLACEHOLDER.findall(written)
    if unknown := [name for name in names if name not in (*PARTS, "any")]:
        raise ValueError(f"{{{unknown[0]}}} is not taken; there are {{person}}, {{team}}, {{duty}} and {{any}}")
    if not names:
        raise ValueError(f"{written!r} holds none of {{person}}, {{team}} and {{duty}}")
    if twice := [name for name in PARTS if names.count(name) > 1]:
        raise ValueError(f"{{{twice[0]}}} stands twice in {written!r}")
    return written


Templates = Annotated[
    list[Annotated[str, AfterValidator(_template)]], BeforeValidator(several), Field(min_length=1, max_length=8)
]
"""How a text is written, as `{person} - {team}`; the first of several that fits counts."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(_Table):
    """Which column of a CSV says what. A name or a time may stand in two."""

    starts: ColumnNames
    ends: ColumnNames
    person: ColumnNames
    """Empty in a row: a shift that nobody has yet."""
    team: str | None = None
    duty: str | None = None
    id: str | None = None
    """The tool's own number of a shift, by which it is known again when it moves."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is read."""
        single = [name for name in (self.team, self.duty, self.id) if name is not None]
        return tuple(dict.fromkeys([*self.starts, *self.ends, *self.person, *single]))


class Events(_Table):
    """What the properties of a calendar's events say."""

    summary: Templates | None = None
    description: Templates | None = None
    location: Templates | None = None
    categories: Templates | None = None
    attendee: Literal["{person}"] | None = None
    """Each attendee who has not declined, by name, or by address where there is no name."""

    @property
    def texts(self) -> dict[str, list[str]]:
        """The templates by property."""
        given = {name: getattr(self, name) for name in ("summary", "description", "location", "categories")}
        return {name: templates for name, templates in given.items() if templates}


class RotaMapping(_Table):
    """A mapping document."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, ignored_types=(cached_property,))

    source: Name
    """The tool's name: an import replaces what the same source has planned, and nothing else."""
    format: Literal["csv", "ics"]
    time_zone: TimeZone
    """Whose clocks the times are, where they do not say it themselves."""
    every_hours: Annotated[int, Field(ge=0, le=24 * 7)] = 0
    """How often an import is to come; where two have not come, an alert says so. 0: by hand, when there is one."""
    team: Name | None = None
    """The team of every entry, where the plan is one team's."""
    duty: Duty = "on-shift"
    """Of entries that do not say it."""
    several: Annotated[str, Field(min_length=1, max_length=5)] | None = None
    """What stands between names where a field holds several."""
    time: Annotated[str, AfterValidator(time_format)] = ""
    day_begins: Clock | None = None
    """When a shift begins, and ends, that the calendar gives as a whole day."""
    file: File = File()
    columns: Columns | None = None
    event: Events | None = None
    people: dict[str, Name] = {}
    """Name in the plan → person. Without any, the plan's names are person ids."""
    teams: dict[str, Name] = {}
    duties: dict[str, Duty] = {}
    needs: dict[Name, Annotated[list[str], Field(max_length=8)]] = {}
    """Team → what each place of its shifts needs, like `["crisis-worker", "emt or paramedic"]`; less is a gap."""
    rest_hours: Annotated[int, Field(ge=0, le=24)] = 11
    """Between two shifts of a person; less is a gap."""
    sign_on_grace_minutes: GraceMinutes = SIGN_ON_GRACE_MINUTES
    """How long a team that is to be at work may take to sign on before somebody is told."""
    gaps_to: Annotated[list[Name], Field(max_length=10)] = []
    """The people who are told when a shift has a gap."""
    zones: dict[str, TimeZone] = {}
    """Time zones that the calendar has names of its own for."""
    leave_out: dict[str, list[str]] = {}
    """Column or property → patterns of entries that are no shifts, e.g. leave."""

    @cached_property
    def person_of(self) -> Mapping[str, str]:
        """Person by name, in the form in which names are compared."""
        return {normal(name): person for name, person in self.people.items()}

    @cached_property
    def team_of(self) -> Mapping[str, str]:
        """Team by name, compared alike."""
        return {normal(name): team for name, team in self.teams.items()}

    @cached_property
    def duty_of(self) -> Mapping[str, Duty]:
        """Duty by name, compared alike."""
        return {normal(name): duty for name, duty in self.duties.items()}

    def field(self, part: Part) -> str:
        """Where the plan says a part: its column, or its property."""
        if self.columns is not None:
            name = getattr(self.columns, part)
            return f"column {', '.join(name) if isinstance(name, list) else name}"
        if self.event is not None and (part != "person" or self.event.attendee is None):
            return ", ".join(
                name.upper()
                for name, templates in self.event.texts.items()
                if any(f"{{{part}}}" in template for template in templates)
            )
        return "ATTENDEE"


def read_mapping(text: str) -> RotaMapping:
    """The document. Raises MappingRefused with every fault that was found."""
    mapping = read_document(RotaMapping, text)
    if contradictions := tuple(_contradictions(mapping)):
        raise MappingRefused(*(f"the mapping: {contradiction}" for contradiction in contradictions))
    return mapping


def _contradictions(mapping: RotaMapping) -> Iterable[str]:
    if mapping.format == "csv":
        if mapping.columns is None:
            yield "[columns] is needed of a CSV: starts, ends and person at least"
        if not mapping.time:
            yield "time is needed of a CSV: how its times are written, like %m/%d/%Y %H:%M"
        if mapping.event is not None:
            yield "[event] is for calendars; a CSV has [columns]"
    else:
        if mapping.event is None:
            yield '[event] is needed of a calendar, like summary = "{person} - {team}"'
        if mapping.columns is not None:
            yield "[columns] is for CSV; a calendar has [event]"
    yield from filter(None, map(fault_of_clocks, (mapping.time_zone, *mapping.zones.values())))
    yield from _unsaid(mapping)
    yield from _ambiguous("people", mapping.people)
    yield from _ambiguous("teams", mapping.teams)
    yield from _ambiguous("duties", mapping.duties)


def _unsaid(mapping: RotaMapping) -> Iterable[str]:
    if mapping.event is not None:
        templates = [template for templates in mapping.event.texts.values() for template in templates]
        if mapping.event.attendee is None and not any("{person}" in template for template in templates):
            yield "nothing in [event] says {person}"
        says_team = any("{team}" in template for template in templates)
    else:
        says_team = mapping.columns is not None and mapping.columns.team is not None
    if says_team == (mapping.team is not None):
        yield "say either which team all of it is for (team), or where an entry says its team"


def _ambiguous(table: str, names: Mapping[str, str]) -> Iterable[str]:
    """Two writings of one name that stand for different people would be a guess."""
    meant: dict[str, str] = {}
    for name, meaning in names.items():
        if meant.setdefault(normal(name), meaning) != meaning:
            yield f"{table}: {name!r} stands twice, for {meant[normal(name)]} and for {meaning}"
