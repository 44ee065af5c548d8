"""Reads and writes the documents of the model; what is wrong in one is said by line and field."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from deploy.capacity.inputs import Table
from shared.programme.document.faults import Fault, field_name
from shared.programme.document.lines import Lines

D = TypeVar("D", bound=Table)

MOST_BYTES = 200_000
_SAID_FIRST = re.compile("^(Input|Value error,) ")


class InputsRefused(ValueError):
    """A document that cannot be reckoned with; a line for each fault."""


def read(kind: type[D], path: Path) -> D:
    """The document in a file. Raises InputsRefused, OSError."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputsRefused(f"{path.name}: longer than {MOST_BYTES} bytes; it is a page or two")
    try:
        return parsed(kind, content.decode())
    except UnicodeDecodeError as error:
        raise InputsRefused(f"{path.name}: byte {error.start} is no UTF-8; save it as UTF-8") from None
    except InputsRefused as refused:
        faults = str(refused).splitlines()
        raise InputsRefused("\n".join(f"{path.name}: {fault}" for fault in faults)) from None


def parsed(kind: type[D], text: str) -> D:
    """The document that a text (TOML) says. Raises InputsRefused."""
    try:
        return kind.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise InputsRefused("\n".join(map(str, sorted(_faults(error, Lines(text)))))) from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InputsRefused(f"no TOML: {error}") from None


def _faults(refused: ValidationError, lines: Lines) -> Iterator[Fault]:
    for error in refused.errors(include_url=False):
        path = tuple(part for part in error["loc"] if part != "[key]")
        match error["type"]:
            case "missing":
                what, right = "is missing", f"add {path[-1]}"
            case "extra_forbidden":
                what, right = "is unknown", "take it out, or see whether it is misspelt"
            case _:
                what, right = f"{_shown(error['input'])} does not fit", _SAID_FIRST.sub("", error["msg"])
        yield Fault(lines.at(path), field_name(path), what, right)


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'table'} of {len(value)}"
    return repr(value)[:60]


def written(document: Table, remark: str) -> str:
    """A document as TOML, with a remark above it."""
    lines = [f"# {remark}", *_written(document.model_dump(), ())]
    return "\n".join(lines) + "\n"


def _written(values: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    if path and len(tables) < len(values):
        yield f"\n[{'.'.join(path)}]"
    for key, value in values.items():
        if key in tables:
            continue
        yield f"{key} = {value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)}"
    for key, table in tables.items():
        yield from _written(table, (*path, key))
