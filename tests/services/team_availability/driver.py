"""A town for tests: it feeds team availability as a worker would, keeps the journal, and decides every input twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.team_availability.decide import decide
from services.team_availability.service import TEAM_AVAILABILITY
from services.team_availability.state import State
from shared.call import Call
from shared.engine.service import Input, Tick
from shared.events import (
    AcceptOffer,
    CallCancelled,
    CallReported,
    ClockFailed,
    Command,
    CommandRefused,
    DeclineOffer,
    DefinePerson,
    DefineTeam,
    Event,
    InputRefused,
    OfferMade,
    Person,
    ReportStatus,
    SignOn,
    Team,
)
from shared.judgement import Discipline, Judgement
from tests.builders import call_triaged, judgement

E = TypeVar("E", bound=Event)

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
A_WEEK_LATER = START + timedelta(days=6)
"""From then on a new call began when it was reported; before, every call began at the start."""


def unsuitable(*reasons: str, **changes: Any) -> Judgement:
    base = {"suitability": "unsuitable", "reasons": reasons or ("level-sends-default",), "level": "police needed"}
    return judgement(**base | {"level_rank": 1} | changes).model_copy(update={"responses": ()})


class Town:
    """One agency under test. `now` is both the worker's clock and the broker's."""

    def __init__(self) -> None:
        self.state: State = TEAM_AVAILABILITY.initial
        self.now = START
        self.journal: list[Event] = []
        self.times: list[datetime] = []
        self.offset = 0
        self.heard: list[tuple[Event, str, datetime]] = []
        self.commands = 0

    # --- what a worker does

    def take(self, event: Event | Tick, cause: str, time: datetime | None = None) -> list[Event]:
        """Decide and fold; inputs of a topic are decided again at once, and nothing may come of it."""
        given = Input(event, cause, time or self.now)
        events = decide(self.state, given, self.now)
        for one in events:
            self.state = TEAM_AVAILABILITY.evolve(self.state, one, self.now)
        assert events.state == self.state, "what a decision folds is not what its events fold to"
        self.journal += events
        self.times += [self.now] * len(events)
        if not isinstance(event, Tick):
            again = TEAM_AVAILABILITY.decide(self.state, given, self.now)
            assert not again, f"decided twice: {event!r} -> {again!r}"
        return events

    def hear(self, event: Event, topic: str, time: datetime | None = None) -> list[Event]:
        self.offset += 1
        self.heard.append((event, f"{topic}/0/{self.offset}", time or self.now))
        return self.take(*self.heard[-1])

    def fold(self, event: Event) -> None:
        """An event that the worker writes by itself."""
        self.state = TEAM_AVAILABILITY.evolve(self.state, event, self.now)
        self.journal.append(event)
        self.times.append(self.now)

    def wait(self, seconds: float) -> list[Event]:
        """Time passes; clocks fire as they come due, each once."""
        until, before = self.now + timedelta(seconds=seconds), len(self.journal)
        while (due := TEAM_AVAILABILITY.due(self.state)) is not None and due[1] <= until:
            self.now = max(self.now, due[1])
            assert self.fire(*due), f"{due} left nothing"
            assert TEAM_AVAILABILITY.due(self.state) != due, f"{due} is still armed"
        self.now = until
        return self.journal[before:]

    def fire(self, clock_id: str, at: datetime) -> list[Event]:
        return self.take(Tick(clock_id, at), f"tick/madison-wi/{clock_id}/{at.isoformat()}")

    # --- what is said

    def command(self, kind: type[Command], time: datetime | None = None, **fields: Any) -> Event:
        """Give a command; the answer."""
        self.commands += 1
        command = kind(
            command_id=fields.pop("command_id", f"command-{self.commands}"),
            issued_by=fields.pop("issued_by", "dee"),
            issued_at=self.now,
            expires_at=fields.pop("expires_at", self.now + timedelta(seconds=60)),
            **fields,
        )
        events = self.hear(command, "commands", time)
        answers = [one for one in events if getattr(one, "command_id", None) == command.command_id]
        assert len(answers) == 1, events
        return answers[0]

    def report(self, incident: str = "1", **changes: Any) -> list[Event]:
        """The CAD publishes a version of a call, as of now."""
        return self.hear(self.version(incident, **changes), "calls")

    def cancel(self, incident: str = "1", **changes: Any) -> list[Event]:
        reported = self.version(incident, **{"status": "cancelled"} | changes)
        return self.hear(CallCancelled(**dict(reported)), "calls")

    def version(self, incident: str = "1", **changes: Any) -> CallReported:
        updated_at, address = changes.pop("updated_at", self.now), changes.pop("address", "")
        near = changes.pop("near", ())
        call = Call(
            agency="madison-wi",
            source="cad",
            incident_id=incident,
            created_at=changes.pop("created_at", min(updated_at, START) if updated_at < A_WEEK_LATER else updated_at),
            updated_at=updated_at,
            **changes,
        )
        return CallReported(
            event_id=f"{incident}@{updated_at.isoformat()}",
            call=call,
            received_at=self.now,
            judged_at=self.now,
            address_pseudonym=address,
            position_pseudonyms=near,
        )

    def triage(self, judged: Judgement | None = None, incident: str = "1", **changes: Any) -> list[Event]:
        updated_at = changes.pop("updated_at", self.now)
        version = self.version(incident, updated_at=updated_at, **changes.pop("version", {}))
        fields = {"event_id": f"{incident}@{updated_at.isoformat()}", "judged_at": self.now, "call": version.call}
        triaged = call_triaged(call_id(incident), updated_at, judged, **fields | changes)
        return self.hear(triaged, "decisions")

    def team(self, team_id: str = "one", members: Sequence[str] = (), hours: float = 8, **changes: Any) -> None:
        """A team of a paramedic and a crisis worker signs on."""
        crew = members or (f"{team_id}-medic", f"{team_id}-worker")
        disciplines: tuple[Discipline, ...] = ("paramedic", "crisis-worker")
        for person_id, discipline in zip(crew, disciplines, strict=False):
            person = Person(person_id=person_id, name=person_id, disciplines=(discipline,))
            self.command(DefinePerson, person=person)
        fields: dict[str, Any] = {"model": "community-responder", "primary_districts": ("Central",)}
        self.command(DefineTeam, team=Team(team_id=team_id, **fields | changes))
        answer = self.command(
            SignOn,
            team_id=team_id,
            members=tuple(crew),
            shift_ends_at=self.now + timedelta(hours=hours),
            vouched=True,
        )
        assert answer.type == "command-done", answer

    def call(self, incident: str = "1", judged: Judgement | None = None) -> list[Event]:
        """A call is reported and judged."""
        return [*self.report(incident), *self.triage(judged, incident)]

    def accept(self, offer: OfferMade, time: datetime | None = None, **fields: Any) -> Event:
        person_id = fields.pop("person_id", f"{offer.team_id}-medic")
        return self.command(AcceptOffer, time, offer_id=offer.offer_id, person_id=person_id, **fields)

    def decline(self, offer: OfferMade, time: datetime | None = None) -> Event:
        return self.command(DeclineOffer, time, offer_id=offer.offer_id, person_id=f"{offer.team_id}-medic")

    def status(self, status: str, team_id: str = "one", **fields: Any) -> Event:
        return self.command(ReportStatus, team_id=team_id, status=status, **fields)

    # --- what came of it

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.journal if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        return self.all(kind)[-1]

    def kinds(self, since: int = 0) -> list[str]:
        return [event.type for event in self.journal[since:]]

    def refuse_report(self, incident: str = "1") -> None:
        """A report of the call could not be decided."""
        self.fold(
            InputRefused(
                position="calls/0/9",
                sha256="",
                length=0,
                wrong="KeyError",
                input_type="call-reported",
                call_id=call_id(incident),
            )
        )

    def fail_clock(self, clock_id: str) -> None:
        self.fold(ClockFailed(clock_id=clock_id, wrong="RuntimeError"))


def call_id(incident: str = "1") -> str:
    return f"madison-wi/cad/{incident}"


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


def reason(answer: Event) -> str:
    """Why a command was refused, or what was answered instead."""
    return answer.reason if isinstance(answer, CommandRefused) else answer.type
