"""What people text back, read strictly: a mistake costs a call, or takes one. And the carriers' own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from shared.events import child_id

MOST_MINUTES = 240
MOST_CHARACTERS = 200
"""Of an answer: who writes more says more."""
STOP_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
)
"""The carriers' own, and all that 47 CFR 64.1200(a)(10) names: whoever texts one is texted no more."""
START_WORDS = frozenset({"start", "yes", "unstop"})
"""The carriers act on these words themselves, alone in a text: so none of them can ever be an answer."""
TAKE, LEAVE = frozenset({"1", "take", "one"}), frozenset({"2", "leave", "two"})
UNITS = frozenset({"m", "min", "mins", "minute", "minutes"})
UNSEEN = "\ufe0e\ufe0f\u20e3"
"""How a digit is to be drawn, and the box of a key around it."""
CODE_LETTERS = "ABCDEFGHJKNPQRSTUVWXYZ"
"""Without I, L, M and O, which are taken for other things."""

Keyword = Literal["stop", "start"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to an offer: take it or leave it; which one, where there are several; in how many minutes."""

    take: bool
    letter: str = ""
    minutes: int | None = None


def keyword(text: str) -> Keyword | None:
    """The carriers' own word that a text is, if it is one."""
    said = " ".join(_tokens(text))
    if said in STOP_WORDS:
        return "stop"
    return "start" if said in START_WORDS else None


def read_reply(text: str) -> Reply | None:
    """The answer that a text is; None for what is not clearly one: a second answer, a fraction, a question."""
    words = _tokens(text)
    if not words or words[0] not in TAKE | LEAVE or len(text) > MOST_CHARACTERS:
        return None
    take, rest = words[0] in TAKE, words[1:]
    if rest and rest[0] in (TAKE if take else LEAVE) and not rest[0].isdecimal():  # "1 take"
        rest = rest[1:]
    letter = ""
    if rest and len(rest[0]) == 1 and rest[0].upper() in CODE_LETTERS:
        letter, rest = rest[0].upper(), rest[1:]
    if not rest:
        return Reply(take, letter)
    minutes, units = rest[0], rest[1:]
    if not take or not minutes.isdecimal() or len(minutes) > 3 or int(minutes) > MOST_MINUTES:  # noqa: PLR2004
        return None
    if not units:
        return None if minutes in TAKE | LEAVE else Reply(take, letter, int(minutes))
    return Reply(take, letter, int(minutes)) if len(units) == 1 and units[0] in UNITS else None


def letter_of(offer_id: str, taken: Collection[str] = ()) -> str:
    """The letter that tells an offer from others that are open at the same time: its own, or the next that is free."""
    first = int(child_id(offer_id, "letter")[:8], 16) % len(CODE_LETTERS)
    letters = CODE_LETTERS[first:] + CODE_LETTERS[:first]
    return next((letter for letter in letters if letter not in taken), letters[0])


def _tokens(text: str) -> list[str]:
    """Words and numbers, whatever stands between them; a sign that belongs to neither makes a word of its own.

    So do two numbers with nothing but a point, a comma or a colon between them. What nobody sees is left out, as is
    the box around the digit of a keyboard for smileys.
    """
    plain = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold()
    seen = "".join(each for each in plain if each not in UNSEEN and unicodedata.category(each) != "Cf")
    return re.findall(r"[0-9]+(?:[.,:][0-9]+)*|[^\W0-9_]+|[^\s\w.,;:!#()'\"+-]", seen)
