"""The numbers on the contact card: those that texts and calls come from.

The pocket door hands the card out and is not told the agencies file, where they stand; the callbacks door has both, and
says where they differ: a phone that does not know a number keeps its texts apart and its calls silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.call import Name
from shared.carriers import Sender


def _by_agency(value: object) -> object:
    """`madison-wi=+16085550100 60855, dane=+16085550200` as numbers by agency."""
    if not isinstance(value, str):
        return value
    by_agency: dict[str, tuple[str, ...]] = {}
    for part in filter(None, map(str.strip, value.split(","))):
        agency, _, numbers = part.partition("=")
        if agency in by_agency:
            raise ValueError(f"{agency} stands twice")
        by_agency[agency] = tuple(numbers.split())
    return by_agency


CardNumbers = Annotated[
    Mapping[Name, Annotated[tuple[Sender, ...], Field(min_length=1, max_length=20)]],
    NoDecode,
    BeforeValidator(_by_agency),
    Field(description="each agency's senders, on the contact card: madison-wi=+16085550100 60855, dane=+16085550200"),
]


def written(numbers: Mapping[str, Sequence[str]]) -> str:
    """The numbers as the setting is written."""
    return ", ".join(f"{agency}={' '.join(of_agency)}" for agency, of_agency in numbers.items() if of_agency)


def differences(card: Mapping[str, Sequence[str]], senders: Mapping[str, Sequence[str]]) -> str:
    """Whose card is not what the agencies file says, and what would be right; empty where all are."""
    differing = sorted(_differing(card, senders))
    if not differing:
        return ""
    return (
        f"CAREROUTE_CARD_NUMBERS are not the senders in the agencies file, for {', '.join(differing)}: "
        f"pages come from numbers that phones do not know. Right would be “{written(senders)}”."
    )


def _differing(card: Mapping[str, Sequence[str]], senders: Mapping[str, Sequence[str]]) -> Iterator[str]:
    return (agency for agency in card.keys() | senders if set(card.get(agency, ())) != set(senders.get(agency, ())))
