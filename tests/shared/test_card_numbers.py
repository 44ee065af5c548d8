"""The contact card's numbers and the senders in the agencies file cannot silently differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.notification.callbacks.config import CallbacksSettings
from services.pocket.config import PocketSettings
from shared.card_numbers import differences, written
from tests.rig.carrier import AGENCY, TELNYX_NUMBER, TWILIO_NUMBER
from tests.services.notification.callbacks.driver import Callbacks

SENDERS = {"madison": ("+16085550100", "60855"), "dane": ("+16085550200",)}


@pytest.mark.parametrize(
    ("card", "differing"),
    [
        (SENDERS, ""),
        ({**SENDERS, "madison": ("60855", "+16085550100")}, ""),
        ({}, "dane, madison"),
        ({"dane": SENDERS["dane"]}, "madison"),
        ({**SENDERS, "dane": ("+16085550299",)}, "dane"),
        ({**SENDERS, "madison": ("+16085550100",)}, "madison"),
        ({**SENDERS, "gone": ("+16085550300",)}, "gone"),
    ],
    ids=[
        "the same",
        "another order",
        "none",
        "an agency missing",
        "another number",
        "a number missing",
        "one too many",
    ],
)
def test_it_is_said_whose_card_differs_and_what_would_be_right(
    card: dict[str, tuple[str, ...]], differing: str
) -> None:
    sentence = differences(card, SENDERS)
    if differing:
        assert f"for {differing}:" in sentence
        assert "“madison=+16085550100 60855, dane=+16085550200”" in sentence
    else:
        assert sentence == ""


def test_what_is_called_right_is_right() -> None:
    kind = CallbacksSettings.model_fields["card_numbers"]
    assert kind.annotation == PocketSettings.model_fields["card_numbers"].annotation, "both doors read one setting"
    assert written(SENDERS) == "madison=+16085550100 60855, dane=+16085550200"


async def test_the_callbacks_door_says_so_when_it_starts_and_whenever_it_is_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    city = Callbacks()
    assert city.door.remark().startswith("CAREROUTE_CARD_NUMBERS are not the senders")
    right = replace(city.door, card_numbers={AGENCY: (TELNYX_NUMBER, TWILIO_NUMBER)})
    assert right.remark() == ""
    caplog.clear()
    await right.start()
    await right.stop()
    assert not caplog.records
