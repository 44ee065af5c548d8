"""What an installed page is made of: manifest, icons, script, worker, and a page for when there is no connection."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.pocket.me.icon import PNG_PIXELS, png, svg
from shared.doors.pages import HEADERS

HERE = Path(__file__).parent / "static"
OFFLINE_PATH = "/me/offline"
WORKER_POLICY = "default-src 'none'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
"""A worker keeps to the policy that it came with, not to that of the page."""
MANIFEST = {
    "id": "/me",
    "name": "careroute",
    "short_name": "careroute",
    "start_url": "/me",
    "scope": "/",
    "display": "standalone",
    "background_color": "#0d1117",
    "theme_color": "#0d1117",
    "icons": [
        {"src": "/me/icon.svg", "sizes": "any", "type": "image/svg+xml"},
        {"src": "/me/icon.png", "sizes": f"{PNG_PIXELS}x{PNG_PIXELS}", "type": "image/png", "purpose": "any maskable"},
    ],
}


def routes() -> list[Route]:
    """Each of them; none holds anything of anybody."""
    script, worker = (HERE / name for name in ("me.js", "worker.js"))
    return [
        _route("/me/me.js", script.read_bytes(), "text/javascript"),
        _route("/worker.js", worker.read_bytes(), "text/javascript", {"Content-Security-Policy": WORKER_POLICY}),
        _route("/me/manifest.webmanifest", json.dumps(MANIFEST).encode(), "application/manifest+json"),
        _route("/me/icon.svg", svg().encode(), "image/svg+xml"),
        _route("/me/icon.png", png(), "image/png"),
        _offline(),
    ]


def _offline() -> Route:
    """A page that stands for itself: a phone without a connection has no style sheet either."""
    style = (HERE / "offline.css").read_text("utf-8")
    page = (HERE / "offline.html").read_text("utf-8").replace("{{ style }}", style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    return _route(OFFLINE_PATH, page.encode(), "text/html", {"Content-Security-Policy": policy})


def _route(path: str, content: bytes, media_type: str, more: dict[str, str] | None = None) -> Route:
    headers = {**HEADERS, **(more or {})}

    async def show(_request: Request) -> Response:
        return Response(content, headers=headers, media_type=media_type)

    answer: Callable[[Request], Awaitable[Response]] = show
    return Route(path, answer, include_in_schema=False)
