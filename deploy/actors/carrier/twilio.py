"""Twilio, played: Messages and Calls, form callbacks signed with SHA-1, or SHA-256 where a rule says so."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from deploy.actors.carrier.carriers import Carrier, Taken
from deploy.actors.carrier.network import Answered
from deploy.actors.carrier.spoken import messages

FORM = "application/x-www-form-urlencoded"
LEAST_VALID, MOST_VALID = 1, 36_000


@dataclass
class PlayedTwilio(Carrier):
    """One account."""

    name: ClassVar[str] = "twilio"
    account_sid: str = "AC" + "0" * 32
    auth_token: str = "t" * 32
    rule_key: str = ""
    """Signs with SHA-256 where it is there."""

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Taken | Answered:
        """Read a request as their API does."""
        if not self._is_ours(headers):
            return _refusal(401, 20003)
        pairs = parse_qsl(body.decode())
        fields = dict(pairs)
        self.requests.append((path, pairs))
        account = f"/2010-04-01/Accounts/{self.account_sid}"
        if fields.get("Status") in ("completed", "canceled") and (call := self._named(path)) is not None:
            self.end(call, unanswered=fields["Status"] == "canceled")
            return self._resource(call)
        to = fields.get("To", "")
        if not to.startswith("+") or not to[1:].isdecimal():
            return _refusal(400, 21211)
        kinds = {f"{account}/Messages.json": self._text_of, f"{account}/Calls.json": self._call_of}
        return kinds[path](to, fields) if path in kinds else _refusal(404, 20404)

    def _text_of(self, to: str, fields: Mapping[str, str]) -> Taken | Answered:
        if ("twilio", to) in self.network.opted_out:
            return _refusal(400, 21610)
        if not LEAST_VALID <= int(fields.get("ValidityPeriod", MOST_VALID)) <= MOST_VALID:
            return _refusal(400, 30012)
        sender = fields.get("From") or fields["MessagingServiceSid"]
        return Taken(self.new_sid("SM"), to, sender, fields.get("StatusCallback", ""), body=fields["Body"])

    def _call_of(self, to: str, fields: Mapping[str, str]) -> Taken:
        callback, ring_seconds = fields.get("StatusCallback", ""), float(fields.get("Timeout", 60))
        sid, url = self.new_sid("CA"), fields["Url"]
        return Taken(sid, to, fields["From"], callback, voice_url=url, ring_seconds=ring_seconds)

    def accepted(self, taken: Taken) -> Answered:
        """201, and the first status, of which there is no callback."""
        return Answered(201, json.dumps({"sid": taken.sid, "status": "queued"}).encode())

    def look_up(self, path: str, headers: Mapping[str, str]) -> Answered:
        """A message or a call as it stands."""
        if not self._is_ours(headers):
            return _refusal(401, 20003)
        taken = self._named(path)
        return _refusal(404, 20404) if taken is None else self._resource(taken)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        return headers.get("authorization") == f"Basic {expected}"

    def _named(self, path: str) -> Taken | None:
        """The text or call that a path names."""
        taken = self.named(path.rpartition("/")[2].removesuffix(".json"))
        if taken is None:
            return None
        kind = "Messages" if taken.body else "Calls"
        return taken if path == f"/2010-04-01/Accounts/{self.account_sid}/{kind}/{taken.sid}.json" else None

    def _resource(self, taken: Taken) -> Answered:
        fields: dict[str, object] = {"sid": taken.sid, "status": taken.state, "to": taken.to}
        if taken.body:
            fields["error_code"] = int(taken.code) if taken.code else None
        return Answered(200, json.dumps(fields).encode())

    def text_news(self, taken: Taken, state: str, code: str) -> tuple[dict[str, str], bytes]:
        """A status callback."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": taken.sender,
            "MessageSid": taken.sid,
            "MessageStatus": state,
            "SmsSid": taken.sid,
            "SmsStatus": state,
            "To": taken.to,
        } | ({"ErrorCode": code} if code else {})
        return self.signed_form(taken.callback.partition("#")[0], fields)

    def call_fields(self, taken: Taken, state: str, sequence: int) -> dict[str, str]:
        """What they say with every request about a call."""
        return {
            "AccountSid": self.account_sid,
            "CallSid": taken.sid,
            "CallStatus": state,
            "Direction": "outbound-api",
            "From": taken.sender,
            "SequenceNumber": str(sequence),
            "To": taken.to,
        }

    def signed_form(self, url: str, fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """A form, signed over the whole address and its sorted fields."""
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        key, algorithm = (self.rule_key, "sha256") if self.rule_key else (self.auth_token, "sha1")
        digest = hmac.new(key.encode(), signed.encode(), algorithm).digest()
        headers = {"content-type": FORM, "x-twilio-signature": base64.b64encode(digest).decode()}
        if self.rule_key:
            headers["x-twilio-webhooks-signature-settings"] = "key=CK00000000,algorithm=HMAC_SHA256"
        return headers, urlencode(dict(fields)).encode()

    def inbound(self, sid: str, phone: str, number: str, body: str) -> tuple[dict[str, str], bytes]:
        """A text to one of the account's numbers."""
        fields = {
            "AccountSid": self.account_sid,
            "Body": body,
            "From": phone,
            "MessageSid": sid,
            "NumMedia": "0",
            "SmsSid": sid,
            "To": number,
        }
        return self.signed_form(self.inbound_url, fields)

    def answers_of(self, answered: Answered) -> list[str]:
        """What the TwiML of the answer sends back."""
        return messages(answered.body.decode())


def _refusal(status: int, code: int) -> Answered:
    more = f"https://www.twilio.com/docs/errors/{code}"
    refusal = {"code": code, "message": "refused", "more_info": more, "status": status}
    return Answered(status, json.dumps(refusal).encode())
