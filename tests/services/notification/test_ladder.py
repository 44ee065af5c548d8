"""Over which way a person is paged when, and that nobody is paged twice, or for what is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.service import NOTIFICATION
from shared.engine.service import EffectDone, EffectResult, EffectStarting
from shared.events import (
    ContactMethod,
    Event,
    HoldNoticeDue,
    LadderEnded,
    LadderSet,
    MemberConfirmed,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    PageDropped,
    PageDue,
    PageFailed,
    Recipient,
    ShiftChanged,
    TeamToRemind,
)
from tests.builders import of_offer
from tests.services.notification.driver import (
    CALL,
    NOON,
    WEBHOOK,
    Running,
    Sending,
    accepted,
    of,
    offer,
    opt_out,
    receipt,
    remove_contact,
    routed,
    safety_check,
    set_contact,
    status,
    unconfirmed,
    upgrade,
    withdrawn,
)
from tests.services.notification.driver import released as taken_off

ANA = (Recipient(person_id="ana"),)
BOTH = (*ANA, Recipient(person_id="ben"))
WAYS = {"app": ("push", 0), "mobile": ("sms", 0), "call": ("voice", 8), "home": ("voice", 15)}
AT_ONCE = [(0, "ana", "app"), (0, "ana", "mobile")]
OFFER_SECONDS, FAR_PAST_THE_OFFER = 25, 3600


def reached(*person_ids: str, **ways: tuple[str, int]) -> Sending:
    """A notification that knows ways to people: kinds, and seconds after an offer."""
    running = Sending()
    for person_id in person_ids or ("ana",):
        for method_id, (kind, seconds) in (ways or WAYS).items():
            running.take(set_contact(person_id, method_id, kind, f"{person_id}/{method_id}", after_seconds=seconds))
    return running


def asked(recipients: tuple[Recipient, ...] = ANA, number: int = 1, **more: Any) -> OfferMade:
    """An offer that stands for 25 s, as most programmes' do."""
    return offer(number, recipients=recipients, expires_at=NOON + timedelta(seconds=OFFER_SECONDS), **more)


def ladders_left(running: Running) -> int:
    return len(running.state.ladders)


@pytest.mark.scenario("ladder")
def test_every_way_has_its_turn_at_its_time() -> None:
    running = reached()
    made = asked()
    events = running.take(made)
    (ladder,) = of(events, LadderSet)
    assert [(step.method_id, (step.at - NOON).total_seconds()) for step in ladder.steps] == [("call", 8), ("home", 15)]
    assert sorted(running.sent) == AT_ONCE
    running.take(receipt(running.page("app"), "shown"))
    running.take(receipt(running.page("mobile"), "delivered"))
    running.until(7.9)
    assert sorted(running.sent) == AT_ONCE, "not before its time"
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent[2:] == [(8, "ana", "call"), (15, "ana", "home")]
    assert ladders_left(running) == 0


@pytest.mark.scenario("ladder")
def test_everybody_on_the_team_has_a_ladder_of_their_own() -> None:
    running = reached("ana", "ben", mobile=("sms", 0), call=("voice", 8))
    running.take(asked(BOTH))
    running.take(receipt(running.page("mobile", "ana"), "failed", "unreachable"))
    running.take(receipt(running.page("mobile", "ben"), "shown"))
    running.until(FAR_PAST_THE_OFFER)
    assert sorted(running.sent) == [
        (0, "ana", "call"),
        (0, "ana", "mobile"),
        (0, "ben", "mobile"),
        (8, "ben", "call"),
    ], "what failed for one is no reason to call the other"


FAILURES: dict[str, tuple[EffectResult, str]] = {
    "refused": ("failed", "landline"),
    "may have been taken": ("failed", "unknown"),
    "took too long": ("failed", "timeout"),
    "nobody carries it": ("failed", "no-carrier"),
    "died while sending": ("unknown", ""),
}


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("failure", FAILURES)
def test_what_failed_gives_its_turn_to_the_next_way_now(failure: str) -> None:
    running = reached(mobile=("sms", 0), call=("voice", 8), home=("voice", 15))
    running.outcomes["mobile"] = FAILURES[failure]
    running.take(asked())
    assert running.sent == [(0, "ana", "mobile"), (0, "ana", "call")]
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent[2:] == [(15, "ana", "home")], "one failure, one step; the next keeps its time"


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("state", ["undelivered", "failed", "no-answer", "busy"])
def test_what_was_not_delivered_gives_its_turn_to_the_next_way_once(state: str) -> None:
    running = reached(mobile=("sms", 0), call=("voice", 20), home=("voice", 22))
    running.take(asked())
    running.until(3)
    for number in range(3):
        running.take(receipt(running.page("mobile"), state, "unreachable", number=number))
    assert running.sent == [(0, "ana", "mobile"), (3, "ana", "call")]
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent[2:] == [(22, "ana", "home")]


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize(("kind", "seconds"), [("sms", 10), ("push", 5)])
def test_a_page_of_which_nothing_is_heard_gives_its_turn_to_the_next_way(kind: str, seconds: int) -> None:
    running = reached(way=(kind, 0), call=("voice", 20), home=("voice", 22))
    running.take(asked())
    running.take(receipt(running.page("way"), "sent"))
    running.until(seconds + 1)
    assert running.sent == [(0, "ana", "way"), (seconds, "ana", "call")], "that it is under way is no news"
    running.take(receipt(running.page("way"), "undelivered"))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent[2:] == [(22, "ana", "home")], "silent, then undelivered, is one failure"


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("state", ["delivered", "shown"])
def test_a_page_that_arrived_is_not_silent_and_yet_ends_no_ladder(state: str) -> None:
    running = reached(mobile=("sms", 0), call=("voice", 20))
    running.take(asked())
    running.until(9)
    running.take(receipt(running.page("mobile"), state))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == [(0, "ana", "mobile"), (20, "ana", "call")]


ENDS = {
    "accepted": accepted(asked()),
    "declined": of_offer(OfferDeclined, asked(), person_id="ana"),
    "expired": of_offer(OfferExpired, asked()),
    "taken": withdrawn(asked(), "taken"),
    "signed-off": withdrawn(asked(), "signed-off"),
    "routed": routed("default", None),
}


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("end", ENDS)
def test_no_step_has_its_turn_once_the_offer_is_over(end: str) -> None:
    running = reached(app=("push", 0), call=("voice", 8), home=("voice", 15))
    running.take(asked())
    running.until(3)
    ended = running.take(ENDS[end])
    assert [event.offer_id for event in of(ended, LadderEnded)] == ["offer-1"]
    page_id = running.page("app")
    running.sent.clear()
    running.take(receipt(page_id, "undelivered", "unreachable"))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == [], "neither its time nor a failure brings it back"
    assert NOTIFICATION.due(running.state) != ("ladder/offer-1/ana", running.now)


@pytest.mark.scenario("ladder")
def test_a_step_past_the_end_of_the_offer_never_goes_out_and_is_seen() -> None:
    running = reached(mobile=("sms", 0), call=("voice", 8), home=("voice", 25), farm=("voice", 600))
    (ladder,) = of(running.take(asked()), LadderSet)
    assert [[step.method_id for step in part] for part in (ladder.steps, ladder.never)] == [["call"], ["home", "farm"]]
    running.take(receipt(running.page("mobile"), "delivered"))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == [(0, "ana", "mobile"), (8, "ana", "call")]
    assert ladders_left(running) == 0, "nothing waits for what never comes"


@pytest.mark.scenario("ladder")
def test_where_every_way_before_it_failed_even_such_a_step_has_its_turn() -> None:
    running = reached(mobile=("sms", 0), home=("voice", 60))
    running.outcomes["mobile"] = ("failed", "unreachable")
    running.take(asked())
    assert running.sent == [(0, "ana", "mobile"), (0, "ana", "home")]


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("why", ["opted-out", "broken"])
def test_a_way_that_does_not_work_at_the_start_gives_its_turn_to_the_next(why: str) -> None:
    running = reached(mobile=("sms", 0), call=("voice", 8))
    if why == "opted-out":
        running.take(opt_out("ana", "mobile"))
    else:
        running.outcomes["mobile"] = ("failed", "unknown-number")
        running.take(asked(number=7))
        running.sent.clear()
        running.take(withdrawn(asked(number=7), "signed-off"))
    running.sent.clear()
    events = running.take(asked())
    (dropped,) = of(events, PageDropped)
    assert (dropped.why, dropped.page and dropped.page.method.method_id) == (why, "mobile")
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == [(0, "ana", "call")]


@pytest.mark.scenario("ladder")
def test_a_step_that_does_not_work_when_its_time_comes_gives_its_turn_to_the_next() -> None:
    running = reached(mobile=("sms", 0), call=("voice", 8), home=("voice", 20))
    running.take(asked())
    running.take(receipt(running.page("mobile"), "delivered"))
    running.until(3)
    running.take(opt_out("ana", "call"))
    running.until(FAR_PAST_THE_OFFER)
    assert running.offers == [(0, "ana", "mobile"), (8, "ana", "home")]
    assert list(running.pages) == [("offer", "ana", "mobile"), ("contact", "ana", "mobile"), ("offer", "ana", "home")]


@pytest.mark.scenario("ladder")
def test_a_way_that_was_taken_away_is_not_used_and_its_owed_page_goes_over_the_next() -> None:
    running = Running()
    for method_id, kind, seconds in (("mobile", "sms", 0), ("call", "voice", 8), ("home", "voice", 15)):
        running.take(set_contact("ana", method_id, kind, method_id, after_seconds=seconds))
    running.take(asked())
    events = running.take(remove_contact("ana", "mobile"))
    assert [event.why for event in of(events, PageDropped)] == ["way-gone"]
    assert [event.method.method_id for event in of(events, PageDue)] == ["call"]
    running.take(remove_contact("ana", "home", "2"))
    assert ladders_left(running) == 0


@pytest.mark.scenario("ladder")
def test_the_next_owner_goes_on_between_two_steps() -> None:
    """Its state is read back from a snapshot; what went out before is not sent again."""
    running = reached()
    running.take(asked())
    running.take(receipt(running.page("app"), "shown"))
    running.take(receipt(running.page("mobile"), "delivered"))
    running.until(8)
    packer = NOTIFICATION.packer
    running.state = packer.unpack(packer.pack(running.state))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent[2:] == [(8, "ana", "call"), (15, "ana", "home")]


@pytest.mark.scenario("ladder")
def test_a_page_whose_process_died_between_attempt_and_result_is_not_sent_again_and_the_next_way_goes_on() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1"))
    running.take(set_contact("ana", "call", "voice", "2", after_seconds=8))
    (page,) = of(running.take(asked()), PageDue)
    running.take(EffectStarting(page.page_id))
    events = running.take(EffectDone(page.page_id, "unknown"))
    assert of(events, PageFailed) == [PageFailed(page_id=page.page_id, why="unknown")]
    (called,) = of(events, PageDue)
    assert (called.method.method_id, called.method.kind) == ("call", "voice")
    assert running.take(EffectStarting(page.page_id)) == []
    assert running.take(EffectDone(page.page_id, "unknown")) == []
    assert running.owed() == ["page-due"]


@pytest.mark.scenario("ladder")
def test_what_comes_late_starts_late_but_never_after_the_end() -> None:
    """Notification was away for 20 s of 25: what would have come by then comes now, the rest not at all."""
    running = reached(mobile=("sms", 0), call=("voice", 8), home=("voice", 24))
    running.now = NOON + timedelta(seconds=20)
    running.take(asked(), at=NOON)
    running.until(20)
    assert sorted(running.sent) == [(20, "ana", "call"), (20, "ana", "mobile")]
    running.now = NOON + timedelta(seconds=26)
    running.until(FAR_PAST_THE_OFFER)
    assert len(running.sent) == 2


@pytest.mark.scenario("ladder")
def test_an_offer_that_is_over_when_it_is_read_pages_nobody() -> None:
    running = reached()
    running.now = NOON + timedelta(seconds=25)
    events = running.take(asked())
    assert {event.why for event in of(events, PageDropped)} == {"too-late"}
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == []
    assert not of(events, LadderSet)


@pytest.mark.scenario("ladder")
def test_an_open_call_pages_nobody_and_its_notices_go_where_a_page_would_have_come_first() -> None:
    running = reached(mobile=("sms", 0), app=("push", 0), call=("voice", 8))
    made = asked(paged=False)
    running.take(made)
    running.until(10)
    running.take(accepted(made))
    assert running.sent == []
    running.take(taken_off())
    assert sorted(running.sent) == [(10, "ana", "app"), (10, "ana", "mobile")]


@pytest.mark.scenario("ladder")
def test_an_offer_from_before_ways_were_kept_pages_over_the_ways_that_it_names() -> None:
    """And over those that are kept, once each; a way that both name is one way."""
    old = Recipient(person_id="ana", contact_methods=(WEBHOOK, ContactMethod(method_id="mobile", kind="webhook")))
    running = reached(mobile=("sms", 0))
    running.take(asked((old,)))
    assert sorted(running.sent) == [(0, "ana", "mobile"), (0, "ana", "pager")]
    assert running.pages["offer", "ana", "mobile"].method.kind == "sms"
    alone = Sending()
    alone.take(asked((old,)))
    assert sorted(alone.sent) == sorted(running.sent)


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("notice", [upgrade(), safety_check(), unconfirmed()], ids=lambda notice: notice.type)
def test_what_may_be_dangerous_goes_over_every_way_at_once(notice: Event) -> None:
    running = reached("ana", "ben", mobile=("sms", 0), call=("voice", 8))
    running.take(asked(BOTH))
    running.until(1)
    running.take(accepted(asked(BOTH)))
    running.take(opt_out("ben", "mobile"))
    running.sent.clear()
    running.take(notice)
    running.until(FAR_PAST_THE_OFFER)
    assert sorted(running.sent) == [(1, "ana", "call"), (1, "ana", "mobile"), (1, "ben", "call")]


@pytest.mark.scenario("ladder")
def test_everything_else_goes_over_the_ways_that_the_offer_went() -> None:
    running = reached(mobile=("sms", 0), call=("voice", 8))
    running.take(asked())
    running.until(1)
    running.take(accepted(asked()))
    running.sent.clear()
    running.take(taken_off())
    assert running.sent == [(1, "ana", "mobile")]


@pytest.mark.scenario("ladder")
def test_that_an_offer_is_over_is_said_once_while_a_page_of_it_is_still_being_handed_over() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms"))
    running.take(asked())
    (page_id,) = NOTIFICATION.pending(running.state)
    running.take(EffectStarting(page_id), f"effect/{page_id}")
    ended = running.take(withdrawn(asked(), "taken"))
    assert of(ended, LadderEnded) == [LadderEnded(offer_id="offer-1", why="taken")]
    assert not of(running.decide(running.inputs[-1]), LadderEnded)
    running.take(EffectDone(page_id, "failed", "offer-over"))
    assert not NOTIFICATION.pending(running.state).keys() & {page_id}


@pytest.mark.scenario("ladder")
def test_who_was_not_reached_yet_hears_all_the_same_what_becomes_of_the_call() -> None:
    """Her only way comes after 8 s; the team had accepted by then."""
    running = reached("ana", call=("voice", 8))
    running.take(set_contact("ben", "mobile", "sms", "9"))
    running.take(asked(BOTH))
    running.take(accepted(asked(BOTH)))
    running.sent.clear()
    running.take(taken_off())
    assert sorted(running.sent) == [(0, "ana", "call"), (0, "ben", "mobile")]


@pytest.mark.scenario("ladder")
def test_who_was_not_paged_yet_is_not_told_that_the_offer_is_withdrawn() -> None:
    running = reached("ana", call=("voice", 8))
    running.take(set_contact("ben", "mobile", "sms", "9"))
    running.take(asked(BOTH))
    running.take(withdrawn(asked(BOTH)))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == [(0, "ben", "mobile"), (0, "ben", "mobile")]


@pytest.mark.scenario("ladder")
def test_who_has_the_page_open_hears_what_becomes_of_the_call_over_a_way_that_rings() -> None:
    """She took it on the page before her text had its turn, and has put the phone away since."""
    running = reached("ana", page=("pocket", 0), mobile=("sms", 8), home=("voice", 15))
    running.take(asked())
    running.take(accepted(asked()))
    running.sent.clear()
    running.take(taken_off())
    assert sorted(running.sent) == [(0, "ana", "mobile"), (0, "ana", "page")]


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize(
    ("ways", "opted_out", "reminded"),
    [
        (WAYS, "", ["app", "mobile"]),
        (WAYS, "app", ["mobile"]),
        ({"app": ("push", 0), "mobile": ("sms", 8), "call": ("voice", 15)}, "app", ["mobile"]),
        ({"page": ("pocket", 0), "mobile": ("sms", 8), "desk": ("email", 8)}, "", ["desk", "mobile"]),
        ({"page": ("pocket", 0)}, "", []),
    ],
)
def test_a_call_that_waits_is_told_over_the_ways_that_come_first_of_those_that_work(
    ways: dict[str, tuple[str, int]], opted_out: str, reminded: list[str]
) -> None:
    running = reached("ana", **ways)
    if opted_out:
        running.take(opt_out("ana", opted_out))
        running.sent.clear()
    waits: dict[str, Any] = {
        "call_id": CALL,
        "episode": 1,
        "waited_minutes": 10,
        "until": NOON + timedelta(hours=1),
        "sentence": ".",
    }
    running.take(HoldNoticeDue(**waits, teams=(TeamToRemind(team_id="alpha", recipients=ANA),)))
    assert sorted(method_id for _, _, method_id in running.sent) == reminded


@pytest.mark.scenario("ladder")
def test_the_same_offer_read_again_sets_nothing_again() -> None:
    running = reached()
    running.take(asked())
    running.until(16)
    sent = list(running.sent)
    assert running.take(asked(), "assignments/0/999") == []
    running.take(status("en-route"))
    running.until(FAR_PAST_THE_OFFER)
    assert running.sent == sent


# --- whatever happens

WAY_KINDS = st.sampled_from(["sms", "push", "voice", "email", "webhook", "pocket"])
A_WAY = st.tuples(WAY_KINDS, st.sampled_from([0, 0, 5, 8, 8, 15, 25, 40]))
PEOPLE = st.dictionaries(
    st.sampled_from(["ana", "ben", "cem"]), st.dictionaries(st.sampled_from("abcde"), A_WAY, max_size=5), min_size=1
)
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.1, 9)),
        st.tuples(
            st.just("receipt"),
            st.integers(0, 20),
            st.sampled_from(["taken", "sent", "delivered", "shown", "undelivered", "failed", "no-answer"]),
            st.sampled_from(["", "unreachable", "landline", "opted-out", "credentials"]),
        ),
        st.tuples(st.just("stop"), st.sampled_from(["ana", "ben"]), st.sampled_from("abc"), st.booleans()),
        st.tuples(st.just("remove"), st.sampled_from(["ana", "ben"]), st.sampled_from("abc")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("again")),
        st.tuples(st.just("end"), st.sampled_from(sorted(ENDS))),
    ),
    max_size=25,
)
OUTCOMES = st.dictionaries(
    st.sampled_from("abcde"),
    st.sampled_from([("failed", "landline"), ("failed", "timeout"), ("unknown", ""), ("failed", "opted-out")]),
)


def happen(running: Sending, made: OfferMade, number: int, what: str, *how: Any) -> None:
    """Let something happen to an offer that was made."""
    if what == "wait":
        running.until((running.now - NOON).total_seconds() + how[0])
    elif what == "receipt" and running.pages:
        pages = sorted(page.page_id for page in running.pages.values())
        running.take(receipt(pages[how[0] % len(pages)], how[1], how[2], number=number))
    elif what == "stop":
        running.take(opt_out(how[0], how[1], str(number), opted_out=how[2]))
    elif what == "remove":
        running.take(remove_contact(how[0], how[1], str(number)))
    elif what == "restart":
        running.state = NOTIFICATION.packer.unpack(NOTIFICATION.packer.pack(running.state))
    elif what == "again":
        running.take(made, f"assignments/1/{number}")
    elif what == "end":
        running.take(ENDS[how[0]])


@settings(max_examples=150)
@given(PEOPLE, OUTCOMES, HAPPENINGS)
def test_nobody_is_paged_twice_over_one_way_nor_after_the_end(
    people: dict[str, dict[str, tuple[str, int]]],
    outcomes: dict[str, tuple[EffectResult, str]],
    happenings: list[tuple[Any, ...]],
) -> None:
    running = Sending(outcomes=outcomes)
    for person_id, ways in people.items():
        for method_id, (kind, seconds) in ways.items():
            running.take(set_contact(person_id, method_id, kind, person_id + method_id, after_seconds=seconds))
    made = asked(tuple(Recipient(person_id=person_id) for person_id in people))
    running.take(made)
    at_the_end: list[Any] | None = None
    for number, happening in enumerate(happenings):
        happen(running, made, number, *happening)
        if happening[0] == "end":
            at_the_end = at_the_end or list(running.offers)
    running.until(FAR_PAST_THE_OFFER)
    paged = [(person_id, method_id) for _, person_id, method_id in running.offers]
    assert len(set(paged)) == len(paged), "twice over one way"
    assert all(at < OFFER_SECONDS for at, *_ in running.offers), "after its time"
    assert at_the_end is None or at_the_end == running.offers, "after its end"
    assert ladders_left(running) == 0


# --- who comes while the team is asked ------------------------------------------------------------------------------


def came(person_id: str = "cay", **more: Any) -> MemberConfirmed:
    return MemberConfirmed(
        **{"team_id": "alpha", "shift_id": "s", "person_id": person_id, "offer_id": "offer-1"} | more
    )


def crew(*members: str, **more: Any) -> ShiftChanged:
    about: dict[str, Any] = {"team_id": "alpha", "shift_id": "s", "planned_shift_id": "p", "offer_id": "offer-1"}
    return ShiftChanged(members=members, shift_ends_at=NOON + timedelta(hours=8), **about | more)


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("event", [came(), crew("ana", "cay"), crew("ana", "cay", "dan", unconfirmed=("dan",))])
@pytest.mark.parametrize("with_ways", ["ana", "nobody"])
def test_who_comes_to_a_team_that_is_asked_is_asked_from_then_on(event: Event, with_ways: str) -> None:
    running = reached(
        *(["ana", "cay", "dan"] if with_ways == "ana" else ["cay", "dan"]), mobile=("sms", 0), call=("voice", 8)
    )
    running.take(asked())
    running.until(4)
    before = len(running.offers)
    (ladder,) = of(running.take(event, "assignments/0/77"), LadderSet)
    assert [(step.method_id, (step.at - NOON).total_seconds()) for step in ladder.steps] == [("call", 12)]
    assert running.offers[before:] == [(4, "cay", "mobile")]
    running.take(receipt(running.page("mobile", "cay"), "shown"))
    assert not of(running.take(event, "assignments/0/77"), PageDue)
    running.until(13)
    assert (12, "cay", "call") in running.offers
    assert not {person for _, person, _ in running.offers} - {"ana", "cay"}, "and nobody else"
    told = of(running.take(withdrawn(asked())), PageDue)
    assert "cay" in {page.person_id for page in told}


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("event", [came(offer_id=None), crew("ana", "cay", offer_id=None), came(offer_id="offer-0")])
def test_who_comes_to_a_team_that_has_answered_is_not_asked(event: Event) -> None:
    running = reached("ana", "cay", mobile=("sms", 0))
    running.take(asked())
    assert "offer" not in {page.kind for page in of(running.take(event), PageDue)}


@pytest.mark.scenario("ladder")
def test_who_comes_too_late_for_an_offer_is_not_paged_for_it() -> None:
    running = reached("ana", "cay", mobile=("sms", 0))
    running.take(asked())
    running.now = NOON + timedelta(seconds=25)
    assert [page.why for page in of(running.take(came()), PageDropped)] == ["too-late"]
