"""Every topic, once: who writes it, how long it is kept, and what is special about reading it."""

from __future__ import annotations

from shared.engine.topic import DAY_MILLISECONDS, DEAD_LETTERS, Topic, beats_of, snapshots_of

CALLS = Topic("calls", "intake", retention_milliseconds=30 * DAY_MILLISECONDS, refusals_name_subject=True)
COMMANDS = Topic("commands", "doors", retention_milliseconds=30 * DAY_MILLISECONDS, first=True)
DECISIONS = Topic("decisions", "triage", journal=True)
ASSIGNMENTS = Topic("assignments", "team-availability", journal=True)
NOTIFICATIONS = Topic("notifications", "notification", journal=True)
ROSTERS = Topic("rosters", "rostering", journal=True)
CONTACTS = Topic("contacts", "doors", compacted=True, gone_within_milliseconds=DAY_MILLISECONDS)
"""Addresses of staff, sealed. Its keys are `agency/person/method`, in the agency's partition (`shared.contacts`)."""
CALL_KEYS = Topic("call-keys", "doors", compacted=True, gone_within_milliseconds=DAY_MILLISECONDS)
"""Keys of calls, sealed. Its keys are `agency/source/incident/key`, in the agency's partition (`shared.call_keys`)."""
AUDITS = Topic("audits", "auditor")
"""No journal, though one process writes it: nobody's state is its fold, and a finding said twice is one."""
AUDIT_LOG = Topic("audit-log", "doors and services", retention_milliseconds=365 * DAY_MILLISECONDS)
"""Who saw, opened and changed what, chained (`shared.audit_log`). Not to be confused with what the auditor finds."""

_DECIDING = ("triage", "team-availability", "notification", "rostering")
_VIEWING = ("console", "pocket", "callbacks")

TOPICS: tuple[Topic, ...] = (
    CALLS,
    COMMANDS,
    DECISIONS,
    ASSIGNMENTS,
    NOTIFICATIONS,
    ROSTERS,
    CONTACTS,
    CALL_KEYS,
    AUDITS,
    AUDIT_LOG,
    *(snapshots_of(name) for name in (*_DECIDING, *_VIEWING)),
    *(beats_of(name) for name in _DECIDING),
    DEAD_LETTERS,
)
