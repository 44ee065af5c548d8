"""The topic `audits`, written by the auditor: which promises the journals break."""

from __future__ import annotations

from pydantic import AwareDatetime

from shared.events.base import Event, Id


class AuditGapFound(Event):
    """The auditor found something in the journals that careroute promises can never be."""

    gap_id: Id
    """Of an invariant and what breaks it: found again, it is the same."""
    invariant: str
    about: str
    """What breaks it: a call and its episode, a page, a team …"""
    sentence: str
    broken_at: AwareDatetime
    """When it happened, or should have."""
    call_id: str | None = None
    district: str | None = None


class AuditGapClosed(Event):
    """What the auditor had found is not so any more, or a person has looked into it."""

    gap_id: Id
    invariant: str
    about: str
    reviewed_by: str = ""
    """Who has looked into it, where it can never be mended."""
    reason: str = ""
