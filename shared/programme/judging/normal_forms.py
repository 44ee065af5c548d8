"""One form for what people write in many: names, codes, MPDS determinants, languages, the words of a narrative."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from shared.programme.judging.languages import BY_NAME, TWO_LETTERS

_DETERMINANT = re.compile(r"(\d{1,2}) ?([a-o]) ?(\d{1,2}) ?([a-z]?)", re.ASCII)
_OMEGA = "\N{GREEK SMALL LETTER OMEGA}"
"""How the lowest level is printed; what cannot print it writes the letter O."""
_SUBTAG = re.compile(r"[a-z]{2,3}", re.ASCII)
_UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Letters of scripts without blanks between words (Thai, Lao, Burmese, Khmer, Japanese, Chinese): each is a word."""
_SIGNS = "🔫🔪🗡⚔💣🧨🪓🏹🩸"
"""Pictures of what is looked for, as texts to 911 hold them."""
_WORD, _WORD_OR_LETTER = re.compile(r"[^\W_]+"), re.compile(rf"[^\W_{_UNSPACED}]+|[{_UNSPACED}{_SIGNS}]")
_BLANKS = re.compile(r"[\s\-\u2010-\u2015\u2212_/.,]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_UNSEEN = frozenset(
    map(
        chr,
        (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
         *range(0xE0100, 0xE01F0)),
    )
)  # fmt: skip
"""What Unicode lets a reader ignore, beside its category Cf and the controls."""
MOST_NAMES = 16_384
"""Names come from outside, so only so many forms are remembered."""


def plain(text: str) -> str:
    """`text` as it is shown: one form for each letter and single spaces; capitals are left alone."""
    return " ".join(unicodedata.normalize("NFC", text).split())


@lru_cache(maxsize=MOST_NAMES)
def normal(name: str) -> str:
    """The form in which names are compared, whoever wrote them: `armed b` for `ARMED-B`, ` Armed_b ` and `armed / B`.

    Capitals, white space, the marks `- _ / . ,`, and what nobody sees make no difference.
    """
    folded = unicodedata.normalize("NFKC", without_unseen(name)).casefold()
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", folded)).strip()


def listed(name: str, names: Collection[str]) -> str:
    """The one of `names` that somebody means who writes it in another way; the name as it stands where none is."""
    same = [one for one in names if normal(one) == normal(name)]
    return name if name in names or len(same) != 1 else same[0]


def determinant(text: str) -> str | None:
    """One form for the ways to write an MPDS determinant: `25A01` for `25-A-1`; None for anything else.

    A suffix letter is part of the code: `25A01V` is another code than `25A01`, and a truncated one is not completed.
    """
    match = _DETERMINANT.fullmatch(normal(text).replace(_OMEGA, "o"))
    return match and f"{int(match[1]):02}{match[2]}{int(match[3]):02}{match[4]}".upper()


def language(text: str) -> str:
    """One form for a language: its primary subtag, in two letters where it has them, or else the name as compared.

    `es` for `ES`, `es-MX`, `spa` and `Spanish`.
    """
    name = normal(text)
    if (spoken_name := " ".join(spoken(name))) in BY_NAME:
        return BY_NAME[spoken_name]
    first = name.partition(" ")[0]
    return TWO_LETTERS.get(first, first) if _SUBTAG.fullmatch(first) else name


def spoken(text: str) -> list[str]:
    """The words of `text`, in the form in which they are compared: no case, no punctuation, no accents, nothing unseen.

    Takes time in proportion to the length of the text.
    """
    text = without_unseen(text)
    if text.isascii():
        return _WORD.findall(text.casefold())
    forms = {letter: _form_of_letter(letter) for letter in set(text)}
    return _WORD_OR_LETTER.findall("".join([forms[letter] for letter in text]))


@lru_cache(maxsize=MOST_NAMES)
def _form_of_letter(letter: str) -> str:
    """A letter without accents, or the few that a ligature stands for; a sign that is a whole phrase stays itself."""
    apart = unicodedata.normalize("NFKD", letter)
    if len(apart) > LONGEST_LIGATURE:
        return letter
    return "".join([part for part in apart if not unicodedata.combining(part)]).casefold()


LONGEST_LIGATURE = 4
"""Letters. A narrative of signs that stand for eighteen each would cost eighteen times the work."""


def without_unseen(text: str, instead: str = "") -> str:
    """`text` with `instead` for each character that a reader does not see, which could part a word, or join two."""
    text = _CONTROLS.sub(instead, text)
    if text.isascii():
        return text
    unseen = {ord(each) for each in set(text) if each in _UNSEEN or unicodedata.category(each) == "Cf"}
    return text.translate(dict.fromkeys(unseen, instead)) if unseen else text
