"""What each input brings about: commands about the plan, news of people and teams, clocks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.rostering.absences import lift_absence, set_absence
from services.rostering.clocks import tick
from services.rostering.draft import RotaDraft
from services.rostering.evolve import evolve
from services.rostering.imports import import_shifts
from services.rostering.notes import (
    contact_broken,
    contact_opted,
    contact_proved,
    contact_removed,
    contact_set,
    person_defined,
    person_removed,
    team_defined,
    team_removed,
)
from services.rostering.places import ask_for_cover, swap_shifts, take_shift
from services.rostering.rotations import define_rotation, remove_rotation
from services.rostering.shifts import drop_shift, move_shift, plan_shift
from services.rostering.state import State
from shared.answers import answer
from shared.engine.service import Decided, Input, Tick
from shared.events import (
    AskForCover,
    Command,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DefineRotation,
    DropShift,
    Event,
    ImportShifts,
    LiftAbsence,
    MoveShift,
    PersonDefined,
    PersonRemoved,
    PlanShift,
    RemoveRotation,
    SetAbsence,
    SwapShifts,
    TakeShift,
    TeamDefined,
    TeamRemoved,
)


def decide(state: State, given: Input, now: datetime) -> Decided[State]:
    """The events that an input brings about; none the second time."""
    event, draft = given.event, RotaDraft(state, now, evolve, given=given)
    if isinstance(event, Command):
        _command(draft, event)
    elif (decider := DECIDERS.get(type(event))) is not None:
        decider(draft, event)
    draft.tell_asked(state)
    return draft.decided()


def _command(draft: RotaDraft, command: Command) -> None:
    decider = COMMAND_DECIDERS.get(type(command))
    if decider is not None:
        time, answered = draft.given.time, draft.state.answered
        draft.emit_all(answer(command, time, answered, lambda command: decider(draft, command)))


DECIDERS: dict[type[Any], Callable[[RotaDraft, Any], None]] = {
    PersonDefined: person_defined,
    PersonRemoved: person_removed,
    TeamDefined: team_defined,
    TeamRemoved: team_removed,
    ContactSet: contact_set,
    ContactProved: contact_proved,
    ContactBroken: contact_broken,
    ContactOptedOut: contact_opted,
    ContactOptedIn: contact_opted,
    ContactRemoved: contact_removed,
    Tick: tick,
}

COMMAND_DECIDERS: dict[type[Any], Callable[[RotaDraft, Any], list[Event]]] = {
    DefineRotation: define_rotation,
    RemoveRotation: remove_rotation,
    PlanShift: plan_shift,
    MoveShift: move_shift,
    DropShift: drop_shift,
    ImportShifts: import_shifts,
    TakeShift: take_shift,
    SwapShifts: swap_shifts,
    AskForCover: ask_for_cover,
    SetAbsence: set_absence,
    LiftAbsence: lift_absence,
}
