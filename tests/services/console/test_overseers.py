"""Whether anybody watches: what pages say where the watcher or the prober is away, or has an alarm standing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.console.elsewhere import Elsewhere
from services.console.overseers import Overseers
from tests.services.console.driver import AGENCY, City
from tests.services.console.elsewhere import Answer, Played, answers

WELL = {"silent": [], "seconds": {"prober": 3.1}, "within_seconds": 120}
GONE = Played(lambda _: httpx.ConnectError("away"))


def probed(*targets: tuple[str, str, int]) -> dict[str, Any]:
    return {
        "seen": 3,
        "targets": [
            {"agency": agency, "district": district, "partition": None, "missed_in_a_row": missed, "why": ""}
            for agency, district, missed in targets
        ],
    }


def unset() -> Elsewhere:
    return Elsewhere("nobody", "CAREROUTE_NOBODY_URL", None)


def overseers(watcher: Played | None = None, prober: Played | None = None) -> Overseers:
    return Overseers(*(unset() if played is None else played.elsewhere() for played in (watcher, prober)))


async def warned(watcher: Played | None, prober: Played | None, times: int = 2) -> tuple[str, ...]:
    asking = overseers(watcher, prober)
    for _ in range(times):
        await asking.ask()
    return asking.warnings(AGENCY)


async def test_where_all_is_well_or_nobody_was_named_nothing_is_warned_of() -> None:
    assert await warned(answers(WELL), answers(probed((AGENCY, "Central", 1), ("probe-0", "", 0)))) == ()
    assert await warned(None, None) == ()


@pytest.mark.parametrize(
    ("watcher", "prober", "sentence"),
    [
        (GONE, None, "Nobody is watching over careroute: the watcher gives no answer."),
        (answers(WELL, 401), None, "Nobody is watching over careroute: the watcher gives no answer."),
        (answers({"silent": "prober"}), None, "Nobody is watching over careroute: the watcher gives no answer."),
        (answers({"silent": ["x" * 101]}), None, "Nobody is watching over careroute: the watcher gives no answer."),
        (answers({"silent": ["prober"]}), None, "the watcher hears nothing of the prober."),
        (None, GONE, "Nobody is trying careroute with test calls: the prober gives no answer."),
        (
            None,
            answers({"targets": [], "trouble": "The last alarm could not be delivered."}),
            "Nobody may hear of test calls that are missed. The prober says: The last alarm could not be delivered.",
        ),
        (None, answers({"targets": [{}]}), "the prober gives no answer."),
        (None, answers(probed((AGENCY, "Central", 2))), "careroute may be deaf: test calls are missed (Central)."),
        (
            None,
            answers({"targets": [{"agency": AGENCY, "district": "Central", "missed_in_a_row": 0, "is_alarm": True}]}),
            "careroute may be deaf: test calls are missed (Central).",
        ),
        (None, answers(probed(("probe-3", "", 2))), "test calls are missed (calls of any agency)."),
    ],
)
async def test_who_is_away_or_has_an_alarm_is_said_and_that_the_default_stands(
    watcher: Played | None, prober: Played | None, sentence: str
) -> None:
    (warning,) = await warned(watcher, prober)
    assert sentence in warning
    assert "The default stands" in warning


async def test_both_are_said_and_nothing_of_other_agencies() -> None:
    missed = answers(probed((AGENCY, "Central", 2), ("boston-ma", "Roxbury", 2)))
    nobody, deaf = await warned(answers({"silent": ["prober"]}), missed)
    assert "hears nothing" in nobody
    assert "Roxbury" not in deaf


async def test_an_answer_that_is_lost_alarms_nobody_and_the_next_one_ends_the_alarm() -> None:
    late = httpx.ReadTimeout("late")
    given: list[Answer] = [late, late, httpx.Response(200, json=WELL)]
    asking = overseers(Played(lambda _: given.pop(0)))
    said = []
    for _ in range(3):
        await asking.ask()
        said.append(len(asking.warnings(AGENCY)))
    assert said == [0, 1, 0]


async def test_it_is_asked_with_the_secret_at_its_state() -> None:
    watcher = answers(WELL)
    await warned(watcher, None, 1)
    (request,) = watcher.asked
    assert (request.method, request.url.path, request.headers["authorization"]) == ("GET", "/state", "Bearer its-key")


@pytest.mark.parametrize("who", ["dispatcher", "supervisor"])
async def test_every_page_says_so_loudly(city: City, who: str) -> None:
    asking = overseers(GONE, answers(probed((AGENCY, "Central", 2))))
    object.__setattr__(city.app.state.console, "overseers", asking)
    await asking.ask()
    await asking.ask()
    async with city.signed_in(who) as browser:
        for address in ("/", "/teams", "/operations"):
            shown = (await browser.get(address)).text
            assert shown.count('<p class="unwatched" role="alert">') == 2, address
            assert "Nobody is watching over careroute" in shown
        shown = (await browser.get("/operations")).text
        assert "<dt>Watcher</dt><dd>GIVES NO ANSWER</dd>" in shown
        assert "<dt>Prober</dt><dd>MISSES TEST CALLS FOR: Central</dd>" in shown


async def test_without_settings_only_operations_says_that_nobody_is_asked(city: City) -> None:
    async with city.signed_in("viewer") as browser:
        shown = (await browser.get("/operations")).text
    assert "unwatched" not in shown
    assert "<dt>Watcher</dt><dd>not asked, since CAREROUTE_WATCH_URL is not set" in shown
