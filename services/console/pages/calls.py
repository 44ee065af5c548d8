"""The page Calls."""

from __future__ import annotations

from services.console.pages.page import ConsolePage

PAGE = ConsolePage(path="/calls", title="Calls", right="read-calls", template="calls.html")
