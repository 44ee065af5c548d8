"""Team availability as a value: what a worker needs in order to run it."""

from __future__ import annotations

from services.team_availability.decide import COMMANDS as COMMAND_DECIDERS
from services.team_availability.decide import DECIDERS, decide
from services.team_availability.evolve import evolve
from services.team_availability.state import State, due
from shared.events import Event
from shared.service import Service
from shared.state import packer
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS, NOTIFICATIONS

TEAM_AVAILABILITY: Service[State] = Service(
    name="team-availability",
    reads=(COMMANDS, CALLS, DECISIONS, NOTIFICATIONS),
    writes=ASSIGNMENTS,
    handles=frozenset(kind for kind in (*DECIDERS, *COMMAND_DECIDERS) if issubclass(kind, Event)),
    initial=State(),
    decide=decide,
    evolve=evolve,
    packer=packer(State),
    state_version=2,
    due=due,
    decider_version="2",
)
