"""Whether a request comes from the carrier that it claims to come from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.carriers import Telnyx, Twilio

TOLERANCE_SECONDS = 300
"""How far a time stamp of Telnyx' may be from ours: what is older may be somebody's recording."""
MAX_FIELDS = 200
TWILIO_SIGNATURE, TWILIO_SETTINGS = "x-twilio-signature", "x-twilio-webhooks-signature-settings"
TELNYX_SIGNATURE, TELNYX_TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
DEFAULT_PORTS: Final = {"https": "443", "http": "80"}
RULE_ALGORITHM: Final = "HMAC_SHA256"


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; of a name that stands twice the first. Raises ValueError."""
    fields: dict[str, str] = {}
    for name, value in _pairs(body):
        fields.setdefault(name, value)
    return fields


def spellings(url: str) -> tuple[str, str]:
    """An address without its port and with it: Twilio signs now the one and now the other, as its own libraries say."""
    parts = urlsplit(url)
    host = re.sub(r":[0-9]*$", "", parts.netloc)
    port = parts.netloc[len(host) + 1 :] or DEFAULT_PORTS[parts.scheme]
    without, with_port = (url.replace(f"//{parts.netloc}", f"//{each}", 1) for each in (host, f"{host}:{port}"))
    return without, with_port


def twilio_holds(account: Twilio, url: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether Twilio has signed this request to this address: with the token, or with the key of a rule."""
    given = headers.get(TWILIO_SIGNATURE, "")
    settings = dict(part.strip().partition("=")[::2] for part in headers.get(TWILIO_SETTINGS, "").split(",") if part)
    if settings:
        if account.webhook_key is None or settings.get("algorithm") != RULE_ALGORITHM:
            return False
        secrets, algorithm = [account.webhook_key], "sha256"
    else:
        secrets, algorithm = list(filter(None, (account.auth_token, account.second_auth_token))), "sha1"
    signed = _signed_by_twilio(url, headers.get("content-type", ""), body)
    if signed is None:
        return False
    expected = [base64.b64encode(hmac.digest(secret.encode(), signed, algorithm)) for secret in secrets]
    return any(hmac.compare_digest(each, given.encode()) for each in expected)


def telnyx_holds(account: Telnyx, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether Telnyx has signed this body, lately."""
    stamp = headers.get(TELNYX_TIMESTAMP, "")
    if not stamp.isdecimal() or len(stamp) > 12 or abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:  # noqa: PLR2004
        return False
    try:
        signature = base64.b64decode(headers.get(TELNYX_SIGNATURE, ""), validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(account.public_key))
        key.verify(signature, stamp.encode() + b"|" + body)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _signed_by_twilio(url: str, content_type: str, body: bytes) -> bytes | None:
    """What they sign: the address with the sorted fields of a form; or the address, in which a body has its hash."""
    if "json" in content_type:
        stated = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
        actual = hashlib.sha256(body).hexdigest()
        return url.encode() if hmac.compare_digest(stated.lower().encode(), actual.encode()) else None
    try:
        pairs = sorted(set(_pairs(body)))
    except ValueError:
        return None
    return (url + "".join(name + value for name, value in pairs)).encode()


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS) if body else []
