"""What the auditor makes of a run: it is handed the sender's list, and has to be clean with it."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientError, ClientSession
from prometheus_client.parser import text_string_to_metric_families

WAIT_SECONDS = 45.0
"""How long the auditor may take to read the rest, to take the list, and to look once more."""
AGAIN_SECONDS = 0.5
NEVER_CLEAN = ("broken", "blind")


class Auditor(NamedTuple):
    """Where it is to be found."""

    metrics_url: str
    lists: Path


class Audited(NamedTuple):
    """What came of its runs."""

    runs: int
    planted: int
    listed: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"auditor: {self.runs} runs, clean, {self.planted} planted found each run, "
            f"{self.listed} acknowledged versions accounted for."
        )


class _Figures(NamedTuple):
    """What its metrics say."""

    runs: dict[str, int]
    broken: dict[str, int]
    planted: int
    clean_at: float
    taken: int
    refused: int


async def audited(
    http: ClientSession, auditor: Auditor, agency: str, acknowledged: Collection[tuple[str, str]]
) -> Audited:
    """Hand over the list and wait for a run that is clean with it, for a while."""
    before = await _figures(http, auditor)
    hand_over(auditor, agency, acknowledged)
    loop, taken_at = asyncio.get_running_loop(), None
    deadline = loop.time() + WAIT_SECONDS
    while True:
        found = await _figures(http, auditor)
        if taken_at is None and found is not None and found.taken > (before.taken if before else 0):
            taken_at = datetime.now(UTC).timestamp()
        is_clean = taken_at is not None and found is not None and found.clean_at > taken_at
        if is_clean or loop.time() > deadline:
            return _judged(found, len(acknowledged), is_clean=is_clean)
        await asyncio.sleep(AGAIN_SECONDS)


def hand_over(auditor: Auditor, agency: str, acknowledged: Collection[tuple[str, str]]) -> None:
    """Put a sender's list where the auditor takes it: under its name only once it is whole."""
    auditor.lists.mkdir(exist_ok=True)
    now, part = datetime.now(UTC).isoformat(), auditor.lists / f"{agency}.part"
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("agency", "source", "call", "event_id", "time"))
        for call_id, event_id in acknowledged:
            rows.writerow((*call_id.split("/"), event_id, now))
    part.rename(auditor.lists / f"{agency}.csv")


def _judged(found: _Figures | None, listed: int, *, is_clean: bool) -> Audited:
    if found is None:
        return Audited(0, 0, listed, ("the auditor does not answer",))
    wrong = [f"the auditor found {name} broken {count} times" for name, count in found.broken.items() if count]
    wrong += [f"{found.runs[why]} runs of the auditor were {why}" for why in NEVER_CLEAN if found.runs.get(why)]
    if found.refused:
        wrong.append("the auditor refused the sender's list")
    if not is_clean and not wrong:
        wrong.append("no run of the auditor was clean after the last call")
    return Audited(sum(found.runs.values()), found.planted, listed, tuple(wrong))


async def _figures(http: ClientSession, auditor: Auditor) -> _Figures | None:
    try:
        async with http.get(auditor.metrics_url) as answer:
            text = await answer.text()
    except ClientError:
        return None
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def by(name: str, label: str) -> dict[str, int]:
        return {
            sample.labels[label]: int(sample.value) for sample in samples if sample.name == f"careroute_audit_{name}"
        }

    def value(name: str) -> float:
        return next((sample.value for sample in samples if sample.name == f"careroute_audit_{name}"), 0.0)

    lists, late = by("lists_total", "result"), "outcome-in-time"
    broken = {name: count for name, count in by("violations", "invariant").items() if name != late}
    clean_at = value("last_clean_timestamp_seconds")
    taken, refused = lists.get("taken", 0), lists.get("refused", 0)
    return _Figures(by("runs_total", "result"), broken, int(value("planted_found")), clean_at, taken, refused)
