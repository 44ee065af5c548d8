"""A real mail server on a socket, in this process: it refuses at the stage that it is told to."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "careroute", "a-canary-password"


@dataclass(slots=True)
class Mail:
    """One message as it was taken."""

    sender: str
    recipient: str
    mail_options: list[str]
    rcpt_options: list[str]
    message: Message


@dataclass
class MailServer:
    """Takes mail; answers a stage, `mail`, `rcpt` or `data`, as `refuse` says, or at `hang_at` not at all."""

    refuse: dict[str, str] = field(default_factory=dict)
    hang_at: str = ""
    tls: ssl.SSLContext | None = None
    needs_user: bool = False
    mails: list[Mail] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin to listen, on the loop of the test; the port."""
        options: dict[str, Any] = {"hostname": "mail.test"}
        if self.tls is not None:
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.needs_user:
            options |= {"authenticator": self._login, "auth_required": True}
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: OffersDsn(self, loop=loop, **options), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=False)

    # --- what aiosmtpd calls, stage by stage ---

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """What it offers: also word of what becomes of a mail (RFC 3461)."""
        session.host_name = hostname
        return [responses[0], "250-DSN", *responses[1:]]

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        await self._hang("mail")
        if "mail" in self.refuse:
            return self.refuse["mail"]
        envelope.mail_from, envelope.mail_options = address, list(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The recipient."""
        await self._hang("rcpt")
        if "rcpt" in self.refuse:
            return self.refuse["rcpt"]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The message."""
        if "data" in self.refuse:
            return self.refuse["data"]
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        (recipient,) = envelope.rcpt_tos
        message = message_from_bytes(content, policy=default)
        mail = Mail(envelope.mail_from or "", recipient, envelope.mail_options, envelope.rcpt_options, message)
        self.mails.append(mail)
        await self._hang("data")
        return "250 OK: queued"

    async def _hang(self, stage: str) -> None:
        if self.hang_at == stage:
            await asyncio.sleep(3_600)


class OffersDsn(SMTP):
    """Takes what RFC 3461 adds to a sender and a recipient, as a city's server does."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Note the options, and hand the rest on."""
        self.noted = [part for part in (arg or "").split()[1:] if part.startswith(("ENVID=", "RET="))]
        await super().smtp_MAIL(_without(arg, self.noted))
        if self.envelope is not None:
            self.envelope.mail_options = [*self.envelope.mail_options, *self.noted]

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """The same."""
        noted = [part for part in (arg or "").split()[1:] if part.startswith(("NOTIFY=", "ORCPT="))]
        await super().smtp_RCPT(_without(arg, noted))
        if self.envelope is not None:
            self.envelope.rcpt_options = [*self.envelope.rcpt_options, *noted]


def _without(arg: str | None, noted: list[str]) -> str:
    return " ".join(part for part in (arg or "").split() if part not in noted)
