"""Telnyx: texts by its messages, calls by TeXML, which speaks as Twilio's calls do."""

from __future__ import annotations

import json
from collections.abc import Mapping

from services.notification.carriers.handed import Handed, judged
from services.notification.carriers.request import Call, Text, handed
from services.notification.exchange import Ask, Look, Reply
from shared.carriers import Telnyx

CALL_EVENTS = "initiated ringing answered completed"


async def send_text(ask: Ask, account: Telnyx, text: Text) -> Handed:
    """Hand a text over. It takes no validity: a phone that comes back late gets it, and the page says it is over."""
    message = {"from": text.sender, "to": text.to, "text": text.body, "type": "SMS"}
    if text.callback:
        message |= {"webhook_url": text.callback}
    if account.messaging_profile:
        message |= {"messaging_profile_id": account.messaging_profile}
    return await _post(ask, account, "messages", message, text.seconds)


async def place_call(ask: Ask, account: Telnyx, call: Call) -> Handed:
    """Have a phone called; what it says is asked for when somebody picks up. The answer does not name the call."""
    fields = {
        "ApplicationSid": account.application or "",
        "To": call.to,
        "From": call.sender,
        "Url": call.voice_url,
        "UrlMethod": "POST",  # else as their application happens to be set
        "StatusCallback": call.callback,
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": CALL_EVENTS,
        "Timeout": str(call.ring_seconds),
    }
    return await _post(ask, account, f"texml/Accounts/{account.account_sid}/Calls", fields, call.seconds)


def _authorized(account: Telnyx) -> dict[str, str]:
    return {"authorization": f"Bearer {account.api_key}"}


async def _post(ask: Ask, account: Telnyx, path: str, body: Mapping[str, str], seconds: float) -> Handed:
    headers = _authorized(account) | {"content-type": "application/json"}
    content = json.dumps(body, separators=(",", ":")).encode()
    url = f"{account.base_url}/v2/{path}"
    return await handed(ask(url, headers, content, seconds), lambda reply: judged("telnyx", reply))


async def look_up(look: Look, account: Telnyx, name: str, seconds: float) -> Reply:
    """What has become of a text that they took. Raises NoAnswer."""
    return await look(f"{account.base_url}/v2/messages/{name}", _authorized(account), seconds)
