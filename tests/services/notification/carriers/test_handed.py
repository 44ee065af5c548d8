"""What carriers' answers mean, and what is asked of them, word for word."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.carriers.handed import CODES, OF_THE_PERSON, Handed, judged
from services.notification.carriers.urls import CallbackUrls, PageToken
from services.notification.exchange import Reply
from shared.carriers import CarrierName
from tests.rig.carrier import AGENCY, CALLBACKS, PHONE, TELNYX_NUMBER, TWILIO_NUMBER, Town, page


def refusal(carrier: CarrierName, code: str, status: int = 400) -> Reply:
    said = {"code": int(code)} if carrier == "twilio" else {"errors": [{"code": code}]}
    return Reply(status, {}, json.dumps(said).encode())


@pytest.mark.parametrize(
    ("carrier", "code", "result", "why"),
    [
        ("twilio", "21610", "refused", "opted-out"),
        ("twilio", "21614", "refused", "not-mobile"),
        ("twilio", "30006", "refused", "landline"),
        ("twilio", "21606", "not-taken", "unregistered"),
        ("twilio", "30022", "not-taken", "queue-full"),
        ("twilio", "30023", "not-taken", "unregistered"),
        ("twilio", "30027", "not-taken", "unregistered"),
        ("twilio", "99999", "not-taken", "refused"),
        ("telnyx", "40300", "refused", "opted-out"),
        ("telnyx", "40001", "refused", "landline"),
        ("telnyx", "40010", "not-taken", "unregistered"),
    ],
)
def test_a_code_has_one_meaning(carrier: CarrierName, code: str, result: str, why: str) -> None:
    handed = judged(carrier, refusal(carrier, code))
    assert (handed.result, handed.why) == (result, why)


def test_unauthorised_is_our_credentials_whatever_the_body_says() -> None:
    for reply in (Reply(401), Reply(403, {}, b"<html>"), refusal("twilio", "20003", 401)):
        assert judged("twilio", reply) == Handed("not-taken", "credentials")
    assert judged("telnyx", refusal("telnyx", "40300", 403)) == Handed("refused", "opted-out")


def test_the_time_to_wait_is_read_only_where_it_is_a_number() -> None:
    assert judged("twilio", Reply(429, {"retry-after": "7"})).retry_seconds == 7
    for stated in ("", "soon", "-1", "9" * 40):
        assert judged("twilio", Reply(429, {"retry-after": stated})).retry_seconds is None


@given(st.integers(100, 599), st.binary(max_size=200), st.sampled_from(["twilio", "telnyx"]))
def test_only_a_clear_no_lets_another_carrier_try(status: int, body: bytes, carrier: CarrierName) -> None:
    handed = judged(carrier, Reply(status, {}, body))
    if 200 <= status < 300:
        assert handed.result == "taken"
    elif status // 100 == 4 and status != 408:
        assert handed.result in ("not-taken", "refused")
    else:
        assert handed.result == "unknown"


def test_reasons_are_of_a_stable_list() -> None:
    assert {reason for codes in CODES.values() for reason in codes.values()} <= OF_THE_PERSON | {
        "credentials", "filtered", "unregistered", "queue-full", "unreachable",
    }  # fmt: skip


async def test_twilio_is_asked_in_its_own_words() -> None:
    town = Town()
    town.phone(picks_up_after_seconds=None)
    due = page(seconds=25)
    callback = f"{CALLBACKS}/cb/twilio/{town.urls.token(AGENCY, due.page_id)}"
    await town.send(due)
    await town.send(due, "voice")
    (text_path, text), (call_path, call) = town.twilio.requests
    assert text_path == f"/2010-04-01/Accounts/{town.twilio.account_sid}/Messages.json"
    assert dict(text) | {"Body": ""} == {
        "To": PHONE,
        "From": TWILIO_NUMBER,
        "Body": "",
        "ValidityPeriod": "25",
        "StatusCallback": f"{callback}#rc=3&rp=5xx,ct,rt",
    }
    assert call_path == f"/2010-04-01/Accounts/{town.twilio.account_sid}/Calls.json"
    assert call == [
        ("To", PHONE),
        ("From", TWILIO_NUMBER),
        ("Url", f"{callback}/voice#rc=3&rp=5xx,ct,rt"),
        ("StatusCallback", f"{callback}#rc=3&rp=5xx,ct,rt"),
        *[("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered", "completed")],
        ("Timeout", "25"),
    ]


async def test_a_text_is_never_valid_for_less_than_carriers_take() -> None:
    town = Town()
    town.phone()
    await town.send(page(seconds=2))
    assert dict(town.twilio.requests[0][1])["ValidityPeriod"] == "5"


async def test_telnyx_is_asked_in_its_own_words() -> None:
    town = Town(twilio_first=False)
    town.phone(picks_up_after_seconds=None)
    due = page(seconds=25)
    callback = f"{CALLBACKS}/cb/telnyx/{town.urls.token(AGENCY, due.page_id)}"
    await town.send(due)
    await town.send(due, "voice")
    (text_path, text), (call_path, call) = town.telnyx.requests
    assert text_path == "/v2/messages"
    assert text | {"text": ""} == {
        "from": TELNYX_NUMBER, "to": PHONE, "text": "", "type": "SMS", "webhook_url": callback,
    }  # fmt: skip
    assert call_path == f"/v2/texml/Accounts/{town.telnyx.account_sid}/Calls"
    assert call == {
        "ApplicationSid": town.telnyx.application,
        "To": PHONE,
        "From": TELNYX_NUMBER,
        "Url": f"{callback}/voice",
        "UrlMethod": "POST",
        "StatusCallback": callback,
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "initiated ringing answered completed",
        "Timeout": "25",
    }


def test_a_callback_address_names_its_page_and_cannot_be_made_up() -> None:
    urls = CallbackUrls("https://callbacks.example/", "s" * 32)
    token = urls.token("madison.wi", "0f" * 16)
    assert urls.page(token) == PageToken("madison.wi", "0f" * 16)
    agency, page_id, proof = token.rsplit(".", 2)
    for forged in (
        "", "..", ".", token[:-1], token + "A", f"{agency}.{'1' * 32}.{proof}", f"boston.{page_id}.{proof}",
        CallbackUrls("https://callbacks.example", "t" * 32).token(agency, page_id), f"{token}\u00e9",
    ):  # fmt: skip
        assert urls.page(forged) is None
