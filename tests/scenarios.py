"""A pytest plugin that counts the scenarios of reaching people, with `-p tests.scenarios --collect-only -q`."""

from __future__ import annotations

from collections import Counter

import pytest

LEAST = {
    "receipts": 30,
    "failures": 45,
    "ladder": 18,
    "answers": 16,
    "contacts": 16,
    "roster": 40,
    "duty": 10,
    "modes": 18,
    "browser": 6,
}
"""How many scenarios a group has at least; each case of a parametrized test is one."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print how many scenarios each group has."""
    groups = Counter(str(marker.args[0]) for item in session.items for marker in item.iter_markers("scenario"))
    for group, number in sorted(groups.items()):
        print(f"scenario {group} {number}")  # noqa: T201  # what it is for
