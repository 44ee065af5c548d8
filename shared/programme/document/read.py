"""From the text of a document to a verified programme, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from shared.programme.document.compile import compiled
from shared.programme.document.faults import Fault, ProgrammeRefused, field_name, findings_of
from shared.programme.document.finding import Finding
from shared.programme.document.heard import weaker_of, words_taken_out
from shared.programme.document.limits import counts
from shared.programme.document.lines import Lines
from shared.programme.document.syntax import parsed
from shared.programme.document.verify import findings
from shared.programme.document.written import Document
from shared.programme.judging.programme import Programme

MAX_FAULTS: Final = 100
"""Told of one document: who has mended these sees the others."""
MAX_ERRORS: Final = 1_000
"""Put into words, of which some only follow from others."""


def read(text: str) -> Programme:
    """The programme that `text` (TOML) says. Raises `ProgrammeRefused` with every fault that could be found.

    A part of the document (a top-level key) with a fault of its own is not checked against the other parts.
    """
    toml = parsed(text)
    faults = [Fault(slip.line, "document", slip.what, slip.right) for slip in toml.slips]
    if toml.tables is None:
        raise ProgrammeRefused(faults)
    raw: dict[str, Any] = _frozen(toml.tables)
    if too_many := list(counts(raw)):
        raise ProgrammeRefused([*faults, *_with_lines(too_many, toml.text)])
    document, sound, wrong = _shaped(raw, toml.broken)
    wrong += islice(findings(document, sound), MAX_FAULTS)
    if wrong or faults:
        raise ProgrammeRefused([*faults, *_with_lines(wrong[:MAX_FAULTS], toml.text)])
    weaker = (*(item.words for item in weaker_of(document)), *words_taken_out(document))
    return compiled(document, text, weaker)


def _with_lines(wrong: list[Finding], text: str) -> list[Fault]:
    lines = Lines(text)
    return [Fault(lines.at(finding.path), field_name(finding.path), finding.what, finding.right) for finding in wrong]


def _frozen(value: Any) -> Any:
    """`value` with tuples for lists, as the model wants them."""
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _shaped(raw: dict[str, Any], left_out: frozenset[str]) -> tuple[Document, frozenset[str], list[Finding]]:
    """The document as far as its parts are well formed, the names of those parts, and the faults of the others.

    Where something could not be read, nothing is missing, and nothing is checked against it.
    """
    fields = Document.model_fields
    try:
        document = Document.model_validate(raw)
    except ValidationError as refused:
        errors = refused.errors(include_url=False)
    else:
        return document, frozenset(fields) - left_out, []
    broken = {str(error["loc"][0]) for error in errors} | left_out
    sound = {
        name: _part(name).validate_python(raw[name], strict=True)
        for name in fields
        if name in raw and name not in broken
    }
    document = Document.model_construct(None, **sound)
    lost = left_out if "" not in left_out else frozenset(fields)
    told = [error for error in errors if error["type"] != "missing" or error["loc"][0] not in lost]
    return document, frozenset(fields) - broken, list(islice(findings_of(told[:MAX_ERRORS]), MAX_FAULTS))


@cache
def _part(name: str) -> TypeAdapter[Any]:
    """What a part of the document has to be. Made once: that takes longer than to read the part."""
    return TypeAdapter(cast("Any", Document.model_fields[name].annotation))
