"""What answers and flags say: whether a question can tell what it asks for, and what says less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.programme.document.compile import raises_of, words_of
from shared.programme.document.faults import suggestion
from shared.programme.document.finding import Finding
from shared.programme.document.floor import FLOOR, rank_reached
from shared.programme.document.lines import Path
from shared.programme.document.written import Answer, Document
from shared.programme.judging.facts import CANNOT_TELL, HAZARDS, NOT_ASKED, in_words
from shared.programme.judging.normal_forms import normal, plain
from shared.programme.judging.programme import Raise
from shared.programme.judging.words import HAZARD_FORMS, STEM, form_of, words_in

UNKNOWN: Final = (*CANNOT_TELL, NOT_ASKED)
_FLOOR_FROM: Final[Mapping[str, str]] = MappingProxyType({hazard: value for hazard, value, _ in FLOOR})


@dataclass(frozen=True)
class Weaker:
    """An answer or a flag that states less than its word means by itself."""

    name: str
    path: Path
    words: str
    partly: bool = False
    """Whether the question says of itself that it asks only partly."""


def answers_of(answer: Answer) -> dict[str, str]:
    """Each answer that the document gives a question about a hazard, and what it states; values mean themselves."""
    scale = HAZARDS[answer.fact]
    stated = {"yes": scale[-1], **({"no": scale[0]} if scale[0] == "none" else {})}
    known = {normal(word): word for word in ("yes", "no", *scale, *UNKNOWN)}  # `Cannot tell` is heard as `cannot-tell`
    for word, value in (answer.model_extra or {}).items():
        stated[known.get(normal(word), word.strip().casefold())] = str(value)
    return stated


def questions_tell(document: Document) -> Iterator[Finding]:
    """A question whose answers are all calm clears a hazard that nobody has asked for."""
    raises = raises_of(document)
    for name, answer in document.heard.answers.items():
        if answer.fact in HAZARDS:
            yield from _tells(document, raises, name, answer)
        elif answer.asks is not None:
            what = f"{answer.fact} is no hazard, so there is no worst to ask for"
            yield Finding(("heard", "answers", name, "asks"), what, "leave asks out")


def _tells(document: Document, raises: tuple[Raise, ...], name: str, answer: Answer) -> Iterator[Finding]:
    path, scale, stated = ("heard", "answers", name), HAZARDS[answer.fact], answers_of(answer)
    for word in (word for word in stated if word in UNKNOWN and stated[word] not in UNKNOWN):
        what = f"{word} says that nobody knows, which counts as {scale[-1]}, and here it means {stated[word]}"
        yield Finding(path, what, f"leave {word} out")
    ranks = [_rank_of(answer.fact, value) for word, value in stated.items() if word not in UNKNOWN]
    highest, worst = max(ranks), len(scale) - 1
    if not _tells_anything(answer.fact, stated):
        what = f"every answer says {scale[0]}, so the question tells of no {in_words(answer.fact)}"
        yield Finding(path, what, f'an answer that does, such as yes = "{scale[-1]}"')
        return
    enough = _level(raises, answer.fact, highest) == _level(raises, answer.fact, worst)
    if enough and answer.asks is not None:
        what = f"an answer says {scale[highest]}, as bad as it gets, so the question asks for all of it"
        yield Finding((*path, "asks"), what, "leave asks out")
    elif not enough and answer.asks is None:
        what = f"no answer says worse than {scale[highest]}, and {scale[-1]} puts a call on a higher level"
        right = f'an answer that says {scale[-1]}, or asks = "partly" where something else tells of it'
        yield Finding(path, what, right)
    elif not enough and not _told_elsewhere(document, raises, name, answer.fact):
        what = f"asks only partly for {in_words(answer.fact)}, and nothing else tells of {scale[-1]}"
        yield Finding((*path, "asks"), what, "another question, a code, a priority, a caution or words that do")


def _tells_anything(hazard: str, stated: Mapping[str, str]) -> bool:
    return any(_rank_of(hazard, value) for word, value in stated.items() if word not in UNKNOWN)


def _told_elsewhere(document: Document, raises: tuple[Raise, ...], name: str, hazard: str) -> bool:
    """Whether something else can put a call as high as the worst value of the hazard does."""
    heard = document.heard
    if dict(heard.words.stated()).get(hazard):
        return True  # a word makes it unknown, which counts as the worst
    ranks = [
        _rank_of(hazard, value)
        for other, answer in heard.answers.items()
        if other != name and answer.fact == hazard
        for value in answers_of(answer).values()
    ]
    codes = [entry for system in document.call_types.values() for entry in system.values()]
    for table in (*codes, *heard.cautions.values(), *heard.priorities.values()):
        ranks += [_rank_of(hazard, value) for fact, value in table.stated() if fact == hazard]
    worst = _level(raises, hazard, len(HAZARDS[hazard]) - 1)
    return any(_level(raises, hazard, rank) == worst for rank in ranks)


def weaker_of(document: Document) -> Iterator[Weaker]:
    """Answers and flags below the safety floor, or on a lower level than the worst value of their hazard.

    Of a flag that is a hazard's word, like `ARMED`, silence about it is weaker too.
    """
    raises = raises_of(document)
    for name, answer in document.heard.answers.items():
        if answer.fact in HAZARDS:
            stated = answers_of(answer)
            for word, value in stated.items() if _tells_anything(answer.fact, stated) else ():
                if _is_weaker(raises, answer.fact, value, _built_in(answer.fact, word)):
                    yield Weaker(
                        name, ("heard", "answers", name), f"{name}: {word} is only {value}", answer.asks is not None
                    )
    words = words_of(document, HAZARDS)
    for flag, caution in document.heard.cautions.items():
        for hazard in sorted(words_in(words, flag).difference(dict(caution.stated()))):
            yield Weaker(flag, ("heard", "cautions", flag), f"{flag}: says nothing of {in_words(hazard)}")
        for hazard, value in caution.stated():
            if _is_weaker(raises, hazard, value, len(HAZARDS[hazard]) - 1):
                path = ("heard", "cautions", flag, hazard)
                yield Weaker(flag, path, f"{flag}: {in_words(hazard)} is only {value}")


def words_taken_out(document: Document) -> Iterator[str]:
    """Words that put a hazard in doubt under every document but this one."""
    words = words_of(document, HAZARDS)
    for word in document.heard.not_words:
        form = form_of(word)
        hazards = {hazard for hazard, forms in HAZARD_FORMS.items() if form in forms}
        if lost := sorted(hazards - words_in(words, form.removesuffix(STEM))):
            yield f"{word}: puts {' and '.join(lost)} in doubt no more"


def _built_in(hazard: str, word: str) -> int:
    """What an answer means where the document does not say: `yes` the worst value, and a value itself."""
    scale = HAZARDS[hazard]
    return scale.index(word) if word in scale else len(scale) - 1 if word == "yes" else 0


def _is_weaker(raises: tuple[Raise, ...], hazard: str, value: str, built_in: int) -> bool:
    rank, scale = _rank_of(hazard, value), HAZARDS[hazard]
    floor = scale.index(_FLOOR_FROM[hazard]) if hazard in _FLOOR_FROM else 0
    below = rank < min(floor, built_in)
    return below or (rank < built_in and _level(raises, hazard, rank) < _level(raises, hazard, built_in))


def weaker_is_meant(document: Document) -> Iterator[Finding]:
    """What is weaker than it seems is easily a slip, so the document names it."""
    acknowledged = {plain(name) for name in document.heard.weaker_on_purpose}
    weaker = list(weaker_of(document))
    for item in weaker:
        if plain(item.name) not in acknowledged and not item.partly:
            right = f'a worse value; or, if it is meant, "{item.name}" in weaker_on_purpose of [heard]'
            yield Finding(item.path, f"weaker than the built-in meaning: {item.words}", right)
    names = {plain(item.name): item.name for item in weaker}
    for index, name in enumerate(document.heard.weaker_on_purpose):
        if plain(name) not in names:
            what = f"{name!r} is no question or caution that is weaker than its built-in meaning"
            yield Finding(("heard", "weaker_on_purpose", index), what, suggestion(name, names.values()))


def _rank_of(hazard: str, value: str) -> int:
    """What nobody knows counts as the worst."""
    scale = HAZARDS[hazard]
    return scale.index(value) if value in scale else len(scale) - 1


def _level(raises: tuple[Raise, ...], hazard: str, rank: int) -> int:
    return rank_reached(raises, {hazard: rank}, {})
