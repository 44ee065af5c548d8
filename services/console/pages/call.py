"""The page of one call."""

from __future__ import annotations

from services.console.pages.page import ConsolePage

PATH = "/calls/{agency}/{source}/{incident}"
PAGE = ConsolePage(path=PATH, title="A call", right="read-calls", template="call.html", navigation=False)
