"""What a clock brings about when it fires: each leaves an event that disarms it."""

from __future__ import annotations

from collections.abc import Callable

from services.team_availability.draft import AgencyDraft
from services.team_availability.duties import miss
from services.team_availability.holds import notice
from services.team_availability.late import lapsed, over
from services.team_availability.offers import advance, end_by_deadline, end_proposal, end_window
from services.team_availability.pauses import apply_pause
from services.team_availability.plan import SOMEBODYS_WORD
from services.team_availability.roster import end_shift
from services.team_availability.state import RECALL_MINUTES, Shift
from shared.engine.service import Tick
from shared.engine.state import ClockId
from shared.events import (
    CallForgotten,
    CommandRefused,
    RecallUnacknowledged,
    SafetyCheckDue,
    SafetyCheckMissed,
    TeamNotMoving,
    TeamStillStaged,
)
from shared.switch import Switch


def tick(draft: AgencyDraft, event: Tick) -> None:
    """A clock of the state has reached its instant; one that was moved or disarmed since does nothing."""
    armed = draft.state.clocks.at.get(event.clock_id)
    if armed is None or armed > event.at:
        return
    kind, about = ClockId.parse(event.clock_id)
    FIRES[kind](draft, about)


def _deadline(draft: AgencyDraft, call_id: str) -> None:
    end_by_deadline(draft.call(call_id))


def _offer(draft: AgencyDraft, offer_id: str) -> None:
    call = draft.call(draft.state.offers[offer_id])
    if not call.is_open:  # it ended by a failure of ours, which left the offer open
        call.withdraw("routed")
        return
    if call.episode.offer(offer_id).willing is not None:
        end_window(call)
        return
    call.expire(call.episode.offer(offer_id))
    advance(call)


def _held(draft: AgencyDraft, command_id: str) -> None:
    is_unknown = draft.call(draft.state.waiting[command_id].call_id).memory is None
    draft.emit(
        CommandRefused(
            command_id=command_id,
            reason="unknown-call" if is_unknown else "not-judged",
            sentence="careroute has not seen this call." if is_unknown else "The call was not judged in time.",
        )
    )


def _shift(draft: AgencyDraft, team_id: str) -> None:
    shift = draft.state.teams[team_id].shift
    if shift is not None:  # free: an acceptance disarms this clock, and clearing the call arms it again
        end_shift(draft, team_id, shift, over=True)


def _moving(draft: AgencyDraft, call_id: str) -> None:
    call = draft.call(call_id)
    if (assignment := call.assignment) is not None:
        call.emit(TeamNotMoving(**call.key, team_id=assignment.team_id))


def _check(draft: AgencyDraft, call_id: str) -> None:
    """Ask a silent team whether it is well; from the missed checks that the programme bears on, police are needed."""
    call = draft.call(call_id)
    assignment = call.assignment
    shift = None if assignment is None else draft.state.teams[assignment.team_id].shift
    if assignment is None or shift is None:
        return
    due = SafetyCheckDue(**call.key, team_id=assignment.team_id, number=assignment.missed_checks + 1)
    _ask(draft, due, shift, draft.state.timings(call.state).missed_safety_checks)


def _watch(draft: AgencyDraft, team_id: str) -> None:
    """The same for a team in need that has no call: it is told of its last one."""
    shift = draft.state.teams[team_id].shift
    if shift is not None:
        call_id, episode = shift.last_call or ("", 0)
        due = SafetyCheckDue(
            call_id=call_id,
            episode=episode,
            team_id=team_id,
            number=shift.missed_checks + 1,
            shift_id=shift.shift_id,
            members=shift.members,
        )
        _ask(draft, due, shift, draft.state.terms.timings.missed_safety_checks)


def _ask(draft: AgencyDraft, due: SafetyCheckDue, shift: Shift, allowed: int) -> None:
    team_id, missed = due.team_id, due.number - 1
    if missed >= allowed:
        minutes = _silent_minutes(draft, shift)
        draft.emit(
            SafetyCheckMissed(
                call_id=due.call_id,
                episode=due.episode,
                team_id=team_id,
                missed=missed,
                silent_minutes=minutes,
                sentence=f"{team_id} has been silent for {minutes} min, safety checks missed: {missed}. Send police.",
            )
        )
    draft.emit(due)


def _silent_minutes(draft: AgencyDraft, shift: Shift) -> int:
    return int((draft.now - shift.heard_at).total_seconds() // 60)


def _recall(draft: AgencyDraft, team_id: str) -> None:
    """A team that was turned back has not said that it knows."""
    shift = draft.state.teams[team_id].shift
    if shift is None or shift.last_call is None:
        return
    call_id, episode = shift.last_call
    draft.emit(
        RecallUnacknowledged(
            call_id=call_id,
            episode=episode,
            team_id=team_id,
            silent_minutes=RECALL_MINUTES,
            sentence=f"{team_id} was turned back {RECALL_MINUTES} min ago and has not said that it knows.",
        )
    )


def _staged(draft: AgencyDraft, call_id: str) -> None:
    """A team still waits nearby: the dispatcher is told, again and again, until it goes in, or nothing holds it."""
    call = draft.call(call_id)
    assignment = call.assignment
    if assignment is None:
        return
    minutes, shift = draft.state.timings(call.state).staged_notice_minutes, draft.state.teams[assignment.team_id].shift
    if assignment.state == "staged" and assignment.reported_at is not None:
        minutes = max(minutes, int((draft.now - assignment.reported_at).total_seconds() // 60))
    waits_for = ", or ".join(assignment.enters_when) or SOMEBODYS_WORD
    over = " Its shift is over." if shift is not None and draft.state.on_duty_until(shift) <= draft.now else ""
    call.emit(
        TeamStillStaged(
            **call.key,
            team_id=assignment.team_id,
            staged_minutes=minutes,
            sentence=f"{assignment.team_id} has waited nearby for {minutes} min for: {waits_for}.{over}",
        )
    )


def _hand_back(draft: AgencyDraft, call_id: str) -> None:
    """The shift of a team on its way ends before it can have done the call."""
    draft.call(call_id).release("shift-ends")


def _confirm(draft: AgencyDraft, call_id: str) -> None:
    end_proposal(draft.call(call_id))


def _forget(draft: AgencyDraft, call_id: str) -> None:
    draft.call(call_id).end_late("over")
    draft.emit(CallForgotten(call_id=call_id))


def _missing(draft: AgencyDraft, planned_shift_id: str) -> None:
    miss(draft, planned_shift_id)


def _pause(draft: AgencyDraft, key: str) -> None:
    apply_pause(draft, Switch.parse(key))


FIRES: dict[str, Callable[[AgencyDraft, str], None]] = {
    "deadline": _deadline,
    "offer": _offer,
    "held": _held,
    "shift": _shift,
    "moving": _moving,
    "check": _check,
    "forget": _forget,
    "pause": _pause,
    "recall": _recall,
    "watch": _watch,
    "staged": _staged,
    "hand-back": _hand_back,
    "confirm": _confirm,
    "missing": _missing,
    "hold": notice,
    "late": over,
    "asked-late": lapsed,
}
