"""What a person did where a text is no TOML, and the rest of the document, read as far as it can be."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.programme.document.finding import heading_of_list
from shared.programme.document.limits import TOKEN, text_findings

MAX_ROUNDS: Final = 20
MAX_CHARACTERS_READ: Final = 3_000_000
"""In all rounds together: a long document has fewer of them."""

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_HEADER = re.compile(r"\s*\[\[?\s*\"?([A-Za-z0-9_-]+)")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"))*)\s*=")
_STATEMENT = re.compile(rf"{_KEY.pattern}|\s*\[\[?\s*[A-Za-z0-9_\"-][^,=\n]*\]\]?\s*(?:#.*)?$")
_CURLY = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a]")
_STRAIGHT = re.compile(r'"(?:\\.|[^"\\\n])*+"|\'[^\'\n]*+\'|#.*')
_WRITTEN_DATE = re.compile(r"=\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}")
_LATE_HOUR = re.compile(r"=\s*\d{4}-\d\d-\d\d[Tt ](?P<hour>2[4-9]|[3-9]\d):")
_DATE: Final = "four digits of the year, two of the month and two of the day, like 2021-09-01"
_CLOSES: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True)
class Slip:
    """One place where the text is no TOML."""

    line: int
    what: str
    right: str
    mended: str | None = None
    """The line as it was meant, where that can be told."""


@dataclass(frozen=True)
class Parsed:
    """What could be read: the tables, the text that they stand in, line by line as it was sent, and what could not."""

    tables: Mapping[str, Any] | None
    """None where too little could be read to look further."""
    text: str
    slips: tuple[Slip, ...]
    broken: frozenset[str]
    """The parts (top-level keys) in which something was left out."""


def parsed(text: str) -> Parsed:
    """Read `text`; at each slip leave out as little as possible, and go on."""
    slips: dict[int, Slip] = {}
    broken: set[str] = set()
    for _ in range(max(1, min(MAX_ROUNDS, MAX_CHARACTERS_READ // max(len(text), 1)))):
        if too_large := [Slip(*finding) for finding in text_findings(text)]:
            return Parsed(None, text, (*slips.values(), *too_large), frozenset(broken))
        try:
            text.encode()
            return Parsed(tomllib.loads(text), text, tuple(slips.values()), frozenset(broken))
        except UnicodeEncodeError:
            slip = Slip(1, "holds half of a character", "text in UTF-8")
            return Parsed(None, text, (*slips.values(), slip), frozenset(broken))
        except (ValueError, RecursionError) as error:
            fault = _Fault(text, str(error))
            slip = fault.slip()
            text = fault.without(slip, again=any(line in slips for line in fault.statement))
            slips.setdefault(slip.line, slip)
            broken.add(fault.part)
    return Parsed(None, text, tuple(slips.values()), frozenset(broken))


class _Fault:
    """Where `tomllib` stopped, and what stands there."""

    def __init__(self, text: str, message: str) -> None:
        self.message = message
        self.lines = text.split("\n")
        at = _AT.search(message)
        self.line = min(int(at[1]), len(self.lines)) if at else len(self.lines)
        self.column = int(at[2]) - 1 if at else len(self.lines[-1])
        while self.line > 1 and not self.lines[self.line - 1][: self.column].strip() and self._ends_before():
            self.line -= 1
            self.column = len(self.lines[self.line - 1])
        self.here = self.lines[self.line - 1]
        self.rest = self.here[self.column :].strip()
        """From where it stopped."""
        self.open = self._open(text)
        self.statement = range(self._first_line(), self.line + 1)
        self.part = self._part()

    def slip(self) -> Slip:
        for diagnosis in (
            _curly,
            _twice,
            _not_closed,
            _open_text,
            _no_equals,
            _late_hour,
            _unquoted,
            _goes_on,
            _too_many,
        ):
            if (slip := diagnosis(self)) is not None:
                return slip
        rest = self.rest or self.here.strip()
        right = 'a line like key = "words", key = 30 or key = ["words", "words"]'
        return Slip(self.line, f"cannot be read from {rest[:40]!r} on", right)

    def without(self, slip: Slip, *, again: bool) -> str:
        """The text with this mended, or left out: first the line, then all of its statement."""
        lines = list(self.lines)
        if not again and slip.mended is not None:
            lines[self.line - 1] = slip.mended
        elif not again and self.open and _not_closed(self) is not None:
            last = self._last_of_open()
            lines[last - 1] = lines[last - 1].split(" #")[0] + "".join(_CLOSES[sign] for sign, _ in reversed(self.open))
        elif _HEADER.match(self.here) and len(self.statement) == 1:
            for number in range(self.line - 1, self._next_header()):
                lines[number] = ""
        else:
            first = self.statement[0] if again else self.line
            over = not again and (not self.open or self.open[0][1] < self.line)
            for number in range(first - 1, self.line if over else self._end()):
                lines[number] = ""
        return "\n".join(lines)

    def _ends_before(self) -> bool:
        """Whether the message is about something that the lines before should have held."""
        return "end of document" in self.message or "Unclosed" in self.message

    def _open(self, text: str) -> list[tuple[str, int]]:
        """The brackets that are open where the text stops, with their lines."""
        end = sum(len(line) + 1 for line in self.lines[: self.line - 1]) + self.column
        position, line, signs = 0, 1, list[tuple[str, int]]()
        while position < end and (match := TOKEN.match(text, position)) is not None:
            sign = match["sign"]
            if sign in _CLOSES:
                signs.append((sign, line))
            elif sign in _CLOSES.values() and signs:
                signs.pop()
            line += match[0].count("\n")
            position = match.end()
        return signs

    def _first_line(self) -> int:
        return min([number for _, number in self.open] + [self.line])

    def _last_of_open(self) -> int:
        """The last line that belongs to what is open."""
        last = self.line
        if _STATEMENT.match(self.here) and self.open[-1][1] < self.line:
            last -= 1
        while last > self.open[0][1] and not self.lines[last - 1].split("#")[0].strip():
            last -= 1
        return last

    def _end(self) -> int:
        """The line before the next statement."""
        numbers = range(self.line, len(self.lines))
        return next((number for number in numbers if _STATEMENT.match(self.lines[number])), len(self.lines))

    def _next_header(self) -> int:
        numbers = range(self.line, len(self.lines))
        return next((number for number in numbers if _HEADER.match(self.lines[number])), len(self.lines))

    def _part(self) -> str:
        for number in range(self.statement[0], 0, -1):
            if (header := _HEADER.match(self.lines[number - 1])) is not None:
                return header[1]
        key = _KEY.match(self.lines[self.statement[0] - 1]) or re.match(r"\s*([\w-]+)", self.here)
        return key[1].split(".")[0].strip("\"' ") if key else ""


def _curly(fault: _Fault) -> Slip | None:
    if _CURLY.search(_STRAIGHT.sub("", fault.here)) is None:
        return None
    mended = re.sub("[\u201c\u201d\u201e\u201f]", '"', fault.here)
    return Slip(fault.line, "quotation marks are curly", 'straight ones, "like this"', mended)


def _not_closed(fault: _Fault) -> Slip | None:
    if not fault.open:
        return None
    sign, opened = fault.open[-1]
    header = _HEADER.match(fault.here) and opened == fault.line and "table declaration" in fault.message
    over = not fault.here[fault.column :].split("#")[0].strip()
    if header or (over and "'\\n'" not in fault.message) or (opened < fault.line and _STATEMENT.match(fault.here)):
        names = {"[": "the bracket [", "{": "the brace {"}
        return Slip(opened, f"{names[sign]} that opens here is not closed", f"add {_CLOSES[sign]}")
    return None


def _twice(fault: _Fault) -> Slip | None:
    if not any(words in fault.message for words in ("overwrite", "Duplicate", "twice", "mutate", "immutable")):
        return None
    if (header := re.match(r"\s*\[+\s*([^\]=]+?)\s*\]", fault.here)) is not None:
        right = heading_of_list(header[1]) or "put everything under the first one"
        return Slip(fault.line, f"[{header[1]}] is written twice", right)
    inline = re.search(r"Duplicate inline table key '([^']*)'", fault.message)
    key = inline[1] if inline else ""
    if not key and (own := _KEY.match(fault.lines[fault.statement[0] - 1])) is not None:
        key = own[1].strip()
    first = next((n for n in range(fault.line - 1, 0, -1) if _is_key(fault.lines[n - 1], key)), None)
    where = f", in line {first} already" if first and not inline else ""
    return Slip(fault.line, f"the key {key} is given twice{where}", "give it once")


def _is_key(line: str, key: str) -> bool:
    match = _KEY.match(line)
    return match is not None and match[1].strip() == key


def _open_text(fault: _Fault) -> Slip | None:
    if "'\\n'" in fault.message or "Unterminated" in fault.message or 'Expected "\'"' in fault.message:
        return Slip(fault.line, "quotation marks stay open at the end of the line", "close them")
    if "Unescaped" in fault.message or "Invalid hex value" in fault.message:
        return Slip(fault.line, "a backslash stands in a text", "two of them, or none")
    if "invalid character" in fault.message.lower() and "Found" in fault.message:
        return Slip(fault.line, "holds a character that cannot be seen", "leave it out")
    return None


def _no_equals(fault: _Fault) -> Slip | None:
    if "Expected '=' after a key" not in fault.message:
        return None
    rest = fault.rest
    if rest.startswith(":"):
        return Slip(fault.line, "a colon stands after the key", "=")
    key = fault.here[: fault.column].strip().rpartition("{")[2].rpartition(",")[2].strip()
    return Slip(fault.line, f"after {key or 'the key'} there is no =", f"{key or 'key'} = …")


def _late_hour(fault: _Fault) -> Slip | None:
    if (match := _LATE_HOUR.search(fault.here)) is None:
        return None
    what = f"{match['hour']} is no hour of a day"
    return Slip(fault.line, what, "00 to 23; the end of a day is T00:00:00 of the day after")


def _unquoted(fault: _Fault) -> Slip | None:
    """A value that is none."""
    if "Invalid date" in fault.message:
        return Slip(fault.line, "there is no such date or time", "like 2021-09-01, or 2021-09-01T08:00:00")
    if _WRITTEN_DATE.search(fault.here) is not None:
        return Slip(fault.line, "a date is not written as one", _DATE)
    if "Invalid value" not in fault.message:
        return None
    rest = fault.rest
    if not rest or rest.startswith("#"):
        return Slip(fault.line, "a value is missing", "words in quotes, a number or a list after the =")
    words = re.split(r"\s*[,\]}#=]", rest)[0].strip() or rest[:40]
    if re.match(r"[\w-]+\s*=", rest) is not None:
        return Slip(fault.line, f"the brace {{ is missing before {words}", f"{{ {words} = … }}")
    mended = fault.here[: fault.column] + json.dumps(words) + rest.removeprefix(words)
    return Slip(fault.line, f"{words[:60]} stands without quotation marks", f'"{words[:60]}"', mended)


def _goes_on(fault: _Fault) -> Slip | None:
    """Something that follows where nothing may."""
    if "after a statement" in fault.message and fault.rest:
        what = f"{fault.rest[:40]!r} follows when the value is over"
        return Slip(fault.line, what, "a line of its own, or a list in [ ]")
    if fault.open and fault.rest and fault.rest[0] not in ",]}":
        return Slip(fault.line, f"a comma is missing before {fault.rest[:40]!r}", "a comma between each two")
    return None


def _too_many(fault: _Fault) -> Slip | None:
    rest = fault.rest
    if rest[:1] in ("]", "}", ","):
        return Slip(fault.line, f"there is a {rest[0]} too many, or something is missing before it", "leave it out")
    if "key part" in fault.message and rest:
        right = "letters a to z, digits, - and _; anything else in quotation marks"
        return Slip(fault.line, f"a key begins with {rest[0]!r}", right)
    if "Invalid statement" in fault.message and rest:
        right = "key = value, or a heading in brackets"
        return Slip(fault.line, f"a line begins with {rest[0]!r}", right)
    return None
