"""The calls that each response has, now and today: what caps are measured with. Pure."""

from __future__ import annotations

from dataclasses import replace

from services.triage.state import Carried, State
from shared.programme.judging.surroundings import Load


def taken(state: State, call_id: str, carried: Carried) -> State:
    """The call counts in a response's load from here on, and in no other's."""
    known = state.carried.get(call_id)
    if known is not None and (known.response, known.district) == (carried.response, carried.district):
        return replace(state, carried=state.carried.set(call_id, replace(known, offered=carried.offered)))
    state = released(state, call_id, counts=False)
    key = f"{carried.response}/{carried.district}"
    before = state.load.get(key, Load())
    if before.day is not None and carried.day < before.day:  # it is no call of the day that is being counted
        load = replace(before, open=before.open + 1)
    else:
        load = Load(before.open + 1, carried.day, before.on(carried.day) + 1)
    return replace(state, load=state.load.set(key, load), carried=state.carried.set(call_id, carried))


def released(state: State, call_id: str, *, counts: bool) -> State:
    """The call is with no team any more; whether it still counts as one of its day."""
    carried = state.carried.get(call_id)
    if carried is None:
        return state
    key = f"{carried.response}/{carried.district}"
    before = state.load[key]
    given_back = 0 if counts or before.day != carried.day else 1
    load = replace(before, open=before.open - 1, taken=before.taken - given_back)
    return replace(state, load=state.load.set(key, load), carried=state.carried.delete(call_id))
