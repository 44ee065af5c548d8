"""The page Operations: what the door knows by itself, what Prometheus says, and nothing of other agencies."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from markupsafe import escape

from services.console.pages import operations
from shared.panels import PANELS, panels_of
from tests.services.console.driver import City
from tests.services.console.elsewhere import Played, with_prometheus
from tests.services.console.pages.prometheus import prometheus


async def page(city: City, address: str = "/operations", who: str = "viewer") -> str:
    async with city.signed_in(who) as browser:
        answer = await browser.get(address)
        assert answer.status_code == 200, answer.text
        return " ".join(answer.text.split())


async def test_without_prometheus_it_says_what_to_set_and_shows_what_it_knows_itself(city: City) -> None:
    shown = await page(city)
    assert "set CAREROUTE_PROMETHEUS_URL" in shown
    assert "Of other processes this console knows nothing by itself." in shown
    assert "<dt>Calls past their deadline</dt><dd>0</dd>" in shown
    assert "<svg" not in shown


async def test_processes_are_seen_or_not_and_partitions_have_owners_or_nobody(city: City) -> None:
    with_prometheus(city, Played(prometheus))
    shown = re.sub(r"<[^>]+>", " ", await page(city))
    shown = " ".join(shown.split())
    assert re.search(r"triage-1 triage ● seen 2026-03-02 0\d:00:00 \([^)]+\) 0.1.0 2", shown)
    assert "triage-2 triage ◆ not seen" in shown
    assert "0: triage-1 2: ◆ nobody 10: ◆ nobody" in shown


async def test_what_fires_is_shown_what_is_paged_first_and_nothing_of_others(city: City) -> None:
    with_prometheus(city, Played(prometheus))
    shown = await page(city)
    assert shown.index("TeamSilent &lt;b&gt;is&lt;/b&gt; told.") < shown.index("InstanceDown &lt;b&gt;is&lt;/b&gt;")
    assert "CadNotInformed" not in shown
    assert "ClockSkew" not in shown
    assert "What to do: TeamSilent" in shown
    assert "javascript:" not in shown
    object.__setattr__(city.app.state.console, "runbooks", {})
    assert "What to do: deploy/runbooks/TeamSilent.md" in await page(city)


@pytest.mark.parametrize("board", ["now", "pages-and-cads", "engine"])
async def test_each_board_draws_its_panels_and_names_its_own_agency_alone(city: City, board: str) -> None:
    played = Played(prometheus)
    with_prometheus(city, played)
    shown = await page(city, f"/operations?board={board}")
    panels = [panel for panel in PANELS if panel.board == board]
    titles = [f'<title id="{board}-{PANELS.index(panel)}-title">{escape(panel.title)}</title>' for panel in panels]
    assert [title for title in titles if title not in shown] == []
    assert shown.count('<figure class="chart">') == len(panels)
    assert all(
        f'<title id="{board}-{PANELS.index(panel)}-title">{escape(panel.title)}</title>' in shown for panel in panels
    )
    assert "<i>" not in shown
    asked = [request.url.params["query"] for request in played.asked if request.url.path.endswith("query_range")]
    assert len(asked) == sum(len(panel.curves) for panel in panels)
    assert all("$" not in promql for promql in asked)
    assert all('agency=~"madison\\\\-wi"' in promql for promql in asked if "agency=~" in promql)


async def test_a_board_that_is_none_is_the_first(city: City) -> None:
    with_prometheus(city, Played(prometheus))
    assert await page(city, "/operations?board=nowhere") != ""
    assert (await page(city, "/operations?board=nowhere")).count("<figure") == len(panels_of("now"))


async def test_many_series_are_drawn_apart_and_the_highest_of_very_many(city: City) -> None:
    def crowded(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("query_range"):
            return prometheus(request)
        start = int(request.url.params["start"])
        result = [{"metric": {"agency": f"a{n}"}, "values": [[start, str(n)]]} for n in range(30)]
        return httpx.Response(200, json={"status": "success", "data": {"result": result}})

    with_prometheus(city, Played(crowded))
    shown = await page(city)
    assert "The 4 highest of 30 are drawn." in shown
    assert ">a29<" in shown
    assert ">a1<" not in shown


@pytest.mark.parametrize(("last", "step"), [("", 30), ("15m", 30), ("3h", 360), ("1d", 2880), ("for ever", 30)])
async def test_curves_go_back_as_far_as_was_asked(city: City, last: str, step: int) -> None:
    played = Played(prometheus)
    with_prometheus(city, played)
    shown = await page(city, f"/operations?last={last}")
    asked = [request.url.params for request in played.asked if request.url.path.endswith("query_range")]
    assert {params["step"] for params in asked} == {str(step)}
    assert {int(params["end"]) - int(params["start"]) for params in asked} == {30 * step}
    assert f"[{max(60, step)}s]" in asked[5]["query"]
    assert "Nothing in this time." not in shown


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"status": "success", "data": {"result": [{"metric": 1}]}}),
        httpx.Response(200, json={"status": "success"}),
        httpx.Response(200, json=[]),
        httpx.Response(400, json={"status": "error", "error": "no"}),
        httpx.Response(503),
        httpx.ConnectError("gone"),
    ],
)
async def test_whatever_prometheus_answers_the_page_is_there(city: City, answer: httpx.Response | Exception) -> None:
    with_prometheus(city, Played(lambda _: answer))
    shown = await page(city)
    assert "Prometheus" in shown
    assert "What this console knows by itself" in shown


async def test_a_prometheus_that_hangs_keeps_the_page_waiting_only_so_long(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging(Played):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(1)
            return prometheus(request)

    monkeypatch.setattr(operations, "WAIT_SECONDS", 0.1)
    with_prometheus(city, Hanging(prometheus))
    assert "did not answer within" in await page(city)
