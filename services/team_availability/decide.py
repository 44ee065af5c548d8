"""What each input brings about: calls, judgements, commands, pauses, clocks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.team_availability.answers import accept_offer, decline_offer
from services.team_availability.calls import (
    begin_another,
    cad_not_informed,
    call_reported,
    call_triaged,
    confirm_incident,
    programme_activated,
)
from services.team_availability.clocks import tick
from services.team_availability.devices import enrol_device, revoke_device
from services.team_availability.draft import AgencyDraft
from services.team_availability.duties import begin_duty, duty_began, duty_changed, duty_ended, keep_to_plan
from services.team_availability.erasing import erase_call
from services.team_availability.evolve import evolve
from services.team_availability.holds import cad_informed, hold_call, offer_to_who_is_free
from services.team_availability.late import list_late, take_late_call
from services.team_availability.merging import let_join
from services.team_availability.overrides import answer_waiting, confirm_decision, override_call
from services.team_availability.pauses import district_paused, district_resumed
from services.team_availability.roster import (
    confirm_member,
    define_person,
    define_team,
    remove_person,
    remove_team,
    revoke_calendar,
    revoke_links,
    revoke_token,
    sign_off,
    sign_on,
)
from services.team_availability.state import State
from services.team_availability.statuses import correct_status, release_team, report_status, withdraw_team
from services.team_availability.ways import contact_changed, contact_removed, contact_set
from shared.answers import answer
from shared.engine.service import Decided, Input, Tick
from shared.events import (
    AcceptOffer,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentWithdrawn,
    BeginDuty,
    CadInformed,
    CadNotInformed,
    CallCancelled,
    CallReported,
    CallRouted,
    CallTriaged,
    Command,
    ConfirmDecision,
    ConfirmIncident,
    ConfirmMember,
    ContactBroken,
    ContactOptedIn,
    ContactOptedOut,
    ContactProved,
    ContactRemoved,
    ContactSet,
    CorrectStatus,
    DeclineOffer,
    DefinePerson,
    DefineTeam,
    DistrictPaused,
    DistrictResumed,
    DutyBegan,
    DutyChanged,
    DutyEnded,
    EnrolDevice,
    EraseCall,
    Event,
    HoldCall,
    OverrideCall,
    ProgrammeActivated,
    ReleaseTeam,
    RemovePerson,
    RemoveTeam,
    ReportStatus,
    RevokeCalendar,
    RevokeDevice,
    RevokeLinks,
    RevokeToken,
    SignOff,
    SignOn,
    TakeLateCall,
    WithdrawTeam,
)


def decide(state: State, given: Input, now: datetime) -> Decided[State]:
    """The events that an input brings about; none the second time."""
    event, draft = given.event, AgencyDraft(state, now, evolve, given=given)
    if isinstance(event, Command):
        _command(draft, event)
    elif (decider := DECIDERS.get(type(event))) is not None:
        decider(draft, event)
    keep_to_plan(draft)
    for event in tuple(draft.events):
        if isinstance(event, CallRouted):
            let_join(draft.call(event.call_id))
            list_late(draft.call(event.call_id), event)
        elif isinstance(event, AssignmentEnded | AssignmentMoved | AssignmentWithdrawn):
            begin_another(draft.call(event.call_id))
    offer_to_who_is_free(draft)
    if draft.events and draft.state.waiting:
        _answer_waiting(draft)
    return draft.decided()


def _command(draft: AgencyDraft, command: Command) -> None:
    decider = COMMAND_DECIDERS.get(type(command))
    if decider is None or command.command_id in draft.state.waiting:
        return
    time, answered = draft.given.time, draft.state.answered
    draft.emit_all(answer(command, time, answered, lambda command: decider(draft, command)))


def _answer_waiting(draft: AgencyDraft) -> None:
    """Something happened to a call that commands wait for: decide them, if they can be decided now."""
    for call_id in dict.fromkeys(event.subject for event in draft.events):
        if call_id in draft.state.waiting_for:
            answer_waiting(draft.call(call_id))


DECIDERS: dict[type[Any], Callable[[AgencyDraft, Any], None]] = {
    CallReported: call_reported,
    CallCancelled: call_reported,
    CallTriaged: call_triaged,
    ProgrammeActivated: programme_activated,
    DistrictPaused: district_paused,
    DistrictResumed: district_resumed,
    CadInformed: cad_informed,
    CadNotInformed: cad_not_informed,
    DutyBegan: duty_began,
    DutyChanged: duty_changed,
    DutyEnded: duty_ended,
    ContactSet: contact_set,
    ContactRemoved: contact_removed,
    ContactProved: contact_changed,
    ContactBroken: contact_changed,
    ContactOptedOut: contact_changed,
    ContactOptedIn: contact_changed,
    Tick: tick,
}

COMMAND_DECIDERS: dict[type[Any], Callable[[AgencyDraft, Any], list[Event]]] = {
    DefinePerson: define_person,
    RemovePerson: remove_person,
    RevokeCalendar: revoke_calendar,
    RevokeLinks: revoke_links,
    RevokeToken: revoke_token,
    EnrolDevice: enrol_device,
    RevokeDevice: revoke_device,
    DefineTeam: define_team,
    RemoveTeam: remove_team,
    SignOn: sign_on,
    BeginDuty: begin_duty,
    ConfirmMember: confirm_member,
    SignOff: sign_off,
    ReportStatus: report_status,
    CorrectStatus: correct_status,
    ReleaseTeam: release_team,
    WithdrawTeam: withdraw_team,
    AcceptOffer: accept_offer,
    DeclineOffer: decline_offer,
    OverrideCall: override_call,
    ConfirmDecision: confirm_decision,
    ConfirmIncident: confirm_incident,
    HoldCall: hold_call,
    TakeLateCall: take_late_call,
    EraseCall: erase_call,
}
