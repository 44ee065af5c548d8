"""What team availability remembers of one agency: teams, calls that are not over, and a line of each that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.call import ENDED, CallStatus
from shared.engine.state import EMPTY, ByDay, Clocks, PMap
from shared.events import CommandHeld, Outcome, Person, PlanSet, Team, TeamStatus, TermsNoted
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    MISSED_SAFETY_CHECKS,
    NOT_ROUTED,
    CrewPlace,
    Judgement,
    Phase,
    ResponseVerdict,
    Step,
)
from shared.switch import Switch

SETTLE = timedelta(milliseconds=250)
"""Deadlines and expiries fire so much after their instant: an answer durable just before it is then read in time."""
KEPT = timedelta(minutes=15)
"""How long a call that nobody is busy with stays whole: a late answer is told why, a plan waits for its report."""
PAUSE_STEP = timedelta(milliseconds=1)
"""A pause with more offers than one step takes goes on so much later: its clock has to move."""

PHONE = "phone transfer"
PULL = "pull"
CHECKED: frozenset[TeamStatus] = frozenset(("on-scene", "transporting"))
"""With somebody: a team that has reported so and says no more is asked whether it is well."""


# --- teams ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """A team at work."""

    shift_id: str
    members: tuple[str, ...]
    ends_at: datetime
    heard_at: datetime
    """When the team last said anything."""
    status: TeamStatus = "available"
    offer_id: str | None = None
    """The open offer that it was paged for, and is expected to answer."""
    open_calls: tuple[str, ...] = ()
    """Open offers that stand on its page for it to take, or not."""
    call_id: str | None = None
    """The call that it is assigned to."""
    calls: int = 0
    """Calls taken in this shift."""

    @property
    def held(self) -> tuple[str, ...]:
        """Every open offer that it holds."""
        return self.open_calls if self.offer_id is None else (self.offer_id, *self.open_calls)


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team on the roster; off duty without a shift."""

    team: Team
    shift: Shift | None = None


# --- plans ----------------------------------------------------------------------------------------------------------


class Timings(NamedTuple):
    """The programme's clocks; the defaults are careroute's own (domain §6)."""

    routing_deadline_seconds: int = 60
    cad_notice_seconds: int = 10
    offer_expiry_seconds: int = 30
    accepted_not_moving_minutes: int = 5
    status_stale_minutes: int = 15
    transfer_ack_seconds: int = 30
    on_scene_check_minutes: int = 30
    missed_safety_checks: int = MISSED_SAFETY_CHECKS

    @classmethod
    def of(cls, source: Judgement | TermsNoted) -> Timings:
        """The clocks that a judgement cites."""
        return cls(*(getattr(source, name) for name in cls._fields))

    @property
    def to_decide(self) -> timedelta:
        """From the receipt to the deadline: what the CAD's own deadline leaves once it is told in time."""
        return timedelta(seconds=self.routing_deadline_seconds - self.cad_notice_seconds)

    def answer_seconds(self, reached_by: str) -> int:
        """How long whoever is reached so may take to answer: of a transfer the acceptance is the acknowledgement."""
        return self.transfer_ack_seconds if reached_by == PHONE else self.offer_expiry_seconds


USUAL = Timings()


class Option(NamedTuple):
    """A response that a plan, or a dispatcher, names."""

    response: str
    model: str
    crew: tuple[CrewPlace, ...]
    reached_by: str
    on_upgrade: str
    phase: Phase = "off"
    may_go: bool = False
    reasons: tuple[str, ...] = ()
    enters_when: tuple[str, ...] = ()
    expected_minutes: int = EXPECTED_MINUTES
    pool: str = DEFAULT_POOL

    @classmethod
    def of(cls, verdict: ResponseVerdict) -> Option:
        """What a judgement says of a response; a referral or a note is recorded there, and routes nothing."""
        routed = verdict.reached_by not in NOT_ROUTED
        return cls(
            verdict.response,
            verdict.model,
            verdict.crew,
            verdict.reached_by,
            verdict.on_upgrade,
            verdict.phase,
            verdict.may_go and routed,
            verdict.reasons if routed else (verdict.reached_by,),
            verdict.enters_when,
            verdict.expected_minutes,
            verdict.pool,
        )


class Cites(NamedTuple):
    """The programme and the switchboard that a decision stands on."""

    programme_version: int | None = None
    programme_hash: str | None = None
    switchboard_revision: int | None = None

    @classmethod
    def of(cls, judgement: Judgement) -> Cites:
        """What a judgement stands on."""
        return cls(*(getattr(judgement, name) for name in cls._fields))


@dataclass(frozen=True, slots=True)
class Plan:
    """A judgement, as far as offers need it."""

    updated_at: datetime
    suitability: str
    reasons: tuple[str, ...]
    level_rank: int
    district: str | None
    language: str | None
    priority: str | None
    options: tuple[Option, ...]
    steps: tuple[Step, ...]
    timings: Timings
    cites: Cites

    def may_go(self, response: str) -> bool:
        """Whether a response may go to the call."""
        return self.suitability == "suitable" and any(one.response == response and one.may_go for one in self.options)

    @classmethod
    def of(cls, event: PlanSet) -> Plan:
        """The plan that an event sets."""
        judgement, timings = event.judgement, Timings.of(event.judgement)
        options = tuple(map(Option.of, judgement.responses))
        steps = judgement.steps or (Step("default", 0),)
        if steps[0].attempt != "same response":  # the first response is always tried, for as long as one offer
            reached_by = next((one.reached_by for one in options if one.may_go), "offer")
            steps = (Step("same response", timings.answer_seconds(reached_by)), *steps)
        if steps[-1].attempt != "default":
            steps = (*steps, Step("default", 0))
        return cls(
            updated_at=event.updated_at or event.deadline,
            suitability=judgement.suitability,
            reasons=judgement.reasons,
            level_rank=judgement.level_rank,
            district=judgement.district,
            language=event.language,
            priority=event.priority,
            options=options,
            steps=steps,
            timings=timings,
            cites=Cites.of(judgement),
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """The responses and clocks of the newest programme version, as far as judgements have named them."""

    programme_hash: str = ""
    responses: PMap[str, Option] = EMPTY
    timings: Timings = USUAL


# --- calls ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of the running episode; `ended` says how, once it has."""

    offer_id: str
    team_id: str
    response: str
    reached_by: str
    expires_at: datetime
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A team is on the call."""

    team_id: str
    offer_id: str
    response: str
    on_upgrade: str
    status: TeamStatus | None = None
    told_rank: int = 0
    """The highest level that the team knows of."""
    unconfirmed: bool = False
    checks: int = 0
    """Safety checks in a row that it has not answered."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One run at a call, from its beginning to its one outcome and the end of the assignment."""

    number: int
    received_at: datetime
    deadline: datetime
    begun_with: datetime
    """`updated_at` of the version that began it: judgements of older ones say nothing about it."""
    override: str | None = None
    """The response that a dispatcher sends."""
    asked: str | None = None
    """The response that a dispatcher may confirm."""
    confirmed: tuple[str, ...] = ()
    response: str | None = None
    """The response being tried, or from which the order goes on after one that is tried aside."""
    aside: tuple[str, ...] = ()
    """Responses that a step by telephone tried out of their order, the newest last."""
    step: int = 0
    step_ends_at: datetime | None = None
    offers: tuple[Offer, ...] = ()
    shadowed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    outcome: Outcome | None = None
    assignment: Assignment | None = None

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        """The offers that stand: all for one response, to one team or to several at once."""
        return tuple(offer for offer in self.offers if not offer.ended)

    @property
    def offered(self) -> str | None:
        """The response that they are for."""
        return next((offer.response for offer in self.open_offers), None)

    @property
    def refusals(self) -> dict[str, str]:
        """Team id → how it left the call to others: it is not asked again."""
        return {offer.team_id: offer.ended for offer in self.offers if offer.ended in ("declined", "expired")}

    def with_offer(self, offer_id: str, ended: str) -> Episode:
        """The episode with an offer ended in a way."""
        offers = tuple(replace(one, ended=ended) if one.offer_id == offer_id else one for one in self.offers)
        return replace(self, offers=offers)


class Known(NamedTuple):
    """What is kept of every call for seven days."""

    updated_at: datetime
    """Of the newest version that mattered."""
    call_at: str = ""
    """Its position in the topic `calls`."""
    status: CallStatus = "active"
    requested_by: str | None = None
    episodes: int = 0
    outcome: Outcome | None = None
    """Of the newest episode."""
    triaged_at: int = -1
    """Offset in `decisions` of the newest judgement that had a consequence."""
    district: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the CAD says that the call is over."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A judgement that waits for its version of the call."""

    event_id: str
    judgement: Judgement
    updated_at: datetime
    triaged_at: int
    language: str | None
    priority: str | None


@dataclass(frozen=True, slots=True)
class CallState:
    """A call that is not over, or not for long."""

    known: Known | None = None
    """None: triage has spoken of it, the CAD not yet."""
    episode: Episode | None = None
    plan: Plan | None = None
    kept: KeptPlan | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has an episode without outcome."""
        return self.episode is not None and self.episode.outcome is None

    @property
    def assignment(self) -> Assignment | None:
        """The live assignment."""
        return None if self.episode is None else self.episode.assignment

    @property
    def district(self) -> str | None:
        """The district that triage found."""
        if self.plan is not None:
            return self.plan.district
        return None if self.known is None else self.known.district


# --- the whole ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """Everything that team availability knows about one agency: the fold of its journal."""

    people: PMap[str, Person] = EMPTY
    teams: PMap[str, TeamState] = EMPTY
    calls: PMap[str, CallState] = EMPTY
    closed: ByDay[Known] = field(default_factory=ByDay)
    offers: PMap[str, str] = EMPTY
    """Offer id → call id, for the calls above."""
    paused: PMap[str, datetime] = EMPTY
    """Districts, or `all`, or `response/district`, and since when."""
    terms: Terms = Terms()
    held: PMap[str, CommandHeld] = EMPTY
    """Command id → a command that waits for its call."""
    held_of: PMap[str, tuple[str, ...]] = EMPTY
    """Call id → the ids of the commands that wait for it."""
    answered: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of commands."""
    clocks: Clocks = field(default_factory=Clocks)

    def known(self, call_id: str) -> Known | None:
        """What is known of a call, over or not."""
        call = self.calls.get(call_id)
        return self.closed.get(call_id) if call is None else call.known

    def timings(self, call: CallState) -> Timings:
        """The clocks of a call's plan, or of the programme where it has none."""
        return self.terms.timings if call.plan is None else call.plan.timings

    def is_paused(self, district: str | None, response: str | None = None) -> bool:
        """Whether a kill switch holds a response, or everything, in a district."""
        return any(Switch.parse(key).holds(district, response) for key in self.paused)

    def on_shift(self) -> Iterator[tuple[str, Shift]]:
        """The teams at work."""
        for team_id, team in self.teams.items():
            if team.shift is not None:
                yield team_id, team.shift


def due(state: State) -> tuple[str, datetime] | None:
    """The next clock that fires, and when."""
    return state.clocks.first()
