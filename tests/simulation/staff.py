"""People who are on call by a plan, the ways to them, and the carriers in between: slow, refusing, silent or lying.

All is drawn from dice of their own, so that what else happens in a seed stays as it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from services.notification.outcome import DONE, Outcome
from shared.events import (
    AcceptOffer,
    AnswerRoll,
    BeginDuty,
    CallRoll,
    Command,
    DeclineOffer,
    DefinePerson,
    DefineTeam,
    DropShift,
    DutyBegan,
    DutyNoted,
    Event,
    MoveShift,
    NoteOptOut,
    NoteReceipt,
    PageDue,
    Person,
    PlanShift,
    ReceiptState,
    RemoveContact,
    SetAbsence,
    SetContact,
    ShiftPlace,
    TakeShift,
    Team,
)
from shared.judgement import Discipline
from tests.simulation.virtual_time import EPOCH

Mood = Literal["well", "slow", "refusing", "silent", "lying", "unknowing"]
MOODS: tuple[Mood, ...] = ("well", "well", "well", "slow", "refusing", "silent", "lying", "unknowing")
"""How a carrier behaves for a whole day: each of an agency's has one of these."""
ON_CALL = "night"
AT_WORK = "day"
BY_PLAN = (ON_CALL, AT_WORK)
CREWS = (("emt-7", "crisis-worker-7"), ("emt-8", "crisis-worker-8"))
"""Who takes turns on call; the last of them is on another team as well, now and then."""
LADDER: tuple[tuple[str, Literal["sms", "voice", "email"], int], ...] = (
    ("text", "sms", 0),
    ("call", "voice", 2),
    ("mail", "email", 60),
)
"""An offer is open for four seconds: the last step can never go out by its own time."""
TRUTHS: dict[str, tuple[ReceiptState, ...]] = {"sms": ("sent", "delivered"), "voice": ("ringing", "heard")}
LIES: tuple[ReceiptState, ...] = ("delivered", "undelivered", "sent", "taken", "failed")
PLANNED_AT = 3.0
NIGHT_SECONDS = 8 * 3600.0
"""Who has less than an hour left is offered nothing."""
ZONE = "America/Chicago"

Later = Callable[..., None]


@dataclass(slots=True)
class Staff:
    """Who is on call in every agency, and how pages get to them."""

    seed: int
    dice: random.Random
    later: Later
    """Issues a command in so many seconds: `later(seconds, agency, kind, **fields)`."""
    planned: dict[str, list[str]] = field(default_factory=dict)
    """Agency → the planned shifts that have begun there."""

    # --- the day is planned --------------------------------------------------------------------------------------

    def open(self, agency: str, ends_at: float) -> None:
        """People with ways to be reached, a roll call, and a night on call in two halves that overlap."""
        crew: tuple[Discipline, ...] = ("emt", "crisis-worker")
        for members in CREWS:
            for discipline, person_id in zip(crew, members, strict=True):
                person = Person(person_id=person_id, name=person_id, disciplines=(discipline,))
                self.later(0, agency, DefinePerson, person=person)
                for method_id, kind, after_seconds in LADDER:
                    about = {"person_id": person_id, "method_id": method_id, "kind": kind, "position": 1}
                    address = f"{agency}/{person_id}/{method_id}"
                    self.later(0.2, agency, SetContact, after_seconds=after_seconds, fingerprint=address, **about)
        for team_id in (ON_CALL, AT_WORK):
            team = Team(team_id=team_id, model="community-responder", primary_districts=("Harbor",))
            self.later(0.1, agency, DefineTeam, team=team)
        self.later(0.6, agency, CallRoll, minutes=1, every_method=True)
        middle, overlap = ends_at * self.dice.uniform(0.3, 0.7), self.dice.choice((0.0, 0.0, 2.0, -2.0))
        first_ends_at = self.dice.choice((NIGHT_SECONDS, middle + overlap))
        self._plan(agency, (ON_CALL, "on-call", CREWS[0]), 4.0, first_ends_at)
        self._plan(agency, (ON_CALL, "on-call", CREWS[1]), middle, self.dice.choice((NIGHT_SECONDS, ends_at + 40)))
        self._plan(agency, (AT_WORK, "on-shift", CREWS[1]), self.dice.uniform(4, ends_at), NIGHT_SECONDS)
        for _ in range(3):
            self._plan_trouble(agency, self.dice.uniform(3, ends_at))

    def _plan(self, agency: str, whom: tuple[str, str, tuple[str, ...]], starts_at: float, ends_at: float) -> None:
        team_id, duty, members = whom
        self.later(
            PLANNED_AT,
            agency,
            PlanShift,
            team_id=team_id,
            duty=duty,
            starts_at=EPOCH + timedelta(seconds=starts_at),
            ends_at=EPOCH + timedelta(seconds=ends_at),
            zone=ZONE,
            places=tuple(ShiftPlace(person_id=member) for member in members),
            issued_by="sue",
        )

    def _plan_trouble(self, agency: str, at: float) -> None:
        """Somebody is away, a number is another's, somebody says STOP, a phone is lost."""
        dice = self.dice
        person_id = dice.choice([member for crew in CREWS for member in crew])
        until = EPOCH + timedelta(seconds=at + dice.uniform(2, 20))
        way: dict[str, Any] = {"person_id": person_id, "method_id": dice.choice(("text", "call"))}
        given: tuple[type[Command], dict[str, Any]] = dice.choice(
            (
                (SetAbsence, {"person_id": person_id, "starts_at": EPOCH + timedelta(seconds=at), "ends_at": until}),
                (NoteOptOut, way),
                (RemoveContact, way),
                (SetContact, {**way, "kind": "sms", "position": 2, "fingerprint": f"{agency}/another"}),
                (CallRoll, {"person_ids": (person_id,), "minutes": 1}),
            )
        )
        self.later(at, agency, given[0], **{"issued_by": "sue", "reason": "it is so", **given[1]})

    # --- what people do about their plan -------------------------------------------------------------------------

    def react(self, agency: str, event: Event) -> None:
        """A planned shift has begun: people take over, it is moved or dropped; a crew signs on as planned, or not."""
        dice = self.dice
        if isinstance(event, DutyBegan):
            self.planned.setdefault(agency, []).append(event.shift_id)
            about: dict[str, Any] = {"shift_id": event.shift_id, "reason": "it is so", "issued_by": "sue"}
            drawn, after = dice.random(), dice.uniform(0.5, 8)
            if drawn < 0.4:
                person_id = dice.choice([member for crew in CREWS for member in crew])
                self.later(after, agency, TakeShift, person_id=person_id, **about)
            elif drawn < 0.5:
                self.later(after + 6, agency, DropShift, **about)
            elif drawn < 0.65:
                ends_at = event.ends_at - timedelta(seconds=dice.uniform(-5, 5))
                self.later(after, agency, MoveShift, starts_at=EPOCH, ends_at=ends_at, **about)
        elif isinstance(event, DutyNoted) and event.duty == "on-shift" and event.members and dice.random() < 0.7:
            begins = {"team_id": event.team_id, "planned_shift_id": event.planned_shift_id}
            self.later(dice.uniform(0.2, 6), agency, BeginDuty, issued_by=event.members[0], **begins)

    # --- how pages get to them -----------------------------------------------------------------------------------

    def mood(self, agency: str, kind: str) -> Mood:
        """How a carrier is today."""
        return random.Random(f"{agency}/{kind}/{self.seed}").choice(MOODS)

    def carry(self, agency: str, page: PageDue) -> tuple[float, Outcome]:
        """How long a carrier takes with a page, and what it answers; what comes of it follows as commands."""
        mood = self.mood(agency, page.method.kind)
        if mood == "refusing":
            return 0.1, Outcome("failed", "refused")
        self._receipts(agency, page, mood)
        if mood != "silent":
            self._answer(agency, page)
        if mood == "unknowing":
            return 1.5, Outcome("failed", "unknown")
        return (self.dice.uniform(0.5, 3.0) if mood == "slow" else self.dice.uniform(0.0, 0.2)), DONE

    def _receipts(self, agency: str, page: PageDue, mood: Mood) -> None:
        """What the carrier says of the page afterwards: late, twice, reversed; or what is not so."""
        if mood in ("silent", "unknowing"):
            return
        dice, truths = self.dice, list(TRUTHS.get(page.method.kind, ("sent",)))
        states = dice.sample(LIES, 3) if mood == "lying" else dice.sample(truths, len(truths))
        if dice.random() < 0.2:
            states += states[:1]
        for state in states:
            after = dice.uniform(0.0, 1.0) if dice.random() < 0.8 else dice.uniform(5, 30)
            code = dice.choice(("", "blocked", "landline", "opted-out")) if state in ("undelivered", "failed") else ""
            receipt = {"page_id": page.page_id, "provider": "carrier", "state": state, "code": code}
            self.later(after, agency, NoteReceipt, issued_by="carrier", **receipt)

    def _answer(self, agency: str, page: PageDue) -> None:
        """Most people answer, over the way that the page came by; some answer over two at once, and some too late."""
        dice, person_id = self.dice, page.person_id
        about = {"person_id": person_id, "method_id": page.method.method_id, "issued_by": person_id}
        drawn, after = dice.random(), dice.uniform(0.3, 3.5)
        if page.kind == "test" and drawn < 0.85:
            self.later(after, agency, AnswerRoll, roll_id=page.about, **about)
        elif page.kind == "offer" and drawn < 0.55:
            late = 4.0 if drawn < 0.1 else 0.0
            kind = DeclineOffer if drawn > 0.45 else AcceptOffer
            self.later(after + late, agency, kind, offer_id=page.offer_id, **about)
