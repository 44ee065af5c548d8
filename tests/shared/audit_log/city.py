"""A partition of the audit log as several writers made it, in any interleaving; and what may have been done to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.audit_log.chain import Chain, ChainKeys, Head, new_audit_key
from shared.audit_log.chain_writer import entry_record
from shared.audit_log.examine import AnchoredHead, Break, Examination
from shared.engine.broker import Record, Stored
from shared.events import PersonalDataSeen

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = ChainKeys(new_audit_key())


@dataclass(slots=True)
class Writer:
    """A process with a chain, and what it has read of the others."""

    chain: Chain
    read_to: int = 0
    uncited: dict[str, Head] = field(default_factory=dict)


@dataclass(slots=True)
class Partition:
    """Records as they stand, and of each which came before it by what it says itself."""

    keys: ChainKeys = KEYS
    number: int = 1
    records: list[Stored] = field(default_factory=list)
    before: list[set[int]] = field(default_factory=list)
    """Of each record the places of those that it follows or cites, and so on."""
    writers: dict[int, Writer] = field(default_factory=dict)
    _heads: dict[str, tuple[Head, int]] = field(default_factory=dict)

    def write(self, writer: int, *, looks: bool = True, at: datetime | None = None) -> None:
        """One entry of a writer, who may have looked before what the others wrote."""
        who = self.writers.setdefault(writer, Writer(Chain.begun(self.number)))
        if looks:
            who.uncited |= {name: head for name, (head, at) in self._heads.items() if at >= who.read_to}
            who.uncited.pop(who.chain.name, None)
            who.read_to = len(self.records)
        heads = list(who.uncited.values())
        cited = {self._heads[head.chain][1] for head in heads if self._heads[head.chain][0] == head}
        cited |= {
            place
            for place, stored in enumerate(self.records)
            if stored.headers["code"].decode() in {h.code for h in heads}
        }
        own = self._heads.get(who.chain.name)
        parents = cited | ({own[1]} if own else set())
        at = at or BEGAN + timedelta(seconds=len(self.records))
        entry = PersonalDataSeen(at=at, by=f"person-{writer}", door="pocket", what="call", call_id="a/cad/1")
        record = entry_record("springfield", entry, f"{writer}-{len(self.records)}", "pocket", at)
        (linked,), who.chain = who.chain.extended(self.keys, [record], heads, at)
        who.uncited.clear()
        self.before.append(set().union(parents, *(self.before[parent] for parent in parents)))
        self.records.append(stored_of(linked, self.number, len(self.records), at))
        assert who.chain.head is not None
        self._heads[who.chain.name] = who.chain.head, len(self.records) - 1

    def anchors(self) -> list[AnchoredHead]:
        """Heads that guard all of it."""
        examined = Examination(self.keys, BEGAN)
        for stored in self.records:
            examined.take(stored)
        return list(examined.tips())


def stored_of(record: Record, partition: int, offset: int, at: datetime = BEGAN) -> Stored:
    """A record as it is read."""
    return Stored("audit-log", partition, offset, at, record.key, record.value, dict(record.headers))


def breaks_in(
    records: list[Stored], keys: ChainKeys = KEYS, anchors: list[AnchoredHead] | None = None, now: datetime = BEGAN
) -> list[Break]:
    """What an examination finds in records that stand in this order."""
    examined = Examination(keys, now, anchors or ())
    for offset, stored in enumerate(records):
        examined.take(replace(stored, offset=offset))
    examined.finish()
    return examined.breaks


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    """Up to five writers, some of whom had not looked at what the others wrote."""
    made = Partition()
    steps = draw(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30))
    for writer, looks in steps:
        made.write(writer, looks=looks)
    return made


PLACES = st.integers(0, 10_000)


def altered(stored: Stored, what: str) -> Stored:
    """A record of which one thing is another."""
    if what == "value":
        return replace(stored, value=stored.value.replace(b"person", b"nobody"))
    if what == "key":
        return replace(stored, key="shelbyville")
    if what == "partition":
        return replace(stored, partition=stored.partition + 1)
    text = stored.headers[what].decode()
    changed = text.translate({ord(a): b for a, b in zip("0123456789", "1234567890", strict=True)})
    return replace(stored, headers={**stored.headers, what: (changed if changed != text else text + "x").encode()})
