"""Asks another service over HTTP, bounded in time and size, and checks what it says: this door never fails with it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from shared.doors.problems import Problem

ANSWER_SECONDS = 5.0
MOST_BYTES = 16 * 1024 * 1024

M = TypeVar("M", bound=BaseModel)


class Away(Problem):
    """There is no such service, or it gave no answer that is one; says which, for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, detail)


@dataclass(frozen=True, slots=True)
class Told:
    """What it answered, a refusal too."""

    status: int
    media_type: str
    body: bytes


@cache
def authorities() -> ssl.SSLContext:
    """Whom the machine trusts, read once for all of them."""
    return ssl.create_default_context()


class Elsewhere:
    """One service, wherever it is. Whoever asks was let in before, by this door's own rules."""

    def __init__(
        self, name: str, setting: str, url: str | None, key: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`setting`: what somebody sets who wants to have it; `key`: said as a bearer token, where it has one."""
        self.name = name
        self._url, self._setting = url, setting
        self._client = httpx.AsyncClient(
            base_url=url or "",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=ANSWER_SECONDS,
            transport=transport,
            trust_env=False,
            verify=authorities(),
        )

    @property
    def is_set_up(self) -> bool:
        """Whether this console knows where it is."""
        return self._url is not None

    async def ask(self, *path: str, query: Mapping[str, str] | None = None) -> Told:
        """What stands at a path, given in its parts. Raises Away."""
        return await self._told("GET", path, query or {})

    async def tell(self, *path: str) -> Told:
        """Have it do what a path stands for. Raises Away: then nobody knows whether it was done."""
        return await self._told("POST", path, {})

    async def _told(self, method: str, path: tuple[str, ...], query: Mapping[str, str]) -> Told:
        if not self.is_set_up:
            raise Away(f"This console knows of no {self.name}: set {self._setting}.")
        try:
            async with self._client.stream(method, _path(path), params=dict(query)) as answer:
                told = Told(answer.status_code, answer.headers.get("content-type", ""), await self._body(answer))
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self._no_answer() from None
        if told.status in (401, 403) or told.status >= 500:  # noqa: PLR2004  # HTTP's: our key, or its fault
            raise self._no_answer()
        return told

    async def ask_for(self, shape: type[M], *path: str, query: Mapping[str, str] | None = None) -> M:
        """The same, read and checked. Raises Away, for a refusal too."""
        return self.read(shape, await self.ask(*path, query=query))

    def read(self, shape: type[M], told: Told) -> M:
        """What an answer says. Raises Away where it is none of this shape."""
        try:
            return shape.model_validate_json(told.body)
        except ValidationError:
            raise Away(f"The {self.name} answered something that is not understood here.") from None

    async def close(self) -> None:
        """Ask no more."""
        await self._client.aclose()

    def _no_answer(self) -> Away:
        return Away(f"The {self.name} gave no answer; nothing else here waits for it.")

    async def _body(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise Away(f"The {self.name} answers with more than can be taken at once: ask for a shorter period.")
            parts.append(part)
        return b"".join(parts)


def _path(parts: tuple[str, ...]) -> str:
    return "/" + "/".join(map(_step, parts))


def _step(part: str) -> str:
    """A name as a step of a path; dots alone would lead up from it."""
    return part.replace(".", "%2E") if part in (".", "..") else quote(part, safe="")
