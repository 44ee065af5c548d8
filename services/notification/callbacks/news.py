"""What carriers say, in our words: what became of a page, a key that was pressed, a text that came in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.notification.callbacks.signatures import form_of
from services.notification.carriers.handed import reason_of
from services.notification.exchange import YES, Reply
from shared.carriers import CarrierName, Channel
from shared.events import ReceiptState

TEXTS_AT_TWILIO: Final[Mapping[str, ReceiptState]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "shown",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}
"""`queued` and `sending` say no more than the answer to our request did."""
TEXTS_AT_TELNYX: Final[Mapping[str, ReceiptState]] = {
    "sent": "sent",
    "delivery_unconfirmed": "sent",
    "delivered": "delivered",
    "delivery_failed": "undelivered",
    "expired": "undelivered",
    "sending_failed": "failed",
}
CALLS: Final[Mapping[str, ReceiptState]] = {
    "ringing": "ringing",
    "completed": "no-answer",
    "no-answer": "no-answer",
    "busy": "busy",
    "failed": "failed",
    "canceled": "failed",
}
"""Somebody, or a machine, picked up: that is no answer. A key is one, and is noted when it is pressed."""
MESSAGE_TYPES: Final = ("message.sent", "message.finalized")


class NoNews(ValueError):
    """A request of a carrier that says nothing we understand."""


@dataclass(frozen=True, slots=True)
class PageNews:
    """What has become of a page."""

    state: ReceiptState
    reason: str = ""
    """Why it failed, as notification knows it."""
    sequence: str = ""
    """Tells apart what is said of one call."""


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text from a phone to one of an agency's numbers."""

    sid: str
    sender: str
    to: str
    body: str
    opt_out: str = ""
    """`STOP` or `START`, where the carrier itself takes it for that."""


def page_news(carrier: CarrierName, content_type: str, body: bytes) -> PageNews | None:
    """What a callback says of its page; None for what says no more than is known. Raises NoNews."""
    if "json" in content_type:
        return _telnyx_news(_payload(body, MESSAGE_TYPES))
    fields = _form(body)
    if (state := fields.get("MessageStatus")) is not None:
        return _news(TEXTS_AT_TWILIO, state, reason_of(carrier, fields.get("ErrorCode", "")))
    if (state := fields.get("CallStatus")) is not None:
        reason = reason_of(carrier, fields.get("ErrorCode", ""))
        return _news(CALLS, state, reason, fields.get("SequenceNumber", ""))
    raise NoNews("it is about neither a text nor a call")


def looked_up_news(carrier: CarrierName, channel: Channel, reply: Reply) -> PageNews | None:
    """What an answer to our own question says of a page; None for what says no more than is known. Raises NoNews."""
    if reply.status // 100 != YES:
        raise NoNews(f"the answer is {reply.status}")
    try:
        answer = json.loads(reply.body)
        if carrier == "telnyx":
            return _telnyx_news(answer["data"])
        state, code = str(answer["status"]), answer.get("error_code")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise NoNews("no state") from None
    reason = reason_of(carrier, str(code)[:20] if code else "")
    return _news(TEXTS_AT_TWILIO if channel == "sms" else CALLS, state, reason)


def key_pressed(body: bytes) -> str:
    """The key that was pressed. Raises NoNews."""
    return _form(body).get("Digits", "")[:10]


def calling(body: bytes) -> str:
    """The number that somebody calls us from, as far as it is shown. Raises NoNews."""
    return _form(body).get("From", "")


def inbound_text(carrier: CarrierName, body: bytes) -> InboundText:
    """A text that came in. Raises NoNews."""
    if carrier == "twilio":
        fields = _form(body)
        sid = fields.get("MessageSid", "")
        text = InboundText(
            sid, fields.get("From", ""), fields.get("To", ""), fields.get("Body", ""), fields.get("OptOutType", "")
        )
    else:
        text = _telnyx_text(_payload(body, ("message.received",)))
    if not text.sid or not text.sender:
        raise NoNews("a text without a name or a sender")
    return text


def _news(words: Mapping[str, ReceiptState], state: str, reason: str, sequence: str = "") -> PageNews | None:
    ours = words.get(state)
    return None if ours is None else PageNews(ours, reason, sequence[:20])


def _telnyx_news(payload: Mapping[str, Any]) -> PageNews | None:
    try:
        state = str(payload["to"][0]["status"])
        errors = payload.get("errors") or [{}]
        code = str(errors[0].get("code", ""))
    except (LookupError, TypeError, AttributeError):
        raise NoNews("a message without a state") from None
    return _news(TEXTS_AT_TELNYX, state, reason_of("telnyx", code[:20]))


def _telnyx_text(payload: Mapping[str, Any]) -> InboundText:
    try:
        sender, to = payload["from"]["phone_number"], payload["to"][0]["phone_number"]
        return InboundText(str(payload["id"]), str(sender), str(to), str(payload.get("text", "")))
    except (LookupError, TypeError, AttributeError):
        raise NoNews("a text without a sender") from None


def _payload(body: bytes, kinds: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        data = json.loads(body)["data"]
        kind, payload = data["event_type"], data["payload"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise NoNews("no event") from None
    if kind not in kinds or not isinstance(payload, dict):
        raise NoNews("an event of another kind")
    return payload


def _form(body: bytes) -> dict[str, str]:
    try:
        return form_of(body)
    except ValueError:
        raise NoNews("no form") from None
