"""What a reader sees of a narrative that may be HTML: EIDO notes are, and flat ones sometimes.

It takes time in proportion to the length of the text, whatever is in it, and nothing that may be a word is lost: what
only looks like a tag is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from types import MappingProxyType
from typing import Final

_BREAKS = (
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol option p pre section table tbody td tfoot th thead title tr ul"
)
_INLINE = (
    "!doctype a abbr b bdi bdo big body center cite code del dfn em font head html i img input ins kbd label link mark "
    "meta q s samp small span strike strong sub sup textarea tt u var wbr"
)
_SEEN_TAGS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys((*_INLINE.split(), "script", "style"), "") | dict.fromkeys(_BREAKS.split(), "\n")
)
_ALL_TAGS: Final[Mapping[str, str]] = MappingProxyType({**_SEEN_TAGS, "!--": "", "--": ""})
_JOINT = "\x00"
"""Stands where something unseen was until all tags are gone, so that what is left on both sides makes no tag."""
# Each looks no further than the next `<`: however many of them begin, every character is looked at a few times.
_END = rf"""(?=[\s/>])(?:(?:[^<>"'{_JOINT}]+|"[^"<{_JOINT}]*"|'[^'<{_JOINT}]*')*+|[^<>{_JOINT}]*+)>"""
_TAG = re.compile(rf"<(?:/?(!?[A-Za-z][A-Za-z0-9]*+){_END}|(!--))|(--)>")
_OPENS = re.compile(rf"<!--|<(script|style){_END}", re.IGNORECASE)
_INNERMOST = re.compile("<!--[^<]*?-->")
_CLOSES = {
    "": re.compile("--!?>"),
    "script": re.compile(rf"</script{_END}", re.IGNORECASE),
    "style": re.compile(rf"</style{_END}", re.IGNORECASE),
}
_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+)|[A-Za-z][A-Za-z0-9]{1,31});?")
_MOST_DIGITS = 12


def plain_text(narrative: str) -> str:
    """The text of an HTML fragment."""
    if not _may_be_html(narrative):
        return narrative
    return _without_tags("".join(_seen_parts(narrative.replace(_JOINT, ""))), _SEEN_TAGS).strip()


def readings(narrative: str) -> tuple[str, ...]:
    """The text as it came, as a reader of HTML sees it, and with what that reader does not see: for finding words.

    The first two again without what a CAD has escaped once too often, and with what RTF writes as codes.
    Where comments stand in each other nobody can say which is meant, so the innermost are left out, and are not.
    """
    unescaped = _unescaped(narrative)
    again = () if unescaped == narrative else (unescaped, plain_text(unescaped))
    return tuple(dict.fromkeys((*_readings(narrative), *again)))


_ESCAPED = re.compile(r"\\(?:([nrtvf])|u([0-9a-fA-F]{4})|['x]([0-9a-fA-F]{2}))")
"""The end of a line, and a character by its code, in the text of a JSON text; the latter in RTF, too."""


def _unescaped(text: str) -> str:
    r"""Without escapes, of which a letter begins the next word: `has a\ngun`."""
    if "\\" not in text:
        return text
    units = _ESCAPED.sub(_unit, text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unit(escape: re.Match[str]) -> str:
    if escape[1]:
        return "\n"
    return chr(int(escape[2], 16)) if escape[2] else bytes.fromhex(escape[3]).decode("cp1252", "replace")


def _readings(narrative: str) -> tuple[str, ...]:
    if not _may_be_html(narrative):
        return (narrative,)
    unjoined = narrative.replace(_JOINT, "")
    with_unseen = [_without_tags(text, _ALL_TAGS) for text in {unjoined, _INNERMOST.sub(_JOINT, unjoined)}]
    return tuple(dict.fromkeys((narrative, _resolved(unjoined), plain_text(narrative), *sorted(with_unseen))))


def _may_be_html(text: str) -> bool:
    return "<" in text or "&" in text


def _seen_parts(text: str) -> Iterator[str]:
    """The text without comments, scripts and styles; one that is never closed is text."""
    unclosed = set[str]()
    at = 0
    for opening in _OPENS.finditer(text):
        kind = (opening[1] or "").lower()
        if opening.start() < at or kind in unclosed:
            continue
        closing = _CLOSES[kind].search(text, opening.end())
        if closing is None:
            unclosed.add(kind)  # looked for once
            continue
        yield text[at : opening.start()]
        yield _JOINT
        at = closing.end()
    yield text[at:]


def _without_tags(text: str, tags: Mapping[str, str]) -> str:
    def shown(tag: re.Match[str]) -> str:
        return tags.get(tag[tag.lastindex or 0].lower(), tag[0])

    return _resolved(_TAG.sub(shown, text).replace(_JOINT, ""))


def _resolved(text: str) -> str:
    return _REFERENCE.sub(lambda reference: _character(reference[0]), text) if "&" in text else text


@lru_cache(maxsize=1024)
def _character(reference: str) -> str:
    """What a reference stands for; it may be written with as many leading zeros as anybody likes."""
    if not reference.startswith("&#"):
        return unescape(reference)
    base, digits = ("x", reference[3:]) if reference[2] in "xX" else ("", reference[2:])
    digits = digits.rstrip(";").lstrip("0") or "0"
    return unescape(f"&#{base}{digits};") if len(digits) <= _MOST_DIGITS else reference
