"""Serves the pocket page as a process: until it is told to stop, or cannot follow the journals any more."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvicorn

from services.pocket.config import PocketSettings
from services.pocket.http import Door, create_app
from services.pocket.sealed_calls import SealedCalls
from services.pocket.view import CHANGES, View
from shared.clock import SystemClock
from shared.doors.answers import AnswerFollower
from shared.doors.serve import APPEND_SECONDS
from shared.engine.broker import BrokerUnavailable
from shared.engine.kafka import KafkaBroker
from shared.sealing import Sealer
from shared.telemetry import logger
from shared.topics import ASSIGNMENTS, NOTIFICATIONS

FOLLOWED = (ASSIGNMENTS, NOTIFICATIONS)
EXIT_FAILED = 71


async def serve(settings: PocketSettings) -> None:
    """Serve until a signal; exit code 71 when the follower has ended, so that the supervisor starts afresh."""
    clock = SystemClock()
    broker = KafkaBroker(settings.kafka, settings.partitions, APPEND_SECONDS)
    view = View(settings.link_secret.get_secret_value())
    follower = AnswerFollower(broker, FOLLOWED, view.fold, frozenset(CHANGES))
    calls = SealedCalls(broker, Sealer(settings.sealing_key.get_secret_value()))
    app = create_app(Door(broker, follower, view, calls, clock))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http="httptools",
            access_log=False,  # a path holds a token
            log_config=None,
            limit_concurrency=settings.requests_in_flight,
            timeout_graceful_shutdown=3,
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops at them, and then hands them on to these
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        starting = tasks.create_task(_start(follower))
        while not serving.done():
            await asyncio.wait([serving], timeout=0.5)
            server.should_exit = server.should_exit or follower.failed is not None
        starting.cancel()
    await follower.stop()
    await calls.close()
    await broker.close()
    if follower.failed is not None:
        sys.exit(EXIT_FAILED)


async def _start(follower: AnswerFollower) -> None:
    """Start following as soon as the broker is there; until then the door answers that it is not ready."""
    while True:
        try:
            await follower.start()
        except BrokerUnavailable as error:
            logger().warning("waiting for the broker", wrong=str(error))
            await asyncio.sleep(1)
        else:
            return
