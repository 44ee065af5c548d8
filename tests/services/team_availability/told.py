"""A town whose people and CAD are told: notification reads what team availability writes, and every word is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.notification.service import NOTIFICATION
from services.notification.state import State
from shared.engine.service import EffectDone, EffectResult, EffectStarting, Input, Tick
from shared.events import CadMessageDue, ContactMethod, DefinePerson, Event, PageDue, Person
from shared.judgement import Discipline
from tests.services.team_availability.driver import Town


class ToldTown(Town):
    """A town in which each person has one way to be reached, and nothing is sent that a test has not seen."""

    def __init__(self) -> None:
        super().__init__()
        self.notification: State = NOTIFICATION.initial
        self.unseen: list[PageDue | CadMessageDue] = []
        self._written = 0

    def take(self, event: Event | Tick, cause: str, time: datetime | None = None) -> list[Event]:
        events = super().take(event, cause, time)
        for written in events:
            self._written += 1
            self._notify(written, f"assignments/0/{self._written}")
        return events

    def _notify(self, event: Any, cause: str) -> list[Event]:
        given = Input(event, cause, self.now)
        events = list(NOTIFICATION.decide(self.notification, given, self.now))
        for one in events:
            self.notification = NOTIFICATION.evolve(self.notification, one, self.now)
        self.unseen += [one for one in events if isinstance(one, PageDue | CadMessageDue)]
        for page in [one for one in events if isinstance(one, PageDue)]:
            for effect in (EffectStarting(page.page_id), EffectDone(page.page_id, "done")):
                self._notify(effect, f"effect/{page.page_id}")
        return events

    def team(self, team_id: str = "one", members: Sequence[str] = (), hours: float = 8, **changes: Any) -> None:
        super().team(team_id, members, hours, **changes)
        disciplines: tuple[Discipline, ...] = ("paramedic", "crisis-worker")
        for person_id, discipline in zip((f"{team_id}-medic", f"{team_id}-worker"), disciplines, strict=True):
            way = ContactMethod(method_id="phone", kind="webhook")
            person = Person(person_id=person_id, name=person_id, disciplines=(discipline,), contact_methods=(way,))
            self.command(DefinePerson, person=person)

    def cad_answers(self, kind: str, result: EffectResult = "done") -> list[Event]:
        """The CAD takes the last message of a kind, or does not; what team availability makes of that."""
        message = next(
            owed.event
            for owed in reversed(list(self.notification.owed.values()))
            if isinstance(owed.event, CadMessageDue) and owed.event.kind == kind
        )
        answers = self._notify(EffectDone(message.message_id, result), f"effect/{message.message_id}")
        return [event for answer in answers for event in self.hear(answer, "notifications")]

    def sent(self) -> list[tuple[str, str]]:
        """Kind, and to whom, of everything that was owed since the last time; a team's two people count as one."""
        seen, self.unseen = self.unseen, []
        return list(
            dict.fromkeys((word.kind, word.team_id if isinstance(word, PageDue) else word.source) for word in seen)
        )
