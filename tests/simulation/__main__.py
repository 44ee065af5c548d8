# ruff: noqa: T201  # a command line
"""Many seeds on all cores: `python -m tests.simulation --seeds 1000`. A failing seed is told with how to replay it."""

from __future__ import annotations

import argparse
import functools
import gc
import multiprocessing
import os
import sys
import time

from deploy.arguments import from_one
from tests.simulation.seeds import judge_seed


def main() -> int:
    """The command line; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=from_one, default=100, help="how many")
    parser.add_argument("--start", type=int, default=1, help="the first one")
    parser.add_argument("--calls", type=from_one, default=200)
    parser.add_argument("--agencies", type=from_one, default=4)
    parser.add_argument("--processes", type=from_one, default=os.cpu_count() or 1)
    parser.add_argument("--without-ownership-rule", action="store_true", help="show that promises then break")
    given = parser.parse_args()
    work = functools.partial(
        judge_seed, calls=given.calls, agencies=given.agencies, ownership_rule=not given.without_ownership_rule
    )
    began, failed, calls, faults, done = time.monotonic(), 0, 0, 0, 0
    with multiprocessing.Pool(given.processes, gc.disable, maxtasksperchild=20) as pool:
        for verdict in pool.imap_unordered(work, range(given.start, given.start + given.seeds)):
            done, calls, faults = done + 1, calls + verdict.calls, faults + verdict.faults
            if verdict.broken:
                failed += 1
                print(f"\rseed {verdict.seed}: {len(verdict.broken)} broken promises", flush=True)
                for line in verdict.broken[:5]:
                    print(f"    {line}")
                print(
                    f"    replay: python -m tests.simulation --start {verdict.seed} --seeds 1 --calls {given.calls}"
                    f" --agencies {given.agencies}"
                )
            speed = done / (time.monotonic() - began) * 60
            print(f"\r{done}/{given.seeds} seeds, {speed:.0f} a minute, {failed} failed", end="", flush=True)
    print(f"\n{done} seeds, {calls} call versions, {faults} faults, {failed} seeds with broken promises")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
