"""What the page says to a team that is with somebody, waits to be let in, or was released."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.pocket.pages import QUESTION_SECONDS
from shared.events import (
    AssignmentMoved,
    AssignmentWithdrawn,
    CallChanged,
    CallVersionAt,
    CorrectStatus,
    IncidentConfirmed,
    ReportStatus,
    SafetyCheckDue,
    SafetyCheckMissed,
    StatusCorrected,
    StatusReported,
    TeamMayEnter,
    TeamStays,
    UpgradeRaised,
)
from tests.services.pocket.driver import CALL, PERSONAL, City
from tests.services.pocket.test_http import settle, shown

ABOUT: dict[str, Any] = {"call_id": CALL, "episode": 1, "team_id": "alpha-1"}


async def accepted(city: City, phone: httpx.AsyncClient, **more: Any) -> str:
    city.call()
    city.sign_on()
    path = city.offer(**more)
    await settle(city)
    await phone.post(f"{path}/accept")
    return path


async def test_an_upgrade_on_scene_does_not_turn_anybody_back(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone)
    city.write(UpgradeRaised(**ABOUT, level="police", level_rank=3, on_upgrade="stay", team_on_scene=True))
    page = await shown(city, phone, path)
    assert "You stay on this call." in page
    assert "Turn back." not in page
    assert PERSONAL["address"] in page


async def test_a_team_reads_which_type_nobody_lists(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone)
    city.write(UpgradeRaised(**ABOUT, level="calm", level_rank=0, on_upgrade="stay", unlisted_type="SHOTS FIRED"))
    page = await shown(city, phone, path)
    assert "Call type: SHOTS FIRED, not a listed one" in page
    assert "Carry on with care." in page


async def test_a_team_that_is_told_to_wait_nearby_can_say_so_and_is_asked_who_let_it_in(
    city: City, phone: httpx.AsyncClient
) -> None:
    """Its page had no such button, and took "on scene" as if nobody had told it to wait."""
    path = await accepted(city, phone)
    city.write(UpgradeRaised(**ABOUT, level="police", level_rank=3, on_upgrade="stage"))
    page = await shown(city, phone, path)
    assert "Wait nearby. Do not go in." in page
    assert 'name="status" value="staged"' in page
    asked = await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    assert 'name="released_by"' in asked.text
    assert "You go in when: the dispatcher, or whoever is on scene, says so." in asked.text
    city.write(TeamMayEnter(**ABOUT, released_by="Ortiz"))
    page = await shown(city, phone, path)
    assert "You may go in." in page
    assert "Do not go in." not in page


async def test_a_call_that_is_none_for_the_team_is_called_that_and_hides_no_danger(
    city: City, phone: httpx.AsyncClient
) -> None:
    path = await accepted(city, phone)
    other = UpgradeRaised(
        **ABOUT, level="calm", level_rank=0, on_upgrade="stay", more_dangerous=False, against=("age-not-met",)
    )
    city.write(other)
    page = await shown(city, phone, path)
    assert "This call may not be one for your team" in page
    assert "become more dangerous" not in page
    city.write(other.model_copy(update={"more_dangerous": True}))
    city.write(other)
    assert "This call has become more dangerous" in await shown(city, phone, path)


async def test_a_call_that_the_cad_closed_asks_for_clearing(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone)
    city.write(TeamStays(**ABOUT, why="closed", sentence="."))
    page = await shown(city, phone, path)
    assert "The CAD has closed this call." in page
    assert "Clear call" in page
    city.write(CallVersionAt(call_id=CALL, episode=1, call_at=city.call(), status="reopened"))
    assert "has closed this call" not in await shown(city, phone, path)


async def test_a_released_team_says_that_it_knows_and_its_link_lives_until_then(
    city: City, phone: httpx.AsyncClient
) -> None:
    path = await accepted(city, phone)
    city.write(AssignmentWithdrawn(**ABOUT, why="upgraded", acknowledge=True))
    page = await shown(city, phone, path)
    assert "You get no other call before you have said that you know." in page
    await phone.post(f"{path}/released", data={"status": "available", "page_at": "7"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert (command.status, command.call_id) == ("available", None)
    assert "before you have said" not in await shown(city, phone, path)


async def test_a_released_team_may_still_ask_for_police(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone)
    city.write(AssignmentWithdrawn(**ABOUT, why="upgraded", acknowledge=True))
    await shown(city, phone, path)
    await phone.post(f"{path}/released", data={"status": "need-police", "page_at": "8"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert command.status == "need-police"


async def test_a_team_without_a_call_asks_for_police_and_is_asked_whether_it_is_well(
    city: City, phone: httpx.AsyncClient
) -> None:
    shift = city.sign_on()
    await shown(city, phone, shift)
    await phone.post(f"{shift}/status", data={"status": "need-police", "page_at": "9"})
    assert "You have asked for police." in await shown(city, phone, shift)
    city.write(SafetyCheckDue(call_id="", episode=0, team_id="alpha-1", number=1))
    assert "Are you well?" in await shown(city, phone, shift)
    city.write(StatusReported(team_id="alpha-1", status="available", assigned=False))
    assert "Are you well?" not in await shown(city, phone, shift)


@pytest.mark.parametrize(
    ("status", "says"),
    [("on-scene", "on-scene"), ("transporting", "transporting"), ("need-police", "available")],
)
async def test_a_team_without_a_call_says_on_its_shift_page_that_it_is_well(
    city: City, phone: httpx.AsyncClient, status: str, says: str
) -> None:
    """One that was released too late is with somebody still, and stays so."""
    shift = city.sign_on()
    city.write(StatusReported.model_validate({"team_id": "alpha-1", "status": status, "assigned": False}))
    city.write(SafetyCheckDue(call_id="", episode=0, team_id="alpha-1", number=1))
    assert f'value="{says}">We are well</button>' in await shown(city, phone, shift)
    await phone.post(f"{shift}/status", data={"status": says, "page_at": "9"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert (command.status, command.call_id) == (says, None)


@pytest.mark.parametrize("call_id", ["", CALL])
async def test_a_team_without_a_call_that_was_silent_hears_that_police_were_asked_for(
    city: City, phone: httpx.AsyncClient, call_id: str
) -> None:
    shift = city.sign_on()
    about: dict[str, Any] = {"call_id": call_id, "episode": 1, "team_id": "alpha-1"}
    city.write(StatusReported(team_id="alpha-1", status="on-scene", assigned=False))
    city.write(SafetyCheckMissed(**about, missed=2, silent_minutes=90, sentence="Send police."))
    city.write(StatusReported(team_id="alpha-1", status="on-scene", assigned=False))
    assert "You were silent, so police were asked for." in await shown(city, phone, shift), "whatever it says now"
    city.write(StatusReported(team_id="alpha-1", status="available", assigned=False))
    assert "You were silent" not in await shown(city, phone, shift)


async def test_a_shift_that_was_to_end_while_its_team_has_a_call_says_since_when(
    city: City, phone: httpx.AsyncClient
) -> None:
    """The team keeps its shift until it clears: for hours the page said that it ends in less than a minute."""
    city.call()
    shift, path = city.sign_on(), city.offer()
    assert "shift ends in 5 h 59 min" in await shown(city, phone, shift)
    await phone.post(f"{path}/accept")
    city.clock.ahead += timedelta(hours=8, minutes=1)
    assert "shift was to end 2 h 1 min ago" in await shown(city, phone, shift)


async def test_on_scene_asks_whether_somebody_has_released_the_team(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone, enters_when=("released by sergeant",))
    sent = len(city.commands())
    asked = await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    assert "Has somebody released you?" in asked.text
    assert f'<meta http-equiv="refresh" content="{QUESTION_SECONDS};url={path}">' in asked.text, "it looks for news"
    assert len(city.commands()) == sent
    form = {"status": "on-scene", "page_at": "1", "released_by": "a sergeant"}
    await phone.post(f"{path}/status", data=form)
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert command.released_by == "a sergeant"
    assert "Has somebody released you?" not in await shown(city, phone, f"{path}/enter"), "it is answered"


async def test_nobody_has_to_be_named_to_be_on_scene(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone, enters_when=("released by sergeant",))
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1", "released_by": "nobody"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert (command.status, command.released_by) == ("on-scene", None)


async def test_who_let_a_team_in_before_the_danger_was_known_is_asked_for_anew(
    city: City, phone: httpx.AsyncClient
) -> None:
    """A weapon became known while the team read the question: its answer let it in, and it was told to carry on."""
    path = await accepted(city, phone, enters_when=("released by sergeant",))
    asked = await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    sent = len(city.commands())
    city.write(UpgradeRaised(**ABOUT, level="police", level_rank=3, on_upgrade="stage", sentence="A weapon."))
    await settle(city)
    form = hidden_in(asked.text) | {"status": "on-scene"}
    again = await phone.post(f"{path}/status", data=form | {"released_by": "a sergeant"})
    assert "Has somebody released you?" in again.text
    assert "Wait nearby. Do not go in." in again.text
    assert "A weapon." in again.text
    assert len(city.commands()) == sent
    form = hidden_in(again.text) | {"status": "on-scene"}
    await phone.post(f"{path}/status", data=form | {"released_by": "a sergeant"})
    assert len(city.commands()) == sent + 1, "whoever says so knowing it is believed"


async def test_whoever_is_with_somebody_is_on_scene_whatever_became_known(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone, enters_when=("released by sergeant",))
    city.write(UpgradeRaised(**ABOUT, level="police", level_rank=3, on_upgrade="stage"))
    await settle(city)
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1", "released_by": "nobody"})
    assert isinstance(city.commands()[-1], ReportStatus)


def hidden_in(page: str) -> dict[str, str]:
    """What the forms of a page send besides what is tapped."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


async def test_a_team_that_was_let_in_is_told(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone, enters_when=("police on scene",))
    await phone.post(f"{path}/status", data={"status": "staged", "page_at": "1"})
    page = await shown(city, phone, path)
    assert "Waiting nearby" in page
    assert "Stage nearby." in page
    city.write(TeamMayEnter(**ABOUT, released_by="units-on-scene"))
    assert "You may go in." in await shown(city, phone, path)


async def test_A4_A7_an_address_that_changed_is_shown_with_the_one_before(  # noqa: N802
    city: City, phone: httpx.AsyncClient
) -> None:
    path = await accepted(city, phone)
    position = city.call(personal={"address": "99 Elsewhere Rd"})
    city.write(CallVersionAt(call_id=CALL, episode=1, call_at=position))
    page = await shown(city, phone, path)
    assert "99 Elsewhere Rd" in page
    assert "Address changed since you accepted." in page
    assert f"You accepted: {PERSONAL['address']}" in page
    moved_at = city.clock.now() - timedelta(minutes=7)
    moved = CallChanged(**ABOUT, changes=("Address: …",), address_changed=True, changed_at=moved_at, sentence=".")
    city.write(moved, CallVersionAt(call_id=CALL, episode=1, call_at=position))
    page = await shown(city, phone, path)
    assert "Address changed 7 min ago." in page
    assert "Address: … That was 7 min ago." in page
    change = "Beginning: 2026-03-02 12:00 UTC, now 2026-03-03 12:00 UTC."
    told = CallChanged(**ABOUT, changes=(change,), another_incident=True, changed_at=city.clock.now(), sentence=".")
    city.write(told)
    page = await shown(city, phone, path)
    assert "This may be another call by now" in page
    assert change in page
    said = IncidentConfirmed(**ABOUT, another=False, begun_at=city.clock.now(), confirmed_by="dee")
    city.write(said)
    page = await shown(city, phone, path)
    assert "This may be another call by now" not in page
    assert "The dispatcher says that it is the same incident." in page


async def test_a_call_that_was_merged_into_another_stays_on_the_page_as_that_one(
    city: City, phone: httpx.AsyncClient
) -> None:
    path = await accepted(city, phone)
    other = "madison/dane/26-002"
    position = city.call(other, {"address": "99 Elsewhere Rd"})
    moved: dict[str, Any] = {"to_call_id": other, "to_episode": 2, "response": "care-team", "call_at": position}
    told = CallChanged(**ABOUT, changes=("x",), another_incident=True, changed_at=city.clock.now(), sentence=".")
    city.write(told, TeamStays(**ABOUT, why="merged", sentence="."))
    asked = await shown(city, phone, path)
    city.write(AssignmentMoved(**ABOUT, **moved, sentence="."))
    page = await shown(city, phone, path)
    assert "This may be another call by now" in asked
    assert "This may be another call by now" not in page
    assert "The CAD has merged it into incident 26-002, which you have now." in page
    assert "99 Elsewhere Rd" in page
    assert f"You accepted: {PERSONAL['address']}" in page
    assert "tap <em>Clear call</em> once you are done" not in page
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    command = city.commands()[-1]
    assert isinstance(command, ReportStatus)
    assert command.call_id == other


async def test_going_back_is_a_correction(city: City, phone: httpx.AsyncClient) -> None:
    path = await accepted(city, phone)
    await phone.post(f"{path}/status", data={"status": "on-scene", "page_at": "1"})
    page = await shown(city, phone, path)
    assert 'value="en-route"' not in page
    assert "We are not on scene" in page
    assert 'value="en-route"' in await shown(city, phone, f"{path}/correct")
    await phone.post(f"{path}/correct", data={"status": "en-route", "page_at": "2"})
    assert isinstance(city.commands()[-1], CorrectStatus)
    city.write(StatusCorrected(**ABOUT, before="on-scene", status="en-route"))
    assert 'value="on-scene"' in await shown(city, phone, path)
