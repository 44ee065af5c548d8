"""The ways to people: set, removed, proved, broken, opted out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notification.contact import MAX_CONTACTS, UNPROVED_DAYS
from services.notification.service import NOTIFICATION
from shared.engine.service import Tick
from shared.events import (
    CommandDone,
    CommandRefused,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    DeviceRevoked,
    Event,
    PersonRemoved,
    Recipient,
)
from tests.services.notification.driver import (
    NOON,
    Running,
    Sending,
    accepted,
    erase,
    of,
    offer,
    opt_out,
    remove_contact,
    set_contact,
    types,
)


def test_a_way_is_set_without_its_address() -> None:
    running = Running()
    events = running.take(set_contact("ana", "mobile", "sms", shown="…23", fingerprint="f1", position=7))
    assert types(events) == ["contact-set", "command-done"]
    contact = running.state.contact("ana", "mobile")
    assert contact is not None
    assert (contact.kind, contact.shown, contact.position, contact.why_not) == ("sms", "…23", 7, "")
    assert types(running.take(set_contact("ana", "mobile", "sms", "2", shown="…23", fingerprint="f1", position=7))) == [
        "command-done"
    ], "it stands so already"


@pytest.mark.parametrize("kind", ["voice", "pocket"])
def test_a_way_of_another_kind_is_another_way_to_everybody_who_follows_it(kind: str) -> None:
    """STOP to a text was held against the calls to the same number: the team of its person was offered nothing."""
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="same", position=7))
    running.take(opt_out("ana", "mobile", "2"))
    events = running.take(set_contact("ana", "mobile", kind, "3", fingerprint="same", position=8))
    assert types(events) == ["contact-removed", "contact-set", "command-done"]
    again = running.take(set_contact("ana", "mobile", kind, "4", fingerprint="same", position=9, after_seconds=20))
    assert types(again) == ["contact-set", "command-done"]


@pytest.mark.parametrize(("person_id", "method_id"), [("ana", "mobile"), ("ana", "again"), ("ben", "mobile")])
def test_stop_holds_for_a_number_whichever_way_is_set_to_it(person_id: str, method_id: str) -> None:
    """Whoever set it heard that "ana is reached by text", and by another way the number was texted again."""
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="same", position=7))
    running.take(opt_out("ana", "mobile", "2"))
    events = running.take(set_contact(person_id, method_id, "sms", "3", fingerprint="same", position=8))
    assert running.state.ways_to(person_id)[method_id].why_not == "opted-out"
    (answer,) = of(events, CommandDone)
    told = f"Nothing goes to {person_id} there: STOP was said at this number, until it texts us START."
    assert answer.sentence.startswith(told)
    events = running.take(set_contact(person_id, "call", "voice", "4", fingerprint="same", position=9))
    assert of(events, CommandDone)[0].sentence.startswith(f"{person_id} is reached by phone call.")
    assert running.state.ways_to(person_id)["call"].why_not == ""


def test_who_else_has_the_address_is_told_to_whoever_sets_it() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="same"))
    (answer,) = of(running.take(set_contact("ben", "mobile", "voice", "2", fingerprint="same")), CommandDone)
    assert "is that of ana" in answer.sentence
    (answer,) = of(running.take(set_contact("ana", "call", "voice", "3", fingerprint="own")), CommandDone)
    assert "is that of" not in answer.sentence


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"method_id": "name"}, "reserved-name"),
        ({"position": -1}, "no-address"),
    ],
)
def test_what_cannot_stand_is_refused(more: dict[str, Any], reason: str) -> None:
    running = Running()
    (refusal,) = running.take(set_contact("ana", **{"method_id": "mobile", "kind": "sms", **more}))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == reason


def test_a_person_has_five_ways_at_most() -> None:
    running = Running()
    for number in range(MAX_CONTACTS):
        running.take(set_contact("ana", f"way-{number}", "sms", str(number)))
    (refusal,) = of(running.take(set_contact("ana", "sixth", "sms", "6")), CommandRefused)
    assert refusal.reason == "too-many-ways"
    assert of(running.take(set_contact("ana", "way-0", "voice", "7")), ContactSet), "one that is there can change"


def test_a_way_that_is_removed_is_gone() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1"))
    removed, answer = running.take(remove_contact("ana", "mobile"))
    assert removed == ContactRemoved(person_id="ana", method_id="mobile")
    assert isinstance(answer, CommandDone)
    assert answer.sentence == "ana cannot be reached any more."
    assert "ana" not in running.state.contacts
    assert running.state.clocks.first() is None
    assert types(running.take(remove_contact("ana", "mobile", "2"))) == ["command-done"]


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize(
    ("event", "why"), [(erase("ana"), "erased"), (PersonRemoved(person_id="ana"), "person-removed")]
)
def test_who_is_erased_or_off_the_books_has_no_way_left(event: Event, why: str) -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1"))
    running.take(set_contact("ana", "call", "voice", "2"))
    running.take(set_contact("ben", "mobile", "sms", "3"))
    removed = of(running.take(event), ContactRemoved)
    assert {(each.person_id, each.method_id, each.why) for each in removed} == {
        ("ana", "mobile", why),
        ("ana", "call", why),
    }
    assert set(running.state.contacts) == {"ben"}


def test_a_push_ends_with_its_device() -> None:
    running = Running()
    device = "d" * 32
    running.take(set_contact("ana", device[:16], "push", "1"))
    running.take(set_contact("ana", "mobile", "sms", "2"))
    assert running.take(DeviceRevoked(device_id=device)) == [
        ContactRemoved(person_id="ana", method_id=device[:16], why="device-revoked")
    ]


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("holder", ["ben", "ana"])
def test_a_browser_whose_phone_is_anothers_by_now_gets_no_page_of_the_one_before(holder: str) -> None:
    """Its cookie was lost, so nobody could tell that it was enrolled before; its pushes were two people's."""
    running = Sending()
    running.take(set_contact("ana", "d" * 16, "push", "1", fingerprint="browser"))
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="number"))
    running.take(set_contact("ben", "mobile", "sms", "3", fingerprint="number"))
    set_anew = running.take(set_contact(holder, "e" * 16, "push", "4", fingerprint="browser", position=2))
    assert [(way.person_id, way.method_id) for way in of(set_anew, ContactRemoved)] == [("ana", "d" * 16)]
    (answer,) = of(set_anew, CommandDone)
    assert "is that of" not in answer.sentence, "by now it is theirs alone"
    assert (holder, "e" * 16) in {
        (person, method) for person, ways in running.state.contacts.items() for method in ways
    }
    running.take(offer(recipients=(Recipient(person_id="ana"),)))
    assert {method for _, _, method in running.sent} == {"mobile"} | ({"e" * 16} if holder == "ana" else set())


def test_a_push_that_takes_anothers_place_is_none_too_many() -> None:
    running = Running()
    running.take(set_contact("ana", "d" * 16, "push", "0", fingerprint="browser"))
    for number in range(1, MAX_CONTACTS):
        running.take(set_contact("ana", f"way-{number}", "sms", str(number)))
    assert not of(running.take(set_contact("ana", "e" * 16, "push", "9", fingerprint="browser")), CommandRefused)
    assert len(running.state.ways_to("ana")) == MAX_CONTACTS


@pytest.mark.scenario("contacts")
def test_an_answer_over_a_way_proves_it() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1"))
    made = offer(recipients=())
    running.take(made)
    answered = accepted(made).model_copy(update={"method_id": "mobile"})
    assert [event.method_id for event in of(running.take(answered), ContactProved)] == ["mobile"]
    contact = running.state.contact("ana", "mobile")
    assert contact is not None
    assert contact.proved_at == running.now
    assert not of(running.decide(running.inputs[-1]), ContactProved), "read again, nothing is proved anew"


@pytest.mark.scenario("contacts")
def test_a_way_over_which_nobody_answers_is_taken_for_broken() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1"))
    clock_id, at = NOTIFICATION.due(running.state) or ("", running.now)
    assert at - running.now == timedelta(days=UNPROVED_DAYS)
    running.now = at
    assert of(running.take(Tick(clock_id, at)), ContactBroken) == [
        ContactBroken(person_id="ana", method_id="mobile", why="unproved", was_last=True)
    ]
    assert NOTIFICATION.due(running.state) is None
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="new"))
    assert NOTIFICATION.due(running.state), "set anew, it works and waits for its proof"


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("days", [UNPROVED_DAYS, UNPROVED_DAYS + 1])
def test_a_way_that_was_taken_for_broken_stands_anew_under_the_same_address_and_waits_for_its_proof(days: int) -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="f"))
    made = offer(recipients=())
    running.take(made)
    running.take(accepted(made).model_copy(update={"method_id": "mobile"}))
    due = NOTIFICATION.due(running.state)
    assert due is not None
    running.now = due[1]
    assert of(running.take(Tick(*due)), ContactBroken)
    running.now = NOON + timedelta(days=days)
    running.take(set_contact("ana", "mobile", "sms", "2", fingerprint="f"))
    assert [at for _, at in filter(None, [NOTIFICATION.due(running.state)])] == [
        running.now + timedelta(days=UNPROVED_DAYS)
    ]


def test_the_page_that_is_open_already_waits_for_no_proof() -> None:
    running = Running()
    running.take(set_contact("ana", "page", "pocket", position=-1))
    assert NOTIFICATION.due(running.state) is None


@pytest.mark.scenario("contacts")
def test_who_says_stop_is_opted_out_until_they_say_start() -> None:
    running = Running()
    running.take(set_contact("ana", "mobile", "sms", "1", fingerprint="f"))
    assert ContactOptedOut(person_id="ana", method_id="mobile", was_last=True) in running.take(
        opt_out("ana", "mobile", "2")
    )
    assert types(running.take(opt_out("ana", "mobile", "3"))) == ["command-done"]
    running.take(set_contact("ana", "mobile", "sms", "4", fingerprint="f", after_seconds=5))
    assert running.state.ways_to("ana")["mobile"].opted_out, "the carrier has not forgotten"
    started = running.take(opt_out("ana", "mobile", "5", opted_out=False))
    assert ContactOptedIn(person_id="ana", method_id="mobile") in started
    (refusal,) = of(running.take(opt_out("eve", "mobile", "6")), CommandRefused)
    assert refusal.reason == "unknown-way"
