"""Words of a narrative that put a hazard in doubt. A word never clears one, and negation is not read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from shared.html_text import readings
from shared.programme.judging.hazard_words import HAZARD_WORDS
from shared.programme.judging.normal_forms import spoken, without_unseen
from shared.programme.judging.programme import Programme

STEM = "*"
"""Ends a word that stands for every word that begins so."""


class WordTables(NamedTuple):
    """Words, stems and phrases → hazards, in the form in which they are looked for."""

    words: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]
    phrases: tuple[tuple[str, str], ...]
    phrases_by_beginning: Mapping[str, tuple[tuple[str, str], ...]]
    """The same by their first words, each between the blanks that stand around it in a line; behind a stem is none."""
    stems_by_beginning: Mapping[str, tuple[str, ...]]
    """The stems by as many of their first letters as the shortest of them has."""


def form_of(word: str) -> str:
    """A word or phrase as it is compared; a stem keeps its `*`."""
    return " ".join(spoken(word)) + (STEM if word.rstrip().endswith(STEM) else "")


HAZARD_FORMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {hazard: MappingProxyType({form_of(word): word for word in words}) for hazard, words in HAZARD_WORDS.items()}
)
"""By hazard, the words that put it in doubt under every document: as they are compared, as they are written."""


def tables_of(forms: Iterable[tuple[str, str]]) -> WordTables:
    """The tables of words, each with the hazard that it puts in doubt."""
    words: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    stems: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    phrases = []
    for form, hazard in forms:
        if " " in form:
            phrases.append((form, hazard))
        elif form.endswith(STEM):
            stems[form.removesuffix(STEM)] += (hazard,)
        else:
            words[form] += (hazard,)
    beginnings: defaultdict[str, tuple[tuple[str, str], ...]] = defaultdict(tuple)
    for phrase, hazard in phrases:
        sought = f" {phrase.removesuffix(STEM)}" if phrase.endswith(STEM) else f" {phrase} "
        beginnings[phrase.partition(" ")[0]] += ((sought, hazard),)
    letters = min(map(len, stems), default=0)
    heads: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for stem in stems:
        heads[stem[:letters]] += (stem,)
    return WordTables(
        MappingProxyType(dict(words)),
        MappingProxyType(dict(stems)),
        tuple(phrases),
        MappingProxyType(dict(beginnings)),
        MappingProxyType(dict(heads)),
    )


def words_in_narrative(programme: Programme, narrative: str) -> frozenset[str]:
    """The hazards that a narrative makes unknown, as it came and as a reader of HTML sees it."""
    return frozenset[str]().union(*(words_in(programme, text) for text in readings(narrative)))


def words_in(programme: Programme | WordTables, text: str) -> frozenset[str]:
    """The hazards that `text` makes unknown: whole words of the document found in it, in any case.

    What nobody sees may stand within a word or between two, so both are looked for. A time of day to the second holds
    no ten-code. Takes time in proportion to the length of the text times the number of phrases that begin with one of
    its words.
    """
    cut = [words_over(programme, *two) for two in pairwise(lines_of(text))]
    text = _TO_THE_SECOND.sub(rf"\1 {AND_MINUTES} \2", text)
    apart = without_unseen(text, " ")
    hazards = _hazards_of(programme, spoken(text)) | (_hazards_of(programme, spoken(apart)) if apart != text else _NONE)
    return hazards.union(*cut)


def lines_of(text: str) -> list[str]:
    """The lines of a narrative in which anything stands."""
    return [line for line in text.splitlines() if line.strip()]


AND_MINUTES: Final = "hourandminutes"
"""Stands between the hour and the minutes of `10:32:15`: no document lists it."""
_TO_THE_SECOND = re.compile(r"(?<![\w:])([01]?\d|2[0-3]):([0-5]\d:[0-5]\d(?![\d:]))", re.ASCII)
"""Nobody writes a ten-code so. `at 10 32 hrs`, `10:32` and `10 32 AM` may be one: `am` is a verb, `hours` go on to say
how long ago, and whoever dictates a ten-code is written down as a time of day."""
MOST_WORDS_OVER = 16
"""Words at the end of a line that may begin a phrase which goes on in the next one."""


def phrases_over(programme: Programme | WordTables, line: str, following: str) -> frozenset[str]:
    """The hazards of phrases that begin at the end of a line and go on in the one that follows."""
    words, hazards = spoken(line)[-MOST_WORDS_OVER:], set[str]()
    beginnings = programme.phrases_by_beginning.keys() & set(words)
    further = f"{' '.join(spoken(following))} " if beginnings else ""
    for at in (at for at, word in enumerate(words) if word in beginnings):
        begun = f" {' '.join(words[at:])} "
        for sought, hazard in programme.phrases_by_beginning[words[at]]:
            rest = sought[len(begun) :] if sought.startswith(begun) else ""
            if rest and further.startswith(rest):
                hazards.add(hazard)
    return frozenset(hazards)


LEAST_WIDTH, LONGEST_WORD = 40, 30
"""Characters of a line that may be as long as its column, and of a word that its end may cut."""


def words_over(programme: Programme | WordTables, line: str, following: str) -> frozenset[str]:
    """The hazards of a word that a line's end has cut in two: CADs keep long texts in columns of a fixed width."""
    if len(line) < LEAST_WIDTH or not (line[-1].isalnum() and following[:1].isalnum()):
        return _NONE
    before, after = spoken(line[-LONGEST_WORD:]), spoken(following[:LONGEST_WORD])
    return _hazards_of(programme, [before[-1] + after[0]]) if before and after else _NONE


_NONE = frozenset[str]()
_DIGITS = "0123456789"
"""Before a word, without a blank: `2knives`, or a blank that was written by its code, as in `%20gun`."""


def _hazards_of(programme: Programme | WordTables, words: list[str]) -> frozenset[str]:
    if not words:
        return frozenset()
    spoken_words = set(words)
    spoken_words |= {word.lstrip(_DIGITS) for word in spoken_words if word[0] in _DIGITS}
    hazards = {hazard for word in programme.words.keys() & spoken_words for hazard in programme.words[word]}
    by_beginning = programme.stems_by_beginning
    letters = len(next(iter(by_beginning), ""))
    for word in spoken_words if letters else ():
        for stem in by_beginning.get(word[:letters], ()):
            if word.startswith(stem):
                hazards.update(programme.stems[stem])
    line = ""
    for beginning in programme.phrases_by_beginning.keys() & spoken_words:
        line = line or _with_and_without_numbers(words)
        hazards.update(hazard for sought, hazard in programme.phrases_by_beginning[beginning] if sought in line)
    return frozenset(hazards)


def _with_and_without_numbers(words: list[str]) -> str:
    """The line that phrases are looked for in; how many there are hides none, as in `took 20 pills`."""
    uncounted = [word for word in words if not word.isdecimal()]
    return f" {' '.join(words)}  {' '.join(uncounted) if uncounted != words else ''} "
