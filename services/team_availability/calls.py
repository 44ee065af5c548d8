"""What the CAD and triage say of calls: episodes begin, plans are followed, an upgrade is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.team_availability.offers import advance, route, running, withdraw
from services.team_availability.overrides import answer_held
from services.team_availability.plan import Timings
from services.team_availability.state import CallMemory, CallState, Episode, JudgedVersion, State
from shared.call import Call
from shared.engine.service import Draft, Input
from shared.engine.state import REMEMBERED_DAYS
from shared.events import (
    AssignmentUnconfirmed,
    AssignmentWithdrawn,
    CadNotInformed,
    CallCancelled,
    CallReported,
    CallTriaged,
    CallVersionAt,
    CallVersionSeen,
    DeadlineSet,
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

Why = Literal["reported", "reopened", "requested"]


def call_reported(draft: Draft[State], event: CallReported, given: Input) -> None:
    """A version of a call: it may begin an episode, or be a newer version of a running one; else it changes nothing."""
    if event.call.ended:
        call_ended(draft, event, given)
        return
    call_id, version = event.call.call_id, event.call
    call, known = draft.state.calls.get(call_id), draft.state.call(call_id).memory
    if known is not None and version.updated_at <= known.updated_at:
        return
    if known is None:
        if not _is_stale(event):
            _begin(draft, event, given, 1, "reported")
    elif call is not None and (call.is_open or call.assignment is not None):
        _, episode = running(draft.state, call_id)
        draft.emit(
            CallVersionAt(
                call_id=call_id,
                episode=episode.number,
                call_at=given.cause,
                updated_at=version.updated_at,
                status=version.status,
                requested_by=version.requested_by,
            )
        )
    elif (why := _why_again(known, version)) is not None:
        _begin(draft, event, given, known.episodes + 1, why)
    elif (version.status, version.requested_by) != (known.status, known.requested_by):
        draft.emit(_seen(event))


def call_ended(draft: Draft[State], event: CallCancelled | CallReported, _given: Input) -> None:
    """The CAD ended the call: what is open is withdrawn, a team on it is free again."""
    call_id = event.call.call_id
    call, known = draft.state.calls.get(call_id), draft.state.call(call_id).memory
    if known is None:
        if not _is_stale(event):
            draft.emit(_seen(event))
        return
    at = event.call.updated_at
    if at < known.updated_at or (at == known.updated_at and known.ended):
        return
    draft.emit(_seen(event))
    if call is None or call.episode is None:
        return
    if call.is_open:
        withdraw(draft, call_id, "cancelled")
        route(draft, call_id, "cancelled", (event.call.status,), sentence="The CAD has ended the call.")
    elif call.assignment is not None:
        release(draft, call_id, "cancelled")


def release(draft: Draft[State], call_id: str, why: str) -> None:
    """Take the call from the team that has accepted it."""
    _, episode = running(draft.state, call_id)
    if episode.assignment is not None:
        team_id = episode.assignment.team_id
        draft.emit(AssignmentWithdrawn(call_id=call_id, episode=episode.number, team_id=team_id, why=why))


def call_triaged(draft: Draft[State], event: CallTriaged, given: Input) -> None:
    """A version of a call was judged: follow the plan, or keep it until that version is reported."""
    judged = _judged(event, given)
    _note_terms(draft, event.judgement)
    call = draft.state.calls.get(event.call_id)
    if call is not None and call.is_open:
        if _counts(call, judged):
            _follow(draft, event.call_id, judged, given)
    elif call is not None and call.assignment is not None:
        _raise_upgrade(draft, event.call_id, judged)
    else:
        _keep(draft, event.call_id, judged, event.call)


def cad_not_informed(draft: Draft[State], event: CadNotInformed, _given: Input) -> None:
    """The CAD did not acknowledge that a team has the call: police may be coming too."""
    call = draft.state.calls.get(event.call_id)
    if event.kind != "call.routed" or call is None or call.episode is None or call.assignment is None:
        return
    if call.episode.number == event.episode and not call.assignment.unconfirmed:
        team_id = call.assignment.team_id
        draft.emit(AssignmentUnconfirmed(call_id=event.call_id, episode=call.episode.number, team_id=team_id))


# --- episodes -------------------------------------------------------------------------------------------------------


def _is_stale(event: CallReported | CallCancelled) -> bool:
    return min(event.call.created_at, event.call.updated_at) < event.judged_at - STALE


def _why_again(known: CallMemory, call: Call) -> Why | None:
    """Why a call that has its outcome gets another episode."""
    if known.ended or (call.status == "reopened" and known.status != "reopened"):
        return "reopened"
    asked = call.requested_by is not None and call.requested_by != known.requested_by
    return "requested" if asked and known.outcome != "team-accepted" else None


def _seen(event: CallReported | CallCancelled) -> CallVersionSeen:
    return CallVersionSeen(
        call_id=event.call.call_id,
        event_id=event.event_id,
        updated_at=event.call.updated_at,
        status=event.call.status,
        requested_by=event.call.requested_by,
    )


def _begin(draft: Draft[State], event: CallReported, given: Input, number: int, why: Why) -> None:
    call_id = event.call.call_id
    draft.emit(
        DeadlineSet(
            call_id=call_id,
            episode=number,
            deadline=given.time + Timings().to_decide,
            received_at=given.time,
            call_at=given.cause,
            why=why,
            updated_at=event.call.updated_at,
            status=event.call.status,
            requested_by=event.call.requested_by,
        )
    )
    answer_held(draft, call_id, given)
    call = draft.state.calls.get(call_id)
    if call is not None and call.early_plan is not None and _is_ours(draft.state, call_id):
        _follow(draft, call_id, call.early_plan, given)


# --- plans ----------------------------------------------------------------------------------------------------------


def _judged(event: CallTriaged, given: Input) -> JudgedVersion:
    offset = int(given.cause.rpartition("/")[2])
    return JudgedVersion(event.event_id, event.judgement, event.updated_at, offset, event.language, event.priority)


def _is_ours(state: State, call_id: str) -> bool:
    """Whether a call has an open episode that no dispatcher has taken over."""
    call = state.calls.get(call_id)
    return call is not None and call.episode is not None and call.is_open and call.episode.override is None


def _counts(call: CallState, judged: JudgedVersion) -> bool:
    """Whether a judgement says something new about an open episode that no dispatcher has taken over."""
    episode = call.episode
    return episode is not None and episode.override is None and _is_newer(call, episode, judged)


def _is_newer(call: CallState, episode: Episode, judged: JudgedVersion) -> bool:
    """Whether a judgement is of the episode, and the last that triage has given of it."""
    if judged.updated_at < episode.begun_with or (
        call.memory is not None and judged.triaged_at <= call.memory.triaged_at
    ):
        return False
    return call.plan is None or judged.updated_at >= call.plan.updated_at


def _follow(draft: Draft[State], call_id: str, judged: JudgedVersion, given: Input) -> None:
    """Do what the newest judgement says; an offer of what may no longer go is taken back."""
    _, episode = running(draft.state, call_id)
    judgement = judged.judgement
    if judgement.suitability == "unsuitable":
        withdraw(draft, call_id, "upgraded")
        reasons = judgement.reasons or ("unsuitable",)
        route(draft, call_id, "default", reasons, judgement=judgement, triaged_at=judged.triaged_at)
        return
    draft.emit(
        PlanSet(
            call_id=call_id,
            episode=episode.number,
            event_id=judged.event_id,
            judgement=judgement,
            deadline=episode.received_at + Timings.of(judgement).to_decide,
            language=judged.language,
            priority=judged.priority,
            updated_at=judged.updated_at,
            triaged_at=judged.triaged_at,
        )
    )
    answer_held(draft, call_id, given, only=OverrideCall.type)
    if not _is_ours(draft.state, call_id):
        return
    call, episode = running(draft.state, call_id)
    if episode.offered is not None and draft.state.is_paused(call.district, episode.offered):
        withdraw(draft, call_id, "paused")
    elif call.plan is not None and episode.offered is not None and not call.plan.may_go(episode.offered):
        withdraw(draft, call_id, "upgraded")
    advance(draft, call_id, given.cause)


def _keep(draft: Draft[State], call_id: str, judged: JudgedVersion, version: Call | None) -> None:
    """Keep what was judged ahead of its report; after an outcome only if that report will begin another episode."""
    known, call = draft.state.call(call_id).memory, draft.state.calls.get(call_id)
    if known is not None:
        seen = judged.updated_at <= known.updated_at or judged.triaged_at <= known.triaged_at
        if seen or version is None or _why_again(known, version) is None:
            return
    kept = None if call is None else call.early_plan
    if kept is not None and (judged.updated_at < kept.updated_at or judged.triaged_at <= kept.triaged_at):
        return
    draft.emit(
        PlanKept(
            call_id=call_id,
            event_id=judged.event_id,
            judgement=judged.judgement,
            updated_at=judged.updated_at,
            triaged_at=judged.triaged_at,
            language=judged.language,
            priority=judged.priority,
        )
    )


def _note_terms(draft: Draft[State], judgement: Judgement) -> None:
    """Note the responses that a programme version names for the first time."""
    terms = draft.state.terms
    same = terms.programme_hash == judgement.programme_hash
    new = [one for one in judgement.responses if not same or one.response not in terms.responses]
    if not new:
        return
    draft.emit(
        TermsNoted(
            programme_hash=judgement.programme_hash,
            responses=tuple(
                ResponseTerms(
                    response=one.response,
                    model=one.model,
                    crew=one.crew,
                    reached_by=one.reached_by,
                    on_upgrade=one.on_upgrade,
                    enters_when=one.enters_when,
                    expected_minutes=one.expected_minutes,
                    pool=one.pool,
                )
                for one in new
            ),
            **Timings.of(judgement)._asdict(),
        )
    )


# --- upgrades -------------------------------------------------------------------------------------------------------


def _raise_upgrade(draft: Draft[State], call_id: str, judged: JudgedVersion) -> None:
    """Tell the team that has the call that it is more dangerous than it knows; what a dispatcher sent stays sent."""
    call, episode = running(draft.state, call_id)
    assignment, judgement = episode.assignment, judged.judgement
    if assignment is None or not _is_newer(call, episode, judged):
        return
    if judgement.level_rank <= assignment.level_told:  # that news are stale, or disagree, makes nothing more dangerous
        return
    listed = (one.on_upgrade for one in judgement.responses if one.response == assignment.response)
    on_upgrade = "stay" if episode.override is not None else next(listed, assignment.on_upgrade)
    draft.emit(
        UpgradeRaised(
            call_id=call_id,
            episode=episode.number,
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
        release(draft, call_id, "upgraded")
