"""Fetches a plan from where another tool publishes it, bounded in size and time."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx

from services.console.foreign.plan import MAX_BYTES

FETCH_SECONDS = 30.0
"""All in all, however slowly it comes."""
MAX_REDIRECTS = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotFetched(Exception):
    """There is nothing where the plan should be; says what was tried, without what a URL may hide."""


def fetch(url: str, transport: httpx.BaseTransport | None = None) -> bytes:
    """What stands at a URL. Raises NotFetched."""
    began = time.monotonic()
    try:
        with httpx.Client(timeout=FETCH_SECONDS / 3, transport=transport) as client:
            for _ in range(MAX_REDIRECTS + 1):
                _check(url)
                with client.stream("GET", url, headers={"Accept": "text/calendar, text/csv, */*;q=0.1"}) as response:
                    if response.is_redirect:
                        url = str(response.url.join(response.headers["location"]))
                        continue
                    return _content(response, began)
    except (httpx.HTTPError, httpx.InvalidURL, KeyError) as error:
        raise NotFetched(f"{_place(url)} cannot be read ({type(error).__name__})") from None
    raise NotFetched(f"{_place(url)} leads on and on")


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise NotFetched(f"{_place(url)}: a plan is read over https:// alone, for who is on it decides who is paged")


def _content(response: httpx.Response, began: float) -> bytes:
    if not response.is_success:
        raise NotFetched(f"{_place(str(response.url))} answered {response.status_code}")
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise NotFetched(f"{_place(str(response.url))} sends more than {MAX_BYTES:,} bytes")
        if time.monotonic() - began > FETCH_SECONDS:
            raise NotFetched(f"{_place(str(response.url))} takes longer than {FETCH_SECONDS:.0f} s")
    return bytes(content)


def _place(url: str) -> str:
    """Where it is, without path and query: those of a calendar are often its password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}"
