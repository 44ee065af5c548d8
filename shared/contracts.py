"""The language as documents: for each event a JSON Schema and a frozen example, AsyncAPI, and what breaks a reader.

`python -m shared.contracts` writes what is new below `shared/schemas/`, and refuses a change that an older or a newer
version of the code could not live with: such a change is a new event beside the old one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.events import COMMAND_TYPES, EVENTS, Event
from shared.topics import TOPICS

FOLDER = Path(__file__).parent / "schemas"
BOUNDS = {"maxLength": -1, "maxItems": -1, "maximum": -1, "minLength": 1, "minItems": 1, "minimum": 1}
"""Limits, and the direction in which a change of theirs is narrower."""


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's value."""
    return kind.model_json_schema(mode="serialization")


def text_of(document: Any) -> str:
    """How a document stands in its file."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What in `new` a record written under `old`, or a reader that knows only `old`, could not live with."""
    return list(_Comparison(old.get("$defs", {}), new.get("$defs", {})).walk(old, new, "", frozenset()))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two schemas, by the parts that they refer to."""

    old_parts: dict[str, Any]
    new_parts: dict[str, Any]

    def walk(self, old: dict[str, Any], new: dict[str, Any], at: str, seen: frozenset[str]) -> Iterator[str]:
        """The faults at a place and below it; a schema that refers to itself is walked once."""
        reference = old.get("$ref", "")
        if reference in seen:
            return
        seen |= {reference} if reference else frozenset()
        old, new = _followed(old, self.old_parts), _followed(new, self.new_parts)
        yield from (f"{at or 'the event'}: {fault}" for fault in _narrower(old, new))
        for name, part in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self.walk(part, new["properties"][name], f"{at}.{name}".lstrip("."), seen)
        if "items" in old and "items" in new:
            yield from self.walk(old["items"], new["items"], f"{at}[]", seen)
        for number, (before, after) in enumerate(zip(old.get("anyOf", []), new.get("anyOf", []), strict=False)):
            yield from self.walk(before, after, f"{at}|{number}", seen)


def _narrower(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What is wrong at one place."""
    if old.get("type") != new.get("type") or old.get("format") != new.get("format"):
        yield f"was {_kind(old)}, is {_kind(new)}"
    if gone := set(old.get("enum", [])) - set(new.get("enum", old.get("enum", []))):
        yield f"{sorted(gone)} can no longer be read"
    for bound, direction in BOUNDS.items():
        if bound in new and (bound not in old or (new[bound] - old[bound]) * direction > 0):
            yield f"{bound} was {old.get(bound)}, is {new[bound]}"
    before, after = old.get("properties", {}), new.get("properties", {})
    if gone := before.keys() - after.keys():
        yield f"{sorted(gone)} gone"
    for name in after.keys() - before.keys():
        if "default" not in after[name]:
            yield f"{name} is new and has no default"
    if len(old.get("anyOf", [])) > len(new.get("anyOf", [])):
        yield "takes fewer kinds of value"


def _followed(part: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    return {**parts[name], **{key: value for key, value in part.items() if key != "$ref"}} if name else part


def _kind(part: dict[str, Any]) -> str:
    return "/".join(str(part[key]) for key in ("type", "format") if key in part) or "several kinds"


def example_of(kind: type[Event]) -> dict[str, Any]:
    """A value with every field filled, made from the schema."""
    schema = kind.model_json_schema()
    example: dict[str, Any] = _example(schema, schema.get("$defs", {}), kind.type)
    return example


def _example(part: dict[str, Any], parts: dict[str, Any], name: str) -> Any:
    part = _followed(part, parts)
    if "anyOf" in part:
        return _example(next(choice for choice in part["anyOf"] if choice.get("type") != "null"), parts, name)
    if "const" in part or "enum" in part:
        example = part.get("const", part.get("enum", [None])[0])
    elif "examples" in part:
        example = part["examples"][0]
    elif part.get("type") == "object":
        example = {key: _example(value, parts, key) for key, value in part.get("properties", {}).items()}
    elif part.get("type") == "array":
        example = [_example(part["items"], parts, name)]
    elif part.get("format") == "date-time":
        example = "2026-01-01T12:00:00Z"
    elif part.get("format") == "date":
        example = "2026-01-01"
    else:
        example = {"integer": max(1, part.get("minimum", 1)), "number": 1, "boolean": False}.get(
            part.get("type", ""), name.replace("_", "-")
        )
    return example


def asyncapi() -> dict[str, Any]:
    """An AsyncAPI 3.0 document of the streams: what each topic is for, and every event with its schema."""
    streams = [topic for topic in TOPICS if not topic.compacted]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "careroute",
            "version": "1",
            "description": "Records are keyed by agency; see shared/events.",
        },
        "channels": {
            topic.name: {"address": topic.name, "description": f"Written by {topic.written_by}."} for topic in streams
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "summary": " ".join((kind.__doc__ or "").split()),
                    **({"x-decided-by": COMMAND_TYPES[name].decided_by} if name in COMMAND_TYPES else {}),
                    "payload": {"$ref": f"{name}.schema.json"},
                }
                for name, kind in sorted(EVENTS.items())
            }
        },
    }


def faults() -> list[str]:
    """How the files differ from the code; empty when all is well."""
    wrong = []
    for name, kind in sorted(EVENTS.items()):
        path = FOLDER / f"{name}.schema.json"
        if not path.exists():
            wrong.append(f"{path.name} is missing: run `python -m shared.contracts`")
            continue
        old, new = json.loads(path.read_text("utf-8")), schema_of(kind)
        wrong += [f"{name}: {fault}; make it a new event" for fault in breaking(old, new)]
        if old != new:
            wrong.append(f"{path.name} is not what the code says: run `python -m shared.contracts`")
    published = (path.name for path in FOLDER.glob("*.schema.json"))
    gone = [name for name in published if name.removesuffix(".schema.json") not in EVENTS]
    wrong += [f"{name}: a published event is gone" for name in gone]
    return wrong


def main() -> int:
    """Write what is new; refuse what breaks."""
    FOLDER.mkdir(exist_ok=True)
    broken = [fault for fault in faults() if "run `python" not in fault]
    if broken:
        sys.stderr.write("\n".join(broken) + "\n")
        return 1
    for name, kind in EVENTS.items():
        (FOLDER / f"{name}.schema.json").write_text(text_of(schema_of(kind)), "utf-8")
        example = FOLDER / f"{name}.example.json"
        if not example.exists():
            example.write_text(text_of(example_of(kind)), "utf-8")
    (FOLDER / "asyncapi.json").write_text(text_of(asyncapi()), "utf-8")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m shared.contracts", description=__doc__).parse_args()
    sys.exit(main())
