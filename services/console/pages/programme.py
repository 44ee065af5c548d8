"""The page Programme: the document in force and those proposed, what it means, and one click back to what was before.

With it the page of one document: what it would route differently, and what the next person decides about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from services.console.pages.page import ConsolePage, Region, Row, Visit
from services.console.pages.studies import active_of, approved_version, studied, values_of
from services.console.view.records import DocumentSeen
from shared.doors.pages import Page

NOT_FOUND = Page(HTTPStatus.NOT_FOUND, "No such document", "There is no such document, or it was replaced long ago.")
ORDER = ("active", "proposed", "adopted", "replaced", "rolled-back", "rejected")


class DocumentLine(NamedTuple):
    """A version, and how far it has come."""

    document_hash: str
    version: int
    state: str
    effective: datetime
    proposed_by: str
    proposed_at: datetime | None
    reason: str
    approved_by: str
    approved_at: datetime | None
    approved_why: str
    in_force_since: datetime | None
    rolled_back_by: str
    rolled_back_why: str
    rejected_by: str
    rejected_at: datetime | None
    rejected_why: str
    can_come_back: bool
    """Whether one person can put it in force again, because two had agreed on it."""


def line_of(seen: DocumentSeen) -> DocumentLine:
    """A version as its row shows it."""
    return DocumentLine(
        seen.document_hash,
        seen.version,
        seen.state,
        seen.effective,
        seen.proposed_by,
        seen.proposed_at,
        seen.reason,
        seen.approved_by or "",
        seen.approved_at,
        seen.approved_why,
        seen.in_force_since,
        seen.rolled_back_by or "",
        seen.rolled_back_why,
        seen.rejected_by or "",
        seen.rejected_at,
        seen.rejected_why,
        can_come_back=seen.state in ("replaced", "rolled-back") and seen.in_force_since is not None,
    )


# --- all documents


def regions(visit: Visit) -> Sequence[Region]:
    """The document in force, what waits for somebody, and then the history, newest first."""
    newest_first = sorted(visit.seen.documents.values(), key=lambda seen: -seen.version)
    lines = [line_of(seen) for seen in sorted(newest_first, key=lambda seen: ORDER.index(seen.state))]
    rows = [_row(line, "row_listed_document.html") for line in lines]
    now = sum(line.state in ORDER[:3] for line in lines)
    return (
        Region("documents", rows[:now], empty="No programme document is in force or proposed."),
        Region("history", rows[now:], empty="No document was in force before."),
    )


def _row(line: DocumentLine, template: str = "row_document.html") -> Row:
    return Row(f"document-{line.document_hash}", template, line, kind=line.state)


async def show(visit: Visit) -> Mapping[str, Any]:
    """What the document in force means."""
    active = active_of(visit)
    if active is None:
        return {"active": None}
    return {"active": active, **values_of(await studied(visit, active.document))}


# --- one document


def _document(visit: Visit) -> DocumentSeen | None:
    return visit.seen.documents.get(visit.params["document_hash"])


def document_regions(visit: Visit) -> Sequence[Region]:
    """How far it has come."""
    seen = _document(visit)
    return () if seen is None else (Region("document", [_row(line_of(seen))]),)


async def show_document(visit: Visit) -> Mapping[str, Any]:
    """What it changes, and what the one who looks can decide. Raises Page (404) and Problem."""
    seen, active = _document(visit), active_of(visit)
    if seen is None or not seen.document:
        raise NOT_FOUND
    compared = active.document if active is not None and seen.state in ("proposed", "adopted") else ""
    study = await studied(visit, seen.document, compared)
    by_then = (each for each in visit.seen.documents.values() if each.state in ("active", "adopted"))
    return {
        "document": line_of(seen),
        "text": seen.document.splitlines(),
        "active": active,
        "is_own": visit.who.name.casefold() == seen.proposed_by.casefold(),
        "is_late": seen.effective <= visit.now,
        "is_outrun": seen.state == "proposed" and seen.version <= approved_version(visit),
        "instead_of": next((each.document_hash for each in by_then if each.version == study.compared_with), None),
        **values_of(study),
    }


PAGE = ConsolePage("/programme", "Programme", "read", "programme.html", show=show, regions=regions)
DOCUMENT_PAGE = ConsolePage(
    "/programme/documents/{document_hash}",
    "Programme document",
    "read",
    "document.html",
    show=show_document,
    regions=document_regions,
    navigation=False,
)
