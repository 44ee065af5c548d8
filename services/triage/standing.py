"""What all versions of a call have said of its hazards, and nobody's new word has settled. Pure.

The worst that any version ever said stands: by code, priority, caution, answer, the CAD's own facts or words. It falls
only by a new word: a newer version in which somebody who is asked (code, priority, answer, CAD) says what nobody asked
had said by then. Another spelling, a repetition, the same from another source, or what went away settles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.triage.narrative import UNREAD
from services.triage.state import Memory, OpenCall, Standing, Version
from shared.call import Call, CallId
from shared.last_answer import last_answer
from shared.programme import Programme
from shared.programme.judging.evidence import Hazard
from shared.programme.judging.facts import CANNOT_TELL, HAZARDS
from shared.programme.judging.facts_of_call import WORDS, Said, doubts_of, said_of_hazards, worse
from shared.replace import replace

MOST_DOUBTS = 256
"""Lines, texts and cautions of one call that are told apart; every further one counts as new each time it comes."""


def with_version(programme: Programme | None, open_call: OpenCall, version: Version) -> OpenCall:
    """The call after one more version. One that is not the newest tells of hazards, and of a re-opening."""
    memory = remembered(open_call.memory, version, programme)
    if not is_newest(open_call.memory, version.order):
        return replace(open_call, memory=memory)
    reopens = open_call.newest is not None and version.call.status == "reopened" != open_call.newest.call.status
    if reopens:  # a new episode: judged anew
        return replace(open_call, newest=version, memory=memory, frozen=False, accepted=False)
    if (open_call.frozen or open_call.may_be_offered) and open_call.newest is not None:
        version = replace(version, call=_still_asked(open_call.newest.call, version.call))
    return replace(open_call, newest=version, memory=memory)


def _still_asked(before: Call, call: Call) -> Call:
    """A version of a call in flight, or about to be: who asked and what the caller wants stand until it says otherwise.

    Whether the first offer or the version is read first nobody can tell, and a team that has accepted was recalled.
    """
    asked_by, wants = call.requested_by or before.requested_by, call.caller_wants
    wants = before.caller_wants if wants == "none" else wants
    if (asked_by, wants) == (call.requested_by, call.caller_wants):
        return call
    return call.model_copy(update={"requested_by": asked_by, "caller_wants": wants})


def is_newest(memory: Memory, order: datetime) -> bool:
    """Whether a version of this order is the newest; of several that are equal the last to arrive."""
    return memory.order is None or order >= memory.order


def opens_again(memory: Memory, version: Version) -> bool:
    """Whether a version of a call that the CAD has ended is from after that, and no end itself."""
    order, call = version.order, version.call
    is_after = memory.order is None or order > memory.order or (order == memory.order and call.status == "reopened")
    return is_after and not call.ended


@last_answer
def remembered(memory: Memory, version: Version, programme: Programme | None) -> Memory:
    """What is remembered with one more version."""
    order, call = version.order, version.call
    reopened = memory.reopened
    if call.status == "reopened" and (reopened is None or order > reopened):
        reopened = order
    memory = replace(
        memory,
        order=order if is_newest(memory, order) else memory.order,
        created_at=call.created_at if reopened == order else memory.created_at or call.created_at,
        reopened=reopened,
        synthetic=memory.synthetic or version.synthetic,
        merged_into=_merged_into(memory, version),
    )
    if programme is None:
        return memory
    newest = memory.order == order
    code = programme.code(call.call_type, version.judged_at)
    said = said_of_hazards(programme, call, code)
    memory, doubts = _with_doubts(programme, memory, version)
    standing = memory.standing
    for hazard in [hazard for hazard in HAZARDS if hazard in said or hazard in doubts]:
        before = standing.get(hazard)
        if before is not None and hazard not in doubts and _is_known(before, said[hazard]):
            continue
        after = _after(before, hazard, said.get(hazard), doubts.get(hazard), order, newest=newest)
        standing = standing.set(hazard, after)
    return replace(memory, standing=standing)


def _merged_into(memory: Memory, version: Version) -> str:
    """The call that stands for this one, unless it was opened again since."""
    call, order = version.call, version.order
    if call.status == "merged" and call.merged_into and order >= (memory.reopened or order):
        return str(CallId.parse(call.call_id)._replace(incident=call.merged_into))
    return "" if call.status == "reopened" and is_newest(memory, order) else memory.merged_into


def _is_known(before: Standing, said: Said) -> bool:
    """Whether a version says nothing of a hazard but what was said before, and nothing bad: most do."""
    return said.evidence.high == 0 and said.answers.issubset(before.given)


def hazards_standing(memory: Memory, newest: Version, programme: Programme | None) -> dict[str, Hazard]:
    """What stands of each hazard of which any version said something.

    A document that came into force since may doubt what the one before did not, like a caution that it does not list.
    """
    standing = {hazard: standing.evidence for hazard, standing in memory.standing.items()}
    for what, (hazards, source) in doubts_of(programme, newest.call).items() if programme is not None else ():
        for hazard in hazards.difference(memory.doubted.get(what, ())):
            doubt = Hazard(0, len(HAZARDS[hazard]) - 1, "words", source)
            standing[hazard] = worse(standing.get(hazard, doubt), doubt)
    return standing


def hazards_as_facts(memory: Memory) -> dict[str, str]:
    """The hazards that stand, as a CAD would state them; of which nobody can tell, that nobody can."""
    return {
        hazard: CANNOT_TELL[0] if standing.evidence.unknown else HAZARDS[hazard][standing.evidence.high]
        for hazard, standing in memory.standing.items()
        if standing.evidence.high > 0
    }


def _with_doubts(programme: Programme, memory: Memory, version: Version) -> tuple[Memory, Mapping[str, str]]:
    """The hazards that this version is the first to put in doubt by these words, and the source."""
    doubts = {heard.line: (frozenset(heard.facts), WORDS) for heard in version.lines}
    doubts |= doubts_of(programme, version.call)
    doubted, fresh = memory.doubted, dict[str, str]()
    for what, (hazards, source) in doubts.items():
        new = hazards.difference(doubted.get(what, ()))
        for hazard in sorted(new):
            fresh.setdefault(hazard, source)
        if new and what != UNREAD and (what in doubted or len(doubted) < MOST_DOUBTS):
            doubted = doubted.set(what, tuple(sorted(new.union(doubted.get(what, ())))))
    return replace(memory, doubted=doubted), fresh


def _after(
    before: Standing | None, hazard: str, said: Said | None, doubt: str | None, order: datetime, *, newest: bool
) -> Standing:
    evidence = said.evidence if said is not None else Hazard(0, 0, None, "nobody")
    worst_rank = len(HAZARDS[hazard]) - 1
    if doubt is not None and evidence.low < worst_rank:
        evidence = Hazard(evidence.low, worst_rank, "words", doubt)
    answers = said.answers if said is not None else frozenset[int]()
    if before is None:
        return Standing(evidence, order, tuple(sorted(answers)))
    new = answers.difference(before.given)
    if newest and new and order > before.since:
        return Standing(evidence, order, _joined(before.given, before.beside, answers))
    worst = worse(before.evidence, evidence)
    if evidence.high > 0:  # stated again, if perhaps as something less
        given = _joined(before.given, before.beside, answers)
        return Standing(worst, max(before.since, order), given)
    if order < before.since:
        return before._replace(evidence=worst, given=_joined(before.given, answers))
    # what came in the same instant, or was overtaken, is no answer yet, and may be one when it is said again
    return before._replace(evidence=worst, beside=_joined(before.beside, answers))


def _joined(*said: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(frozenset[int]().union(*said)))
