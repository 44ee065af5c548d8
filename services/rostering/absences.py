"""Absences: when somebody is away, the places that they hold are absent until others take them."""

from __future__ import annotations

from datetime import timedelta

from services.rostering.draft import RotaDraft
from services.rostering.state import MAX_ABSENCES, MAX_ABSENCES_OF_PERSON
from shared.answers import done, nothing_to_do, refused
from shared.events import AbsenceLifted, AbsenceSet, Event, LiftAbsence, SetAbsence, child_id

LONGEST_ABSENCE = timedelta(days=400)


def set_absence(draft: RotaDraft, command: SetAbsence) -> list[Event]:
    """Somebody is away; the shifts that lose them are counted in the answer."""
    state, person_id = draft.state, command.person_id
    times = (command.starts_at, command.ends_at)
    own = state.absences.get(person_id, ())
    if person_id not in state.staff:
        return [refused(command, "unknown-person", f"There is no {person_id} among the staff.")]
    if command.ends_at <= max(command.starts_at, draft.now):
        return [refused(command, "wrong-times", "The absence would be over already, or end before it begins.")]
    if command.ends_at - command.starts_at > LONGEST_ABSENCE or command.starts_at - draft.now > LONGEST_ABSENCE:
        return [
            refused(
                command, "wrong-times", f"The absence is longer, or further ahead, than {LONGEST_ABSENCE.days} days."
            )
        ]
    if any((absence.starts_at, absence.ends_at) == times for absence in own):
        return [nothing_to_do(command, f"{person_id} is away then already.", about=person_id)]
    if len(own) >= MAX_ABSENCES_OF_PERSON or sum(map(len, state.absences.values())) >= MAX_ABSENCES:
        return [refused(command, "too-many", "So many absences are set that there is no room for more.")]
    absence_id = child_id(draft.given.cause, "absence")
    absence = AbsenceSet(
        absence_id=absence_id,
        person_id=person_id,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        set_by="" if command.issued_by == person_id else command.issued_by,
    )
    lost = sum(
        any(stretch.overlaps(*times) for stretch in shift.rota.stretches_of(person_id))
        for shift in state.shifts_with(person_id)
    )
    sentence = f"Shifts of {person_id} then: {lost}; ask for cover." if lost else "No shift is concerned."
    return [absence, done(command, sentence, about=absence_id)]


def lift_absence(draft: RotaDraft, command: LiftAbsence) -> list[Event]:
    """Somebody is not away after all."""
    person_id, absence_id = command.person_id, command.absence_id
    own = draft.state.absences.get(person_id, ())
    if all(absence.absence_id != absence_id for absence in own):
        return [nothing_to_do(command, f"{person_id} is not away by this absence.", about=absence_id)]
    lifted_by = "" if command.issued_by == person_id else command.issued_by
    return [
        AbsenceLifted(absence_id=absence_id, person_id=person_id, lifted_by=lifted_by),
        done(command, about=absence_id),
    ]
