"""Rights: what each process may do in Kafka, and how a list in force differs from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.local.programs import SERVICES
from deploy.principals import DECIDING, PRINCIPALS, principal, rights_of, rights_to_restore
from deploy.topics import journals_beside
from shared.config import KafkaSettings
from shared.engine.kafka_rights import ANY, CLUSTER_NAME, DENY, Kind, Operation, Pattern, Right, compare
from shared.topics import AUDIT_LOG, AUDITS, CALLS, COMMANDS, CONTACTS, TOPICS

JOURNALS = {service.writes.name: service.name for service in DECIDING}


def writers(topic: str) -> set[str]:
    return {somebody.name for somebody in PRINCIPALS if topic in somebody.writes}


def readers(topic: str) -> set[str]:
    return {somebody.name for somebody in PRINCIPALS if topic in somebody.reads}


def test_whoever_speaks_to_kafka_is_somebody_and_nobody_else_is() -> None:
    on_kafka = {name for name, settings in SERVICES.items() if KafkaSettings in settings.mro()}
    assert {somebody.name for somebody in PRINCIPALS} == on_kafka | {"redecide", "examiner", "backup", "operator"}


@pytest.mark.parametrize(("journal", "owner"), JOURNALS.items())
def test_a_journal_and_its_snapshots_are_written_by_their_service_alone(journal: str, owner: str) -> None:
    assert writers(journal) == writers(f"{owner}-snapshots") == readers(f"{owner}-snapshots") == {owner}


@pytest.mark.parametrize("door", ["console", "pocket", "callbacks"])
def test_what_a_door_knew_is_its_own(door: str) -> None:
    assert writers(f"{door}-snapshots") == readers(f"{door}-snapshots") == {door}


def test_calls_commands_addresses_and_findings_are_written_at_their_doors() -> None:
    assert writers(CALLS.name) == {"intake"}
    assert writers(COMMANDS.name) == {"console", "pocket", "callbacks"}
    assert writers(CONTACTS.name) == {"console", "pocket"}
    assert writers(AUDITS.name) == {"auditor"}
    assert writers(AUDIT_LOG.name) == {"console", "pocket", "triage", "notification"}
    assert readers(CONTACTS.name) == {"console", "notification", "backup"}


def test_every_topic_has_somebody_who_writes_it_and_the_operator_reads_no_record() -> None:
    assert not [topic.name for topic in TOPICS if not writers(topic.name)]
    operator = principal("operator")
    assert not operator.reads | operator.writes | operator.groups
    assert {somebody.name for somebody in PRINCIPALS if somebody.administers} == {"operator"}


def test_who_copies_everything_writes_nothing_and_who_puts_it_back_may_write_only_meanwhile() -> None:
    backup = principal("backup")
    assert backup.reads == {topic.name for topic in TOPICS if not topic.name.endswith(("-snapshots", "-beats"))}
    assert not backup.writes | backup.groups | backup.describes
    for_a_while = rights_to_restore("User:CN={}")
    assert {(right.principal, right.kind) for right in for_a_while} == {("User:CN=operator", Kind.TOPIC)}
    assert {right.name for right in for_a_while} == backup.reads
    assert not for_a_while & rights_of(who="User:CN={}")


def test_no_two_join_one_group() -> None:
    groups = [group for somebody in PRINCIPALS for group in somebody.groups]
    assert len(groups) == len(set(groups))


def test_all_rights_are_on_single_names_and_are_called_as_kafka_calls_them() -> None:
    rights = rights_of(who="User:CN={}")
    assert {right.pattern for right in rights} == {Pattern.LITERAL}
    assert {right.principal for right in rights} == {f"User:CN={somebody.name}" for somebody in PRINCIPALS}
    assert str(Right("User:triage", Operation.READ, Kind.TOPIC, "calls")) == "User:triage may read topic calls"


def test_what_is_missing_and_what_nobody_asked_for_is_told_apart() -> None:
    right = Right("User:triage", Operation.READ, Kind.TOPIC, "calls")
    ours_elsewhere = replace(right, name="payroll")
    stranger, by_prefix = replace(right, principal="User:mallory"), Right("User:m", ANY, Kind.TOPIC, "ca", 4)
    everything = Right("User:m", Operation.WRITE, Kind.TOPIC, "*")
    forbidden = replace(right, permission=DENY)
    others = Right("User:payroll", Operation.READ, Kind.TOPIC, "payroll"), replace(right, name="ca", principal="User:x")
    found = compare({right}, {ours_elsewhere, stranger, by_prefix, everything, forbidden, *others})
    assert found.missing == (right,)
    assert set(found.extra) == {ours_elsewhere, stranger, by_prefix, everything, forbidden}
    assert "is forbidden to" in str(forbidden)
    assert compare({right}, {right, *others}) == compare({right}, {right})


def test_who_else_can_give_themselves_every_right_is_told_and_keeps_it() -> None:
    ours = Right("User:operator", Operation.ALTER, Kind.CLUSTER, CLUSTER_NAME)
    alter, everything = replace(ours, principal="User:mallory"), Right("User:m", Operation.ALL, Kind.CLUSTER, "*")
    harmless = replace(alter, operation=Operation.DESCRIBE), replace(alter, permission=DENY)
    found = compare({ours}, {ours, alter, everything, *harmless})
    assert (set(found.masters), found.extra) == ({alter, everything}, ())


def test_a_journal_that_is_made_beside_others_is_named_since_somebody_may_have_deleted_it() -> None:
    assert journals_beside([topic.name for topic in TOPICS]) == []
    assert journals_beside([CALLS.name]) == []
    assert journals_beside(["assignments", CALLS.name]) == ["assignments"]
