"""careroute's own worker: `python -m tests.bench.peers.hosts.on_careroute SPEC.json`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.config import Settings
from shared.engine.process import run
from shared.engine.service import Service
from shared.engine.topic import Topic
from tests.bench.peers.hosting import SERVICES, Spec


def service_of(spec: Spec) -> Service[Any]:
    """The service under the names of a run."""
    service = SERVICES[spec.service]

    def named(topic: Topic) -> Topic:
        return replace(topic, name=spec.named(topic.name))

    return replace(service, name=spec.group, reads=tuple(map(named, service.reads)), writes=named(service.writes))


if __name__ == "__main__":
    run(service_of(Spec.load()), Settings.load())
