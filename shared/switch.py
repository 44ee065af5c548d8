"""What people switch: one response or all of them, in one district or in all."""

from __future__ import annotations

from typing import NamedTuple

ALL = "all"
"""Stands for every district."""


class Switch(NamedTuple):
    """A place on the switchboard; `key` is how state, snapshots and the API name it."""

    district: str
    """A district of the programme, or `all`."""
    response: str | None = None
    """None: every response."""

    @classmethod
    def parse(cls, key: str) -> Switch:
        """The switch of this key."""
        response, _, district = key.rpartition("/")
        return cls(district, response or None)

    @property
    def key(self) -> str:
        """`district`, or for one response alone `response/district`."""
        return self.district if self.response is None else f"{self.response}/{self.district}"

    @property
    def words(self) -> str:
        """For people: `outreach in Harbor`, or `Harbor`."""
        return self.district if self.response is None else f"{self.response} in {self.district}"

    def holds(self, district: str | None, response: str | None) -> bool:
        """Whether a pause of this switch holds a response, or (None) whatever is sent, in a district."""
        return self.district in (ALL, district) and self.response in (None, response)
