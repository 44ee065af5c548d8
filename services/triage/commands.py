"""What triage decides when people publish a programme or work the switchboard. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from services.triage.documents import MAX_DOCUMENT_BYTES, size_of
from services.triage.documents import proposed as proposed_programme
from services.triage.evolve import MAX_PROPOSED
from services.triage.state import State, VerifiedDocument, parsed, programme_of
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    ApproveProgramme,
    CapChanged,
    Command,
    DistrictPaused,
    DistrictResumed,
    Event,
    PauseDistrict,
    PauseReviewed,
    PhaseChanged,
    ProgrammeActivated,
    ProgrammeAdopted,
    ProgrammeProposed,
    ProgrammeRejected,
    ProgrammeTerms,
    ProposeProgramme,
    RejectProgramme,
    ResponseTerms,
    ResumeDistrict,
    ReviewPause,
    RollBackProgramme,
    SetCap,
    SetPhase,
)
from shared.judgement import NOT_ROUTED, PHASES
from shared.plain import how_many
from shared.programme import Programme, ProgrammeRefused, Switchboard
from shared.programme.judging.normal_forms import listed, normal
from shared.programme.judging.programme import NO_CAP, Cap
from shared.switch import ALL, Switch

ANY_NUMBER = "any number of calls"
MOST_NAMED = 5
"""Of what goes on or off with a document, in one sentence."""


def propose(state: State, command: ProposeProgramme, agency: str) -> list[Event]:
    """Verify a document and put it forward."""
    if (size := size_of(command.document)) > MAX_DOCUMENT_BYTES:
        why = f"The document has {size} bytes; at most {MAX_DOCUMENT_BYTES} are taken."
        return [refused(command, "document-too-large", why)]
    try:
        programme = proposed_programme(command.document)
    except ProgrammeRefused as error:
        why = f"The document has {how_many(len(error.faults), 'fault')}; the one in force stays."
        return [refused(command, "document-refused", why, tuple(str(fault) for fault in error.faults))]
    if programme.hash in state.proposed:
        return [nothing_to_do(command, "This document is proposed already.", about=programme.hash)]
    if (wrong := _cannot_propose(state, command, programme, agency)) is not None:
        return [wrong]
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


def _cannot_propose(state: State, command: ProposeProgramme, programme: Programme, agency: str) -> Event | None:
    """Why a document that has no faults is not put forward."""
    if agency and programme.agency != agency:
        return refused(command, "other-agency", f"The document is {programme.agency}'s, not {agency}'s.")
    if (not_greater := _not_greater(state, programme.version)) is not None:
        return refused(command, "version-not-greater", not_greater)
    if sum(document.version > state.approved_version for document in state.proposed.values()) >= MAX_PROPOSED:
        why = f"{MAX_PROPOSED} documents wait for approval: turn one of them down, or take yours back."
        return refused(command, "too-many-proposed", why)
    return None


def approve(state: State, command: ApproveProgramme, now: datetime) -> list[Event]:
    """Adopt a proposed document; it takes effect at its instant, or at once if that is past."""
    document_hash = command.document_hash
    if document_hash in state.adopted or (state.active and state.active.document_hash == document_hash):
        return [nothing_to_do(command, "This document is approved already.", about=document_hash)]
    document = state.proposed.get(document_hash)
    if document is None:
        return [refused(command, "unknown-document", "No document with this hash is proposed.")]
    before = _in_force_before(state, document)
    if (wrong := _cannot_approve(state, command, document, before)) is not None:
        return [wrong]
    events: list[Event] = [
        ProgrammeAdopted(
            document_hash=document_hash,
            version=document.version,
            effective=document.effective,
            proposed_by=document.proposed_by,
            approved_by=command.issued_by,
            reason=command.reason,
        )
    ]
    when = f"takes effect at {_date_time(state, document.effective)}"
    if document.effective <= now:
        events.append(_in_force(document))
        when = "is in force"
    instead = f" It takes the place of version {before.version}." if before else ""
    sentence = f"Version {document.version} {when}.{instead}{_switched_by(state.switchboard, before, document)}"
    return [*events, done(command, sentence, about=document_hash)]


def _cannot_approve(
    state: State, command: ApproveProgramme, document: VerifiedDocument, before: VerifiedDocument | None
) -> Event | None:
    """Why a document that is proposed is not approved."""
    if _same_person(command.issued_by, document.proposed_by):
        return refused(command, "same-person", "Whoever proposed a document cannot approve it.")
    if (not_greater := _not_greater(state, document.version)) is not None:
        return refused(command, "version-not-greater", not_greater)
    if command.instead_of is not None and (before is None or command.instead_of != before.document_hash):
        which = f"version {before.version}" if before else "no other"
        return refused(command, "programme-moved", f"It takes the place of {which} by now: look again.")
    return _refused_by_now(command, document)


def _in_force_before(state: State, document: VerifiedDocument) -> VerifiedDocument | None:
    """What is in force when the time of a document comes."""
    earlier = (other for other in _waiting(state) if other.version < document.version)
    return next((other for other in reversed([*earlier]) if other.effective <= document.effective), state.active)


def _switched_by(board: Switchboard, before: VerifiedDocument | None, after: VerifiedDocument) -> str:
    """What goes off or on with a document though nobody has switched it: the switchboard is kept by names."""
    was, will = _on(board, programme_of(before)), _on(board, programme_of(after))
    news = (("Off with it", was - will), ("On with it, as it was switched before", will - was))
    return "".join(f" {words}: {_some(sorted(names))}." for words, names in news if names)


def _on(board: Switchboard, programme: Programme | None) -> set[str]:
    if programme is None:
        return set()
    on = (Switch.parse(key) for key, phase in board.phases.items() if phase != "off")
    return {switch.words for switch in on if programme.highest_phase(switch.response or "", switch.district) != "off"}


def _some(names: list[str]) -> str:
    more = f", and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"


def _date_time(state: State, at: datetime) -> str:
    """An instant as the agency's clocks show it, for a sentence; before there is a programme nobody knows them."""
    return f"{at.astimezone(state.programme.zone if state.programme else UTC):%Y-%m-%d %H:%M %Z}"


def reject(state: State, command: RejectProgramme) -> list[Event]:
    """Turn a proposed document down, or take an approved one back before its time. The one in force stays."""
    proposed, approved = state.proposed.get(command.document_hash), state.adopted.get(command.document_hash)
    document = proposed or approved
    if document is None:
        return [refused(command, "unknown-document", "No document with this hash is proposed, or waits for its time.")]
    if not command.reason.strip():
        return [refused(command, "no-reason", "Say why the document is turned down.")]
    rejected = ProgrammeRejected(
        document_hash=document.document_hash,
        version=document.version,
        proposed_by=document.proposed_by,
        rejected_by=command.issued_by,
        reason=command.reason,
    )
    what = "taken back" if approved or _same_person(command.issued_by, document.proposed_by) else "turned down"
    which = "approved" if approved else "proposed"
    sentence = f"The {which} version {document.version} is {what}; nothing else changes."
    return [rejected, done(command, sentence, about=document.document_hash)]


def activate(state: State, document_hash: str) -> list[Event]:
    """A document's instant has come."""
    return [_in_force(state.adopted[document_hash])]


def _in_force(document: VerifiedDocument, **how: Any) -> ProgrammeActivated:
    return ProgrammeActivated(
        document_hash=document.document_hash, version=document.version, terms=_terms_of(document), **how
    )


def _terms_of(document: VerifiedDocument) -> ProgrammeTerms | None:
    """What a document says of its responses, and its clocks; None where today's rules refuse it."""
    programme = programme_of(document)
    if programme is None:
        return None
    responses = tuple(
        ResponseTerms.model_validate({"response": name, **{key: getattr(response, key) for key in _OF_A_RESPONSE}})
        for name, response in programme.responses.items()
    )
    clocks = {key: getattr(programme.clocks, key) for key in _CLOCKS}
    return ProgrammeTerms(programme_hash=programme.hash, responses=responses, zone=programme.zone.key, **clocks)


_OF_A_RESPONSE = tuple(key for key in ResponseTerms.model_fields if key != "response")
_CLOCKS = tuple(key for key in ProgrammeTerms.model_fields if key.endswith(("_seconds", "_minutes", "_checks")))


def _not_greater(state: State, version: int) -> str | None:
    """Why a version may not follow those that were approved, or None."""
    if version > state.approved_version:
        return None
    return f"Version {state.approved_version} was approved before; version {version} is not greater."


def roll_back(state: State, command: RollBackProgramme) -> list[Event]:
    """Put a document in force again, at once; what waits for its instant goes on waiting."""
    active = state.active
    if active is None:
        return [refused(command, "no-programme", "No programme is in force.")]
    if command.in_force not in (None, active.document_hash):
        return [refused(command, "programme-moved", f"Version {active.version} is in force; look again.")]
    if command.to_hash == active.document_hash:
        return [nothing_to_do(command, f"Version {active.version} is in force already.", about=active.document_hash)]
    document = _to_put_back(state, command)
    if not isinstance(document, VerifiedDocument):
        return [document]
    activated = _in_force(
        document, rolled_back_from=active.document_hash, changed_by=command.issued_by, reason=command.reason
    )
    sentence = f"Version {document.version} is in force again, instead of version {active.version}."
    for waiting in _waiting(state):
        sentence += f" Version {waiting.version} still takes effect at {_date_time(state, waiting.effective)}."
    sentence += _switched_by(state.switchboard, active, document)
    return [activated, done(command, sentence, about=document.document_hash)]


def _to_put_back(state: State, command: RollBackProgramme) -> VerifiedDocument | Event:
    """The document that is meant, or why it cannot be put in force again."""
    if not command.reason.strip():
        return refused(command, "no-reason", "Say why the programme is rolled back.")
    if command.to_hash is None:
        if not state.former:
            return refused(command, "nothing-before", "No other document was in force before this one.")
        document = state.former[-1]
    else:
        by_hash = {document.document_hash: document for document in (*state.former, *state.rolled_back)}
        if command.to_hash not in by_hash:
            return refused(command, "unknown-document", "No document with this hash was in force, or not lately.")
        document = by_hash[command.to_hash]
    return _refused_by_now(command, document) or document


def _refused_by_now(command: Command, document: VerifiedDocument) -> Event | None:
    """The refusal of a document that was verified by an earlier version of the rules, where today's find faults."""
    try:
        parsed(document.text)
    except ProgrammeRefused as error:
        faults = how_many(len(error.faults), "fault")
        why = f"Version {document.version} has {faults} by today's rules; the one in force stays."
        return refused(command, "document-refused", why, tuple(str(fault) for fault in error.faults))
    return None


def _waiting(state: State) -> list[VerifiedDocument]:
    """Approved documents that wait for their instant, in its order."""
    return sorted(state.adopted.values(), key=lambda document: (document.effective, document.version))


def as_listed(state: State, command: Command) -> Command:
    """The command with its district and response as the document has them, or a resumption as the pause that it ends.

    Names are compared in their normal form, as those of a CAD are.
    """
    if isinstance(command, ResumeDistrict):
        ended, paused = Switch.of(command.district, command.response), state.switchboard.paused
        same = [switch for switch in paused if _form(switch) == _form(ended)]
        meant = same[0] if len(same) == 1 else ended
        return command.model_copy(update=meant._asdict())
    if not isinstance(command, SetPhase | SetCap | PauseDistrict) or "/" in command.district:
        return command
    district = listed(command.district, (ALL, *(state.programme.districts if state.programme else ())))
    response = command.response and listed(command.response, state.programme.responses if state.programme else ())
    return command.model_copy(update={"district": district, "response": response})


def _form(switch: Switch) -> tuple[str, str | None]:
    return normal(switch.district), switch.response and normal(switch.response)


def set_phase(state: State, command: SetPhase) -> list[Event]:
    """Switch a response in a district, within what the document allows."""
    programme, board = state.programme, state.switchboard
    if programme is None:
        return [refused(command, "no-programme", "No programme is in force.")]
    if (wrong := _cannot_set(programme, board, command)) is not None:
        return [wrong]
    present = board.phase(command.response, command.district)
    where = Switch(command.district, command.response).words
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
    if (moved := _switchboard_moved(board, command, must_say=raises)) is not None:
        return moved
    most = programme.highest_phase(command.response, command.district)
    if PHASES.index(command.phase) > PHASES.index(most):
        why = f"The document allows {command.response} in {command.district} at most {most}."
        return refused(command, "phase-not-allowed", why)
    return None


def _switchboard_moved(board: Switchboard, command: Command, *, must_say: bool) -> Event | None:
    """The refusal of somebody who saw another revision, or does not say which where it must be said."""
    if command.based_on == board.revision or (command.based_on is None and not must_say):
        return None
    why = f"The switchboard is at revision {board.revision}; look again before you switch."
    return refused(command, "switchboard-moved", why)


def _unknown(command: Command, kind: str, name: str, there_are: Iterable[str]) -> Event:
    names = ", ".join(sorted(there_are))
    return refused(command, f"unknown-{kind}", f"The programme has no {kind} {name!r}; there is {names}.")


def set_cap(state: State, command: SetCap) -> list[Event]:
    """Bound how many calls a response takes. The document's own caps hold besides: the lower one counts."""
    programme, board = state.programme, state.switchboard
    if programme is None:
        return [refused(command, "no-programme", "No programme is in force.")]
    if (wrong := _cannot_cap(programme, command)) is not None:
        return [wrong]
    switch, cap = Switch(command.district, command.response), Cap(command.at_most_open, command.at_most_per_day)
    present = board.caps.get(switch.key, NO_CAP)
    if cap == present:
        sentence = f"{switch.words} takes {cap.words or ANY_NUMBER} already."
        return [nothing_to_do(command, sentence, revision=board.revision)]
    if (moved := _switchboard_moved(board, command, must_say=_is_looser(cap, present))) is not None:
        return [moved]
    revision = board.revision + 1
    changed = CapChanged(
        response=command.response,
        district=command.district,
        at_most_open=command.at_most_open,
        at_most_per_day=command.at_most_per_day,
        revision=revision,
        changed_by=command.issued_by,
        reason=command.reason,
    )
    sentence = f"{switch.words} takes {cap.words or ANY_NUMBER} (was {present.words or ANY_NUMBER})."
    return [changed, done(command, sentence, revision=revision)]


def _cannot_cap(programme: Programme, command: SetCap) -> Event | None:
    if command.response not in programme.responses:
        return _unknown(command, "response", command.response, programme.responses)
    if command.district != ALL and command.district not in programme.districts:
        return _unknown(command, "district", command.district, [ALL, *programme.districts])
    reached_by = programme.responses[command.response].reached_by
    if reached_by in NOT_ROUTED:
        return refused(command, "not-offered", f"A {reached_by} occupies nobody, so there is nothing to count.")
    return None


def _is_looser(cap: Cap, present: Cap) -> bool:
    """Whether a cap lets anything through that the present one does not."""
    pairs = ((cap.at_most_open, present.at_most_open), (cap.at_most_per_day, present.at_most_per_day))
    return any(before is not None and (now is None or now > before) for now, before in pairs)


def pause(state: State, command: PauseDistrict) -> list[Event]:
    """The kill switch: no `based_on`, and no programme, is needed for it."""
    board, switch = state.switchboard, Switch(command.district, command.response)
    if (wrong := _cannot_pause(state.programme, command)) is not None:
        return [wrong]
    if switch in board.paused:
        return [nothing_to_do(command, f"{switch.words} is paused already.", revision=board.revision)]
    revision = board.revision + 1
    event = DistrictPaused(
        district=command.district,
        response=command.response,
        revision=revision,
        changed_by=command.issued_by,
        reason=command.reason,
    )
    return [event, done(command, f"Paused: {switch.words}.", revision=revision)]


def _cannot_pause(programme: Programme | None, command: PauseDistrict) -> Event | None:
    """What is not there to be paused; without a programme nobody knows."""
    district, response = command.district, command.response
    if not district or "/" in district:
        return refused(command, "unknown-district", "Name a district, or all.")
    if response == "":
        return refused(command, "unknown-response", "Name a response, or none for all of them.")
    if programme is None:
        return None
    if district != ALL and district not in programme.districts:
        return _unknown(command, "district", district, [ALL, *programme.districts])
    if response is not None and response not in programme.responses:
        return _unknown(command, "response", response, programme.responses)
    return None


def resume(state: State, command: ResumeDistrict) -> list[Event]:
    """End a pause; another one that holds the same district stays, and the answer says so."""
    board, switch = state.switchboard, Switch.of(command.district, command.response)
    if switch not in board.paused:
        also = " The pause of all districts still holds." if Switch(ALL) in board.paused else ""
        why = f"{switch.words} is not paused by itself.{also}"
        return [nothing_to_do(command, why, revision=board.revision)]
    if (moved := _switchboard_moved(board, command, must_say=False)) is not None:
        return [moved]
    revision = board.revision + 1
    left = ", ".join(pause.words for pause in sorted(board.paused - {switch}, key=lambda pause: pause.key))
    event = DistrictResumed(
        district=command.district,
        response=command.response,
        revision=revision,
        changed_by=command.issued_by,
        reason=command.reason,
    )
    sentence = f"Resumed: {switch.words}." + (f" Still paused: {left}." if left else "")
    return [event, done(command, sentence, revision=revision)]


def review(state: State, command: ReviewPause) -> list[Event]:
    """One person pauses, another looks into it afterwards."""
    paused_by = state.unreviewed_pauses.get(command.revision)
    if paused_by is None:
        return [refused(command, "unknown-pause", f"Revision {command.revision} is no pause that waits for a review.")]
    if not command.reason.strip():
        return [refused(command, "no-reason", "Say what was found.")]
    if _same_person(command.issued_by, paused_by):
        return [refused(command, "same-person", "Whoever paused cannot review it.")]
    reviewed = PauseReviewed(paused_at_revision=command.revision, reviewed_by=command.issued_by, reason=command.reason)
    return [reviewed, done(command, f"The pause of revision {command.revision} is reviewed.")]


def _same_person(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()
