"""Fetches a plan from where another tool publishes it, bounded in size and time."""

from __future__ import annotations

import time

import httpx

from services.console.foreign.plan import MAX_BYTES

FETCH_SECONDS = 30.0
"""All in all, however slowly it comes."""
MAX_REDIRECTS = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotFetched(Exception):
    """There is nothing where the plan should be; says what was tried, without what a URL may hide."""


def fetch(url: str, transport: httpx.BaseTransport | None = None) -> bytes:
    """What stands at a URL; what is elsewhere leads to nothing on this machine. Raises NotFetched."""
    began = time.monotonic()
    try:
        first = at = httpx.URL(url)
    except httpx.InvalidURL:
        raise NotFetched("What is given is no address") from None
    try:
        with httpx.Client(timeout=FETCH_SECONDS / 3, transport=transport) as client:
            for _ in range(MAX_REDIRECTS + 1):
                _check(at, may_be_here=first.host in LOOPBACK)
                with client.stream("GET", at, headers={"Accept": "text/calendar, text/csv, */*;q=0.1"}) as response:
                    if response.is_redirect:
                        at = response.url.join(response.headers["location"])
                        continue
                    return _content(response, began)
    except (httpx.HTTPError, KeyError) as error:
        raise NotFetched(f"{_place(at)} cannot be read ({type(error).__name__})") from None
    raise NotFetched(f"{_place(at)} leads on and on")


def _check(at: httpx.URL, *, may_be_here: bool) -> None:
    if at.host in LOOPBACK and not may_be_here:
        raise NotFetched(f"It leads to {_place(at)}, which is this machine")
    if at.scheme != "https" and not (at.scheme == "http" and at.host in LOOPBACK):
        raise NotFetched(f"{_place(at)}: a plan is read over https:// alone, for who is on it decides who is paged")


def _content(response: httpx.Response, began: float) -> bytes:
    if not response.is_success:
        raise NotFetched(f"{_place(response.url)} answered {response.status_code}")
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise NotFetched(f"{_place(response.url)} sends more than {MAX_BYTES:,} bytes")
        if time.monotonic() - began > FETCH_SECONDS:
            raise NotFetched(f"{_place(response.url)} takes longer than {FETCH_SECONDS:.0f} s")
    return bytes(content)


def _place(at: httpx.URL) -> str:
    """Where it is, without path and query: those of a calendar are often its password."""
    return f"{at.scheme}://{at.host}"
