"""A page as mail, handed to a real mail server that takes it, or refuses at one stage after the other."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notification.adapters import Links
from services.notification.mail import MailPage
from services.notification.mail import MailServer as Handed
from services.notification.outcome import DONE, Outcome
from shared.events import ContactMethod, PageDue, child_id
from tests.rig.mail_server import PASSWORD, USER, MailServer
from tests.services.notification.test_exchange import server_tls
from tests.services.notification.test_perform import FakeClock

ADDRESS, SENDER = "ana.canary@city.example", "careroute@madison.gov"
CHICAGO = ZoneInfo("America/Chicago")
LINKS = Links("https://pocket.example", "s" * 32)
PageMaker = Callable[..., PageDue]


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    yield made
    await made.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 8, 18, tzinfo=UTC))


def mailing(clock: FakeClock, port: int, **more: Any) -> MailPage:
    fields = {"tls": "none", **more}
    return MailPage(Handed("127.0.0.1", port, SENDER, **fields), LINKS.of, lambda _: CHICAGO, clock)


@pytest.fixture
def page(clock: FakeClock) -> PageMaker:
    def make(seconds: float = 25, **more: Any) -> PageDue:
        fields: dict[str, Any] = {
            "page_id": child_id("page", "mail"),
            "kind": "offer",
            "call_id": "madison/dane/26-001",
            "episode": 1,
            "team_id": "alpha-1",
            "person_id": "ana",
            "method": ContactMethod(method_id="mail", kind="email"),
            "not_after": clock.now() + timedelta(seconds=seconds),
            "offer_id": child_id("offer", "1"),
            "district": "Größenviertel",
            "priority": "3",
        }
        return PageDue(**fields | more)

    return make


async def test_a_mail_has_the_link_and_until_when_it_counts_and_nothing_personal(
    server: MailServer, clock: FakeClock, page: PageMaker
) -> None:
    due = page()
    assert await mailing(clock, await server.start()).send("madison", due, ADDRESS) == DONE
    (taken,) = server.mails
    assert (taken.sender, taken.recipient) == (SENDER, ADDRESS)
    assert f"ENVID={due.page_id}" in taken.mail_options
    assert "NOTIFY=FAILURE,DELAY" in taken.rcpt_options
    message = taken.message
    assert message["Subject"] == "alpha-1: a call for you in Größenviertel, P3"
    assert message["Message-ID"] == f"<{due.page_id}@madison.gov>"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert LINKS.of(due) in text.splitlines()
    assert f"until {due.not_after.astimezone(CHICAGO):%H:%M:%S}" in text
    for word in ("madison/dane", "26-001"):
        assert word not in message.as_string()


async def test_where_the_agency_has_named_no_time_zone_the_mail_says_that_it_means_utc(
    server: MailServer, clock: FakeClock, page: PageMaker
) -> None:
    due, mail = page(), replace(mailing(clock, await server.start()), zone_of=lambda _agency: None)
    assert await mail.send("madison", due, ADDRESS) == DONE
    text = server.mails[0].message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"This counts until {due.not_after:%H:%M:%S} UTC." in text.splitlines()


async def test_what_a_mail_asks_ends_as_a_question(server: MailServer, clock: FakeClock, page: PageMaker) -> None:
    due = page(kind="not-moving", offer_id=None, priority=None)
    assert await mailing(clock, await server.start()).send("madison", due, ADDRESS) == DONE
    text = server.mails[0].message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert text.splitlines()[0] == "alpha-1: you have a call in Größenviertel: are you on your way?"


@pytest.mark.parametrize(
    ("minutes", "until"), [(59, "23:59:00"), (60, "Mon 9 Nov, 00:00:00"), (7 * 1440, "Sun 15 Nov, 23:00:00")]
)
async def test_until_another_day_of_the_agencys_a_mail_names_the_day(
    server: MailServer, clock: FakeClock, page: PageMaker, minutes: int, until: str
) -> None:
    clock.time = datetime(2026, 11, 8, 23, tzinfo=CHICAGO)
    due = page(kind="cover", offer_id=None, not_after=clock.time + timedelta(minutes=minutes))
    assert await mailing(clock, await server.start()).send("madison", due, ADDRESS) == DONE
    text = server.mails[0].message.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"This counts until {until}." in text.splitlines()


async def test_a_team_with_lines_in_its_name_adds_no_header(
    server: MailServer, clock: FakeClock, page: PageMaker
) -> None:
    due = page(team_id="alpha\r\nBcc: all@city.example")
    assert await mailing(clock, await server.start()).send("madison", due, ADDRESS) == DONE
    (taken,) = server.mails
    assert taken.message["Bcc"] is None
    assert taken.recipient == ADDRESS


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (("mail", "451 4.3.0 try again"), "try-later"),
        (("mail", "550 5.7.1 not you"), "refused"),
        (("rcpt", "450 4.2.0 greylisted"), "try-later"),
        (("rcpt", "550 5.1.1 no such user"), "no-mailbox"),
        (("rcpt", "554 5.1.1 no such user"), "no-mailbox"),
        (("rcpt", "552 5.2.2 mailbox full"), "mailbox-full"),
        (("rcpt", "550 no such user"), "no-mailbox"),
        (("rcpt", "554 5.7.1 policy"), "refused"),
        (("rcpt", "550 5.7.1 relaying denied"), "refused"),
        (("rcpt", "553 5.7.1 sender not owned by user"), "refused"),
        (("data", "451 4.3.0 try again"), "try-later"),
        (("data", "554 5.6.0 spam"), "refused"),
    ],
)
async def test_what_a_server_refuses_says_why_and_is_not_sent_again(
    server: MailServer, clock: FakeClock, page: PageMaker, refusal: tuple[str, str], why: str
) -> None:
    server.refuse = dict([refusal])
    assert await mailing(clock, await server.start()).send("madison", page(), ADDRESS) == Outcome("failed", why)
    assert server.mails == []


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(("stage", "why"), [("mail", "timeout"), ("rcpt", "timeout"), ("data", "unknown")])
async def test_a_server_that_hangs_ends_the_attempt_and_after_the_message_nobody_knows(
    server: MailServer,
    clock: FakeClock,
    page: PageMaker,
    stage: str,
    why: str,
) -> None:
    server.hang_at = stage
    assert await mailing(clock, await server.start()).send("madison", page(seconds=0.4), ADDRESS) == Outcome(
        "failed", why
    )
    assert len(server.mails) == (why == "unknown")


@pytest.mark.scenario("failures")
async def test_a_server_that_is_not_there_or_speaks_no_smtp(clock: FakeClock, page: PageMaker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await mailing(clock, port).send("madison", page(), ADDRESS) == Outcome("failed", "unreachable")

    async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(rude, "127.0.0.1", 0) as other:
        outcome = await mailing(clock, other.sockets[0].getsockname()[1]).send("madison", page(), ADDRESS)
    assert outcome.result == "failed"
    assert outcome.why in ("unreachable", "refused")


@pytest.mark.scenario("failures")
async def test_no_mail_goes_out_after_its_time(server: MailServer, clock: FakeClock, page: PageMaker) -> None:
    outcome = await mailing(clock, await server.start()).send("madison", page(seconds=0), ADDRESS)
    assert outcome == Outcome("failed", "timeout")
    assert server.mails == []


@pytest.mark.scenario("failures")
async def test_a_wrong_password_is_ours_to_mend(
    server: MailServer, clock: FakeClock, page: PageMaker, tmp_path: Path
) -> None:
    server.needs_user, server.tls = True, server_tls(tmp_path, "127.0.0.1")
    port, file = await server.start(), tmp_path / "password"
    file.write_text("wrong\n")
    trust = ssl.create_default_context(cafile=tmp_path / "certificate")
    page_by_mail = mailing(clock, port, tls="starttls", trust=trust, user=USER, password_file=file)
    assert await page_by_mail.send("madison", page(), ADDRESS) == Outcome("failed", "credentials")
    file.write_text(f"{PASSWORD}\n")
    assert await page_by_mail.send("madison", page(), ADDRESS) == DONE, "the file is read anew"
    assert (set(server.logins[:-1]), server.logins[-1]) == ({False}, True), "a client tries more than one way"


@pytest.mark.scenario("failures")
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    server: MailServer,
    clock: FakeClock,
    page: PageMaker,
    tmp_path: Path,
    trusted: bool,  # noqa: FBT001  # a parameter
) -> None:
    server.tls = server_tls(tmp_path, "127.0.0.1")
    trust = ssl.create_default_context(cafile=tmp_path / "certificate")
    port = await server.start()
    outcome = await mailing(clock, port, tls="starttls", trust=trust if trusted else None).send(
        "madison", page(), ADDRESS
    )
    assert outcome == (DONE if trusted else Outcome("failed", "certificate"))
    assert len(server.mails) == trusted


@pytest.mark.scenario("failures")
async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(
    server: MailServer, clock: FakeClock, page: PageMaker
) -> None:
    outcome = await mailing(clock, await server.start(), tls="starttls").send("madison", page(), ADDRESS)
    assert outcome == Outcome("failed", "tls")
    assert server.mails == []
