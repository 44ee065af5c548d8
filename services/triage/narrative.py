"""Words in a narrative: which hazards they put in doubt, and which of these doubts a later answer has settled. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from services.triage.state import FirstMention, OpenCall, Version
from shared.call import Call
from shared.events import HeardLine
from shared.html_text import readings
from shared.programme import Programme, words_in
from shared.programme.judging.facts import CANNOT_TELL, NOT_ASKED

UNREAD = "unread"
"""Stands for the lines of a narrative that could not be opened."""


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
    """Looked at as it came and as a reader of HTML sees it: neither way of writing hides a word."""
    for text in readings(narrative):
        rest = words_in(programme, text)
        if not rest:
            continue
        for line in dict.fromkeys(text.splitlines()):
            if facts := words_in(programme, line):
                rest -= facts
                yield _heard_line(pseudonym(f"{call_id}\x00{line}"), facts)
        if rest:  # a phrase that runs over the end of a line
            yield _heard_line(pseudonym(f"{call_id}\x00{text}"), rest)


def _heard_line(line: str, facts: frozenset[str]) -> HeardLine:
    return HeardLine.model_construct(line=line, facts=tuple(sorted(facts)))


def in_doubt(programme: Programme | None, open_call: OpenCall, version: Version) -> frozenset[str]:
    """The hazards that words of this version leave unknown."""
    if programme is None:
        return frozenset()
    return frozenset(
        fact
        for heard in version.lines
        for fact in heard.facts
        if not _settled(programme, open_call.first_mentions[heard.line], version.call, fact)
    )


def _settled(programme: Programme, first: FirstMention, call: Call, fact: str) -> bool:
    """Whether somebody has answered the question of this fact since the line first appeared."""
    if call.updated_at <= first.updated_at:
        return False
    questions = (question.name for question in programme.questions if question.fact == fact)
    if any(_is_new(call.answers.get(name), first.answers.get(name)) for name in questions):
        return True
    return _is_new(call.facts.get(fact), first.facts.get(fact))


def _is_new(answer: str | None, before: str | None) -> bool:
    return answer is not None and answer != before and answer.strip().casefold() not in (NOT_ASKED, *CANNOT_TELL)
