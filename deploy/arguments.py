"""Numbers on a command line: one that nobody can work with is refused in plain words."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError


def above_zero(text: str) -> float:
    """An amount. Raises ArgumentTypeError, also for what is no number (`nan`) and for what has no end (`inf`)."""
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 < amount < math.inf:
        message = f"{text!r} is no number above 0"
        raise ArgumentTypeError(message)
    return amount


def amounts(text: str) -> tuple[float, ...]:
    """Amounts with commas between them. Raises ArgumentTypeError."""
    return tuple(map(above_zero, text.split(",")))


def at_least(least: int, text: str) -> int:
    """A count, not below the least. Raises ArgumentTypeError."""
    try:
        count = int(text)
    except ValueError:
        count = least - 1
    if count < least:
        message = f"{text!r} is no whole number from {least} on"
        raise ArgumentTypeError(message)
    return count


def from_zero(text: str) -> int:
    """A count that may be none. Raises ArgumentTypeError."""
    return at_least(0, text)


def from_one(text: str) -> int:
    """A count of at least one. Raises ArgumentTypeError."""
    return at_least(1, text)


def counts(text: str) -> tuple[int, ...]:
    """Such counts with commas between them. Raises ArgumentTypeError."""
    return tuple(map(from_one, text.split(",")))
