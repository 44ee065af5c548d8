"""What a process writes: without waiting, in order, whole after any failure, and counted where it repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from shared.audit_log import log as log_module
from shared.audit_log.chain import ChainKeys, new_audit_key
from shared.audit_log.chain_writer import ChainWriter, entry_record
from shared.audit_log.examine import Examination
from shared.audit_log.log import AuditLog
from shared.clock import SystemClock
from shared.engine.broker import BrokerUnavailable, Stored
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import AuditEntriesLost, AuditEntry, HeadsCited, PersonalDataSeen, SignedIn, decode
from shared.telemetry import AUDIT_ENTRIES_LOST
from shared.topics import AUDIT_LOG
from tests.rig.waiting import until

KEYS = ChainKeys(new_audit_key())
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock(SystemClock):
    """Time that passes when a test says so."""

    seconds = 0.0

    def now(self) -> datetime:
        """Wall time."""
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """The same."""
        return self.seconds


class City:
    """A cluster that can be away, and processes that write into its audit log."""

    def __init__(self) -> None:
        self.kafka, self.clock = MemoryLog(partitions=2), Clock()
        self.away: set[str] = set()
        """What fails: `append` before it is written, `appended` after."""

    async def network(self, doing: str) -> None:
        """Fails as long as it is to."""
        if doing in self.away:
            raise BrokerUnavailable(doing)

    @asynccontextmanager
    async def process(self, name: str = "console") -> AsyncIterator[AuditLog]:
        """A process that writes."""
        made = AuditLog(MemoryBroker(self.kafka, self.network), self.clock, KEYS, name)
        async with made.writing():
            yield made

    @property
    def records(self) -> list[Stored]:
        """All that stands there."""
        return [stored for number in range(2) for stored in self.kafka.places[AUDIT_LOG.name, number]]

    def entries(self) -> list[AuditEntry]:
        """What the records say, each entry once."""
        by_id = {stored.headers["id"]: stored for stored in self.records if stored.headers["id"]}
        read = [decode(stored.headers["type"].decode(), stored.value) for stored in by_id.values()]
        return [entry for entry in read if isinstance(entry, AuditEntry)]

    def breaks(self) -> list[str]:
        """What an examination finds."""
        examined = Examination(KEYS, NOW)
        for stored in self.records:
            examined.take(stored)
        examined.finish()
        return [found.sentence for found in examined.breaks]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "LINGER_SECONDS", 0.001)
    monkeypatch.setattr(log_module, "RETRY_SECONDS", 0.001)


def signed_in(by: str) -> SignedIn:
    """An entry that is written each time."""
    return SignedIn(at=NOW, by=by, door="console")


def seen(by: str, at: datetime = NOW) -> PersonalDataSeen:
    """An entry that is counted where it repeats."""
    return PersonalDataSeen(at=at, by=by, door="pocket", what="call", call_id="springfield/cad/1")


async def test_entries_of_several_processes_hold_together() -> None:
    """Each in the partition of its agency, in the order in which it was recorded."""
    city = City()
    async with city.process("console") as console, city.process("pocket") as pocket:
        for number in range(20):
            console.record("springfield", signed_in(f"c{number}"))
            pocket.record("shelbyville", signed_in(f"p{number}"))
            await asyncio.sleep(0.002 * (number % 3))
    assert city.breaks() == []
    assert [entry.by for entry in city.entries() if entry.by[0] == "c"] == [f"c{number}" for number in range(20)]
    assert len({stored.headers["link"][:30] for stored in city.records}) in (2, 3, 4)


@pytest.mark.parametrize("where", ["append", "appended", "ends", "poll"])
async def test_what_cannot_be_written_waits_and_is_written_once_to_the_reader(where: str) -> None:
    """Whether or not the batch that failed had come to stand there; and `record` never notices."""
    city = City()
    async with city.process() as console, city.process("pocket") as pocket:
        console.record("springfield", signed_in("before"))
        await until(lambda: city.records, 5)
        city.away = {where}
        pocket.record("springfield", signed_in("other"))
        console.record("springfield", signed_in("meanwhile"))
        city.clock.seconds += 90
        await asyncio.sleep(0.02)
        waits = max(console.unwritten_seconds(), pocket.unwritten_seconds())
        assert waits == pytest.approx(90)
        city.away = set()
        await until(lambda: not console.unwritten_seconds() and not pocket.unwritten_seconds(), 5)
        console.record("springfield", signed_in("after"))
    assert sorted(entry.by for entry in city.entries()) == ["after", "before", "meanwhile", "other"]
    assert city.breaks() == []


async def test_what_must_be_durable_first_is_waited_for() -> None:
    """And whoever asks learns in time that it is not."""
    city = City()
    async with city.process() as console:
        assert await console.recorded("springfield", signed_in("ana"), 1)
        city.away = {"append"}
        assert not await console.recorded("springfield", signed_in("ben"), 0.02)
        city.away = set()
    assert [entry.by for entry in city.entries()] == ["ana", "ben"]


async def test_repeats_within_a_minute_are_counted_in_one_entry() -> None:
    """The first is written at once; another person's is a first of its own."""
    city = City()
    async with city.process("pocket") as pocket:
        for second in range(0, 60, 10):
            pocket.record("springfield", seen("ana", NOW + timedelta(seconds=second)))
        pocket.record("springfield", seen("ben"))
        await until(lambda: len(city.records) == 2, 5)
        city.clock.seconds = 61
        pocket.record("springfield", signed_in("cleo"))
        await until(lambda: len(city.records) == 4, 5)
        pocket.record("springfield", seen("ana", NOW + timedelta(seconds=70)))
    counted = [
        (entry.by, entry.times, entry.at.second, entry.until.second if entry.until else None)
        for entry in city.entries()
        if isinstance(entry, PersonalDataSeen)
    ]
    assert counted == [("ana", 1, 0, None), ("ben", 1, 0, None), ("ana", 5, 10, 50), ("ana", 1, 10, None)]


async def test_where_too_many_wait_the_rest_is_counted_and_the_log_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """By agency, from when to when."""
    monkeypatch.setattr(log_module, "MOST_WAITING", 3)
    city = City()
    async with city.process("crowded") as console:
        city.away = {"append"}
        for number in range(10):
            console.record("springfield", signed_in(f"p{number}"))
        assert AUDIT_ENTRIES_LOST.labels("crowded")._value.get() == 7
        city.away = set()
        await until(lambda: any(isinstance(entry, AuditEntriesLost) for entry in city.entries()), 5)
    (lost,) = [entry for entry in city.entries() if isinstance(entry, AuditEntriesLost)]
    assert (lost.count, lost.by) == (7, "crowded")
    assert city.breaks() == []


async def test_a_process_that_ends_with_entries_says_how_many_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log itself will never know of them."""
    monkeypatch.setattr(log_module, "CLOSING_SECONDS", 0.05)
    monkeypatch.setattr(log_module, "MOST_WAITING", 3)
    city = City()
    with capture_logs() as logs:
        async with city.process():
            pass
        assert not logs
        async with city.process() as console:
            city.away = {"append"}
            for number in range(5):
                console.record("springfield", signed_in(f"p{number}"))
    (told,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert told["count"] == 5
    assert "lost" in told["event"]


async def test_whoever_lives_on_cites_what_others_wrote_last() -> None:
    """So that the end of a process that is gone cannot be cut off; and citing alone is not cited again."""
    city = City()
    writers = [ChainWriter(MemoryBroker(city.kafka), KEYS, name) for name in ("console", "pocket")]
    console, pocket = writers
    await console.append(0, [entry_record("a", signed_in("ana"), "1", "console", NOW)], NOW)
    await pocket.cite(NOW)
    await console.cite(NOW)
    await pocket.cite(NOW)
    assert [stored.headers["type"].decode() for stored in city.records] == ["signed-in", HeadsCited.type]
    del city.kafka.places[AUDIT_LOG.name, 0][0]
    assert [sentence.split(" of ")[0] for sentence in city.breaks()] == ["the record comes after record 1"]


async def test_nobody_else_s_word_is_cited() -> None:
    """A record without the key's code changes nothing of what the chains say."""
    city = City()
    stranger = ChainWriter(MemoryBroker(city.kafka), ChainKeys(new_audit_key()), "mallory")
    console = ChainWriter(MemoryBroker(city.kafka), KEYS, "console")
    await stranger.append(0, [entry_record("a", signed_in("mallory"), "1", "console", NOW)], NOW)
    await console.append(0, [entry_record("a", signed_in("ana"), "2", "console", NOW)], NOW)
    assert b"heads" not in city.records[1].headers["link"]
