"""The topic `contacts`: addresses and names of staff, sealed. Compacted: what is erased is gone within a day."""

from __future__ import annotations

from shared.events.base import Event
from shared.events.calls import Sealed


class ContactSealed(Event):
    """An address of a person, or with the method `name` their name. Sealed for agency, person and method."""

    person_id: str
    method_id: str
    sealed: Sealed
