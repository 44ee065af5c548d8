"""Brings about what alerts tell of, on a real Kafka and a real Prometheus, and prints how soon somebody was told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.actors.http import session
from deploy.actors.webhooks import receiving
from deploy.local.kafka.node import CHECKOUT, LocalKafka, free_port
from deploy.local.processes import heed_termination
from deploy.local.programs import HOST
from deploy.local.stack import Stack
from deploy.local.watch import Watch, missing
from tests.alerts.causes import CAUSES, NOT_TRIED, Cause
from tests.alerts.scene import Scene, specs, until

HERE = Path(__file__).parent
DIRECTORY = CHECKOUT / ".run" / "alerts"


async def main() -> int:
    """Try every cause; 0 if each alert rose."""
    chosen = _chosen()
    if (why := missing()) is not None:
        print(why)  # noqa: T201
        return 2
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    kafka, port = LocalKafka(DIRECTORY / "kafka"), free_port()
    planted = {"PYTHONPATH": os.pathsep.join([str(HERE / "planted"), str(CHECKOUT)]), "PLANTED": str(DIRECTORY)}
    try:
        stack = Stack(
            DIRECTORY,
            await asyncio.to_thread(kafka.start),
            specs(port),
            environment=planted,
            alarm_url=f"http://{HOST}:{port}/alarm/prober",
        )
        await stack.start()
        watch = Watch(DIRECTORY, f"http://{HOST}:{port}/alerts")
        await watch.start(stack.programs)
        async with session() as http:
            scene = Scene(stack, kafka, http, port)
            async with receiving(port, scene.take):
                await scene.settle()
                return await _try_all(scene, chosen)
    finally:
        kafka.resume()
        await asyncio.to_thread(stack.stop)
        kafka.discard()


def _chosen() -> list[Cause]:
    parser = ArgumentParser(prog="python -m tests.alerts", description=__doc__)
    parser.add_argument("alerts", nargs="*", metavar="ALERT", help="only the causes of these; else of all")
    alerts = set(parser.parse_args().alerts)
    if unknown := alerts.difference(*(cause.alerts for cause in CAUSES)):
        parser.error(f"no cause brings about {', '.join(sorted(unknown))}")
    return [cause for cause in CAUSES if not alerts or alerts.intersection(cause.alerts)]


async def _try_all(scene: Scene, chosen: Sequence[Cause]) -> int:
    table = Table("cause", "alert", "seconds until somebody was told", title="alerts", title_justify="left")
    silent = 0
    for cause in chosen:
        for name, seconds in (await _try(scene, cause)).items():
            silent += seconds is None
            table.add_row(cause.words, name, "SILENT" if seconds is None else f"{seconds:.1f}")
    for name, why in NOT_TRIED.items():
        table.add_row("", name, f"not tried: {why}")
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    return min(silent, 1)


async def _try(scene: Scene, cause: Cause) -> dict[str, float | None]:
    print(f"{cause.words} …", flush=True)  # noqa: T201
    for alert in cause.alerts:
        scene.told_at.pop(alert, None)

    async def is_told() -> bool:
        return scene.told_at.keys() >= set(cause.alerts)

    try:
        await cause.make(scene)
        made_at = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await until(is_told, cause.seconds)
    finally:
        await asyncio.to_thread(cause.end, scene)
    told = {alert: scene.told_at.get(alert) for alert in cause.alerts}
    return {alert: None if at is None else at - made_at for alert, at in told.items()}


if __name__ == "__main__":
    heed_termination()
    sys.exit(asyncio.run(main()))
