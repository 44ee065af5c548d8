"""A secured Kafka: it keeps every promise of the seam for whoever has a right, and gives a rogue nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography import x509

from deploy import topics as topics_tool
from deploy.local.kafka.certificates import Authority
from deploy.local.kafka.security import Security, settings_of
from deploy.principals import PRINCIPALS, principal, rights_of
from deploy.topics import passwords_in
from shared import telemetry
from shared.connection import Connection
from shared.engine.broker import BrokerUnavailable, Record
from shared.engine.kafka import KafkaBroker, check_topics, create_topics
from shared.engine.kafka_rights import (
    CLUSTER_NAME,
    Kind,
    Operation,
    Pattern,
    Right,
    grant,
    rights_in_force,
    set_passwords,
    take_away,
    users_known,
)
from shared.engine.topic import Topic
from shared.private_file import write_private
from shared.topics import CALLS, DECISIONS
from tests.rig.secured import secured_kafka
from tests.shared.engine.test_broker import (  # noqa: F401  # the same promises, kept here too
    PARTITIONS,
    KafkaCluster,
    broker,
    read_from,
    records,
    test_a_batch_stands_whole_and_in_order,
    test_a_position_that_is_gone_or_never_was_is_refused,
    test_a_step_of_the_largest_size_and_a_snapshot_fit,
    test_keys_headers_and_values_come_back_as_they_were,
    test_position_0_is_the_first_that_is_kept,
    test_reading_starts_at_the_position_and_goes_on_with_what_comes,
    test_two_writers_at_once_never_mix_their_batches,
)

pytestmark = pytest.mark.kafka
TESTER = "tester"
SETTLE_SECONDS = 10.0


@pytest.fixture(scope="module")
def security(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Security]:
    """One secured node for all that is here, with careroute's topics and rights, set up by the operator's command."""
    tester = [Right(f"User:{TESTER}", operation, Kind.TOPIC, "topic-", Pattern.PREFIXED) for operation in (3, 4)]
    tester += [Right(f"User:{TESTER}", Operation.READ, Kind.GROUP, "topic-", Pattern.PREFIXED)]
    users = (TESTER, *(somebody.name for somebody in PRINCIPALS))
    with secured_kafka(tmp_path_factory.mktemp("secured"), users, tester) as made:
        assert run_topics_tool(made) == 0
        yield made


@pytest.fixture
async def cluster(security: Security) -> AsyncIterator[KafkaCluster]:
    """For the promises: somebody who may use some topics and nothing else."""
    given = KafkaCluster(security.operator, security.by_password(TESTER))
    yield given
    for connected in given.brokers:
        await connected.close()


def run_topics_tool(security: Security, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings_of(security.operator).items():
            environment.setenv(f"CAREROUTE_{name.upper()}", str(value))
        return topics_tool.main(arguments)


# --- who is refused


async def end(at: Connection, topic: str) -> int:
    client = KafkaBroker(at, PARTITIONS)
    reader = await client.reader()
    try:
        return (await reader.ends([(topic, 0)]))[topic, 0]
    finally:
        await reader.close()
        await client.close()


async def refused(at: Connection, security: Security, topic: Topic = CALLS) -> str:
    """What it is told who may not write and not read; that nothing was written is seen with other eyes."""
    before = await end(security.operator, topic.name)
    client = KafkaBroker(at, PARTITIONS, append_timeout_seconds=1.0)
    with pytest.raises(BrokerUnavailable) as writing:
        await client.append(topic.name, 0, records(b"forged"))
    with pytest.raises(BrokerUnavailable) as reading:
        await read_from(client, topic.name, 0, 1)
    told = f"{writing.value} | {reading.value} | {'; '.join(await wrong_topics(client, topic))}"
    await client.close()
    assert await end(security.operator, topic.name) == before
    return told


async def wrong_topics(client: KafkaBroker, topic: Topic = CALLS) -> list[str]:
    try:
        return await client.wrong_topics([topic])
    except BrokerUnavailable as error:
        return [str(error)]


def impostor(security: Security, directory: Path, authority: Authority | None = None, days: float = 1) -> Connection:
    """A certificate in triage's name."""
    expires = datetime.now(UTC) + timedelta(days=days)
    pair = (authority or security.authority).issue(directory / "impostor", "triage", expires=expires)
    return replace(security.operator, certificate=pair.certificate, key=pair.key)


ROGUES: dict[str, tuple[Callable[[Security, Path], Connection], str]] = {
    "in plain text": (lambda s, _: Connection(s.by_password("triage").servers), "may ask for TLS"),
    "without a name": (
        lambda s, _: replace(s.operator, certificate=None, key=None),
        "asks for one where there is none: set CAREROUTE_KAFKA_CERTIFICATE_FILE",
    ),
    "with a wrong password": (
        lambda s, _: replace(s.by_password("triage"), password="guessed"),
        "Kafka does not take this user with this password",
    ),
    "with a name that nobody has": (
        lambda s, _: replace(s.by_password("triage"), user="mallory"),
        "Kafka does not take this user with this password",
    ),
    "with an expired certificate": (lambda s, p: impostor(s, p, days=-1), "must be valid now"),
    "with a certificate signed by itself": (lambda s, p: impostor(s, p, Authority()), "an authority that Kafka trusts"),
}


@pytest.mark.parametrize("rogue", ROGUES)
async def test_a_rogue_writes_and_reads_nothing_and_is_told_why(security: Security, tmp_path: Path, rogue: str) -> None:
    made, words = ROGUES[rogue]
    assert words in await refused(made(security, tmp_path), security)


async def test_a_kafka_that_takes_users_otherwise_is_named_as_that(
    security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was said that it may ask for TLS, or for a user, or just be starting."""
    monkeypatch.setattr("shared.engine.kafka_client.MECHANISM", "SCRAM-SHA-256")
    assert "add it to sasl.enabled.mechanisms" in await refused(security.by_password("triage"), security)


async def test_a_service_gets_nothing_that_is_another_ones(security: Security) -> None:
    """Intake's own credentials, in order and up to date: it writes calls, and neither writes nor reads decisions."""
    for intake in (security.by_password("intake"), security.by_certificate("intake")):
        own = KafkaBroker(intake, PARTITIONS)
        await own.append(CALLS.name, 0, records(b"a call"))
        await own.close()
    told = await refused(intake, security, DECISIONS)
    assert told.count("`python -m deploy.topics` says what is missing") == len(["written", "read", "seen"])
    assert "cannot administer" in await administration_refused(intake)


async def administration_refused(at: Connection) -> str:
    with pytest.raises(BrokerUnavailable) as told:
        await rights_in_force(at)
    with pytest.raises(BrokerUnavailable):
        await grant(at, rights_of())
    with pytest.raises(BrokerUnavailable):
        await set_passwords(at, {"triage": "mine now"})
    return str(told.value)


async def test_nobody_joins_a_group_of_another_service(security: Security) -> None:
    pocket = KafkaBroker(security.by_password("pocket"), PARTITIONS)

    async def join() -> None:
        member = await pocket.join_group("assignments", "triage", "1")
        async with asyncio.timeout(SETTLE_SECONDS):
            while not member.assigned:  # noqa: ASYNC110  # its membership ends beside this
                await asyncio.sleep(0.1)

    with pytest.raises(BrokerUnavailable, match="does not let this process"):
        await join()


async def test_a_kafka_that_another_authority_signed_is_told_nothing(security: Security, tmp_path: Path) -> None:
    write_private(tmp_path / "other.pem", Authority().pem)
    client = KafkaBroker(replace(security.by_password("intake"), authorities=tmp_path / "other.pem"), PARTITIONS, 1.0)
    with pytest.raises(BrokerUnavailable, match=r"not to be trusted .* CAREROUTE_KAFKA_CA_FILE"):
        await client.reader()
    await client.close()


# --- renewing without a gap


async def test_who_connects_notes_when_the_brokers_certificate_ends(security: Security) -> None:
    host = security.operator.servers.rpartition(":")[0]
    telemetry.BROKER_CERTIFICATE_EXPIRES.clear()
    assert not any(await check_topics(security.operator, PARTITIONS, [CALLS]))
    shown = ssl.get_server_certificate(address_of(security.by_password("triage")))
    ends = x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc
    assert telemetry.BROKER_CERTIFICATE_EXPIRES.labels(host)._value.get() == ends.timestamp()


def address_of(at: Connection) -> tuple[str, int]:
    host, _, port = at.servers.rpartition(":")
    return host, int(port)


async def test_a_renewed_certificate_is_at_work_without_a_restart(security: Security, tmp_path: Path) -> None:
    expired = impostor(security, tmp_path, days=-1)
    client = KafkaBroker(expired, PARTITIONS, append_timeout_seconds=1.0)
    with pytest.raises(BrokerUnavailable):
        await client.append(DECISIONS.name, 0, records(b"no"))
    assert telemetry.CERTIFICATE_EXPIRES.labels("certificate")._value.get() < datetime.now(UTC).timestamp()
    write_private(expired.key or tmp_path, "half of what is being written")
    with pytest.raises(BrokerUnavailable):
        await client.append(DECISIONS.name, 0, records(b"no"))
    impostor(security, tmp_path)
    async with asyncio.timeout(SETTLE_SECONDS):
        await append_until_it_stands(client, DECISIONS.name)
    assert telemetry.CERTIFICATE_EXPIRES.labels("certificate")._value.get() > datetime.now(UTC).timestamp()
    await client.close()


async def test_a_password_is_changed_while_its_user_works(security: Security) -> None:
    """Who is in stays in; who comes with the old one is refused, and with the new one let in: restart one by one."""
    old = security.by_password("rostering")
    working = KafkaBroker(old, PARTITIONS)
    await working.append("rosters", 0, records(b"before"))
    await set_passwords(security.operator, {"rostering": "the new one"})
    new = replace(old, password="the new one")
    async with asyncio.timeout(SETTLE_SECONDS):
        while not (await wrong_topics_of(old)):  # noqa: ASYNC110  # the broker hears of it within a moment
            await asyncio.sleep(0.05)
    await working.append("rosters", 0, records(b"meanwhile"))
    restarted = KafkaBroker(new, PARTITIONS)
    await restarted.append("rosters", 0, records(b"after"))
    assert [stored.value for stored in await read_from(restarted, "rosters", 0, 3)] == [
        b"before",
        b"meanwhile",
        b"after",
    ]
    for client in (working, restarted):
        await client.close()
    await set_passwords(security.operator, {"rostering": security.password_of("rostering")})


async def wrong_topics_of(at: Connection) -> list[str]:
    client = KafkaBroker(at, PARTITIONS)
    try:
        return await wrong_topics(client)
    finally:
        await client.close()


async def append_until_it_stands(client: KafkaBroker, topic: str) -> None:
    while True:
        try:
            await client.append(topic, 0, [Record("agency", b"yes")])
        except BrokerUnavailable:
            await asyncio.sleep(0.05)
        else:
            return


# --- the operator's command


def test_done_again_it_changes_nothing_and_what_nobody_asked_for_is_told_and_taken_away(
    security: Security, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_topics_tool(security) == 0
    assert "created nothing: every topic was there\ngave 0 of" in capsys.readouterr().out
    assert not any(uvloop.run(check_topics(security.operator, PARTITIONS, [CALLS])))
    stranger = Right("User:mallory", Operation.READ, Kind.TOPIC, CALLS.name)
    uvloop.run(grant(security.operator, [stranger]))
    uvloop.run(in_force(security, stranger))
    assert run_topics_tool(security) == 1
    assert "extra: User:mallory may read topic calls" in capsys.readouterr().err
    assert run_topics_tool(security, "--prune") == 0
    assert "took away: User:mallory may read topic calls" in capsys.readouterr().out
    master = Right("User:mallory", Operation.ALTER, Kind.CLUSTER, CLUSTER_NAME)
    uvloop.run(grant(security.operator, [master]))
    uvloop.run(in_force(security, master))
    assert run_topics_tool(security, "--prune") == 0
    told = "look: User:mallory may alter cluster kafka-cluster. Whoever that is can give themselves every right"
    assert told in capsys.readouterr().out
    uvloop.run(take_away(security.operator, [master]))


def test_with_another_name_for_processes_nobody_loses_the_rights_that_they_work_with(
    security: Security, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = uvloop.run(rights_in_force(security.operator))
    monkeypatch.setenv("CAREROUTE_KAFKA_PRINCIPALS", "User:CN={}")
    assert run_topics_tool(security, "--prune") == 1
    told = capsys.readouterr()
    assert "extra: rights of User:triage, as whom Kafka may know triage: `--prune` leaves them" in told.err
    assert "took nothing away" in told.out
    assert before <= uvloop.run(rights_in_force(security.operator))
    monkeypatch.delenv("CAREROUTE_KAFKA_PRINCIPALS")
    assert run_topics_tool(security) == 1
    assert "extra: rights of User:CN=triage" in capsys.readouterr().err
    uvloop.run(take_away(security.operator, rights_of(who="User:CN={}")))


@pytest.mark.parametrize("wrong", ["User:triage", "User:{} {x}", "CN={}", "User:{0}"])
def test_what_processes_are_called_has_one_place_for_the_name(
    wrong: str, security: Security, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAREROUTE_KAFKA_PRINCIPALS", wrong)
    with pytest.raises(SystemExit, match="78"):
        run_topics_tool(security)
    assert "CAREROUTE_KAFKA_PRINCIPALS" in capsys.readouterr().err


async def in_force(security: Security, right: Right) -> None:
    async with asyncio.timeout(SETTLE_SECONDS):
        while right not in await rights_in_force(security.operator):  # noqa: ASYNC110  # told by the controller
            await asyncio.sleep(0.05)


def test_passwords_are_made_once_kept_private_and_let_their_users_in(security: Security, tmp_path: Path) -> None:
    assert uvloop.run(users_known(security.operator)) == {TESTER, *(somebody.name for somebody in PRINCIPALS)}
    assert run_topics_tool(security, "--users", str(tmp_path)) == 1, "they have others, and would be shut out"
    assert list(tmp_path.iterdir()) == []
    passwords_in(tmp_path)
    for _ in range(2):
        assert run_topics_tool(security, "--users", str(tmp_path)) == 0
    file = tmp_path / "triage" / topics_tool.PASSWORD_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    triage = replace(security.by_password("triage"), password=file.read_text())

    async def let_in() -> None:
        async with asyncio.timeout(SETTLE_SECONDS):
            while await wrong_topics_of(triage):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    uvloop.run(let_in())
    users = {somebody.name: security.password_of(somebody.name) for somebody in PRINCIPALS}
    uvloop.run(set_passwords(security.operator, users))


async def test_the_operators_rights_are_enough_for_its_command(security: Security) -> None:
    """Here it may everything anyway: so a deputy, who has its rights and no more."""
    rights = [replace(right, principal="User:deputy") for right in principal("operator").rights()]
    await grant(security.operator, rights)
    await in_force(security, rights[-1])
    deputy, made = security.by_certificate("deputy"), Topic("topic-of-a-deputy", "a test")
    assert await create_topics(deputy, 1, 1, [made]) == [made.name]
    await grant(deputy, [replace(rights[0], name=made.name)])
    await set_passwords(deputy, {"deputy": security.password_of("deputy")})
    assert "deputy" in await users_known(deputy)
    assert {*rights, replace(rights[0], name=made.name)} <= await rights_in_force(deputy)
    assert not any(await check_topics(deputy, PARTITIONS, [CALLS]))
    await take_away(deputy, [replace(rights[0], name=made.name)])
    await take_away(security.operator, rights)
