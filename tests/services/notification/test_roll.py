"""Roll calls, and the pages that show over which way a person can be reached."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notification.rolls import MAX_ROLL_PEOPLE, PLACES_AT_ONCE
from services.notification.service import NOTIFICATION
from shared.engine.service import Tick
from shared.events import (
    CommandDone,
    CommandRefused,
    ContactBroken,
    ContactProved,
    LinksRevoked,
    PageAttempted,
    PageDropped,
    PageDue,
    RollCalled,
    RollClosed,
    RollPlace,
)
from tests.services.notification.driver import (
    NOON,
    Running,
    Sending,
    accepted,
    answer_roll,
    call_roll,
    of,
    opt_out,
    remove_contact,
    safety_check,
    set_contact,
)
from tests.services.notification.test_ladder import BOTH, asked, reached

DAY = timedelta(days=1).total_seconds()


def roll_of(running: Sending) -> RollCalled:
    return [event for event in running.journal if isinstance(event, RollCalled)][-1]


def closed(running: Sending) -> list[RollClosed]:
    return [event for event in running.journal if isinstance(event, RollClosed)]


def place(person_id: str, method_id: str) -> RollPlace:
    return RollPlace(person_id=person_id, method_id=method_id)


@pytest.mark.scenario("contacts")
def test_a_roll_call_pages_everybody_over_every_way_and_says_who_was_silent() -> None:
    running = reached("ana", "ben", mobile=("sms", 0), call=("voice", 8), page=("pocket", 0))
    (answer,) = of(running.take(call_roll(minutes=10)), CommandDone)
    assert answer.sentence == "Asked: 2 people over 4 ways, for 10 min from now."
    running.until(0)
    assert sorted(running.sent) == [(0, who, way) for who in ("ana", "ben") for way in ("call", "mobile")]
    assert {page.about for page in running.pages.values()} == {answer.about}
    running.until(60)
    for method_id in ("mobile", "call"):
        assert of(running.take(answer_roll(answer.about, "ana", method_id)), ContactProved)
    assert closed(running) == []
    running.until(DAY)
    assert closed(running) == [
        RollClosed(
            roll_id=answer.about,
            answered=(place("ana", "mobile"), place("ana", "call")),
            silent=(place("ben", "mobile"), place("ben", "call")),
        )
    ]
    assert len(running.sent) == 4
    assert not running.state.rolls


@pytest.mark.scenario("contacts")
def test_a_roll_call_is_over_as_soon_as_everybody_has_answered() -> None:
    running = reached("ana", mobile=("sms", 0))
    running.take(call_roll())
    running.until(0)
    roll_id = roll_of(running).roll_id
    running.take(answer_roll(roll_id, "ana", "mobile"))
    assert closed(running) == [RollClosed(roll_id=roll_id, answered=(place("ana", "mobile"),))]
    running.until(DAY)
    assert len(closed(running)) == 1


@pytest.mark.scenario("contacts")
def test_ordinary_work_spares_a_roll_call() -> None:
    """A way over which an offer was answered is asked over again only when that is a month ago."""
    running = reached("ana", mobile=("sms", 0), app=("push", 0))
    running.take(asked())
    running.take(accepted(asked()).model_copy(update={"method_id": "app"}))
    running.until(DAY)
    running.take(call_roll("1"))
    assert roll_of(running).asked == (place("ana", "mobile"),)
    running.until(31 * DAY)
    running.take(call_roll("2"))
    assert {each.method_id for each in roll_of(running).asked} == {"mobile", "app"}


@pytest.mark.scenario("contacts")
def test_to_ask_one_person_is_to_verify_every_way() -> None:
    running = reached("ana", "ben", mobile=("sms", 0))
    running.take(call_roll("1"))
    running.until(0)
    running.take(answer_roll(roll_of(running).roll_id, "ana", "mobile"))
    running.take(call_roll("2", "ana"))
    running.until(1)
    assert roll_of(running).asked == (place("ana", "mobile"),)
    assert sorted(running.sent) == [*[(0, "ana", "mobile")] * 2, (0, "ben", "mobile")]


@pytest.mark.scenario("contacts")
def test_an_answer_shows_that_a_broken_way_works_again() -> None:
    running = reached("ana", mobile=("sms", 0))
    running.outcomes["mobile"] = ("failed", "blocked")
    running.take(asked())
    assert running.state.ways_to("ana")["mobile"].why_not == "broken"
    running.outcomes = {}
    running.until(30)
    running.take(call_roll("1", "ana"))
    running.until(40)
    running.take(answer_roll(roll_of(running).roll_id, "ana", "mobile"))
    assert running.state.ways_to("ana")["mobile"].why_not == ""
    running.take(asked(number=2))
    assert running.offers[-1][1:] == ("ana", "mobile") or running.now >= asked().expires_at


@pytest.mark.scenario("contacts")
def test_who_said_stop_is_not_asked_and_is_named() -> None:
    running = reached("ana", "ben", mobile=("sms", 0))
    running.take(opt_out("ben", "mobile"))
    (answer,) = of(running.take(call_roll()), CommandDone)
    assert answer.sentence.endswith("No way to ask: ben.")
    running.until(DAY)
    assert running.sent == [(0, "ana", "mobile")]


@pytest.mark.scenario("contacts")
def test_nobody_is_said_to_have_answered_who_cannot_be_asked() -> None:
    running = reached("ana", mobile=("sms", 0))
    (answer,) = of(running.take(call_roll("1", "ben")), CommandDone)
    assert (answer.result, answer.sentence) == ("nothing-to-do", "Nobody else is left to ask. No way to ask: ben.")


@pytest.mark.scenario("contacts")
def test_an_answer_after_the_end_proves_the_way_all_the_same_and_one_is_enough() -> None:
    running = reached("ana", mobile=("sms", 0))
    running.take(call_roll(minutes=1))
    running.until(3600)
    roll_id = roll_of(running).roll_id
    assert of(running.take(answer_roll(roll_id, "ana", "mobile", "1")), ContactProved)
    (again,) = running.take(answer_roll(roll_id, "ana", "mobile", "2"))
    assert isinstance(again, CommandDone)
    assert again.result == "nothing-to-do"
    assert [len(event.answered) for event in closed(running)] == [0]


@pytest.mark.parametrize(("roll", "person", "why"), [("other", "ana", "not-asked"), ("", "eve", "not-asked")])
def test_nobody_answers_for_what_was_not_asked(roll: str, person: str, why: str) -> None:
    running = reached("ana", mobile=("sms", 0))
    running.take(call_roll())
    running.until(0)
    (refusal,) = running.take(answer_roll(roll or roll_of(running).roll_id, person, "mobile"))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == why


@pytest.mark.scenario("contacts")
def test_a_large_roll_call_is_spread_and_a_larger_one_is_refused() -> None:
    running = Sending()
    people = [f"p{number:03}" for number in range(MAX_ROLL_PEOPLE + 1)]
    for person_id in people[:-1]:
        running.take(set_contact(person_id, "mobile", "sms", person_id))
    running.take(call_roll(minutes=5))
    running.until(0)
    assert len(running.sent) == PLACES_AT_ONCE
    running.until(95)
    assert len(running.sent) == MAX_ROLL_PEOPLE
    assert roll_of(running).until == NOON + timedelta(minutes=5, seconds=90), "who is asked last has as long"
    (refusal,) = running.take(call_roll("2"))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == "roll-open"
    running.take(set_contact(people[-1], "mobile", "sms", people[-1]))
    running.until(3600)
    (refusal,) = running.take(call_roll("3"))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == "too-many-people"
    assert len(running.sent) == MAX_ROLL_PEOPLE


@pytest.mark.scenario("contacts")
def test_a_way_that_is_taken_away_meanwhile_is_passed_over() -> None:
    running = reached("ana", "ben", mobile=("sms", 0))
    roll = call_roll()
    running.take(roll)
    running.take(remove_contact("ana", "mobile"))
    left = running.until(0)
    assert [(event.why, event.page_id) for event in of(left, PageDropped)] == [
        ("way-gone", of(left, PageDropped)[0].page_id)
    ]
    running.until(DAY)
    assert running.sent == [(0, "ben", "mobile")]
    assert len(closed(running)) == 1


def test_when_all_was_proved_lately_there_is_nothing_to_ask() -> None:
    running = reached("ana", mobile=("sms", 0))
    running.take(call_roll("1"))
    running.until(0)
    running.take(answer_roll(roll_of(running).roll_id, "ana", "mobile"))
    (answer,) = running.take(call_roll("2"))
    assert isinstance(answer, CommandDone)
    assert answer.result == "nothing-to-do"
    assert NOTIFICATION.due(running.state) is not None


def test_an_offer_never_stands_behind_a_roll_call() -> None:
    running = reached("ana", "ben", mobile=("sms", 0))
    running.send = list  # type: ignore[method-assign]  # nothing goes out
    running.take(call_roll())
    running.until(0)
    running.take(asked(BOTH))
    running.take(safety_check())
    lanes = {
        (effect.event.kind, effect.event.person_id): effect.lane
        for effect in NOTIFICATION.pending(running.state).values()
        if isinstance(effect.event, PageDue)
    }
    assert {lanes["test", who] for who in ("ana", "ben")} == {"staff/sms"}
    assert {lanes["safety-check", who] for who in ("ana", "ben")} == {"pages/sms"}
    assert {lanes["offer", who] for who in ("ana", "ben")} == {"offers/sms/ana", "offers/sms/ben"}


@pytest.mark.scenario("contacts")
def test_a_way_without_an_answer_for_ninety_days_is_told_to_the_person_over_another() -> None:
    running = reached("ana", mobile=("sms", 0))
    running.until(50 * DAY)
    running.take(set_contact("ana", "app", "push", "app"))
    running.until(91 * DAY)
    broken = [event for event in running.journal if isinstance(event, ContactBroken)]
    assert broken == [ContactBroken(person_id="ana", method_id="mobile", why="unproved")]
    assert running.sent == [(90 * DAY, "ana", "app")]
    assert running.pages["contact", "ana", "app"].why == "unproved"


@pytest.mark.scenario("contacts")
def test_a_number_that_was_corrected_since_is_not_proved_by_what_went_to_the_one_before() -> None:
    """Whoever has the wrong number tapped the link, and the right one, over which nobody had answered, was proved."""
    running = Sending()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="wrong", position=1))
    running.take(call_roll("1", "ana"))
    running.until(0)
    roll_id = roll_of(running).roll_id
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="right", position=2))
    late = running.take(answer_roll(roll_id, "ana", "mobile"))
    assert not of(late, ContactProved)
    assert [refusal.reason for refusal in of(late, CommandRefused)] == ["address-changed"]
    running.take(call_roll("2", "ana"))
    running.until(0)
    assert of(running.take(answer_roll(roll_of(running).roll_id, "ana", "mobile")), ContactProved)


@pytest.mark.scenario("contacts")
def test_nor_by_an_offer_that_went_there() -> None:
    running = Sending()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="wrong", position=1))
    made = asked()
    running.take(made)
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="right", position=2))
    assert not of(running.take(accepted(made).model_copy(update={"method_id": "mobile"})), ContactProved)


@pytest.mark.scenario("contacts")
def test_nor_by_one_that_went_there_with_a_new_link() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="wrong", position=1))
    made = asked()
    running.take(made)
    running.take(LinksRevoked(person_id="ana", generation=1))
    running.perform()
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="right", position=2))
    assert not of(running.take(accepted(made).model_copy(update={"method_id": "mobile"})), ContactProved)


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("broken", [False, True])
def test_whoever_is_asked_with_a_new_link_answers_as_anybody_else(times: int, broken: bool) -> None:  # noqa: FBT001
    """The page of a roll call is not tried yet when the links of its person are revoked: it has another id then."""
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="hers", position=1))
    if broken:
        running.take(asked())
        running.perform("failed", "blocked")
        assert running.state.ways_to("ana")["mobile"].why_not == "broken"
    running.take(call_roll("1", "ana"))
    due = NOTIFICATION.due(running.state)
    assert due is not None
    assert of(running.take(Tick(*due)), PageDue)
    for generation in range(times):
        running.take(LinksRevoked(person_id="ana", generation=generation + 1))
    (page,) = of(running.perform(), PageAttempted)
    roll_id = next(event.roll_id for event in running.journal if isinstance(event, RollCalled))
    answered = running.take(answer_roll(roll_id, "ana", "mobile"))
    assert [event.page_id for event in of(answered, ContactProved)] == [page.page_id]
    assert of(answered, RollClosed) == [RollClosed(roll_id=roll_id, answered=(place("ana", "mobile"),))]
    again = running.take(answer_roll(roll_id, "ana", "mobile", "2"))
    assert [event.result for event in of(again, CommandDone)] == ["nothing-to-do"]


@pytest.mark.scenario("contacts")
def test_the_same_number_sealed_anew_is_proved_by_what_went_out_before() -> None:
    running = Sending()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="same", position=1))
    running.take(call_roll("1", "ana"))
    running.until(0)
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="same", position=2, after_seconds=5))
    assert of(running.take(answer_roll(roll_of(running).roll_id, "ana", "mobile")), ContactProved)


@pytest.mark.scenario("contacts")
def test_what_is_untried_goes_to_the_corrected_number_and_to_no_other() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="wrong", position=1))
    running.take(call_roll("1", "ana"))
    running.take(asked())
    changed = running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="right", position=2))
    assert [page.why for page in of(changed, PageDropped)] == ["address-changed"]
    owed = [effect.event for effect in NOTIFICATION.pending(running.state).values()]
    assert [(page.kind, page.method.position) for page in owed if isinstance(page, PageDue)] == [("offer", 2)]
