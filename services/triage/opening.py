"""Opens sealed parts for decisions, and has it counted for the audit log that this was done."""

from __future__ import annotations

from collections.abc import Mapping

from services.triage.config import TriageSettings
from services.triage.sealed_part import Opener
from shared.audit_log.key_use import KeyUse
from shared.events import Sealed


class CountedOpener:
    """Opens by another, which decides nothing otherwise, and counts."""

    def __init__(self, opener: Opener, use: KeyUse) -> None:
        self._opener, self._use = opener, use

    def open(self, call_id: str, sealed: Sealed) -> Mapping[str, str]:
        """The sealed part of a call. Raises whatever keeps it shut."""
        opened = self._opener.open(call_id, sealed)
        self._use.note(call_id.partition("/")[0])
        return opened

    def pseudonym(self, text: str) -> str:
        """The same for the same text, with no way back."""
        return self._opener.pseudonym(text)


def counted(opener: Opener, settings: TriageSettings) -> tuple[CountedOpener, KeyUse]:
    """What decisions open with, and what this process writes of it into the audit log."""
    use = KeyUse(settings, "triage", settings.sealer.key_id, "call", "judge")
    return CountedOpener(opener, use), use
