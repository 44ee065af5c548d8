"""The templates of the console, its style sheet and script, and the headers under which browsers show them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.console.api import problems
from services.console.pages.words import FILTERS
from shared.doors.pages import HEADERS as OF_EVERY_PAGE
from shared.doors.pages import Pages, asks_for_page

HERE = Path(__file__).parent
SCRIPTS = tuple(HERE / "static" / name for name in ("console.js", "keys.js", "editor.js", "enter.js"))
HEADERS = {
    **OF_EVERY_PAGE,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types careroute careroute-editor"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
}
API = "/v1/"

PAGES = Pages(HERE, headers=HEADERS, otherwise=problems.respond, filters=FILTERS, theme="")


def respond(request: Request, error: Exception) -> Response:
    """What is answered instead: problem details at the API and to scripts, a page to whoever reads."""
    if request.url.path.startswith(API) or not asks_for_page(request):
        return problems.respond(request, error)
    return PAGES.respond(request, error)


def script_routes() -> list[Route]:
    """Where the scripts of the pages are."""
    return [Route(f"/{path.name}", _script(path.read_text("utf-8")), include_in_schema=False) for path in SCRIPTS]


def _script(text: str) -> Callable[[Request], Awaitable[Response]]:
    async def script(_request: Request) -> Response:
        return Response(text, headers=HEADERS, media_type="text/javascript")

    return script
