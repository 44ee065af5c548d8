"""careroute's doors as everybody else knocks at them: over HTTP, again and again as long as there is time.

Nothing here ends by itself while a door is away: the caller bounds the time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

REQUEST_SECONDS = 5.0
PAUSE_SECONDS = 0.5
LOOK_SECONDS = 0.1
MOST_CHARACTERS = 300
"""Of what a door gives as its reason."""
AGAIN = frozenset((HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.ACCEPTED))


class Refused(Exception):
    """A door has refused a request: which, and with what."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of one careroute."""

    http: httpx.AsyncClient
    intake_url: str
    console_url: str
    pocket_url: str

    async def publish(self, key: str, call: Mapping[str, Any]) -> None:
        """Publish a version of a call until it is acknowledged. Raises Refused."""
        await self._until_done("POST", f"{self.intake_url}/v1/calls", key, json=call)

    async def read(self, token: str, path: str) -> Any:
        """What the console tells. Raises Refused."""
        return (await self._until_done("GET", f"{self.console_url}{path}", token)).json()

    async def look(self, token: str, path: str) -> Any:
        """The same, None where there is no such thing yet. Raises Refused."""
        response = await self._until_done("GET", f"{self.console_url}{path}", token, may_be_missing=True)
        return None if response.status_code == HTTPStatus.NOT_FOUND else response.json()

    async def command(self, token: str, path: str, **body: Any) -> dict[str, Any]:
        """Issue a command under one key until it is answered. Raises Refused."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        done = await self._until_done("POST", f"{self.console_url}{path}", token, json=body, headers=headers)
        answer: dict[str, Any] = done.json()
        return answer

    async def open_page(self, link: str) -> None:
        """Open a link that was paged, as a phone would, until its page is there, which can be answered. Raises Refused.

        Its door may know of it a little later; and what stands before a door may answer anything, as if all were well.
        """
        while True:
            response = await self._until_done("GET", link, "", may_be_missing=True)
            if response.status_code == HTTPStatus.OK and f'action="{httpx.URL(link).path}/accept"' in response.text:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def are_ready(self) -> bool:
        """Whether each of them says so."""
        return all([await self._is_ready(url) for url in (self.intake_url, self.console_url, self.pocket_url)])

    async def _is_ready(self, url: str) -> bool:
        try:
            return (await self.http.get(f"{url}/readyz")).status_code == HTTPStatus.OK
        except httpx.HTTPError:
            return False

    async def _until_done(
        self,
        method: str,
        url: str,
        token: str,
        *,
        headers: Mapping[str, str] | None = None,
        may_be_missing: bool = False,
        **request: Any,
    ) -> httpx.Response:
        known = {"Authorization": f"Bearer {token}"} if token else {}
        while True:
            try:
                response = await self.http.request(method, url, headers={**known, **(headers or {})}, **request)
            except httpx.HTTPError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            status = response.status_code
            if status == HTTPStatus.OK or (may_be_missing and status == HTTPStatus.NOT_FOUND):
                return response
            if status not in AGAIN and status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise Refused(f"{status}{_reason(response)} of {method} {httpx.URL(url).path}")
            await asyncio.sleep(PAUSE_SECONDS)


def _reason(response: httpx.Response) -> str:
    """Why, in brackets: the stable code of a refusal, or the door's sentence; empty where it gives neither."""
    try:
        problem = response.json()
        reason = problem.get("reason") or problem.get("detail")
    except (ValueError, AttributeError):
        return ""
    return f" ({reason[:MOST_CHARACTERS]})" if isinstance(reason, str) and reason else ""
