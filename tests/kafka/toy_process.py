"""The toy service as a real process: each effect leaves a line in a file; a call's name makes it hang, spin or die."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from shared.config import Settings
from shared.engine.process import run
from shared.engine.service import Effect, EffectDone, Input
from shared.events import CallReported, Event
from tests.shared.engine.toy import TOY, State, decide


def decide_or_not(state: State, given: Input, now: datetime) -> Sequence[Event]:
    name = given.event.call_id if isinstance(given.event, CallReported) else ""
    if "hangs" in name and not MARK.exists():
        MARK.touch()
        time.sleep(60)
    if "dies" in name:
        os._exit(DIED)
    while "spins" in name:
        pass
    return decide(state, given, now)


DIED = 9


MARK = Path(sys.argv[1]).with_suffix(".hung")


async def perform(agency: str, effect: Effect) -> EffectDone:
    await asyncio.sleep(float(os.environ.get("EFFECT_SECONDS", "0")))
    with Path(sys.argv[1]).open("a") as lines:  # noqa: ASYNC230  # a line, in a test
        lines.write(f"{agency} {effect.effect_id}\n")
    return EffectDone(effect.effect_id, "done")


if __name__ == "__main__":
    run(replace(TOY, decide=decide_or_not), Settings.load(), perform)
