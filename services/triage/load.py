"""The calls that each response has, now and today. Pure."""

from __future__ import annotations

from services.triage.state import LoadEntry, State
from shared.programme.judging.load import with_call, without_call
from shared.replace import replace


def add(state: State, call_id: str, entry: LoadEntry) -> State:
    """The call counts in a response's load from here on, and in no other's."""
    present = state.load_entries.get(call_id)
    if present is not None and (present.response, present.district) == (entry.response, entry.district):
        accepted, unasked = present.accepted or entry.accepted, present.unasked or entry.unasked
        entry = replace(present, offered=entry.offered, accepted=accepted, unasked=unasked)
        return replace(state, load_entries=state.load_entries.set(call_id, entry))
    load, entries = with_call(state.load, state.load_entries, call_id, entry)
    return replace(state, load=load, load_entries=entries)


def remove(state: State, call_id: str, *, counts: bool) -> State:
    """The call is with no team any more; whether it still counts as one of its day."""
    load, entries = without_call(state.load, state.load_entries, call_id, counts=counts)
    return replace(state, load=load, load_entries=entries)
