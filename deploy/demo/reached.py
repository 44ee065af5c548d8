"""Who was reached over which way, and how soon after the offer: a fold of what the topics say, in plain JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.engine.broker import Stored
from shared.links import offer_link


@dataclass(slots=True)
class OfferPage:
    """A page that offers a call; times in seconds since 1970, durations in seconds."""

    offer_id: str
    person_id: str
    method_id: str
    kind: str
    generation: int
    offered_at: float
    taken_seconds: float | None = None
    """From the offer until whoever carries it had taken it."""
    failed: str = ""
    received: bool = False
    """Whether its carrier says that the phone has it, or more."""


@dataclass(slots=True)
class Reached:
    """Pages by id, and answers by the way that they came over."""

    pocket_url: str = ""
    link_secret: str = ""
    pages: dict[str, OfferPage] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    rolls: tuple[int, int] = (0, 0)
    """Ways over which the roll was answered, and over which it was not."""
    unanswering: set[str] = field(default_factory=set)
    """Teams that were offered nothing more, for they let offers run out."""
    on_call: set[str] = field(default_factory=set)
    """Teams that the rota has put on call."""
    opted_out: int = 0
    _offers: dict[str, float] = field(default_factory=dict)
    _kinds: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, kind: str, event: Mapping[str, Any], stored: Stored) -> None:
        """Take in an event."""
        at = stored.time.timestamp()
        if kind == "offer-made":
            self._offers[event["offer_id"]] = at
        elif kind == "page-due" and event["kind"] == "offer":
            method = event["method"]
            self._kinds[event.get("person_id", ""), method.get("method_id", "")] = method.get("kind", "")
            self.pages[event["page_id"]] = OfferPage(
                event["offer_id"],
                event.get("person_id", ""),
                method.get("method_id", ""),
                method.get("kind", ""),
                event.get("link_generation", 0),
                self._offers.get(event["offer_id"], at),
            )
        elif kind in ("page-delivered", "page-failed", "page-received"):
            self._news(kind, event, at)
        elif kind in ("offer-accepted", "offer-declined"):
            self.answers[self._kinds.get((event.get("person_id", ""), event.get("method_id", "")), "page")] += 1
        elif kind == "roll-closed":
            self.rolls = (len(event["answered"]), len(event["silent"]))
        elif kind == "team-unanswering":
            self.unanswering.add(event["team_id"])
        elif kind == "team-signed-on" and event.get("duty") == "on-call":
            self.on_call.add(event["team_id"])
        elif kind == "contact-opted-out":
            self.opted_out += 1

    def _news(self, kind: str, event: Mapping[str, Any], at: float) -> None:
        page = self.pages.get(event["page_id"])
        if page is None:
            return
        if kind == "page-delivered":
            page.taken_seconds = at - page.offered_at
        elif kind == "page-failed":
            page.failed = event["why"]
        else:
            page.received = True

    def by_kind(self) -> dict[str, list[OfferPage]]:
        """The pages of each kind of way."""
        kinds: defaultdict[str, list[OfferPage]] = defaultdict(list)
        for page in self.pages.values():
            kinds[page.kind].append(page)
        return dict(kinds)

    def link_of(self, page: OfferPage) -> str:
        """The link that a text of this page holds."""
        method_id = page.method_id
        return offer_link(
            self.pocket_url, self.link_secret, page.offer_id, page.person_id, page.generation, method_id=method_id
        )

    @property
    def sentence(self) -> str:
        """What else there is to say of how people were reached."""
        answered, silent = self.rolls
        parts = [f"roll call: {answered} ways answered, {silent} silent"]
        parts += [f"{self.opted_out} said STOP"] if self.opted_out else []
        parts += [f"on call by the rota: {', '.join(sorted(self.on_call))}"] if self.on_call else []
        parts += [f"let offers run out, and was asked no more: {', '.join(sorted(self.unanswering))}"] * bool(
            self.unanswering
        )
        return "; ".join(parts)
