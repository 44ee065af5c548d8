"""What came of a page: what its provider answered, and what it says later, twice, late and in any order.

The most that is known counts. What failed gives its turn to the next way at once; what lies with the number breaks the
way; what lies with us (credentials, registration, a filter) is an alarm for whoever runs careroute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from services.notification.deciding import contacts, ladder
from services.notification.sent import RANK_OF, Rank, SentPage
from services.notification.state import State
from shared.answers import done, nothing_to_do, refused
from shared.engine.service import Draft, EffectDone, Input
from shared.events import (
    Event,
    LineFreed,
    NoteReceipt,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
    PageReceived,
    PageUndelivered,
    ReceiptState,
)

OF_THE_WAY: Final = frozenset(("unknown-number", "not-mobile", "landline", "blocked", "gone", "no-mailbox"))
"""Every page over this way would fail as well: a person has to see to it."""
OURS: Final = frozenset(("credentials", "filtered", "unregistered"))
"""Every page of ours would fail as well: whoever runs careroute has to see to it."""
OPTED_OUT: Final = "opted-out"
EVIDENCE: Final[Mapping[ReceiptState, Literal["carrier", "shown", "heard"]]] = {
    "delivered": "carrier",
    "shown": "shown",
    "heard": "heard",
}


def ended(draft: Draft[State], effect: EffectDone, given: Input) -> None:
    """What came of handing a page over: its provider took it, or not, or nobody knows."""
    owed = draft.state.owed.get(effect.effect_id)
    if owed is None or not isinstance(owed.event, PageDue):
        return
    page_id = owed.event.page_id
    if effect.result == "done":
        draft.emit(PageDelivered(page_id=page_id, taken_as=effect.why))
    elif effect.result == "expired" and not owed.attempted:
        draft.emit(PageDropped(page_id=page_id, why="too-late"))
    else:
        why = effect.why or effect.result
        _fail(draft, PageFailed(page_id=page_id, why=why), given.cause)


def note_receipt(draft: Draft[State], command: NoteReceipt) -> list[Event]:
    """Take in what a provider says of a page."""
    page_id, state = command.page_id, command.state
    sent = draft.state.sent.get(page_id)
    if sent is None:
        return [refused(command, "unknown-page", "No page of this id was sent in the last two days.")]
    rank, why = RANK_OF[state], command.code or state
    line = draft.state.line_held_by(page_id)
    if line is not None and line.silenced and rank == Rank.UNDELIVERED and not command.code:
        return [LineFreed(page_id=page_id, why="over"), done(command, about=page_id)]
    if rank > max(sent.rank, Rank.SENT):
        about: dict[str, Any] = {"page_id": page_id, "provider": command.provider, "kind": sent.method_kind}
        if rank == Rank.UNDELIVERED:
            _fail(draft, PageUndelivered(**about, why=why), command.command_id)
        else:
            draft.emit(PageReceived(**about, evidence=EVIDENCE[state]))
        return [done(command, about=page_id)]
    if rank == Rank.UNDELIVERED:
        _judge_way(draft, sent, why, command.command_id)
        if line is not None:
            return [LineFreed(page_id=page_id, why="over"), done(command, about=page_id)]
    return [nothing_to_do(command, "That, or more, is known of it already.", about=page_id)]


def line_silent(draft: Draft[State], page_id: str, _given: Input) -> None:
    """Nobody has said how a call ended, and by now it has."""
    draft.emit(LineFreed(page_id=page_id, why="no-news"))


def _fail(draft: Draft[State], failure: PageFailed | PageUndelivered, cause: str) -> None:
    """A page has not arrived: the next way has its turn now, unless this failure has had its effect before."""
    sent = draft.state.sent.get(failure.page_id)
    ladder_before = None if sent is None else draft.state.ladder(sent.offer_id, sent.person_id)
    draft.emit(failure)
    if sent is None:
        return
    _judge_way(draft, sent, failure.why, cause)
    if sent.kind == "offer" and ladder_before is not None and not ladder_before.has_failed(failure.page_id):
        ladder.pull(draft, sent.offer_id, sent.person_id)


def _judge_way(draft: Draft[State], sent: SentPage, why: str, cause: str) -> None:
    """What a failure says of the way itself; what is older than its last proof or setting says nothing."""
    contact = draft.state.contact(sent.person_id, sent.method_id)
    if contact is None or sent.at < max(contact.set_at, contact.proved_at or contact.set_at):
        return
    if why in OF_THE_WAY:
        contacts.break_way(draft, sent.person_id, sent.method_id, why, cause)
    elif why == OPTED_OUT:
        contacts.opt_out(draft, sent.person_id, sent.method_id, cause)
