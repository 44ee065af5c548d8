"""Figures at the console: who may see them, what the page says, what is downloaded, and what the public sees."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.api import routes_figures
from services.console.figures import Definition, Figure, Measure, Report
from services.console.pages.figures import CUTS
from services.console.pages.figures_charts import charts_of
from services.console.pages.public import RULE
from services.reporting.figures.facts import CUTS as WHAT_CAN_BE_CUT
from services.reporting.figures.measures import MEASURES
from shared.events import DataExported
from tests.audited import entries_of
from tests.services.console.driver import AGENCY, City
from tests.services.console.elsewhere import Played, answers, with_reporting
from tests.services.console.reported import reporting_of

MARCH = "from=2026-03-01&until=2026-04-01"
QUARTER = "from=2025-12-01&until=2026-04-01"


@pytest.fixture
async def reported(city: City, tmp_path: Path) -> AsyncIterator[City]:
    async with reporting_of(city, tmp_path):
        yield city


async def test_the_page_has_every_measure_with_its_definition(reported: City) -> None:
    async with reported.signed_in("viewer") as browser:
        page = (await browser.get(f"/figures?{QUARTER}")).text
    for measure in MEASURES.values():
        assert measure.title in page
        assert measure.denominator in page
    assert "programme document 3" in page
    assert "not ours" in page
    assert "From eligible to contact" in page
    assert page.count("<svg") >= 9
    assert "this is not for publication" in page
    assert "P50 20 minutes, P90" in page
    assert "5 calls or more: 0 callers" in " ".join(re.sub("<[^>]+>", "", page).split())
    assert not re.search(r"\b1 (calls|callers|offers|minutes)\b", page)
    assert "style=" not in page
    assert "/figures/calls.csv" not in page, "a viewer may not have the export"
    assert "/figures/publish" not in page, "nor publish"


async def test_the_page_cuts_figures_by_whatever_it_offers(reported: City) -> None:
    assert set(CUTS) == set(WHAT_CAN_BE_CUT)
    async with reported.signed_in("supervisor") as browser:
        for cut in CUTS:
            page = await browser.get(f"/figures?{QUARTER}&by={cut}")
            is_cut = cut not in MEASURES["capture"].not_by
            shown = (f"Capture, by {cut}" in page.text, f"Not cut by {cut}" in page.text)
            assert (page.status_code, *shown) == (200, is_cut, not is_cut or cut == "phase"), cut


def test_a_month_without_a_call_is_there_all_the_same() -> None:
    """November stood beside February, and a line led from the one to the other."""
    groups = ("2025-11", "2026-02", None)
    figures = [Figure(group=group, part=None, value=50, high=None, count=1, n=2, missing=0) for group in groups]
    words = {name: getattr(MEASURES["diverted"], name) for name in Definition.model_fields}
    asked: dict[str, Any] = {"zone": "UTC", "from": "2025-11-01", "until": "2026-03-01", "by": "month"}
    asked |= {"documents": [], "changes": [], "customary": []}
    asked |= {"measures": [Measure(**(words | {"name": name}), figures=figures) for name in ("eligible", "diverted")]}
    trend = dict(charts_of(Report.model_validate(asked), Report.model_validate(asked)))["diverted"]
    asked["measures"].append(Measure(**(words | {"name": "went", "title": "Who really went"}), figures=[]))
    went = dict(charts_of(Report.model_validate(asked), Report.model_validate(asked)))["went"]
    assert "nothing to count" in went, "a chart of nothing says so"
    assert re.findall(r'<th scope="row">(\d{4}-\d\d)</th>', trend) == ["2025-11", "2025-12", "2026-01", "2026-02"]


async def test_who_may_not_see_figures_is_told_so(reported: City) -> None:
    async with reported.signed_in("dispatcher") as browser:
        for path in ("/figures", "/figures.csv", "/figures/calls.csv"):
            assert (await browser.get(path)).status_code == 403, path
        assert (await browser.post("/figures/publish", data={"period": "2026-Q1"})).status_code == 403
        assert 'href="/figures"' not in (await browser.get("/")).text


async def test_figures_are_downloaded_with_their_definitions(reported: City) -> None:
    async with reported.signed_in("supervisor") as browser:
        figures = await browser.get(f"/figures.csv?{MARCH}&by=district")
        calls = await browser.get(f"/figures/calls.csv?{MARCH}")
    assert figures.headers["content-disposition"] == f'attachment; filename="figures-{AGENCY}.csv"'
    assert "# capture (version 2): Capture." in figures.text
    rows = list(csv.DictReader(io.StringIO(calls.text)))
    assert {row["local_date"][:7] for row in rows} == {"2026-03"}
    api = await reported.get("supervisor", "/v1/figures.csv", **{"from": "2026-03-01", "until": "2026-04-01"})
    assert "\r\ncapture,2,,," in api.text


async def test_a_quarter_is_published_by_an_approver_and_read_by_anybody(reported: City) -> None:
    async with reported.browser() as stranger, reported.signed_in("approver") as approver:
        assert (await stranger.get(f"/public/{AGENCY}")).status_code == 404
        published = await approver.post("/figures/publish", data={"period": "2026-Q1"})
        assert (published.status_code, published.headers["location"]) == (303, f"/public/{AGENCY}")
        again = await approver.post("/figures/publish", data={"period": "2026-Q1"})
        assert (again.status_code, "has been published, and stays as it is" in again.text) == (409, True)
        script = {"Accept": "application/json"}
        refused = (await approver.post("/figures/publish", data={"period": "2026-Q1"}, headers=script)).json()
        assert ("stays as it is" in refused["detail"], refused["errors"]) == (True, []), "which is shown in place"
        other_digits = await approver.post("/figures/publish", data={"period": "20२६-Q1"})
        assert other_digits.status_code == 422  # of 2026 too, under a name that nothing was published by
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        forged = await approver.post("/figures/publish", data={"period": "2026"}, headers=elsewhere)
        assert forged.status_code == 403
        page = await stranger.get(f"/public/{AGENCY}")
        assert "eligible calls" in page.text
        assert MEASURES["diverted"].denominator in page.text
        assert "Counts from 1 to 10 are withheld" in page.text
        assert f'href="/public/{AGENCY}"' in (await stranger.get("/public")).text
        table = await stranger.get(f"/public/{AGENCY}/csv")
        assert table.text.startswith("# Eligible calls (version 2)")
        assert "2026-Q1,district,north," in table.text
        assert re.search(
            r"# 2026-Q1: on the clocks of .+; programme document 3; published 20\d\d-\d\d-\d\d\r\n", table.text
        )
        assert RULE in table.text
        in_page, in_csv = set(re.findall(r"<td>([^<]+)</td>", page.text)), table.text.splitlines()
        shown = {line.rsplit(",", 1)[1] for line in in_csv if not line.startswith("#")}
        assert {cell.removesuffix(" %") for cell in in_page} <= shown | {"-"}, "all that the page shows, it has too"
    written = await entries_of(reported.log, reported.app.state.register.log)
    assert [(entry.by, entry.what) for entry in written if isinstance(entry, DataExported)] == [
        ("the-approver", "figures of 2026-Q1, to be published for good")
    ] * 3, "it cannot be taken back, so the audit log has who did it"


async def test_what_was_published_by_another_definition_says_so_in_the_csv(city: City) -> None:
    words = {name: getattr(MEASURES["eligible"], name) for name in Definition.model_fields}
    tables = [
        {"name": "district", "title": "By district", "sentence": "", "columns": [], "rows": [], "refused": "Few."}
    ]
    release: dict[str, Any] = {
        "zone": "UTC", "published_at": "2026-08-01T00:00:00Z", "documents": [], "totals": {"eligible": 90},
        "tables": [],
    }  # fmt: skip
    told = [
        {**release, "period": "2026-Q2", "definitions": [words], "tables": tables},
        {**release, "period": "2026-Q1", "definitions": [{**words, "version": 1, "exclusions": "None."}]},
        {**release, "period": "2025-Q4", "definitions": [{**words, "version": 1, "exclusions": "None."}]},
    ]
    with_reporting(city, answers(told))
    async with city.browser() as stranger:
        lines = (await stranger.get(f"/public/{AGENCY}/csv")).text.splitlines()
    said = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    assert [line for line in said if "(version" in line or line.startswith("  in: ")] == [
        f"Eligible calls (version 2): {words['sentence']}", "  in: 2026-Q2",
        f"Eligible calls (version 1): {words['sentence']}", "  in: 2026-Q1, 2025-Q4",
    ]  # fmt: skip
    assert f"  beware: {words['caveat']}" in said
    assert "2026-Q2,district,all,all,withheld" in lines


async def test_nothing_is_published_that_cannot_be_written_down(
    reported: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.doors.audit.RECORD_SECONDS", 0.05)
    reported.network.gone = True
    refused = await reported.post("approver", "/v1/publications/2026-Q1")
    reported.network.gone = False
    assert (refused.status_code, routes_figures.NOT_NOTED in refused.text) == (503, True)
    assert (await reported.get("approver", "/v1/publications")).json() == []


async def test_without_reporting_it_says_so_and_all_else_works(city: City) -> None:
    async with city.signed_in("supervisor") as browser:
        page = await browser.get("/figures")
        assert page.status_code == 503
        assert "set CAREROUTE_REPORTING_URL and CAREROUTE_REPORTING_KEY" in page.text
        assert (await browser.get("/public")).status_code == 503
        assert (await browser.get("/")).status_code == 200
    assert (await city.get("supervisor", "/v1/figures")).status_code == 503


@pytest.mark.parametrize(
    "told",
    [{}, [], {"measures": []}, {"records": []}, [{"period": "2026-Q1"}], [1], None, "figures", {"measures": [1]}],
)
async def test_what_reporting_says_that_is_no_figures_is_said_in_words(city: City, told: Any) -> None:
    with_reporting(city, answers(told))
    async with city.signed_in("supervisor") as browser:
        pages = [
            await browser.get(path) for path in ("/figures", f"/public/{AGENCY}", f"/public/{AGENCY}/csv", "/public")
        ]
    nothing = [404, 404, 200] if told == [] else [503] * 3
    assert [page.status_code for page in pages] == [503, *nothing]
    assert "The reporting service answered something that is not understood here." in pages[0].text


async def test_a_reporting_of_the_version_before_may_lack_a_measure(city: City, tmp_path: Path) -> None:
    """Services are restarted one after the other; a page shows what there is."""
    async with reporting_of(city, tmp_path), city.signed_in("viewer") as browser:
        report = (await city.get("viewer", "/v1/figures", by="month")).json()
        for name in MEASURES:
            left = [measure for measure in report["measures"] if measure["name"] != name]
            with_reporting(city, Played(partial(_told, {**report, "measures": left})))
            page = await browser.get("/figures?by=month")
            assert (page.status_code, f"{MEASURES[name].title}, version" in page.text) == (200, False), name


def _told(report: Any, request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[] if request.url.path.startswith("/publications") else report)


async def test_a_question_that_is_none_is_refused_in_words(reported: City) -> None:
    refused = await reported.get("viewer", "/v1/figures", by="person")
    assert (refused.status_code, "district" in refused.json()["errors"][0]["right"]) == (422, True)
    async with reported.signed_in("viewer") as browser:
        assert (await browser.get("/figures?by=person")).status_code == 422
        assert (await browser.get("/figures?from=2026-05-01&until=2026-04-01")).status_code == 422
