"""From the text of a document to a verified programme, or to everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from shared.programme.document.compile import compiled
from shared.programme.document.faults import Fault, Finding, ProgrammeRefused, field_name, findings_of
from shared.programme.document.lines import Lines
from shared.programme.document.verify import findings
from shared.programme.document.written import Document
from shared.programme.judging.programme import Programme

MAX_CHARACTERS = 1_000_000
"""200 districts with 2,000 codes take a fifth of it."""


def read(text: str) -> Programme:
    """The programme that `text` (TOML) says. Raises `ProgrammeRefused` with every fault that could be found.

    A part of the document (a top-level key) with a fault of its own is not checked against the other parts.
    """
    document, sound, wrong = _shaped(_parsed(text))
    wrong += findings(document, sound)
    if wrong:
        lines = Lines(text)
        raise ProgrammeRefused(
            Fault(lines.at(finding.path), field_name(finding.path), finding.what, finding.right) for finding in wrong
        )
    return compiled(document, text)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        what = f"{len(text)} characters are too many"
        raise ProgrammeRefused([Fault(1, "document", what, f"at most {MAX_CHARACTERS}")])
    try:
        text.encode()
        return {key: _frozen(value) for key, value in tomllib.loads(text).items()}
    except RecursionError:
        raise ProgrammeRefused([Fault(1, "document", "is nested too deeply", "a few levels are enough")]) from None
    except ValueError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1 if "end of document" in str(error) else 1
        what, right = f"is no TOML: {str(error)[:1].lower()}{str(error)[1:]}", "see toml.io"
        if r"'\n'" in what:
            what, right = "is no TOML: quotation marks stay open at the end of the line", "close them; see toml.io"
        raise ProgrammeRefused([Fault(line, "document", what, right)]) from None


def _frozen(value: Any) -> Any:
    """`value` with tuples for lists, as the model wants them."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _shaped(raw: dict[str, Any]) -> tuple[Document, frozenset[str], list[Finding]]:
    """The document as far as its parts are well formed, the names of those parts, and the faults of the others."""
    fields = Document.model_fields
    try:
        return Document.model_validate(raw), frozenset(fields), []
    except ValidationError as refused:
        errors = refused.errors(include_url=False)
    broken = {str(error["loc"][0]) for error in errors}
    sound = {
        name: TypeAdapter(cast("Any", field.annotation)).validate_python(raw[name], strict=True)
        for name, field in fields.items()
        if name in raw and name not in broken
    }
    document = Document.model_construct(None, **sound)
    return document, frozenset(fields) - broken, list(findings_of(errors))
