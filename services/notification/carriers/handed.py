"""What came of handing a page to one carrier, and what a carrier's own codes mean to those who page people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from services.notification.exchange import Reply
from shared.carriers import CarrierName

Result = Literal["taken", "refused", "not-taken", "unknown"]
Reason = Literal[
    "opted-out",
    "unknown-number",
    "not-mobile",
    "landline",
    "blocked",
    "unreachable",
    "credentials",
    "filtered",
    "unregistered",
    "queue-full",
    "refused",
]
OF_THE_PERSON: frozenset[str] = frozenset({"opted-out", "unknown-number", "not-mobile", "landline", "blocked"})
"""Another carrier would hear the same: somebody has to see to the number, or leave it alone."""

TWILIO: Mapping[str, Reason] = {
    "20003": "credentials",
    "20429": "queue-full",
    "13223": "unknown-number",
    "13224": "unknown-number",
    "21211": "unknown-number",
    "21216": "blocked",
    "21217": "unknown-number",
    "21265": "unknown-number",
    "21606": "unregistered",
    "21610": "opted-out",
    "21611": "queue-full",
    "21614": "not-mobile",
    "30001": "queue-full",
    "30002": "credentials",
    "30003": "unreachable",
    "30004": "blocked",
    "30005": "unknown-number",
    "30006": "landline",
    "30007": "filtered",
    "30008": "unreachable",
    "30022": "queue-full",
    "30023": "unregistered",
    "30027": "unregistered",
    "30032": "unregistered",
    "30034": "unregistered",
    "30036": "queue-full",
    "30449": "filtered",
}
"""Codes of answers and of callbacks; the names are those of twilio.com/docs/api/errors."""

TELNYX: Mapping[str, Reason] = {
    "10002": "unknown-number",
    "10009": "credentials",
    "10010": "credentials",
    "10011": "queue-full",
    "10016": "unknown-number",
    "40001": "landline",
    "40002": "filtered",
    "40003": "filtered",
    "40004": "unreachable",
    "40005": "queue-full",
    "40006": "unreachable",
    "40008": "unreachable",
    "40010": "unregistered",
    "40011": "queue-full",
    "40012": "unknown-number",
    "40013": "unregistered",
    "40014": "queue-full",
    "40015": "filtered",
    "40300": "opted-out",
    "40310": "unknown-number",
}
"""Codes of answers and of callbacks; the names are those of developers.telnyx.com, Messaging Error Code Reference."""

CODES: Mapping[CarrierName, Mapping[str, Reason]] = {"twilio": TWILIO, "telnyx": TELNYX}
UNAUTHORISED: Final = (401, 403)
TOO_MANY: Final = 429
LATE: Final = 408


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing a page to a carrier.

    `taken`: it has it. `refused`: for a reason that lies with the number, which is the same everywhere. `not-taken`:
    for one that lies with the carrier or with us, so another may have it. `unknown`: it may have been taken.
    """

    result: Result
    why: str = ""
    retry_seconds: float | None = None
    """After so long the carrier takes it again, where it says so."""
    taken_as: str = ""
    """What the carrier calls it: the carrier, a slash, its name."""


def reason_of(carrier: CarrierName, code: str) -> str:
    """What a carrier's code means; empty where there is none."""
    return CODES[carrier].get(code, "refused") if code else ""


def judged(carrier: CarrierName, reply: Reply) -> Handed:
    """What a carrier's answer means. Whatever is neither a yes nor a clear no counts as taken, perhaps."""
    if 200 <= reply.status < 300:  # noqa: PLR2004  # HTTP's
        return Handed("taken", taken_as=_taken_as(carrier, reply))
    if reply.status == TOO_MANY:
        return Handed("not-taken", "queue-full", _retry_seconds(reply))
    if reply.status // 100 != 4 or reply.status == LATE:  # noqa: PLR2004  # HTTP's
        return Handed("unknown", "unknown")
    why = reason_of(carrier, _code(reply))
    if why in OF_THE_PERSON:
        return Handed("refused", why)
    return Handed("not-taken", "credentials" if reply.status in UNAUTHORISED and why in ("", "refused") else why)


def _code(reply: Reply) -> str:
    """The code that a refusal gives: Twilio's `code`, the first of Telnyx' `errors`."""
    try:
        refusal = json.loads(reply.body)
        first = refusal["errors"][0] if "errors" in refusal else refusal
        return str(first["code"])[:20]
    except (ValueError, LookupError, TypeError, RecursionError):
        return UNSAID


def _taken_as(carrier: CarrierName, reply: Reply) -> str:
    """Twilio's `sid`, the `id` of a message at Telnyx, which does not name calls. Empty where it is no name."""
    try:
        answer = json.loads(reply.body)
        name = answer["data"]["id"] if "data" in answer else answer.get("sid", "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    return f"{carrier}/{name}" if isinstance(name, str) and NAME.fullmatch(name) else ""


NAME: Final = re.compile(r"[\w:.=-]{1,150}", re.ASCII)
"""It comes to stand in addresses that are asked."""
UNSAID: Final = "unsaid"


def _retry_seconds(reply: Reply) -> float | None:
    stated = reply.headers.get("retry-after", "")
    return float(stated) if stated.isdecimal() and len(stated) < 6 else None  # noqa: PLR2004  # a day has five digits
