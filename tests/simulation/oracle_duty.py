"""Says which promises about planned duty were broken on a simulated day; like the oracle, by a fold of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.events import (
    AssignmentEnded,
    AssignmentWithdrawn,
    ContactProved,
    DutyEnded,
    DutyOver,
    Event,
    MemberConfirmed,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    ShiftChanged,
    StatusCorrected,
    StatusReported,
    TeamHeard,
    TeamMissing,
    TeamSignedOff,
    TeamSignedOn,
    TeamUnanswering,
)

Told = Sequence[tuple[Any, Event]]
HEARD = (
    OfferAnswered,
    OfferAccepted,
    OfferDeclined,
    StatusReported,
    StatusCorrected,
    TeamHeard,
    TeamSignedOff,
    MemberConfirmed,
)
ALLOWED_UNANSWERED = 2
UNSAID = timedelta(seconds=40)
"""No fault of a simulated day keeps news from another journal for longer."""


def check_duty(journals: dict[str, Any]) -> Iterator[str]:
    """Every broken promise about who is on duty, a line each."""
    assignments = journals["team-availability"]
    yield from _nobody_dropped(assignments)
    yield from _one_team_each(assignments)
    yield from _unanswering(assignments)
    yield from _proved(assignments, journals["notification"])
    yield from _missed_once(assignments)
    yield from _over(assignments, journals["rostering"])


def _nobody_dropped(assignments: Told) -> Iterator[str]:
    """Whoever was on a team when it took a call is on it until the call is over, whatever the plan says."""
    crews: dict[tuple[str, str], frozenset[str]] = {}
    with_call: set[tuple[str, str]] = set()
    for stored, event in assignments:
        team = stored.key, getattr(event, "team_id", "")
        if isinstance(event, TeamSignedOn | ShiftChanged):
            members = frozenset(event.members)
            if team in with_call and not crews[team] <= members:
                yield f"dropped: {stored.position} {team} has a call and loses {sorted(crews[team] - members)}"
            crews[team] = members
        elif isinstance(event, TeamSignedOff):
            if team in with_call:
                yield f"dropped: {stored.position} {team} has a call and is signed off"
        elif isinstance(event, OfferAccepted):
            with_call.add(team)
        elif isinstance(event, AssignmentEnded | AssignmentWithdrawn):
            with_call.discard(team)


def _one_team_each(assignments: Told) -> Iterator[str]:
    """Nobody counts on two teams at once."""
    team_of: dict[tuple[str, str], str] = {}
    for stored, event in assignments:
        if isinstance(event, TeamSignedOff | ShiftChanged | TeamSignedOn):
            for person in [key for key, team_id in team_of.items() if (key[0], team_id) == (stored.key, event.team_id)]:
                del team_of[person]
        counted: tuple[str, ...] = ()
        if isinstance(event, TeamSignedOn | ShiftChanged):
            counted = tuple(member for member in event.members if member not in event.unconfirmed)
        elif isinstance(event, MemberConfirmed):
            counted = (event.person_id,)
        for member in counted:
            other = team_of.setdefault((stored.key, member), event.team_id)  # type: ignore[attr-defined]
            if other != event.team_id:  # type: ignore[attr-defined]
                yield f"two teams: {stored.position} {member} is on {other} already"


def _unanswering(assignments: Told) -> Iterator[str]:
    """After two paged offers in a row that ran out a team is offered nothing, and that is said, until it speaks."""
    paged: dict[str, OfferMade] = {}
    ran_out: Counter[tuple[str, str]] = Counter()
    said: set[tuple[str, str]] = set()
    for stored, event in assignments:
        team = stored.key, getattr(event, "team_id", "")
        if isinstance(event, OfferMade):
            if team in said:
                yield f"unanswering: {stored.position} {team} is offered a call, and was not heard from"
            elif ran_out[team] >= ALLOWED_UNANSWERED:
                yield f"unanswering: {stored.position} {team} has let {ran_out[team]} run out, and nobody said so"
            if event.paged:
                paged[event.offer_id] = event
        elif isinstance(event, OfferExpired) and event.offer_id in paged:
            ran_out[team] += 1
        elif isinstance(event, TeamUnanswering):
            if team in said or ran_out[team] < ALLOWED_UNANSWERED:
                yield f"unanswering: {stored.position} {team} was said to be, after {ran_out[team]}"
            said.add(team)
        elif (isinstance(event, HEARD) and not getattr(event, "vouched_by", "")) or isinstance(event, TeamSignedOn):
            ran_out[team] = 0
            said.discard(team)


def _proved(assignments: Told, notifications: Told) -> Iterator[str]:
    """Whoever is on call and is offered something has answered a page before."""
    proofs: dict[tuple[str, str], datetime] = {}
    for stored, event in notifications:
        if isinstance(event, ContactProved):
            proofs.setdefault((stored.key, event.person_id), stored.time)
    on_call: dict[tuple[str, str], bool] = {}
    for stored, event in assignments:
        if isinstance(event, TeamSignedOn):
            on_call[stored.key, event.team_id] = event.duty == "on-call"
        elif isinstance(event, OfferMade) and on_call.get((stored.key, event.team_id)):
            for recipient in event.recipients:
                proved_at = proofs.get((stored.key, recipient.person_id))
                if proved_at is None or proved_at > stored.time:
                    yield f"unproved: {stored.position} {recipient.person_id} is on call and has answered nothing yet"


def _missed_once(assignments: Told) -> Iterator[str]:
    """That a team is missing is said once, and not of one that is on shift."""
    on_shift: set[tuple[str, str]] = set()
    said: set[tuple[str, str]] = set()
    for stored, event in assignments:
        team = stored.key, getattr(event, "team_id", "")
        if isinstance(event, TeamSignedOn):
            on_shift.add(team)
            said = {key for key in said if key[0] != stored.key}
        elif isinstance(event, TeamSignedOff):
            on_shift.discard(team)
        elif isinstance(event, TeamMissing):
            if team in on_shift or (stored.key, event.planned_shift_id) in said:
                yield f"missing: {stored.position} {team} is said to be missing and is not, or again"
            said.add((stored.key, event.planned_shift_id))


def _over(assignments: Told, rosters: Told) -> Iterator[str]:
    """A planned shift that has ended signs nobody on any more."""
    ended: dict[tuple[str, str], datetime] = {}
    for stored, event in rosters:
        if isinstance(event, DutyEnded):
            ended[stored.key, event.shift_id] = stored.time
    over: set[tuple[str, str]] = set()
    for stored, event in assignments:
        if isinstance(event, DutyOver) and event.why == "ended":
            over.add((stored.key, event.planned_shift_id))
        elif isinstance(event, TeamSignedOn) and event.planned_shift_id:
            key = stored.key, event.planned_shift_id
            if key in over or stored.time > ended.get(key, stored.time) + UNSAID:
                yield f"over: {stored.position} {event.team_id} is signed on for a planned shift that is over"
