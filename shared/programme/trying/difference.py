"""What a new version of a programme changes, for its manager to read before it is approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Final

from shared.programme.judging.facts import HAZARDS
from shared.programme.judging.programme import ASKED_NOT, AutomaticPause, Code, Programme, RepeatCallers
from shared.programme.judging.words import STEM
from shared.programme.trying.changed_regions import Cover, Facts, covers, level_words


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changes beside what goes where: what a code means, a clock, how a response is reached."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything in which two versions differ."""

    covers: tuple[Cover, ...]
    changes: tuple[Change, ...]


def difference(old: Programme, new: Programme) -> Difference:
    """The covers that get another result, and the other changes. Raises TooLarge."""
    facts = Facts(old, new)
    return Difference(tuple(covers(old, new, facts)), tuple(_changes(old, new, facts)))


def closed_days(programme: Programme, years: Iterable[int]) -> dict[date, str]:
    """The holidays of these years, in order, and their names."""
    holidays = programme.holidays
    if holidays is None:
        return {}
    days = [date.fromordinal(day) for year in years for day in range(_first(year), _first(year + 1))]
    return {day: name for day in days if (name := holidays.name(day))}


def _first(year: int) -> int:
    return date(year, 1, 1).toordinal()


def _changes(old: Programme, new: Programme, facts: Facts) -> Iterator[Change]:
    for name in ("agency", "time_zone", "default"):
        yield from _if_changed(name.replace("_", " "), getattr(old, name), getattr(new, name))
    yield from _if_changed("sources", *(_text(programme.sources) or "all of the agency's" for programme in (old, new)))
    for code in dict.fromkeys((*old.codes, *new.codes)):
        yield from _if_changed(
            f"code {code[0]} {code[1]}", _code_words(old.codes.get(code)), _code_words(new.codes.get(code))
        )
    for system in sorted(old.by_form.determinants ^ new.by_form.determinants):
        yield from _if_changed(f"format of the code system {system}", *(_format(one, system) for one in (old, new)))
    yield from _heard(old, new)
    yield from _beats(old, new)
    for district in dict.fromkeys((*old.districts, *new.districts)):
        yield from _if_changed(f"boundary of {district}", _boundary(old, district), _boundary(new, district))
    for name in (name for name in old.responses if name in new.responses):
        for key in _OF_A_RESPONSE:
            before, after = getattr(old.responses[name], key), getattr(new.responses[name], key)
            yield from _if_changed(f"{name}: {key}", _text(before), _text(after))
    yield from _orders(facts)
    yield from _holidays(old, new)
    for field in fields(old.clocks):
        yield from _if_changed(
            field.name, _text(getattr(old.clocks, field.name)), _text(getattr(new.clocks, field.name))
        )
    yield from _if_changed("when no team", _steps(old), _steps(new))
    yield from _if_changed("order of calls", _text(old.order_of_calls), _text(new.order_of_calls))
    yield from _if_changed("repeat callers", _rule(old.repeat_callers), _rule(new.repeat_callers))
    yield from _if_changed("automatic pause", _rule(old.automatic_pause), _rule(new.automatic_pause))
    yield from _if_changed("when the auditor finds a gap", *(_at_a_gap(programme) for programme in (old, new)))


def _rule(rule: RepeatCallers | AutomaticPause | None) -> str:
    return "" if rule is None else ", ".join(f"{key} {_text(value)}" for key, value in asdict(rule).items() if value)


def _at_a_gap(programme: Programme) -> str:
    return "pause" if programme.pauses_on_audit_gap else "alarm"


_OF_A_RESPONSE: Final = (
    "model",
    "crew",
    "goes",
    "replaces",
    "reached_by",
    "enters_when",
    "on_upgrade",
    "due_hours",
    "follow_up_due_hours",
    "expected_minutes",
    "pool",
    "window_seconds",
    "preferred_eta_minutes",
    "late_minutes",
    "order_of_teams",
)


def _format(programme: Programme, system: str) -> str:
    return "mpds" if system in programme.by_form.determinants else ""


def _boundary(programme: Programme, district: str) -> str:
    drawn = programme.boundaries
    if drawn is None or district not in drawn.square_km:
        return ""
    return f"{drawn.square_km[district]:.2f} square km (outline {drawn.outlines[district]})"


def _beats(old: Programme, new: Programme) -> Iterator[Change]:
    """Beats that move together share a line."""
    moved: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for beat in dict.fromkeys((*old.beats, *new.beats)):
        moved[old.beats.get(beat, "in no district"), new.beats.get(beat, "in no district")].append(beat)
    for (before, after), beats in moved.items():
        yield from _if_changed(f"beat{'s' * (len(beats) > 1)} {', '.join(beats)}", before, after)


def _orders(facts: Facts) -> Iterator[Change]:
    """Levels of the same calls that rank the responses which both send differently."""
    for level, now in facts.levels():
        before = [name for name in level.sends if name in now.sends]
        after = [name for name in now.sends if name in level.sends]
        yield from _if_changed(f"{level_words(level, now)}: order", ", ".join(before), ", ".join(after))


def _if_changed(what: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(what, before or "nothing", after or "nothing")


def _text(value: object) -> str:
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(str, value if isinstance(value, tuple) else sorted(value)))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in sorted(value.items()))
    return "" if value is None else str(value)


def _steps(programme: Programme) -> str:
    return ", ".join(f"{step.attempt} {step.seconds} s" if step.seconds else step.attempt for step in programme.steps)


NOT_LISTED: Final = "not listed"


def _code_words(code: Code | None) -> str:
    if code is None:
        return NOT_LISTED
    stated = [f"{fact} {HAZARDS[fact][rank]}" for fact, rank in code.hazards.items()]
    stated += [f"{fact} {value}" for fact, value in code.others.items()]
    dates = [f"from {code.from_day}"] if code.from_day else []
    dates += [f"until {code.until_day}"] if code.until_day else []
    return ", ".join([code.category or "of no category", *stated, *dates])


def _heard(old: Programme, new: Programme) -> Iterator[Change]:
    for what, before, after in (
        ("answer", _answers(old), _answers(new)),
        ("caution", _flags(old.cautions), _flags(new.cautions)),
        ("priority", _flags(old.priorities), _flags(new.priorities)),
        ("word", _words(old), _words(new)),
    ):
        absent = "" if what == "word" else NOT_LISTED
        for name in dict.fromkeys((*before, *after)):
            yield from _if_changed(f"{what} {name}", before.get(name, absent), after.get(name, absent))


def _answers(programme: Programme) -> dict[str, str]:
    words = {}
    for question in programme.questions:
        scale = HAZARDS.get(question.fact)
        meanings = [
            f"{answer} = {scale[value] if scale and isinstance(value, int) and value >= 0 else _other_words(value)}"
            for answer, value in sorted(question.meanings.items())
        ]
        words[question.name] = f"{question.fact} ({', '.join(meanings)})"
    return words


def _other_words(value: int | str) -> str:
    return "nobody asked" if value == ASKED_NOT else str(value)


def _flags(flags: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """One that is listed as harmless is not one that nobody lists, which puts hazards in doubt."""
    return {
        name: ", ".join(f"{fact} {HAZARDS[fact][rank]}" for fact, rank in stated.items()) or "of no hazard"
        for name, stated in flags.items()
    }


def _words(programme: Programme) -> dict[str, str]:
    stems = {f"{stem}{STEM}": hazards for stem, hazards in programme.stems.items()}
    words = {word: ", ".join(hazards) for word, hazards in {**programme.words, **stems}.items()}
    for phrase, hazard in programme.phrases:
        words[phrase] = ", ".join(filter(None, (words.get(phrase), hazard)))
    return words


def _holidays(old: Programme, new: Programme) -> Iterator[Change]:
    """Days to come that are closed in one of two documents which both close on holidays; else the covers say it."""
    if not all(any(row.closed_on_holidays for row in programme.rollout) for programme in (old, new)):
        return
    first = new.effective.astimezone(new.zone).date()
    named = [one.open | one.closed for one in (old.holidays, new.holidays) if one is not None]
    years = {first.year, first.year + 1, *(day.year for days in named for day in days)}
    before, after = closed_days(old, years), closed_days(new, years)
    for day in sorted(before.keys() ^ after.keys()):
        if day >= first:
            yield Change(f"{day:%a %Y-%m-%d}", _day_words(before.get(day)), _day_words(after.get(day)))


def _day_words(holiday: str | None) -> str:
    return "an ordinary day" if holiday is None else f"a holiday ({holiday})"
