"""The gates of one response: may it go to this call, here and now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from shared.call import Asker, Call
from shared.judgement import PHASES, UNLISTED, CapTerms, Gate, Phase, ResponseVerdict
from shared.programme.judging.evidence import Facts, Other
from shared.programme.judging.load import Loads, counted
from shared.programme.judging.normal_forms import normal
from shared.programme.judging.programme import (
    NO_CAP,
    Code,
    Condition,
    Programme,
    Response,
    Row,
    Switchboard,
    calls,
    failed,
    lower,
    passed,
)
from shared.switch import ALL, Switch


@dataclass(frozen=True, slots=True)
class Case:
    """A call, what is known of it, and where and when it is judged."""

    programme: Programme
    switchboard: Switchboard
    call: Call
    code: Code | None
    district: str | None
    facts: Facts
    at: datetime
    local: datetime
    """The same instant on the agency's clocks."""
    load: Loads


def verdict_on(case: Case, response: Response) -> ResponseVerdict:
    """Every gate of `response`, and whether it may go. Of several roll-out rows the one that allows most is cited."""
    phase, row_gates, caps = _most_allowing_row(case, response)
    permissions = [_only_when_gate(condition, case.facts) for condition in response.only_when]
    gates = (_category_gate(response, case.call, case.code), *row_gates, *permissions, *_hand_over(response, case.call))
    reasons = tuple([gate.reason for gate in gates if gate.reason])
    return ResponseVerdict(
        response.name,
        response.model,
        response.crew,
        response.goes,
        response.replaces,
        response.reached_by,
        response.on_upgrade,
        not reasons,
        phase,
        reasons,
        gates,
        response.enters_when,
        response.due_hours,
        response.expected_minutes,
        response.pool,
        response.window_seconds,
        response.preferred_eta_minutes,
        response.late_minutes,
        response.order_of_teams,
        caps,
    )


class RowVerdict(NamedTuple):
    """What a roll-out row says of a call: how far it is on, its gates, and its caps besides."""

    phase: Phase
    gates: tuple[Gate, ...]
    caps: tuple[CapTerms, ...] = ()


def _most_allowing_row(case: Case, response: Response) -> RowVerdict:
    name, district, board = response.name, case.district, case.switchboard
    rows = case.programme.rows.get((name, district)) if district else None
    if not rows or not district:
        return _no_row(response, district)
    switched = None if board.is_paused(district, name) else board.phase(name, district)
    judged = [_row_gates(case, row, district, switched) for row in rows]
    return max(judged, key=_allowance) if len(judged) > 1 else judged[0]


def _allowance(row: RowVerdict) -> tuple[int, int]:
    """How much a row allows: first by gates that failed, then by phase."""
    return -sum(not gate.passed for gate in row.gates), PHASES.index(row.phase)


def _no_row(response: Response, district: str | None) -> RowVerdict:
    where = f"{response.name} is not rolled out in {district}." if district else "no district, so no roll-out."
    gates = (
        failed("phase", "no-rollout", where),
        passed("dates", "no roll-out row limits the dates."),
        passed("hours", "no roll-out row limits the hours."),
        passed("holiday", "no roll-out row limits holidays."),
    )
    return RowVerdict("off", gates)


def _row_gates(case: Case, row: Row, district: str, switched: Phase | None) -> RowVerdict:
    phase, gate = _phase_gate(row, district, switched)
    arm = () if row.share_percent == EVERYONE else (_arm_gate(row, case.call.call_id),)
    caps = tuple(_caps(case, row, district))
    cap_gates = (_cap_gate(case, row.response, cap, name) for name, cap in caps)
    return RowVerdict(phase, (gate, *_time_gates(case, row), *arm, *cap_gates), tuple(cap for _, cap in caps))


def _caps(case: Case, row: Row, district: str) -> Iterator[tuple[str, CapTerms]]:
    """The row's cap over its districts, and what people have set for the district, and for all, by their gates."""
    if row.cap != NO_CAP:
        yield "cap", row.cap.over(row.cap_districts)
    caps = case.switchboard.caps
    if caps and (here := caps.get(Switch(district, row.response).key)) is not None:
        yield "cap-set-here", here.over((district,))
    if caps and (everywhere := caps.get(Switch(ALL, row.response).key)) is not None:
        yield "cap-set-all", everywhere.over(())


def _cap_gate(case: Case, response: str, cap: CapTerms, gate: str) -> Gate:
    under_way, today = counted(case.load, response, cap.districts, case.local.date())
    reason = cap.reason(under_way, today)
    if reason == "cap-open":
        return failed(gate, "cap-open", f"{response} has {calls(under_way)}; at most {cap.at_most_open} at once.")
    if reason == "cap-day":
        return failed(gate, "cap-day", f"{response} had {calls(today)} today; at most {cap.at_most_per_day} a day.")
    return passed(gate, f"{response} has {calls(under_way)}, and had {today} today.")


def _arm_gate(row: Row, call_id: str) -> Gate:
    """Which arm of the evaluation a call is in: the same for every version of it, and with a greater share too."""
    drawn = int.from_bytes(sha256(f"{row.seed}/{call_id}".encode()).digest()[:8], "big") * EVERYONE >> 64
    if drawn < row.share_percent:
        return passed("arm", f"in the {row.share_percent} % that {row.response} is sent to.")
    return failed("arm", "control-arm", f"in the control arm: {row.response} is sent to {row.share_percent} %.")


EVERYONE: Final = 100


def _phase_gate(row: Row, district: str, switched: Phase | None) -> tuple[Phase, Gate]:
    """`switched` is what people have set the response to in the district; None where they have paused it."""
    name = row.response
    if switched is None:
        return "off", failed("phase", "paused", f"{name} is paused in {district}.")
    phase = lower(row.phase, switched)
    if phase == "off":
        return phase, failed("phase", "phase-off", f"{name} is switched off in {district}.")
    return phase, passed("phase", f"{name} is {phase} in {district}.")


def _time_gates(case: Case, row: Row) -> tuple[Gate, Gate, Gate]:
    """Dates, hours and holiday. Hours belong to the day they open, so dates and holidays are asked of that day."""
    programme, local = case.programme, case.local
    today = local.date()
    open_days = tuple(row.week.opened_on(programme.zone, case.at, today))
    hours = passed("hours", f"open: {row.week.words}.")
    if not open_days and not row.week.days[today.weekday()]:
        hours = failed("hours", "outside-days", f"{local:%a} is not among {row.week.words}.")
    elif not open_days:
        hours = failed("hours", "outside-hours", f"{local:%a %H:%M} is outside {row.week.words}.")
    days = [(_dates_gate(row, day), _holiday_gate(programme, row, day)) for day in open_days or (today,)]
    if len(days) == 1:
        return days[0][0], hours, days[0][1]
    dates, holiday = max(days, key=lambda gates: sum(gate.passed for gate in gates))
    return dates, hours, holiday


def _dates_gate(row: Row, day: date) -> Gate:
    if row.from_day and day < row.from_day:
        return failed("dates", "not-started", f"starts on {row.from_day}.")
    if row.until_day and day >= row.until_day:
        return failed("dates", "ended", f"{row.until_day} is the first day without it.")
    return passed("dates", "within its dates.")


def _holiday_gate(programme: Programme, row: Row, day: date) -> Gate:
    name = programme.holidays.name(day) if programme.holidays else None
    if name is None:
        return passed("holiday", "no holiday.")
    if row.closed_on_holidays:
        return failed("holiday", "holiday", f"{day} is a holiday ({name}).")
    return passed("holiday", f"open on holidays ({name}).")


def _category_gate(response: Response, call: Call, code: Code | None) -> Gate:
    category = code.category if code else None
    if category in response.takes:
        return passed("category", f"{response.name} takes {category}.")
    asker: Asker | None = call.requested_by or ("caller" if call.caller_wants == "alternative" else None)
    if asker is None:
        what = category or _no_category(call, code)
        return failed("category", "category-not-taken", f"{response.name} does not take {what}.")
    if asker in response.may_be_asked_by and code is None and call.call_type is not None:
        if asker not in HANDING_OVER:
            why = f"{call.call_type.code} {UNLISTED}, and {asker} does not see the scene."
            return failed("category", "code-not-listed", why)
        return passed("category", f"asked for by {asker}, though {call.call_type.code} {UNLISTED}.")
    if asker in response.may_be_asked_by:
        return passed("category", f"asked for by {asker}.")
    return failed("category", "asker-not-allowed", f"{response.name} may not be asked for by {asker}.")


def _no_category(call: Call, code: Code | None) -> str:
    if code is not None:
        return f"{code.code}, which is of no category"
    return "a call type that is not listed" if call.call_type is not None else "a call without a type"


def _hand_over(response: Response, call: Call) -> tuple[Gate, ...]:
    """Units on scene hand a call over if they, or a dispatcher, ask for it; the call type that they gave does not.

    What goes beside them does not replace police, and needs no request.
    """
    on_scene = call.units_on_scene or normal(call.facts.get("units_on_scene", "no")) != "no"
    if not on_scene or "police" not in response.replaces:
        return ()
    if call.requested_by in HANDING_OVER:
        return (passed("hand-over", f"units on scene, and {call.requested_by} asks for {response.name}."),)
    return (failed("hand-over", "units-on-scene", "units are on scene; they or a dispatcher must ask for it."),)


HANDING_OVER: Final[frozenset[Asker]] = frozenset(("officer", "fire-crew", "dispatcher"))
"""Who sees the scene, or answers for it."""


def _only_when_gate(condition: Condition, facts: Facts) -> Gate:
    evidence = facts[condition.fact]
    name, code = condition.fact.replace("_", " "), condition.fact.replace("_", "-")
    if isinstance(evidence, Other) and evidence.permits(condition):
        return passed(f"only-when-{code}", f"{name} is {condition.words}.")
    if evidence.unknown:
        return failed(f"only-when-{code}", f"{code}-unknown", f"{name} must be known to be {condition.words}.")
    return failed(f"only-when-{code}", f"{code}-not-met", f"{name} is not {condition.words}.")
