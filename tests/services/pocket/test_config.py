"""What the door that faces the internet is told: the contact card's numbers, and no agency's keys and secrets."""

from __future__ import annotations

import pytest

from services.pocket.config import PocketSettings
from services.pocket.door import DOOR, open_door, sealer_of
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.config import PREFIX
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.sealing import CannotOpen, new_key


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    needed = {
        "KAFKA": "localhost:9092",
        "LINK_SECRET": "s" * 32,
        "SEALING_KEY": new_key(),
        "AUDIT_KEYS": new_audit_key(),
    }
    for name, value in needed.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("", {}),
        ("dane=+16085550200", {"dane": ("+16085550200",)}),
        (
            "madison-wi=+16085550100 60855, dane=+16085550200",
            {"madison-wi": ("+16085550100", "60855"), "dane": ("+16085550200",)},
        ),
    ],
)
def test_the_numbers_on_the_contact_card_are_a_setting(
    told: pytest.MonkeyPatch, written: str, numbers: dict[str, tuple[str, ...]]
) -> None:
    told.setenv("CAREROUTE_CARD_NUMBERS", written)
    assert PocketSettings.load().card_numbers == numbers


@pytest.mark.parametrize(
    "written", ["+16085550100", "dane", "dane=", "dane=call us", "=+16085550100", "a=60855,a=60855"]
)
def test_numbers_that_nobody_can_dial_end_it_with_the_name_of_the_setting(
    told: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    told.setenv("CAREROUTE_CARD_NUMBERS", written)
    with pytest.raises(SystemExit):
        PocketSettings.load()
    assert "CAREROUTE_CARD_NUMBERS" in capsys.readouterr().err


def test_the_door_on_the_internet_is_told_of_no_agencies_file() -> None:
    assert "agencies_file" not in PocketSettings.model_fields


def test_what_the_door_saves_of_its_links_opens_with_their_secret_alone(told: pytest.MonkeyPatch) -> None:
    """Five other processes have the sealing key, and it may have become known: it tells nobody how links are made."""
    settings = PocketSettings.load()
    kept = open_door(MemoryBroker(MemoryLog(1)), SystemClock(), settings).follower._kept
    assert kept is not None
    saved = kept.snapshots._pack({}, vars(kept.view))
    with pytest.raises(CannotOpen):
        settings.sealer.open_bytes(f"{DOOR} view", saved)
    with pytest.raises(CannotOpen):
        sealer_of("t" * 32).open_bytes(f"{DOOR} view", saved)
    assert kept.snapshots._unpack(saved) is not None
    told.setenv("CAREROUTE_SEALING_KEY", new_key())  # which is changed, and nothing is folded anew
    again = open_door(MemoryBroker(MemoryLog(1)), SystemClock(), PocketSettings.load()).follower._kept
    assert again is not None
    assert again.snapshots._unpack(saved) is not None
