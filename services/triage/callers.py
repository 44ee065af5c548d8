"""How often somebody calls: calls by pseudonym and day. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.triage.state import State, Version
from shared.engine.state import EMPTY
from shared.programme.judging.programme import RepeatCallers


def is_repeat(state: State, version: Version) -> bool:
    """Whether the document's number of calls of this caller is reached, this one among them."""
    counted = _counted(state)
    if counted is None or not version.caller:
        return False
    today = version.judged_at.toordinal()
    calls = {version.call.call_id}
    for day, of_day in state.callers.items():
        if today - counted.within_days < day <= today:
            calls.update(of_day.get(version.caller, ()))
    return len(calls) >= counted.calls


def with_call(state: State, caller: str, call_id: str, at: datetime) -> State:
    """The call is counted, once; days that no document asks for any more are forgotten."""
    counted, callers, day = _counted(state), state.callers, at.toordinal()
    if counted is None:
        return state
    if day not in callers:
        for old in [known for known in callers if known < day - counted.within_days]:
            callers = callers.delete(old)
    of_day = callers.get(day, EMPTY)
    calls = of_day.get(caller, ())
    if call_id not in calls:
        callers = callers.set(day, of_day.set(caller, (*calls, call_id)))
    return replace(state, callers=callers)


def without_callers(state: State) -> State:
    """Where the document in force counts nobody, nothing is kept of anybody."""
    counts = _counted(state) is not None
    return state if counts or not state.callers else replace(state, callers=EMPTY)


def _counted(state: State) -> RepeatCallers | None:
    """From how many calls on a caller counts as one who calls again; None where the document counts nobody."""
    return state.programme.repeat_callers if state.programme is not None else None
