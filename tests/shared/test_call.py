"""What a call is known by, and the order of its versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.call import CallId, CallStatus, order_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_call_id_has_three_parts() -> None:
    call = CallId.parse("madison/dane-county/2026:17")
    assert call == CallId("madison", "dane-county", "2026:17")
    assert str(call) == "madison/dane-county/2026:17"


@pytest.mark.parametrize("text", ["", "madison", "madison/dane", "madison//17", "/dane/17", "madison/dane/", "a/b/c/d"])
def test_anything_else_is_no_call_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"values to unpack|no call id"):
        CallId.parse(text)


def test_at_one_instant_an_end_outweighs_an_update_and_a_reopening_both() -> None:
    statuses: tuple[CallStatus, ...] = ("reopened", "active", "closed")
    assert sorted(statuses, key=lambda status: order_of(NOON, status)) == ["active", "closed", "reopened"]
    assert order_of(NOON + timedelta(seconds=1), "active") > order_of(NOON, "reopened")
    assert order_of(NOON, "cancelled") == order_of(NOON, "merged") == order_of(NOON, "closed")
