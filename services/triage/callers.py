"""How often somebody calls: calls by pseudonym and day. Pure."""

from __future__ import annotations

from datetime import datetime

from services.triage.state import State, Version
from shared.engine.state import EMPTY, ByDay
from shared.programme.judging.programme import RepeatCallers
from shared.replace import replace


def is_repeat(state: State, version: Version) -> bool:
    """Whether the document's number of calls of this caller is reached, this one among them."""
    rule = _rule(state)
    if rule is None or not version.caller:
        return False
    today = version.judged_at.toordinal()
    calls = {version.call.call_id}
    for day, of_day in state.callers.days.items():
        if today - rule.within_days < day <= today:
            calls.update(of_day.get(version.caller, ()))
    return len(calls) >= rule.calls


def with_call(state: State, caller: str, call_id: str, at: datetime) -> State:
    """The call is counted, once a day; days that no document asks for any more are forgotten."""
    rule = _rule(state)
    if rule is None:
        return state
    calls = state.callers.days.get(at.toordinal(), EMPTY).get(caller, ())
    if call_id in calls:
        return state
    return replace(state, callers=state.callers.set(caller, (*calls, call_id), at, rule.within_days))


def without_callers(state: State) -> State:
    """Where the document in force counts nobody, nothing is kept of anybody."""
    return replace(state, callers=ByDay()) if state.callers and _rule(state) is None else state


def _rule(state: State) -> RepeatCallers | None:
    """From how many calls on a caller counts as one who calls again; None where the document counts nobody."""
    return state.programme.repeat_callers if state.programme is not None else None
