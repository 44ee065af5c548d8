"""What bears on a judgement besides the call, the document and the switchboard: triage knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.engine.state import EMPTY
from shared.judgement import Located
from shared.programme.judging.evidence import Hazard
from shared.programme.judging.load import Loads


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What triage knows when it judges."""

    heard: frozenset[str] = frozenset()
    """The hazards that words of the narrative put in doubt."""
    located: Located | None = None
    """Where the call's position lies; None where it has none, or the document no boundaries."""
    repeat_caller: bool = False
    """Whether as many calls of the same caller were counted as the document asks for, this one among them."""
    load: Loads = EMPTY
    """By response and district."""
    synthetic: bool = False
    """Whether careroute published the call itself, as a test."""
    former: Mapping[str, Hazard] | None = None
    """What all versions so far have said of each hazard, this one and its doubts among them, and nobody's new word has
    settled. None where a call is looked at by itself: then its own doubts count."""


ALONE = Surroundings()
"""A call by itself: nothing heard, located, counted or under way."""
