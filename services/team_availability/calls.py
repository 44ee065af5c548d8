"""What the CAD and triage say of calls: episodes begin, plans are followed, an upgrade is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.team_availability.draft import AgencyDraft, CallDraft, version_fields
from services.team_availability.offers import advance
from services.team_availability.overrides import answer_waiting
from services.team_availability.plan import USUAL, Timings
from services.team_availability.state import CallMemory, CallState, JudgedVersion
from shared.call import Call, status_order
from shared.engine.broker import RecordPosition
from shared.engine.state import REMEMBERED_DAYS
from shared.events import (
    AssignmentUnconfirmed,
    CadNotInformed,
    CallCancelled,
    CallReported,
    CallTriaged,
    CallVersionAt,
    CallVersionSeen,
    OverrideCall,
    PlanKept,
    PlanSet,
    ResponseTerms,
    TermsNoted,
    UpgradeRaised,
)
from shared.judgement import Judgement

STALE = timedelta(days=REMEMBERED_DAYS)
"""A call that is older by its own time stamps gets no episode: what became of it may be forgotten."""


def call_reported(draft: AgencyDraft, event: CallReported) -> None:
    """A version of a call: it may begin an episode, or be a newer version of a running one; else it changes nothing."""
    call, version = draft.call(event.call_id), event.call
    memory = call.memory
    if version.ended:
        call_ended(draft, event)
    elif memory is None:
        if not _is_stale(event):
            _begin(call, version, "reported")
    elif version.order <= memory.order:
        return
    elif call.is_open or call.assignment is not None:
        call.emit(CallVersionAt(**call.key, **version_fields(version), call_at=draft.given.cause))
    elif (why := _why_again(memory, version)) is not None:
        _begin(call, version, why)
    elif (version.status, version.requested_by) != (memory.status, memory.requested_by):
        call.emit(_seen(event))


def call_ended(draft: AgencyDraft, event: CallCancelled | CallReported) -> None:
    """The CAD ended the call: what is open is withdrawn, a team on it is free again."""
    call, version = draft.call(event.call_id), event.call
    memory = call.memory
    if memory is None:
        if not _is_stale(event):
            call.emit(_seen(event))
        return
    if version.order <= memory.order:
        return
    call.emit(_seen(event))
    if call.is_open:
        call.withdraw("cancelled")
        call.route("cancelled", (version.status,), sentence="The CAD has ended the call.")
    else:
        call.release("cancelled")


def call_triaged(draft: AgencyDraft, event: CallTriaged) -> None:
    """A version of a call was judged: follow the plan, or keep it until that version is reported."""
    call, judged = draft.call(event.call_id), _judged(event, draft.given.cause)
    _note_terms(draft, event.judgement)
    if call.is_open:
        if call.episode.override is None and _is_newer(call.state, judged, event.call):
            _follow(call, judged)
    elif call.assignment is not None:
        if _is_newer(call.state, judged, event.call):
            _raise_upgrade(call, judged)
    elif _is_early(call.state, judged, event.call):
        call.emit(PlanKept(call_id=call.call_id, **judged._asdict()))


def cad_not_informed(draft: AgencyDraft, event: CadNotInformed) -> None:
    """The CAD did not acknowledge that a team has the call: police may be coming too."""
    call = draft.call(event.call_id)
    assignment = call.assignment
    if event.kind != "call.routed" or assignment is None or assignment.unconfirmed:
        return
    if call.episode.number == event.episode:
        call.emit(AssignmentUnconfirmed(**call.key, team_id=assignment.team_id))


# --- episodes -------------------------------------------------------------------------------------------------------


def _is_stale(event: CallReported | CallCancelled) -> bool:
    return min(event.call.created_at, event.call.updated_at) < event.judged_at - STALE


def _why_again(memory: CallMemory, version: Call) -> Literal["reopened", "requested"] | None:
    """Why a call that has its outcome gets another episode."""
    if memory.ended or (version.status == "reopened" and memory.status != "reopened"):
        return "reopened"
    is_request = version.requested_by is not None and version.requested_by != memory.requested_by
    return "requested" if is_request and memory.outcome != "team-accepted" else None


def _seen(event: CallReported | CallCancelled) -> CallVersionSeen:
    return CallVersionSeen(call_id=event.call_id, event_id=event.event_id, **version_fields(event.call))


def _begin(call: CallDraft, version: Call, why: Literal["reported", "reopened", "requested"]) -> None:
    given = call.draft.given
    call.begin(why, version, call_at=given.cause, received_at=given.time, timings=USUAL)
    answer_waiting(call)
    early = call.state.early_plan
    if early is not None and call.is_open and call.episode.override is None:
        _follow(call, early)


# --- plans ----------------------------------------------------------------------------------------------------------


def _judged(event: CallTriaged, cause: str) -> JudgedVersion:
    offset = RecordPosition.parse(cause).offset
    return JudgedVersion(event.event_id, event.judgement, event.updated_at, offset, event.language, event.priority)


def _is_newer(call: CallState, judged: JudgedVersion, version: Call | None) -> bool:
    """Whether a judgement is of the episode, and the last that triage has given of it."""
    # one that was judged again is told by its instant alone, and may be the last of it
    order = status_order(judged.updated_at, "reopened") if version is None else version.order
    if order < call.running.begun_with or judged.triaged_at <= call.reported.triaged_at:
        return False
    return call.plan is None or judged.updated_at >= call.plan.updated_at


def _is_early(call: CallState, judged: JudgedVersion, version: Call | None) -> bool:
    """Whether a judgement is ahead of its report; after an outcome only if that report will begin another episode."""
    memory, early = call.memory, call.early_plan
    if memory is not None:
        if version is None or version.order <= memory.order or judged.triaged_at <= memory.triaged_at:
            return False
        if _why_again(memory, version) is None:
            return False
    return early is None or (judged.updated_at >= early.updated_at and judged.triaged_at > early.triaged_at)


def _follow(call: CallDraft, judged: JudgedVersion) -> None:
    """Do what the newest judgement says; an offer of what may no longer go is taken back."""
    judgement = judged.judgement
    if judgement.suitability == "unsuitable":
        call.withdraw("upgraded")
        call.route("default", judgement.reasons or ("unsuitable",), judged=judged)
        return
    deadline = call.episode.received_at + Timings.of(judgement).to_decide
    call.emit(PlanSet(**call.key, deadline=deadline, **judged._asdict()))
    answer_waiting(call, only=OverrideCall.type)
    if not call.is_open or call.episode.override is not None:
        return
    offered = call.episode.offered
    if offered is not None and call.is_paused(offered):
        call.withdraw("paused")
    elif offered is not None and call.plan is not None and not call.plan.may_go(offered):
        call.withdraw("upgraded")
    advance(call)


def _note_terms(draft: AgencyDraft, judgement: Judgement) -> None:
    """Note the responses that a programme version names for the first time."""
    terms = draft.state.terms
    is_same = terms.programme_hash == judgement.programme_hash
    new = [verdict for verdict in judgement.responses if not is_same or verdict.response not in terms.responses]
    if new:
        draft.emit(
            TermsNoted(
                programme_hash=judgement.programme_hash,
                responses=tuple(ResponseTerms.model_validate(verdict, from_attributes=True) for verdict in new),
                **Timings.of(judgement)._asdict(),
            )
        )


# --- upgrades -------------------------------------------------------------------------------------------------------


def _raise_upgrade(call: CallDraft, judged: JudgedVersion) -> None:
    """Tell the team that has the call that it is more dangerous than it knows; what a dispatcher sent stays sent."""
    assignment, judgement = call.assignment, judged.judgement
    if assignment is None or judgement.level_rank <= assignment.level_told:
        return  # that news are stale, or disagree, makes nothing more dangerous
    listed = (verdict.on_upgrade for verdict in judgement.responses if verdict.response == assignment.response)
    on_upgrade = "stay" if call.episode.override is not None else next(listed, assignment.on_upgrade)
    call.emit(
        UpgradeRaised(
            **call.key,
            team_id=assignment.team_id,
            level=judgement.level,
            level_rank=judgement.level_rank,
            raised_by=judgement.raised_by,
            on_upgrade=on_upgrade,
            sentence=judgement.sentence,
            suitability=judgement.suitability,
            triaged_at=judged.triaged_at,
        )
    )
    if on_upgrade == "recall":
        call.release("upgraded")
