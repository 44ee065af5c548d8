"""Bodies that are nearly JSON: what a CAD's text handling breaks is mended, so that the facts beside it count."""

from __future__ import annotations

import codecs
import re

BROKEN_TEXT = "A broken character stands as U+FFFD: half a surrogate pair, or bytes that are no UTF-8."

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def mended(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The body without a byte-order mark and with U+FFFD for each broken character, and what to tell its sender."""
    plain = body.removeprefix(codecs.BOM_UTF8)
    text = plain.decode("utf-8", "replace").encode()
    if _LONE_SURROGATE.search(text):
        text = _ESCAPE.sub(lambda match: rb"\ufffd" if match[1] else match[0], text)
    return text, (BROKEN_TEXT,) if text != plain else ()
