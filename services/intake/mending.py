"""Bodies that are nearly JSON: what a CAD's text handling breaks is mended, so that the facts beside it count."""

from __future__ import annotations

import codecs
import re

from pydantic_core import from_json

BROKEN_TEXT = "A broken character stands as U+FFFD: half a surrogate pair, or bytes that are no UTF-8."
RAW_CONTROL = "A blank stands for a control character, like the end of a line, that was not written as JSON writes it."

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def mended(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The body without a byte-order mark, with U+FFFD for each broken character, and what to tell its sender."""
    plain = body.removeprefix(codecs.BOM_UTF8)
    text = plain.decode("utf-8", "replace").encode()
    if _LONE_SURROGATE.search(text):
        text = _ESCAPE.sub(lambda match: rb"\ufffd" if match[1] else match[0], text)
    notes = (BROKEN_TEXT,) if text != plain else ()
    without = _CONTROL.sub(b" ", text)  # between the parts of the document a blank is as good as the end of a line
    mends = without != text and not _is_json(text) and _is_json(without)
    return (without, (*notes, RAW_CONTROL)) if mends else (text, notes)


def _is_json(text: bytes) -> bool:
    try:
        from_json(text)
    except ValueError:
        return False
    return True
