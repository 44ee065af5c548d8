"""What is told to a team that has a call which is more dangerous than it knows, or is none for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from services.team_availability.draft import CallDraft
from services.team_availability.plan import Plan, known_hazards
from services.team_availability.state import Assignment, JudgedVersion
from shared.events import LEVEL_NOT_KNOWN, UpgradeRaised
from shared.judgement import Judgement


def raise_upgrade(call: CallDraft, judged: JudgedVersion) -> None:
    """Tell the team that has the call that it is more dangerous than it knows, or none for its response any more.

    What a dispatcher sent stays sent, and where nobody can tell any more in which district the call is, a person says
    what follows. A team that has not been let in waits on.
    """
    assignment, judgement = call.assignment, judged.judgement
    if assignment is None:
        return
    verdict, fits = judgement.verdict(assignment.response), judgement.may_go(assignment.response)
    is_higher = _is_higher(call, assignment, judgement)
    is_worse = is_higher or _is_worse(call, assignment, judgement)
    against = judgement.against(assignment.response)
    news = tuple(code for code in against if code not in assignment.against_told)
    if not (is_worse or news):
        return
    turns_back = (is_worse and (is_higher or not fits)) or barred(news)
    if call.episode.override is not None or assignment.is_with_somebody or not turns_back:
        on_upgrade = "stay" if assignment.is_let_in else "stage"
    else:
        on_upgrade = verdict.on_upgrade if verdict is not None else assignment.on_upgrade
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
            more_dangerous=is_worse,
            against=against,
        )
    )
    if on_upgrade == "recall":
        call.release("upgraded" if is_worse else "may-not-go")


def why_taken_back(judgement: Judgement, before: Plan | None) -> Literal["upgraded", "may-not-go"]:
    """Why nobody is asked for a call any more: it is more dangerous than was said, or only none for the response."""
    if before is None or judgement.level_rank > before.level_rank:
        return "upgraded"
    is_comparable = before.cites.programme_hash == judgement.programme_hash
    if is_comparable and judgement.level_rank < before.level_rank:
        return "may-not-go"
    is_strange = judgement.unlisted_type not in ("", before.unlisted_type)
    is_other = known_hazards(judgement.raised_by, before.hazards) != before.hazards
    is_worse = is_strange or is_other or not (is_comparable or judgement.level == before.level)
    return "upgraded" if is_worse else "may-not-go"


def barred(against: Iterable[str]) -> bool:
    """Whether what speaks against a response is more than a doubt about the district."""
    return any(not code.startswith("district-") for code in against)


def _is_higher(call: CallDraft, assignment: Assignment, judgement: Judgement) -> bool:
    """Whether the call is on a higher level than its team was told.

    The levels of two programme documents do not compare: by another one than the team went by, it is so on every level
    that its response may not go to. And nothing unlisted is calm: a type that the document does not list is as good.
    """
    fits, plan = judgement.may_go(assignment.response), call.plan
    is_higher = judgement.level_rank > assignment.level_told or (_is_strange(assignment, judgement) and not fits)
    if plan is not None and plan.cites.programme_hash != judgement.programme_hash:
        return is_higher or not (fits or assignment.upgraded or judgement.level == plan.level)
    return is_higher and judgement.level_rank >= assignment.level_told  # stale news make nothing more dangerous


def _is_worse(call: CallDraft, assignment: Assignment, judgement: Judgement) -> bool:
    """Whether there is a hazard that the team does not know of, or a type that nobody lists.

    So it is on the highest level that it was told, by another document on any: ranks of two do not compare.
    """
    plan, told = call.plan, assignment.hazards_told
    is_comparable = plan is None or plan.cites.programme_hash == judgement.programme_hash
    if is_comparable and judgement.level_rank < assignment.level_told:
        return False
    return _is_strange(assignment, judgement) or known_hazards(judgement.raised_by, told) != told


def _is_strange(assignment: Assignment, judgement: Judgement) -> bool:
    return judgement.unlisted_type not in ("", assignment.type_told)


def warn_who_is_sent(call: CallDraft) -> None:
    """Tell a team that a dispatcher sends to a call what was said against it, to a team before it or by what judged it.

    How it is now nobody has said.
    """
    assignment, against, plan = call.assignment, call.state.reported.against, call.plan
    if assignment is None or (call.episode.override is None and plan is not None and plan.may_go(assignment.response)):
        return
    if not against and plan is not None and plan.option(assignment.response) is None:
        against = f"it is on level {plan.level!r}, which does not send {assignment.response}."
    if not against:
        return
    call.emit(
        UpgradeRaised(
            **call.key,
            team_id=assignment.team_id,
            level=LEVEL_NOT_KNOWN,
            level_rank=assignment.level_told,
            on_upgrade="stay" if assignment.is_let_in else "stage",
            sentence=f"A dispatcher sends you to a call of which this was said: {against} Ask what is known by now.",
            send="default",
        )
    )
