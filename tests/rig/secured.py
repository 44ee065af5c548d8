"""A secured Kafka for the tests of a module, with whoever they play as its users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from deploy.local.kafka.node import LocalKafka, missing
from deploy.local.kafka.security import Security
from shared.engine.kafka_rights import Right, grant, set_passwords
from tests.conftest import absent


@contextmanager
def secured_kafka(directory: Path, users: Iterable[str], rights: Iterable[Right]) -> Iterator[Security]:
    """One node, with these users and rights besides its operator; where there can be none, the test is skipped."""
    if (reason := missing()) is not None:
        absent(f"NOT TESTED on a secured Kafka: {reason}")
    security = Security(directory / "security")
    with LocalKafka(directory / "kafka", security=security):
        uvloop.run(set_passwords(security.operator, {name: security.password_of(name) for name in users}))
        uvloop.run(grant(security.operator, rights))
        yield security
