"""Texts of an EIDO that stand where nobody looks for them: vendors write what they know into fields of their own.

They are sealed, and looked at for words, as what stands in fields for codes is. Names, addresses, codes of registries,
times and references are none of them, nor is what is told of agencies and units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

OF_OTHERS = frozenset((
    "agencycomponent", "agentcomponent", "callbackcomponent", "disposition", "dispositioncomponent",
    "emergencyresourcecomponent", "issuingelementidentification", "mergecomponent", "organizationcomponent",
    "queuecomponent",
))  # fmt: skip
"""In these stands nothing of the incident itself."""
_READ = frozenset((
    "beatordispatchgrouptext", "incidentpriorityinternaltext", "incidentstatusinternaltext", "incidenttypeinternalcode",
    "incidenttypeinternaltext", "internalincidentid", "medicalcondition", "mentalstate", "mood", "mooddescription",
    "notesactioncomments", "primarylanguage",
))  # fmt: skip
_NO_WORDS = ("cautiontype", "identif", "locationby", "registry", "severity")
"""In the name of a field. Short words stand in others, as `date` does in `updates`, `time` in `realTimeText`, `version`
in `conversation`, `source` in `resourceNotes`; and what is only a date, a number or a version has no words."""
_ENDS: tuple[str, ...] = (
    "address", "addresstext", "city", "code", "country", "county", "email", "name", "nametext", "reference", "source",
    "state", "street", "streettext", "uri", "url",
)  # fmt: skip
"""At its end: what stands there names somebody or something, and tells nothing."""
_TIME = re.compile(r"[\dTtZz:+.,\s-]*")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_\s-]*")
_NO: tuple[Any, ...] = (None, False, 0, "", "0", "f", "false", "n", "no", "none", [])
LONGEST_WORD = 200
"""A text without any blank that is longer is a picture or a key."""


def asides(content: Mapping[str, Any]) -> Iterator[str]:
    """Every such text, in the order of the names, which a vendor may write in any."""
    names = (name for name in sorted(content, reverse=True) if name.casefold() not in OF_OTHERS)
    waiting = [(name, content[name], _ENDS) for name in names]
    while waiting:
        name, value, ends = waiting.pop()
        folded = name.casefold()
        if folded in _READ or folded.startswith(("$", "@")) or folded.endswith(ends):
            continue
        if any(word in folded for word in _NO_WORDS):
            continue
        if isinstance(value, dict):
            ends = () if _is_pair(value) else _ENDS
            waiting += [(inner, value[inner], ends) for inner in sorted(value, reverse=True)]
        elif isinstance(value, list):
            waiting += [(name, each, ends) for each in reversed(value)]
        elif isinstance(value, str) and _is_said(value):
            yield value


def _is_pair(content: Mapping[str, Any]) -> bool:
    """Whether it is a field by its name and its value, as vendors write those of their own: `Weapons`, `Yes`."""
    return any(name.casefold() == "value" and not says_no(value) for name, value in content.items())


def says_no(value: Any) -> bool:
    """Whether a value is nothing, or says that there is none."""
    return (value.strip().casefold() if isinstance(value, str) else value) in _NO


def _is_said(text: str) -> bool:
    """Whether a text may be somebody's words."""
    is_encoded = max(map(len, text.split()), default=0) > LONGEST_WORD and _ENCODED.fullmatch(text) is not None
    return any(map(str.isalpha, text)) and not is_encoded and _TIME.fullmatch(text) is None
