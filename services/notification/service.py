"""Notification as a value: what a worker needs in order to run it."""

from __future__ import annotations

from services.notification.decide import DECIDERS, decide
from services.notification.evolve import evolve
from services.notification.state import State, due, pending
from shared.engine.packing import packer
from shared.engine.service import Service
from shared.events import Event
from shared.topics import ASSIGNMENTS, COMMANDS, NOTIFICATIONS, ROSTERS

NOTIFICATION: Service[State] = Service(
    name="notification",
    reads=(COMMANDS, ASSIGNMENTS, ROSTERS),
    writes=NOTIFICATIONS,
    handles=frozenset(kind for kind in DECIDERS if issubclass(kind, Event)),
    initial=State(),
    decide=decide,
    evolve=evolve,
    packer=packer(State),
    state_version=11,
    due=due,
    pending=pending,
    decider_version="16",
)
