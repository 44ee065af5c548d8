"""The phones of the demo: what their owners do, what goes wrong with them, and who was reached how fast."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.table import Table

from deploy.actors.carrier.network import Mood
from deploy.actors.carrier.phones import Phone, ReceivedText
from deploy.actors.carrier.serving import Exchange, Setup
from deploy.actors.console import Console, TeamSpec, Way
from deploy.actors.pocket import Reply
from deploy.actors.scenario import Owner
from deploy.demo.reached import Reached
from deploy.demo.view import percentile

LOOK_SECONDS = 0.05
CALLED_AFTER_SECONDS = 1
"""An offer of the demo stands for a few seconds: the phone rings a second after the text."""
READS_SECONDS, PICKS_UP_SECONDS, PRESSES_SECONDS = 0.4, 0.4, 0.3
OUTAGE_FROM, OUTAGE_UNTIL, STOP_AT = 0.45, 0.6, 0.3
"""Of the run: when the first carrier is away, and when somebody says STOP."""
SENDERS = {"twilio": "+16085550100", "telnyx": "+16085550101"}
SHARES = (50, 99)
ZONE = "America/Chicago"
"""Where the clocks of the demo's staff stand."""


def number_of(place: int) -> str:
    """A telephone number that belongs to nobody."""
    return f"+1608555{place:04d}"


@dataclass(frozen=True, slots=True)
class PhoneBook:
    """Who has a phone, and what they do with it."""

    owners: Mapping[str, Owner] = field(default_factory=dict)
    """By person."""

    def numbers(self) -> dict[str, str]:
        """By person, the number of their phone."""
        return {person_id: number_of(2000 + place) for place, person_id in enumerate(sorted(self.owners))}

    def ways(self, person_id: str) -> Sequence[Way]:
        """How a person is reached: by text at once, and where they look at no text, by a call soon after."""
        if person_id not in self.owners:
            return ()
        number = self.numbers()[person_id]
        text = Way("text", {"kind": "sms", "address": number})
        if self.owners[person_id] != "presses":
            return (text,)
        return (text, Way("call", {"kind": "voice", "address": number, "after_seconds": CALLED_AFTER_SECONDS}))

    def setup(self, callbacks_url: str, agency: str) -> Setup:
        """The carriers and the phones."""
        phones = {number: _habits(self.owners[person_id]) for person_id, number in self.numbers().items()}
        return Setup(callbacks_url, agency, telnyx_key="5a" * 32, phones=phones)


def _habits(owner: Owner) -> dict[str, object]:
    if owner == "presses":
        return {
            "presses": "1",
            "picks_up_after_seconds": PICKS_UP_SECONDS,
            "presses_after_seconds": PRESSES_SECONDS,
        }
    return {"text_error": "30003", "call_ends": "no-answer"} if owner == "is off" else {}


@dataclass(slots=True)
class Handsets:
    """The phones while the demo runs: every text is read once, and whoever owns the phone acts on it."""

    book: PhoneBook
    exchange: Exchange
    team_of: Mapping[str, str]
    page: Callable[[str, str], None] = lambda _team_id, _link: None
    """`page(team_id, link)`: an offer has come for a team."""
    arrived: dict[str, float] = field(default_factory=dict)
    """By the link in a text: when it came to the phone, in seconds since 1970."""
    did: Counter[str] = field(default_factory=Counter)
    _read: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def watch(self) -> None:
        """Read what comes, for ever."""
        persons = {number: person_id for person_id, number in self.book.numbers().items()}
        async with asyncio.TaskGroup() as tasks:
            while True:
                for number, phone in list(self.exchange.network.phones.items()):
                    for text in phone.texts[self._read[number] :]:
                        self._read[number] += 1
                        tasks.create_task(self._take(persons[number], phone, text))
                await asyncio.sleep(LOOK_SECONDS)

    async def _take(self, person_id: str, phone: Phone, text: ReceivedText) -> None:
        if text.link and "1 take" in text.body:
            self.arrived.setdefault(text.link, text.at)
        await asyncio.sleep(READS_SECONDS)
        if "Answer 1" in text.body:
            await self.answer(phone, text.sender, "1")
            self.did["answered the roll"] += 1
        elif "1 take" in text.body and text.link:
            self.page(self.team_of[person_id], text.link)

    async def answer(self, phone: Phone, sender: str, words: str) -> None:
        """Text one of our numbers, by the carrier that it is of."""
        carrier = self.exchange.twilio if sender == SENDERS["twilio"] else self.exchange.telnyx
        await carrier.text_in(phone.number, sender, words)

    def replies(self) -> dict[str, Reply]:
        """By team: how it answers an offer where it does not tap on the page."""
        numbers, replies = self.book.numbers(), dict[str, Reply]()
        for person_id, owner in self.book.owners.items():
            phone = self.exchange.network.phones[numbers[person_id]]
            if owner == "texts":
                replies[self.team_of[person_id]] = self._texting(phone)
            elif owner == "presses":
                replies[self.team_of[person_id]] = _by_key
        return replies

    def _texting(self, phone: Phone) -> Reply:
        async def text(words: str) -> None:
            await self.answer(phone, phone.texts[-1].sender, words)
            self.did["answered by text"] += 1

        return text

    async def go_wrong(self, seconds: float) -> None:
        """In the middle of the run somebody says STOP, and the first carrier is away for a while."""
        await asyncio.sleep(seconds * STOP_AT)
        numbers = self.book.numbers()
        for person_id, owner in self.book.owners.items():
            if owner == "says stop":
                await self.answer(self.exchange.network.phones[numbers[person_id]], SENDERS["twilio"], "STOP")
                self.did["said STOP"] += 1
        await asyncio.sleep(seconds * (OUTAGE_FROM - STOP_AT))
        self.exchange.twilio.mood = Mood(fault="connect")
        await asyncio.sleep(seconds * (OUTAGE_UNTIL - OUTAGE_FROM))
        self.exchange.twilio.mood = Mood()

    @property
    def sentence(self) -> str:
        """What their owners did, and how often a carrier was asked while it was away."""
        return ", ".join(f"{count} {what}" for what, count in self.did.most_common()) or "nothing came"

    def twice(self) -> Iterator[str]:
        """What came to a phone more than once."""
        for phone in self.exchange.network.phones.values():
            links = Counter(text.link for text in phone.texts if text.link and "1 take" in text.body)
            for link, times in links.items():
                if times > 1:
                    yield f"a text came {times} times to one phone: its link ends with {link[-6:]}"


async def _by_key(_words: str) -> None:
    """The phone rings, and the key is pressed there."""


async def plan_on_call(console: Console, team: TeamSpec, starts: datetime) -> None:
    """Plan a team on call for tonight, from `starts`. Raises CommandFailed."""
    people = zip(team.members, team.crew, strict=True)
    places = [{"needs": discipline, "person_id": person_id} for person_id, discipline in people]
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=10)).isoformat()}
    shift = {"team_id": team.team_id, "duty": "on-call", "zone": ZONE, "places": places}
    await console.command("ana", "/v1/rota/shifts", {**shift, **times})


def table(reached: Reached, handsets: Handsets) -> Table:
    """Who was reached how, and how fast."""
    shown = Table("over", "pages", "taken", "failed", "at the phone", "answers", "offer to carrier, ms", "to phone, ms")
    shown.title, shown.title_justify = "offers, by the way that they went; p50 and p99", "left"
    for column in shown.columns[1:]:
        column.justify = "right"
    for kind, pages in sorted(reached.by_kind().items()):
        taken = sorted(page.taken_seconds for page in pages if page.taken_seconds is not None)
        at_phone = sorted(
            handsets.arrived[link] - page.offered_at
            for page in pages
            if (link := reached.link_of(page)) in handsets.arrived
        )
        shown.add_row(
            kind,
            str(len(pages)),
            str(len(taken)),
            ", ".join(f"{count} {why}" for why, count in Counter(p.failed for p in pages if p.failed).items()) or "0",
            str(sum(page.received for page in pages)),
            str(reached.answers[kind]),
            _shares(taken),
            _shares(at_phone),
        )
    return shown


def _shares(ordered: Sequence[float]) -> str:
    if not ordered:
        return ""
    return " / ".join(f"{percentile(ordered, share) * 1000:.0f}" for share in SHARES)
