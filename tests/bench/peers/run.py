"""All hosts, one after the other, on one Kafka; what came of them as Markdown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.sealing import Sealer
from tests.bench.peers.peer import PEERS, install, versions
from tests.bench.peers.table import caption, table, write
from tests.bench.peers.town import past_of
from tests.bench.peers.trial import Load, Result, Stand, trial
from tests.bench.stage import stage

LOAD = Load(rate=80, seconds=10.0, backlog=2000)


async def compare(
    names: Sequence[str], machine: str, directory: Path, say: Callable[[str], None], *, keep: bool = False
) -> str:
    """Try the hosts of these names, or all: then the README has it, too.

    Raises NotInstalled, KafkaError, StackError.
    """
    peers = [peer for peer in PEERS if not names or peer.name in names]
    if not all(peer.is_own for peer in peers):
        await asyncio.to_thread(install)
    results: list[Result] = []
    async with stage(directory, {}, keep=keep) as running:
        sealer = Sealer(running.stack.access.sealing_key)
        stand = Stand(running.kafka.address, await past_of(running), sealer, LOAD, directory)
        await asyncio.to_thread(running.leave)
        for peer in peers:
            say(f"{peer.package or peer.name}, {peer.guarantee}")
            results.append(await trial(peer, stand))
            say(_in_words(results[-1]))
    text = f"{caption(LOAD, machine)}\n\n{table(results, versions(peers))}\n"
    if peers == list(PEERS):
        write(text)
    return text


def _in_words(result: Result) -> str:
    words = f"{result.calls} new calls, {result.counted}" if result.counted else "not measured"
    return f"{words}\n{result.wrong}".strip()


def names() -> list[str]:
    """What hosts can be asked for."""
    return list(dict.fromkeys(peer.name for peer in PEERS))
