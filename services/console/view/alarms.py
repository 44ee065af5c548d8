"""Which alerts are open: until what they tell of has ended, or, where nothing ends it, for a stated time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from services.console.view.agency import AgencyView
from services.console.view.records import Alert, AlertKind

HAPPENING = timedelta(hours=1)
"""Long enough to outlive a restart, short enough that the next one is seen as another."""
OPEN_FOR: Mapping[AlertKind, timedelta] = MappingProxyType(
    {
        "input-refused": HAPPENING,
        "clock-failed": HAPPENING,
        "cad-not-informed": timedelta(days=1),  # or until the message is sent again and acknowledged
        "routed-late": HAPPENING,
        "cad-clock": timedelta(hours=25),  # it is said again each day for as long as the clock is wrong
        "cad-identity": timedelta(hours=25),
    }
)
"""The kinds that perhaps no event ever ends. They stay in the list."""


FILE_REFUSED: AlertKind = "agencies-file-refused"
NO_STOP_SWITCH = "A district is live and nobody has the right to pause it."
AGENCIES_FILE_REFUSED = (
    "The agencies file is wrong or gone, and the one before it in force: whoever was taken out of it since still "
    "gets in. The log says what is wrong; revoke what cannot wait."
)


def alerts_of(agency: AgencyView, *, may_pause: bool, file_refused_since: datetime | None) -> list[Alert]:
    """What somebody has to look at, newest first.

    `may_pause`: whether anybody there can reach the stop switch; `file_refused_since`: since when the agencies file is
    wrong, if it is.
    """
    alerts = agency.alerts()
    live = [seen for seen in agency.switchboard.phases.values() if seen.phase == "live"]
    if live and not may_pause:
        since = min(seen.since for seen in live)
        alerts.insert(0, Alert("no-stop-switch", since, NO_STOP_SWITCH, alert_id="no-stop-switch"))
    if file_refused_since is not None:
        alerts.insert(0, Alert(FILE_REFUSED, file_refused_since, AGENCIES_FILE_REFUSED, alert_id=FILE_REFUSED))
    return [replace(alert, acknowledged=agency.acknowledgement(alert)) for alert in alerts]


def open_alarms(alerts: Iterable[Alert], now: datetime) -> Counter[AlertKind]:
    """How many of each kind are open."""
    return Counter(alert.kind for alert in alerts if alert.misleads and is_open(alert, now))


def unattended_alarms(alerts: Iterable[Alert], now: datetime) -> Counter[AlertKind]:
    """How many of each kind are open, and nobody has said that they look after them."""
    return open_alarms((alert for alert in alerts if alert.acknowledged is None), now)


def is_open(alert: Alert, now: datetime) -> bool:
    """Whether what an alert tells of still stands, as far as anybody can know."""
    open_for = OPEN_FOR.get(alert.kind)
    return open_for is None or now - alert.at < open_for
