"""One call in the view, and how it stands."""

from __future__ import annotations

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
)
from shared.call import CallId
from shared.events import CallTriaged
from shared.judgement import Suitability

KEEP_HISTORY_LINES = 300
"""A longer history leaves out its middle, and says how much."""
KEEP_FIRST_LINES = 20


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
    linked_incidents: tuple[str, ...] = ()
    stale: bool = False
    forgotten: bool = False
    synthetic: bool = False
    episodes: list[EpisodeSeen] = field(default_factory=list)
    offers: dict[str, OfferSeen] = field(default_factory=dict)
    pages: dict[str, PageSeen] = field(default_factory=dict)
    messages: dict[str, MessageSeen] = field(default_factory=dict)
    history: list[HistoryLine] = field(default_factory=list)
    left_out: int = 0
    unarmed_due_at: datetime | None = None
    """By when it has to have its outcome, as triage says it; of a call that was new, and has no episode."""
    late_sentence: str = ""
    """What a dispatcher is asked of a call that got the default, while they are."""

    def add_to_history(self, line: HistoryLine) -> None:
        """The call was heard of; the middle of a very long history is left out."""
        self.last_at = max(self.last_at, line.at)
        self.history.append(line)
        if len(self.history) > KEEP_HISTORY_LINES:
            del self.history[KEEP_FIRST_LINES]
            self.left_out += 1

    @property
    def source(self) -> str:
        """The CAD that publishes it; empty for an id that is none."""
        try:
            return CallId.parse(self.call_id).source
        except ValueError:
            return ""

    @property
    def due_at(self) -> datetime | None:
        """By when it has to have its outcome, as far as anybody has said so."""
        return self.episodes[-1].deadline if self.episodes else self.unarmed_due_at

    @property
    def open(self) -> bool:
        """No outcome yet, or a team is on it, or would take it late."""
        if self.stale or self.forgotten:
            return False
        if not self.episodes:
            return self.cad_status is None
        newest = self.episodes[-1]
        return newest.outcome is None or newest.team_is_on_it or bool(newest.late_take)

    @property
    def goes_on(self) -> bool:
        """Whether somebody may still be sent, also after an outcome: the CAD has not ended it."""
        return not (self.cad_status or self.stale or self.forgotten)

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
        if newest.outcome == "team-accepted" or (newest.outcome == "default" and newest.team_is_on_it):
            return newest.team_status or "accepted"
        return newest.outcome or self._undecided

    @property
    def _undecided(self) -> str:
        if any(offer.state == "open" for offer in self.offers.values()):
            return "offered"
        newest = self.episodes[-1] if self.episodes else None
        if newest is not None and newest.override is None:  # else a dispatcher has decided, and nothing waits for one
            if newest.confirmation_until is not None and newest.confirmed_by is None:
                return "advised"
            if newest.hold_until is not None:
                return "held"
        return "triaged" if self.judged else "received"

    def episode(self, number: int | None, at: datetime) -> EpisodeSeen:
        """The episode of this number, or the newest; it begins here if it has not yet."""
        for episode in reversed(self.episodes):
            if number is None or episode.episode == number:
                return episode
        episode = EpisodeSeen(number or 1, at)
        self.episodes.append(episode)
        return episode

    def summary(self) -> CallSummary:
        """The call in a list."""
        return CallSummary(**self._summary())

    def detail(self) -> CallDetail:
        """The call with everything that explains it."""
        triaged = CallTriaged.model_validate_json(self.judged) if self.judged else None
        return CallDetail(
            **self._summary(),
            language=triaged.language if triaged else None,
            linked_incidents=self.linked_incidents,
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
            "synthetic": self.synthetic,
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
