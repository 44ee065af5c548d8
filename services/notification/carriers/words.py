"""What texts and calls say, in the words of a dispatch room. Nothing personal: neither caller nor staff are named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from services.notification.carriers.gsm import SEGMENT_SEPTETS, fitted, plain, septets
from services.notification.lines import MAY_NOT_GO
from shared.events import PageDue, PageKind

HEADLINES: Mapping[PageKind, str] = {
    "offer": "a call for you{where}{priority}",
    "hold": "a call{where}{priority} waits for a team: tap available once you can take it",
    "assigned": "the call{where} is yours: go now",
    "withdrawn": "the call{where} is over for you",
    "unconfirmed": "dispatch does not know that you have the call{where}: tell them by radio",
    "upgrade": "your call{where} has become more dangerous",
    "not-moving": "you have a call{where}: are you on your way?",
    "safety-check": "are you well? Answer on your page, or by radio",
    "stays": "you stay on your call{where}",
    "may-enter": "you may go in{where}",
    "changed": "your call{where} has changed: read it again",
    "test": "a test, no call",
    "signed-on": "you are signed on",
    "reminder": "your shift begins soon",
    "cover": "a shift of somebody else{why}",
    "gap": "a shift lacks something{why}",
    "shift-moved": "a shift of yours has changed{why}",
    "team-missing": "your shift has begun, and nobody has signed on",
    "team-unanswering": "its calls run out unanswered",
    "left-out": "somebody who is planned is not on the team",
    "contact": "a way to reach you has changed, or does not work",
}
MAY_NOT_GO_HEADLINE = "your call{where} may be none for your team"
"""Of an upgrade, where it is no more dangerous."""
UPGRADES = {"recall": "Turn back", "stage": "Wait nearby, do not go in", "stay": "Carry on with care"}
LEFT_OUT = {"on-shift": "You are on shift with another team", "unknown-person": "You are not on the books"}
UNANSWERING = {"crew": "You get none before you say on your page that you are there"}
MORE: Mapping[PageKind, Mapping[str, str]] = {
    "upgrade": UPGRADES, "left-out": LEFT_OUT, "team-unanswering": UNANSWERING,
}  # fmt: skip
"""What follows on a headline, by why the page is sent."""
TEXT_ANSWERS: Mapping[str, str] = {"offer": "1 take, 2 leave", "test": "Answer 1 if you read this"}
SPOKEN_ANSWERS: Mapping[str, str] = {
    "offer": "To take the call, press 1. To leave it, press 2.",
    "test": "To say that you hear this, press 1.",
}
"""What can be answered by a key, and how. Everything else is answered on the page."""


def text_of(page: PageDue, link: str, zone: tzinfo | None = None) -> str:
    """A page as one segment of text: team, what it is, until when, both answers, the link.

    What is too long is cut where it hurts least: never the answers, and the link is whole or not there.
    """
    answers = TEXT_ANSWERS.get(page.kind, "")
    tail = f"\n{answers}" if answers else ""
    if link and set(link) <= LINK_CHARACTERS and septets(f"{tail}\n{link}") <= SEGMENT_SEPTETS - LEAST_HEADLINE:
        tail += f"\n{link}"
    head = f"{plain(page.team_id or 'careroute')}: {plain(headline(page))}"
    until = f" by {page.not_after.astimezone(zone):%H:%M:%S}" if zone is not None and page.kind == "offer" else ""
    return fitted(head, SEGMENT_SEPTETS - septets(until + tail)) + until + tail


def spoken(page: PageDue) -> str:
    """A page as it is spoken, without its answers."""
    team = f" for team {_pronounced(page.team_id)}" if page.team_id else ""
    return ended(f"This is care route{team}: {headline(page, spoken_out=True)}")


def ended(sentence: str) -> str:
    """A sentence with its end; a question has it."""
    return sentence if sentence.endswith("?") else f"{sentence}."


def headline(page: PageDue, *, spoken_out: bool = False) -> str:
    """What a page tells, in a line."""
    district = _pronounced(page.district or "") if spoken_out else (page.district or "")
    where = f" in {district}" if district else ""
    word = "priority " if spoken_out else "P"
    priority = f", {word}{page.priority}" if page.priority else ""
    line = MAY_NOT_GO_HEADLINE if page.why.startswith(MAY_NOT_GO) else HEADLINES[page.kind]
    line = line.format(where=where, priority=priority, why=f": {page.why}" if page.why else "")
    more = MORE.get(page.kind, {}).get(page.why.removeprefix(MAY_NOT_GO))
    return f"{line}. {more}" if more else line


def _pronounced(name: str) -> str:
    """A name as it is said: `alpha-1` is read as "alpha 1"."""
    return " ".join(name.replace("-", " ").replace("_", " ").replace("/", " ").split())


LINK_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:~?&=%+#@")
LEAST_HEADLINE = 40
"""So many places are left for what the page is about, or its link stays out."""
