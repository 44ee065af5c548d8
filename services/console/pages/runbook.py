"""The page of a runbook: what an alert means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from services.console.pages.page import ConsolePage, Visit
from shared.doors.problems import Problem


async def _show(visit: Visit) -> Mapping[str, Any]:
    runbook = visit.door.runbooks.get(visit.params["name"])
    if runbook is None:
        raise Problem(HTTPStatus.NOT_FOUND, "This console has no such page of what to do.")
    return {"runbook": runbook}


PAGE = ConsolePage(
    path="/runbooks/{name}", title="What to do", right="read", template="runbook.html", show=_show, navigation=False
)
