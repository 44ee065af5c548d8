"""The decision: one call under one programme and one switchboard at one instant. Pure, the same for all who ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.call import SYNTHETIC, Call
from shared.judgement import (
    NO_LEVEL_RANK,
    NOT_ROUTED,
    UNKNOWN_WORDS,
    UNLISTED,
    Gate,
    Judgement,
    RaisedBy,
    ResponseVerdict,
    Step,
    Suitability,
)
from shared.programme.judging.evidence import Facts, Hazard
from shared.programme.judging.facts import HAZARDS, in_words
from shared.programme.judging.facts_of_call import (
    CAUTION_NOT_LISTED,
    CODE_NOT_LISTED,
    level_of,
    possible_level,
    unknown_above,
    unlisted,
    weigh,
)
from shared.programme.judging.gates import Case, verdict_on
from shared.programme.judging.place import district_of
from shared.programme.judging.programme import Clocks, Code, Level, Programme, Raise, Switchboard, failed, passed
from shared.programme.judging.surroundings import Surroundings

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""How far a CAD's clock may be ahead of ours before its times mean nothing."""


def judge(
    programme: Programme | None, switchboard: Switchboard, call: Call, surroundings: Surroundings, at: datetime
) -> Judgement:
    """What the programme says of `call` at the instant `at`, which hours, holidays and freshness are measured with.

    Every gate is evaluated, whatever fails.
    """
    if programme is None:
        return _without_programme(switchboard, call)
    code = programme.code(call.call_type, at)
    facts = weigh(programme, call, code, surroundings)
    rank, reached = level_of(programme.raises, facts)
    level = programme.levels[rank]
    raised_by = _raised_by(reached, facts, call.updated_at)
    district, district_gate = district_of(programme, call, surroundings.located)
    level_gate = _level_gate(level, raised_by)
    gates = (
        _jurisdiction(programme, call),
        district_gate,
        _call_type(call, code),
        level_gate,
        _fresh(programme, call, at),
        *_only_a_test(surroundings),
    )
    suitability, missing = _suitability(programme, gates, facts)
    local = at.astimezone(programme.zone)
    case = Case(programme, switchboard, call, code, district, facts, at, local, surroundings.load)
    responses = tuple([verdict_on(case, programme.responses[name]) for name in level.sends])
    if suitability == "suitable":
        sentence = _who_goes(programme, gates, level, responses)
    else:
        sentence = _why_not(programme, gates, missing)
        if suitability == "unsuitable" and [gate.reason for gate in gates if gate.reason] == ["level-sends-default"]:
            sentence += _referrals_and_notes(responses)
    clocks = programme.clocks
    return Judgement.model_construct(
        _FIELDS,
        suitability=suitability,
        reasons=tuple([gate.reason for gate in gates if gate.reason]),
        missing=missing,
        level=level.name,
        level_rank=rank,
        raised_by=raised_by,
        district=district,
        category=code.category if code else None,
        gates=gates,
        responses=responses,
        steps=programme.steps,
        routing_deadline_seconds=clocks.deadline_seconds(call.priority),
        cad_notice_seconds=clocks.cad_notice_seconds,
        offer_expiry_seconds=clocks.offer_expiry_seconds,
        accepted_not_moving_minutes=clocks.accepted_not_moving_minutes,
        status_stale_minutes=clocks.status_stale_minutes,
        transfer_ack_seconds=clocks.transfer_ack_seconds,
        on_scene_check_minutes=clocks.on_scene_check_minutes,
        missed_safety_checks=clocks.missed_safety_checks,
        staged_notice_minutes=clocks.staged_notice_minutes,
        hold_minutes=clocks.most_hold_minutes(call.priority) if programme.holds else 0,
        hold_notice_minutes=clocks.hold_notice_minutes if programme.holds else (),
        order_of_calls=programme.order_of_calls,
        zone=programme.zone.key,
        sentence=sentence,
        programme_version=programme.version,
        programme_hash=programme.hash,
        switchboard_revision=switchboard.revision,
        unlisted=unlisted(programme, call, code),
    )


_FIELDS = set(Judgement.model_fields)


def _without_programme(switchboard: Switchboard, call: Call) -> Judgement:
    sentence = f"{call.agency} has no programme in force: the default goes."
    clocks = Clocks()
    return Judgement(
        suitability="unsuitable",
        reasons=("no-programme",),
        missing=(),
        level="default",
        level_rank=NO_LEVEL_RANK,
        raised_by=(),
        district=None,
        category=None,
        gates=(failed("programme", "no-programme", sentence),),
        responses=(),
        steps=(Step("default", 0),),
        routing_deadline_seconds=clocks.routing_deadline_seconds,
        cad_notice_seconds=clocks.cad_notice_seconds,
        offer_expiry_seconds=clocks.offer_expiry_seconds,
        accepted_not_moving_minutes=clocks.accepted_not_moving_minutes,
        status_stale_minutes=clocks.status_stale_minutes,
        transfer_ack_seconds=clocks.transfer_ack_seconds,
        on_scene_check_minutes=clocks.on_scene_check_minutes,
        missed_safety_checks=clocks.missed_safety_checks,
        sentence=sentence,
        programme_version=0,
        programme_hash="",
        switchboard_revision=switchboard.revision,
    )


# --- the gates of the call


def _jurisdiction(programme: Programme, call: Call) -> Gate:
    if call.agency == programme.agency and (not programme.sources or call.source in programme.sources):
        return passed("jurisdiction", f"{call.agency} decides for this call.")
    if call.agency == programme.agency:
        return failed("jurisdiction", "other-source", f"the programme does not take calls of {call.source}.")
    return failed("jurisdiction", "other-agency", f"the programme is {programme.agency}'s, the call {call.agency}'s.")


def _call_type(call: Call, code: Code | None) -> Gate:
    if call.call_type is None:
        return failed("call-type", "no-call-type", "the CAD has no call type yet.")
    if code is None:
        return passed("call-type", f"{call.call_type.code} {UNLISTED}.")
    return passed("call-type", f"{code.code} is {code.category or 'of no category'}.")


def _level_gate(level: Level, raised_by: tuple[RaisedBy, ...]) -> Gate:
    because = f" because of {_listed(map(_in_words, raised_by))}" if raised_by else ""
    sentence = f"level {level.name!r}{because}."
    return passed("level", sentence) if level.routes else failed("level", "level-sends-default", sentence)


def _fresh(programme: Programme, call: Call, at: datetime) -> Gate:
    age_seconds = (at - call.updated_at).total_seconds()
    if age_seconds < -CLOCK_AHEAD.total_seconds():
        return failed("freshness", "clock-ahead", f"the CAD's time is {-age_seconds / 60:.0f} min ahead of ours.")
    if age_seconds > programme.clocks.call_stale_minutes * 60:
        return failed("freshness", "stale", f"last heard of {age_seconds / 60:.0f} min ago.")
    return passed("freshness", f"last heard of {max(age_seconds, 0):.0f} s ago.")


def _only_a_test(surroundings: Surroundings) -> tuple[Gate, ...]:
    """Nobody goes to a test call, whatever a document says of it."""
    sentence = "it is a test call of careroute's own: nobody is sent to it."
    return (failed("synthetic", SYNTHETIC, sentence),) if surroundings.synthetic else ()


def _suitability(programme: Programme, gates: tuple[Gate, ...], facts: Facts) -> tuple[Suitability, tuple[str, ...]]:
    """Suitable, unsuitable, or undecided until somebody answers: only what is unknown may wait, for it can change."""
    failing = {gate.reason for gate in gates if not gate.passed}
    if not failing:
        return "suitable", ()
    if not failing <= {"no-call-type", "level-sends-default"}:
        return "unsuitable", ()
    missing: tuple[str, ...] = ("call_type",) if "no-call-type" in failing else ()
    if "level-sends-default" in failing:
        possible = possible_level(programme, facts)
        if possible is None:
            return "unsuitable", ()
        missing += unknown_above(programme.raises, facts, possible)
    return "indeterminate", missing


# --- words


def _raised_by(reached: Iterable[Raise], facts: Facts, at: datetime) -> tuple[RaisedBy, ...]:
    raised_by = []
    for fact in dict.fromkeys(condition.fact for item in reached for condition in item.conditions):
        evidence = facts[fact]
        value = HAZARDS[fact][evidence.high] if isinstance(evidence, Hazard) else " ".join(evidence.values)
        raised_by.append(RaisedBy(fact, value, evidence.unknown, evidence.source, at))
    return tuple(raised_by)


def _in_words(raised: RaisedBy) -> str:
    if raised.unknown and raised.source in (CAUTION_NOT_LISTED, CODE_NOT_LISTED):
        return f"{in_words(raised.fact)} ({raised.source})"
    if raised.unknown:
        return f"{in_words(raised.fact)} ({UNKNOWN_WORDS[raised.unknown]})"
    return f"{in_words(raised.fact)} {raised.value} ({raised.source})"


def _why_not(programme: Programme, gates: tuple[Gate, ...], missing: tuple[str, ...]) -> str:
    if missing:
        return f"Ask about {_listed(map(in_words, missing))}: the answer may make this a call for another response."
    return f"Default ({programme.default}): " + _failures(gates)


def _who_goes(
    programme: Programme, gates: tuple[Gate, ...], level: Level, responses: tuple[ResponseVerdict, ...]
) -> str:
    routed = [response for response in responses if response.reached_by not in NOT_ROUTED]
    for response in routed:
        if response.may_go:
            district, level_reached = gates[1].sentence.removesuffix("."), gates[3].sentence
            staged = f" It stages until {' or '.join(response.enters_when)}." if response.enters_when else ""
            going = (
                f"{response.response} may go ({response.phase}), {response.goes}: {district}, {level_reached}{staged}"
            )
            return going + _asked_for(response) + _referrals_and_notes(responses)
    why = " ".join(f"{response.response}: {_failures(response.gates)}" for response in routed)
    default = f"Default ({programme.default}): level {level.name!r} would allow more, but {why}"
    return default + _referrals_and_notes(responses)


def _asked_for(response: ResponseVerdict) -> str:
    """Who answers for a call type that the document does not know."""
    sentence = response.gates[0].sentence
    return f" {sentence[0].upper()}{sentence[1:]}" if UNLISTED in sentence else ""


def _referrals_and_notes(responses: tuple[ResponseVerdict, ...]) -> str:
    """The referrals and notes that come of the call, which send nobody now."""
    words = ""
    for response in responses:
        if response.may_go and response.reached_by in NOT_ROUTED:
            due = f", due in {response.due_hours} h" if response.due_hours else ""
            words += f" A {response.reached_by} to {response.response} ({response.phase}){due}."
    return words


def _failures(gates: tuple[Gate, ...]) -> str:
    failures = [gate for gate in gates if not gate.passed]
    sentences = [gate.sentence for gate in failures]
    if len(failures) > 1 and failures[-1].reason == SYNTHETIC:  # those of real calls stay as they were decided
        sentences[-1] = sentences[-1][0].upper() + sentences[-1][1:]
    return " ".join(sentences)


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
