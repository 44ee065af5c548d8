"""One run: every invariant is asked, with what breaks it planted, and the books of what is broken are kept.

What is planted stands in the store for the length of a transaction that is always undone. So a query that says "nothing
is broken" is one that found, in the very same answer, what was broken on purpose.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.fold.writes import insert
from services.reporting.auditor.invariant import PLANTED, Invariant
from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.senders_list import look_for_arrivals
from services.reporting.auditor.tables import BATCH, GAP, METADATA, SECOND, WATERMARK
from services.reporting.store.engine import transaction
from shared.events.base import Id, child_id

BUDGET_SECONDS = 2.0
SLICE = 200
"""Batches that a query looks at in one go, so that a long way behind is no long query."""
MOST_OPEN = 1_000
"""So much that is open is noted of one invariant, the oldest first: what was planted is older than all, and what was
noted stays so. It is asked again every time, and what is missing comes then."""


class Finding(NamedTuple):
    """What breaks an invariant."""

    about: str
    agency: str
    call_id: str | None
    district: str | None
    broken_us: int


@dataclass(slots=True)
class Answers:
    """What the queries of a run said."""

    batch: int
    """The newest that was there."""
    asked: dict[str, int] = field(default_factory=dict)
    """By invariant, of those that were asked: up to which batch."""
    found: dict[str, list[Finding]] = field(default_factory=dict)
    blind: list[str] = field(default_factory=list)
    """Invariants whose query did not find what was planted."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    seconds: float
    planted_found: int
    blind: tuple[str, ...]
    """Invariants that did not see what was planted: they say nothing."""
    unasked: tuple[str, ...]
    """Invariants that the budget did not allow, or not up to the newest record; they come first in the next run."""
    open: Mapping[str, int]
    """What is broken now, by invariant."""

    @property
    def broken(self) -> int:
        """How much is broken, apart from what was only late."""
        return sum(self.open[invariant.name] for invariant in INVARIANTS if invariant.severity == "broken")

    @property
    def clean(self) -> bool:
        """Whether every invariant was asked, saw what was planted, and is broken by nothing else."""
        return not (self.blind or self.unasked or self.broken)


class _Undo(Exception):
    """Ends the transaction in which things are planted."""


class Auditor:
    """Asks the invariants, again and again."""

    def __init__(
        self,
        engine: AsyncEngine,
        invariants: Sequence[Invariant] = INVARIANTS,
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._engine, self._budget = engine, budget_seconds
        self._waiting = list(invariants)
        """In the order in which they are asked next."""

    @property
    def names(self) -> list[str]:
        """The invariants that it asks."""
        return [invariant.name for invariant in self._waiting]

    async def run(self, now_us: int, behind_us: int = 0) -> Run:
        """Ask all of them, or as many as the budget allows. Raises what the database raises.

        `behind_us`: how long ago all that had come was surely read; what is missed since then may have come.
        """
        began = time.monotonic()
        async with transaction(self._engine) as connection:
            await connection.run_sync(look_for_arrivals)
        answers = await self._ask(now_us - behind_us, began + self._budget)
        names = self.names
        async with transaction(self._engine) as connection:
            counts = await connection.run_sync(keep_books, answers, self._waiting, now_us)
        unasked = tuple(name for name in names if answers.asked.get(name, -1) < answers.batch)
        self._waiting.sort(key=lambda invariant: invariant.name not in unasked)
        return Run(
            time.monotonic() - began,
            len(answers.found) - len(answers.blind),
            tuple(answers.blind),
            unasked,
            {name: counts[name] for name in names},
        )

    async def _ask(self, known_us: int, until: float) -> Answers:
        answers = Answers(0)
        try:
            async with transaction(self._engine) as connection:
                answers = await connection.run_sync(ask, self._waiting, known_us, until)
                raise _Undo  # noqa: TRY301  # what was planted never stays
        except _Undo:
            return answers


def ask(connection: Connection, invariants: Sequence[Invariant], known_us: int, until: float) -> Answers:
    """Plant what breaks each invariant, then ask each, until the budget is used up. The first is always asked.

    `known_us`: the instant up to which all that had come was read.
    """
    answers = Answers(connection.execute(select(BATCH.c.number)).scalar() or 0)
    watermarks = {row.invariant: row.looked_at for row in connection.execute(WATERMARK.select())}
    for invariant in invariants:
        _plant(connection, invariant, watermarks.get(invariant.name, 0) + 1)
    for invariant in invariants:
        after, findings = watermarks.get(invariant.name, 0), list[Finding]()
        while after <= answers.batch and (not answers.asked or time.monotonic() < until):
            upto = min(after + SLICE, answers.batch + 1) if invariant.lasting else answers.batch + 1
            settled = known_us - invariant.patience_seconds * SECOND
            findings += _asked(connection, invariant, {"after": after, "upto": upto, "settled": settled})
            after = answers.asked[invariant.name] = upto
        if invariant.name not in answers.asked:
            continue
        if not any(f"{PLANTED}/{invariant.name}/" in f"{found.about} {found.call_id}" for found in findings):
            answers.blind.append(invariant.name)
        answers.found[invariant.name] = [found for found in findings if not _is_planted(found)]
    return answers


_OLDEST = f"ORDER BY broken_us, about LIMIT {MOST_OPEN}"


def _asked(connection: Connection, invariant: Invariant, values: Mapping[str, int]) -> list[Finding]:
    query = invariant.query if invariant.lasting else f"{invariant.query} {_OLDEST}"
    return [Finding(*row) for row in connection.execute(text(query), dict(values))]


def _is_planted(finding: Finding) -> bool:
    return PLANTED in f"{finding.agency} {finding.about}"


def _plant(connection: Connection, invariant: Invariant, batch: int) -> None:
    for table, values in invariant.planted:
        changed = {"changed": batch} if "changed" in METADATA.tables[table].c else {}
        write = insert(table, **{**values, **changed})
        connection.execute(text(write.sql), dict(write.values))


# --- the books -------------------------------------------------------------------------------------------------------


def keep_books(connection: Connection, answers: Answers, invariants: Sequence[Invariant], now_us: int) -> Counter[str]:
    """Open what is newly broken, close what is not broken any more; how much is open, by invariant."""
    for invariant in invariants:
        findings = answers.found.get(invariant.name)
        if findings is None or invariant.name in answers.blind:
            continue
        gaps = {gap_id_of(invariant.name, finding): finding for finding in findings}
        if not invariant.lasting:
            _close_all_but(connection, invariant.name, gaps, now_us)
        for gap_id, finding in gaps.items():
            _open(connection, gap_id, invariant.name, finding, now_us)
        looked_at = min(answers.asked[invariant.name], answers.batch)
        connection.execute(text(_LOOKED_AT), {"invariant": invariant.name, "looked_at": looked_at})
    open_gaps = select(GAP.c.invariant).where(GAP.c.closed_us.is_(None))
    return Counter(connection.execute(open_gaps).scalars())


_LOOKED_AT = """INSERT INTO watermark (invariant, looked_at) VALUES (:invariant, :looked_at)
    ON CONFLICT (invariant) DO UPDATE SET looked_at = excluded.looked_at"""
_OPEN = """INSERT INTO gap (gap_id, invariant, agency, about, call_id, district, broken_us, found_us)
    VALUES (:gap_id, :invariant, :agency, :about, :call_id, :district, :broken_us, :found_us)
    ON CONFLICT (gap_id) DO UPDATE SET closed_us = NULL, found_told = 0, closed_told = 0
    WHERE gap.closed_us IS NOT NULL AND gap.reviewed_by IS NULL"""


def gap_id_of(invariant: str, finding: Finding) -> Id:
    """What a finding is known by: found again, it is the same."""
    return child_id(f"audit/{invariant}", f"{finding.agency}/{finding.call_id}/{finding.about}")


def _open(connection: Connection, gap_id: Id, invariant: str, finding: Finding, now_us: int) -> None:
    values: dict[str, Any] = {"gap_id": gap_id, "invariant": invariant, "found_us": now_us, **finding._asdict()}
    connection.execute(text(_OPEN), values)


def _close_all_but(connection: Connection, invariant: str, gaps: Mapping[Id, Finding], now_us: int) -> None:
    still_open = select(GAP.c.gap_id).where(GAP.c.invariant == invariant, GAP.c.closed_us.is_(None))
    over = [gap_id for gap_id in connection.execute(still_open).scalars() if gap_id not in gaps]
    for gap_id in over:
        connection.execute(GAP.update().where(GAP.c.gap_id == gap_id).values(closed_us=now_us))
