"""Triage as a value: what it reads and writes, and the pure functions that a worker runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from services.triage.decide import decide
from services.triage.evolve import evolve
from services.triage.listen import OpenSealed
from services.triage.state import State
from shared.events import CallCancelled, CallReported, CallRouted, OfferMade, Sealed, commands_of
from shared.sealing import CannotOpen, Sealer
from shared.service import Service
from shared.state import packer
from shared.topics import ASSIGNMENTS, CALLS, COMMANDS, DECISIONS


def triage_service(sealer: Sealer) -> Service[State]:
    """Triage with the key that opens the sealed part of a call."""
    return opening_with(sealer.open)


def opening_with(open_sealed: OpenSealed) -> Service[State]:
    """Triage with any pure way of opening it."""
    return replace(SERVICE, decide=partial(decide, open_sealed=open_sealed))


def _closed(call_id: str, sealed: Sealed) -> Mapping[str, str]:
    raise CannotOpen(f"{call_id}: no key was given for {sealed.key_id}")


SERVICE: Service[State] = Service(
    name="triage",
    reads=(COMMANDS, CALLS, ASSIGNMENTS),
    writes=DECISIONS,
    handles=commands_of("triage") | {CallReported, CallCancelled, OfferMade, CallRouted},
    initial=State(),
    decide=partial(decide, open_sealed=_closed),
    evolve=evolve,
    packer=packer(State),
    state_version=2,
    due=lambda state: state.clocks.first(),
)
"""Triage without a key: what is sealed stays so, and counts as unknown."""
