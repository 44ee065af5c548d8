"""The page Wall."""

from __future__ import annotations

from services.console.pages.page import ConsolePage

PAGE = ConsolePage(path="/wall", title="Wall", right="read-calls", template="wall.html")
