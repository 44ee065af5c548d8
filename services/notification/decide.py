"""What notification owes for each event: pages to a team's people, messages to the CAD. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.notification.evolve import evolve
from services.notification.state import State, alert_key
from shared.answers import answer, done, nothing_to_do, refused
from shared.call import CallId
from shared.engine.service import Draft, EffectDone, EffectStarting, Input
from shared.events import (
    OFFER_ENDS,
    AcknowledgeAlert,
    AlertAcknowledged,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CadWebhookDisabled,
    CadWebhookEnabled,
    CallChanged,
    CallRouted,
    Command,
    ConfirmationAsked,
    EntryNotReleased,
    Event,
    LinksRenewed,
    LinksRevoked,
    MessageKind,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
    PageKind,
    PingCad,
    RecallUnacknowledged,
    RedeliverMessage,
    SafetyCheckDue,
    SafetyCheckMissed,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
    child_id,
)

NOTICE_PAGE_MINUTES = 3
"""A notice that could not be sent for so long is overtaken by the page that the team has open."""
CAD_NOTICE_SECONDS = 10
"""The least time to tell a CAD something; an outcome may be told this long after its routing deadline."""
OUTCOME_FIELDS = {
    "outcome", "reasons", "team_id", "response", "district", "sentence", "deadline", "requested_by",
    "programme_version", "programme_hash", "switchboard_revision",
}  # fmt: skip


def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
    """The events that an input brings about; none the second time."""
    decider = DECIDERS.get(type(given.event))
    if decider is None:
        return []
    draft = Draft(state, now, evolve)
    decider(draft, given.event, given)
    return draft.events


# --- pages ----------------------------------------------------------------------------------------------------------


def _offer_made(draft: Draft[State], offer: OfferMade, _given: Input) -> None:
    """A page to everybody on the team; of an open call nobody is paged, but the ways to them are kept for notices."""
    why_not = "not-paged" if not offer.paged else "too-late" if draft.now >= offer.expires_at else ""
    for recipient in offer.recipients:
        for method in recipient.contact_methods:
            page_id = child_id(offer.offer_id, f"{recipient.person_id}/{method.method_id}")
            if page_id in draft.state.seen:
                continue
            page = PageDue(
                page_id=page_id,
                kind="offer",
                call_id=offer.call_id,
                episode=offer.episode,
                team_id=offer.team_id,
                person_id=recipient.person_id,
                method=method,
                not_after=offer.expires_at,
                offer_id=offer.offer_id,
                district=offer.district,
                priority=offer.priority,
                link_generation=draft.state.link_generation(recipient.person_id),
            )
            draft.emit(PageDropped(page_id=page_id, why=why_not, page=page) if why_not else page)


def _offer_ended(draft: Draft[State], event: OfferAccepted | OfferDeclined | OfferExpired, _given: Input) -> None:
    _drop_offer(draft, event, OFFER_ENDS[type(event)])


def _offer_withdrawn(draft: Draft[State], event: OfferWithdrawn, given: Input) -> None:
    """Pages that did not go out never will; who was paged already hears that it is over."""
    _drop_offer(draft, event, event.why)
    if event.why == "signed-off":
        return
    for offer in draft.state.recent_offers.get(event.team_id, ()):
        if offer.offer_id == event.offer_id:
            paged = [page for page in offer.pages if page.page_id in offer.attempted]
            _notify(draft, given, "withdrawn", paged, event.why)


def _assignment_event(
    kind: PageKind, why: Callable[[Any], str] = lambda _event: ""
) -> Callable[[Draft[State], Any, Input], None]:
    """A decider that tells an assigned team something over every way that its offer was sent."""

    def decider(draft: Draft[State], event: Any, given: Input) -> None:
        offers = draft.state.recent_offers.get(event.team_id, ())
        of_call = (offer for offer in reversed(offers) if event.call_id in ("", offer.call_id))
        newest = next(of_call, None)
        if newest is not None:
            _notify(draft, given, kind, newest.pages, why(event))

    return decider


_unconfirmed = _assignment_event("unconfirmed")
_not_moving = _assignment_event("not-moving")
_safety_check = _assignment_event("safety-check")
_upgraded = _assignment_event("upgrade", lambda event: event.on_upgrade)
_released = _assignment_event("withdrawn", lambda event: event.why)
_told_to_stay = _assignment_event("stays", lambda event: event.why)
_let_in = _assignment_event("may-enter")
_told_of_change = _assignment_event("changed")


def _notify(draft: Draft[State], given: Input, kind: PageKind, like: Iterable[PageDue], why: str) -> None:
    """Owe a notice to everyone who was to have a page of the offer, over the same methods."""
    not_after = draft.now + timedelta(minutes=NOTICE_PAGE_MINUTES)
    for page in like:
        page_id = child_id(given.cause, f"{kind}/{page.person_id}/{page.method.method_id}")
        if page_id not in draft.state.seen and draft.state.still_reaches(page):
            changed = {"page_id": page_id, "kind": kind, "not_after": not_after, "why": why}
            changed["link_generation"] = draft.state.link_generation(page.person_id)
            draft.emit(page.model_copy(update=changed))


def _links_revoked(draft: Draft[State], event: LinksRevoked, _given: Input) -> None:
    """What the person is owed goes out with new links, over the ways that they are still reached in."""
    generation = event.generation
    if draft.state.link_generation(event.person_id) >= generation:
        return
    draft.emit(LinksRenewed(person_id=event.person_id, generation=generation, contact_methods=event.contact_methods))
    for page_id, owed in sorted(draft.state.owed.items()):
        page = owed.event
        if not isinstance(page, PageDue) or page.person_id != event.person_id or owed.attempted:
            continue
        draft.emit(PageDropped(page_id=page_id, why="links-revoked"))
        if draft.state.still_reaches(page):
            changed = {"page_id": child_id(page_id, f"links/{generation}"), "link_generation": generation}
            draft.emit(page.model_copy(update=changed))


def _drop(draft: Draft[State], call_id: str, why: str, which: Callable[[PageDue], bool]) -> None:
    """Pages of a call that are owed and untried are owed no more."""
    for page_id in draft.state.pages_of_call.get(call_id, ()):
        owed = draft.state.owed[page_id]
        if isinstance(owed.event, PageDue) and not owed.attempted and which(owed.event):
            draft.emit(PageDropped(page_id=page_id, why=why))


def _drop_offer(
    draft: Draft[State], event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn, why: str
) -> None:
    _drop(draft, event.call_id, why, lambda page: page.kind == "offer" and page.offer_id == event.offer_id)


def _assignment_moved(draft: Draft[State], event: AssignmentMoved, given: Input) -> None:
    """The pages that say so are of the call that the team has now: its notices go on from them."""
    if child_id(given.cause, "team.moved") in draft.state.seen:
        return
    offers = draft.state.recent_offers.get(event.team_id, ())
    newest = next((offer for offer in reversed(offers) if offer.call_id == event.call_id), None)
    if newest is not None:
        moved = {"call_id": event.to_call_id, "episode": event.to_episode}
        _notify(draft, given, "changed", [page.model_copy(update=moved) for page in newest.pages], "merged")
    _tell_cad(draft, given, "team.moved", event, {"team_id", "to_call_id", "to_episode", "sentence"})


def _drop_notices(draft: Draft[State], event: AssignmentEnded | AssignmentWithdrawn, why: str) -> None:
    overtaken = ("unconfirmed", "upgrade", "not-moving", "safety-check", "stays", "may-enter", "changed")
    _drop(draft, event.call_id, why, lambda page: page.kind in overtaken and page.team_id == event.team_id)


def _assignment_ended(draft: Draft[State], event: AssignmentEnded, _given: Input) -> None:
    _drop_notices(draft, event, "ended")


# --- word back to the CAD -------------------------------------------------------------------------------------------


def _call_routed(draft: Draft[State], event: CallRouted, given: Input) -> None:
    if child_id(given.cause, "call.routed") in draft.state.seen:
        return
    _drop(draft, event.call_id, "routed", lambda page: page.kind == "offer" and page.episode == event.episode)
    if event.synthetic:
        return  # it is nobody's call
    not_after = event.deadline + timedelta(seconds=CAD_NOTICE_SECONDS)
    _tell_cad(draft, given, "call.routed", event, OUTCOME_FIELDS, not_after=not_after)


def _status_reported(draft: Draft[State], event: StatusReported, given: Input) -> None:
    """To the CAD of the call, or of the team's last one; a request for help without either goes to every CAD."""
    needs_police = event.team_id if event.status == "need-police" else ""
    if event.call_id is None:
        if needs_police:
            sentence = f"{event.team_id} needs police. It has no call: ask it by radio where it is."
            data = {"team_id": event.team_id, "status": event.status, "sentence": sentence}
            _tell_every_cad(draft, given, "team.needs-police", data, needs_police)
        return
    if child_id(given.cause, "unit.status") in draft.state.seen:
        return
    answered = ("not-moving", "safety-check")
    _drop(draft, event.call_id, "answered", lambda page: page.kind in answered and page.team_id == event.team_id)
    fields = {"team_id", "status", "disposition", "happened_at", "released_by"}
    _tell_cad(draft, given, "unit.status", event, fields, needs_police=needs_police)


def _tell_every_cad(
    draft: Draft[State], given: Input, kind: MessageKind, data: dict[str, Any], needs_police: str
) -> None:
    """Of a team that has no call nobody knows which CAD can help: every one that was ever told anything hears of it."""
    for source in sorted(draft.state.sources):
        message_id = child_id(given.cause, f"{kind}/{source}")
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


def _upgrade_raised(draft: Draft[State], event: UpgradeRaised, given: Input) -> None:
    _upgraded(draft, event, given)
    fields = {"team_id", "level", "level_rank", "raised_by", "on_upgrade", "sentence", "team_on_scene", "send"}
    _tell_cad(draft, given, "call.upgraded", event, fields)


def _assignment_withdrawn(draft: Draft[State], event: AssignmentWithdrawn, given: Input) -> None:
    if child_id(given.cause, "assignment.withdrawn") in draft.state.seen:
        return
    _drop_notices(draft, event, event.why)
    _released(draft, event, given)
    _tell_cad(draft, given, "assignment.withdrawn", event, {"team_id", "why", "withdrawn_by", "reason"})


def _team_not_moving(draft: Draft[State], event: TeamNotMoving, given: Input) -> None:
    _not_moving(draft, event, given)
    _tell_cad(draft, given, "team.not-moving", event, {"team_id"})


def _recall_unacknowledged(draft: Draft[State], event: RecallUnacknowledged, given: Input) -> None:
    _tell_cad(draft, given, "team.silent", event, {"team_id", "silent_minutes", "sentence"})


def _team_stays(draft: Draft[State], event: TeamStays, given: Input) -> None:
    _told_to_stay(draft, event, given)
    _tell_cad(draft, given, "team.stays", event, {"team_id", "why", "send", "sentence"})


def _team_may_enter(draft: Draft[State], event: TeamMayEnter, given: Input) -> None:
    _let_in(draft, event, given)
    _tell_cad(draft, given, "team.may-enter", event, {"team_id", "released_by"})


def _entry_not_released(draft: Draft[State], event: EntryNotReleased, given: Input) -> None:
    _tell_cad(draft, given, "team.entered", event, {"team_id", "enters_when", "sentence"})


def _team_still_staged(draft: Draft[State], event: TeamStillStaged, given: Input) -> None:
    _tell_cad(draft, given, "team.staged", event, {"team_id", "staged_minutes", "sentence"})


def _call_changed(draft: Draft[State], event: CallChanged, given: Input) -> None:
    _told_of_change(draft, event, given)
    if event.another_incident:
        fields = {"team_id", "changes", "another_incident", "changed_at", "sentence"}
        _tell_cad(draft, given, "call.changed", event, fields)


def _safety_check_missed(draft: Draft[State], event: SafetyCheckMissed, given: Input) -> None:
    fields = {"team_id", "missed", "silent_minutes", "send", "sentence"}
    if event.call_id:
        _tell_cad(draft, given, "team.silent", event, fields)
    else:
        _tell_every_cad(draft, given, "team.silent", event.model_dump(mode="json", include=fields), "")


def _confirmation_asked(draft: Draft[State], event: ConfirmationAsked, given: Input) -> None:
    _tell_cad(draft, given, "call.confirm", event, {"response", "expires_at", "sentence"}, not_after=event.expires_at)


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
    message_id = child_id(given.cause, kind)
    if message_id in draft.state.seen:
        return
    agency, source, incident = CallId.parse(event.call_id)
    about = {"agency": agency, "source": source, "incident_id": incident, "call_id": event.call_id}
    data = {**about, "episode": event.episode, **event.model_dump(mode="json", include=fields, exclude_none=True)}
    least = draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)
    last = not_after or least
    message = CadMessageDue(
        message_id=message_id,
        kind=kind,
        source=source,
        body={"type": kind, "timestamp": given.time.isoformat(), "data": data},
        not_after=last if kind == "call.confirm" else max(least, last),
        call_id=event.call_id,
        episode=event.episode,
        needs_police=needs_police,
    )
    _owe(draft, message)


def _owe(draft: Draft[State], message: CadMessageDue) -> None:
    """Owe a message; that a source takes none is known at once."""
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
        return data.get("outcome") in ("team-accepted", "phone-accepted") or "requested_by" in data
    if message.kind == "unit.status":
        return bool(data.get("status") == "need-police")
    return message.kind in MISLEADING


# --- what came of it ------------------------------------------------------------------------------------------------


def _effect_starting(draft: Draft[State], starting: EffectStarting, _given: Input) -> None:
    owed = draft.state.owed.get(starting.effect_id)
    if owed is None or owed.attempted or not isinstance(owed.event, PageDue):
        return
    page_id = owed.event.page_id
    late = draft.now >= owed.event.not_after
    draft.emit(PageDropped(page_id=page_id, why="too-late") if late else PageAttempted(page_id=page_id))


def _effect_done(draft: Draft[State], effect: EffectDone, _given: Input) -> None:
    owed = draft.state.owed.get(effect.effect_id)
    if owed is None:
        return
    if isinstance(owed.event, PageDue):
        draft.emit(_page_end(owed.event, effect, attempted=owed.attempted))
    else:
        draft.emit_all(_message_end(draft.state, owed.event, effect))


def _page_end(page: PageDue, effect: EffectDone, *, attempted: bool) -> Event:
    if effect.result == "done":
        return PageDelivered(page_id=page.page_id)
    if effect.result == "expired" and not attempted:
        return PageDropped(page_id=page.page_id, why="too-late")
    return PageFailed(page_id=page.page_id, why=effect.why or effect.result)


def _message_end(state: State, message: CadMessageDue, effect: EffectDone) -> Iterable[Event]:
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


# --- commands -------------------------------------------------------------------------------------------------------


def _command(decider: Callable[[Draft[State], Any], list[Event]]) -> Callable[[Draft[State], Command, Input], None]:
    """A decider that answers a command exactly once."""

    def decide_once(draft: Draft[State], command: Command, given: Input) -> None:
        draft.emit_all(answer(command, given.time, draft.state.answered, lambda command: decider(draft, command)))

    return decide_once


def _ping(draft: Draft[State], command: PingCad) -> list[Event]:
    message_id = child_id(command.command_id, "ping")
    body = {"type": "ping", "timestamp": draft.now.isoformat(), "data": {"source": command.source}}
    not_after = draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)
    ping = CadMessageDue(message_id=message_id, kind="ping", source=command.source, body=body, not_after=not_after)
    return [ping, done(command, f"A ping is on its way to {command.source}.", about=message_id)]


def _redeliver(draft: Draft[State], command: RedeliverMessage) -> list[Event]:
    message_id = command.message_id
    message = draft.state.outbox.get(message_id)
    if message is None:
        return [refused(command, "unknown-message", "No message of this id is kept; a day of messages is.")]
    if message_id in draft.state.owed:
        return [nothing_to_do(command, "The message is being sent already.", about=message_id)]
    if message.source in draft.state.disabled_sources:
        return [refused(command, "disabled", f"The webhook of {message.source} is gone: ping it first.")]
    again = message.model_copy(update={"not_after": draft.now + timedelta(seconds=CAD_NOTICE_SECONDS)})
    return [again, done(command, "The message is on its way again.", about=message_id)]


def _acknowledge(draft: Draft[State], command: AcknowledgeAlert) -> list[Event]:
    """The newest word counts: somebody may take an alert over from another."""
    if command.noise and not command.reason.strip():
        return [refused(command, "no-reason", "Say why it is noise, so that it can be mended.")]
    present = draft.state.acknowledged.get(alert_key(command.alert_id, command.raised_at))
    if present and (present.acknowledged_by, present.noise) == (command.issued_by, command.noise):
        return [nothing_to_do(command, "You have said so already.", about=command.alert_id)]
    acknowledged = AlertAcknowledged(
        alert_id=command.alert_id,
        kind=command.kind,
        raised_at=command.raised_at,
        acknowledged_by=command.issued_by,
        reason=command.reason,
        noise=command.noise,
    )
    by = command.issued_by
    sentence = f"{by} takes it for noise." if command.noise else f"{by} looks after it."
    if present and present.acknowledged_by != by:
        sentence += f" Before: {present.acknowledged_by}."
    return [acknowledged, done(command, f"{sentence} It stays open until it has ended.", about=command.alert_id)]


DECIDERS: dict[type[Any], Callable[[Draft[State], Any, Input], None]] = {
    OfferMade: _offer_made,
    LinksRevoked: _links_revoked,
    OfferAccepted: _offer_ended,
    OfferDeclined: _offer_ended,
    OfferExpired: _offer_ended,
    OfferWithdrawn: _offer_withdrawn,
    CallRouted: _call_routed,
    StatusReported: _status_reported,
    UpgradeRaised: _upgrade_raised,
    AssignmentWithdrawn: _assignment_withdrawn,
    AssignmentUnconfirmed: _unconfirmed,
    AssignmentEnded: _assignment_ended,
    TeamNotMoving: _team_not_moving,
    SafetyCheckDue: _safety_check,
    SafetyCheckMissed: _safety_check_missed,
    RecallUnacknowledged: _recall_unacknowledged,
    TeamStays: _team_stays,
    TeamMayEnter: _team_may_enter,
    EntryNotReleased: _entry_not_released,
    TeamStillStaged: _team_still_staged,
    CallChanged: _call_changed,
    AssignmentMoved: _assignment_moved,
    ConfirmationAsked: _confirmation_asked,
    AcknowledgeAlert: _command(_acknowledge),
    PingCad: _command(_ping),
    RedeliverMessage: _command(_redeliver),
    EffectStarting: _effect_starting,
    EffectDone: _effect_done,
}
