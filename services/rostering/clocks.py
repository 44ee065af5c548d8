"""What a clock brings about when it fires: each leaves an event that disarms it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from services.rostering.draft import Change, News, RotaDraft
from services.rostering.expansion import is_quiet
from services.rostering.gaps import gaps, planned_until
from services.rostering.imports import feed_is_stale
from services.rostering.rotations import plan_again
from services.rostering.state import TOLD_DAYS, ShiftState
from shared.engine.service import Tick
from shared.engine.state import ClockId
from shared.events import (
    DUTY_OFFICER,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    GapClosed,
    GapFound,
    ReminderDue,
    RemindersSent,
    ShiftsChecked,
)

CHECKED_SHIFTS, CHECKED_EVENTS = 100, 300
"""How many shifts are looked through at once, and after how many events the others wait for the next step."""


def tick(draft: RotaDraft, event: Tick) -> None:
    """A clock of the state has reached its instant; one that was moved or disarmed since does nothing."""
    kind, about = ClockId.parse(event.clock_id)
    armed = draft.state.unchecked.at.get(about) if kind == "check" else draft.state.clocks.at.get(event.clock_id)
    if armed is not None and armed <= event.at:
        FIRES[kind](draft, about)


def _check(draft: RotaDraft, _shift_id: str) -> None:
    """Look through the shifts whose turn it is, and tell what has come up, who looks after them all at once."""
    unchecked = draft.state.unchecked
    checked: list[str] = []
    news: list[tuple[ShiftState, GapFound]] = []
    told: set[str] = set()
    teams: set[str] = set()
    gone: list[ShiftState] = []
    while len(checked) < CHECKED_SHIFTS and len(draft.events) + len(told) < CHECKED_EVENTS:
        first = unchecked.first()
        if first is None or first[1] > draft.now:
            break
        checked.append(first[0])
        unchecked = unchecked.clear(first[0])
        if (shift := draft.shift(first[0])) is None:
            continue
        if shift.plan.team_id not in draft.state.teams:
            gone.append(shift)
        else:
            news += [(shift, gap) for gap in _gaps_told(draft, shift)]
            told |= _looking_after(draft, shift)
            teams.add(shift.plan.team_id)
    at_once = "you are in another shift at the same time"
    twice = [
        News(gap.person_id, shift, at_once, shift.plan.starts_at, shift.plan.ends_at)
        for shift, gap in news
        if gap.why == "elsewhere" and all(gap.gap_id != each.gap_id for each in shift.gaps)
    ]
    draft.tell_all("shift-moved", twice)
    _tell_of_gaps(draft, [(shift, gap) for shift, gap in news if gap.days_ahead in TOLD_DAYS])
    for team_id in sorted(teams):
        _tell_what_follows(draft, team_id)
    draft.emit(ShiftsChecked(shift_ids=tuple(checked)))
    for shift in gone:
        draft.drop(shift, reason="its team is on the books no more")
    draft.tell_of_changes(Change(shift, "it does not take place") for shift in gone)


def _gaps_told(draft: RotaDraft, shift: ShiftState) -> list[GapFound]:
    """Say of one shift what it lacks and lacks no more; what is new, or has drawn near."""
    present = {gap.gap_id: gap for gap in gaps(draft.state, shift, draft.now)}
    before = {gap.gap_id: gap for gap in shift.gaps}
    for gap_id, gap in before.items():
        if gap_id not in present:
            draft.emit(GapClosed(gap_id=gap_id, shift_id=gap.shift_id, team_id=gap.team_id))
    news = [
        gap for gap_id, gap in present.items() if gap_id not in before or gap.days_ahead < before[gap_id].days_ahead
    ]
    draft.emit_all(news)
    return news


def _tell_of_gaps(draft: RotaDraft, news: list[tuple[ShiftState, GapFound]]) -> None:
    """Whoever looks after shifts hears of the first that lacks something, why, and how many more do."""
    of_person: dict[str, dict[str, list[tuple[ShiftState, GapFound]]]] = {}
    for shift, gap in sorted(news, key=lambda each: (each[0].plan.starts_at, each[1].gap_id)):
        for person_id in _looking_after(draft, shift):
            of_person.setdefault(person_id, {}).setdefault(gap.shift_id, []).append((shift, gap))
    for person_id, of_shift in sorted(of_person.items()):
        (first, *others) = of_shift.values()
        why = ", ".join(dict.fromkeys(gap.why for _, gap in first))
        draft.tell("gap", person_id, first[0][0], f"{why}; and {len(others)} more" if others else why)


def _tell_held(draft: RotaDraft, person_id: str) -> None:
    """It is morning: somebody hears of what has changed at night."""
    draft.emit_all(draft.state.held[person_id])


def _looking_after(draft: RotaDraft, shift: ShiftState) -> frozenset[str]:
    """Who is told what a shift lacks; where all who are named for it have left the books, the duty officer."""
    named = frozenset(shift.plan.gaps_to)
    return named.intersection(draft.state.staff) or (named and frozenset((DUTY_OFFICER,)))


def _tell_what_follows(draft: RotaDraft, team_id: str) -> None:
    """Say of a team on call until when it is so without a gap, where that is not what was said last."""
    running = [shift for shift in draft.state.shifts_of_call(team_id) if shift.begun and shift.plan.ends_at > draft.now]
    for shift in sorted(running, key=lambda each: each.plan.shift_id):
        if planned_until(draft.state, shift) != shift.told_until:
            _duty(draft, shift.plan.shift_id)


def _remind(draft: RotaDraft, shift_id: str) -> None:
    """Remind whoever has a place, of when theirs begins; once, however late the clock is.

    Nobody is woken for a part that begins later than the shift.
    """
    shift = draft.state.shifts[shift_id]
    plan = shift.plan
    if draft.now < plan.starts_at:
        is_night = is_quiet(draft.now.astimezone(ZoneInfo(plan.zone)))
        for person_id, begins_at in _begins(draft, shift).items():
            if is_night and begins_at > plan.starts_at:
                continue
            draft.emit(
                ReminderDue(
                    shift_id=shift_id,
                    team_id=plan.team_id,
                    person_id=person_id,
                    starts_at=begins_at,
                    not_after=begins_at,
                )
            )
    number = sum(at <= draft.now for at in plan.reminders_at)
    draft.emit(RemindersSent(shift_id=shift_id, team_id=plan.team_id, number=max(number, shift.reminded + 1)))


def _begins(draft: RotaDraft, shift: ShiftState) -> dict[str, datetime]:
    """When each who has a place in a shift is first on duty in it."""
    begins: dict[str, datetime] = {}
    for at in shift.rota.instants(draft.state.absences_of(shift.rota.people())):
        for person_id in draft.state.members(shift, at):
            begins.setdefault(person_id, at)
    return begins


def _duty(draft: RotaDraft, shift_id: str) -> None:
    """A shift begins, changes hands or ends; what it has lacked until then it lacks no more."""
    shift = draft.state.shifts[shift_id]
    plan, key = shift.plan, {"shift_id": shift_id, "team_id": shift.plan.team_id}
    members, until = draft.state.members(shift, draft.now), planned_until(draft.state, shift)
    if plan.ends_at <= draft.now:
        draft.emit(DutyEnded(**key))
    elif not shift.begun:
        draft.emit(
            DutyBegan(
                shift_id=shift_id,
                team_id=plan.team_id,
                duty=plan.duty,
                members=members,
                ends_at=plan.ends_at,
                sign_on_grace_minutes=plan.sign_on_grace_minutes,
                planned_until=until,
            )
        )
    else:
        draft.emit(DutyChanged(**key, members=members, ends_at=plan.ends_at, planned_until=until))
        past = [gap.gap_id for gap in shift.gaps if gap.ends_at <= draft.now]
        draft.emit_all(GapClosed(**key, gap_id=gap_id) for gap_id in past)


FIRES: dict[str, Callable[[RotaDraft, str], None]] = {
    "check": _check,
    "remind": _remind,
    "duty": _duty,
    "plan": plan_again,
    "feed": feed_is_stale,
    "notice": _tell_held,
}
