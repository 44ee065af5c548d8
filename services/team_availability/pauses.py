"""The kill switch: open offers and proposals are withdrawn at once, accepted calls carry on."""

from __future__ import annotations

from services.team_availability.offers import end_by_default
from services.team_availability.state import CallState, State, pause_holds
from shared.events import DistrictPaused, DistrictResumed, PauseApplied
from shared.service import Draft, Input

EPISODES_A_STEP = 100
"""So many episodes end in one step; a clock goes on with the rest."""


def district_paused(draft: Draft[State], event: DistrictPaused, _given: Input) -> None:
    """A district, or `all`, is paused."""
    if event.district not in draft.state.paused:
        apply_pause(draft, event.district)


def district_resumed(draft: Draft[State], event: DistrictResumed, _given: Input) -> None:
    """A pause ended: calls that come from now on are offered again."""
    if event.district in draft.state.paused:
        draft.emit(PauseApplied(district=event.district, paused=False))


def apply_pause(draft: Draft[State], district: str) -> None:
    """Withdraw what is open there, a bounded number at a time."""
    affected = sorted(call_id for call_id, call in draft.state.calls.items() if _is_out(call, district))
    draft.emit(PauseApplied(district=district, paused=True, more=len(affected) > EPISODES_A_STEP))
    for call_id in affected[:EPISODES_A_STEP]:
        end_by_default(draft, call_id, "paused", withdrawn="paused")


def _is_out(call: CallState, district: str) -> bool:
    """Whether something of ours is out for a call that the pause holds."""
    episode = call.episode
    if episode is None or not call.is_open:
        return False
    response = episode.offer.response if episode.offer is not None else episode.asked
    return response is not None and pause_holds(district, call.district, response)
