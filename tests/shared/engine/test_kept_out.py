"""What is said of a Kafka that does not let a process in: which host, why, and what would be right."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError, TopicAuthorizationFailedError

from deploy.local.kafka.certificates import Authority
from shared.connection import Connection
from shared.engine import kafka_client
from shared.engine.kafka_client import explained

HOST = "127.0.0.1"
CLOSED = f"{HOST}:1"
"""Where nothing answers."""


@asynccontextmanager
async def tls_only(directory: Path, host: str = HOST, *, days: float = 1) -> AsyncIterator[Connection]:
    """What speaks TLS and nothing else, and how it is reached."""
    authority = Authority()
    (directory / "authorities.pem").write_text(authority.pem)
    own = authority.issue(directory / "broker", "broker", [host], datetime.now(UTC) + timedelta(days=days))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Connection(f"{HOST}:{port}", directory / "authorities.pem", user="triage", password="x")


@pytest.mark.parametrize(
    ("host", "days", "right"),
    [
        ("kafka.example", 1, "call Kafka what its certificate does, or have one issued that names this host"),
        (HOST, -1, "must be valid now: renew it at the brokers"),
    ],
)
async def test_of_a_certificate_it_is_said_what_is_wrong_with_it(
    tmp_path: Path, host: str, days: float, right: str
) -> None:
    """It said of each that CAREROUTE_KAFKA_CA_FILE must hold its authority, which it did."""
    async with tls_only(tmp_path, host, days=days) as connection:
        told = await explained(connection, KafkaConnectionError())
    assert told.startswith(f"the certificate of {connection.servers} is not to be trusted (")
    assert told.endswith(right)


async def test_an_authority_that_is_another_is_named_as_that(tmp_path: Path) -> None:
    async with tls_only(tmp_path) as connection:
        (tmp_path / "authorities.pem").write_text(Authority().pem)
        told = await explained(connection, KafkaConnectionError())
    assert told.endswith("CAREROUTE_KAFKA_CA_FILE must hold the authority that signed it")


async def test_a_name_that_nobody_has_is_told_from_a_broker_that_is_down() -> None:
    assert await explained(Connection(CLOSED), KafkaConnectionError()) == f"no broker answers at {CLOSED}"
    told = await explained(Connection("kafka.invalid:9092"), KafkaConnectionError())
    assert told == "no broker answers at kafka.invalid:9092: no host of that name is known"


@pytest.mark.parametrize("error", [KafkaConnectionError(), NodeNotReadyError()])
async def test_where_the_brokers_name_themselves_wrongly_it_is_said_whom_they_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: KafkaError
) -> None:
    """Whoever is let in is sent on to what the brokers call themselves; it said "NodeNotReadyError" for ever."""
    names, look = list[str](), kafka_client._look

    async def answering(connection: Connection, host: str, port: int) -> Sequence[str]:
        return names if host == "bootstrap" else await look(connection, host, port)

    monkeypatch.setattr(kafka_client, "_look", answering)
    async with tls_only(tmp_path, "kafka.example") as at:
        connection = Connection("bootstrap:9092", at.authorities, user="triage", password="x")
        names[:] = [CLOSED]
        told = await explained(connection, error)
        sent = "bootstrap:9092 answers, and sends this process to"
        assert told.startswith(f"{sent} {CLOSED} (advertised.listeners): nothing answers there; have the brokers name")
        names[:] = [at.servers]
        told = await explained(connection, error)
        assert told.startswith(f"{sent} {at.servers} (advertised.listeners): the certificate of {at.servers} is not")
        assert "does not let this process" in await explained(connection, TopicAuthorizationFailedError())
        names.clear()
        assert await explained(connection, error) == type(error).__name__
