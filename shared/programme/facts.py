"""The facts that routing may turn on, and their values (domain §3.1)."""

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
