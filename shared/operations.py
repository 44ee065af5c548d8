"""`/metrics`, `/livez` and `/readyz`: a port of its own in each process, for those who operate it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import TCPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.threads import BoundedThreads

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
    """Serve them from threads: a stuck loop is seen from outside. Raises OSError where nobody can listen there."""
    answer = operations(ready, live, remark)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = answer(environ.get("PATH_INFO", "/"))
        start(f"{status} {'OK' if status == 200 else 'Not so'}", [("Content-Type", kind)])  # noqa: PLR2004  # HTTP
        return [body]

    try:
        server = OperationsServer((host, port), _Quiet)
    except OSError as error:
        settings = "CAREROUTE_OPERATIONS_HOST, CAREROUTE_OPERATIONS_PORT"
        raise OSError(f"{settings}: {host} port {port}: {error.strerror}") from error
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name="operations", daemon=True).start()
    return server


class OperationsServer(BoundedThreads, WSGIServer):
    """Listens for probes and for Prometheus, of which there are a few."""

    def server_bind(self) -> None:
        """Without asking a name service for this machine's name, which could take as long as that is away."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Requests for metrics are no news."""
