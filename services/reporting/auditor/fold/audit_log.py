"""`audit-log`: whether each entry is as it was written, comes next in its chain, and misses none that its writer saw.

What a link is, and what authenticates it, is the log's own format (`shared.audit_log.chain`); how chains are followed
is said here again. Of each chain the last record is remembered, so that each is looked at once, whenever it comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from services.reporting.auditor.fold.writes import insert
from services.reporting.auditor.tables import microseconds
from shared.audit_log.chain import ChainKeys, Head, Link, code_in, is_genuine, link_of
from shared.engine.broker import Stored
from shared.topics import AUDIT_LOG

RETENTION = timedelta(milliseconds=AUDIT_LOG.retention_milliseconds)
CLOCK_SLACK = timedelta(hours=1)
"""Kafka forgets by its own clock; a record carries its writer's."""
GENUINE, WHOLE, UNCUT = "audit-entry-genuine", "audit-chain-whole", "audit-chain-uncut"
"""The invariants that an entry may break."""
_KEY_ID = re.compile("[0-9a-f]{8}")

_LAST = "SELECT number, code FROM chain WHERE partition = :partition AND chain = :chain"
_KEEP = """INSERT INTO chain (partition, chain, number, code) VALUES (:partition, :chain, :number, :code)
    ON CONFLICT (partition, chain) DO UPDATE SET number = excluded.number, code = excluded.code"""


@dataclass(frozen=True, slots=True)
class _Last:
    """The last record of a chain; without a code where it is not known what its writer wrote."""

    number: int
    code: str


def follow(connection: Connection, records: Sequence[Stored], keys: ChainKeys, now: datetime, batch: int) -> None:
    """Follow the chains by some more records of the log, in the order of their partitions."""
    chains = _Chains(connection, keys, now - RETENTION + CLOCK_SLACK)
    for stored in records:
        for invariant, about in chains.take(stored):
            fault = insert(
                "chain_fault", invariant=invariant, about=about, at_us=microseconds(stored.time), changed=batch
            )
            connection.execute(text(fault.sql), dict(fault.values))
    chains.keep()


@dataclass(slots=True)
class _Chains:
    """The chains of a batch."""

    connection: Connection
    keys: ChainKeys
    forgotten_before: datetime
    """What is older Kafka may have forgotten."""
    last: dict[tuple[int, str], _Last | None] = field(default_factory=dict)

    def take(self, stored: Stored) -> Iterator[tuple[str, str]]:
        """What the next record breaks, and how that is named."""
        link, place = link_of(stored), stored.position
        if link is None:
            yield GENUINE, place
            return
        genuine = is_genuine(self.keys, stored)
        unknown_key = self.keys.key(link.key_id) is None
        if not genuine:
            is_key = unknown_key and _KEY_ID.fullmatch(link.key_id)
            yield GENUINE, f"{stored.topic}/{stored.partition}, key {link.key_id}" if is_key else place
        last = self._last(stored.partition, link.chain)
        if not self._comes_next(link, last, genuine=genuine):
            yield WHOLE, place
        if self._goes_on(link, last, genuine=genuine, unknown_key=unknown_key):
            code = code_in(stored) if genuine or unknown_key else ""
            self.last[stored.partition, link.chain] = _Last(link.number, code)
        if genuine and not all(self._stands(stored.partition, head) for head in link.heads):
            yield UNCUT, place

    def keep(self) -> None:
        """Remember the last record of each chain."""
        kept = [
            {"partition": partition, "chain": chain, "number": last.number, "code": last.code}
            for (partition, chain), last in self.last.items()
            if last is not None
        ]
        if kept:
            self.connection.execute(text(_KEEP), kept)

    def _comes_next(self, link: Link, last: _Last | None, *, genuine: bool) -> bool:
        """Whether a genuine record follows the one that it says it does. What is none is told of as that."""
        if not genuine:
            return True
        if last is None:
            forgotten = link.previous_at is not None and link.previous_at <= self.forgotten_before
            return link.number == 1 or forgotten
        return link.number == last.number + 1 and last.code in ("", link.previous_code)

    @staticmethod
    def _goes_on(link: Link, last: _Last | None, *, genuine: bool, unknown_key: bool) -> bool:
        """Whether a chain has this record as its last from here on: a forgery begins none, and skips nothing."""
        if last is None:
            return genuine or unknown_key
        return link.number > last.number if genuine else link.number == last.number + 1

    def _stands(self, partition: int, cited: Head) -> bool:
        """Whether a record that another cites stands before it."""
        last = self._last(partition, cited.chain)
        if last is None or cited.number > last.number:
            return cited.at <= self.forgotten_before
        return cited.number < last.number or last.code in ("", cited.code)

    def _last(self, partition: int, chain: str) -> _Last | None:
        place = partition, chain
        if place not in self.last:
            row = self.connection.execute(text(_LAST), {"partition": partition, "chain": chain}).one_or_none()
            self.last[place] = None if row is None else _Last(*row)
        return self.last[place]
