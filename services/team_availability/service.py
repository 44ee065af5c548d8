"""Team availability as a value: what a worker needs in order to run it."""

from __future__ import annotations

from services.team_availability.decide import COMMAND_DECIDERS, DECIDERS, decide
from services.team_availability.evolve import evolve
from services.team_availability.state import State, due
from shared.engine.packing import packer
from shared.engine.service import Service
from shared.events import Event
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS, ROSTERS

TEAM_AVAILABILITY: Service[State] = Service(
    name="team-availability",
    reads=(COMMANDS, CALLS, DECISIONS, NOTIFICATIONS, ROSTERS),
    writes=ASSIGNMENTS,
    handles=frozenset(kind for kind in (*DECIDERS, *COMMAND_DECIDERS) if issubclass(kind, Event)),
    initial=State(),
    decide=decide,
    evolve=evolve,
    packer=packer(State),
    state_version=14,
    due=due,
    decider_version="19",
)
