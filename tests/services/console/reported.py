"""A console whose reporting is the real one, on a store in which a small city has had its calls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import insert

from services.console.elsewhere import Elsewhere
from services.reporting.config import ReportingSettings
from services.reporting.http import create_app
from services.reporting.store.engine import open_engine, sqlite_url, transaction
from services.reporting.store.tables import AGENCY as AGENCIES
from services.reporting.store.tables import EPISODE, IN_FORCE, METADATA, OFFER, REFERRAL
from shared.clock import SystemClock
from tests.services.console.driver import AGENCY, City
from tests.services.reporting.figures.city import EPISODES, NOON, OFFERS, REFERRALS, ZONE, default, taken

KEY = "k" * 32
Rows = Sequence[dict[str, Any]]


def busy_quarter() -> Rows:
    """Some hundred calls of a few months, so that charts have something to show and tables can be published."""
    rows = []
    for number in range(240):
        at = NOON - timedelta(days=number % 100, hours=number % 17)
        district = ("north", "north", "south", "harbour front")[number % 4]
        columns = {
            "district": district,
            "received_at": at,
            "local_date": f"{at:%Y-%m-%d}",
            "first_offer_at": at + timedelta(seconds=2),
            "outcome_at": at + timedelta(seconds=5 + number % 50),
        }
        if number % 3:
            arrived = at + timedelta(minutes=6 + number % 31)
            ended = {"on_scene_at": arrived, "cleared_at": arrived + timedelta(minutes=40)}
            said = ("resolved-on-scene", "resolved-on-scene", "refused", "transported-er", "unable-to-locate")[
                number % 5
            ]
            rows.append(taken(1000 + number, 0, accepted_at=at, disposition=said, **ended, **columns))
        else:
            rows.append(
                default(1000 + number, 0, ("no-team", "deadline", "offered-another")[number % 7 % 3], **columns)
            )
    return rows


@contextlib.asynccontextmanager
async def reporting_of(city: City, folder: Path) -> AsyncIterator[None]:
    """Give a console the real reporting, over its own door."""
    engine = open_engine(sqlite_url(folder))
    async with transaction(engine) as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(insert(AGENCIES).values(agency=AGENCY, zone=ZONE))
        for version, day in ((2, datetime(2025, 1, 1, tzinfo=UTC)), (3, datetime(2026, 2, 3, tzinfo=UTC))):
            row = {"partition": 0, "record_offset": version, "agency": AGENCY, "from_at": day}
            await connection.execute(insert(IN_FORCE).values(programme_version=version, programme_hash="h", **row))
        for table, rows in ((EPISODE, [*EPISODES, *busy_quarter()]), (OFFER, OFFERS), (REFERRAL, REFERRALS)):
            moved = [{**row, "agency": AGENCY} if row["agency"] == "harbor" else row for row in rows]
            await connection.execute(insert(table), moved)
    settings = ReportingSettings(kafka="memory", storage_directory=folder, reporting_key=SecretStr(KEY))
    door = create_app(engine, settings, SystemClock(), lambda: True)
    transport = httpx.ASGITransport(door)
    elsewhere = Elsewhere("reporting service", "CAREROUTE_REPORTING_URL", "http://reporting", KEY, transport)
    city.app.state.reporting = elsewhere
    city.app.state.console = replace(city.app.state.console, reporting=elsewhere)
    yield
    await elsewhere.close()
    await engine.dispose()
