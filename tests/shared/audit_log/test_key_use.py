"""What a service opens by itself is one entry a minute and agency; without an audit key it works, and writes none."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from services.triage.opening import CountedOpener
from shared.audit_log import key_use as key_use_module
from shared.audit_log.chain import new_audit_key
from shared.audit_log.key_use import KeyUse, KeyUseSettings
from shared.clock import SystemClock
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import KeyUsed
from shared.sealing import Sealer, new_key
from tests.audited import entries_in


def use_of(kafka: MemoryLog, audit_keys: str) -> KeyUse:
    """A triage on a cluster."""
    settings = KeyUseSettings(kafka="memory", audit_keys=SecretStr(audit_keys))
    return KeyUse(settings, "triage", "k1", "call", "judge", broker=MemoryBroker(kafka), clock=SystemClock())


@pytest.mark.parametrize(
    ("audit_keys", "written"), [(new_audit_key(), {"a": 30, "b": 1}), ("", {})], ids=["with a key", "without"]
)
async def test_openings_are_counted_by_agency(audit_keys: str, written: dict[str, int]) -> None:
    kafka = MemoryLog(partitions=2)
    use, stop = use_of(kafka, audit_keys), asyncio.Event()
    running = asyncio.get_running_loop().create_task(use.run(stop))
    sealer = Sealer(new_key())
    opener = CountedOpener(sealer, use)
    for call_id in (*["a/cad/1"] * 30, "b/cad/1"):
        assert opener.open(call_id, sealer.seal(call_id, {"narrative": "x"})) == {"narrative": "x"}
    await asyncio.sleep(0.01)
    stop.set()
    await running
    entries = [entry for entry in entries_in(kafka) if isinstance(entry, KeyUsed)]
    assert {entry.times for entry in entries} == set(written.values())
    assert all(
        (entry.by, entry.what, entry.purpose, entry.key_id) == ("triage", "call", "judge", "k1") for entry in entries
    )


async def test_it_is_written_while_the_service_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only at its end."""
    monkeypatch.setattr(key_use_module, "EVERY_SECONDS", 0.02)
    kafka = MemoryLog(partitions=2)
    use, stop = use_of(kafka, new_audit_key()), asyncio.Event()
    running = asyncio.get_running_loop().create_task(use.run(stop))
    use.note("a")
    async with asyncio.timeout(5):
        while not entries_in(kafka):  # noqa: ASYNC110  # tests only
            await asyncio.sleep(0.01)
    stop.set()
    await running
