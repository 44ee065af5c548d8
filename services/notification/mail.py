"""Mail, the lowest rung: one message to one person, handed to the city's own server; a link, and nothing personal."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException, SMTPTimeoutError

from services.notification.carriers.words import ended, headline
from services.notification.outcome import DONE, Outcome
from shared.clock import Clock
from shared.events import PageDue

EXCHANGE_SECONDS = 10.0
"""All of it: servers that distrust strangers keep them waiting for some seconds."""
PARTING_SECONDS = 1.0
MAILBOX_FULL, NO_MAILBOX = ("552", "4.2.2", "5.2.2"), ("550", "551", "553", "5.1.1", "5.1.2", "5.1.10")
POLICY = ("4.7.", "5.7.")
"""What lies with who sends, whatever else a server says: the same would become of mail to anybody."""
Tls = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    sender: str
    tls: Tls = "starttls"
    user: str = ""
    password_file: Path | None = None
    trust: ssl.SSLContext | None = None
    """What certificates are checked by; the machine's own, where it is left out."""

    @property
    def domain(self) -> str:
        """The sender's own."""
        return self.sender.rpartition("@")[2]

    @property
    def password(self) -> str:
        """The password, read when it is used, so that it can be changed. Raises OSError."""
        return self.password_file.read_text("utf-8").strip() if self.password_file else ""

    def connection(self) -> aiosmtplib.SMTP:
        """A connection that has yet to be opened."""
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=self.domain,
            timeout=EXCHANGE_SECONDS,
            use_tls=self.tls == "tls",
            start_tls=False,
            tls_context=self.trust,
        )


@dataclass(frozen=True, slots=True)
class MailPage:
    """Mail, as a way to page a person."""

    server: MailServer
    link_of: Callable[[PageDue], str]
    zone_of: Callable[[str], tzinfo | None]
    """Where an agency's clocks stand, if anybody says so."""
    clock: Clock

    async def send(self, agency: str, page: PageDue, address: str) -> Outcome:
        """Hand one message over, once, on a connection of its own.

        What is refused was not taken, and why is said; what breaks off after the message went out is `unknown`.
        """
        message = self._message(agency, page, address)
        left_seconds = (page.not_after - self.clock.now()).total_seconds()
        stage = _Stage()
        try:
            async with asyncio.timeout(min(EXCHANGE_SECONDS, left_seconds)):
                await self._hand_over(message, page, address, stage)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            return Outcome("failed", stage.why(error))
        return DONE

    async def _hand_over(self, message: bytes, page: PageDue, address: str, stage: _Stage) -> None:
        smtp = self.server.connection()
        try:
            await self._begin(smtp, stage)
            stage.name, has_dsn = "sender", smtp.supports_extension("dsn")
            await smtp.mail(self.server.sender, options=[f"ENVID={page.page_id}", "RET=HDRS"] if has_dsn else None)
            stage.name = "recipient"
            await smtp.rcpt(address, options=["NOTIFY=FAILURE,DELAY"] if has_dsn else None)
            stage.name = "message"
            await smtp.data(message)
            stage.name = "taken"
            await _part(smtp)
        finally:
            smtp.close()

    async def _begin(self, smtp: aiosmtplib.SMTP, stage: _Stage) -> None:
        """Open the connection, seal it, and say who we are."""
        await smtp.connect()
        if self.server.tls == "starttls":
            stage.name = "tls"
            await smtp.starttls()
        if self.server.user:
            stage.name = "login"
            await smtp.login(self.server.user, self.server.password)
        await smtp.ehlo()

    def _message(self, agency: str, page: PageDue, address: str) -> bytes:
        message = EmailMessage(policy=SMTP_POLICY)
        line = f"{page.team_id or 'careroute'}: {headline(page)}"
        message["From"], message["To"] = self.server.sender, address
        message["Subject"] = " ".join(line.split())
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{page.page_id}@{self.server.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join(self._lines(agency, page, line)), cte="quoted-printable")
        return message.as_bytes()

    def _lines(self, agency: str, page: PageDue, line: str) -> Iterator[str]:
        zone = self.zone_of(agency)
        until, today = (at.astimezone(zone or UTC) for at in (page.not_after, self.clock.now()))
        day = "" if until.date() == today.date() else f"{until:%a} {until.day} {until:%b}, "
        yield ended(line)
        yield f"This counts until {day}{until:%H:%M:%S}{'' if zone else ' UTC'}."
        yield ""
        yield self.link_of(page)
        yield ""
        yield "This link is yours alone: pass it on to nobody. Answers to this mail are read by nobody."


@dataclass(slots=True)
class _Stage:
    """How far a message has come, from which follows what a failure means."""

    name: Literal["connection", "tls", "login", "sender", "recipient", "message", "taken"] = "connection"

    def why(self, error: Exception) -> str:
        """The reason of a failure at this stage."""
        if self.name == "login" and not isinstance(error, TimeoutError | SMTPTimeoutError):
            return "credentials"
        if isinstance(error, SMTPResponseException) and error.code > 0:
            return self._refusal(error)
        if self.name in ("message", "taken"):
            return "unknown"
        if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return "certificate"
        if isinstance(error, TimeoutError | SMTPTimeoutError):
            return "timeout"
        return "tls" if self.name == "tls" or isinstance(error.__cause__ or error, ssl.SSLError) else "unreachable"

    def _refusal(self, error: SMTPResponseException) -> str:
        extended = error.message.split(" ", 1)[0]
        stated = () if extended.startswith(POLICY) else (str(error.code), extended)
        if self.name == "recipient" and any(code in MAILBOX_FULL for code in stated):
            return "mailbox-full"
        if error.code // 100 == 4:  # noqa: PLR2004  # SMTP's: not now
            return "try-later"
        return "no-mailbox" if self.name == "recipient" and any(code in NO_MAILBOX for code in stated) else "refused"


async def _part(smtp: aiosmtplib.SMTP) -> None:
    """Say good-bye, if anybody listens: what was taken stays taken."""
    with suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(PARTING_SECONDS):
            await smtp.quit()
