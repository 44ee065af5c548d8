"""Counts what a worker's steps did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared import telemetry
from shared.engine.step import Step
from shared.engine.topic import Topic
from shared.events.journals import ClockFailed, InputRefused


class StepMetrics:
    """A service's counters, looked up once."""

    def __init__(self, service: str, inputs: Sequence[Topic]) -> None:
        self._service = service
        telemetry.begin(service, service=service)
        for topic in inputs:
            telemetry.begin(service, service=service, topic=topic.name)
            if topic.journal:
                telemetry.begin(service, topic=topic.name)
        self._inputs = {topic.name: telemetry.INPUTS.labels(service, topic.name) for topic in inputs}
        self._events: dict[str, Any] = {}
        self._step_seconds = telemetry.STEP.labels(service)
        self._input_age = telemetry.INPUT_AGE.labels(service)
        self._clock_lateness = telemetry.CLOCK_LATENESS.labels(service)
        self._clock_offset = telemetry.CLOCK_OFFSET.labels(service)

    def count(self, step: Step[Any], seconds: float, clock_offset_seconds: float) -> None:
        """Count a step whose records stand in the journal, which took so long, with the clock that far ahead."""
        self._clock_offset.set(clock_offset_seconds)
        for stored in step.decided:
            self._inputs[stored.topic].inc()
            self._input_age.observe(max(0.0, (step.now - stored.time).total_seconds()))
        for stored in step.late_writes:
            telemetry.LATE_WRITES.labels(stored.topic).inc()
        for tick in step.fired:
            self._clock_lateness.observe((step.now - tick.at).total_seconds())
        for made in step.made:
            self._count_event(made.event.type)
            if isinstance(made.event, InputRefused):
                telemetry.REFUSED_INPUTS.labels(self._service).inc()
                telemetry.logger().error("input refused", position=made.event.position, wrong=made.event.wrong)
            elif isinstance(made.event, ClockFailed):
                telemetry.FAILED_CLOCKS.labels(self._service).inc()
                telemetry.logger().error("clock failed", clock_id=made.event.clock_id, wrong=made.event.wrong)
        if step.made:
            self._step_seconds.observe(seconds)

    def _count_event(self, event_type: str) -> None:
        counter = self._events.get(event_type)
        if counter is None:
            counter = self._events[event_type] = telemetry.EVENTS.labels(self._service, event_type)
        counter.inc()
