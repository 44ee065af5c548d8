"""Who is on duty by the plan: a team on call is signed on by it, one that is to be at work is asked to, and missed.

What a person says of a shift stands against the plan, and who is with somebody stays whatever the plan says.
"""

from __future__ import annotations

from typing import Literal

from services.team_availability.draft import AgencyDraft
from services.team_availability.offers import advance
from services.team_availability.roster import end_shift, team_of
from services.team_availability.state import PlannedDuty, Shift, State
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    AssignmentEnded,
    AssignmentWithdrawn,
    BeginDuty,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    DutyNoted,
    DutyOver,
    Event,
    MemberLeftOut,
    MembersLeftOut,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    PersonDefined,
    RecallUnacknowledged,
    ShiftChanged,
    StatusReported,
    TeamDefined,
    TeamMissing,
    TeamSignedOff,
    TeamSignedOn,
    child_id,
)

Missing = Literal["not-signed-on", "nobody-left", "unknown-team"]
ROSTER = "roster"
"""Who vouches for the members of a team that the plan signs on."""
MAY_MOVE: tuple[type[Event], ...] = (
    AssignmentEnded,
    AssignmentWithdrawn,
    DutyNoted,
    DutyOver,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    PersonDefined,
    RecallUnacknowledged,
    StatusReported,
    TeamDefined,
    TeamSignedOff,
)
"""What may let a team follow its plan where it could not before, or show that it does not."""

# --- what the plan says ---------------------------------------------------------------------------------------------


def duty_began(draft: AgencyDraft, event: DutyBegan) -> None:
    """A planned shift has begun; one that a person has ended begins nothing, one that was over goes on to a later end.

    Of one that is over by now it may have been said since that it ends later: that is read next.
    """
    duty = draft.state.duties.get(event.shift_id)
    if duty is not None and duty.over and (duty.over != "ended" or event.ends_at <= duty.ends_at):
        return
    noted = DutyNoted(
        planned_shift_id=event.shift_id,
        team_id=event.team_id,
        duty=event.duty,
        members=event.members,
        ends_at=event.ends_at,
        sign_on_grace_minutes=event.sign_on_grace_minutes,
        planned_until=event.planned_until,
    )
    if duty is None or _says_else(event, duty):
        draft.emit(noted)


def duty_changed(draft: AgencyDraft, event: DutyChanged) -> None:
    """Somebody else has a place in a planned shift that runs, it ends at another time, or others follow on it.

    Of one that a person has ended it is kept in mind: who takes it up again is who is planned by then, until the end.
    """
    duty = draft.state.duties.get(event.shift_id)
    if duty is not None and _says_else(event, duty):
        changes = {"members": event.members, "ends_at": event.ends_at, "planned_until": event.planned_until}
        draft.emit(_noted(event.shift_id, duty, **changes, over=duty.over))


def duty_ended(draft: AgencyDraft, event: DutyEnded) -> None:
    """A planned shift is over."""
    duty = draft.state.duties.get(event.shift_id)
    if duty is not None and not duty.over:
        draft.emit(DutyOver(planned_shift_id=event.shift_id, team_id=duty.team_id))


def _says_else(event: DutyBegan | DutyChanged, duty: PlannedDuty) -> bool:
    """Whether the plan is not what was noted of it last."""
    return (event.members, event.ends_at, event.planned_until) != (duty.members, duty.ends_at, duty.planned_until)


def _noted(planned_shift_id: str, duty: PlannedDuty, **changes: object) -> DutyNoted:
    fields: dict[str, object] = {
        "planned_shift_id": planned_shift_id,
        "team_id": duty.team_id,
        "duty": duty.duty,
        "members": duty.members,
        "ends_at": duty.ends_at,
        "sign_on_grace_minutes": duty.grace_minutes,
        "planned_until": duty.planned_until,
    }
    return DutyNoted.model_validate(fields | changes)


# --- what people say ------------------------------------------------------------------------------------------------


def begin_duty(draft: AgencyDraft, command: BeginDuty) -> list[Event]:
    """A team starts the shift that is planned for it, with the people of the plan."""
    state, team_id, author = draft.state, command.team_id, command.issued_by
    duty = state.duties.get(command.planned_shift_id)
    team = state.teams.get(team_id)
    if team is None or duty is None or duty.team_id != team_id or duty.ends_at <= draft.now or duty.over == "ended":
        return [refused(command, "unknown-duty", f"No planned shift of {team_id} runs now: sign the team on instead.")]
    if team.shift is not None:
        if team.shift.planned_shift_id == command.planned_shift_id:
            return [nothing_to_do(command, f"{team_id} is on shift already.", about=team.shift.shift_id)]
        return [refused(command, "on-shift", f"{team_id} is on another shift: sign that off first.")]
    members, left_out = _free(state, duty)
    if author not in members and not command.vouched:
        return [refused(command, "not-on-team", f"{author} is not free, or not planned to be on {team_id} now.")]
    if not members:
        return [refused(command, "cannot-sign-on", f"Nobody of the plan of {team_id} is free.")]
    if duty.over:
        draft.emit(_noted(command.planned_shift_id, duty))
    others = tuple(member for member in members if member != author)
    vouched_by = ROSTER if duty.duty == "on-call" else author if command.vouched else ""
    shift_id = _sign_on(draft, command.planned_shift_id, vouched_by, () if vouched_by else others)
    sentence = "" if vouched_by or not others else f"Not counted before they confirm: {', '.join(others)}."
    if left_out:
        sentence = f"{sentence} Left out: {', '.join(each.person_id for each in left_out)}.".strip()
    return [done(command, sentence, about=shift_id)]


# --- a team follows its plan ----------------------------------------------------------------------------------------


def keep_to_plan(draft: AgencyDraft) -> None:
    """Have every team stand as its plan says, as far as people and calls let it: who leaves one may be of another."""
    followed, has_left = 0, False
    while draft.state.duties and (has_left or any(isinstance(each, MAY_MOVE) for each in draft.events[followed:])):
        followed, before = len(draft.events), _on_duty(draft.state)
        for planned_shift_id in sorted(draft.state.duties):
            _follow(draft, planned_shift_id)
        has_left = not before <= _on_duty(draft.state)


def _on_duty(state: State) -> frozenset[tuple[str, str]]:
    return frozenset((team_id, member) for team_id, shift in state.on_shift() for member in shift.members)


def _follow(draft: AgencyDraft, planned_shift_id: str) -> None:
    duty = draft.state.duties[planned_shift_id]
    team = draft.state.teams.get(duty.team_id)
    shift = None if team is None else team.shift
    if shift is not None and shift.planned_shift_id == planned_shift_id:
        if duty.runs(draft.now):
            _change_shift(draft, planned_shift_id, duty, shift)
        elif duty.over or (duty.duty == "on-call" and duty.is_past(draft.now)):  # at work: until their clock
            _end_shift(draft, duty, shift)
    elif not duty.runs(draft.now):
        return
    elif team is None:
        _miss(draft, planned_shift_id, "unknown-team")
    elif shift is None:
        if duty.duty == "on-call":
            _begin_on_call(draft, planned_shift_id, duty)
    elif duty.duty == "on-call" and shift.status == "silent":
        _miss(draft, planned_shift_id, "not-signed-on")
    elif duty.duty == "on-shift" and {*shift.members, *shift.unconfirmed} == set(duty.members):
        _adopt(draft, planned_shift_id, duty, shift)


def _begin_on_call(draft: AgencyDraft, planned_shift_id: str, duty: PlannedDuty) -> None:
    members, left_out = _free(draft.state, duty)
    if members:
        _sign_on(draft, planned_shift_id, ROSTER, ())
    else:
        _leave_out(draft, planned_shift_id, left_out)
        _miss(draft, planned_shift_id, "nobody-left")


def _sign_on(draft: AgencyDraft, planned_shift_id: str, vouched_by: str, unconfirmed: tuple[str, ...]) -> str:
    """Sign a team on as planned, without whoever is not free; the id of its shift."""
    duty = draft.state.duties[planned_shift_id]
    members, left_out = _free(draft.state, duty)
    shift_id = child_id(draft.given.cause, f"shift/{planned_shift_id}")
    draft.emit(
        TeamSignedOn(
            team_id=duty.team_id,
            shift_id=shift_id,
            members=members,
            shift_ends_at=duty.ends_at,
            unconfirmed=unconfirmed,
            vouched_by=vouched_by,
            duty=duty.duty,
            planned_shift_id=planned_shift_id,
        )
    )
    _leave_out(draft, planned_shift_id, left_out)
    return shift_id


def _adopt(draft: AgencyDraft, planned_shift_id: str, duty: PlannedDuty, shift: Shift) -> None:
    """The crew of the plan has signed on before it began: that is its shift, unless they meant other hours.

    What they are on still from the plan before, with a call perhaps, says nothing of this one.
    """
    if shift.ends_at == duty.ends_at:
        _change(draft, planned_shift_id, shift, (shift.members, shift.unconfirmed))
    elif not shift.planned_shift_id and shift.ends_at > draft.now:
        draft.emit(DutyOver(planned_shift_id=planned_shift_id, team_id=duty.team_id, why="by-hand"))


def _change_shift(draft: AgencyDraft, planned_shift_id: str, duty: PlannedDuty, shift: Shift) -> None:
    """Whoever is planned now is on the team, those at work once they confirm; a team with a call stays as it is.

    A crew on call that left its offers unanswered is out: of another one, altogether, nobody has been asked yet.
    """
    members, left_out = _free(draft.state, duty)
    if shift.is_free:
        confirmed = tuple(member for member in shift.members if member in duty.members)
        unconfirmed = tuple(member for member in shift.unconfirmed if member in duty.members)
        joining = tuple(member for member in members if member not in (*confirmed, *unconfirmed))
        if duty.duty == "on-call":
            confirmed += joining
        else:
            unconfirmed += joining
    else:
        confirmed, unconfirmed = shift.members, shift.unconfirmed
    is_other = duty.duty == "on-call" and set(confirmed).isdisjoint(shift.members)
    if not (confirmed or unconfirmed) or (is_other and shift.is_unanswering and not shift.open_offers):
        end_shift(draft, duty.team_id, shift, over=True)
    elif (confirmed, unconfirmed, duty.ends_at) != (shift.members, shift.unconfirmed, shift.ends_at):
        _change(draft, planned_shift_id, shift, (confirmed, unconfirmed))
    _leave_out(draft, planned_shift_id, left_out)


def _change(
    draft: AgencyDraft, planned_shift_id: str, shift: Shift, crew: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    """Give a shift its crew and its end by the plan; an offer to people who leave is made anew to those who come."""
    confirmed, unconfirmed = crew
    duty = draft.state.duties[planned_shift_id]
    is_left = not set(shift.members) <= set(confirmed)
    calls = draft.take_back(duty.team_id, "crew-changed") if is_left else []
    draft.emit(
        ShiftChanged(
            team_id=duty.team_id,
            shift_id=shift.shift_id,
            members=(*confirmed, *unconfirmed),
            shift_ends_at=duty.ends_at,
            unconfirmed=unconfirmed,
            planned_shift_id=planned_shift_id,
            offer_id=draft.asked(duty.team_id),
        )
    )
    for call in calls:
        advance(call)


def _end_shift(draft: AgencyDraft, duty: PlannedDuty, shift: Shift) -> None:
    """By the plan it is over; a team with a call signs off once it is done.

    So does one that was paged for an offer, once that is answered or has run out, which takes seconds: whoever was
    rung may answer, and to begin anew with others would cost the call what time it has.
    """
    if shift.is_free and shift.offer_id is None:
        end_shift(draft, duty.team_id, shift, over=True)


def _free(state: State, duty: PlannedDuty) -> tuple[tuple[str, ...], tuple[MemberLeftOut, ...]]:
    """Who of a planned shift can be on its team now, and who cannot."""
    members: list[str] = []
    left_out: list[MemberLeftOut] = []
    for member in dict.fromkeys(duty.members):
        other = team_of(state, member)
        if member not in state.people:
            left_out.append(MemberLeftOut(person_id=member, why="unknown-person"))
        elif other not in (None, duty.team_id):
            left_out.append(MemberLeftOut(person_id=member, why="on-shift", on_shift_with=other or ""))
        else:
            members.append(member)
    return tuple(members), tuple(left_out)


def _leave_out(draft: AgencyDraft, planned_shift_id: str, left_out: tuple[MemberLeftOut, ...]) -> None:
    duty = draft.state.duties[planned_shift_id]
    if duty.left_out != left_out:
        draft.emit(MembersLeftOut(team_id=duty.team_id, planned_shift_id=planned_shift_id, left_out=left_out))


def _miss(draft: AgencyDraft, planned_shift_id: str, why: Missing) -> None:
    """Have somebody hear that a team is not there that the plan counts on; once, until it has signed on."""
    duty = draft.state.duties[planned_shift_id]
    if not duty.is_missing:
        draft.emit(
            TeamMissing(
                team_id=duty.team_id,
                planned_shift_id=planned_shift_id,
                members=duty.members,
                since=draft.now,
                why=why,
            )
        )


def miss(draft: AgencyDraft, planned_shift_id: str) -> None:
    """The time to sign on is up."""
    duty = draft.state.duties[planned_shift_id]
    if duty.runs(draft.now):
        _miss(draft, planned_shift_id, "not-signed-on")
    else:
        draft.emit(DutyOver(planned_shift_id=planned_shift_id, team_id=duty.team_id))
