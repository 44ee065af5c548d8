"""The addresses of people, by kind: each in one normal form, and what may be seen of it.

A normal form is what is sealed, sent to and compared, so that one number is one number however somebody writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from shared.addresses import Network, UrlRefused, literal, reachable
from shared.base64url import decoded
from shared.events import ContactKind
from shared.plain import fault_of_text

NAME_CHARACTERS = 200
URL_CHARACTERS = 500
MAIL_CHARACTERS = 254
SUBSCRIPTION_CHARACTERS = 4_000
ENDPOINT_CHARACTERS = 1_500
P256_POINT_BYTES, AUTH_BYTES = 65, 16
"""What a browser's keys for web push measure (RFC 8291)."""
UNCOMPRESSED_POINT = 4
SHOWN_DIGITS = 2
SHOWN_LABELS = 2
_MAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOCAL_CHARACTERS = 64


class AddressRefused(ValueError):
    """An address is not one of its kind; says what would be right, and quotes nothing."""


def normal_form(kind: ContactKind, address: str, *, region: str = "", networks: Collection[Network] = ()) -> str:
    """The one form of an address. Raises AddressRefused.

    `region`: where a number without + is at home, e.g. US; `networks`: private ones that a webhook may lead to.
    """
    address = address.strip()
    match kind:
        case "pocket":
            return _no_address(address)
        case "sms" | "voice":
            return _phone(address, region)
        case "email":
            return _mail(address)
        case "webhook":
            return _url(address, networks, URL_CHARACTERS)
        case "push":
            return _subscription(address, networks)


def normal_name(name: str) -> str:
    """A person's name as it is sealed. Raises AddressRefused."""
    name = " ".join(name.split())
    wrong = "must not be empty" if not name else fault_of_text(name)
    if len(name) > NAME_CHARACTERS:
        wrong = f"must have at most {NAME_CHARACTERS} characters"
    if wrong:
        raise AddressRefused(wrong)
    return name


def shown(kind: ContactKind, address: str) -> str:
    """What people may see of a normal form: enough to tell one's own apart, and not enough to reach anybody."""
    match kind:
        case "pocket":
            return ""
        case "sms" | "voice":
            return f"…{address[-SHOWN_DIGITS:]}"
        case "email":
            return f"…@{address.rpartition('@')[2]}"
        case "webhook":
            return _host_shown(address)
        case "push":
            return _host_shown(json.loads(address)["endpoint"])


def doubt_about(kind: ContactKind, address: str) -> str:
    """What may be wrong with an address that is taken all the same, as a sentence; empty where nothing is."""
    if kind not in ("sms", "voice"):
        return ""
    number = phonenumbers.parse(address)
    if not phonenumbers.is_valid_number(number):
        return "No number of this range is known to be in use: is it right?"
    if kind == "sms" and phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE:
        return "That looks like a landline, to which no text goes."
    return ""


def _no_address(address: str) -> str:
    if address:
        raise AddressRefused("must be left out: the pocket page needs no address")
    return ""


def _phone(address: str, region: str) -> str:
    right = "must be a telephone number such as +16085550123"
    if region:
        right += f", or one of {region} as it is dialled there"
    try:
        number = phonenumbers.parse(address, region or None)
    except phonenumbers.NumberParseException:
        raise AddressRefused(right) from None
    if number.extension:
        raise AddressRefused("must be a number that rings without an extension")
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise AddressRefused(right)  # a number without its area code is possible, and rings from nowhere else
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _mail(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if len(address) > MAIL_CHARACTERS or len(local) > _LOCAL_CHARACTERS or not _MAIL.fullmatch(address):
        raise AddressRefused("must be a mail address such as sal@city.example")
    return f"{local}@{domain.lower()}"


def _url(address: str, networks: Collection[Network], characters: int) -> str:
    if len(address) > characters:
        message = f"must have at most {characters} characters"
        raise AddressRefused(message)
    try:
        return reachable(address, networks)
    except UrlRefused as wrong:
        raise AddressRefused(str(wrong)) from None


def _subscription(address: str, networks: Collection[Network]) -> str:
    """What `PushSubscription.toJSON()` says, without what nobody needs."""
    right = "must be the subscription that a browser makes: JSON with an endpoint and the keys p256dh and auth"
    if len(address) > SUBSCRIPTION_CHARACTERS:
        raise AddressRefused(right)
    try:
        given: Any = json.loads(address)
    except (ValueError, RecursionError):
        raise AddressRefused(right) from None
    keys = given.get("keys") if isinstance(given, Mapping) else None
    if not isinstance(keys, Mapping) or not isinstance(given.get("endpoint"), str):
        raise AddressRefused(right)
    point, secret = _key(keys.get("p256dh")), _key(keys.get("auth"))
    if len(point) != P256_POINT_BYTES or point[0] != UNCOMPRESSED_POINT or len(secret) != AUTH_BYTES:
        raise AddressRefused(right)
    endpoint = _url(given["endpoint"], networks, ENDPOINT_CHARACTERS)
    plain = {"endpoint": endpoint, "keys": {"auth": keys["auth"], "p256dh": keys["p256dh"]}}
    return json.dumps(plain, separators=(",", ":"), sort_keys=True)


def _key(text: object) -> bytes:
    if not isinstance(text, str):
        return b""
    try:
        return decoded(text)
    except ValueError:
        return b""


def _host_shown(url: str) -> str:
    """Where a URL leads, but for whose it is there."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    labels = host.split(".")
    if literal(host) is not None or len(labels) < SHOWN_LABELS:
        return "…"
    return f"…{'.'.join(labels[-SHOWN_LABELS:])}"
