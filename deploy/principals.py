"""What each process may do in Kafka: what its code needs, and nothing else. Whoever is not named here may nothing.

Of a service that decides, its value says it; of a door or a reader, the topics that it follows and those it writes. An
idempotent producer needs no right of its own, and who may read or write a topic may see that it is there. The prober
knows careroute by its doors, and has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deploy.backup.manifest import BACKED_UP
from services.console.view.agency import READS as CONSOLE_READS
from services.notification.callbacks.http import FOLLOWED as CALLBACKS_READS
from services.notification.service import NOTIFICATION
from services.pocket.door import FOLLOWED as POCKET_READS
from services.reporting.auditor.fold.batch import TOPICS as AUDITOR_READS
from services.reporting.auditor.process import GROUP as AUDITOR_GROUP
from services.reporting.carrier import GROUP as REPORTING_GROUP
from services.reporting.reporter import READS as REPORTING_READS
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE
from shared.engine.kafka_rights import CLUSTER_NAME, Kind, Operation, Right
from shared.engine.service import Service
from shared.engine.topic import DEAD_LETTERS, Topic, beats_of, snapshots_of
from shared.topics import ASSIGNMENTS, AUDIT_LOG, AUDITS, CALL_KEYS, CALLS, COMMANDS, CONTACTS, TOPICS

WHO = "User:{}"
"""How Kafka writes who somebody is."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a process is to Kafka, by user name or by the common name of its certificate."""

    name: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    """Those it may join."""
    describes: frozenset[str] = frozenset()
    """Topics of which it may see that they are there, and how they are set up, but no record."""
    administers: bool = False
    """Whether it may make topics, and say who may what."""

    def rights(self, who: str = WHO) -> Iterator[Right]:
        """As Kafka's list has them."""
        principal = who.format(self.name)
        for operation, kind, names in (
            (Operation.READ, Kind.TOPIC, self.reads),
            (Operation.WRITE, Kind.TOPIC, self.writes),
            (Operation.DESCRIBE, Kind.TOPIC, self.describes),
            (Operation.DESCRIBE_CONFIGS, Kind.TOPIC, self.describes),
            (Operation.READ, Kind.GROUP, self.groups),
        ):
            yield from (Right(principal, operation, kind, name) for name in names)
        if self.administers:
            for operation in (Operation.CREATE, Operation.ALTER, Operation.DESCRIBE):
                yield Right(principal, operation, Kind.CLUSTER, CLUSTER_NAME)


def _names(*topics: Topic) -> frozenset[str]:
    return frozenset(topic.name for topic in topics)


def _deciding(service: Service[Any], *besides: Topic) -> Principal:
    """`besides`: what its effects read; where the audit log is among it, it writes that, too."""
    own = (service.writes, snapshots_of(service.name), beats_of(service.name))
    return Principal(
        service.name,
        reads=_names(*service.reads, *own, *besides),
        writes=_names(*own, DEAD_LETTERS, *{AUDIT_LOG}.intersection(besides)),
        groups=frozenset({service.name}),
    )


def _door(name: str, reads: Iterable[Topic], writes: Iterable[Topic]) -> Principal:
    """One that keeps a view, of which it saves snapshots."""
    own = snapshots_of(name)
    return Principal(name, reads=_names(*reads, own), writes=_names(*writes, own))


DECIDING = (TRIAGE, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING)
PRINCIPALS: tuple[Principal, ...] = (
    Principal("intake", reads=_names(ASSIGNMENTS, CALL_KEYS), writes=_names(CALLS, CALL_KEYS)),
    _deciding(TRIAGE, CALL_KEYS, AUDIT_LOG),
    _deciding(TEAM_AVAILABILITY),
    _deciding(NOTIFICATION, CONTACTS, AUDIT_LOG),
    _deciding(ROSTERING),
    _door("callbacks", CALLBACKS_READS, (COMMANDS,)),
    _door("pocket", (*POCKET_READS, CALLS, CALL_KEYS, AUDIT_LOG), (COMMANDS, CONTACTS, AUDIT_LOG)),
    _door(
        "console",
        (*CONSOLE_READS, CALLS, CALL_KEYS, CONTACTS, AUDIT_LOG),
        (COMMANDS, CALL_KEYS, CONTACTS, AUDIT_LOG),
    ),
    Principal("reporting", reads=_names(*REPORTING_READS), groups=frozenset({REPORTING_GROUP})),
    Principal("auditor", reads=frozenset(AUDITOR_READS), writes=_names(AUDITS), groups=frozenset({AUDITOR_GROUP})),
    Principal(
        "redecide",
        reads=_names(CALL_KEYS, *(topic for service in DECIDING for topic in (*service.reads, service.writes))),
    ),
    Principal("examiner", reads=_names(AUDIT_LOG, COMMANDS)),
    Principal("backup", reads=_names(*BACKED_UP)),
    Principal("operator", describes=_names(*TOPICS), administers=True),
)


def rights_of(principals: Iterable[Principal] = PRINCIPALS, who: str = WHO) -> set[Right]:
    """All their rights. `who` is how Kafka writes them, e.g. `User:CN={}`."""
    return {right for principal in principals for right in principal.rights(who)}


def principal(name: str) -> Principal:
    """Raises StopIteration where nobody has that name."""
    return next(principal for principal in PRINCIPALS if principal.name == name)


def rights_to_restore(who: str) -> set[Right]:
    """What the operator gives itself for as long as a backup is put back, and has at no other time."""
    operations = Operation.WRITE, Operation.DELETE, Operation.ALTER_CONFIGS
    return {
        Right(who.format("operator"), operation, Kind.TOPIC, topic.name)
        for topic in BACKED_UP
        for operation in operations
    }
