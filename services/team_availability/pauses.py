"""The kill switch: open offers and proposals are withdrawn at once, accepted calls carry on."""

from __future__ import annotations

from datetime import datetime

from services.team_availability.draft import AgencyDraft
from services.team_availability.offers import advance
from services.team_availability.state import CallState
from shared.engine.topic import STEP_BYTES
from shared.events import DistrictPaused, DistrictResumed, PauseApplied
from shared.switch import Switch

EPISODES_PER_STEP = 100
"""At most so many episodes end in one step; a clock goes on with the rest."""
PAUSE_BYTES = STEP_BYTES // 2
"""Nor does a step go on once it has written so much: what one more episode writes still fits."""


def district_paused(draft: AgencyDraft, event: DistrictPaused) -> None:
    """A district, or `all`, is paused: every response or one."""
    switch = Switch(event.district, event.response)
    if switch.key not in draft.state.paused:
        apply_pause(draft, switch)


def district_resumed(draft: AgencyDraft, event: DistrictResumed) -> None:
    """A pause ended: calls that come from now on are offered again."""
    switch = Switch(event.district, event.response)
    if switch.key in draft.state.paused:
        draft.emit(PauseApplied(**switch._asdict(), paused=False))


def apply_pause(draft: AgencyDraft, switch: Switch) -> None:
    """Withdraw what is open there, a bounded number at a time; each episode goes on with what is left, or ends."""
    affected = sorted(call_id for call_id, call in draft.state.calls.items() if _is_out(call, switch, draft.now))
    applied = PauseApplied(**switch._asdict(), paused=True)
    draft.emit(applied)
    for number, call_id in enumerate(affected):
        if number == EPISODES_PER_STEP or draft.size_bytes() > PAUSE_BYTES:
            draft.emit(applied.model_copy(update={"more": True}))
            return
        call = draft.call(call_id)
        call.withdraw("paused")
        advance(call)


def _is_out(call: CallState, switch: Switch, now: datetime) -> bool:
    """Whether something of ours is out for a call that the pause holds."""
    episode = call.episode
    if episode is None or not call.is_open:
        return False
    proposed = episode.proposed if now < episode.deadline else None  # after it, the deadline's clock ends the episode
    response = episode.offered or proposed
    if response is None and episode.hold is not None and call.plan is not None:
        return any(switch.holds(call.district, option.response) for option in call.plan.options if option.may_go)
    return response is not None and switch.holds(call.district, response)
