"""What CADs reported and what triage made of it, as rows."""

from __future__ import annotations

from typing import Any

from services.reporting.projection.episodes import beginnings_of, columns_of, follow_judgement, former_of, is_of_former
from services.reporting.projection.needs import (
    EPISODES,
    EPISODES_SO_JUDGED,
    ITS_COMMAND,
    ITS_DOCUMENT,
    ITS_NOTE,
    ITS_PAUSE,
    ITS_REFERRAL,
    JUDGED_BEFORE,
    Projection,
)
from services.reporting.projection.rows import Row, Rows
from services.reporting.projection.words import header, is_synthetic, place_of, words
from services.reporting.store.tables import (
    COMMAND,
    DOCUMENT,
    EPISODE,
    GATE,
    IN_FORCE,
    JUDGEMENT,
    REFERRAL,
    SWITCH,
    VERDICT,
    VERSION,
)
from shared import events
from shared.call import CallType
from shared.engine.broker import Stored
from shared.events import BY_ITSELF
from shared.events.commands import COMMAND_TYPES
from shared.judgement import Gate, Judgement


def _version(rows: Rows, event: events.CallReported | events.CallCancelled, stored: Stored) -> None:
    call = event.call
    version = rows.add(
        VERSION,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        event_id=event.event_id,
        source=call.source,
        synthetic=is_synthetic(event, stored),
        status=call.status,
        received_at=event.received_at,
        durable_at=stored.time,
        created_at=call.created_at,
        updated_at=call.updated_at,
        priority=call.priority,
        requested_by=call.requested_by,
        caller_wants=call.caller_wants,
        cautions=len(call.cautions),
        answers=len(call.answers),
        units_on_scene=call.units_on_scene,
        **_call_type(call.call_type),
    )
    for episode in rows.of_call(EPISODE, event.call_id) if version["synthetic"] else ():
        rows.mark_changed(EPISODE, episode)["synthetic"] = True


def _call_type(call_type: CallType | None) -> Row:
    if call_type is None:
        return {"call_type_system": None, "call_type": None}
    return {"call_type_system": call_type.system, "call_type": call_type.code}


# --- judgements


def _call_triaged(rows: Rows, event: events.CallTriaged, stored: Stored) -> None:
    judgement = event.judgement
    row = rows.add(
        JUDGEMENT,
        **place_of(stored),
        agency=stored.key,
        call_id=event.call_id,
        event_id=event.event_id,
        synthetic=is_synthetic(event, stored),
        at=stored.time,
        judged_at=event.judged_at,
        updated_at=event.updated_at,
        missing=words(judgement.missing),
        reasons=words(judgement.reasons),
        priority=event.priority,
        hazards_heard=len(event.heard),
        names_unlisted=len(judgement.unlisted),
        routing_deadline_seconds=judgement.routing_deadline_seconds,
        **_of_its_version(rows, event),
        **columns_of(judgement),
    )
    verdicts = _verdicts(rows, judgement, stored)
    _gates(rows, judgement, stored)
    for episode in list(rows.where(EPISODE, partition=stored.partition, judgement_offset=stored.offset)):
        follow_judgement(rows.mark_changed(EPISODE, episode), row, verdicts)


def _of_its_version(rows: Rows, event: events.CallTriaged) -> Row:
    """What the version says that was judged. Judged again, it says what it did: the event does not repeat that."""
    call = event.call
    if call is None and (before := rows.of_call(JUDGEMENT, event.call_id)):
        return {name: before[-1][name] for name in OF_A_VERSION}
    asked = {"requested_by": None if call is None else call.requested_by, "caller": event.caller or None}
    return {**asked, **_call_type(None if call is None else call.call_type)}


def _verdicts(rows: Rows, judgement: Judgement, stored: Stored) -> list[Row]:
    return [
        rows.add(
            VERDICT,
            **place_of(stored),
            number=number,
            response=verdict.response,
            model=verdict.model,
            goes=verdict.goes,
            replaces=words(verdict.replaces),
            reached_by=verdict.reached_by,
            may_go=verdict.may_go,
            phase=verdict.phase,
            reasons=words(verdict.reasons),
        )
        for number, verdict in enumerate(judgement.responses)
    ]


def _gates(rows: Rows, judgement: Judgement, stored: Stored) -> None:
    asked: list[tuple[str | None, Gate]] = [(None, gate) for gate in judgement.gates]
    asked += [(verdict.response, gate) for verdict in judgement.responses for gate in verdict.gates]
    failed = [(response, gate) for response, gate in asked if not gate.passed]
    for number, (response, gate) in enumerate(failed):
        rows.add(GATE, **place_of(stored), number=number, response=response, gate=gate.gate, reason=gate.reason)


# --- referrals


def _referral_made(rows: Rows, event: events.ReferralMade, stored: Stored) -> None:
    _recommend(rows, event.referral_id, event, event.kind, stored)["due_at"] = event.due_at


def _note_made(rows: Rows, event: events.NoteMade, stored: Stored) -> None:
    _recommend(rows, event.note_id, event, "note", stored)


def _recommend(rows: Rows, referral_id: str, event: Any, kind: str, stored: Stored) -> Row:
    row = rows.change(REFERRAL, referral_id=referral_id)
    begun_at = min(beginnings_of(rows, event.call_id), default=stored.time)
    is_of_another = is_of_former(stored.time, begun_at)
    row |= {
        "agency": stored.key,
        "call_id": former_of(event.call_id, begun_at) if is_of_another else event.call_id,
        "kind": kind,
        "response": event.response,
        "district": event.district,
        "phase": event.phase,
        "made_at": stored.time,
    }
    return row


def _referral_overdue(rows: Rows, event: events.ReferralOverdue, stored: Stored) -> None:
    row = rows.change(REFERRAL, referral_id=event.referral_id)
    row |= {"agency": stored.key, "call_id": row["call_id"] or event.call_id, "overdue_at": stored.time}


def _referral_closed(rows: Rows, event: events.ReferralClosed, stored: Stored) -> None:
    row = rows.change(REFERRAL, referral_id=event.referral_id)
    row |= {"agency": stored.key, "call_id": row["call_id"] or event.call_id}
    row |= {"closed_at": stored.time, "result": event.result}


# --- switchboard and documents


def _switched(rows: Rows, event: Any, stored: Stored) -> None:
    rows.add(
        SWITCH,
        **place_of(stored),
        agency=stored.key,
        kind=SWITCH_KINDS[type(event)],
        revision=event.revision,
        district=event.district,
        response=event.response,
        phase=getattr(event, "phase", None),
        at_most_open=getattr(event, "at_most_open", None),
        at_most_per_day=getattr(event, "at_most_per_day", None),
        at=stored.time,
        by_itself=event.changed_by == BY_ITSELF,
        reason=event.reason if event.changed_by == BY_ITSELF else None,
        cause=header(stored, "cause"),
    )


def _pause_reviewed(rows: Rows, event: events.PauseReviewed, stored: Stored) -> None:
    for row in list(rows.where(SWITCH, agency=stored.key, revision=event.paused_at_revision)):
        rows.mark_changed(SWITCH, row)["reviewed_at"] = stored.time


def _programme_proposed(rows: Rows, event: events.ProgrammeProposed, stored: Stored) -> None:
    row = _document(rows, event, stored)
    row["proposed_at"], row["effective_at"] = stored.time, event.effective


def _programme_adopted(rows: Rows, event: events.ProgrammeAdopted, stored: Stored) -> None:
    row = _document(rows, event, stored)
    row["adopted_at"], row["effective_at"] = stored.time, event.effective


def _programme_activated(rows: Rows, event: events.ProgrammeActivated, stored: Stored) -> None:
    _document(rows, event, stored)
    rows.add(
        IN_FORCE,
        **place_of(stored),
        agency=stored.key,
        programme_hash=event.document_hash,
        programme_version=event.version,
        from_at=stored.time,
        rolled_back_from=event.rolled_back_from,
        cause=header(stored, "cause"),
    )


def _document(rows: Rows, event: Any, stored: Stored) -> Row:
    row = rows.change(DOCUMENT, agency=stored.key, programme_hash=event.document_hash)
    row["programme_version"] = event.version
    return row


# --- commands and their answers


def _command(rows: Rows, event: events.Command, stored: Stored) -> None:
    row = rows.change(COMMAND, agency=stored.key, command_id=event.command_id)
    row["records"] += 1
    if row["records"] > 1:
        return
    row |= {
        "type": event.type,
        "decided_by": event.decided_by,
        "issued_by": event.issued_by,
        "issued_at": event.issued_at,
        "durable_at": stored.time,
        **place_of(stored),
        "call_id": getattr(event, "call_id", None),
        "team_id": getattr(event, "team_id", None),
        "offer_id": getattr(event, "offer_id", None),
    }


def _command_done(rows: Rows, event: events.CommandDone, stored: Stored) -> None:
    row = rows.change(COMMAND, agency=stored.key, command_id=event.command_id)
    row["answer"], row["answered_at"] = event.result, stored.time


def _command_refused(rows: Rows, event: events.CommandRefused, stored: Stored) -> None:
    row = rows.change(COMMAND, agency=stored.key, command_id=event.command_id)
    row["answer"], row["answer_reason"], row["answered_at"] = "refused", event.reason, stored.time


def _command_held(rows: Rows, event: events.CommandHeld, stored: Stored) -> None:
    rows.change(COMMAND, agency=stored.key, command_id=event.command_id)["held_at"] = stored.time


OF_A_VERSION = ("requested_by", "caller", "call_type_system", "call_type")
"""Of a judgement, what is the version's."""
SWITCH_KINDS: dict[type[events.Event], str] = {
    events.PhaseChanged: "phase",
    events.DistrictPaused: "paused",
    events.DistrictResumed: "resumed",
    events.CapChanged: "cap",
}
JUDGED: dict[type[events.Event], Projection] = {
    **dict.fromkeys((events.CallReported, events.CallCancelled), Projection(_version, (EPISODES,))),
    events.CallTriaged: Projection(_call_triaged, (EPISODES_SO_JUDGED, JUDGED_BEFORE)),
    events.ReferralMade: Projection(_referral_made, (ITS_REFERRAL, EPISODES)),
    events.ReferralOverdue: Projection(_referral_overdue, (ITS_REFERRAL,)),
    events.ReferralClosed: Projection(_referral_closed, (ITS_REFERRAL,)),
    events.NoteMade: Projection(_note_made, (ITS_NOTE, EPISODES)),
    **dict.fromkeys(SWITCH_KINDS, Projection(_switched)),
    events.PauseReviewed: Projection(_pause_reviewed, (ITS_PAUSE,)),
    events.ProgrammeProposed: Projection(_programme_proposed, (ITS_DOCUMENT,)),
    events.ProgrammeAdopted: Projection(_programme_adopted, (ITS_DOCUMENT,)),
    events.ProgrammeActivated: Projection(_programme_activated, (ITS_DOCUMENT,)),
    **dict.fromkeys(COMMAND_TYPES.values(), Projection(_command, (ITS_COMMAND,))),
    events.CommandDone: Projection(_command_done, (ITS_COMMAND,)),
    events.CommandRefused: Projection(_command_refused, (ITS_COMMAND,)),
    events.CommandHeld: Projection(_command_held, (ITS_COMMAND,)),
}
