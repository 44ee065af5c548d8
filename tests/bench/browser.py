"""`python -m tests.bench.browser`: how long it takes from an event's append until a browser shows it. Not a test.

The log is the in-memory one; console, browser and load share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import deque
from pathlib import Path

from hdrh.histogram import HdrHistogram

from deploy.arguments import above_zero
from shared.topics import ASSIGNMENTS
from tests import builders
from tests.browser.desk import a_browser, a_desk
from tests.conftest import chromium
from tests.services.console.pages.driver import Room, call_of

EVENTS_A_CALL = 4
"""It is judged, gets its deadline, waits for a person, and is routed."""
OPEN_SECONDS = 5.0
WATCH = """
window.shown = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll("#waits > .row")) window.shown[row.id] ??= Date.now();
}).observe(document.querySelector("#waits"), { childList: true });
"""


async def load(room: Room, rate: float, seconds: float) -> dict[str, float]:
    """Calls come at an even pace; by row, when the event was appended that puts it on the page, in milliseconds."""
    loop, appended, waiting = asyncio.get_running_loop(), dict[str, float](), deque[tuple[float, str]]()
    began, number = loop.time(), 0
    while loop.time() - began < seconds:
        due = began + number * EVENTS_A_CALL / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        incident, number = f"b-{number}", number + 1
        at = time.time()
        room.waits(incident)
        appended[f"call-madison-wi%2Fdane-county%2F{incident}"] = at * 1000
        waiting.append((loop.time(), call_of(incident)))
        while waiting and loop.time() - waiting[0][0] > OPEN_SECONDS:
            room.write(ASSIGNMENTS.name, builders.call_routed(waiting.popleft()[1], room.now, "default"))
    return appended


async def measure(rate: float, seconds: float) -> None:
    """Load one browser on Now, and print p50 and p99."""
    path = chromium()
    assert path is not None, "Chromium is missing"
    with tempfile.TemporaryDirectory() as folder:
        async with a_browser(path) as browser, a_desk(browser, Path(folder)) as desk:
            await desk.live()
            await desk.page.evaluate(WATCH)
            appended = await load(desk.room, rate, seconds)
            await asyncio.sleep(2)
            shown = await desk.page.evaluate("window.shown")
    times = HdrHistogram(1, 60_000, 3)
    for row, at in appended.items():
        times.record_value(max(1, round(shown.get(row, at + 60_000) - at)))
    p50, p99, most = (times.get_value_at_percentile(share) for share in (50, 99, 100))
    missing = len(appended.keys() - shown.keys())
    print(f"{rate:.0f} events/s, {len(appended)} rows: p50 {p50} ms, p99 {p99} ms, most {most} ms, {missing} not shown")  # noqa: T201


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=above_zero, default=80.0, help="events a second")
    parser.add_argument("--seconds", type=above_zero, default=20.0)
    given = parser.parse_args()
    asyncio.run(measure(given.rate, given.seconds))


if __name__ == "__main__":
    main()
