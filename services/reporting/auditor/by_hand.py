"""What a person does with the auditor: reads what it found, says that it was looked into, hands it a sender's list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.config import AuditorStoreSettings
from services.reporting.auditor.prepare import StoreOutdated, prepare
from services.reporting.auditor.process import store_of
from services.reporting.auditor.senders_list import ListRefused, keep_list, read_list
from services.reporting.auditor.tables import CLEAN, GAP, instant_of, microseconds
from services.reporting.auditor.told import review
from services.reporting.store.engine import UNUSABLE, said, transaction
from shared.clock import SystemClock

SHOWN = 100
DAMAGED = "If it is damaged, end the auditor, move the store away and start it: it is made anew from the topics."


def main(given: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    try:
        return uvloop.run(_main(_arguments(given)))
    except StoreOutdated as error:
        sys.stderr.write(f"{error}\n")
    except UNUSABLE as error:
        sys.stderr.write(f"The auditor's store is away or damaged: {said(error)}. {DAMAGED}\n")
    return 1


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.reporting.auditor", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("gaps", help="what is broken now, the newest first")
    reviewed = what.add_parser("review", help="say that a gap was looked into: it is closed")
    reviewed.add_argument("gap_id")
    reviewed.add_argument("--by", required=True, help="who has looked into it")
    reviewed.add_argument("--reason", required=True, help="what was found")
    listed = what.add_parser("list", help="hand over a sender's list: agency,source,call,event_id,time")
    listed.add_argument("file", type=Path)
    return parser.parse_args(given)


async def _main(chosen: argparse.Namespace) -> int:
    engine = store_of(AuditorStoreSettings.load())
    try:
        await prepare(engine)
        if chosen.what == "gaps":
            return await _show(engine)
        if chosen.what == "review":
            return await _review(engine, chosen)
        return await _take(engine, chosen.file)
    finally:
        await engine.dispose()


async def _show(engine: AsyncEngine) -> int:
    """Exit code 1 where something is broken, or where nobody has looked."""
    newest = select(GAP).where(GAP.c.closed_us.is_(None)).order_by(GAP.c.found_us.desc()).limit(SHOWN)
    async with engine.connect() as connection:
        gaps = (await connection.execute(newest)).all()
        clean_us = await connection.scalar(select(CLEAN.c.at_us))
    for gap in gaps:
        found = instant_of(gap.found_us).isoformat(timespec="seconds")
        sys.stdout.write(f"{gap.gap_id}  {found}  {gap.invariant}  {gap.call_id or gap.agency}  {gap.about}\n")
    if gaps:
        return 1
    if clean_us is None:
        sys.stderr.write("No run was ever clean here: this is not the auditor's store, or it has not read all yet.\n")
        return 1
    sys.stdout.write(f"Nothing is broken. The last clean run: {instant_of(clean_us).isoformat(timespec='seconds')}\n")
    return 0


async def _review(engine: AsyncEngine, chosen: argparse.Namespace) -> int:
    if not (chosen.by.strip() and chosen.reason.strip()):
        sys.stderr.write("Say who has looked into it, and what was found.\n")
        return 2
    now_us = microseconds(SystemClock().now())
    if await review(engine, chosen.gap_id, chosen.by[:200], chosen.reason[:200], now_us):
        return 0
    sys.stderr.write(f"No gap {chosen.gap_id} is open; `gaps` lists those that are.\n")
    return 1


async def _take(engine: AsyncEngine, path: Path) -> int:
    try:
        rows = read_list(path, SystemClock().now())
    except (ListRefused, OSError) as refused:
        faults = refused.faults if isinstance(refused, ListRefused) else [f"{path}: {refused.strerror}."]
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    async with transaction(engine) as connection:
        await connection.run_sync(keep_list, rows)
    sys.stdout.write(f"{len(rows)} acknowledged versions are looked for.\n")
    return 0
