"""Whatever is done to the audit log breaks an invariant of the auditor, and what was done to none breaks none."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.auditor.fold.audit_log import GENUINE, RETENTION, UNCUT, WHOLE
from services.reporting.auditor.fold.batch import take
from shared.audit_log.chain import Chain, ChainKeys, new_audit_key
from shared.engine.broker import Stored
from tests.services.reporting.auditor.driver import AFTERWARDS, asked, in_memory
from tests.shared.audit_log.city import BEGAN, KEYS, Partition, Writer, altered, breaks_in, partitions

Change = Callable[[list[Stored], random.Random], list[Stored]]


def broken_by(
    records: Sequence[Stored], keys: ChainKeys = KEYS, *, now: datetime = BEGAN, seed: int = 1
) -> Counter[str]:
    """What is open of the audit log after it was read in batches of any size."""
    dice = random.Random(seed)
    left = [replace(stored, offset=offset) for offset, stored in enumerate(records)]
    with in_memory() as engine:
        while left:
            size = dice.randint(1, 5)
            with engine.begin() as connection:
                take(connection, left[:size], keys, now)
            left = left[size:]
        return +asked(engine, AFTERWARDS)


def made_by(*writers: int, keys: ChainKeys = KEYS) -> Partition:
    made = Partition(keys)
    for writer in writers:
        made.write(writer)
    return made


def _dropped(records: list[Stored], dice: random.Random) -> list[Stored]:
    first = dice.randrange(len(records))
    return records[:first] + records[first + dice.randint(1, 4) :]


def _doubled(records: list[Stored], dice: random.Random) -> list[Stored]:
    to = dice.randint(0, len(records))
    return [*records[:to], dice.choice(records), *records[to:]]


def _changed(records: list[Stored], dice: random.Random) -> list[Stored]:
    at = dice.randrange(len(records))
    what = dice.choice(["value", "key", "id", "type", "time", "code", "link"])
    return [*records[:at], altered(records[at], what), *records[at + 1 :]]


def _swapped(records: list[Stored], dice: random.Random) -> list[Stored]:
    swapped, (first, second) = list(records), (dice.randrange(len(records)), dice.randrange(len(records)))
    swapped[first], swapped[second] = swapped[second], swapped[first]
    return swapped


def _as_written(records: list[Stored], _: random.Random) -> list[Stored]:
    return records


@pytest.mark.parametrize("change", [_as_written, _dropped, _doubled, _changed, _swapped])
@settings(max_examples=20)
@given(made=partitions(), seed=st.integers(0, 10_000))
def test_the_auditor_sees_a_log_broken_where_an_examination_of_all_of_it_does(
    change: Change, made: Partition, seed: int
) -> None:
    """The two follow the chains each in their own way: the auditor by some records at a time."""
    records = change(made.records, random.Random(seed))
    assert bool(broken_by(records, seed=seed)) == bool(breaks_in(records))


def test_each_fault_breaks_its_own_invariant() -> None:
    records = made_by(0, 1, 0, 1).records
    assert broken_by([*records[:2], altered(records[2], "value"), records[3]]) == {GENUINE: 1}
    assert broken_by([replace(records[0], headers={}), *made_by(0).records]) == {GENUINE: 1}
    assert broken_by([records[0], *made_by(0, 0, 0).records[:1], *records[1:]]) == {}
    alone = made_by(0, 0, 0).records
    assert broken_by([alone[0], alone[2]]) == {WHOLE: 1}
    assert broken_by([alone[0], alone[2], alone[1]]) == {WHOLE: 2}
    assert broken_by([records[0], records[2]]) == {UNCUT: 1}


def test_another_record_than_its_writer_had_seen_is_no_such_record() -> None:
    """Somebody who has the key has put another in its place."""
    seen, other = made_by(0, 1), Partition()
    other.writers[0] = Writer(replace(Chain.begun(1), name=seen.writers[0].chain.name))
    other.write(0, at=BEGAN + timedelta(seconds=7))
    assert broken_by([other.records[0], seen.records[1]]) == {UNCUT: 1}


def test_what_kafka_has_forgotten_by_its_age_is_not_missed() -> None:
    left = made_by(0, 1, 0, 1, 0, 1).records[3:]
    assert broken_by(left, now=BEGAN + RETENTION) == {}
    assert broken_by(left, now=BEGAN + timedelta(days=300)) == {WHOLE: 2, UNCUT: 1}


def test_a_key_that_the_auditor_was_not_given_is_told_of_once_and_its_chains_are_followed() -> None:
    before, after = new_audit_key(), new_audit_key()
    records = made_by(0, 1, 0, 1, 0, keys=ChainKeys(before)).records
    assert broken_by(records, ChainKeys(f"{after},{before}")) == {}
    assert broken_by(records, ChainKeys(after)) == {GENUINE: 1}


def test_a_forger_without_the_key_neither_hides_nor_makes_others_look_wrong() -> None:
    """A link that says it is far ahead takes nothing along, and no name given by a stranger is shown."""
    records = made_by(0, 0, 0).records
    link = records[1].headers["link"].replace(b'"number":2', b'"number":9')
    ahead = replace(records[1], headers={**records[1].headers, "link": link})
    assert broken_by([records[0], ahead, *records[1:]]) == {GENUINE: 1}
    key_id = KEYS.newest_id.encode()
    planted = replace(records[0], headers={"link": records[0].headers["link"].replace(key_id, b"~planted")})
    assert broken_by([*records, planted]) == {GENUINE: 1}
