"""What stands in every journal: claims, answers to commands, refusals, failed clocks."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Self

from pydantic import AwareDatetime

from shared.events.base import Event, Id


class Claimed(Event):
    """A writer claims a partition of a journal. Of one epoch the first claim wins."""

    epoch: int
    writer: str


class CommandDone(Event):
    """The answer to a command that was carried out, or that found nothing to do."""

    command_id: Id
    result: Literal["done", "nothing-to-do"]
    sentence: str = ""
    about: str = ""
    """Id of what was made or changed, e.g. a document hash or an offer id."""
    revision: int | None = None


class CommandRefused(Event):
    """The answer to a command that was not carried out: a stable reason code, a sentence, and every fault found."""

    command_id: Id
    reason: str
    sentence: str
    faults: tuple[str, ...] = ()


class CommandHeld(Event):
    """A command about a call not seen yet waits for the call, until it expires."""

    command_type: str
    command: dict[str, Any]
    command_id: Id
    call_id: str
    expires_at: AwareDatetime


class InputRefused(Event):
    """An input could not be decided: where it is, its hash and length, what was wrong; never its bytes."""

    position: str
    sha256: str
    length: int
    wrong: str
    input_type: str = ""
    call_id: str | None = None

    @classmethod
    def of_record(cls, position: str, value: bytes, input_type: str, wrong: str, subject: str = "") -> Self:
        """The refusal of a record; `subject` is what the record is about, where a refusal may say so."""
        return cls(
            position=position,
            sha256=hashlib.sha256(value).hexdigest(),
            length=len(value),
            wrong=wrong,
            input_type=input_type[:60],
            call_id=subject[:400] or None,
        )

    @classmethod
    def of_effect(cls, cause: str, wrong: str) -> Self:
        """The refusal of what came of an effect; there is no record of it but this one."""
        return cls(position=cause, sha256="", length=0, wrong=wrong, input_type="effect")


class ClockFailed(Event):
    """A clock raised when it fired, and was taken out."""

    clock_id: str
    wrong: str


class PositionsNoted(Event):
    """A partition notes how far it has read, when it is idle, careful or given up; the positions are in the headers."""

    attempting: tuple[str, ...] = ()
    """The causes that are decided next, noted because the owner before this one died."""
    released: bool = False
    """The owner has ended in order; this is its last record."""
