"""Triage as a value: what it reads and writes, and the pure functions that a worker runs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from services.triage.decide import decide
from services.triage.evolve import evolve
from services.triage.sealed_part import NoKey, Opener
from services.triage.state import State
from shared.engine.packing import packer
from shared.engine.service import Service
from shared.events import (
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    AuditGapFound,
    CallCancelled,
    CallReported,
    CallRouted,
    Event,
    HoldBegan,
    OfferMade,
    StatusReported,
    UpgradeRaised,
    commands_of,
)
from shared.topics import ASSIGNMENTS, AUDITS, CALLS, COMMANDS, DECISIONS


def triage_service(opener: Opener) -> Service[State]:
    """Triage with what opens the sealed part of a call: `CallKeys`, or anything pure."""
    return replace(TRIAGE, decide=partial(decide, opener=opener))


HANDLED: frozenset[type[Event]] = frozenset(
    (
        CallReported, CallCancelled, OfferMade, HoldBegan, CallRouted, AssignmentEnded, AssignmentMoved,
        AssignmentWithdrawn, UpgradeRaised, StatusReported, AuditGapFound,
    )
)  # fmt: skip
"""What it decides on besides commands."""

TRIAGE: Service[State] = Service(
    name="triage",
    reads=(COMMANDS, CALLS, ASSIGNMENTS, AUDITS),
    writes=DECISIONS,
    handles=commands_of("triage") | HANDLED,
    initial=State(),
    decide=partial(decide, opener=NoKey()),
    evolve=evolve,
    packer=packer(State),
    state_version=11,
    decider_version="16",
    due=lambda state: state.clocks.first(),
)
"""Triage without a key: what is sealed stays so, and counts as unknown."""
