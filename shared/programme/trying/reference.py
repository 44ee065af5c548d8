"""The JSON Schema of the document, for editors, and its reference page: both generated from the model."""

from __future__ import annotations

import ast
import inspect
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from shared.programme.document import written
from shared.programme.document.floor import FLOOR
from shared.programme.document.not_yet import NOT_YET
from shared.programme.document.verify import CREWS
from shared.programme.document.written import Document
from shared.programme.judging.facts import CHOICES, HAZARDS, MEANINGS

Parts = Mapping[str, Any]


def schema() -> dict[str, Any]:
    """The JSON Schema of a document, as editors of TOML read it."""
    document = Document.model_json_schema(mode="validation", by_alias=True)
    parts = {"Document": document, **document["$defs"]}
    for name, keys in _said().items():
        for key, says in keys.items():
            alias = getattr(written, name).model_fields[key].alias
            parts[name]["properties"][alias or key]["description"] = says
    return {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "programme.schema.json", **document}


def _said() -> dict[str, dict[str, str]]:
    """What the source says of each table's keys. Pydantic would look for it at each start of every process."""
    tables = (part for part in ast.parse(inspect.getsource(written)).body if isinstance(part, ast.ClassDef))
    return {
        table.name: {
            key.target.id: inspect.cleandoc(says.value.value)
            for key, says in pairwise(table.body)
            if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name)
            if isinstance(says, ast.Expr) and isinstance(says.value, ast.Constant) and isinstance(says.value.value, str)
        }
        for table in tables
    }


def schema_text() -> str:
    """The same, as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def reference(example: str) -> str:
    """The reference page; every key has an example, from the document `example` where that has one."""
    whole = schema()
    parts, sample = whole["$defs"], tomllib.loads(example)
    lines = [_OPENING.strip(), ""]
    for header, part, values in _tables(whole, sample):
        lines += [f"## `{header}`" if header else "## Head", "", _line(part.get("description", "")), "", *_HEAD]
        for key, field in part["properties"].items():
            if header or not _is_table(field, parts):
                value = next((value[key] for value in values if key in value), None)
                lines.append(_row(key, field, parts, key in part.get("required", ()), value))
        lines.append("")
    return "\n".join([*lines, *_facts(), *_floor(), *_crews(), *_later()])


_OPENING: Final = """
# The programme document: reference

Generated from the model by `careroute programme reference`. A document is TOML; an unknown or misspelt key is a fault.
`careroute programme check` says what a document means, or everything that is wrong with it. The first line
`#:schema ./programme.schema.json` has an editor complete and check it.

The one rule: **a call stands on the highest level that any fact raises it to; a fact that nobody knows raises it as its
worst value would.** What raises applies unless it is known to be false, what permits (`only_when`) only if it is known
to be true. Of several sources the worst counts.
"""
_HEAD: Final = ("| key | holds | when left out | says | example |", "|---|---|---|---|---|")


def _tables(whole: Parts, sample: dict[str, Any]) -> Iterator[tuple[str, Parts, list[Any]]]:
    """Each table's header, its schema, and those of its kind that the example has."""
    parts, heard = whole["$defs"], sample.get("heard", {})
    codes = [entry for system in sample["call_types"].values() for entry in system.values()]
    answers = [item if isinstance(item, dict) else {"fact": item} for item in heard.get("answers", {}).values()]
    levels, responses, rows = sample["level"], list(sample["responses"].values()), sample["rollout"]
    floor = sample.get("safety_floor", {})
    yield "", whole, [sample]
    yield "[holidays]", parts["Holidays"], [sample.get("holidays", {})]
    yield (
        "[districts] NAME = { … }",
        parts["DistrictTable"],
        [item for item in sample["districts"].values() if isinstance(item, dict)],
    )
    yield (
        "[districts] NAME = { boundary = { … } }",
        parts["Boundary"],
        [item["boundary"] for item in sample["districts"].values() if isinstance(item, dict) and "boundary" in item],
    )
    yield "[code_systems.NAME]", parts["CodeSystem"], list(sample.get("code_systems", {}).values())
    yield '[call_types.SYSTEM] "CODE" = { … }', parts["CallTypeEntry"], codes
    yield "[heard]", parts["Heard"], [heard]
    yield "[heard] answers = { QUESTION = { … } }", parts["Answer"], answers
    yield "[heard] cautions = { FLAG = { … } }", parts["Caution"], list(heard.get("cautions", {}).values())
    yield (
        "[heard] priorities = { PRIORITY = { … } }",
        parts["PriorityFacts"],
        list(heard.get("priorities", {}).values()),
    )
    yield "[heard] words = { … }", parts["HazardWords"], [heard.get("words", {})]
    yield "[[level]]", parts["Level"], levels
    yield (
        "[[level]] raised_by = [{ … }]",
        parts["RaisedBy"],
        [item for level in levels for item in level.get("raised_by", ())],
    )
    yield "[responses.NAME]", parts["Response"], responses
    yield (
        "[responses.NAME] only_when = { … }",
        parts["OnlyWhen"],
        [item["only_when"] for item in responses if "only_when" in item],
    )
    yield "[[rollout]]", parts["Rollout"], rows
    yield "[caps.NAME]", parts["SharedCap"], list(sample.get("caps", {}).values())
    yield "[[rollout]] arm = { … }", parts["Arm"], [row["arm"] for row in rows if isinstance(row.get("arm"), dict)]
    yield "[when_no_team]", parts["WhenNoTeam"], [sample["when_no_team"]]
    yield "[when_no_team] steps = [{ … }]", parts["Step"], sample["when_no_team"]["steps"]
    yield "[repeat_callers]", parts["RepeatCallers"], [sample.get("repeat_callers", {})]
    yield "[automatic_pause]", parts["AutomaticPause"], [sample.get("automatic_pause", {})]
    yield "[alarms]", parts["Alarms"], [sample.get("alarms", {})]
    yield "[clocks]", parts["Clocks"], [sample.get("clocks", {})]
    yield "[safety_floor]", parts["SafetyFloor"], [floor]
    yield "[safety_floor] police = { … }, ems = { … }", parts["FloorLine"], list(floor.values())


def _row(key: str, field: Parts, parts: Parts, required: bool, value: Any) -> str:  # noqa: FBT001  of the schema
    holds = _holds(field, parts)
    default = "must be there" if required else _default(field)
    if value is None:
        value = _sample(field, parts)
    example = f"`{_key(key)} = {_toml(value)}`"
    return f"| `{key}` | {_cell(holds)} | {default} | {_line(field.get('description', ''))} | {_cell(example)} |"


def _is_table(field: Parts, parts: Parts) -> bool:
    """Whether a key of the head has a table of its own further down."""
    kind = _followed(field, parts)
    return kind.get("type") == "object" or (kind.get("type") == "array" and "$ref" in kind.get("items", {}))


def _followed(field: Parts, parts: Parts) -> Parts:
    if "$ref" in field:
        return _followed(parts[field["$ref"].rpartition("/")[2]], parts)
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    return _followed(choices[0], parts) if len(choices) == 1 else field


def _holds(field: Parts, parts: Parts) -> str:
    kind = _followed(field, parts)
    if "anyOf" in kind:
        return " or ".join(
            dict.fromkeys(_holds(choice, parts) for choice in kind["anyOf"] if choice.get("type") != "null")
        )
    if "const" in kind or "enum" in kind:
        return " · ".join(f"`{_toml(value)}`" for value in kind.get("enum", [kind.get("const")]))
    if kind["type"] == "array":
        return f"list of {_holds(kind['items'], parts)}" if "items" in kind else "lists"
    if kind["type"] == "integer":
        bounds = [str(kind[name]) for name in ("minimum", "maximum") if name in kind]
        return "a number" + (f" from {' to '.join(bounds)}" if bounds else "")
    if kind["type"] == "object":
        return "a table"
    return {"date": "a date", "date-time": "a time"}.get(kind.get("format", ""), "words")


def _default(field: Parts) -> str:
    default = field.get("default")
    if default in (None, [], {}, ""):
        return "nothing"
    return "everyone" if isinstance(default, dict) else f"`{_toml(default)}`"


def _sample(field: Parts, parts: Parts) -> Any:
    """Some value that fits, for a key that the example does not have."""
    kind = _followed(field, parts)
    if "anyOf" in kind:
        return _sample(kind["anyOf"][0], parts)
    if "const" in kind or "enum" in kind:
        return kind.get("enum", [kind.get("const")])[-1]
    if kind["type"] == "array":
        return [_sample(kind["items"], parts)]
    if kind["type"] == "integer":
        return field.get("default", kind.get("minimum", 1))
    return {} if kind["type"] == "object" else "…"


def _toml(value: Any) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_toml(item)}" for name, item in list(value.items())[:2])
        return f"{{ {inner}{', …' if len(value) > 2 else ''} }}"  # noqa: PLR2004  as an example two are enough
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value[:3]))}{', …' if len(value) > 3 else ''}]"  # noqa: PLR2004  as above
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _line(text: str) -> str:
    return _cell(" ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- what the schema does not say


def _facts() -> Iterator[str]:
    yield from (
        "## Facts",
        "",
        "A hazard's values stand in order, the calmest first; `none` means asked, and none known.",
        "",
    )
    yield from ("| fact | about | values |", "|---|---|---|")
    for fact, about in MEANINGS.items():
        values = " < ".join(f"`{value}`" for value in HAZARDS.get(fact, ()))
        values = values or ", ".join(f"`{value}`" for value in CHOICES.get(fact, ()))
        yield f"| `{fact}` | {about} | {values or _OTHER_VALUES[fact]} |"
    yield ""


_OTHER_VALUES: Final = {
    "age": '`"18 or more"`, `"under 18"`, `"13 to 17"`',
    "language": "as the CAD writes it, capitals apart",
    "caller_wants": "`none`, `alternative`, `police`",
}


def _floor() -> Iterator[str]:
    yield from (
        "## The safety floor",
        "",
        "A document whose levels could send less is refused; it may only tighten this.",
        "",
    )
    yield from (
        f"- {hazard} `{value}` or worse: everything that is sent brings {service}" for hazard, value, service in FLOOR
    )
    yield from (
        "",
        "Police come with an `officer` in the crew, or with the default beside which a response goes; EMS with an",
    )
    yield from ("`emt` or `paramedic`, or with the default unless `replaces` names `ems`.", "")


def _crews() -> Iterator[str]:
    yield from (
        "## Which crew a model has",
        "",
        "| model | at least one of each | an officer on board |",
        "|---|---|---|",
    )
    for model, (needs, officer_rides) in CREWS.items():
        each = "; ".join(" or ".join(f"`{discipline}`" for discipline in sorted(disciplines)) for disciplines in needs)
        yield f"| `{model}` | {each or 'any'} | {'yes' if officer_rides else 'no'} |"
    yield ""


def _later() -> Iterator[str]:
    yield from ("## Written otherwise", "", "Keys that are refused by name, with what to write instead.", "")
    for part, keys in NOT_YET.items():
        for key, instead in keys.items():
            yield f"- {f'`{part}`: ' if part else ''}`{key}`: {instead}"
    yield ""
