"""The heartbeat: a word to the watcher on another machine after each clean run. It stops when the auditor stops."""

from __future__ import annotations

import httpx

from services.reporting.auditor.config import AuditorSettings
from shared import telemetry

BEAT_SECONDS = 5.0
"""Longer nobody is waited for."""
UNWATCHED = "nobody watches the auditor: CAREROUTE_WATCH_URL says that no heartbeat is sent"
UNCONFIGURED = "CAREROUTE_WATCH_URL is not set: if the auditor stops, nobody hears of it"


class Heartbeat:
    """Beats, where somebody listens; and says where nobody does."""

    def __init__(self, settings: AuditorSettings) -> None:
        self._settings, self._url = settings, settings.beat_url("auditor")
        self._secret = settings.watch_secret.get_secret_value()

    @property
    def configured(self) -> bool:
        """Whether it was said who listens, or that nobody does."""
        return bool(self._settings.watch_url)

    def remark(self) -> str:
        """What somebody has to mend."""
        return "" if self._url else UNWATCHED if self.configured else UNCONFIGURED

    async def beat(self) -> None:
        """Say that all is well. That it was not heard is logged: the watcher alarms, that is what it is for."""
        if not self._url:
            telemetry.AUDIT_BEATS.labels("off").inc()
            return
        heard = await self._post()
        telemetry.AUDIT_BEATS.labels("sent" if heard else "failed").inc()
        if not heard:
            telemetry.logger().warning("the watcher cannot be reached")

    async def _post(self) -> bool:
        headers = {"Authorization": f"Bearer {self._secret}"}
        try:
            async with httpx.AsyncClient(timeout=BEAT_SECONDS, trust_env=False) as client:
                return (await client.post(self._url, json={"beat": "auditor"}, headers=headers)).is_success
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # an address or a secret that cannot even be sent
            return False
