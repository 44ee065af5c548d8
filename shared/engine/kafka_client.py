"""What every client of Kafka is started with, and in plain words what keeps one out."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    SecurityDisabled,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.metadata import MetadataRequest

from shared.connection import Connection
from shared.engine.background import over

REQUEST_TIMEOUT_MILLISECONDS = 5_000
PATIENCE_MILLISECONDS = 2_000
"""So long one broker is waited for before it is looked who else can answer. One that hangs is replaced once its session
of three seconds is over, and whoever appends or asks has six."""
LOOK_SECONDS = 2.0
"""How long it may take to find out what keeps a client out."""
NO_RIGHT = (
    "Kafka's list of rights does not let this process: `python -m deploy.topics` says what is missing; where "
    "nothing is, this process has the certificate or the user of another"
)
MEANING: Mapping[type[BaseException], str] = {
    TopicAuthorizationFailedError: NO_RIGHT,
    GroupAuthorizationFailedError: NO_RIGHT,
    ClusterAuthorizationFailedError: NO_RIGHT,
    SecurityDisabled: "Kafka keeps no list of rights: set authorizer.class.name at the brokers",
    SaslAuthenticationFailed: "Kafka does not take this user with this password: set CAREROUTE_KAFKA_PASSWORD, or its "
    "file, to what `python -m deploy.topics --users` has set",
}


def arguments_of(connection: Connection) -> dict[str, Any]:
    """What aiokafka is told of a connection."""
    arguments: dict[str, Any] = {"bootstrap_servers": connection.servers}
    return arguments | _security_of(connection)


def durable(most_bytes: int) -> dict[str, Any]:
    """What a producer is told that writes batches of this size at most: each whole, once, at once, and for good."""
    return {
        "acks": "all",
        "enable_idempotence": True,
        "linger_ms": 0,
        "max_batch_size": most_bytes,
        "max_request_size": most_bytes + 65_536,
    }


async def arguments_now(connection: Connection) -> dict[str, Any]:
    """What aiokafka is told of a connection that begins now, with a broker that answers: it would wait for another."""
    return arguments_of(connection) | {"bootstrap_servers": await _first_to_answer(connection)}


async def _first_to_answer(connection: Connection) -> str:
    """Of several brokers the one that answers first; all of them where none does, for aiokafka to say why."""
    servers = [server.strip() for server in connection.servers.split(",")]
    if len(servers) == 1:
        return connection.servers

    async def answering(server: str) -> str:
        await _look(connection, *_host_and_port(server))
        return server

    looks = [asyncio.get_running_loop().create_task(answering(server)) for server in servers]
    try:
        for look in asyncio.as_completed(looks, timeout=LOOK_SECONDS):
            with suppress(KafkaError, OSError, ValueError):
                return await look
    except TimeoutError:
        pass
    finally:
        for task in looks:
            task.cancel()
        await asyncio.wait(looks)
    return connection.servers


def find_again(client: AIOKafkaClient, connection: Connection) -> None:
    """Have a client that finds none of the brokers it knows ask those of the settings again.

    aiokafka only ever asks brokers that it was told of last. Whoever was told of one alone, the others being away,
    stayed deaf when that one went, though the others were back.
    """
    update = client._metadata_update  # noqa: SLF001  # version pinned; there is no other way

    async def update_or_find(cluster: ClusterMetadata, topics: Collection[str]) -> bool:
        if await update(cluster, topics):
            return True
        client._bootstrap_servers = await _first_to_answer(connection)  # noqa: SLF001  # as above
        with suppress(KafkaError):
            await client.bootstrap()
            return bool(await update(cluster, topics))
        return False

    client._metadata_update = update_or_find  # noqa: SLF001  # as above


def said(error: BaseException) -> str:
    """An error, and what it asks for where it is a matter of who may what."""
    meaning = next((text for kind, text in MEANING.items() if isinstance(error, kind)), "")
    return f"{type(error).__name__}{': ' if meaning else ''}{meaning}"


@asynccontextmanager
async def administering(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for topics, rights and users, for as long as the block lasts."""
    admin = AIOKafkaAdminClient(**await arguments_now(connection), request_timeout_ms=REQUEST_TIMEOUT_MILLISECONDS)
    try:
        await admin.start()
        yield admin
    finally:
        await over(asyncio.get_running_loop().create_task(admin.close()))


async def explained(connection: Connection, error: BaseException) -> str:
    """An error of a client that did not get in, with what keeps it out. What does not answer is not asked again."""
    if isinstance(error, TimeoutError):
        return said(error)
    nobody = f"no broker answers at {connection.servers}" if isinstance(error, KafkaConnectionError) else ""
    return await what_keeps_out(connection) or nobody or said(error)


async def what_keeps_out(connection: Connection) -> str:
    """Why no broker lets this process in, in words; empty where one does, or none is there at all."""
    for server in connection.servers.split(","):
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await _look(connection, *_host_and_port(server))
        except ssl.SSLCertVerificationError as error:
            return (
                f"the certificate of {server} is not to be trusted ({error.verify_message}): CAREROUTE_KAFKA_CA_FILE "
                "must hold the authority that signed it, and it must be valid and name that host"
            )
        except ssl.SSLError as error:
            return f"{server} refuses this process's certificate, or speaks no TLS ({error.reason}): {_RENEW}"
        except SaslAuthenticationFailed as error:
            return f"{server}: {said(error)}"
        except KafkaError:
            return f"{server} is there and does not talk to this process: {_ASKS}"
        except (OSError, ValueError, TimeoutError):
            continue
        return ""
    return ""


_RENEW = (
    "CAREROUTE_KAFKA_CERTIFICATE_FILE must be valid now and signed by an authority that Kafka trusts; a renewed file "
    "is read without a restart"
)
_ASKS = (
    "it may ask for TLS (CAREROUTE_KAFKA_CA_FILE), or for a user with a password (CAREROUTE_KAFKA_USER) where there is "
    "none or a certificate, or just be starting"
)


def _security_of(connection: Connection) -> dict[str, Any]:
    if connection.tls is None:
        return {}
    if not connection.user:
        return {"security_protocol": "SSL", "ssl_context": connection.tls}
    return {
        "security_protocol": "SASL_SSL",
        "ssl_context": connection.tls,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": connection.user,
        "sasl_plain_password": connection.password,
    }


def _host_and_port(server: str) -> tuple[str, int]:
    host, _, port = server.strip().rpartition(":")
    return host, int(port)


async def _look(connection: Connection, host: str, port: int) -> None:
    """Raises what keeps this process out. In TLS 1.3 a certificate is refused only after the handshake."""
    try:
        opened = await create_conn(host, port, request_timeout_ms=int(LOOK_SECONDS * 1000), **_security_of(connection))
        try:
            await opened.send(MetadataRequest([]))
        finally:
            opened.close()
    except KafkaError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise error.__cause__ from error
        raise
