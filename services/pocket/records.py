"""What the pocket page shows: shifts, offers, late calls, and the calls that teams have accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.events import LateCallListed, LateTakeAsked, OfferAnswered, OfferMade, TeamSignedOn, UpgradeRaised

SHOWN_MINUTES = 5
"""How long a link still says what became of an offer, a call or a shift that is over; then it is gone."""

OfferState = Literal["open", "accepted", "declined", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Change:
    """What the CAD has changed of a call, old and new."""

    sentence: str
    at: datetime


@dataclass(slots=True)
class Assignment:
    """A call that a team has accepted."""

    call_id: str
    episode: int
    team_id: str
    accepted_at: datetime
    eta_minutes: int | None
    positions: tuple[str, ...]
    """Where versions of the call stand in `calls`, newest first."""
    status: str = "accepted"
    police_asked: bool = False
    dispatcher_told: bool | None = None
    """Whether the CAD acknowledged; None while it is being told."""
    accepted_call_id: str = ""
    accepted_position: str = ""
    """Where the version stands with which it was accepted, and of which call."""
    changes: tuple[Change, ...] = ()
    """What the CAD has changed since, the newest last."""
    address_changed_at: datetime | None = None
    another_incident: bool = False
    upgrade: UpgradeRaised | None = None
    upgrades: int = 0
    """How many there have been: who lets the team in is asked anew where one has come since the page was made."""
    stays: str = ""
    """Why the call would be over if the team were not with somebody."""
    may_enter: bool = False
    """Somebody has let it in that waits nearby."""
    told_to_wait: bool = False
    """An upgrade has told it to wait nearby until somebody lets it in, whatever else would have."""
    on_phone: bool = False
    not_moving: bool = False
    asked_well: bool = False
    """The team is asked whether it is well."""
    police_sent_for: bool = False
    """It was silent, and police were asked for."""
    ended: Literal["", "cleared", "withdrawn"] = ""
    why: str = ""
    ended_at: datetime | None = None
    acknowledge: bool = False
    """The team is asked whether it knows that it was released."""

    @property
    def well(self) -> str:
        """The status that says once more what the team has said: that it is well."""
        if self.status != "accepted":
            return self.status
        return "on-scene" if self.on_phone else "en-route"


@dataclass(slots=True)
class Offer:
    """One team asked to take one call."""

    agency: str
    made: OfferMade
    made_at: datetime
    people: tuple[str, ...]
    """Who has a link to it."""
    sentence: str = ""
    """Why an alternative response fits, in the words of the decision."""
    answered: OfferAnswered | None = None
    """What the team has said that was asked within a window."""
    state: OfferState = "open"
    why: str = ""
    ended_at: datetime | None = None
    outcome: str = ""
    """The call's routing outcome, once it has one."""
    taken_by: str | None = None
    """The other team that took the call."""
    assignment: Assignment | None = None

    @property
    def enters_when(self) -> tuple[str, ...]:
        """What the team waits for nearby, or has; empty: it goes straight in."""
        told_to_wait = self.assignment is not None and self.assignment.told_to_wait
        return ("the dispatcher, or whoever is on scene, says so",) if told_to_wait else self.made.enters_when

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state == "open" and now < self.made.expires_at

    def shown_until(self) -> datetime | None:
        """When its links are gone; None while its assignment lasts."""
        if self.assignment is not None:
            ended_at = None if self.assignment.acknowledge else self.assignment.ended_at
            return None if ended_at is None else ended_at + timedelta(minutes=SHOWN_MINUTES)
        return (self.ended_at or self.made.expires_at) + timedelta(minutes=SHOWN_MINUTES)


@dataclass(slots=True)
class LateCall:
    """A call that no team took in time, and that may still be asked for."""

    listed: LateCallListed
    asked: LateTakeAsked | None = None
    """The team for which a dispatcher is being asked."""


@dataclass(slots=True)
class Shift:
    """A team on duty."""

    agency: str
    signed_on: TeamSignedOn
    heard_at: datetime
    """When the team said something last."""
    unconfirmed: tuple[str, ...] = ()
    """Members who have not said yet that they are on the team."""
    status: str = "available"
    asked_well: bool = False
    """The team has no call, has said that it is in need, and is asked whether it is well."""
    police_sent_for: bool = False
    """It was silent then, and police were asked for."""
    is_unanswering: bool = False
    """It has let offers run out, and gets none before somebody of it speaks."""
    ended_at: datetime | None = None
    why: str = ""

    @property
    def well(self) -> str:
        """The status that says that the team is well: with somebody still, as it has said, or with nobody."""
        return self.status if self.status in ("on-scene", "transporting") else "available"

    @property
    def members(self) -> tuple[str, ...]:
        """Who is on the team for certain."""
        return tuple(member for member in self.signed_on.members if member not in self.unconfirmed)

    def shown_until(self) -> datetime | None:
        """When its links are gone; None while it lasts."""
        return None if self.ended_at is None else self.ended_at + timedelta(minutes=SHOWN_MINUTES)
