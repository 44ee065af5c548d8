"""What is wrong with a document: line, field, what it is, what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from shared.programme.document.finding import Finding, heading_of_list
from shared.programme.document.kinds import shown
from shared.programme.document.lines import Path
from shared.programme.document.not_yet import NOT_YET
from shared.programme.document.written import LIST_FORM, TABLE_FORM, Document
from shared.programme.judging.facts import HAZARDS
from shared.validation import NAME_PATTERN


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong. `line` counts from 1; elements of a list count from 1 in `field` too."""

    line: int
    field: str
    what: str
    right: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"line {self.line}: {self.field}: {self.what}; {self.right}"


class ProgrammeRefused(ValueError):
    """The document does not say something that can be carried out safely; `faults` is everything that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Refuse for these faults, put in the order of their lines."""
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def field_name(path: Path) -> str:
    """`level[2].raised_by[1].weapon` for `("level", 1, "raised_by", 0, "weapon")`."""
    name = ""
    for part in path:
        if isinstance(part, int):
            name += f"[{part + 1}]"
        else:
            name += ("." if name else "") + (part if re.fullmatch(r"[\w-]+", part) else f'"{part}"')
    return name or "document"


def suggestion(wrong: object, candidates: Iterable[str]) -> str:
    """`did you mean …`, or what there is to choose from."""
    names, text = tuple(dict.fromkeys(candidates)), str(wrong)
    longer = [name for name in names if name.startswith(f"{text} ")]
    near = [name for name in names if abs(len(name) - len(text)) <= _AS_LONG] if len(text) <= _LONGEST else []
    close = longer or get_close_matches(text, near[:_COMPARED], n=1, cutoff=0.6)
    if close:
        return _did_you_mean(close[0])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"there is {', '.join(names[:_NAMED])}{more}" if names else "leave it out: there is nothing to name"


_NAMED, _COMPARED, _LONGEST, _AS_LONG = 20, 1_000, 80, 20
"""How many names are listed and compared, and how long they may be: comparing costs time."""


def _did_you_mean(name: object) -> str:
    return f"did you mean {name!r}?"


def findings_of(errors: list[ErrorDetails]) -> Iterator[Finding]:
    """What pydantic found, in careroute's words, without what only follows from another fault.

    A list is not called empty where its elements are at fault, nor a key missing where it is misspelt.
    """
    paths = [error["loc"] for error in errors]
    findings = {error["loc"]: _finding(error) for error in errors}
    suggested = {(*path[:-1], findings[path].right) for path in paths}
    for error in errors:
        path = error["loc"]
        if error["type"] == "too_short" and any(other[: len(path)] == path and other != path for other in paths):
            continue
        if error["type"] == "missing" and (*path[:-1], _did_you_mean(path[-1])) in suggested:
            continue
        yield findings[path]


def _finding(error: ErrorDetails) -> Finding:
    path = tuple(part for part in error["loc"] if part not in ("[key]", LIST_FORM, TABLE_FORM))
    if error["type"] == "careroute":
        context = error["ctx"]
        return Finding(path, context["what"], context["right"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(path)
    if error["type"] == "literal_error":
        return _unknown_value(path, error["input"], re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    if error["type"] == "missing":
        return Finding(path, "is missing", f"add {path[-1]}")
    if error["type"] == "too_short":
        return Finding(path, "is empty", "name at least one")
    return Finding(path, f"{shown(error['input'])} does not fit", _right(path, error))


def _right(path: Path, error: ErrorDetails) -> str:
    """What would fit where something of another kind stands."""
    if path[:1] == ("rollout",) and path[-1] == "cap":
        return "at_most_open or at_most_per_day with a number, or the name of one of [caps]"
    if error["type"] == "tuple_type" and (heading := heading_of_list(".".join(map(str, path)))):
        return heading
    if isinstance(error["input"], dict) and path[:1] == ("clocks",):
        return "the plain value; priority_deadline_seconds has those of priorities"
    right = _RIGHT.get(error["type"], "as the reference says of this key").format(**error.get("ctx") or {})
    if error["type"] == "less_than_equal" and path[:1] == ("clocks",):
        right += f": {_WHY_SO_SOON[str(path[1])]}"
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] == NAME_PATTERN:
        right = "letters, digits and the marks . _ : @ - without blanks, like madison-wi"
    return right


_RIGHT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "int_type": "a whole number, without quotes",
        "string_type": "text in quotes",
        "date_type": "a date without quotes, like 2021-09-01",
        "date_from_datetime_inexact": "a date alone, like 2021-09-01",
        "date_from_datetime_parsing": "a date without quotes, like 2021-09-01",
        "datetime_type": "a time without quotes, like 2021-09-01T00:00:00",
        "tuple_type": "a list, in brackets",
        "model_type": "a table, in braces",
        "model_attributes_type": "a table, in braces",
        "dict_type": "a table: names, each with what it means",
        "too_long": "at most {max_length}",
        "int_from_float": "a whole number",
        "greater_than_equal": "{ge} or more",
        "less_than_equal": "{le} or less",
        "string_too_long": "at most {max_length} characters",
        "string_pattern_mismatch": "small letters and digits, with hyphens between words, like mental-health",
    }
)
"""By pydantic's name of what is wrong, in words of careroute's own."""
_WAIT: Final = "a caller waits until then, and the default stands at the latest then"
_NEWS: Final = "what nobody has heard of for an hour may be over, or somewhere else"
_ALONE: Final = "a team on scene may need help that it cannot ask for"
_NOBODY: Final = "nobody comes while a call waits"
_WHY_SO_SOON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "routing_deadline_seconds": _WAIT,
        "priority_deadline_seconds": _WAIT,
        "cad_notice_seconds": "the time for telling the CAD is taken from the routing deadline",
        "offer_expiry_seconds": "a team that has not answered by then does not answer, and another one may",
        "transfer_ack_seconds": "a caller hears it ring until then",
        "status_stale_minutes": _NEWS,
        "call_stale_minutes": _NEWS,
        "accepted_not_moving_minutes": "somebody waits for a team that may not come",
        "on_scene_check_minutes": _ALONE,
        "missed_safety_checks": _ALONE,
        "hold_minutes": _NOBODY,
        "priority_hold_minutes": _NOBODY,
        "hold_notice_minutes": _NOBODY,
        "staged_notice_minutes": "somebody may wait inside for a team that nobody lets in",
    }
)
"""Why a clock may not be longer."""


def _unknown_key(path: Path) -> Finding:
    key = path[-1]
    part = "" if len(path) == 1 else path[0]
    later = NOT_YET.get(str(part), {}).get(str(key))
    if later is not None:
        return Finding(path, f"{key!r} is written otherwise", later)
    if key in HAZARDS and "only_when" in path:
        what = f"{key!r} is a hazard, and nothing goes because of one"
        return Finding(path, what, f"raise the calls that it must not go to: raised_by = [{{ {key} = … }}] of a level")
    return Finding(path, f"unknown key {key!r}", suggestion(key, _keys(path[:-1])))


def _unknown_value(path: Path, value: object, candidates: list[str]) -> Finding:
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    what = f"{shown(value)} is no fact" if key == "fact" else f"{shown(value)} is no value of {key}"
    return Finding(path, what, suggestion(value, candidates))


def _keys(path: Path) -> list[str]:
    """The keys that the table at `path` knows."""
    kind: Any = Document
    for part in path:
        kind = _inside(kind, part)
    return [field.alias or name for name, field in kind.model_fields.items()] if _is_table(kind) else []


def _inside(kind: Any, part: str | int) -> Any:
    """The type of what stands under `part` in something of the type `kind`."""
    if _is_table(kind):
        by_name = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        return _bare(by_name.get(str(part)))
    inner = [item for item in get_args(kind) if item is not Ellipsis]
    return _bare(inner[-1]) if inner else None


def _bare(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        items = [_bare(item) for item in get_args(kind) if item is not type(None)]
        return next(filter(_is_table, items), items[0])
    return kind


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
