"""What triage learns from the sealed part of a call, and all that it keeps of it. Opened once a version. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from services.triage.narrative import lines_heard, listens, unread_lines
from shared.events import CallCancelled, CallReported, HeardLine, Sealed
from shared.judgement import Located
from shared.programme import Programme
from shared.programme.judging.phone_numbers import number_of
from shared.programme.judging.place import UNREADABLE, located_by
from shared.sealing import CannotOpen


class Opener(Protocol):
    """Whoever holds the key."""

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        """The sealed part of a call. Raises whatever keeps it shut."""

    def pseudonym(self, text: str) -> str:
        """The same for the same text, with no way back."""


class NoKey:
    """Nobody holds the key: what is sealed stays so."""

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        """Raises CannotOpen."""
        raise CannotOpen(f"{call_id}: no key was given for {sealed.key_id}")

    def pseudonym(self, text: str) -> str:
        """Raises CannotOpen."""
        raise CannotOpen(f"no key was given, for {len(text)} characters")


class Disclosed(NamedTuple):
    """What a version's sealed part says of routing; nothing personal is in it."""

    lines: tuple[HeardLine, ...] = ()
    """Those with words of the document, hashed."""
    located: Located | None = None
    caller: str = ""
    """Pseudonym of the call-back number."""
    read_by: str = ""
    """What the document looked for, as `Programme.reads` says it; empty: nothing is sealed."""


NOTHING_READ = "/"


def disclosed(programme: Programme | None, event: CallReported | CallCancelled, opener: Opener) -> Disclosed:
    """What the document asks of the sealed part. One that cannot be opened may hold any of its words, and any place."""
    if event.sealed is None:
        return Disclosed()
    if programme is None or not _asks(programme):
        return Disclosed(read_by=programme.reads if programme else NOTHING_READ)
    try:
        personal = opener.open(event.call_id, event.sealed)
    except Exception:  # noqa: BLE001  whatever keeps it shut: what nobody can read is unknown
        located = UNREADABLE if programme.boundaries else None
        return Disclosed(unread_lines(programme), located, read_by=programme.reads)
    return Disclosed(
        lines=lines_heard(programme, event.call_id, personal.get("narrative", ""), opener.pseudonym),
        located=located_by(programme, personal.get("position", "")),
        caller=_caller(programme, personal, opener),
        read_by=programme.reads,
    )


def _asks(programme: Programme) -> bool:
    return listens(programme) or programme.repeat_callers is not None or programme.boundaries is not None


def _caller(programme: Programme, personal: Mapping[str, str], opener: Opener) -> str:
    counted = programme.repeat_callers
    number = number_of(personal.get("callback_number", ""), counted.region) if counted is not None else ""
    return opener.pseudonym(number) if counted and number and number not in counted.except_numbers else ""
