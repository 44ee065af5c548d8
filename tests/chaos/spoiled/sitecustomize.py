"""Put on a process's path, it makes some calls harmful: by name, one keeps a service busy, or ends its process.

And where a file in CHAOS_DEATHS says so, a process dies at the point that the file names: after it has polled, decided
or appended, before an effect, during a claim or a snapshot. For one purpose: to show that nobody else suffers from it.
The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    import os
    import signal
    import time
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import contextmanager, suppress
    from dataclasses import replace
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from shared.engine import process
    from shared.engine.broker import Appended, Record
    from shared.engine.budget import within_budget
    from shared.engine.effects import PartitionEffects
    from shared.engine.kafka import KafkaBroker
    from shared.engine.service import Input, Service
    from shared.engine.snapshots import Sizes
    from shared.engine.step import Decider
    from shared.engine.worker import Worker
    from shared.events import CallReported, Event

    BUSY_SECONDS = 30

    @contextmanager
    def _spoiled(service: Service[Any]) -> Iterator[Service[Any]]:
        def decide(state: Any, given: Input, now: datetime) -> Sequence[Event]:
            name = given.event.call_id if isinstance(given.event, CallReported) else ""
            if f"/spin-{service.name}-" in name:
                end = time.thread_time() + BUSY_SECONDS
                while time.thread_time() < end:
                    pass
            if f"/die-{service.name}-" in name:
                os._exit(9)
            return service.decide(state, given, now)

        with within_budget(replace(service, decide=decide)) as bounded:
            yield bounded

    assert vars(process)["within_budget"] is within_budget
    setattr(process, "within_budget", _spoiled)  # noqa: B010  # a function of another type

    # --- where a process dies --------------------------------------------------------------------------------------

    DEATHS = Path(os.environ.get("CHAOS_DEATHS", "/nowhere"))
    SERVICE = sys.orig_argv[-1].removeprefix("services.").replace("_", "-")
    SNAPSHOT_EVERY_RECORDS = 200

    def _die(point: str) -> None:
        file = DEATHS / f"{SERVICE}-{point}"
        with suppress(FileNotFoundError):
            file.rename(file.with_suffix(".died"))  # one process alone
            os.kill(os.getpid(), signal.SIGKILL)

    def _dying_after(kind: type[Any], name: str, point: str, when: Callable[[Any], bool] = lambda _: True) -> None:
        """Have a method end its process once it is done, if what it gives is so."""
        method = vars(kind)[name]

        def then_die(*arguments: Any) -> Any:
            given = method(*arguments)
            if when(given):
                _die(point)
            return given

        setattr(kind, name, then_die)

    append, perform = KafkaBroker.append, vars(PartitionEffects)["_run"]

    async def _append(self: KafkaBroker, topic: str, partition: int, records: Sequence[Record]) -> Appended:
        appended = await append(self, topic, partition, records)
        kind = dict(records[0].headers).get("type", b"")
        if kind == b"claimed":
            _die("claim")
        elif topic.endswith("-snapshots"):
            _die("snapshot")
        elif topic in ("decisions", "assignments", "notifications", "rosters") and kind != b"positions-noted":
            _die("append")
        return appended

    async def _perform(*arguments: Any) -> None:
        _die("effect")
        await perform(*arguments)

    _dying_after(Worker, "_feed", "poll")
    _dying_after(Decider, "step", "decide", lambda step: bool(step.made))
    setattr(KafkaBroker, "append", _append)  # noqa: B010  # a method that may die
    setattr(PartitionEffects, "_run", _perform)  # noqa: B010  # as above
    defaults = Worker.__init__.__kwdefaults__ or {}
    assert "snapshot_every_records" in defaults
    defaults["snapshot_every_records"] = SNAPSHOT_EVERY_RECORDS
    defaults["snapshot_sizes"] = Sizes(record=0)  # in parts: it may die between them
