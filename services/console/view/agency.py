"""What the door knows: the fold of four journals, and of what the auditor says of them, into records for people.

It takes events and their times alone, so that the same events always give the same view; and it is bounded, because
closed calls leave it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.console.view import (
    alerts,
    call_changes,
    contacts,
    load,
    reached,
    referrals,
    rolls,
    roster,
    rota,
    switchboard,
)
from services.console.view.agency_records import AgencyRecords, Change
from services.console.view.call import CallSeen
from shared.engine.broker import Stored
from shared.engine.state import ClockId
from shared.engine.topic import Topic
from shared.events import DEADLINE_CLOCK, AssignmentMoved, CallErased, CallTriaged, ClockFailed, Event, TokenRevoked
from shared.topics import ASSIGNMENTS, AUDITS, DECISIONS, NOTIFICATIONS, ROSTERS

READS: tuple[Topic, ...] = (DECISIONS, ASSIGNMENTS, NOTIFICATIONS, ROSTERS, AUDITS)

KEEP_QUIET = timedelta(days=7)
"""A call of which nothing was heard for so long leaves the view even if it never closed."""

ROOMS: tuple[Mapping[type[Event], Change], ...] = (
    alerts.CHANGES,
    switchboard.CHANGES,
    load.CHANGES,
    referrals.CHANGES,
    roster.CHANGES,
    contacts.CHANGES,
    rota.CHANGES,
    rolls.CHANGES,
    reached.CHANGES,
)
CHANGES: dict[type[Event], tuple[Change, ...]] = {
    kind: tuple(room[kind] for room in ROOMS if kind in room) for room in ROOMS for kind in room
}
"""What an event changes besides its call."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long closed calls stay, and how many of an agency at most."""

    closed: timedelta = timedelta(hours=72)
    closed_calls: int = 5_000


class View:
    """Every agency's view."""

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep or Keep()
        self._agencies: dict[str, AgencyView] = {}
        self.revoked_tokens: set[tuple[str, str]] = set()
        """Agency and hash of what lets nobody in any more."""
        self.erased_calls: dict[str, datetime] = {}
        """When the journal said that what is personal of a call is to go: whoever began with that, it is finished."""

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        """Take the next event of a journal that counts. Never raises for one about something that is not there."""
        if isinstance(event, TokenRevoked):
            self.revoked_tokens.add((agency, event.token_hash))
        if isinstance(event, CallErased):
            self.erased_calls.update(dict.fromkeys((event.call_id, *event.merged), stored.time))
        if agency not in self._agencies:
            self._agencies[agency] = AgencyView(self._keep)
        self._agencies[agency].fold(event, stored)

    def agencies(self) -> tuple[str, ...]:
        """Every agency of which anything was heard."""
        return tuple(self._agencies)

    def agency(self, name: str) -> AgencyView:
        """One agency's view; empty where nothing was ever heard of it."""
        return self._agencies.get(name) or AgencyView(self._keep)


class AgencyView(AgencyRecords):
    """One agency's view: its records, and its calls."""

    def __init__(self, keep: Keep) -> None:
        super().__init__()
        self._keep = keep
        self._calls: OrderedDict[str, CallSeen] = OrderedDict()
        """The call that was heard of longest ago comes first."""
        self._closed: OrderedDict[str, datetime] = OrderedDict()
        self._left_at: datetime | None = None
        """When the last of the calls that have left was closed: what another journal said by then brings none back."""
        self._call_of_page: dict[str, str] = {}
        self.sources: set[str] = set()
        """The CADs of which there was any call; where test calls come from is none."""

    def call(self, call_id: str) -> CallSeen | None:
        """A call that is still in the view."""
        return self._calls.get(call_id)

    def calls(self) -> list[CallSeen]:
        """Every call in the view, the one that was heard of last at the top."""
        return list(reversed(self._calls.values()))

    def calls_by_news(self) -> Iterator[CallSeen]:
        """The same one after the other, for who needs the first few."""
        return reversed(self._calls.values())

    def open_calls(self) -> list[CallSeen]:
        """The calls that have no outcome yet, or a team on them."""
        return [self._calls[call_id] for call_id in self._calls.keys() - self._closed.keys()]

    def fold(self, event: Event, stored: Stored) -> None:
        """Take an event in."""
        for change in CHANGES.get(type(event), ()):
            change(self, event, stored)
        call = self._call_of(event, stored)
        if call is not None:
            call_changes.fold(call, event, stored)
            self._settle(call, stored.time)
            if isinstance(event, CallTriaged) and not event.synthetic:
                self.sources.add(call.source)
        if isinstance(event, AssignmentMoved):
            target = self._calls.setdefault(event.to_call_id, CallSeen(event.to_call_id, stored.time))
            call_changes.join(target, event, call.episodes[-1] if call and call.episodes else None, stored)
            self._settle(target, stored.time)

    def _call_of(self, event: Event, stored: Stored) -> CallSeen | None:
        call_id = getattr(event, "call_id", None)
        if isinstance(event, ClockFailed):
            clock = ClockId.parse(event.clock_id)
            call_id = clock.about if clock.kind == DEADLINE_CLOCK else None
        if page_id := getattr(event, "page_id", ""):
            call_id = call_id or self._call_of_page.get(page_id)
        call = self._calls.get(call_id or "")
        if call is None and call_id and call_changes.begins(event) and not self._has_left(stored):
            call = self._calls[call_id] = CallSeen(call_id, stored.time)
        if call is not None and page_id:
            self._call_of_page[page_id] = call.call_id
        return call

    def _has_left(self, stored: Stored) -> bool:
        """Whether what is new of a call is old: calls begin and end in assignments, which was read further by then."""
        return stored.topic != ASSIGNMENTS.name and self._left_at is not None and stored.time <= self._left_at

    def _settle(self, call: CallSeen, at: datetime) -> None:
        """Put the call where it belongs after a change; let go of what has been closed or quiet for long."""
        self._calls.move_to_end(call.call_id)
        self._closed.pop(call.call_id, None)
        if not call.open:
            self._closed[call.call_id] = at
        while self._closed:
            call_id, closed_at = next(iter(self._closed.items()))
            if len(self._closed) <= self._keep.closed_calls and at - closed_at <= self._keep.closed:
                break
            self._drop(call_id)
        while self._calls and at - (quietest := next(iter(self._calls.values()))).last_at > KEEP_QUIET:
            self._drop(quietest.call_id)

    def _drop(self, call_id: str) -> None:
        if (closed_at := self._closed.pop(call_id, None)) is not None:
            self._left_at = closed_at if self._left_at is None else max(self._left_at, closed_at)
        for page_id in self._calls.pop(call_id).pages:
            self._call_of_page.pop(page_id, None)
