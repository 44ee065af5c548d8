"""What staff are sent that is about no call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notification.adapters import Links
from services.notification.carriers.words import text_of
from services.notification.lines import RING_SECONDS, TALK_SECONDS
from shared.events import (
    Event,
    MembersLeftOut,
    PlanNoticeDue,
    ReminderDue,
    ShiftChanged,
    TeamMissing,
    TeamSignedOn,
    TeamUnanswering,
)
from shared.links import shift_link
from tests.services.notification.driver import NOON, opt_out
from tests.services.notification.test_ladder import BOTH, asked, reached

EVERY_KIND = {
    "app": ("push", 0),
    "mobile": ("sms", 0),
    "call": ("voice", 8),
    "mail": ("email", 30),
    "pager": ("webhook", 0),
    "page": ("pocket", 0),
}


def signed_on(**more: Any) -> TeamSignedOn:
    ends = NOON + timedelta(hours=8)
    return TeamSignedOn(team_id="alpha", shift_id="shift-1", members=("ana", "ben"), shift_ends_at=ends, **more)


def changed(*members: str) -> ShiftChanged:
    ends = NOON + timedelta(hours=9)
    return ShiftChanged(team_id="alpha", shift_id="shift-1", members=members, shift_ends_at=ends, planned_shift_id="s1")


def plan(kind: str, person_id: str = "ana") -> Event:
    about: dict[str, Any] = {
        "person_id": person_id,
        "shift_id": "s1",
        "team_id": "alpha",
        "starts_at": NOON + timedelta(days=1),
    }
    if kind == "reminder":
        return ReminderDue(**about, not_after=NOON + timedelta(hours=2))
    return PlanNoticeDue(**about, notice_id=f"n-{kind}", kind=kind, not_after=NOON + timedelta(hours=2))  # type: ignore[arg-type]


def test_a_link_to_a_shift_that_is_over_is_sent_to_nobody() -> None:
    running = reached("ana", **EVERY_KIND)
    running.now += timedelta(days=25)
    running.take(signed_on(), at=NOON)
    assert running.sent == []


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize(("duty", "ways"), [("on-shift", "app mail mobile pager"), ("on-call", "app mobile")])
def test_who_is_signed_on_is_sent_the_link_of_their_shift_in_writing(duty: str, ways: str) -> None:
    """Nobody is telephoned for it, and whose duty on call begins at night by the plan gets a push and a text."""
    running = reached("ana", **EVERY_KIND)
    running.take(signed_on(duty=duty))
    running.until(3600)
    assert sorted(running.sent) == [(0, "ana", way) for way in ways.split()]
    page = running.pages["signed-on", "ana", "mobile"]
    link = Links("https://pocket.example", "s" * 32).of(page)
    assert link == shift_link("https://pocket.example", "s" * 32, "shift-1", "ana")
    running.take(signed_on(duty=duty), "assignments/0/77")
    assert len(running.sent) == len(ways.split()), "once a shift"


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("duty", ["on-shift", "on-call"])
def test_who_comes_to_a_running_shift_is_sent_its_link_once(duty: str) -> None:
    """Whoever was there has it already: a change of crew or hours sends them nothing."""
    running = reached("ana", "eve", **EVERY_KIND)
    running.take(signed_on(duty=duty))
    running.until(600)
    running.sent.clear()
    running.take(changed("ana", "ben"))
    assert running.sent == [], "other hours"
    running.take(changed("ana", "eve"))
    assert sorted(running.sent) == [(600, "eve", way) for way in ("app", "mail", "mobile", "pager")]
    running.take(changed("ana", "eve", "ben"))
    running.until(3600)
    assert len(running.sent) == 4, "nothing else, and nobody twice"


@pytest.mark.scenario("contacts")
@pytest.mark.parametrize("kind", ["reminder", "cover", "gap", "shift-moved"])
def test_what_is_about_the_plan_goes_over_the_written_ways_that_come_first(kind: str) -> None:
    running = reached("ana", "ben", **EVERY_KIND)
    running.take(opt_out("ana", "pager"))
    running.sent.clear()
    running.take(plan(kind))
    running.until(3600)
    assert sorted(running.sent) == [(0, "ana", "app"), (0, "ana", "mobile")]
    assert running.pages[kind, "ana", "app"].about == "s1"


@pytest.mark.scenario("contacts")
def test_who_has_only_a_later_written_way_is_told_over_that() -> None:
    running = reached("ana", call=("voice", 0), mail=("email", 30))
    running.take(plan("cover"))
    assert running.sent == [(0, "ana", "mail")]
    running.take(plan("cover", "nobody"))
    assert len(running.sent) == 1


@pytest.mark.scenario("contacts")
def test_a_missing_team_and_the_duty_officer_are_reached_over_every_way() -> None:
    running = reached("ana", "duty-officer", "eve", mobile=("sms", 0), call=("voice", 8))
    running.take(TeamMissing(team_id="alpha", planned_shift_id="s1", members=("ana", "ben"), since=NOON))
    running.until(3600)
    assert sorted(running.sent) == [(0, who, way) for who in ("ana", "duty-officer") for way in ("call", "mobile")]


def left_out(**why: str) -> MembersLeftOut:
    return MembersLeftOut.model_validate(
        {
            "team_id": "alpha",
            "planned_shift_id": "s1",
            "left_out": [{"person_id": who, "why": reason} for who, reason in why.items()],
        }
    )


@pytest.mark.scenario("duty")
def test_who_is_planned_and_not_on_the_team_hears_so_once_and_so_does_the_duty_officer() -> None:
    running = reached("ana", "ben", "duty-officer", "eve", mobile=("sms", 0), call=("voice", 8))
    running.take(left_out(ana="on-shift"))
    assert sorted(running.sent) == [(0, "ana", "mobile"), (0, "duty-officer", "mobile")]
    assert running.pages["left-out", "ana", "mobile"].why == "on-shift"
    assert running.pages["left-out", "duty-officer", "mobile"].why == ""
    running.pass_seconds(60)
    running.take(left_out())
    running.take(left_out(ana="on-shift"))
    assert len(running.sent) == 2, "it is said once for a shift"
    running.take(left_out(ana="on-shift", ben="unknown-person"))
    assert sorted(running.sent[2:]) == [(60, "ben", "mobile"), (60, "duty-officer", "mobile")]
    running.until(3600)
    assert len(running.sent) == 4  # and nothing else was sent


@pytest.mark.scenario("duty")
def test_what_is_told_of_a_place_that_is_not_taken_says_why_to_whose_it_is() -> None:
    running = reached("ana", "duty-officer", mobile=("sms", 0))
    running.take(left_out(ana="on-shift"))
    texts = {who: text_of(running.pages["left-out", who, "mobile"], "") for who in ("ana", "duty-officer")}
    assert texts == {
        "ana": "alpha: somebody who is planned is not on the team. You are on shift with another team",
        "duty-officer": "alpha: somebody who is planned is not on the team",
    }


@pytest.mark.scenario("contacts")
def test_a_team_that_lets_offers_run_out_is_told_so_over_every_way() -> None:
    running = reached("ana", "ben", "duty-officer", "eve", mobile=("sms", 0), call=("voice", 20))
    running.take(asked(BOTH))
    running.until(1)
    running.sent.clear()
    running.take(TeamUnanswering(team_id="alpha", unanswered=2, shift_id="a" * 32))
    assert sorted(running.sent) == [
        (1, who, way) for who in ("ana", "ben", "duty-officer") for way in ("call", "mobile")
    ]
    crew, officer_page = (running.pages["team-unanswering", who, "mobile"] for who in ("ana", "duty-officer"))
    links, page_of_own = Links("https://pocket", "s" * 32), "https://pocket/me"
    assert links.of(crew) == shift_link("https://pocket", "s" * 32, "a" * 32, "ana", 0), (
        "where they say that they are there"
    )
    assert "say on your page that you are there" in text_of(crew, links.of(crew))
    assert links.of(officer_page) == page_of_own
    assert "your page" not in text_of(officer_page, page_of_own)
    running.take(TeamUnanswering(team_id="bravo", unanswered=2))
    running.until(1 + RING_SECONDS + TALK_SECONDS)
    officer = [way for _, who, way in running.sent[6:] if who == "duty-officer"]
    assert officer == ["mobile", "call"], "of a team without offers the officer hears"
