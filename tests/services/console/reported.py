"""A console whose reporting is the real one, on a store in which a small city has had its calls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import insert

from services.console.elsewhere import Elsewhere
from services.reporting.config import ReportingSettings
from services.reporting.http import create_app
from services.reporting.store.engine import open_engine, sqlite_url, transaction
from services.reporting.store.prepare import prepare
from services.reporting.store.tables import EPISODE
from services.reporting.store.write import begin_at, write
from shared.clock import SystemClock
from shared.engine.broker import Stored
from tests.services.console.driver import AGENCY, City
from tests.services.reporting.figures.city import default, taken
from tests.services.reporting.figures.journal import AGENCY as HARBOR
from tests.services.reporting.figures.journal import NOON, small_city
from tests.services.reporting.journals import PLACES

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


def _moved(record: Stored) -> Stored:
    """The small city's records are this agency's."""
    return replace(record, key=AGENCY) if record.key == HARBOR else record


@contextlib.asynccontextmanager
async def reporting_of(city: City, folder: Path) -> AsyncIterator[None]:
    """Give a console the real reporting, over its own door."""
    engine = open_engine(sqlite_url(folder))
    await prepare(engine, NOON)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    await write(engine, [_moved(record) for record in small_city().records])
    async with transaction(engine) as connection:
        await connection.execute(insert(EPISODE), [{**row, "agency": AGENCY} for row in busy_quarter()])
    settings = ReportingSettings(kafka="memory", storage_directory=folder, reporting_key=SecretStr(KEY))
    door = create_app(engine, settings, SystemClock(), lambda: True)
    transport = httpx.ASGITransport(door)
    elsewhere = Elsewhere("reporting service", "CAREROUTE_REPORTING_URL", "http://reporting", KEY, transport)
    city.app.state.reporting = elsewhere
    city.app.state.console = replace(city.app.state.console, reporting=elsewhere)
    yield
    await elsewhere.close()
    await engine.dispose()
