"""What the door knows: the fold of three journals into records for people.

It takes events and their times alone, so that the same events always give the same view; and it is bounded, because
closed calls leave it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.console.view.call import BEGIN, ENDED_OFFERS, CallSeen
from services.console.view.records import (
    Alert,
    CapSeen,
    CommandSeen,
    DocumentSeen,
    PauseSeen,
    PersonSeen,
    PhaseSeen,
    ReferralSeen,
    SwitchboardSeen,
    SwitchSeen,
    TeamSeen,
)
from services.console.view.sentences import sentence_of
from shared import events
from shared.engine.broker import Stored
from shared.engine.topic import Topic
from shared.events import BY_ITSELF, ClockFailed, Event
from shared.switch import Switch
from shared.topics import ASSIGNMENTS, DECISIONS, NOTIFICATIONS

READS: tuple[Topic, ...] = (DECISIONS, ASSIGNMENTS, NOTIFICATIONS)

KEEP_QUIET = timedelta(days=7)
"""A call of which nothing was heard for so long leaves the view even if it never closed."""
KEEP_ALERTS = 1_000
KEEP_ANSWERS = 20_000
KEEP_DOCUMENTS = 10
KEEP_SWITCHES = 200
KEEP_REFERRALS = 5_000
DEADLINE_CLOCK = "deadline/"
"""The clock of a call's routing deadline, in team availability; the call's id follows."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Keep:
    """How long closed calls stay, and how many of an agency at most."""

    closed: timedelta = timedelta(hours=72)
    closed_calls: int = 5_000


class View:
    """Every agency's view."""

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep or Keep()
        self._agencies: dict[str, AgencyView] = {}

    def fold(self, agency: str, event: Event, stored: Stored) -> None:
        """Take the next counting event of a journal in. Never raises for an event about something that is not known."""
        if agency not in self._agencies:
            self._agencies[agency] = AgencyView(self._keep)
        self._agencies[agency].fold(event, stored)

    def agency(self, name: str) -> AgencyView:
        """One agency's view; empty where nothing was ever heard of it."""
        return self._agencies.get(name) or AgencyView(self._keep)


class AgencyView:
    """One agency's view. Changed in place: nobody keeps an old one."""

    def __init__(self, keep: Keep) -> None:
        self.switchboard = SwitchboardSeen()
        self.documents: OrderedDict[str, DocumentSeen] = OrderedDict()
        """Versions of the programme by hash, the one proposed last at the end."""
        self.teams: dict[str, TeamSeen] = {}
        self.people: dict[str, PersonSeen] = {}
        self.referrals: OrderedDict[str, ReferralSeen] = OrderedDict()
        self._keep = keep
        self._calls: OrderedDict[str, CallSeen] = OrderedDict()
        """The one heard of longest ago first."""
        self._closed: OrderedDict[str, datetime] = OrderedDict()
        self._call_of_page: dict[str, str] = {}
        self._alerts: OrderedDict[str, Alert] = OrderedDict()
        self._commands: OrderedDict[str, CommandSeen] = OrderedDict()

    def call(self, call_id: str) -> CallSeen | None:
        """A call that is still in the view."""
        return self._calls.get(call_id)

    def calls(self) -> list[CallSeen]:
        """Every call in the view, the one heard of last first."""
        return list(reversed(self._calls.values()))

    def alerts(self) -> list[Alert]:
        """What a person has to look at, newest first."""
        return list(reversed(self._alerts.values()))

    def command(self, command_id: str) -> CommandSeen | None:
        """The answer to a command, or that it waits for its call."""
        return self._commands.get(command_id)

    def fold(self, event: Event, stored: Stored) -> None:
        """Take an event in."""
        change = CHANGES.get(type(event))
        if change is not None:
            change(self, event, stored)
        call = self._call_of(event, stored.time)
        if call is not None:
            call.fold(event, stored)
            self._settle(call, stored.time)

    def keep_answer(self, seen: CommandSeen) -> None:
        """Remember the newest answers."""
        _keep_newest(self._commands, seen.command_id, seen, KEEP_ANSWERS)

    def alert(self, key: str, alert: Alert) -> None:
        """Raise an alert, or raise it again."""
        _keep_newest(self._alerts, key, alert, KEEP_ALERTS)

    def calm(self, key: str) -> None:
        """End an alert, if there is one."""
        self._alerts.pop(key, None)

    def free(self, team_id: str, call_id: str, at: datetime) -> None:
        """A team is done with a call."""
        team = self.teams.get(team_id)
        if team is not None and team.call_id == call_id:
            team.call_id, team.status_at = None, at
            team.status = "available" if team.shift_id else "off-duty"

    def _call_of(self, event: Event, at: datetime) -> CallSeen | None:
        call_id = getattr(event, "call_id", None)
        if isinstance(event, ClockFailed) and event.clock_id.startswith(DEADLINE_CLOCK):
            call_id = event.clock_id.removeprefix(DEADLINE_CLOCK)
        if page_id := getattr(event, "page_id", ""):
            call_id = call_id or self._call_of_page.get(page_id)
        call = self._calls.get(call_id or "")
        if call is None and call_id and isinstance(event, BEGIN):
            call = self._calls[call_id] = CallSeen(call_id, at)
        if call is not None and page_id:
            self._call_of_page[page_id] = call.call_id
        return call

    def _settle(self, call: CallSeen, at: datetime) -> None:
        """Put the call where it belongs after a change; let go of what has been closed or quiet for long."""
        self._calls.move_to_end(call.call_id)
        self._closed.pop(call.call_id, None)
        if not call.open:
            self._closed[call.call_id] = at
        while self._closed:
            call_id, closed_at = next(iter(self._closed.items()))
            if len(self._closed) <= self._keep.closed_calls and at - closed_at <= self._keep.closed:
                break
            self._drop(call_id)
        while self._calls and at - (quietest := next(iter(self._calls.values()))).last_at > KEEP_QUIET:
            self._drop(quietest.call_id)

    def _drop(self, call_id: str) -> None:
        self._closed.pop(call_id, None)
        for page_id in self._calls.pop(call_id).pages:
            self._call_of_page.pop(page_id, None)


def _keep_newest(held: OrderedDict[str, V], key: str, value: V, limit: int) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > limit:
        held.popitem(last=False)


# --- answers and alerts


def _done(view: AgencyView, event: events.CommandDone, stored: Stored) -> None:
    seen = CommandSeen(event.command_id, "done", stored.time, event.result, event.sentence)
    seen.about, seen.revision = event.about, event.revision
    view.keep_answer(seen)


def _refused(view: AgencyView, event: events.CommandRefused, stored: Stored) -> None:
    seen = CommandSeen(event.command_id, "refused", stored.time, "", event.sentence, event.reason, event.faults)
    view.keep_answer(seen)


def _held(view: AgencyView, event: events.CommandHeld, stored: Stored) -> None:
    view.keep_answer(CommandSeen(event.command_id, "held", stored.time, "", sentence_of(event), about=event.call_id))


def _input_refused(view: AgencyView, event: events.InputRefused, stored: Stored) -> None:
    alert = Alert("input-refused", stored.time, sentence_of(event), event.position, event.call_id)
    view.alert(f"input-refused/{stored.topic}/{event.position}", alert)


def _clock_failed(view: AgencyView, event: events.ClockFailed, stored: Stored) -> None:
    sentence = f"The clock {event.clock_id} failed and was taken out: {event.wrong}."
    view.alert(stored.position, Alert("clock-failed", stored.time, sentence, event.clock_id))


def _unconfirmed(view: AgencyView, event: events.AssignmentUnconfirmed, stored: Stored) -> None:
    alert = Alert("unconfirmed", stored.time, sentence_of(event), event.team_id, event.call_id)
    view.alert(f"unconfirmed/{event.call_id}/{event.episode}", alert)


def _silent(view: AgencyView, event: events.SafetyCheckMissed, stored: Stored) -> None:
    if (team := view.teams.get(event.team_id)) is not None:
        team.status, team.status_at = "safety-check-overdue", stored.time
    alert = Alert("team-silent", stored.time, sentence_of(event), event.team_id, event.call_id)
    view.alert(f"team-silent/{event.team_id}", alert)


def _assignment_over(view: AgencyView, event: Any, stored: Stored) -> None:
    view.calm(f"unconfirmed/{event.call_id}/{event.episode}")
    view.calm(f"team-silent/{event.team_id}")
    view.free(event.team_id, event.call_id, stored.time)


def _informed(view: AgencyView, event: events.CadInformed, _stored: Stored) -> None:
    view.calm(f"cad-not-informed/{event.message_id}")
    if event.kind == "call.routed":
        view.calm(f"unconfirmed/{event.call_id}/{event.episode}")


def _not_informed(view: AgencyView, event: events.CadNotInformed, stored: Stored) -> None:
    sentence = f"{event.source} did not acknowledge {event.kind}: {event.why}."
    alert = Alert("cad-not-informed", stored.time, sentence, event.message_id, event.call_id or None)
    view.alert(f"cad-not-informed/{event.message_id}", alert)


def _disabled(view: AgencyView, event: events.CadWebhookDisabled, stored: Stored) -> None:
    sentence = f"Nothing is sent to the CAD {event.source}: it answered 410 Gone. A ping that succeeds ends this."
    view.alert(f"webhook-disabled/{event.source}", Alert("webhook-disabled", stored.time, sentence, event.source))


def _enabled(view: AgencyView, event: events.CadWebhookEnabled, _stored: Stored) -> None:
    view.calm(f"webhook-disabled/{event.source}")


# --- programme and switchboard


def _proposed(view: AgencyView, event: events.ProgrammeProposed, _stored: Stored) -> None:
    seen = DocumentSeen(
        event.document_hash,
        event.version,
        event.effective,
        "proposed",
        event.proposed_by,
        reason=event.reason,
        document=event.document,
    )
    view.documents.setdefault(event.document_hash, seen)
    disposable = [name for name, held in view.documents.items() if held.state not in ("adopted", "active")]
    for name in disposable[: max(0, len(view.documents) - KEEP_DOCUMENTS)]:
        del view.documents[name]


def _adopted(view: AgencyView, event: events.ProgrammeAdopted, _stored: Stored) -> None:
    seen = DocumentSeen(event.document_hash, event.version, event.effective, "adopted", event.proposed_by)
    seen = view.documents.setdefault(event.document_hash, seen)
    seen.state, seen.approved_by = "adopted", event.approved_by


def _activated(view: AgencyView, event: events.ProgrammeActivated, stored: Stored) -> None:
    for seen in view.documents.values():
        if seen.state == "active":
            seen.state = "replaced"
        if seen.document_hash == event.rolled_back_from:
            seen.state, seen.rolled_back_by, seen.rolled_back_why = "rolled-back", event.changed_by, event.reason
    unknown = DocumentSeen(event.document_hash, event.version, stored.time, "active", "")
    active = view.documents.setdefault(event.document_hash, unknown)
    active.state, active.rolled_back_by, active.rolled_back_why = "active", None, ""


def _switched(
    view: AgencyView,
    event: events.PhaseChanged | events.CapChanged | events.DistrictPaused | events.DistrictResumed,
    stored: Stored,
) -> None:
    board = view.switchboard
    board.revision = event.revision
    seen = SwitchSeen(event.revision, stored.time, event.changed_by, sentence_of(event), event.reason)
    board.history = [seen, *board.history[: KEEP_SWITCHES - 1]]


def _phase(view: AgencyView, event: events.PhaseChanged, stored: Stored) -> None:
    _switched(view, event, stored)
    view.switchboard.phases[f"{event.response}/{event.district}"] = PhaseSeen(
        event.response, event.district, event.phase, stored.time, event.changed_by, event.reason
    )


def _paused(view: AgencyView, event: events.DistrictPaused, stored: Stored) -> None:
    _switched(view, event, stored)
    seen = PauseSeen(event.district, stored.time, event.changed_by, event.reason, event.response)
    paused = Switch(event.district, event.response).key
    view.switchboard.paused[paused] = seen
    if event.changed_by == BY_ITSELF:
        sentence = f"careroute paused {paused} by itself: {event.reason}. Look into it, then resume."
        view.alert(f"paused/{paused}", Alert("paused-by-itself", stored.time, sentence, paused))
    sentence = f"{event.changed_by} paused {paused}; another person has to look into it: review {event.revision}."
    view.alert(f"review/{event.revision}", Alert("pause-unreviewed", stored.time, sentence, str(event.revision)))


def _reviewed(view: AgencyView, event: events.PauseReviewed, _stored: Stored) -> None:
    view.calm(f"review/{event.paused_at_revision}")
    for seen in view.switchboard.history:
        if seen.revision == event.paused_at_revision:
            seen.reviewed_by, seen.found = event.reviewed_by, event.reason


def _resumed(view: AgencyView, event: events.DistrictResumed, stored: Stored) -> None:
    _switched(view, event, stored)
    paused = Switch(event.district, event.response).key
    view.switchboard.paused.pop(paused, None)
    view.calm(f"paused/{paused}")


def _capped(view: AgencyView, event: events.CapChanged, stored: Stored) -> None:
    _switched(view, event, stored)
    key, bounds = f"{event.response}/{event.district}", (event.at_most_open, event.at_most_per_day)
    view.switchboard.caps.pop(key, None)
    if any(bounds):
        view.switchboard.caps[key] = CapSeen(
            event.response, event.district, *bounds, stored.time, event.changed_by, event.reason
        )


# --- referrals


def _referral(view: AgencyView, event: events.ReferralMade, stored: Stored) -> None:
    about = (event.call_id, event.response, event.district, event.phase, stored.time)
    _keep_referral(view, ReferralSeen(event.referral_id, event.kind, *about, due_at=event.due_at))


def _note(view: AgencyView, event: events.NoteMade, stored: Stored) -> None:
    about = (event.call_id, event.response, event.district, event.phase, stored.time)
    _keep_referral(view, ReferralSeen(event.note_id, "note", *about, state="noted"))


def _keep_referral(view: AgencyView, seen: ReferralSeen) -> None:
    """Notes and what is closed make room before what somebody has still to do."""
    view.referrals[seen.referral_id] = seen
    if len(view.referrals) > KEEP_REFERRALS:
        over = (name for name, held in view.referrals.items() if held.state not in ("open", "overdue"))
        del view.referrals[next(over, next(iter(view.referrals)))]


def _overdue(view: AgencyView, event: events.ReferralOverdue, stored: Stored) -> None:
    seen = view.referrals.get(event.referral_id)
    what = "referral" if seen is None else f"{seen.kind} to {seen.response}"
    if seen is not None:
        seen.state = "overdue"
    sentence = f"Nobody has said what became of the {what}."
    view.alert(
        f"referral/{event.referral_id}",
        Alert("referral-overdue", stored.time, sentence, event.referral_id, event.call_id),
    )


def _referral_closed(view: AgencyView, event: events.ReferralClosed, stored: Stored) -> None:
    view.calm(f"referral/{event.referral_id}")
    if (seen := view.referrals.get(event.referral_id)) is not None:
        seen.state, seen.reason = event.result, event.reason
        seen.closed_by, seen.closed_at = event.closed_by, stored.time


# --- teams and people


def _person(view: AgencyView, event: events.PersonDefined, _stored: Stored) -> None:
    view.people.setdefault(event.person.person_id, PersonSeen(event.person)).person = event.person


def _person_removed(view: AgencyView, event: events.PersonRemoved, _stored: Stored) -> None:
    view.people.pop(event.person_id, None)


def _team(view: AgencyView, event: events.TeamDefined, _stored: Stored) -> None:
    view.teams.setdefault(event.team.team_id, TeamSeen(event.team)).team = event.team


def _team_removed(view: AgencyView, event: events.TeamRemoved, _stored: Stored) -> None:
    view.teams.pop(event.team_id, None)


def _signed_on(view: AgencyView, event: events.TeamSignedOn, stored: Stored) -> None:
    if (team := view.teams.get(event.team_id)) is not None:
        team.shift_id, team.members, team.shift_ends_at = event.shift_id, event.members, event.shift_ends_at
        team.status, team.status_at = "available", stored.time
        _on_shift(view, team.members, event.team_id)


def _signed_off(view: AgencyView, event: events.TeamSignedOff, stored: Stored) -> None:
    if (team := view.teams.get(event.team_id)) is not None:
        _on_shift(view, team.members, None)
        team.shift_id, team.members, team.shift_ends_at = None, (), None
        team.status, team.status_at = "off-duty", stored.time


def _on_shift(view: AgencyView, members: tuple[str, ...], team_id: str | None) -> None:
    for person_id in members:
        if (person := view.people.get(person_id)) is not None:
            person.team_id = team_id


def _status(view: AgencyView, event: events.StatusReported, stored: Stored) -> None:
    view.calm(f"team-silent/{event.team_id}")
    if (team := view.teams.get(event.team_id)) is not None:
        team.status, team.status_at = event.status, stored.time


def _offered(view: AgencyView, event: events.OfferMade, _stored: Stored) -> None:
    if (team := view.teams.get(event.team_id)) is not None:
        team.offers.append(event.offer_id)


def _offer_ended(view: AgencyView, event: Any, stored: Stored) -> None:
    if (team := view.teams.get(event.team_id)) is None:
        return
    team.offers = [offer_id for offer_id in team.offers if offer_id != event.offer_id]
    if isinstance(event, events.OfferAccepted):
        team.call_id, team.status, team.status_at = event.call_id, "assigned", stored.time


CHANGES: dict[type[Event], Callable[[AgencyView, Any, Stored], None]] = {
    events.CommandDone: _done,
    events.CommandRefused: _refused,
    events.CommandHeld: _held,
    events.InputRefused: _input_refused,
    events.ClockFailed: _clock_failed,
    events.AssignmentUnconfirmed: _unconfirmed,
    events.SafetyCheckMissed: _silent,
    events.AssignmentWithdrawn: _assignment_over,
    events.AssignmentEnded: _assignment_over,
    events.CadInformed: _informed,
    events.CadNotInformed: _not_informed,
    events.CadWebhookDisabled: _disabled,
    events.CadWebhookEnabled: _enabled,
    events.ProgrammeProposed: _proposed,
    events.ProgrammeAdopted: _adopted,
    events.ProgrammeActivated: _activated,
    events.PhaseChanged: _phase,
    events.DistrictPaused: _paused,
    events.DistrictResumed: _resumed,
    events.PauseReviewed: _reviewed,
    events.CapChanged: _capped,
    events.ReferralMade: _referral,
    events.ReferralOverdue: _overdue,
    events.ReferralClosed: _referral_closed,
    events.NoteMade: _note,
    events.PersonDefined: _person,
    events.PersonRemoved: _person_removed,
    events.TeamDefined: _team,
    events.TeamRemoved: _team_removed,
    events.TeamSignedOn: _signed_on,
    events.TeamSignedOff: _signed_off,
    events.StatusReported: _status,
    events.OfferMade: _offered,
    **dict.fromkeys(ENDED_OFFERS, _offer_ended),
}
