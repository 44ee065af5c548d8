"""A door's view that was saved in the midst of a city's day, and folded on from there, is the view of the whole day."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from services.console.api.http import create_app as console_app
from services.console.config import ConsoleSettings
from services.console.view.agency import READS
from services.console.view.agency import View as ConsoleView
from services.notification.callbacks.config import CallbacksSettings
from services.notification.callbacks.http import FOLLOWED as CALLBACKS_READS
from services.notification.callbacks.http import open_door as callbacks_door
from services.notification.callbacks.view import View as CallbacksView
from services.pocket.config import PocketSettings
from services.pocket.door import FOLLOWED as POCKET_READS
from services.pocket.door import open_door as pocket_door
from services.pocket.view import View as PocketView
from shared.agencies import Agencies
from shared.audit_log.chain import new_audit_key
from shared.clock import SystemClock
from shared.contracts import FOLDER
from shared.doors.answers import AnswerFollower
from shared.doors.snapshots import ViewSnapshots
from shared.engine.broker import Stored
from shared.engine.journal import START, Ownership
from shared.engine.memory import MemoryBroker, MemoryLog
from shared.engine.topic import Topic
from shared.events import decode
from shared.events.base import EVENTS
from shared.sealing import Sealer, new_key
from shared.topics import ROSTERS
from tests.rig.clocks import LaterClock
from tests.simulation.simulate import simulate
from tests.simulation.virtual_time import EPOCH

SEEDS = (3, 11)
SECRET = "s" * 32


@dataclass(frozen=True)
class Viewing:
    """A door's view, and what it is folded from."""

    make: Callable[[], Any]
    reads: tuple[Topic, ...]


DOORS: Mapping[str, Viewing] = {
    "console": Viewing(ConsoleView, READS),
    "pocket": Viewing(functools.partial(PocketView, SECRET), POCKET_READS),
    "callbacks": Viewing(CallbacksView, CALLBACKS_READS),
}


@functools.cache
def day(seed: int) -> dict[str, list[Stored]]:
    """What counts in each topic, in the order in which it was written."""
    found: dict[str, list[Stored]] = {}
    for (topic, _), written in sorted(simulate(seed).log.places.items()):
        owner = Ownership()
        is_journal = any(each.name == topic and each.journal for each in READS)
        found.setdefault(topic, []).extend(stored for stored in written if not is_journal or owner.counts(stored))
    return found


class Told:
    """Whatever a view holds, as plain values that can be compared; what was met before is told by its number."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return [self.of(each) for each in value]
        if isinstance(value, set | frozenset):
            return sorted(map(repr, value))
        held = self._held(value)
        if held is None:
            return value
        if (number := self._met.setdefault(id(value), len(self._met))) < len(self._met) - 1:
            return f"number {number}"
        return [type(value).__name__, [(self.of(name), self.of(each)) for name, each in held]]

    @staticmethod
    def _held(value: Any) -> Iterable[tuple[Any, Any]] | None:
        """What it is made of; None of what is plain."""
        if isinstance(value, dict):
            return value.items()
        if isinstance(value, list | deque):
            return enumerate(value)
        if is_dataclass(value):
            return [(each.name, getattr(value, each.name)) for each in fields(value)]
        return vars(value).items() if hasattr(value, "__dict__") else None


def told(view: Any) -> Any:
    return Told().of(vars(view))


def folded(view: Any, written: list[Stored]) -> Any:
    for stored in written:
        view.fold(stored.key, decode(stored.header("type"), stored.value), stored)
    return view


def stored_example(kind: str, topic: str = ROSTERS.name) -> tuple[Any, Stored]:
    """An event as the contracts show it, and where it stands."""
    value = (FOLDER / f"{kind}.example.json").read_bytes()
    headers = {"type": kind.encode(), "cause": b"commands/0/1"}
    return decode(kind, value), Stored(topic, 0, 0, EPOCH, "a1", value, headers)


@pytest.mark.parametrize("name", DOORS)
def test_whatever_event_there_is_a_view_that_has_taken_it_can_be_saved(name: str) -> None:
    door, kinds = DOORS[name], [path.name.removesuffix(".example.json") for path in FOLDER.glob("*.example.json")]
    view, again = door.make(), door.make()
    for topic in door.reads * 2:  # what needs another before it finds that the second time
        for kind in sorted(set(kinds) & EVENTS.keys()):
            view.fold("a1", *stored_example(kind, topic.name))
    snapshots = ViewSnapshots(name, MemoryBroker(MemoryLog(1)), Sealer(new_key()), LaterClock())
    unpacked = snapshots._unpack(snapshots._pack({}, vars(view)))
    assert unpacked is not None
    vars(again).update(unpacked[1])
    assert told(again) == told(view)


@pytest.mark.parametrize("name", DOORS)
def test_what_a_snapshot_suffers_is_none_of_the_commands(name: str, tmp_path: Path) -> None:
    """Whoever is refused a record over a connection gives it up, and a pause that is on its way with it."""
    agencies = tmp_path / "agencies.toml"
    agencies.write_text("[agencies.madison]\n", "utf-8")
    common: dict[str, Any] = {
        "kafka": "kafka:9092",
        "agencies_file": agencies,
        "sealing_key": SecretStr(new_key()),
        "link_secret": SecretStr(SECRET),
        "audit_keys": SecretStr(new_audit_key()),
        "pocket_url": "https://pocket.example",
    }
    broker, beside = MemoryBroker(MemoryLog(1)), MemoryBroker(MemoryLog(1))
    followers: Mapping[str, Callable[[], AnswerFollower]] = {
        "console": lambda: (
            console_app(broker, SystemClock(), Agencies(agencies), ConsoleSettings(**common), beside).state.follower
        ),
        "pocket": lambda: pocket_door(broker, SystemClock(), PocketSettings(**common), beside).follower,
        "callbacks": lambda: (
            callbacks_door(
                broker, SystemClock(), CallbacksSettings(**common, callbacks_url="https://callbacks.example"), beside
            ).follower
        ),
    }
    follower = followers[name]()
    assert follower._broker is broker
    assert follower._kept is not None
    assert follower._kept.snapshots._broker is beside
    labels = {"service": name, "why": "unavailable"}
    assert REGISTRY.get_sample_value("careroute_snapshots_not_saved_total", labels) is not None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DOORS)
def test_a_view_goes_on_from_wherever_it_was_saved_as_if_it_never_had_been(name: str, seed: int) -> None:
    door, sealer = DOORS[name], Sealer(new_key())
    written = sorted(
        (stored for topic in door.reads for stored in day(seed).get(topic.name, ())),
        key=lambda stored: (stored.time, stored.topic, stored.partition, stored.offset),
    )
    assert len(written) > 1000
    whole = told(folded(door.make(), written))
    snapshots = ViewSnapshots(name, MemoryBroker(MemoryLog(1)), sealer, LaterClock())
    for share in (1, 3, 5, 7, 9):
        cut = len(written) * share // 10
        before = folded(door.make(), written[:cut])
        positions = {(topic.name, 0): START for topic in door.reads}
        unpacked = snapshots._unpack(snapshots._pack(positions, vars(before)))  # what is written
        assert unpacked is not None
        again = door.make()
        vars(again).update(unpacked[1])
        assert told(again) == told(before)
        assert told(folded(again, written[cut:])) == whole
