"""What is told to a team that has a call which is more dangerous than it knows."""

from __future__ import annotations

from services.team_availability.draft import CallDraft
from services.team_availability.plan import known_hazards
from services.team_availability.state import JudgedVersion
from shared.events import LEVEL_NOT_KNOWN, UpgradeRaised


def raise_upgrade(call: CallDraft, judged: JudgedVersion) -> None:
    """Tell the team that has the call that it is more dangerous than it knows; what a dispatcher sent stays sent.

    So it is on a higher level, and with another hazard, or one that was only feared, on the highest that it was told;
    and where its type became one that the document does not list, for nothing unlisted is calm.
    The levels of two programme documents do not compare: by another one than the team went by, it is so on every level
    that its response may not go to, and with every hazard that it does not know of.
    """
    assignment, judgement, plan = call.assignment, judged.judgement, call.plan
    if assignment is None:
        return
    verdict, fits = judgement.verdict(assignment.response), judgement.may_go(assignment.response)
    is_strange = judgement.unlisted_type not in ("", assignment.type_told)
    is_higher = judgement.level_rank > assignment.level_told or (is_strange and not fits)
    told = assignment.hazards_told
    if plan is not None and plan.cites.programme_hash != judgement.programme_hash:
        is_higher = is_higher or not (fits or assignment.upgraded or judgement.level == plan.level)
    elif judgement.level_rank < assignment.level_told:
        return  # that news are stale, or disagree, makes nothing more dangerous
    if not (is_higher or is_strange) and known_hazards(judgement.raised_by, told) == told:
        return
    stays = call.episode.override is not None or assignment.is_with_somebody or (fits and not is_higher)
    on_upgrade = "stay" if stays else verdict.on_upgrade if verdict is not None else assignment.on_upgrade
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
            team_on_scene=assignment.is_with_somebody,
            send="" if fits else "default",
            unlisted_type=judgement.unlisted_type,
        )
    )
    if on_upgrade == "recall":
        call.release("upgraded")


def warn_who_is_sent(call: CallDraft) -> None:
    """Tell a team that a dispatcher sends to a call why the default had gone to it; how it is now nobody has said."""
    assignment, against = call.assignment, call.state.reported.against
    if assignment is None or not against:
        return
    call.emit(
        UpgradeRaised(
            **call.key,
            team_id=assignment.team_id,
            level=LEVEL_NOT_KNOWN,
            level_rank=assignment.level_told,
            on_upgrade="stay",
            sentence=f"A dispatcher sends you to a call of which this was said: {against} Ask what is known by now.",
            send="default",
        )
    )
