"""One sentence for each event of a call, for the person who reads its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from services.console.view.audit_entries import AUDIT_SENTENCES
from services.console.view.people_words import way
from services.console.view.reasons import as_codes, decided_in_words, in_words, plain
from services.console.view.unsent import unsent_words_of
from shared import events
from shared.events import Event
from shared.programme.judging.programme import Cap
from shared.switch import Switch


def sentence_of(event: Event) -> str:
    """The event as a sentence. A test fails where one has none here; the door then shows its name."""
    sentence = SENTENCES.get(type(event))
    if sentence is None:
        return f"{event.type.replace('-', ' ').capitalize()}."
    return sentence(event) if callable(sentence) else sentence.format(e=event)


def words_of_event(event: Event) -> str:
    """The same, with its codes in words."""
    sentence = WITH_REASONS.get(type(event))
    return sentence_of(event) if sentence is None else sentence(event, in_words)


def _triaged(event: events.CallTriaged) -> str:
    judgement = event.judgement
    return judgement.sentence or f"Triage judged the call {judgement.suitability}, level {judgement.level}."


Say = Callable[[Iterable[str]], str]
"""How codes are said, where there are several: as they stand, or in words."""


def _routed(event: events.CallRouted, say: Say) -> str:
    team = f": {event.team_id}" if event.team_id else ""
    came_to = event.outcome.replace("-", " ") if say is in_words else event.outcome
    outcome = f"Outcome of episode {event.episode}: {came_to}{team}"
    if say is in_words and (decided := decided_in_words(event.sentence, event.reasons)) != event.sentence:
        return f"{outcome}. {decided}"  # which says the reasons already
    reasons = f" ({say(event.reasons)})" if event.reasons else ""
    return f"{outcome}{reasons}. {event.sentence}".rstrip()


def _stepped(event: events.FallBackStepped, say: Say) -> str:
    return f"{event.response} could not be sent: {say(event.why) or 'no team'}.{_bypassed(event.bypassed, say)}"


def _offered(event: events.OfferMade, say: Say) -> str:
    asked = "was asked how soon it can be there" if event.window else "was asked to take the call"
    asked = asked if event.paged else "may take the call, which stands on its page,"
    offered = f"Offer {event.step}: {event.team_id} {asked} for {event.response}."
    return offered + _bypassed(event.bypassed, say)


def _shadowed(event: events.OfferShadowed) -> str:
    return f"Shadow: {event.team_id or 'no team'} would have been asked for {event.response}; nothing left."


def _accepted(event: events.OfferAccepted) -> str:
    eta = "" if event.eta_minutes is None else f", arriving in {event.eta_minutes} min"
    return f"{event.person_id} of {event.team_id} accepted{eta}."


def _missing(event: events.TeamMissing) -> str:
    people = ", ".join(event.members) or "nobody"
    return {
        "not-signed-on": f"{event.team_id} is planned to be at work and has not signed on: {people}.",
        "nobody-left": f"{event.team_id} is planned to be on call, and nobody who is planned is free: {people}.",
        "unknown-team": f"{event.team_id} is planned to be on duty, and there is no such team: {people}.",
    }[event.why]


def _left_out(event: events.MembersLeftOut) -> str:
    if not event.left_out:
        return f"Everybody who is planned is on {event.team_id} now."
    why = (
        f"{each.person_id} is on shift with {each.on_shift_with}"
        if each.why == "on-shift"
        else f"{each.person_id} is not among the staff"
        for each in event.left_out
    )
    return f"{event.team_id} is without somebody who is planned: {'; '.join(why)}."


def _answered(event: events.OfferAnswered) -> str:
    eta = "without a time" if event.eta_minutes is None else f"there in {event.eta_minutes} min"
    return f"{event.person_id} of {event.team_id} would come, {eta}; it is decided which team has the call."


def _late_call_ended(event: events.LateCallEnded, say: Say) -> str:
    return f"The late call cannot be asked for any more: {say((event.why,))}."


def _held(event: events.HoldBegan) -> str:
    by = "The CAD" if event.acknowledged_by == "cad" else event.acknowledged_by
    return f"{by} acknowledged it. {event.sentence} {event.reason}".rstrip()


def _upgraded(event: events.UpgradeRaised, say: Say) -> str:
    if event.more_dangerous:
        what = f"It became more dangerous while {event.team_id} has it: level {event.level}"
    else:
        what = f"It may be none for {event.team_id}, which has it: {say(event.against)}"
    return f"{what} ({event.on_upgrade}). {event.sentence}".rstrip()


def _status(event: events.StatusReported, say: Say) -> str:
    disposition = f": {_plainly(event.disposition, say)}" if event.disposition else ""
    return f"{event.team_id} is {_plainly(event.status, say)}{disposition}."


def _corrected(event: events.StatusCorrected, say: Say) -> str:
    before, status = _plainly(event.before, say), _plainly(event.status, say)
    return f"{event.corrected_by} corrected {event.team_id} from {before} to {status}. {event.reason}".rstrip()


def _ladder(event: events.LadderSet, say: Say) -> str:
    if not (event.steps or event.never):
        return f"There is no way to page {event.person_id}: the offer to {event.team_id} stands on their page alone."
    if not event.steps:
        return f"No later way to page {event.person_id} has its turn before the offer ends."
    ways = ", then by ".join(_by_way(step.kind, say) for step in event.steps)
    return f"If nothing before has ended it, {event.person_id} is paged by {ways}."


def _page_due(event: events.PageDue, say: Say) -> str:
    kind, by = _plainly(event.kind, say), _by_way(event.method.kind, say)
    return f"A page ({kind}) to {event.person_id} of {event.team_id} is due by {by}."


def _plainly(code: str, say: Say) -> str:
    return plain(code) if say is in_words else code


def _by_way(kind: str, say: Say) -> str:
    return way(kind) if say is in_words else kind


def _gap_closed(event: events.AuditGapClosed) -> str:
    if event.reviewed_by:
        return f"{event.reviewed_by} has looked into what the auditor found of {event.about}: {event.reason}"
    return f"What the auditor had found of {event.about} is not so any more."


def _withdrawn(event: events.AssignmentWithdrawn, say: Say) -> str:
    by = f" by {event.withdrawn_by}" if event.withdrawn_by else ""
    reason = f" {event.reason}" if event.reason else ""
    return f"{event.team_id} was released{by}: {say((event.why,))}.{reason}"


def _unsent(why: str, say: Say) -> str:
    return unsent_words_of(why) if say is in_words else why


def _bypassed(teams: tuple[events.BypassedTeam, ...], say: Say) -> str:
    passed_over = "; ".join(f"{team.team_id} ({say(team.reasons)})" for team in teams)
    return f" Passed over: {passed_over}." if passed_over else ""


def _bounds(event: events.CapChanged) -> str:
    return Cap(event.at_most_open, event.at_most_per_day).words or "any number of calls"


def _clock_noted(event: events.CadClockNoted) -> str:
    minutes, where = abs(event.offset_seconds) / 60, "ahead of" if event.offset_seconds > 0 else "behind"
    return f"The time stamps of {event.source} are {minutes:.0f} min {where} ours: its calls get the default."


def _incident_confirmed(event: events.IncidentConfirmed) -> str:
    which = "another incident" if event.another else "the same incident"
    return f"{event.confirmed_by} says that the number stands for {which}. {event.reason}".rstrip()


WITH_REASONS: dict[type[Event], Callable[[Any, Say], str]] = {
    events.DeadlineSet: lambda e, say: (
        f"Episode {e.episode} begins ({say((e.why,))}); without an answer in time the default response stands."
    ),
    events.StatusReported: _status,
    events.StatusCorrected: _corrected,
    events.LateStatusNoted: lambda e, say: (
        f"{e.team_id} was {_plainly(e.status, say)}, which was reported late: it moves nothing."
    ),
    events.AssignmentEnded: lambda e, say: f"{e.team_id} cleared the call: {_plainly(e.disposition, say)}.",
    events.RoutingNoted: lambda e, say: f"Triage learnt how far the call is routed: {_plainly(e.reached, say)}.",
    events.LadderSet: _ladder,
    events.PageDue: _page_due,
    events.OfferMade: _offered,
    events.OfferWithdrawn: lambda e, say: f"The offer to {e.team_id} was withdrawn: {say((e.why,))}.",
    events.FallBackStepped: _stepped,
    events.CallRouted: _routed,
    events.LateCallEnded: _late_call_ended,
    events.AssignmentWithdrawn: _withdrawn,
    events.UpgradeRaised: _upgraded,
    events.TeamStays: lambda e, say: e.sentence.replace(f"({e.why})", f"({say((e.why,))})"),
    events.PageUndelivered: lambda e, say: f"The page has not arrived ({_unsent(e.why, say)}).",
    events.PageFailed: lambda e, say: f"The page failed: {_unsent(e.why, say)}.",
    events.PageDropped: lambda e, say: f"The page was dropped: {_unsent(e.why, say)}.",
    events.CadNotInformed: lambda e, say: f"The CAD did not acknowledge {e.kind}: {_unsent(e.why, say)}.",
}
"""Those that hold codes."""


def _with_codes(sentence: Callable[[Any, Say], str]) -> Callable[[Any], str]:
    return lambda event: sentence(event, as_codes)


SENTENCES: dict[type[Event], str | Callable[[Any], str]] = {
    **AUDIT_SENTENCES,
    **{kind: _with_codes(sentence) for kind, sentence in WITH_REASONS.items()},
    events.PhaseChanged: "{e.response} in {e.district} is {e.phase}.",
    events.DistrictPaused: lambda e: f"Paused: {Switch(e.district, e.response).words}.",
    events.DistrictResumed: lambda e: f"Resumed: {Switch(e.district, e.response).words}.",
    events.PauseReviewed: "{e.reviewed_by} looked into the pause of revision {e.paused_at_revision}: {e.reason}",
    events.CapChanged: lambda e: f"{e.response} in {e.district} takes {_bounds(e)}.",
    events.UpgradeNoted: "The call proved more dangerous; it counts towards a pause of {e.counts_for}.",
    events.LineFreed: "The phone call is over.",
    events.RingStopped: lambda e: (
        f"A phone that rings for nothing goes on ringing: {e.why}."
        if e.why
        else "A phone that rang for nothing was told to stop."
    ),
    events.LadderEnded: "Nobody is paged for the offer any more.",
    events.PageReceived: lambda e: {
        "carrier": "The network says that the phone has the page.",
        "shown": "The phone showed the page.",
        "heard": "Somebody picked up.",
    }[e.evidence],
    events.ContactProved: "{e.person_id} answered over {e.method_id}: it works.",
    events.ReferralMade: "A {e.kind} to {e.response} was made ({e.phase}), due {e.due_at:%Y-%m-%d %H:%M} UTC.",
    events.ReferralOverdue: "Nobody has said in time what became of the referral.",
    events.ReferralClosed: "The referral is closed by {e.closed_by}: {e.result}. {e.reason}",
    events.NoteMade: "A note to {e.response} was made ({e.phase}).",
    events.CallTriaged: _triaged,
    events.VersionNoted: lambda e: (
        "The CAD published a version that changes nothing."
        if e.why == "unchanged"
        else "The CAD published a version that is not the newest: what it says of hazards counts, nothing else."
    ),
    events.CallRetired: "Triage let go of the call.",
    events.CallEnded: "The CAD says that the call is {e.status}.",
    events.CadClockNoted: _clock_noted,
    events.CadIdentityNoted: (
        "{e.source} gives an incident another beginning with every version: an incident number stays one call."
    ),
    events.CallStale: "The call is older than careroute remembers: recorded, no outcome, no page.",
    events.CallKeyMade: "What the call holds of people is sealed with a key of its own.",
    events.CallVersionAt: "The team's page shows the newest version of the call.",
    events.CallVersionSeen: "The CAD published a version ({e.status}) that begins no episode.",
    events.PlanKept: "A judgement waits: for the report of its call, or for the team that takes what was sent by hand.",
    events.PlanSet: "The plan for episode {e.episode}: {e.judgement.suitability}, level {e.judgement.level}.",
    events.OfferShadowed: _shadowed,
    events.ConfirmationAsked: "A dispatcher may confirm {e.response}. {e.sentence}",
    events.ConfirmationLapsed: "Nobody confirmed {e.response} in time; what needs no confirmation is tried.",
    events.DecisionConfirmed: "{e.confirmed_by} confirmed {e.response}.",
    events.OfferAccepted: _accepted,
    events.OfferAnswered: _answered,
    events.LateCallListed: "No team took the call in time: it stands on their pages as late.",
    events.LateTakeAsked: "{e.sentence}",
    events.LateTakeLapsed: "Nobody said that {e.team_id} may take the late call: nothing comes of it.",
    events.HoldAsked: "{e.sentence}",
    events.HoldBegan: _held,
    events.HoldNoticeDue: "{e.sentence}",
    events.OfferDeclined: "{e.person_id} of {e.team_id} declined.",
    events.OfferExpired: "{e.team_id} did not answer in time.",
    events.CallErased: "{e.erased_by} had what is personal of the call erased. {e.reason}",
    events.CallOverridden: "{e.overridden_by} decided: {e.send}. {e.reason}",
    events.AssignmentMoved: "{e.sentence}",
    events.MemberConfirmed: "{e.person_id} has come to {e.team_id}.",
    events.AssignmentUnconfirmed: "The CAD has not acknowledged {e.team_id}: police may be coming too.",
    events.TeamMayEnter: lambda e: (
        f"{e.team_id} may go in: a unit is on scene."
        if e.released_by == "units-on-scene"
        else f"{e.team_id} may go in: released by {e.released_by}."
    ),
    events.EntryNotReleased: "{e.sentence}",
    events.TeamStillStaged: "{e.sentence}",
    events.RecallUnacknowledged: "{e.sentence}",
    events.TeamMissing: _missing,
    events.MembersLeftOut: _left_out,
    events.TeamUnanswering: (
        "{e.team_id} has let {e.unanswered} offers in a row run out: it is offered nothing until somebody of it speaks."
    ),
    events.CallChanged: "{e.sentence}",
    events.IncidentConfirmed: _incident_confirmed,
    events.TeamNotMoving: "{e.team_id} accepted and has not set out.",
    events.SafetyCheckDue: "{e.team_id} was silent for long and is asked whether it is well (question {e.number}).",
    events.SafetyCheckMissed: "{e.sentence}",
    events.CallForgotten: "The call is closed.",
    events.PageAttempted: "The page is being handed to its provider.",
    events.PageDelivered: "The provider took the page.",
    events.CadMessageDue: "The CAD is to be told: {e.kind}.",
    events.CadInformed: "The CAD acknowledged {e.kind}.",
    events.AlertAcknowledged: lambda e: (
        f"{e.acknowledged_by} {'takes it for noise' if e.noise else 'looks after it'}. {e.reason}".rstrip()
    ),
    events.AuditGapFound: "The auditor found a promise broken: {e.sentence}",
    events.AuditGapClosed: _gap_closed,
    events.InputRefused: "An input ({e.input_type}) could not be decided: {e.wrong}.",
    events.ClockFailed: "The clock {e.clock_id} failed: {e.wrong}.",
    events.CommandHeld: "A command ({e.command_type}) waits for the call.",
}
