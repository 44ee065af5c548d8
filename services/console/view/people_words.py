"""What people are trained for, what they speak and how they are reached, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import get_args

from services.console.view.reasons import plain
from shared.judgement import OR, Discipline

DISCIPLINES: tuple[str, ...] = get_args(Discipline)
WAYS: Mapping[str, str] = MappingProxyType(
    {
        "sms": "text",
        "voice": "call",
        "push": "push",
        "email": "mail",
        "webhook": "webhook",
        "pocket": "open page",
    }
)
"""How people call the ways in which a page goes out."""
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "am": "Amharic",
        "ar": "Arabic",
        "ase": "American Sign Language",
        "de": "German",
        "en": "English",
        "es": "Spanish",
        "fa": "Persian",
        "fr": "French",
        "hi": "Hindi",
        "hmn": "Hmong",
        "ht": "Haitian Creole",
        "it": "Italian",
        "ja": "Japanese",
        "ko": "Korean",
        "ne": "Nepali",
        "pl": "Polish",
        "pt": "Portuguese",
        "ru": "Russian",
        "so": "Somali",
        "sw": "Swahili",
        "tl": "Tagalog",
        "uk": "Ukrainian",
        "ur": "Urdu",
        "vi": "Vietnamese",
        "yue": "Cantonese",
        "zh": "Chinese",
    }
)
"""By their codes, the languages that are spoken most where careroute is used; another is shown by its code."""


def training(needs: str) -> str:
    """A discipline, or a place of a crew, for which one of several will do."""
    return OR.join("EMT" if each == "emt" else plain(each) for each in needs.split(OR))


def language(code: str) -> str:
    """A language by its code."""
    return LANGUAGES.get(code.casefold(), code)


def way(kind: str) -> str:
    """A way to reach somebody."""
    return WAYS.get(kind, plain(kind))


def needs_to_choose(in_use: Iterator[str]) -> list[tuple[str, str]]:
    """What a place can need: anybody, each discipline, and what other places need already; with it in words."""
    several = sorted({needs for needs in in_use if OR in needs})
    return [("", "anybody"), *((needs, training(needs)) for needs in (*DISCIPLINES, *several))]
