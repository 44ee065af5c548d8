"""Word back to the CADs: what came of their calls, and what they would otherwise believe wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from services.notification.deciding.pages import outward_id
from services.notification.state import State
from shared.cad_messages import BY_EVENT, NEEDS_POLICE, ONLY_WHERE_TRUE
from shared.call import CallId
from shared.engine.service import Draft, EffectDone, Input
from shared.events import (
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CallChanged,
    CallRouted,
    ConfirmationAsked,
    Event,
    HoldAsked,
    HoldBegan,
    LateTakeAsked,
    MessageKind,
    SafetyCheckMissed,
    StatusReported,
)

CAD_NOTICE_SECONDS = 10
"""The least time to tell a CAD something; an outcome may be told this long after its routing deadline."""
ASKS: frozenset[MessageKind] = frozenset(("call.confirm", "call.hold"))
"""A question is not asked any more once an answer would come too late."""
TAKE_BACK: frozenset[MessageKind] = frozenset(("assignment.withdrawn", "team.moved"))
"""These are told at least as long as what they take back: that a team comes."""


def call_routed(draft: Draft[State], event: CallRouted, given: Input) -> None:
    """What came of the call; a call of the prober is nobody's."""
    if event.synthetic:
        return
    # where a hold was asked for the deadline is that of the wait, and the CAD may believe that it goes on
    not_after = None if event.held else event.deadline + timedelta(seconds=CAD_NOTICE_SECONDS)
    tell(draft, event, given, not_after=not_after)


def hold_asked(draft: Draft[State], event: HoldAsked, given: Input) -> None:
    """Whether the call may wait; only the CAD's acknowledgement makes it."""
    tell(draft, event, given, not_after=event.until)


def hold_began(draft: Draft[State], event: HoldBegan, given: Input) -> None:
    """Where a dispatcher has put it on hold, the CAD hears of it; its own acknowledgement it knows."""
    if event.acknowledged_by != "cad":
        tell(draft, event, given)


def status_reported(draft: Draft[State], event: StatusReported, given: Input) -> None:
    """To the CAD of the call, or of the team's last one; a request for help without either goes to every CAD."""
    needs_police = event.team_id if event.status == "need-police" else ""
    if event.call_id is not None:
        tell(draft, event, given, needs_police=needs_police)
    elif needs_police:
        sentence = f"{event.team_id} needs police. It has no call: ask it by radio where it is."
        data = {"team_id": event.team_id, "status": event.status, "sentence": sentence}
        _tell_every_cad(draft, given, NEEDS_POLICE, data, needs_police)


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


def call_changed(draft: Draft[State], event: CallChanged, given: Input) -> None:
    """Another incident seems to have begun under this number, or the call to have moved far away."""
    if event.another_incident or event.far:
        tell(draft, event, given)


def safety_check_missed(draft: Draft[State], event: SafetyCheckMissed, given: Input) -> None:
    """The team is silent; without a call every CAD hears of it."""
    if event.call_id:
        tell(draft, event, given)
    else:
        _tell_every_cad(draft, given, BY_EVENT[SafetyCheckMissed].kind, _said_of(event), "")


def asked(draft: Draft[State], event: ConfirmationAsked | LateTakeAsked, given: Input) -> None:
    """A dispatcher is asked to confirm, or whether a team may take a call that got the default."""
    tell(draft, event, given, not_after=event.expires_at)


def tell(
    draft: Draft[State], event: Any, given: Input, *, not_after: datetime | None = None, needs_police: str = ""
) -> None:
    """Owe the CAD of the call's source a message about it: at least once, under one id."""
    kind = BY_EVENT[type(event)].kind
    message_id = outward_id(given, kind)
    if message_id in draft.state.seen:
        return
    agency, source, incident = CallId.parse(event.call_id)
    about = {"agency": agency, "source": source, "incident_id": incident, "call_id": event.call_id}
    data = {**about, "episode": event.episode, **_said_of(event)}
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


def _said_of(event: Event) -> dict[str, Any]:
    """What the message says of an event."""
    said = event.model_dump(mode="json", include=set(BY_EVENT[type(event)].fields), exclude_none=True)
    return {name: value for name, value in said.items() if value or name not in ONLY_WHERE_TRUE}


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
