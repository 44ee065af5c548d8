"""What the CAD and triage say of calls: episodes begin, plans are followed, an upgrade is told."""

from __future__ import annotations

from typing import Literal

from services.team_availability.draft import AgencyDraft, CallDraft, place_of, remembered_fields, version_fields
from services.team_availability.evolve_calls import moves_its_beginning
from services.team_availability.holds import end_hold, wait_ends
from services.team_availability.late import judged_again
from services.team_availability.merging import let_join, merge, one_with
from services.team_availability.offers import advance
from services.team_availability.overrides import answer_waiting
from services.team_availability.plan import USUAL, Plan, Timings, known_hazards
from services.team_availability.state import Assignment, CallMemory, CallState, JudgedVersion
from services.team_availability.upgrades import raise_upgrade, why_taken_back
from shared.answers import done, nothing_to_do
from shared.call import SAME_INCIDENT, Call, is_another_incident, is_stale, order_of
from shared.engine.broker import RecordPosition
from shared.events import (
    AssignmentUnconfirmed,
    CadNotInformed,
    CallCancelled,
    CallChanged,
    CallReported,
    CallTriaged,
    CallVersionAt,
    CallVersionSeen,
    ConfirmIncident,
    Event,
    IncidentConfirmed,
    OverrideCall,
    PlanKept,
    PlanSet,
    ProgrammeActivated,
    ProgrammeTerms,
    ResponseTerms,
    TermsNoted,
)
from shared.judgement import Judgement


def call_reported(draft: AgencyDraft, event: CallReported | CallCancelled) -> None:
    """A version of a call: it begins an episode, ends the call, or is newer than what is known; else nothing comes."""
    call, version, memory = draft.call(event.call_id), event.call, draft.call(event.call_id).memory
    if version.ended or version.units_on_scene:
        call.end_late("cancelled" if version.ended else "units-on-scene")
    if memory is None:
        if is_stale(version, event.judged_at):
            return
        if version.ended:
            call.emit(_seen(draft, event))
        else:
            _begin(call, event, "reported")
        return
    order = order_of(version.updated_at, event.received_at)
    if _offset(draft) <= memory.arrived:
        return  # it was read before
    if order >= memory.order and _is_another(call, memory, version):
        _begin_another(call, event)
    elif version.ended:
        is_news = not memory.ended or order > memory.order
        if is_news and order >= (memory.reopened or order):  # late or not: no re-opening came after it
            _end(call, event)
    elif order > memory.order or (order == memory.order and (not memory.ended or version.status == "reopened")):
        _go_on(call, event, memory)


def _go_on(call: CallDraft, event: CallReported | CallCancelled, memory: CallMemory) -> None:
    """Take in the newest version of a call that goes on."""
    version, given = event.call, call.draft.given
    if call.is_open or call.assignment is not None:
        call.emit(CallVersionAt(**call.key, **version_fields(event), call_at=given.cause))
        _tell_of_changes(call, event, memory)
    elif (why := _why_again(memory, version)) is not None:
        _begin(call, event, why)
    elif (version.status, version.requested_by) != (memory.status, memory.requested_by) or (
        not memory.created_moves
        and moves_its_beginning(version.call_id, memory, version.created_at, version.updated_at, version.status)
    ):
        call.emit(_seen(call.draft, event))


def _end(call: CallDraft, event: CallReported | CallCancelled) -> None:
    """The CAD ended the call: what is open is withdrawn, a team on its way turns back, one with somebody stays.

    A call that was merged into another takes its team along.
    """
    call.emit(_seen(call.draft, event))
    if call.is_open:
        call.withdraw("cancelled")
        call.route("cancelled", (event.call.status,), sentence="The CAD has ended the call.")
    elif event.call.status == "merged":
        merge(call)
    else:
        call.release("cancelled", event.call.status)


def _is_another(call: CallDraft, memory: CallMemory, version: Call) -> bool:
    """Whether the number stands for another incident by now. While a team has the call it stays that call."""
    return call.assignment is None and not memory.created_moves and _may_be_another(memory, version)


def _begin_another(call: CallDraft, event: CallReported | CallCancelled) -> None:
    """End what is left of the incident that had the number, and begin the one that has it now."""
    if call.is_open:
        call.withdraw("cancelled")
        call.route("default", (*call.episode.reasons, "number-reused"))
    if event.call.ended:
        call.emit(_seen(call.draft, event))
    else:
        _begin(call, event, "number-reused")


def _tell_of_changes(call: CallDraft, event: CallReported | CallCancelled, before: CallMemory) -> None:
    """Tell a team that has the call what is not as it was: where it is, when it began, and that it may go in."""
    assignment, version = call.assignment, event.call
    if assignment is None:
        return
    if not assignment.may_enter:
        call.let_in_beside_police()
    begun = _change_of_beginning(call, assignment, before, version)
    address = event.address_pseudonym
    address_changed = bool(before.address_pseudonym and address) and address != before.address_pseudonym
    changes = [begun] if begun else []
    if place_of(version) != before.place:
        changes.append(f"Place: {before.place or 'not said'}, now {place_of(version) or 'not said'}.")
    if address_changed:
        changes.append("Address: another than before.")
    if far := before.is_far_from(event.position_pseudonyms):
        changes.append("Position: far from where it was.")
    if not changes:
        return
    is_other = begun is not None and _begins_far_from(before, version)
    asks = " Is it another incident?" if is_other else ""
    call.emit(
        CallChanged(
            **call.key,
            team_id=assignment.team_id,
            changes=tuple(changes),
            another_incident=is_other,
            begun_at=version.created_at if begun else None,
            changed_at=call.draft.given.time,
            sentence=f"{assignment.team_id} has a call that the CAD has changed. {' '.join(changes)}{asks}",
            address_changed=address_changed,
            far=far,
        )
    )


def _change_of_beginning(call: CallDraft, assignment: Assignment, before: CallMemory, version: Call) -> str | None:
    """Another beginning than the team knows of, as people read times; None where the source's say nothing."""
    timings, team_knows = call.draft.state.timings(call.state), assignment.begun_told or before.created_at
    if team_knows is None or call.state.reported.created_moves:
        return None
    known, now = timings.date_time(team_knows), timings.date_time(version.created_at)
    return None if known == now else f"Beginning: {known}, now {now}."


def _begins_far_from(memory: CallMemory, version: Call) -> bool:
    """Whether the beginning is so far from before, to either side, that the number may stand for another incident."""
    before, now = memory.created_at, version.created_at
    return before is not None and abs(now - before) > SAME_INCIDENT


def confirm_incident(draft: AgencyDraft, command: ConfirmIncident) -> list[Event]:
    """A dispatcher says whether a call that began at another time is another incident."""
    call = draft.call(command.call_id)
    assignment = call.assignment
    begun_at = None if assignment is None else assignment.begun_told
    if assignment is None or begun_at is None:
        return [nothing_to_do(command, "No team has a call of another beginning there.", about=command.call_id)]
    call.emit(
        IncidentConfirmed(
            **call.key,
            team_id=assignment.team_id,
            another=command.another,
            begun_at=begun_at,
            confirmed_by=command.issued_by,
            reason=command.reason,
        )
    )
    if command.another:
        sentence = f"{assignment.team_id} has the former incident; the default stands for the other one."
        return [done(command, sentence, about=command.call_id)]
    return [done(command, f"It is the same incident; {assignment.team_id} has it.", about=command.call_id)]


def begin_another(call: CallDraft) -> None:
    """The team is done with its incident: the other one that has the number by now gets its own episode."""
    memory = call.memory
    if memory is None or memory.another_begun_at is None or memory.ended or call.is_open:
        return
    version = remembered_fields(memory)
    version["created_at"] = memory.another_begun_at
    timings = call.draft.state.timings(call.state)
    call.begin("number-reused", version, call_at=memory.call_at, received_at=call.draft.now, timings=timings)


def call_triaged(draft: AgencyDraft, event: CallTriaged) -> None:
    """A version of a call was judged: follow the plan, or keep it until that version is reported.

    A team at the same place is told as well: it could not follow when its call was merged into this one, or has gone on
    to the call that this one was merged into.
    """
    call, judged = draft.call(event.call_id), _judged(event, draft.given.cause)
    is_news = call.state.episode is not None and _is_newer(call.state, judged, event.call)
    _note_terms(draft, event.judgement)
    if call.is_open:
        if is_news:
            _follow(call, judged) if call.episode.override is None else _keep(call, judged)
    elif call.assignment is not None:
        if judged.triaged_at > call.state.reported.triaged_at:  # of a version from before the episode, too
            raise_upgrade(call, judged)
    else:
        _judged_after_outcome(call, judged, event.call, is_news=is_news)
    for other in one_with(call, judged.order[0]):
        if judged.triaged_at > other.state.reported.triaged_at:
            raise_upgrade(other, judged)


def programme_activated(draft: AgencyDraft, event: ProgrammeActivated) -> None:
    """A document took effect: a dispatcher may send its responses to the first call, however dangerous that is."""
    if event.terms is not None:
        _note_terms(draft, event.terms)


def cad_not_informed(draft: AgencyDraft, event: CadNotInformed) -> None:
    """The CAD did not acknowledge that a team has the call: police may be coming too."""
    call = draft.call(event.call_id)
    assignment = call.assignment
    if event.kind != "call.routed" or assignment is None or assignment.unconfirmed:
        return
    if call.episode.number == event.episode:
        call.emit(AssignmentUnconfirmed(**call.key, team_id=assignment.team_id))


# --- episodes -------------------------------------------------------------------------------------------------------


def _offset(draft: AgencyDraft) -> int:
    """Where the input stands in its topic: later is newer, whatever clocks say."""
    return RecordPosition.parse(draft.given.cause).offset


def _why_again(memory: CallMemory, version: Call) -> Literal["reopened", "requested"] | None:
    """Why a call that has its outcome gets another episode."""
    if memory.ended or (version.status == "reopened" and memory.status != "reopened"):
        return "reopened"
    is_request = version.requested_by is not None and version.requested_by != memory.requested_by
    return "requested" if is_request else None


def _seen(draft: AgencyDraft, event: CallReported | CallCancelled) -> CallVersionSeen:
    return CallVersionSeen(
        call_id=event.call_id, event_id=event.event_id, **version_fields(event), call_at=draft.given.cause
    )


def _begin(
    call: CallDraft,
    event: CallReported | CallCancelled,
    why: Literal["reported", "reopened", "requested", "number-reused"],
) -> None:
    given = call.draft.given
    call.begin(why, version_fields(event), call_at=given.cause, received_at=given.time, timings=USUAL)
    answer_waiting(call)
    early = call.state.early_plan
    if early is not None and call.is_open and call.episode.override is None:
        _follow(call, early)


# --- plans ----------------------------------------------------------------------------------------------------------


def _judged(event: CallTriaged, cause: str) -> JudgedVersion:
    offset = RecordPosition.parse(cause).offset
    return JudgedVersion(
        event.event_id,
        event.judgement,
        event.updated_at,
        offset,
        event.language,
        event.priority,
        event.received_at,
        event.synthetic,
    )


def _is_newer(call: CallState, judged: JudgedVersion, version: Call | None) -> bool:
    """Whether a judgement is of the episode, and the last that triage has given of it.

    Each says all that triage knows of the call, late versions too: the last one counts, whatever version it is about.
    """
    episode = call.running
    if judged.triaged_at <= call.reported.triaged_at:
        return False
    if call.plan is not None or episode.override is not None:
        return True  # whatever comes after the episode's first plan is of it, and a person's begins with no version
    if judged.is_from_before(*episode.begun_with):
        return False
    if version is None or not episode.reopened or version.status == "reopened":
        return True
    order, received_at = episode.begun_with  # of the very instant: it may be from before the re-opening
    return judged.order[0] > order or (judged.received_at is not None and judged.received_at > received_at)


def _is_early(call: CallState, judged: JudgedVersion, version: Call | None) -> bool:
    """Whether a judgement is ahead of its report; after an outcome only if that report will begin another episode.

    A call of which the report was refused waits for one that says what it is.
    """
    memory, early = call.memory, call.early_plan
    if early is not None:  # what triage says after that takes its place, also of a version that was judged before
        return judged.triaged_at > early.triaged_at
    if memory is None or memory.unvouched:
        return True
    if version is None or judged.triaged_at <= memory.triaged_at:
        return False
    if judged.is_from_before(memory.order, memory.received_at or memory.updated_at):
        return False
    if judged.order[0] == memory.order and memory.ended and version.status != "reopened":
        return False  # of the very instant of the end: it is from before
    return _why_again(memory, version) is not None or _may_be_another(memory, version)


def _may_be_another(memory: CallMemory, version: Call) -> bool:
    if memory.created_at is None:
        return False
    return is_another_incident(
        version.call_id, memory.created_at, version.created_at, version.updated_at, version.status
    )


def _follow(call: CallDraft, judged: JudgedVersion) -> None:
    """Do what the newest judgement says; an offer of what may no longer go is taken back."""
    judgement = judged.judgement
    before, why = call.plan, why_taken_back(judged.judgement, call.plan)
    if judgement.suitability == "unsuitable":
        call.withdraw(why)
        call.route("default", judgement.reasons or ("unsuitable",), judged=judged)
        return
    hold, waits = call.episode.hold, call.episode.waits
    deadline = call.episode.received_at + Timings.of(judgement).to_decide
    if waits:
        deadline = wait_ends(call, judgement)
    call.emit(PlanSet(**call.key, deadline=deadline, **judged._asdict()))
    if hold is not None and call.episode.override is None and _is_worse(judgement, before, waits=waits):
        end_hold(call, why)
        return
    let_join(call)
    answer_waiting(call, only=OverrideCall.type)
    if not call.is_open or call.episode.override is not None:
        return
    offered = call.episode.offered
    if offered is not None and call.is_paused(offered):
        call.withdraw("paused")
    elif offered is not None and call.plan is not None and not call.plan.may_go(offered):
        call.withdraw(why)
    advance(call)


def _judged_after_outcome(call: CallDraft, judged: JudgedVersion, version: Call | None, *, is_news: bool) -> None:
    """Nobody has the call: what is judged may be about a report to come, or be for a team that is sent by hand."""
    if is_news and call.state.late is not None:
        judged_again(call, judged)
    if _is_early(call.state, judged, version):
        call.emit(PlanKept(call_id=call.call_id, **judged._asdict()))
        answer_waiting(call, only=OverrideCall.type)
        return
    is_worse = call.state.early_plan is not None or _is_worse(judged.judgement, call.plan, waits=True)
    is_of_plan = is_news and call.state.late is None and call.plan is not None
    if is_worse and (is_of_plan or _is_unheard(call.state, judged)):
        _keep(call, judged)


def _is_unheard(call: CallState, judged: JudgedVersion) -> bool:
    """Whether it is the first word against a call that has had its outcome and left since, and may yet get a team."""
    memory = call.memory
    if call.episode is not None or memory is None or memory.outcome in (None, "cancelled") or memory.against:
        return False
    return judged.triaged_at > memory.triaged_at


def _keep(call: CallDraft, judged: JudgedVersion) -> None:
    """A dispatcher sends what they have named all the same, or may: the team that takes the call is told."""
    early = call.state.early_plan
    if early is None or judged.triaged_at > early.triaged_at:
        call.emit(PlanKept(call_id=call.call_id, **judged._asdict()))


def _is_worse(judgement: Judgement, before: Plan | None, *, waits: bool) -> bool:
    """Whether a call that waits, or is to, may not any more: it has become more dangerous, or nobody knows."""
    if waits and judgement.suitability != "suitable":
        return True
    if before is None or judgement.level_rank < before.level_rank:
        return False
    is_higher = judgement.level_rank > before.level_rank
    return is_higher or known_hazards(judgement.raised_by, before.hazards) != before.hazards


def _note_terms(draft: AgencyDraft, source: Judgement | ProgrammeTerms) -> None:
    """Note the responses that a programme version names for the first time."""
    terms = draft.state.terms
    is_same = terms.programme_hash == source.programme_hash
    new = [named for named in source.responses if not is_same or named.response not in terms.responses]
    if new:
        draft.emit(
            TermsNoted(
                programme_hash=source.programme_hash,
                responses=tuple(ResponseTerms.model_validate(named, from_attributes=True) for named in new),
                **Timings.of(source)._asdict(),
            )
        )
