"""What the pocket page knows of one agency: teams on duty, their offers and calls, and the links that lead to them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.pocket.assignments import ASSIGNMENT_CHANGES, Assignments
from services.pocket.links import Links, RollLink
from services.pocket.me.book import BOOK_CHANGES, Book
from services.pocket.records import SHOWN_MINUTES, LateCall, Offer, Shift
from shared.doors.swept import Changes, Swept
from shared.events import (
    OFFER_ENDS,
    AssignmentWithdrawn,
    CallRouted,
    ContactProved,
    Event,
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
    StatusReported,
    TeamDefined,
    TeamHeard,
    TeamSignedOff,
    TeamSignedOn,
    TeamUnanswering,
    TermsNoted,
)
from shared.judgement import NOT_ROUTED

MOST_OFFERS_PAGED = 10_000
"""Offers of an agency whose pages are remembered: the newest, for pages are read before their offers, or after them."""
FREE = ("available", "out-of-service", "cleared")
"""What a team says that is with nobody."""


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


class AgencyView(Swept):
    """One agency: its teams on duty, their offers and calls."""

    def __init__(self, agency: str, links: Links, book: Book) -> None:
        super().__init__()
        self.name = agency
        self._links, self._book = links, book
        self._generations: dict[str, int] = {}
        """Which links of a person lead somewhere, once some were revoked."""
        self._shifts: dict[str, Shift] = {}
        self._offers: dict[str, Offer] = {}
        self._offers_of_call: dict[str, list[Offer]] = {}
        self._paged: OrderedDict[str, set[tuple[str, str]]] = OrderedDict()
        """By offer: the person and method of every page of it, and of its notices."""
        self._rolls: dict[str, RollLink] = {}
        """By page id, the links of roll calls."""
        self._assignments = Assignments()
        self._sentences: dict[tuple[str, int], tuple[str, datetime]] = {}
        self._late: dict[str, LateCall] = {}
        self._models: dict[str, tuple[str, ...]] = {}
        """By team: the response models that it can go as."""
        self._takes: dict[str, tuple[str, int]] = {}
        """By response that a team is asked for: its model, and how many minutes a call of it takes."""

    @property
    def changes(self) -> Changes:
        """The events that the page follows."""
        return CHANGES

    def offers(self, team_id: str) -> list[Offer]:
        """The team's offers that can still be shown, newest first."""
        offers = [offer for offer in self._offers.values() if offer.made.team_id == team_id]
        return sorted(offers, key=lambda offer: offer.made_at, reverse=True)

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
        self._book.fold(self.name, event, at)
        if isinstance(event, ContactProved):
            self._answered_roll(event)

    def shortest_minutes(self, team_id: str) -> int | None:
        """How long the shortest call takes that a team can be asked for, as far as its programme is known."""
        models = self._models.get(team_id, ())
        return min((minutes for model, minutes in self._takes.values() if model in models), default=None)

    def late_calls(self, team_id: str, now: datetime) -> list[LateCall]:
        """The calls that the team may still ask for."""
        late = (call for call in self._late.values() if team_id in call.listed.team_ids and now < call.listed.until)
        return sorted(late, key=lambda call: call.listed.until)

    def token(self, offer: Offer, person_id: str) -> str:
        """The token of a person's link to an offer."""
        return self._token("offer", offer.made.offer_id, person_id)

    def _token(self, kind: str, subject_id: str, person_id: str, method_id: str = "") -> str:
        return self._links.token(kind, subject_id, person_id, self._generations.get(person_id, 0), method_id=method_id)

    def _ways(self, offer: Offer, person_id: str) -> list[str]:
        """The methods that a person's links to an offer name; the first link, on their shift page, names none."""
        paged = self._paged.get(offer.made.offer_id, ())
        return ["", *sorted(method_id for person, method_id in paged if person == person_id)]

    def _add_offer_links(self, offer: Offer, person_id: str) -> None:
        for method_id in self._ways(offer, person_id):
            token = self._token("offer", offer.made.offer_id, person_id, method_id)
            self._links.add(OfferLink(token, self, offer, person_id, method_id))

    def _add_shift_link(self, shift: Shift, person_id: str) -> None:
        token = self._token("shift", shift.signed_on.shift_id, person_id)
        self._links.add(ShiftLink(token, self, shift, person_id))

    def _remove_offer_links(self, offer: Offer) -> None:
        paged = self._paged.get(offer.made.offer_id, set())
        for person_id in {*offer.people, *(person for person, _ in paged)}:
            self._remove_links_of(offer, person_id)

    def _remove_links_of(self, offer: Offer, person_id: str) -> None:
        for method_id in self._ways(offer, person_id):
            self._links.remove(self._token("offer", offer.made.offer_id, person_id, method_id))

    def _remove_shift_links(self, shift: Shift) -> None:
        for person_id in shift.signed_on.members:
            self._links.remove(self._token("shift", shift.signed_on.shift_id, person_id))

    # --- one method for each event ---

    def team_defined(self, event: TeamDefined, _at: datetime) -> None:
        """A team is on the roster."""
        self._models[event.team.team_id] = event.team.models

    def terms_noted(self, event: TermsNoted, _at: datetime) -> None:
        """What the programme says of its responses."""
        for terms in event.responses:
            if terms.reached_by not in NOT_ROUTED:
                self._takes[terms.response] = terms.model, terms.expected_minutes

    def signed_on(self, event: TeamSignedOn, at: datetime) -> None:
        """A shift begins, with a link for each member."""
        old = self._shifts.get(event.team_id)
        if old is not None and old.signed_on.shift_id != event.shift_id:
            self._remove_shift_links(old)
        shift = self._shifts[event.team_id] = Shift(self.name, event, at, event.unconfirmed)
        for person_id in event.members:
            self._add_shift_link(shift, person_id)

    def member_confirmed(self, event: MemberConfirmed, _at: datetime) -> None:
        """A member is on the team for certain: what the team has is theirs, too."""
        shift = self._shifts.get(event.team_id)
        if shift is None or shift.signed_on.shift_id != event.shift_id:
            return
        shift.unconfirmed = tuple(member for member in shift.unconfirmed if member != event.person_id)
        shift.is_unanswering = shift.is_unanswering and bool(event.vouched_by)
        self._let_in(event.team_id, event.person_id)

    def _let_in(self, team_id: str, person_id: str) -> None:
        """What a team has is a member's, too."""
        for offer in self.offers(team_id):
            if person_id not in offer.people:
                offer.people = (*offer.people, person_id)
                self._add_offer_links(offer, person_id)

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
        for person_id in shift.members:
            self._let_in(event.team_id, person_id)

    def links_revoked(self, event: LinksRevoked, at: datetime) -> None:
        """A person's links lead nowhere; links of the next generation lead where they led."""
        person_id = event.person_id
        self._book.end_links(self.name, person_id, at)
        offers = [offer for offer in self._offers.values() if person_id in offer.people]
        shifts = [shift for shift in self._shifts.values() if person_id in shift.signed_on.members]
        for offer in offers:
            self._remove_links_of(offer, person_id)
        for shift in shifts:
            self._links.remove(self._token("shift", shift.signed_on.shift_id, person_id))
        rolls = [link for link in self._rolls.values() if link.person_id == person_id]
        for link in rolls:
            self._links.remove(link.token)
        self._generations[person_id] = event.generation
        for link in rolls:
            link.token = self._token("roll", link.roll_id, person_id, link.method_id)
            self._links.add(link)
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
        self._links.add(link)

    def _answered_roll(self, event: ContactProved) -> None:
        if (link := self._rolls.get(event.page_id)) is not None:
            link.answered = True

    def offer_accepted(self, event: OfferAccepted, at: datetime) -> None:
        """The team has the call."""
        self._acknowledged(event.team_id)
        assignment = self._assignments.begin(event, at)
        self.offer_ended(event, at)
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.assignment = assignment

    def team_unanswering(self, event: TeamUnanswering, _at: datetime) -> None:
        """The team gets no offers before somebody of it speaks."""
        if (shift := self._shifts.get(event.team_id)) is not None:
            shift.is_unanswering = True

    def team_heard(self, event: TeamHeard, _at: datetime) -> None:
        """Somebody of it has answered too late: it is asked again, and how old its last word is stays as it was."""
        if (shift := self._shifts.get(event.team_id)) is not None:
            shift.is_unanswering = False

    def _spoke(self, team_id: str, at: datetime) -> None:
        if (shift := self._shifts.get(team_id)) is not None:
            shift.heard_at, shift.is_unanswering = at, False

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

    def offer_answered(self, event: OfferAnswered, at: datetime) -> None:
        """The team would take the call, and waits to hear whether it has it."""
        self._spoke(event.team_id, at)
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.answered = event

    def offer_ended(self, event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn, at: datetime) -> None:
        """The offer cannot be answered any more."""
        if isinstance(event, OfferAccepted | OfferDeclined):
            self._spoke(event.team_id, at)
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

    def status_reported(self, event: StatusReported, at: datetime) -> None:
        """Where the team stands."""
        self._spoke(event.team_id, at)
        if event.call_id is not None and event.assigned:
            self._assignments.fold(event, at)
        elif (shift := self._shifts.get(event.team_id)) is not None:
            shift.status, shift.asked_well = "available" if event.status == "cleared" else event.status, False
            if event.status in FREE:
                shift.police_sent_for = False
                self._acknowledged(event.team_id)

    def _acknowledged(self, team_id: str) -> None:
        """The team has said where it stands since it was released, or is off duty."""
        for offer in self.offers(team_id):
            if offer.assignment is not None:
                offer.assignment.acknowledge = False

    def assignment_withdrawn(self, event: AssignmentWithdrawn, at: datetime) -> None:
        """The team is released."""
        if self._assignments.withdraw(event, at) and (shift := self._shifts.get(event.team_id)) is not None:
            shift.status = "recalled"

    def of_a_call(self, event: Event, at: datetime) -> None:
        """What becomes of a call that a team has."""
        self._assignments.fold(event, at)

    def safety_check_due(self, event: SafetyCheckDue, _at: datetime) -> None:
        """The team is asked whether it is well."""
        if not self._assignments.ask_well(event) and (shift := self._shifts.get(event.team_id)) is not None:
            shift.asked_well = True

    def safety_check_missed(self, event: SafetyCheckMissed, at: datetime) -> None:
        """The team did not say: police were asked for."""
        self._assignments.fold(event, at)
        shift = self._shifts.get(event.team_id)
        if shift is not None and not self._assignments.has_call(event.team_id):
            shift.police_sent_for = True

    def _people(self, event: OfferMade) -> tuple[str, ...]:
        shift = self._shifts.get(event.team_id)
        members = shift.members if shift is not None else ()
        return tuple(dict.fromkeys((*(recipient.person_id for recipient in event.recipients), *members)))

    def _sweep_rolls(self, at: datetime) -> None:
        for page_id, link in list(self._rolls.items()):
            if link.shown_until() < at:
                del self._rolls[page_id]
                self._links.remove(link.token)

    def sweep(self, at: datetime) -> None:
        """Forget what no link leads to any more."""
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
        self._assignments.forget(horizon)
        for key in [key for key, (_, since) in self._sentences.items() if since < horizon]:
            del self._sentences[key]


CHANGES: Changes = {
    **dict.fromkeys(ASSIGNMENT_CHANGES, AgencyView.of_a_call),
    TeamDefined: AgencyView.team_defined,
    TermsNoted: AgencyView.terms_noted,
    TeamSignedOn: AgencyView.signed_on,
    TeamSignedOff: AgencyView.signed_off,
    MemberConfirmed: AgencyView.member_confirmed,
    ShiftChanged: AgencyView.shift_changed,
    LinksRevoked: AgencyView.links_revoked,
    PlanSet: AgencyView.plan_set,
    TeamUnanswering: AgencyView.team_unanswering,
    TeamHeard: AgencyView.team_heard,
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
    StatusReported: AgencyView.status_reported,
    AssignmentWithdrawn: AgencyView.assignment_withdrawn,
    SafetyCheckDue: AgencyView.safety_check_due,
    SafetyCheckMissed: AgencyView.safety_check_missed,
    **dict.fromkeys(BOOK_CHANGES, AgencyView.of_devices),
}
"""The events that the page follows, and what each changes."""
