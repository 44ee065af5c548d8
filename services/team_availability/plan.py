"""What a judgement lets a call's offers do: the responses in order, the fall-back chain, the programme's clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.engine.state import EMPTY, PMap
from shared.events import PlanSet, ProgrammeTerms
from shared.judgement import (
    DEFAULT_POOL,
    EXPECTED_MINUTES,
    HOLD,
    MISSED_SAFETY_CHECKS,
    NOT_ROUTED,
    ORDER_OF_CALLS,
    STAGED_NOTICE_MINUTES,
    CapTerms,
    CrewPlace,
    Judgement,
    OrderOfTeams,
    Phase,
    RaisedBy,
    ResponseVerdict,
    Step,
)
from shared.programme.judging.facts import HAZARDS

PHONE = "phone transfer"
PULL = "pull"
WINDOW = "window"
OUT_OF_TIME, NO_NEXT_RESPONSE, NO_PHONE_RESPONSE = "out-of-time", "no-next-response", "no-phone-response"
OF_THE_CHAIN: frozenset[str] = frozenset((OUT_OF_TIME, NO_NEXT_RESPONSE, NO_PHONE_RESPONSE))
"""Why a step was left behind that says nothing of the teams."""
POLICE_ON_SCENE = "police on scene"
SOMEBODYS_WORD = "somebody's word"
"""What a team waits for that an upgrade has told to wait nearby."""


class Timings(NamedTuple):
    """The programme's clocks; the defaults are careroute's own."""

    routing_deadline_seconds: int = 60
    cad_notice_seconds: int = 10
    offer_expiry_seconds: int = 30
    accepted_not_moving_minutes: int = 5
    status_stale_minutes: int = 15
    transfer_ack_seconds: int = 30
    on_scene_check_minutes: int = 30
    missed_safety_checks: int = MISSED_SAFETY_CHECKS
    staged_notice_minutes: int = STAGED_NOTICE_MINUTES
    zone: str = "UTC"
    """The agency's."""

    @classmethod
    def of(cls, source: Judgement | ProgrammeTerms) -> Timings:
        """The clocks that a judgement cites."""
        return cls(*(getattr(source, name) for name in cls._fields))

    def clock_time(self, at: datetime) -> str:
        """An instant as the agency's clocks show it, for a sentence."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%H:%M:%S %Z}"

    def date_time(self, at: datetime) -> str:
        """The same with its day."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M %Z}"

    @property
    def to_decide(self) -> timedelta:
        """From the receipt to the deadline: what the CAD's own deadline leaves once it is told in time."""
        return timedelta(seconds=self.routing_deadline_seconds - self.cad_notice_seconds)

    def answer_seconds(self, option: Option | None) -> int:
        """How long whoever a response asks may take to answer: of a transfer the acceptance is the acknowledgement."""
        if option is not None and option.window_seconds is not None:
            return option.window_seconds
        is_transfer = option is not None and option.reached_by == PHONE
        return self.transfer_ack_seconds if is_transfer else self.offer_expiry_seconds


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
    window_seconds: int | None = None
    preferred_eta_minutes: int | None = None
    late_minutes: int | None = None
    order_of_teams: OrderOfTeams | None = None
    against: tuple[str, ...] = ()
    """What the facts of the call have against it."""
    caps: tuple[CapTerms, ...] = ()

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
            verdict.window_seconds,
            verdict.preferred_eta_minutes,
            verdict.late_minutes,
            verdict.order_of_teams,
            caps=verdict.caps,
        )


HazardRanks = tuple[tuple[str, int], ...]
"""Hazards with the rank of each; `IN_DOUBT` is none that puts a call on a level."""
IN_DOUBT = 0


def known_hazards(raised_by: Iterable[RaisedBy], told: HazardRanks = ()) -> HazardRanks:
    """The hazards that put a call on its level, each at its worst here or in `told`; not those that nobody spoke of.

    One that somebody's words put in doubt is told as that, and again once it is known.
    """
    worst = dict(told)
    for raised in raised_by:
        scale = HAZARDS.get(raised.fact, ())
        if raised.unknown != "not-asked" and raised.value in scale:
            rank = scale.index(raised.value) if raised.unknown is None else IN_DOUBT
            worst[raised.fact] = max(rank, worst.get(raised.fact, IN_DOUBT))
    return tuple(sorted(worst.items()))


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
    hazards: HazardRanks = ()
    """Those that put the call on its level, and are known or in doubt by what somebody said."""
    order_of_calls: tuple[str, ...] = ORDER_OF_CALLS
    level: str = ""
    unlisted_type: str = ""
    """The call type, where the document does not list it."""
    hold_minutes: int = 0
    hold_notice_minutes: tuple[int, ...] = ()

    def option(self, response: str) -> Option | None:
        """The response of this name."""
        return next((option for option in self.options if option.response == response), None)

    @property
    def hold_step(self) -> int:
        """Where in the chain a call waits for a team; the last step, where it may not."""
        steps = (index for index, step in enumerate(self.steps) if step.attempt == HOLD)
        return next(steps, len(self.steps) - 1)

    def may_go(self, response: str) -> bool:
        """Whether a response may go to the call."""
        option = self.option(response)
        return self.suitability == "suitable" and option is not None and option.may_go

    @classmethod
    def of(cls, event: PlanSet) -> Plan:
        """The plan that an event sets."""
        judgement, timings = event.judgement, Timings.of(event.judgement)
        verdicts = judgement.responses
        options = tuple(Option.of(each)._replace(against=judgement.against(each.response)) for each in verdicts)
        steps = judgement.steps or (Step("default", 0),)
        if steps[0].attempt != "same response":  # the first response is always tried, for as long as one offer
            first = next((option for option in options if option.may_go), None)
            steps = (Step("same response", timings.answer_seconds(first)), *steps)
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
            hazards=known_hazards(judgement.raised_by),
            order_of_calls=judgement.order_of_calls,
            level=judgement.level,
            unlisted_type=judgement.unlisted_type,
            hold_minutes=judgement.hold_minutes,
            hold_notice_minutes=judgement.hold_notice_minutes,
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """The responses and clocks of the programme, each as the newest version to name it has it."""

    programme_hash: str = ""
    responses: PMap[str, Option] = EMPTY
    timings: Timings = USUAL


NO_TERMS = Terms()
