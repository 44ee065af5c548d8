"""The page Audit log: who saw, opened, handed out, changed and erased what, on the agency's clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.console.pages.page import LOCAL, ConsolePage, Visit
from shared.doors.pages import Page

SHOWN = 300


async def show(visit: Visit) -> Mapping[str, Any]:
    """The entries that the address asks for; without any, those of the last day. Raises Page, and Problem (503)."""
    zone, query = visit.zone, visit.query
    since, until = (_instant(query.get(name, ""), zone) for name in ("from", "until"))
    about = {name: query.get(name, "").strip()[:300] for name in ("call_id", "person_id", "by")}
    seen = await visit.door.audit_desk.answer(visit.who, since, until, limit=SHOWN, **about)
    return {
        "log": seen,
        "about": about,
        "from_local": f"{seen.since.astimezone(zone):{LOCAL}}",
        "until_local": f"{seen.until.astimezone(zone):{LOCAL}}" if until else "",
    }


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise Page(422, "Not understood", "Write times as 2026-03-01T08:00.") from None


PAGE = ConsolePage("/audit-log", "Audit log", "read-audit-log", "audit_log.html", show)
