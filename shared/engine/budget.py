"""A decision has half a second of the processor: what takes longer is refused, and everybody else's inputs go on.

A timer that counts processor time looks in ten times as often, while there is work. It interrupts a decision that has
used up its time by an exception, which Python code and regular expressions meet at once. A process that is paused or
starved uses no processor time, so nothing is refused for it. What no signal can interrupt (a loop in C, a sleep) is
the watchdog's business, and then the next owner's (see `shared.engine.care`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from types import CodeType, FrameType
from typing import TypeVar

from shared.engine.service import DecisionTooLong, Input, Service
from shared.events.base import Event

S = TypeVar("S")

BUDGET_SECONDS = 0.5
"""Half of what others may have to wait; fifty times what the dearest of real cities' documents costs to read."""
LOOKS = 10
"""How often a decision is looked at until its time is used up."""


class Stopwatch:
    """What the timer knows of the decision that is under way."""

    __slots__ = ("_code", "_number", "_seconds", "_started_at", "deciding", "number")

    def __init__(self, code: CodeType, seconds: float) -> None:
        """`code`: of the function that calls `decide`."""
        self.deciding = False
        self.number = 0
        """Of the decision; one more for each."""
        self._code, self._seconds = code, seconds
        self._number, self._started_at = 0, 0.0

    def look(self, _signal: int, frame: FrameType | None) -> None:
        """Raises DecisionTooLong where a decision has run since an earlier look, for longer than it may."""
        if not self.deciding or frame is None or frame.f_code is self._code:
            return  # in that frame the decision is not begun, or over: nothing there may be cut in half
        if self._number != self.number:
            self._number, self._started_at = self.number, time.thread_time()
        elif time.thread_time() - self._started_at >= self._seconds:
            where = f"{PurePath(frame.f_code.co_filename).name}:{frame.f_lineno}"
            message = f"it took more than {self._seconds} s of the processor; it was in {where} then"
            raise DecisionTooLong(message)


@contextmanager
def within_budget(service: Service[S], seconds: float = BUDGET_SECONDS) -> Iterator[Service[S]]:
    """The service with a limit to what one decision takes. For the main thread of a process, where signals arrive."""

    def decide(state: S, given: Input, now: datetime) -> Sequence[Event]:
        watch.number += 1
        watch.deciding = True
        try:
            return service.decide(state, given, now)
        finally:
            watch.deciding = False

    watch = Stopwatch(decide.__code__, seconds)
    before = signal.signal(signal.SIGPROF, watch.look)
    signal.siginterrupt(signal.SIGPROF, False)  # noqa: FBT003  # the standard library's own
    signal.setitimer(signal.ITIMER_PROF, seconds / LOOKS, seconds / LOOKS)
    try:
        yield replace(service, decide=decide)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
