"""What notification owes for each event: pages to a team's people, messages to the CAD. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notification.deciding import (
    cad,
    clocks,
    commands,
    contacts,
    notices,
    offers,
    pages,
    receipts,
    roll,
    staff,
)
from services.notification.deciding.commands import once
from services.notification.evolve import evolve
from services.notification.state import State
from shared.engine.service import Decided, Draft, EffectDone, EffectStarting, Input, Tick
from shared.events import (
    AcknowledgeAlert,
    AnswerRoll,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallChanged,
    CallRoll,
    CallRouted,
    ConfirmationAsked,
    DeviceRevoked,
    EntryNotReleased,
    ErasePerson,
    HoldAsked,
    HoldBegan,
    HoldNoticeDue,
    LateTakeAsked,
    LinksRevoked,
    MemberConfirmed,
    MembersLeftOut,
    NoteOptOut,
    NoteReceipt,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PersonRemoved,
    PingCad,
    PlanNoticeDue,
    RecallUnacknowledged,
    RedeliverMessage,
    ReminderDue,
    RemoveContact,
    SafetyCheckDue,
    SafetyCheckMissed,
    SetContact,
    ShiftChanged,
    StatusReported,
    TeamMayEnter,
    TeamMissing,
    TeamNotMoving,
    TeamSignedOn,
    TeamStays,
    TeamStillStaged,
    TeamUnanswering,
    UpgradeRaised,
)


def decide(state: State, given: Input, now: datetime) -> Decided[State]:
    """The events that an input brings about; none the second time."""
    draft = Draft(state, now, evolve)
    for decider in DECIDERS.get(type(given.event), ()):
        decider(draft, given.event, given)
    return draft.decided()


DECIDERS: dict[type[Any], tuple[Callable[[Draft[State], Any, Input], None], ...]] = {
    OfferMade: (offers.offer_made,),
    LinksRevoked: (pages.links_revoked,),
    OfferAccepted: (offers.offer_ended, notices.tell_who_came, contacts.offer_answered),
    OfferDeclined: (offers.offer_ended, contacts.offer_answered),
    OfferAnswered: (offers.offer_answered, contacts.offer_answered),
    OfferExpired: (offers.offer_ended,),
    OfferWithdrawn: (offers.offer_withdrawn,),
    CallRouted: (offers.call_routed, cad.call_routed),
    StatusReported: (notices.drop_answered, cad.status_reported),
    UpgradeRaised: (notices.upgraded, cad.tell),
    AssignmentWithdrawn: (notices.assignment_withdrawn, cad.tell),
    AssignmentUnconfirmed: (notices.unconfirmed,),
    AssignmentEnded: (notices.assignment_ended,),
    AssignmentMoved: (notices.assignment_moved, cad.tell),
    TeamNotMoving: (notices.not_moving, cad.tell),
    SafetyCheckDue: (notices.safety_check,),
    SafetyCheckMissed: (cad.safety_check_missed,),
    RecallUnacknowledged: (cad.tell,),
    TeamStays: (notices.told_to_stay, cad.tell),
    TeamMayEnter: (notices.let_in, cad.tell),
    EntryNotReleased: (cad.tell,),
    TeamStillStaged: (cad.tell,),
    CallChanged: (notices.told_of_change, cad.call_changed),
    ConfirmationAsked: (cad.asked,),
    LateTakeAsked: (cad.asked,),
    HoldAsked: (cad.hold_asked,),
    HoldBegan: (cad.hold_began,),
    HoldNoticeDue: (notices.hold_notice_due, cad.tell),
    AcknowledgeAlert: (once(commands.acknowledge),),
    PingCad: (once(commands.ping),),
    RedeliverMessage: (once(commands.redeliver),),
    PersonRemoved: (contacts.person_removed,),
    DeviceRevoked: (contacts.device_revoked,),
    SetContact: (once(contacts.set_contact),),
    RemoveContact: (once(contacts.remove_contact),),
    ErasePerson: (once(contacts.erase_person),),
    NoteReceipt: (once(receipts.note_receipt),),
    NoteOptOut: (once(contacts.note_opt_out),),
    CallRoll: (once(roll.call_roll),),
    AnswerRoll: (once(roll.answer_roll),),
    TeamSignedOn: (staff.signed_on,),
    ShiftChanged: (staff.shift_changed, offers.ask_who_came),
    MemberConfirmed: (notices.tell_who_came, offers.ask_who_came),
    MembersLeftOut: (staff.members_left_out,),
    TeamMissing: (staff.team_missing,),
    TeamUnanswering: (staff.team_unanswering,),
    ReminderDue: (staff.reminder_due,),
    PlanNoticeDue: (staff.plan_notice_due,),
    Tick: (clocks.tick,),
    EffectStarting: (pages.starting,),
    EffectDone: (receipts.ended, offers.call_ended, cad.ended),
}
