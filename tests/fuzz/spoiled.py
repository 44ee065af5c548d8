"""Good inputs with something wrong in them: parts replaced, left out, doubled, and texts that have broken readers."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

TEXTS = (
    "", " ", "-", "0", "-1", "9" * 400, "1e999", "NaN", "null", "\x00", "\ud83d", "\u202e", "\u200e", "\ufeff",
    "💥" * 50, "../..", "a" * 5_000, "<a " * 5_000, "<!--" * 4_000, "[" * 3_000, "{" * 3_000, "&#0;&#x110000;", "%s%n",
    "a.b" * 800, "23:59:60Z", "2026-03-08T02:30:00", "9999-12-31T23:59:59Z", "localtime", "javascript:1", "http://a..b/",
    "(a+)+$", '"""', "= = =", "[[x]]\n", "\r\n", "x = 1\n", "# \n", "'", "inf", "0x" + "f" * 900,
    "1979-05-27T07:32:00Z",
)  # fmt: skip
TEXT = st.sampled_from(TEXTS) | st.text(max_size=40)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda value: st.lists(value, max_size=4) | st.dictionaries(TEXT, value, max_size=4),
    max_leaves=8,
)


@st.composite
def spoiled_json(draw: st.DrawFn, good: Sequence[Any]) -> bytes:
    """A body: one of these, or anything, with some parts changed; now and then no JSON at all."""
    body: Any = copy.deepcopy(draw(st.sampled_from(good))) if draw(st.integers(0, 9)) else draw(VALUE)
    for _ in range(draw(st.integers(0, 3))):
        body = _changed(draw, body)
    written = json.dumps(body).encode() if draw(st.booleans()) else _with_surrogates(body)
    return written if draw(st.integers(0, 9)) else draw(_cut(written))


def _with_surrogates(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _changed(draw: st.DrawFn, body: Any) -> Any:
    if not isinstance(body, dict | list) or not body or not draw(st.integers(0, 3)):
        return draw(VALUE)
    if isinstance(body, list):
        number = draw(st.integers(0, len(body) - 1))
        body[number] = _changed(draw, body[number])
        return body + body[number:] if draw(st.booleans()) else body
    name = draw(st.sampled_from(sorted(body)))
    fate = draw(st.integers(0, 4))
    if fate == 0:
        del body[name]
    elif fate == 1:
        body[draw(TEXT)] = body[name]
    else:
        body[name] = _changed(draw, body[name])
    return body


def _cut(written: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(written)).map(lambda at: written[:at] + b"\xff" + written[at + 1 :])


@st.composite
def spoiled_text(draw: st.DrawFn, good: Sequence[str]) -> str:
    """A file: one of these with some stretches left out, doubled or replaced."""
    text = draw(st.sampled_from(good))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        middle = draw(st.sampled_from(("", text[start:end] * 2)) | TEXT)
        text = text[:start] + middle + text[end:]
    return text
