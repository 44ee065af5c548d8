"""Says in the topic `audits` what was found broken, and when that was over: at least once, under one id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.invariants import INVARIANTS
from services.reporting.auditor.tables import GAP, instant_of
from services.reporting.store.engine import transaction
from shared.clock import Clock
from shared.doors.command import record
from shared.engine.broker import Broker
from shared.events import AuditGapClosed, AuditGapFound, Event
from shared.topics import AUDITS

SOURCE = "auditor"
AT_ONCE = 100
"""So many are said in a run; what is left is said in the next."""
SENTENCES = {invariant.name: invariant.sentence for invariant in INVARIANTS if invariant.severity == "broken"}
"""What is only late somebody else alarms about."""


async def tell(engine: AsyncEngine, broker: Broker, clock: Clock) -> int:
    """Say what was not said yet; how much that was. Raises BrokerUnavailable, and what the database raises."""
    open_untold = GAP.c.found_told == 0, GAP.c.closed_us.is_(None)
    closed_untold = GAP.c.found_told == 1, GAP.c.closed_told == 0, GAP.c.closed_us.is_not(None)
    some = select(GAP).where(GAP.c.invariant.in_(SENTENCES), GAP.c.agency != "")
    async with engine.connect() as connection:
        found = (await connection.execute(some.where(*open_untold).limit(AT_ONCE))).all()
        over = (await connection.execute(some.where(*closed_untold).limit(AT_ONCE))).all()
    for gap in found:
        await _say(broker, clock, gap, found_event(gap))
        await _note(engine, gap.gap_id, found_told=1)
    for gap in over:
        await _say(broker, clock, gap, closed_event(gap))
        await _note(engine, gap.gap_id, closed_told=1)
    return len(found) + len(over)


def found_event(gap: Row[Any]) -> AuditGapFound:
    """What is said of a gap that is open."""
    about = f"{gap.call_id}, {gap.about}" if gap.call_id else gap.about
    return AuditGapFound(
        gap_id=gap.gap_id,
        invariant=gap.invariant,
        about=about,
        sentence=f"{about}: this does not hold: {SENTENCES[gap.invariant]}",
        broken_at=instant_of(gap.broken_us),
        call_id=gap.call_id,
        district=gap.district,
    )


def closed_event(gap: Row[Any]) -> AuditGapClosed:
    """What is said of one that is over."""
    about = f"{gap.call_id}, {gap.about}" if gap.call_id else gap.about
    return AuditGapClosed(
        gap_id=gap.gap_id,
        invariant=gap.invariant,
        about=about,
        reviewed_by=gap.reviewed_by or "",
        reason=gap.reason or "",
    )


async def _say(broker: Broker, clock: Clock, gap: Row[Any], event: Event) -> None:
    written = record(gap.agency, event, f"{gap.gap_id}/{event.type}", SOURCE, clock)
    await broker.append(AUDITS.name, broker.partition_of(gap.agency), [written])


async def _note(engine: AsyncEngine, gap_id: str, **told: int) -> None:
    async with transaction(engine) as connection:
        await connection.execute(GAP.update().where(GAP.c.gap_id == gap_id).values(**told))


async def review(engine: AsyncEngine, gap_id: str, reviewed_by: str, reason: str, now_us: int) -> bool:
    """A person has looked into what was found: it is closed, and told so. False where no such gap is open."""
    is_open = GAP.c.gap_id == gap_id, GAP.c.closed_us.is_(None)
    values = {"closed_us": now_us, "reviewed_by": reviewed_by, "reason": reason}
    async with transaction(engine) as connection:
        changed = await connection.execute(GAP.update().where(*is_open).values(**values))
    return bool(changed.rowcount)
