"""Pages for a door that people open in a browser: templates, headers, and a page instead of an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

SHARED_TEMPLATES = Path(__file__).parent / "templates"
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


class Pages:
    """The pages of a door: its own templates before those that all doors share."""

    def __init__(self, folder: Path, style: str, **everywhere: Any) -> None:
        """`style` is the address of the style sheet, `everywhere` what every template may use."""
        self._templates = Environment(
            loader=FileSystemLoader([folder, SHARED_TEMPLATES]),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(everywhere, style=style)

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page made from a template."""
        shown = {"url": "", "refresh_seconds": None, "still": False, "notice": "", **values}
        return HTMLResponse(self._templates.get_template(template).render(shown), status)

    def message(self, page: Page, url: str, headers: Mapping[str, str]) -> HTMLResponse:
        """A page that is a heading and a sentence; it loads `url` where it is to look again by itself."""
        refresh_seconds = page.refresh_seconds
        shown = self.show(
            "message.html",
            page.status_code,
            url=url if refresh_seconds else "",
            refresh_seconds=refresh_seconds,
            heading=page.heading,
            sentence=page.detail,
        )
        shown.headers.update(headers)
        return shown
