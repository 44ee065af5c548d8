"""The projection: what each event changes in the store, and which events change nothing there, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.reporting.projection.judged import JUDGED
from services.reporting.projection.needs import ITS_MESSAGE, ITS_PAGE, Need, Projection
from services.reporting.projection.routed import ROUTED
from services.reporting.projection.rows import Lookup, Rows, Values
from services.reporting.projection.served import SERVED
from services.reporting.projection.words import header, place_of
from services.reporting.store.tables import CAD_MESSAGE, FAULT, PAGE, RECORD
from shared import events
from shared.engine.broker import Stored
from shared.events.base import Event, UndecodableEvent, decode

PROJECTIONS: dict[type[Event], Projection] = {**JUDGED, **ROUTED, **SERVED}

NOT_PROJECTED: dict[type[Event], str] = {
    events.Claimed: "says who writes a partition: the fold of ownership takes it in",
    events.PositionsNoted: "says how far a service has read",
    events.PersonDefined: "is about staff",
    events.PersonRemoved: "is about staff",
    events.CalendarRevoked: "is about staff; the command stands in `command`",
    events.LinksRevoked: "is about staff; the command stands in `command`",
    events.LinksRenewed: "is about staff",
    events.TokenRevoked: "is about keys; the command stands in `command`",
    events.DeviceEnrolled: "is about staff",
    events.DeviceRevoked: "is about staff",
    events.CallKeyMade: "is a key, and stands in no journal",
    events.CallErased: "is about what is sealed, which is not here; the command stands in `command`",
    events.ContactSealed: "is sealed, and stands in no journal",
    events.ContactSet: "is about staff",
    events.ContactRemoved: "is about staff",
    events.ContactProved: "is about staff",
    events.ContactBroken: "is about staff",
    events.ContactOptedOut: "is about staff",
    events.ContactOptedIn: "is about staff",
    events.RollCalled: "is about staff",
    events.RollClosed: "is about staff",
    events.ReminderDue: "is about staff; the page that it becomes stands in `page`",
    events.PlanNoticeDue: "is about staff; the page that it becomes stands in `page`",
    events.PlanNoticeHeld: "is about staff; the page that it becomes stands in `page`",
    events.DutyBegan: "is a plan; who is at work, the sign-ons say",
    events.DutyChanged: "is a plan; who is at work, the sign-ons say",
    events.DutyEnded: "is a plan; who is at work, the sign-ons say",
    events.RotationDefined: "is a plan; the command stands in `command`",
    events.RotationRemoved: "is a plan; the command stands in `command`",
    events.RotationPlanned: "says how far a service has come",
    events.ShiftPlanned: "is a plan; who is at work, the sign-ons say",
    events.ShiftMoved: "is a plan; who is at work, the sign-ons say",
    events.ShiftDropped: "is a plan; who is at work, the sign-ons say",
    events.ShiftsImported: "is a plan; the command stands in `command`",
    events.RosterFeedStale: "is about a plan; whoever looks after it has the alert",
    events.PlaceTaken: "is a plan; the command stands in `command`",
    events.CoverAsked: "is a plan; the command stands in `command`",
    events.AbsenceSet: "is about staff",
    events.AbsenceLifted: "is about staff",
    events.GapFound: "is about a plan; whoever looks after it hears of it",
    events.GapClosed: "is about a plan",
    events.ShiftsChecked: "says how far a service has come",
    events.RemindersSent: "is about staff; the pages stand in `page`",
    events.StaffNoted: "repeats to rostering what team availability decided",
    events.StaffLeft: "repeats to rostering what team availability decided",
    events.TeamNoted: "repeats to rostering what team availability decided",
    events.WayNoted: "repeats to rostering what notification decided",
    events.LateCallListed: "follows from the outcome and its offers, which stand in `episode` and `offer`",
    events.LateTakeAsked: "is a question; what comes of it is an episode",
    events.LateTakeLapsed: "is a question that nobody answered",
    events.LateCallEnded: "says what can be asked for no more",
    events.HoldAsked: "is a question; the message stands in `cad_message`, and a hold that comes of it in `step`",
    events.HoldNoticeDue: "is a reminder; the pages stand in `page`, the message in `cad_message`",
    events.LadderSet: "is an intention; what came of it are pages",
    events.LadderEnded: "repeats the end of an offer, which stands in `offer`",
    events.RingStopped: "says that a phone need not ring any more",
    events.PageReceived: "is a hint",
    events.LineFreed: "says when the next call to a phone may ring",
    events.PageUndelivered: "is a hint",
    events.TeamMissing: "is a plan that did not hold; whoever looks after it has the alert",
    events.DutyNoted: "repeats to team availability what rostering decided",
    events.DutyOver: "repeats to team availability what rostering or a person decided",
    events.MembersLeftOut: "is a plan that did not hold; whoever looks after it has the alert",
    events.TeamHeard: "is a word that changed no call",
    events.WayStood: "repeats to team availability what notification decided",
    events.TeamUnanswering: "follows from its offers, which stand in `offer`",
    events.CallVersionAt: "repeats a version, which stands in `version`",
    events.CallVersionSeen: "repeats a version, which stands in `version`",
    events.VersionNoted: "a version that changed nothing; it stands in `version`",
    events.CallEnded: "an end by the CAD; it stands in `version`",
    events.PlanKept: "waits for its call; a plan that comes of it is set",
    events.IncidentConfirmed: "an answer to a command, which stands in `command`",
    events.ProgrammeRejected: "an answer to a command, which stands in `command`",
    events.AlertAcknowledged: "an answer to a command, which stands in `command`",
    events.RoutingNoted: "repeats to triage what team availability decided",
    events.UpgradeNoted: "repeats to triage what team availability decided",
    events.PauseApplied: "repeats to team availability what triage decided",
    events.CallForgotten: "says what a service remembers",
    events.CallRetired: "says what a service remembers",
    events.CallsJudgedAgain: "says how far a service has come",
    events.PersonalDataSeen: "stands in the audit log, which has readers of its own",
    events.KeyUsed: "stands in the audit log",
    events.SignedIn: "stands in the audit log",
    events.SignInRefused: "stands in the audit log",
    events.SignedOut: "stands in the audit log",
    events.LinkHandedOut: "stands in the audit log",
    events.CommandIssued: "stands in the audit log; the command itself stands in `command`",
    events.DataExported: "stands in the audit log",
    events.PersonalDataErased: "stands in the audit log",
    events.AuditEntriesLost: "stands in the audit log",
    events.HeadsCited: "holds the audit log together",
}
"""Events that stand in `record` alone, each with the reason."""


class Read(NamedTuple):
    """A record that counts, and its event; none where it could not be read."""

    stored: Stored
    event: Event | None


def read(stored: Stored) -> Read:
    """Read a record that counts. A NUL, which PostgreSQL's text cannot hold, becomes the sign for what is no letter."""
    try:
        return Read(stored, decode(header(stored, "type") or "", stored.value.replace(b"\\u0000", b"\\ufffd")))
    except UndecodableEvent:
        return Read(stored, None)


def needs_of(batch: Iterable[Read]) -> Iterator[tuple[Lookup, Values]]:
    """The rows that a batch reads or changes."""
    for stored, event in batch:
        projection = None if event is None else PROJECTIONS.get(type(event))
        named = () if event is None else _named_by(event)
        for need in (*(projection.needs if projection is not None else ()), *named):
            yield need.lookup, need.values(event, stored)


def project(rows: Rows, batch: Iterable[Read]) -> None:
    """Fold a batch into rows, in the order in which its records stand."""
    for stored, event in batch:
        projection = None if event is None else PROJECTIONS.get(type(event))
        if projection is not None:
            projection.change(rows, event, stored)
        elif event is None:
            _unreadable(rows, stored)
        _record(rows, stored, event)


def _record(rows: Rows, stored: Stored, event: Event | None) -> None:
    rows.add(
        RECORD,
        topic=stored.topic,
        **place_of(stored),
        agency=stored.key,
        call_id=_call_id(rows, event),
        type=header(stored, "type") or "",
        event_id=header(stored, "id"),
        time=stored.time,
        cause=header(stored, "cause"),
        source=header(stored, "source"),
    )


def _call_id(rows: Rows, event: Event | None) -> str | None:
    """The call that an event is about, itself or by the page or message that it speaks of."""
    if event is None:
        return None
    row = None
    if ITS_PAGE in (named := _named_by(event)):
        row = rows.find(PAGE, page_id=event.page_id)  # type: ignore[attr-defined]  # it is named by it
    elif ITS_MESSAGE in named:
        row = rows.find(CAD_MESSAGE, message_id=event.message_id)  # type: ignore[attr-defined]  # likewise
    return getattr(event, "call_id", None) if row is None else row["call_id"]


def _named_by(event: Event) -> tuple[Need, ...]:
    """The page or the message that tells which call an event is about, where it does not say so itself.

    Not of a command: it stands in another topic, and may be read before them or after.
    """
    if getattr(event, "call_id", None) or isinstance(event, events.Command):
        return ()
    if getattr(event, "page_id", None):
        return (ITS_PAGE,)
    return (ITS_MESSAGE,) if getattr(event, "message_id", None) else ()


def _unreadable(rows: Rows, stored: Stored) -> None:
    rows.add(FAULT, topic=stored.topic, **place_of(stored), agency=stored.key, kind="unreadable", at=stored.time)
