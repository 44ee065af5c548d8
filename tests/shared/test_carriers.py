"""Carriers in the agencies file: a mistake is said when the file is read, with what would be right."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from shared.agencies import Agencies, AgenciesRefused

SID, TOKEN = "AC" + "0a" * 16, "t" * 32
PUBLIC = base64.b64encode(bytes(range(32))).decode()
TWILIO = f'account_sid = "{SID}"\nauth_token = "{TOKEN}"\nsenders = ["+16085550100"]\n'
TELNYX = f'api_key = "{"k" * 30}"\npublic_key = "{PUBLIC}"\nsenders = "+16085550200"\n'


def agencies(folder: Path, *, twilio: str = TWILIO, telnyx: str = "", agency: str = "") -> Agencies:
    text = f"[agencies.x]\n{agency}\n"
    text += f"[agencies.x.carriers.twilio]\n{twilio}\n" if twilio else ""
    text += f"[agencies.x.carriers.telnyx]\n{telnyx}\n" if telnyx else ""
    (folder / "agencies.toml").write_text(text)
    return Agencies(folder / "agencies.toml")


def test_an_agency_without_carriers_reaches_nobody_by_them(tmp_path: Path) -> None:
    file = agencies(tmp_path, twilio="")
    assert dict(file.carriers("x", "sms")) == dict(file.carriers("nobody", "voice")) == {}
    assert file.zone("x") is None


def test_carriers_stand_in_their_order_each_where_it_can_carry(tmp_path: Path) -> None:
    file = agencies(tmp_path, telnyx=TELNYX)
    assert list(file.carriers("x", "sms")) == ["twilio", "telnyx"]
    assert list(file.carriers("x", "voice")) == ["twilio"]
    file = agencies(tmp_path, telnyx=TELNYX, agency='reach = { sms = ["telnyx", "twilio"], voice = "twilio" }')
    assert list(file.carriers("x", "sms")) == ["telnyx", "twilio"]
    file = agencies(tmp_path, telnyx=TELNYX, agency='zone = "America/Chicago"\nreach = { sms = [] }')
    assert list(file.carriers("x", "sms")) == []
    assert str(file.zone("x")) == "America/Chicago"


def test_an_account_asks_the_carrier_itself_unless_told_otherwise(tmp_path: Path) -> None:
    file = agencies(tmp_path, telnyx=TELNYX)
    assert [account.base_url for account in file.carriers("x", "sms").values()] == [
        "https://api.twilio.com",
        "https://api.telnyx.com",
    ]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"twilio": TWILIO.replace("AC", "SK")}, "carriers.twilio.account_sid: .*must be AC and 32 hexadecimal digits"),
        ({"twilio": TWILIO.replace(TOKEN, "short")}, "auth_token: .*must be 16 or more characters"),
        ({"twilio": TWILIO.replace("+1608", "1-608-")}, "senders.0: .*must be a number such as .16085550100"),
        ({"twilio": TWILIO + 'base_url = "http://api.example"'}, "must begin with https://"),
        ({"twilio": TWILIO + 'base_url = "https://api.example/"'}, "without a slash at its end"),
        ({"twilio": TWILIO + "texts_per_second = 0"}, "texts_per_second: must be at least 0.1"),
        ({"twilio": TWILIO + 'auth_tokn = "x"'}, "auth_tokn: no such field"),
        ({"telnyx": TELNYX.replace(PUBLIC, "AAAA")}, "public_key: .*must be 32 bytes in base64, as Telnyx shows"),
        ({"agency": 'zone = "Chicago"'}, "zone: .*must be a time zone such as America/Chicago"),
        ({"agency": 'zone = "America"'}, "must be a time zone such as"),
        ({"agency": 'reach = { sms = ["telnyx"] }'}, "reach.sms names telnyx, but carriers.telnyx is not there"),
        ({"agency": 'reach = { sms = ["vonage"] }'}, "reach.sms.0: must be 'twilio' or 'telnyx'"),
        ({"agency": 'reach = { sms = ["twilio", "twilio"] }'}, "names a carrier twice"),
        (
            {"telnyx": TELNYX, "agency": 'reach = { voice = ["telnyx"] }'},
            "reach.voice names telnyx, but carriers.telnyx cannot call without account_sid and application",
        ),
        (
            {"twilio": TWILIO.replace('["+16085550100"]', '["60855"]'), "agency": 'reach = { voice = "twilio" }'},
            "has no number that can call",
        ),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(tmp_path: Path, part: dict[str, str], says: str) -> None:
    with pytest.raises(AgenciesRefused, match=says) as refused:
        agencies(tmp_path, **part)
    assert TOKEN not in str(refused.value)


SERVICE = f'account_sid = "{SID}"\nauth_token = "{TOKEN}"\nmessaging_service = "MG{"0a" * 16}"\n'


@pytest.mark.parametrize(
    ("of_x", "of_y", "shared"),
    [
        (TWILIO, f"[agencies.y.carriers.twilio]\n{TWILIO}", r"\+16085550100"),
        (TWILIO, f"[agencies.y.carriers.telnyx]\n{TELNYX.replace('200', '100')}", r"\+16085550100"),
        (SERVICE, f"[agencies.y.carriers.twilio]\n{SERVICE}", "MG0a"),
    ],
)
def test_a_sender_is_one_agencys(tmp_path: Path, of_x: str, of_y: str, shared: str) -> None:
    """What is texted to it goes to one address, of one agency: answers to the other would be strangers'."""
    with pytest.raises(AgenciesRefused, match=f"x and y both send from {shared}.*senders of its own"):
        agencies(tmp_path, twilio=f"{of_x}\n{of_y}")


def test_one_agency_may_name_a_number_at_both_of_its_carriers(tmp_path: Path) -> None:
    assert len(agencies(tmp_path, telnyx=TELNYX.replace("200", "100")).carriers("x", "sms")) == 2
