"""The topic `rosters`, rostering's journal: who is planned when, and who is on duty by that plan."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from shared.events.base import Event, Id
from shared.events.rota import SIGN_ON_GRACE_MINUTES, Duty, PlannedShift, Rotation
from shared.judgement import Discipline

# --- what is planned ------------------------------------------------------------------------------------------------


class RotationDefined(Event):
    """A rotation was added or replaced."""

    rotation: Rotation
    defined_by: str = ""


class RotationRemoved(Event):
    """A rotation is gone; the shifts of it that were still to come were dropped."""

    rotation_id: str
    removed_by: str = ""
    reason: str = ""


class RotationPlanned(Event):
    """The shifts of a rotation stand up to a day, that day left out; they are gone through again at an instant."""

    rotation_id: str
    through: date
    again_at: AwareDatetime


class ShiftPlanned(Event):
    """A shift was planned: by a rotation, an import or a person."""

    shift: PlannedShift
    planned_by: str = ""


class ShiftMoved(Event):
    """A shift has other times, another team, or other places; whoever has taken a place in it has it still."""

    shift: PlannedShift
    moved_by: str = ""
    """A person, whose word stands against its rotation; empty: what it comes from says so."""
    reason: str = ""


class ShiftDropped(Event):
    """A shift does not take place; `reason` says why."""

    shift_id: Id
    team_id: str
    dropped_by: str = ""
    reason: str = ""


class ShiftsImported(Event):
    """A plan was read from another system: what came of it, and by when it is read again."""

    source: str
    planned: int = 0
    moved: int = 0
    dropped: int = 0
    unchanged: int = 0
    faults: tuple[str, ...] = ()
    """Rows that were not taken, and why: of these the plan stands as it did."""
    stale_at: AwareDatetime | None = None
    """When the plan counts as out of date if nothing more has been read; None: it is read once."""


class RosterFeedStale(Event):
    """The plan of another system was not read for two of its periods; what was read last stands."""

    source: str
    read_at: AwareDatetime


# --- who has a place ------------------------------------------------------------------------------------------------


class PlaceTaken(Event):
    """A place in a shift is somebody's, all of it or a part; it stays theirs when the shift moves."""

    shift_id: Id
    team_id: str
    place: int
    """From 1, in the order of the shift's places."""
    person_id: str
    instead_of: str = ""
    starts_at: AwareDatetime | None = None
    """None: from the start of the shift, whenever that is."""
    ends_at: AwareDatetime | None = None
    """None: to its end, whenever that is."""
    taken_by: str = ""
    """Who says so, where it is not the person. Why, the command says: it may be somebody's illness, and is not kept."""


class CoverAsked(Event):
    """Somebody else is wanted for a place in a shift; the first to take it has it."""

    shift_id: Id
    team_id: str
    place: int
    person_id: str
    """Who has the place."""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    asked: tuple[str, ...] = ()
    asked_by: str = ""


class AbsenceSet(Event):
    """A person is away between two instants; the places that they hold then are absent until others take them."""

    absence_id: Id
    person_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    set_by: str = ""


class AbsenceLifted(Event):
    """A person is not away after all."""

    absence_id: Id
    person_id: str
    lifted_by: str = ""


# --- what the plan lacks --------------------------------------------------------------------------------------------

GapReason = Literal["empty", "understaffed", "absent", "unreachable", "no-rest", "elsewhere"]
"""Nobody has a place; the needs of the places are not met; a holder is away; a holder has no way that is proved to
reach them; a holder has worked until shortly before; a holder is in another shift at the same time, which began first.
"""


class GapFound(Event):
    """A shift lacks something, as it is planned now. Said when it comes about, and again as it draws near."""

    gap_id: Id
    shift_id: Id
    team_id: str
    why: GapReason
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    person_id: str = ""
    """Whom it is about: who is absent, cannot be reached, has no rest."""
    days_ahead: int
    """28, 7 or 1: the last of these that has been reached; more while none has."""


class GapClosed(Event):
    """A shift does not lack that any more. What a shift lacks when it is dropped or over is closed by that."""

    gap_id: Id
    shift_id: Id
    team_id: str


class ShiftsChecked(Event):
    """Shifts were looked through for gaps, as they stand now."""

    shift_ids: tuple[str, ...]


# --- what people are told -------------------------------------------------------------------------------------------


class ReminderDue(Event):
    """Somebody is to be reminded of a shift before it begins."""

    shift_id: Id
    team_id: str
    person_id: str
    starts_at: AwareDatetime
    not_after: AwareDatetime


class RemindersSent(Event):
    """Whoever holds a place in a shift was reminded, of as many reminders as it has so far."""

    shift_id: Id
    team_id: str
    number: int


class PlanNoticeDue(Event):
    """Somebody is to hear that their plan has changed, or that cover is asked for, or that a shift has a gap."""

    notice_id: Id
    kind: Literal["shift-moved", "cover", "gap"]
    person_id: str
    shift_id: Id
    team_id: str
    starts_at: AwareDatetime
    not_after: AwareDatetime
    why: str = ""


class PlanNoticeHeld(Event):
    """It is night, and what somebody is to hear of begins a day or more later: they hear of it in the morning."""

    notice: PlanNoticeDue
    until: AwareDatetime


# --- who is on duty -------------------------------------------------------------------------------------------------


class DutyBegan(Event):
    """A planned shift has begun: this is who was to be at work, or on call, when it did."""

    shift_id: Id
    team_id: str
    duty: Duty
    members: tuple[str, ...]
    ends_at: AwareDatetime
    sign_on_grace_minutes: int = SIGN_ON_GRACE_MINUTES
    """How long a team that is to be at work may take to sign on before somebody is told."""
    planned_until: AwareDatetime | None = None
    """Until when the team is on call without a gap, with crews that fill their places; None: not beyond `ends_at`."""


class DutyChanged(Event):
    """While a planned shift runs, somebody else holds a place, it ends at another time, or others follow on it."""

    shift_id: Id
    team_id: str
    members: tuple[str, ...]
    ends_at: AwareDatetime
    planned_until: AwareDatetime | None = None
    """Until when the team is on call without a gap, with crews that fill their places; None: not beyond `ends_at`."""


class DutyEnded(Event):
    """A planned shift is over."""

    shift_id: Id
    team_id: str


# --- what other services said, as far as the plan needs it ----------------------------------------------------------


class StaffNoted(Event):
    """Somebody is on the books, trained for this."""

    person_id: str
    disciplines: tuple[Discipline, ...]


class StaffLeft(Event):
    """Somebody is on the books no more: their places are empty, and their absences gone."""

    person_id: str


class TeamNoted(Event):
    """A team is on the books, or is no more."""

    team_id: str
    on_books: bool = True


class WayNoted(Event):
    """How a way to a person stands."""

    person_id: str
    method_id: str
    fingerprint: str = ""
    """Of the address, by which one that is set again is known."""
    proved: bool = False
    broken: bool = False
    opted_out: bool = False
    gone: bool = False
