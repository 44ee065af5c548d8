"""Signatures, against vectors that others have published and against signing by other means."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.notification.callbacks.signatures import form_of, spellings, telnyx_holds, twilio_holds
from shared.carriers import Telnyx, Twilio

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
FORM_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
BODY = b'{"property": "value", "boolean": true}'
BODY_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
BODY_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="
"""Those that Twilio's own libraries are tested with: the token is 12345."""
RULE = "key=CK0123,algorithm=HMAC_SHA256"


def twilio(token: str = "12345", key: str | None = None, second: str | None = None) -> Twilio:
    return Twilio.model_construct(account_sid="AC", auth_token=token, webhook_key=key, second_auth_token=second)


def test_published_vectors_hold() -> None:
    form, json = {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "application/json"}
    assert twilio_holds(twilio(), URL, form | {"x-twilio-signature": FORM_SIGNATURE}, FORM)
    assert twilio_holds(twilio(), BODY_URL, json | {"x-twilio-signature": BODY_SIGNATURE}, BODY)
    assert not twilio_holds(twilio("54321"), URL, form | {"x-twilio-signature": FORM_SIGNATURE}, FORM)
    assert not twilio_holds(twilio(), URL, form | {"x-twilio-signature": FORM_SIGNATURE}, FORM + b"&x=1")
    assert not twilio_holds(twilio(), URL.replace("https", "http"), form | {"x-twilio-signature": FORM_SIGNATURE}, FORM)
    assert not twilio_holds(twilio(), BODY_URL, json | {"x-twilio-signature": BODY_SIGNATURE}, BODY + b" ")
    assert not twilio_holds(twilio(), URL, json | {"x-twilio-signature": FORM_SIGNATURE}, FORM)


def test_while_the_token_is_changed_what_either_of_two_has_signed_holds() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": FORM_SIGNATURE}
    assert twilio_holds(twilio("54321", second="12345"), URL, headers, FORM)
    assert twilio_holds(twilio("12345", second="54321"), URL, headers, FORM)
    assert not twilio_holds(twilio("54321", second="67890"), URL, headers, FORM)
    ruled = headers | {"x-twilio-webhooks-signature-settings": RULE}
    assert not twilio_holds(twilio("54321", "67890", "12345"), URL, ruled, FORM), "a rule has one key"


def test_a_rule_names_the_key_and_no_other_algorithm() -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-webhooks-signature-settings": RULE,
        # openssl dgst -sha256 -hmac 12345 -binary | base64, of the address and the sorted fields
        "x-twilio-signature": "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=",
    }
    holds = twilio_holds(twilio("another", "12345"), URL, headers, FORM)
    assert holds
    assert not twilio_holds(twilio("12345", None), URL, headers, FORM)
    for algorithm in ("HMAC_SHA1", "none", ""):
        settings = {"x-twilio-webhooks-signature-settings": f"key=CK0123,algorithm={algorithm}"}
        sha1 = {"x-twilio-signature": FORM_SIGNATURE}
        assert not twilio_holds(twilio("12345", "12345"), URL, headers | settings | sha1, FORM)


@pytest.mark.parametrize(
    ("url", "without", "with_port"),
    [
        (
            "https://a.example/x:1?y=//a.example",
            "https://a.example/x:1?y=//a.example",
            "https://a.example:443/x:1?y=//a.example",
        ),
        ("https://a.example:8443/x", "https://a.example/x", "https://a.example:8443/x"),
        ("http://a.example/x", "http://a.example/x", "http://a.example:80/x"),
        ("https://u:p@a.example/x", "https://u:p@a.example/x", "https://u:p@a.example:443/x"),
        ("https://[::1]/x", "https://[::1]/x", "https://[::1]:443/x"),
        ("https://[::1]:8443/x", "https://[::1]/x", "https://[::1]:8443/x"),
    ],
)
def test_an_address_is_spelt_with_its_port_and_without(url: str, without: str, with_port: str) -> None:
    assert spellings(url) == (without, with_port)


@pytest.mark.parametrize("signature", ["", "nonsense", "\u00e9", "=" * 400])
def test_no_signature_is_none_of_ours(signature: str) -> None:
    assert not twilio_holds(twilio(), URL, {"x-twilio-signature": signature}, FORM)


def test_a_form_with_a_field_twice_and_one_that_is_none() -> None:
    assert form_of(b"a=1&a=2&b=") == {"a": "1", "b": ""}
    assert not twilio_holds(twilio(), URL, {"x-twilio-signature": FORM_SIGNATURE}, b"&".join([b"a=1"] * 500))
    assert not twilio_holds(twilio(), URL, {"x-twilio-signature": FORM_SIGNATURE}, b"\xff\xfe")


def test_telnyx_signs_the_time_and_the_body() -> None:
    key, now = Ed25519PrivateKey.generate(), datetime(2026, 3, 2, 18, tzinfo=UTC)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    account = Telnyx.model_construct(api_key="k", public_key=public)
    stamp = str(int(now.timestamp()))
    signature = base64.b64encode(key.sign(f"{stamp}|".encode() + BODY)).decode()
    headers = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": signature}
    assert telnyx_holds(account, headers, BODY, now)
    assert telnyx_holds(account, headers, BODY, now + timedelta(seconds=299))
    assert not telnyx_holds(account, headers, BODY, now + timedelta(seconds=301))
    assert not telnyx_holds(account, headers, BODY, now - timedelta(seconds=301))
    assert not telnyx_holds(account, headers, BODY + b" ", now)
    for wrong in (f"{int(stamp) + 1}", "soon", ""):
        assert not telnyx_holds(account, headers | {"telnyx-timestamp": wrong}, BODY, now)
    for wrong in ("", "AAAA", "not base64", base64.b64encode(bytes(64)).decode()):
        assert not telnyx_holds(account, headers | {"telnyx-signature-ed25519": wrong}, BODY, now)
