"""The keys of calls, as they stand in a log."""

from __future__ import annotations

from shared.call_keys import CallKeys
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.sealing import Sealer
from shared.topics import CALL_KEYS


def keys_in(log: MemoryLog, sealer: Sealer | None) -> CallKeys:
    """What somebody with a sealing key opens who has read everything."""
    keys = CallKeys(MemoryBroker(log), sealer)
    for (topic, partition), held in log.places.items():
        if topic == CALL_KEYS.name:
            gone = log.compacted.get((topic, partition), ())
            for stored in held:
                if stored.offset not in gone:
                    keys.take(stored)
    return keys
