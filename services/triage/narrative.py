"""Words in a narrative: which hazards they put in doubt. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from shared.events import HeardLine
from shared.html_text import readings
from shared.programme import Programme, words_in
from shared.programme.judging.words import lines_of, phrases_over, words_over

UNREAD = "unread"
"""Stands for the lines of a narrative that could not be opened."""
MOST_LINES = 64
"""Lines with words that are told apart in one narrative."""


def has_words(programme: Programme) -> bool:
    """Whether the document names words to look for."""
    return bool(programme.words or programme.stems or programme.phrases)


def heard_lines(
    programme: Programme, call_id: str, narrative: str, pseudonym: Callable[[str], str]
) -> tuple[HeardLine, ...]:
    """The lines with words of the document, under pseudonyms."""
    return tuple(_lines(programme, call_id, narrative, pseudonym)) if narrative and has_words(programme) else ()


def unread_lines(programme: Programme) -> tuple[HeardLine, ...]:
    """What stands for a narrative that could not be opened: it may hold any of the words."""
    if not has_words(programme):
        return ()
    return (HeardLine.model_construct(line=UNREAD, facts=tuple(sorted(hazards_of(programme)))),)


def hazards_of(programme: Programme) -> frozenset[str]:
    """Every hazard that the document has words for."""
    tables = (*programme.words.values(), *programme.stems.values())
    of_words = frozenset(hazard for hazards in tables for hazard in hazards)
    return of_words | {hazard for _, hazard in programme.phrases}


def _lines(programme: Programme, call_id: str, narrative: str, pseudonym: Callable[[str], str]) -> Iterator[HeardLine]:
    """Looked at in every way of reading it: none of them hides a word. Of very many lines the last speaks for all."""
    count = 0
    for text in readings(narrative):
        rest = words_in(programme, text)
        if not rest:
            continue
        every = rest
        for line, facts in _parts(programme, lines_of(text)):
            rest -= facts
            count += 1
            if count > MOST_LINES:
                rest = every
                break
            yield _heard_line(pseudonym(f"{call_id}\x00{line}"), facts)
        if rest:  # a phrase that runs over the ends of several lines
            yield _heard_line(pseudonym(f"{call_id}\x00{text}"), rest)


def _parts(programme: Programme, lines: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Each line with words, and each two with a word or a phrase that runs over the end of the first.

    What stands there again was said again, and counts anew.
    """
    for line, times in Counter(lines).items():
        if facts := words_in(programme, line):
            yield line, facts
            yield from ((f"{line}\n{time}", facts) for time in range(2, min(times, MOST_LINES) + 1))
    for line, following in dict.fromkeys(pairwise(lines)):
        if facts := phrases_over(programme, line, following) | words_over(programme, line, following):
            yield f"{line}\n{following}", facts


def _heard_line(line: str, facts: frozenset[str]) -> HeardLine:
    return HeardLine.model_construct(line=line, facts=tuple(sorted(facts)))
