"""The judgement of an open call: its newest version and what stands of its hazards; once offered it only tightens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.triage.callers import is_repeat
from services.triage.narrative import UNREAD, hazards_of
from services.triage.standing import hazards_standing
from services.triage.state import OpenCall, State, Version
from shared.judgement import NOT_ROUTED
from shared.programme import Gate, Judgement, Programme, ResponseVerdict, judge
from shared.programme.judging.facts_of_call import WORDS
from shared.programme.judging.place import UNREADABLE
from shared.programme.judging.programme import failed
from shared.programme.judging.surroundings import Surroundings
from shared.replace import replace

ROLL_OUT_GATES = frozenset(("phase", "dates", "hours", "holiday", "arm", "cap", "cap-set-here", "cap-set-all"))
"""What is frozen at the first offer; all other gates turn on facts."""
WORSE = {"suitable": 0, "indeterminate": 1, "unsuitable": 2}


def judgement_of(state: State, open_call: OpenCall) -> tuple[Judgement, tuple[str, ...]]:
    """The call as it is to be judged now, and the hazards that words put in doubt.

    A document that came into force since the call was offered does not by itself take it back: unless somebody has told
    of a hazard that was not known before, the call is judged by the one that it was offered by, which knows its names.
    """
    judged, before = _judged_by(state, state.programme, open_call), open_call.judgement
    if not open_call.frozen or before is None:
        return judged
    former = state.former_programme(before.programme_hash)
    if former is None or not _says_more_against(before, judged[0]) or _is_told_worse(before, judged[0]):
        return judged
    judgement, heard = _judged_by(state, former, open_call)
    return judgement.model_copy(update={"switchboard_revision": before.switchboard_revision}), heard


def _judged_by(state: State, programme: Programme | None, open_call: OpenCall) -> tuple[Judgement, tuple[str, ...]]:
    version = open_call.version
    surroundings = _surroundings(state, programme, open_call, version)
    judgement = judge(programme, state.switchboard, version.call, surroundings, version.judged_at)
    if any(line.line == UNREAD for line in version.lines):
        sentence = f"{judgement.sentence} The narrative could not be read: what its words could say is unknown."
        judgement = judgement.model_copy(update={"sentence": sentence})
    if open_call.frozen and open_call.judgement is not None:
        judgement = tightened(open_call.judgement, judgement, _level_before(programme, open_call.judgement))
    standing = (surroundings.former or {}).items()
    in_doubt = {hazard for hazard, evidence in standing if evidence.unknown and evidence.source == WORDS}
    return judgement, tuple(sorted(in_doubt | surroundings.heard))


def _says_more_against(old: Judgement, new: Judgement) -> bool:
    """Whether something speaks against a call, or against a response to it, that did not before."""
    before, after = ({verdict.response: set(verdict.reasons) for verdict in _routed(one)} for one in (old, new))
    is_more = not set(new.reasons) <= set(old.reasons) or not before.keys() <= after.keys()
    is_strange = new.unlisted_type not in ("", old.unlisted_type)
    return is_more or is_strange or any(not after[response] <= reasons for response, reasons in before.items())


def _is_told_worse(old: Judgement, new: Judgement) -> bool:
    """Whether somebody has told of what puts the call on its level, and it did not before, or only the default goes."""
    before, told = ({(each.fact, each.value) for each in one.raised_by if each.unknown is None} for one in (old, new))
    return bool(told - before) or bool(told and not _routed(new))


def _routed(judgement: Judgement) -> list[ResponseVerdict]:
    return [verdict for verdict in judgement.responses if verdict.reached_by not in NOT_ROUTED]


def _surroundings(state: State, programme: Programme | None, open_call: OpenCall, version: Version) -> Surroundings:
    """What a document has not looked for in a version that was opened before, may be there: the next one settles it.

    By one that is in force no more, words are those that the one in force has looked for.
    """
    doubt, located = frozenset[str](), version.located
    if programme is not None and version.read_by not in ("", programme.reads):
        same_words, same_boundaries = (
            now == then for now, then in zip(programme.reads.split("/"), version.read_by.split("/"), strict=True)
        )
        doubt = doubt if same_words or programme is not state.programme else hazards_of(programme)
        located = located or (None if same_boundaries or programme.boundaries is None else UNREADABLE)
    standing = hazards_standing(open_call.memory, version, programme)
    return Surroundings(
        doubt, located, is_repeat(state, version), state.load, synthetic=open_call.memory.synthetic, former=standing
    )


def _level_before(programme: Programme | None, old: Judgement) -> int | None:
    """The rank, in a document, of the level that a call in flight stood on; None where that was another's."""
    levels = programme.levels if programme and programme.hash == old.programme_hash else ()
    return next((level.rank for level in levels if level.name == old.level), None)


def tightened(old: Judgement, new: Judgement, level_before: int | None) -> Judgement:
    """The new judgement of a call in flight, nowhere looser than the old one; roll-out gates stay as they were."""
    stands = new if _is_as_high(old, new, level_before) else old
    before = {verdict.response: verdict for verdict in old.responses}
    after = {verdict.response: verdict for verdict in new.responses}
    new_document = new.programme_hash != old.programme_hash
    verdicts = tuple(
        _tightened(before[verdict.response], after[verdict.response])
        if verdict.response in before and verdict.response in after
        else _barred(verdict)
        if new_document and verdict.response not in before
        else verdict
        for verdict in stands.responses
    )
    worse = new if WORSE[new.suitability] >= WORSE[old.suitability] else old
    return stands.model_copy(
        update={
            "level_rank": max(old.level_rank, new.level_rank),
            "hold_minutes": min(old.hold_minutes, new.hold_minutes),
            "suitability": worse.suitability,
            "reasons": worse.reasons,
            "missing": worse.missing,
            "responses": verdicts,
            "sentence": _sentence(old, stands, worse, verdicts),
        }
    )


def _is_as_high(old: Judgement, new: Judgement, level_before: int | None) -> bool:
    """Whether the call stands no lower than before. Ranks of two documents do not compare: what they send does."""
    if level_before is not None:
        return new.level_rank >= level_before
    sent, going = {verdict.response for verdict in new.responses}, _going(old.responses)
    return new.level_rank >= old.level_rank or not sent or (bool(going) and sent.isdisjoint(going))


def _sentence(old: Judgement, stands: Judgement, worse: Judgement, verdicts: tuple[ResponseVerdict, ...]) -> str:
    """The sentence that tells truly who goes, now that some verdicts are stricter or frozen."""
    if worse.suitability != "suitable":  # nobody does, whatever verdicts say whose roll-out is frozen
        whole = stands if stands.suitability == worse.suitability else worse
        news = _going(old.responses) - _going(verdicts) if whole is old else ()
        return " ".join((whole.sentence, *_who_goes(verdict for verdict in verdicts if verdict.response in news)))
    for judgement in (stands, old):
        is_there = (judgement.level_rank, judgement.district) == (stands.level_rank, stands.district)
        if is_there and _going(judgement.responses) == _going(verdicts):
            return judgement.sentence
    return " ".join(_who_goes(verdicts))


def _who_goes(verdicts: Iterable[ResponseVerdict]) -> Iterator[str]:
    for verdict in verdicts:
        why = " ".join(gate.sentence for gate in verdict.gates if not gate.passed)
        if verdict.reached_by not in NOT_ROUTED:
            yield f"{verdict.response} may not go: {why}" if why else f"{verdict.response} may go."


def _going(verdicts: tuple[ResponseVerdict, ...]) -> set[str]:
    return {verdict.response for verdict in verdicts if verdict.may_go}


def _tightened(old: ResponseVerdict, new: ResponseVerdict) -> ResponseVerdict:
    after = {gate.gate: gate for gate in new.gates}
    asked_before = {gate.gate for gate in old.gates}
    stood = [gate if gate.gate in ROLL_OUT_GATES else _stricter(gate, after.get(gate.gate)) for gate in old.gates]
    added = [gate for gate in new.gates if gate.gate not in asked_before and gate.gate not in ROLL_OUT_GATES]
    gates = (*stood, *added)
    reasons = tuple(gate.reason for gate in gates if gate.reason)
    return replace(new, gates=gates, reasons=reasons, may_go=not reasons, phase=old.phase)


def _barred(verdict: ResponseVerdict) -> ResponseVerdict:
    """A response that only a later document knows of: whether its level is lighter than the old one nobody can say."""
    sentence = f"the call was offered before the document that sends {verdict.response} here was in force."
    gate = failed("in-flight", "in-flight", sentence)
    return replace(verdict, gates=(*verdict.gates, gate), reasons=(*verdict.reasons, "in-flight"), may_go=False)


def _stricter(old: Gate, new: Gate | None) -> Gate:
    return old if new is None or not old.passed else new


def essence(judgement: Judgement) -> tuple[Any, ...]:
    """What makes two judgements differ: not a version's age, nor the revision of a switch that changed nothing here."""
    return (
        judgement.suitability,
        judgement.reasons,
        judgement.missing,
        judgement.level_rank,
        judgement.district,
        judgement.category,
        judgement.unlisted_type,
        judgement.programme_hash,
        [(raised.fact, raised.value, raised.unknown, raised.source) for raised in judgement.raised_by],
        [(one.response, one.may_go, one.phase, one.reasons, one.caps) for one in judgement.responses],
    )
