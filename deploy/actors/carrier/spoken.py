"""Plays TwiML to whoever holds the phone: Say, Gather, Pause, Redirect, Hangup; and reads the Message of an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from deploy.actors.carrier.phones import Phone, ReceivedCall
from deploy.actors.carrier.timeline import Timeline

WORDS_A_SECOND = 2.5
MOST_DOCUMENTS = 10

Fetch = Callable[[str, dict[str, str]], Awaitable[str]]
"""`await fetch(url, fields)`: the document that is played next."""


class BadDocument(ValueError):
    """What came back is no TwiML that a carrier could play."""


@dataclass(slots=True)
class Playing:
    """One call, from the moment that somebody has picked up."""

    phone: Phone
    call: ReceivedCall
    time: Timeline
    fetch: Fetch
    url: str

    async def play(self) -> None:
        """Play what the address says, and wherever that leads. Raises BadDocument."""
        fields: dict[str, str] = {}
        for _ in range(MOST_DOCUMENTS):
            following = await self._document(parsed(await self.fetch(self.url, fields)))
            if following is None:
                return
            self.url, fields = following
        raise BadDocument("the call goes round in a circle")

    async def _document(self, document: Element) -> tuple[str, dict[str, str]] | None:
        """Play one document: where it leads to, if it does."""
        for verb in document:
            if self.call.ended:
                return None
            match verb.tag:
                case "Say":
                    await self._say(verb)
                case "Pause":
                    await self.time.sleep(float(verb.get("length", "1")))
                case "Gather":
                    if (pressed := await self._gather(verb)) is not None:
                        return pressed
                case "Redirect":
                    return urljoin(self.url, (verb.text or "").strip()), {}
                case "Hangup":
                    return None
                case other:
                    raise BadDocument(f"no carrier plays <{other}>")
        return None

    async def _say(self, verb: Element) -> None:
        words = " ".join((verb.text or "").split())
        if not words or len(words) > 4096:
            raise BadDocument("nothing, or too much, is said")
        self.call.heard.append(words)
        await self.time.sleep(len(words.split()) / WORDS_A_SECOND)

    async def _gather(self, verb: Element) -> tuple[str, dict[str, str]] | None:
        """Whoever knows what to press does so while it is being said."""
        for saying in verb:
            if saying.tag == "Say":
                self.call.heard.append(" ".join((saying.text or "").split()))
            if self.phone.presses and not self.phone.voicemail:
                await self.time.sleep(self.phone.presses_after_seconds)
                key = self.phone.presses[min(len(self.call.pressed), len(self.phone.presses) - 1)]
                self.call.pressed.append(key)
                return urljoin(self.url, verb.get("action", "")), {"Digits": key}
            await self.time.sleep(len((saying.text or "").split()) / WORDS_A_SECOND)
        await self.time.sleep(float(verb.get("timeout", "5")))
        return None


def parsed(text: str) -> Element:
    """A document, as strictly as carriers read it. Raises BadDocument."""
    try:
        document: Element = fromstring(text, forbid_dtd=True)
    except ParseError:
        raise BadDocument("no XML") from None
    if document.tag != "Response":
        raise BadDocument("the document is no Response")
    return document


def messages(text: str) -> list[str]:
    """The texts that an answer to an inbound text sends back. Raises BadDocument."""
    return [message.text or "" for message in parsed(text) if message.tag == "Message"] if text.strip() else []
