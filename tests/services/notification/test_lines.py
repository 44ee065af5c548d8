"""One call at a time to a phone: what is urgent goes first, what is not waits, or goes with its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.lines import RING_SECONDS, TALK_SECONDS, URGENT_RING_SECONDS
from services.notification.service import NOTIFICATION
from services.notification.state import EndCallEffect, PageEffect, end_of
from shared.engine.service import EffectDone, EffectStarting
from shared.events import (
    ContactProved,
    LineFreed,
    OfferDeclined,
    OfferExpired,
    PageAttempted,
    PageDelivered,
    PageDropped,
    PageDue,
    PageReceived,
    PageUndelivered,
    RingStopped,
    TeamMissing,
    TeamUnanswering,
)
from tests.services.notification.driver import (
    NOON,
    Running,
    Sending,
    accepted,
    call_roll,
    of,
    receipt,
    safety_check,
    set_contact,
    upgrade,
    withdrawn,
)
from tests.services.notification.test_ladder import ANA, BOTH, asked

LEAST_URGENT_SECONDS = RING_SECONDS + TALK_SECONDS


def missing(shift_id: str = "s1", *members: str) -> TeamMissing:
    """A notice that is telephoned, and is not urgent."""
    return TeamMissing(team_id="alpha", planned_shift_id=shift_id, members=members or ("ana",), since=NOON)


def callable_(*person_ids: str, number: str = "", **outcome: Any) -> Sending:
    """People who are called, all on one phone if it is named."""
    running = Sending(**outcome)
    for person_id in person_ids or ("ana",):
        running.take(set_contact(person_id, "call", "voice", person_id, fingerprint=number or person_id))
    return running


def calls(running: Sending) -> list[tuple[float, str]]:
    return [(at, who) for at, who, way in running.sent if way == "call"]


def ended_for(running: Sending) -> list[str]:
    """What is ended for the sake of what is tried now."""
    pending = NOTIFICATION.pending(running.state).values()
    return [effect.ends for effect in pending if isinstance(effect, PageEffect) and effect.ends]


@pytest.mark.scenario("ladder")
def test_two_notices_at_once_ring_one_after_the_other() -> None:
    running = callable_()
    running.take(missing("s1"))
    running.take(missing("s2"))
    assert calls(running) == [(0, "ana")]
    running.pass_seconds(12)
    running.take(receipt(running.page("call", kind="team-missing"), "no-answer"))
    assert calls(running) == [(0, "ana"), (12, "ana")]
    running.until(3600)
    assert len(running.sent) == 2  # and nothing else was sent


@pytest.mark.scenario("ladder")
def test_without_news_the_next_one_rings_once_the_first_must_be_over() -> None:
    running = callable_()
    running.take(missing("s1"))
    running.take(missing("s2"))
    running.until(3600)
    assert calls(running) == [(0, "ana"), (LEAST_URGENT_SECONDS, "ana")]
    assert [freed.why for freed in of(running.journal, LineFreed)] == ["no-news"] * 2


@pytest.mark.scenario("ladder")
def test_a_phone_of_two_people_is_one_phone() -> None:
    running = callable_("ana", "ben", "cy", number="station")
    running.take(set_contact("cy", "call", "voice", "own", fingerprint="own"))
    running.take(missing("s1", "ana", "ben", "cy"))
    assert sorted(calls(running)) == [(0, "ana"), (0, "cy")]
    running.until(3600)
    assert sorted(calls(running)) == [(0, "ana"), (0, "cy"), (LEAST_URGENT_SECONDS, "ben")]


@pytest.mark.scenario("ladder")
def test_an_offer_ends_a_call_that_can_wait_and_rings_at_once() -> None:
    running = callable_()
    running.take(call_roll())
    running.until(5)
    assert len(calls(running)) == 1
    ringing = of(running.journal, PageDelivered)[0].taken_as
    running.send = list  # type: ignore[method-assign]  # what it takes is looked at on the way
    running.take(asked(ANA))
    (offer_page,) = [page for page in of(running.journal, PageDue) if page.kind == "offer"]
    assert of(running.take(EffectStarting(offer_page.page_id)), PageAttempted)
    assert ended_for(running) == [ringing]
    running.take(EffectDone(offer_page.page_id, "done", "twilio/CA2"))
    assert running.state.lines["ana"].page == offer_page
    late = running.take(receipt(of(running.journal, PageAttempted)[0].page_id, "no-answer"))
    assert not of(late, LineFreed), "the end of the other call frees nothing"
    assert "ana" in running.state.lines


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("how", ["no name for it", "unknown"])
def test_a_call_that_nobody_can_end_is_waited_for_even_by_an_offer(how: str) -> None:
    result: Any = ("done", "") if how == "no name for it" else ("failed", "unknown")
    running = callable_(outcomes={"call": result})
    running.take(missing())
    running.take(asked(ANA))
    assert calls(running) == [(0, "ana")]
    running.pass_seconds(9)
    running.take(receipt(running.page("call", kind="team-missing"), "busy"))
    running.until(3600)
    assert calls(running) == [(0, "ana"), (9, "ana")]


@pytest.mark.scenario("ladder")
def test_an_offer_to_another_team_on_the_same_phone_waits_and_goes_with_its_time() -> None:
    running = callable_("ana", "ben", number="station")
    running.take(asked(ANA))
    running.take(asked(BOTH[1:], number=2, team_id="beta", call_id="madison/dane/26-002"))
    assert calls(running) == [(0, "ana")]
    running.until(3600)
    assert calls(running) == [(0, "ana")]
    assert [drop.why for drop in of(running.journal, PageDropped)] == ["too-late"]


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("after_seconds", [0, 7])
def test_an_offer_to_a_team_that_has_one_phone_does_not_hang_up_on_who_listens_to_it(after_seconds: int) -> None:
    running = callable_("ana", "ben", number="station")
    running.take(set_contact("ben", "call", "voice", "later", fingerprint="station", after_seconds=after_seconds))
    running.take(asked(BOTH))
    running.until(10)
    assert calls(running) == [(0, "ana")]
    running.take(receipt(running.page("call"), "busy"))
    assert calls(running) == [(0, "ana"), (10, "ben")]
    running.take(accepted(asked(BOTH)))
    running.until(3600)
    assert calls(running) == [(0, "ana"), (10, "ben")]


@pytest.mark.scenario("ladder")
def test_what_waits_goes_with_its_offer() -> None:
    running = callable_("ana", "ben", number="station")
    running.take(asked(ANA))
    other = asked(BOTH[1:], number=2, team_id="beta", call_id="madison/dane/26-002")
    running.take(other)
    running.take(withdrawn(other))
    running.until(3600)
    assert calls(running) == [(0, "ana")]
    assert [drop.why for drop in of(running.journal, PageDropped)] == ["cancelled"]


@pytest.mark.scenario("ladder")
def test_a_team_that_is_offered_another_call_is_rung_for_that_one() -> None:
    running = callable_()
    first = asked(ANA, number=1)
    running.take(first)
    running.pass_seconds(3)
    running.take(withdrawn(first, "signed-off"))
    running.take(asked(ANA, number=2))
    assert calls(running) == [(0, "ana"), (3, "ana")]


@pytest.mark.scenario("ladder")
def test_danger_ends_the_call_of_an_offer_that_is_taken_and_is_ended_by_nothing() -> None:
    running = callable_()
    running.take(asked(ANA))
    running.take(accepted(asked(ANA)))
    running.pass_seconds(2)
    running.take(upgrade())
    assert calls(running) == [(0, "ana"), (2, "ana")]
    running.take(safety_check())
    running.take(asked(ANA, number=2, team_id="beta", call_id="madison/dane/26-002"))
    assert len(calls(running)) == 2
    running.until(3600)
    kinds = [page.kind for page in of(running.journal, PageDue)]
    assert kinds == ["offer", "upgrade", "safety-check", "offer"]
    assert calls(running) == [(0, "ana"), (2, "ana"), (2 + URGENT_RING_SECONDS + TALK_SECONDS, "ana")]


@pytest.mark.scenario("ladder")
def test_of_those_that_wait_the_urgent_one_has_the_line_next() -> None:
    running = callable_(outcomes={"call": ("done", "")})
    running.take(missing("s1"))
    running.take(missing("s2"))
    running.pass_seconds(1)
    running.take(asked(ANA))
    running.take(receipt(of(running.journal, PageAttempted)[0].page_id, "busy"))
    tried = [event.page_id for event in of(running.journal, PageAttempted)]
    kinds = {page.page_id: page.kind for page in of(running.journal, PageDue)}
    assert [kinds[page_id] for page_id in tried] == ["team-missing", "offer"]


@pytest.mark.scenario("ladder")
def test_after_a_key_the_line_is_free_when_the_carrier_says_so_or_soon_after() -> None:
    running = callable_()
    running.take(missing("s1"))
    page_id = running.page("call", kind="team-missing")
    running.take(receipt(page_id, "heard"))
    running.take(TeamUnanswering(team_id="alpha", unanswered=2))
    running.take(missing("s2"))
    assert len(calls(running)) == 1
    running.pass_seconds(4)
    assert [freed.why for freed in of(running.take(receipt(page_id, "no-answer")), LineFreed)] == ["over"]
    assert calls(running) == [(0, "ana"), (4, "ana")]
    assert of(running.journal, PageReceived)
    assert not of(running.journal, PageUndelivered)
    assert not of(running.journal, ContactProved)


@pytest.mark.scenario("ladder")
def test_a_call_that_was_not_placed_holds_nothing_up() -> None:
    running = callable_(outcomes={"call": ("failed", "unreachable")})
    running.take(missing("s1"))
    running.take(missing("s2"))
    assert calls(running) == [(0, "ana"), (0, "ana")]
    assert not running.state.lines


@pytest.mark.scenario("ladder")
def test_an_attempt_that_lost_its_line_meanwhile_is_owed_as_before() -> None:
    """Two processes' worth of reports in one step: the second page finds the line given away."""
    running = Running()
    running.take(set_contact("ana", "call", "voice", fingerprint="a"))
    running.take(missing("s1"))
    running.take(missing("s2"))
    first, second = (page.page_id for page in of(running.journal, PageDue))
    (visible,) = NOTIFICATION.pending(running.state)
    hidden = second if visible == first else first
    assert running.take(EffectStarting(hidden)) == []
    assert of(running.take(EffectStarting(visible)), PageAttempted)
    assert running.take(EffectStarting(hidden)) == []
    assert set(NOTIFICATION.pending(running.state)) == {visible}
    running.take(EffectDone(visible, "failed", "refused"))
    assert set(NOTIFICATION.pending(running.state)) == {hidden}


# --- an offer that is over


def names(running: Sending) -> list[str]:
    return [event.taken_as for event in of(running.journal, PageDelivered) if event.taken_as]


@pytest.mark.scenario("ladder")
def test_an_offer_that_is_withdrawn_rings_nobody_any_more() -> None:
    running = callable_("ana", "ben")
    offered = asked(BOTH)
    running.take(offered)
    assert (len(calls(running)), running.stopped) == (2, [])
    running.pass_seconds(4)
    running.take(withdrawn(offered))
    assert sorted(running.stopped) == sorted(names(running))
    assert [stopped.why for stopped in of(running.journal, RingStopped)] == ["", ""]
    left = running.take(receipt(running.page("call"), "failed"))
    assert [freed.why for freed in of(left, LineFreed)] == ["over"]
    running.take(withdrawn(offered), "assignments/0/again")
    running.until(3600)
    assert len(running.stopped) == 2
    assert not of(running.journal, PageUndelivered), "that it was ended says nothing of the way"
    assert {who for _, who in calls(running)[2:]} <= {"ana", "ben"}
    assert [page.kind for page in of(running.journal, PageDue)].count("offer") == 2


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("end", [OfferExpired, OfferDeclined])
def test_one_that_has_run_out_or_is_declined_for_the_team_does_not_either(end: type[Any]) -> None:
    running = callable_("ana", "ben")
    offered = asked(BOTH)
    running.take(offered)
    about = {"offer_id": offered.offer_id, "call_id": offered.call_id, "episode": 1, "team_id": offered.team_id}
    running.take(end(**about, **({"person_id": "ben"} if end is OfferDeclined else {})))
    assert sorted(running.stopped) == sorted(names(running))


@pytest.mark.scenario("ladder")
def test_who_has_taken_the_call_is_rung_no_more_and_the_others_of_the_team_are() -> None:
    running = callable_("ana", "ben")
    offered = asked(BOTH)
    running.take(offered)
    running.take(accepted(offered))
    by_page = {event.page_id: event.taken_as for event in of(running.journal, PageDelivered)}
    assert running.stopped == [by_page[running.page("call", "ana")]]
    assert not running.state.lines["ben"].silenced


@pytest.mark.scenario("ladder")
def test_a_call_that_its_carrier_is_just_taking_is_ended_once_it_has_a_name() -> None:
    running = callable_()
    running.send = list  # type: ignore[method-assign]
    offered = asked(ANA)
    running.take(offered)
    (page,) = of(running.journal, PageDue)
    running.take(EffectStarting(page.page_id))
    running.take(withdrawn(offered))
    assert end_of(page.page_id) not in NOTIFICATION.pending(running.state)
    running.take(EffectDone(page.page_id, "done", "twilio/CA1"))
    effect = NOTIFICATION.pending(running.state)[end_of(page.page_id)]
    assert isinstance(effect, EndCallEffect)
    assert (effect.taken_as, effect.at_most_once) == ("twilio/CA1", False)
    running.take(EffectDone(effect.effect_id, "done"))
    assert end_of(page.page_id) not in NOTIFICATION.pending(running.state)


@pytest.mark.scenario("ladder")
def test_who_has_picked_up_is_let_finish() -> None:
    running = callable_()
    offered = asked(ANA)
    running.take(offered)
    running.take(receipt(running.page("call"), "heard"))
    running.take(withdrawn(offered))
    assert running.stopped == []


@pytest.mark.scenario("ladder")
@pytest.mark.parametrize("named", [True, False])
def test_a_call_that_is_not_ended_rings_on_and_is_over_when_it_would_have_been(named: bool) -> None:  # noqa: FBT001
    """Its carrier does not take that, or has given it no name; it is asked once."""
    running = callable_(outcomes={} if named else {"call": ("done", "")}, stops=("failed", "timeout"))
    offered = asked(ANA)
    running.take(offered)
    running.take(withdrawn(offered))
    assert [stopped.why for stopped in of(running.journal, RingStopped)] == ["timeout"] * named
    assert of(running.take(receipt(running.page("call"), "no-answer")), PageUndelivered)
    running.until(3600)
    assert len(running.stopped) == named
    assert not running.state.calls_to_end


EVENTS = st.lists(
    st.sampled_from(["missing", "offer", "over", "upgrade", "roll", "no-answer", "heard", "wait"]),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60)
@given(EVENTS)
def test_never_two_calls_at_once_and_nothing_stays_owed(what: list[str]) -> None:
    """Whatever comes: each call is tried once, ended once, and in the end nothing is owed and every line is free."""
    running, offered = callable_(), asked(ANA)
    for number, word in enumerate(what):
        if word == "missing":
            running.take(missing(f"s{number}"))
        elif word == "offer":
            offered = asked(ANA, number=number + 1, at=running.now)
            running.take(offered)
        elif word == "over":
            running.take(withdrawn(offered), f"assignments/0/over{number}")
        elif word == "upgrade":
            running.take(upgrade(), f"assignments/0/up{number}")
        elif word == "roll":
            running.take(call_roll(str(number)))
        elif word == "wait":
            running.until((running.now - NOON + timedelta(seconds=7)).total_seconds())
        else:
            for line in list(running.state.lines.values()):
                running.take(receipt(line.page.page_id, word, number=number))
        visible = [each for each in NOTIFICATION.pending(running.state).values() if each.at_most_once]
        assert not visible, "what may go out has gone"
    running.until(4 * 3600)
    assert not running.state.lines
    assert not running.state.calls_owed
    assert not running.state.calls_to_end
    assert len(running.stopped) == len(set(running.stopped))
    assert not [owed for owed in running.state.owed.values() if owed.line]
    tried = [event.page_id for event in of(running.journal, PageAttempted)]
    assert len(tried) == len(set(tried))
