"""Runs a door as a process: serves at once, is ready when the broker is there, and ends when it cannot go on."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import uvicorn
import uvloop
from starlette.applications import Starlette

from shared.clock import SystemClock
from shared.config import DoorSettings, ListeningSettings
from shared.doors.command import BROKER_SECONDS
from shared.doors.connections import ConnectionBounds, Connections
from shared.engine import gc_tuning
from shared.engine.broker import Broker, BrokerUnavailable
from shared.engine.follower import Follower
from shared.engine.kafka import KafkaBroker
from shared.engine.process import EXIT_FAILED, Waiting
from shared.operations import Probe, Remark, serve_operations
from shared.telemetry import FOLLOWER_LAG, configure_logs, logger, name_build

SHUTDOWN_SECONDS = 3
WATCH_SECONDS = 0.5
RETRY_SECONDS = 1.0
TAKEN_IN_A_TURN = 64
"""Connections; whatever else a process does has its turn between."""

Action = Callable[[], Awaitable[None]]


def serve(  # each may be left out
    name: str,
    settings: ListeningSettings,
    app: Starlette,
    follower: Follower | None = None,
    remark: Remark = str,
    *,
    ready: Probe | None = None,
) -> None:
    """Serve until told to stop (exit code 0), or until the follower or the door itself fails (`EXIT_FAILED`).

    `ready` tells whether it is; without it, it is as soon as the follower has caught up, if there is one.
    """
    configure_logs(name, settings.instance, settings.log_level)
    gc_tuning.tune()
    _open_operations(name, settings, follower, remark, ready)
    bounds = ConnectionBounds(settings.connections, settings.connections_per_address)
    server = server_of(name, app, bounds, settings.host, settings.port)
    try:
        uvloop.run(_serve(server, app, follower))
    except SystemExit:  # uvicorn says why it cannot listen, and leaves by itself
        wrong = f"CAREROUTE_HOST, CAREROUTE_PORT: nobody can listen at {settings.host} port {settings.port}"
        logger().critical("door ended", wrong=wrong)
        sys.exit(EXIT_FAILED)
    except Exception as error:  # noqa: BLE001  # whatever it is, the supervisor's business
        logger().critical("door ended", error=_class_of(error))
        sys.exit(EXIT_FAILED)
    if follower is not None and follower.failed is not None:
        sys.exit(EXIT_FAILED)


def _open_operations(
    name: str, settings: ListeningSettings, follower: Follower | None, remark: Remark, ready: Probe | None
) -> None:
    """The port for operations; where it is taken the process ends (`EXIT_FAILED`) with a line."""

    def caught_up() -> bool:
        return follower is None or follower.ready

    name_build(name)
    if follower is not None:
        FOLLOWER_LAG.labels(name).set_function(follower.lag_seconds)
    host, port = settings.operations_host, settings.operations_port
    try:
        serve_operations(host, port, ready or caught_up, lambda: True, remark)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_FAILED)


def _class_of(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


async def _serve(server: uvicorn.Server, app: Starlette, follower: Follower | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops at them, and then hands them on to these
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    async with app.router.lifespan_context(app), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        while not serving.done():
            await asyncio.wait([serving], timeout=WATCH_SECONDS)
            if follower is not None and follower.failed is not None:
                server.should_exit = True


class DoorServer(uvicorn.Server):
    """Takes all who wait to be connected, not one of them in each turn of the loop, as libuv does.

    On a machine whose processors were all busy a turn took 20 ms: behind 256 who only connected, an honest caller
    waited for four seconds.
    """

    _waited_for: Sequence[socket.socket] = ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. Raises SystemExit where the port is taken."""
        await super().startup(sockets)
        self._waited_for = [listening.dup() for server in self.servers for listening in server.sockets]
        for listening in self._waited_for:
            listening.settimeout(0)
            asyncio.get_running_loop().add_reader(listening, self._take, listening)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, and end what is under way."""
        for listening in self._waited_for:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        await super().shutdown(sockets)

    def _take(self, listening: socket.socket) -> None:
        loop, tasks = asyncio.get_running_loop(), self.server_state.tasks
        with suppress(OSError):  # nobody waits any more; or there is no room for more, which libuv sees to
            for _ in range(TAKEN_IN_A_TURN):
                connected, _ = listening.accept()
                connected.settimeout(0)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = loop.create_task(self._connect(connected))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def _connect(self, connected: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._connection, connected)

    def _connection(self) -> asyncio.Protocol:
        state = self.lifespan.state
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn calls it itself
            config=self.config, server_state=self.server_state, app_state=state
        )


def server_of(name: str, app: Starlette, bounds: ConnectionBounds, host: str, port: int) -> DoorServer:
    """A server of a door; the caller enters the lifespan of the application.

    It opens its socket itself: of one that is handed to it, asyncio may not know that it is TCP, and leaves out
    TCP_NODELAY.
    """
    return DoorServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=Connections(name, bounds).open,  # type: ignore[arg-type]  # what makes connections, not only a class
            ws="none",
            lifespan="off",
            access_log=False,  # a path may hold a token
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=bounds.idle_seconds,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


@asynccontextmanager
async def connected(broker: Broker, start: Action, *close: Action) -> AsyncIterator[None]:
    """The lifespan of a door: `start` is tried until the broker is there, `close` and the broker end with it."""
    async with asyncio.TaskGroup() as tasks:
        starting = tasks.create_task(_start(start))
        yield
        starting.cancel()
    for action in close:
        await action()
    await broker.close()


async def _start(start: Action) -> None:
    """Requests are answered meanwhile: that the door is not ready, or whatever needs no log."""
    waiting = Waiting(SystemClock())
    while True:
        try:
            await start()
        except BrokerUnavailable as error:
            waiting.tell(str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def connect(settings: DoorSettings) -> KafkaBroker:
    """The broker, as doors use it: an append fails in time for an answer."""
    return KafkaBroker(settings.connection, settings.partitions, BROKER_SECONDS)
