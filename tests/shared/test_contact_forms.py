"""The addresses of people: one form each, and no more of it shown than tells one's own apart."""

from __future__ import annotations

import base64
import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact_forms import AddressRefused, doubt_about, normal_form, normal_name, shown
from shared.events import ContactKind

POINT = base64.urlsafe_b64encode(b"\x04" + bytes(64)).rstrip(b"=").decode()
AUTH = base64.urlsafe_b64encode(bytes(16)).rstrip(b"=").decode()


def subscription(endpoint: str = "https://push.example.com/wpush/v2/abc", **keys: object) -> str:
    """As a browser makes it, with what nobody needs."""
    return json.dumps({"expirationTime": None, "keys": {"p256dh": POINT, "auth": AUTH, **keys}, "endpoint": endpoint})


@pytest.mark.parametrize(
    "address",
    ["+16085550123", "(608) 555-0123", "608.555.0123", "1 608 555 0123", " +1 608 5550123 ", "001 608 555 0123"[2:]],
)
def test_one_number_is_one_number_however_it_is_written(address: str) -> None:
    assert normal_form("sms", address, region="US") == normal_form("voice", address, region="US") == "+16085550123"


@pytest.mark.parametrize(
    "address",
    ["", "911", "+1 911", "608 555", "+1608555012345678", "sal", "+16085550123 ext. 4", "555-0123", "+1 555 0123"],
)
def test_what_is_no_number_that_rings_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="must be a"):
        normal_form("sms", address, region="US")


def test_a_number_without_a_country_needs_a_region() -> None:
    assert normal_form("voice", "20 12 34 56", region="DK") == "+4520123456"
    with pytest.raises(AddressRefused, match=r"such as \+16085550123$"):
        normal_form("voice", "20 12 34 56")


def test_a_mail_address_keeps_its_name_and_has_its_domain_in_small_letters() -> None:
    assert normal_form("email", " Sal.Smith@City.Example ") == "Sal.Smith@city.example"


@pytest.mark.parametrize(
    "address",
    ["", "sal", "sal@", "@city.example", "sal@city", "a b@city.example", "Sal <sal@city.example>", "s@x.y@city.example",
     "sal@city.example\r\nBcc: all@city.example", "sal@-city.example", "s" * 65 + "@city.example", "sal@c.1",
     "a" * 60 + "@" + "b" * 60 + "." + ("c" * 60 + ".") * 3 + "example"],
)  # fmt: skip
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="must be a mail address"):
        normal_form("email", address)


def test_a_webhook_leads_to_the_internet_or_to_a_network_that_is_named() -> None:
    assert normal_form("webhook", "https://pager.example/p") == "https://pager.example/p"
    with pytest.raises(AddressRefused, match="must not lead to a private"):
        normal_form("webhook", "http://127.0.0.1:9/p")
    assert normal_form("webhook", "http://127.0.0.1:9/p", networks=(ip_network("127.0.0.0/8"),))
    with pytest.raises(AddressRefused, match="at most 500"):
        normal_form("webhook", "https://pager.example/" + "x" * 500)


def test_a_subscription_is_one_text_whatever_order_it_comes_in() -> None:
    plain = normal_form("push", subscription())
    assert json.loads(plain) == {
        "endpoint": "https://push.example.com/wpush/v2/abc",
        "keys": {"p256dh": POINT, "auth": AUTH},
    }
    assert normal_form("push", plain) == plain


@pytest.mark.parametrize(
    "address",
    ["", "null", "[]", "{}", '{"endpoint": 1}', "[" * 3000, "x" * 5000, subscription(p256dh="AAAA"),
     subscription(auth=1), subscription(auth="AAAA"), subscription(p256dh=POINT[1:] + "A"), subscription(auth="é")],
)  # fmt: skip
def test_what_no_browser_made_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="must be the subscription"):
        normal_form("push", address)


def test_a_subscription_leads_nowhere_private() -> None:
    with pytest.raises(AddressRefused, match="private"):
        normal_form("push", subscription("https://10.0.0.1/x"))


def test_the_pocket_page_has_no_address() -> None:
    assert normal_form("pocket", "") == ""
    with pytest.raises(AddressRefused, match="left out"):
        normal_form("pocket", "+16085550123")


@pytest.mark.parametrize(
    ("kind", "address", "seen"),
    [
        ("sms", "+16085550123", "…23"),
        ("voice", "+16085550123", "…23"),
        ("email", "sal.smith@city.example", "…@city.example"),
        ("webhook", "https://sal-smith.pager.example/sal?key=secret", "…pager.example"),
        ("webhook", "http://127.0.0.1:8090/sal", "…"),
        ("webhook", "http://localhost:8090/sal", "…"),
        ("push", normal_form("push", subscription()), "…example.com"),
        ("pocket", "", ""),
    ],
)
def test_what_is_shown_is_not_enough_to_reach_anybody(kind: ContactKind, address: str, seen: str) -> None:
    assert shown(kind, address) == seen


@given(st.integers(min_value=200_0000, max_value=999_9999))
def test_of_a_number_two_digits_are_shown(number: int) -> None:
    address = normal_form("sms", f"+1608{number}")
    assert shown("sms", address) == f"…{number % 100:02}"


def test_a_doubtful_number_is_taken_with_a_question() -> None:
    assert doubt_about("sms", "+16085550123") == ""
    assert "is it right?" in doubt_about("voice", "+10005550123")
    assert "landline" in doubt_about("sms", "+493012345678")
    assert doubt_about("voice", "+493012345678") == doubt_about("email", "a@b.example") == ""


def test_a_name_is_plain_text() -> None:
    assert normal_name("  Sal \t Smith ") == "Sal Smith"
    for wrong in ("", " ", "Sal\u202eSmith", "S" * 201):
        with pytest.raises(AddressRefused, match="must"):
            normal_name(wrong)
