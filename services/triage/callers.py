"""How often somebody calls: calls by pseudonym and day. Pure."""

from __future__ import annotations

from datetime import datetime

from services.triage.state import State, Version
from shared.state import EMPTY, PMap

KEPT_DAYS = 367
"""The longest that a document may ask for, and a day."""


def is_repeat(state: State, version: Version) -> bool:
    """Whether the document's number of calls of this caller is reached, this one among them."""
    programme = state.programme
    counted = programme.repeat_callers if programme is not None else None
    if counted is None or not version.caller:
        return False
    today = version.judged_at.toordinal()
    calls = {version.call.call_id}
    for day, of_day in state.callers.items():
        if today - counted.within_days < day <= today:
            calls.update(of_day.get(version.caller, ()))
    return len(calls) >= counted.calls


def with_call(
    callers: PMap[int, PMap[str, tuple[str, ...]]], caller: str, call_id: str, at: datetime
) -> PMap[int, PMap[str, tuple[str, ...]]]:
    """The calls, and this one; days of long ago are forgotten."""
    day = at.toordinal()
    if day not in callers:
        for old in [known for known in callers if known < day - KEPT_DAYS]:
            callers = callers.delete(old)
    of_day = callers.get(day, EMPTY)
    calls = of_day.get(caller, ())
    return callers if call_id in calls else callers.set(day, of_day.set(caller, (*calls, call_id)))
