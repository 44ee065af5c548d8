from __future__ import annotations

import asyncio
import logging
import re
from datetime import timedelta
from typing import Any

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import given
from prometheus_client import generate_latest
from starlette.requests import Request

from services.pocket import words
from services.pocket.http import create_app
from services.pocket.pages import PAGES, QUESTION_SECONDS
from shared.doors.pages import Page
from shared.engine.broker import BrokerUnavailable
from shared.engine.memory import MemoryBroker
from shared.events import (
    AcceptOffer,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadInformed,
    CadNotInformed,
    CallVersionAt,
    DeclineOffer,
    LinksRevoked,
    MemberConfirmed,
    OfferAccepted,
    OfferExpired,
    OfferWithdrawn,
    ReportStatus,
    ResponseTerms,
    SafetyCheckDue,
    SafetyCheckMissed,
    SignOff,
    Team,
    TeamDefined,
    TeamHeard,
    TeamNotMoving,
    TeamSignedOff,
    TeamUnanswering,
    TermsNoted,
    UpgradeRaised,
)
from shared.judgement import RaisedBy
from shared.topics import NOTIFICATIONS
from tests.builders import of_offer
from tests.services.pocket.driver import CALL, PERSONAL, City


async def settle(city: City) -> None:
    """Until the door has read what was written."""
    for _ in range(100):
        await asyncio.sleep(0.001)
        if city.door.follower.ready:
            await asyncio.sleep(0.005)
            return


async def shown(city: City, phone: httpx.AsyncClient, path: str, status: int = 200) -> str:
    await settle(city)
    answer = await phone.get(path)
    assert answer.status_code == status
    return " ".join(answer.text.split())


async def test_an_offer_shows_what_it_is_and_how_long_is_left(city: City, phone: httpx.AsyncClient) -> None:
    page = await shown(city, phone, city.offer())
    assert "Will you take this call?" in page
    assert "Priority 3" in page
    assert "Central" in page
    assert "Care team" in page
    assert "seconds left to answer" in page
    for text in PERSONAL.values():
        assert text.split("\n", maxsplit=1)[0] not in page


async def test_an_open_call_stands_on_the_shift_page_and_may_be_taken(city: City, phone: httpx.AsyncClient) -> None:
    shift, path = city.sign_on(), city.offer(paged=False)
    page = await shown(city, phone, shift)
    assert "<h1>Open call in Central, priority 3</h1>" in page
    assert "Take it: there in about" in page
    assert "Leave it to others" in page
    assert "Will you take" not in page
    answer = await phone.post(f"{path}/accept")
    assert "You have this call" in answer.text
    assert isinstance(city.commands()[0], AcceptOffer)


async def test_an_open_call_that_another_takes_leaves_the_page(city: City, phone: httpx.AsyncClient) -> None:
    shift = city.sign_on()
    city.offer(paged=False, priority=None, district=None)
    assert "<h1>Open call</h1>" in await shown(city, phone, shift)
    city.write(OfferWithdrawn(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1", why="taken"))
    page = await shown(city, phone, shift)
    assert "Take it" not in page
    assert "The call or your team was taken in the meantime." in page


async def test_accepting_shows_the_address_and_the_way_on(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    answer = await phone.post(f"{path}/accept", data={"eta_minutes": "10"})
    assert answer.status_code == 200
    assert "You have this call" in answer.text
    assert PERSONAL["address"] in answer.text
    assert 'href="tel:+16085550142"' in answer.text
    (command,) = city.commands()
    assert isinstance(command, AcceptOffer)
    assert (command.person_id, command.issued_by, command.eta_minutes) == ("ana", "ana", 10)
    assert command.expires_at == city.offers["offer-1"].expires_at


async def test_a_team_goes_all_the_way(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    for status, word in (("en-route", "En route"), ("on-scene", "On scene"), ("need-police", "asked for police")):
        answer = await phone.post(f"{path}/status", data={"status": status, "page_at": "1"})
        assert word in answer.text
    answer = await phone.get(f"{path}/clear")
    assert "How did it end?" in answer.text
    answer = await phone.post(
        f"{path}/status", data={"status": "cleared", "disposition": "resolved-on-scene", "page_at": "2"}
    )
    assert "Resolved on scene" in answer.text
    assert PERSONAL["address"] not in answer.text
    assert [command.status for command in city.commands() if isinstance(command, ReportStatus)] == [
        "en-route",
        "on-scene",
        "need-police",
        "cleared",
    ]
    assert "Cleared" in await shown(city, phone, f"{path}/clear"), "there is nothing left to clear"


@pytest.mark.parametrize("question", ["clear", "correct"])
async def test_a_question_that_nobody_answers_leads_back_to_the_call(
    city: City, phone: httpx.AsyncClient, question: str
) -> None:
    """A team that was asked whether it is well did not see it where such a question stood."""
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    asked = (await phone.get(f"{path}/{question}")).text
    assert f'<meta http-equiv="refresh" content="{QUESTION_SECONDS};url={path}">' in asked
    assert f'href="{path}/{question}?still=true"' in asked
    still = (await phone.get(f"{path}/{question}?still=true")).text
    assert "http-equiv" not in still
    assert "This page stands still." in still


async def test_a_shift_that_nobody_signs_off_is_shown_again(city: City, phone: httpx.AsyncClient) -> None:
    """A phone that lay on the question whether the team signs off showed no offer."""
    shift = city.sign_on()
    await settle(city)
    asked = (await phone.get(f"{shift}/sign-off")).text
    assert f'<meta http-equiv="refresh" content="{QUESTION_SECONDS};url={shift}">' in asked


async def test_a_page_that_stands_still_does_so_after_every_act(city: City, phone: httpx.AsyncClient) -> None:
    """Whoever has it read out had to stop it anew after each tap: what they tapped led to one that loads again."""
    city.call()
    shift, path = f"{city.sign_on()}?still=true", city.offer(enters_when=("released by sergeant",))
    await settle(city)
    page = (await phone.get(f"{path}?still=true")).text
    assert f'action="{path}/decline?still=true"' in page
    for answer in (
        await phone.post(f"{path}/accept?still=true"),
        await phone.post(f"{path}/status?still=true", data={"status": "en-route", "page_at": "1"}),
        await phone.get(f"{path}/correct?still=true"),
        await phone.get(f"{path}/clear?still=true"),
        await phone.post(f"{path}/status?still=true", data={"status": "on-scene", "page_at": "1"}),
        await phone.get(shift),
    ):
        assert "This page stands still." in answer.text
        assert "http-equiv" not in answer.text
        leading = re.findall(r'(?:action|href)="(/[ps]/[^"]+)"', answer.text)
        on = [address for address in leading if "still=true" not in address]
        assert on == [address for address in on if f'<a href="{address}">Let it look' in answer.text], "but for that"
    city.refuse = "Not now."
    refused = await phone.post(f"{path}/status?still=true", data={"status": "en-route", "page_at": "2"})
    assert "Not now." in refused.text
    assert "http-equiv" not in refused.text


async def test_get_changes_nothing(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    shift, path = city.sign_on(), city.offer()
    before = None
    for round_ in range(2):
        await settle(city)
        before = city.written()
        for number in range(50):
            path_ = (path, shift, f"{path}/clear", f"{shift}/sign-off", f"{path}?said=waiting")[number % 5]
            assert (await phone.get(path_)).status_code == 200
            assert (await phone.get(f"{path}/accept")).status_code == 405
        assert city.written() == before
        if round_ == 0:
            await phone.post(f"{path}/accept")


async def test_two_taps_are_one_command(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    both = await asyncio.gather(*(phone.post(f"{path}/accept", data={"eta_minutes": "5"}) for _ in range(2)))
    assert [PERSONAL["address"] in answer.text for answer in both] == [True, True]
    assert len({command.command_id for command in city.commands()}) == 1
    taps = [phone.post(f"{path}/status", data={"status": "en-route", "page_at": "77"}) for _ in range(2)]
    await asyncio.gather(*taps)
    assert len({command.command_id for command in city.commands()}) == 2
    await phone.post(f"{path}/status", data={"status": "en-route", "page_at": "78"})
    assert len({command.command_id for command in city.commands()}) == 3, "a later page's tap is another"


async def test_whoever_asks_for_police_again_on_an_old_page_asks_again(city: City, phone: httpx.AsyncClient) -> None:
    """Chromium keeps a page that one goes back to: its button did nothing, and the page said that all is well."""
    shift = city.sign_on()
    await settle(city)
    said = ("need-police", "available", "need-police")
    pages = [await phone.post(f"{shift}/status", data={"status": status, "page_at": "7"}) for status in said]
    assert "You have asked for police." in pages[-1].text
    assert len({command.command_id for command in city.commands()}) == 3


async def test_declining(city: City, phone: httpx.AsyncClient) -> None:
    path = city.offer()
    await settle(city)
    answer = await phone.post(f"{path}/decline")
    assert "Your team declined it." in answer.text
    (command,) = city.commands()
    assert isinstance(command, DeclineOffer)
    city.routed("bravo-2")
    assert "<strong>bravo-2</strong> has the call" in await shown(city, phone, path)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("cancelled", "The call was cancelled."),
        ("overridden", "The dispatcher decided otherwise."),
        ("paused", "Alternative responses are paused"),
        ("something-new", "The reason given is something new."),
    ],
)
async def test_a_withdrawn_offer_says_why(city: City, phone: httpx.AsyncClient, why: str, words: str) -> None:
    path = city.offer()
    city.write(OfferWithdrawn(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1", why=why))
    page = await shown(city, phone, path)
    assert "The offer was withdrawn." in page
    assert words in page
    assert "Accept" not in page


async def test_an_expired_offer_says_who_has_the_call(city: City, phone: httpx.AsyncClient) -> None:
    path = city.offer()
    city.write(OfferExpired(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1"))
    assert "The time to answer is over." in await shown(city, phone, path)
    city.routed(None, "default")
    assert "The usual response was sent." in await shown(city, phone, path)


async def test_a_late_tap_sends_nothing_and_says_so(city: City, phone: httpx.AsyncClient) -> None:
    path = city.offer(seconds=0)
    await settle(city)
    for what in ("accept", "decline"):
        answer = await phone.post(f"{path}/{what}")
        assert "The time to answer is over." in answer.text
    assert city.commands() == []


async def test_a_refusal_is_shown_in_its_own_words(city: City, phone: httpx.AsyncClient) -> None:
    path = city.offer()
    await settle(city)
    city.refuse = "Team bravo-2 was first."
    answer = await phone.post(f"{path}/accept")
    assert "Team bravo-2 was first." in answer.text
    assert "Will you take this call?" in answer.text


async def test_what_is_not_answered_in_time_is_said_to_be_open(
    city: City, phone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = city.offer()
    await settle(city)
    monkeypatch.setattr("services.pocket.door.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(city, "write", lambda *_events, **_more: None)
    answer = await phone.post(f"{path}/accept")
    assert "not answered yet" in answer.text


async def test_notices_stand_above_the_call(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path, shift = city.offer(), city.sign_on()
    await settle(city)
    await phone.post(f"{path}/accept")
    city.write(AssignmentUnconfirmed(call_id=CALL, episode=1, team_id="alpha-1"))
    city.write(TeamNotMoving(call_id=CALL, episode=1, team_id="alpha-1"))
    knife = RaisedBy("weapon", "present", None, "answer weapon", city.clock.now())
    unknown = RaisedBy("injury", "needs-ems", "cannot-tell", "answer injury", city.clock.now())
    city.write(
        UpgradeRaised(
            call_id=CALL,
            episode=1,
            team_id="alpha-1",
            level="police",
            level_rank=3,
            raised_by=(knife, unknown),
            on_upgrade="stage",
            sentence="A weapon is present.",
        )
    )
    for where in (path, shift):
        page = await shown(city, phone, where)
        assert "The dispatcher has not been told yet: police may be coming." in page
        assert "You have not set out." in page
        assert "Wait nearby. Do not go in." in page
        assert "A weapon is present." in page
        assert "Injury: the caller cannot tell" in page
    informed = CadInformed(message_id="m", source="dane", kind="call.routed", call_id=CALL, episode=1)
    city.write(informed, topic=NOTIFICATIONS)
    page = await shown(city, phone, path)
    assert "police may be coming" not in page
    assert "The dispatcher knows" in page
    city.write(AssignmentUnconfirmed(call_id=CALL, episode=1, team_id="alpha-1"))
    assert "police may be coming" not in await shown(city, phone, path), "the two journals may be read in any order"


async def test_a_silent_team_is_asked_and_answers_with_its_present_status(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path, shift = city.offer(), city.sign_on()
    await settle(city)
    await phone.post(f"{path}/accept")
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    assert "Are you well?" not in await shown(city, phone, path)
    city.write(SafetyCheckDue(call_id=CALL, episode=1, team_id="alpha-1", number=1))
    for where in (path, shift):
        page = await shown(city, phone, where)
        assert "Are you well?" in page
        question = page.partition("Are you well?")[2].partition("</form>")[0]
        assert f'action="{path}/status"' in question
        assert '<button class="danger" name="status" value="need-police">Need police</button>' in question
        assert '<button class="go" name="status" value="on-scene">We are well</button>' in question
    answer = await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "2"})
    reported = city.commands()[-1]
    assert isinstance(reported, ReportStatus)
    assert (reported.status, reported.call_id) == ("on-scene", CALL)
    assert "Are you well?" not in answer.text
    city.write(SafetyCheckDue(call_id=CALL, episode=1, team_id="alpha-1", number=1))
    city.write(
        SafetyCheckMissed(
            call_id=CALL, episode=1, team_id="alpha-1", missed=2, silent_minutes=90, sentence="Send police."
        )
    )
    assert "You were silent, so police were asked for." in await shown(city, phone, path)
    answer = await phone.post(f"{path}/status", data={"status": "need-police", "page_at": "3"})
    assert "Are you well?" not in answer.text
    assert "police were asked for" in answer.text


async def test_a_released_team_is_told_and_sees_the_address_no_more(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    city.write(AssignmentWithdrawn(call_id=CALL, episode=1, team_id="alpha-1", why="overridden"))
    page = await shown(city, phone, path)
    assert "You are released" in page
    assert "The dispatcher decided otherwise." in page
    assert PERSONAL["address"] not in page
    answer = await phone.post(f"{path}/status", data={"status": "en-route", "page_at": "1"})
    assert "You are released" in answer.text
    assert [type(command) for command in city.commands()] == [AcceptOffer]


async def test_a_newer_version_of_the_call_shows_its_own_address(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    city.write(CallVersionAt(call_id=CALL, episode=1, call_at=city.call(personal={"address": "Back door"})))
    assert "Back door" in await shown(city, phone, path)
    city.write(CallVersionAt(call_id=CALL, episode=1, call_at=city.call(personal={})))
    assert "Back door" in await shown(city, phone, path), "a version that says nothing takes nothing away"


@pytest.mark.parametrize("position", ["calls/0/99", "commands/0/0", ""])
async def test_an_address_that_cannot_be_had_is_said_to_be_missing(
    city: City, phone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, position: str
) -> None:
    monkeypatch.setattr("services.pocket.sealed_calls.READ_SECONDS", 0.05)
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    if position:
        city.write(CallVersionAt(call_id=CALL, episode=1, call_at=position))
    assert "No address can be shown." in await shown(city, phone, path)


async def test_the_sealed_part_of_another_call_is_never_shown(city: City, phone: httpx.AsyncClient) -> None:
    city.call("madison/dane/26-999")
    path = city.offer()
    await settle(city)
    answer = await phone.post(f"{path}/accept")
    assert "No address can be shown." in answer.text
    assert PERSONAL["address"] not in answer.text


# --- the shift


async def test_the_shift_page_shows_offers_calls_and_what_is_past(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    shift = city.sign_on()
    assert "Nothing to do." in await shown(city, phone, shift)
    path = city.offer()
    page = await shown(city, phone, shift)
    assert "Will you take this call?" in page
    assert f'action="{path}/accept"' in page
    await phone.post(f"{path}/accept")
    page = await shown(city, phone, shift)
    assert "Your call" in page
    assert f'href="{path}"' in page
    assert PERSONAL["address"] not in page
    await phone.post(f"{path}/status", data={"status": "cleared", "disposition": "refused", "page_at": "2"})
    page = await shown(city, phone, shift)
    assert "Just now" in page
    assert "Help refused." in page


async def test_a_member_without_contact_methods_can_answer_from_the_shift_page(
    city: City, phone: httpx.AsyncClient
) -> None:
    city.call()
    shift = city.sign_on(members=("cyd",))
    city.offer(recipients=())
    await settle(city)
    path = city.path_of("offer-1", "cyd")
    assert f'action="{path}/accept"' in (await phone.get(shift)).text
    answer = await phone.post(f"{path}/accept")
    assert "You have this call" in answer.text


async def test_out_of_service_and_back(city: City, phone: httpx.AsyncClient) -> None:
    shift = city.sign_on()
    await settle(city)
    answer = await phone.post(f"{shift}/status", data={"status": "out-of-service", "page_at": "1"})
    assert "You get no offers." in answer.text
    answer = await phone.post(f"{shift}/status", data={"status": "available", "page_at": "2"})
    assert "Nothing to do." in answer.text


async def test_a_team_that_lets_offers_run_out_reads_so_and_says_that_it_is_there(
    city: City, phone: httpx.AsyncClient
) -> None:
    """Its page said that offers appear, which they did not, and nothing on it could be tapped to change that."""
    shift = city.sign_on()
    await settle(city)
    city.write(TeamUnanswering(team_id="alpha-1", unanswered=2))
    await settle(city)
    page = (await phone.get(shift)).text
    assert "You get no offers: the last ones ran out unanswered." in page
    assert "Nothing to do." not in page
    assert '<button class="go wide" name="status" value="available">We are here</button>' in page
    answer = await phone.post(f"{shift}/status", data={"status": "available", "page_at": "1"})
    assert "Nothing to do." in answer.text
    city.write(TeamUnanswering(team_id="alpha-1", unanswered=2))
    city.write(TeamHeard(team_id="alpha-1", shift_id="a" * 32, person_id="ana"))
    await settle(city)
    assert "Nothing to do." in (await phone.get(shift)).text, "an answer that came too late counts"


def terms(**minutes: int) -> TermsNoted:
    """What a programme says of community responders, and of a phone line that takes no time at all."""
    usual: dict[str, Any] = {"crew": (), "reached_by": "offer", "on_upgrade": "recall"}
    responses = [
        ResponseTerms(response=name, model="community-responder", expected_minutes=each, **usual)
        for name, each in minutes.items()
    ]
    responses += [
        ResponseTerms(response="line", model="crisis-call-diversion", expected_minutes=5, **usual),
        ResponseTerms(
            response="outreach", model="community-responder", expected_minutes=1, **usual | {"reached_by": "referral"}
        ),
    ]
    return TermsNoted(
        programme_hash="0" * 16,
        responses=tuple(responses),
        routing_deadline_seconds=60,
        cad_notice_seconds=10,
        offer_expiry_seconds=30,
        accepted_not_moving_minutes=5,
        status_stale_minutes=15,
    )


async def test_a_team_whose_shift_ends_before_a_call_could_be_done_reads_that_none_comes(
    city: City, phone: httpx.AsyncClient
) -> None:
    """Its page said that offers appear, until the shift was over."""
    city.write(TeamDefined(team=Team(team_id="alpha-1", model="community-responder")))
    shift = city.sign_on()
    city.clock.ahead += timedelta(hours=5, minutes=15)
    assert "Nothing to do." in await shown(city, phone, shift), "nobody knows yet how long a call takes"
    city.write(terms(cares=50, checks=40))
    assert "Nothing to do." in await shown(city, phone, shift)
    city.clock.ahead += timedelta(minutes=6)
    page = await shown(city, phone, shift)
    assert "You get no more offers: a call takes 40 min, and your shift ends in 3" in page
    assert "Nothing to do." not in page
    city.write(terms(checks=20))
    assert "Nothing to do." in await shown(city, phone, shift)


async def test_a_team_on_call_is_asked_beyond_the_turn_of_its_crew(city: City, phone: httpx.AsyncClient) -> None:
    city.write(TeamDefined(team=Team(team_id="alpha-1", model="community-responder")))
    shift = city.sign_on(duty="on-call")
    city.write(terms(cares=60))
    city.clock.ahead += timedelta(hours=5, minutes=55)
    assert "Nothing to do." in await shown(city, phone, shift)


async def test_a_team_at_work_reads_when_it_was_heard_of_and_may_say_that_it_is_still_available(
    city: City, phone: httpx.AsyncClient
) -> None:
    """After a quarter of an hour without a word it is offered nothing; its page could not say one."""
    shift = city.sign_on()
    await settle(city)
    city.clock.ahead += timedelta(minutes=16)
    page = (await phone.get(shift)).text
    assert "You were heard of 16 min ago." in page
    assert "We are still available" in page
    answer = await phone.post(f"{shift}/status", data={"status": "available", "page_at": "1"})
    assert "You were heard of less than a minute ago." in answer.text


async def test_who_waits_for_offers_reads_who_of_the_team_has_yet_to_say_that_they_are_there(
    city: City, phone: httpx.AsyncClient
) -> None:
    """A team whose crew was not whole was passed over, and read that offers appear."""
    shift = city.sign_on(members=("ana", "ben"), unconfirmed=("ben",))
    await settle(city)
    assert "Not on the team before they say so on their own page: ben." in (await phone.get(shift)).text
    city.write(MemberConfirmed(team_id="alpha-1", shift_id="shift-of-alpha-1", person_id="ben"))
    await settle(city)
    assert "say so on their own page" not in (await phone.get(shift)).text


async def test_signing_off_is_asked_first_and_ends_the_link(city: City, phone: httpx.AsyncClient) -> None:
    shift = city.sign_on()
    await settle(city)
    assert "Sign the whole team off?" in (await phone.get(f"{shift}/sign-off")).text
    answer = await phone.post(f"{shift}/sign-off", data={"page_at": "1"})
    assert answer.status_code == 410
    assert "Your shift has ended" in answer.text
    assert isinstance(city.commands()[0], SignOff)


# --- links


async def test_an_unknown_link_says_what_to_do(city: City, phone: httpx.AsyncClient) -> None:
    shift, path = city.sign_on(), city.offer()
    for wrong in ("/p/x", "/s/x", path.replace("/p/", "/s/"), shift.replace("/s/", "/p/"), "/nowhere", path + "é"):
        assert "ask the dispatcher by radio" in await shown(city, phone, wrong, 404)
    assert (await phone.post("/p/x/accept")).status_code == 404


async def test_links_end_five_minutes_after_what_they_lead_to(city: City, phone: httpx.AsyncClient) -> None:
    shift, path = city.sign_on(), city.offer()
    city.write(OfferWithdrawn(offer_id="offer-1", call_id=CALL, episode=1, team_id="alpha-1", why="taken"))
    city.write(TeamSignedOff(team_id="alpha-1", shift_id="shift-of-alpha-1"))
    await shown(city, phone, path, 200)
    await shown(city, phone, shift, 410)
    city.clock.ahead += timedelta(minutes=6)
    await shown(city, phone, path, 404)
    await shown(city, phone, shift, 404)
    city.offer("offer-2", team_id="bravo-2")
    await settle(city)
    assert len(city.view._links) == 2, "what has ended is forgotten"


async def test_an_acceptance_that_was_refused_may_be_said_again(city: City, phone: httpx.AsyncClient) -> None:
    """Who had not said yet that they were on the team could not take the offer any more."""
    city.call()
    city.sign_on()
    path = city.offer()
    await settle(city)
    city.refuse = "Say first that you are on the team."
    assert "Say first that you are on the team." in (await phone.post(f"{path}/accept")).text
    city.refuse = None
    assert "You have this call" in (await phone.post(f"{path}/accept")).text


async def test_what_ends_first_stands_first_and_an_offer_that_comes_in_moves_no_button(
    city: City, phone: httpx.AsyncClient
) -> None:
    shift = city.sign_on()
    for number, seconds in enumerate((40, 20, 60)):
        city.offer(f"offer-{number}", seconds=seconds, call_id=f"madison/dane/{number}")
    page = await shown(city, phone, shift)
    assert [page.index(f'"{city.path_of(f"offer-{number}")}/accept"') for number in (1, 0, 2)] == sorted(
        page.index(f'"{city.path_of(f"offer-{number}")}/accept"') for number in range(3)
    )


async def test_an_accepted_offers_link_lives_as_long_as_the_call(city: City, phone: httpx.AsyncClient) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    city.clock.ahead += timedelta(hours=3)
    city.offer("offer-2", team_id="bravo-2")
    assert PERSONAL["address"] in await shown(city, phone, path)


# --- safety


async def test_nothing_of_a_page_is_kept_indexed_or_passed_on(city: City, phone: httpx.AsyncClient) -> None:
    await settle(city)
    for path in (city.offer(), "/p/x", "/style.css"):
        await settle(city)
        headers = (await phone.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "default-src 'none'" in headers["content-security-policy"]
    assert "<script" not in (await phone.get(city.path_of("offer-1"))).text


async def test_personal_data_and_tokens_reach_no_log_and_no_metric(
    city: City, phone: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    city.call()
    path = city.offer()
    await settle(city)
    await phone.post(f"{path}/accept")
    caplog.clear()
    await phone.get(path)
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    everything = logged + "".join(capfd.readouterr()) + generate_latest().decode()
    for text in (*PERSONAL.values(), path.removeprefix("/p/")):
        assert text not in everything
    assert 'path="/p/{token}"' in everything


@pytest.mark.parametrize(
    ("what", "form", "status"),
    [
        ("status", {"status": "cleared", "page_at": "1"}, 422),
        ("status", {"status": "on-scene", "disposition": "refused", "page_at": "1"}, 422),
        ("status", {"status": "dancing", "page_at": "1"}, 422),
        ("status", {"status": "on-scene"}, 422),
        ("accept", {"eta_minutes": "a while"}, 422),
        ("accept", {"eta_minutes": "1" * 5000}, 413),
    ],
)
async def test_a_wrong_form_is_told_apart(
    city: City, phone: httpx.AsyncClient, what: str, form: dict[str, str], status: int
) -> None:
    city.call()
    path = city.offer()
    await settle(city)
    if what == "status":
        await phone.post(f"{path}/accept")
    before = len(city.commands())
    answer = await phone.post(f"{path}/{what}", data=form)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert len(city.commands()) == before


async def test_while_the_log_is_away_the_page_says_so(
    city: City, phone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_all: object) -> None:
        raise BrokerUnavailable("away")

    path = city.offer()
    await settle(city)
    monkeypatch.setattr(MemoryBroker, "append", away)
    answer = await phone.post(f"{path}/accept")
    assert answer.status_code == 503
    assert "Tell the dispatcher by radio" in answer.text


async def test_a_fault_of_ours_is_a_page_that_says_what_to_do(
    city: City, phone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = city.offer()
    await settle(city)
    monkeypatch.setattr(city.view, "offer_link", None)
    page = await shown(city, phone, path, 500)
    assert "<h1>Something went wrong</h1>" in page
    assert "Tell the dispatcher by radio" in page


async def test_where_a_form_is_posted_to_a_phone_that_looks_again_finds_the_page_again(
    city: City, phone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loaded `…/accept`, and was told that its link had come to its end, while the offer ran."""
    path = city.offer()
    await settle(city)
    for what in ("accept", "decline", "status", "released"):
        page = await shown(city, phone, f"{path}/{what}", 405)
        assert f'content="1;url={path}"' in page
        assert "come to its end" not in page
    monkeypatch.setattr(type(city.door.follower), "ready", False)
    answer = await phone.post(f"{path}/accept")
    assert (answer.status_code, f'content="5;url={path}"' in answer.text) == (503, True)


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/p/token/accept", "/p/token"),
        ("/s/token/sign-off", "/s/token"),
        ("/r/token/answer", "/r/token"),
        ("/me/push/end", "/me"),
        ("/me/enrol/token", "/me/enrol/token"),
        ("/", "/"),
    ],
)
def test_an_error_leads_back_to_the_page_that_was_tapped_on(path: str, page: str) -> None:
    """An installed page has no button to go back."""
    for query, stay in (("", ""), ("still=true", "?still=true")):
        scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": []}
        refused = PAGES.respond(Request(scope), Page(503, "Not sent", "Away."))
        assert f'<a class="button wide" href="{page}{stay}">Open the page again</a>' in bytes(refused.body).decode()


async def test_one_request_too_many_is_a_page_too(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    path = city.offer()
    await settle(city)
    monkeypatch.setattr("services.pocket.door.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(city, "write", lambda *_events, **_more: None)
    transport = httpx.ASGITransport(create_app(city.door, requests_in_flight=1))
    async with httpx.AsyncClient(transport=transport, base_url="http://pocket") as client:
        answers = await asyncio.gather(*(client.post(f"{path}/accept") for _ in range(2)))
        assert [answer.status_code for answer in answers] == [303, 429]
        assert "Go back and try again" in answers[1].text
        assert answers[1].headers["retry-after"] == "1"
        assert (await client.get(path)).status_code == 200


async def test_a_door_that_has_not_read_all_shows_nothing_yet() -> None:
    city = City()
    transport = httpx.ASGITransport(create_app(city.door))
    async with httpx.AsyncClient(transport=transport, base_url="http://pocket") as client:
        answer = await client.get(city.offer())
        assert answer.status_code == 503
        assert "looks again by itself" in answer.text
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("608-555-0199", ("+16085550199", "")),
        ("+1 (608) 555-0199", ("+16085550199", "")),
        ("608-555-0199 x12", ("+16085550199", "12")),
        ("608-555-0199 ext. 12", ("+16085550199", "12")),
        ("+16085550199;phone-context=+1", ("+16085550199", "")),
        ("+16085550199;ext=12", ("+16085550199", "12")),
        ("+44 20 7946 0958", ("+442079460958", "")),
        ("(608) 555-0199 / 608-555-0100", None),
        ("608-555-0199, 608-555-0100", None),
        ("555-0199", None),
        ("*67 608-555-0199", None),
        ("#31#6085550199", None),
        ("ask for Bob", None),
        ("911", None),
        ("", None),
        ("6085550199" * 30, None),
    ],
)
def test_c11_a_call_back_number_is_dialled_only_where_it_is_one_number(text: str, dialled: object) -> None:
    """C11: the number and its extension apart; no link where somebody else would be called."""
    assert words.dialled(text) == dialled


@given(st.text("+0123456789 -.()/,#*:;extnsiophhone=1", max_size=40) | st.text(max_size=40))
def test_f16_a_link_dials_digits_alone(text: str) -> None:
    """F16: what a caller's number says can switch nothing on a phone: no * and no # is ever dialled."""
    number = words.dialled(text)
    assert number is None or re.fullmatch(r"\+[0-9]{8,15}", number.number)
    assert number is None or re.fullmatch("[0-9]*", number.extension)


# --- links that name the way


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("answer", ["accept", "decline"])
@pytest.mark.parametrize("page_first", [False, True])
async def test_an_answer_names_the_way_that_its_page_went(
    city: City, phone: httpx.AsyncClient, answer: str, *, page_first: bool
) -> None:
    """Pages and offers stand in two journals, and either may be read first."""
    if page_first:
        city.page()
        await settle(city)
    plain = city.offer()
    if not page_first:
        city.page()
    await settle(city)
    named = city.path_of("offer-1", method_id="mobile")
    assert "Will you take this call?" in await shown(city, phone, plain), "links from before hold"
    assert "Will you take this call?" in await shown(city, phone, named)
    await phone.post(f"{named}/{answer}")
    (command,) = city.commands()
    assert isinstance(command, AcceptOffer | DeclineOffer)
    assert (command.person_id, command.method_id) == ("ana", "mobile")


@pytest.mark.parametrize("reported", [CadInformed, CadNotInformed])
async def test_a_door_that_reads_one_journal_hours_before_another_loses_no_call(
    city: City, phone: httpx.AsyncClient, reported: type[CadInformed | CadNotInformed]
) -> None:
    """As after a restart: by the other journal's time the offer was over, and the link led nowhere."""
    path = city.offer()
    await settle(city)
    told: dict[str, Any] = {"kind": "call.routed", "source": "dane", "episode": 1}
    told |= {"why": "expired"} if reported is CadNotInformed else {"attempts": 1}
    city.write(reported(message_id="1", call_id=CALL, **told), topic=NOTIFICATIONS)
    for minutes in (20, 40):
        city.clock.ahead = timedelta(minutes=minutes)
        city.write(CadInformed(message_id="2", kind="ping", source="dane", attempts=1), topic=NOTIFICATIONS)
    await settle(city)
    city.clock.ahead = timedelta()
    accepted = {"person_id": "ana", "accepted_at": city.clock.now(), "eta_minutes": 5, "call_at": city.call()}
    city.write(of_offer(OfferAccepted, city.offers["offer-1"], **accepted))
    page = await shown(city, phone, path)
    assert PERSONAL["address"] in page
    assert ("The dispatcher knows." in page) == (reported is CadInformed)
    assert ("The dispatcher has not been told yet" in page) == (reported is CadNotInformed)


async def test_a_link_names_no_way_that_no_page_went(city: City, phone: httpx.AsyncClient) -> None:
    city.offer()
    city.page()
    await shown(city, phone, city.path_of("offer-1", method_id="other"), 404)
    await shown(city, phone, city.path_of("offer-1", "ben", method_id="mobile"), 404)


async def test_links_that_name_the_way_end_with_the_others(city: City, phone: httpx.AsyncClient) -> None:
    city.offer()
    city.page()
    await shown(city, phone, city.path_of("offer-1", method_id="mobile"))
    city.write(LinksRevoked(person_id="ana", generation=1))
    await shown(city, phone, city.path_of("offer-1", method_id="mobile"), 404)
    await shown(city, phone, city.path_of("offer-1", method_id="mobile", generation=1))
    city.clock.ahead += timedelta(hours=1)
    await shown(city, phone, city.path_of("offer-1", method_id="mobile", generation=1), 404)
