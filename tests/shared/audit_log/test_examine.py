"""Whatever is done to a log of several writers is found, and what was done to none is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audit_log.chain import Chain, ChainKeys, code_of, new_audit_key
from shared.audit_log.chain_writer import entry_record
from shared.audit_log.examine import RETENTION
from shared.audit_log.reading import examine_log
from shared.engine.broker import Record
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.events import CommandIssued, SignedIn
from shared.topics import AUDIT_LOG
from tests.shared.audit_log.city import BEGAN, KEYS, PLACES, Partition, altered, breaks_in, partitions, stored_of


@settings(max_examples=50)
@given(partitions())
def test_a_log_as_it_was_written_has_no_break(made: Partition) -> None:
    """However the writers interleave, and whatever they had seen of each other."""
    assert breaks_in(made.records, anchors=made.anchors()) == []


@settings(max_examples=50)
@given(partitions(), PLACES, st.sampled_from(["value", "key", "partition", "id", "type", "time", "code", "link"]))
def test_a_changed_record_is_found_where_it_stands(made: Partition, place: int, what: str) -> None:
    """Whatever of it is changed."""
    place %= len(made.records)
    changed = altered(made.records[place], what)
    breaks = breaks_in([*made.records[:place], changed, *made.records[place + 1 :]])
    assert any(found.position.endswith(f"/{place}") for found in breaks)


@settings(max_examples=50)
@given(partitions(), PLACES, PLACES)
def test_what_is_dropped_is_missed_by_whoever_came_after_it(made: Partition, place: int, more: int) -> None:
    """One record or several in a row; where nobody came after them, an anchor misses them."""
    place %= len(made.records)
    last = min(place + more % 4, len(made.records) - 1)
    left = made.records[:place] + made.records[last + 1 :]
    followed = any(set(range(place, last + 1)) & made.before[later] for later in range(last + 1, len(made.records)))
    assert bool(breaks_in(left)) == followed
    assert breaks_in(left, anchors=made.anchors())


@settings(max_examples=50)
@given(partitions(), PLACES)
def test_a_writer_of_whom_nothing_is_left_is_missed(made: Partition, which: int) -> None:
    """By those who cite it, or by an anchor."""
    writers = sorted(made.writers)
    gone = made.writers[writers[which % len(writers)]].chain.name
    left = [stored for stored in made.records if gone.encode() not in stored.headers["link"].split(b'"number"')[0]]
    assert len(left) < len(made.records)
    assert breaks_in(left, anchors=made.anchors())


@settings(max_examples=50)
@given(partitions(), PLACES, PLACES)
def test_a_record_that_stands_twice_is_found(made: Partition, copied: int, to: int) -> None:
    """Wherever the copy is put."""
    copied, to = copied % len(made.records), to % (len(made.records) + 1)
    assert breaks_in([*made.records[:to], made.records[copied], *made.records[to:]])


@settings(max_examples=50)
@given(partitions(), PLACES, st.booleans())
def test_a_record_of_somebody_without_the_key_is_found(made: Partition, to: int, joins: bool) -> None:  # noqa: FBT001
    """Whether it begins a chain or pretends to go on with one, even if the key's id is given."""
    to %= len(made.records) + 1
    chain = next(iter(made.writers.values())).chain if joins else Chain.begun(made.number)
    entry = entry_record("springfield", SignedIn(at=BEGAN, by="mallory"), "x", "console", BEGAN)
    (forged,), _ = chain.extended(ChainKeys(new_audit_key()), [entry], [], BEGAN)
    written = stored_of(as_if_with_our_key(forged), made.number, to)
    assert breaks_in([*made.records[:to], written, *made.records[to:]])
    assert breaks_in([*made.records[:to], replace(written, headers={}), *made.records[to:]])


def as_if_with_our_key(forged: Record) -> Record:
    """A record that says it was made with the key of the log."""
    headers = dict(forged.headers)
    link = json.loads(headers["link"]) | {"key_id": KEYS.newest_id}
    return replace(forged, headers=tuple((headers | {"link": json.dumps(link).encode()}).items()))


@settings(max_examples=50)
@given(partitions(), PLACES, PLACES)
def test_two_that_changed_places_are_found_unless_neither_knew_of_the_other(
    made: Partition, one: int, other: int
) -> None:
    """Records that no writer had seen before the other have no order to begin with."""
    first, second = sorted((one % len(made.records), other % len(made.records)))
    order = list(range(len(made.records)))
    order[first], order[second] = order[second], order[first]
    wrong = any(earlier in made.before[later] for at, earlier in enumerate(order) for later in order[:at])
    assert bool(breaks_in([made.records[place] for place in order])) == wrong


def test_what_kafka_has_forgotten_by_its_age_is_not_missed() -> None:
    """And what is younger is: somebody has deleted it."""
    made = Partition()
    for writer in (0, 1, 0, 1, 0, 1):
        made.write(writer)
    left = made.records[3:]
    assert [found.kind for found in breaks_in(left, now=BEGAN + RETENTION)] == []
    assert {found.kind for found in breaks_in(left, now=BEGAN + timedelta(days=300))} == {"missing", "cut-off"}


def test_a_new_key_is_taken_up_by_new_chains_and_the_one_before_is_still_known() -> None:
    """Without it nothing can be said of what it made, and that is a break; so is a key that nobody gave."""
    before, after = new_audit_key(), new_audit_key()
    made = Partition(ChainKeys(before))
    made.write(0)
    made.write(1)
    made.keys = ChainKeys(f"{after},{before}")
    made.write(1)  # a chain may go on under the new key
    made.write(2)
    assert breaks_in(made.records, ChainKeys(f"{after},{before}")) == []
    (found,) = breaks_in(made.records, ChainKeys(after))
    assert (found.kind, found.position) == ("unknown-key", "audit-log/1/0")
    assert [found.kind for found in breaks_in(made.records)] == ["unknown-key", "unknown-key"]


def test_what_a_stranger_writes_is_a_break_and_ends_nothing() -> None:
    """Whoever may append to the topic: numbers, names and headers that no process of careroute writes."""
    made = Partition()
    made.write(0)
    (record,) = made.records
    link = json.loads(record.headers["link"])
    strange = [
        {"link": json.dumps(link | changed).encode()}
        for changed in ({"number": 10**30}, {"chain": "a\0b"}, {"chain": "x" * 100_000}, {"at": "0001-01-01T00:00:00Z"})
    ]
    strange += [{"link": b"\xff"}, {"code": b"\xff"}, {"type": b"\xff"}, {"id": b"\xff"}, {"code": b"", "link": b""}]
    for headers in strange:
        planted = replace(record, headers={**record.headers, **headers})
        assert {found.position.rpartition("/")[2] for found in breaks_in([record, planted])} == {"1"}, headers


async def test_the_word_of_a_stranger_on_a_command_is_not_believed() -> None:
    broker = MemoryBroker(MemoryLog(1))
    entry = CommandIssued(at=BEGAN, command_id="1", command_type="x", position="nowhere", answer="done")
    stranger = Record("city", entry.encode(), (("type", entry.type.encode()),))
    await broker.append(AUDIT_LOG.name, 0, [stranger])
    examined = await examine_log(broker, KEYS, BEGAN)
    assert [found.kind for found in examined.breaks] == ["unchained"]


def test_a_break_says_where_it_is_and_what_is_missing() -> None:
    """In words that an operator can act on."""
    made = Partition()
    for _ in range(5):
        made.write(0)
    name = made.writers[0].chain.name
    (found,) = breaks_in(made.records[:1] + made.records[3:])
    assert (found.position, found.kind) == ("audit-log/1/1", "missing")
    assert found.sentence == f"the record comes after records 2 to 3 of chain {name}, and there is no such record"


@pytest.mark.parametrize("text", ["", "no base64", "c2hvcnQ=", f"{'A' * 43}=,short"])
def test_wrong_keys_are_refused_when_they_are_read(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="32 bytes in base64; make one with `careroute key audit`"):
        ChainKeys(text)


@settings(max_examples=50)
@given(partitions(), PLACES)
def test_whoever_has_the_key_cannot_rewrite_a_record_that_another_came_after(made: Partition, place: int) -> None:
    """What comes after it says which one it followed, or had seen; the last is guarded by an anchor."""
    place %= len(made.records)
    stored = made.records[place]
    changed = replace(stored, value=stored.value.replace(b"person", b"nobody"))
    code = code_of(KEYS.newest, changed.partition, changed.key, changed.headers, changed.value)
    rewritten = replace(changed, headers={**changed.headers, "code": code.encode()})
    records = [*made.records[:place], rewritten, *made.records[place + 1 :]]
    followed = any(place in before for before in made.before)
    assert bool(breaks_in(records)) == followed
    assert breaks_in(records, anchors=made.anchors())
