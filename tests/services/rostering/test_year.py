"""A year of a rota of twelve people in four zones: every gap that is planted is found, and no other."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from services.rostering.state import ShiftState
from shared.events import (
    ContactBroken,
    ContactProved,
    DutyBegan,
    DutyEnded,
    GapFound,
    LiftAbsence,
    PlanNoticeDue,
    SetAbsence,
    ShiftMoved,
    TakeShift,
)
from tests.services.rostering.driver import Office

ZONES = ("America/Los_Angeles", "America/New_York", "Europe/London", "Australia/Lord_Howe")
CREWS = {zone: tuple(f"{zone.rpartition('/')[2].lower().replace('_', '-')}-{name}" for name in "abc") for zone in ZONES}
KINDS = ("absent", "unreachable", "no-rest", "empty", "understaffed")
WEEKS = 52
Planted = tuple[str, str, str]
"""Which shift lacks something, why, and of whom."""


class Year:
    """An office in which somebody plants gaps, one kind a week, and mends them three days later."""

    def __init__(self) -> None:
        self.random = Random(1)
        self.office = Office(staff=[name for crew in CREWS.values() for name in crew])
        for zone, crew in CREWS.items():
            fields = {"rotation_id": f"nights-{zone.rpartition('/')[2]}", "zone": zone, "gaps_to": (crew[0],)}
            self.office.rotate(crews=tuple((name,) for name in crew), **fields)
        self.planted: set[Planted] = set()
        self.found: Counter[Planted] = Counter()
        self.counts: Counter[str] = Counter()
        self.note()

    def note(self) -> None:
        """Take in what was said since."""
        for event in self.office.journal:
            self.counts[event.type] += 1
            if isinstance(event, GapFound):
                self.found[event.shift_id, event.why, event.person_id] += 1
        assert not self.office.of(ShiftMoved)
        self.office.news()

    def some_shift(self) -> tuple[ShiftState, str]:
        shift = self.random.choice([each for each in self.office.shifts() if not each.begun and each.plan.rotation_id])
        return shift, shift.plan.places[0].person_id

    def plant(self, kind: str) -> None:
        office = self.office
        shift, person = self.some_shift()
        plan = shift.plan
        if kind == "absent":
            times = {"starts_at": plan.starts_at, "ends_at": plan.ends_at}
            absence = office.done(SetAbsence, person_id=person, reason="-", **times).about
            self.planted.add((plan.shift_id, kind, person))
            self.wait(days=3)
            if self.random.random() < 0.5 or plan.shift_id not in office.state.shifts:
                office.command(LiftAbsence, person_id=person, absence_id=absence, reason="-")
            else:
                other = next(name for crew in CREWS.values() if person in crew for name in crew if name != person)
                office.done(TakeShift, shift_id=plan.shift_id, person_id=other, reason="-")
        elif kind == "unreachable":
            office.hear(ContactBroken(person_id=person, method_id="sms", why="gone"), "notifications")
            self.planted |= {(each.plan.shift_id, kind, person) for each in office.state.shifts_with(person)}
            self.wait(days=3)
            self.planted |= {(each.plan.shift_id, kind, person) for each in office.state.shifts_with(person)}
            office.hear(ContactProved(person_id=person, method_id="sms"), "notifications")
        else:
            people = {"no-rest": (person,), "empty": (), "understaffed": (self.free(shift), "")}[kind]
            starts_in = (plan.ends_at - office.now) / timedelta(hours=1) + 1
            extra = office.plan(starts_in, 2, *people, needs=("",) * max(1, len(people)), zone=plan.zone)
            self.planted.add((extra, kind, person if kind == "no-rest" else ""))
            self.wait(days=3)

    def free(self, shift: ShiftState) -> str:
        """Somebody who has neither this night nor the next, nor the one before: of another zone."""
        zone = next(each for each in ZONES if each != shift.plan.zone)
        near = self.office.shifts()
        for name in CREWS[zone]:
            spans = [each.plan for each in near if name in each.rota.people()]
            day = timedelta(days=1)
            if all(
                each.ends_at < shift.plan.ends_at - day or each.starts_at > shift.plan.ends_at + day for each in spans
            ):
                return name
        return self.office_hand()

    def office_hand(self) -> str:
        """Nobody of the rota has the time: somebody who is in no rotation."""
        name = f"hand-{len(self.office.state.staff)}"
        self.office.join(name)
        return name

    def wait(self, **time: float) -> None:
        self.office.wait(**time)
        self.note()


def test_every_gap_of_a_year_is_found_and_no_other() -> None:
    year = Year()
    for week in range(WEEKS):
        year.plant(KINDS[week % len(KINDS)])
        year.wait(days=4)
    assert set(year.found) == year.planted
    by_kind = Counter(why for _, why, _ in year.planted)
    assert set(by_kind) == set(KINDS)
    assert min(by_kind.values()) >= WEEKS // len(KINDS)
    assert year.counts[DutyBegan.type] - year.counts[DutyEnded.type] <= len(ZONES) + 1
    assert year.counts[DutyEnded.type] >= 4 * 7 * WEEKS - 8
    assert year.counts[PlanNoticeDue.type] > 0
