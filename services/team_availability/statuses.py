"""Where teams say they stand, and the words that let them in or take them off a call."""

from __future__ import annotations

from services.team_availability.draft import AgencyDraft, CallDraft
from services.team_availability.life_cycle import goes_back
from services.team_availability.offers import advance
from services.team_availability.state import FREE, IN_NEED, Assignment, Shift
from services.team_availability.upgrades import barred
from shared.answers import Answer, done, nothing_to_do, refused
from shared.events import (
    AssignmentEnded,
    CorrectStatus,
    EntryNotReleased,
    Event,
    LateStatusNoted,
    ReleaseTeam,
    ReportStatus,
    StatusCorrected,
    StatusReported,
    TeamMayEnter,
    WithdrawTeam,
)

# --- reports --------------------------------------------------------------------------------------------------------


def report_status(draft: AgencyDraft, command: ReportStatus) -> list[Event]:
    """A team says where it stands; about a call only the team that has it may, but everybody may ask for police."""
    shift = _shift(draft, command.team_id)
    if shift is None:
        return [refused(command, "not-on-shift", f"{command.team_id} is not on shift.")]
    if shift.call_id is None:
        return _report_without_call(draft, command, shift)
    if command.status in FREE:
        return [refused(command, "assigned", f"{command.team_id} has a call: clear it first.")]
    return _report_assigned(draft, command, shift, shift.call_id)


def _report_without_call(draft: AgencyDraft, command: ReportStatus, shift: Shift) -> list[Event]:
    """A team without a call is free; or it is in need, or was turned back too late, and says so of its last call."""
    team_id, status = command.team_id, command.status
    last_call, episode = shift.last_call or (None, None)
    if status in FREE:
        last_call = episode = None
    elif status != "need-police" and (
        shift.status in FREE or status not in (*IN_NEED, "cleared") or command.call_id not in (None, last_call)
    ):
        return [refused(command, "not-assigned", f"{team_id} does not have this call.")]
    if status == shift.status in IN_NEED and status != "need-police" and not shift.missed_checks:
        return [nothing_to_do(command, f"{team_id} is {status} already.", about=team_id)]
    draft.emit(
        StatusReported(
            team_id=team_id,
            status=status,
            call_id=last_call,
            episode=episode,
            disposition=command.disposition if status == "cleared" else None,
            reported_by=command.issued_by,
            happened_at=min(command.happened_at or command.issued_at, draft.given.time),
            assigned=False,
        )
    )
    if status == "out-of-service" or status in IN_NEED:
        for call in draft.take_back(team_id, "out-of-service"):
            advance(call)
    return [done(command, about=last_call or team_id)]


def _report_assigned(draft: AgencyDraft, command: ReportStatus, shift: Shift, call_id: str) -> list[Event]:
    call, status = draft.call(call_id), command.status
    assignment = call.assignment
    if assignment is None or (not _names(command, assignment, call_id) and status != "need-police"):
        return [refused(command, "not-assigned", f"{command.team_id} does not have this call.")]
    if status == "cleared" and command.disposition is None:
        return [refused(command, "no-disposition", "Say how the call ended (its disposition).")]
    happened_at = min(command.happened_at or command.issued_at, draft.given.time)
    if goes_back(assignment.reported, status):
        call.emit(
            LateStatusNoted(
                **call.key,
                team_id=command.team_id,
                status=status,
                happened_at=happened_at,
                reported_by=command.issued_by,
            )
        )
        sentence = f"{command.team_id} is {assignment.reported} already: kept for its time, nothing moves."
        return [done(command, sentence, about=call_id)]
    if status == shift.status and status != "need-police" and not assignment.missed_checks:
        return [nothing_to_do(command, f"{command.team_id} is {status} already.", about=call_id)]
    goes_in = status in ("on-scene", "transporting") and not assignment.may_enter
    disposition = command.disposition if status == "cleared" else None
    call.emit(
        StatusReported(
            **call.key,
            team_id=command.team_id,
            status=status,
            disposition=disposition,
            reported_by=command.issued_by,
            happened_at=happened_at,
            released_by=command.released_by if goes_in else None,
        )
    )
    if goes_in:
        call.emit(_entered(call, assignment, command.released_by))
    if disposition is not None:
        call.emit(AssignmentEnded(**call.key, team_id=command.team_id, disposition=disposition))
    return [done(command, about=call_id)]


def _names(command: ReportStatus | CorrectStatus | ReleaseTeam, assignment: Assignment, call_id: str) -> bool:
    """Whether a word is about the call that the team has, or one that was merged into it."""
    return command.call_id in (None, call_id, *assignment.moved_from)


def _entered(call: CallDraft, assignment: Assignment, released_by: str | None) -> Event:
    """Whether somebody has let the team in that says it is on scene: its own answer, or that it gives none."""
    team_id = assignment.team_id
    if released_by:
        return TeamMayEnter(**call.key, team_id=team_id, released_by=released_by)
    waits_for = ", or ".join(assignment.enters_when)
    return EntryNotReleased(
        **call.key,
        team_id=team_id,
        enters_when=assignment.enters_when,
        sentence=f"{team_id} is on scene; it was to wait for: {waits_for}. Has somebody released it?",
    )


# --- corrections ----------------------------------------------------------------------------------------------------


def correct_status(draft: AgencyDraft, command: CorrectStatus) -> list[Event]:
    """A team takes back where it had said it stands."""
    shift = _shift(draft, command.team_id)
    call = None if shift is None or shift.call_id is None else draft.call(shift.call_id)
    assignment = None if call is None else call.assignment
    if call is None or assignment is None or not _names(command, assignment, call.call_id):
        return [refused(command, "not-assigned", f"{command.team_id} does not have this call.")]
    before = assignment.reported
    if before is None or not goes_back(before, command.status):
        sentence = f"{command.team_id} has not said that it is further than {command.status}: report it instead."
        return [nothing_to_do(command, sentence, about=call.call_id)]
    call.emit(
        StatusCorrected(
            **call.key,
            team_id=command.team_id,
            before=before,
            status=command.status,
            corrected_by=command.issued_by,
            reason=command.reason,
        )
    )
    if _turn_back(call):
        return [done(command, f"{command.team_id} is turned back: the call was taken off it.", about=call.call_id)]
    return [done(command, f"{command.team_id} is {command.status}.", about=call.call_id)]


def _turn_back(call: CallDraft) -> bool:
    """A team that is with nobody after all: what it stayed in spite of turns it back; whether anything does."""
    assignment, plan = call.assignment, call.plan
    if assignment is None or assignment.is_with_somebody:
        return False
    if assignment.stays == "overridden":
        return call.release("overridden")
    if assignment.stays:
        return call.release("cancelled", assignment.stays)
    if assignment.on_upgrade != "recall" or call.episode.override is not None:
        return False
    if assignment.upgraded and (plan is None or assignment.level_told > plan.level_rank):
        return call.release("upgraded")
    return barred(assignment.against_told) and call.release("may-not-go")


# --- let in, taken off ----------------------------------------------------------------------------------------------


def release_team(draft: AgencyDraft, command: ReleaseTeam) -> list[Event]:
    """Somebody lets a team go in that waits nearby."""
    shift = _shift(draft, command.team_id)
    call = None if shift is None or shift.call_id is None else draft.call(shift.call_id)
    assignment = None if call is None else call.assignment
    if call is None or assignment is None:
        return [refused(command, "not-assigned", f"{command.team_id} has no call.")]
    if not _names(command, assignment, call.call_id):
        return [_another_call(command, call)]
    waits_of_itself = assignment.state == "staged" and not assignment.enters_when
    if assignment.may_enter and not waits_of_itself:
        return [nothing_to_do(command, f"{command.team_id} may go in already.", about=call.call_id)]
    released_by = command.released_by or command.issued_by
    call.emit(TeamMayEnter(**call.key, team_id=command.team_id, released_by=released_by))
    return [done(command, f"{command.team_id} may go in.", about=call.call_id)]


def withdraw_team(draft: AgencyDraft, command: WithdrawTeam) -> list[Event]:
    """A named person takes a team off its call, wherever it stands."""
    shift = _shift(draft, command.team_id)
    call = None if shift is None or shift.call_id is None else draft.call(shift.call_id)
    assignment = None if call is None else call.assignment
    if call is None or assignment is None:
        return [nothing_to_do(command, f"{command.team_id} has no call.", about=command.team_id)]
    if command.call_id not in (None, call.call_id):
        return [_another_call(command, call)]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why {command.team_id} is taken off its call.")]
    call.withdraw_team(assignment, "withdrawn", by=command.issued_by, reason=command.reason)
    return [done(command, f"{command.team_id} is released.", about=call.call_id)]


def _another_call(command: ReleaseTeam | WithdrawTeam, call: CallDraft) -> Answer:
    return refused(command, "another-call", f"{command.team_id} has another call by now ({call.call_id}): look again.")


def _shift(draft: AgencyDraft, team_id: str) -> Shift | None:
    team = draft.state.teams.get(team_id)
    return None if team is None else team.shift
