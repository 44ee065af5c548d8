"""`/metrics`, `/livez` and `/readyz`: a port of its own in each process, for those who operate it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

CONNECTIONS = 16
"""Open at a time; probes and a Prometheus need a few."""

Probe = Callable[[], bool]
Remark = Callable[[], str]


def operations(
    ready: Probe, live: Probe = lambda: True, remark: Remark = str
) -> Callable[[str], tuple[int, str, bytes]]:
    """What each path answers: status, content type, body.

    `remark`: what `/readyz` says besides, of something that somebody has to mend and that keeps nobody out.
    """

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        if path in ("/livez", "/readyz"):
            good = live() if path == "/livez" else ready()
            lines = ["ok" if good else "not yet", remark() if path == "/readyz" else ""]
            return 200 if good else 503, "text/plain", "".join(f"{line}\n" for line in lines if line).encode()
        return 404, "text/plain", b"only /metrics, /livez and /readyz are here\n"

    return answer


def serve_operations(host: str, port: int, ready: Probe, live: Probe, remark: Remark = str) -> OperationsServer:
    """Serve them from threads: a stuck loop is seen from outside. Raises OSError where the port is taken."""
    answer = operations(ready, live, remark)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = answer(environ.get("PATH_INFO", "/"))
        start(f"{status} {'OK' if status == 200 else 'Not so'}", [("Content-Type", kind)])  # noqa: PLR2004  # HTTP
        return [body]

    server = OperationsServer((host, port), _Quiet)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name="operations", daemon=True).start()
    return server


class OperationsServer(ThreadingMixIn, WSGIServer):
    """Answers each connection in a thread of its own; of one too many, that which is open for longest is closed.

    So a connection over which nothing comes, as a cut network leaves it, keeps no probe waiting.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._open: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without asking a name service for this machine's name, which could take as long as that is away."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to answer."""
        with self._lock:
            self._open[request] = None
            too_many = list(self._open)[: max(0, len(self._open) - CONNECTIONS)]
        for oldest in too_many:
            with suppress(OSError):  # it ends by itself just now
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """An answer is complete, or there will be none."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who leaves without an answer is no news."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Requests for metrics are no news."""
