"""One form for what people write in many: names and codes, MPDS determinants, the words of a narrative."""

from __future__ import annotations

import re
import unicodedata

_DETERMINANT = re.compile(r"(\d{1,2})-?([A-EOa-eo])-?(\d{1,2})-?([A-Za-z]?)", re.ASCII)
_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def plain(text: str) -> str:
    """`text` with one form for each letter and single spaces; capitals are left alone."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def determinant(text: str) -> str | None:
    """One form for the ways to write an MPDS determinant: `25A01` for `25-A-1`; None for anything else.

    A suffix letter is part of the code: `25A01V` is another code than `25A01`, and a truncated one is not completed.
    """
    match = _DETERMINANT.fullmatch(text)
    return match and f"{int(match[1]):02}{match[2]}{int(match[3]):02}{match[4]}".upper()


def spoken(text: str) -> list[str]:
    """The words of `text`, in the form in which they are compared: no case, no punctuation, nothing invisible."""
    return _WORD.findall(unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold())
