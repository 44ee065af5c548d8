"""Word back to the CADs: what came of their calls, and what they would otherwise believe wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from services.notification.deciding.pages import outward_id
from services.notification.state import State
from shared.call import CallId
from shared.engine.service import Draft, EffectDone, Input
from shared.events import (
    AssignmentMoved,
    AssignmentWithdrawn,
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CallChanged,
    CallRouted,
    ConfirmationAsked,
    EntryNotReleased,
    Event,
    HoldAsked,
    HoldBegan,
    HoldNoticeDue,
    LateTakeAsked,
    MessageKind,
    RecallUnacknowledged,
    SafetyCheckMissed,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
)

CAD_NOTICE_SECONDS = 10
"""The least time to tell a CAD something; an outcome may be told this long after its routing deadline."""
ASKS: frozenset[MessageKind] = frozenset(("call.confirm", "call.hold"))
"""A question is not asked any more once an answer would come too late."""
TAKE_BACK: frozenset[MessageKind] = frozenset(("assignment.withdrawn", "team.moved"))
"""These are told at least as long as what they take back: that a team comes."""
OUTCOME_FIELDS = {
    "outcome", "reasons", "team_id", "response", "district", "sentence", "deadline", "requested_by",
    "programme_version", "programme_hash", "switchboard_revision",
}  # fmt: skip


def call_routed(draft: Draft[State], event: CallRouted, given: Input) -> None:
    """What came of the call; a call of the prober is nobody's."""
    if event.synthetic:
        return  # it is nobody's call
    if event.held:  # the deadline is that of the wait, and the CAD may believe that it goes on
        _tell_cad(draft, given, "call.routed", event, OUTCOME_FIELDS | {"held"})
        return
    not_after = event.deadline + timedelta(seconds=CAD_NOTICE_SECONDS)
    _tell_cad(draft, given, "call.routed", event, OUTCOME_FIELDS, not_after=not_after)


def hold_asked(draft: Draft[State], event: HoldAsked, given: Input) -> None:
    """Whether the call may wait; only the CAD's acknowledgement makes it."""
    _tell_cad(draft, given, "call.hold", event, {"minutes", "until", "sentence"}, not_after=event.until)


def hold_began(draft: Draft[State], event: HoldBegan, given: Input) -> None:
    """Where a dispatcher has put it on hold, the CAD hears of it; its own acknowledgement it knows."""
    if event.acknowledged_by != "cad":
        _tell_cad(draft, given, "call.held", event, {"acknowledged_by", "until", "sentence"})


def hold_notice_due(draft: Draft[State], event: HoldNoticeDue, given: Input) -> None:
    """The call still waits."""
    _tell_cad(draft, given, "call.held", event, {"waited_minutes", "until", "sentence"})


def status_reported(draft: Draft[State], event: StatusReported, given: Input) -> None:
    """To the CAD of the call, or of the team's last one; a request for help without either goes to every CAD."""
    needs_police = event.team_id if event.status == "need-police" else ""
    if event.call_id is None:
        if needs_police:
            sentence = f"{event.team_id} needs police. It has no call: ask it by radio where it is."
            data = {"team_id": event.team_id, "status": event.status, "sentence": sentence}
            _tell_every_cad(draft, given, "team.needs-police", data, needs_police)
        return
    fields = {"team_id", "status", "disposition", "happened_at", "released_by"}
    _tell_cad(draft, given, "unit.status", event, fields, needs_police=needs_police)


def _tell_every_cad(
    draft: Draft[State], given: Input, kind: MessageKind, data: dict[str, Any], needs_police: str
) -> None:
    """Of a team that has no call nobody knows which CAD can help: every one that was ever told anything hears of it."""
    for source in sorted(draft.state.sources):
        message_id = outward_id(given, f"{kind}/{source}")
        if message_id not in draft.state.seen:
            message = CadMessageDue(
                message_id=message_id,
                kind=kind,
                source=source,
                body={"type": kind, "timestamp": given.time.isoformat(), "data": {"source": source, **data}},
                not_after=draft.now + timedelta(seconds=CAD_NOTICE_SECONDS),
                needs_police=needs_police,
            )
            _owe(draft, message)


def upgrade_raised(draft: Draft[State], event: UpgradeRaised, given: Input) -> None:
    """What raised the level, or speaks against the team's response, and what the team does."""
    fields = {"team_id", "level", "level_rank", "raised_by", "on_upgrade", "sentence", "team_on_scene", "send"}
    _tell_cad(draft, given, "call.upgraded", event, fields | {"more_dangerous", "against"})


def assignment_withdrawn(draft: Draft[State], event: AssignmentWithdrawn, given: Input) -> None:
    """The team does not go."""
    _tell_cad(draft, given, "assignment.withdrawn", event, {"team_id", "why", "withdrawn_by", "reason"})


def team_not_moving(draft: Draft[State], event: TeamNotMoving, given: Input) -> None:
    """The team has not set out."""
    _tell_cad(draft, given, "team.not-moving", event, {"team_id"})


def recall_unacknowledged(draft: Draft[State], event: RecallUnacknowledged, given: Input) -> None:
    """A team that was turned back has not said that it knows."""
    _tell_cad(draft, given, "team.silent", event, {"team_id", "silent_minutes", "sentence"})


def team_stays(draft: Draft[State], event: TeamStays, given: Input) -> None:
    """The team stays where it is."""
    _tell_cad(draft, given, "team.stays", event, {"team_id", "why", "send", "sentence"})


def team_may_enter(draft: Draft[State], event: TeamMayEnter, given: Input) -> None:
    """The team may go in."""
    _tell_cad(draft, given, "team.may-enter", event, {"team_id", "released_by"})


def entry_not_released(draft: Draft[State], event: EntryNotReleased, given: Input) -> None:
    """The team has gone in before it might."""
    _tell_cad(draft, given, "team.entered", event, {"team_id", "enters_when", "sentence"})


def team_still_staged(draft: Draft[State], event: TeamStillStaged, given: Input) -> None:
    """The team still waits nearby."""
    _tell_cad(draft, given, "team.staged", event, {"team_id", "staged_minutes", "sentence"})


def call_changed(draft: Draft[State], event: CallChanged, given: Input) -> None:
    """Another incident seems to have begun under this number, or the call to have moved far away."""
    if event.another_incident or event.far:
        fields = {"team_id", "changes", "another_incident", "far", "changed_at", "sentence"}
        _tell_cad(draft, given, "call.changed", event, fields)


def safety_check_missed(draft: Draft[State], event: SafetyCheckMissed, given: Input) -> None:
    """The team is silent; without a call every CAD hears of it."""
    fields = {"team_id", "missed", "silent_minutes", "send", "sentence"}
    if event.call_id:
        _tell_cad(draft, given, "team.silent", event, fields)
    else:
        _tell_every_cad(draft, given, "team.silent", event.model_dump(mode="json", include=fields), "")


def confirmation_asked(draft: Draft[State], event: ConfirmationAsked, given: Input) -> None:
    """A dispatcher is asked to confirm."""
    _tell_cad(draft, given, "call.confirm", event, {"response", "expires_at", "sentence"}, not_after=event.expires_at)


def late_take_asked(draft: Draft[State], event: LateTakeAsked, given: Input) -> None:
    """A dispatcher is asked whether a team may take a call that got the default."""
    fields = {"response", "team_id", "expires_at", "sentence"}
    _tell_cad(draft, given, "call.confirm", event, fields, not_after=event.expires_at)


def assignment_moved(draft: Draft[State], event: AssignmentMoved, given: Input) -> None:
    """The team goes on with the call that its own was merged into."""
    _tell_cad(draft, given, "team.moved", event, {"team_id", "to_call_id", "to_episode", "sentence"})


def _tell_cad(
    draft: Draft[State],
    given: Input,
    kind: MessageKind,
    event: Any,
    fields: set[str],
    *,
    not_after: datetime | None = None,
    needs_police: str = "",
) -> None:
    """Owe the CAD of the call's source a message about it: at least once, under one id."""
    message_id = outward_id(given, kind)
    if message_id in draft.state.seen:
        return
    agency, source, incident = CallId.parse(event.call_id)
    about = {"agency": agency, "source": source, "incident_id": incident, "call_id": event.call_id}
    data = {**about, "episode": event.episode, **event.model_dump(mode="json", include=fields, exclude_none=True)}
    least = draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)
    if kind in TAKE_BACK:
        least = max([least, *_told_until(draft.state, event.call_id)])
    last = not_after or least
    message = CadMessageDue(
        message_id=message_id,
        kind=kind,
        source=source,
        body={"type": kind, "timestamp": given.time.isoformat(), "data": data},
        not_after=last if kind in ASKS else max(least, last),
        call_id=event.call_id,
        episode=event.episode,
        needs_police=needs_police,
    )
    _owe(draft, message)


def _told_until(state: State, call_id: str) -> Iterator[datetime]:
    """Until when each outcome of a call that its CAD has not acknowledged may still be told."""
    for owed in state.owed.values():
        if isinstance(owed.event, CadMessageDue) and (owed.event.call_id, owed.event.kind) == (call_id, "call.routed"):
            yield owed.event.not_after


def _owe(draft: Draft[State], message: CadMessageDue) -> None:
    """Owe a message, stamped later than the one before; that a source takes none is known at once."""
    stamp = draft.state.stamp(message.call_id or message.source, datetime.fromisoformat(message.body["timestamp"]))
    message = message.model_copy(update={"body": {**message.body, "timestamp": stamp.isoformat()}})
    draft.emit(message)
    if message.source in draft.state.disabled_sources:
        draft.emit(_not_informed(message, "disabled"))


def _not_informed(message: CadMessageDue, why: str) -> CadNotInformed:
    return CadNotInformed(
        message_id=message.message_id,
        source=message.source,
        kind=message.kind,
        why=why,
        call_id=message.call_id,
        episode=message.episode,
        alarm=_misleads(message),
        needs_police=message.needs_police,
    )


def is_taken_back(message: CadMessageDue, later: Iterable[CadMessageDue]) -> bool:
    """Whether it says that a team comes, and a later message that this one does not."""
    said = message.body["data"]
    return said.get("outcome") == "team-accepted" and any(
        each.kind in TAKE_BACK and each.call_id == message.call_id and each.body["data"]["team_id"] == said["team_id"]
        for each in later
    )


MISLEADING: frozenset[MessageKind] = frozenset(
    (
        "call.upgraded",
        "assignment.withdrawn",
        "team.not-moving",
        "team.silent",
        "team.needs-police",
        "team.stays",
        "team.entered",
        "team.moved",
        "call.changed",
    )
)


def _misleads(message: CadMessageDue) -> bool:
    """Whether a CAD that did not get it believes something that is not so: silence means the default response."""
    data = message.body.get("data", {})
    if message.kind == "call.routed":
        return data.get("outcome") in ("team-accepted", "phone-accepted") or "requested_by" in data or "held" in data
    if message.kind == "unit.status":
        return bool(data.get("status") == "need-police")
    return message.kind in MISLEADING


# --- what came of it ------------------------------------------------------------------------------------------------


def ended(draft: Draft[State], effect: EffectDone, _given: Input) -> None:
    """What came of a message: the CAD acknowledged it, or not in time; one that answers 410 takes none any more."""
    owed = draft.state.owed.get(effect.effect_id)
    if owed is not None and isinstance(owed.event, CadMessageDue):
        draft.emit_all(_end_of(draft.state, owed.event, effect))


def _end_of(state: State, message: CadMessageDue, effect: EffectDone) -> Iterable[Event]:
    source, is_disabled = message.source, message.source in state.disabled_sources
    if effect.result == "done":
        yield CadInformed(
            message_id=message.message_id,
            source=source,
            kind=message.kind,
            call_id=message.call_id,
            episode=message.episode,
            needs_police=message.needs_police,
        )
        if is_disabled and message.kind == "ping":
            yield CadWebhookEnabled(source=source)
        return
    why = effect.why or effect.result
    yield _not_informed(message, why)
    if why == "gone" and not is_disabled:
        yield CadWebhookDisabled(source=source)
