"""How each event of team availability's journal changes its state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.evolve_assignments import ASSIGNMENT_CHANGES
from services.team_availability.evolve_calls import CALL_CHANGES
from services.team_availability.evolve_commands import COMMAND_CHANGES
from services.team_availability.evolve_devices import DEVICE_CHANGES
from services.team_availability.evolve_duties import DUTY_CHANGES
from services.team_availability.evolve_holds import HOLD_CHANGES
from services.team_availability.evolve_late import LATE_CHANGES
from services.team_availability.evolve_offers import OFFER_CHANGES
from services.team_availability.evolve_teams import TEAM_CHANGES
from services.team_availability.state import State
from shared.events import Event

CHANGES: dict[type[Any], Callable[[State, Any, datetime], State]] = {
    **TEAM_CHANGES,
    **DEVICE_CHANGES,
    **DUTY_CHANGES,
    **CALL_CHANGES,
    **OFFER_CHANGES,
    **HOLD_CHANGES,
    **LATE_CHANGES,
    **ASSIGNMENT_CHANGES,
    **COMMAND_CHANGES,
}


def evolve(state: State, event: Event, at: datetime) -> State:
    """The state after an event decided at an instant; an event that changes nothing here leaves it as it is."""
    change = CHANGES.get(type(event))
    return state if change is None else change(state, event, at)
