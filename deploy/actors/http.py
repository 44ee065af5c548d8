"""HTTP as actors speak it: one request and what came of it; a door that cannot be reached is an answer too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

LOST = 0
"""The status of a request whose connection broke, or that nobody answered in time."""
IDLE_SECONDS = 3.0
"""How long an idle connection is kept: less than a door does, which might close it just as it is used again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    status: int
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether it is one of 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)


def session(connections: int = 200) -> ClientSession:
    """A pool of kept-alive connections, for all doors and all actors of a process."""
    return ClientSession(
        connector=TCPConnector(limit=connections, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
    )


async def ask(http: ClientSession, method: str, url: str, *, seconds: float, **request: Any) -> Answer:
    """Send a request once; `seconds` bounds the wait for the whole answer. Redirects are followed."""
    try:
        async with http.request(method, url, timeout=ClientTimeout(total=seconds), **request) as response:
            return Answer(response.status, await response.read())
    except (ClientError, OSError, TimeoutError):
        return Answer(LOST)
