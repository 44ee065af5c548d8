"""The schema and the reference page are what the model says, and say something of every key."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from shared.programme.trying.reference import reference, schema, schema_text
from tests.shared.programme.documents import PROGRAMMES

EXAMPLE = (PROGRAMMES / "example-city.toml").read_text()
SCHEMA = schema()


def test_the_schema_in_its_file_is_current() -> None:
    """Else: `careroute programme schema > deploy/programmes/programme.schema.json`."""
    assert (PROGRAMMES / "programme.schema.json").read_text() == schema_text()


def test_the_reference_page_is_current() -> None:
    """Else: `careroute programme reference deploy/programmes/example-city.toml > deploy/programmes/REFERENCE.md`."""
    assert (PROGRAMMES / "REFERENCE.md").read_text() == reference(EXAMPLE)


def test_every_key_has_a_meaning_and_an_example() -> None:
    rows = [line for line in reference(EXAMPLE).splitlines() if line.startswith("| `") and line.count("|") >= 6]
    keys = sum(len(part["properties"]) for part in SCHEMA["$defs"].values())
    assert len(rows) >= keys
    for row in rows:
        key, _, _, says, example = [cell.strip() for cell in row.replace("\\|", "/").split("|")[1:-1]][:5]
        assert says, key
        assert key.strip("`") in example, key
        assert "…`" not in example, key


@pytest.mark.parametrize("path", sorted(PROGRAMMES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_programme_that_is_delivered_fits_the_schema(path: Any) -> None:
    said = json.loads(json.dumps(tomllib.loads(path.read_text()), default=str))
    assert list(misfits(SCHEMA, said, SCHEMA["$defs"])) == []
    assert path.read_text().startswith("#:schema ./programme.schema.json\n") or path.stem in (
        "demo-city",
        "san-diego-replay",
    )


def test_a_misspelt_key_does_not_fit_the_schema() -> None:
    said = json.loads(json.dumps(tomllib.loads(EXAMPLE.replace("crew  ", "crow  ", 1)), default=str))
    assert list(misfits(SCHEMA, said, SCHEMA["$defs"])) == ["crow"]


def misfits(part: dict[str, Any], value: Any, parts: dict[str, Any]) -> Iterator[str]:
    """What does not fit, as far as an editor would mark it: unknown and missing keys, other kinds and values."""
    if "$ref" in part:
        yield from misfits(parts[part["$ref"].rpartition("/")[2]], value, parts)
    elif "anyOf" in part:
        yield from min((list(misfits(one, value, parts)) for one in part["anyOf"]), key=len)
    elif "enum" in part or "const" in part:
        yield from () if value in part.get("enum", [part.get("const")]) else (str(value),)
    elif part.get("type") == "object":
        yield from table_misfits(part, value, parts)
    elif part.get("type") == "array" and isinstance(value, list):
        for one in value if "items" in part else ():
            yield from misfits(part["items"], one, parts)
    elif not isinstance(value, {"string": str, "integer": int, "null": type(None), "array": list}[part["type"]]):
        yield str(value)


def table_misfits(part: dict[str, Any], value: Any, parts: dict[str, Any]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield str(value)
        return
    properties = part.get("properties", {})
    yield from (key for key in part.get("required", ()) if key not in value)
    for key, one in value.items():
        if key in properties:
            yield from misfits(properties[key], one, parts)
        elif (kind := named_freely(part, key)) is not None:
            yield from misfits(kind, one, parts)
        elif part.get("additionalProperties") is not True:
            yield key


def named_freely(part: dict[str, Any], key: str) -> dict[str, Any] | None:
    for pattern, kind in part.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return dict(kind)
    free = part.get("additionalProperties")
    return free if isinstance(free, dict) else None
