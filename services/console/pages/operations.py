"""The page Operations: what fires, which processes run, who decides where, and the curves up to now.

What this door knows by itself it says by itself. All else is Prometheus', and where that is away the page says so.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from services.console.elsewhere import Away
from services.console.levels import call_level
from services.console.pages.curves import Drawn, drawn, up_to
from services.console.pages.page import ConsolePage, Visit
from services.console.prometheus import Firing, Sample, Window, firing, samples
from services.console.runbooks import address_of_runbook
from shared.panels import BOARDS, PANELS, Board, panels_of

WAIT_SECONDS, AT_A_TIME = 8.0, 6
"""For all of Prometheus' answers together, and how many questions it is asked at a time."""
STRETCHES: Mapping[str, tuple[str, timedelta]] = {
    "15m": ("15 minutes", timedelta(minutes=15)),
    "3h": ("3 hours", timedelta(hours=3)),
    "1d": ("24 hours", timedelta(days=1)),
}
"""How far back the curves go, as the address says it; the first one is shown where it says nothing."""

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)


class AlertFiring(NamedTuple):
    """An alert that fires."""

    name: str
    summary: str
    severity: str
    since: datetime
    runbook: str
    """Its address; empty where this console has no such page."""


class ProcessSeen(NamedTuple):
    """A process, as Prometheus last saw it."""

    name: str
    service: str
    is_up: bool
    since: datetime | None
    version: str
    owned: int | None
    """How many partitions it decides for; None where it decides nothing."""


class TopicOwners(NamedTuple):
    """Who decides in each partition of a journal."""

    topic: str
    owners: tuple[tuple[str, str], ...]
    """Each partition, and its owner: empty where there is none."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What Prometheus says."""

    alerts: Sequence[AlertFiring]
    processes: Sequence[ProcessSeen]
    topics: Sequence[TopicOwners]
    panels: Sequence[Drawn]


async def show(visit: Visit) -> Mapping[str, Any]:
    """What the page shows as it was when it was asked for."""
    board, stretch = _asked(visit, "board", BOARDS), _asked(visit, "last", STRETCHES)
    watched, why = None, ""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            watched = await _watched(visit, board, up_to(visit.now, STRETCHES[stretch][1]))
    except Away as away:
        why = away.detail
    except TimeoutError:
        why = f"Prometheus did not answer within {WAIT_SECONDS:.0f} s; nothing else here waits for it."
    return {
        "board": board,
        "stretch": stretch,
        "stretches": [(name, words) for name, (words, _) in STRETCHES.items()],
        "boards": [(name, title) for name, title in BOARDS.items() if panels_of(name)],
        "own": _own(visit),
        "watched": watched,
        "why": why,
    }


def _asked(visit: Visit, name: str, choices: Mapping[Choice, Any]) -> Choice:
    """What the address chooses, or the first that there is to choose."""
    first, *_ = choices
    return next((choice for choice in choices if choice == visit.query.get(name)), first)


# --- what this door knows by itself


def _own(visit: Visit) -> list[tuple[str, str]]:
    """Each thing that it knows, with what it knows of it."""
    door = visit.door
    lag = door.follower.lag_seconds()
    levels = [call_level(call, visit.now) for call in visit.seen.open_calls()]
    refused = door.agencies.refused_since
    return [
        ("Journals", f"read to within {lag:.1f} s of now"),
        ("Calls without an outcome", str(levels.count("undecided") + levels.count("overdue"))),
        ("Calls past their deadline", str(levels.count("overdue"))),
        ("Calls with a team", str(levels.count("with-team"))),
        ("Agencies file", "in order" if refused is None else "WRONG or gone; the one before it is in force"),
        ("Reporting", "known" if door.reporting.is_set_up else "none: no figures, no traces"),
        *door.overseers.words(visit.who.agency),
    ]


# --- what Prometheus knows


async def _watched(visit: Visit, board: Board, window: Window) -> Watched:
    prometheus, agency = visit.door.prometheus, visit.who.agency
    turns = asyncio.Semaphore(AT_A_TIME)
    alerts, up, started, builds, owned, owners = await _all(
        turns,
        firing(prometheus),
        *(
            samples(prometheus, promql, visit.now)
            for promql in (
                "up",
                "process_start_time_seconds",
                "careroute_build_info",
                "careroute_owned_partitions",
                "careroute_partition_owner",
            )
        ),
    )
    panels: list[Drawn] = await _all(
        turns,
        *(drawn(panel, number, visit, window) for number, panel in enumerate(PANELS) if panel.board == board),
    )
    return Watched(
        _alerts(alerts, agency, visit.door.runbooks),
        _processes(up, started, builds, owned),
        _topics(owners),
        panels,
    )


async def _all(turns: asyncio.Semaphore, *asked: Awaitable[Any]) -> list[Any]:
    """Every answer, in order, a few at a time. Raises Away if one of them is none."""

    async def in_turn(one: Awaitable[T]) -> T:
        async with turns:
            return await one

    tasks: list[asyncio.Task[Any]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(in_turn(one)) for one in asked]
    except* Away as away:
        raise away.exceptions[0] from None
    return [task.result() for task in tasks]


def _alerts(found: Sequence[Firing], agency: str, runbooks: Collection[str]) -> list[AlertFiring]:
    """Those of this agency, and those that are of no agency; what is paged first."""
    order = {"page": 0, "notice": 1, "ticket": 2}
    mine = [alert for alert in found if alert.labels.get("agency", agency) == agency]
    return [
        AlertFiring(
            alert.name,
            alert.annotations.get("summary", ""),
            alert.labels.get("severity", ""),
            alert.since,
            address_of_runbook(alert.name) if alert.name in runbooks else "",
        )
        for alert in sorted(mine, key=lambda alert: (order.get(alert.labels.get("severity", ""), 3), alert.since))
    ]


def _processes(
    up: Sequence[Sample], started: Sequence[Sample], builds: Sequence[Sample], owned: Sequence[Sample]
) -> list[ProcessSeen]:
    began, versions, partitions = map(_by_process, (started, builds, owned))
    return sorted(
        ProcessSeen(
            name=process[1],
            service=process[0],
            is_up=sample.value == 1,
            since=_instant(began.get(process)),
            version=versions[process].labels.get("version", "") if process in versions else "",
            owned=_whole(partitions.get(process)),
        )
        for process, sample in _by_process(up).items()
    )


def _by_process(found: Sequence[Sample]) -> dict[tuple[str, str], Sample]:
    return {(sample.labels.get("job", ""), sample.labels.get("instance", "")): sample for sample in found}


def _instant(sample: Sample | None) -> datetime | None:
    try:
        return None if sample is None or sample.value is None else datetime.fromtimestamp(sample.value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _whole(sample: Sample | None) -> int | None:
    return None if sample is None or sample.value is None else round(sample.value)


def _topics(found: Sequence[Sample]) -> list[TopicOwners]:
    owners: dict[str, dict[str, str]] = defaultdict(dict)
    for sample in found:
        partitions = owners[sample.labels.get("topic", "")]
        partition = sample.labels.get("partition", "")
        partitions.setdefault(partition, "")
        if sample.value == 1:
            partitions[partition] = sample.labels.get("instance", "")
    return [
        TopicOwners(topic, tuple(sorted(partitions.items(), key=lambda each: (len(each[0]), each))))
        for topic, partitions in sorted(owners.items())
    ]


PAGE = ConsolePage(path="/operations", title="Operations", right="read", template="operations.html", show=show)
