"""The kill switch: open offers and proposals are withdrawn at once, accepted calls carry on."""

from __future__ import annotations

from datetime import datetime

from services.team_availability.offers import Written, advance, withdraw
from services.team_availability.state import CallState, State
from shared.engine.service import Draft, Input
from shared.engine.topic import STEP_BYTES
from shared.events import DistrictPaused, DistrictResumed, PauseApplied
from shared.switch import Switch

EPISODES_A_STEP = 100
"""So many episodes at most end in one step; a clock goes on with the rest."""
PAUSE_BYTES = STEP_BYTES // 2
"""Nor does a step go on once it has written so much: what one more episode writes still fits."""


def district_paused(draft: Draft[State], event: DistrictPaused, given: Input) -> None:
    """A district, or `all`, is paused: every response or one."""
    paused = Switch(event.district, event.response).key
    if paused not in draft.state.paused:
        apply_pause(draft, paused, given.cause)


def district_resumed(draft: Draft[State], event: DistrictResumed, _given: Input) -> None:
    """A pause ended: calls that come from now on are offered again."""
    if Switch(event.district, event.response).key in draft.state.paused:
        draft.emit(PauseApplied(district=event.district, response=event.response, paused=False))


def apply_pause(draft: Draft[State], paused: str, cause: str) -> None:
    """Withdraw what is open there, a bounded number at a time; each episode goes on with what is left, or ends."""
    switch = Switch.parse(paused)
    affected = sorted(call_id for call_id, call in draft.state.calls.items() if _is_out(call, paused, draft.now))
    applied = PauseApplied(district=switch.district, response=switch.response, paused=True)
    draft.emit(applied)
    written = Written(draft)
    for done, call_id in enumerate(affected):
        if done == EPISODES_A_STEP or written.size_bytes() > PAUSE_BYTES:
            draft.emit(applied.model_copy(update={"more": True}))
            return
        withdraw(draft, call_id, "paused")
        advance(draft, call_id, cause)


def _is_out(call: CallState, paused: str, now: datetime) -> bool:
    """Whether something of ours is out for a call that the pause holds."""
    episode = call.episode
    if episode is None or not call.is_open:
        return False
    asked = episode.proposed if now < episode.deadline else None  # after it, the deadline's clock ends the episode
    response = episode.offered or asked
    return response is not None and Switch.parse(paused).holds(call.district, response)
