"""What triage decides when people publish a programme or work the switchboard. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.triage.state import Document, State, parsed
from shared.commands import done, nothing_to_do, refused
from shared.events import (
    ApproveProgramme,
    Command,
    DistrictPaused,
    DistrictResumed,
    Event,
    PauseDistrict,
    Phase,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    ProposeProgramme,
    ResumeDistrict,
    SetPhase,
)
from shared.programme import Programme, ProgrammeRefused, Switchboard

ALL = "all"
PHASES: tuple[Phase, ...] = ("off", "shadow", "advisory", "live")
MAX_DOCUMENT_BYTES = 600_000


def propose(state: State, command: ProposeProgramme, agency: str) -> list[Event]:
    """Verify a document and put it forward."""
    if (size := len(command.document.encode("utf-8", "replace"))) > MAX_DOCUMENT_BYTES:
        why = f"The document has {size} bytes; at most {MAX_DOCUMENT_BYTES} are taken."
        return [refused(command, "document-too-large", why)]
    try:
        programme = parsed(command.document)
    except ProgrammeRefused as error:
        why = f"The document has {len(error.faults)} faults; the one in force stays."
        return [refused(command, "document-refused", why, tuple(str(fault) for fault in error.faults))]
    if agency and programme.agency != agency:
        return [refused(command, "other-agency", f"The document is {programme.agency}'s, not {agency}'s.")]
    if programme.hash in state.proposed:
        return [nothing_to_do(command, "This document is proposed already.", about=programme.hash)]
    if (too_low := _not_greater(state, programme.version)) is not None:
        return [refused(command, "version-not-greater", too_low)]
    proposed = ProgrammeProposed(
        document=command.document,
        document_hash=programme.hash,
        version=programme.version,
        effective=programme.effective,
        proposed_by=command.issued_by,
        reason=command.reason,
    )
    sentence = f"Version {programme.version} waits for another person's approval."
    return [proposed, done(command, sentence, about=programme.hash)]


def approve(state: State, command: ApproveProgramme, now: datetime) -> list[Event]:
    """Adopt a proposed document; it takes effect at its instant, or at once if that is past."""
    wanted = command.document_hash
    if wanted in state.adopted or (state.active and state.active.document_hash == wanted):
        return [nothing_to_do(command, "This document is approved already.", about=wanted)]
    document = state.proposed.get(wanted)
    if document is None:
        return [refused(command, "unknown-document", "No document with this hash is proposed.")]
    if command.issued_by.strip().casefold() == document.proposed_by.strip().casefold():
        return [refused(command, "same-person", "Whoever proposed a document cannot approve it.")]
    if (too_low := _not_greater(state, document.version)) is not None:
        return [refused(command, "version-not-greater", too_low)]
    events: list[Event] = [
        ProgrammeAdopted(
            document_hash=wanted,
            version=document.version,
            effective=document.effective,
            proposed_by=document.proposed_by,
            approved_by=command.issued_by,
            reason=command.reason,
        )
    ]
    when = f"takes effect at {document.effective.isoformat()}"
    if document.effective <= now:
        events.append(ProgrammeActivated(document_hash=wanted, version=document.version))
        when = "is in force"
    return [*events, done(command, f"Version {document.version} {when}.", about=wanted)]


def activate(state: State, document_hash: str) -> list[Event]:
    """A document's instant has come."""
    document: Document = state.adopted[document_hash]
    return [ProgrammeActivated(document_hash=document_hash, version=document.version)]


def _not_greater(state: State, version: int) -> str | None:
    """Why a version may not follow those that were approved, or None."""
    approved = [document.version for document in state.adopted.values()]
    if state.active:
        approved.append(state.active.version)
    if approved and version <= max(approved):
        return f"Version {max(approved)} is approved already; version {version} is not greater."
    return None


def set_phase(state: State, command: SetPhase) -> list[Event]:
    """Switch a response in a district, within what the document allows."""
    programme, board = state.programme, state.switchboard
    if programme is None:
        return [refused(command, "no-programme", "No programme is in force.")]
    if (wrong := _cannot_set(programme, board, command)) is not None:
        return [wrong]
    present = board.phase(command.response, command.district)
    where = f"{command.response} in {command.district}"
    if command.phase == present:
        return [nothing_to_do(command, f"{where} is {present} already.", revision=board.revision)]
    revision = board.revision + 1
    changed = PhaseChanged(
        response=command.response,
        district=command.district,
        phase=command.phase,
        revision=revision,
        changed_by=command.issued_by,
        reason=command.reason,
    )
    return [changed, done(command, f"{where} is {command.phase} (was {present}).", revision=revision)]


def _cannot_set(programme: Programme, board: Switchboard, command: SetPhase) -> Event | None:
    """Why a phase cannot be set. Setting less needs no `based_on`, but one that is given must be right."""
    if command.response not in programme.responses:
        return _unknown(command, "response", command.response, programme.responses)
    if command.district not in programme.districts:
        return _unknown(command, "district", command.district, programme.districts)
    present = board.phase(command.response, command.district)
    raises = PHASES.index(command.phase) > PHASES.index(present)
    if command.based_on != board.revision and (raises or command.based_on is not None):
        why = f"The switchboard is at revision {board.revision}; look again before you switch."
        return refused(command, "switchboard-moved", why)
    most = highest_phase(programme, command.response, command.district)
    if PHASES.index(command.phase) > PHASES.index(most):
        why = f"The document allows {command.response} in {command.district} at most {most}."
        return refused(command, "phase-not-allowed", why)
    return None


def highest_phase(programme: Programme, response: str, district: str) -> Phase:
    """The most that the document allows there, on any day."""
    rows = programme.rows.get((response, district), ())
    return max((row.phase for row in rows), key=PHASES.index, default="off")


def _unknown(command: Command, kind: str, name: str, known: Iterable[str]) -> Event:
    names = ", ".join(sorted(known))
    return refused(command, f"unknown-{kind}", f"The programme has no {kind} {name!r}; there is {names}.")


def pause(state: State, command: PauseDistrict) -> list[Event]:
    """The kill switch: no `based_on`, and no programme, is needed for it."""
    programme, board, district = state.programme, state.switchboard, command.district
    if programme is not None and district != ALL and district not in programme.districts:
        return [_unknown(command, "district", district, [ALL, *programme.districts])]
    if not district:
        return [refused(command, "unknown-district", "Name a district, or all.")]
    if district in board.paused:
        return [nothing_to_do(command, f"{district} is paused already.", revision=board.revision)]
    revision = board.revision + 1
    paused = DistrictPaused(district=district, revision=revision, changed_by=command.issued_by, reason=command.reason)
    return [paused, done(command, f"Paused: {district}.", revision=revision)]


def resume(state: State, command: ResumeDistrict) -> list[Event]:
    """End a pause; another one that holds the same district stays, and the answer says so."""
    board, district = state.switchboard, command.district
    if district not in board.paused:
        also = " The pause of all districts still holds." if ALL in board.paused else ""
        return [nothing_to_do(command, f"{district} is not paused by itself.{also}", revision=board.revision)]
    if command.based_on is not None and command.based_on != board.revision:
        why = f"The switchboard is at revision {board.revision}; look again before you resume."
        return [refused(command, "switchboard-moved", why)]
    revision = board.revision + 1
    left = ", ".join(sorted(set(board.paused) - {district}))
    resumed = DistrictResumed(district=district, revision=revision, changed_by=command.issued_by, reason=command.reason)
    sentence = f"Resumed: {district}." + (f" Still paused: {left}." if left else "")
    return [resumed, done(command, sentence, revision=revision)]
