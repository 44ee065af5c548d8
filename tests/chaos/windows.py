"""What a fault did: the time from the harm until all was well again, and what was seen in it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.table import Table

from deploy.actors.webhooks import Delivery
from tests.chaos.oracle import Sent, Verdict
from tests.chaos.stalls import SERVICE_OF
from tests.rig.log import Entry

LOST: Final = ("acknowledged and not in the topic", "acknowledged and not judged by triage", "calls lost: no outcome")
TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Window:
    """One fault, with what the doors answered and which alarms rose meanwhile."""

    fault: str
    began_at: float
    well_at: float
    """When it was healed, and nothing lacked any more."""
    ended_at: float
    """When what it had brought about was over, too."""
    answers: Mapping[int, int] = field(default_factory=dict)
    """Of intake, by status; 0 where none came."""
    alarms: frozenset[str] = frozenset()
    processes_ended: int = 0

    def has(self, at: float) -> bool:
        """Whether an instant lies in it."""
        return self.began_at <= at < self.ended_at


@dataclass(frozen=True, slots=True)
class Effect:
    """What one fault did."""

    window: Window
    acknowledged: int
    """Versions that were sent in it and acknowledged, then or later."""
    refused: int
    """Answers of the door that were none, or said to come again."""
    waited_seconds: float
    """The longest that a CAD waited until a version was acknowledged."""
    undecided_seconds: float
    """The longest that what was acknowledged waited for its first decision."""
    lost: int
    calls: int
    """Of CADs, first sent in it."""
    without_one_outcome: int
    """Of these, how many have another number of outcomes than one an episode."""
    twice: int
    """Pages, offers, clocks, inputs and commands that came twice."""
    silent: int
    """Calls that CADs dispatched by themselves: no word came from us within the deadline."""


def effects(
    windows: Iterable[Window],
    records: Iterable[Entry],
    sent: Sequence[Sent],
    received: Iterable[Delivery],
    *,
    verdict: Verdict,
    deadline_seconds: float,
) -> list[Effect]:
    """What each did. The records are those that the verdict is about."""
    counting = [entry for entry in records if entry.counts]
    undecided, twice = list(_undecided(counting)), list(_twice(counting))
    lost = {name for promise in LOST for name in verdict.faults[promise]}
    outcomes = Counter(
        (str(entry.fields["call_id"]), str(entry.fields["episode"])) for entry in _of(counting, "call-routed")
    )
    wrong = {call_id for (call_id, _), times in outcomes.items() if times != 1}
    wrong |= set(verdict.faults["calls lost: no outcome"])
    begun = _first(sent)
    told = _told(received)
    done = []
    for window in windows:
        within = [version for version in sent if window.has(version.at)]
        calls = {call_id for call_id, at in begun.items() if window.has(at)}
        done.append(
            Effect(
                window,
                acknowledged=len(within),
                refused=sum(number for _, number in _refusals(window)),
                waited_seconds=max((version.acknowledged_at - version.at for version in within), default=0.0),
                undecided_seconds=max((waited for at, waited in undecided if window.has(at)), default=0.0),
                lost=sum(version.event_id in lost or version.call_id in lost for version in within),
                calls=len(calls),
                without_one_outcome=len(calls & wrong),
                twice=sum(window.has(at) for at in twice),
                silent=sum(
                    told.get(call_id, window.ended_at * 2) - begun[call_id] > deadline_seconds for call_id in calls
                ),
            )
        )
    return done


HEAD = (
    "fault",
    "seconds",
    "acknowledged",
    "refused",
    "longest wait at the door",
    "longest wait for a decision",
    "lost",
    "calls",
    "not one outcome",
    "twice",
    "default by silence",
    "processes ended",
    "alarms",
)


def as_markdown(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def effect_table(done: Iterable[Effect]) -> Table:
    """For the terminal."""
    table = Table(*HEAD, title="What each fault did")
    for effect in done:
        table.add_row(*row_of(effect))
    return table


def row_of(effect: Effect) -> tuple[str, ...]:
    """Its line of the table."""
    window = effect.window
    return (
        window.fault,
        f"{window.well_at - window.began_at:.0f}",
        f"{effect.acknowledged}",
        ", ".join(f"{number} x {status or 'lost'}" for status, number in _refusals(window)) or "0",
        f"{effect.waited_seconds:.1f} s",
        f"{effect.undecided_seconds:.1f} s",
        f"{effect.lost}",
        f"{effect.calls}",
        f"{effect.without_one_outcome}",
        f"{effect.twice}",
        f"{effect.silent}",
        f"{window.processes_ended}",
        ", ".join(sorted(window.alarms)),
    )


def _refusals(window: Window) -> list[tuple[int, int]]:
    return sorted((status, number) for status, number in window.answers.items() if status not in TAKEN)


def _first(sent: Iterable[Sent]) -> dict[str, float]:
    """By call, when its CAD sent anything of it first."""
    first: dict[str, float] = {}
    for version in sent:
        first[version.call_id] = min(version.at, first.get(version.call_id, version.at))
    return first


def _told(received: Iterable[Delivery]) -> dict[str, float]:
    """By call, when its CAD first heard what became of it."""
    told: dict[str, float] = {}
    for delivery in received:
        if delivery.path.startswith("/cad") and (message := json.loads(delivery.body))["type"] == "call.routed":
            call_id = message["data"]["call_id"]
            told[call_id] = min(delivery.at, told.get(call_id, delivery.at))
    return told


def _undecided(counting: Sequence[Entry]) -> Iterable[tuple[float, float]]:
    """Of each input that was decided: when it became durable, and how long it waited for its first decision."""
    durable_at = {entry.position: entry.time for entry in counting}
    decided: dict[str, float] = {}
    for entry in counting:
        if entry.topic in SERVICE_OF and entry.cause in durable_at:
            decided[entry.cause] = min(entry.time, decided.get(entry.cause, entry.time))
    return ((durable_at[cause], at - durable_at[cause]) for cause, at in decided.items())


def _twice(counting: Iterable[Entry]) -> Iterable[float]:
    """When something came that had come before."""
    seen: set[tuple[str, ...]] = set()
    for entry in counting:
        name = SAME.get(entry.type)
        what = (entry.topic, entry.type, name(entry) if name else entry.headers.get("id", b"").decode())
        if entry.topic in SERVICE_OF and entry.type not in ("claimed", "positions-noted"):
            if what in seen:
                yield entry.time
            seen.add(what)


def _field(*names: str) -> Callable[[Entry], str]:
    return lambda entry: "/".join(str(entry.fields[name]) for name in names)


SAME: Mapping[str, Callable[[Entry], str]] = {
    "call-routed": _field("call_id", "episode"),
    "page-attempted": _field("page_id"),
    "offer-expired": _field("offer_id"),
    "command-done": _field("command_id"),
    "command-refused": _field("command_id"),
}
"""By type, what there may be one of."""


def _of(counting: Iterable[Entry], kind: str) -> Iterable[Entry]:
    return (entry for entry in counting if entry.type == kind)
