"""What the pocket page knows, folded from the journals. Nothing personal is in it."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from services.pocket.agency import AgencyView, OfferLink, ShiftLink
from services.pocket.calendar.book import CalendarBook
from services.pocket.links import Links, RollLink
from services.pocket.me.book import Book
from shared.engine.broker import Stored
from shared.enrolment import Enrolment, read_enrolment
from shared.events import CommandRefused, Event

REFUSALS = 1_000


class View:
    """All agencies, and the links into them."""

    def __init__(self, link_secret: str) -> None:
        self._secret = link_secret
        self.book = Book()
        self.calendars = CalendarBook(link_secret)
        self._agencies: dict[str, AgencyView] = {}
        self._links = Links(link_secret)
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
            self._agencies[agency] = AgencyView(agency, self._links, self.book)
        self._agencies[agency].fold(event, stored)

    def offer_link(self, token: str, now: datetime) -> OfferLink | None:
        """What an offer link leads to, while it lives."""
        link = self._links.find(token, now)
        return link if isinstance(link, OfferLink) else None

    def shift_link(self, token: str, now: datetime) -> ShiftLink | None:
        """What a shift link leads to, while it lives."""
        link = self._links.find(token, now)
        return link if isinstance(link, ShiftLink) else None

    def enrolment(self, token: str, now: datetime) -> Enrolment | None:
        """What a link enrols a device for, as it says itself; None where it is too old, or was not made here."""
        return read_enrolment(token, self._secret, now)

    def agency(self, name: str) -> AgencyView:
        """One agency; empty where nothing is known of it."""
        return self._agencies.get(name) or AgencyView(name, self._links, self.book)

    def roll_link(self, token: str, now: datetime) -> RollLink | None:
        """What the link of a roll call leads to, while it lives."""
        link = self._links.find(token, now)
        return link if isinstance(link, RollLink) else None

    def refusal(self, command_id: str) -> str | None:
        """Why a command was refused, in a sentence."""
        return self._refusals.get(command_id)
