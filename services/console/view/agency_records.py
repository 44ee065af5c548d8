"""What the view holds of an agency besides its calls: records that events fill in and the API hands out."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from services.console.view.records import (
    Alert,
    AlertKind,
    CommandSeen,
    DocumentSeen,
    PersonSeen,
    ReferralSeen,
    SwitchboardSeen,
    TeamSeen,
)
from shared.engine.broker import Stored

KEEP_ALERTS_OF_A_KIND = 1_000
"""So that a flood of one kind never hides another."""
KEEP_ANSWERS = 20_000

V = TypeVar("V")


class AgencyRecords:
    """One agency's records. Changed in place: nobody keeps an old one."""

    def __init__(self) -> None:
        self.switchboard = SwitchboardSeen()
        self.documents: OrderedDict[str, DocumentSeen] = OrderedDict()
        """Versions of the programme by hash, in the order in which they were proposed."""
        self.teams: dict[str, TeamSeen] = {}
        self.people: dict[str, PersonSeen] = {}
        self.link_generations: dict[str, int] = {}
        """How often a person's links were revoked."""
        self.referrals: OrderedDict[str, ReferralSeen] = OrderedDict()
        self._alerts: OrderedDict[str, Alert] = OrderedDict()
        self._alerts_of_kind: Counter[AlertKind] = Counter()
        self._commands: OrderedDict[str, CommandSeen] = OrderedDict()

    def alerts(self) -> list[Alert]:
        """What a person has to look at, newest first."""
        return list(reversed(self._alerts.values()))

    def raise_alert(self, key: str, alert: Alert) -> None:
        """Raise an alert, or raise it again. Of too many of a kind the oldest goes."""
        self.end_alert(key)
        self._alerts[key] = alert
        self._alerts_of_kind[alert.kind] += 1
        if self._alerts_of_kind[alert.kind] > KEEP_ALERTS_OF_A_KIND:
            self.end_alert(next(key for key, other in self._alerts.items() if other.kind == alert.kind))

    def end_alert(self, key: str) -> None:
        """End an alert, if there is one."""
        if (alert := self._alerts.pop(key, None)) is not None:
            self._alerts_of_kind[alert.kind] -= 1

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
            team.call_id, team.status_at = None, at
            team.status = "available" if team.shift_id else "off-duty"


Change = Callable[[AgencyRecords, Any, Stored], None]
"""What an event changes."""


def _keep_newest(records: OrderedDict[str, V], key: str, value: V, limit: int) -> None:
    records[key] = value
    records.move_to_end(key)
    if len(records) > limit:
        records.popitem(last=False)
