"""What Alertmanager would have told people while the demo ran: its webhook, taken at the demo's own address."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

PATH = "/alerts"
"""Below it each receiver of the routing has its own: `/alerts/on-call`."""


class Alerts:
    """Counts alerts by name, each once from when it fires until it is over, whomever it reaches and however often."""

    def __init__(self) -> None:
        self.fired: Counter[str] = Counter()
        self._firing: set[tuple[str, str]] = set()

    def take(self, body: bytes) -> int:
        """Take one message; the status to answer with."""
        try:
            message: Mapping[str, Any] = json.loads(body)
            for alert in message["alerts"]:
                self._take(alert["labels"]["alertname"], (alert["fingerprint"], alert["startsAt"]))
        except (ValueError, KeyError, TypeError):
            return 400
        return 204

    def _take(self, name: str, firing: tuple[str, str]) -> None:
        if firing not in self._firing:
            self._firing.add(firing)
            self.fired[name] += 1
