"""Reads a plan that stands in a calendar: an event a shift, or a series of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from services.console.foreign.ics_lines import CalendarFile, Component, Property, read_lines
from services.console.foreign.ics_series import Expansion, Occurrence, Series
from services.console.foreign.mapping import PARTS, RotaMapping
from services.console.foreign.plan import BEGUN, Entry, Fault, ForeignPlan, Span, Wrong, leaves_out, names_in
from shared.programme.judging.normal_forms import plain
from shared.programme.trying.export_document import MappingRefused

MAX_TEXT = 500
NOT_COMING = ("DECLINED",)
NO_PERSON = ("ROOM", "RESOURCE")
CANCELLED = "it is cancelled"


def read_ics(mapping: RotaMapping, content: bytes, span: Span) -> ForeignPlan:
    """The shifts that begin in the span. Raises MappingRefused where the file as a whole cannot be read."""
    file = read_lines(content)
    if (method := file.calendar.word("method")) == "CANCEL":
        raise MappingRefused(f"line {file.calendar.line}: the calendar is a message (METHOD:{method}); right is a plan")
    plan = ForeignPlan(faults=list(file.faults))
    expansion = Expansion(mapping, span)
    for series in _series(file, plan):
        for occurrence in _occurrences(series, expansion, plan, mapping):
            _take(plan, mapping, occurrence)
    plan.left_out += Counter({BEGUN: expansion.begun})
    plan.remarks += _remarks(file, mapping, expansion)
    return plan


def _series(file: CalendarFile, plan: ForeignPlan) -> Iterable[Series]:
    """The events by UID; of those that are given twice the newest, by their SEQUENCE."""
    by_uid: dict[str, Series] = {}
    for event in file.events:
        uid = event.first("uid")
        if uid is None or not uid.value.strip():
            plan.faults.append(Fault(event.line, "UID", "is missing", "the event's own id"))
            continue
        series = by_uid.setdefault(uid.value.strip(), Series(uid.value.strip()))
        if event.first("recurrence-id") is not None:
            series.exceptions.append(event)
        else:
            series.master = _newest(series.master, event, plan)
    return by_uid.values()


def _newest(before: Component | None, event: Component, plan: ForeignPlan) -> Component:
    if before is None:
        return event
    versions = [_version(before), _version(event)]
    if versions[0] == versions[1]:
        what = f"the event of line {before.line} has the same UID, and neither is newer"
        plan.faults.append(Fault(event.line, "UID", what, "an id of its own for each event"))
    return event if versions[1] > versions[0] else before


def _version(event: Component) -> tuple[int, str]:
    sequence = event.word("sequence")
    return int(sequence) if sequence.isdecimal() else 0, event.word("last-modified") or event.word("dtstamp")


def _occurrences(series: Series, expansion: Expansion, plan: ForeignPlan, mapping: RotaMapping) -> Iterator[Occurrence]:
    """What is no shift is not asked when it is: leave may take weeks."""
    master = series.master
    if master is not None:
        if why := _why_left_out(master, mapping):
            plan.left_out[why] += 1
        else:
            try:
                yield from list(expansion.occurrences(series))
            except Wrong as wrong:
                plan.faults.append(wrong.at(_line_of(master, wrong.field)))
                plan.unread.append(series.uid)
        if why == CANCELLED:
            return
    for event in _latest_exceptions(series.exceptions):
        if why := _why_left_out(event, mapping):
            plan.left_out[why] += 1
            continue
        try:
            yield from list(expansion.exception(series, event))
        except Wrong as wrong:
            plan.faults.append(wrong.at(_line_of(event, wrong.field)))


def _why_left_out(event: Component, mapping: RotaMapping) -> str:
    if event.word("status") == "CANCELLED":
        return CANCELLED
    texts = ("summary", "description", "location", "categories")
    return next(filter(None, (leaves_out(mapping, name.upper(), _text(event, name)) for name in texts)), "")


def _latest_exceptions(events: Iterable[Component]) -> Iterable[Component]:
    """Of several words on one occurrence, the newest."""
    newest: dict[str, Component] = {}
    for event in events:
        meant = event.word("recurrence-id")
        if meant not in newest or _version(event) >= _version(newest[meant]):
            newest[meant] = event
    return newest.values()


def _line_of(event: Component, field: str) -> int:
    said = event.first(field.lower())
    return said.line if said else event.line


def _take(plan: ForeignPlan, mapping: RotaMapping, occurrence: Occurrence) -> None:
    event = occurrence.event
    try:
        said = _said(event, mapping)
        people = _attendees(event) if mapping.event and mapping.event.attendee else names_in(said["person"], mapping)
    except Wrong as wrong:
        fault = wrong.at(_line_of(event, wrong.field))
        if fault not in plan.faults:  # once for all occurrences of a series
            plan.faults.append(fault)
        plan.unread.append(occurrence.key)
        return
    key, starts_at, ends_at = occurrence.key, occurrence.starts_at, occurrence.ends_at
    plan.entries.append(Entry(event.line, key, people, said["team"], said["duty"], starts_at, ends_at))


def _said(event: Component, mapping: RotaMapping) -> dict[str, str]:
    """What the texts of an event say: person, team, duty. Raises Wrong."""
    parts: dict[str, str] = dict.fromkeys(PARTS, "")
    for name, templates in (mapping.event.texts if mapping.event else {}).items():
        text = _text(event, name)
        for template in templates:
            if match := _fitting(template).fullmatch(text):
                parts |= {part: plain(value) for part, value in match.groupdict().items()}
                break
        else:
            raise Wrong(name.upper(), f"{text!r} fits no pattern of the mapping", f"like {' or '.join(templates)}")
    return parts


def _text(event: Component, name: str) -> str:
    said = event.first(name)
    return plain(said.text)[:MAX_TEXT] if said else ""


@lru_cache(maxsize=64)
def _fitting(template: str) -> re.Pattern[str]:
    """The template as an expression: `{any}` stands for whatever is there."""
    parts = re.split(r"\{([^{}]*)\}", plain(template))
    written = "".join(
        re.escape(part) if number % 2 == 0 else (".*?" if part == "any" else f"(?P<{part}>.+?)")
        for number, part in enumerate(parts)
    )
    return re.compile(written, re.IGNORECASE)


def _attendees(event: Component) -> tuple[str, ...]:
    """Who is to come and has not declined; a room is nobody."""
    coming = (said for said in event.properties.get("attendee", ()) if _is_coming(said))
    return tuple(plain(said.parameters.get("CN") or said.value.lower().removeprefix("mailto:")) for said in coming)


def _is_coming(said: Property) -> bool:
    parameters = {name: value.upper() for name, value in said.parameters.items()}
    return parameters.get("PARTSTAT") not in NOT_COMING and parameters.get("CUTYPE") not in NO_PERSON


def _remarks(file: CalendarFile, mapping: RotaMapping, expansion: Expansion) -> Iterable[str]:
    if expansion.in_utc:
        yield (
            f"{expansion.in_utc} series stand in UTC: their hours move when the clocks change; "
            "right is a time zone (TZID) with each"
        )
    zone = file.calendar.first("x-wr-timezone")
    if zone is not None and zone.value.strip() not in ("UTC", mapping.time_zone):
        yield f"the calendar is of {zone.value.strip()}, and times without a zone are read as {mapping.time_zone}"
