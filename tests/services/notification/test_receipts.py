"""What carriers say of a page: late, twice, in any order, and what it means to the way that it went."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.sent import RANK_OF, Rank
from shared.engine.service import EffectDone, EffectStarting
from shared.events import (
    CommandDone,
    CommandRefused,
    ContactBroken,
    ContactOptedOut,
    ContactProved,
    PageDropped,
    PageDue,
    PageReceived,
    PageUndelivered,
)
from tests.services.notification.driver import Running, Sending, accepted, of, receipt, set_contact, types
from tests.services.notification.test_ladder import asked, reached


def texted(**ways: tuple[str, int]) -> Sending:
    """An offer that went out by text."""
    running = reached("ana", **(ways or {"mobile": ("sms", 0)}))
    running.take(asked())
    return running


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize(("state", "evidence"), [("delivered", "carrier"), ("shown", "shown"), ("heard", "heard")])
def test_evidence_is_noted_once(state: str, evidence: str) -> None:
    running = texted()
    sent, page_id = list(running.sent), running.page("mobile")
    (received,) = of(running.take(receipt(page_id, state)), PageReceived)
    assert (received.evidence, received.provider, received.kind) == (evidence, "twilio", "sms")
    assert types(running.take(receipt(page_id, state, number=2))) == ["command-done"]
    assert running.take(receipt(page_id, state)) == [], "the same word again is answered already"
    assert running.sent == sent


@pytest.mark.scenario("receipts")
@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "shown"))), ids="-".join)
def test_in_whatever_order_it_comes_the_most_counts(order: tuple[str, ...]) -> None:
    running = texted()
    page_id = running.page("mobile")
    evidence = [each.evidence for state in order for each in of(running.take(receipt(page_id, state)), PageReceived)]
    assert evidence[-1] == "shown"
    assert evidence == sorted(set(evidence)), "nothing less is noted after more"
    sent = running.state.sent.get(page_id)
    assert sent is not None
    assert sent.rank == Rank.SEEN


@pytest.mark.scenario("receipts")
def test_a_receipt_may_come_before_the_carriers_own_answer() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms"))
    (page,) = of(running.take(asked()), PageDue)
    running.take(EffectStarting(page.page_id))
    assert of(running.take(receipt(page.page_id, "delivered")), PageReceived)
    running.take(EffectDone(page.page_id, "done"))
    sent = running.state.sent.get(page.page_id)
    assert sent is not None
    assert sent.rank == Rank.DELIVERED
    assert running.owed() == []


@pytest.mark.scenario("receipts")
def test_of_a_page_that_was_never_sent_nothing_is_taken_in() -> None:
    running = texted()
    (refusal,) = running.take(receipt("f" * 32, "delivered"))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == "unknown-page"


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("why", ["unknown-number", "not-mobile", "landline", "blocked"])
@pytest.mark.parametrize("how", ["at once", "by receipt"])
def test_what_lies_with_the_number_breaks_the_way_at_once(why: str, how: str) -> None:
    """The offer goes over the next way, the person is told over it, and no later offer goes where it cannot arrive."""
    running = reached("ana", mobile=("sms", 0), app=("push", 20))
    if how == "at once":
        running.outcomes["mobile"] = ("failed", why)
    running.take(asked())
    if how == "by receipt":
        running.take(receipt(running.page("mobile"), "undelivered", why))
    broken = [event for event in running.journal if isinstance(event, ContactBroken)]
    assert broken == [ContactBroken(person_id="ana", method_id="mobile", why=why)]
    assert sorted(running.pages) == [("contact", "ana", "app"), ("offer", "ana", "app"), ("offer", "ana", "mobile")]
    assert len(running.sent) == 3
    running.sent.clear()
    events = running.take(asked(number=2))
    assert [(event.why, event.page and event.page.method.kind) for event in of(events, PageDropped)] == [
        ("broken", "sms")
    ]
    assert running.sent == [(0, "ana", "app")]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("why", ["unreachable", "queue-full", "credentials", "filtered", "unregistered", "timeout"])
def test_what_lies_with_the_moment_or_with_us_breaks_no_way(why: str) -> None:
    running = reached("ana", mobile=("sms", 0), app=("push", 20))
    running.outcomes["mobile"] = ("failed", why)
    running.take(asked())
    assert not [event for event in running.journal if isinstance(event, ContactBroken | ContactOptedOut)]
    assert running.sent == [(0, "ana", "mobile"), (0, "ana", "app")]


@pytest.mark.scenario("failures")
def test_a_push_that_is_gone_is_broken_and_the_person_is_told_by_text() -> None:
    running = reached("ana", app=("push", 0), mobile=("sms", 0))
    running.outcomes["app"] = ("failed", "gone")
    running.take(asked())
    assert running.pages["contact", "ana", "mobile"].why == "gone"
    assert sorted(running.sent) == [(0, "ana", "app"), (0, "ana", "mobile"), (0, "ana", "mobile")]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("how", ["at once", "by receipt"])
def test_a_carrier_that_keeps_to_a_stop_tells_us_so(how: str) -> None:
    running = reached("ana", mobile=("sms", 0), app=("push", 20))
    if how == "at once":
        running.outcomes["mobile"] = ("failed", "opted-out")
    running.take(asked())
    if how == "by receipt":
        running.take(receipt(running.page("mobile"), "failed", "opted-out"))
    assert [event for event in running.journal if isinstance(event, ContactOptedOut)] == [
        ContactOptedOut(person_id="ana", method_id="mobile")
    ]
    assert sorted(running.pages) == [("contact", "ana", "app"), ("offer", "ana", "app"), ("offer", "ana", "mobile")]


@pytest.mark.scenario("receipts")
def test_after_the_offer_is_over_news_of_a_page_sends_nothing() -> None:
    running = texted(mobile=("sms", 0), call=("voice", 20))
    running.until(2)
    running.take(accepted(asked()).model_copy(update={"person_id": "ben"}))
    running.sent.clear()
    running.until(7200)
    assert of(running.take(receipt(running.page("mobile"), "undelivered", "unreachable")), PageUndelivered)
    assert of(running.take(receipt(running.page("mobile"), "delivered")), PageReceived)
    assert running.sent == []


@pytest.mark.scenario("receipts")
def test_news_from_before_a_way_was_set_anew_does_not_break_it() -> None:
    running = texted()
    running.until(60)
    running.take(set_contact("ana", "mobile", "sms", "new", fingerprint="new"))
    running.take(receipt(running.page("mobile"), "failed", "unknown-number"))
    assert running.state.ways_to("ana")["mobile"].why_not == ""


@pytest.mark.scenario("receipts")
def test_an_answered_page_is_proved_and_no_receipt_takes_that_back() -> None:
    running = texted()
    page_id = running.page("mobile")
    running.until(5)
    answered = accepted(asked(), at=running.now).model_copy(update={"method_id": "mobile"})
    assert of(running.take(answered), ContactProved) == [
        ContactProved(person_id="ana", method_id="mobile", page_id=page_id)
    ]
    for state in ("undelivered", "failed", "delivered"):
        assert types(running.take(receipt(page_id, state, "landline"))) == ["command-done"]
    assert running.state.ways_to("ana")["mobile"].why_not == ""


News = tuple[str, str, str]
RECEIPTS = st.lists(
    st.tuples(
        st.sampled_from(sorted(RANK_OF)),
        st.sampled_from(["", "unreachable", "landline", "opted-out", "filtered"]),
        st.sampled_from(["twilio", "telnyx"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=120)
@given(RECEIPTS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_news_ends_in_the_same_state(news: list[News], random: Random) -> None:
    def after(order: list[News]) -> tuple[object, ...]:
        running = texted()
        page_id = running.page("mobile")
        noted = []
        for number, (state, code, provider) in enumerate(order):
            events = running.take(receipt(page_id, state, code, provider, number))
            assert of(events, CommandDone)
            noted += [event.evidence for event in of(events, PageReceived)]
        assert len(set(noted)) == len(noted), "each evidence once"
        sent, contact = running.state.sent.get(page_id), running.state.contact("ana", "mobile")
        assert sent is not None
        assert contact is not None
        return max(sent.rank, Rank.SENT), contact.broken, contact.opted_out

    shuffled = [*news, *news]
    random.shuffle(shuffled)
    assert after(news) == after(shuffled)
