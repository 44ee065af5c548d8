"""One call in the view: what each event about it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.console.view.records import (
    CallDetail,
    CallSummary,
    EpisodeSeen,
    HistoryLine,
    MessageSeen,
    OfferSeen,
    PageSeen,
    StepSeen,
)
from services.console.view.sentences import sentence_of
from shared import events
from shared.engine.broker import Stored
from shared.events import Event
from shared.judgement import Suitability
from shared.topics import ASSIGNMENTS

KEEP_HISTORY_LINES = 300
"""Beyond that the middle of a history is left out, and how much of it is said."""
KEEP_FIRST_LINES = 20

BEGIN = (
    events.CallTriaged,
    events.CallEnded,
    events.CallStale,
    events.DeadlineSet,
    events.CallRouted,
    events.InputRefused,
)
"""Only these bring a call into the view; a late word about one that has left it does not."""


@dataclass(slots=True)
class CallSeen:
    """A call as it stands. The newest judgement is kept as it was read, and decoded when somebody asks."""

    call_id: str
    last_at: datetime
    judged: bytes | None = None
    level: str | None = None
    suitability: Suitability | None = None
    sentence: str = ""
    district: str | None = None
    priority: str | None = None
    cad_status: str | None = None
    stale: bool = False
    forgotten: bool = False
    episodes: list[EpisodeSeen] = field(default_factory=list)
    offers: dict[str, OfferSeen] = field(default_factory=dict)
    pages: dict[str, PageSeen] = field(default_factory=dict)
    messages: dict[str, MessageSeen] = field(default_factory=dict)
    history: list[HistoryLine] = field(default_factory=list)
    left_out: int = 0

    def fold(self, event: Event, stored: Stored) -> None:
        """Take the next event about this call in."""
        change = CHANGES.get(type(event))
        if change is not None:
            change(self, event, stored)
        self.last_at = max(self.last_at, stored.time)
        self.history.append(HistoryLine(stored.time, event.type, sentence_of(event)))
        if len(self.history) > KEEP_HISTORY_LINES:
            del self.history[KEEP_FIRST_LINES]
            self.left_out += 1

    @property
    def source(self) -> str:
        """The CAD that publishes it."""
        return self.call_id.split("/")[1] if "/" in self.call_id else ""

    @property
    def open(self) -> bool:
        """No outcome yet, or a team is on it."""
        if self.stale or self.forgotten:
            return False
        if not self.episodes:
            return self.cad_status is None
        return self.episodes[-1].outcome is None or self.episodes[-1].team_is_on_it

    @property
    def state(self) -> str:
        """Where it stands, in one word of the life cycle."""
        if self.stale:
            return "stale"
        if not self.episodes:
            return self.cad_status or self._undecided
        newest = self.episodes[-1]
        if newest.disposition is not None or newest.released is not None:
            return "cleared" if newest.disposition is not None else "withdrawn"
        if newest.outcome == "team-accepted":
            return newest.team_status or "accepted"
        return newest.outcome or self._undecided

    @property
    def _undecided(self) -> str:
        if any(offer.state == "open" for offer in self.offers.values()):
            return "offered"
        newest = self.episodes[-1] if self.episodes else None
        if newest is not None and newest.confirmation_until is not None and newest.confirmed_by is None:
            return "advised"
        return "triaged" if self.judged else "received"

    def episode(self, number: int | None, at: datetime) -> EpisodeSeen:
        """The episode of this number, or the newest; it begins here if it is not known."""
        for episode in reversed(self.episodes):
            if number is None or episode.episode == number:
                return episode
        begun = EpisodeSeen(number or 1, at)
        self.episodes.append(begun)
        return begun

    def summary(self) -> CallSummary:
        """The call in a list."""
        return CallSummary(**self._summary())

    def detail(self) -> CallDetail:
        """The call with everything that explains it."""
        triaged = events.CallTriaged.model_validate_json(self.judged) if self.judged else None
        return CallDetail(
            **self._summary(),
            language=triaged.language if triaged else None,
            cad_status=self.cad_status,
            judgement=triaged.judgement if triaged else None,
            heard=triaged.heard if triaged else (),
            episodes=self.episodes,
            offers=list(self.offers.values()),
            pages=list(self.pages.values()),
            cad_messages=list(self.messages.values()),
            history=self.history,
            history_left_out=self.left_out,
        )

    def _summary(self) -> dict[str, Any]:
        newest = self.episodes[-1] if self.episodes else None
        return {
            "call_id": self.call_id,
            "source": self.source,
            "state": self.state,
            "open": self.open,
            "district": self.district,
            "priority": self.priority,
            "level": self.level,
            "suitability": self.suitability,
            "outcomes": tuple(episode.outcome or "open" for episode in self.episodes),
            "team_id": newest.team_id if newest else None,
            "deadline": newest.deadline if newest else None,
            "sentence": (newest.sentence if newest else "") or self.sentence,
            "last_at": self.last_at,
        }


def _triaged(call: CallSeen, event: events.CallTriaged, stored: Stored) -> None:
    judgement = event.judgement
    call.judged, call.sentence, call.priority = stored.value, judgement.sentence, event.priority or call.priority
    call.level, call.suitability = judgement.level, judgement.suitability
    call.district = judgement.district or call.district
    call.cad_status = None


def _ended(call: CallSeen, event: events.CallEnded, _stored: Stored) -> None:
    call.cad_status = event.status


def _stale(call: CallSeen, _event: events.CallStale, _stored: Stored) -> None:
    call.stale = not call.episodes


def _deadline(call: CallSeen, event: events.DeadlineSet, stored: Stored) -> None:
    call.forgotten = False
    episode = call.episode(event.episode, stored.time)
    episode.deadline, episode.why, episode.began_at = event.deadline, event.why, event.received_at


def _plan(call: CallSeen, event: events.PlanSet, stored: Stored) -> None:
    call.episode(event.episode, stored.time).deadline = event.deadline
    call.district = event.judgement.district or call.district


def _shadowed(call: CallSeen, event: events.OfferShadowed, stored: Stored) -> None:
    step = StepSeen(event.response, ("shadow",), event.team_id, event.bypassed)
    call.episode(event.episode, stored.time).steps.append(step)


def _stepped(call: CallSeen, event: events.FallBackStepped, stored: Stored) -> None:
    step = StepSeen(event.response, event.why, None, event.bypassed)
    call.episode(event.episode, stored.time).steps.append(step)


def _confirmation(call: CallSeen, event: events.ConfirmationAsked, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.response, episode.confirmation_until = event.response, event.expires_at


def _confirmed(call: CallSeen, event: events.DecisionConfirmed, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.response, episode.confirmed_by = event.response, event.confirmed_by


def _offered(call: CallSeen, event: events.OfferMade, stored: Stored) -> None:
    call.district, call.priority = event.district or call.district, event.priority or call.priority
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


def _offer_ended(call: CallSeen, event: Any, stored: Stored) -> None:
    if (offer := call.offers.get(event.offer_id)) is not None:
        offer.state, offer.ended_at = ENDED_OFFERS[type(event)], stored.time
        offer.person_id, offer.eta_minutes = getattr(event, "person_id", None), getattr(event, "eta_minutes", None)
        offer.why = getattr(event, "why", "")


def _routed(call: CallSeen, event: events.CallRouted, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.outcome, episode.reasons, episode.sentence = event.outcome, event.reasons, event.sentence
    episode.routed_at, episode.deadline = stored.time, event.deadline
    episode.team_id, episode.response = event.team_id, event.response or episode.response
    episode.programme_version, episode.programme_hash = event.programme_version, event.programme_hash
    episode.switchboard_revision = event.switchboard_revision
    call.district = event.district or call.district


def _undecidable(call: CallSeen, event: events.InputRefused, stored: Stored) -> None:
    """A call that team availability could not take in has its outcome with that."""
    if stored.topic == ASSIGNMENTS.name and event.input_type in UNDECIDABLE:
        _failed(call, stored, begins=event.input_type == events.CallReported.type)


def _clock_failed(call: CallSeen, _event: events.ClockFailed, stored: Stored) -> None:
    """So has a call whose routing deadline failed."""
    _failed(call, stored, begins=False)


def _failed(call: CallSeen, stored: Stored, *, begins: bool) -> None:
    if not call.episodes and not begins:
        return
    episode = call.episode(None, stored.time)
    if episode.outcome is None:
        episode.outcome, episode.reasons, episode.routed_at = "default", ("internal-error",), stored.time


def _overridden(call: CallSeen, event: events.CallOverridden, stored: Stored) -> None:
    episode = call.episode(event.episode, stored.time)
    episode.override, episode.overridden_by = event.send, event.overridden_by


def _unconfirmed(call: CallSeen, event: events.AssignmentUnconfirmed, stored: Stored) -> None:
    call.episode(event.episode, stored.time).unconfirmed = True


def _released(call: CallSeen, event: events.AssignmentWithdrawn, stored: Stored) -> None:
    call.episode(event.episode, stored.time).released = event.why


def _cleared(call: CallSeen, event: events.AssignmentEnded, stored: Stored) -> None:
    call.episode(event.episode, stored.time).disposition = event.disposition


def _upgraded(call: CallSeen, event: events.UpgradeRaised, stored: Stored) -> None:
    call.episode(event.episode, stored.time).upgraded = True


def _status(call: CallSeen, event: events.StatusReported, stored: Stored) -> None:
    if event.status != "cleared":
        call.episode(event.episode, stored.time).team_status = event.status


def _silent(call: CallSeen, event: events.SafetyCheckMissed, stored: Stored) -> None:
    call.episode(event.episode, stored.time).team_status = "safety-check-overdue"


def _forgotten(call: CallSeen, _event: events.CallForgotten, _stored: Stored) -> None:
    call.forgotten = True


def _page_due(call: CallSeen, event: events.PageDue, stored: Stored) -> None:
    call.pages[event.page_id] = PageSeen(
        event.page_id, event.kind, event.team_id, event.person_id, event.method.kind, stored.time
    )


def _page(call: CallSeen, event: Any, stored: Stored) -> None:
    if (page := call.pages.get(event.page_id)) is not None:
        page.state, page.at, page.why = PAGE_STATES[type(event)], stored.time, getattr(event, "why", "")


def _message_due(call: CallSeen, event: events.CadMessageDue, stored: Stored) -> None:
    call.messages[event.message_id] = MessageSeen(
        event.message_id, event.kind, event.source, stored.time, event.not_after
    )


def _message(call: CallSeen, event: Any, stored: Stored) -> None:
    if (message := call.messages.get(event.message_id)) is not None:
        message.state = "informed" if isinstance(event, events.CadInformed) else "not-informed"
        message.at, message.why = stored.time, getattr(event, "why", "")


UNDECIDABLE = (events.CallReported.type, events.CallCancelled.type)
ENDED_OFFERS: dict[type[Event], Any] = {
    events.OfferAccepted: "accepted",
    events.OfferDeclined: "declined",
    events.OfferExpired: "expired",
    events.OfferWithdrawn: "withdrawn",
}
PAGE_STATES: dict[type[Event], Any] = {
    events.PageAttempted: "attempted",
    events.PageDelivered: "delivered",
    events.PageFailed: "failed",
    events.PageDropped: "dropped",
}
CHANGES: dict[type[Event], Callable[[CallSeen, Any, Stored], None]] = {
    events.CallTriaged: _triaged,
    events.CallEnded: _ended,
    events.CallStale: _stale,
    events.DeadlineSet: _deadline,
    events.PlanSet: _plan,
    events.OfferShadowed: _shadowed,
    events.FallBackStepped: _stepped,
    events.ConfirmationAsked: _confirmation,
    events.DecisionConfirmed: _confirmed,
    events.OfferMade: _offered,
    **dict.fromkeys(ENDED_OFFERS, _offer_ended),
    events.CallRouted: _routed,
    events.InputRefused: _undecidable,
    events.ClockFailed: _clock_failed,
    events.CallOverridden: _overridden,
    events.AssignmentUnconfirmed: _unconfirmed,
    events.AssignmentWithdrawn: _released,
    events.AssignmentEnded: _cleared,
    events.UpgradeRaised: _upgraded,
    events.StatusReported: _status,
    events.SafetyCheckMissed: _silent,
    events.CallForgotten: _forgotten,
    events.PageDue: _page_due,
    **dict.fromkeys(PAGE_STATES, _page),
    events.CadMessageDue: _message_due,
    events.CadInformed: _message,
    events.CadNotInformed: _message,
}
