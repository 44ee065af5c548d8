"""The calls that an agency's teams have, as the pocket page shows them: where they stand, and what has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from services.pocket.records import Assignment, Change
from shared.call import ENDED, CallId
from shared.events import (
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadInformed,
    CadNotInformed,
    CallChanged,
    CallVersionAt,
    Event,
    IncidentConfirmed,
    OfferAccepted,
    SafetyCheckDue,
    SafetyCheckMissed,
    StatusCorrected,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    UpgradeRaised,
)

POSITIONS = 3
"""Versions of a call that are tried for its sealed part, newest first."""

CHANGES_SHOWN = 4


class Assignments:
    """By team, the call that it has, or had a moment ago."""

    def __init__(self) -> None:
        self._of_team: dict[str, Assignment] = {}
        self._cad_informed: dict[tuple[str, int], tuple[bool, datetime]] = {}
        """By call and episode: whether the CAD acknowledged the outcome, and since when that is known."""

    def fold(self, event: Event, at: datetime) -> None:
        """Take in one of the events of `ASSIGNMENT_CHANGES`."""
        ASSIGNMENT_CHANGES[type(event)](self, event, at)

    def begin(self, event: OfferAccepted, at: datetime) -> Assignment:
        """A team has a call."""
        informed, _ = self._cad_informed.get((event.call_id, event.episode), (None, at))
        positions = (event.call_at,) if event.call_at else ()
        assignment = Assignment(
            event.call_id, event.episode, event.team_id, at, event.eta_minutes, positions, dispatcher_told=informed
        )
        assignment.accepted_call_id, assignment.accepted_position = event.call_id, event.call_at
        self._of_team[event.team_id] = assignment
        return assignment

    def withdraw(self, event: AssignmentWithdrawn, at: datetime) -> bool:
        """A team is released: True where it is asked whether it knows."""
        self._release(event.team_id, event.call_id, "withdrawn", event.why, at)
        assignment = self._of_team.get(event.team_id)
        if assignment is None or assignment.call_id != event.call_id or not event.acknowledge:
            return False
        assignment.acknowledge = True
        return True

    def ask_well(self, event: SafetyCheckDue) -> bool:
        """A team is asked whether it is well: False where it has no such call."""
        asked = [assignment for assignment in self._of_call(event.call_id) if assignment.team_id == event.team_id]
        for assignment in asked:
            assignment.asked_well = True
        return bool(asked)

    def has_call(self, team_id: str) -> bool:
        """Whether a team has a call."""
        assignment = self._of_team.get(team_id)
        return assignment is not None and not assignment.ended

    def forget(self, horizon: datetime) -> None:
        """Forget what was over by then, unless the team has yet to say that it knows."""
        for team_id, assignment in list(self._of_team.items()):
            if assignment.ended_at is not None and assignment.ended_at < horizon and not assignment.acknowledge:
                del self._of_team[team_id]
        for key in [key for key, (_, since) in self._cad_informed.items() if since < horizon]:
            del self._cad_informed[key]

    # --- one method for each event ---

    def call_version_at(self, event: CallVersionAt, _at: datetime) -> None:
        """The accepted call has a newer version."""
        for assignment in self._of_call(event.call_id):
            if event.status not in ENDED and assignment.stays in ENDED:
                assignment.stays = ""
            newest_first = (event.call_at, *assignment.positions)
            assignment.positions = tuple(dict.fromkeys(newest_first))[:POSITIONS]

    def status_reported(self, event: StatusReported, _at: datetime) -> None:
        """Where a team stands on its call."""
        assignment = self._of_team.get(event.team_id)
        if assignment is None or event.call_id != assignment.call_id or assignment.ended:
            return
        assignment.asked_well = False
        if event.status == "need-police":
            assignment.police_asked = True
        else:
            assignment.status, assignment.not_moving = event.status, False

    def status_corrected(self, event: StatusCorrected, _at: datetime) -> None:
        """The team took back where it had said it stands."""
        for assignment in self._of_call(event.call_id):
            assignment.status, assignment.asked_well = event.status, False

    def assignment_ended(self, event: AssignmentEnded, at: datetime) -> None:
        """The team has cleared the call."""
        self._release(event.team_id, event.call_id, "cleared", event.disposition, at)

    def unconfirmed(self, event: AssignmentUnconfirmed, at: datetime) -> None:
        """The CAD does not know of it."""
        self._note_cad(event.call_id, event.episode, informed=False, at=at)

    def cad_informed(self, event: CadInformed | CadNotInformed, at: datetime) -> None:
        """The CAD acknowledged an outcome, or did not."""
        if event.kind == "call.routed" and event.episode is not None:
            self._note_cad(event.call_id, event.episode, informed=isinstance(event, CadInformed), at=at)

    def upgrade_raised(self, event: UpgradeRaised, _at: datetime) -> None:
        """The call became more dangerous, or is none for the team any more."""
        for assignment in self._of_call(event.call_id):
            before = assignment.upgrade
            is_dangerous = event.more_dangerous or (before is not None and before.more_dangerous)
            assignment.upgrade = event.model_copy(update={"more_dangerous": is_dangerous})
            assignment.upgrades += 1
            if event.on_upgrade == "stage":
                assignment.told_to_wait, assignment.may_enter = True, False

    def team_stays(self, event: TeamStays, _at: datetime) -> None:
        """The call is over for the CAD, or decided otherwise; the team is with somebody and stays."""
        for assignment in self._of_call(event.call_id):
            assignment.stays = event.why

    def assignment_moved(self, event: AssignmentMoved, at: datetime) -> None:
        """The team has the call that its own was merged into."""
        for assignment in self._of_call(event.call_id):
            assignment.call_id, assignment.episode = event.to_call_id, event.to_episode
            assignment.positions = (event.call_at,) if event.call_at else ()
            incident = CallId.parse(event.to_call_id).incident
            change = Change(f"The CAD has merged it into incident {incident}, which you have now.", at)
            assignment.changes = (*assignment.changes, change)[-CHANGES_SHOWN:]
            assignment.stays, assignment.another_incident = "", False
            informed = self._cad_informed.get((event.to_call_id, event.to_episode))
            assignment.dispatcher_told = None if informed is None else informed[0]

    def team_may_enter(self, event: TeamMayEnter, _at: datetime) -> None:
        """Somebody has let the team in."""
        for assignment in self._of_call(event.call_id):
            assignment.may_enter = True

    def call_changed(self, event: CallChanged, _at: datetime) -> None:
        """The CAD gave the call another beginning or place."""
        for assignment in self._of_call(event.call_id):
            changes = (Change(sentence, event.changed_at) for sentence in event.changes)
            assignment.changes = (*assignment.changes, *changes)[-CHANGES_SHOWN:]
            assignment.another_incident = assignment.another_incident or event.another_incident
            if event.address_changed:
                assignment.address_changed_at = event.changed_at

    def incident_confirmed(self, event: IncidentConfirmed, at: datetime) -> None:
        """The dispatcher has said which incident the team has."""
        sentence = "it is the same incident"
        if event.another:
            sentence = "its number stands for another incident now, and that you have the one that you accepted"
        for assignment in self._of_call(event.call_id):
            change = Change(f"The dispatcher says that {sentence}.", at)
            assignment.changes = (*assignment.changes, change)[-CHANGES_SHOWN:]
            assignment.another_incident = False

    def team_not_moving(self, event: TeamNotMoving, _at: datetime) -> None:
        """The team has not set out."""
        for assignment in self._of_call(event.call_id):
            assignment.not_moving = True

    def safety_check_missed(self, event: SafetyCheckMissed, _at: datetime) -> None:
        """It did not say, and police were asked for: that stands, whatever it says now."""
        for assignment in self._of_call(event.call_id):
            assignment.police_sent_for = assignment.team_id == event.team_id

    def _release(
        self, team_id: str, call_id: str, ended: Literal["cleared", "withdrawn"], why: str, at: datetime
    ) -> None:
        assignment = self._of_team.get(team_id)
        if assignment is not None and assignment.call_id == call_id and not assignment.ended:
            assignment.ended, assignment.why, assignment.ended_at = ended, why, at

    def _note_cad(self, call_id: str, episode: int, *, informed: bool, at: datetime) -> None:
        """Once the CAD has acknowledged, no later failure to tell it again changes that."""
        informed = informed or self._cad_informed.get((call_id, episode), (False, at))[0]
        self._cad_informed[call_id, episode] = (informed, at)
        for assignment in self._of_call(call_id):
            if assignment.episode == episode:
                assignment.dispatcher_told = informed or assignment.dispatcher_told is True

    def _of_call(self, call_id: str) -> list[Assignment]:
        live = (assignment for assignment in self._of_team.values() if not assignment.ended)
        return [assignment for assignment in live if assignment.call_id == call_id]


ASSIGNMENT_CHANGES: dict[type[Event], Callable[[Assignments, Any, datetime], None]] = {
    CallVersionAt: Assignments.call_version_at,
    StatusReported: Assignments.status_reported,
    StatusCorrected: Assignments.status_corrected,
    AssignmentEnded: Assignments.assignment_ended,
    AssignmentUnconfirmed: Assignments.unconfirmed,
    CadInformed: Assignments.cad_informed,
    CadNotInformed: Assignments.cad_informed,
    UpgradeRaised: Assignments.upgrade_raised,
    TeamStays: Assignments.team_stays,
    AssignmentMoved: Assignments.assignment_moved,
    TeamMayEnter: Assignments.team_may_enter,
    CallChanged: Assignments.call_changed,
    IncidentConfirmed: Assignments.incident_confirmed,
    TeamNotMoving: Assignments.team_not_moving,
    SafetyCheckMissed: Assignments.safety_check_missed,
}
