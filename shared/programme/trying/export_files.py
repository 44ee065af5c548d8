"""The files in which cities publish calls: CSV, JSON lines and ArcGIS JSON, as records of texts with their lines."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO, get_args

from shared.programme.trying.export_document import Encoding, File

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class Record(NamedTuple):
    """One row: its line, and its fields without blanks around them; or what is wrong with it."""

    line: int
    fields: Mapping[str, str]
    fault: str = ""


class BadFile(ValueError):
    """The file as a whole cannot be read; says where."""


@contextmanager
def opened(path: Path, file: File) -> Iterator[TextIO]:
    """The file as text while the block runs. Raises BadFile where it is not in its encoding, and OSError."""
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    try:
        with path.open(encoding=encoding, newline="") as lines:
            yield lines
    except UnicodeError:
        others = " or ".join(name for name in get_args(Encoding) if name != file.encoding)
        raise BadFile(f"is not in {file.encoding}; say which encoding it is in, {others}") from None


def records(file: File, lines: Iterable[str], wanted: Iterable[str] = ()) -> Iterator[Record]:
    """Every row of a file. `wanted`: the columns that must be there. Raises BadFile."""
    reading = {"csv": _csv, "json-lines": _json_lines, "arcgis-json": _arcgis}[file.format]
    found = reading(file, lines, tuple(dict.fromkeys(wanted)))
    return _emptied(found, {value.strip().casefold() for value in file.empty}) if file.empty else found


def _emptied(found: Iterable[Record], empty: set[str]) -> Iterator[Record]:
    for record in found:
        fields = {name: "" if value.casefold() in empty else value for name, value in record.fields.items()}
        yield record._replace(fields=fields)


def _csv(file: File, lines: Iterable[str], wanted: tuple[str, ...]) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=file.delimiter, strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise BadFile(f"line 1: {error}") from None
    if others := [name for sign, name in _DELIMITERS.items() if len(head) == 1 and sign in head[0]]:
        raise BadFile(f"line 1: is one column with {others[0]} in it; say the delimiter, if that is it")
    if head and head[0].startswith(("{", "[")):
        raise BadFile("line 1: looks like JSON; say the format, json-lines or arcgis-json")
    twice = [
        name for name, count in Counter(filter(None, head)).items() if count > 1 and (name in wanted or not wanted)
    ]
    if twice:
        raise BadFile(f"line 1: {', '.join(twice)} stands twice, so nobody knows which is meant")
    _check_columns("line 1", head, wanted)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, {}, f"column (all): {error}")
            continue
        if not any(map(str.strip, row)):  # of an empty row spreadsheets write the commas
            continue
        if len(row) != len(head):
            fault = "column (all): the row has another number of fields than the head; right is one for each column"
            yield Record(line, {}, fault)
            continue
        yield Record(line, {name: value.strip() for name, value in zip(head, row, strict=True) if name})


def _json_lines(_file: File, lines: Iterable[str], wanted: tuple[str, ...]) -> Iterator[Record]:
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Record(line, {}, f"column (all): is no JSON: {error}")
            continue
        yield _of_object(line, content, wanted)


def _arcgis(_file: File, lines: Iterable[str], wanted: tuple[str, ...]) -> Iterator[Record]:
    """What a feature service answers; a record's line is its number among the features."""
    try:
        features = json.loads("".join(lines))["features"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise BadFile("is no ArcGIS JSON: an object with `features`") from None
    for number, feature in enumerate(features if isinstance(features, list) else (), 1):
        attributes = feature.get("attributes") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if isinstance(attributes, dict) and isinstance(geometry, dict):
            attributes = {"x": geometry.get("x"), "y": geometry.get("y"), **attributes}
        yield _of_object(number, attributes, wanted)


def _of_object(line: int, content: Any, wanted: tuple[str, ...]) -> Record:
    if not isinstance(content, dict):
        return Record(line, {}, "column (all): is no object")
    fields = {str(name).strip(): _text(value) for name, value in content.items()}
    return Record(line, {**dict.fromkeys(wanted, ""), **fields})


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _check_columns(where: str, head: list[str], wanted: tuple[str, ...]) -> None:
    if not any(head):
        needed = f"there have to be {', '.join(wanted)}" if wanted else "a file of rows begins with their names"
        raise BadFile(f"{where}: no column at all; {needed}")
    missing = [name for name in wanted if name not in head]
    if missing:
        raise BadFile(f"{where}: no column {', '.join(missing)}; there are {', '.join(head)}")
