"""Where webhooks may go: https to a host on the public internet, and to such networks besides as a setting names."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given to anybody on the public internet; the rest is local, or stands for what is not seen."""
LOOPBACK_NAME = "localhost"
_PRINTABLE = re.compile(r"[!-\[\]-~]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class UrlRefused(ValueError):
    """A webhook's address is not one that anything may be sent to; says what would be right."""


def may_reach(address: Address, allowed: Collection[Network]) -> bool:
    """Whether something may be sent to an address: a public one, or one of a network that is allowed by name."""
    plain = _carried(address)
    if any(plain.version == network.version and plain in network for network in allowed):
        return True
    is_given = isinstance(plain, IPv4Address) or plain in GLOBAL_UNICAST
    return is_given and plain.is_global and not plain.is_multicast


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def literal(host: str) -> Address | None:
    """The address that a host is written as, if it is not a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def well_formed(url: str) -> str:
    """A URL with a scheme of the web, a host, and nothing that could hide where it leads. Raises UrlRefused."""
    if not _PRINTABLE.fullmatch(url):
        message = "must be one URL of printable ASCII characters, without blanks and backslashes"
        raise UrlRefused(message)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        message = "must be a URL such as https://pager.example/hook"
        raise UrlRefused(message) from None
    if parts.scheme not in ("https", "http"):
        message = "must begin with https://"
        raise UrlRefused(message)
    if "@" in parts.netloc:
        message = "must not hold a user name or password"
        raise UrlRefused(message)
    if not _is_host(host) or parts.netloc.endswith(":"):
        message = "must name a host, such as https://pager.example/hook"
        raise UrlRefused(message)
    return url


def _is_host(host: str) -> bool:
    if literal(host) is not None:
        return "%" not in host
    labels = host.removesuffix(".").split(".")
    all_labels = all(_LABEL.fullmatch(label) for label in labels)
    # a last label that looks like a number would be read as an address in an unusual notation
    return all_labels and len(host) <= 253 and not re.match(r"[0-9]", labels[-1])  # noqa: PLR2004  # DNS's


def reachable(url: str, allowed: Collection[Network]) -> str:
    """A URL that something may be sent to, as far as it can be seen without a name server. Raises UrlRefused."""
    parts = urlsplit(well_formed(url))
    host = parts.hostname or ""
    address = ip_address("127.0.0.1") if _is_loopback_name(host) else literal(host)
    if address is not None and not may_reach(address, allowed):
        message = "must not lead to a private, local or reserved address; CAREROUTE_WEBHOOK_NETWORKS allows networks"
        raise UrlRefused(message)
    if parts.scheme == "http" and (address is None or not address.is_loopback):
        message = "must begin with https://"
        raise UrlRefused(message)
    return url


def _is_loopback_name(host: str) -> bool:
    name = host.removesuffix(".")
    return name == LOOPBACK_NAME or name.endswith(f".{LOOPBACK_NAME}")


def _https_or_here(url: str) -> str:
    """For a file that only the operator writes: https anywhere, http to this machine."""
    parts = urlsplit(well_formed(url))
    host = parts.hostname or ""
    address = literal(host)
    if parts.scheme == "http" and not (_is_loopback_name(host) or (address is not None and address.is_loopback)):
        message = "must begin with https://; http:// only to this machine"
        raise UrlRefused(message)
    return url


Url = Annotated[str, StringConstraints(max_length=500), AfterValidator(_https_or_here)]
"""Where a webhook goes; whether its host may be reached is asked again when something is sent."""
