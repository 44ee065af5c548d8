"""What the pocket page knows: shifts, offers and assignments, folded from the journals. Nothing personal is in it."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services.pocket.calendar.book import CalendarBook
from services.pocket.me.book import BOOK_CHANGES, Book
from shared.call import ENDED, CallId
from shared.engine.broker import Stored
from shared.enrolment import Enrolment, read_enrolment
from shared.events import (
    OFFER_ENDS,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadInformed,
    CadNotInformed,
    CallChanged,
    CallRouted,
    CallVersionAt,
    CommandRefused,
    ContactProved,
    Event,
    IncidentConfirmed,
    LateCallEnded,
    LateCallListed,
    LateTakeAsked,
    LateTakeLapsed,
    LinksRevoked,
    MemberConfirmed,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageDue,
    PlanSet,
    SafetyCheckDue,
    SafetyCheckMissed,
    ShiftChanged,
    StatusCorrected,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamSignedOff,
    TeamSignedOn,
    TeamStays,
    UpgradeRaised,
    child_id,
)
from shared.links import token_of

SHOWN_MINUTES = 5
"""How long a link still says what became of an offer, a call or a shift that is over; then it is gone."""
SWEEP_SECONDS = 60
REFUSALS = 1_000
MOST_OFFERS_PAGED = 10_000
"""Offers of an agency whose pages are remembered: the newest, for pages are read before their offers, or after them."""
POSITIONS = 3
"""Versions of a call that are tried for its sealed part, newest first."""

CHANGES_SHOWN = 4
FREE = ("available", "out-of-service", "cleared")
"""What a team says that is with nobody."""

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
    stays: str = ""
    """Why the call would be over if the team were not with somebody."""
    may_enter: bool = False
    """Somebody has let it in that waits nearby."""
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
    unconfirmed: tuple[str, ...] = ()
    """Members who have not said yet that they are on the team."""
    status: str = "available"
    asked_well: bool = False
    """The team has no call, has said that it is in need, and is asked whether it is well."""
    ended_at: datetime | None = None
    why: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """Who is on the team for certain."""
        return tuple(member for member in self.signed_on.members if member not in self.unconfirmed)

    def shown_until(self) -> datetime | None:
        """When its links are gone; None while it lasts."""
        return None if self.ended_at is None else self.ended_at + timedelta(minutes=SHOWN_MINUTES)


@dataclass(frozen=True, slots=True)
class OfferLink:
    """What an offer link leads to: an offer, and the person who holds the link."""

    token: str
    agency: AgencyView
    offer: Offer
    person_id: str
    method_id: str = ""
    """The way that the page with this link went; whoever answers by it proves that way."""

    def shown_until(self) -> datetime | None:
        """When it is gone; None while what it leads to lasts."""
        return self.offer.shown_until()


@dataclass(frozen=True, slots=True)
class ShiftLink:
    """What a shift link leads to."""

    token: str
    agency: AgencyView
    shift: Shift
    person_id: str

    def shown_until(self) -> datetime | None:
        """When it is gone; None while what it leads to lasts."""
        return self.shift.shown_until()

    @property
    def confirmed(self) -> bool:
        """Whether its person is on the team for certain."""
        return self.person_id not in self.shift.unconfirmed


@dataclass(slots=True)
class RollLink:
    """What the link of a roll call leads to: one person, asked over one way."""

    token: str
    agency: str
    roll_id: str
    person_id: str
    method_id: str
    page_id: str
    until: datetime
    answered: bool = False

    def shown_until(self) -> datetime:
        """When it is gone."""
        return self.until + timedelta(minutes=SHOWN_MINUTES)


Link = OfferLink | ShiftLink | RollLink


class View:
    """All agencies, and the links into them."""

    def __init__(self, link_secret: str) -> None:
        self._secret = link_secret
        self.book = Book()
        self.calendars = CalendarBook(link_secret)
        self._agencies: dict[str, AgencyView] = {}
        self._links: dict[str, Link] = {}
        self._refusals: OrderedDict[str, str] = OrderedDict()

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        """Take in an event of a journal."""
        if isinstance(event, CommandRefused):
            self._refusals[event.command_id] = event.sentence
            if len(self._refusals) > REFUSALS:
                self._refusals.popitem(last=False)
            return
        self.calendars.fold(agency, event, stored.time)
        if agency not in self._agencies:
            self._agencies[agency] = AgencyView(agency, self)
        self._agencies[agency].fold(event, stored.time)

    def offer_link(self, token: str, now: datetime) -> OfferLink | None:
        """What an offer link leads to, while it lives."""
        link = self._find(token, now)
        return link if isinstance(link, OfferLink) else None

    def shift_link(self, token: str, now: datetime) -> ShiftLink | None:
        """What a shift link leads to, while it lives."""
        link = self._find(token, now)
        return link if isinstance(link, ShiftLink) else None

    def enrolment(self, token: str, now: datetime) -> Enrolment | None:
        """What a link enrols a device for, as it says itself; None where it is too old, or was not made here."""
        return read_enrolment(token, self._secret, now)

    def agency(self, name: str) -> AgencyView:
        """One agency; empty where nothing is known of it."""
        return self._agencies.get(name) or AgencyView(name, self)

    def roll_link(self, token: str, now: datetime) -> RollLink | None:
        """What the link of a roll call leads to, while it lives."""
        link = self._find(token, now)
        return link if isinstance(link, RollLink) else None

    def refusal(self, command_id: str) -> str | None:
        """Why a command was refused, in a sentence."""
        return self._refusals.get(command_id)

    def token(self, kind: str, subject_id: str, person_id: str, generation: int, *, method_id: str = "") -> str:
        """The token of a link."""
        return token_of(self._secret, kind, subject_id, person_id, generation, method_id=method_id)

    def add(self, link: Link) -> None:
        """Let a link lead somewhere."""
        self._links[_key(link.token)] = link

    def remove(self, token: str) -> None:
        """Let a link lead nowhere."""
        self._links.pop(_key(token), None)

    def _find(self, token: str, now: datetime) -> Link | None:
        link = self._links.get(_key(token))
        if link is None or not hmac.compare_digest(link.token.encode(), token.encode()):
            return None
        until = link.shown_until()
        return link if until is None or now < until else None


def _key(token: str) -> str:
    """Links are found by a hash of their token, so that how long a search takes says nothing of the token."""
    return child_id(token, "link")


class AgencyView:
    """One agency: its teams on duty, their offers and calls."""

    def __init__(self, agency: str, view: View) -> None:
        self.name = agency
        self._view = view
        self._generations: dict[str, int] = {}
        """Which links of a person lead somewhere, once some were revoked."""
        self._shifts: dict[str, Shift] = {}
        self._offers: dict[str, Offer] = {}
        self._offers_of_call: dict[str, list[Offer]] = {}
        self._paged: OrderedDict[str, set[tuple[str, str]]] = OrderedDict()
        """By offer: the person and method of every page of it, and of its notices."""
        self._rolls: dict[str, RollLink] = {}
        """By page id, the links of roll calls."""
        self._assignments: dict[str, Assignment] = {}
        self._sentences: dict[tuple[str, int], tuple[str, datetime]] = {}
        self._cad_informed: dict[tuple[str, int], tuple[bool, datetime]] = {}
        """By call and episode: whether the CAD acknowledged the outcome, and since when that is known."""
        self._late: dict[str, LateCall] = {}
        self._swept_at: datetime | None = None

    def fold(self, event: Event, at: datetime) -> None:
        """Take in an event that became durable at an instant."""
        change = CHANGES.get(type(event))
        if change is not None:
            change(self, event, at)
        if self._swept_at is None or at - self._swept_at > timedelta(seconds=SWEEP_SECONDS):
            self._sweep(at)

    def offers(self, team_id: str) -> list[Offer]:
        """The team's offers that can still be shown, newest first."""
        offers = [offer for offer in self._offers.values() if offer.made.team_id == team_id]
        return sorted(offers, key=lambda offer: offer.made_at, reverse=True)

    def late_calls(self, team_id: str, now: datetime) -> list[LateCall]:
        """The calls that the team may still ask for."""
        late = (call for call in self._late.values() if team_id in call.listed.team_ids and now < call.listed.until)
        return sorted(late, key=lambda call: call.listed.until)

    def shift_of(self, person_id: str) -> Shift | None:
        """The shift that a person is on; where they have yet to say so, that one if there is no other."""
        shifts = [s for s in self._shifts.values() if s.ended_at is None and person_id in s.signed_on.members]
        return min(shifts, key=lambda shift: person_id in shift.unconfirmed, default=None)

    def shift_of_team(self, team_id: str) -> Shift | None:
        """The shift that a team is on."""
        shift = self._shifts.get(team_id)
        return None if shift is None or shift.ended_at is not None else shift

    def shift_token(self, shift: Shift, person_id: str) -> str:
        """The token of a person's link to a shift."""
        return self._token("shift", shift.signed_on.shift_id, person_id)

    def of_devices(self, event: Event, at: datetime) -> None:
        """Devices, people, and the ways to them."""
        self._view.book.fold(self.name, event, at)
        if isinstance(event, ContactProved):
            self._answered_roll(event)

    def token(self, offer: Offer, person_id: str) -> str:
        """The token of a person's link to an offer."""
        return self._token("offer", offer.made.offer_id, person_id)

    def _token(self, kind: str, subject_id: str, person_id: str, method_id: str = "") -> str:
        return self._view.token(kind, subject_id, person_id, self._generations.get(person_id, 0), method_id=method_id)

    def _ways(self, offer: Offer, person_id: str) -> list[str]:
        """The methods that a person's links to an offer name; the first link, on their shift page, names none."""
        paged = self._paged.get(offer.made.offer_id, ())
        return ["", *sorted(method_id for person, method_id in paged if person == person_id)]

    def _add_offer_links(self, offer: Offer, person_id: str) -> None:
        for method_id in self._ways(offer, person_id):
            token = self._token("offer", offer.made.offer_id, person_id, method_id)
            self._view.add(OfferLink(token, self, offer, person_id, method_id))

    def _add_shift_link(self, shift: Shift, person_id: str) -> None:
        token = self._token("shift", shift.signed_on.shift_id, person_id)
        self._view.add(ShiftLink(token, self, shift, person_id))

    def _remove_offer_links(self, offer: Offer) -> None:
        paged = self._paged.get(offer.made.offer_id, set())
        for person_id in {*offer.people, *(person for person, _ in paged)}:
            self._remove_links_of(offer, person_id)

    def _remove_links_of(self, offer: Offer, person_id: str) -> None:
        for method_id in self._ways(offer, person_id):
            self._view.remove(self._token("offer", offer.made.offer_id, person_id, method_id))

    def _remove_shift_links(self, shift: Shift) -> None:
        for person_id in shift.signed_on.members:
            self._view.remove(self._token("shift", shift.signed_on.shift_id, person_id))

    # --- one method for each event ---

    def signed_on(self, event: TeamSignedOn, _at: datetime) -> None:
        """A shift begins, with a link for each member."""
        old = self._shifts.get(event.team_id)
        if old is not None and old.signed_on.shift_id != event.shift_id:
            self._remove_shift_links(old)
        shift = self._shifts[event.team_id] = Shift(self.name, event, event.unconfirmed)
        for person_id in event.members:
            self._add_shift_link(shift, person_id)

    def member_confirmed(self, event: MemberConfirmed, _at: datetime) -> None:
        """A member is on the team for certain: what the team has is theirs, too."""
        shift = self._shifts.get(event.team_id)
        if shift is None or shift.signed_on.shift_id != event.shift_id:
            return
        shift.unconfirmed = tuple(member for member in shift.unconfirmed if member != event.person_id)
        for offer in self.offers(event.team_id):
            if event.person_id not in offer.people:
                offer.people = (*offer.people, event.person_id)
                self._add_offer_links(offer, event.person_id)

    def shift_changed(self, event: ShiftChanged, _at: datetime) -> None:
        """Other people are on the team by the plan: their links lead there, and those of who has left do not."""
        shift = self._shifts.get(event.team_id)
        if shift is None or shift.signed_on.shift_id != event.shift_id:
            return
        self._remove_shift_links(shift)
        changes = {"members": event.members, "shift_ends_at": event.shift_ends_at}
        shift.signed_on, shift.unconfirmed = shift.signed_on.model_copy(update=changes), event.unconfirmed
        for person_id in event.members:
            self._add_shift_link(shift, person_id)

    def links_revoked(self, event: LinksRevoked, _at: datetime) -> None:
        """A person's links lead nowhere; links of the next generation lead where they led."""
        person_id = event.person_id
        offers = [offer for offer in self._offers.values() if person_id in offer.people]
        shifts = [shift for shift in self._shifts.values() if person_id in shift.signed_on.members]
        for offer in offers:
            self._remove_links_of(offer, person_id)
        for shift in shifts:
            self._view.remove(self._token("shift", shift.signed_on.shift_id, person_id))
        rolls = [link for link in self._rolls.values() if link.person_id == person_id]
        for link in rolls:
            self._view.remove(link.token)
        self._generations[person_id] = event.generation
        for link in rolls:
            link.token = self._token("roll", link.roll_id, person_id, link.method_id)
            self._view.add(link)
        for offer in offers:
            self._add_offer_links(offer, person_id)
        for shift in shifts:
            self._add_shift_link(shift, person_id)

    def signed_off(self, event: TeamSignedOff, at: datetime) -> None:
        """A shift is over."""
        shift = self._shifts.get(event.team_id)
        if shift is not None and shift.signed_on.shift_id == event.shift_id:
            shift.ended_at, shift.why = at, event.why
        self._acknowledged(event.team_id)

    def plan_set(self, event: PlanSet, at: datetime) -> None:
        """The sentence that offers of this episode show."""
        self._sentences[event.call_id, event.episode] = (event.judgement.sentence, at)

    def offer_made(self, event: OfferMade, at: datetime) -> None:
        """An offer, with a link for everybody on the team."""
        sentence, _ = self._sentences.get((event.call_id, event.episode), ("", at))
        offer = self._offers[event.offer_id] = Offer(self.name, event, at, self._people(event), sentence)
        self._offers_of_call.setdefault(event.call_id, []).append(offer)
        for person_id in offer.people:
            self._add_offer_links(offer, person_id)

    def page_due(self, event: PageDue, _at: datetime) -> None:
        """Somebody is sent a link that names the way that it goes."""
        if event.kind == "test":
            self._add_roll_link(event)
        if event.offer_id is None:
            return
        paged = self._paged.setdefault(event.offer_id, set())
        paged.add((event.person_id, event.method.method_id))
        if len(self._paged) > MOST_OFFERS_PAGED:
            self._paged.popitem(last=False)
        if (offer := self._offers.get(event.offer_id)) is not None and event.person_id in offer.people:
            self._add_offer_links(offer, event.person_id)

    def _add_roll_link(self, page: PageDue) -> None:
        person_id, method_id = page.person_id, page.method.method_id
        token = self._token("roll", page.about, person_id, method_id)
        link = RollLink(token, self.name, page.about, person_id, method_id, page.page_id, page.not_after)
        self._rolls[page.page_id] = link
        self._view.add(link)

    def _answered_roll(self, event: ContactProved) -> None:
        if (link := self._rolls.get(event.page_id)) is not None:
            link.answered = True

    def offer_accepted(self, event: OfferAccepted, at: datetime) -> None:
        """The team has the call."""
        informed, _ = self._cad_informed.get((event.call_id, event.episode), (None, at))
        positions = (event.call_at,) if event.call_at else ()
        assignment = Assignment(
            event.call_id, event.episode, event.team_id, at, event.eta_minutes, positions, dispatcher_told=informed
        )
        assignment.accepted_call_id, assignment.accepted_position = event.call_id, event.call_at
        self._acknowledged(event.team_id)
        self._assignments[event.team_id] = assignment
        self.offer_ended(event, at)
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.assignment = assignment

    def late_call_listed(self, event: LateCallListed, _at: datetime) -> None:
        """No team took a call in time."""
        self._late[event.call_id] = LateCall(event)

    def late_take_asked(self, event: LateTakeAsked, _at: datetime) -> None:
        """A dispatcher is asked whether a team may have it."""
        if (late := self._late.get(event.call_id)) is not None:
            late.asked = event

    def late_take_lapsed(self, event: LateTakeLapsed, _at: datetime) -> None:
        """Nobody has said so."""
        if (late := self._late.get(event.call_id)) is not None:
            late.asked = None

    def late_call_ended(self, event: LateCallEnded, _at: datetime) -> None:
        """It can be asked for no more."""
        self._late.pop(event.call_id, None)

    def offer_answered(self, event: OfferAnswered, _at: datetime) -> None:
        """The team would take the call, and waits to hear whether it has it."""
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.answered = event

    def offer_ended(self, event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn, at: datetime) -> None:
        """The offer cannot be answered any more."""
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.state, offer.ended_at = OFFER_ENDS[type(event)], at
            offer.why = event.why if isinstance(event, OfferWithdrawn) else ""

    def call_routed(self, event: CallRouted, _at: datetime) -> None:
        """Who has the call now, for those who do not have it."""
        self._sentences.pop((event.call_id, event.episode), None)
        for offer in self._offers_of_call.get(event.call_id, ()):
            if offer.made.episode == event.episode:
                offer.outcome = event.outcome
                if offer.assignment is not None:
                    offer.assignment.on_phone = event.outcome == "phone-accepted"
                if event.team_id is not None and event.team_id != offer.made.team_id:
                    offer.taken_by = event.team_id

    def call_version_at(self, event: CallVersionAt, _at: datetime) -> None:
        """The accepted call has a newer version."""
        for assignment in self._of_call(event.call_id):
            if event.status not in ENDED and assignment.stays in ENDED:
                assignment.stays = ""
            newest_first = (event.call_at, *assignment.positions)
            assignment.positions = tuple(dict.fromkeys(newest_first))[:POSITIONS]

    def status_reported(self, event: StatusReported, _at: datetime) -> None:
        """Where the team stands."""
        shift, assignment = self._shifts.get(event.team_id), self._assignments.get(event.team_id)
        if event.call_id is not None and event.assigned:
            if assignment is not None and event.call_id == assignment.call_id and not assignment.ended:
                assignment.asked_well = False
                if event.status == "need-police":
                    assignment.police_asked = True
                else:
                    assignment.status, assignment.not_moving = event.status, False
        elif shift is not None:
            shift.status, shift.asked_well = "available" if event.status == "cleared" else event.status, False
            if event.status in FREE:
                self._acknowledged(event.team_id)

    def status_corrected(self, event: StatusCorrected, _at: datetime) -> None:
        """The team took back where it had said it stands."""
        for assignment in self._of_call(event.call_id):
            assignment.status, assignment.asked_well = event.status, False

    def _acknowledged(self, team_id: str) -> None:
        """The team has said where it stands since it was released, or is off duty."""
        for offer in self.offers(team_id):
            if offer.assignment is not None:
                offer.assignment.acknowledge = False

    def assignment_ended(self, event: AssignmentEnded, at: datetime) -> None:
        """The team has cleared the call."""
        self._release(event.team_id, event.call_id, "cleared", event.disposition, at)

    def assignment_withdrawn(self, event: AssignmentWithdrawn, at: datetime) -> None:
        """The team is released."""
        self._release(event.team_id, event.call_id, "withdrawn", event.why, at)
        assignment, shift = self._assignments.get(event.team_id), self._shifts.get(event.team_id)
        if assignment is not None and assignment.call_id == event.call_id and event.acknowledge:
            assignment.acknowledge = True
            if shift is not None:
                shift.status = "recalled"

    def unconfirmed(self, event: AssignmentUnconfirmed, at: datetime) -> None:
        """The CAD does not know of it."""
        self._note_cad(event.call_id, event.episode, informed=False, at=at)

    def cad_informed(self, event: CadInformed | CadNotInformed, at: datetime) -> None:
        """The CAD acknowledged an outcome, or did not."""
        if event.kind == "call.routed" and event.episode is not None:
            self._note_cad(event.call_id, event.episode, informed=isinstance(event, CadInformed), at=at)

    def upgrade_raised(self, event: UpgradeRaised, _at: datetime) -> None:
        """The call became more dangerous."""
        for assignment in self._of_call(event.call_id):
            assignment.upgrade = event

    def team_stays(self, event: TeamStays, _at: datetime) -> None:
        """The call is over for the CAD, or decided otherwise; the team is with somebody and stays."""
        for assignment in self._of_call(event.call_id):
            assignment.stays = event.why

    def assignment_moved(self, event: AssignmentMoved, at: datetime) -> None:
        """The team has the call that its own was merged into."""
        for assignment in self._of_call(event.call_id):
            assignment.call_id, assignment.episode = event.to_call_id, event.to_episode
            assignment.positions = (event.call_at,) if event.call_at else ()
            incident = CallId.parse(event.to_call_id).incident
            change = Change(f"The CAD has merged it into incident {incident}, which you have now.", at)
            assignment.changes = (*assignment.changes, change)[-CHANGES_SHOWN:]
            assignment.stays = ""
            informed = self._cad_informed.get((event.to_call_id, event.to_episode))
            assignment.dispatcher_told = None if informed is None else informed[0]

    def team_may_enter(self, event: TeamMayEnter, _at: datetime) -> None:
        """Somebody has let the team in."""
        for assignment in self._of_call(event.call_id):
            assignment.may_enter = True

    def call_changed(self, event: CallChanged, _at: datetime) -> None:
        """The CAD gave the call another beginning or place."""
        for assignment in self._of_call(event.call_id):
            changes = (Change(sentence, event.changed_at) for sentence in event.changes)
            assignment.changes = (*assignment.changes, *changes)[-CHANGES_SHOWN:]
            assignment.another_incident = assignment.another_incident or event.another_incident
            if event.address_changed:
                assignment.address_changed_at = event.changed_at

    def incident_confirmed(self, event: IncidentConfirmed, at: datetime) -> None:
        """The dispatcher has said which incident the team has."""
        sentence = "it is the same incident"
        if event.another:
            sentence = "its number stands for another incident now, and that you have the one that you accepted"
        for assignment in self._of_call(event.call_id):
            change = Change(f"The dispatcher says that {sentence}.", at)
            assignment.changes = (*assignment.changes, change)[-CHANGES_SHOWN:]
            assignment.another_incident = False

    def team_not_moving(self, event: TeamNotMoving, _at: datetime) -> None:
        """The team has not set out."""
        for assignment in self._of_call(event.call_id):
            assignment.not_moving = True

    def safety_check_due(self, event: SafetyCheckDue, _at: datetime) -> None:
        """The team is asked whether it is well."""
        for assignment in self._of_call(event.call_id):
            if assignment.team_id == event.team_id:
                assignment.asked_well = True
                return
        if (shift := self._shifts.get(event.team_id)) is not None:
            shift.asked_well = True

    def safety_check_missed(self, event: SafetyCheckMissed, _at: datetime) -> None:
        """It did not say, and police were asked for: that stands, whatever it says now."""
        for assignment in self._of_call(event.call_id):
            assignment.police_sent_for = assignment.team_id == event.team_id

    def _people(self, event: OfferMade) -> tuple[str, ...]:
        shift = self._shifts.get(event.team_id)
        members = shift.members if shift is not None else ()
        return tuple(dict.fromkeys((*(recipient.person_id for recipient in event.recipients), *members)))

    def _release(
        self, team_id: str, call_id: str, ended: Literal["cleared", "withdrawn"], why: str, at: datetime
    ) -> None:
        assignment = self._assignments.get(team_id)
        if assignment is not None and assignment.call_id == call_id and not assignment.ended:
            assignment.ended, assignment.why, assignment.ended_at = ended, why, at

    def _note_cad(self, call_id: str, episode: int, *, informed: bool, at: datetime) -> None:
        """Once the CAD has acknowledged, no later failure to tell it again changes that."""
        informed = informed or self._cad_informed.get((call_id, episode), (False, at))[0]
        self._cad_informed[call_id, episode] = (informed, at)
        for assignment in self._of_call(call_id):
            if assignment.episode == episode:
                assignment.dispatcher_told = informed or assignment.dispatcher_told is True

    def _of_call(self, call_id: str) -> list[Assignment]:
        live = (assignment for assignment in self._assignments.values() if not assignment.ended)
        return [assignment for assignment in live if assignment.call_id == call_id]

    def _sweep_rolls(self, at: datetime) -> None:
        for page_id, link in list(self._rolls.items()):
            if link.shown_until() < at:
                del self._rolls[page_id]
                self._view.remove(link.token)

    def _sweep(self, at: datetime) -> None:
        """Forget what no link leads to any more. By the journal's own time, so that catching up forgets alike."""
        self._swept_at = at
        for offer_id, offer in list(self._offers.items()):
            until = offer.shown_until()
            if until is not None and until < at:
                del self._offers[offer_id]
                others = [other for other in self._offers_of_call[offer.made.call_id] if other is not offer]
                if others:
                    self._offers_of_call[offer.made.call_id] = others
                else:
                    del self._offers_of_call[offer.made.call_id]
                self._remove_offer_links(offer)
                self._paged.pop(offer_id, None)
        self._sweep_rolls(at)
        for team_id, shift in list(self._shifts.items()):
            until = shift.shown_until()
            if until is not None and until < at:
                del self._shifts[team_id]
                self._remove_shift_links(shift)
        horizon = at - timedelta(minutes=SHOWN_MINUTES)
        for team_id, assignment in list(self._assignments.items()):
            if assignment.ended_at is not None and assignment.ended_at < horizon and not assignment.acknowledge:
                del self._assignments[team_id]
        for by_episode in (self._sentences, self._cad_informed):
            for key in [key for key, (_, since) in by_episode.items() if since < horizon]:
                del by_episode[key]


CHANGES: dict[type[Event], Callable[[AgencyView, Any, datetime], None]] = {
    TeamSignedOn: AgencyView.signed_on,
    TeamSignedOff: AgencyView.signed_off,
    MemberConfirmed: AgencyView.member_confirmed,
    ShiftChanged: AgencyView.shift_changed,
    LinksRevoked: AgencyView.links_revoked,
    PlanSet: AgencyView.plan_set,
    LateCallListed: AgencyView.late_call_listed,
    LateTakeAsked: AgencyView.late_take_asked,
    LateTakeLapsed: AgencyView.late_take_lapsed,
    LateCallEnded: AgencyView.late_call_ended,
    OfferAnswered: AgencyView.offer_answered,
    OfferMade: AgencyView.offer_made,
    PageDue: AgencyView.page_due,
    OfferAccepted: AgencyView.offer_accepted,
    OfferDeclined: AgencyView.offer_ended,
    OfferExpired: AgencyView.offer_ended,
    OfferWithdrawn: AgencyView.offer_ended,
    CallRouted: AgencyView.call_routed,
    CallVersionAt: AgencyView.call_version_at,
    StatusReported: AgencyView.status_reported,
    AssignmentEnded: AgencyView.assignment_ended,
    AssignmentWithdrawn: AgencyView.assignment_withdrawn,
    AssignmentUnconfirmed: AgencyView.unconfirmed,
    CadInformed: AgencyView.cad_informed,
    CadNotInformed: AgencyView.cad_informed,
    UpgradeRaised: AgencyView.upgrade_raised,
    TeamNotMoving: AgencyView.team_not_moving,
    SafetyCheckDue: AgencyView.safety_check_due,
    SafetyCheckMissed: AgencyView.safety_check_missed,
    StatusCorrected: AgencyView.status_corrected,
    TeamStays: AgencyView.team_stays,
    TeamMayEnter: AgencyView.team_may_enter,
    CallChanged: AgencyView.call_changed,
    IncidentConfirmed: AgencyView.incident_confirmed,
    AssignmentMoved: AgencyView.assignment_moved,
    **dict.fromkeys(BOOK_CHANGES, AgencyView.of_devices),
}
"""The events that the page follows, and what each changes."""
