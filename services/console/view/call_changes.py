"""What each event about a call changes in the view."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.console.view.call import CallSeen
from services.console.view.records import EpisodeSeen, HistoryLine, MessageSeen, OfferSeen, PageSeen, StepSeen
from services.console.view.sentences import sentence_of, words_of_event
from shared import events
from shared.engine.broker import Stored
from shared.events import OFFER_ENDS, Event
from shared.topics import ASSIGNMENTS

NEW = timedelta(hours=1)
"""An older one that is heard of has perhaps had its outcome, and has left the view since."""
BEGIN = (
    events.CallTriaged,
    events.CallEnded,
    events.CallStale,
    events.DeadlineSet,
    events.CallRouted,
    events.InputRefused,
    events.LadderSet,
)
"""Only these bring a call into the view, and what they lead to where that is read sooner (`begins`)."""
OF_THE_DECISION = ("call.confirm", "call.hold", "call.held", "call.routed")
"""What a CAD is told, and asked, of a call until it has its outcome."""


def begins(event: Event) -> bool:
    """Whether an event brings a call into the view; a late word about one that has left it does not.

    What is owed to a team that is asked, and to the CAD until there is an outcome, stands in a journal of its own,
    which may be read before the others.
    """
    if isinstance(event, events.PageDue):
        return event.kind == "offer"
    if isinstance(event, events.CadMessageDue):
        return event.kind in OF_THE_DECISION
    return isinstance(event, BEGIN)


def fold(call: CallSeen, event: Event, stored: Stored) -> None:
    """Take the next event about a call in."""
    call.synthetic = call.synthetic or getattr(event, "synthetic", False)
    change = CHANGES.get(type(event))
    if change is not None:
        change(call, event, stored)
    call.add_to_history(HistoryLine(stored.time, event.type, sentence_of(event), words_of_event(event)))


def _call_triaged(call: CallSeen, event: events.CallTriaged, stored: Stored) -> None:
    judgement = event.judgement
    call.judged, call.sentence, call.priority = stored.value, judgement.sentence, event.priority or call.priority
    call.level, call.suitability = judgement.level, judgement.suitability
    call.district = judgement.district or call.district
    call.cad_status = None
    if event.call is not None:
        call.linked_incidents = event.call.linked_incidents
        if call.unarmed_due_at is None and stored.time - event.call.created_at < NEW:
            call.unarmed_due_at = stored.time + timedelta(seconds=judgement.routing_deadline_seconds)


def _call_ended(call: CallSeen, event: events.CallEnded, _stored: Stored) -> None:
    call.cad_status = event.status


def _call_stale(call: CallSeen, _event: events.CallStale, _stored: Stored) -> None:
    call.stale = not call.episodes


def _deadline_set(call: CallSeen, event: events.DeadlineSet, stored: Stored) -> None:
    call.forgotten = False
    episode = call.episode(event.episode, stored.time)
    episode.deadline, episode.why, episode.began_at = event.deadline, event.why, event.received_at


def _plan_set(call: CallSeen, event: events.PlanSet, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.deadline = event.deadline
    if not any(verdict.may_go and verdict.response == episode.response for verdict in event.judgement.responses):
        episode.confirmation_until = None
    call.district = call.district or event.judgement.district


def _offer_shadowed(call: CallSeen, event: events.OfferShadowed, stored: Stored) -> None:
    step = StepSeen(event.response, ("shadow",), event.team_id, event.bypassed)
    call.episode(event.episode, stored.time).steps.append(step)


def _fall_back_stepped(call: CallSeen, event: events.FallBackStepped, stored: Stored) -> None:
    step = StepSeen(event.response, event.why, None, event.bypassed)
    call.episode(event.episode, stored.time).steps.append(step)


def _confirmation_asked(call: CallSeen, event: events.ConfirmationAsked, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.response, episode.confirmation_until, episode.confirmed_by = event.response, event.expires_at, None


def _confirmation_lapsed(call: CallSeen, event: events.ConfirmationLapsed, stored: Stored) -> None:
    call.episode(event.episode, stored.time).confirmation_until = None


def _decision_confirmed(call: CallSeen, event: events.DecisionConfirmed, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.response, episode.confirmed_by = event.response, event.confirmed_by


def _late_take_asked(call: CallSeen, event: events.LateTakeAsked, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.late_take, episode.confirmation_until, episode.confirmed_by = event.team_id, event.expires_at, None
    call.late_sentence = event.sentence


def _late_take_over(call: CallSeen, event: Any, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.late_take, episode.confirmation_until, call.late_sentence = "", None, ""


def _hold_asked(call: CallSeen, event: events.HoldAsked, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.hold_asked_until, episode.sentence = event.until, event.sentence


def _hold_began(call: CallSeen, event: events.HoldBegan, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.hold_until, episode.held_by = event.until, event.acknowledged_by
    episode.deadline, episode.sentence = event.until, event.sentence


def _offer_made(call: CallSeen, event: events.OfferMade, stored: Stored) -> None:
    call.district, call.priority = call.district or event.district, call.priority or event.priority
    call.episode(event.episode, stored.time).confirmation_until = None
    call.offers[event.offer_id] = OfferSeen(
        event.offer_id,
        event.episode,
        event.step,
        event.team_id,
        event.response,
        stored.time,
        event.expires_at,
        ranked=event.ranked,
        bypassed=event.bypassed,
    )


def _offer_answered(call: CallSeen, event: events.OfferAnswered, _stored: Stored) -> None:
    if (offer := call.offers.get(event.offer_id)) is not None:
        offer.answered, offer.person_id, offer.eta_minutes = True, event.person_id, event.eta_minutes


def _offer_ended(call: CallSeen, event: Any, stored: Stored) -> None:
    if (offer := call.offers.get(event.offer_id)) is not None:
        offer.state, offer.ended_at = OFFER_ENDS[type(event)], stored.time
        offer.person_id = getattr(event, "person_id", offer.person_id)
        offer.eta_minutes = getattr(event, "eta_minutes", offer.eta_minutes)
        offer.why = getattr(event, "why", "")


def _call_routed(call: CallSeen, event: events.CallRouted, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.outcome, episode.reasons, episode.sentence = event.outcome, event.reasons, event.sentence
    episode.routed_at, episode.deadline = stored.time, event.deadline
    episode.team_id, episode.response = event.team_id or episode.team_id, event.response or episode.response
    episode.programme_version, episode.programme_hash = event.programme_version, event.programme_hash
    episode.switchboard_revision = event.switchboard_revision
    call.district = call.district or event.district


def _input_refused(call: CallSeen, event: events.InputRefused, stored: Stored) -> None:
    """A call that team availability could not take in has its outcome with that."""
    if stored.topic == ASSIGNMENTS.name and event.input_type in UNDECIDABLE:
        _fail(call, stored, begins=event.input_type == events.CallReported.type)


def _clock_failed(call: CallSeen, _event: events.ClockFailed, stored: Stored) -> None:
    """So has a call whose routing deadline failed."""
    _fail(call, stored, begins=False)


def _fail(call: CallSeen, stored: Stored, *, begins: bool) -> None:
    if not call.episodes and not begins:
        return
    episode = call.episode(None, stored.time)
    if episode.outcome is None:
        episode.outcome, episode.reasons, episode.routed_at = "default", ("internal-error",), stored.time


def _call_overridden(call: CallSeen, event: events.CallOverridden, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.override, episode.overridden_by = event.send, event.overridden_by


def _unconfirmed(call: CallSeen, event: events.AssignmentUnconfirmed, stored: Stored) -> None:
    call.episode(event.episode, stored.time).unconfirmed = True


def _assignment_withdrawn(call: CallSeen, event: events.AssignmentWithdrawn, stored: Stored) -> None:
    call.episode(event.episode, stored.time).released = event.why


def _assignment_moved(call: CallSeen, event: events.AssignmentMoved, stored: Stored) -> None:
    call.episode(event.episode, stored.time).released = "merged"


def join(call: CallSeen, event: events.AssignmentMoved, came_with: EpisodeSeen | None, stored: Stored) -> None:
    """A team has this call now, as it stood with the one that was merged into it; the outcome stays what it was."""
    call.forgotten = False
    episode = call.episode(event.to_episode, stored.time)
    episode.team_id, episode.response, episode.released, episode.disposition = event.team_id, event.response, None, None
    if came_with is not None:
        episode.team_status, episode.upgraded = came_with.team_status, came_with.upgraded
    call.add_to_history(HistoryLine(stored.time, event.type, sentence_of(event), words_of_event(event)))


def _assignment_ended(call: CallSeen, event: events.AssignmentEnded, stored: Stored) -> None:
    call.episode(event.episode, stored.time).disposition = event.disposition


def _upgrade_raised(call: CallSeen, event: events.UpgradeRaised, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.upgraded = episode.upgraded or event.more_dangerous


def _status_reported(call: CallSeen, event: events.StatusReported, stored: Stored) -> None:
    if event.status != "cleared" and event.assigned:
        episode = call.episode(event.episode, stored.time)
        episode.team_status = event.status
        if event.status == "on-scene" and episode.on_scene_at is None:
            episode.on_scene_at = event.happened_at or stored.time


def _status_corrected(call: CallSeen, event: events.StatusCorrected, stored: Stored) -> None:
    call.episode(event.episode, stored.time).team_status = event.status


def _safety_check_missed(call: CallSeen, event: events.SafetyCheckMissed, stored: Stored) -> None:
    call.episode(event.episode, stored.time).team_status = "safety-check-overdue"


def _call_forgotten(call: CallSeen, _event: events.CallForgotten, _stored: Stored) -> None:
    call.forgotten = True


def _page_due(call: CallSeen, event: events.PageDue, stored: Stored) -> None:
    call.pages[event.page_id] = PageSeen(
        event.page_id, event.kind, event.team_id, event.person_id, event.method.kind, stored.time
    )


def _page_moved(call: CallSeen, event: Any, stored: Stored) -> None:
    if (page := call.pages.get(event.page_id)) is not None:
        page.state, page.at, page.why = PAGE_STATES[type(event)], stored.time, getattr(event, "why", "")


def _message_due(call: CallSeen, event: events.CadMessageDue, stored: Stored) -> None:
    call.messages[event.message_id] = MessageSeen(
        event.message_id, event.kind, event.source, stored.time, event.not_after
    )


def _message_ended(call: CallSeen, event: Any, stored: Stored) -> None:
    if (message := call.messages.get(event.message_id)) is not None:
        message.state = "informed" if isinstance(event, events.CadInformed) else "not-informed"
        message.at, message.why = stored.time, getattr(event, "why", "")


UNDECIDABLE = (events.CallReported.type, events.CallCancelled.type)
PAGE_STATES: dict[type[Event], Any] = {
    events.PageAttempted: "attempted",
    events.PageDelivered: "delivered",
    events.PageFailed: "failed",
    events.PageDropped: "dropped",
}
CHANGES: dict[type[Event], Callable[[CallSeen, Any, Stored], None]] = {
    events.CallTriaged: _call_triaged,
    events.CallEnded: _call_ended,
    events.CallStale: _call_stale,
    events.DeadlineSet: _deadline_set,
    events.PlanSet: _plan_set,
    events.OfferShadowed: _offer_shadowed,
    events.FallBackStepped: _fall_back_stepped,
    events.ConfirmationAsked: _confirmation_asked,
    events.ConfirmationLapsed: _confirmation_lapsed,
    events.DecisionConfirmed: _decision_confirmed,
    events.LateTakeAsked: _late_take_asked,
    events.LateTakeLapsed: _late_take_over,
    events.LateCallEnded: _late_take_over,
    events.HoldAsked: _hold_asked,
    events.HoldBegan: _hold_began,
    events.OfferMade: _offer_made,
    events.OfferAnswered: _offer_answered,
    **dict.fromkeys(OFFER_ENDS, _offer_ended),
    events.CallRouted: _call_routed,
    events.InputRefused: _input_refused,
    events.ClockFailed: _clock_failed,
    events.CallOverridden: _call_overridden,
    events.AssignmentUnconfirmed: _unconfirmed,
    events.AssignmentWithdrawn: _assignment_withdrawn,
    events.AssignmentMoved: _assignment_moved,
    events.AssignmentEnded: _assignment_ended,
    events.UpgradeRaised: _upgrade_raised,
    events.StatusReported: _status_reported,
    events.StatusCorrected: _status_corrected,
    events.SafetyCheckMissed: _safety_check_missed,
    events.CallForgotten: _call_forgotten,
    events.PageDue: _page_due,
    **dict.fromkeys(PAGE_STATES, _page_moved),
    events.CadMessageDue: _message_due,
    events.CadInformed: _message_ended,
    events.CadNotInformed: _message_ended,
}
