"""Certificates are read again for each connection; one that would keep the process out takes no good one's place."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.local.kafka.certificates import Authority, Pair
from shared import telemetry
from shared.connection import Connection

HOST = "127.0.0.1"


class Broker:
    """One end of a connection, in this process: it lets in whom the authority has signed, at this time."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.authority = directory, Authority()
        own = self.authority.issue(directory / "broker", "broker", [HOST])
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(own.certificate, own.key)
        self._context.load_verify_locations(cadata=self.authority.pem)
        self._context.verify_mode = ssl.CERT_REQUIRED
        (directory / "authorities.pem").write_text(self.authority.pem)

    def issue(self, name: str, days: float = 1) -> Pair:
        """A certificate in the one place for it."""
        return self.authority.issue(self.directory / "own", name, expires=datetime.now(UTC) + timedelta(days=days))

    def lets_in(self, tls: ssl.SSLContext) -> str:
        """The name that the other end shows. Raises ssl.SSLError."""
        to_us, to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
        us, them = (
            self._context.wrap_bio(to_us, to_them, server_side=True),
            tls.wrap_bio(to_them, to_us, server_hostname=HOST),
        )
        for end in (them, us, them, us):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
        shown = us.getpeercert()
        assert shown is not None
        subject: Any = shown["subject"]
        ((_, name),) = (pair for [pair] in subject if pair[0] == "commonName")
        return str(name)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path)


def connected(broker: Broker, pair: Pair) -> ssl.SSLContext:
    tls = Connection(f"{HOST}:1", broker.directory / "authorities.pem", pair.certificate, pair.key).tls
    assert tls is not None
    return tls


def expires() -> datetime:
    return datetime.fromtimestamp(telemetry.CERTIFICATE_EXPIRES.labels("certificate")._value.get(), UTC)


def test_a_certificate_that_has_expired_takes_no_valid_ones_place_and_is_told_of(broker: Broker) -> None:
    """An old file put back: who works goes on, and the alert says that who restarts does not."""
    tls = connected(broker, broker.issue("first"))
    broker.issue("expired", days=-1)
    assert broker.lets_in(tls) == "first"
    assert expires() < datetime.now(UTC)
    broker.issue("renewed", days=2)
    assert broker.lets_in(tls) == "renewed"
    assert expires() > datetime.now(UTC) + timedelta(days=1.5)


def test_one_that_is_not_valid_yet_waits_until_it_is(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a clock that is ahead. Until then it is the former one's end that matters."""
    tls = connected(broker, broker.issue("first"))
    monkeypatch.setattr("deploy.local.kafka.certificates.SKEW", -timedelta(hours=1))
    broker.issue("early", days=9)
    assert broker.lets_in(tls) == "first"
    assert expires() < datetime.now(UTC) + timedelta(days=1)


def test_whoever_has_none_that_is_valid_takes_what_comes(broker: Broker) -> None:
    tls = connected(broker, broker.issue("expired", days=-1))
    broker.issue("expired-too", days=-0.5)
    with pytest.raises(ssl.SSLError):
        broker.lets_in(tls)
    broker.issue("renewed")
    assert broker.lets_in(tls) == "renewed"


def test_files_that_cannot_be_used_are_named_with_what_would_be_right(broker: Broker, tmp_path: Path) -> None:
    """Which of three it was, nobody heard."""
    pair, authorities = broker.issue("own"), broker.directory / "authorities.pem"
    text = tmp_path / "text"
    text.write_text("no certificate")
    for connection, named in (
        (Connection("", text), f"{text} must be certificates of authorities in PEM"),
        (
            Connection("", authorities, pair.certificate, text),
            f"{pair.certificate} and {text} must be a certificate and",
        ),
        (Connection("", authorities, text, pair.key), f"{text} and {pair.key} must be a certificate and its own key"),
    ):
        with pytest.raises(ValueError, match=re.escape(named)):
            _ = connection.tls


def test_nobody_is_asked_for_the_password_of_a_key(broker: Broker) -> None:
    """OpenSSL asks the terminal, for ever; and a process that reads a renewed key stood still meanwhile."""
    pair = broker.issue("own")
    key = load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(ValueError, match="sealed with a password: store it without one"):
        connected(broker, pair)
