"""Words in a narrative: which hazards they put in doubt, and which of these doubts a later answer has settled. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from services.triage.state import FirstHeard, OpenCall, Version
from shared.call import Call
from shared.events import CallCancelled, CallReported, HeardLine, Sealed
from shared.plain_text import plain_text
from shared.programme import Programme, words_in
from shared.programme.facts import CANNOT_TELL, NOT_ASKED

OpenSealed = Callable[[str, Sealed], Mapping[str, str]]
"""Opens the sealed part of a call, by its id."""

UNREAD = "unread"
"""Stands for the lines of a narrative that could not be opened."""


def lines_heard(
    programme: Programme | None, event: CallReported | CallCancelled, open_sealed: OpenSealed
) -> tuple[HeardLine, ...]:
    """The lines with words of the document, hashed. A sealed part that cannot be opened may hold any of them."""
    if programme is None or event.sealed is None or not (programme.words or programme.phrases):
        return ()
    try:
        narrative = open_sealed(event.call_id, event.sealed).get("narrative", "")
    except Exception:  # noqa: BLE001  whatever keeps it shut: what nobody can read is unknown
        return (HeardLine.model_construct(line=UNREAD, facts=tuple(sorted(_hazards(programme)))),)
    return tuple(_lines(programme, event.call_id, narrative)) if narrative else ()


def _hazards(programme: Programme) -> set[str]:
    """Every hazard that the document has words for."""
    single = {hazard for found in programme.words.values() for hazard in found}
    return single | {hazard for _, hazard in programme.phrases}


def _lines(programme: Programme, call_id: str, narrative: str) -> Iterator[HeardLine]:
    """Looked at as it came and as a reader of HTML sees it: neither way of writing hides a word."""
    plain = plain_text(narrative)
    texts = (narrative,) if plain == narrative else (narrative, plain)
    for text in texts:
        rest = words_in(programme, text)
        if not rest:
            continue
        for line in dict.fromkeys(text.splitlines()):
            if facts := words_in(programme, line):
                rest -= facts
                yield _heard_line(call_id, line, facts)
        if rest:  # a phrase that runs over the end of a line
            yield _heard_line(call_id, text, rest)


def _heard_line(call_id: str, line: str, facts: frozenset[str]) -> HeardLine:
    digest = hashlib.blake2b(f"{call_id}\x00{line}".encode(), digest_size=8).hexdigest()
    return HeardLine.model_construct(line=digest, facts=tuple(sorted(facts)))


def in_doubt(programme: Programme | None, held: OpenCall, version: Version) -> frozenset[str]:
    """The hazards that words of this version leave unknown."""
    if programme is None:
        return frozenset()
    return frozenset(
        fact
        for heard in version.lines
        for fact in heard.facts
        if not _settled(programme, held.first_heard[heard.line], version.call, fact)
    )


def _settled(programme: Programme, first: FirstHeard, call: Call, fact: str) -> bool:
    """Whether somebody has answered the question of this fact since the line first appeared."""
    if call.updated_at <= first.updated_at:
        return False
    asked = (question.name for question in programme.questions if question.fact == fact)
    if any(_is_new(call.answers.get(name), first.answers.get(name)) for name in asked):
        return True
    return _is_new(call.facts.get(fact), first.facts.get(fact))


def _is_new(answer: str | None, before: str | None) -> bool:
    return answer is not None and answer != before and answer.strip().casefold() not in (NOT_ASKED, *CANNOT_TELL)
