"""The door for beats: `POST /beat/NAME`, and `GET /state`, both with the secret as bearer token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from services.console.cli.watch.vigil import Vigil
from shared.threads import BoundedThreads

REQUEST_SECONDS: Final = 5
MAX_BODY_BYTES: Final = 1 << 20
"""Alertmanager posts a whole group of alerts."""


class BeatsServer(BoundedThreads):
    """Listens for beats; an `HTTPServer` would ask a name service for its own name first, which may be away as well."""

    connections = 256
    """Those who beat may come all at once."""
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], vigil: Vigil, secret: str, now: Callable[[], float]) -> None:
        self.vigil, self.secret, self.now = vigil, secret.encode(), now
        super().__init__(address, Handler)
        self.server_port = int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """Takes a beat, or tells how everybody stands."""

    server: BeatsServer
    timeout = REQUEST_SECONDS

    def do_POST(self) -> None:
        """`POST /beat/NAME`."""
        if not self._is_let_in():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length.isdecimal() else HTTPStatus.LENGTH_REQUIRED)
            return
        body, name = self.rfile.read(int(length)), self.path.removeprefix("/beat/")
        if _is_an_end(body):
            self._answer(HTTPStatus.ACCEPTED)
            return
        is_expected = self.server.vigil.beat(name, self.server.now())
        self._answer(HTTPStatus.NO_CONTENT if is_expected else HTTPStatus.NOT_FOUND)

    def do_GET(self) -> None:
        """`GET /state`."""
        if not self._is_let_in():
            return
        if self.path == "/state":
            self._answer(HTTPStatus.OK, self.server.vigil.state(self.server.now()))
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _is_let_in(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        is_let_in = hmac.compare_digest(given.encode("utf-8", "replace"), self.server.secret)
        if not is_let_in:
            self._answer(HTTPStatus.UNAUTHORIZED)
        return is_let_in

    def _answer(self, status: HTTPStatus, body: object = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Beats are no news."""


def _is_an_end(body: bytes) -> bool:
    """Whether Alertmanager says that its alert, which fires while all is well, has ended: that is no beat."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("status") == "resolved"
