"""Request targets that are no path (RFC 9112, 3.2): no door has anything there, and none fails over them."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp, Message

from services.pocket.http import create_app
from services.reporting.config import ReportingSettings
from services.reporting.http import create_app as reporting_app
from services.reporting.store.engine import open_engine
from shared.clock import SystemClock
from tests.services.console.driver import running_city
from tests.services.notification.callbacks.driver import Callbacks
from tests.services.pocket.driver import City

TARGETS = [("OPTIONS", "*"), ("GET", "*"), ("GET", ""), ("CONNECT", "city.example:443")]


async def status_of(app: ASGIApp, method: str, target: str) -> int:
    """What is answered to a request as a server hands it on; clients ask for paths alone."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": b"",
        "headers": [(b"host", b"door.internal")],
        "client": ("10.1.2.3", 4567),
        "server": ("door.internal", 80),
    }
    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(("method", "target"), TARGETS)
async def test_a_target_that_is_no_path_leads_nowhere(method: str, target: str, tmp_path: Path) -> None:
    settings = ReportingSettings(kafka="x", storage_directory=tmp_path, reporting_key=SecretStr("k" * 32))
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/store")
    async with running_city(tmp_path) as console:
        doors: dict[str, ASGIApp] = {
            "pocket": create_app(City().door),
            "callbacks": Callbacks().app,
            "reporting": reporting_app(engine, settings, SystemClock(), lambda: True),
            "console": console.app,
        }
        answered = {name: await status_of(app, method, target) for name, app in doors.items()}
    assert {name for name, status in answered.items() if status >= HTTPStatus.INTERNAL_SERVER_ERROR} == set(), answered
    assert answered["pocket"] == HTTPStatus.NOT_FOUND
