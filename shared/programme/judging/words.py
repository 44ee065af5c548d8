"""Words of a narrative that put a hazard in doubt. A word never clears one, and negation is not read."""

from __future__ import annotations

from shared.programme.judging.normal_forms import spoken
from shared.programme.judging.programme import Programme


def words_in(programme: Programme, text: str) -> frozenset[str]:
    """The hazards that `text` makes unknown: whole words of the document found in it, in any case.

    Takes time in proportion to the length of the text times the number of phrases of several words.
    """
    words = spoken(text)
    hazards = {hazard for word in programme.words.keys() & set(words) for hazard in programme.words[word]}
    if programme.phrases:
        line = f" {' '.join(words)} "
        hazards.update(hazard for phrase, hazard in programme.phrases if f" {phrase} " in line)
    return frozenset(hazards)
