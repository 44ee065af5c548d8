"""The facts that routing may turn on, and their values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HAZARDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "weapon": ("none", "elsewhere", "present", "firearm"),
        "violence": ("none", "past", "threat", "display", "in-progress"),
        "crime": ("none", "reported", "in-progress"),
        "injury": ("none", "minor", "needs-ems"),
        "suicide": ("none", "ideation", "threat-or-plan", "attempt"),
        "intoxication": ("none", "mild", "severe"),
        "triage_level": ("1", "2", "3", "4"),
    }
)
"""Each hazard with its values, calmest first. `none` means asked and none known."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "location_kind": ("public-outside", "public-inside", "private-residence", "traffic", "school", "facility"),
        "consent": ("yes", "no"),
        "relation": ("self", "family", "bystander", "facility", "officer", "provider"),
        "resolvable_by_phone": ("yes", "no"),
        "subject_present": ("yes", "no"),
        "repeat_caller": ("yes", "no"),
        "units_on_scene": ("yes", "no"),
    }
)
"""Facts that are no hazards and have no order."""

VALUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {fact: values for fact, values in {**HAZARDS, **CHOICES}.items() if fact != "units_on_scene"}
)
"""Every fact that a code or an answer may state, with its values; who is on scene is the CAD's own to say."""

WISHES: Final = ("none", "alternative", "police")
"""Values of `caller_wants`; `none` unless voiced, so never unknown."""

CANNOT_TELL: Final = ("cannot-tell", "unknown")
"""Answers of somebody who was asked and does not know. An answer that nobody can read counts as one of them."""

NOT_ASKED: Final = "not-asked"

MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "weapon": "A weapon: seen, said to be there, or within reach.",
        "violence": "Towards others, from long ago to now.",
        "crime": "That has been done, or is being done.",
        "injury": "Or illness; an overdose needs EMS.",
        "suicide": "From thoughts to an attempt.",
        "intoxication": "By whatever substance.",
        "triage_level": "The centre's own, 4 the most urgent.",
        "location_kind": "Where the person is.",
        "consent": "Whether the person wants help.",
        "relation": "What the caller is to the person.",
        "resolvable_by_phone": "Whether talking may be enough.",
        "subject_present": "Whether the person is still there.",
        "repeat_caller": "Whether the person calls often.",
        "units_on_scene": "Whether any unit is on scene, as the CAD says; never unknown.",
        "age": "Of the person, in years.",
        "language": "That is spoken, as the CAD writes it.",
        "caller_wants": "A wish that was voiced; never unknown.",
    }
)
"""Every fact, and what it is about."""


def in_words(fact: str) -> str:
    """The name of a fact in a sentence."""
    return fact.replace("_", " ")
