"""A worker as a process: signals, waiting for the broker, the watchdog, and the codes that it exits with."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, TypeVar, cast

from shared import telemetry
from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.engine import gc_tuning
from shared.engine.broker import Broker, BrokerUnavailable, Stored
from shared.engine.budget import within_budget
from shared.engine.effects import Perform, no_effects
from shared.engine.kafka import KafkaBroker
from shared.engine.service import Service
from shared.engine.topic import DEAD_LETTERS, Topic, snapshots_of
from shared.engine.worker import Prepare, Watch, Worker, watch_nothing
from shared.events.base import Event, decode

E = TypeVar("E", bound=Event)

HANG_SECONDS = 8.0
PREPARE_SECONDS = 20.0
EXIT_WATCHDOG, EXIT_FAILED = 70, 71


def run(
    service: Service[Any],
    settings: Settings,
    perform: Perform = no_effects,
    watch: Watch = watch_nothing,
    prepare: Mapping[str, Prepare] = MappingProxyType({}),
) -> None:
    """Run a service as this process, until it is told to stop (SIGTERM, SIGINT) or cannot go on (exit code 71).

    `prepare`: by type, the inputs that are worked on beside the loop before they are decided.
    """
    telemetry.configure_logs(service.name, settings.instance, settings.log_level)
    try:
        with within_budget(service) as bounded:
            asyncio.run(_run(bounded, settings, perform, watch, prepare))
    except Exception as error:  # noqa: BLE001  # whatever it is, the supervisor's business
        telemetry.logger().critical("worker ended", error=type(error).__name__, wrong=str(error)[:300])
        sys.stderr.flush()
        os._exit(EXIT_FAILED)


async def _run(
    service: Service[Any], settings: Settings, perform: Perform, watch: Watch, prepare: Mapping[str, Prepare]
) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    gc_tuning.tune()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = KafkaBroker(settings.kafka, settings.partitions)
    worker = Worker(
        service, broker, clock, f"{service.name}-{settings.instance}", perform, watch=watch, prepare=prepare
    )
    watchdog = Watchdog(lambda: worker.turned_at if started else clock.monotonic(), clock)
    started = False
    telemetry.serve_operations(
        settings.operations_host, settings.operations_port, lambda: started and worker.ready, watchdog.live
    )
    await wait_for_broker(broker, topics_of(service), stop)
    started = True
    worker.turned_at = clock.monotonic()
    watchdog.start()
    try:
        await worker.run(stop)
    finally:
        watchdog.stop()
    await broker.close()


def topics_of(service: Service[Any]) -> tuple[Topic, ...]:
    """The topics without which a service cannot run."""
    return (*service.reads, service.writes, snapshots_of(service.name), DEAD_LETTERS)


async def wait_for_broker(broker: Broker, topics: Sequence[Topic], stop: asyncio.Event) -> None:
    """Wait inside the process until the broker answers and the topics are there; `readyz` is false meanwhile."""
    while not stop.is_set():
        try:
            wrong = await broker.wrong_topics(topics)
        except BrokerUnavailable as error:
            wrong = [str(error)]
        if not wrong:
            return
        telemetry.logger().warning("waiting for the broker", wrong="; ".join(wrong)[:300])
        await asyncio.sleep(0.5)


class Watchdog:
    """Ends the process, from a thread, when the loop has not come round for eight seconds."""

    def __init__(self, turned_at: Callable[[], float], clock: Clock) -> None:
        self._turned_at, self._clock, self._over = turned_at, clock, threading.Event()

    def start(self) -> None:
        """Start watching."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching: the loop is on its way out."""
        self._over.set()

    def live(self) -> bool:
        """Whether the loop came round lately."""
        return self._clock.monotonic() - self._turned_at() < HANG_SECONDS

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if not self.live():
                sys.stderr.write('{"event": "the loop hangs; exiting", "level": "critical"}\n')
                sys.stderr.flush()
                os._exit(EXIT_WATCHDOG)


def beside_the_loop(kind: type[E], work: Callable[[E], object]) -> Prepare:
    """Work on an input in a thread, for what it leaves in a cache: a decision is the same without it, only slower."""

    async def prepare(stored: Stored) -> None:
        loop, over, event = asyncio.get_running_loop(), asyncio.Event(), decode(kind.type, stored.value)

        def run_beside() -> None:
            with suppress(Exception):  # the decision meets it too
                work(cast("E", event))
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(over.set)

        threading.Thread(target=run_beside, name=f"prepare {kind.type}", daemon=True).start()
        await asyncio.wait_for(over.wait(), PREPARE_SECONDS)  # longer is the decision's own business

    return prepare
