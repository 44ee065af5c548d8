"""Answers by text and by key: which offer is meant, the command that they are, and what came of it, in words."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal, NamedTuple, Self

from services.notification.adapters import Links
from services.notification.callbacks import words
from services.notification.callbacks.news import InboundText
from services.notification.callbacks.replies import Reply, keyword, read_reply
from services.notification.callbacks.view import AgencyView, Asked, OfferSeen, Test, Way
from shared.carriers import CarrierName
from shared.clock import Clock
from shared.events import (
    AcceptOffer,
    AnswerRoll,
    Command,
    DeclineOffer,
    Id,
    NoteOptOut,
    NoteReceipt,
    PageDue,
    child_id,
)

TRUE_FOR = timedelta(hours=24)
"""What carriers and people say, but of an offer: a command that waits for a service that is down still counts."""
UNREAD = timedelta(seconds=5)
"""In so short a time, and in the first fifth of an offer's, nobody gets its text, reads it and answers."""
LATELY = timedelta(minutes=1)
"""For so long after an offer somebody's answer to it may still be on its way, or come twice."""
HELPS, HELP_MINUTES = 5, 10
"""So often in so many minutes a phone is told more than an answer: one that texts by itself must find an end."""

TextResult = Literal["answer", "stop", "start", "not-understood", "which", "late", "nothing-asked", "stranger"]


@dataclass(frozen=True, slots=True)
class Read:
    """What a text comes to: commands, of which the answer to the last is waited for; or words at once, or silence."""

    result: TextResult
    commands: tuple[Command, ...] = ()
    sentence: str = ""
    link: str = ""

    @property
    def awaited(self) -> Command | None:
        """The command whose answer the person hears."""
        return self.commands[-1] if self.result == "answer" else None


class SaidAs(NamedTuple):
    """The ids of what a text may be, for good. Each has its own, as each is another service's to answer."""

    offer: Id
    roll: Id

    @classmethod
    def of(cls, carrier: CarrierName, agency: str, sid: str) -> Self:
        """Those of a text that the carrier calls so."""
        said_as = child_id(sid, f"{carrier}/{agency}/answer")
        return cls(said_as, child_id(said_as, "roll"))


@dataclass(slots=True)
class Reader:
    """Makes commands of what people text and press."""

    clock: Clock
    links: Links
    _helped: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=HELPS)))

    def text(
        self,
        carrier: CarrierName,
        agency: str,
        view: AgencyView,
        fingerprint: str,
        text: InboundText,
        *,
        zone: tzinfo | None = None,
    ) -> Read:
        """What a text comes to. A stranger hears nothing, nor who says STOP or START.

        HELP is answered as anything else: what carriers say to it is of no use to who needs help. The sid of a text is
        the carrier's account's own: another agency may have a text of that name.
        """
        ways = view.ways(fingerprint)
        if not ways:
            return Read("stranger")
        word = text.opt_out.casefold() or keyword(text.body)
        if word == "stop":
            return Read("stop", self._opt_out(carrier, view.text_ways(fingerprint), text.sid, opted_out=True))
        if word == "start" and any(map(view.has_opted_out, view.text_ways(fingerprint))):
            return Read("start", self._opt_out(carrier, view.text_ways(fingerprint), text.sid, opted_out=False))
        reply = read_reply(text.body)
        said_as = SaidAs.of(carrier, agency, text.sid)
        read = (
            self._how_to_answer(view, ways, zone) if reply is None else self._answer(view, ways, reply, zone, said_as)
        )
        return read if read.commands or self._may_say_more(fingerprint) else Read(read.result)

    def key(self, page: PageDue, digits: str) -> Command | None:
        """The command that a key is; None for a key that means nothing.

        It is one of its page for good: a call ends with its answer, and who was refused may be called over another way.
        """
        said_as = child_id(page.page_id, f"key/{digits}")
        if page.kind == "test" and digits == "1":
            return self._roll(page, said_as)
        if page.kind != "offer" or page.offer_id is None or digits not in ("1", "2"):
            return None
        way = Way(page.person_id, page.method.method_id)
        return self._offer(page.offer_id, page.not_after, way, Reply(take=digits == "1"), said_as)

    def receipt(self, carrier: CarrierName, page_id: str, state: str, reason: str, sequence: str) -> NoteReceipt:
        """What a carrier says of a page; said again it is the same command."""
        return NoteReceipt.model_validate(
            {
                "command_id": child_id(page_id, f"{carrier}/{state}/{sequence}"),
                "page_id": page_id,
                "provider": carrier,
                "state": state,
                "code": reason,
                **self._issued(carrier),
            }
        )

    def _answer(self, view: AgencyView, ways: list[Way], reply: Reply, zone: tzinfo | None, said_as: SaidAs) -> Read:
        now, asked = self.clock.now(), view.asked(ways)
        test = view.test(ways, now) if reply == Reply(take=True) else None
        if reply.letter:
            asked = [each for each in asked if each.offer.letter == reply.letter]
        is_open = [each for each in asked if each.offer.is_open(now)]
        if len(is_open) > 1 or (is_open and not reply.letter and _is_of_another(is_open[0].offer, asked, test, now)):
            return Read("which", sentence=words.which([each.offer for each in is_open], zone))
        if is_open:
            (meant,) = is_open
            made, link = meant.offer.made, self._link(meant) if reply.take else ""
            command = self._offer(made.offer_id, made.expires_at, meant.way, reply, said_as.offer)
            return Read("answer", (command,), link=link)
        if test is not None and not (asked and _was_asked_since(asked[0].offer, test, now)):
            heard = Read("late", sentence=words.RECEIVED)
            return heard if test.is_answered else Read("answer", (self._roll(test.page, said_as.roll),))
        if asked:
            newest = asked[0]
            mine = newest.offer.ended == "accepted"
            sentence = words.over(newest.offer, now) if reply.take or not mine else words.NOT_LEFT
            return Read("late", sentence=sentence, link=self._link(newest) if mine else "")
        if reply.letter or view.is_tested(ways, now):
            return self._how_to_answer(view, ways, zone)
        return Read("nothing-asked", sentence=words.ANSWERS_NOTHING)

    def _how_to_answer(self, view: AgencyView, ways: list[Way], zone: tzinfo | None) -> Read:
        now = self.clock.now()
        is_open = [asked.offer for asked in view.asked(ways) if asked.offer.is_open(now)]
        if len(is_open) > 1:
            return Read("not-understood", sentence=words.which(is_open, zone))
        if is_open:
            return Read("not-understood", sentence=words.HOW_TO_ANSWER)
        how = words.HOW_TO_ANSWER_A_TEST if view.is_tested(ways, now) else words.ANSWERS_NOTHING
        return Read("not-understood", sentence=how)

    def _may_say_more(self, fingerprint: str) -> bool:
        now, helped = self.clock.now(), self._helped[fingerprint]
        if len(helped) == HELPS and now - helped[0] < timedelta(minutes=HELP_MINUTES):
            return False
        helped.append(now)
        return True

    def _offer(self, offer_id: str, expires_at: datetime, way: Way, reply: Reply, command_id: Id) -> Command:
        """A text, or a key, is one command for good, whatever is open by then."""
        about = {
            "command_id": command_id,
            "offer_id": offer_id,
            "person_id": way.person_id,
            "method_id": way.method_id,
            **self._issued(way.person_id) | {"expires_at": expires_at},
        }
        if not reply.take:
            return DeclineOffer.model_validate(about)
        return AcceptOffer.model_validate({"eta_minutes": reply.minutes, **about})

    def _roll(self, page: PageDue, command_id: Id) -> AnswerRoll:
        return AnswerRoll.model_validate(
            {
                "command_id": command_id,
                "roll_id": page.about,
                "person_id": page.person_id,
                "method_id": page.method.method_id,
                **self._issued(page.person_id),
            }
        )

    def _opt_out(self, carrier: CarrierName, ways: list[Way], sid: str, *, opted_out: bool) -> tuple[Command, ...]:
        word = "stop" if opted_out else "start"
        return tuple(
            NoteOptOut.model_validate(
                {
                    "command_id": child_id(sid, f"{carrier}/{word}/{way.person_id}/{way.method_id}"),
                    "person_id": way.person_id,
                    "method_id": way.method_id,
                    "opted_out": opted_out,
                    **self._issued(carrier),
                }
            )
            for way in ways
        )

    def _link(self, asked: Asked) -> str:
        page = asked.offer.page_to(asked.way)
        return "" if page is None else self.links.of(page)

    def _issued(self, by: str) -> dict[str, object]:
        now = self.clock.now()
        return {"issued_by": by, "issued_at": now, "expires_at": now + TRUE_FOR}


def _is_of_another(offer: OfferSeen, asked: Iterable[Asked], test: Test | None, now: datetime) -> bool:
    """Whether an answer without a letter may be to something else than the offer that is open.

    Nobody has read it yet, and another call was offered before: that answer is late, or comes once more. But of a call
    that the team has had since none is on its way. Or a roll call waits: it came after the offer, or that is unread.
    """
    is_unread = now - offer.made_at < min(UNREAD, (offer.made.expires_at - offer.made_at) / 5)
    others = (
        each.offer for each in asked if each.offer.made.call_id != offer.made.call_id and not each.offer.was_theirs
    )
    if is_unread and any(now - other.made.expires_at < LATELY for other in others):
        return True
    return test is not None and not test.is_answered and (is_unread or test.at >= offer.made_at)


def _was_asked_since(offer: OfferSeen, test: Test, now: datetime) -> bool:
    """Whether "1" is to an offer that is over, which came after a roll call; if that still waits, only for a while."""
    return offer.made_at > test.at and (test.is_answered or now - offer.made.expires_at < LATELY)
