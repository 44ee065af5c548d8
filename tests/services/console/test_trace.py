"""A call's trace at the door: for those who may read the call, and in words where there is none."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from shared.engine.broker import RecordPosition
from tests.services.console.driver import AGENCY, OTHER_AGENCY, City
from tests.services.console.elsewhere import Played, answers, with_reporting

CALL = f"{AGENCY}/dane-county/26-1"
PATH = f"/v1/calls/{CALL}/trace"


def entry(position: str, kind: str, second: int, cause: str = "", source: str = "x") -> dict[str, Any]:
    time = f"2026-03-02T08:00:{second:02}+00:00"
    parts = list(RecordPosition.parse(position))
    return {"position": parts, "agency": AGENCY, "type": kind, "time": time, "source": source, "cause": cause}


TOLD = {
    "agency": AGENCY,
    "call_id": CALL,
    "records": [
        entry("calls/1/4", "call-reported", 1, source=""),
        entry("decisions/1/9", "call-triaged", 2, "calls/1/4"),
        entry("assignments/1/7", "call-routed", 9, "commands/1/3"),
    ],
    "causes": [entry("commands/1/3", "override-call", 8)],
    "has_more": False,
}


async def test_who_may_read_a_call_may_read_what_brought_what_about(city: City) -> None:
    reporting = answers(TOLD)
    with_reporting(city, reporting)
    for token in ("viewer", "dispatcher", "cad"):
        told = (await city.get(token, PATH)).json()
        assert [(step["depth"], step["type"], step["cause"]) for step in told["steps"]] == [
            (0, "call-reported", "from outside"),
            (1, "call-triaged", ""),
            (0, "call-routed", "override-call (commands/1/3)"),
        ]
        assert told["steps"][1]["ends_seconds"] == 1
    assert {request.url.path for request in reporting.asked} == {f"/trace/{CALL}"}


async def test_others_learn_nothing_and_reporting_is_not_asked(city: City) -> None:
    reporting = answers(TOLD)
    with_reporting(city, reporting)
    assert (await city.get(None, PATH)).status_code == 401
    assert (await city.get("bob", PATH)).status_code == 404
    assert (await city.get("other-cad", PATH)).status_code == 404
    assert (await city.get("viewer", f"/v1/calls/{OTHER_AGENCY}/cad/1/trace")).status_code == 404
    assert reporting.asked == []


async def test_a_call_that_reporting_does_not_know_is_not_found(city: City) -> None:
    with_reporting(city, answers({"records": []}))
    assert (await city.get("viewer", PATH)).status_code == 404


async def test_without_a_reporting_service_the_door_says_so_and_all_else_works(city: City) -> None:
    told = await city.get("viewer", PATH)
    assert told.status_code == 503
    assert "set CAREROUTE_REPORTING_URL" in told.json()["detail"]
    assert (await city.get("viewer", "/v1/calls")).status_code == 200


@pytest.mark.parametrize(
    "played",
    [
        Played(lambda _: httpx.ConnectError("gone")),
        answers({"records": [{"position": "nowhere"}]}),
        answers({"records": [entry("a/0/1", "t" * 500, 1)]}),
        answers([]),
        answers("trace", 503),
    ],
)
async def test_what_is_no_trace_is_said_in_words(city: City, played: Played) -> None:
    with_reporting(city, played)
    told = await city.get("viewer", PATH)
    assert told.status_code == 503
    assert told.json()["detail"].startswith("The reporting service")


async def test_the_page_of_a_trace_names_each_records_cause_and_is_linked_from_the_call(city: City) -> None:
    with_reporting(city, answers(TOLD))
    async with city.signed_in("viewer") as browser:
        page = await browser.get(f"/calls/{CALL}/trace")
        assert page.status_code == 200
        _, table = page.text.split('<table class="trace">')
        rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"(?s)<tr>(.*?)</tr>", table)]
        assert rows[1:4] == [
            "0.000 s call-reported from outside calls/1/4",
            "1.000 s call-triaged call-reported 1.000 s x decisions/1/9",
            "8.000 s call-routed override-call (commands/1/3) x assignments/1/7",
        ]
        assert page.text.count('<svg class="trace-bar"') == 3
    async with city.signed_in("bob") as browser:
        assert (await browser.get(f"/calls/{CALL}/trace")).status_code == 404


async def test_the_page_says_in_words_that_there_is_no_reporting_service(city: City) -> None:
    async with city.signed_in("viewer") as browser:
        page = await browser.get(f"/calls/{CALL}/trace")
        assert page.status_code == 503
        assert "set CAREROUTE_REPORTING_URL" in page.text
