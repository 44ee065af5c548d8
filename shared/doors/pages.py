"""Pages for a door that people open in a browser: frame, style sheet, headers, and a page instead of an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from shared.doors.guard import Respond
from shared.doors.problems import Problem, headers_of, title_of
from shared.plain import visible

SHARED = Path(__file__).parent
STYLE_PATH = "/style.css"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class Page(HTTPException):
    """A page with a message instead of what was asked for."""

    def __init__(self, status: int, heading: str, sentence: str, refresh_seconds: int | None = None) -> None:
        super().__init__(status, sentence)
        self.heading, self.refresh_seconds = heading, refresh_seconds


OVER = (401, 403, 404, 410)
"""Nothing comes of opening the page again."""
STILL = "?still=true"
"""Of the address of a page that stands still, and of what leads on from there, until somebody lets it look again."""
NOT_UNDERSTOOD = Page(422, "Not understood", "Go back, load the page again, and try once more.")


class Pages:
    """The pages of a door: its own templates before those that all doors share, in one frame and one style.

    It serves their style sheet at `style_route`, and its `respond` says with a page that a request ended in an error.
    """

    def __init__(
        self,
        folder: Path,
        *,
        messages: Mapping[int, Page] = MappingProxyType({}),
        otherwise: Respond | None = None,
        headers: Mapping[str, str] = HEADERS,
        page_of: Callable[[str], str] | None = None,
        filters: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        **everywhere: Any,
    ) -> None:
        """`folder` has the door's `templates/` and, if it has a style of its own, `static/style.css`.

        `messages`: by status, what an error is called where its own words do not help; `otherwise`: how those are
        answered that do not ask for a page, if not with one; `headers`: of every page, where a door's own pages need
        others; `page_of`: by the path that a form posts to, that of the page which the form stands on: an error leads
        back there; `filters`, `everywhere`: what every template may use.
        """
        self._messages, self._otherwise, self._headers, self._page_at = messages, otherwise, headers, page_of
        sheets = [sheet for path in (SHARED, folder) if (sheet := path / "static" / "style.css").exists()]
        self._style = "".join(sheet.read_text("utf-8") for sheet in sheets)
        self._templates = Environment(
            loader=FileSystemLoader([folder / "templates", SHARED / "templates"]),
            autoescape=True,
            finalize=_seen,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(filters)
        self._templates.globals.update(everywhere, style=STYLE_PATH)

    def style_route(self) -> Route:
        """Where the style sheet is: what all pages have, and then what the door's own have besides."""

        async def style(_request: Request) -> Response:
            return Response(self._style, headers=self._headers, media_type="text/css")

        return Route(STYLE_PATH, style, include_in_schema=False)

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page made from a template."""
        shown = {"url": "", "onward": "", "refresh_seconds": None, "still": False, "notice": "", **values}
        shown["stay"] = STILL if shown["still"] else ""
        return HTMLResponse(self.render(template, shown), status, self._headers)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The markup of a template, for a page or a part of one."""
        return self._templates.get_template(template).render(values)

    def message(self, page: Page, url: str, headers: Mapping[str, str], back: str = "") -> HTMLResponse:
        """A page that is a heading and a sentence; it loads `back`, or `url`, where it is to look again by itself."""
        refresh_seconds = page.refresh_seconds
        shown = self.show(
            "message.html",
            page.status_code,
            url=url if refresh_seconds else "",
            onward=back,
            refresh_seconds=refresh_seconds,
            heading=page.heading,
            sentence=page.detail,
            back="" if page.status_code in OVER else back,
        )
        shown.headers.update(headers)
        return shown

    def respond(self, request: Request, error: Exception) -> Response:
        """A page instead of what was asked for, whoever noticed what is wrong."""
        if self._otherwise is not None and not asks_for_page(request):
            return self._otherwise(request, error)
        if isinstance(error, RequestValidationError):
            error = NOT_UNDERSTOOD
        if not isinstance(error, HTTPException):
            raise error
        page, headers = self._message_of(error), headers_of(error)
        if self._page_at is None:
            return self.message(page, request.url.path, headers)
        path = self._page_at(request.url.path)
        return self.message(page, path, headers, back_to(path, request))

    def _message_of(self, error: HTTPException) -> Page:
        if isinstance(error, Page):
            return error
        status = error.status_code
        sentence = error.detail if error.detail != HTTPStatus(status).phrase else ""  # the framework's only words
        if isinstance(error, Problem):
            sentence = " ".join((sentence, *(f"{fault.path}: {fault.what}." for fault in error.faults)))
        return self._messages.get(status) or Page(status, title_of(status), sentence)


def back_to(path: str, request: Request) -> str:
    """A page that somebody has asked something of, standing still where it did."""
    return path + STILL if request.query_params.get("still") == "true" else path


def _seen(value: Any) -> Any:
    """A text as a page shows it: nothing in it turns what follows round. Markup, which `| e` makes, is left alone."""
    return visible(value, several_lines=True) if type(value) is str else value


def asks_for_page(request: Request) -> bool:
    """Whether a browser asks for something to show, and not a program, which takes anything or asks for JSON."""
    return "text/html" in request.headers.get("accept", "")
