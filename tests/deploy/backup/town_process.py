"""A whole careroute in one process on a real Kafka, for the drill: `python -m …town_process ACCESS KAFKA DIRECTORY`.

It imports everything, waits for a line, starts, prints where its doors listen, and runs until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from pathlib import Path

import uvloop

from deploy.demo.stages import PARTITIONS, OneProcess
from deploy.local.access import Access
from deploy.local.programs import DOORS
from shared.engine.kafka import KafkaBroker


class _OnKafka(OneProcess):
    def __init__(self, access: Access, address: str, directory: Path) -> None:
        super().__init__(directory)
        self.access, self._address = access, address

    def broker(self, who: str = "") -> KafkaBroker:
        """A connection to Kafka."""
        del who
        return KafkaBroker(self._address, PARTITIONS)


async def main(access: Access, address: str, directory: Path) -> None:
    """See above."""
    stage = _OnKafka(access, address, directory)
    await stage.start(lambda _: None)
    sys.stdout.write(json.dumps({door: stage.url_of(door) for door in DOORS}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    file, kafka, own = sys.argv[1:]
    sys.stdin.readline()
    uvloop.run(main(pickle.loads(Path(file).read_bytes()), kafka, Path(own)))  # the test wrote it
