"""What triage learns from the sealed part of a call, and all that it keeps of it. Each version is opened once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from services.triage.narrative import has_words, heard_lines, unread_lines
from shared.events import CallCancelled, CallReported, HeardLine, Sealed
from shared.judgement import Located
from shared.programme import Programme
from shared.programme.judging.phone_numbers import number_of
from shared.programme.judging.place import UNREADABLE, located_by
from shared.sealing import CannotOpen


class Opener(Protocol):
    """Opens what intake sealed."""

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        """The sealed part of a call. Raises whatever keeps it shut."""

    def pseudonym(self, text: str) -> str:
        """The same for the same text, with no way back."""


class NoKey:
    """Opens nothing: what is sealed stays so."""

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        """Raises CannotOpen."""
        raise CannotOpen(f"{call_id}: no key was given for {sealed.key_id}")

    def pseudonym(self, text: str) -> str:
        """Raises CannotOpen."""
        raise CannotOpen(f"no key was given, for {len(text)} characters")


class Disclosure(NamedTuple):
    """What a version's sealed part says of routing; nothing personal is in it."""

    lines: tuple[HeardLine, ...] = ()
    """Those with words of the document, hashed."""
    located: Located | None = None
    caller: str = ""
    """Pseudonym of the call-back number."""
    read_by: str = ""
    """What the document looked for, as `Programme.reads` says it; empty: nothing is sealed."""


NOTHING_READ = "/"


def disclosure_of(programme: Programme | None, event: CallReported | CallCancelled, opener: Opener) -> Disclosure:
    """What the document asks of the sealed part. One that cannot be opened may hold any of its words, and any place."""
    if event.sealed is None:
        return Disclosure()
    if programme is None or not _asks(programme):
        return Disclosure(read_by=programme.reads if programme else NOTHING_READ)
    try:
        personal = opener.open(event.call_id, event.sealed)
    except Exception:  # noqa: BLE001  whatever keeps it shut: what nobody can read is unknown
        located = UNREADABLE if programme.boundaries else None
        return Disclosure(unread_lines(programme), located, read_by=programme.reads)
    return Disclosure(
        lines=heard_lines(programme, event.call_id, _text_of(personal), opener.pseudonym),
        located=located_by(programme, personal.get("position", "")),
        caller="" if event.synthetic else _caller(programme, personal, opener),
        read_by=programme.reads,
    )


def _text_of(personal: Mapping[str, str]) -> str:
    """What was said, and what the CAD wrote in fields for codes."""
    return "\n".join(filter(None, (personal.get("narrative"), personal.get("texts"))))


def _asks(programme: Programme) -> bool:
    return has_words(programme) or programme.repeat_callers is not None or programme.boundaries is not None


def _caller(programme: Programme, personal: Mapping[str, str], opener: Opener) -> str:
    rule = programme.repeat_callers
    number = number_of(personal.get("callback_number", ""), rule.region) if rule is not None else ""
    return opener.pseudonym(number) if rule and number and number not in rule.except_numbers else ""
