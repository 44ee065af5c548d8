"""The calls that each response has, now and today: what caps are measured with. Pure."""

from __future__ import annotations

from services.triage.state import LoadEntry, State
from shared.engine.state import EMPTY, PMap
from shared.programme.judging.surroundings import Load
from shared.replace import replace


def add(state: State, call_id: str, entry: LoadEntry) -> State:
    """The call counts in a response's load from here on, and in no other's."""
    present = state.load_entries.get(call_id)
    if present is not None and (present.response, present.district) == (entry.response, entry.district):
        accepted, unasked = present.accepted or entry.accepted, present.unasked or entry.unasked
        entry = replace(present, offered=entry.offered, accepted=accepted, unasked=unasked)
        return replace(state, load_entries=state.load_entries.set(call_id, entry))
    state = remove(state, call_id, counts=False)
    before = state.load.get(entry.response, EMPTY).get(entry.district, Load())
    if before.day is not None and entry.day < before.day:  # it is no call of the day that is being counted
        load = replace(before, open=before.open + 1)
    else:
        load = Load(before.open + 1, entry.day, before.on(entry.day) + 1)
    return replace(state, load=_with_load(state, entry, load), load_entries=state.load_entries.set(call_id, entry))


def remove(state: State, call_id: str, *, counts: bool) -> State:
    """The call is with no team any more; whether it still counts as one of its day."""
    entry = state.load_entries.get(call_id)
    if entry is None:
        return state
    before = state.load[entry.response][entry.district]
    given_back = 0 if counts or before.day != entry.day else 1
    load = replace(before, open=before.open - 1, taken=before.taken - given_back)
    return replace(state, load=_with_load(state, entry, load), load_entries=state.load_entries.delete(call_id))


def _with_load(state: State, entry: LoadEntry, load: Load) -> PMap[str, PMap[str, Load]]:
    by_district = state.load.get(entry.response, EMPTY)
    return state.load.set(entry.response, by_district.set(entry.district, load))
