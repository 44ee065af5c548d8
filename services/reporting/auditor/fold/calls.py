"""`calls`: which versions somebody has to take in, because a call begins or begins again with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.reporting.auditor.fold.writes import Fold, Given, Write, insert
from services.reporting.auditor.tables import microseconds

ENDED = ("cancelled", "closed", "merged")
STALE = timedelta(days=7)
"""An unknown call that is older by its own time stamps is recorded, and nobody takes it in."""
FORGOTTEN = timedelta(days=8)
"""A call of which nothing was heard for so long is unknown again, ended or not: its number may be another's."""

_OWED = """UPDATE version SET owed = 1 WHERE partition = :partition AND record_offset = :record_offset
    AND EXISTS (SELECT 1 FROM call WHERE call.call_id = version.call_id
        AND call.refused = 0 AND coalesce(call.taken_offset, -1) < version.record_offset AND {begins})"""
_IS_NEW = f"(is_known = 0 OR newest_us < :order_us - {FORGOTTEN // timedelta(microseconds=1)})"
_OWED_IF_NEW = _OWED.format(begins=_IS_NEW)
_OWED_AGAIN = _OWED.format(begins="call.is_known = 1 AND call.ended = 1 AND version.order_us > call.newest_us")
_OWED_REOPENED = _OWED_AGAIN.replace("version.order_us > call", "version.order_us >= call")
_GOES_ON = """UPDATE call SET
    reopened_us = CASE WHEN ended = 1 THEN :order_us ELSE reopened_us END,
    is_known = 1, ended = 0, newest_us = :order_us
    WHERE call_id = :call_id AND {condition}"""
_FIRST = _GOES_ON.format(condition=_IS_NEW)
_LATER = _GOES_ON.format(condition="is_known = 1 AND newest_us < :order_us")
_REOPENED = _GOES_ON.format(condition="is_known = 1 AND newest_us <= :order_us")
_ENDS = """UPDATE call SET is_known = 1, ended = 1,
    newest_us = CASE WHEN newest_us > :order_us THEN newest_us ELSE :order_us END
    WHERE call_id = :call_id AND (is_known = 1 OR {first}) AND coalesce(reopened_us, :order_us) <= :order_us"""
_ENDS_FRESH, _ENDS_STALE = _ENDS.format(first="1 = 1"), _ENDS.format(first="1 = 0")


def _version(given: Given) -> Iterator[Write]:
    call = given.event["call"]
    agency, source, incident = call["agency"], call["source"], call["incident_id"]
    call_id, updated_at = f"{agency}/{source}/{incident}", datetime.fromisoformat(call["updated_at"])
    order_us = microseconds(min(updated_at, datetime.fromisoformat(given.event["received_at"])))
    status, event_id = call.get("status", "active"), given.event["event_id"]
    began_at = min(updated_at, datetime.fromisoformat(call["created_at"]))
    fresh = began_at >= datetime.fromisoformat(given.event["judged_at"]) - STALE
    named = {"call_id": call_id, "order_us": order_us}
    yield insert("call", call_id=call_id)
    yield insert(
        "version", **given.place, **named, agency=agency, source=source, event_id=event_id,
        at_us=microseconds(given.stored.time), ended=int(status in ENDED),
        synthetic=int(given.event.get("synthetic", False)),
    )  # fmt: skip
    if status in ENDED:
        yield Write(_ENDS_FRESH if fresh else _ENDS_STALE, named)
    else:
        where = {"partition": given.stored.partition, "record_offset": given.stored.offset}
        reopened = status == "reopened"
        if fresh:
            yield Write(_OWED_IF_NEW, {**where, "order_us": order_us})
            yield Write(_FIRST, named)
        yield Write(_OWED_REOPENED if reopened else _OWED_AGAIN, where)
        yield Write(_REOPENED if reopened else _LATER, named)


FOLDS: dict[str, Fold] = {"call-reported": _version, "call-cancelled": _version}
