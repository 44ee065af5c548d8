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
    since, until = _instant(query.get("from", ""), zone), _instant(query.get("until", ""), zone, is_end=True)
    about = {name: query.get(name, "").strip()[:300] for name in ("call_id", "person_id", "by")}
    strangers = bool(query.get("strangers"))
    seen = await visit.door.audit_desk.answer(visit.who, since, until, strangers=strangers, limit=SHOWN, **about)
    return {
        "log": seen,
        "about": about,
        "strangers": strangers,
        "from_local": f"{seen.since.astimezone(zone):{LOCAL}}",
        "until_local": f"{seen.until.astimezone(zone):{LOCAL}}" if until else "",
    }


def _instant(text: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    """An instant that says its zone itself, or is one of the agency's clocks; of two that these show, the outer one."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Page(422, "Not understood", "Write times as 2026-03-01T08:00.") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone, fold=int(is_end))


PAGE = ConsolePage("/audit-log", "Audit log", "read-audit-log", "audit_log.html", show)
