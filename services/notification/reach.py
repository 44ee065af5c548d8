"""Web push and mail, set up: what reaches a phone that shows notifications, and a mailbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.notification.exchange import Ask
from services.notification.mail import MailPage, MailServer, Tls
from services.notification.push import PushPage, Signer
from shared.addresses import LOOPBACK_NAME, literal
from shared.clock import Clock
from shared.config import Environment, OptionalFile, WebhookNetworks
from shared.events import PageDue

RESERVED = ("local", "localhost", "internal", "invalid", "test", "example", "home", "lan")
"""Last labels of names under which nobody on the internet can be found."""
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


Zone = Callable[[str], tzinfo | None]
"""Where an agency's clocks stand, if anybody says so."""


class ReachSettings(Environment):
    """What web push and mail need; each works once its settings are there."""

    webhook_networks: WebhookNetworks = ()

    push_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs web pushes; `careroute key push` makes it, with the public one for the pocket page",
    )
    push_contact: str = Field(
        default="",
        max_length=200,
        validate_default=True,
        description="whom push services may write to: mailto: or https:, one that exists",
    )
    mail_host: str = Field(
        default="",
        max_length=253,
        pattern=r"^([^\s/:]*|[0-9A-Fa-f:.]+)$",
        description="the mail server that takes our mail: its name or address alone",
    )
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_tls: Tls = Field(default="starttls", description="starttls, tls, or on this machine alone none")
    mail_user: str = Field(default="", max_length=200)
    mail_password_file: OptionalFile = Field(default=None, validate_default=True)
    mail_from: str = Field(
        default="", max_length=254, validate_default=True, description="the address that mail comes from"
    )

    @field_validator("push_key")
    @classmethod
    def _is_key(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch(r"([A-Za-z0-9_-]{43})?", key.get_secret_value()):
            raise ValueError("must be a private key as `careroute key push` makes it: 43 characters")
        return key

    @field_validator("push_contact")
    @classmethod
    def _can_be_written_to(cls, contact: str, info: ValidationInfo) -> str:
        """Apple answers pushes whose sender names nobody with 403: every test passes, and then no iPhone rings."""
        has_key = bool(info.data.get("push_key", SecretStr("")).get_secret_value())
        if not contact and has_key:
            raise ValueError("must be set with the key: push services refuse who names nobody")
        if contact and not _is_public(contact):
            raise ValueError("must be an address that exists, e.g. mailto:you@your-city.gov; not localhost, not .local")
        return contact

    @field_validator("mail_tls")
    @classmethod
    def _is_sealed_on_the_way(cls, tls: Tls, info: ValidationInfo) -> Tls:
        host = str(info.data.get("mail_host", ""))
        address = literal(host)
        is_here = host == LOOPBACK_NAME or (address is not None and address.is_loopback)
        if tls == "none" and host and not is_here:
            raise ValueError("must be starttls or tls: without, links and the password could be read on the way")
        return tls

    @field_validator("mail_from")
    @classmethod
    def _is_mailbox(cls, sender: str, info: ValidationInfo) -> str:
        if info.data.get("mail_host") and not MAILBOX.fullmatch(sender):
            raise ValueError("must be a mail address, e.g. careroute@your-city.gov")
        return sender

    @field_validator("mail_password_file")
    @classmethod
    def _of_a_user(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if bool(info.data.get("mail_user")) != (path is not None):
            raise ValueError("must be set where CAREROUTE_MAIL_USER is, and only there")
        return path


def push_page(
    settings: ReachSettings, ask: Ask, link_of: Callable[[PageDue], str], zone_of: Zone, clock: Clock
) -> PushPage | None:
    """Web push, where it is set up."""
    key = settings.push_key.get_secret_value()
    if not key:
        return None
    return PushPage(ask, link_of, Signer(key, settings.push_contact, clock), zone_of, clock, settings.webhook_networks)


def mail_page(
    settings: ReachSettings, link_of: Callable[[PageDue], str], zone_of: Zone, clock: Clock
) -> MailPage | None:
    """Mail, where it is set up."""
    if not settings.mail_host:
        return None
    server = MailServer(
        settings.mail_host,
        settings.mail_port,
        settings.mail_from,
        settings.mail_tls,
        settings.mail_user,
        settings.mail_password_file,
    )
    return MailPage(server, link_of, zone_of, clock)


def _is_public(contact: str) -> bool:
    """Whether somebody outside could write to a contact, as far as can be seen."""
    scheme, _, rest = contact.partition(":")
    if scheme == "mailto" and MAILBOX.fullmatch(rest):
        host = rest.rpartition("@")[2]
    elif scheme == "https":
        host = urlsplit(contact).hostname or ""
    else:
        return False
    labels = host.lower().removesuffix(".").split(".")
    return len(labels) > 1 and all(labels) and literal(host) is None and labels[-1] not in RESERVED
