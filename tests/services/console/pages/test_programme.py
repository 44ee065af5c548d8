"""The page Programme: what it shows, how two people change it, and what a check may cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.console.api.access import Asking
from services.console.pages.drafts import MOST_CHARACTERS, MOST_DRAFTS, Drafts
from services.console.pages.sessions import FRESH
from shared import events
from tests.services.console.pages.programme_driver import FIRST, SECOND, ProgrammeRoom, programme_room, version
from tests.services.console.workbench.test_bench import FOR_EVER, MAPPING

SCRIPT = {"Accept": "application/json"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ProgrammeRoom]:
    async with programme_room(tmp_path) as running:
        yield running


async def shown(browser: httpx.AsyncClient, path: str) -> str:
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    return page.text


async def test_everybody_sees_what_is_in_force_with_its_week(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("viewer") as browser:
        page = await shown(browser, "/programme")
        for part in ("Version 1", "in force", "proposed by <b>maria</b>", "approved by <b>paul</b>", "11:00 to 19:00"):
            assert part in page, part
        assert "/programme/edit" not in page
        assert (await browser.get("/programme/edit")).status_code == 403
        assert (await browser.post("/programme/edit", data={"document": FIRST})).status_code == 403
        assert (await browser.post("/programme/coverage", data={"mapping": ""})).status_code == 403


async def test_two_people_change_it_and_one_takes_it_back(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        checked = await manager.post("/programme/edit", data={"document": SECOND.replace("\n", "\r\n")})
        for part in ("No fault", "Propose version 2", "08:00 to 22:00", "does not go", "may go"):
            assert part in checked.text, part
        proposed = await manager.post(
            "/programme/propose",
            data={"document": SECOND.replace("\n", "\r\n"), "reason": "longer hours", "back": "/programme"},
        )
        assert room.text_of(2) == SECOND, "browsers end lines as of old; what is proposed is what was typed"
        assert "waits for another person" in await shown(manager, proposed.headers["location"])
        path = f"/programme/documents/{room.hash_of(2)}"
        assert "You proposed it, so you cannot approve it" in await shown(manager, path)
        page = await shown(approver, path)
        for part in ("What it changes", "longer hours", "Approve version 2", "it is in force at once"):
            assert part in page, part
        approval = {"document_hash": room.hash_of(2), "back": "/programme", "reason": "agreed"}
        done = await approver.post("/programme/approve", data=approval)
        assert "Version 2 is in force" in await shown(approver, done.headers["location"])
        assert room.active == 2
        old = f"/programme/documents/{room.hash_of(1)}"
        assert "Roll back to version 1" in await shown(manager, old)
        assert "Roll back to version 1" not in await shown(approver, old)
        back = {"to_hash": room.hash_of(1), "in_force": room.hash_of(2), "back": "/programme", "reason": "too much"}
        rolled = await manager.post("/programme/rollback", data=back)
        page = await shown(manager, rolled.headers["location"])
        assert "Version 1 is in force again" in page
        assert "rolled back by <b>the-supervisor</b>: too much" in page
        assert room.active == 1


async def test_what_weighs_most_needs_a_fresh_sign_in_and_a_reason(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        await manager.post("/programme/propose", data={"document": SECOND, "reason": "longer hours"})
        path, approval = f"/programme/documents/{room.hash_of(2)}", {"document_hash": room.hash_of(2)}
        refused = await approver.post("/programme/approve", data=approval)
        assert (refused.status_code, "Say why" in refused.text) == (422, True)
        for session in room.city.app.state.console.sessions._sessions.values():
            session.proved_at -= FRESH
        assert "First show once more who you are" in await shown(approver, path)
        stale = await approver.post("/programme/approve", data={**approval, "reason": "agreed"})
        assert stale.headers["location"].startswith("/enter")
        back = {"to_hash": room.hash_of(1), "in_force": room.hash_of(1), "reason": "too much"}
        assert (await manager.post("/programme/rollback", data=back)).headers["location"].startswith("/enter")
    assert [type(command) for command in room.city.commands()] == [events.ProposeProgramme]


async def test_what_a_document_changes_is_measured_by_the_one_that_is_in_force_by_then(room: ProgrammeRoom) -> None:
    first_day = "effective = 2021-09-01T00:00:00"
    second = SECOND.replace(first_day, "effective = 2060-01-01T00:00:00")
    texts = {number: version(number, (first_day, f"effective = {2055 + number}-01-01T00:00:00")) for number in (3, 9)}
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        await manager.post("/programme/propose", data={"document": second, "reason": "longer hours"})
        await approver.post("/programme/approve", data={"document_hash": room.hash_of(2), "reason": "agreed"})
        for number, text in texts.items():
            await manager.post("/programme/propose", data={"document": text, "reason": "other words"})
            checked = await manager.post("/programme/edit", data={"document": text}, headers=SCRIPT)
            document = await shown(approver, f"/programme/documents/{room.hash_of(number)}")
            before = room.hash_of(2 if number == 9 else 1)
            assert f'name="instead_of" value="{before}"' in document, "whoever approves says what it was compared with"
            for page in (document, checked.json()["part"]):
                by_then = ("in force by then" in page, "get another result than under version 2" in page)
                assert by_then == (number == 9, number == 9)
                assert ("Version 2 is approved and waits for its time: it would never" in page) == (number == 3)


async def test_whoever_proposed_is_told_that_they_cannot_approve(room: ProgrammeRoom) -> None:
    both = (room.city.agencies_file.read_text()).replace('roles = ["supervisor"]', 'roles = ["supervisor", "approver"]')
    room.city.agencies_file.write_text(both)
    async with room.city.signed_in("supervisor") as manager:
        await manager.post("/programme/propose", data={"document": SECOND, "reason": "longer hours"})
        page = await shown(manager, f"/programme/documents/{room.hash_of(2)}")
        assert "You proposed it, so you cannot approve it: another person has to." in page
        assert "Approve version" not in page
        done = await manager.post(
            "/programme/approve", data={"document_hash": room.hash_of(2), "reason": "me", "back": "/programme"}
        )
        assert "Whoever proposed a document cannot approve it" in await shown(manager, done.headers["location"])
    assert room.active == 1


async def test_an_approved_version_is_taken_back_before_its_time(room: ProgrammeRoom) -> None:
    later = SECOND.replace("2021-09-01T00:00:00", "2199-09-01T00:00:00")
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        await manager.post("/programme/propose", data={"document": later, "reason": "longer hours"})
        path, said = f"/programme/documents/{room.hash_of(2)}", {"document_hash": room.hash_of(2), "back": "/programme"}
        await approver.post("/programme/approve", data={**said, "reason": "agreed"})
        assert "Take version 2 back" in await shown(manager, path)
        done = await manager.post("/programme/reject", data={**said, "reason": "wrong hours"})
        page = await shown(manager, done.headers["location"])
        assert "The approved version 2 is taken back; nothing else changes." in page
        assert "taken back by <b>the-supervisor</b>" in page
        assert "Take version 2 back" not in await shown(manager, path)
    assert room.active == 1


async def test_a_proposal_is_turned_down_and_may_come_again(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        await manager.post("/programme/propose", data={"document": SECOND, "reason": "longer hours"})
        path, no = f"/programme/documents/{room.hash_of(2)}", {"document_hash": room.hash_of(2), "back": "/programme"}
        assert "Turn version 2 down" in await shown(approver, path)
        assert "Take version 2 back" in await shown(manager, path)
        assert (await approver.post("/programme/reject", data=no)).status_code == 422
        done = await approver.post("/programme/reject", data={**no, "reason": "too few teams"})
        page = await shown(approver, done.headers["location"])
        assert "The proposed version 2 is turned down; nothing else changes." in page
        assert "turned down by <b>the-approver</b>" in page
        assert "Approve version" not in await shown(approver, path)
        again = await manager.post("/programme/propose", data={"document": SECOND, "reason": "more teams"})
        assert "waits for another person" in await shown(manager, again.headers["location"])
        assert "Approve version 2" in await shown(approver, path)
    assert room.active == 1


async def test_a_check_says_each_fault_with_its_line_and_changes_nothing(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("supervisor") as manager:
        checked = await manager.post("/programme/edit", data={"document": "version = 0\n"}, headers=SCRIPT)
        part = checked.json()["part"]
        assert 'href="#line-1" data-line="1"' in part
        assert "Right would be:" in part
        assert "Propose version" not in part
        assert "version = 0" in await shown(manager, "/programme/edit"), "a reload keeps what was typed"
        async with room.city.signed_in("supervisor") as other_seat:
            assert "version = 0" in await shown(other_seat, "/programme/edit")
        async with room.city.signed_in("dispatcher") as other:
            assert (await other.get("/programme/edit")).status_code == 403
        again = await manager.post("/programme/edit", data={"again": "yes"})
        assert "version = 0" not in again.text
        low = await manager.post("/programme/edit", data={"document": FIRST.replace("Madison", "Our")}, headers=SCRIPT)
        assert "it has to be greater than 1" in low.json()["part"]
    assert room.city.commands() == []


async def test_a_call_is_tried_under_both(room: ProgrammeRoom) -> None:
    call = {"try": "yes", "code": "dane-county MENTAL", "place": "Central", "weekday": "0", "time": "20:30"}
    answers = {f"answer Q{number}": "no" for number in range(1, 6)}
    async with room.city.signed_in("supervisor") as manager:
        form = {"document": SECOND, **call, **answers}
        part = (await manager.post("/programme/edit", data=form, headers=SCRIPT)).json()["part"]
        before, then = part.split("In force now")[1].split("Your draft")
        assert "cares does not go" in before
        assert "cares may go" in then.split("check-title")[0]
        heard = {**form, "text": "he has a knife", "document": SECOND}
        part = (await manager.post("/programme/edit", data=heard, headers=SCRIPT)).json()["part"]
        assert "he has a knife" not in await shown(manager, "/programme/edit"), "a narrative is not kept"


async def test_what_cannot_be_studied_keeps_nobody_from_rolling_back(room: ProgrammeRoom) -> None:
    door = room.city.app.state.console
    async with room.city.signed_in("supervisor") as manager, room.city.signed_in("approver") as approver:
        await manager.post("/programme/propose", data={"document": SECOND, "reason": "longer hours"})
        await approver.post("/programme/approve", data={"document_hash": room.hash_of(2), "reason": "agreed"})
        assert room.active == 2
        door.workbench._program, door.workbench._seconds = FOR_EVER, 0.2
        door.workbench._studied.clear()
        door.workbench._end()
        assert "Nothing can be said of it just now" in await shown(manager, "/programme")
        assert "Not checked" in (await manager.post("/programme/edit", data={"document": FIRST})).text
        assert "Roll back to version 1" in await shown(manager, f"/programme/documents/{room.hash_of(1)}")


EXPORT = "id,at,code\n1,2021-09-01 12:00,MENTAL\n2,2021-09-01 13:00,Jane Doe\n"


async def test_an_export_is_counted_and_nothing_of_it_is_kept(room: ProgrammeRoom) -> None:
    async with room.city.signed_in("supervisor") as manager:
        counted = await manager.post(
            "/programme/coverage", data={"mapping": MAPPING}, files={"export": ("calls.csv", EXPORT)}
        )
        assert "2 calls under version 1" in counted.text
        assert "Jane Doe" in counted.text, "a code that is not listed, whatever it says"
        assert "Jane Doe" not in await shown(manager, "/programme/coverage")
        nothing = await manager.post("/programme/coverage", data={"mapping": MAPPING})
        assert "Choose an export" in nothing.text
        large = await manager.post(
            "/programme/coverage", data={"mapping": MAPPING}, files={"export": ("calls.csv", b"x" * (17 << 20))}
        )
        assert large.status_code == 413


async def test_drafts_are_bounded_and_everybodys_own(room: ProgrammeRoom) -> None:
    drafts, who = Drafts(), Asking("madison-wi", "ann", frozenset({"supervisor"}))
    for number in range(MOST_DRAFTS + 1):
        drafts.keep(replace(who, name=f"ann-{number}"), "text")
    assert drafts.of(replace(who, name="ann-0")) is None
    assert drafts.of(replace(who, agency="boston-ma", name="ann-1")) is None
    async with room.city.signed_in("supervisor") as manager:
        long = await manager.post("/programme/edit", files={"document": (None, "x" * (MOST_CHARACTERS + 1))})
        assert long.status_code == 413
