"""Services that the console asks, played: what they answer, and what they were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from services.console.elsewhere import Elsewhere
from tests.services.console.driver import City

Answer = httpx.Response | Exception


@dataclass
class Played:
    """One service: `answer(request)`."""

    answer: Callable[[httpx.Request], Answer]
    asked: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def elsewhere(self, name: str = "service") -> Elsewhere:
        return Elsewhere(name, "CAREROUTE_SERVICE_URL", "http://there", "its-key", httpx.MockTransport(self))


def answers(body: Any, status: int = 200) -> Played:
    """A service that always answers this."""
    return Played(lambda _: httpx.Response(status, json=body))


def with_reporting(city: City, reporting: Played) -> None:
    """Have the door ask this one."""
    elsewhere = reporting.elsewhere("reporting service")
    city.app.state.reporting = elsewhere
    city.app.state.console = replace(city.app.state.console, reporting=elsewhere)


def with_prometheus(city: City, prometheus: Played) -> None:
    """Have the door ask this one."""
    city.app.state.console = replace(city.app.state.console, prometheus=prometheus.elsewhere("Prometheus"))
