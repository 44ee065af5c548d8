"""What one service writes for another to act upon, and whether something came of it: records name their cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.reporting.auditor.fold.writes import Given, Write

JUDGED, PAGED, TOLD, PAUSED = "version-judged", "offer-paged", "team-told-of", "pause-applied"
"""The invariants."""

_OWED = """INSERT INTO word (invariant, topic, partition, record_offset, agency, call_id, what, at_us, owed)
    SELECT CAST(:invariant AS TEXT), CAST(:topic AS TEXT), CAST(:partition AS BIGINT), CAST(:record_offset AS BIGINT),
        CAST(:agency AS TEXT), CAST(:call_id AS TEXT), CAST(:what AS TEXT), CAST(:at_us AS BIGINT), 1
    WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.call_id = :call_id AND v.event_id = :event_id
        AND v.record_offset < :record_offset)
    ON CONFLICT (invariant, topic, partition, record_offset) DO UPDATE SET owed = 1, agency = excluded.agency,
        call_id = excluded.call_id, what = excluded.what, at_us = excluded.at_us"""
"""A version that is published twice, under one id, is judged once."""
_HEARD = """INSERT INTO word (invariant, topic, partition, record_offset, heard)
    VALUES (:invariant, :topic, :partition, :record_offset, 1)
    ON CONFLICT (invariant, topic, partition, record_offset) DO UPDATE SET heard = 1"""


def _of_a_call(event: Mapping[str, Any]) -> bool:
    return bool(event.get("call_id"))


def _for_help(event: Mapping[str, Any]) -> bool:
    return _of_a_call(event) and event["status"] == "need-police"


def _pages(event: Mapping[str, Any]) -> bool:
    return bool(event.get("recipients")) and event.get("paged", True)


OWES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], bool]]] = {
    "call-reported": (JUDGED, bool),
    "call-cancelled": (JUDGED, bool),
    "offer-made": (PAGED, _pages),
    "status-reported": (TOLD, _for_help),
    "assignment-withdrawn": (TOLD, _of_a_call),
    "assignment-moved": (TOLD, _of_a_call),
    "upgrade-raised": (TOLD, _of_a_call),
    "safety-check-missed": (TOLD, _of_a_call),
    "recall-unacknowledged": (TOLD, _of_a_call),
    "team-stays": (TOLD, _of_a_call),
    "district-paused": (PAUSED, bool),
}
"""By the kind of a record: the invariant, and which of its events are meant."""
_HEARS: Mapping[tuple[str, str], str] = {
    ("decisions", "call-triaged"): JUDGED,
    ("decisions", "version-noted"): JUDGED,
    ("decisions", "call-ended"): JUDGED,
    ("decisions", "call-stale"): JUDGED,
    ("decisions", "input-refused"): JUDGED,
    ("notifications", "page-due"): PAGED,
    ("notifications", "page-dropped"): PAGED,
    ("notifications", "ladder-set"): PAGED,
    ("notifications", "cad-message-due"): TOLD,
    ("assignments", "pause-applied"): PAUSED,
}


def owed(given: Given) -> Iterator[Write]:
    """Another service has to act upon this record."""
    invariant, is_owed = OWES.get(given.kind, ("", bool))
    if invariant and is_owed(given.event):
        place = {"topic": given.stored.topic, "partition": given.stored.partition, "record_offset": given.stored.offset}
        call_id = given.event.get("call_id") or given.stored.header("subject") or None
        about = {"agency": given.agency, "call_id": call_id, "what": given.kind, "at_us": given.at}
        yield Write(_OWED, {"invariant": invariant, **place, **about, **given.fields("event_id")})


def came_of(topic: str, kind: str, cause: str) -> Iterator[Write]:
    """Something came of the record that is its cause."""
    invariant, place = _HEARS.get((topic, kind), ""), cause.split("/")
    if invariant and place[0] in ("calls", "assignments", "decisions"):
        named = {"topic": place[0], "partition": int(place[1]), "record_offset": int(place[2])}
        yield Write(_HEARD, {"invariant": invariant, **named})
