"""Figures over HTTP: asked with the key, as JSON and CSV, one row a call, and published once."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from services.reporting.figures.calls_export import COLUMNS
from services.reporting.figures.customary import CUSTOMARY
from services.reporting.figures.district_groups import district_groups_of
from services.reporting.figures.measures import MEASURES
from services.reporting.figures.public_tables import LINKED, LINKED_TO_QUARTERS
from services.reporting.figures.routes import FigureRoutes
from services.reporting.http import respond
from services.reporting.store.engine import open_engine, sqlite_url, transaction
from services.reporting.store.prepare import prepare
from services.reporting.store.tables import EPISODE
from services.reporting.store.write import begin_at
from tests.rig.clocks import StandingClock
from tests.services.reporting.figures.city import default, episode, taken
from tests.services.reporting.figures.journal import AGENCY as HARBOR
from tests.services.reporting.figures.journal import NOON, ZONE, settle
from tests.services.reporting.journals import PLACES

GROUPS = {HARBOR: {"pier": "waterside", "quay": "waterside"}}
PERIOD = {"from": "2026-03-01", "until": "2026-04-01"}


class Fixed(StandingClock):
    """A clock that stands, and whether reporting has read all that there was by then."""

    is_ready = True


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(sqlite_url(tmp_path))
    await prepare(engine, NOON)
    await begin_at(engine, dict.fromkeys(PLACES, 0))
    await settle(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def clock() -> Fixed:
    return Fixed(datetime(2026, 4, 20, 12, tzinfo=UTC))


@pytest.fixture
async def door(engine: AsyncEngine, clock: Fixed) -> AsyncIterator[httpx.AsyncClient]:
    routes = FigureRoutes(engine, clock, GROUPS, lambda: clock.is_ready).routes()
    app = Starlette(routes=routes, exception_handlers={HTTPException: respond})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:
        yield client


async def test_figures_come_with_their_definitions_and_what_changed(door: httpx.AsyncClient) -> None:
    body = (await door.get(f"/figures/{HARBOR}", params=PERIOD)).json()
    assert [measure["name"] for measure in body["measures"]] == list(MEASURES)
    assert [document["version"] for document in body["documents"]] == [2, 3]
    assert body["changes"] == [{"day": "2026-03-04", "label": "from 2026-03-04: programme document 3"}]
    (capture,) = [measure for measure in body["measures"] if measure["name"] == "capture"]
    assert capture["denominator"] == "eligible calls"
    assert capture["figures"] == [
        {"group": None, "part": None, "value": 62.5, "high": None, "count": 5, "n": 8, "missing": 1}
    ]
    assert len(body["customary"]) == len(CUSTOMARY)


async def test_a_question_is_cut_and_names_its_measures(door: httpx.AsyncClient) -> None:
    query = {**PERIOD, "by": "district", "measure": ["capture", "reach"]}
    body = (await door.get(f"/figures/{HARBOR}", params=query)).json()
    assert [measure["name"] for measure in body["measures"]] == ["capture", "reach"]
    assert [figure["group"] for figure in body["measures"][0]["figures"]] == ["north", "south"]


@pytest.mark.parametrize("cut", ["model", "response"])
async def test_a_share_is_not_cut_by_what_only_the_calls_have_that_it_counts(door: httpx.AsyncClient, cut: str) -> None:
    """Five of eight were accepted: by the model of who took them that would be 100 %, and none of the rest."""
    query = {**PERIOD, "by": cut, "measure": "capture,no-contact"}
    body = (await door.get(f"/figures/{HARBOR}", params=query)).json()
    assert ([measure["name"] for measure in body["measures"]], body["not_cut"]) == (["no-contact"], ["capture"])
    lines = (await door.get(f"/figures/{HARBOR}/csv", params=query)).text.splitlines()
    assert f"# Not cut by {cut}, which says no more than what they count: capture." in lines


async def test_weekdays_have_their_names(door: httpx.AsyncClient) -> None:
    """Cities number them from Sunday or from Monday, from 0 or from 1."""
    body = (await door.get(f"/figures/{HARBOR}", params={**PERIOD, "by": "weekday", "measure": "capture"})).json()
    assert [figure["group"] for figure in body["measures"][0]["figures"]] == ["Tue"]


@pytest.mark.parametrize(
    "query",
    [
        {"by": "person"},
        {"measure": "arrests"},
        {"from": "yesterday"},
        {"from": "2026-04-02", "until": "2026-04-01"},
        {"from": "1900-01-01"},
        {"until": "0001-01-10"},
        {"from": "0001-01-01", "until": "0001-01-02"},
        {"from": "9999-12-01", "until": "9999-12-31"},
    ],
)
async def test_what_cannot_be_asked_is_refused_in_words(door: httpx.AsyncClient, query: dict[str, str]) -> None:
    refused = await door.get(f"/figures/{HARBOR}", params=query)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["right"]


async def test_the_period_is_the_last_ninety_days_where_none_is_said(door: httpx.AsyncClient) -> None:
    body = (await door.get(f"/figures/{HARBOR}")).json()
    assert (body["from"], body["until"], body["zone"]) == ("2026-01-21", "2026-04-21", ZONE)


async def test_the_csv_carries_its_definitions(door: httpx.AsyncClient) -> None:
    answer = await door.get(f"/figures/{HARBOR}/csv", params=PERIOD)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.text.splitlines()
    preface = [line for line in lines if line.startswith("#")]
    for name, measure in MEASURES.items():
        assert f"# {name} (version {measure.version}): {measure.title}. {measure.sentence}" in preface
        assert f"#   denominator: {measure.denominator}" in preface
    assert any("this is not for publication" in line for line in preface)
    (in_force,) = (line for line in preface if "Programme document 3" in line)
    assert re.search(r"in force since 2026-\d\d-\d\d \d\d:\d\d:\d\d E[SD]T\.$", in_force), "on the agency's clocks"
    assert any("differ in kind" in line for line in preface)
    heads, *rows = csv.reader(lines[len(preface) :])
    figures = [dict(zip(heads, row, strict=True)) for row in rows]
    (capture,) = [figure for figure in figures if figure["measure"] == "capture"]
    assert capture == {
        "measure": "capture", "version": "2", "group": "", "part": "", "value": "62.5", "high": "", "unit": "%",
        "count": "5", "n": "8", "missing": "1",
    }  # fmt: skip


async def test_the_export_has_a_row_a_call_and_nobody_in_it(engine: AsyncEngine, door: httpx.AsyncClient) -> None:
    async with transaction(engine) as connection:
        hostile = taken(30, 5, district='=HYPERLINK("x")', caller="pseudonym-of-somebody")
        await connection.execute(insert(EPISODE).values(hostile))
    answer = await door.get(f"/figures/{HARBOR}/calls", params=PERIOD)
    heads, *rows = list(csv.reader(io.StringIO(answer.text)))
    assert heads == list(COLUMNS)
    assert not {"caller", "team_id", "person_id"} & set(heads)
    assert "pseudonym" not in answer.text
    calls = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    assert len(calls) == 18
    assert calls[f"{HARBOR}/cad/30"]["district"] == '\'=HYPERLINK("x")'
    upgraded = calls[f"{HARBOR}/cad/3"]
    assert (upgraded["went"], upgraded["diverted"], upgraded["eligible"]) == ("recalled-upgraded", "no", "yes")
    assert upgraded["received_at"] == f"{NOON:%Y-%m-%dT%H:%M:%S.%fZ}"


def many(offset: int, count: int, make: Callable[..., dict[str, Any]], **columns: Any) -> list[dict[str, Any]]:
    return [make(offset + number, 20, *(("no-team",) if make is default else ()), **columns) for number in range(count)]


async def busy(engine: AsyncEngine) -> None:
    arrived = {"on_scene_at": NOON, "cleared_at": NOON}
    rows = [
        *many(1000, 30, taken, **arrived), *many(2000, 25, default),
        *many(3000, 40, taken, district="south", **arrived), *many(4000, 12, default, district="south"),
        *many(5000, 12, taken, district="pier", **arrived), *many(6000, 3, default, district="pier"),
        *many(7000, 8, taken, district="quay", **arrived), *many(8000, 1, default, district="quay"),
    ]  # fmt: skip
    async with transaction(engine) as connection:
        await connection.execute(insert(EPISODE), rows)


async def test_a_quarter_is_published_once_and_stays(engine: AsyncEngine, door: httpx.AsyncClient) -> None:
    await busy(engine)
    published = await door.post(f"/publications/{HARBOR}/2026-Q1")
    assert published.status_code == 200, published.text
    body = published.json()
    assert body["totals"]["eligible"] == 139
    district = body["tables"][0]
    waterside = next(row for row in district["rows"] if row["label"] == "waterside")
    assert waterside == {"label": "waterside", "cells": [None, None], "total": 24, "percent": None}
    assert sum(cell is None for row in district["rows"] for cell in row["cells"]) == 4
    assert [word["name"] for word in body["definitions"]] == ["eligible", "diverted"]
    assert body["documents"] == [3]
    async with transaction(engine) as connection:
        await connection.execute(insert(EPISODE).values(taken(9000, 5)))
    again = await door.post(f"/publications/{HARBOR}/2026-Q1")
    assert (again.status_code, again.json()["detail"]) == (409, "2026-Q1 has been published, and stays as it is.")
    assert (await door.get(f"/publications/{HARBOR}")).json() == [body]
    assert (await door.get("/publications")).json() == [HARBOR]


async def test_of_those_who_publish_at_once_each_sees_what_the_others_have(store: AsyncEngine, clock: Fixed) -> None:
    """A year whose quarter is published beside it, unseen, would give away what is left of it."""
    await busy(store)
    async with transaction(store) as connection:
        await connection.execute(insert(EPISODE), many(9000, 3, default, received_at=datetime(2026, 5, 1, tzinfo=UTC)))
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    routes = FigureRoutes(store, clock, GROUPS, lambda: True).routes()
    app = Starlette(routes=routes, exception_handlers={HTTPException: respond})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:
        asked = (client.post(f"/publications/{HARBOR}/{name}") for name in ("2026-Q1", "2026-Q1", "2026", "2026"))
        answers = [answer.status_code for answer in await asyncio.gather(*asked)]
        published = (await client.get(f"/publications/{HARBOR}")).json()
    assert sorted(answers) == [200, 409, 409, 409]
    assert len(published) == 1


async def test_a_call_that_nobody_went_to_is_not_told_as_one_that_had_the_default(
    engine: AsyncEngine, door: httpx.AsyncClient
) -> None:
    arrived = {"on_scene_at": NOON, "cleared_at": NOON}
    cancelled = [episode(2000 + number, outcome="cancelled", outcome_at=NOON) for number in range(40)]
    async with transaction(engine) as connection:
        await connection.execute(insert(EPISODE), many(1000, 30, taken, **arrived) + cancelled)
    totals = (await door.post(f"/publications/{HARBOR}/2026-Q1")).json()["totals"]
    assert totals["the default response went, or nobody did"] == 45  # five of the small city, among them


async def test_nothing_is_published_of_a_store_that_has_not_read_everything(
    engine: AsyncEngine, door: httpx.AsyncClient, clock: Fixed
) -> None:
    """One that is made anew, of a machine that was lost, has read the journals in part."""
    await busy(engine)
    clock.is_ready = False
    refused = await door.post(f"/publications/{HARBOR}/2026-Q1")
    assert (refused.status_code, "has not read yet" in refused.json()["detail"]) == (409, True)
    assert (await door.get("/publications")).json() == []
    clock.is_ready = True
    assert (await door.post(f"/publications/{HARBOR}/2026-Q1")).status_code == 200


async def test_a_year_does_not_give_away_what_a_quarter_withholds(
    engine: AsyncEngine, door: httpx.AsyncClient, clock: Fixed
) -> None:
    """Of mental-health calls 34 were diverted, all by one response: 30 of the first quarter are published."""
    arrived = {"on_scene_at": NOON, "cleared_at": NOON}
    drunk = {**arrived, "response": "van", "category": "drunk"}
    rows = []
    for offset, received, teams in ((1000, NOON, 30), (5000, datetime(2026, 5, 1, tzinfo=UTC), 4)):
        at = {"received_at": received}
        rows += many(offset, teams, taken, **arrived, **at) + many(offset + 100, 40, taken, **drunk, **at)
        rows += many(offset + 200, 45, default, **at)
    async with transaction(engine) as connection:
        await connection.execute(delete(EPISODE))
        await connection.execute(insert(EPISODE), rows)
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    published = [await door.post(f"/publications/{HARBOR}/{name}") for name in ("2026-Q1", "2026-Q2", "2026")]
    assert [answer.status_code for answer in published] == [200, 200, 200]
    first, second, year = (answer.json()["tables"] for answer in published)
    assert [row["cells"] for row in first[1]["rows"]] == [[30], [40]]
    assert (second[1]["rows"], second[1]["refused"]) == ([], LINKED)
    assert (year[0]["rows"], year[0]["refused"]) == ([], LINKED_TO_QUARTERS)


async def test_after_a_year_its_quarters_are_not_published_any_more(
    engine: AsyncEngine, door: httpx.AsyncClient, clock: Fixed
) -> None:
    await busy(engine)
    early = await door.post(f"/publications/{HARBOR}/2026")
    assert early.status_code == 409
    assert "a week after its end" in early.json()["detail"]
    clock.at = datetime(2027, 2, 1, tzinfo=UTC)
    assert (await door.post(f"/publications/{HARBOR}/2026")).status_code == 200
    refused = await door.post(f"/publications/{HARBOR}/2026-Q1")
    assert refused.status_code == 409
    assert "never published at another cut" in refused.json()["detail"]


async def test_a_quiet_quarter_is_not_published_by_itself(door: httpx.AsyncClient) -> None:
    refused = await door.post(f"/publications/{HARBOR}/2026-Q1")
    assert refused.status_code == 409
    assert "too few calls" in refused.json()["detail"]
    assert "no calls" in (await door.post(f"/publications/{HARBOR}/2025-Q3")).json()["detail"]
    for no_period in ("spring", "20२६-Q1"):
        assert (await door.post(f"/publications/{HARBOR}/{no_period}")).status_code == 422
    assert (await door.get(f"/publications/{HARBOR}")).json() == []


def test_whatever_programmes_publish_comes_out_or_says_why_not() -> None:
    for each in CUSTOMARY:
        assert set(each.measures) <= set(MEASURES), each.figure
        assert each.measures or re.fullmatch(r".{40,}\.", each.remark), f"{each.figure}: say why it is not ours"
    named = {name for each in CUSTOMARY for name in each.measures}
    assert named == set(MEASURES)


def test_groups_of_districts_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "groups.toml"
    file.write_text('[harbor]\nwaterside = ["pier", "quay"]\n', "utf-8")
    assert district_groups_of(file) == GROUPS
    file.write_text('[harbor]\nwaterside = ["pier"]\nhills = ["pier"]\n', "utf-8")
    with pytest.raises(ValueError, match="pier may be in one group only"):
        district_groups_of(file)
    with pytest.raises(ValueError, match="cannot be read"):
        district_groups_of(tmp_path / "none.toml")
