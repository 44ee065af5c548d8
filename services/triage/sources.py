"""What the versions of a source show of its clock, and of how it gives out numbers. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.triage.state import Memory, OpenCall, SourceNotes, State, memory_of
from shared.call import OF_WHAT_IS_KNOWN, CallId, is_another_incident
from shared.events import CadClockNoted, CadIdentityNoted, CallCancelled, CallReported, Event
from shared.programme.judging.judge import CLOCK_AHEAD
from shared.programme.judging.programme import Clocks

SAID_AGAIN_AFTER = timedelta(minutes=5)
"""How much an offset changes before it is said again on the same day."""


def notes_on(
    state: State, event: CallReported | CallCancelled, memory: Memory, open_call: OpenCall | None
) -> list[Event]:
    """What is new of the source: that its clock is so wrong that no call is diverted, or what its beginnings mean."""
    return [*_clock(state, event), *_identity(state, event, memory, open_call)]


def _clock(state: State, event: CallReported | CallCancelled) -> list[Event]:
    offset, source = event.call.updated_at - event.judged_at, event.call.source
    clocks = state.programme.clocks if state.programme is not None else Clocks()
    if -timedelta(minutes=clocks.call_stale_minutes) <= offset <= CLOCK_AHEAD:
        return []
    said, day = state.sources.get(source, SourceNotes()), event.judged_at.astimezone(UTC).date()
    if said.day == day and abs(offset - said.offset) < SAID_AGAIN_AFTER:
        return []
    return [CadClockNoted(source=source, offset_seconds=round(offset.total_seconds()), seen_at=event.judged_at)]


def _identity(
    state: State, event: CallReported | CallCancelled, memory: Memory, open_call: OpenCall | None
) -> list[Event]:
    call, before = event.call, memory.created_at
    if before is None or state.sources.get(call.source, SourceNotes()).beginnings_move:
        return []
    if call.status in OF_WHAT_IS_KNOWN or call.created_at == before:
        return []
    if is_another_incident(call.call_id, before, call.created_at, call.updated_at):
        return []
    newest = open_call.newest.call if open_call is not None and open_call.newest is not None else None
    moves_along = newest is not None and (
        call.created_at - newest.created_at == call.updated_at - newest.updated_at != timedelta(0)
    )
    if call.created_at == call.updated_at or moves_along:
        return [CadIdentityNoted(source=call.source, call_id=call.call_id)]
    return []


def is_reused(state: State, call_id: str, created_at: datetime | None, updated_at: datetime, status: str) -> bool:
    """Whether the number stands for another incident by now. While a team has the call it stays that call."""
    entry, memory = state.load_entries.get(call_id), memory_of(state, call_id)
    if memory.created_at is None or created_at is None:
        return False
    with_team = entry is not None and entry.accepted
    moves = state.sources.get(CallId.parse(call_id).source, SourceNotes()).beginnings_move
    is_another = is_another_incident(call_id, memory.created_at, created_at, updated_at, status)
    return not with_team and not moves and is_another
