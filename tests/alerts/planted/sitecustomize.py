"""Put on a process's path, it plants what nothing outside can bring about: a clock that fails, one that is off.

For one purpose: to see the alerts. The services themselves have no such switch.
"""

import sys

if any(part.startswith("services.") for part in sys.orig_argv):
    import os
    from datetime import datetime, timedelta
    from pathlib import Path
    from typing import Any

    from services.team_availability import clocks
    from shared.clock import SystemClock

    OFF = Path(os.environ["PLANTED"], "clock-is-off")
    AHEAD = timedelta(seconds=0.6)
    right, fires = SystemClock.now, clocks.FIRES["offer"]

    def _now(self: SystemClock) -> datetime:
        return right(self) + (AHEAD if OFF.exists() else timedelta(0))

    def _fires(draft: Any, offer_id: str) -> None:
        if "clock-fails" in draft.state.offers[offer_id]:
            raise RuntimeError("planted")
        fires(draft, offer_id)

    setattr(SystemClock, "now", _now)  # noqa: B010  # a method of another type
    clocks.FIRES["offer"] = _fires
