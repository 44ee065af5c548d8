"""Publishes public tables: a period once, when it is settled, and then as it is for good."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.reporting.figures.facts import DECIDED, DIVERTED, ELIGIBLE, EPISODES, received_within
from services.reporting.figures.measures import MEASURES
from services.reporting.figures.periods import Period
from services.reporting.figures.public_tables import Behind, Counts, quarter_release, year_release
from services.reporting.figures.report import definition
from services.reporting.store.engine import transaction
from services.reporting.store.tables import EPISODE, PUBLICATION
from services.reporting.store.write import upsert

_LOCK: Final = 0x0CA4F
"""Of PostgreSQL's advisory locks."""
DEFINED_BY: Final = ("eligible", "diverted")
UNNAMED: Final = "not named by the document"
Groups = Mapping[str, str]
"""The district group of each district that is not one by itself."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """An agency, as it publishes."""

    agency: str
    zone: ZoneInfo
    groups: Groups

    def calls(self, period: Period) -> ColumnElement[bool]:
        """The eligible calls of a period, once they are decided."""
        real = and_(EPISODE.c.agency == self.agency, EPISODE.c.synthetic.is_(False), EPISODES.counted)
        return and_(real, self.within(period), ELIGIBLE, DECIDED)

    def within(self, period: Period) -> ColumnElement[bool]:
        """Calls that were received in a period."""
        first, end = (datetime.combine(day, time(), self.zone) for day in (period.first_day, period.end_day))
        return received_within(first, end)


class NotPublished(Exception):
    """A period is not published, for a reason that whoever asks can do something about."""


async def publish(connection: AsyncConnection, publisher: Publisher, period: Period, now: datetime) -> dict[str, Any]:
    """Publish a period of an agency. Raises NotPublished, or CoarsenFirst where it has too few calls."""
    await alone(connection)
    if now < period.settled_at(publisher.zone):
        raise NotPublished(f"{period.name} is published a week after its end at the earliest: calls may still change.")
    published = {each["period"]: each for each in await publications(connection, publisher.agency)}
    if period.name in published:
        raise NotPublished(f"{period.name} has been published, and stays as it is.")
    if period.year in published:
        raise NotPublished(f"{period.year} has been published: the same calls are never published at another cut.")
    if not await connection.scalar(
        select(exists().where(EPISODE.c.agency == publisher.agency, publisher.within(period)))
    ):
        raise NotPublished(f"careroute has no calls of {period.name} in this agency.")
    body = await _release(connection, publisher, period, published)
    body |= {
        "period": period.name,
        "zone": publisher.zone.key,
        "definitions": [definition(MEASURES[name]) for name in DEFINED_BY],
        "documents": await _documents(connection, publisher.calls(period)),
    }
    row = {"agency": publisher.agency, "period": period.name, "published_at": now, "body": json.dumps(body)}
    await connection.execute(insert(PUBLICATION).values(row))
    return {**body, "published_at": now.isoformat()}


async def alone(connection: AsyncConnection) -> None:
    """Until the transaction ends nobody else publishes: who saw not what the other publishes might give it away."""
    if connection.dialect.name != "sqlite":  # there every transaction that writes is alone
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


async def publications(connection: AsyncConnection, agency: str) -> list[dict[str, Any]]:
    """What an agency has published, the newest period first."""
    query = select(PUBLICATION.c.body, PUBLICATION.c.published_at).where(PUBLICATION.c.agency == agency)
    rows = await connection.execute(query.order_by(PUBLICATION.c.period.desc()))
    return [{**json.loads(body), "published_at": at.isoformat()} for body, at in rows]


async def publishing_agencies(connection: AsyncConnection) -> list[str]:
    """The agencies that have published anything."""
    return list(await connection.scalars(select(PUBLICATION.c.agency).distinct().order_by(PUBLICATION.c.agency)))


async def take_along(old: AsyncEngine, new: AsyncEngine) -> None:
    """Copy what has been published into a store that is made anew: no journal holds it."""
    async with old.connect() as before:
        if not await before.run_sync(lambda connection: inspect(connection).has_table(PUBLICATION.name)):
            return
        published = [dict(row) for row in (await before.execute(select(PUBLICATION))).mappings()]
    async with transaction(new) as connection:
        await upsert(connection, PUBLICATION, published)


async def _release(
    connection: AsyncConnection, publisher: Publisher, period: Period, published: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    calls = publisher.calls(period)
    if period.kind == "year":
        quarters = [body for name, body in published.items() if name.startswith(f"{period.year}-")]
        by_category = await _by_kind(connection, EPISODE.c.category, calls)
        return year_release(by_category, quarters, await _behind(connection, publisher, period))
    by_district = _grouped(await _by_kind(connection, EPISODE.c.district, calls), publisher.groups)
    return quarter_release(by_district, await _by_response(connection, calls, publisher.groups))


async def _by_kind(connection: AsyncConnection, by: ColumnElement[Any], calls: ColumnElement[bool]) -> Counts:
    """Calls that were diverted, and that were not, by a column."""
    diverted = func.sum(case((DIVERTED, 1), else_=0))
    rows = await connection.execute(select(by, diverted, func.count() - diverted).where(calls).group_by(by))
    return {label or UNNAMED: (int(went), int(rest)) for label, went, rest in rows}


async def _by_response(
    connection: AsyncConnection, calls: ColumnElement[bool], groups: Groups
) -> Mapping[str, Mapping[str, int]]:
    """Calls that were diverted, by response, and of each by district group."""
    place = (EPISODE.c.response, EPISODE.c.district)
    rows = await connection.execute(select(*place, func.count()).where(and_(calls, DIVERTED)).group_by(*place))
    counts = defaultdict[str, Counter[str]](Counter)
    for response, district, count in rows:
        counts[response or UNNAMED][_group_of(district or UNNAMED, groups)] += int(count)
    return counts


async def _behind(connection: AsyncConnection, publisher: Publisher, year: Period) -> Behind:
    """Calls of a year that were diverted, by response and category, of each quarter."""
    kind, counts = (EPISODE.c.response, EPISODE.c.category), defaultdict[tuple[str, str], list[int]](lambda: [0] * 4)
    for place, quarter in enumerate(year.quarters):
        diverted = and_(publisher.calls(quarter), DIVERTED)
        rows = await connection.execute(select(*kind, func.count()).where(diverted).group_by(*kind))
        for response, category, count in rows:
            counts[response or UNNAMED, category or UNNAMED][place] += int(count)
    return counts


def _grouped(counts: Counts, groups: Groups) -> Counts:
    grouped = defaultdict[str, list[int]](lambda: [0, 0])
    for district, several in counts.items():
        for kind, count in enumerate(several):
            grouped[_group_of(district, groups)][kind] += count
    return grouped


def _group_of(district: str, groups: Groups) -> str:
    return groups.get(district, district)


async def _documents(connection: AsyncConnection, calls: ColumnElement[bool]) -> list[int]:
    """The versions of the document that these calls were decided by."""
    versions = select(EPISODE.c.programme_version).where(calls).distinct().order_by(EPISODE.c.programme_version)
    return [version for version in await connection.scalars(versions) if version is not None]
