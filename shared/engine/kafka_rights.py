"""Who may what in Kafka, and by which passwords: said, set and compared, in Kafka's own protocol."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka_client import administering, explained

T = TypeVar("T")

ANY, DENY, ALLOW = 1, 2, 3
ANYWHERE = "*"
CLUSTER_NAME = "kafka-cluster"
SCRAM_SHA_512, ITERATIONS, SALT_BYTES = 2, 8192, 32


class Kind(IntEnum):
    """What a right is on."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4


class Operation(IntEnum):
    """What may be done. Who may read or write may describe too."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11


class Pattern(IntEnum):
    """Whether the name is one name, or how several begin."""

    LITERAL = 3
    PREFIXED = 4


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """What somebody may do, or, where it is denied, may not."""

    principal: str
    """As Kafka writes it: `User:triage`."""
    operation: int
    kind: int
    name: str
    pattern: int = Pattern.LITERAL
    host: str = ANYWHERE
    permission: int = ALLOW

    def __str__(self) -> str:
        may = "may" if self.permission == ALLOW else "is forbidden to"
        which = f"{_word(Kind, self.kind)} {self.name}{'*' if self.pattern == Pattern.PREFIXED else ''}"
        where = "" if self.host == ANYWHERE else f" from {self.host}"
        return f"{self.principal} {may} {_word(Operation, self.operation)} {which}{where}"

    def touches(self, other: Right) -> bool:
        """Whether it is on the same thing as another, by its name or by a pattern."""
        begins = self.pattern == Pattern.PREFIXED and other.name.startswith(self.name)
        return self.kind == other.kind and (begins or self.name in ("*", other.name))


def _word(kind: type[IntEnum], number: int) -> str:
    return kind(number).name.lower().replace("_", " ") if number in [*kind] else f"{kind.__name__.lower()} {number} of"


@dataclass(frozen=True, slots=True)
class Differences:
    """How the rights in force differ from those that should be."""

    missing: tuple[Right, ...]
    extra: tuple[Right, ...]
    """Of somebody of ours, or on something of ours."""
    masters: tuple[Right, ...]
    """By which somebody else can give themselves every right, as whoever looks after a shared Kafka may."""


def compare(wanted: Iterable[Right], in_force: Iterable[Right]) -> Differences:
    """What is missing, and what nobody asked for."""
    wanted, in_force = set(wanted), set(in_force)
    ours = {right.principal for right in wanted}
    things = [right for right in wanted if right.kind != Kind.CLUSTER]
    extra = (
        right for right in in_force - wanted if right.principal in ours or any(right.touches(thing) for thing in things)
    )
    masters = (
        right
        for right in in_force
        if right.principal not in ours
        and (right.kind, right.permission) == (Kind.CLUSTER, ALLOW)
        and right.operation in (Operation.ALL, Operation.ALTER)
    )
    return Differences(tuple(sorted(wanted - in_force)), tuple(sorted(extra)), tuple(sorted(masters)))


async def rights_in_force(connection: Connection) -> set[Right]:
    """Every right that the cluster knows. Raises BrokerUnavailable, with what is wrong."""
    return await _administer(connection, _described)


async def grant(connection: Connection, rights: Iterable[Right]) -> None:
    """Give rights. Raises BrokerUnavailable, with what is wrong."""

    async def give(admin: AIOKafkaAdminClient) -> None:
        for right in rights:
            for answer in (await _send(admin, CreateAclsRequest(*_fields(right)))).creation_responses:
                _refuse(*answer)

    await _administer(connection, give)


async def take_away(connection: Connection, rights: Iterable[Right]) -> None:
    """Take rights away. Raises BrokerUnavailable, with what is wrong."""

    async def take(admin: AIOKafkaAdminClient) -> None:
        for right in rights:
            for code, message, *_ in (await _send(admin, DeleteAclsRequest(*_fields(right)))).filter_responses:
                _refuse(code, message)

    await _administer(connection, take)


async def set_passwords(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Set users' passwords; only what they are salted and hashed to is sent. Raises BrokerUnavailable."""

    async def set_all(admin: AIOKafkaAdminClient) -> None:
        answer = await _send(admin, _AlterScramRequest([_upsertion(*user) for user in passwords.items()]))
        for _, code, message, _ in answer.results:
            _refuse(code, message)

    await _administer(connection, set_all)


async def users_known(connection: Connection) -> set[str]:
    """Who has a password. Raises BrokerUnavailable, with what is wrong."""

    async def look(admin: AIOKafkaAdminClient) -> set[str]:
        answer = await _send(admin, _DescribeScramRequest())
        _refuse(answer.error_code, answer.error_message)
        return {user for user, *_ in answer.results}

    return await _administer(connection, look)


async def _administer(connection: Connection, work: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    try:
        async with administering(connection) as admin:
            return await work(admin)
    except (KafkaError, TimeoutError, OSError) as error:
        why = await explained(connection, error)
        raise BrokerUnavailable(f"cannot administer Kafka at {connection.servers}: {why}") from error


async def _send(admin: AIOKafkaAdminClient, request: Request[Any]) -> Any:
    """To the controller's way in: whatever changes who may what goes there."""
    return await admin._send_to_controller(request)  # noqa: SLF001  # version pinned; it has no public way for these


async def _described(admin: AIOKafkaAdminClient) -> set[Right]:
    answer = await _send(admin, DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    _refuse(answer.error_code, answer.error_message)
    return {
        Right(principal, operation, kind, name, pattern, host, permission)
        for kind, name, pattern, rights in answer.resources
        for principal, host, operation, permission in rights
    }


def _fields(right: Right) -> tuple[int, str, int, str, str, int, int]:
    return right.kind, right.name, right.pattern, right.principal, right.host, right.operation, right.permission


def _refuse(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message)


def _upsertion(user: str, password: str) -> tuple[str, int, int, bytes, bytes, dict[int, bytes]]:
    salt = os.urandom(SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return user, SCRAM_SHA_512, ITERATIONS, salt, salted, {}


# --- what aiokafka has no requests for: {Alter,Describe}UserScramCredentials, version 0 of Kafka's protocol


class _AlterScramResponseV0(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScramRequestV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterScramResponseV0
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScramRequest(Request[_AlterScramRequestV0]):  # type: ignore[misc]
    API_KEY = 51

    def __init__(self, upsertions: list[tuple[str, int, int, bytes, bytes, dict[int, bytes]]]) -> None:
        self._upsertions = upsertions

    def build(self, request_struct_class: type[_AlterScramRequestV0]) -> _AlterScramRequestV0:
        return request_struct_class([], self._upsertions, {})


class _DescribeScramResponseV0(Response):  # type: ignore[misc]
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("credentials", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeScramRequestV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 50
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeScramResponseV0
    SCHEMA = Schema(
        ("users", CompactArray(("name", CompactString("utf-8")), ("tags", TaggedFields))), ("tags", TaggedFields)
    )


class _DescribeScramRequest(Request[_DescribeScramRequestV0]):  # type: ignore[misc]
    """Of all users: none is named."""

    API_KEY = 50

    def build(self, request_struct_class: type[_DescribeScramRequestV0]) -> _DescribeScramRequestV0:
        return request_struct_class([], {})
