"""Rostering as a value: what a worker needs in order to run it."""

from __future__ import annotations

from services.rostering.decide import COMMAND_DECIDERS, DECIDERS, decide
from services.rostering.evolve import evolve
from services.rostering.state import State, due
from shared.engine.packing import packer
from shared.engine.service import Service
from shared.events import Event
from shared.topics import ASSIGNMENTS, COMMANDS, NOTIFICATIONS, ROSTERS

ROSTERING: Service[State] = Service(
    name="rostering",
    reads=(COMMANDS, ASSIGNMENTS, NOTIFICATIONS),
    writes=ROSTERS,
    handles=frozenset(kind for kind in (*DECIDERS, *COMMAND_DECIDERS) if issubclass(kind, Event)),
    initial=State(),
    decide=decide,
    evolve=evolve,
    packer=packer(State),
    state_version=4,
    due=due,
    decider_version="7",
)
