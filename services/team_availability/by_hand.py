"""What a person's sign-on and sign-off mean for the plan: their word stands against it while that shift runs."""

from __future__ import annotations

from collections.abc import Iterator

from services.team_availability.draft import AgencyDraft
from services.team_availability.state import PlannedDuty, Shift
from shared.events import DutyOver, SignOn


def planned_shift_of(draft: AgencyDraft, command: SignOn) -> str:
    """The planned shift that a sign-on is, crew and hours alike; of any other the team follows no plan any more."""
    for planned_shift_id, duty in _at_work(draft, command.team_id):
        if set(duty.members) == set(command.members) and duty.ends_at == command.shift_ends_at:
            return planned_shift_id
    for planned_shift_id, duty in _at_work(draft, command.team_id):
        draft.emit(DutyOver(planned_shift_id=planned_shift_id, team_id=duty.team_id, why="by-hand"))
    return ""


def end_duty(draft: AgencyDraft, shift: Shift) -> None:
    """A person signs a team off: the plan does not sign it on again, and nobody misses it."""
    duty = draft.state.duties.get(shift.planned_shift_id)
    if duty is not None and not duty.over:
        draft.emit(DutyOver(planned_shift_id=shift.planned_shift_id, team_id=duty.team_id, why="signed-off"))


def _at_work(draft: AgencyDraft, team_id: str) -> Iterator[tuple[str, PlannedDuty]]:
    for planned_shift_id, duty in sorted(draft.state.duties.items()):
        if duty.team_id == team_id and duty.duty == "on-shift" and duty.runs(draft.now):
            yield planned_shift_id, duty
