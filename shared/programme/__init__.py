"""The programme: one agency's document, what people have switched on, and what both say of a call. Pure throughout."""

from shared.judgement import Gate, Judgement, Phase, RaisedBy, ResponseVerdict, Step
from shared.programme.document.faults import Fault, ProgrammeRefused
from shared.programme.document.read import read
from shared.programme.judging.judge import judge
from shared.programme.judging.programme import Programme, Switchboard
from shared.programme.judging.words import words_in, words_in_narrative

__all__ = [
    "Fault",
    "Gate",
    "Judgement",
    "Phase",
    "Programme",
    "ProgrammeRefused",
    "RaisedBy",
    "ResponseVerdict",
    "Step",
    "Switchboard",
    "judge",
    "read",
    "words_in",
    "words_in_narrative",
]
