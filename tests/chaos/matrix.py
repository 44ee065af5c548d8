"""`python -m tests.chaos.matrix`: every fault, one after the other, at some rates; what each did, in markdown."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console as Terminal

from deploy.arguments import amounts, from_one
from deploy.local import watch
from deploy.local.kafka.node import CHECKOUT, missing
from deploy.local.processes import heed_termination
from tests.chaos.rows import CALM_SECONDS, Row, rows_of
from tests.chaos.run import Options, Outcome, Scene, chaos
from tests.chaos.windows import HEAD, as_markdown, row_of

ELSEWHERE = {
    "N and N-1 versions side by side": "upgrading has a test of its own, with the build before",
    "the clock of a machine ±1 h, strobing": "python -m tests.simulation; a CAD's own strobes in every row here",
    "both DST nights": "tests/shared/programme, tests/simulation",
    "providers slow, 429, 5xx, silent, lying; news doubled, reordered": "in every row here: tests/chaos/telephony.py",
    "forged news, GET a hundred times, double accept, accept after expiry, accept and cancel": "tests/services",
    "all teams busy, flapping status": "in every row here: the crews of tests/rig/crews.py",
    "stale feed, sign-off while offered": "tests/simulation",
    "rollback mid-call, two editors at once": "tests/services/triage, tests/services/console",
    "expired certificate": "tests/shared/engine/test_secured.py",
    "dead monitor": "python -m tests.alerts",
    "spoiled records in topics, unknown schema versions": "make fuzz",
    "lost offsets": "there are none: positions stand in the journal",
}
"""What is not a row, and where it is tried."""


terminal = Terminal(highlight=False, width=220)


def main() -> int:
    """Exit code 0 only if every promise held at every rate."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.matrix", description=__doc__)
    parser.add_argument(
        "--rates", type=amounts, default="1,80,800", help="CAD events a second, each a run of its own (1,80,800)"
    )
    parser.add_argument("--rows", default="", help="only those whose names have one of these words, by commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agencies", type=from_one, default=8)
    parser.add_argument("--partitions", type=from_one, default=4)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=3, help="nodes of Kafka (3)")
    parser.add_argument("--out", type=Path, help="a file for the tables")
    parser.add_argument("--keep", action="store_true", help="keep Kafka's data and the logs in .run")
    given = parser.parse_args()
    if (reason := missing()) is not None:
        terminal.print(f"Chaos needs a Kafka that it may kill. {reason}")
        return 2
    heed_termination()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # Kafka goes away on purpose
    clean, tables = True, []
    for rate in given.rates:
        outcome = _run(given, rate)
        clean &= outcome.verdict.clean
        tables.append(_told(outcome, rate))
        terminal.print(tables[-1])
    tables.append(_elsewhere())
    if given.out:
        given.out.write_text("\n".join(tables), "utf-8")
    return 0 if clean else 1


def _run(given: argparse.Namespace, rate: float) -> Outcome:
    words = [word for word in given.rows.split(",") if word]
    rows = {name: row for name, row in rows_of(rate).items() if not words or any(word in name for word in words)}
    if given.brokers == 1:
        rows = {name: row for name, row in rows.items() if not name.startswith("broker:")}
    options = Options(
        rate=rate,
        seed=given.seed,
        agencies=given.agencies,
        partitions=given.partitions,
        brokers=given.brokers,
        roll=False,
        broker_kills=0,
        keep=given.keep,
        watched=watch.missing() is None,
    )
    directory = CHECKOUT / ".run" / f"matrix-{time.strftime('%H%M%S')}"
    unhealed: dict[str, str] = {}
    outcome = asyncio.run(chaos(options, directory, partial(_all, rows, unhealed)))
    outcome.verdict.faults["not healed"] = [f"{name}: {error}" for name, error in unhealed.items()]
    return outcome


async def _all(rows: Mapping[str, Row], unhealed: dict[str, str], scene: Scene) -> None:
    """One after the other. What cannot be healed is noted, and the next begins."""
    for name, row in rows.items():
        scene.say(name)
        try:
            await scene.watching.during(name, row(scene))
            if scene.brokers is not None:
                await scene.brokers.wait_until_well()
        except Exception as error:  # noqa: BLE001  # whatever it is, the other faults are to be seen
            unhealed[name] = f"{type(error).__name__} {error}"
            scene.say(f"{name}: not healed, {unhealed[name]}")


def _told(outcome: Outcome, rate: float) -> str:
    """One run, in markdown."""
    calm = next((effect for effect in outcome.effects if effect.window.fault == "nothing"), None)
    rate_held = f", of which {calm.acknowledged / CALM_SECONDS:.0f} were taken where nothing was wrong" if calm else ""
    broken = [f"* {name}: {len(faults)}, e.g. {faults[0]}" for name, faults in outcome.verdict.faults.items() if faults]
    return "\n".join(
        [
            f"## {rate:g} events a second{rate_held}",
            "",
            as_markdown(HEAD, map(row_of, outcome.effects)),
            "Every promise held." if not broken else "Broken:\n\n" + "\n".join(broken),
            "",
            f"Load of the machine over five minutes: {os.getloadavg()[1]:.1f}, on {psutil.cpu_count()} processors.",
            "",
        ]
    )


def _elsewhere() -> str:
    """What is tried in other places, in markdown."""
    return "## Tried elsewhere\n\n" + as_markdown(("fault", "where"), ELSEWHERE.items())


if __name__ == "__main__":
    sys.exit(main())
