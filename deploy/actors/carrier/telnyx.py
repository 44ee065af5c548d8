"""Telnyx, played: messages in JSON, calls by TeXML, everything signed with Ed25519 over time stamp and body."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.actors.carrier.carriers import Carrier, Taken, fields_of
from deploy.actors.carrier.network import Answered

ERRORS = {"30003": "40008", "30004": "40004", "30005": "40012", "30006": "40001", "30007": "40002"}
"""Their codes for what befalls a phone."""


@dataclass
class PlayedTelnyx(Carrier):
    """One account."""

    name: ClassVar[str] = "telnyx"
    api_key: str = "KEY" + "0" * 29
    account_sid: str = "61bf923e-5e4d-4595-a110-56190ea18a1b"
    application: str = "1494404757140276705"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> str:
        """As their portal shows it."""
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Taken | Answered:
        """Read a request as their API does."""
        if not self._is_ours(headers):
            return _refusal(401, "10009")
        fields = fields_of(body)
        self.requests.append((path, fields))
        if path == "/v2/messages":
            if ("telnyx", fields["to"]) in self.network.opted_out:
                return _refusal(400, "40300")
            sid, callback = self.new_sid("msg-"), fields.get("webhook_url", "")
            return Taken(sid, fields["to"], fields["from"], callback, body=fields["text"])
        if path == f"/v2/texml/Accounts/{self.account_sid}/Calls":
            if fields.get("ApplicationSid") != self.application:
                return _refusal(404, "10005")
            return Taken(
                self.new_sid("v3:"),
                fields["To"],
                fields["From"],
                fields.get("StatusCallback", ""),
                voice_url=fields["Url"],
                ring_seconds=float(fields.get("Timeout", 30)),
            )
        return _refusal(404, "10005")

    def accepted(self, taken: Taken) -> Answered:
        """200, and what a message is called."""
        if not taken.body:
            return Answered(200, json.dumps({"from": taken.sender, "to": taken.to, "status": "queued"}).encode())
        to = [{"phone_number": taken.to, "status": "queued"}]
        return Answered(200, json.dumps({"data": {"id": taken.sid, "to": to}}).encode())

    def look_up(self, path: str, headers: Mapping[str, str]) -> Answered:
        """A message as it stands."""
        if not self._is_ours(headers):
            return _refusal(401, "10009")
        taken = self.named(path.removeprefix("/v2/messages/"))
        if taken is None or not taken.body:
            return _refusal(404, "10005")
        return Answered(200, json.dumps({"data": self._message(taken, taken.state, taken.code)}).encode())

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self.api_key}"

    def text_news(self, taken: Taken, state: str, code: str) -> tuple[dict[str, str], bytes]:
        """`message.sent`, `message.finalized`."""
        kind = "message.sent" if state == "sent" else "message.finalized"
        return self._event(f"{taken.sid}/{state}", kind, self._message(taken, state, code))

    def _message(self, taken: Taken, state: str, code: str) -> dict[str, Any]:
        status = "delivery_failed" if state == "undelivered" else state
        return {
            "direction": "outbound",
            "errors": [{"code": ERRORS.get(code, "40008"), "title": "refused"}] if code else [],
            "from": {"phone_number": taken.sender},
            "id": taken.sid,
            "record_type": "message",
            "to": [{"phone_number": taken.to, "status": status}],
        }

    def call_fields(self, taken: Taken, state: str, sequence: int) -> dict[str, str]:
        """What they say with every request about a call."""
        return {
            "AccountSid": self.account_sid,
            "CallSid": taken.sid,
            "CallStatus": state,
            "From": taken.sender,
            "SequenceNumber": str(sequence),
            "To": taken.to,
        }

    def signed_form(self, url: str, fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:  # noqa: ARG002  # unsigned
        """A form; the address is not signed."""
        content = urlencode(dict(fields)).encode()
        return {"content-type": "application/x-www-form-urlencoded", **self._signature(content)}, content

    def inbound(self, sid: str, phone: str, number: str, body: str) -> tuple[dict[str, str], bytes]:
        """`message.received`."""
        payload = {
            "direction": "inbound",
            "from": {"phone_number": phone},
            "id": sid,
            "record_type": "message",
            "text": body,
            "to": [{"phone_number": number}],
        }
        return self._event(sid, "message.received", payload)

    def answers_of(self, answered: Answered) -> list[str]:  # noqa: ARG002  # it is not looked at
        """Nothing: whoever answers has to send a text of their own."""
        return []

    def _event(self, event_id: str, kind: str, payload: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        occurred_at = datetime.fromtimestamp(self.network.time.now(), UTC).isoformat()
        event = {"event_type": kind, "id": event_id, "occurred_at": occurred_at, "payload": payload}
        return self.signed_json(json.dumps({"data": {"record_type": "event", **event}}).encode())

    def signed_json(self, content: bytes) -> tuple[dict[str, str], bytes]:
        """An event as this carrier posts it."""
        return {"content-type": "application/json", **self._signature(content)}, content

    def _signature(self, content: bytes) -> dict[str, str]:
        stamp = str(int(self.network.time.now()))
        signature = self.key.sign(f"{stamp}|".encode() + content)
        return {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": base64.b64encode(signature).decode()}


def _refusal(status: int, code: str) -> Answered:
    return Answered(status, json.dumps({"errors": [{"code": code, "title": "refused"}]}).encode())
