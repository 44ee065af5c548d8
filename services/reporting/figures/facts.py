"""What measures are made of: the facts that count, who is among them, and what they can be cut by.

Nothing synthetic is ever among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Integer, String, and_, case, cast, func, literal, or_, select

from services.reporting.store.tables import EPISODE, OFFER, REFERRAL, VERDICT
from services.reporting.store.went import HANDED_TO_POLICE, MERGED, WENT, of_the_merged

_E = EPISODE.c
_QUARTER_MONTHS: Final = 3


EVERY: Final[ColumnElement[bool]] = literal(1) == literal(1)
ONE_WITH_ANOTHER: Final[ColumnElement[bool]] = or_(
    _E.moved_to_call_id.is_not(None),
    and_(func.coalesce(_E.outcome, "") == "cancelled", func.coalesce(_E.reason, "") == "merged"),
)
"""The CAD merged it into another call before it had an outcome, or its team went on with that one: it counts there."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of the store that measures count, one each."""

    rows: FromClause
    """Each has its episode beside it."""
    cuts: Mapping[str, ColumnElement[Any]]
    counted: ColumnElement[bool] = EVERY
    """Which of them."""


def _periods(day: ColumnElement[str]) -> dict[str, ColumnElement[Any]]:
    year = func.substr(day, 1, 4)
    quarter = (cast(func.substr(day, 6, 2), Integer) + _QUARTER_MONTHS - 1) // _QUARTER_MONTHS
    return {"month": func.substr(day, 1, 7), "quarter": year + literal("-Q") + cast(quarter, String), "year": year}


EPISODE_CUTS: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
    {
        "district": _E.district,
        "hour": _E.local_hour,
        "weekday": _E.local_weekday,
        "model": _E.model,
        "response": _E.response,
        "phase": _E.phase,
        "document": _E.programme_version,
        "category": _E.category,
        **_periods(_E.local_date),
    }
)
CUTS: Final = tuple(EPISODE_CUTS)
"""What figures can be cut by."""


def received_within(first: datetime, end: datetime) -> ColumnElement[bool]:
    """Calls received from one instant until before another.

    One that could not be taken in has no stamp of its receipt: it counts by when that was said. Else what fails would
    be missing from the figures.
    """
    begun = and_(_E.received_at.is_(None), _E.begun_at >= first, _E.begun_at < end)
    return or_(and_(_E.received_at >= first, _E.received_at < end), begun)


EPISODES: Final = Facts(EPISODE, EPISODE_CUTS, ~ONE_WITH_ANOTHER)
"""What happened, each once, however many calls the CAD had of it."""
CALLS_IN: Final = Facts(EPISODE, EPISODE_CUTS)
"""Every call that came in and was decided."""


def _with_its_verdict(rows: FromClause, response: ColumnElement[str]) -> FromClause:
    """With what the judgement says of a response, which need not be the one that the call came to."""
    judged = and_(VERDICT.c.partition == _E.partition, VERDICT.c.record_offset == _E.judgement_offset)
    return rows.outerjoin(VERDICT, and_(judged, VERDICT.c.response == response))


OFFERS: Final = Facts(
    _with_its_verdict(
        OFFER.join(EPISODE, and_(OFFER.c.call_id == _E.call_id, OFFER.c.episode == _E.episode)), OFFER.c.response
    ),
    {**EPISODE_CUTS, "response": OFFER.c.response, "model": VERDICT.c.model, "phase": VERDICT.c.phase},
)
_BEFORE = EPISODE.alias()
_NEWEST_BEFORE = (
    select(func.max(_BEFORE.c.episode))
    .where(_BEFORE.c.call_id == REFERRAL.c.call_id, _BEFORE.c.received_at <= REFERRAL.c.made_at)
    .correlate(REFERRAL)
    .scalar_subquery()
)
REFERRALS: Final = Facts(
    _with_its_verdict(
        REFERRAL.join(EPISODE, and_(REFERRAL.c.call_id == _E.call_id, _E.episode == func.coalesce(_NEWEST_BEFORE, 1))),
        REFERRAL.c.response,
    ),
    {
        **EPISODE_CUTS,
        "district": REFERRAL.c.district,
        "response": REFERRAL.c.response,
        "model": VERDICT.c.model,
        "phase": REFERRAL.c.phase,
    },
)

JUDGED: Final[ColumnElement[bool]] = _E.suitability.is_not(None)
LISTED: Final[ColumnElement[bool]] = _E.category.is_not(None)
"""Its call type is one that the document lists."""
SUITABLE: Final[ColumnElement[bool]] = _E.suitability == "suitable"
ELIGIBLE: Final[ColumnElement[bool]] = and_(_E.may_go.is_(True), _E.phase.in_(("advisory", "live")))
IN_SHADOW: Final[ColumnElement[bool]] = and_(_E.may_go.is_(True), _E.phase == "shadow")
OUTSIDE: Final[ColumnElement[bool]] = and_(SUITABLE, _E.outside.is_(True))
"""Suitable, and kept from a response by nothing but where and when that is rolled out."""
DECIDED: Final[ColumnElement[bool]] = _E.outcome.is_not(None)
ACCEPTED: Final[ColumnElement[bool]] = _E.outcome.in_(("team-accepted", "phone-accepted"))
BY_DEFAULT: Final[ColumnElement[bool]] = _E.outcome == "default"
DIVERTED: Final[ColumnElement[bool]] = WENT.in_(("team", "phone"))
TEAM_HAD: Final[ColumnElement[bool]] = or_(_E.outcome == "team-accepted", _E.moved_from_call_id.is_not(None))
"""A team took the call, or came with another that the CAD merged into it, whatever its outcome was by then."""
TEAM_ARRIVING: Final[ColumnElement[bool]] = and_(
    _E.outcome == "team-accepted", WENT.not_in(("recalled", "recalled-upgraded", "merged"))
)
"""A team took the call and was not turned back or called off."""
_ITS_OWN = func.coalesce(_E.call_received_at, _E.received_at)
_OF_THE_MERGED = of_the_merged(
    func.min(func.coalesce(MERGED.c.call_received_at, MERGED.c.received_at))
).scalar_subquery()
RECEIVED_AT: Final[ColumnElement[Any]] = case((_OF_THE_MERGED < _ITS_OWN, _OF_THE_MERGED), else_=_ITS_OWN)
"""When the call came in, or the one that its team had before: who waited for that team has waited since then.

What a person has a team sent for later has waited since its call came in, too.
"""
ANSWERED_AT: Final[ColumnElement[Any]] = case(
    (OFFER.c.ended == "accepted", func.coalesce(_E.accepted_at, OFFER.c.ended_at)), else_=OFFER.c.ended_at
)
"""When a team answered an offer: within a window it has the call only once that ends."""
ARRIVED_AT: Final[ColumnElement[Any]] = case(
    (_E.on_scene_at >= func.coalesce(_E.accepted_at, _E.received_at), _E.on_scene_at)
)
"""When its team arrived; a stamp from before the team had the call is none."""
NO_CONTACT: Final = ("unable-to-locate", "no-longer-needed", "cancelled")
ENDED_BY_TEAM: Final[ColumnElement[bool]] = and_(or_(ACCEPTED, TEAM_HAD), _E.cleared_at.is_not(None))

FIVE_CLASSES: Final[ColumnElement[Any]] = case(
    (_E.disposition.in_(NO_CONTACT), "no contact"),
    (_E.disposition == "refused", "refused"),
    (
        _E.disposition.in_(("resolved-on-scene", "resolved-by-phone", "follow-up-only", "handed-over-provider")),
        "services",
    ),
    (_E.disposition.in_(("transported-er", "handed-over-ems")), "services and emergency department"),
    (_E.disposition.like("transported-%"), "services and transport"),
    (_E.disposition.in_(HANDED_TO_POLICE), "handed to police"),
)
ASKED_BY: Final[ColumnElement[Any]] = func.coalesce(_E.requested_by, "911 caller")
BACK_UP: Final[ColumnElement[Any]] = case(
    (_E.police_asked_at.is_not(None), "police asked for by the team"),
    (_E.silent_at.is_not(None), "police asked for, the team was silent"),
    (and_(_E.upgraded_at.is_not(None), _E.on_scene_at.is_not(None)), "upgraded, team on scene"),
    (_E.upgraded_at.is_not(None), "upgraded before the team arrived"),
    else_="none",
)
INSTEAD_OF_POLICE: Final[ColumnElement[bool]] = and_(DIVERTED, _E.replaces.like("%police%"))
