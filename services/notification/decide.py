"""What notification owes for each event: pages to a team's people, messages to the CAD. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.notification.deciding import cad, clocks, commands, contacts, pages
from services.notification.deciding.commands import once
from services.notification.evolve import evolve
from services.notification.state import State
from shared.engine.service import Draft, EffectDone, EffectStarting, Input, Tick
from shared.events import (
    AcknowledgeAlert,
    AssignmentEnded,
    AssignmentMoved,
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CallChanged,
    CallRouted,
    ConfirmationAsked,
    DeviceRevoked,
    EntryNotReleased,
    ErasePerson,
    Event,
    LinksRevoked,
    NoteOptOut,
    OfferAccepted,
    OfferAnswered,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PersonRemoved,
    PingCad,
    RecallUnacknowledged,
    RedeliverMessage,
    RemoveContact,
    SafetyCheckDue,
    SafetyCheckMissed,
    SetContact,
    StatusReported,
    TeamMayEnter,
    TeamNotMoving,
    TeamStays,
    TeamStillStaged,
    UpgradeRaised,
)


def decide(state: State, given: Input, now: datetime) -> Sequence[Event]:
    """The events that an input brings about; none the second time."""
    draft = Draft(state, now, evolve)
    for decider in DECIDERS.get(type(given.event), ()):
        decider(draft, given.event, given)
    return draft.events


DECIDERS: dict[type[Any], tuple[Callable[[Draft[State], Any, Input], None], ...]] = {
    OfferMade: (pages.offer_made,),
    LinksRevoked: (pages.links_revoked,),
    OfferAccepted: (pages.offer_ended, contacts.offer_answered),
    OfferDeclined: (pages.offer_ended, contacts.offer_answered),
    OfferAnswered: (pages.offer_answered, contacts.offer_answered),
    OfferExpired: (pages.offer_ended,),
    OfferWithdrawn: (pages.offer_withdrawn,),
    CallRouted: (pages.drop_routed, cad.call_routed),
    StatusReported: (pages.drop_answered, cad.status_reported),
    UpgradeRaised: (pages.upgraded, cad.upgrade_raised),
    AssignmentWithdrawn: (pages.assignment_withdrawn, cad.assignment_withdrawn),
    AssignmentUnconfirmed: (pages.unconfirmed,),
    AssignmentEnded: (pages.assignment_ended,),
    AssignmentMoved: (pages.assignment_moved, cad.assignment_moved),
    TeamNotMoving: (pages.not_moving, cad.team_not_moving),
    SafetyCheckDue: (pages.safety_check,),
    SafetyCheckMissed: (cad.safety_check_missed,),
    RecallUnacknowledged: (cad.recall_unacknowledged,),
    TeamStays: (pages.told_to_stay, cad.team_stays),
    TeamMayEnter: (pages.let_in, cad.team_may_enter),
    EntryNotReleased: (cad.entry_not_released,),
    TeamStillStaged: (cad.team_still_staged,),
    CallChanged: (pages.told_of_change, cad.call_changed),
    ConfirmationAsked: (cad.confirmation_asked,),
    AcknowledgeAlert: (once(commands.acknowledge),),
    PingCad: (once(commands.ping),),
    RedeliverMessage: (once(commands.redeliver),),
    PersonRemoved: (contacts.person_removed,),
    DeviceRevoked: (contacts.device_revoked,),
    SetContact: (once(contacts.set_contact),),
    RemoveContact: (once(contacts.remove_contact),),
    ErasePerson: (once(contacts.erase_person),),
    NoteOptOut: (once(contacts.note_opt_out),),
    Tick: (clocks.tick,),
    EffectStarting: (pages.starting,),
    EffectDone: (pages.ended, cad.ended),
}
