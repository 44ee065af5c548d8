"""A link that enrols a device says whose it will be, and cannot be made or stretched without the secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from shared.enrolment import ENROLMENT_LIFE, Enrolment, read_enrolment

SECRET = "s" * 32
NOW = datetime(2026, 3, 2, 12, 0, 0, 500_000, tzinfo=UTC)


def made(**changes: str | None) -> Enrolment:
    about = {"person_id": "ana", "team_id": None, "label": "blue phone", "enrolled_by": "sue", **changes}
    return Enrolment.new(NOW, "madison", **about)  # type: ignore[arg-type]


def test_a_link_says_what_it_was_made_for() -> None:
    for enrolment in (made(), made(person_id=None, team_id="alpha-1", label="Größe 7″")):
        link = enrolment.link("https://pocket.example/", SECRET)
        base, _, token = link.rpartition("/")
        assert base == "https://pocket.example/me/enrol"
        assert read_enrolment(token, SECRET, NOW) == enrolment
    assert made().enrolment_id != made().enrolment_id


def test_it_works_for_a_quarter_of_an_hour() -> None:
    token = made().token(SECRET)
    until = NOW.replace(microsecond=0) + ENROLMENT_LIFE
    assert read_enrolment(token, SECRET, until - timedelta(seconds=1)) is not None
    assert read_enrolment(token, SECRET, until) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "a" * 5_000, "ä.ö", made().token("t" * 32)])
def test_what_was_not_made_with_the_secret_says_nothing(token: str) -> None:
    assert read_enrolment(token, SECRET, NOW) is None


@given(st.data())
def test_no_character_of_it_can_be_another(data: st.DataObject) -> None:
    token = made().token(SECRET)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != token[place]))
    enrolment = read_enrolment(token[:place] + other + token[place + 1 :], SECRET, NOW)
    assert enrolment is None or place in (len(token) - 1, token.index(".") - 1), "but spare bits at an end"
