"""What notification remembers of one agency: what it owes, what it sent last, and which CADs it may not write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.notification.contact import Contact
from services.notification.ladders import Ladder
from services.notification.lines import DANGEROUS, Line, goes_before
from services.notification.rolls import Roll
from services.notification.sent import Rank, SentPage
from services.notification.tally import NO_PAGES, Tally
from shared.engine.service import Effect
from shared.engine.state import EMPTY, ByDay, ClockId, Clocks, PMap
from shared.events import AlertAcknowledged, CadMessageDue, LadderEnded, LinksRenewed, PageDue
from shared.replace import replace

MAX_MESSAGES = 2_000
MESSAGE_HOURS = 24
"""How many messages can be sent again, and for how long."""
TICK = timedelta(milliseconds=1)
"""How far apart time stamps are of what happened at one instant."""
MAX_RECENT_OFFERS = 50
"""Of a team: an offer before its last one may yet be accepted late, and many open calls may stand at once."""
OFFERS_KEPT = timedelta(days=30)
"""Of a team that is told nothing any more: one that is with somebody is asked, again and again, whether it is well."""


@dataclass(frozen=True, slots=True)
class OwedEffect:
    """A page or a message that has to go out; of a page also whether it was tried, which happens once."""

    event: PageDue | CadMessageDue
    attempted: bool = False
    tally: Tally = NO_PAGES
    """Of a page that was tried over a carrier: what had gone out by then, with itself."""
    line: str = ""
    """Of a page by call: the line to its phone."""
    ends: str = ""
    """Of a page by call that was tried: what its carrier calls the call that it takes the line from."""


@dataclass(frozen=True, slots=True)
class PageEffect(Effect):
    """A page, with what is held against the limit of its agency's day, and the call that is to be ended for it."""

    tally: Tally = NO_PAGES
    ends: str = ""


@dataclass(frozen=True, slots=True)
class EndCallEffect(Effect):
    """The end of a call that rings for an offer which is over. Asked for twice, it is one end."""

    taken_as: str = ""
    """What its carrier calls it."""


@dataclass(frozen=True, slots=True)
class RecentOffer:
    """One of a team's newest offers: whom its notices go to, and who has been paged so far."""

    offer_id: str
    call_id: str
    like: PageDue
    """What every page of it says."""
    told_at: datetime
    """When anybody was last to hear of it."""
    people: tuple[str, ...] = ()
    """Who was asked, or would have been as soon as their turn came."""
    pages: tuple[PageDue, ...] = ()
    attempted: tuple[str, ...] = ()
    """Page ids."""

    def with_page(self, page: PageDue) -> RecentOffer:
        """The offer with one more page."""
        return replace(self.with_person(page.person_id), pages=(*self.pages, page))

    def with_person(self, person_id: str) -> RecentOffer:
        """The offer with somebody among those who hear of it."""
        return self if person_id in self.people else replace(self, people=(*self.people, person_id))

    def of_call_now(self, call_id: str, episode: int) -> RecentOffer:
        """The offer with the call that its own was merged into."""
        now_of = {"call_id": call_id, "episode": episode}
        pages = tuple(page.model_copy(update=now_of) for page in self.pages)
        return replace(self, call_id=call_id, like=self.like.model_copy(update=now_of), pages=pages)

    def without_way(self, person_id: str, method_id: str) -> RecentOffer:
        """The offer without the pages over a way that is gone: no notice follows them."""
        way = (person_id, method_id)
        left = tuple(page for page in self.pages if (page.person_id, page.method.method_id) != way)
        return self if len(left) == len(self.pages) else replace(self, pages=left)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message to a CAD, whole, and when it was first owed."""

    message: CadMessageDue
    at: datetime


@dataclass(frozen=True, slots=True)
class Outbox:
    """The newest messages to the CADs, so that they can be sent again: a day of them, and not above 2,000."""

    numbers: PMap[str, int] = EMPTY
    messages: PMap[int, SentMessage] = EMPTY
    oldest: int = 0
    next: int = 0

    def add(self, message: CadMessageDue, at: datetime) -> Outbox:
        """Put a message in; one that is in already stays as it was. The oldest make room."""
        if message.message_id in self.numbers:
            return self
        numbers = self.numbers.set(message.message_id, self.next)
        messages = self.messages.set(self.next, SentMessage(message, at))
        oldest, horizon = self.oldest, at - timedelta(hours=MESSAGE_HOURS)
        while len(messages) > MAX_MESSAGES or messages[oldest].at < horizon:
            numbers = numbers.delete(messages[oldest].message.message_id)
            messages = messages.delete(oldest)
            oldest += 1
        return Outbox(numbers, messages, oldest, self.next + 1)

    def get(self, message_id: str) -> CadMessageDue | None:
        """The message of this id, if it is still in."""
        number = self.numbers.get(message_id)
        return None if number is None else self.messages[number].message

    def after(self, message: CadMessageDue) -> Iterator[CadMessageDue]:
        """What was owed since a message that is in, the oldest first."""
        for number in range(self.numbers[message.message_id] + 1, self.next):
            yield self.messages[number].message


@dataclass(frozen=True, slots=True)
class State:
    """Everything that notification knows about one agency: the fold of its journal."""

    owed: PMap[str, OwedEffect] = EMPTY
    """By page id and message id."""
    pages_of_call: PMap[str, tuple[str, ...]] = EMPTY
    """Call id → ids of the pages owed."""
    recent_offers: PMap[str, tuple[RecentOffer, ...]] = EMPTY
    """Team id → its newest offers, oldest first."""
    contacts: PMap[str, PMap[str, Contact]] = EMPTY
    """Person → method id → every way to them. What people have stands here alone."""
    clocks: Clocks = field(default_factory=Clocks)
    ladders: PMap[str, PMap[str, Ladder]] = EMPTY
    """Offer → person → the ways whose turn has yet to come."""
    rolls: PMap[str, Roll] = EMPTY
    """Roll calls that are not over."""
    lines: PMap[str, Line] = EMPTY
    """The lines to phones that have a call on them."""
    calls_to_end: PMap[str, str] = EMPTY
    """Page by call of an offer that is over → the line on which it rings, or will."""
    calls_owed: PMap[str, tuple[str, ...]] = EMPTY
    """Line → ids of the pages by call that are owed and untried."""
    sent: ByDay[SentPage] = field(default_factory=ByDay)
    """By page id, what was tried and what is known of it since."""
    tallies: PMap[str, Tally] = EMPTY
    """By kind of way, how many pages were tried of late."""
    links: PMap[str, LinksRenewed] = EMPTY
    """Person → which of their links lead somewhere, once some were revoked."""
    outbox: Outbox = Outbox()
    stamps: ByDay[datetime] = field(default_factory=ByDay)
    """The last time stamp of a message, by the call, or else the source, that it is about: the next is later."""
    sources: PMap[str, datetime] = EMPTY
    """Sources whose CAD was ever told anything, and since when."""
    disabled_sources: PMap[str, datetime] = EMPTY
    """Source → since when its webhook has been gone."""
    acknowledged: ByDay[AlertAcknowledged] = field(default_factory=ByDay)
    """By alert and when it was raised, who looks after it."""
    seen: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of pages and messages that were owed or dropped: nothing is owed twice."""
    answered: ByDay[datetime] = field(default_factory=ByDay)
    """Ids of commands."""

    def ways_to(self, person_id: str) -> Mapping[str, Contact]:
        """Every way to a person, by method id."""
        ways: Mapping[str, Contact] = self.contacts.get(person_id, EMPTY)
        return ways

    def contact(self, person_id: str, method_id: str) -> Contact | None:
        """One way to a person, if there is one of this name."""
        return self.ways_to(person_id).get(method_id)

    def ways_in_order(self, person_id: str) -> list[tuple[str, Contact]]:
        """Every way to a person, in the order in which they come."""
        return sorted(self.ways_to(person_id).items(), key=lambda way: (way[1].after_seconds, way[0]))

    def people_at(self, fingerprint: str) -> set[str]:
        """Who is reached at the address that this is the pseudonym of."""
        return {
            person_id
            for person_id, ways in self.contacts.items()
            if fingerprint and any(contact.fingerprint == fingerprint for contact in ways.values())
        }

    def ladder(self, offer_id: str, person_id: str) -> Ladder | None:
        """What is left to try of an open offer for one person."""
        found: Ladder | None = self.ladders.get(offer_id, EMPTY).get(person_id)
        return found

    def with_ladder(self, ladder: Ladder) -> State:
        """The state with a ladder as it is now: gone with its last step, its clock at what comes next."""
        offer_id, person_id = ladder.order.offer_id, ladder.order.person_id
        of_offer = self.ladders.get(offer_id, EMPTY)
        if not ladder.is_over:
            ladders = self.ladders.set(offer_id, of_offer.set(person_id, ladder))
            return replace(self, ladders=ladders, clocks=self.clocks.set(ladder.clock, ladder.next_at()))
        if person_id not in of_offer:
            return self
        of_offer = of_offer.delete(person_id)
        ladders = self.ladders.set(offer_id, of_offer) if of_offer else self.ladders.delete(offer_id)
        return replace(self, ladders=ladders, clocks=self.clocks.clear(ladder.clock))

    def line_of(self, page: PageDue) -> str:
        """The line to the phone that a page by call goes to, whoever has its number; empty for any other page."""
        method = page.method
        if method.kind != "voice":
            return ""
        contact = self.contact(page.person_id, method.method_id)
        return contact.fingerprint if contact and contact.fingerprint else f"{page.person_id}/{method.method_id}"

    def has_turn(self, owed: OwedEffect) -> bool:
        """Whether an untried page may go out: by call only where the line is free for it, and nothing goes before."""
        return not owed.line or self._next_call(owed.line) == owed.event

    def waiting_calls(self) -> frozenset[str]:
        """The pages by call whose turn it is not."""
        return frozenset(
            page_id
            for line, page_ids in self.calls_owed.items()
            for page_id in page_ids
            if not self.has_turn(self.owed[page_id])
        )

    def _next_call(self, line: str) -> PageDue | None:
        """The page by call that may go out over a line."""
        owed = (self.owed[page_id].event for page_id in self.calls_owed.get(line, ()))
        first = min((page for page in owed if isinstance(page, PageDue)), key=goes_before, default=None)
        busy = self.lines.get(line)
        return first if busy is None or (first is not None and busy.yields_to(first)) else None

    def with_call_owed(self, line: str, page_id: str) -> State:
        """The state with one more page by call that is owed."""
        return replace(self, calls_owed=self.calls_owed.set(line, (*self.calls_owed.get(line, ()), page_id)))

    def without_call_owed(self, line: str, page_id: str) -> State:
        """The state in which a page by call is not owed, or not untried, any more."""
        left = tuple(each for each in self.calls_owed.get(line, ()) if each != page_id)
        calls_owed = self.calls_owed.set(line, left) if left else self.calls_owed.delete(line)
        return replace(self, calls_owed=calls_owed)

    def line_held_by(self, page_id: str) -> Line | None:
        """The line that has the call of a page on it."""
        sent = self.sent.get(page_id)
        line = None if sent is None else self.lines.get(sent.line)
        return line if line is not None and line.page.page_id == page_id else None

    def with_line(self, name: str, line: Line) -> State:
        """The state with a call on a line."""
        return replace(self, lines=self.lines.set(name, line), clocks=self.clocks.set(line.clock, line.free_at))

    def with_line_free(self, page_id: str) -> State:
        """The state in which the call of a page is over."""
        line, sent = self.line_held_by(page_id), self.sent.get(page_id)
        if line is None or sent is None:
            return self
        state = self.with_call_left(page_id)
        return replace(state, lines=self.lines.delete(sent.line), clocks=self.clocks.clear(line.clock))

    def ringing_for(self, offer_id: str, person_id: str) -> list[str]:
        """The pages of an offer, to a person or to anybody, for which a phone rings, or will, and can be silenced."""
        return [
            line.page.page_id
            for _, line in sorted(self.lines.items())
            if line.page.kind == "offer"
            and line.page.offer_id == offer_id
            and person_id in ("", line.page.person_id)
            and self._may_be_silenced(line)
        ]

    def _may_be_silenced(self, line: Line) -> bool:
        """Whether nobody has picked up, nobody was told to end the call, and it has a name, or may yet have one."""
        sent, page_id = self.sent.get(line.page.page_id), line.page.page_id
        if sent is None or sent.rank >= Rank.SEEN or line.silenced is not None or page_id in self.calls_to_end:
            return False
        return bool(line.taken_as) or sent.rank == Rank.ATTEMPTED

    def with_call_to_end(self, page_id: str) -> State:
        """The state in which the call of a page is to be ended, if it has a line."""
        sent = self.sent.get(page_id)
        if sent is None or self.line_held_by(page_id) is None:
            return self
        return replace(self, calls_to_end=self.calls_to_end.set(page_id, sent.line))

    def with_call_left(self, page_id: str) -> State:
        """The state in which the call of a page is not to be ended, or not any more."""
        if page_id not in self.calls_to_end:
            return self
        return replace(self, calls_to_end=self.calls_to_end.delete(page_id))

    def with_roll(self, roll: Roll) -> State:
        """The state with a roll call as it is now."""
        clocks = self.clocks.set(roll.end_clock, roll.called.until)
        clocks = clocks.set(roll.pages_clock, roll.next_at) if roll.left else clocks.clear(roll.pages_clock)
        return replace(self, rolls=self.rolls.set(roll.called.roll_id, roll), clocks=clocks)

    def stamp(self, about: str, at: datetime) -> datetime:
        """The time stamp of the next message about a call or a source: CADs tell the order by it."""
        last = self.stamps.get(about)
        return at if last is None or at > last else last + TICK

    def link_generation(self, person_id: str) -> int:
        """Which links of a person lead somewhere."""
        links = self.links.get(person_id)
        return 0 if links is None else links.generation

    def still_reaches(self, page: PageDue) -> bool:
        """Whether the way that a page went leads to its person: not where it is broken, or revoked with their links.

        A roll call asks over a broken way as well.
        """
        contact = self.contact(page.person_id, page.method.method_id)
        if contact is not None:
            return not (contact.opted_out if page.kind == "test" else contact.why_not)
        links = self.links.get(page.person_id)
        return links is None or page.link_generation == links.generation or page.method in links.contact_methods

    def without(self, effect_id: str) -> State:
        """The state in which nothing is owed under this id."""
        effect = self.owed.get(effect_id)
        if effect is None:
            return self
        state = replace(self, owed=self.owed.delete(effect_id))
        if effect.line and not effect.attempted:
            state = state.without_call_owed(effect.line, effect_id)
        if not isinstance(effect.event, PageDue) or not effect.event.call_id:
            return state
        call_id = effect.event.call_id
        left = tuple(page_id for page_id in self.pages_of_call[call_id] if page_id != effect_id)
        pages_of_call = self.pages_of_call.set(call_id, left) if left else self.pages_of_call.delete(call_id)
        return replace(state, pages_of_call=pages_of_call)


def end_of(page_id: str) -> str:
    """The effect that ends the call of a page."""
    return f"end/{page_id}"


def unproved_clock(person_id: str, method_id: str) -> str:
    """The clock that ends a way over which nobody answers."""
    return str(ClockId("unproved", f"{person_id}/{method_id}"))


def alert_key(alert_id: str, raised_at: datetime) -> str:
    """An alert as it was raised at one time."""
    return f"{alert_id} {raised_at.astimezone(UTC).isoformat()}"


def _lane(event: PageDue | CadMessageDue) -> str:
    """Who is at the other end: one CAD, one carrier, or whatever takes the pages of one person over one way.

    At the carriers, too, each person's offers have a lane of their own, and what is about no call has another than what
    is, or than what may be dangerous: so an offer stands behind no roll call, no notice, and no page to anybody else.
    """
    if isinstance(event, CadMessageDue):
        return f"cad/{event.source}"
    method = event.method
    if method.kind in ("webhook", "push"):
        return f"pages/{method.kind}/{event.person_id}/{method.method_id}"
    if event.kind == "offer" and method.kind in ("sms", "voice"):
        return f"offers/{method.kind}/{event.person_id}"
    return f"pages/{method.kind}" if event.call_id or event.kind in DANGEROUS else f"staff/{method.kind}"


@dataclass(frozen=True, slots=True)
class Pending(Mapping[str, Effect]):
    """What is owed and may go out, seen as effects: a view, made in no time however much is owed."""

    owed: PMap[str, OwedEffect]
    waiting: frozenset[str]
    """What is owed and may not yet."""
    ends: Mapping[str, Effect]
    """The ends of calls, by effect id."""
    numbers: PMap[str, int] = EMPTY
    """Of messages to CADs, in the order in which they were owed."""

    def __getitem__(self, effect_id: str) -> Effect:
        if effect_id in self.ends:
            return self.ends[effect_id]
        if effect_id in self.waiting:
            raise KeyError(effect_id)
        owed = self.owed[effect_id]
        event, lane = owed.event, _lane(owed.event)
        if isinstance(event, CadMessageDue):
            turn = self.numbers.get(effect_id, 0)
            return Effect(effect_id, event, event.not_after, lane=lane, sequence=event.call_id, turn=turn)
        return PageEffect(
            effect_id,
            event,
            event.not_after,
            at_most_once=True,
            attempted=owed.attempted,
            lane=lane,
            tally=owed.tally,
            ends=owed.ends,
        )

    def __contains__(self, effect_id: object) -> bool:
        return effect_id in self.ends or (effect_id in self.owed and effect_id not in self.waiting)

    def __iter__(self) -> Iterator[str]:
        yield from (effect_id for effect_id in self.owed if effect_id not in self.waiting)
        yield from self.ends

    def __len__(self) -> int:
        return len(self.owed) - len(self.waiting) + len(self.ends)


def due(state: State) -> tuple[str, datetime] | None:
    """The clock that fires next."""
    return state.clocks.first()


def pending(state: State) -> Mapping[str, Effect]:
    """The effects owed: pages at most once, messages to a CAD and ends of calls at least once under one id."""
    return Pending(state.owed, state.waiting_calls(), _ends_of_calls(state), state.outbox.numbers)


def _ends_of_calls(state: State) -> dict[str, Effect]:
    """Of the calls that are to be ended, those that have a name by which they can be."""
    effects: dict[str, Effect] = {}
    for page_id, name in state.calls_to_end.items():
        line, effect_id = state.lines[name], end_of(page_id)
        if line.taken_as:
            order = LadderEnded(offer_id=line.page.offer_id or "", why="over", calls_to_end=(page_id,))
            lane = f"ends/{line.page.person_id}"
            effects[effect_id] = EndCallEffect(effect_id, order, line.free_at, lane=lane, taken_as=line.taken_as)
    return effects
