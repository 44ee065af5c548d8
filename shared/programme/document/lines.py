"""Where in a TOML text each key and each array element stands, so that a fault can point at its line."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]


class Lines:
    """Line numbers (from 1) by path, e.g. `("level", 1, "raised_by", 0, "weapon")`."""

    def __init__(self, text: str) -> None:
        """Scan `text`, which `tomllib` must have accepted: no syntax is checked here."""
        self._lines: Mapping[Path, int] = _Scan(text).lines

    def at(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that is written out."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


_BLANK = re.compile(r"(?:[\s]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL)
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+")


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # arrays of tables, with how many of them were opened
        self._document()

    def _document(self) -> None:
        table: Path = ()
        while self._next():
            if self.text.startswith("[[", self.position):
                table = self._header(2)
            elif self.text[self.position] == "[":
                table = self._header(1)
            else:
                self._pair(table)

    def _header(self, brackets: int) -> Path:
        start, self.position = self.position, self.position + brackets
        keys = self._keys("]")
        self.position += brackets - 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._last((*path, key))
        path = (*path, keys[-1])
        if brackets == 2:  # noqa: PLR2004  [[...]]
            self.tables[path] = self.tables.get(path, 0) + 1
            self._note(path, start)
            path = self._last(path)
        self._note(path, start)
        return path

    def _last(self, path: Path) -> Path:
        return (*path, self.tables[path] - 1) if path in self.tables else path

    def _pair(self, table: Path) -> None:
        start = self.position
        path = table
        for key in self._keys("="):
            path = (*path, key)
            self._note(path, start)
        self._value(path)

    def _keys(self, end: str) -> list[str]:
        keys = []
        while self._next():
            sign = self.text[self.position]
            if sign == end:
                self.position += 1
                break
            if sign == ".":
                self.position += 1
                continue
            match = (_STRING if sign in "\"'" else _BARE_KEY).match(self.text, self.position)
            assert match is not None  # noqa: S101  tomllib accepted the text
            self.position = match.end()
            keys.append(tomllib.loads(f"key = {match[0]}")["key"] if sign in "\"'" else match[0])
        return keys

    def _value(self, path: Path) -> None:
        self._next()
        sign = self.text[self.position]
        if sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline_table(path)
        else:
            match = (_STRING if sign in "\"'" else _SCALAR).match(self.text, self.position)
            assert match is not None  # noqa: S101  tomllib accepted the text
            self.position = match.end()

    def _array(self, path: Path) -> None:
        self.position += 1
        index = 0
        while self._next() and self.text[self.position] != "]":
            self._note((*path, index), self.position)
            self._value((*path, index))
            index += 1
            self._comma()
        self.position += 1

    def _inline_table(self, path: Path) -> None:
        self.position += 1
        while self._next() and self.text[self.position] != "}":
            self._pair(path)
            self._comma()
        self.position += 1

    def _comma(self) -> None:
        if self._next() and self.text[self.position] == ",":
            self.position += 1

    def _next(self) -> bool:
        match = _BLANK.match(self.text, self.position)
        assert match is not None  # noqa: S101  it matches the empty string
        self.position = match.end()
        return self.position < len(self.text)

    def _note(self, path: Path, position: int) -> None:
        self.lines.setdefault(path, bisect_right(self.newlines, position - 1) + 1)
