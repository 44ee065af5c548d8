"""What the view holds of an agency besides its calls: records that events fill in and the API hands out."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from services.console.view.records import (
    AcknowledgementSeen,
    Alert,
    AlertKind,
    CommandSeen,
    ContactSeen,
    DeviceSeen,
    DocumentSeen,
    LoadSeen,
    PersonSeen,
    ReferralSeen,
    RollPlaceSeen,
    RollSeen,
    SwitchboardSeen,
    TeamSeen,
)
from services.console.view.rota_records import RotaSeen
from shared.engine.broker import Stored

KEEP_ALERTS_OF_A_KIND = 1_000
"""So that a flood of one kind never hides another."""
KEEP_ENDED_ALERTS = 200
KEEP_ENDS = 5_000
KEEP_ACKNOWLEDGEMENTS = 5_000
KEEP_ANSWERS = 20_000
KEEP_ROLLS = 50

V = TypeVar("V")


class AgencyRecords:
    """One agency's records. Changed in place: nobody keeps an old one."""

    def __init__(self) -> None:
        self.switchboard = SwitchboardSeen()
        self.documents: OrderedDict[str, DocumentSeen] = OrderedDict()
        """Versions of the programme by hash, in the order in which they were proposed."""
        self.teams: dict[str, TeamSeen] = {}
        self.people: dict[str, PersonSeen] = {}
        self.former_people: set[str] = set()
        """Who was ever taken off the books."""
        self.devices: dict[str, DeviceSeen] = {}
        self.contacts: dict[str, dict[str, ContactSeen]] = {}
        """By person and method, the ways to them."""
        self.addresses: dict[tuple[str, str], tuple[str, str]] = {}
        """By person and method, the kind and the pseudonym of the address."""
        self.link_generations: dict[str, int] = {}
        """How often a person's links were revoked."""
        self.rolls: OrderedDict[str, RollSeen] = OrderedDict()
        """Roll calls, the oldest first."""
        self.roll_places: dict[tuple[str, str, str], RollPlaceSeen] = {}
        """By roll call, person and method."""
        self.roll_pages: dict[str, RollPlaceSeen] = {}
        """By page id."""
        self.calendar_generations: dict[str, int] = {}
        """And those to calendars alone."""
        self.referrals: OrderedDict[str, ReferralSeen] = OrderedDict()
        self.rota = RotaSeen()
        self.load: dict[str, LoadSeen] = {}
        """By call."""
        self.ended_calls: dict[str, str] = {}
        """Calls that the CAD has ended while a team is with somebody, and the team."""
        self.unacknowledged: Counter[str] = Counter()
        """By source, how many messages in a row its CAD was sent and has not acknowledged."""
        self._alerts: OrderedDict[str, Alert] = OrderedDict()
        self._alerts_of_kind: Counter[AlertKind] = Counter()
        self._ended_alerts: deque[Alert] = deque(maxlen=KEEP_ENDED_ALERTS)
        self._ends: OrderedDict[str, datetime] = OrderedDict()
        """By alert, when one journal ended last what another raises, and may be read later."""
        self._acknowledgements: OrderedDict[str, AcknowledgementSeen] = OrderedDict()
        self._commands: OrderedDict[str, CommandSeen] = OrderedDict()

    def alerts(self) -> list[Alert]:
        """What a person has to look at, newest first."""
        return list(reversed(self._alerts.values()))

    def ended_alerts(self) -> list[Alert]:
        """The alerts that ended last, newest first, and who had looked after each."""
        return [replace(alert, acknowledged=self.acknowledgement(alert)) for alert in reversed(self._ended_alerts)]

    def raise_alert(self, alert_id: str, alert: Alert) -> None:
        """Raise an alert, or raise it again. Of too many of a kind the oldest goes."""
        self._take_out(alert_id)
        alert.alert_id = alert_id
        if (ended_at := self._ends.get(alert_id)) is not None and alert.at < ended_at:
            self._ended_alerts.append(replace(alert, ended_at=ended_at))
            return
        self._alerts[alert_id] = alert
        self._alerts_of_kind[alert.kind] += 1
        if self._alerts_of_kind[alert.kind] > KEEP_ALERTS_OF_A_KIND:
            self._take_out(next(oldest for oldest, other in self._alerts.items() if other.kind == alert.kind))

    def end_alert(self, alert_id: str, at: datetime) -> None:
        """End an alert, if there is one."""
        if (alert := self._take_out(alert_id)) is not None:
            self._ended_alerts.append(replace(alert, ended_at=at))

    def end_alert_of_another_journal(self, alert_id: str, at: datetime) -> None:
        """The same, where what raises it stands in another journal: that may be read after this, as after a restart."""
        self.end_alert(alert_id, at)
        _keep_newest(self._ends, alert_id, at, KEEP_ENDS)

    def _take_out(self, alert_id: str) -> Alert | None:
        if (alert := self._alerts.pop(alert_id, None)) is not None:
            self._alerts_of_kind[alert.kind] -= 1
        return alert

    def acknowledge(self, alert_id: str, acknowledgement: AcknowledgementSeen) -> None:
        """Remember the newest word on an alert, which may be read before what raised it."""
        _keep_newest(self._acknowledgements, alert_id, acknowledgement, KEEP_ACKNOWLEDGEMENTS)

    def acknowledgement(self, alert: Alert) -> AcknowledgementSeen | None:
        """Somebody's word on an alert, as it was raised last."""
        newest = self._acknowledgements.get(alert.alert_id)
        return newest if newest is not None and newest.raised_at == alert.at else None

    def add_roll(self, roll: RollSeen) -> None:
        """Remember a roll call; the oldest makes room."""
        _keep_newest(self.rolls, roll.roll_id, roll, KEEP_ROLLS)
        self.roll_places |= {(roll.roll_id, place.person_id, place.method_id): place for place in roll.places}
        self.roll_places = {key: place for key, place in self.roll_places.items() if key[0] in self.rolls}
        left = {id(place) for place in self.roll_places.values()}
        self.roll_pages = {page_id: place for page_id, place in self.roll_pages.items() if id(place) in left}

    def command(self, command_id: str) -> CommandSeen | None:
        """The answer to a command, or that it waits for its call."""
        return self._commands.get(command_id)

    def remember_answer(self, answer: CommandSeen) -> None:
        """Remember the newest answers."""
        _keep_newest(self._commands, answer.command_id, answer, KEEP_ANSWERS)

    def free_team(self, team_id: str, call_id: str, at: datetime) -> None:
        """A team is done with a call."""
        team = self.teams.get(team_id)
        if team is not None and team.call_id == call_id:
            team.call_id, team.status_at, team.not_moving_since = None, at, None
            team.status = "available" if team.shift_id else "off-duty"


Change = Callable[[AgencyRecords, Any, Stored], None]
"""What an event changes."""


def _keep_newest(records: OrderedDict[str, V], key: str, value: V, limit: int) -> None:
    records[key] = value
    records.move_to_end(key)
    if len(records) > limit:
        records.popitem(last=False)
