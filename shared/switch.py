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
        response, slash, district = key.rpartition("/")
        return cls(district, response if slash else None)

    @classmethod
    def of(cls, district: str, response: str | None) -> Switch:
        """The switch that a command or an event names; where a district belongs a whole key may stand."""
        return cls.parse(cls(district, response).key)

    @property
    def key(self) -> str:
        """`district`, or for one response alone `response/district`."""
        return self.district if self.response is None else f"{self.response}/{self.district}"

    @property
    def words(self) -> str:
        """For people: `outreach in Harbor`, or `Harbor`."""
        return f"{self.response} in {self.district}" if self.response else self.district

    def holds(self, district: str | None, response: str | None) -> bool:
        """Whether a pause of this switch holds a response, or (None) whatever is sent, in a district."""
        return self.district in (ALL, district) and self.response in (None, response)
