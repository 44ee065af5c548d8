"""Drafts of programme documents: each person's own, so that a reload, or another seat, does not lose what was typed.

They are in this door's memory alone: no browser keeps one at a seat that others use, and a restart forgets them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from services.console.api.access import Asking

MOST_DRAFTS: Final = 50
MOST_CHARACTERS: Final = 600_000
"""As many bytes are taken of a proposal."""


class Drafts:
    """Of too many drafts the one that was written longest ago makes room."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def of(self, who: Asking) -> str | None:
        """Somebody's draft."""
        return self._drafts.get((who.agency, who.name))

    def keep(self, who: Asking, text: str) -> None:
        """Keep what somebody has written."""
        self.drop(who)
        self._drafts[who.agency, who.name] = text
        while len(self._drafts) > MOST_DRAFTS:
            self._drafts.popitem(last=False)

    def drop(self, who: Asking) -> None:
        """Forget somebody's draft."""
        self._drafts.pop((who.agency, who.name), None)
