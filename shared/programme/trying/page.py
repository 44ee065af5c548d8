"""What an accepted document means, for a programme manager to check against what they meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from shared.judgement import DEFAULT_POOL, EXPECTED_MINUTES, NOT_ROUTED, PHASES, Phase
from shared.plain import how_many
from shared.programme.document.fact_space import must_be_answered, shares
from shared.programme.judging.gates import EVERYONE
from shared.programme.judging.hours import DAYS, MINUTES_A_DAY, parse_hours
from shared.programme.judging.programme import Level, Programme, Response, Row
from shared.programme.trying.changed_regions import opens, runs
from shared.programme.trying.difference import closed_days
from shared.programme.trying.heard import HeardLine, heard_lines

HALF_HOUR = 30
_ASKS = {
    "broadcast": "every team at once, the first to accept has it",
    "window": "every team at once, the soonest there has it",
    "pull": "on every team's page, nobody is paged, the first to take it has it",
    "on-call page": "one professional after the other",
}


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A level: what raises a call to it, what it sends, and its part of the space of facts."""

    name: str
    raised_by: tuple[str, ...]
    sends: tuple[str, ...]
    combinations: int


@dataclass(frozen=True, slots=True)
class ResponseLine:
    """Who goes, to what, and how."""

    name: str
    model: str
    crew: tuple[str, ...]
    takes: tuple[str, ...]
    asked_by: tuple[str, ...]
    only_when: tuple[str, ...]
    goes: str
    how: str


@dataclass(frozen=True, slots=True)
class BoundaryLine:
    """A district that is known on the map."""

    district: str
    square_km: float


@dataclass(frozen=True, slots=True)
class RowLine:
    """Where and when a response runs."""

    response: str
    phase: Phase
    districts: tuple[str, ...]
    hours: str
    dates: str
    holidays: str
    arm: str
    caps: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The week of a response in the districts where it is the same, Monday first, a phase for each half hour.

    The most that runs in any part of it: the line of its row says to the minute when it opens and closes.
    """

    response: str
    districts: tuple[str, ...]
    on: date
    """The day whose dates count: the one asked for, or the first one later on which some row runs."""
    days: tuple[tuple[Phase, ...], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that `check` says of an accepted document."""

    agency: str
    programme: str
    version: int
    hash: str
    effective: str
    time_zone: str
    default: str
    districts: int
    boundaries: tuple[BoundaryLine, ...]
    codes: int
    levels: tuple[LevelLine, ...]
    responses: tuple[ResponseLine, ...]
    rollout: tuple[RowLine, ...]
    grids: tuple[Grid, ...]
    closed: tuple[tuple[date, str], ...]
    heard: tuple[HeardLine, ...]
    """What each question, caution, priority and word states, and where that alone puts a call."""
    assumptions: tuple[str, ...]
    weaker: tuple[str, ...]
    """What states less than its word means by itself; the document names each."""
    combinations: int
    """Of the value classes of all facts that levels turn on, unknown ones among them."""
    routed_combinations: int
    """Those on a level that routes."""
    must_be_answered: tuple[str, ...]
    remarks: tuple[str, ...]


def page(programme: Programme, on: date) -> Page:
    """The meaning of the document; holidays of the year of `on` and the next, and the week as it stands on that day."""
    space = shares(programme)
    return Page(
        agency=programme.agency,
        programme=programme.programme,
        version=programme.version,
        hash=programme.hash,
        effective=programme.effective.astimezone(programme.zone).isoformat(),
        time_zone=programme.time_zone,
        default=programme.default,
        districts=len(programme.districts),
        boundaries=_boundary_lines(programme),
        codes=len(programme.codes),
        levels=tuple(
            LevelLine(level.name, tuple(_raises(programme, level)), level.sends or ("default",), count)
            for level, count in zip(programme.levels, space.by_level, strict=True)
        ),
        responses=tuple(map(_response_line, programme.responses.values())),
        rollout=tuple(_row_line(programme, row) for row in programme.rollout),
        grids=tuple(grids(programme, on)),
        closed=tuple(closed_days(programme, (on.year, on.year + 1)).items()),
        heard=tuple(heard_lines(programme)),
        assumptions=programme.assumptions,
        weaker=programme.weaker,
        combinations=space.size,
        routed_combinations=sum(
            count for level, count in zip(programme.levels, space.by_level, strict=True) if level.routes
        ),
        must_be_answered=must_be_answered(programme),
        remarks=(*_places(programme), *_remarks(programme)),
    )


def _boundary_lines(programme: Programme) -> tuple[BoundaryLine, ...]:
    areas = programme.boundaries.square_km if programme.boundaries else {}
    return tuple(BoundaryLine(name, areas[name]) for name in programme.districts if name in areas)


def grids(programme: Programme, on: date) -> Iterator[Grid]:
    """The week of each response, in an ordinary week that begins with the dates of `on`."""
    for response in programme.responses:
        alike: defaultdict[tuple[date, tuple[tuple[Phase, ...], ...]], list[str]] = defaultdict(list)
        for district in programme.districts:
            rows = [row for row in programme.rows.get((response, district), ()) if row.share_percent]
            if rows:
                day = _first_day(rows, on)
                alike[day, tuple(_day(rows, day, weekday) for weekday in range(len(DAYS)))].append(district)
        for (day, days), names in alike.items():
            yield Grid(response, tuple(names), day, days)


def _first_day(rows: list[Row], on: date) -> date:
    later = [row.from_day for row in rows if row.from_day and row.from_day > on]
    return on if any(runs(row, on) for row in rows) else min(later, default=on)


def _day(rows: list[Row], on: date, weekday: int) -> tuple[Phase, ...]:
    return tuple(_phase(rows, on, weekday, minute) for minute in range(0, MINUTES_A_DAY, HALF_HOUR))


def _phase(rows: list[Row], on: date, weekday: int, minute: int) -> Phase:
    phase: Phase = "off"
    for row in rows:
        if runs(row, on) and opens(row, weekday, minute, minute + HALF_HOUR):
            phase = max(phase, row.phase, key=PHASES.index)
    return phase


def _raises(programme: Programme, level: Level) -> Iterator[str]:
    for item in programme.raises:
        if item.rank == level.rank:
            yield " and ".join(f"{condition.fact.replace('_', ' ')} {condition.words}" for condition in item.conditions)


def _response_line(response: Response) -> ResponseLine:
    how: str = response.reached_by
    if response.reached_by in _ASKS:
        how += f" ({_ASKS[response.reached_by]})"
    if response.window_seconds:
        how += f"; within {response.window_seconds} s"
    if response.preferred_eta_minutes:
        how += f"; at once to a team that is there within {response.preferred_eta_minutes} min"
    if response.late_minutes:
        how += f"; late for {response.late_minutes} min, where a dispatcher says yes"
    if response.due_hours:
        how += f", due in {response.due_hours} h"
    if response.enters_when:
        how += f"; stages until {' or '.join(response.enters_when)}"
    if response.reached_by not in NOT_ROUTED:
        how += f"; on upgrade: {response.on_upgrade}"
        if response.follow_up_due_hours:
            how += f"; followed up within {', '.join(map(str, response.follow_up_due_hours))} h"
        how += "" if response.expected_minutes == EXPECTED_MINUTES else f"; takes {response.expected_minutes} min"
        how += "" if response.pool == DEFAULT_POOL else f"; teams of the pool {response.pool}"
    goes: str = response.goes
    if response.goes == "beside default" and response.replaces:
        goes += f" without {', '.join(response.replaces)}"
    return ResponseLine(
        name=response.name,
        model=response.model,
        crew=response.crew,
        takes=tuple(sorted(response.takes)),
        asked_by=tuple(sorted(response.may_be_asked_by)),
        only_when=tuple(f"{condition.fact.replace('_', ' ')} {condition.words}" for condition in response.only_when),
        goes=goes,
        how=how,
    )


def _row_line(programme: Programme, row: Row) -> RowLine:
    everywhere = row.districts == frozenset(programme.districts)
    dates = [f"from {row.from_day}"] if row.from_day else []
    dates += [f"before {row.until_day}"] if row.until_day else []
    arm = "" if row.share_percent == EVERYONE else f"{row.share_percent} % of calls, drawn by {row.seed!r}"
    return RowLine(
        response=row.response,
        phase=row.phase,
        districts=("all",) if everywhere else tuple(name for name in programme.districts if name in row.districts),
        hours=row.week.words,
        dates=" ".join(dates),
        holidays="closed on holidays" if row.closed_on_holidays else "",
        arm=arm if row.share_percent else "control: sent to nobody",
        caps=row.cap.words and f"{row.cap.words}{_shared_words(row)}",
    )


def _shared_words(row: Row) -> str:
    return f", over {', '.join(sorted(row.cap_districts))} together" if row.cap_districts != row.districts else ""


# --- what a manager may not have meant


def _rules(programme: Programme) -> Iterator[str]:
    ack_seconds = programme.clocks.transfer_ack_seconds
    short = [step.seconds for step in programme.steps if 0 < step.seconds < ack_seconds]
    if short and any(response.reached_by == "phone transfer" for response in programme.responses.values()):
        yield f"a step of {min(short)} s ends a telephone transfer before its {ack_seconds} s are over"
    if programme.holds:
        clocks = programme.clocks
        never = sorted(name for name, minutes in clocks.priority_hold_minutes.items() if not minutes)
        but = f", never of priority {', '.join(never)}" if never else ""
        yield (
            f"a call that no team can take may wait up to {clocks.hold_minutes} min{but}: only once its CAD has "
            "answered call.hold, or a dispatcher has said so; else the default goes at the routing deadline"
        )
    if (counted := programme.repeat_callers) is not None:
        yield (
            f"callers are counted under pseudonyms: from call {counted.calls} within {counted.within_days} days on "
            "repeat_caller is known to be so; with fewer it stays unknown"
        )
    if (rule := programme.automatic_pause) is not None:
        what = "the response in that district" if rule.pauses == "response" else "all of that district"
        upgrades, minutes = how_many(rule.unsafe_upgrades, "unsafe upgrade"), how_many(rule.within_minutes, "minute")
        does = f"pauses {what} by itself" if rule.unsafe_upgrades == 1 else f"pause {what} by themselves"
        yield f"{upgrades} within {minutes} {does}, until a person resumes"
    if programme.pauses_on_audit_gap:
        yield "a promise that the auditor finds broken pauses the district by itself, until a person resumes"


def _clocks(programme: Programme) -> Iterator[str]:
    """Clocks that are an hour behind the city's all summer."""
    year, name = programme.effective.year, programme.time_zone
    if "/" not in name and len({datetime(year, month, 1, tzinfo=programme.zone).utcoffset() for month in (1, 7)}) == 1:
        yield f"the clocks of {name} have no summer time: where there is one, name the city, like America/New_York"


def _hours_within_others(programme: Programme) -> Iterator[str]:
    """Lines of hours that were meant to restrict others of their row, and change nothing; of two alike the second."""
    for row in programme.rollout:
        lines = [(line, *parse_hours(line)) for line in row.week.words.split(", ")]
        for place, (line, days, window) in enumerate(lines):
            for other_place, (other, other_days, wider) in enumerate(lines):
                is_alike = (days, window) == (other_days, wider)
                is_within = (
                    set(days) <= set(other_days) and wider.opens <= window.opens <= window.closes <= wider.closes
                )
                if is_within and (not is_alike or other_place < place):
                    yield f"{row.response}: {line} changes nothing, {other} is open then too: lines of hours add up"
                    break


def _never_asked(programme: Programme) -> Iterator[str]:
    """Responses of a level that the chain does not come to where one before them may go, and nobody takes the call."""
    attempts = [step.attempt for step in programme.steps]
    for level in programme.levels:
        routed = [name for name in level.sends if programme.responses[name].reached_by not in NOT_ROUTED]
        asked = 1 + attempts.count("next response")
        for name in routed[asked:]:
            if programme.responses[name].reached_by != "phone transfer" or "phone" not in attempts:
                yield (
                    f"level {level.name}: {name} is asked only where nothing before it may go: "
                    "the chain has no step next response that comes to it"
                )


def _remarks(programme: Programme) -> Iterator[str]:
    yield from _rules(programme)
    yield from _clocks(programme)
    yield from _hours_within_others(programme)
    yield from _never_asked(programme)
    rolled_out = {row.response for row in programme.rollout}
    for name, response in programme.responses.items():
        if name not in rolled_out:
            yield f"{name} has no roll-out row: it is off everywhere, and only counted"
        if response.reached_by in NOT_ROUTED:
            yield f"{name} is a {response.reached_by}: it is recorded with the decision, and nobody is paged"
    asked = {question.fact for question in programme.questions}
    stated = {fact for hazards in programme.priorities.values() for fact in hazards}
    for fact in must_be_answered(programme):
        if fact not in asked | stated:
            yield f"no question and no priority tells {fact.replace('_', ' ')}: codes or the CAD's own facts must"
    used = {*programme.hazards, *programme.others}
    for question in programme.questions:
        if question.fact not in used:
            yield f"{question.name} asks for {question.fact.replace('_', ' ')}, and nothing turns on it"
    yield from _idle(programme, used)
    taken = {category for response in programme.responses.values() for category in response.takes}
    for category in sorted({code.category for code in programme.codes.values() if code.category} - taken):
        yield f"category {category} is taken by no response"


def _places(programme: Programme) -> Iterator[str]:
    if programme.boundaries is None:
        return
    for overlap in programme.boundaries.overlaps():
        where = f"{overlap.first} and {overlap.second}, {overlap.square_km:.2f} square km"
        yield f"overlap of {where}: calls there go to default"
    without = [name for name in programme.districts if name not in programme.boundaries.square_km]
    if without:
        yield f"no boundary says where {', '.join(without)} is: a position outside of all boundaries may be there"


def _idle(programme: Programme, used: set[str]) -> Iterator[str]:
    """Cautions and words about hazards that no level turns on, and holidays that close nothing."""
    for flag, stated in programme.cautions.items():
        for hazard in sorted(stated.keys() - used):
            yield f"caution {flag} warns of {hazard.replace('_', ' ')}, and nothing turns on it"
    heard = {hazard for table in (programme.words, programme.stems) for hazards in table.values() for hazard in hazards}
    heard |= {hazard for _, hazard in programme.phrases}
    for hazard in sorted(heard - used):
        yield f"words put {hazard.replace('_', ' ')} in doubt, and nothing turns on it"
    if programme.holidays and not any(row.closed_on_holidays for row in programme.rollout):
        yield "holidays are named, and no roll-out row closes on them"
