"""Servers that answer in threads: whoever connects and says nothing, however many, keeps nobody from an answer."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from socketserver import TCPServer, ThreadingMixIn
from typing import Any


class BoundedThreads(ThreadingMixIn, TCPServer):
    """Answers each connection in a thread of its own; of one too many, that which is open for longest is closed.

    So a connection over which nothing comes, as a cut network leaves it, costs a thread and no more.
    """

    connections = 16
    """Open at a time."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *given: Any) -> None:
        self._open: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to answer."""
        with self._lock:
            self._open[request] = None
            if len(self._open) > self.connections:
                oldest = next(iter(self._open))
                del self._open[oldest]
                with suppress(OSError):  # it ends by itself just now
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """An answer is complete, or there will be none."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who leaves without an answer is no news; what is wrong here is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
