"""Teams, Switchboard and Alerts in a real browser: by keyboard alone, by day and by night, and while things change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser

from deploy.local.kafka.node import CHECKOUT
from shared import events
from shared.judgement import Phase
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS
from tests.browser.desk import PHONE_PIXELS, Desk, a_desk, seated, served
from tests.services.console.pages.driver import Room, call_of, running_room

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = {"teams": "/teams", "switchboard": "/switchboard", "alerts": "/alerts", "runbook": "/runbooks/TeamSilent"}
PHASES: Sequence[tuple[str, str, Phase, str]] = (
    ("outreach", "Harbor", "live", "three quiet weeks in advisory"),
    ("co-response", "Harbor", "advisory", "pilot"),
    ("outreach", "Hillside", "advisory", "pilot"),
    ("outreach", "Old Town", "shadow", ""),
)
UNDER_WAY: Sequence[tuple[int, Literal["offered", "team-accepted"]]] = ((7, "offered"), (8, "team-accepted"))
DOCUMENT = (CHECKOUT / "deploy/programmes/demo-city.toml").read_text("utf-8")


def switched_on(room: Room) -> None:
    """A document in force that careroute can read, and a little on its switchboard."""
    document_hash, by = "e" * 32, "the-supervisor"
    room.write(
        DECISIONS.name,
        events.ProgrammeProposed(
            document=DOCUMENT, document_hash=document_hash, version=4, effective=room.now, proposed_by=by
        ),
        events.ProgrammeActivated(document_hash=document_hash, version=4),
        *(
            events.PhaseChanged(
                response=response, district=district, phase=phase, revision=revision, changed_by=by, reason=why
            )
            for revision, (response, district, phase, why) in enumerate(PHASES, 2)
        ),
        events.CapChanged(
            response="outreach",
            district="Harbor",
            at_most_open=2,
            at_most_per_day=10,
            revision=6,
            changed_by=by,
            reason="two vans",
        ),
        events.DistrictPaused(district="Hillside", revision=7, changed_by="dora", reason="storm"),
        events.DistrictPaused(district="Airport", revision=8, changed_by="dora", reason="a drill"),
        events.DistrictResumed(district="Airport", revision=9, changed_by=by),
        *(
            events.RoutingNoted(
                call_id=call_of(f"26-{number}"),
                reached=reached,
                response="outreach",
                district="Harbor",
                day=room.now.astimezone().date(),
            )
            for number, reached in UNDER_WAY
        ),
    )
    room.city.services.revision = 9


def on_shift(room: Room) -> None:
    """Teams in every state that matters."""
    people = (("bea", "Bea Ortiz"), ("cal", "Cal Reyes"), ("dee", "Dee Novak"))
    room.write(
        ASSIGNMENTS.name,
        *(
            events.PersonDefined(person=events.Person(person_id=person_id, name=name, disciplines=("paramedic",)))
            for person_id, name in people
        ),
        *(
            events.TeamDefined(
                team=events.Team(
                    team_id=team_id,
                    model="community-responder",
                    primary_districts=districts,
                    further_models=("co-responder",) if team_id == "harbor-2" else (),
                )
            )
            for team_id, districts in (("harbor-1", ("Harbor",)), ("harbor-2", ("Harbor", "Old Town")), ("night", ()))
        ),
        *(
            events.TeamSignedOn(
                team_id=team_id,
                shift_id=f"shift-{team_id}",
                members=members,
                shift_ends_at=room.now + timedelta(hours=hours),
                unconfirmed=unconfirmed,
            )
            for team_id, members, hours, unconfirmed in (
                ("harbor-1", ("bea",), 2.5, ()),
                ("harbor-2", ("cal", "dee"), 6, ("dee",)),
            )
        ),
    )


def wrong(room: Room) -> None:
    """Alerts of several kinds."""
    call_id = room.accepted("26-4")
    room.write(
        ASSIGNMENTS.name,
        events.TeamNotMoving(call_id=call_id, episode=1, team_id="cares-1"),
        events.SafetyCheckMissed(
            call_id=call_id,
            episode=1,
            team_id="cares-1",
            missed=2,
            silent_minutes=70,
            sentence="cares-1 has been silent for 70 minutes: send police to look after it.",
        ),
    )
    room.told_nothing("26-4")
    room.write(
        NOTIFICATIONS.name,
        events.CadWebhookDisabled(source="uw-police"),
        events.CadWebhookEnabled(source="uw-police"),
    )


def busy(room: Room) -> None:
    switched_on(room)
    on_shift(room)
    wrong(room)


async def test_every_page_is_accessible(browser: Browser, tmp_path: Path) -> None:
    async with running_room(tmp_path) as room, served(room.city.app) as address:
        busy(room)
        async with seated(browser, room, address, "supervisor", tmp_path) as desk:
            for name, path in PAGES.items():
                await desk.open(path)
                await desk.live()
                await desk.draw(name)
                await desk.unfold()
                await desk.check(f"{name}-open")
        phone = {"viewport": PHONE_PIXELS, "is_mobile": True, "has_touch": True}
        async with seated(browser, room, address, "dispatcher", tmp_path, **phone) as desk:
            for name, path in PAGES.items():
                await desk.open(path)
                await desk.check_width(f"{name}-phone")
        zoomed = {"viewport": {"width": 720, "height": 450}, "reduced_motion": "reduce"}
        async with seated(browser, room, address, "supervisor", tmp_path, **zoomed) as desk:
            await desk.open("/switchboard")
            await desk.check_width("zoomed")  # twice as large on half the room
            await desk.page.emulate_media(forced_colors="active")
            await desk.draw("forced-colours")


async def reach(desk: Desk, words: str, limit: int = 200) -> None:
    """Press Tab until what has the focus says so."""
    for _ in range(limit):
        if words == await desk.focus():
            return
        await desk.press("Tab")
    raise AssertionError(f"Tab never came to {words!r}")


async def test_the_keyboard_alone_sets_a_phase_and_a_cap(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        await desk.page.locator("summary[aria-label='Change outreach in Hillside']").focus()
        await desk.press("Enter", "Tab")
        assert await desk.focus() == "off shadow advisory live"
        await desk.page.keyboard.type("shadow")
        await desk.press("Tab")
        await desk.page.keyboard.type("the pilot pauses")
        await desk.press("Enter")
        await desk.page.locator("#changes", has_text="outreach in Hillside is shadow").wait_for()
        assert await desk.focus() == "Change", "where one was"
        assert not await desk.page.locator("details[id='set-outreach%2FHillside'][open]").count()
        await desk.press("Enter", "Tab", "Tab", "Tab", "Tab")
        await desk.page.keyboard.type("3")
        await desk.press("Tab", "Tab")
        await desk.page.keyboard.type("one van")
        await desk.press("Enter")
        await desk.sees("cap: at most 3 calls at once")
        phase, cap = desk.room.commands()
        assert isinstance(phase, events.SetPhase)
        assert (phase.response, phase.district, phase.phase, phase.reason) == (
            "outreach",
            "Hillside",
            "shadow",
            "the pilot pauses",
        )
        assert isinstance(cap, events.SetCap)
        assert (cap.district, cap.at_most_open, cap.at_most_per_day, cap.based_on) == ("Hillside", 3, None, 10)


async def test_the_keyboard_alone_stops_resumes_and_reviews(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        row = desk.page.locator("#grid > .row", has_text="Old Town")
        await row.locator("summary").first.focus()
        await desk.press("Enter", "Tab")
        await desk.page.keyboard.type("flood")
        await desk.press("Tab", "Enter")
        await desk.page.locator("#stops > .row", has_text="Old Town").wait_for()
        await row.locator("summary", has_text="Resume").focus()
        await desk.press("Enter", "Tab")
        await desk.page.keyboard.type("it is dry")
        await desk.press("Enter")
        await desk.page.locator("#changes", has_text="Resumed: Old Town").wait_for()
        await desk.page.locator("#review-form-8 input[name=reason]").focus()
        await desk.page.keyboard.type("a drill, as planned")
        await desk.press("Enter")
        await desk.sees("Done.")
        assert [type(command) for command in desk.room.commands()] == [
            events.PauseDistrict,
            events.ResumeDistrict,
            events.ReviewPause,
        ]


async def test_a_refusal_stands_where_it_was_made_and_what_is_typed_stays(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        await desk.page.locator("summary[aria-label='Change outreach in Harbor']").click()
        form = desk.page.locator("form[id='phase-outreach%2FHarbor']")
        await form.get_by_label("Phase").select_option("shadow")
        await form.get_by_label("Why").fill("fewer vans")
        desk.room.city.services.revision = 40  # somebody else has switched meanwhile
        await form.get_by_role("button").click()
        await form.locator("output", has_text="Not done. The switchboard has moved on.").wait_for()
        assert await form.get_by_label("Why").input_value() == "fewer vans"
        other = events.PhaseChanged(
            response="outreach", district="Airport", phase="shadow", revision=41, changed_by="eve"
        )
        desk.room.write(DECISIONS.name, other)
        await desk.page.locator("#changes", has_text="outreach in Airport is shadow").wait_for()
        assert await form.get_by_label("Why").input_value() == "fewer vans", "a row that changes keeps what is typed"
        assert await form.get_by_label("Phase").input_value() == "shadow"
        assert "moved on" in await form.locator("output").inner_text()


async def test_what_was_written_for_another_switchboard_says_so_before_it_is_pressed(
    browser: Browser, tmp_path: Path
) -> None:
    """What had been chosen beside "shadow" was asked for of a place that somebody had just switched, without a word."""
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        await desk.page.locator("summary[aria-label='Change outreach in Harbor']").click()
        phase, cap = (desk.page.locator(f"form[id='{form}-outreach%2FHarbor']") for form in ("phase", "cap"))
        await phase.get_by_label("Phase").select_option("shadow")
        by = {"response": "outreach", "district": "Harbor", "changed_by": "eve"}
        desk.room.write(DECISIONS.name, events.PhaseChanged(**by, phase="advisory", revision=41))
        await phase.locator("output", has_text="look again before you press").wait_for()
        assert await desk.page.locator("#say", has_text="look again before you press").count() == 1, "read out, too"
        assert await phase.get_by_label("Phase").input_value() == "shadow"
        assert await cap.locator("output").inner_text() == "", "nobody has begun to write there"


async def test_what_nobody_has_typed_is_what_stands_now(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        await desk.page.locator("summary[aria-label='Change outreach in Harbor']").click()
        cap, phase = (desk.page.locator(f"form[id='{form}-outreach%2FHarbor']") for form in ("cap", "phase"))
        await cap.get_by_label("A day").fill("20")
        by = {"response": "outreach", "district": "Harbor", "changed_by": "eve"}
        desk.room.write(
            DECISIONS.name,
            events.CapChanged(**by, at_most_open=1, at_most_per_day=5, revision=10),
            events.PhaseChanged(**by, phase="off", revision=11),
        )
        await desk.page.locator("#changes", has_text="outreach in Harbor is off").wait_for()
        shown = [await field.input_value() for field in (cap.get_by_label("At once"), phase.get_by_label("Phase"))]
        assert shown == ["1", "off"], "somebody else's change is not taken back unseen"
        assert await cap.get_by_label("A day").input_value() == "20", "what is typed stays"


async def test_what_was_chosen_for_one_call_is_not_carried_to_another(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        desk.room.accepted("26-4")
        await desk.open("/teams")
        await desk.live()
        row = desk.page.locator(".row", has_text="cares-1").first
        await row.locator("summary", has_text="Status").click()
        await row.get_by_label("cares-1 is").select_option("cleared")
        await row.get_by_label("Outcome, if cleared").select_option("resolved-on-scene")
        moved = events.AssignmentMoved(
            call_id=call_of("26-4"),
            episode=1,
            team_id="cares-1",
            to_call_id=call_of("26-5"),
            to_episode=1,
            response="cares",
            sentence="It was merged.",
        )
        desk.room.write(ASSIGNMENTS.name, moved)
        await row.get_by_text("call 26-5").wait_for()
        assert await row.get_by_label("cares-1 is").input_value() != "cleared"
        assert await row.get_by_label("Outcome, if cleared").input_value() == ""
        assert await row.locator("form[id^=status-form] input[name=call_id]").get_attribute("value") == call_of("26-5")


async def test_going_live_asks_once_more_who_one_is(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        for session in desk.room.city.app.state.console.sessions._sessions.values():
            session.proved_at -= timedelta(hours=1)
        await desk.page.locator("summary[aria-label='Change outreach in Hillside']").click()
        form = desk.page.locator("form[id='phase-outreach%2FHillside']")
        await form.get_by_label("Phase").select_option("live")
        await form.get_by_label("Why").fill("ready")
        await form.get_by_role("button").click()
        await desk.page.get_by_label("Your token").fill("supervisor")
        assert desk.room.commands() == []
        await desk.press("Enter")
        await desk.page.locator("h1", has_text="Switchboard").wait_for()


async def test_the_keyboard_alone_acknowledges_an_alert(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        busy(desk.room)
        await desk.open("/alerts")
        await desk.live()
        first = desk.page.locator("#open > .row").first
        assert "silent for 70 minutes" in await first.inner_text(), "danger first"
        await first.locator("a.incident").focus()
        await desk.press("l")
        await first.get_by_text("the-dispatcher looks after it").wait_for()
        assert await desk.page.locator("#open > .row", has_text="Nobody looks after it yet").count() == 3
        noise = desk.page.locator("#open > .row", has_text="dora paused Airport")
        await noise.locator("summary").focus()
        await desk.press("Enter", "Tab")
        await desk.page.keyboard.type("a drill")
        await desk.press("Enter")
        await noise.get_by_text("the-dispatcher takes it for noise").wait_for()
        ended = events.StatusReported(
            team_id="cares-1", status="on-scene", call_id=call_of("26-4"), episode=1, assigned=True
        )
        desk.room.write(ASSIGNMENTS.name, ended)
        await desk.page.locator("#ended", has_text="silent for 70 minutes").wait_for()
        await first.get_by_role("link", name="All of what to do").click()
        await desk.sees("How to tell that it is over")


async def test_the_keyboard_alone_signs_a_team_off_and_on(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path, "supervisor") as desk:
        busy(desk.room)
        await desk.open("/teams")
        await desk.live()
        assert "has not set out" in await desk.page.locator("#look-after").inner_text()
        await desk.page.locator("#team-harbor-1 button[data-key=o]").focus()
        await desk.press("o")
        await desk.page.locator("#off", has_text="harbor-1").wait_for()
        await desk.page.locator("#team-night").get_by_role("link", name="Sign on night").focus()
        await desk.press("Enter")
        await desk.page.locator("#sign-on").wait_for()
        await desk.live()
        await desk.page.locator("#sign-on input[type=checkbox]").first.focus()
        await desk.press("Space")
        await reach(desk, "Sign on night", 5)
        await desk.press("Enter")
        await desk.sees("night is on shift.")
        await desk.open("/teams")
        await desk.page.locator("#on-shift", has_text="night").wait_for()
        off, on = desk.room.commands()
        assert isinstance(off, events.SignOff)
        assert isinstance(on, events.SignOn)
        assert (on.team_id, on.members, on.vouched) == ("night", ("bea",), True)
        await desk.page.locator("#cover", has_text="night until").wait_for()


async def test_a_dispatcher_stops_but_does_not_switch_on(browser: Browser, tmp_path: Path) -> None:
    async with a_desk(browser, tmp_path) as desk:
        busy(desk.room)
        await desk.open("/switchboard")
        await desk.live()
        assert await desk.page.locator("form[action='/switchboard/pause']").count() > 1
        for action in ("phase", "cap", "resume", "review"):
            assert not await desk.page.locator(f"form[action='/switchboard/{action}']").count(), action
