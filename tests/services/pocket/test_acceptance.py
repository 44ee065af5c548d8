"""Taps are one command; within a window another time is another."""

from __future__ import annotations

from datetime import UTC, datetime

from services.pocket.acceptance import accept_id, decline_id
from tests.builders import offer_made

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_however_often_a_person_taps_it_is_one_command() -> None:
    made = offer_made("madison/dane/26-001", NOON)
    assert accept_id("offer-1", "ana", made, 5) == accept_id("offer-1", "ana", None, None)
    assert accept_id("offer-1", "ana", made, 5) != accept_id("offer-1", "ben", made, 5)
    assert accept_id("offer-1", "ana", made, 5) != decline_id("offer-1", "ana")


def test_within_a_window_another_time_is_another_command() -> None:
    made = offer_made("madison/dane/26-001", NOON, window=True)
    assert accept_id("offer-1", "ana", made, 5) == accept_id("offer-1", "ana", made, 5)
    assert accept_id("offer-1", "ana", made, 5) != accept_id("offer-1", "ana", made, 10)
