"""What the door knows: whose number it is, which offers are open to whom, and what became of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, cast, get_args

from services.notification.callbacks.replies import CODE_LETTERS, letter_of
from shared.carriers import CarrierName, Channel
from shared.doors.swept import Changes, Swept
from shared.engine.broker import Stored
from shared.events import (
    OFFER_ENDS,
    AssignmentEnded,
    AssignmentWithdrawn,
    CallRouted,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    Event,
    LineFreed,
    MemberConfirmed,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PageDelivered,
    PageDropped,
    PageDue,
    PageReceived,
    PageUndelivered,
    ShiftChanged,
)

KEPT_MINUTES = 60
"""So long after its end an offer, or a page, can still be answered with what became of it."""
SILENT_HOURS = 24
"""So long it matters what has become of a page of which there is no news."""


class Way(NamedTuple):
    """A way to a person that has a number."""

    person_id: str
    method_id: str


@dataclass(slots=True)
class Number:
    """What is known of a way: the pseudonym of its number, and whether it is texted."""

    fingerprint: str
    is_text: bool
    opted_out: bool = False


@dataclass(slots=True)
class OfferSeen:
    """An offer, and how it ended."""

    made: OfferMade
    pages: dict[Way, PageDue]
    """By the way that they went; they may be read before the offer itself, which stands in another topic."""
    letter: str
    """What tells it from others that are open, or were lately."""
    made_at: datetime
    ended: str = ""
    """`released` and `cleared`: it was accepted, and its team has the call no more."""
    why: str = ""
    taken_by: str = ""
    """The team that has the call."""
    came: frozenset[str] = frozenset()
    """Who has come to the team while it was asked."""

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return not self.ended and now < self.made.expires_at

    @property
    def was_theirs(self) -> bool:
        """Whether its team has taken the call, whatever became of it."""
        return self.ended in ("accepted", "released", "cleared")

    @property
    def people(self) -> set[str]:
        """Who was asked."""
        return (
            {recipient.person_id for recipient in self.made.recipients}
            | {way.person_id for way in self.pages}
            | self.came
        )

    def page_to(self, way: Way) -> PageDue | None:
        """The page that went this way, or any other to its person."""
        others = (page for each, page in self.pages.items() if each.person_id == way.person_id)
        return self.pages.get(way) or next(others, None)


class Silent(NamedTuple):
    """A page that a carrier took, and of which nothing final has been heard."""

    page_id: str
    channel: Channel
    taken_by: tuple[CarrierName, str]
    """The carrier, and what it calls the text or call."""
    taken_at: datetime


class Test(NamedTuple):
    """A page of a roll call, when it was owed, and whether it was answered."""

    page: PageDue
    at: datetime
    is_answered: bool = False


class Asked(NamedTuple):
    """A person who is asked something, and the way over which they answer."""

    way: Way
    offer: OfferSeen


class View:
    """All agencies."""

    def __init__(self) -> None:
        self._agencies: dict[str, AgencyView] = defaultdict(AgencyView)

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        """Take in an event of a journal."""
        self._agencies[agency].fold(event, stored)

    def agency(self, agency: str) -> AgencyView:
        """One of them; an empty one where nothing has happened yet."""
        return self._agencies.get(agency) or AgencyView()

    def silent(self) -> Iterator[tuple[str, Silent]]:
        """Every agency's pages of which nothing final has been heard."""
        return ((name, silent) for name, agency in self._agencies.items() for silent in agency.silent.values())


class AgencyView(Swept):
    """One agency: numbers, offers, pages."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[Way, Number] = {}
        self._ways: dict[str, set[Way]] = defaultdict(set)
        """Pseudonym of a number → whose it is."""
        self._offers: dict[str, OfferSeen] = {}
        self._offers_of_call: dict[tuple[str, int], list[OfferSeen]] = defaultdict(list)
        self._pages: dict[str, PageDue] = {}
        """Those by text and by call that can be answered."""
        self._tests: dict[str, Test] = {}
        """Of these, those of roll calls."""
        self._pages_of_offer: dict[str, dict[Way, PageDue]] = defaultdict(dict)
        self.silent: dict[str, Silent] = {}
        """By page, what a carrier took of late and has not told the end of."""

    @property
    def changes(self) -> Changes:
        """The events that the door follows."""
        return CHANGES

    def page(self, page_id: str) -> PageDue | None:
        """A page that can be answered."""
        return self._pages.get(page_id)

    def pages_to(self, fingerprint: str) -> list[PageDue]:
        """What went to this number, or was to, and can be answered or was an hour ago: the newest first."""
        ways = self._ways.get(fingerprint, ())
        return [page for page in reversed(self._pages.values()) if Way(page.person_id, page.method.method_id) in ways]

    def offer(self, offer_id: str | None) -> OfferSeen | None:
        """An offer that is open, or was an hour ago."""
        return self._offers.get(offer_id or "")

    def ways(self, fingerprint: str) -> list[Way]:
        """Whose number it is, one way a person: that of their texts, if it is one of several."""
        by_person: dict[str, Way] = {}
        for way in sorted(self._ways.get(fingerprint, ()), key=lambda way: (not self._numbers[way].is_text, way)):
            by_person.setdefault(way.person_id, way)
        return list(by_person.values())

    def text_ways(self, fingerprint: str) -> list[Way]:
        """The ways of texts to this number."""
        return sorted(way for way in self._ways.get(fingerprint, ()) if self._numbers[way].is_text)

    def has_opted_out(self, way: Way) -> bool:
        """Whether the person has said STOP there."""
        return self._numbers[way].opted_out

    def asked(self, ways: Iterable[Way]) -> list[Asked]:
        """Of the people behind a number, who was asked what: the newest first, each offer once."""
        people = {way.person_id: way for way in ways}
        offers: list[Asked] = []
        for offer in reversed(self._offers.values()):
            asked = sorted(offer.people & people.keys())
            if asked:
                offers.append(Asked(people[asked[0]], offer))
        return offers

    def test(self, ways: Iterable[Way], now: datetime) -> Test | None:
        """A roll call's page over one of these ways that can still be answered.

        Of several the newest that nobody has answered; where all are, the newest.
        """
        asked = set(ways)
        tests = [
            test
            for test in reversed(self._tests.values())
            if now < test.page.not_after and Way(test.page.person_id, test.page.method.method_id) in asked
        ]
        return next((test for test in tests if not test.is_answered), next(iter(tests), None))

    def is_tested(self, ways: Iterable[Way], now: datetime) -> bool:
        """Whether a roll call waits for an answer over one of these ways."""
        test = self.test(ways, now)
        return test is not None and not test.is_answered

    # --- one method for each event ---

    def contact_set(self, event: ContactSet, _at: datetime) -> None:
        """A number is somebody's. One that stands anew is opted out as it was."""
        way, is_text = Way(event.person_id, event.method_id), event.kind == "sms"
        before = self._numbers.get(way)
        self._forget(way)
        if event.kind in ("sms", "voice") and event.fingerprint:
            number = self._numbers[way] = Number(event.fingerprint, is_text)
            if before is not None and (before.fingerprint, before.is_text) == (event.fingerprint, is_text):
                number.opted_out = before.opted_out
            self._ways[event.fingerprint].add(way)

    def contact_removed(self, event: ContactRemoved, _at: datetime) -> None:
        """It is not any more."""
        self._forget(Way(event.person_id, event.method_id))

    def opted(self, event: ContactOptedOut | ContactOptedIn, _at: datetime) -> None:
        """Its owner wants no texts, or wants them again."""
        number = self._numbers.get(Way(event.person_id, event.method_id))
        if number is not None:
            number.opted_out = isinstance(event, ContactOptedOut)

    def page_due(self, event: PageDue, at: datetime) -> None:
        """A page goes out."""
        if event.kind == "offer":
            self._pages_of_offer[event.offer_id or ""][Way(event.person_id, event.method.method_id)] = event
        if event.method.kind in ("sms", "voice"):
            self._pages[event.page_id] = event
            if event.kind == "test":
                self._tests[event.page_id] = Test(event, at)

    def page_dropped(self, event: PageDropped, _at: datetime) -> None:
        """A page does not go out: to a roll call nobody answers that it did not ask. An offer stands all the same."""
        if self._tests.pop(event.page_id, None) is not None:
            del self._pages[event.page_id]

    def page_taken(self, event: PageDelivered, at: datetime) -> None:
        """A carrier has it, and may tell what becomes of it."""
        page, (carrier, _, name) = self._pages.get(event.page_id), event.taken_as.partition("/")
        if page is not None and name and carrier in get_args(CarrierName):
            channel: Channel = "sms" if page.method.kind == "sms" else "voice"
            self.silent[event.page_id] = Silent(event.page_id, channel, (cast("CarrierName", carrier), name), at)

    def page_known(self, event: PageReceived | PageUndelivered | ContactProved | LineFreed, _at: datetime) -> None:
        """It is known what has become of it; that a line must be free by now says nothing of that."""
        if not isinstance(event, LineFreed) or event.why == "over":
            self.silent.pop(event.page_id or "", None)
        if isinstance(event, ContactProved) and (test := self._tests.get(event.page_id)) is not None:
            self._tests[event.page_id] = test._replace(is_answered=True)

    def offer_made(self, event: OfferMade, at: datetime) -> None:
        """A team is asked."""
        if event.paged and event.offer_id not in self._offers:
            lately = {offer.letter for offer in self._offers.values()}
            is_open = {offer.letter for offer in self._offers.values() if offer.is_open(at)}
            letter = letter_of(event.offer_id, lately if len(lately) < len(CODE_LETTERS) else is_open)
            offer = self._offers[event.offer_id] = OfferSeen(event, self._pages_of_offer[event.offer_id], letter, at)
            self._offers_of_call[event.call_id, event.episode].append(offer)

    def who_came(self, event: MemberConfirmed | ShiftChanged, _at: datetime) -> None:
        """Who is on the team by now may answer what it is asked, paged or not."""
        there = {event.person_id} if isinstance(event, MemberConfirmed) else {*event.members} - {*event.unconfirmed}
        for offer in self._offers.values():
            if offer.made.team_id == event.team_id and not offer.ended:
                offer.came |= there

    def offer_ended(self, event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn, _at: datetime) -> None:
        """The offer cannot be answered any more."""
        if (offer := self._offers.get(event.offer_id)) is not None:
            offer.ended = OFFER_ENDS[type(event)]
            offer.why = event.why if isinstance(event, OfferWithdrawn) else ""

    def assignment_over(self, event: AssignmentWithdrawn | AssignmentEnded, _at: datetime) -> None:
        """The team has its call no more, whichever it was merged into."""
        for offer in self._offers.values():
            if offer.made.team_id == event.team_id and offer.ended == "accepted":
                offer.ended = "cleared" if isinstance(event, AssignmentEnded) else "released"

    def call_routed(self, event: CallRouted, _at: datetime) -> None:
        """Who has the call, if a team has."""
        for offer in self._offers_of_call.get((event.call_id, event.episode), ()):
            offer.taken_by = event.team_id or ""

    def _forget(self, way: Way) -> None:
        number = self._numbers.pop(way, None)
        if number is not None:
            self._ways[number.fingerprint].discard(way)
            if not self._ways[number.fingerprint]:
                del self._ways[number.fingerprint]

    def sweep(self, at: datetime) -> None:
        """Forget what nobody answers any more."""
        horizon = at - timedelta(minutes=KEPT_MINUTES)
        for offer_id in [each for each, offer in self._offers.items() if offer.made.expires_at < horizon]:
            offer = self._offers.pop(offer_id)
            key = (offer.made.call_id, offer.made.episode)
            self._offers_of_call[key] = [other for other in self._offers_of_call[key] if other is not offer]
            if not self._offers_of_call[key]:
                del self._offers_of_call[key]
        for page_id in [each for each, page in self._pages.items() if page.not_after < horizon]:
            del self._pages[page_id]
            self._tests.pop(page_id, None)
        last_asked = at - timedelta(hours=SILENT_HOURS + 1)
        self.silent = {page_id: silent for page_id, silent in self.silent.items() if silent.taken_at > last_asked}
        for offer_id, pages in list(self._pages_of_offer.items()):
            if offer_id not in self._offers and all(page.not_after < horizon for page in pages.values()):
                del self._pages_of_offer[offer_id]


CHANGES: Changes = {
    ContactSet: AgencyView.contact_set,
    ContactRemoved: AgencyView.contact_removed,
    ContactOptedOut: AgencyView.opted,
    ContactOptedIn: AgencyView.opted,
    PageDue: AgencyView.page_due,
    PageDropped: AgencyView.page_dropped,
    PageDelivered: AgencyView.page_taken,
    PageReceived: AgencyView.page_known,
    PageUndelivered: AgencyView.page_known,
    ContactProved: AgencyView.page_known,
    LineFreed: AgencyView.page_known,
    OfferMade: AgencyView.offer_made,
    MemberConfirmed: AgencyView.who_came,
    ShiftChanged: AgencyView.who_came,
    OfferAccepted: AgencyView.offer_ended,
    OfferDeclined: AgencyView.offer_ended,
    OfferExpired: AgencyView.offer_ended,
    OfferWithdrawn: AgencyView.offer_ended,
    AssignmentWithdrawn: AgencyView.assignment_over,
    AssignmentEnded: AgencyView.assignment_over,
    CallRouted: AgencyView.call_routed,
}
"""The events that the door follows, and what each changes."""
