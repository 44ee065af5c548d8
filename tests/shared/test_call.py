"""What a call is known by, and the order of its versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.call import Call, CallId, is_another_incident, is_stale, order_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CALL_ID = "madison/dane-county/17"


def test_a_call_id_has_three_parts() -> None:
    call = CallId.parse("madison/dane-county/2026:17")
    assert call == CallId("madison", "dane-county", "2026:17")
    assert str(call) == "madison/dane-county/2026:17"


@pytest.mark.parametrize("text", ["", "madison", "madison/dane", "madison//17", "/dane/17", "madison/dane/", "a/b/c/d"])
def test_anything_else_is_no_call_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"values to unpack|no call id"):
        CallId.parse(text)


def test_a_clock_that_is_ahead_orders_nothing() -> None:
    received_at = NOON + timedelta(seconds=5)
    assert order_of(NOON, received_at) == NOON
    assert order_of(NOON + timedelta(minutes=4), received_at) == received_at


def test_a_number_is_another_incident_from_an_hour_later_on() -> None:
    tomorrow = NOON + timedelta(days=1)
    assert not is_another_incident(CALL_ID, NOON, NOON + timedelta(minutes=60), tomorrow)
    assert is_another_incident(CALL_ID, NOON, NOON + timedelta(minutes=60, seconds=1), tomorrow)
    assert not is_another_incident(CALL_ID, NOON, NOON - timedelta(days=1), tomorrow)
    assert is_another_incident(CALL_ID, NOON, tomorrow, tomorrow - timedelta(seconds=59))
    assert not is_another_incident(CALL_ID, NOON, NOON + timedelta(hours=5), NOON + timedelta(minutes=2))


def test_an_identifier_that_is_given_out_once_stays_one_incident() -> None:
    """An EIDO's call component goes away after hang-up, and with it the beginning."""
    tomorrow = NOON + timedelta(days=1)
    call_id = "madison/dane-county/urn:emergency:uid:incidentid:a56e556d871:psap.example"
    assert not is_another_incident(call_id, NOON, tomorrow, tomorrow)
    assert is_another_incident("madison/dane-county/incidentid:a56", NOON, tomorrow, tomorrow)


def test_a_call_is_stale_by_the_older_of_its_time_stamps() -> None:
    call = Call(agency="madison", source="cad", incident_id="1", created_at=NOON - timedelta(days=8), updated_at=NOON)
    assert is_stale(call, NOON)
    assert not is_stale(call.model_copy(update={"created_at": NOON - timedelta(days=7)}), NOON)
