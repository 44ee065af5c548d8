"""What holds whatever people do to a plan, in whatever order."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rostering.evolve import evolve
from services.rostering.expansion import expand
from services.rostering.service import ROSTERING
from services.rostering.state import State
from shared.events import (
    AskForCover,
    CommandDone,
    CommandRefused,
    ContactBroken,
    ContactProved,
    DropShift,
    LiftAbsence,
    MoveShift,
    PersonRemoved,
    PlaceTaken,
    PlannedShift,
    SetAbsence,
    ShiftPlace,
    SwapShifts,
    TakeShift,
)
from shared.judgement import Discipline
from shared.rota import RotaShift
from tests.services.rostering.brute import QUARTER, Plan, Planned
from tests.services.rostering.driver import START, Office, rotation

ZONES = ("America/Chicago", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "UTC")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TRAINED: dict[str, tuple[Discipline, ...]] = {
    "ann": ("paramedic",),
    "bob": ("emt",),
    "cat": ("paramedic", "nurse"),
    "dan": ("nurse",),
    "eve": ("crisis-worker",),
}

rotations = st.builds(
    rotation,
    zone=st.sampled_from(ZONES),
    starts=st.sampled_from(("00:00", "01:30", "02:15", "07:00", "19:00", "23:45")),
    ends=st.sampled_from(("00:00", "02:30", "03:00", "07:00", "19:00")),
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple),
    turn_days=st.integers(1, 9),
    crews=st.lists(st.sampled_from((("ann",), ("bob",), ())), min_size=1, max_size=5).map(tuple),
    anchor=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    from_day=st.none() | st.dates(date(2025, 12, 1), date(2026, 6, 30)),
    lasts_days=st.integers(0, 3),
)


@settings(max_examples=60)
@given(rotations, st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(0, 30), st.integers(0, 30))
def test_expanded_in_two_halves_is_expanded_in_one(given_rotation: Any, begin: date, first: int, second: int) -> None:
    middle, end = begin + timedelta(days=first), begin + timedelta(days=first + second)
    whole = list(expand(given_rotation, begin, end))
    assert whole == [*expand(given_rotation, begin, middle), *expand(given_rotation, middle, end)]
    assert len({shift.shift_id for shift in whole}) == len(whole)
    assert all(shift.starts_at < shift.ends_at for shift in whole)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2), st.sampled_from("abcd"), st.none() | st.integers(-2, 40), st.none() | st.integers(-2, 40)
        ),
        max_size=12,
    )
)
def test_a_place_has_one_holder_from_start_to_end(takes: list[tuple[int, str, int | None, int | None]]) -> None:
    def at(quarter: int | None) -> datetime | None:
        return None if quarter is None else START + quarter * QUARTER

    places = (ShiftPlace(person_id="a"), ShiftPlace())
    plan = PlannedShift(
        shift_id="s",
        team_id="one",
        duty="on-call",
        starts_at=START,
        ends_at=START + 32 * QUARTER,
        zone="UTC",
        places=places,
    )
    rota, planned = RotaShift(plan), Planned(plan.starts_at, plan.ends_at, "on-call", ["", ""], ["a", ""])
    for place, person, since, until in takes:
        rota = rota.taking(
            PlaceTaken(
                shift_id="s", team_id="one", place=place, person_id=person, starts_at=at(since), ends_at=at(until)
            )
        )
        planned.taken.append((place - 1, person, at(since), at(until)))
    for place in (1, 2):
        stretches = rota.stretches(place)
        assert stretches[0].starts_at == plan.starts_at
        assert stretches[-1].ends_at == plan.ends_at
        assert all(one.ends_at == two.starts_at for one, two in pairwise(stretches))
        assert all(one.person_id != two.person_id for one, two in pairwise(stretches))
        assert [rota.holder(place, each) for each in planned.quarters()] == [
            planned.holder(place - 1, each) for each in planned.quarters()
        ]


class Hands:
    """Somebody who does whatever can be done to a plan, and keeps a second account of it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.office = Office(staff=())
        for name, trained in TRAINED.items():
            self.office.join(name, *trained)
        self.plan = Plan({name: set(trained) for name, trained in TRAINED.items()}, set(TRAINED))
        self.absences: dict[str, tuple[str, tuple[datetime, datetime]]] = {}

    def act(self) -> None:
        acts = (self.shift, self.shift, self.take, self.take, self.swap, self.away, self.back, self.move, self.drop)
        self.random.choice((*acts, self.cover, self.breaks, self.proves, self.leaves, self.waits))()

    def some_shift(self) -> str | None:
        self.plan.shifts = {each: shift for each, shift in self.plan.shifts.items() if each in self.office.state.shifts}
        return self.random.choice(sorted(self.plan.shifts)) if self.plan.shifts else None

    def found(self, shift_id: str) -> set[tuple[str, str, datetime]]:
        """What rostering says that a shift lacks, by quarters of an hour."""
        return {
            (gap.why, gap.person_id, gap.starts_at + number * QUARTER)
            for gap in self.office.shift(shift_id).gaps
            for number in range((gap.ends_at - gap.starts_at) // QUARTER)
        }

    def somebody(self) -> str:
        return self.random.choice(sorted(self.plan.trained))

    def shift(self) -> None:
        if len(self.plan.shifts) > 12:
            return
        needs = self.random.sample(["", "paramedic", "nurse", "paramedic or emt"], self.random.randint(1, 3))
        people = [self.random.choice([*sorted(self.plan.trained), ""]) for _ in needs]
        starts, length = self.random.randint(-8, 400), self.random.randint(16, 56)
        duty = self.random.choice(("on-shift", "on-shift", "on-call"))
        shift_id = self.office.plan(starts / 4, length / 4, *people, needs=tuple(needs), duty=duty)
        now = self.office.now
        times = (now + starts * QUARTER, now + (starts + length) * QUARTER)
        self.plan.shifts[shift_id] = Planned(*times, duty, needs, people)

    def take(self) -> None:
        if (shift_id := self.some_shift()) is None:
            return
        shift, person, begins = self.plan.shifts[shift_id], self.somebody(), self.begins(shift_id)
        place = self.random.randrange(len(shift.needs))
        since, until = (
            self.random.choice((None, shift.starts_at + self.random.randint(1, 15) * QUARTER)) for _ in "ab"
        )
        answer = self.office.command(
            TakeShift, shift_id=shift_id, person_id=person, place=place + 1, starts_at=since, ends_at=until, reason="-"
        )
        if isinstance(answer, CommandDone) and answer.result == "done":
            shift.taken.append((place, person, since or begins, until))

    def swap(self) -> None:
        one, two = self.some_shift(), self.some_shift()
        if one is None or two is None or one == two:
            return
        since, other_since = self.begins(one), self.begins(two)
        first = self.plan.shifts[one].holder(0, since or self.plan.shifts[one].starts_at)
        second = self.plan.shifts[two].holder(0, other_since or self.plan.shifts[two].starts_at)
        answer = self.office.command(SwapShifts, shift_id=one, other_shift_id=two, reason="-")
        if isinstance(answer, CommandDone) and answer.result == "done":
            self.plan.shifts[one].taken.append((0, second, since, None))
            self.plan.shifts[two].taken.append((0, first, other_since, None))

    def begins(self, shift_id: str) -> datetime | None:
        """From when on a place is taken where nobody says it: of a shift that runs, from now on."""
        return self.office.now if self.plan.shifts[shift_id].starts_at < self.office.now else None

    def away(self) -> None:
        person = self.somebody()
        since = self.office.now + self.random.randint(0, 300) * QUARTER
        times = (since, since + self.random.randint(1, 60) * QUARTER)
        answer = self.office.command(SetAbsence, person_id=person, starts_at=times[0], ends_at=times[1], reason="-")
        if isinstance(answer, CommandDone) and answer.result == "done":
            self.plan.away.setdefault(person, []).append(times)
            self.absences[answer.about] = (person, times)

    def back(self) -> None:
        if self.absences:
            absence_id = self.random.choice(sorted(self.absences))
            person, times = self.absences.pop(absence_id)
            if times[1] > self.office.now:
                self.office.command(LiftAbsence, person_id=person, absence_id=absence_id, reason="-")
                self.plan.away.get(person, [times]).remove(times)

    def move(self) -> None:
        if (shift_id := self.some_shift()) is None or self.office.shift(shift_id).begun:
            return
        shift = self.plan.shifts[shift_id]
        by = self.random.randint(-12, 24) * QUARTER
        times = (shift.starts_at + by, shift.ends_at + by)
        answer = self.office.command(MoveShift, shift_id=shift_id, starts_at=times[0], ends_at=times[1], reason="-")
        if isinstance(answer, CommandDone):
            shift.starts_at, shift.ends_at = times

    def drop(self) -> None:
        if (shift_id := self.some_shift()) is not None:
            self.office.done(DropShift, shift_id=shift_id, reason="-")
            del self.plan.shifts[shift_id]

    def cover(self) -> None:
        if (shift_id := self.some_shift()) is not None:
            answer = self.office.command(AskForCover, shift_id=shift_id, reason="-")
            assert isinstance(answer, CommandDone | CommandRefused)

    def breaks(self) -> None:
        person = self.somebody()
        self.office.hear(ContactBroken(person_id=person, method_id="sms", why="gone"), "notifications")
        self.plan.reachable.discard(person)

    def proves(self) -> None:
        person = self.somebody()
        self.office.hear(ContactProved(person_id=person, method_id="sms"), "notifications")
        self.plan.reachable.add(person)

    def leaves(self) -> None:
        if len(self.plan.trained) < 4:
            return
        person = self.somebody()
        self.office.hear(PersonRemoved(person_id=person), "assignments")
        del self.plan.trained[person]
        self.plan.away.pop(person, None)
        self.absences = {each: absence for each, absence in self.absences.items() if absence[0] != person}
        for shift in self.plan.shifts.values():
            shift.people = ["" if name == person else name for name in shift.people]
            shift.taken = [(each[0], "" if each[1] == person else each[1], *each[2:]) for each in shift.taken]

    def waits(self) -> None:
        """Not so long that a shift is over whose end still tells on another's rest: that has a test of its own."""
        before = {each for each, shift in self.office.state.shifts.items() if shift.plan.ends_at > self.office.now}
        quarters = self.random.randint(1, 16)
        ends = min((shift.ends_at for shift in self.plan.shifts.values()), default=None)
        if ends is None or self.office.now + quarters * QUARTER < ends:
            self.office.wait(minutes=15 * quarters)
            assert set(self.office.state.shifts) == before


@pytest.mark.parametrize("seed", range(25))
def test_no_gap_is_not_found_and_none_is_that_is_not_there(seed: int) -> None:
    hands = Hands(seed)
    compared = 0
    for _ in range(45):
        hands.act()
        hands.some_shift()
        found = {shift_id: hands.found(shift_id) for shift_id in hands.plan.shifts}
        lacking, now = hands.plan.lacks(), hands.office.now
        assert all(found[shift_id] <= lacks for shift_id, lacks in lacking.items()), seed
        to_come = ({each for each in lacks if each[2] >= now} for lacks in lacking.values())
        assert list(to_come) == [{each for each in found[shift_id] if each[2] >= now} for shift_id in lacking], seed
        compared += sum(map(len, found.values()))
    assert compared
    assert ROSTERING.packer.unpack(ROSTERING.packer.pack(hands.office.state)) == hands.office.state


@pytest.mark.parametrize("seed", range(3))
def test_the_state_is_the_fold_of_the_journal(seed: int) -> None:
    hands = Hands(seed)
    before, journal = hands.office.state, hands.office.journal
    for _ in range(30):
        hands.act()
    state: State = before
    for event, at in zip(journal, hands.office.times, strict=True):
        state = evolve(state, event, at)
    assert state == hands.office.state
