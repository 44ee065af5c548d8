"""What is told of teams that are with somebody, turned back, or let in."""

from __future__ import annotations

from typing import Any

import pytest

from services.notification.adapters import Links
from services.notification.service import NOTIFICATION
from shared.events import (
    AssignmentMoved,
    CadInformed,
    CadMessageDue,
    CadNotInformed,
    CallChanged,
    EntryNotReleased,
    Event,
    LadderSet,
    MemberConfirmed,
    PageDue,
    RecallUnacknowledged,
    Recipient,
    SafetyCheckDue,
    SafetyCheckMissed,
    StatusReported,
    TeamMayEnter,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
)
from shared.links import shift_link
from tests.services.notification.driver import CALL, NOON, Running, accepted, of, offer, routed, set_contact, status

ABOUT: dict[str, Any] = {"call_id": CALL, "episode": 1, "team_id": "alpha"}
UPGRADE = UpgradeRaised(**ABOUT, level="police", level_rank=3, on_upgrade="stay", team_on_scene=True, send="default")
STAYS = TeamStays(**ABOUT, why="closed", sentence="It stays.")
CHANGED = CallChanged(**ABOUT, changes=("Beginning: …",), another_incident=True, changed_at=NOON, sentence="Is it?")

OTHER = "madison/dane/26-002"
MOVED = AssignmentMoved(**ABOUT, to_call_id=OTHER, to_episode=2, response="cares", sentence="It has the other call.")


def assigned() -> Running:
    running = Running()
    made = offer()
    running.take(made)
    running.perform()
    running.take(accepted(made))
    running.take(routed())
    running.perform()
    return running


@pytest.mark.parametrize(
    ("event", "page", "message", "misleads"),
    [
        (UPGRADE, "upgrade", "call.upgraded", True),
        (STAYS, "stays", "team.stays", True),
        (TeamMayEnter(**ABOUT, released_by="Ortiz"), "may-enter", "team.may-enter", False),
        (CHANGED, "changed", "call.changed", True),
        (CHANGED.model_copy(update={"another_incident": False}), "changed", None, False),
        (CHANGED.model_copy(update={"another_incident": False, "far": True}), "changed", "call.changed", True),
        (MOVED, "changed", "team.moved", True),
        (EntryNotReleased(**ABOUT, enters_when=("police on scene",), sentence="?"), None, "team.entered", True),
        (TeamStillStaged(**ABOUT, staged_minutes=10, sentence="."), None, "team.staged", False),
        (RecallUnacknowledged(**ABOUT, silent_minutes=5, sentence="."), None, "team.silent", True),
        (StatusReported(**ABOUT, status="need-police"), None, "unit.status", True),
    ],
)
def test_team_and_cad_are_told_and_a_person_where_the_cad_is_not(
    event: Event,
    page: str | None,
    message: str | None,
    misleads: bool,  # noqa: FBT001
) -> None:
    running = assigned()
    events = running.take(event)
    assert {due.kind for due in of(events, PageDue)} == ({page} if page else set())
    assert [due.kind for due in of(events, CadMessageDue)] == ([message] if message else [])
    assert not running.decide(running.inputs[-1]), "once"
    told = of(running.perform("failed", "timeout"), CadNotInformed)
    assert [end.alarm for end in told] == ([misleads] if message else [])


def test_a_call_that_is_none_for_the_team_is_paged_as_that_over_every_way() -> None:
    running = assigned()
    running.take(set_contact("ana", "text", "sms"))
    told = running.take(UPGRADE.model_copy(update={"more_dangerous": False, "against": ("age-not-met",)}))
    pages = of(told, PageDue)
    assert {(page.kind, page.why) for page in pages} == {("upgrade", "may-not-go-stay")}
    assert "text" in {page.method.method_id for page in pages if page.person_id == "ana"}
    (message,) = of(told, CadMessageDue)
    said = message.body["data"]
    assert (said["more_dangerous"], said["against"], said["send"]) == (False, ["age-not-met"], "default")


def test_notices_go_on_about_the_call_that_a_teams_own_was_merged_into() -> None:
    running = assigned()
    running.take(MOVED)
    running.perform()
    of_the_other = STAYS.model_copy(update={"call_id": OTHER, "episode": 2})
    pages = of(running.take(of_the_other), PageDue)
    assert {(page.kind, page.call_id, page.episode) for page in pages} == {("stays", OTHER, 2)}
    assert not of(running.take(STAYS), PageDue), "the old call is nobody's"


@pytest.mark.parametrize("merged", [False, True])
def test_who_comes_to_a_team_that_has_a_call_hears_of_it_and_of_all_that_follows(merged: bool) -> None:  # noqa: FBT001
    """Of a weapon those were told whom the offer had gone to, and nobody else on scene."""
    running = assigned()
    running.take(set_contact("cay", "text", "sms"))
    if merged:
        running.take(MOVED)
    running.perform()
    about = {"call_id": OTHER, "episode": 2} if merged else {"call_id": CALL, "episode": 1}
    comes = MemberConfirmed(team_id="alpha", shift_id="s", person_id="cay", **about)  # type: ignore[arg-type]
    made = running.take(comes, "assignments/0/77")
    assert [(page.kind, page.person_id, page.call_id) for page in of(made, PageDue)] == [
        ("assigned", "cay", about["call_id"])
    ]
    assert not running.take(comes, "assignments/0/77")
    told = running.take(UPGRADE.model_copy(update=about))
    assert {page.person_id for page in of(told, PageDue)} == {"ana", "ben", "cay"}


def test_who_came_while_the_team_was_asked_hears_once_that_it_has_the_call() -> None:
    running = Running()
    made = offer()
    running.take(set_contact("cay", "text", "sms"))
    running.take(made)
    running.perform()
    took = accepted(made).model_copy(update={"members": ("ana", "ben", "cay")})
    told = of(running.take(took, "assignments/0/77"), PageDue)
    assert [(page.kind, page.person_id) for page in told] == [("assigned", "cay")]
    assert not of(running.take(took, "assignments/0/77"), PageDue)
    assert {page.person_id for page in of(running.take(UPGRADE), PageDue)} == {"ana", "ben", "cay"}


@pytest.mark.parametrize("merged", [False, True])
def test_who_comes_to_a_call_without_a_way_to_them_hears_what_follows_once_there_is_one(merged: bool) -> None:  # noqa: FBT001
    running = assigned()
    if merged:
        running.take(MOVED)
    about = {"call_id": OTHER, "episode": 2} if merged else {"call_id": CALL, "episode": 1}
    comes = MemberConfirmed(team_id="alpha", shift_id="s", person_id="cay", **about)  # type: ignore[arg-type]
    assert [(step.person_id, step.steps) for step in of(running.take(comes, "assignments/0/77"), LadderSet)] == [
        ("cay", ())
    ]
    assert not running.take(comes, "assignments/0/77")
    assert not running.state.ladders, "there is nothing to wait for"
    running.take(set_contact("cay", "text", "sms"))
    told = running.take(UPGRADE.model_copy(update=about))
    assert {page.person_id for page in of(told, PageDue)} == {"ana", "ben", "cay"}


def test_a_team_to_which_there_is_no_way_hears_of_its_call_once_there_is_one() -> None:
    running = Running()
    made = offer(recipients=(Recipient(person_id="cay"), Recipient(person_id="dan")))
    asked = running.take(made)
    assert [(step.person_id, step.steps, step.never) for step in of(asked, LadderSet)] == [
        ("cay", (), ()),
        ("dan", (), ()),
    ]
    assert not running.take(made, running.inputs[-1].cause)
    assert NOTIFICATION.due(running.state) is None
    running.take(accepted(made))
    running.take(set_contact("cay", "text", "sms"))
    assert {page.person_id for page in of(running.take(UPGRADE), PageDue)} == {"cay"}


def test_of_who_comes_to_a_team_without_a_call_nobody_is_told() -> None:
    running = assigned()
    running.take(set_contact("cay", "text", "sms"))
    assert not running.take(MemberConfirmed(team_id="alpha", shift_id="s", person_id="cay"))


def test_the_cad_hears_what_to_send_beside_a_team_on_scene() -> None:
    data = of(assigned().take(UPGRADE), CadMessageDue)[0].body["data"]
    assert (data["team_on_scene"], data["send"]) == (True, "default")


def test_a_team_without_a_call_asks_for_police_at_every_cad() -> None:
    running = assigned()
    running.take(routed().model_copy(update={"call_id": "madison/other/1"}))
    running.perform()
    events = running.take(StatusReported(team_id="beta", status="need-police", assigned=False))
    messages = of(events, CadMessageDue)
    assert [(due.kind, due.source) for due in messages] == [
        ("team.needs-police", "dane"),
        ("team.needs-police", "other"),
    ]
    assert {due.needs_police for due in messages} == {"beta"}
    assert {end.needs_police for end in of(running.perform(), CadInformed)} == {"beta"}


def test_a_request_of_a_team_with_a_call_says_whose_it_is_until_it_is_acknowledged() -> None:
    running = assigned()
    running.take(status("need-police"))
    assert [end.needs_police for end in of(running.perform(), CadInformed)] == ["alpha"]
    running.take(status("on-scene"))
    assert [end.needs_police for end in of(running.perform(), CadInformed)] == [""]


def test_a_silent_team_in_need_without_a_call_is_asked_and_told_of_to_every_cad() -> None:
    running = assigned()
    about: dict[str, Any] = {"call_id": "", "episode": 0, "team_id": "alpha"}
    asked = of(running.take(SafetyCheckDue(**about, number=1)), PageDue)
    assert {page.kind for page in asked} == {"safety-check"}
    missed = running.take(SafetyCheckMissed(**about, missed=2, silent_minutes=90, sentence="Send police."))
    assert [due.kind for due in of(missed, CadMessageDue)] == ["team.silent"]


@pytest.mark.parametrize("call_id", ["", CALL])
def test_of_a_team_without_a_call_those_are_asked_who_are_on_it_now_and_on_their_shift_page(call_id: str) -> None:
    """Its newest offer may be yesterday's: of other people, with a link that leads nowhere any more."""
    running = assigned()
    for method_id, kind in (("mobile", "sms"), ("voice", "voice")):
        running.take(set_contact("cleo", method_id, kind, f"cleo/{method_id}"))
    about: dict[str, Any] = {"call_id": call_id, "episode": 0, "team_id": "alpha", "shift_id": "shift-2"}
    pages = of(running.take(SafetyCheckDue(**about, members=("cleo",), number=1)), PageDue)
    assert {(page.kind, page.person_id, page.method.method_id) for page in pages} == {
        ("safety-check", "cleo", "mobile"),
        ("safety-check", "cleo", "voice"),
    }
    assert not running.decide(running.inputs[-1]), "once"
    link = shift_link("http://pocket", "s" * 32, "shift-2", "cleo")
    assert {Links("http://pocket", "s" * 32).of(page) for page in pages} == {link}
    lanes = {effect.lane for effect in NOTIFICATION.pending(running.state).values()}
    assert lanes == {"pages/sms", "pages/voice"}, "it stands behind no roll call"
