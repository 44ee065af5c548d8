"""What both carriers have in common: a text or a call is taken, goes its way, and there is news of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from deploy.actors.carrier.network import START_WORDS, STOP_WORDS, Answered, Mood, Network, NotReached
from deploy.actors.carrier.phones import Phone, ReceivedCall
from deploy.actors.carrier.spoken import Playing

MORE_TRIES, SERVER_ERROR = 3, 500
"""So often more an address is tried that asks for it, while its server fails."""
TO_SENT_SECONDS, TO_DELIVERED_SECONDS, TO_RINGING_SECONDS = 0.3, 1.5, 0.7


@dataclass(slots=True)
class Taken:
    """A text or a call that a carrier has taken."""

    sid: str
    to: str
    sender: str
    callback: str
    body: str = ""
    voice_url: str = ""
    ring_seconds: float = 30.0
    at: float = 0.0
    """When it was taken, in seconds since 1970."""
    state: str = "queued"
    """What has become of it, in the carrier's word."""
    code: str = ""
    """Why nothing has."""
    call: ReceivedCall | None = None
    """At the phone."""


@dataclass
class Carrier:
    """One carrier. `inbound_url` is where texts to our numbers are posted."""

    name: ClassVar[str] = ""
    network: Network
    inbound_url: str = ""
    mood: Mood = field(default_factory=Mood)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    """Everything that was asked: the path, and the fields."""
    taken: list[Taken] = field(default_factory=list)
    """Everything that is carried, or was."""
    looked_up: list[str] = field(default_factory=list)
    """Every path under which somebody asked what has become of something."""
    _numbers: Any = field(default_factory=lambda: count(1))

    # --- what each carrier says in its own way ---

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Taken | Answered:
        """Read a request: what is to be carried, or why not."""
        raise NotImplementedError

    def accepted(self, taken: Taken) -> Answered:
        """The answer to a request that was taken."""
        raise NotImplementedError

    def look_up(self, path: str, headers: Mapping[str, str]) -> Answered:
        """The answer to who asks what has become of something."""
        raise NotImplementedError

    def text_news(self, taken: Taken, state: str, code: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a callback about a text."""
        raise NotImplementedError

    def call_fields(self, taken: Taken, state: str, sequence: int) -> dict[str, str]:
        """The fields of a request about a call."""
        raise NotImplementedError

    def signed_form(self, url: str, fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """A form as this carrier posts it."""
        raise NotImplementedError

    def inbound(self, sid: str, phone: str, number: str, body: str) -> tuple[dict[str, str], bytes]:
        """A text to one of our numbers, as this carrier posts it."""
        raise NotImplementedError

    def answers_of(self, answered: Answered) -> list[str]:
        """The texts that an answer to an inbound text sends back."""
        raise NotImplementedError

    # --- what happens ---

    async def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Answer a request as the carrier does today. Raises NotReached."""
        mood = self._mood_for_one()
        if mood.fault and mood.fault != "silent-taken":
            raise NotReached(mood.fault)
        if mood.status and not mood.takes_though_failing:
            return self.failing(mood)
        if not body:
            self.looked_up.append(path)
            return self.look_up(path, headers)
        taken = self.take(path, headers, body)
        if isinstance(taken, Answered):
            return taken
        taken.at = self.network.time.now()
        self.taken.append(taken)
        if mood.news == "first" and taken.body:
            await self._text(taken, mood)
        else:
            if mood.news == "first":
                await self._call_news(taken, mood, [("ringing", 0)])
            self.network.time.start(self._text(taken, mood) if taken.body else self._call(taken, mood))
        if mood.fault:
            raise NotReached(mood.fault)
        if mood.answers_after_seconds:
            await self.network.time.sleep(mood.answers_after_seconds)
        return self.failing(mood) if mood.status else self.accepted(taken)

    def failing(self, mood: Mood) -> Answered:
        """The answer of a carrier that is not well."""
        headers = {"retry-after": mood.retry_after} if mood.retry_after else {}
        return Answered(mood.status, b"{}", headers)

    def named(self, sid: str) -> Taken | None:
        """What was taken under this name."""
        return next((taken for taken in self.taken if taken.sid == sid), None)

    def end(self, taken: Taken, *, unanswered: bool) -> None:
        """End a call for whoever had it placed: a phone that rings falls silent, who listens hears no more.

        `unanswered`: whoever listens goes on listening.
        """
        call = taken.call
        if call is None:
            taken.state = "canceled"
        elif not (call.ended or (unanswered and call.heard)):
            taken.state = self.network.hang_up(call, "completed" if call.heard else "canceled")
            self.network.time.start(self._call_news(taken, self.mood, [(taken.state, 1)]))

    def new_sid(self, prefix: str) -> str:
        """A name for what was taken."""
        return f"{prefix}{next(self._numbers):032x}"

    async def text_in(self, phone: str, number: str, body: str, *, sid: str = "") -> Answered:
        """Somebody texts one of our numbers. Words that stop or start are the carrier's own, and passed on."""
        word = body.strip().casefold()
        if word in STOP_WORDS:
            self.network.opted_out.add((self.name, phone))
        elif word in START_WORDS:
            self.network.opted_out.discard((self.name, phone))
        headers, content = self.inbound(sid or self.new_sid("SM"), phone, number, body)
        answered = await self.network.call_back(self.inbound_url, headers, content)
        if 200 <= answered.status < 300:
            for reply in self.answers_of(answered):
                if (self.name, phone) not in self.network.opted_out:
                    self.network.deliver(phone, number, reply)
        return answered

    def call_in(self, phone: str, number: str) -> ReceivedCall:
        """Somebody calls one of our numbers; what they hear is there once it has been said."""
        call = ReceivedCall(self.network.time.now(), number)
        taken = Taken(self.new_sid("CA"), number, phone, "")
        playing = Playing(
            self.network.phone(phone),
            call,
            self.network.time,
            lambda url, fields: self._fetch(taken, url, fields),
            f"{self.inbound_url}/call",
        )
        self.network.time.start(playing.play())
        return call

    def _mood_for_one(self) -> Mood:
        mood = self.mood
        if mood.times is not None:
            mood.times -= 1
            if mood.times < 0:
                return Mood()
        return mood

    async def _text(self, taken: Taken, mood: Mood) -> None:
        time = self.network.time
        quiet = mood.news == "first"
        if not quiet:
            await time.sleep(TO_SENT_SECONDS)
        code = "" if mood.lying else self.network.deliver(taken.to, taken.sender, taken.body)
        ended = taken.state = "undelivered" if code else "delivered"
        taken.code = code
        await self._tell(taken, mood, [("sent", ""), (ended, code)])
        phone = self.network.phones.get(taken.to)
        if phone and phone.replies and not code and not mood.lying and (phone.replies_to_all or asks(taken.body)):
            time.start(self._reply(phone, taken))

    async def _reply(self, phone: Phone, taken: Taken) -> None:
        await self.network.time.sleep(phone.replies_after_seconds)
        await self.text_in(phone.number, taken.sender, phone.replies)

    async def _tell(self, taken: Taken, mood: Mood, news: Sequence[tuple[str, str]]) -> None:
        """Post the news of a text, in whatever order and as often as this carrier does."""
        if not taken.callback or mood.news == "none":
            return
        if mood.news == "late":
            await self.network.time.sleep(mood.late_seconds)
        order = list(reversed(news)) if mood.news == "reversed" else list(news)
        for state, code in order * (2 if mood.news == "twice" else 1):
            if mood.news == "twice" or (mood.news == "in-order" and state != "sent"):
                await self.network.time.sleep(TO_DELIVERED_SECONDS)
            headers, content = self.text_news(taken, state, code)
            await self.network.call_back(taken.callback.partition("#")[0], headers, content)

    async def _call(self, taken: Taken, mood: Mood) -> None:
        await self.network.time.sleep(TO_RINGING_SECONDS)
        if taken.state == "canceled":
            await self._call_news(taken, mood, [("canceled", 0)])
            return
        rung = self.network.ring(taken.to, taken.sender)
        if isinstance(rung, str):
            taken.state = rung
            await self._call_news(taken, mood, [(rung, 0)])
            return
        phone, taken.call = rung
        call, taken.state = taken.call, "ringing"
        rings, is_told = [("ringing", 0)], mood.news in ("in-order", "first")
        if mood.news == "in-order":
            await self._call_news(taken, mood, rings)
        how = phone.call_ends or await self._picked_up(phone, call, taken)
        if call.ended:
            return
        taken.state = self.network.hang_up(call, how)
        ended = [(taken.state, 1)]
        await self._call_news(taken, mood, ended if is_told else [*rings, *ended])

    async def _picked_up(self, phone: Phone, call: ReceivedCall, taken: Taken) -> str:
        """Let it ring, and play what we say to whoever picks up; how the call ended."""
        waits = phone.picks_up_after_seconds
        await self.network.time.sleep(taken.ring_seconds if waits is None else min(waits, taken.ring_seconds))
        if waits is None or waits >= taken.ring_seconds or call.ended:
            return "no-answer"
        await Playing(
            phone, call, self.network.time, lambda url, fields: self._fetch(taken, url, fields), taken.voice_url
        ).play()
        return "completed"

    async def _fetch(self, taken: Taken, url: str, fields: Mapping[str, str]) -> str:
        place, _, asked = url.partition("#")
        headers, content = self.signed_form(place, {**self.call_fields(taken, "in-progress", 1), **fields})
        answered = await self.network.call_back(place, headers, content)
        for _ in range(MORE_TRIES if "5xx" in asked else 0):
            if answered.status >= SERVER_ERROR:
                answered = await self.network.call_back(place, headers, content)
        return answered.body.decode()

    async def _call_news(self, taken: Taken, mood: Mood, news: Sequence[tuple[str, int]]) -> None:
        if not taken.callback or mood.news == "none" or not news:
            return
        if mood.news == "late":
            await self.network.time.sleep(mood.late_seconds)
        order = list(reversed(news)) if mood.news == "reversed" else list(news)
        url = taken.callback.partition("#")[0]
        for state, sequence in order * (2 if mood.news == "twice" else 1):
            if mood.news == "twice":
                await self.network.time.sleep(TO_DELIVERED_SECONDS)
            headers, content = self.signed_form(url, self.call_fields(taken, state, sequence))
            await self.network.call_back(url, headers, content)


def asks(text: str) -> bool:
    """Whether a text says how to answer it."""
    return "1 take" in text or "Answer 1" in text


def fields_of(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError."""
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise TypeError("no object")
    return fields
