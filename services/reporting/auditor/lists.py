"""The directory of senders' lists: what is put there is read once, and says in its name what came of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from services.reporting.auditor.senders_list import ListRefused, keep_list, read_list
from services.reporting.store.engine import transaction
from shared import telemetry
from shared.clock import Clock

FOLDER = "lists"
PENDING, TAKEN, REFUSED = "*.csv", ".taken", ".refused"


async def take_lists(engine: AsyncEngine, directory: Path, clock: Clock) -> None:
    """Take in every list of `lists/`: `x.csv` becomes `x.csv.taken`, or `x.csv.refused` beside `x.csv.why`."""
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    for path in sorted(folder.glob(PENDING)):
        try:
            rows = await asyncio.to_thread(read_list, path, clock.now())
        except ListRefused as refused:
            _refuse(path, refused.faults)
            continue
        except OSError as error:
            _refuse(path, [f"It is not read: {error.strerror}."])
            continue
        async with transaction(engine) as connection:
            await connection.run_sync(keep_list, rows)
        telemetry.AUDIT_LISTS.labels("taken").inc()
        with suppress(OSError):  # then it is read again, which changes nothing
            path.rename(f"{path}{TAKEN}")


def _refuse(path: Path, faults: list[str]) -> None:
    """Say it aloud; again each time, where not even its name can be changed. Nothing else waits for it."""
    telemetry.AUDIT_LISTS.labels("refused").inc()
    telemetry.logger().error("list refused", wrong=f"{path.name}: {faults[0]}"[:300])
    with suppress(OSError):
        path.with_name(f"{path.name}.why").write_text("\n".join(faults) + "\n", "utf-8")
        path.rename(f"{path}{REFUSED}")
