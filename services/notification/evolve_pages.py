"""How pages and the ladders of offers change: owed, tried, what came of it, what is left to try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from services.notification.evolve_rolls import place_answered, place_asked
from services.notification.ladders import Ladder, ladder_id, over_id
from services.notification.lines import Line, begun
from services.notification.sent import Rank, SentPage, answer_id
from services.notification.state import MAX_RECENT_OFFERS, OFFERS_KEPT, OwedEffect, RecentOffer, State
from services.notification.tally import NO_PAGES, NOT_SENT
from shared.carriers import Channel
from shared.engine.state import EMPTY, PMap
from shared.events import (
    ContactMethod,
    ContactProved,
    Event,
    LadderEnded,
    LadderSet,
    LineFreed,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageFailed,
    PageReceived,
    PageUndelivered,
    RingStopped,
)
from shared.replace import replace

NO_WAY = ContactMethod(method_id="none", kind="pocket")
"""In place of a way to somebody who has none."""
SENT_DAYS = 2
"""How long news of a page that was sent says something."""
RecentOffers = PMap[str, tuple[RecentOffer, ...]]


def _page_due(state: State, event: PageDue, at: datetime) -> State:
    line = state.line_of(event)
    state = state.with_call_owed(line, event.page_id) if line else state
    state = replace(
        state,
        owed=state.owed.set(event.page_id, OwedEffect(event, line=line)),
        recent_offers=_with_page(state, event, at) if event.kind == "offer" else _with_notice(state, event, at),
        seen=state.seen.set(event.page_id, at, at),
    )
    if event.call_id:
        of_call = state.pages_of_call.get(event.call_id, ())
        state = replace(state, pages_of_call=state.pages_of_call.set(event.call_id, (*of_call, event.page_id)))
    return place_asked(_step_taken(state, event, at), event, at)


def _with_page(state: State, page: PageDue, at: datetime) -> RecentOffers:
    """The recent offers with this page among them."""
    return _with_offer(state, page, at, lambda offer: offer.with_page(page))


def _with_offer(
    state: State, like: PageDue, at: datetime, change: Callable[[RecentOffer], RecentOffer]
) -> RecentOffers:
    """The recent offers with the one that a page is of, changed; it is the newest where it was not among them."""
    offer_id, of_team, recent = like.offer_id or "", state.recent_offers.get(like.team_id, ()), state.recent_offers
    if any(offer.offer_id == offer_id for offer in of_team):
        of_team = tuple(
            replace(change(offer), told_at=at) if offer.offer_id == offer_id else offer for offer in of_team
        )
    else:
        of_team = (*of_team[1 - MAX_RECENT_OFFERS :], change(RecentOffer(offer_id, like.call_id, like, at)))
        recent = _without_former_teams(recent, at)
    return recent.set(like.team_id, of_team)


def _without_former_teams(recent: RecentOffers, at: datetime) -> RecentOffers:
    """Without those of teams that were told nothing for long: they are gone, or go by another name."""
    for team_id, of_team in recent.items():
        if all(offer.told_at < at - OFFERS_KEPT for offer in of_team):
            recent = recent.delete(team_id)
    return recent


def _with_notice(state: State, notice: PageDue, at: datetime) -> RecentOffers:
    """The recent offers, that of the notice with its person, and the call that it is of: both may have come since."""
    of_team = state.recent_offers.get(notice.team_id, ())
    offer = next((offer for offer in of_team if offer.offer_id == notice.offer_id), None)
    if offer is None:
        return state.recent_offers
    if offer.call_id != notice.call_id:
        offer = offer.of_call_now(notice.call_id, notice.episode)
    after = replace(offer.with_person(notice.person_id), told_at=at)
    of_team = tuple(after if other.offer_id == notice.offer_id else other for other in of_team)
    return state.recent_offers.set(notice.team_id, of_team)


def _page_attempted(state: State, event: PageAttempted, at: datetime) -> State:
    owed = state.owed.get(event.page_id)
    if owed is None or not isinstance(owed.event, PageDue):
        return state
    page, kind = owed.event, owed.event.method.kind
    tally = state.tallies.get(kind, NO_PAGES).with_page(at) if kind in get_args(Channel) else NO_PAGES
    busy = state.lines.get(owed.line)
    tried = replace(owed, attempted=True, tally=tally, ends="" if busy is None else busy.taken_as)
    state = replace(
        state,
        owed=state.owed.set(page.page_id, tried),
        tallies=state.tallies.set(kind, tally) if tally.quarters else state.tallies,
        sent=state.sent.set(page.page_id, SentPage.of(page, at, owed.line), at, SENT_DAYS),
    )
    if owed.line:
        state = state if busy is None else state.with_line_free(busy.page.page_id)
        state = state.without_call_owed(owed.line, page.page_id).with_line(owed.line, begun(page))
    if page.kind != "offer":
        return state
    of_team = tuple(
        replace(offer, attempted=(*offer.attempted, page.page_id)) if offer.offer_id == page.offer_id else offer
        for offer in state.recent_offers.get(page.team_id, ())
    )
    return replace(state, recent_offers=state.recent_offers.set(page.team_id, of_team))


def _page_dropped(state: State, event: PageDropped, at: datetime) -> State:
    state = state.without(event.page_id)
    page = event.page  # never owed, and yet the team may see its offer on its own page: it can have notices
    recent_offers = state.recent_offers if page is None or page.kind != "offer" else _with_page(state, page, at)
    state = replace(state, recent_offers=recent_offers, seen=state.seen.set(event.page_id, at, at))
    return state if page is None else place_asked(_step_taken(state, page, at), page, at)


# --- what is known of a page ----------------------------------------------------------------------------------------


def _page_delivered(state: State, event: PageDelivered, at: datetime) -> State:
    """Its provider took it: from now on its silence counts, and a phone rings."""
    state = _known(state.without(event.page_id), event.page_id, Rank.TAKEN, at)
    state = _with_line(state, event.page_id, lambda line: line.ringing(at, event.taken_as))
    sent = state.sent.get(event.page_id)
    ladder = None if sent is None or sent.kind != "offer" else state.ladder(sent.offer_id, sent.person_id)
    if sent is None or ladder is None or sent.rank > Rank.SENT:
        return state
    return state.with_ladder(ladder.with_silence(event.page_id, sent.method_kind, at))


def _page_failed(state: State, event: PageFailed, at: datetime) -> State:
    sent = state.sent.get(event.page_id)
    if event.why in NOT_SENT and sent is not None and sent.method_kind in state.tallies:
        tally = state.tallies[sent.method_kind].without_page(sent.at)
        state = replace(state, tallies=state.tallies.set(sent.method_kind, tally))
    state = _known(state.without(event.page_id), event.page_id, Rank.UNDELIVERED, at)
    if event.why == "unknown":
        return _with_line(state, event.page_id, lambda line: line.ringing(at))
    return state.with_line_free(event.page_id)


def _page_undelivered(state: State, event: PageUndelivered, at: datetime) -> State:
    return _known(state, event.page_id, Rank.UNDELIVERED, at).with_line_free(event.page_id)


def _page_received(state: State, event: PageReceived, at: datetime) -> State:
    state = _known(state, event.page_id, Rank.DELIVERED if event.evidence == "carrier" else Rank.SEEN, at)
    return _with_line(state, event.page_id, lambda line: line.answered(at)) if event.evidence == "heard" else state


def _with_line(state: State, page_id: str, change: Callable[[Line], Line]) -> State:
    """The state with the line changed that has the call of a page on it, if one has."""
    line, sent = state.line_held_by(page_id), state.sent.get(page_id)
    return state if line is None or sent is None else state.with_line(sent.line, change(line))


def _line_freed(state: State, event: LineFreed, _at: datetime) -> State:
    return state.with_line_free(event.page_id)


def page_answered(state: State, event: ContactProved, at: datetime) -> State:
    """An answer is the most that can be known of a page, and proves its way once."""
    state = replace(state, seen=state.seen.set(answer_id(event.page_id), at, at))
    return place_answered(_known(state, event.page_id, Rank.ANSWERED, at), event)


def _known(state: State, page_id: str, rank: Rank, at: datetime) -> State:
    """The state with something known of a page; whatever is more than that it was sent ends its silence."""
    sent = state.sent.get(page_id)
    if sent is None:
        return state
    if rank > sent.rank:
        state = replace(state, sent=state.sent.set(page_id, sent.known(rank), at, SENT_DAYS))
    ladder = state.ladder(sent.offer_id, sent.person_id)
    if ladder is None or rank <= Rank.SENT:
        return state
    failed = rank == Rank.UNDELIVERED
    return state.with_ladder(ladder.with_failure(page_id) if failed else ladder.without_silence(page_id))


# --- ladders --------------------------------------------------------------------------------------------------------


def _ladder_set(state: State, event: LadderSet, at: datetime) -> State:
    """Who is to be paged hears what becomes of the call, and so does who has no way yet: there is no step to take."""
    ladder = Ladder(event)
    step = ladder.next_step()
    method = NO_WAY if step is None else ContactMethod(method_id=step.method_id, kind=step.kind)
    like = ladder.page(method, state.link_generation(event.person_id))
    state = replace(state, recent_offers=_with_offer(state, like, at, lambda offer: offer.with_person(event.person_id)))
    state = replace(state, seen=state.seen.set(ladder_id(event.offer_id, event.person_id), at, at))
    return state.with_ladder(ladder)


def _step_taken(state: State, page: PageDue, at: datetime) -> State:
    """A way that had its turn has it once; what was silent by then has had its effect."""
    ladder = state.ladder(page.offer_id or "", page.person_id) if page.kind == "offer" else None
    if ladder is None:
        return state
    shorter = ladder.without_step(page.method.method_id)
    if shorter == ladder:
        return state
    for page_id in ladder.silent_by(at):
        shorter = shorter.with_failure(page_id)
    return state.with_ladder(shorter)


def _ladder_ended(state: State, event: LadderEnded, at: datetime) -> State:
    state = replace(state, seen=state.seen.set(over_id(event.offer_id), at, at))
    for page_id in event.calls_to_end:
        state = state.with_call_to_end(page_id)
    clocks = state.clocks
    for ladder in state.ladders.get(event.offer_id, EMPTY).values():
        clocks = clocks.clear(ladder.clock)
    ladders = state.ladders.delete(event.offer_id) if event.offer_id in state.ladders else state.ladders
    return replace(state, clocks=clocks, ladders=ladders)


def _ring_stopped(state: State, event: RingStopped, _at: datetime) -> State:
    """The line is free once its carrier says so, or the call must be over."""
    state = state.with_call_left(event.page_id)
    return _with_line(state, event.page_id, lambda line: replace(line, silenced=not event.why))


PAGE_CHANGES: dict[type[Event], Callable[[State, Any, datetime], State]] = {
    PageDue: _page_due,
    PageAttempted: _page_attempted,
    PageDelivered: _page_delivered,
    PageFailed: _page_failed,
    PageDropped: _page_dropped,
    PageUndelivered: _page_undelivered,
    PageReceived: _page_received,
    LineFreed: _line_freed,
    LadderSet: _ladder_set,
    LadderEnded: _ladder_ended,
    RingStopped: _ring_stopped,
}
