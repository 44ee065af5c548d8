"""What is known of one fact, and what may be concluded from it."""

from __future__ import annotations

from typing import NamedTuple

from shared.judgement import Unknown
from shared.programme.judging.programme import Condition


class Hazard(NamedTuple):
    """A hazard as it counts. `low` to `high` are the ranks that it may have; they are the same where it is known."""

    low: int
    high: int
    unknown: Unknown | None
    source: str

    def may_be(self, condition: Condition) -> bool:
        """Whether it must be taken to meet the condition: what nobody knows counts as its worst value."""
        return condition.least is not None and self.high >= condition.least

    def is_surely(self, condition: Condition) -> bool:
        """Whether it meets the condition even at the best that is possible."""
        return condition.least is not None and self.low >= condition.least


class Other(NamedTuple):
    """A fact that is no hazard: every value that some source gives it."""

    values: tuple[str, ...]
    unknown: Unknown | None
    source: str

    def may_be(self, condition: Condition) -> bool:
        """Whether a restriction applies: unless known false."""
        return self.unknown is not None or any(map(condition.allows, self.values))

    def is_surely(self, condition: Condition) -> bool:
        """Whether some source says that the restriction applies."""
        return any(map(condition.allows, self.values))

    def permits(self, condition: Condition) -> bool:
        """Whether a permission applies: only if known true, and no source says otherwise."""
        return self.unknown is None and all(map(condition.allows, self.values))


Evidence = Hazard | Other
"""What is known of one fact."""
Facts = dict[str, Evidence]
