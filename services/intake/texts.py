"""Which texts of a call stay in the clear, and which are sealed: journals keep the clear ones for good.

Routing turns on codes: a call type, a caution, an answer, as the programme's document lists them. A CAD that writes
sentences into these fields may name somebody in them. So what is no code is sealed with the narrative, where its words
are still looked for:

* the text of every call type: nothing but its words count;
* of cautions, answers and the CAD's own facts, what is longer than a code, or holds as many digits as a date of birth.
  In its place stands `sealed text`, which no document lists: of an answer or a fact nobody can tell, and a caution may
  be any that the document lists. So it counts as the worst. Each text has a word of its own, for each puts hazards in
  doubt anew.

Names of districts, beats, priorities, languages and questions stay: documents list them as they are. So do short
cautions and answers, which people have to be shown where no document lists them: a CAD that writes a bare name there
has it kept for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.intake.version import TEXTS, Version
from shared.call import SEALED_TEXT, CallType

LONGEST_CODE = 60
MOST_DIGITS = 5


def with_texts_sealed(version: Version, pseudonym: Callable[[str], str]) -> Version:
    """The version with what may name somebody among what is to be sealed."""
    call, texts = version.call, list[str]()

    def hidden(text: str) -> str:
        if not is_text(text):
            return text
        texts.append(text)
        return f"{SEALED_TEXT} {pseudonym(f'{call.call_id}/{text}')[:8]}"

    def of_code(call_type: CallType) -> CallType:
        if call_type.text is None:
            return call_type
        texts.append(call_type.text)
        return call_type.model_copy(update={"text": None})

    changed = {
        "call_type": call.call_type and of_code(call.call_type),
        "further_types": tuple(map(of_code, call.further_types)),
        "cautions": tuple(map(hidden, call.cautions)),
        "answers": {question: hidden(answer) for question, answer in call.answers.items()},
        "facts": {name: hidden(value) for name, value in call.facts.items()},
    }
    if not texts:
        return version
    before = [text] if (text := version.personal.get(TEXTS)) else []
    personal = {**version.personal, TEXTS: "\n".join(dict.fromkeys((*before, *texts)))}
    return replace(version, call=call.model_copy(update=changed), personal=personal)


def is_text(text: str) -> bool:
    """Whether it is no code that a document could list."""
    return len(text) > LONGEST_CODE or sum(map(str.isdigit, text)) > MOST_DIGITS or "@" in text
