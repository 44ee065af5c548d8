"""Put on a process's path, it makes some calls harmful: by name, one keeps a service busy, or ends its process.

For one purpose: to show that nobody else suffers from it. The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    import os
    import time
    from collections.abc import Iterator, Sequence
    from contextlib import contextmanager
    from dataclasses import replace
    from datetime import datetime
    from typing import Any

    from shared.engine import process
    from shared.engine.budget import within_budget
    from shared.engine.service import Input, Service
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
