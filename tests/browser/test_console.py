"""The console in a real browser: by keyboard alone, in eight tabs, by day and by night, and with the log away."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from services.console.pages.figures import PAGE as FIGURES
from services.console.pages.registry import PAGES as EVERY_PAGE
from services.console.pages.stream import MOST_PAGES
from shared import events
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests import builders
from tests.browser.desk import NARROW_PIXELS, PHONE_PIXELS, TABLET_PIXELS, a_desk, held_answer, seated, served
from tests.browser.screen import take_picture
from tests.services.console import stories
from tests.services.console.elsewhere import Played, answers, with_prometheus, with_reporting
from tests.services.console.pages.driver import Room, call_of, running_room
from tests.services.console.pages.prometheus import prometheus
from tests.services.console.test_trace import TOLD

THUMB_PIXELS = 44
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = {  # figures have a test of their own, with a reporting that has some
    **{page.title.casefold(): page.path for page in EVERY_PAGE if page.navigation and page is not FIGURES},
    "call": f"/calls/{call_of('26-4')}",
    "default": f"/calls/{call_of('26-5')}",
    "stop": "/stop",
    "trace": f"/calls/{call_of('26-4')}/trace",
}


def busy(room: Room) -> None:
    """A little of everything."""
    room.waits("26-1", seconds=50)
    room.call("26-2")
    room.call("26-3", suitability="indeterminate", missing=("weapon",), sentence="Ask about a weapon.")
    room.accepted("26-4")
    room.told_nothing("26-4")
    room.passed_over("26-5")
    referred: dict[str, Any] = {"call_id": call_of("26-4"), "response": "cares", "district": "Central", "phase": "live"}
    for number, due_at in (("1", room.now - timedelta(hours=1)), ("2", room.now + timedelta(hours=1))):
        made = events.ReferralMade(**referred, referral_id=number * 32, kind="referral", due_at=due_at)
        room.write(DECISIONS.name, made)
    room.write(DECISIONS.name, events.ReferralOverdue(referral_id="1" * 32, call_id=call_of("26-4")))


async def test_of_hundreds_of_calls_those_out_of_sight_are_not_laid_out_and_can_be_reached(
    browser: Browser, tmp_path: Path
) -> None:
    """Each second all of them were: with 300 calls the page answered a key after a fifth of a second."""
    async with a_desk(browser, tmp_path) as desk:
        for number in range(60):
            desk.room.waits(f"26-{number}")
        await desk.open("/")
        await desk.live()
        last = desk.page.locator("#waits > .row").last
        is_laid_out = "row => row.firstElementChild.checkVisibility({ contentVisibilityAuto: true })"
        assert not await last.evaluate(is_laid_out)
        name = await last.locator("a.incident").text_content()
        assert name is not None
        await desk.page.get_by_role("link", name=name, exact=True).focus()
        assert await last.evaluate(is_laid_out)
        assert await desk.focus() == name


async def test_every_page_is_accessible(browser: Browser, tmp_path: Path) -> None:
    async with running_room(tmp_path) as room, served(room.city.app) as address:
        busy(room)
        with_prometheus(room.city, Played(prometheus))
        with_reporting(room.city, answers(TOLD))
        async with seated(browser, room, address, "supervisor", tmp_path) as desk:
            for name, path in PAGES.items():
                await desk.open(path)
                if await desk.page.locator("#connection").count():
                    await desk.live()
                await desk.check(name)
            await desk.open("/")
            await desk.press("?")
            await desk.check("sheet")
        phone = {"viewport": PHONE_PIXELS, "is_mobile": True, "has_touch": True}
        async with seated(browser, room, address, "dispatcher", tmp_path, **phone) as desk:
            for name, path in PAGES.items():
                await desk.open(path)
                await desk.check_width(f"{name}-phone")
                if name in ("now", "call"):
                    await desk.page.mouse.wheel(0, 2_000)
                    assert await desk.in_sight(".stop-button"), "stop is in sight wherever one has scrolled to"
        zoomed = {"viewport": {"width": 720, "height": 450}, "reduced_motion": "reduce"}
        async with seated(browser, room, address, "dispatcher", tmp_path, **zoomed) as desk:
            await desk.check_width("zoomed")  # twice as large on half the room
            await desk.page.mouse.wheel(0, 2_000)
            assert await desk.in_sight(".stop-button")
            await desk.page.emulate_media(forced_colors="active")
            await desk.draw("forced-colours")
            await desk.context.clear_cookies()
            await desk.open("/")
            await desk.draw("sign-in")


async def test_words_that_are_longer_than_a_screen_leave_everything_in_sight(browser: Browser, tmp_path: Path) -> None:
    team, person, word = "northwest-community-responders-of-the-county-1", "bartholomew-featherstonehaugh", "w" * 80
    phone = {"viewport": NARROW_PIXELS, "is_mobile": True, "has_touch": True}
    async with a_desk(browser, tmp_path, "supervisor", **phone) as desk:
        desk.room.write(ASSIGNMENTS.name, stories.person(person), stories.team(team), stories.signed_on(team, person))
        desk.room.call("9" * 120, district=word, level=word, sentence=word * 5, missing=(word,))
        offered = desk.room.call("26-8")
        desk.room.write(
            ASSIGNMENTS.name, builders.offer_made(offered, desk.room.now, 8, team_id=team, response=word, district=word)
        )
        await desk.live()
        for name, path in (("now", "/"), ("wall", "/wall"), ("people", "/people"), ("call", f"/calls/{offered}")):
            await desk.open(path)
            await desk.check_width(f"words-{name}")
    async with a_desk(browser, tmp_path, "supervisor", viewport=NARROW_PIXELS) as desk:
        await desk.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await desk.in_sight(".stop-button")


async def test_the_keyboard_alone_confirms_overrides_and_stops(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.waits("26-1")
        desk.room.waits("26-2")
        await desk.sees("26-2")
        await desk.live()
        await desk.press("Tab", "Enter")  # skips the frame
        await desk.press("Tab")
        assert await desk.focus() == "26-1"
        await desk.press("c")
        await desk.page.locator("#running", has_text="26-1").wait_for()
        await desk.sees("cares is confirmed.")
        assert await desk.focus() == "26-2", "the focus goes on to what waits next"
        await desk.press("d")
        await desk.page.locator("#ended", has_text="26-2").wait_for()
        await desk.press("/")
        await desk.page.keyboard.type("stop West")
        await desk.press("Enter")
        await desk.sees("Press Enter once more within five seconds to stop West.")
        assert not any(isinstance(command, events.PauseDistrict) for command in desk.room.commands())
        await desk.press("Enter")
        await desk.page.locator(".stopped", has_text="West").wait_for()
        asked = [(c.type, getattr(c, "call_id", None) or getattr(c, "district", None)) for c in desk.room.commands()]
        assert asked == [
            (events.ConfirmDecision.type, call_of("26-1")),
            (events.OverrideCall.type, call_of("26-2")),
            (events.PauseDistrict.type, "West"),
        ]


async def test_nothing_that_has_the_focus_is_under_the_frame(browser: Browser, tmp_path: Path) -> None:
    """The frame is higher where its words take more lines: a call was confirmed that nobody saw."""
    async with a_desk(browser, tmp_path, "supervisor", viewport=TABLET_PIXELS) as desk:
        for number in range(12):
            desk.room.waits(f"26-{number}", seconds=600)
        await desk.page.locator("#waits .row").nth(11).wait_for()
        await desk.live()
        await desk.page.locator("#waits .act").last.focus()
        for _ in range(30):
            await desk.press("Shift+Tab")
            assert await desk.in_sight(":focus"), await desk.focus()


async def test_who_looks_by_thumb_hits_what_is_meant(browser: Browser, tmp_path: Path) -> None:
    thumb = {"viewport": TABLET_PIXELS, "is_mobile": True, "has_touch": True}
    async with a_desk(browser, tmp_path, "supervisor", **thumb) as desk:
        busy(desk.room)
        for path in ("/", "/teams", f"/calls/{call_of('26-4')}"):
            await desk.open(path)
            await desk.live()
            await desk.unfold()
            for control in await desk.page.locator("button:visible, summary:visible, select:visible, nav a").all():
                box = await control.bounding_box()
                assert box is not None
                assert box["height"] >= THUMB_PIXELS, await control.inner_text()


async def test_who_has_the_page_read_out_is_told_what_begins_to_wait(browser: Browser, tmp_path: Path) -> None:
    """A call had thirty of its fifty seconds left, or a team was silent, before anything was said."""
    async with a_desk(browser, tmp_path) as desk:
        await desk.live()
        said = desk.page.get_by_role("status").filter(has=desk.page.locator("p"))
        desk.room.waits("26-1", seconds=50)
        await said.get_by_text(
            re.compile(r"^26-1 waits for you Central, priority 2 \d+ s left .* Suitable for cares\.$")
        ).wait_for()
        desk.room.accepted("26-4")
        desk.room.told_nothing("26-4")
        await said.get_by_text(re.compile("^cad not informed 26-4 since .* did not acknowledge .*")).wait_for()
        await desk.open("/calls")
        await desk.live()
        desk.room.write(NOTIFICATIONS.name, events.CadWebhookDisabled(source="uw-police"))
        await said.get_by_text(re.compile("^[0-9]+ alarms?$")).wait_for()


async def test_an_answer_that_comes_late_hides_nothing_of_what_was_said_meanwhile(
    browser: Browser, tmp_path: Path
) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.waits("26-1")
        await desk.live()
        answer = await held_answer(desk.page, "**/confirm?*")
        await desk.page.get_by_role("button", name="Confirm cares").click()
        await answer.is_there.wait()
        await desk.press("/")
        await desk.page.keyboard.type("stop West")
        await desk.press("Enter")
        await desk.sees("Press Enter once more within five seconds to stop West.")
        answer.may_arrive.set()
        await desk.sees("cares is confirmed.")
        told = await desk.page.locator("#toast p").all_inner_texts()
        assert told[0] == "Press Enter once more within five seconds to stop West."
        await desk.draw("two-words")
        await desk.press("Enter")
        await desk.page.locator(".stopped", has_text="West").wait_for()


async def test_a_number_on_the_line_is_a_call_and_not_what_else_has_it(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.accepted("26-4")
        desk.room.told_nothing("26-4")  # its alert stands above it, and has its number, too
        desk.room.call("26-7")
        desk.room.call("26-7", source="uw-police")
        await desk.live()
        await desk.page.locator("#running > .row").nth(2).wait_for()
        await desk.press("/")
        await desk.page.keyboard.type("default 26-7")
        await desk.press("Enter")
        await desk.sees("Several calls have the number 26-7: press default at the one that you mean.")
        await desk.press("Escape", "/")
        await desk.page.keyboard.type("default 26-4")
        await desk.press("Enter")
        await desk.sees("default goes.")
        asked = [command.call_id for command in desk.room.commands() if isinstance(command, events.OverrideCall)]
        assert asked == [call_of("26-4")]


async def test_stop_takes_two_presses_and_a_held_key_is_one(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.live()
        button = desk.page.locator(".stop-button")
        await button.focus()
        for _ in range(8):  # a key that is held down
            await desk.page.keyboard.down("Enter")
            await asyncio.sleep(0.06)
        await desk.page.keyboard.up("Enter")
        assert "Press again: stop everything" in await button.inner_text()
        assert desk.room.commands() == []
        await desk.press("Enter")
        await desk.page.locator(".stopped", has_text="everything").wait_for()
        [command] = desk.room.commands()
        assert isinstance(command, events.PauseDistrict)
        assert command.district == "all"


@pytest.mark.parametrize("how", ["twice", "held", "thumb"])
async def test_who_confirms_twice_does_not_send_the_default_that_stands_there_then(
    browser: Browser, tmp_path: Path, how: str
) -> None:
    """What was confirmed leaves the page of a call, and "Send default" took its place, and the focus."""
    async with a_desk(browser, tmp_path) as desk:
        call_id = desk.room.waits("26-1", seconds=600)
        await desk.open(f"/calls/{call_id}")
        await desk.live()
        button = desk.page.get_by_role("button", name="Confirm cares")
        await button.focus()
        box = await button.bounding_box()
        assert box is not None
        gone = desk.page.locator("#call-acts button", has_text="Confirm")
        for _ in range(2 if how != "held" else 20):
            if how == "thumb":
                await desk.page.mouse.click(box["x"] + 9, box["y"] + 9)
            else:
                await desk.page.keyboard.down("Enter")
            if how == "held":
                await asyncio.sleep(0.06)
            else:
                await gone.wait_for(state="detached")
                await desk.page.keyboard.up("Enter")
        await desk.page.keyboard.up("Enter")
        await desk.sees("cares is confirmed.")
        assert [type(command) for command in desk.room.commands()] == [events.ConfirmDecision]
        await asyncio.sleep(0.4)
        await desk.press("d")
        await desk.sees("default goes.")


async def test_a_key_that_comes_twice_confirms_one_call_and_the_focus_goes_with_its_call(
    browser: Browser, tmp_path: Path
) -> None:
    """The second press confirmed the next call, unread; and a call that began to wait left the focus nowhere."""
    async with a_desk(browser, tmp_path) as desk:
        for number in (1, 2):
            desk.room.waits(f"26-{number}", seconds=600)
        await desk.live()
        await desk.page.get_by_role("button", name="Confirm cares").first.focus()
        await desk.press("c")
        await desk.page.locator("#waits .row", has_text="26-1").wait_for(state="detached")
        await desk.press("c")
        await desk.sees("The list moved just now")
        (confirmed,) = desk.room.commands()
        assert isinstance(confirmed, events.ConfirmDecision)
        assert confirmed.call_id == call_of("26-1")
        call_id = desk.room.call("26-9", seconds=600)
        row = desk.page.locator(".row", has_text="26-9")
        await row.get_by_role("button", name="Send default").focus()
        until = desk.room.now + timedelta(seconds=500)
        asked = events.ConfirmationAsked(
            call_id=call_id, episode=1, response="cares", expires_at=until, sentence="It may."
        )
        desk.room.write(ASSIGNMENTS.name, asked)
        await desk.page.locator("#waits .row", has_text="26-9").wait_for()
        await expect(row.get_by_role("button", name="Send default")).to_be_focused()


async def test_what_was_refused_stays_said_and_every_button_keeps_its_name(browser: Browser, tmp_path: Path) -> None:
    """It was gone after ten seconds, and "Send default" was called "Send default d" from then on."""
    async with a_desk(browser, tmp_path) as desk:
        call_id = desk.room.accepted("26-4")
        refusal = {"detail": "The team is with somebody.", "errors": [], "state": "refused"}
        await desk.context.route("**/override?*", lambda route: route.fulfill(status=409, json=refusal))
        await desk.context.route("**/withdraw?*", lambda route: route.fulfill(status=409, json=refusal))
        await desk.open(f"/calls/{call_id}")
        await desk.live()
        send = desk.page.get_by_role("button", name="Send default", exact=True)
        await send.click()
        await desk.sees("Not done. The team is with somebody.")
        await send.wait_for()
        withdraw = desk.page.locator("form[id^=withdraw]")
        await withdraw.get_by_label("because").fill("they are needed elsewhere")
        await withdraw.get_by_role("button").click()
        await withdraw.locator("output", has_text="The team is with somebody.").wait_for()
        assert await withdraw.get_by_label("because").input_value() == "they are needed elsewhere"
        await desk.context.clear_cookies()
        await desk.open("/enter")
        await desk.page.get_by_label("Your token").fill("wrong")
        await desk.press("Enter")
        await expect(desk.page.get_by_label("Your token")).to_have_accessible_description(
            "This token is not known here."
        )


async def test_a_stop_that_was_done_and_resumed_is_asked_for_again(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        city = desk.room.city
        button = desk.page.locator(".stop-button")

        async def stop() -> None:
            await button.click()
            await asyncio.sleep(0.4)
            await button.click()

        await desk.live()
        city.services.silent = True
        await stop()
        await desk.sees("its service has not answered yet")
        city.services.silent = False
        desk.room.write(DECISIONS.name, *city.services.decide(city.commands()[0]))
        await desk.page.locator(".stopped", has_text="everything").wait_for()
        await city.post("supervisor", "/v1/switchboard/resume", {"district": "all"})
        await desk.page.locator(".stopped").wait_for(state="detached")
        await stop()
        await desk.page.locator(".stopped", has_text="everything").wait_for()
        asked = [type(command) for command in city.commands()]
        assert asked == [events.PauseDistrict, events.ResumeDistrict, events.PauseDistrict]


async def test_what_came_to_a_command_long_ago_answers_no_later_one(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        services = desk.room.city.services
        await desk.page.clock.install()
        await desk.open("/")
        await desk.live()
        desk.room.waits("26-1", seconds=600)
        services.silent = True
        confirm = desk.page.get_by_role("button", name="Confirm cares")
        await confirm.click()
        await desk.sees("its service has not answered yet")
        await desk.page.clock.fast_forward("00:30")
        await desk.live()
        await confirm.click()
        await desk.page.locator("#toast", has_text="its service has not answered yet").wait_for()
        await desk.page.clock.fast_forward("00:40")
        await desk.live()
        services.silent = False
        await confirm.click()
        await desk.sees("cares is confirmed.")
        first, second, third = [command.command_id for command in desk.room.commands()]
        assert (second, third != first) == (first, True), "the same within a minute, and then another"


async def test_without_a_script_everything_can_be_done(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, java_script_enabled=False) as desk:
        desk.room.waits("26-1")
        await desk.room.city.settle()
        await desk.open("/")
        await desk.page.get_by_role("button", name="Confirm cares").click()
        await desk.sees("Done. cares is confirmed.")
        await desk.page.get_by_label("What to stop").select_option("West")
        await desk.page.get_by_role("button", name="Stop", exact=True).click()
        await desk.sees("Stop West?")
        await desk.page.get_by_role("button", name="Stop", exact=True).click()
        await desk.sees("stopped: West")
        await desk.page.get_by_role("button", name="Sign out").click()
        await desk.sees("Your token")


async def test_eight_tabs_share_one_stream(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.live()
        others = [await desk.tab() for _ in range(7)]
        for other in others:
            await other.goto(desk.address + "/calls")
            await desk.live(other)
        desk.room.waits("26-1")
        for page in (desk.page, *others):
            await page.locator(".row", has_text="26-1").wait_for()
        [open_streams] = [len(own) for own in desk.room.city.app.state.streams._of_session.values()]
        assert open_streams <= 2, "the one of a moment before may be closing"
        await desk.page.close()  # the one that led
        desk.room.waits("26-2")
        for page in others:
            await page.locator(".row", has_text="26-2").wait_for()


async def test_a_row_that_changes_keeps_the_focus_and_what_is_typed(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        call_id = desk.room.accepted("26-4")
        row = desk.page.locator("#running .row", has_text="26-4")
        await row.get_by_text("Withdraw cares-1").first.click()
        why = row.get_by_label("Why")
        await why.fill("half a rea")
        moved = events.StatusReported(call_id=call_id, episode=1, team_id="cares-1", status="on-scene", assigned=True)
        desk.room.write(ASSIGNMENTS.name, moved)
        await row.get_by_text("on scene").wait_for()
        await desk.page.keyboard.type("son")
        assert await why.input_value() == "half a reason"


async def test_nothing_is_shown_before_the_journal_answers(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.city.services.silent = True
        desk.room.city.app.state.commands._answer_seconds = 1.0
        desk.room.waits("26-1")
        confirm = desk.page.locator("#waits form[action$='/confirm'] button")
        await confirm.click()
        assert await confirm.inner_text() == "asked…"
        await confirm.click(force=True)
        await desk.sees("its service has not answered yet")
        await confirm.click()
        await asyncio.sleep(0.2)
        assert await desk.page.locator("#waits", has_text="26-1").count() == 1
        assert len({command.command_id for command in desk.room.commands()}) == 1


async def test_with_the_log_away_the_page_says_so_within_three_seconds(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.waits("26-1")
        confirm = desk.page.get_by_role("button", name="Confirm cares")
        await confirm.wait_for()
        await desk.live()
        desk.room.city.network.gone = True
        began = time.monotonic()
        await desk.page.locator("#stale:not([hidden])", has_text="Nothing new from careroute").wait_for()
        assert time.monotonic() - began <= 3.5  # what was read in the last half second counts as now
        assert await confirm.get_attribute("aria-disabled") == "true"
        await confirm.click(force=True)
        await desk.sees("nothing was asked for")
        await desk.press("Tab")
        assert desk.room.commands() == []
        assert await desk.page.locator(".stop-button").get_attribute("aria-disabled") is None
        await take_picture(desk.page, tmp_path / "stale.png")
        desk.room.city.network.gone = False
        await desk.live()
        assert await confirm.get_attribute("aria-disabled") is None


async def test_a_door_that_is_gone_is_told_in_words(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.page.clock.install()
        await desk.open("/")
        await desk.live()
        await desk.context.set_offline(True)
        desk.room.city.app.state.streams._of_session.clear()  # their streams end
        began = time.monotonic()
        await desk.page.locator("#stale:not([hidden])").wait_for()
        assert time.monotonic() - began <= 3.5
        await desk.page.clock.fast_forward(8_000)
        await desk.page.locator("#stale", has_text="NOT CURRENT since").wait_for()
        await take_picture(desk.page, tmp_path / "lost.png")
        await desk.context.set_offline(False)
        await desk.live()


async def test_a_look_that_a_stream_overtook_changes_nothing(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.page.clock.install()
        await desk.open("/")
        await desk.live()
        look = await held_answer(desk.page, "**/news?*")
        await desk.page.clock.fast_forward(5_000)
        await look.is_there.wait()
        desk.room.waits("26-1")
        row = desk.page.locator("#waits .row", has_text="26-1")
        await row.wait_for()
        async with desk.page.expect_event("requestfinished", lambda request: "/news?" in request.url):
            look.may_arrive.set()
        await desk.live()
        await asyncio.sleep(0.2)
        assert await row.count() == 1


async def test_a_tab_shows_what_happened_while_it_was_loaded(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.live()
        other = await desk.tab()
        rendered = await held_answer(other, desk.address + "/")
        opening = asyncio.create_task(other.goto(desk.address + "/"))
        await rendered.is_there.wait()
        desk.room.waits("26-1")
        await desk.page.locator("#waits .row", has_text="26-1").wait_for()
        rendered.may_arrive.set()
        await opening
        await other.locator("#waits .row", has_text="26-1").wait_for()


async def test_a_page_that_no_stream_follows_says_so_and_looks_by_itself(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        await desk.live()
        calls = [desk.room.call(f"26-{number}") for number in range(1, MOST_PAGES + 1)]
        await desk.room.city.settle()
        others = [await desk.tab() for _ in calls]
        for other, call_id in zip(others, calls, strict=True):
            await other.goto(f"{desk.address}/calls/{call_id}")
        *followed, last = others
        for other in followed:
            await desk.live(other)
        await last.locator('#connection[data-state="slow"]').wait_for()
        desk.room.write(ASSIGNMENTS.name, builders.call_routed(calls[-1], desk.room.now, "default"))
        await last.locator("h1 ~ *", has_text="default").first.wait_for()
        assert await last.locator("#connection").get_attribute("data-state") == "slow"


async def test_what_has_just_moved_is_not_pressed(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        first, second = desk.room.waits("26-1"), desk.room.waits("26-2")
        button = desk.page.locator("#waits .row", has_text="26-2").get_by_role("button", name="Send default")
        await desk.page.clock.install()
        await desk.open("/")
        await button.wait_for()
        await desk.stop_clock()  # however long a press takes
        await desk.live()
        taken = events.CallOverridden(call_id=first, episode=1, send="default", overridden_by="x")
        desk.room.write(ASSIGNMENTS.name, taken, builders.call_routed(first, desk.room.now, "default"))
        await desk.page.locator("#ended", has_text="26-1").wait_for()
        await button.click()
        await desk.sees("The list moved just now")
        assert desk.room.commands() == []
        await desk.page.clock.fast_forward(400)
        await button.click()
        await desk.page.locator("#ended", has_text="26-2").wait_for()
        assert [getattr(command, "call_id", None) for command in desk.room.commands()] == [second]


async def test_a_key_does_nothing_in_a_row_that_has_just_got_the_focus(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        desk.room.waits("26-1")
        desk.room.waits("26-2", seconds=90)
        await desk.sees("26-2")
        await desk.page.locator("#waits .incident", has_text="26-1").focus()
        confirmed = events.DecisionConfirmed(
            call_id=call_of("26-1"), episode=1, response="cares", confirmed_by="somebody-else"
        )
        desk.room.write(ASSIGNMENTS.name, confirmed)
        while "26-2" not in await desk.focus():  # noqa: ASYNC110  # sooner than a person could press
            await asyncio.sleep(0.01)
        await desk.press("c")
        await desk.sees("The list moved just now")
        assert desk.room.commands() == []
        await asyncio.sleep(0.4)
        await desk.press("c")
        await desk.sees("cares is confirmed.")
        (command,) = desk.room.commands()
        assert isinstance(command, events.ConfirmDecision)
        assert command.call_id == call_of("26-2")


async def test_a_link_signs_in_once_and_signing_out_is_seen_in_every_tab(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        made = await desk.room.city.post("supervisor", "/v1/people/me/sign-in-link")
        path = made.json()["path"]
        other = await desk.tab()
        await other.goto(desk.address + "/wall")
        await desk.live(other)
        await desk.open(path)
        await desk.page.get_by_role("button", name="Sign in").click()
        await desk.sees("the-supervisor, supervisor")
        await other.locator("#stale", has_text="You are signed out").wait_for(timeout=12_000)
        await desk.open(path)
        await desk.sees("This link is used up")


@pytest.mark.parametrize("streams", [True, False])
async def test_a_page_of_somebody_who_was_here_before_shows_and_does_nothing(
    browser: Browser, tmp_path: Path, *, streams: bool
) -> None:
    """Somebody of another agency signs in at a tab beside it: the page still has the first one's name on it."""
    async with a_desk(browser, tmp_path) as desk:
        if not streams:
            await desk.context.route("**/stream*", lambda route: route.abort())
            await desk.open("/")
        desk.room.waits("26-1", seconds=600)
        await desk.page.locator("#waits .row", has_text="26-1").wait_for()
        other = await desk.tab()
        await other.goto(desk.address + "/enter")
        await other.get_by_label("Your token").fill("bob")
        await other.keyboard.press("Enter")
        await other.locator(".who", has_text="bob, supervisor").wait_for()
        await desk.page.locator("#stale", has_text="You are signed out").wait_for(timeout=12_000)
        button = desk.page.locator(".stop-button")
        await button.click()
        await asyncio.sleep(0.4)
        await button.click()
        await desk.page.locator("#toast .wrong", has_text="Somebody else has signed in").wait_for()
        assert await desk.page.locator("#waits .row", has_text="26-1").count() == 1
        assert desk.room.commands() == []


async def test_what_comes_from_outside_is_text_and_nothing_personal_is_shown(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        await desk.live()
        busy(desk.room)
        desk.room.waits("<b class=planted>26</b>")
        hostile = "<img src=x class=planted onerror=\"document.title='planted'\">"
        desk.room.call("26-9", sentence=hostile, district=hostile, level=hostile)
        await desk.sees("onerror")
        for path in (*PAGES.values(), f"/calls/{call_of('26-9')}"):
            await desk.open(path)
            assert await desk.page.locator(".planted").count() == 0
            assert await desk.page.title() != "planted"
            text = await desk.page.content()
            for canary in ("Zzyzx", "555-01", "narrative", "callback"):
                assert canary not in text
