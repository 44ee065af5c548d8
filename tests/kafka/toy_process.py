"""The toy service as a real process: each effect leaves a line in a file; a call that is named so makes it hang."""

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


def decide_or_hang(state: State, given: Input, now: datetime) -> Sequence[Event]:
    if isinstance(given.event, CallReported) and "hangs" in given.event.call_id and not MARK.exists():
        MARK.touch()
        time.sleep(60)
    return decide(state, given, now)


MARK = Path(sys.argv[1]).with_suffix(".hung")


async def perform(agency: str, effect: Effect) -> EffectDone:
    await asyncio.sleep(float(os.environ.get("EFFECT_SECONDS", "0")))
    with Path(sys.argv[1]).open("a") as lines:  # noqa: ASYNC230  # a line, in a test
        lines.write(f"{agency} {effect.effect_id}\n")
    return EffectDone(effect.effect_id, "done")


if __name__ == "__main__":
    run(replace(TOY, decide=decide_or_hang), Settings.load(), perform)
