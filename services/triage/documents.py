"""A document that is proposed: read beside the loop before anything is decided, in a process that can be ended."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from services.triage.apart import Apart, NotStarted
from services.triage.state import parsed
from shared.programme import Programme, ProgrammeRefused

MAX_DOCUMENT_BYTES: Final = 600_000
APART: Final = Apart()

_dear: OrderedDict[bytes, ProgrammeRefused] = OrderedDict()
"""The refusals of documents that cost too much to read here, by the hash of their text."""
_MOST_DEAR: Final = 1024


def prepare(text: str) -> None:
    """Read the document, or remember that it may not be read in this process."""
    if size_of(text) > MAX_DOCUMENT_BYTES or _key(text) in _dear:
        return
    try:
        APART.endures(text)
    except NotStarted:
        return  # what it costs the decision finds out, within its budget
    except ProgrammeRefused as refused:
        _dear[_key(text)] = refused.with_traceback(None)
        while len(_dear) > _MOST_DEAR:
            _dear.popitem(last=False)
        return
    parsed(text)


def proposed(text: str) -> Programme:
    """The programme that a proposed document says. Raises ProgrammeRefused; sent again, it is tried again."""
    if (refused := _dear.pop(_key(text), None)) is not None:
        raise refused
    return parsed(text)


def size_of(text: str) -> int:
    """In bytes, as it is stored."""
    return len(text.encode("utf-8", "replace"))


def _key(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
