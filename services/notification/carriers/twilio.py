"""Twilio: texts by `Messages`, calls by `Calls`. One request hands a page over."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import urlencode

from services.notification.carriers.handed import Handed, judged
from services.notification.carriers.request import Call, Text, handed
from services.notification.exchange import Ask, Look, Reply
from shared.carriers import Channel, Twilio

RETRY = "#rc=3&rp=5xx,ct,rt"
"""Asks for three more tries of a callback that we could not take; without it there is one."""
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")


async def send_text(ask: Ask, account: Twilio, text: Text) -> Handed:
    """Hand a text over; what is still queued there when its time is over is not sent."""
    by = {"MessagingServiceSid": account.messaging_service} if account.messaging_service else {"From": text.sender}
    fields = [
        ("To", text.to),
        *by.items(),
        ("Body", text.body),
        ("ValidityPeriod", str(text.valid_seconds)),
        *([("StatusCallback", text.callback + RETRY)] if text.callback else []),
    ]
    return await _post(ask, account, "Messages", fields, text.seconds)


async def place_call(ask: Ask, account: Twilio, call: Call) -> Handed:
    """Have a phone called; what it says is asked for when somebody picks up."""
    fields = [
        ("To", call.to),
        ("From", call.sender),
        ("Url", call.voice_url + RETRY),
        ("StatusCallback", call.callback + RETRY),
        *(("StatusCallbackEvent", event) for event in CALL_EVENTS),
        ("Timeout", str(call.ring_seconds)),
    ]
    return await _post(ask, account, "Calls", fields, call.seconds)


async def end_call(ask: Ask, account: Twilio, name: str, seconds: float, *, unanswered: bool) -> Handed:
    """End a call; `unanswered`: only where nobody has picked up."""
    status = "canceled" if unanswered else "completed"
    return await _post(ask, account, f"Calls/{name}", [("Status", status)], seconds)


async def _post(ask: Ask, account: Twilio, resource: str, fields: Sequence[tuple[str, str]], seconds: float) -> Handed:
    headers = _authorized(account) | {"content-type": "application/x-www-form-urlencoded"}
    asking = ask(_url(account, resource), headers, urlencode(fields).encode(), seconds)
    return await handed(asking, lambda reply: judged("twilio", reply))


async def look_up(look: Look, account: Twilio, channel: Channel, name: str, seconds: float) -> Reply:
    """What has become of a text or a call that they took. Raises NoAnswer."""
    kind = "Messages" if channel == "sms" else "Calls"
    return await look(_url(account, f"{kind}/{name}"), _authorized(account), seconds)


def _url(account: Twilio, resource: str) -> str:
    return f"{account.base_url}/2010-04-01/Accounts/{account.account_sid}/{resource}.json"


def _authorized(account: Twilio) -> dict[str, str]:
    credentials = base64.b64encode(f"{account.account_sid}:{account.auth_token}".encode()).decode()
    return {"authorization": f"Basic {credentials}"}
