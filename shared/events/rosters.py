"""The topic `rosters`, rostering's journal: who is planned when, and who is on duty by that plan."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from shared.events.base import Event, Id

Duty = Literal["on-shift", "on-call"]


class DutyBegan(Event):
    """A planned shift has begun: this is who was to be at work, or on call, when it did."""

    shift_id: Id
    team_id: str
    duty: Duty
    members: tuple[str, ...]
    ends_at: AwareDatetime


class DutyChanged(Event):
    """While a planned shift runs, somebody else holds a place, or it ends at another time."""

    shift_id: Id
    team_id: str
    members: tuple[str, ...]
    ends_at: AwareDatetime


class DutyEnded(Event):
    """A planned shift is over."""

    shift_id: Id
    team_id: str


class ReminderDue(Event):
    """Somebody is to be reminded of a shift before it begins."""

    shift_id: Id
    team_id: str
    person_id: str
    starts_at: AwareDatetime
    not_after: AwareDatetime


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
