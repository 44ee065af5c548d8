"""Copies what a cluster's topics hold into files, and makes an empty cluster hold it again.

`take DIRECTORY` copies everything, or what came since the last time, while work goes on; `verify DIRECTORY` says
whether a copy is whole; `restore DIRECTORY` puts it back. Exit codes: 0 it is done, 1 it is not, 2 wrong usage, 3 the
backup is taken, but Kafka has lost records of a journal: it is told which, and from where they come back.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from deploy.backup.cut import BehindItsReaders
from deploy.backup.files import Damaged
from deploy.backup.manifest import Manifest, WrongBackup
from deploy.backup.progress import Progress
from deploy.backup.restore import restore
from deploy.backup.take import Taken, take
from deploy.backup.verify import faults_of
from deploy.principals import rights_to_restore
from deploy.topics import TopicSettings
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka import KafkaBroker
from shared.engine.kafka_replicas import replicas_for
from shared.engine.kafka_restore import CopyFailed, cluster_id
from shared.engine.kafka_rights import grant, take_away
from shared.plain import how_many

LOOK_SECONDS = 1.0
"""After which every broker knows who may what."""
FAULTS = 20
"""That are printed."""
ENDED = {
    "take": "ended before it was done: the backup that was there before is as it was",
    "verify": "ended before everything was looked at",
    "restore": "ended before everything was back: begin again, with an empty cluster",
}
"""What somebody is told who ends it."""
DAMAGED = (
    "`take` does not mend that: begin a new directory while Kafka has everything, and keep this one. To restore, take "
    "an earlier copy of it (deploy/DISASTER.md)"
)
LOST = 3
"""The exit code where Kafka has lost records of a journal."""
WHAT_TO_DO = (
    "Journals are kept for good, and nothing of careroute deletes there: find out who did. `python -m deploy.topics` "
    "says whether Kafka is set up to delete more. What is gone comes back by a restore alone, into an empty cluster "
    "(deploy/DISASTER.md): delete no backup that has it. This one is taken all the same, and so is the next"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=__doc__)
    parser.add_argument("do", choices=("take", "verify", "restore"))
    parser.add_argument("directory", type=Path, metavar="DIRECTORY")
    given = parser.parse_args(arguments)
    try:
        if given.do == "take":
            return uvloop.run(_take(TopicSettings.load(), given.directory))
        if given.do == "restore":
            uvloop.run(_restore(TopicSettings.load(), given.directory))
        else:
            _verify(given.directory)
    except (WrongBackup, Damaged, BehindItsReaders, CopyFailed, BrokerUnavailable) as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(f"{given.directory}: {error.strerror or error}; the backup that it held before is as it was")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say(ENDED[given.do])
        return 1
    return 0


async def _take(settings: TopicSettings, directory: Path) -> int:
    progress = Progress(_say, "copied")
    broker = KafkaBroker(settings.connection, settings.partitions)
    try:
        cluster = await cluster_id(settings.connection)
        taken = await take(broker, cluster, directory, SystemClock().now(), progress)
    finally:
        await broker.close()
    _say(f"copied {progress.records:,} records in {progress.seconds:.1f} s. {_described(directory, taken.manifest)}")
    return say_what_is_lost(taken)


def say_what_is_lost(taken: Taken) -> int:
    """Say what is gone from journals in Kafka; the exit code."""
    if not taken.deleted:
        return 0
    _say("\n".join((*taken.deleted, WHAT_TO_DO)))
    return LOST


def _verify(directory: Path) -> Manifest:
    """Raises WrongBackup, with the faults."""
    manifest = Manifest.of(directory)
    progress = Progress(_say, "read")
    faults = list(faults_of(directory, manifest, progress))
    if faults and Manifest.of(directory) != manifest:
        raise WrongBackup(f"a backup was taken into {directory} while it was read: look again, or at a copy of it")
    if faults:
        lines = "\n".join(faults[:FAULTS])
        raise WrongBackup(f"{directory} is not whole, {how_many(len(faults), 'fault')}:\n{lines}\n{DAMAGED}")
    _say(f"{directory} is whole. {_described(directory, manifest)}")
    return manifest


async def _restore(settings: TopicSettings, directory: Path) -> None:
    manifest = await asyncio.to_thread(_verify, directory)
    if manifest.partitions != settings.partitions:
        raise WrongBackup(
            f"{directory} has {manifest.partitions} partitions of each topic: set CAREROUTE_PARTITIONS to that, here "
            "and for every process"
        )
    progress = Progress(_say, "put back")
    async with _rights(settings):
        replicas = settings.replication or await replicas_for(settings.connection)
        await restore(settings.connection, directory, manifest, replicas, progress)
    _say(
        f"put back {progress.records:,} records in {progress.seconds:.1f} s. Processes may be started now. What came "
        f"after {manifest.taken_at.isoformat(timespec='seconds')} is lost: order the pauses since "
        "then before intake starts; what was revoked since then lets in, and what was erased is there, until it is "
        "revoked and erased once more (deploy/DISASTER.md, 6 and 7)"
    )


@asynccontextmanager
async def _rights(settings: TopicSettings) -> AsyncIterator[None]:
    """What the operator has no right to do, it may do as long as this lasts.

    It has none of these rights afterwards, whatever it had before: that was left by a restore that was killed.
    """
    at = settings.connection
    if not at.secured:
        yield
        return
    rights = rights_to_restore(settings.kafka_principals)
    work = asyncio.current_task()
    assert work is not None  # noqa: S101  # a coroutine runs in one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    try:
        await grant(at, rights)
        await asyncio.sleep(LOOK_SECONDS)
        yield
    finally:
        await take_away(at, rights)


def _described(directory: Path, manifest: Manifest) -> str:
    until = manifest.taken_at.isoformat(timespec="seconds")
    return f"{directory} holds {manifest.records:,} records of {until} and before, {manifest.bytes / 1e6:,.1f} MB"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
