"""Quix Streams: `python -m tests.bench.peers.hosts.on_quix SPEC.json`.

All inputs are one dataframe, so that they share a state; the state of an agency is a value of the state store, which
RocksDB and a changelog topic keep.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from quixstreams import Application, State, message_context

from shared.engine.broker import Record
from tests.bench.peers.hosting import EXACTLY_ONCE_SECONDS, SESSION_MILLISECONDS, Decider, Spec, stored_of

STATE = "state"
POLL_SECONDS = 0.02
"""Of several topics it always waits so long for more, so that it can take the earliest record of all."""


class Host:
    """One service."""

    def __init__(self, spec: Spec) -> None:
        self._spec, self._decider = spec, Decider(spec)
        self._packed: dict[str, bytes] = {}
        """By agency, what the decider's state was when it was put into the store last."""
        often = {"commit_interval": EXACTLY_ONCE_SECONDS} if spec.exactly_once else {}
        self._app = Application(
            spec.bootstrap,
            consumer_group=spec.group,
            processing_guarantee="exactly-once" if spec.exactly_once else "at-least-once",
            auto_offset_reset="earliest",
            state_dir=spec.directory,
            consumer_poll_timeout=POLL_SECONDS,
            consumer_extra_config={
                "group.instance.id": spec.group,
                "session.timeout.ms": SESSION_MILLISECONDS,
                "heartbeat.interval.ms": SESSION_MILLISECONDS // 6,
            },
            loglevel="WARNING",
            **often,
        )
        raw: dict[str, Any] = {
            "value_deserializer": "bytes",
            "value_serializer": "bytes",
            "key_serializer": "bytes",
        }
        journal = self._app.topic(spec.journal, **raw)
        inputs = [self._app.dataframe(self._app.topic(name, **raw)) for name in spec.inputs]
        frame = reduce(lambda first, second: first.concat(second), inputs)
        frame = frame.apply(self._take, stateful=True, expand=True, metadata=True)
        frame = frame.set_headers(lambda record, *_: list(record.headers))
        frame.apply(lambda record: record.value).to_topic(journal)

    def run(self) -> None:
        """Work until the process is ended."""
        self._app.run()

    def _take(self, value: bytes, key: bytes, milliseconds: int, headers: Any, state: State) -> list[Record]:
        agency, at = key.decode(), message_context()
        packed = state.get_bytes(STATE)
        if packed is not None and packed != self._packed.get(agency):
            self._decider.unpack(agency, packed)
        place = at.topic, at.partition, at.offset
        content = value, dict(headers or ())
        records = self._decider.take(stored_of(self._spec, place, milliseconds, key, content))
        if records:
            self._packed[agency] = self._decider.packed(agency)
            state.set_bytes(STATE, self._packed[agency])
        return records


if __name__ == "__main__":
    Host(Spec.load()).run()
