"""Referrals, follow-ups and notes: records of their own, which send nobody and wait for no deadline. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.triage.evolve import evolve
from services.triage.judging import ROLL_OUT_GATES
from services.triage.state import State, memory_of, programme_of
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    BY_ITSELF,
    AssignmentEnded,
    CallTriaged,
    CloseReferral,
    Event,
    NoteMade,
    ReferralClosed,
    ReferralMade,
    ReferralOverdue,
    child_id,
)
from shared.judgement import NOT_ROUTED, ResponseVerdict

NO_CONTACT = ("cancelled", "no-longer-needed", "unable-to-locate")
"""Dispositions of a team that met nobody: nothing is followed up."""


def referrals_and_notes(state: State, triaged: CallTriaged, now: datetime) -> Iterator[Event]:
    """The referrals and notes that a judgement makes, each once for an incident, and the referrals that it takes back.

    Those of another incident, which had the number before, stay: somebody waits to be called.
    """
    programme, call_id, judgement = state.programme, triaged.call_id, triaged.judgement
    if programme is None or not any(response.reached_by in NOT_ROUTED for response in programme.responses.values()):
        return
    sent = {verdict.response: verdict for verdict in judgement.responses if verdict.reached_by in NOT_ROUTED}
    began_at = memory_of(evolve(state, triaged, now), call_id).created_at
    incident = call_id if began_at is None else f"{call_id}/{began_at.astimezone(UTC).isoformat()}"
    is_ours = all(gate.passed or gate.gate == "level" for gate in judgement.gates)
    for verdict in sent.values() if is_ours else ():
        record_id = child_id(incident, f"{verdict.reached_by}/{verdict.response}")
        is_made = record_id in state.referrals or record_id in state.closed_records
        if not is_made and verdict.may_go and verdict.phase in ("advisory", "live"):
            yield _made(record_id, call_id, judgement.district, verdict, now)
    for name in programme.responses:
        referral_id = child_id(incident, f"referral/{name}")
        if referral_id in state.referrals and not _stands(sent.get(name)):
            why = "The call proved to be one that is not referred."
            yield ReferralClosed(
                referral_id=referral_id, call_id=call_id, result="withdrawn", closed_by=BY_ITSELF, reason=why
            )


def _made(
    record_id: str, call_id: str, district: str | None, verdict: ResponseVerdict, now: datetime
) -> ReferralMade | NoteMade:
    name, phase = verdict.response, verdict.phase
    if verdict.reached_by == "note":
        return NoteMade(note_id=record_id, call_id=call_id, response=name, district=district, phase=phase)
    return ReferralMade(
        referral_id=record_id,
        kind="referral",
        call_id=call_id,
        response=name,
        district=district,
        phase=phase,
        due_at=now + timedelta(hours=verdict.due_hours or 0),
    )


def _stands(verdict: ResponseVerdict | None) -> bool:
    """Whether the facts still speak for a referral; that its hours are over since takes nothing back."""
    return verdict is not None and all(gate.passed or gate.gate in ROLL_OUT_GATES for gate in verdict.gates)


def follow_ups(state: State, event: AssignmentEnded, now: datetime) -> Iterator[Event]:
    """After a team has met the person: each time by which somebody is to get in touch again.

    As the newest document says that names the team's response: the one in force may call it otherwise by now.
    """
    entry, documents = state.load_entries.get(event.call_id), (*state.rolled_back, *state.former, state.active)
    if entry is None or event.disposition in NO_CONTACT:
        return
    named = (
        programme.responses.get(entry.response) for programme in map(programme_of, reversed(documents)) if programme
    )
    if (response := next(filter(None, named), None)) is None:
        return
    for hours in response.follow_up_due_hours:
        yield ReferralMade(
            referral_id=child_id(event.call_id, f"follow-up/{entry.day}/{event.episode}/{hours}"),
            kind="follow-up",
            call_id=event.call_id,
            response=response.name,
            district=entry.district,
            phase="live",
            due_at=now + timedelta(hours=hours),
        )


def close(state: State, command: CloseReferral) -> list[Event]:
    """A person says what became of it."""
    referral = state.referrals.get(command.referral_id)
    if referral is None:
        if command.referral_id in state.closed_records:
            return [nothing_to_do(command, "The referral is closed already.", about=command.referral_id)]
        return [refused(command, "unknown-referral", "No referral with this id is open, or was lately.")]
    closed = ReferralClosed(
        referral_id=command.referral_id,
        call_id=referral.call_id,
        result=command.result,
        closed_by=command.issued_by,
        reason=command.reason,
    )
    return [closed, done(command, f"Closed: {command.result}.", about=command.referral_id)]


def due(state: State, referral_id: str) -> Event:
    """Its time has come: overdue; or nobody has said anything for long after that."""
    referral = state.referrals[referral_id]
    if not referral.overdue:
        return ReferralOverdue(referral_id=referral_id, call_id=referral.call_id)
    return ReferralClosed(referral_id=referral_id, call_id=referral.call_id, result="expired", closed_by=BY_ITSELF)
