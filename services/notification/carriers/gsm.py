"""The alphabet of text messages: what fits into one segment, and how to write what is not in it (3GPP TS 23.038)."""

from __future__ import annotations

import unicodedata

SEGMENT_SEPTETS = 160
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")
"""Each takes two places. A message with any other character is sent in another alphabet, of 70 places."""
SPELT = {
    "\u2014": "-",
    "\u2013": "-",
    "\u2018": "'",
    "\u2019": "'",
    "`": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2026": "...",
}
"""Dashes and quotation marks as they are typed."""


def septets(text: str) -> int:
    """The places that a text takes. Raises ValueError for a character that is in neither table."""
    if strange := set(text) - BASIC - EXTENSION:
        raise ValueError(f"not in the alphabet of text messages: {sorted(strange)}")
    return sum(2 if character in EXTENSION else 1 for character in text)


def plain(text: str) -> str:
    """The text in that alphabet, on one line: accents that it lacks are left out, anything else becomes `?`."""
    spelt = "".join(SPELT.get(character, character) for character in unicodedata.normalize("NFC", text))
    return " ".join("".join(map(_in_alphabet, spelt)).split())


def fitted(text: str, places: int) -> str:
    """As much of a text in that alphabet as fits into so many places."""
    while septets(text) > max(places, 0):
        text = text[:-1]
    return text


def _in_alphabet(character: str) -> str:
    if character.isspace():
        return " "
    if character in BASIC or character in EXTENSION:
        return character
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return base if base and set(base) <= BASIC | EXTENSION else "?"
