"""What texts say: always one segment, never anything personal."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notification.carriers.gsm import SEGMENT_SEPTETS, fitted, plain, septets
from services.notification.carriers.pace import RANKS
from services.notification.carriers.words import HEADLINES, spoken, text_of
from shared.events import PageKind
from tests.rig.carrier import NOON, page

LINK = "https://pocket.example/p/abcdefghijklmnopqrstuv"
CHICAGO = ZoneInfo("America/Chicago")


def test_an_offer_says_what_it_is_until_when_and_how_to_answer() -> None:
    text = text_of(page(), LINK, CHICAGO)
    assert text == f"alpha-1: a call for you in Central, P2 by 12:00:25\n1 take, 2 leave\n{LINK}"
    assert len(text) < 140


def test_without_a_zone_no_time_is_named_rather_than_a_wrong_one() -> None:
    assert ":00" not in text_of(page(), "", None)


LONGEST = "x" * 200


@example(LONGEST, LONGEST, LONGEST, "offer", LINK)
@example("", "", "", "offer", "https://link/" + "a" * 147)
@given(
    st.text(max_size=80), st.text(max_size=200), st.text(max_size=200), st.sampled_from(get_args(PageKind)),
    st.text(alphabet="ab/:~-_.€ü", max_size=200).map(lambda path: f"https://link/{path}"),
)  # fmt: skip
def test_a_text_is_never_more_than_one_segment(team: str, district: str, priority: str, kind: str, link: str) -> None:
    due = page(kind=kind, team_id=team, district=district, priority=priority)
    text = text_of(due, link, CHICAGO)
    assert septets(text) <= SEGMENT_SEPTETS
    assert ("1 take, 2 leave" in text) == (kind == "offer")
    assert link not in text or text.endswith(link)


@given(st.text(max_size=300), st.integers(0, 160))
def test_any_text_can_be_written_plainly_and_fitted(text: str, places: int) -> None:
    assert septets(fitted(plain(text), places)) <= places


def test_names_keep_what_the_alphabet_has() -> None:
    assert plain("Señor Müller\u2013Straße\n“North”") == 'Señor Müller-Straße "North"'
    assert plain("Łódź 中") == "?odz ?"


def test_every_kind_of_page_has_words_and_a_rank() -> None:
    assert set(HEADLINES) == set(RANKS) == set(get_args(PageKind))


@pytest.mark.parametrize("kind", get_args(PageKind))
def test_nobody_is_named(kind: str) -> None:
    due = page(kind=kind, person_id="jane.doe", call_id="madison/dane/26-secret")
    for said in (text_of(due, LINK, CHICAGO), spoken(due)):
        assert "jane" not in said
        assert "secret" not in said


def test_what_is_spoken_is_said_as_people_say_it() -> None:
    assert spoken(page()) == "This is care route for team alpha 1: a call for you in Central, priority 2."
    assert spoken(page(kind="upgrade", why="recall")).endswith("has become more dangerous. Turn back.")
    assert spoken(page(kind="upgrade", why="may-not-go-recall")).endswith("may be none for your team. Turn back.")


@pytest.mark.parametrize(
    ("kind", "why", "said"),
    [
        ("cover", "cover is wanted", "a shift of somebody else: cover is wanted"),
        ("cover", "cover has been found", "a shift of somebody else: cover has been found"),
        ("shift-moved", "it does not take place", "a shift of yours has changed: it does not take place"),
        ("gap", "no-rest; and 2 more", "a shift lacks something: no-rest; and 2 more"),
        ("gap", "", "a shift lacks something"),
    ],
)
def test_what_is_about_the_plan_says_what_has_come_about(kind: str, why: str, said: str) -> None:
    """Of cover that was found it was said that somebody is needed, of a shift that was dropped that it was moved."""
    assert text_of(page(kind=kind, why=why), LINK, CHICAGO) == f"alpha-1: {said}\n{LINK}"


def test_the_time_is_that_of_the_agency() -> None:
    due = page(not_after=NOON + timedelta(hours=12, seconds=5))
    assert "by 18:00:05" not in text_of(due, LINK, CHICAGO)
    assert "by 00:00:05" in text_of(due, LINK, CHICAGO)
