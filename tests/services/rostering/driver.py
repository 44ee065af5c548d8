"""An office for tests: it feeds rostering as a worker would, keeps the journal, and decides every input twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.rostering.decide import decide
from services.rostering.service import ROSTERING
from services.rostering.state import ShiftState, State
from shared.engine.service import Input, Tick
from shared.events import (
    ClockFailed,
    Command,
    CommandDone,
    CommandRefused,
    ContactProved,
    ContactSet,
    DefineRotation,
    Event,
    GapClosed,
    GapFound,
    Person,
    PersonDefined,
    PlanShift,
    Rotation,
    RotationPlanned,
    ShiftPlace,
    ShiftsChecked,
    TakeShift,
    Team,
    TeamDefined,
)
from shared.judgement import Discipline

E = TypeVar("E", bound=Event)

ZONE = ZoneInfo("America/Chicago")
START = datetime(2026, 3, 2, 13, tzinfo=UTC)
"""A Monday, seven in the morning in Chicago: it is day."""
STAFF = ("ann", "bob", "cat", "dan", "eve", "fay")
QUIET = (ShiftsChecked, RotationPlanned)
"""What rostering says to itself."""


class Office:
    """One agency under test. `now` is both the worker's clock and the broker's."""

    def __init__(self, start: datetime = START, staff: Sequence[str] = STAFF) -> None:
        self.state: State = ROSTERING.initial
        self.now = start
        self.journal: list[Event] = []
        self.times: list[datetime] = []
        self.offset = 0
        self.commands = 0
        self.hear(TeamDefined(team=Team(team_id="one", model="community-responder")), "assignments")
        for person_id in staff:
            self.join(person_id)
        self.journal.clear()
        self.times.clear()

    # --- what a worker does

    def take(self, event: Event | Tick, cause: str) -> list[Event]:
        """Decide and fold; inputs of a topic are decided again at once, and nothing may come of it."""
        given = Input(event, cause, self.now, "madison-wi")
        events = decide(self.state, given, self.now)
        for each in events:
            self.state = ROSTERING.evolve(self.state, each, self.now)
        assert events.state == self.state, "what a decision folds is not what its events fold to"
        self.journal += events
        self.times += [self.now] * len(events)
        if not isinstance(event, Tick):
            again = ROSTERING.decide(self.state, given, self.now)
            assert not again, f"decided twice: {event!r} -> {again!r}"
        return events

    def hear(self, event: Event, topic: str) -> list[Event]:
        """A record of a topic, and whatever is due at once because of it."""
        self.offset += 1
        before = len(self.journal)
        self.take(event, f"{topic}/0/{self.offset}")
        self.wait()
        return self.journal[before:]

    def fold(self, event: Event) -> None:
        """An event that the worker writes by itself."""
        self.state = ROSTERING.evolve(self.state, event, self.now)
        self.journal.append(event)
        self.times.append(self.now)

    def wait(self, **time: float) -> list[Event]:
        """Time passes; clocks fire as they come due, each once."""
        return self.wait_until(self.now + timedelta(**time))

    def wait_until(self, until: datetime) -> list[Event]:
        before = len(self.journal)
        while (due := ROSTERING.due(self.state)) is not None and due[1] <= until:
            self.now = max(self.now, due[1])
            events = self.take(Tick(*due), f"tick/madison-wi/{due[0]}/{due[1].isoformat()}")
            assert events, f"{due} left nothing"
            assert ROSTERING.due(self.state) != due, f"{due} is still armed"
        self.now = max(self.now, until)
        return self.journal[before:]

    def sleep_until(self, until: datetime) -> list[Event]:
        """The service is down until then; clocks that came due meanwhile fire afterwards."""
        self.now = until
        return self.wait()

    # --- what is said

    def command(self, kind: type[Command], **fields: Any) -> CommandDone | CommandRefused:
        """Give a command; the answer."""
        self.commands += 1
        command = kind(
            command_id=fields.pop("command_id", f"command-{self.commands}"),
            issued_by=fields.pop("issued_by", "sue"),
            issued_at=self.now,
            expires_at=self.now + timedelta(seconds=60),
            **fields,
        )
        events = self.hear(command, "commands")
        answers = [each for each in events if getattr(each, "command_id", None) == command.command_id]
        assert len(answers) == 1, events
        (answer,) = answers
        assert isinstance(answer, CommandDone | CommandRefused)
        return answer

    def done(self, kind: type[Command], **fields: Any) -> CommandDone:
        """Give a command that is carried out."""
        answer = self.command(kind, **fields)
        assert isinstance(answer, CommandDone), answer
        assert answer.result == "done", answer
        return answer

    def takes(self, shift_id: str, person_id: str, place: int = 1, **changes: Any) -> CommandDone:
        """Somebody takes a place by themselves, and says from whom; all of it or a part."""
        rota = self.shift(shift_id).rota
        starts_at, ends_at = (
            changes.get("starts_at") or rota.plan.starts_at,
            changes.get("ends_at") or rota.plan.ends_at,
        )
        parts = [each for each in rota.stretches(place) if each.overlaps(starts_at, ends_at)]
        others = sorted({each.person_id for each in parts} - {"", person_id})
        about = {"shift_id": shift_id, "person_id": person_id, "place": place, "issued_by": person_id, **changes}
        return self.done(TakeShift, **about, instead_of=others[0] if others else None)

    def join(self, person_id: str, *disciplines: Discipline, proved: bool = True) -> None:
        """Somebody is on the books, with a way that has been proved."""
        person = Person(person_id=person_id, name=person_id, disciplines=disciplines or ("paramedic",))
        self.hear(PersonDefined(person=person), "assignments")
        self.hear(ContactSet(person_id=person_id, method_id="sms", kind="sms", fingerprint=person_id), "notifications")
        if proved:
            self.hear(ContactProved(person_id=person_id, method_id="sms"), "notifications")

    def rotate(self, **changes: Any) -> CommandDone:
        """Define a rotation: nights of one place, in turn."""
        return self.done(DefineRotation, rotation=rotation(**changes))

    def plan(self, hours: float, length: float = 8, *people: str, **changes: Any) -> str:
        """A shift so many hours from now, so many long; its id."""
        starts_at = self.now + timedelta(hours=hours)
        needs = changes.pop("needs", ("",) * max(1, len(people)))
        places = tuple(
            ShiftPlace(needs=need, person_id=people[number] if number < len(people) else "")
            for number, need in enumerate(needs)
        )
        fields: dict[str, Any] = {
            "team_id": "one",
            "duty": "on-shift",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=length),
            "zone": str(ZONE),
            "places": places,
        }
        return self.done(PlanShift, **fields | changes).about

    # --- what is seen

    def shift(self, shift_id: str) -> ShiftState:
        return self.state.shifts[shift_id]

    def shifts(self) -> list[ShiftState]:
        return sorted(self.state.shifts.values(), key=lambda shift: (shift.plan.starts_at, shift.plan.shift_id))

    def of(self, kind: type[E]) -> list[E]:
        return [each for each in self.journal if isinstance(each, kind)]

    def news(self) -> list[Event]:
        """What has happened since this was asked last, without what rostering says to itself."""
        news = [each for each in self.journal if not isinstance(each, QUIET)]
        self.journal.clear()
        self.times.clear()
        assert not [each for each in news if isinstance(each, ClockFailed)]
        return news

    def open_gaps(self) -> Iterator[GapFound]:
        for shift in self.shifts():
            yield from shift.gaps

    def gaps(self) -> list[tuple[str, str]]:
        """What the whole plan lacks, as it was said last: why, and of whom."""
        return [(gap.why, gap.person_id) for gap in self.open_gaps()]


def rotation(**changes: Any) -> Rotation:
    fields: dict[str, Any] = {
        "rotation_id": "nights",
        "team_id": "one",
        "duty": "on-shift",
        "zone": str(ZONE),
        "starts": "19:00",
        "ends": "07:00",
        "crews": (("ann",), ("bob",), ("cat",), ("dan",)),
        "anchor": date(2026, 3, 2),
    }
    return Rotation(**fields | changes)


def types(events: Sequence[Event]) -> list[str]:
    return [each.type for each in events]


__all__ = ["START", "ZONE", "GapClosed", "GapFound", "Office", "rotation", "types"]
