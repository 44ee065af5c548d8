"""Notification, carriers, phones and the door together: what fails gives its turn to the next way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from services.notification.callbacks import words
from services.notification.outcome import DONE
from services.notification.service import NOTIFICATION
from services.notification.state import EndCallEffect, PageEffect
from shared.engine.service import EffectDone, EffectStarting, Tick
from shared.engine.topic import Topic
from shared.events import (
    Command,
    ContactBroken,
    ContactOptedOut,
    ContactProved,
    Event,
    OfferExpired,
    OfferMade,
    PageDropped,
    PageDue,
    PageFailed,
    PageUndelivered,
    RingStopped,
    TeamMissing,
)
from shared.topics import ASSIGNMENTS, NOTIFICATIONS
from tests.builders import of_offer
from tests.rig.carrier import OTHER_PHONE, PHONE
from tests.services.notification.callbacks.driver import Callbacks
from tests.services.notification.driver import Running, of, set_contact

SECOND = "ab" * 16
HOME = "+16085550188"
STEP_SECONDS = 0.5
EXPIRES_SECONDS = 25


@dataclass
class Reaching(Callbacks):
    """The door and the carriers, with notification's own decisions between them."""

    running: Running = field(default_factory=Running)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    began: float = 0.0

    def way(self, method_id: str, kind: str, number: str, after_seconds: int = 0, person_id: str = "ana") -> None:
        """A person has a way to be reached."""
        self.numbers[person_id, method_id] = number
        fingerprint, command_id = self.sealer.pseudonym(number), f"{person_id}/{method_id}/{after_seconds}"
        self.decide(
            set_contact(person_id, method_id, kind, command_id, after_seconds=after_seconds, fingerprint=fingerprint)
        )

    def offer(self, offer_id: str = "0f" * 16, **more: Any) -> OfferMade:
        """A team is asked; notification makes the pages."""
        return super().offer(offer_id, seconds=EXPIRES_SECONDS, **more)

    def write(self, *events: Event, topic: Topic = ASSIGNMENTS, cause: str = "tick/x") -> None:
        """What stands in `assignments` is read by notification, too."""
        if topic is NOTIFICATIONS and of(list(events), PageDue):
            return  # those that a test without notification makes up
        super().write(*events, topic=topic, cause=cause)
        if topic is ASSIGNMENTS:
            for event in events:
                self.decide(event)

    def decide(self, event: Event | EffectStarting | EffectDone | Tick) -> None:
        """Notification decides an input; what that leaves stands in its journal."""
        self.running.now = self.clock.now()
        if left := self.running.take(event):
            super().write(*left, topic=NOTIFICATIONS)

    def _decide(self, command: Command) -> list[Event]:
        if command.decided_by != "notification":
            return super()._decide(command)
        self.running.now = self.clock.now()
        left = self.running.take(command)
        super().write(*of(left, PageDue), topic=NOTIFICATIONS)
        return left

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass: clocks fire, what is owed goes out, and whoever is asked answers."""
        end = self.time.now() + seconds
        while self.time.now() < end:
            await self._perform()
            await self.time.pass_seconds(STEP_SECONDS)
            await self.settled()
            while (due := NOTIFICATION.due(self.running.state)) is not None and due[1] <= self.clock.now():
                self.decide(Tick(*due))
        await self._perform()
        await self.settled()

    async def _perform(self) -> None:
        for effect_id, effect in sorted(NOTIFICATION.pending(self.running.state).items()):
            if isinstance(effect, EndCallEffect):
                why = await self.adapters.end_call("madison", effect.taken_as, unanswered=True)
                self.decide(EffectDone(effect_id, "failed" if why else "done", why))
            if effect_id not in NOTIFICATION.pending(self.running.state) or not isinstance(effect.event, PageDue):
                continue
            self.decide(EffectStarting(effect_id))
            page = effect.event
            tried = NOTIFICATION.pending(self.running.state).get(effect_id)
            if isinstance(tried, PageEffect) and tried.attempted:
                if tried.ends:
                    await self.adapters.end_call("madison", tried.ends)
                outcome = await self._hand_over(page)
                self.decide(EffectDone(effect_id, outcome.result, outcome.why or outcome.taken_as))

    async def _hand_over(self, page: PageDue) -> Any:
        kind = page.method.kind
        if kind not in ("sms", "voice"):
            return DONE
        return await self.send(page, kind, self.numbers[page.person_id, page.method.method_id])

    def times(self, number: str = PHONE) -> list[tuple[str, int]]:
        """What came to a phone, and how many seconds after noon."""
        phone, began = self.phone(number), self.began
        texts = [("text", text.at - began) for text in phone.texts]
        calls = [("call", call.at - began) for call in phone.calls]
        return [(what, int(at)) for what, at in sorted([*texts, *calls], key=lambda came: came[1])]

    @property
    def journal(self) -> list[Event]:
        return self.running.journal


@pytest.fixture(params=["twilio", "telnyx"])
async def city(request: pytest.FixtureRequest) -> AsyncIterator[Reaching]:
    reaching = Reaching(twilio_first=request.param == "twilio")
    reaching.began = reaching.time.now()
    async with reaching.living():
        reaching.way("mobile", "sms", PHONE)
        reaching.way("call", "voice", PHONE, after_seconds=8)
        reaching.phone(picks_up_after_seconds=None)
        yield reaching


def mood(city: Reaching, **mood: Any) -> None:
    """Both carriers are so: the second one is asked only where nothing can have been taken."""
    for name in ("twilio", "telnyx"):
        city.mood(name, **mood)


@pytest.mark.scenario("failures")
async def test_the_text_first_and_then_the_call_at_its_time(city: Reaching) -> None:
    city.offer()
    await city.pass_seconds(60)
    assert city.times() == [("text", 0), ("call", 8)]
    assert len(city.network.sent()) == 2  # and nothing else was sent
    assert city.answers() == []


@pytest.mark.scenario("failures")
async def test_who_answers_the_text_is_not_called(city: Reaching) -> None:
    city.phone(replies="1 10", replies_after_seconds=3)
    city.offer()
    await city.pass_seconds(60)
    assert [what for what, _ in city.times()] == ["text", "text"]
    assert city.phone().texts[-1].body.startswith("The call is yours.")
    assert [proved.method_id for proved in of(city.journal, ContactProved)] == ["mobile"]


@pytest.mark.scenario("failures")
async def test_a_phone_without_signal_is_called_as_soon_as_that_is_known(city: Reaching) -> None:
    city.phone(text_error="30003")
    city.offer()
    await city.pass_seconds(60)
    assert city.times() == [("call", 2)]
    assert of(city.journal, ContactBroken) == []


@pytest.mark.scenario("failures")
async def test_a_landline_breaks_the_way_of_texts_and_is_called_at_once(city: Reaching) -> None:
    city.phone(text_error="30006")
    city.offer()
    await city.pass_seconds(60)
    assert city.times() == [("call", 2)]
    (broken,) = of(city.journal, ContactBroken)
    assert (broken.method_id, broken.why) == ("mobile", "landline")


@pytest.mark.scenario("failures")
async def test_who_has_said_stop_is_called_and_texted_no_more(city: Reaching) -> None:
    await city.text("STOP", carrier="twilio" if city.twilio_first else "telnyx")
    (opted_out,) = of(city.journal, ContactOptedOut)
    assert opted_out.method_id == "mobile"
    city.offer()
    await city.pass_seconds(60)
    assert [what for what, _ in city.times()] == ["call"]
    assert city.twilio.requests + city.telnyx.requests != []
    assert {drop.why for drop in of(city.journal, PageDropped)} <= {"opted-out"}


@pytest.mark.scenario("failures")
async def test_what_only_the_carrier_knew_of_an_opt_out_is_learnt_from_its_refusal(city: Reaching) -> None:
    for carrier in ("twilio", "telnyx"):
        city.network.opted_out.add((carrier, PHONE))
    city.offer()
    await city.pass_seconds(60)
    assert [what for what, _ in city.times()] == ["call"]
    assert [failed.why for failed in of(city.journal, PageFailed)][:1] == ["opted-out"]
    assert len(of(city.journal, ContactOptedOut)) == 1


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("how", "texts"),
    [
        ({"fault": "silent"}, 0),
        ({"fault": "silent-taken"}, 1),
        ({"status": 503}, 0),
        ({"status": 503, "takes_though_failing": True}, 1),
    ],
    ids=["silent", "silent, and taken", "5xx", "5xx, and taken"],
)
async def test_what_may_have_gone_out_counts_as_sent_and_the_next_way_goes_on_now(
    city: Reaching, how: dict[str, Any], texts: int
) -> None:
    city.mood("twilio" if city.twilio_first else "telnyx", **how)
    city.offer()
    await city.pass_seconds(60)
    assert [what for what, _ in city.times()].count("text") == texts
    (called,) = [at for what, at in city.times() if what == "call"]
    assert called < 8
    assert [failed.why for failed in of(city.journal, PageFailed)] == ["unknown"]


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("picks_up", [False, True])
async def test_a_phone_that_rings_for_an_offer_that_is_over_falls_silent(
    city: Reaching,
    picks_up: bool,  # noqa: FBT001
) -> None:
    """Whoever has picked up hears the rest. Telnyx does not name its calls: its phones ring on."""
    city.phone(picks_up_after_seconds=2 if picks_up else None)
    made = city.offer()
    await city.pass_seconds(11)
    (call,) = city.phone().calls
    assert (call.ended, bool(call.heard)) == ("", picks_up)
    city.write(of_offer(OfferExpired, made))
    await city.pass_seconds(60)
    is_silenced = city.twilio_first and not picks_up
    assert call.ended == ("canceled" if is_silenced else "completed" if picks_up else "no-answer")
    assert (call.ended_at - city.began < 12) == is_silenced
    assert len(of(city.journal, RingStopped)) == city.twilio_first
    assert not (is_silenced and of(city.journal, PageUndelivered))
    assert [what for what, _ in city.times()] == ["text", "call"]  # and nothing else was sent
    assert not city.running.state.lines


@pytest.mark.scenario("failures")
async def test_with_every_carrier_down_the_offer_runs_out_and_nothing_is_sent(city: Reaching) -> None:
    mood(city, fault="connect")
    made = city.offer()
    await city.pass_seconds(EXPIRES_SECONDS)
    city.write(of_offer(OfferExpired, made))
    mood(city)
    await city.pass_seconds(60)
    assert city.network.sent() == []
    assert [failed.why for failed in of(city.journal, PageFailed)] == ["unreachable", "unreachable"]


@pytest.mark.scenario("failures")
async def test_a_text_that_is_said_to_have_arrived_ends_no_ladder(city: Reaching) -> None:
    mood(city, lying=True)
    city.offer()
    await city.pass_seconds(60)
    assert city.times() == [("call", 8)]


@pytest.mark.scenario("failures")
async def test_a_machine_that_picks_up_gives_its_turn_to_the_next_way(city: Reaching) -> None:
    city.way("home", "voice", HOME, after_seconds=24)
    city.phone(picks_up_after_seconds=1, voicemail=True, presses_after_seconds=1)
    city.phone(HOME, presses="1", picks_up_after_seconds=0.5, presses_after_seconds=0.5)
    city.offer()
    await city.pass_seconds(90)
    assert [what for what, _ in city.times()][:2] == ["text", "call"]
    assert len(city.phone(HOME).calls) <= 1


@pytest.mark.scenario("failures")
async def test_whoever_is_slower_hears_that_another_team_has_it_and_is_paged_no_more(city: Reaching) -> None:
    city.way("mobile", "sms", OTHER_PHONE, person_id="ben")
    city.phone(OTHER_PHONE, replies="1", replies_after_seconds=1)
    city.phone(replies="1", replies_after_seconds=5)
    city.offer()
    city.offer(SECOND, people=("ben",), team_id="beta-2")
    await city.pass_seconds(60)
    assert [what for what, _ in city.times()].count("call") == 0
    assert words.TAKEN in [text.body for text in city.phone().texts]
    assert city.phone(OTHER_PHONE).texts[-1].body.startswith("The call is yours.")


@pytest.mark.scenario("failures")
async def test_a_text_of_which_there_is_no_news_gives_its_turn_away_after_ten_seconds(city: Reaching) -> None:
    city.way("call", "voice", PHONE, after_seconds=20)
    mood(city, news="none")
    city.offer()
    await city.pass_seconds(60)
    assert city.times() == [("text", 0), ("call", 10)]
    assert len(city.network.sent()) == 2


@pytest.mark.scenario("failures")
async def test_news_that_comes_hours_later_pages_nobody_any_more(city: Reaching) -> None:
    mood(city, news="late", late_seconds=7200)
    city.phone(text_error="30003", call_ends="busy")
    made = city.offer()
    await city.pass_seconds(EXPIRES_SECONDS)
    city.write(of_offer(OfferExpired, made))
    sent = len(city.network.sent())
    await city.time.pass_seconds(3 * 7200)
    await city.settled()
    await city.pass_seconds(2)
    assert len(city.network.sent()) == sent
    assert ("undelivered", "unreachable") in city.receipts()


def overlapping(city: Reaching) -> list[tuple[float, float]]:
    """Calls to the phone that came while another was under way."""
    calls = city.phone().calls
    return [(before.ended_at, after.at) for before, after in pairwise(calls) if after.at < before.ended_at]


@pytest.mark.scenario("ladder")
async def test_two_notices_within_a_second_ring_a_phone_one_after_the_other(city: Reaching) -> None:
    for shift_id in ("s1", "s2"):
        city.write(TeamMissing(team_id="alpha-1", planned_shift_id=shift_id, members=("ana",), since=city.clock.now()))
        await city.pass_seconds(1)
    await city.pass_seconds(90)
    assert len(city.phone().calls) == 2
    assert overlapping(city) == []
    assert [what for what, _ in city.times()].count("text") == 2  # and nothing else was sent


@pytest.mark.scenario("ladder")
async def test_an_offer_ends_a_call_that_can_wait_where_the_carrier_can_and_waits_for_it_elsewhere(
    city: Reaching,
) -> None:
    city.phone(picks_up_after_seconds=None)
    city.write(TeamMissing(team_id="alpha-1", planned_shift_id="s1", members=("ana",), since=city.clock.now()))
    await city.pass_seconds(2)
    city.phone(text_error="30003")  # so that the offer calls as soon as that is known
    city.offer()
    await city.pass_seconds(60)
    first, second = city.phone().calls
    assert overlapping(city) == []
    if city.twilio_first:
        assert first.ended == "canceled"
        assert second.at - city.began < 6
    else:
        assert first.ended == "no-answer"
        assert second.at - city.began == pytest.approx(first.ended_at - city.began, abs=2)
