"""Put on a process's path, it plants what nothing outside brings about: clocks that fail or err, calls that take long.

For one purpose: to see the alerts. The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    import os
    import time
    from datetime import datetime, timedelta
    from pathlib import Path
    from typing import Any

    from services.team_availability import clocks
    from services.triage import calls
    from shared.clock import SystemClock

    OFF = Path(os.environ["PLANTED"], "clock-is-off")
    AHEAD = timedelta(seconds=0.6)
    LONG_SECONDS = 0.2
    """Many of them are slow together, while no single step looks like a hang."""
    right, fires, notes_on = SystemClock.now, clocks.FIRES["offer"], vars(calls)["notes_on"]

    def _now(self: SystemClock) -> datetime:
        return right(self) + (AHEAD if OFF.exists() else timedelta(0))

    def _fires(draft: Any, offer_id: str) -> None:
        if "clock-fails" in draft.state.offers[offer_id]:
            raise RuntimeError("planted")
        fires(draft, offer_id)

    def _notes_on(state: Any, event: Any, *more: Any) -> Any:
        if "/long-" in event.call_id:
            time.sleep(LONG_SECONDS)
        return notes_on(state, event, *more)

    setattr(calls, "notes_on", _notes_on)  # noqa: B010  # a function of another type
    setattr(SystemClock, "now", _now)  # noqa: B010  # a method of another type
    clocks.FIRES["offer"] = _fires
