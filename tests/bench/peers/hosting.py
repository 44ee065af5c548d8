"""What every host does alike: the services and topics of a run, and a record decided on a state.

A host reads a service's topics, keeps its state by its own means, and appends what is decided to the service's journal.
Clocks reach it as records, since not every host has timers: a tick an agency every two seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.notification.service import NOTIFICATION
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE
from shared.engine.broker import Record, Stored
from shared.engine.journal import StepHeaders, headers_of, time_of
from shared.engine.service import Input, Service, Tick, nothing_pending
from shared.engine.topic import Topic
from shared.events.base import Event, decode
from shared.topics import AUDITS

TICKS = Topic("ticks", "rig")
SERVICES: dict[str, Service[Any]] = {
    "triage": replace(TRIAGE, reads=tuple(topic for topic in TRIAGE.reads if topic is not AUDITS)),
    "team-availability": TEAM_AVAILABILITY,
    "notification": replace(NOTIFICATION, pending=nothing_pending),
}
"""Without a topic that nobody writes here, and without effects: to page somebody is no host's business."""
SESSION_MILLISECONDS = 6_000
FETCH_MILLISECONDS = 100
"""As in careroute's own client: aiokafka fetches nothing more while the broker holds a fetch."""
EXACTLY_ONCE_SECONDS = 0.1
"""How often a host that commits by the clock commits a transaction: nobody sees what is in it before."""
MOST_TICKS = 200


@dataclass(frozen=True, slots=True)
class Spec:
    """What a host is told when it is started."""

    bootstrap: str
    partitions: int
    run: str
    """Begins the name of each topic, group and transaction."""
    service: str
    exactly_once: bool
    directory: str

    @classmethod
    def load(cls) -> Spec:
        """The spec in the file that the command line names."""
        return cls(**json.loads(Path(sys.argv[1]).read_text()))

    @property
    def group(self) -> str:
        """The consumer group, and what else is this service's own."""
        return f"{self.run}-{self.service}"

    @property
    def inputs(self) -> list[str]:
        """The topics to read, as they are named in this run."""
        return [self.named(topic.name) for topic in (*SERVICES[self.service].reads, TICKS)]

    @property
    def journal(self) -> str:
        """The topic to write, as it is named in this run."""
        return self.named(SERVICES[self.service].writes.name)

    def named(self, topic: str) -> str:
        """A topic's name in this run."""
        return f"{self.run}-{topic}"

    def plain(self, topic: str) -> str:
        """The same the other way round."""
        return topic.removeprefix(f"{self.run}-")


class Decider:
    """A service's pure functions, on the states that a host keeps."""

    def __init__(self, spec: Spec) -> None:
        self.states: dict[str, Any] = {}
        """By agency; whoever keeps states elsewhere has them here as well, unpacked."""
        self._service = SERVICES[spec.service]
        self._handled = {kind.type.encode() for kind in self._service.handles}

    def take(self, stored: Stored) -> list[Record]:
        """Decide a record, move its agency's state on, and say what is to be appended to the journal."""
        now, records, agency = datetime.now(UTC), list[Record](), stored.key
        for given in self._inputs(stored, now):
            events = self._service.decide(self.state(agency), given, now)
            for event in events:
                self._fold(agency, event, now)
            common = StepHeaders(0, now, self._service.decider_version, {}, self._service.name).common()
            records += [
                Record(agency, event.encode(), headers_of(event, given.cause, number, common))
                for number, event in enumerate(events)
            ]
        return records

    def restore(self, journal: Iterable[Stored]) -> None:
        """Fold records of the journal, from its beginning."""
        for stored in journal:
            self._fold(stored.key, decode(stored.headers["type"].decode(), stored.value), time_of(stored.headers))

    def state(self, agency: str) -> Any:
        """The state of an agency."""
        return self.states.get(agency, self._service.initial)

    def packed(self, agency: str) -> bytes:
        """The same, as a store keeps it."""
        return self._service.packer.pack(self.state(agency))

    def unpack(self, agency: str, packed: bytes) -> None:
        """Take over what a store has kept."""
        self.states[agency] = self._service.packer.unpack(packed)

    def _fold(self, agency: str, event: Event, now: datetime) -> None:
        self.states[agency] = self._service.evolve(self.state(agency), event, now)

    def _inputs(self, stored: Stored, now: datetime) -> Iterable[Input]:
        if stored.topic == TICKS.name:
            for _ in range(MOST_TICKS):
                due = self._service.due(self.state(stored.key))
                if due is None or due[1] > now:
                    return
                tick = Tick(*due)
                yield Input(tick, tick.cause(stored.key), now, stored.key)
        elif (kind := stored.headers.get("type", b"")) in self._handled:
            yield Input.of_record(decode(kind.decode(), stored.value), stored, now)


def stored_of(
    spec: Spec, place: tuple[str, int, int], milliseconds: int, key: bytes, content: tuple[bytes, Mapping[str, bytes]]
) -> Stored:
    """A record as the engine knows it, from what any client hands out.

    `place`: topic, partition and offset; `content`: value and headers.
    """
    (topic, partition, offset), time = place, datetime.fromtimestamp(milliseconds / 1000, UTC)
    return Stored(spec.plain(topic), partition, offset, time, key.decode(), *content)
