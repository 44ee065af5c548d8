"""How things stand, as metrics: levels of the view, so that what was counted just before a crash is not lost.

A process that counts may die before anybody has read the count. The journals remember, and the view is their fold.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from services.console.api.access import Agencies
from services.console.view.agency import AgencyView, View
from services.console.view.alarms import alerts_of, open_alarms, unattended_alarms
from services.console.view.alerts import LATE
from services.console.view.call import CallSeen
from services.console.view.call_changes import NEW
from services.console.view.records import Alert, AlertKind, TeamSeen
from shared import telemetry
from shared.agencies import is_probe
from shared.clock import Clock
from shared.engine.broker import Stored
from shared.engine.follower import Follower
from shared.events import CallRouted, Event, OfferAccepted, OfferDeclined, StatusReported

MEASURE_SECONDS = 1.0
TIMES = (telemetry.ROUTING, telemetry.ANSWERED, telemetry.ARRIVAL)

CallLevel = Literal["undecided", "overdue", "with-team"]
TeamLevel = Literal["off-duty", "available", "out-of-service", "with-call", "silent"]


class Levels:
    """The metrics of a view. Until the view has caught up there are none, so that their absence can be seen."""

    def __init__(self, view: View, agencies: Agencies, clock: Clock) -> None:
        self._view, self._agencies, self._clock = view, agencies, clock
        self._began = clock.now()

    # --- what just happened ----------------------------------------------------------------------------------------

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        """Have the view take an event, and measure how long it took, unless that was before this process began."""
        arrived_before = _on_scene_at(self._view, agency, event)
        self._view.fold(agency, event, stored)
        if stored.time >= self._began:
            self._measure_times(agency, event, stored.time, arrived_before)

    def _measure_times(self, agency: str, event: Event, at: datetime, arrived_before: datetime | None) -> None:
        call = self._view.agency(agency).call(getattr(event, "call_id", None) or "")
        if call is None or call.synthetic or is_probe(agency):
            return
        if isinstance(event, CallRouted):
            began_at = call.episode(event.episode, at).began_at
            telemetry.ROUTING.labels(agency).observe(_seconds(at - began_at))
        elif isinstance(event, OfferAccepted | OfferDeclined):
            if (offer := call.offers.get(event.offer_id)) is not None:
                telemetry.ANSWERED.labels(agency).observe(_seconds(at - offer.made_at))
        elif isinstance(event, StatusReported) and event.status == "on-scene" and arrived_before is None:
            episode = call.episode(event.episode, at)
            if episode.on_scene_at is not None and episode.routed_at is not None:
                telemetry.ARRIVAL.labels(agency).observe(_seconds(episode.on_scene_at - episode.routed_at))

    # --- how things stand ------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def measured(self, follower: Follower) -> AsyncIterator[None]:
        """Measure every second, for as long as the door is open."""
        async with asyncio.TaskGroup() as tasks:
            measuring = tasks.create_task(self._keep_measuring(follower))
            yield
            measuring.cancel()

    async def _keep_measuring(self, follower: Follower) -> None:
        while True:
            if follower.ready:
                self._measure_or_say_nothing(timedelta(seconds=follower.lag_seconds()))
            await asyncio.sleep(MEASURE_SECONDS)

    def _measure_or_say_nothing(self, lag: timedelta) -> None:
        """A level that may be wrong is taken away, so that its absence is an alert; the door goes on."""
        now = self._clock.now()
        try:
            self.measure(now, read_until=now - lag)
        except Exception as error:  # noqa: BLE001  # whatever it is
            telemetry.OPEN_ALARMS.clear()
            telemetry.UNATTENDED_ALARMS.clear()
            telemetry.logger().error("measuring failed", error=type(error).__name__)

    def measure(self, now: datetime, read_until: datetime) -> None:
        """Set every level of real agencies and calls. `read_until`: until then the view has certainly read everything.

        The prober alarms for what is made up.
        """
        since = self._agencies.refused_since
        for agency in sorted({*self._agencies.names(), *self._view.agencies()}):
            if is_probe(agency):
                continue
            for times in TIMES:
                times.labels(agency)  # begins at 0: a series that first appears above it shows no increase
            seen = self._view.agency(agency)
            alerts = alerts_of(seen, may_pause=self._agencies.may_pause(agency), file_refused_since=since)
            alerts = [alert for alert in alerts if not _is_of_a_test(seen, alert)]
            _set(telemetry.OPEN_ALARMS, agency, get_args(AlertKind), open_alarms(alerts, now))
            _set(telemetry.UNATTENDED_ALARMS, agency, get_args(AlertKind), unattended_alarms(alerts, now))
            calls = (call_level(call, read_until) for call in seen.open_calls() if not call.synthetic)
            _set(telemetry.OPEN_CALLS, agency, get_args(CallLevel), Counter(calls))
            _set(telemetry.TEAMS, agency, get_args(TeamLevel), Counter(map(team_level, seen.teams.values())))
            telemetry.SWITCHBOARD_REVISION.labels(agency).set(seen.switchboard.revision)
            telemetry.PAUSED.labels(agency).set(len(seen.switchboard.paused))
            for document in seen.documents.values():
                if document.state == "active":
                    telemetry.set_info(telemetry.PROGRAMME, agency, str(document.version), document.document_hash)


def call_level(call: CallSeen, read_until: datetime) -> CallLevel:
    """Where an open call stands, as far as everything was read."""
    newest = call.episodes[-1] if call.episodes else None
    if newest is not None and newest.outcome is not None:
        return "with-team"
    late = timedelta() if call.due_at is None else read_until - call.due_at
    is_armed = newest is not None  # else it was perhaps decided long ago, and nothing of that is in the view any more
    return "overdue" if late > LATE and (is_armed or late < NEW) else "undecided"


def team_level(team: TeamSeen) -> TeamLevel:
    """Where a team stands, in one of five words."""
    if team.status in ("safety-check-overdue", "silent"):
        return "silent"
    if team.call_id is not None:
        return "with-call"
    if team.shift_id is None:
        return "off-duty"
    return "out-of-service" if team.status == "out-of-service" else "available"


def _is_of_a_test(seen: AgencyView, alert: Alert) -> bool:
    call = seen.call(alert.call_id or "")
    return call is not None and call.synthetic


def _on_scene_at(view: View, agency: str, event: Event) -> datetime | None:
    if not isinstance(event, StatusReported) or event.call_id is None:
        return None
    call = view.agency(agency).call(event.call_id)
    return None if call is None else next((e.on_scene_at for e in call.episodes if e.episode == event.episode), None)


def _set(gauge: Any, agency: str, values: Iterable[str], counts: Counter[Any]) -> None:
    for value in values:
        gauge.labels(agency, value).set(counts[value])


def _seconds(time: timedelta) -> float:
    return max(0.0, time.total_seconds())
