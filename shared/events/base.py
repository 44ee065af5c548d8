"""What an event is, and how it is read from a record.

Events are past tense, commands imperative. A class name in PascalCase is the record's type in kebab-case. The agency
is the record's key and stands in no event. A published event is never edited: a new field is optional and has a
default, anything else is a new event beside the old one. Times are aware.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

Id = str


def child_id(cause: str, name: str) -> Id:
    """The id of something that `cause` brought about: the same cause and name always give the same id (128 bits)."""
    return hashlib.blake2b(f"{cause}\x00{name}".encode(), digest_size=16).hexdigest()


class UndecodableEvent(ValueError):
    """A record is no event of this language; says what is wrong without quoting the record."""


class Event(BaseModel):
    """Something that happened. Fields unknown to this version are ignored, so that versions can run side by side."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str] = "event"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.type = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
        if cls.__doc__ and not cls.__name__.startswith("_"):
            EVENTS[cls.type] = cls

    @property
    def subject(self) -> str:
        """What the event is about, e.g. a call id; empty where it is about the agency."""
        return str(getattr(self, "call_id", "") or getattr(self, "team_id", ""))

    def encode(self) -> bytes:
        """The record's value: JSON."""
        return self.__pydantic_serializer__.to_json(self)


EVENTS: dict[str, type[Event]] = {}


def decode(event_type: str, value: bytes) -> Event:
    """The event in a record's value. Raises UndecodableEvent, naming the fields that are wrong."""
    kind = EVENTS.get(event_type)
    if kind is None:
        message = f"unknown event type {event_type[:60]!r}"
        raise UndecodableEvent(message)
    try:
        return kind.model_validate_json(value)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()[:5])
        message = f"{event_type}: {faults}"
        raise UndecodableEvent(message) from None
