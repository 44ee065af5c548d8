"""A decision in the making: an agency, and each of its calls, as they are by now, and the events so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

from services.team_availability.life_cycle import ENDS, Ending
from services.team_availability.plan import POLICE_ON_SCENE, Cites, Plan, Timings
from services.team_availability.state import (
    MOST_UNANSWERED,
    Assignment,
    CallMemory,
    CallState,
    Episode,
    JudgedVersion,
    Offer,
    State,
)
from shared.call import Call, CallStatus
from shared.engine.service import Draft, Input
from shared.events import (
    AssignmentWithdrawn,
    CallCancelled,
    CallReported,
    CallRouted,
    DeadlineSet,
    Event,
    LateCallEnded,
    OfferExpired,
    OfferWithdrawn,
    Outcome,
    TeamMayEnter,
    TeamStays,
    TeamUnanswering,
)

DEFAULT_GOES = "The default response goes"
OR_DEFAULT_GOES = "the default response goes"
"""The same within a sentence."""
RECORD_BYTES = 600
"""What a record has besides its value, at most."""


class EpisodeKey(TypedDict):
    """Which episode of which call an event is about."""

    call_id: str
    episode: int


class VersionFields(TypedDict):
    """What an event says of a version of a call: what later versions are compared with."""

    updated_at: datetime
    status: CallStatus
    requested_by: str | None
    version_received_at: datetime | None
    created_at: datetime | None
    units_on_scene: bool
    place: str
    address_pseudonym: str
    position_pseudonyms: tuple[str, ...]
    merged_into: str | None
    synthetic: bool


def version_fields(event: CallReported | CallCancelled) -> VersionFields:
    """What an event says of a version of a call."""
    version = event.call
    return {
        "updated_at": version.updated_at,
        "status": version.status,
        "requested_by": version.requested_by,
        "version_received_at": event.received_at,
        "created_at": version.created_at,
        "units_on_scene": version.units_on_scene,
        "place": place_of(version),
        "address_pseudonym": event.address_pseudonym,
        "position_pseudonyms": event.position_pseudonyms,
        "merged_into": version.merged_into,
        "synthetic": event.synthetic,
    }


def remembered_fields(memory: CallMemory) -> VersionFields:
    """The same of the newest version that is remembered."""
    return {
        "updated_at": memory.updated_at,
        "status": memory.status,
        "requested_by": memory.requested_by,
        "version_received_at": memory.received_at,
        "created_at": memory.created_at,
        "units_on_scene": memory.units_on_scene,
        "place": memory.place,
        "address_pseudonym": memory.address_pseudonym,
        "position_pseudonyms": memory.position_pseudonyms,
        "merged_into": memory.merged_into,
        "synthetic": memory.synthetic,
    }


def place_of(version: Call) -> str:
    """Where a call is, as far as routing may know: `West, beat 12`."""
    beat = None if version.beat is None else f"beat {version.beat}"
    return ", ".join(part for part in (version.district, beat) if part)


@dataclass(slots=True)
class AgencyDraft(Draft[State]):
    """The decision on one input: its events as they come, with the state that they lead to."""

    given: Input = field(kw_only=True)
    _counted_events: int = field(default=0, init=False)
    _counted_bytes: int = field(default=0, init=False)

    def call(self, call_id: str) -> CallDraft:
        """A call, for as long as the decision lasts."""
        return CallDraft(self, call_id)

    def take_back(self, team_id: str, why: str, *, but: str | None = None) -> list[CallDraft]:
        """Take back every offer that a team has, but for one; the calls, which have to be gone on with."""
        shift = self.state.teams[team_id].shift
        offer_ids = [offer_id for offer_id in (shift.open_offers if shift else ()) if offer_id != but]
        calls = [self.call(self.state.offers[offer_id]) for offer_id in offer_ids if offer_id in self.state.offers]
        for call in calls:
            call.withdraw(why, only=team_id)
        return calls

    def asked(self, team_id: str) -> str | None:
        """The offer that a team was paged for and has yet to answer."""
        shift = self.state.teams[team_id].shift
        if shift is None or shift.offer_id is None:
            return None
        offer = self.call(self.state.offers[shift.offer_id]).episode.offer(shift.offer_id)
        return None if offer.willing is not None else offer.offer_id

    def size_bytes(self) -> int:
        """About how much the events have come to by now; each is encoded once for it."""
        uncounted = self.events[self._counted_events :]
        self._counted_events += len(uncounted)
        self._counted_bytes += sum(len(event.encode()) + RECORD_BYTES for event in uncounted)
        return self._counted_bytes


@dataclass(frozen=True, slots=True)
class CallDraft:
    """A cursor on one call of a decision: always as the call is by now, whatever was decided a line above."""

    draft: AgencyDraft
    call_id: str

    # --- as it is by now

    @property
    def state(self) -> CallState:
        """All of it."""
        return self.draft.state.call(self.call_id)

    @property
    def memory(self) -> CallMemory | None:
        """What is remembered of it for seven days; None where the CAD has not reported it."""
        return self.state.memory

    @property
    def episode(self) -> Episode:
        """Its episode. Raises AssertionError for a call without one."""
        return self.state.running

    @property
    def plan(self) -> Plan | None:
        """What triage allows."""
        return self.state.plan

    @property
    def assignment(self) -> Assignment | None:
        """The team that has it."""
        return self.state.assignment

    @property
    def is_open(self) -> bool:
        """Whether it has an episode without outcome."""
        return self.state.is_open

    @property
    def key(self) -> EpisodeKey:
        """What every event about its episode begins with."""
        return {"call_id": self.call_id, "episode": self.episode.number}

    def is_paused(self, response: str) -> bool:
        """Whether a kill switch holds a response where the call is."""
        return self.draft.state.is_paused(self.state.district, response)

    # --- what happens to it

    def emit(self, event: Event) -> None:
        """Add an event about it; it moves on at once."""
        self.draft.emit(event)

    def begin(
        self,
        why: Literal["reported", "reopened", "requested", "overridden", "number-reused", "late-pull"],
        version: VersionFields,
        *,
        call_at: str,
        received_at: datetime,
        timings: Timings,
    ) -> None:
        """Begin the next episode with a version of the call."""
        self.end_late("taken" if why == "late-pull" else "another-episode")
        self.emit(
            DeadlineSet(
                call_id=self.call_id,
                episode=1 if self.memory is None else self.memory.episodes + 1,
                deadline=received_at + timings.to_decide,
                received_at=received_at,
                call_at=call_at,
                why=why,
                **version,
            )
        )

    def end_late(self, why: str) -> None:
        """It can be asked for no more, if it could."""
        if self.state.late is not None:
            self.emit(LateCallEnded(**self.key, why=why))

    def expire(self, offer: Offer) -> None:
        """The team was silent; the second time in a row it is offered nothing before it is heard from."""
        self.emit(OfferExpired(**self.key, offer_id=offer.offer_id, team_id=offer.team_id))
        team = self.draft.state.teams.get(offer.team_id)
        shift = None if team is None else team.shift
        if shift is not None and shift.unanswered >= MOST_UNANSWERED and not shift.is_unanswering:
            self.emit(TeamUnanswering(team_id=offer.team_id, unanswered=shift.unanswered, shift_id=shift.shift_id))

    def withdraw(self, why: str, *, only: str | None = None, but: str | None = None) -> None:
        """Take the open offers back: all, only one team's, or all but one team's."""
        for offer in self.episode.open_offers:
            if only in (None, offer.team_id) and offer.team_id != but:
                self.emit(OfferWithdrawn(**self.key, offer_id=offer.offer_id, team_id=offer.team_id, why=why))

    def release(self, ending: Ending, why: str = "") -> bool:
        """Turn back the team that has accepted the call; whether it does. A team that is with somebody stays.

        `why` is what the team and the CAD are told, where that is not the ending itself.
        """
        assignment = self.assignment
        if assignment is None:
            return False
        if ending in ENDS[assignment.state]:
            self.withdraw_team(assignment, ending)
            return True
        why = why or ending
        if assignment.stays != why:
            self.emit(
                TeamStays(
                    **self.key,
                    team_id=assignment.team_id,
                    why=why,
                    send="default" if ending == "overridden" else "",
                    sentence=f"{assignment.team_id} is with somebody and stays with the call ({why}) until it clears.",
                )
            )
        return False

    def let_in_beside_police(self) -> None:
        """Where its team waits nearby for police, and a unit is on scene, it is told that it may go in."""
        assignment = self.assignment
        if assignment is not None and self.state.reported.units_on_scene and POLICE_ON_SCENE in assignment.enters_when:
            self.emit(TeamMayEnter(**self.key, team_id=assignment.team_id, released_by="units-on-scene"))

    def withdraw_team(self, assignment: Assignment, why: str, *, by: str = "", reason: str = "") -> None:
        """Take the team off the call; it is asked for nothing else before it has said where it stands."""
        self.emit(
            AssignmentWithdrawn(
                **self.key, team_id=assignment.team_id, why=why, acknowledge=True, withdrawn_by=by, reason=reason
            )
        )

    def route(
        self,
        outcome: Outcome,
        reasons: Sequence[str],
        *,
        team: Offer | Assignment | None = None,
        sentence: str = "",
        judged: JudgedVersion | None = None,
    ) -> None:
        """End the episode with its one outcome; `judged` is what it follows, where no plan was set."""
        judgement = None if judged is None else judged.judgement
        cites = Cites.of(judgement) if judgement else self.plan.cites if self.plan else Cites()
        reasons = tuple(dict.fromkeys(reasons))
        if team is not None:
            sentence = f"{team.team_id} takes the call ({team.response})."
        sentence = sentence or (judgement.sentence if judgement else "") or f"{DEFAULT_GOES}: {', '.join(reasons)}."
        asked_by = self.state.reported.asked_by if outcome == "default" else None
        if asked_by is not None:  # silence is no answer to somebody who waits
            sentence = f"Nobody comes, though {asked_by} asked. {sentence}"
        self.emit(
            CallRouted(
                **self.key,
                outcome=outcome,
                reasons=reasons,
                team_id=None if team is None else team.team_id,
                response=None if team is None else team.response,
                district=judgement.district if judgement else self.state.district,
                sentence=sentence,
                deadline=self.episode.deadline,
                requested_by=asked_by,
                triaged_at=-1 if judged is None else judged.triaged_at,
                synthetic=self.state.reported.synthetic,
                held=self.episode.hold is not None,
                **cites._asdict(),
            )
        )

    def route_to(self, assignment: Assignment, *, fits: bool) -> None:
        """End the episode with the team of a call that was merged into this one, or with the default beside it."""
        if fits:
            self.route("phone-accepted" if assignment.on_phone else "team-accepted", ("merged",), team=assignment)
        else:
            self.route("default", (*self.episode.reasons, "merged"))
