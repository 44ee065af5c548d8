"""People, what lets them in, teams and shifts."""

from __future__ import annotations

from datetime import timedelta

from services.team_availability.by_hand import end_duty, planned_shift_of
from services.team_availability.devices import devices_of, revoked_with
from services.team_availability.draft import AgencyDraft
from services.team_availability.offers import advance
from services.team_availability.state import IN_NEED, Shift, State
from shared.answers import done, nothing_to_do, refused
from shared.engine.service import Input
from shared.events import (
    LONG_SHIFT_HOURS,
    LONGEST_SHIFT_HOURS,
    CalendarRevoked,
    ConfirmMember,
    DefinePerson,
    DefineTeam,
    DeviceRevoked,
    Event,
    LinksRevoked,
    MemberConfirmed,
    PersonDefined,
    PersonRemoved,
    RemovePerson,
    RemoveTeam,
    RevokeCalendar,
    RevokeLinks,
    RevokeToken,
    SignOff,
    SignOn,
    TeamDefined,
    TeamRemoved,
    TeamSignedOff,
    TeamSignedOn,
    TokenRevoked,
    child_id,
)


def define_person(draft: AgencyDraft, command: DefinePerson) -> list[Event]:
    """Add a member of staff, or replace what is known of them."""
    person = command.person
    if draft.state.people.get(person.person_id) == person:
        return [nothing_to_do(command, f"{person.person_id} stands so already.", about=person.person_id)]
    return [PersonDefined(person=person), done(command, about=person.person_id)]


def remove_person(draft: AgencyDraft, command: RemovePerson) -> list[Event]:
    """Take a member of staff off the books. What let them in lets nobody in who has the id after them."""
    person_id = command.person_id
    if person_id not in draft.state.people:
        return [nothing_to_do(command, f"There is no {person_id}.", about=person_id)]
    if (team_id := team_of(draft.state, person_id)) is not None:
        return [refused(command, "on-shift", f"{person_id} is on shift with {team_id}: sign the team off first.")]
    why = f"{person_id} is among the staff no more"
    calendar = _calendar_revoked(draft, command.issued_by, person_id, why)
    devices = revoked_with(draft.state, why, person_id=person_id)
    return [PersonRemoved(person_id=person_id), calendar, *devices, done(command, about=person_id)]


def revoke_links(draft: AgencyDraft, command: RevokeLinks) -> list[Event]:
    """End every link that a person has, and those of their devices that are named; a call that they have stays."""
    person_id = command.person_id
    person = draft.state.people.get(person_id)
    if person is None:
        return [refused(command, "unknown-person", f"There is no {person_id} among the staff.")]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why the links of {person_id} are revoked.")]
    own = devices_of(draft.state, person_id, None)
    if strange := [device_id for device_id in command.device_ids if device_id not in own]:
        return [refused(command, "unknown-device", f"{person_id} has no device {', '.join(strange)}.")]
    revoked = LinksRevoked(
        person_id=person_id,
        generation=draft.state.link_generations.get(person_id, 0) + 1,
        contact_methods=person.contact_methods,
        revoked_by=command.issued_by,
        reason=command.reason,
    )
    sentence = (
        f"The links of {person_id} lead nowhere any more. New ones are in what they are sent from now on: "
        "if that reaches a phone in wrong hands, change how they are reached, then revoke once more"
    )
    devices = [
        DeviceRevoked(device_id=device_id, revoked_by=command.issued_by, reason=command.reason)
        for device_id in dict.fromkeys(command.device_ids)
    ]
    return [revoked, *devices, done(command, f"{sentence}.", about=person_id)]


def revoke_calendar(draft: AgencyDraft, command: RevokeCalendar) -> list[Event]:
    """End the links of a person to calendars."""
    person_id = command.person_id
    if person_id not in draft.state.people:
        return [refused(command, "unknown-person", f"There is no {person_id} among the staff.")]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why the calendars of {person_id} are revoked.")]
    revoked = _calendar_revoked(draft, command.issued_by, person_id, command.reason)
    sentence = f"The calendar links of {person_id} lead nowhere any more; new ones are made when they are asked for."
    return [revoked, done(command, sentence, about=person_id)]


def _calendar_revoked(draft: AgencyDraft, revoked_by: str, person_id: str, reason: str) -> CalendarRevoked:
    generation = draft.state.calendar_generations.get(person_id, 0) + 1
    return CalendarRevoked(person_id=person_id, generation=generation, revoked_by=revoked_by, reason=reason)


def revoke_token(draft: AgencyDraft, command: RevokeToken) -> list[Event]:
    """Let a token or key in nowhere any more."""
    holder = command.holder
    if command.token_hash in draft.state.revoked_tokens:
        return [nothing_to_do(command, f"It is revoked already: nobody gets in with it as {holder}.", about=holder)]
    if not command.reason.strip():
        return [refused(command, "no-reason", f"Say why what lets {holder} in is revoked.")]
    revoked = TokenRevoked(
        token_hash=command.token_hash, holder=holder, revoked_by=command.issued_by, reason=command.reason
    )
    sentence = f"Nobody gets in with it as {holder} any more. Take it out of the agencies file as well."
    return [revoked, done(command, sentence, about=holder)]


def define_team(draft: AgencyDraft, command: DefineTeam) -> list[Event]:
    """Add a team to the roster, or replace what is known of it; a shift goes on."""
    team = command.team
    before = draft.state.teams.get(team.team_id)
    if before is not None and before.team == team:
        return [nothing_to_do(command, f"{team.team_id} stands so already.", about=team.team_id)]
    return [TeamDefined(team=team), done(command, about=team.team_id)]


def remove_team(draft: AgencyDraft, command: RemoveTeam) -> list[Event]:
    """Take a team off the roster."""
    team_id = command.team_id
    team = draft.state.teams.get(team_id)
    if team is None:
        return [nothing_to_do(command, f"There is no {team_id}.", about=team_id)]
    if team.shift is not None:
        return [refused(command, "on-shift", f"{team_id} is on shift: sign it off first.")]
    devices = revoked_with(draft.state, f"{team_id} is on the roster no more", team_id=team_id)
    return [TeamRemoved(team_id=team_id), *devices, done(command, about=team_id)]


def sign_on(draft: AgencyDraft, command: SignOn) -> list[Event]:
    """A team starts its shift."""
    team_id, state = command.team_id, draft.state
    team = state.teams.get(team_id)
    if team is None:
        return [refused(command, "unknown-team", f"There is no {team_id} on the roster.")]
    if team.shift is not None:
        members = {*team.shift.members, *team.shift.unconfirmed}
        if (members, team.shift.ends_at) == (set(command.members), command.shift_ends_at):
            return [nothing_to_do(command, f"{team_id} is on shift already.", about=team.shift.shift_id)]
        return [refused(command, "on-shift", f"{team_id} is on shift already, with other members or hours.")]
    if faults := _faults(state, command, draft.given):
        return [refused(command, "cannot-sign-on", faults[0], faults)]
    planned_shift_id = planned_shift_of(draft, command)
    shift_id = child_id(draft.given.cause, "shift")
    others = tuple(member for member in command.members if member != command.issued_by)
    signed_on = TeamSignedOn(
        team_id=team_id,
        shift_id=shift_id,
        members=command.members,
        shift_ends_at=command.shift_ends_at,
        unconfirmed=() if command.vouched else others,
        vouched_by=command.issued_by if command.vouched and others else "",
        planned_shift_id=planned_shift_id,
    )
    sentence = f"Not counted before they confirm: {', '.join(others)}." if signed_on.unconfirmed else ""
    return [signed_on, done(command, sentence, about=shift_id)]


def confirm_member(draft: AgencyDraft, command: ConfirmMember) -> list[Event]:
    """A member says that they are on the team, or somebody vouches for them."""
    team_id, person_id = command.team_id, command.person_id
    team = draft.state.teams.get(team_id)
    shift = None if team is None else team.shift
    if shift is None or person_id not in (*shift.members, *shift.unconfirmed):
        return [refused(command, "not-on-team", f"{person_id} is not on shift with {team_id}.")]
    if person_id in shift.members:
        return [nothing_to_do(command, f"{person_id} is on {team_id} already.", about=shift.shift_id)]
    if person_id not in draft.state.people:
        return [refused(command, "unknown-person", f"There is no {person_id} among the staff.")]
    if (other := team_of(draft.state, person_id)) is not None:
        return [refused(command, "on-shift", f"{person_id} is on shift with {other}: sign that off first.")]
    vouched_by = "" if command.issued_by == person_id else command.issued_by
    confirmed = MemberConfirmed(
        team_id=team_id,
        shift_id=shift.shift_id,
        person_id=person_id,
        vouched_by=vouched_by,
        call_id=shift.call_id,
        episode=None if shift.call_id is None else draft.call(shift.call_id).episode.number,
        offer_id=draft.asked(team_id),
    )
    return [confirmed, done(command, f"{person_id} is on {team_id}.", about=shift.shift_id)]


def sign_off(draft: AgencyDraft, command: SignOff) -> list[Event]:
    """A team ends its shift; its open offer goes to another."""
    team = draft.state.teams.get(command.team_id)
    if team is None or team.shift is None:
        return [nothing_to_do(command, f"{command.team_id} is not on shift.", about=command.team_id)]
    if team.shift.call_id is not None:
        return [refused(command, "assigned", f"{command.team_id} has a call: clear it first.")]
    if team.shift.status in IN_NEED:
        sentence = f"{command.team_id} has said {team.shift.status}: once it is well it says available, then signs off."
        return [refused(command, "in-need", sentence)]
    end_duty(draft, team.shift)
    end_shift(draft, command.team_id, team.shift, over=False)
    return [done(command, about=team.shift.shift_id)]


def end_shift(draft: AgencyDraft, team_id: str, shift: Shift, *, over: bool) -> None:
    """Sign a free team off and pass its open offers on."""
    calls = draft.take_back(team_id, "signed-off")
    draft.emit(TeamSignedOff(team_id=team_id, shift_id=shift.shift_id, why="shift-over" if over else "signed-off"))
    for call in calls:
        advance(call)


def _faults(state: State, command: SignOn, given: Input) -> tuple[str, ...]:
    """Everything that is wrong with a crew."""
    faults = []
    if len(set(command.members)) < len(command.members):
        faults.append("A member is named twice.")
    for member in command.members:
        if member not in state.people:
            faults.append(f"There is no {member} among the staff.")
        elif (team_id := team_of(state, member)) is not None:
            faults.append(f"{member} is on shift with {team_id}.")
    if command.shift_ends_at <= given.time:
        faults.append("The shift would be over already.")
    hours = (command.shift_ends_at - command.issued_at) / timedelta(hours=1)  # by the one clock that has set both
    if hours > LONGEST_SHIFT_HOURS:
        faults.append(f"The shift would take more than {LONGEST_SHIFT_HOURS} hours, which none does.")
    elif hours > LONG_SHIFT_HOURS and not command.long_shift:
        faults.append(f"The shift would take more than {LONG_SHIFT_HOURS} hours: if that is meant, say long_shift.")
    return tuple(faults)


def team_of(state: State, person_id: str) -> str | None:
    """The team that a person is on shift with; where somebody else has named them, they are not before they say so."""
    return min((team_id for team_id, shift in state.on_shift() if person_id in shift.members), default=None)
