"""Answers by text and by key: what they bring about, what whoever answers hears, and that nothing else is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from services.notification.callbacks import words
from services.notification.callbacks.answering import HELPS, SaidAs
from services.notification.callbacks.news import InboundText
from services.notification.callbacks.replies import CODE_LETTERS, letter_of
from services.notification.carriers.gsm import SEGMENT_SEPTETS
from shared.carriers import CarrierName
from shared.engine.broker import BrokerUnavailable
from shared.events import (
    AcceptOffer,
    AnswerRoll,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    ContactMethod,
    ContactOptedOut,
    ContactProved,
    DeclineOffer,
    MemberConfirmed,
    NoteOptOut,
    OfferExpired,
    OfferWithdrawn,
    PageDropped,
    ShiftChanged,
)
from shared.links import offer_link
from shared.topics import NOTIFICATIONS
from shared.withdrawn import WITHDRAWN
from tests.builders import of_offer
from tests.rig.carrier import AGENCY, LINK_SECRET, OTHER_PHONE, PHONE, TWILIO_NUMBER, page
from tests.services.notification.callbacks.driver import CALL, OFFER, Callbacks

SECOND = "ab" * 16


def link(person_id: str, offer_id: str = OFFER) -> str:
    return offer_link("https://pocket.example", LINK_SECRET, offer_id, person_id, method_id="mobile")


LINK = link("ana")
CARRIERS: tuple[CarrierName, ...] = ("twilio", "telnyx")


@pytest.fixture
async def city() -> AsyncIterator[Callbacks]:
    callbacks = Callbacks()
    async with callbacks.living():
        yield callbacks


@dataclass(frozen=True)
class Case:
    said: str
    take: bool
    minutes: int | None = None


CASES = [
    Case("1", take=True),
    Case(" 1. ", take=True),
    Case("\uff11", take=True),
    Case("1\ufe0f\u20e3", take=True),
    Case("\u200e1 15\u200f", take=True, minutes=15),
    Case("1\ufe0f\u20e3 1\ufe0f\u20e35\ufe0f\u20e3", take=True, minutes=15),
    Case("1 2 min", take=True, minutes=2),
    Case("1 15", take=True, minutes=15),
    Case("1, 15 min", take=True, minutes=15),
    Case("Take", take=True),
    Case("2", take=False),
    Case("2 leave", take=False),
]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.said.strip())
async def test_an_answer_by_text_is_the_persons_own(city: Callbacks, case: Case, carrier: CarrierName) -> None:
    city.reach()
    city.offer()
    heard = await city.text(case.said, carrier=carrier)
    assert heard == [f"The call is yours.\n{LINK}" if case.take else "The call goes to another."]
    (command,) = city.answers()
    assert isinstance(command, AcceptOffer if case.take else DeclineOffer)
    assert (command.person_id, command.method_id, command.offer_id) == ("ana", "mobile", OFFER)
    assert getattr(command, "eta_minutes", None) == case.minutes
    assert city.network.sent() == [(PHONE, heard[0])]  # and nothing else was sent


JUNK = ["yes", "ok", "on my way", "12", "1 or 2", "1 of us", "2 15", "1 999", "👍", "3", "", "1/2", "1 15 bananas"]
JUNK += [
    "Yes.",
    "1 2",
    "1, 2",
    "1\n2",
    "1 1",
    "1 or 15",
    "take 2",
    "1-2",
    "1.5",
    "1:30",
    "1,5",
    "1?",
    "1\ufe0f\u20e32\ufe0f\u20e3",
]
JUNK += [
    "\uff11\uff12",
    "1Q",
    "1A 2B",
    "1A 2",
    "l",
    "!",
    "\u0661",
    "ja",
    "Help!",
    "help me",
    "info please",
    "1" + " " * 200 + "no",
]
"""Typing errors, several answers in one, fractions and questions, words of carriers that stand not alone."""


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", JUNK)
async def test_what_is_not_clearly_an_answer_is_told_what_one_is(city: Callbacks, said: str) -> None:
    city.reach()
    city.offer()
    assert await city.text(said) == [words.HOW_TO_ANSWER]
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_a_phone_that_texts_by_itself_is_not_talked_with_for_ever(city: Callbacks) -> None:
    city.reach()
    city.offer(seconds=3600)
    heard = [text for _ in range(HELPS + 3) for text in await city.text("I am driving and answer later")]
    assert heard == [words.HOW_TO_ANSWER] * HELPS
    assert await city.text("1") == [f"The call is yours.\n{LINK}"]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_stranger_is_dropped(city: Callbacks, carrier: CarrierName) -> None:
    city.reach()
    city.offer()
    for said in ("1", "2", "hello", "STOP"):
        assert await city.text(said, sender=OTHER_PHONE, carrier=carrier) == []
    assert await city.text("1", sender="60855", carrier=carrier) == []
    assert city.commands() == []
    assert city.network.sent() == []


@pytest.mark.scenario("answers")
async def test_who_answers_for_nothing_is_told_so(city: Callbacks) -> None:
    city.reach()
    assert await city.text("1") == [words.ANSWERS_NOTHING]
    assert await city.text("hello") == [words.ANSWERS_NOTHING]
    assert city.commands() == []


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["need police", "911", "he has a knife", "HELP", "help", "Help!", "info"])
async def test_who_texts_for_help_is_told_that_nobody_reads_it_and_who_does(city: Callbacks, said: str) -> None:
    city.reach()
    (heard,) = await city.text(said)
    assert "Nobody reads texts here" in heard
    assert heard.endswith("by radio."), "whole in one segment"


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["yes", "ok", "on my way", "no", "HELP"])
@pytest.mark.parametrize("kind", ["safety-check", "not-moving"])
async def test_who_answers_by_text_whether_they_are_well_is_told_where_to_and_not_that_nothing_is_asked(
    city: Callbacks, kind: str, said: str
) -> None:
    city.reach()
    city.offer()
    await city.text("1")
    city.owe(page(2, kind=kind, seconds=180))
    (heard,) = await city.text(said)
    assert "answer what you are asked" in heard
    assert heard.endswith("on your page or by radio.")


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("ended", ["time", "expired", "taken", "withdrawn"])
async def test_who_answers_late_is_told_so(city: Callbacks, ended: str) -> None:
    city.reach()
    made = city.offer()
    if ended == "time":
        await city.time.pass_seconds(26)
    elif ended == "expired":
        city.write(of_offer(OfferExpired, made))
    else:
        city.write(of_offer(OfferWithdrawn, made, why="taken" if ended == "taken" else "cancelled"))
    sentence = {
        "taken": "Too late: another team has this call. Do not go; there is nothing to do.",
        "withdrawn": "The call was cancelled. Do not go; there is nothing to do.",
    }.get(ended, "Too late: the time to answer is over. Do not go unless the dispatcher asks you to.")
    assert await city.text("1") == [sentence]
    assert city.answers() == []


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["1", "2"])
@pytest.mark.parametrize("ended", ["released", "cleared", "moved-and-cleared"])
async def test_who_answers_after_their_team_had_the_call_is_not_told_that_it_has_it(
    city: Callbacks, ended: str, said: str
) -> None:
    about: dict[str, Any] = {"call_id": CALL, "episode": 1, "team_id": "alpha-1"}
    city.reach()
    city.offer()
    await city.text("1")
    if ended == "moved-and-cleared":
        other: dict[str, Any] = {
            "to_call_id": "madison/dane/26-002",
            "to_episode": 1,
            "response": "cares",
            "sentence": ".",
        }
        city.write(AssignmentMoved(**about, **other))
        about["call_id"] = "madison/dane/26-002"
    released = AssignmentWithdrawn(**about, why="upgraded")
    city.write(released if ended == "released" else AssignmentEnded(**about, disposition="resolved-on-scene"))
    assert await city.text(said) == [words.OVER["released" if ended == "released" else "cleared"]]
    assert [type(command) for command in city.answers()] == [AcceptOffer]


@pytest.mark.scenario("answers")
async def test_two_of_a_team_answer_at_once_and_both_hear_what_is_so(city: Callbacks) -> None:
    city.reach()
    city.reach("ben", OTHER_PHONE)
    city.offer(people=("ana", "ben"))
    ana, ben = city.phone(), city.phone(OTHER_PHONE)
    await city.settled()
    await asyncio.gather(
        city.twilio.text_in(PHONE, TWILIO_NUMBER, "1 10"), city.twilio.text_in(OTHER_PHONE, TWILIO_NUMBER, "1")
    )
    assert [text.body for text in ana.texts] == [f"The call is yours.\n{LINK}"]
    (theirs,) = ben.texts
    assert theirs.body.startswith("Your team has this call already.")
    assert sum(isinstance(command, AcceptOffer) for command in city.answers()) == 2
    assert city.taken == {CALL: OFFER}
    assert len(city.network.sent()) == 2
    assert await city.text("1", sender=OTHER_PHONE) == [f"{words.OVER['accepted']}\n{link('ben')}"]


@pytest.mark.scenario("answers")
async def test_who_leaves_a_call_that_their_team_has_hears_how_to_give_it_back(city: Callbacks) -> None:
    """They heard that they should go on with it."""
    city.reach()
    city.offer()
    await city.text("1 10")
    assert await city.text("2") == [f"{words.NOT_LEFT}\n{LINK}"]
    assert [type(command) for command in city.answers()] == [AcceptOffer]


@pytest.mark.scenario("answers")
async def test_the_slower_of_two_teams_hears_that_another_has_it(city: Callbacks) -> None:
    city.reach()
    city.reach("ben", OTHER_PHONE)
    city.offer()
    city.offer(SECOND, people=("ben",), team_id="beta-2")
    city.refuse = ("taken", "alpha-1 has this call.")
    assert await city.text("1", sender=OTHER_PHONE) == [f"{words.TAKEN}\n{link('ben', SECOND)}"]


@pytest.mark.scenario("answers")
async def test_of_two_offers_at_once_it_is_asked_which_and_a_letter_says_it(city: Callbacks) -> None:
    city.reach()
    city.offer()
    city.offer(SECOND, call_id="madison/dane/26-002", district="North")
    first, second = letter_of(OFFER), letter_of(SECOND)
    (asked,) = await city.text("1")
    assert asked.splitlines() == [
        "2 calls are open to you. Which one?",
        f"1{second} or 2{second}: North, P2 by 12:00:25",
        f"1{first} or 2{first}: Central, P2 by 12:00:25",
    ]
    assert city.answers() == []
    (heard,) = await city.text(f"1{first.lower()} 15")
    assert heard == f"The call is yours.\n{LINK}"
    (command,) = city.answers()
    assert isinstance(command, AcceptOffer)
    assert (command.offer_id, command.eta_minutes) == (OFFER, 15)


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("number", [2, 3, 4, 8, 9])
async def test_of_offers_with_long_names_each_is_asked_about_with_its_letter(city: Callbacks, number: int) -> None:
    """The third was cut in the middle, and those after it were not told at all: nobody could answer them by text."""
    city.reach()
    for each in range(number):
        district = f"{each} Greater Northern Waterfront and Islands"
        city.offer(f"{each:032x}", call_id=f"madison/dane/26-{each}", district=district)
    (asked,) = await city.text("1")
    head, *lines = asked.splitlines()
    assert head == f"{number} calls are open to you. Which one?"
    assert len(asked) <= SEGMENT_SEPTETS
    newest_first = range(number)[::-1][: words.MOST_TOLD]
    for each, line in zip(newest_first, lines, strict=True):
        answers, _, told = line.partition(": ")
        letter = answers[-1]
        assert answers == f"1{letter} or 2{letter}"
        assert told.startswith(f"{each} Gr")
        assert told.endswith("by 12:00:25") == (number < 4)
    last = lines[-1][1]
    assert await city.text(f"1{last}") == [f"The call is yours.\n{link('ana', f'{newest_first[-1]:032x}')}"]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["1", "2", "1 15"])
async def test_an_answer_that_is_late_or_comes_twice_answers_no_call_that_was_offered_since(
    city: Callbacks, said: str
) -> None:
    """A text is seconds on its way: nobody has read of the next call yet."""
    city.reach()
    first = city.offer()
    assert await city.text("2") == ["The call goes to another."]
    city.write(of_offer(OfferExpired, first))
    second = city.offer(SECOND, call_id="madison/dane/26-002", district="North")
    letter = letter_of(SECOND, {letter_of(OFFER)})
    (asked,) = await city.text(said)
    until = f"{second.expires_at.astimezone(city.zone(AGENCY)):%H:%M:%S}"
    assert asked == f"{words.OF_THIS_ONE}\n1{letter} or 2{letter}: North, P2 by {until}"
    assert [getattr(command, "offer_id", "") for command in city.answers()] == [OFFER]
    assert await city.text(f"2{letter}") == ["The call goes to another."]
    assert [getattr(command, "offer_id", "") for command in city.answers()] == [OFFER, SECOND]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("why", ["read", "same-call", "long-ago", "was-theirs"])
async def test_an_answer_that_can_be_to_the_call_that_is_open_is(city: Callbacks, why: str) -> None:
    city.reach()
    first = city.offer()
    if why == "was-theirs":
        await city.text("1")
        about: dict[str, Any] = {"call_id": CALL, "episode": 1, "team_id": "alpha-1"}
        city.write(AssignmentEnded(**about, disposition="resolved-on-scene"))
    else:
        city.write(of_offer(OfferWithdrawn, first, why="crew-changed"))
    await city.time.pass_seconds(90 if why == "long-ago" else 1)
    city.offer(SECOND, call_id=CALL if why == "same-call" else "madison/dane/26-002")
    await city.time.pass_seconds(6 if why == "read" else 1)
    assert await city.text("1") == [f"The call is yours.\n{link('ana', SECOND)}"]


@pytest.mark.scenario("answers")
async def test_a_letter_is_not_given_anew_while_an_answer_with_it_may_be_on_its_way(city: Callbacks) -> None:
    city.reach()
    first = city.offer()
    same = next(each for each in (f"{n:032x}" for n in range(99)) if letter_of(each) == letter_of(OFFER))
    city.write(of_offer(OfferWithdrawn, first, why="taken"))
    city.offer(same, call_id="madison/dane/26-002")
    await city.time.pass_seconds(10)
    assert await city.text(f"1{letter_of(OFFER)}") == [words.TAKEN]
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_no_two_offers_that_are_open_have_one_letter(city: Callbacks) -> None:
    """Of 23 offers two would by themselves, whatever their ids; what is over has given its letter back."""
    ids = [f"{number:032x}" for number in range(len(CODE_LETTERS) + 1)]
    city.reach()
    over = city.offer(ids[0])
    city.write(of_offer(OfferWithdrawn, over, why="taken"))
    for number, offer_id in enumerate(ids[1:]):
        city.offer(offer_id, call_id=f"madison/dane/26-{number:03}")
    await city.settled()
    offers = [city.door.view.agency(AGENCY).offer(offer_id) for offer_id in ids[1:]]
    letters = [offer.letter for offer in offers if offer is not None]
    assert sorted(letters) == sorted(CODE_LETTERS)
    (heard,) = await city.text(f"1{letters[-1]}")
    assert heard.startswith("The call is yours.")
    assert [getattr(command, "offer_id", "") for command in city.answers()] == [ids[-1]]


@pytest.mark.scenario("answers")
async def test_the_link_that_an_answer_brings_is_that_of_the_way_over_which_it_came(city: Callbacks) -> None:
    city.reach()
    made = city.offer()
    push = city.page(made).model_copy(
        update={"page_id": "1" * 32, "method": ContactMethod(method_id="app", kind="push")}
    )
    city.owe(push)
    assert await city.text("1") == [f"The call is yours.\n{LINK}"]


@pytest.mark.scenario("answers")
async def test_pages_that_are_read_before_their_offer_lose_nothing(city: Callbacks) -> None:
    city.reach()
    made = city.offer(SECOND)
    early = made.model_copy(update={"offer_id": OFFER, "call_id": "madison/dane/26-002", "recipients": ()})
    city.owe(city.page(early))
    await city.settled()
    city.write(of_offer(OfferWithdrawn, made, why="taken"))
    city.offers[OFFER] = early
    city.write(early)
    await city.time.pass_seconds(5)
    assert await city.text("1") == [f"The call is yours.\n{LINK}"]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("how", ["confirms", "planned", "unconfirmed"])
async def test_who_comes_to_the_team_while_it_is_asked_answers_by_text_paged_or_not(city: Callbacks, how: str) -> None:
    city.reach("cem", OTHER_PHONE)
    city.offer()
    about: dict[str, Any] = {"team_id": "alpha-1", "shift_id": "s"}
    if how == "confirms":
        city.write(MemberConfirmed(**about, person_id="cem"))
    else:
        about |= {"members": ("ana", "cem"), "unconfirmed": ("cem",) if how == "unconfirmed" else ()}
        city.write(ShiftChanged(**about, shift_ends_at=city.clock.now(), planned_shift_id="p"))
    heard = await city.text("1", sender=OTHER_PHONE)
    assert heard == ([words.ANSWERS_NOTHING] if how == "unconfirmed" else ["The call is yours."])
    assert [getattr(command, "person_id", "") for command in city.answers()] == ["cem"] * (how != "unconfirmed")


TOO_LATE = [
    *words.REFUSALS.values(),
    *words.OVER.values(),
    *(f"{why} {words.NOTHING_TO_DO}" for why in WITHDRAWN.values()),
    words.NOT_OFFERED,
    words.TOO_LATE,
    words.KEY_OVER,
]


@pytest.mark.parametrize("sentence", TOO_LATE)
def test_what_comes_too_late_is_told_what_to_do_and_whole(sentence: str) -> None:
    assert words.as_text(sentence) == sentence, "it fits into one segment"
    assert any(to_do in sentence for to_do in ("Do not go", "nothing to do", "by radio", "on your page", "shift page"))


@pytest.mark.parametrize("reason", ["expired", "withdrawn", "declined", "busy", "paused", "cancelled", "routed"])
async def test_an_answer_that_is_refused_as_too_late_is_told_what_to_do(city: Callbacks, reason: str) -> None:
    city.reach()
    city.offer()
    city.refuse = (reason, "The offer was open until 12:00:25.")
    (heard,) = await city.text("1")
    assert heard.startswith(words.REFUSALS[reason])


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["ok", "2", "yes", "1 2", "1Q"])
async def test_a_wrong_answer_to_a_roll_call_is_told_what_a_right_one_is(city: Callbacks, said: str) -> None:
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    assert await city.text(said) == [words.HOW_TO_ANSWER_A_TEST]
    assert city.answers() == []


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["ok", "1!2", "1 2"])
async def test_of_two_offers_a_wrong_answer_is_told_both(city: Callbacks, said: str) -> None:
    city.reach()
    city.offer()
    city.offer(SECOND, call_id="madison/dane/26-002", district="North")
    (heard,) = await city.text(said)
    assert heard.startswith("2 calls are open to you. Which one?")
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_a_letter_that_no_offer_has_takes_none_and_does_not_say_that_nothing_is_asked(city: Callbacks) -> None:
    city.reach()
    city.offer()
    wrong = next(letter for letter in CODE_LETTERS if letter != letter_of(OFFER))
    assert await city.text(f"1{wrong}") == [words.HOW_TO_ANSWER]
    assert city.answers() == []


@pytest.mark.scenario("answers")
async def test_a_refusal_is_told_without_naming_anybody(city: Callbacks) -> None:
    city.reach()
    city.offer()
    city.refuse = ("not-on-team", "ana is not on shift with alpha-1.")
    (heard,) = await city.text("1")
    assert heard.startswith("You are not on shift with the team that was asked.")


@pytest.mark.scenario("answers")
async def test_without_an_answer_in_time_that_is_said(city: Callbacks) -> None:
    city.reach()
    city.offer()
    city.silent = True
    (heard,) = await city.text("1")
    assert heard.startswith(words.NOT_HEARD_YET)


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_text_that_comes_twice_is_one_answer(city: Callbacks, carrier: CarrierName) -> None:
    city.reach()
    city.offer()
    played = city.twilio if carrier == "twilio" else city.telnyx
    phone = city.phone()
    await city.settled()
    for _ in range(2):
        await played.text_in(PHONE, TWILIO_NUMBER, "1", sid="SM" + "1" * 32)
    await city.time.pass_seconds(5)
    assert len(city.answers()) == 1
    times = 1 if carrier == "telnyx" else 2  # of what we send ourselves we know that it went out
    assert [text.body for text in phone.texts] == [f"The call is yours.\n{LINK}"] * times


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_an_answer_that_could_not_be_passed_on_is_taken_when_the_carrier_comes_again(
    city: Callbacks, carrier: CarrierName, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise BrokerUnavailable("gone")

    city.reach()
    city.offer()
    with monkeypatch.context() as patched:
        patched.setattr(type(city.broker), "append", away)
        assert await city.text("1", carrier=carrier) == []
    assert city.responses[0][1] == 503
    answered = await city.comes_again()
    await city.time.pass_seconds(3)
    assert len(city.answers()) == 1
    assert b"The call is yours." in answered.body or city.phone().texts[-1].body.startswith("The call is yours.")


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_recording_of_an_old_answer_answers_no_other_offer(city: Callbacks, carrier: CarrierName) -> None:
    city.reach()
    made = city.offer()
    await city.text("1", carrier=carrier)
    city.write(of_offer(OfferWithdrawn, made, why="cancelled"))
    city.offer(SECOND, call_id="madison/dane/26-002")
    await city.settled()
    assert (await city.comes_again()).status < 300
    await city.settled()
    assert [getattr(command, "offer_id", "") for command in city.answers()] == [OFFER]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_nor_does_it_at_a_process_that_has_not_read_it_before(city: Callbacks, carrier: CarrierName) -> None:
    """After a restart, or at the other process: an old "1" took whatever was open by then."""
    city.reach()
    city.offer()
    await city.text("1", carrier=carrier)
    city.offer(SECOND, call_id="madison/dane/26-002")
    await city.settled()
    assert (await city.comes_again(elsewhere=True)).status < 300
    await city.settled()
    assert len({command.command_id for command in city.commands() if isinstance(command, AcceptOffer)}) == 1
    assert set(city.taken.values()) == {OFFER}


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_what_has_taken_a_call_answers_no_roll_call_as_well(city: Callbacks, carrier: CarrierName) -> None:
    """The door died once the command was written: at another process "1" was read anew, and two services answered."""
    city.reach()
    city.offer()
    await city.text("1", carrier=carrier)
    city.write(AssignmentEnded(call_id=CALL, episode=1, team_id="alpha-1", disposition="resolved-on-scene"))
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    await city.settled()
    assert (await city.comes_again(elsewhere=True)).status < 300
    await city.settled()
    assert [type(command) for command in city.answers()] == [AcceptOffer]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_what_has_answered_a_roll_call_takes_no_call(city: Callbacks, carrier: CarrierName) -> None:
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    assert await city.text("1", carrier=carrier) == [words.RECEIVED]
    city.write(
        ContactProved(person_id="ana", method_id="mobile", page_id=page(kind="test").page_id), topic=NOTIFICATIONS
    )
    city.offer()
    await city.settled()
    await city.time.pass_seconds(6)
    assert (await city.comes_again(elsewhere=True)).status < 300
    await city.settled()
    assert [type(command) for command in city.answers()] == [AnswerRoll]


def test_a_text_has_an_id_for_each_service_that_may_answer_it() -> None:
    texts: list[tuple[CarrierName, str]] = [("twilio", AGENCY), ("telnyx", AGENCY), ("twilio", "other")]
    assert len({each for text in texts for each in SaidAs.of(*text, "SM1")}) == 6


async def test_the_name_of_a_text_is_one_of_its_agencys_account(city: Callbacks) -> None:
    """Two agencies' carriers had named a text alike, and both answers were one command."""
    city.reach()
    city.offer()
    await city.settled()
    text, view = InboundText("SM1", PHONE, TWILIO_NUMBER, "1"), city.door.view.agency(AGENCY)
    reads = [
        city.door.reader.text("twilio", agency, view, city.door.fingerprint(PHONE), text)
        for agency in (AGENCY, AGENCY, "other")
    ]
    assert len({command.command_id for read in reads for command in read.commands}) == 2


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_roll_call_is_answered_by_text(city: Callbacks, carrier: CarrierName) -> None:
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    assert await city.text("1", carrier=carrier) == [words.RECEIVED]
    (command,) = city.answers()
    assert isinstance(command, AnswerRoll)
    assert (command.roll_id, command.person_id, command.method_id) == ("roll-1", "ana", "mobile")


@pytest.mark.scenario("answers")
async def test_an_answer_to_a_roll_call_waits_for_a_service_that_is_down_and_one_that_was_refused_may_come_again(
    city: Callbacks,
) -> None:
    """After a minute's outage nobody could prove by text what they had answered meanwhile."""
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    city.refuse = ("not-asked", "ana was not asked over mobile in this roll call: answer the newest message.")
    await city.text("1")
    city.refuse = None
    assert await city.text("1") == [words.RECEIVED]
    assert all(command.expires_at - command.issued_at > timedelta(hours=1) for command in city.answers())


@pytest.mark.scenario("answers")
async def test_of_several_roll_calls_each_is_answered(city: Callbacks) -> None:
    city.reach()
    for number in (1, 2, 3):
        city.owe(page(number, kind="test", offer_id=None, about=f"roll-{number}", seconds=3600))
    for number in (3, 2, 1):
        await city.text("1")
        command = city.answers()[-1]
        assert isinstance(command, AnswerRoll)
        assert command.roll_id == f"roll-{number}"
        proved = ContactProved(person_id="ana", method_id="mobile", page_id=page(number).page_id)
        city.write(proved, topic=NOTIFICATIONS)
    assert await city.text("1") == [words.RECEIVED], "that it was heard is true as before"
    assert len(city.answers()) == 3


@pytest.mark.scenario("answers")
async def test_a_roll_call_whose_page_did_not_go_out_is_not_what_is_answered(city: Callbacks) -> None:
    city.reach()
    for number in (1, 2):
        city.owe(page(number, kind="test", offer_id=None, about=f"roll-{number}", seconds=3600))
    city.write(PageDropped(page_id=page(2).page_id, why="links-revoked"), topic=NOTIFICATIONS)
    await city.text("1")
    (command,) = city.answers()
    assert isinstance(command, AnswerRoll)
    assert command.roll_id == "roll-1"
    city.write(ContactProved(person_id="ana", method_id="mobile", page_id=page(1).page_id), topic=NOTIFICATIONS)
    assert await city.text("ok") == [words.ANSWERS_NOTHING], "nor is it waited for"


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("test_comes", ["just-before", "meanwhile"])
async def test_a_1_that_may_be_to_a_roll_call_takes_no_call(city: Callbacks, test_comes: str) -> None:
    """Whoever read "Answer 1 if you read this" had a call, and nobody on the way to it."""
    city.reach()
    test = page(kind="test", offer_id=None, about="roll-1", seconds=3600)
    if test_comes == "just-before":
        city.owe(test)
        await city.time.pass_seconds(10)
    made = city.offer()
    await city.settled()
    await city.time.pass_seconds(2)
    if test_comes == "meanwhile":
        city.owe(test)
    letter, until = letter_of(OFFER), f"{made.expires_at.astimezone(city.zone(AGENCY)):%H:%M:%S}"
    assert await city.text("1") == [f"{words.OF_THIS_ONE}\n1{letter} or 2{letter}: Central, P2 by {until}"]
    assert city.answers() == []
    assert await city.text(f"1{letter}") == [f"The call is yours.\n{LINK}"]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", ["1", "1 15", "2"])
async def test_what_names_minutes_or_comes_once_the_call_was_read_is_to_the_call_and_not_to_a_roll_call(
    city: Callbacks, said: str
) -> None:
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    await city.time.pass_seconds(60)
    city.offer()
    await city.settled()
    await city.time.pass_seconds(1 if said != "1" else 6)
    await city.text(said)
    assert [getattr(command, "offer_id", "") for command in city.answers()] == [OFFER]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("answered", [True, False])
async def test_who_answers_a_call_late_is_not_thanked_for_a_roll_call(city: Callbacks, *, answered: bool) -> None:
    """They would have gone."""
    city.reach()
    city.owe(page(kind="test", offer_id=None, about="roll-1", seconds=3600))
    if answered:
        assert await city.text("1") == [words.RECEIVED]
        proved = ContactProved(person_id="ana", method_id="mobile", page_id=page(kind="test").page_id)
        city.write(proved, topic=NOTIFICATIONS)
    await city.time.pass_seconds(60)
    city.write(of_offer(OfferWithdrawn, city.offer(), why="taken"))
    await city.settled()
    for said in ("1", "1 15"):
        assert await city.text(said) == [words.TAKEN]
    await city.time.pass_seconds(120)
    assert await city.text("1") == [words.TAKEN if answered else words.RECEIVED], "by then nothing else waits for it"


STOP, START = (
    ["STOP", "stop.", "Unsubscribe", "CANCEL", "end", "QUIT", "stopall", "Stop all", "REVOKE", "OptOut", "opt-out"],
    ["START", "Yes", "UNSTOP"],
)


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", STOP)
async def test_stop_opts_out_and_answers_nothing(city: Callbacks, said: str) -> None:
    city.reach()
    city.reach(method_id="voice", kind="voice")
    city.offer()
    assert await city.text(said) == []  # the carrier says it itself
    (command,) = city.answers()
    assert isinstance(command, NoteOptOut)
    assert (command.person_id, command.method_id, command.opted_out) == ("ana", "mobile", True)


@pytest.mark.scenario("answers")
async def test_a_number_that_stands_anew_is_opted_out_as_it_was_and_start_opts_it_in(city: Callbacks) -> None:
    city.reach()
    await city.text("STOP")
    city.reach()
    await city.text("START")
    city.reach(number=OTHER_PHONE)
    await city.text("START", sender=OTHER_PHONE)
    assert [getattr(command, "opted_out", None) for command in city.answers()] == [True, False]


@pytest.mark.scenario("answers")
@pytest.mark.parametrize("said", START)
async def test_start_opts_in_again_and_is_never_an_answer(city: Callbacks, said: str) -> None:
    city.reach()
    city.offer()
    city.write(ContactOptedOut(person_id="ana", method_id="mobile"), topic=NOTIFICATIONS)
    await city.text(said)
    (command,) = city.answers()
    assert isinstance(command, NoteOptOut)
    assert not command.opted_out
