"""What team availability remembers of one agency: teams, open calls, and the little that is left of those over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from services.team_availability.life_cycle import WITH_SOMEBODY, AssignmentState, state_of
from services.team_availability.plan import NO_TERMS, HazardRanks, Option, Plan, Terms, Timings
from shared.call import ENDED, CallStatus, order_of
from shared.engine.state import EMPTY, ByDay, ClockId, Clocks, PMap
from shared.events import CommandHeld, Duty, MemberLeftOut, OfferEnd, Outcome, Person, PlanKept, Team, TeamStatus
from shared.judgement import AGE, PRIORITY, Judgement
from shared.programme.judging.load import Load
from shared.programme.judging.normal_forms import normal
from shared.replace import replace
from shared.switch import Switch

SETTLE = timedelta(milliseconds=250)
"""Deadlines, expiries and ends of shifts fire so much after their instant: what was durable just before it, an answer
or another end by the plan, is then read in time."""
LINGER = timedelta(minutes=15)
"""How long a call that nobody is busy with stays whole: a late answer is told why, a plan waits for its report."""
PAUSE_STEP = timedelta(milliseconds=1)
"""A pause with more offers than one step takes goes on so much later: its clock has to move."""

RECALL_MINUTES = 5
"""How long a team that was turned back may say nothing before somebody is told."""
ASK_AGAIN = timedelta(minutes=1)
"""A safety check that could not be decided is tried again so much later."""
UPGRADED_CHECKS = 2
"""While a call is upgraded, a team with somebody is asked so many times as often whether it is well."""

PROOF_LASTS = timedelta(days=30)
"""How long an answer over a way to a person says that it works and that they have it at hand."""
MOST_UNANSWERED = 2
"""Offers in a row that a team lets run out before it is offered nothing more."""

ShiftStatus = TeamStatus | Literal["recalled", "silent"]
"""Where a team stands; without a call also: turned back and not heard of since, at first, and for too long."""
FREE: tuple[ShiftStatus, ...] = ("available", "out-of-service")
"""Of a team without a call: it is with nobody, and knows that it has none."""
IN_NEED: tuple[ShiftStatus, ...] = ("on-scene", "transporting", "need-police")
"""Of a team without a call: it is somewhere, and is asked whether it is well."""

ClockKind = Literal[
    "deadline",
    "offer",
    "held",
    "shift",
    "moving",
    "check",
    "forget",
    "pause",
    "recall",
    "watch",
    "staged",
    "hand-back",
    "confirm",
    "missing",
    "hold",
    "late",
    "asked-late",
]
"""What fires. The journal names clocks so: a kind keeps its name."""


def clock(kind: ClockKind, about: str) -> str:
    """The id of a clock: of a call, an offer, a command that waits, a team, or a switch."""
    return str(ClockId(kind, about))


# --- teams ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """A team at work."""

    shift_id: str
    members: tuple[str, ...]
    """Those who count: they said themselves that they are on the team, or somebody vouched for them."""
    ends_at: datetime
    heard_at: datetime
    """When the team last said anything."""
    status: ShiftStatus = "available"
    offer_id: str | None = None
    """The open offer that it was paged for, and is expected to answer."""
    open_calls: tuple[str, ...] = ()
    """Open offers that stand on its page for it to take, or not."""
    call_id: str | None = None
    """The call that it is assigned to."""
    calls: int = 0
    """Calls taken in this shift."""
    last_call: tuple[str, int] | None = None
    """The call that it had last, and the episode."""
    missed_checks: int = 0
    """Safety checks in a row that it has not answered, while it has no call."""
    unconfirmed: tuple[str, ...] = ()
    """Members who have not confirmed yet."""
    duty: Duty = "on-shift"
    planned_shift_id: str = ""
    """The planned shift that it is, if any."""
    unanswered: int = 0
    """Offers in a row that it was paged for and let run out, since it was last heard from."""
    is_unanswering: bool = False
    """They were so many that it is offered nothing before it is heard from."""

    @property
    def is_free(self) -> bool:
        """Whether it has no call, and is with nobody."""
        return self.call_id is None and self.status in FREE

    @property
    def over_at(self) -> datetime:
        """When a team without a call is signed off."""
        return self.ends_at + SETTLE

    @property
    def open_offers(self) -> tuple[str, ...]:
        """Every open offer that was made to it."""
        return self.open_calls if self.offer_id is None else (self.offer_id, *self.open_calls)


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team on the roster; off duty without a shift."""

    team: Team
    shift: Shift | None = None


@dataclass(frozen=True, slots=True)
class PlannedDuty:
    """A planned shift of a team that runs by the plan, whether the team has signed on for it or not."""

    team_id: str
    duty: Duty
    members: tuple[str, ...]
    ends_at: datetime
    grace_minutes: int
    over: str = ""
    """Why it asks nothing of the team any more, though its time is not up."""
    is_missing: bool = False
    """Somebody was told that nobody has signed on for it."""
    left_out: tuple[MemberLeftOut, ...] = ()
    planned_until: datetime | None = None
    """Until when the team is on call without a gap, where the next crew takes over from this one."""

    def runs(self, now: datetime) -> bool:
        """Whether the team is to be on duty."""
        return not self.over and now < self.ends_at

    def is_past(self, now: datetime) -> bool:
        """Whether its time is up, and it was not moved before that."""
        return now >= self.ends_at + SETTLE


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a person, as far as the choice of a team needs it."""

    fingerprint: str = ""
    proved_at: datetime | None = None
    broken: bool = False
    opted_out: bool = False

    @property
    def works(self) -> bool:
        """Whether a page goes there."""
        return not (self.broken or self.opted_out)

    def is_proved(self, now: datetime) -> bool:
        """Whether a page goes there, and somebody has answered over it lately."""
        return self.works and self.proved_at is not None and now - self.proved_at < PROOF_LASTS


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or tablet that lets its holder in: one person, or one team."""

    credential_hash: str
    person_id: str | None = None
    team_id: str | None = None

    @property
    def holder(self) -> str:
        """Whose it is."""
        return self.person_id or self.team_id or ""


# --- calls ----------------------------------------------------------------------------------------------------------


class Willing(NamedTuple):
    """What a team answered that was asked within a window: who would come, and how soon."""

    person_id: str
    eta_minutes: int | None
    at: datetime
    """When the answer became durable."""
    method_id: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of the running episode."""

    offer_id: str
    team_id: str
    response: str
    reached_by: str
    expires_at: datetime
    ended: OfferEnd | None = None
    willing: Willing | None = None
    """The team would take the call, and waits to hear whether another is there sooner."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A team is on the call."""

    team_id: str
    offer_id: str
    response: str
    on_upgrade: str
    reported: TeamStatus | None = None
    """How far it has come by its own reports, `need-police` apart."""
    reported_at: datetime | None = None
    police_asked: bool = False
    on_phone: bool = False
    """It accepted by telephone."""
    level_told: int = 0
    """The highest level that the team knows of."""
    hazards_told: HazardRanks = ()
    """The hazards of such a level that it knows of."""
    type_told: str = ""
    """The last call type that no document lists of which it knows."""
    against_told: tuple[str, ...] = ()
    """What speaks against its response and was told to it, or was known to the dispatcher who sent it."""
    upgraded: bool = False
    unconfirmed: bool = False
    missed_checks: int = 0
    """Safety checks in a row that it has not answered."""
    enters_when: tuple[str, ...] = ()
    """What it waits for nearby before it goes in."""
    may_enter: bool = True
    """It need not wait, or was let in."""
    stays: str = ""
    """Why the call would be over if the team were not with somebody."""
    accepted_at: datetime | None = None
    hand_back_at: datetime | None = None
    """When it gives the call back if it has not arrived, because its shift ends."""
    moved_from: tuple[str, ...] = ()
    """The calls that were merged into this one while it had them: its reports may still name them."""
    begun_told: datetime | None = None
    """The beginning of its call that it was last told of."""

    @property
    def state(self) -> AssignmentState:
        """Where it stands in its life cycle."""
        return state_of(self.reported, police_asked=self.police_asked, on_phone=self.on_phone)

    @property
    def is_with_somebody(self) -> bool:
        """Whether only its own word or a named person takes it off the call."""
        return self.state in WITH_SOMEBODY

    @property
    def is_let_in(self) -> bool:
        """Whether it need not wait nearby any more."""
        return self.may_enter or self.is_with_somebody


@dataclass(frozen=True, slots=True)
class Hold:
    """A call waits for a team, or is to: what its CAD was asked for, and whether it has begun."""

    minutes: int
    """How long at most."""
    began_at: datetime | None = None
    """None: nobody has acknowledged it."""
    until: datetime | None = None
    noticed: int = 0
    """How many notices were given of it."""
    offers_before: int = 0
    """So many offers were made before it began."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One run at a call, from its beginning to its one outcome and the end of the assignment."""

    number: int
    received_at: datetime
    deadline: datetime
    begun_with: tuple[datetime, datetime]
    """Order and receipt of the version that began it: judgements of earlier ones are not about it."""
    reopened: bool = False
    """That version says that the call is open again."""
    override: str | None = None
    """The response that a dispatcher sends."""
    proposed: str | None = None
    """The response that a dispatcher may confirm."""
    confirmed: tuple[str, ...] = ()
    lapsed: bool = False
    """Nobody confirmed in time: what needs to be confirmed is proposed no more."""
    response: str | None = None
    """The response being tried, or from which the order goes on after one that is tried out of it."""
    tried_out_of_order: tuple[str, ...] = ()
    """Responses that a step by telephone tried, the newest last."""
    step: int = 0
    step_ends_at: datetime | None = None
    offers: tuple[Offer, ...] = ()
    shadowed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    outcome: Outcome | None = None
    assignment: Assignment | None = None
    hold: Hold | None = None

    @property
    def waits(self) -> bool:
        """Whether it is on hold, acknowledged, and nobody has decided otherwise."""
        is_open = self.outcome is None and self.override is None
        return is_open and self.hold is not None and self.hold.began_at is not None

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        """The offers that stand: all for one response, to one team or to several at once."""
        return tuple(offer for offer in self.offers if offer.ended is None)

    @property
    def offered(self) -> str | None:
        """The response that they are for."""
        return next((offer.response for offer in self.open_offers), None)

    def refusal(self, team_id: str, heard_at: datetime) -> OfferEnd | None:
        """How a team left the call to others: it is not asked again, unless by a hold from before it last spoke."""
        of_team = [number for number, offer in enumerate(self.offers) if offer.team_id == team_id]
        refused = [number for number in of_team if self.offers[number].ended in ("declined", "expired")]
        if not refused:
            return None
        hold = self.hold
        if hold is not None and hold.began_at is not None and heard_at > hold.began_at:
            refused = [number for number in refused if number >= hold.offers_before]
        return self.offers[refused[-1]].ended if refused else None

    def offer(self, offer_id: str) -> Offer:
        """The offer of this id, which was made in this episode."""
        return next(offer for offer in self.offers if offer.offer_id == offer_id)

    def with_end(self, offer_id: str, ended: OfferEnd) -> tuple[Offer, ...]:
        """The offers, one of them ended in a way."""
        return tuple(replace(offer, ended=ended) if offer.offer_id == offer_id else offer for offer in self.offers)


class LoadEntry(NamedTuple):
    """What a call counts as that was offered to a team, or has one."""

    response: str
    district: str
    day: date


class LateTake(NamedTuple):
    """A team would take a late call, and a dispatcher is asked."""

    team_id: str
    person_id: str
    asked_at: datetime
    expires_at: datetime


class Late(NamedTuple):
    """Nobody took a call from its page in time: who may still ask to."""

    response: str
    team_ids: tuple[str, ...]
    until: datetime
    asked: LateTake | None = None


class CallMemory(NamedTuple):
    """What is remembered of every call for seven days."""

    updated_at: datetime
    """Of the newest version that mattered."""
    received_at: datetime | None = None
    """When intake received that version; None: not told, as in old records."""
    created_at: datetime | None = None
    """When the incident began, as its first version says."""
    created_moves: bool = False
    """The source gives the incident another beginning with every version: it says nothing."""
    reopened: datetime | None = None
    """Order of the newest version that re-opened it: an end from before is over."""
    arrived: int = -1
    """Offset in `calls` of the last version that mattered."""
    units_on_scene: bool = False
    place: str = ""
    """District and beat, as the CAD writes them."""
    address_pseudonym: str = ""
    """Of the last address that the CAD gave."""
    position_pseudonyms: tuple[str, ...] = ()
    """Of the last position, or of that which the team knows of for as long as the call stays near."""

    merged_into: str | None = None
    """The incident that stands for it from now on."""
    another_begun_at: datetime | None = None
    """When another incident began that has the number by now, unless a dispatcher says it is the same: its turn comes
    after the team's."""
    call_at: str = ""
    """Its position in the topic `calls`."""
    status: CallStatus = "active"
    requested_by: str | None = None
    """Who asks for a team by that version."""
    asked_by: str | None = None
    """Who has asked for one since the call is in flight: a version that does not say so takes nothing back."""
    episodes: int = 0
    outcome: Outcome | None = None
    """Of the newest episode."""
    triaged_at: int = -1
    """Offset in `decisions` of the newest judgement that had a consequence."""
    district: str | None = None
    synthetic: bool = False
    """Whether any version was a test of careroute's own: then the call is one."""
    against: str = ""
    """Why no team was asked, or the default went anyway, or what its team was told: what the next one does not know."""
    unvouched: bool = False
    """Its report was refused, and triage has not said yet whether it is a test: until then nobody is sent."""

    @property
    def ended(self) -> bool:
        """Whether the CAD says that the call is over."""
        return self.status in ENDED

    @property
    def order(self) -> datetime:
        """Where that version stands among those of its call."""
        return order_of(self.updated_at, self.received_at or self.updated_at)

    def is_far_from(self, position_pseudonyms: tuple[str, ...]) -> bool:
        """Whether another position is far from the one that is remembered."""
        known = self.position_pseudonyms
        return bool(known and position_pseudonyms) and set(known).isdisjoint(position_pseudonyms)


class JudgedVersion(NamedTuple):
    """A judgement of a version of a call, as triage says it or as it waits."""

    event_id: str
    judgement: Judgement
    updated_at: datetime
    triaged_at: int
    """Offset in the topic `decisions`: what triage said last."""
    language: str | None
    priority: str | None
    received_at: datetime | None = None
    synthetic: bool = False
    """A test call of careroute's own."""

    @property
    def order(self) -> tuple[datetime, datetime]:
        """Order and receipt of the version that was judged; where the receipt is not known, the last of its order."""
        received_at = self.received_at or datetime.max.replace(tzinfo=UTC)
        return order_of(self.updated_at, received_at), received_at

    def is_from_before(self, order: datetime, received_at: datetime) -> bool:
        """Whether it is of a version that is older than one of this order and receipt, or that had come before it."""
        own_order, own_received_at = self.order
        return own_order < order or own_received_at < received_at

    @classmethod
    def of(cls, event: PlanKept) -> JudgedVersion:
        """What waits for its report."""
        return cls(*(getattr(event, name) for name in cls._fields))


@dataclass(frozen=True, slots=True)
class CallState:
    """A call that is not over, or not for long; one that is gone from the state has its memory alone."""

    memory: CallMemory | None = None
    """None: triage has spoken of it, the CAD not yet."""
    episode: Episode | None = None
    plan: Plan | None = None
    early_plan: JudgedVersion | None = None
    """A judgement that waits for its report; or, where a dispatcher sends somebody, for who takes the call."""
    late: Late | None = None
    """It got the default, and may be asked for all the same."""

    @property
    def running(self) -> Episode:
        """Its episode. Raises AssertionError for a call without one."""
        assert self.episode is not None  # noqa: S101  only calls with an episode come here
        return self.episode

    @property
    def reported(self) -> CallMemory:
        """What is remembered of it. Raises AssertionError for a call that only triage has spoken of."""
        assert self.memory is not None  # noqa: S101  only reported calls come here
        return self.memory

    @property
    def is_open(self) -> bool:
        """Whether it has an episode without outcome."""
        return self.episode is not None and self.episode.outcome is None

    def place_in(self, order_of_calls: tuple[str, ...]) -> tuple[int, datetime]:
        """Where it stands in an order of calls, the least first; those that the order does not name come last."""
        asked_by = None if self.memory is None else self.memory.asked_by
        priority = None if self.plan is None else self.plan.priority
        names = [normal(name) for name in (asked_by, priority and PRIORITY + priority) if name]
        named = (rank for rank, name in enumerate(order_of_calls) if normal(name) in names)
        waits_since = self.running.received_at if AGE in order_of_calls else datetime.min.replace(tzinfo=UTC)
        return next(named, len(order_of_calls)), waits_since

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        """The offers that stand."""
        return () if self.episode is None else self.episode.open_offers

    @property
    def assignment(self) -> Assignment | None:
        """The live assignment."""
        return None if self.episode is None else self.episode.assignment

    @property
    def district(self) -> str | None:
        """The district that triage found."""
        if self.plan is not None:
            return self.plan.district
        return None if self.memory is None else self.memory.district


# --- the whole ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """Everything that team availability knows about one agency: the fold of its journal."""

    people: PMap[str, Person] = EMPTY
    link_generations: PMap[str, int] = EMPTY
    """Person → how often their links were revoked; it outlives their leaving, so that no link ever comes back."""
    calendar_generations: PMap[str, int] = EMPTY
    """The same of their links to calendars alone."""
    revoked_tokens: PMap[str, datetime] = EMPTY
    """Hash of a token or key → since when it is let in nowhere."""
    ways: PMap[str, PMap[str, Way]] = EMPTY
    """Person → method → the ways to them over which a proof can come."""
    duties: PMap[str, PlannedDuty] = EMPTY
    """Planned shift → who is on duty by the plan."""
    devices: PMap[str, Device] = EMPTY
    enrolments: ByDay[datetime] = field(default_factory=ByDay)
    """Links that a device was enrolled with: remembered for much longer than any of them works."""
    teams: PMap[str, TeamState] = EMPTY
    calls: PMap[str, CallState] = EMPTY
    closed: ByDay[CallMemory] = field(default_factory=ByDay)
    offers: PMap[str, str] = EMPTY
    """Offer id → call id, for the calls above."""
    paused: PMap[str, datetime] = EMPTY
    """Switches by their key, and since when."""
    terms: Terms = NO_TERMS
    on_hold: PMap[str, datetime] = EMPTY
    """Call id → since when it waits for a team, or for the CAD to acknowledge that."""
    load: PMap[str, PMap[str, Load]] = EMPTY
    """The calls that a response has in a district, by response and district."""
    load_entries: PMap[str, LoadEntry] = EMPTY
    """By call id."""
    waiting: PMap[str, CommandHeld] = EMPTY
    """Command id → a command that waits for its call."""
    waiting_for: PMap[str, tuple[str, ...]] = EMPTY
    """Call id → the ids of the commands that wait for it."""
    answered: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of commands."""
    clocks: Clocks = field(default_factory=Clocks)

    def call(self, call_id: str) -> CallState:
        """A call, over or not; of one that nobody has spoken of nothing is known."""
        call = self.calls.get(call_id)
        return CallState(self.closed.get(call_id)) if call is None else call

    def timings(self, call: CallState) -> Timings:
        """The clocks of a call's plan, or of the programme where it has none."""
        return self.terms.timings if call.plan is None else call.plan.timings

    def option(self, call: CallState, response: str) -> Option | None:
        """The response of this name in the call's plan, or else in the programme."""
        in_plan = None if call.plan is None else call.plan.option(response)
        return in_plan or self.terms.responses.get(response)

    def responses_of(self, call: CallState) -> frozenset[str]:
        """The names of the responses in the call's plan and in the programme."""
        in_plan = () if call.plan is None else (option.response for option in call.plan.options)
        return frozenset((*in_plan, *self.terms.responses))

    def is_paused(self, district: str | None, response: str | None = None) -> bool:
        """Whether a kill switch holds a response, or everything, in a district."""
        return any(Switch.parse(key).holds(district, response) for key in self.paused)

    def on_duty_until(self, shift: Shift) -> datetime:
        """Until when a team is there for a call: on call to the end of the plan, across the change of its crews."""
        duty = self.duties.get(shift.planned_shift_id)
        if shift.duty != "on-call" or duty is None or duty.over:
            return shift.ends_at
        return max(shift.ends_at, duty.planned_until or shift.ends_at)

    def on_shift(self) -> Iterator[tuple[str, Shift]]:
        """The teams at work."""
        for team_id, team in self.teams.items():
            if team.shift is not None:
                yield team_id, team.shift


def due(state: State) -> tuple[str, datetime] | None:
    """The next clock that fires, and when."""
    return state.clocks.first()
