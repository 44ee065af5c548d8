"""What the programme would have taken of an export of the CAD. The export is counted, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile

from services.console.pages.actions import written
from services.console.pages.page import ConsolePage, Visit
from services.console.pages.studies import active_of
from services.console.workbench.tasks import MOST_LINES, Count, Counted

MOST_MEGABYTES = 16


async def show(visit: Visit) -> Mapping[str, Any]:
    """The form."""
    return _values(visit, "", None)


async def count(visit: Visit, form: FormData) -> Mapping[str, Any]:
    """Count what was uploaded. Raises Problem."""
    export, mapping = form.get("export"), written(form.get("mapping"))
    draft = visit.door.drafts.of(visit.who) if form.get("which") == "draft" else None
    active = active_of(visit)
    document = draft if draft is not None else active.document if active is not None else ""
    if not isinstance(export, UploadFile) or not export.size or not mapping.strip():
        return _values(visit, mapping, Counted(("Choose an export, and say how it is to be read.",)))
    counted = await visit.door.counting.count(Count(document, mapping, await export.read()))
    return {**_values(visit, mapping, counted), "which": "draft" if draft is not None else ""}


def _values(visit: Visit, mapping: str, counted: Counted | None) -> Mapping[str, Any]:
    return {
        "active": active_of(visit),
        "has_draft": visit.door.drafts.of(visit.who) is not None,
        "mapping": mapping,
        "counted": counted,
        "which": "",
        "most_megabytes": MOST_MEGABYTES,
        "most_lines": MOST_LINES,
    }


PAGE = ConsolePage(
    "/programme/coverage",
    "Count a CAD export",
    "propose",
    "programme_count.html",
    show=show,
    posted=count,
    navigation=False,
)
