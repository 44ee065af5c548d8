"""Reads a calendar's lines into components, each property with the line that it begins on.

Lines are unfolded as bytes, for a fold may stand within a letter; a file that does not end where it should was cut off
on its way, and is refused as a whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ical.exceptions import CalendarParseError
from ical.parsing.property import ParsedProperty

from services.console.foreign.plan import MAX_BYTES, Fault
from shared.programme.trying.export_document import MappingRefused

MAX_EVENTS = 5_000
MAX_LINE_BYTES = 65_536
_ENDS = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Property(NamedTuple):
    """One property of a component."""

    line: int
    name: str
    value: str
    parameters: dict[str, str]

    @property
    def label(self) -> str:
        """Its name as it stands in the file."""
        return self.name.upper()

    @property
    def text(self) -> str:
        """Its value where that is a text, without the signs that escape others."""
        return _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], self.value)


_ESCAPED = re.compile(r"\\([\\;,nN])")


@dataclass(slots=True)
class Component:
    """An event, or another part of a calendar."""

    name: str
    line: int
    properties: defaultdict[str, list[Property]] = field(default_factory=lambda: defaultdict(list))

    def first(self, name: str) -> Property | None:
        """The property, or the first of several."""
        return next(iter(self.properties.get(name, ())), None)

    def word(self, name: str) -> str:
        """What a property says, in capitals; empty without it."""
        said = self.first(name)
        return said.value.strip().upper() if said else ""


class CalendarFile(NamedTuple):
    """The calendar itself, its events, and the lines that could not be read."""

    calendar: Component
    events: list[Component]
    faults: list[Fault]


def read_lines(content: bytes) -> CalendarFile:
    """The events of a file. Raises MappingRefused where the file is no whole calendar."""
    if len(content) > MAX_BYTES:
        raise MappingRefused(f"the file has more than {MAX_BYTES:,} bytes; right is a calendar of a few weeks")
    begin = content.removeprefix(_BOM).lstrip()[:40]
    if not begin.upper().startswith(b"BEGIN:VCALENDAR"):
        shown = begin.decode("utf-8", "replace").split("\n", 1)[0].strip()
        raise MappingRefused(f"the file is no calendar: it begins with {shown!r}; right is BEGIN:VCALENDAR")
    reading = _Reading()
    for line, folded in _unfolded(content.removeprefix(_BOM)):
        reading.take(line, folded)
    if reading.depth or reading.calendar is None:
        raise MappingRefused("the file was cut off: it ends within the calendar, before END:VCALENDAR")
    return CalendarFile(reading.calendar, reading.events, reading.faults)


def _unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Whole lines with the number that they begin on."""
    number, whole = 0, b""
    for line, part in enumerate(_ENDS.split(content), 1):
        if part[:1] in (b" ", b"\t") and number:
            whole += part[1:]
            continue
        if whole:
            yield number, whole
        number, whole = line, part
    if whole:
        yield number, whole


class _Reading:
    """Where in the file reading is."""

    def __init__(self) -> None:
        self.calendar: Component | None = None
        self.events: list[Component] = []
        self.faults: list[Fault] = []
        self._open: list[Component] = []

    @property
    def depth(self) -> int:
        """How many components have begun and not ended."""
        return len(self._open)

    def take(self, line: int, folded: bytes) -> None:
        """The next line."""
        within = self._open[-1].name.upper() if self._open else "file"
        if len(folded) > MAX_LINE_BYTES:
            self.faults.append(Fault(line, within, f"is longer than {MAX_LINE_BYTES:,} bytes", "a shorter text"))
            return
        try:
            parsed = ParsedProperty.from_ics(folded.decode())
        except UnicodeError:
            self.faults.append(Fault(line, within, "is not in UTF-8", "a calendar in UTF-8, as the format asks"))
            return
        except CalendarParseError:
            self.faults.append(Fault(line, within, "is no line of a calendar", "NAME:value"))
            return
        if parsed.name == "begin":
            self._begin(Component(parsed.value.strip().lower(), line))
        elif parsed.name == "end":
            self._end(line, parsed.value.strip().lower())
        elif self._open:
            values = {parameter.name.upper(): ",".join(map(str, parameter.values)) for parameter in parsed.params or ()}
            self._open[-1].properties[parsed.name].append(Property(line, parsed.name, parsed.value, values))

    def _begin(self, component: Component) -> None:
        if component.name == "vcalendar" and self.calendar is None:
            self.calendar = component
        if component.name == "vevent":
            if len(self.events) == MAX_EVENTS:
                raise MappingRefused(f"line {component.line}: more than {MAX_EVENTS:,} events; right is a few weeks")
            self.events.append(component)
        self._open.append(component)

    def _end(self, line: int, name: str) -> None:
        if not self._open or self._open[-1].name != name:
            within = self._open[-1].name.upper() if self._open else "nothing"
            raise MappingRefused(f"line {line}: END:{name.upper()} stands where {within} is open: the file is broken")
        self._open.pop()
