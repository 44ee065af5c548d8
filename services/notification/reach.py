"""The settings of web push and mail: what a phone in a pocket and a mailbox are reached with."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.notification.mail import MailServer, Tls
from shared.addresses import LOOPBACK_NAME, literal
from shared.config import Environment

RESERVED = ("local", "localhost", "internal", "invalid", "test", "example", "home", "lan")
"""Last labels of names under which nobody on the internet can be found."""
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


class ReachSettings(Environment):
    """Web push and mail; each works once its settings are there."""

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
    mail_host: str = Field(default="", max_length=253, description="the mail server that takes our mail")
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_tls: Tls = Field(default="starttls", description="starttls, tls, or on this machine alone none")
    mail_user: str = Field(default="", max_length=200)
    mail_password_file: Path | None = Field(default=None, validate_default=True)
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

    @property
    def mail_server(self) -> MailServer | None:
        """Where mail is handed over; None where no server is named."""
        if not self.mail_host:
            return None
        return MailServer(
            self.mail_host, self.mail_port, self.mail_from, self.mail_tls, self.mail_user, self.mail_password_file
        )


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
