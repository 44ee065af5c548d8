"""Whatever runs on Kafka as a process: signals, waiting for the broker, the watchdog, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from types import CodeType, FrameType, MappingProxyType
from typing import Any, Protocol, TypeVar, cast

import uvloop

from shared import telemetry
from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.engine import gc_tuning
from shared.engine.broker import Broker, BrokerUnavailable, Stored
from shared.engine.budget import within_budget
from shared.engine.effects import Perform, no_effects
from shared.engine.follower import Follower
from shared.engine.kafka import KafkaBroker
from shared.engine.service import Service
from shared.engine.topic import DEAD_LETTERS, Topic, beats_of, snapshots_of
from shared.engine.worker import Prepare, Watch, Worker, watch_nothing
from shared.events.base import Event, decode
from shared.operations import Remark, serve_operations

E = TypeVar("E", bound=Event)

HANG_SECONDS = 8.0
BEGIN_SECONDS = 60.0
"""Until it has been ready once the loop may take so long: it loads, asks the broker time and again, each wait bounded,
and where many begin at once they wait for the processor. Whatever it owns by then, Kafka gives to another."""
LAST_WORDS_SECONDS = 1.0
"""So long a process that is to end waits for what it writes to be taken."""
TELL_AGAIN_SECONDS = 10.0
"""So long nobody is told again that the broker is waited for, and why, while that is the same."""
INNERMOST_FRAMES = 8
"""So many the watchdog names."""
PREPARE_SECONDS = 0.8
"""What follows an input in its topic waits so long for it, whoever's it is: a pause is at work within a second."""
EXIT_WATCHDOG, EXIT_FAILED = 70, 71
"""The loop hangs; the process cannot go on. Either is started anew."""


class Runner(Protocol):
    """What a process is there for."""

    @property
    def turned_at(self) -> float:
        """When its loop last came round, by the clock's monotonic time."""
        ...

    @property
    def ready(self) -> bool:
        """Whether it does its work, with nothing left from before its start."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set. Raises whatever makes it unable to go on."""
        ...


def run(
    service: Service[Any],
    settings: Settings,
    perform: Perform = no_effects,
    watch: Watch = watch_nothing,
    prepare: Mapping[str, Prepare] = MappingProxyType({}),
    *,
    beside: Follower | None = None,
    also: Runner | None = None,
) -> None:
    """Run a service as this process, until it is told to stop (SIGTERM, SIGINT) or cannot go on (exit code 71).

    `prepare`: by type, the inputs that are worked on beside the loop before they are decided; `beside`: what its
    decisions or effects need to know besides the journal; `also`: what runs with it, and needs no topic to begin.
    """
    broker, instance = KafkaBroker(settings.connection, settings.partitions), f"{service.name}-{settings.instance}"
    with within_budget(service) as bounded:
        worker = Worker(
            bounded,
            broker,
            SystemClock(),
            instance,
            perform,
            watch=watch,
            prepare=prepare,
            fit=lambda: beside is None or beside.ready,
        )
        others = [runner for runner in (beside, also) if runner is not None]
        topics = (*topics_of(service), *(beside.topics if beside is not None else ()))
        run_runner(service.name, settings, broker, topics, Together(worker, *others) if others else worker)


class Together:
    """Two that run in one process: where one of them cannot go on, the other ends with it."""

    def __init__(self, *runners: Runner) -> None:
        self._runners, self._running = runners, runners

    @property
    def turned_at(self) -> float:
        """When the loop came round last of the one that has been longest about it; who has ended hangs no more."""
        return min(runner.turned_at for runner in self._running or self._runners)

    @property
    def ready(self) -> bool:
        """Whether all of them do their work."""
        return all(runner.ready for runner in self._runners)

    async def run(self, stop: asyncio.Event) -> None:
        """Run all of them until `stop` is set. Raises what the first that cannot go on raises."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for runner in self._runners:
                    tasks.create_task(self._run(runner, stop))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _run(self, runner: Runner, stop: asyncio.Event) -> None:
        try:
            await runner.run(stop)
        finally:
            self._running = tuple(other for other in self._running if other is not runner)


def run_runner(
    name: str,
    settings: Settings,
    broker: Broker,
    topics: Sequence[Topic],
    runner: Runner,
    *,
    remark: Remark = str,
) -> None:
    """Run whatever needs these topics as this process, with the same ends as a service.

    `remark`: what `/readyz` says besides, of something that somebody has to mend.
    """
    telemetry.configure_logs(name, settings.instance, settings.log_level)
    try:
        uvloop.run(_run_until_stopped(settings, broker, topics, runner, remark))
    except Exception as error:  # noqa: BLE001  # whatever it is, the supervisor's business
        log = telemetry.logger()
        _end(EXIT_FAILED, partial(log.critical, "process ended", error=type(error).__name__, wrong=str(error)[:300]))


def _end(code: int, say: Callable[[], object]) -> None:
    """End the process with some last words. Where nobody takes what it writes it ends all the same."""

    def speak() -> None:
        say()
        sys.stderr.flush()

    speaking = threading.Thread(target=speak, name="last words", daemon=True)
    speaking.start()
    speaking.join(LAST_WORDS_SECONDS)
    os._exit(code)


async def _run_until_stopped(
    settings: Settings, broker: Broker, topics: Sequence[Topic], runner: Runner, remark: Remark
) -> None:
    stop = asyncio.Event()
    gc_tuning.tune()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watchdog = Watchdog(runner, SystemClock(), asyncio.current_task())
    where = settings.operations_host, settings.operations_port
    serve_operations(*where, lambda: runner.ready, watchdog.live, remark)
    await wait_for_broker(broker, topics, stop)
    if not stop.is_set():
        watchdog.start()
        try:
            await runner.run(stop)
        finally:
            watchdog.stop()
    await broker.close()


def topics_of(service: Service[Any]) -> tuple[Topic, ...]:
    """The topics without which a service cannot run."""
    return (*service.reads, service.writes, snapshots_of(service.name), beats_of(service.name), DEAD_LETTERS)


async def wait_for_broker(broker: Broker, topics: Sequence[Topic], stop: asyncio.Event) -> None:
    """Wait inside the process until the broker answers and the topics are there; `readyz` is false meanwhile."""
    waiting = Waiting(SystemClock())
    while not stop.is_set():
        try:
            wrong = await broker.wrong_topics(topics)
        except BrokerUnavailable as error:
            wrong = [str(error)]
        if not wrong:
            return
        waiting.tell("; ".join(wrong))
        await asyncio.sleep(0.5)


class Waiting:
    """Tells why a process waits for the broker: at once where that is news, else now and then.

    It looks twice a second: the same line as often leaves nothing else on a screen.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told, self._told_at = "", 0.0

    def tell(self, wrong: str) -> None:
        """Say what is wrong, unless it was said of late."""
        now = self._clock.monotonic()
        if wrong != self._told or now - self._told_at >= TELL_AGAIN_SECONDS:
            self._told, self._told_at = wrong, now
            telemetry.logger().warning("waiting for the broker", wrong=wrong[:500])


class Watchdog:
    """Ends the process, from a thread, when its loop has not come round for eight seconds; at first for a minute."""

    def __init__(self, runner: Runner, clock: Clock, task: asyncio.Task[Any] | None = None) -> None:
        """`task`: what runs it, of which the last words tell where it stands."""
        self._runner, self._clock, self._task = runner, clock, task
        self._started, self._over = False, threading.Event()
        self._begins_until = 0.0

    def start(self) -> None:
        """Start watching: from now on the loop has to come round."""
        self._begins_until, self._started = self._clock.monotonic() + BEGIN_SECONDS, True
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching: the loop is on its way out."""
        self._over.set()

    def live(self) -> bool:
        """Whether the loop came round lately, if it is watched already."""
        if not self._started:
            return True
        now = self._clock.monotonic()
        if now < self._begins_until and self._runner.ready:
            self._begins_until = now
        return now < self._begins_until or now - self._runner.turned_at < HANG_SECONDS

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if not self.live():
                said = json.dumps({"event": "the loop hangs; exiting", "level": "critical", **self._where()})
                _end(EXIT_WATCHDOG, partial(sys.stderr.write, f"{said}\n"))

    def _where(self) -> dict[str, list[str]]:
        """What the loop is at, and what its main task waits for, outermost first: files, lines and names, no values."""
        frame, runs = sys._current_frames().get(threading.main_thread().ident or 0), list[str]()  # noqa: SLF001  # documented
        while frame is not None and len(runs) < INNERMOST_FRAMES:
            runs.insert(0, _line(frame.f_code, frame))
            frame = frame.f_back
        awaited, awaits = self._task and self._task.get_coro(), list[str]()
        while (code := getattr(awaited, "cr_code", None)) is not None:
            awaits.append(_line(code, getattr(awaited, "cr_frame", None)))
            awaited = getattr(awaited, "cr_await", None)
        return {"runs": runs, "awaits": awaits[-INNERMOST_FRAMES:]}


def _line(code: CodeType, frame: FrameType | None) -> str:
    return f"{PurePath(code.co_filename).name}:{frame.f_lineno if frame else 0} {code.co_name}"


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
        # after that the decision does the work itself, within its budget
        async with asyncio.timeout(PREPARE_SECONDS):
            await over.wait()

    return prepare
