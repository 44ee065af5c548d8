"""What every client of Kafka is started with, and in plain words what keeps one out."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    SecurityDisabled,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
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
UNREACHED = (KafkaConnectionError, NodeNotReadyError)
"""What a client says that has reached no broker, or not the one that it was sent to."""
OTHER_HOST, NOT_NOW = frozenset({62, 64}), frozenset({9, 10})
"""OpenSSL's numbers for a certificate of another host or address, and for one that is not valid yet, or no more."""
MECHANISM: Final = "SCRAM-SHA-512"
MEANING: Mapping[type[BaseException], str] = {
    TopicAuthorizationFailedError: NO_RIGHT,
    GroupAuthorizationFailedError: NO_RIGHT,
    ClusterAuthorizationFailedError: NO_RIGHT,
    SecurityDisabled: "Kafka keeps no list of rights: set authorizer.class.name at the brokers",
    UnsupportedSaslMechanismError: f"Kafka takes no user by {MECHANISM}: add it to sasl.enabled.mechanisms at the "
    "brokers, and set passwords with `python -m deploy.topics --users`",
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
    return await what_keeps_out(connection, unreached=isinstance(error, UNREACHED)) or said(error)


async def what_keeps_out(connection: Connection, *, unreached: bool = False) -> str:
    """Why no broker lets this process in, in words; empty where one does, or none is there at all.

    Of a client that has reached none it is said as well where none is there, and those are asked that another names:
    a client is sent to them, and hears no more of why it does not get in.
    """
    unknown = ""
    for server in map(str.strip, connection.servers.split(",")):
        try:
            named = await _met(connection, server)
        except _Silent as silent:
            unknown = unknown or str(silent)
            continue
        except _Kept as kept:
            return str(kept)
        return await _of_those_named(connection, server, named) if unreached else ""
    return f"no broker answers at {connection.servers}{unknown}" if unreached else ""


async def _of_those_named(connection: Connection, server: str, named: Sequence[str]) -> str:
    """Why one of the brokers that another names does not let this process in; empty where all do."""
    for other in named:
        sentence = f"{server} answers, and sends this process to {other} (advertised.listeners): "
        try:
            await _met(connection, other)
        except _Silent as silent:
            return f"{sentence}nothing answers there{silent}; have the brokers name what is reached from here"
        except _Kept as kept:
            return f"{sentence}{kept}"
    return ""


class _Silent(Exception):
    """Nothing answers; and why, as far as it is known."""


class _Kept(Exception):
    """A broker is there, and does not let this process in: why, in words."""


async def _met(connection: Connection, server: str) -> list[str]:
    """The brokers that one names which lets this process in. Raises _Silent, _Kept."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await _look(connection, *_host_and_port(server))
    except ssl.SSLCertVerificationError as error:
        raise _Kept(
            f"the certificate of {server} is not to be trusted ({error.verify_message}): {_trusted(error)}"
        ) from error
    except ssl.SSLError as error:
        asks = _RENEW if connection.certificate else _HAVE_ONE
        raise _Kept(
            f"{server} refuses this process's certificate, or speaks no TLS ({error.reason}): {asks}"
        ) from error
    except (SaslAuthenticationFailed, UnsupportedSaslMechanismError) as error:
        raise _Kept(f"{server}: {said(error)}") from error
    except KafkaError as error:
        raise _Kept(f"{server} is there and does not talk to this process: {_ASKS}") from error
    except (OSError, ValueError, TimeoutError) as error:
        raise _Silent(": no host of that name is known" if isinstance(error, socket.gaierror) else "") from error


def _trusted(error: ssl.SSLCertVerificationError) -> str:
    """What would have a broker's certificate trusted."""
    if error.verify_code in OTHER_HOST:
        return "call Kafka what its certificate does, or have one issued that names this host"
    if error.verify_code in NOT_NOW:
        return "it, and the authority in CAREROUTE_KAFKA_CA_FILE, must be valid now: renew it at the brokers"
    return "CAREROUTE_KAFKA_CA_FILE must hold the authority that signed it"


_HAVE_ONE = (
    "it asks for one where there is none: set CAREROUTE_KAFKA_CERTIFICATE_FILE and CAREROUTE_KAFKA_KEY_FILE, or have "
    "CAREROUTE_KAFKA name the port where it asks for a user and a password"
)
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
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": connection.user,
        "sasl_plain_password": connection.password,
    }


def _host_and_port(server: str) -> tuple[str, int]:
    host, _, port = server.strip().rpartition(":")
    return host, int(port)


async def _look(connection: Connection, host: str, port: int) -> list[str]:
    """The brokers that one names, `host:port`. Raises what keeps this process out.

    In TLS 1.3 a certificate is refused only after the handshake.
    """
    try:
        opened = await create_conn(host, port, request_timeout_ms=int(LOOK_SECONDS * 1000), **_security_of(connection))
        try:
            answer = await opened.send(MetadataRequest([]))
            return [f"{named}:{its_port}" for _, named, its_port, *_ in answer.brokers]
        finally:
            opened.close()
    except KafkaError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise error.__cause__ from error
        raise
