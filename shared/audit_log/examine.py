"""Examines the audit log: a pure fold over its records that finds what was changed, dropped, inserted or reordered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.audit_log.chain import ChainKeys, Head, Link, head_of, is_genuine, link_of
from shared.engine.broker import Stored
from shared.topics import AUDIT_LOG

RETENTION = timedelta(milliseconds=AUDIT_LOG.retention_milliseconds)
CLOCK_SLACK = timedelta(hours=1)
"""Kafka forgets by its own clock; a record carries its writer's."""
CODES_REMEMBERED = 1_000
"""Of each chain. A head that was cited later than so many records is only looked for by its number."""

BreakKind = Literal["unchained", "unknown-key", "changed", "missing", "out-of-order", "cut-off"]


@dataclass(frozen=True, slots=True)
class Break:
    """Where the log is not what its writers wrote."""

    position: str
    """Where it shows: the record itself, or the first that misses one."""
    kind: BreakKind
    sentence: str


class AnchoredHead(Head):
    """A head that was kept outside Kafka."""

    partition: int


class Anchor(BaseModel):
    """Heads that together stand for the whole log as it was once, to be kept where no writer of Kafka reaches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: AwareDatetime
    heads: tuple[AnchoredHead, ...] = Field(max_length=100_000)


@dataclass(slots=True)
class _Seen:
    """A chain as far as it was read."""

    last: Head
    codes: OrderedDict[int, str] = field(default_factory=OrderedDict)
    cited_to: int = 0
    """The last number that another chain cites."""

    def note(self, head: Head) -> None:
        self.last = head
        self.codes[head.number] = head.code
        if len(self.codes) > CODES_REMEMBERED:
            self.codes.popitem(last=False)


class Examination:
    """Takes the records of all partitions, each partition's in order; `breaks` are what it has found."""

    def __init__(self, keys: ChainKeys, now: datetime, anchors: Iterable[AnchoredHead] = ()) -> None:
        self._keys, self._forgotten_before = keys, now - RETENTION + CLOCK_SLACK
        self._chains: dict[tuple[int, str], _Seen] = {}
        self._anchors = {(head.partition, head.chain, head.number): head for head in anchors}
        self._missed_to: dict[tuple[int, str], int] = {}
        """Of each chain the last record of which was said that it is missing."""
        self._unknown_keys: set[str] = set()
        self.breaks: list[Break] = []
        self.records = 0
        self.heads_met = 0
        """Of those that were kept elsewhere, how many were looked for and met."""

    @property
    def chains(self) -> int:
        """How many chains were met."""
        return len(self._chains)

    def take(self, stored: Stored) -> None:
        """Examine the next record of a partition."""
        self.records += 1
        link = link_of(stored)
        if link is None:
            self._break(stored, "unchained", "is no link of a chain: no process of careroute wrote it so")
            return
        genuine = self._authenticate(stored, link)
        self._follow(stored, link, genuine=genuine)
        if genuine:
            for head in link.heads:
                self._look_for(stored, head)

    def finish(self) -> None:
        """Look for the anchored heads that were not met."""
        for (partition, _, _), head in self._anchors.items():
            if head.at > self._forgotten_before:
                self.breaks.append(
                    Break(
                        f"{AUDIT_LOG.name}/{partition}",
                        "cut-off",
                        f"record {head.number} of chain {head.chain}, whose head was kept elsewhere, is not there",
                    )
                )

    def tips(self) -> Iterator[AnchoredHead]:
        """The heads that no other chain cites: whoever has them can tell whether anything before them is missing."""
        for (partition, _), seen in self._chains.items():
            if seen.cited_to < seen.last.number:
                yield AnchoredHead(partition=partition, **seen.last.model_dump())

    def _authenticate(self, stored: Stored, link: Link) -> bool:
        if self._keys.key(link.key_id) is None:
            if link.key_id not in self._unknown_keys:
                self._unknown_keys.add(link.key_id)
                self._break(stored, "unknown-key", f"and perhaps others were made with key {link.key_id}, not given")
            return False
        if is_genuine(self._keys, stored):
            return True
        self._break(stored, "changed", "was changed, or written by somebody without the key")
        return False

    def _follow(self, stored: Stored, link: Link, *, genuine: bool) -> None:
        """Look whether a record comes after the one that it says it does."""
        place = (stored.partition, link.chain)
        head = head_of(stored)
        seen = self._chains.get(place)
        if head is None or (not genuine and link.key_id not in self._unknown_keys and seen is None):
            return  # a chain that begins with a forgery is none
        first = 1 if seen is None else seen.last.number + 1
        if link.number < first:
            self._break(stored, "out-of-order", f"stands where record {first} of its chain {link.chain} belongs")
            return
        if link.number > first and not self._forgotten(link, seen):
            self._missing(stored, link.chain, first, link.number - 1)
        elif seen is not None and seen.last.code and link.previous_code != seen.last.code and genuine:
            self._break(stored, "changed", f"follows another record {seen.last.number} of its chain than stands there")
        if seen is None:
            seen = self._chains[place] = _Seen(head)
        seen.note(head if genuine else head.model_copy(update={"code": ""}))
        self._anchored(stored, head)

    def _forgotten(self, link: Link, seen: _Seen | None) -> bool:
        """Whether what came before a record is old enough for Kafka to have forgotten it."""
        return seen is None and link.previous_at is not None and link.previous_at <= self._forgotten_before

    def _look_for(self, stored: Stored, cited: Head) -> None:
        """Look whether a head that a record cites stands before it."""
        seen = self._chains.get((stored.partition, cited.chain))
        if seen is None or cited.number > seen.last.number:
            if cited.at > self._forgotten_before:
                first = 1 if seen is None else seen.last.number + 1
                self._missing(stored, cited.chain, first, cited.number, "cut-off")
            return
        seen.cited_to = max(seen.cited_to, cited.number)
        if seen.codes.get(cited.number, "") not in ("", cited.code):
            self._break(stored, "changed", f"cites another record {cited.number} of chain {cited.chain}")

    def _missing(self, stored: Stored, chain: str, first: int, last: int, kind: BreakKind = "missing") -> None:
        """Say once of each record that it is missing."""
        place = (stored.partition, chain)
        first = max(first, self._missed_to.get(place, 0) + 1)
        if first > last:
            return
        self._missed_to[place] = last
        records = f"record {last}" if first == last else f"records {first} to {last}"
        self._break(stored, kind, f"comes after {records} of chain {chain}, and there is no such record")

    def _anchored(self, stored: Stored, head: Head) -> None:
        anchor = self._anchors.pop((stored.partition, head.chain, head.number), None)
        self.heads_met += anchor is not None
        if anchor is not None and anchor.code != head.code:
            self._break(stored, "changed", "is not the record whose head was kept elsewhere")

    def _break(self, stored: Stored, kind: BreakKind, sentence: str) -> None:
        self.breaks.append(Break(stored.position, kind, f"the record {sentence}"))
