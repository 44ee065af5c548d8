"""What a programme would have taken of many calls, and the gate that stopped the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shared.call import Call
from shared.judgement import NOT_ROUTED, Judgement, Located, ResponseVerdict, Suitability
from shared.programme.judging.facts_of_call import possible_levels, weigh
from shared.programme.judging.gates import Case, verdict_on
from shared.programme.judging.judge import judge
from shared.programme.judging.programme import Programme, Switchboard
from shared.programme.judging.surroundings import ALONE, Surroundings


@dataclass(slots=True)
class TypeLine:
    """The calls of one type: how many came in, would have gone, and would have gone at best."""

    calls: int = 0
    would_go: int = 0
    at_best: int = 0


@dataclass(slots=True)
class Coverage:
    """A count of calls: as they are known, and at best. In each of the two a call is in `would_go` or in `stopped`.

    At best, what nobody knows of a call is answered so that the calmest level that then sends somebody is reached, and
    what is known stays as it is. It is an upper bound and no forecast: nobody answers everything well on every call.
    """

    calls: int = 0
    suitability: Counter[Suitability] = field(default_factory=Counter)
    taken: Counter[Suitability] = field(default_factory=Counter)
    """The same, of the calls in some district whose type some response takes."""
    would_go: Counter[str] = field(default_factory=Counter)
    """By the first response of the level that may go, not counting those in shadow, which send nobody."""
    stopped: Counter[str] = field(default_factory=Counter)
    """By what stopped a call first: where it is, that nobody takes its type, its level, its preferred response."""
    raised_by: Counter[str] = field(default_factory=Counter)
    """Of calls on a level that sends the default: the facts that put them there; a call may count in several."""
    would_go_at_best: Counter[str] = field(default_factory=Counter)
    stopped_at_best: Counter[str] = field(default_factory=Counter)
    types: dict[str, TypeLine] = field(default_factory=dict)
    """By code, of the calls in `taken`."""
    unlisted: Counter[str] = field(default_factory=Counter)
    """By code, the calls whose code the document does not know; `taken` counts none of them."""
    referrals: Counter[str] = field(default_factory=Counter)
    """Referrals and notes, which come beside all of these."""

    def summary(self) -> dict[str, Any]:
        """The figures, the greatest first."""
        return {
            "calls": self.calls,
            **_by_suitability(self.suitability),
            "of_a_type_that_is_taken": {"calls": self.taken.total(), **_by_suitability(self.taken)},
            "would_go": dict(self.would_go.most_common()),
            "stopped": dict(self.stopped.most_common()),
            "raised_by": dict(self.raised_by.most_common()),
            "at_best": {
                "suitable": self.calls - self.suitability["unsuitable"],
                "suitable_of_a_type_that_is_taken": self.taken.total() - self.taken["unsuitable"],
                "would_go": dict(self.would_go_at_best.most_common()),
                "stopped": dict(self.stopped_at_best.most_common()),
            },
            "types": {
                code: {"calls": line.calls, "would_go": line.would_go, "at_best": line.at_best}
                for code, line in sorted(self.types.items(), key=lambda item: -item[1].calls)
            },
            "unlisted_codes": dict(self.unlisted.most_common()),
            "referrals": dict(self.referrals.most_common()),
        }


def tally(  # noqa: PLR0917  # the judge's, and what is counted into
    coverage: Coverage,
    programme: Programme,
    switchboard: Switchboard,
    call: Call,
    at: datetime,
    located: Located | None = None,
) -> None:
    """Count one more call, by itself: a type that no response takes stops it, and caps and busy teams do not.

    `located`: where its position lies, for a document with boundaries.
    """
    judgement = judge(programme, switchboard, call, Surroundings(located=located), at)
    code = programme.code(call.call_type, at)
    if code is None and call.call_type is not None:
        coverage.unlisted[call.call_type.code] += 1
    early = _before_its_level(programme, judgement, listed=code is not None)
    fate = early or _by_its_level(judgement) or _fate(judgement.responses)
    best = fate
    if early is None and judgement.suitability != "unsuitable":
        best = _at_best(programme, switchboard, call, judgement.district, at)
    coverage.calls += 1
    coverage.suitability[judgement.suitability] += 1
    (coverage.would_go if fate.goes else coverage.stopped)[fate.words] += 1
    (coverage.would_go_at_best if best.goes else coverage.stopped_at_best)[best.words] += 1
    if fate.words == AT_DEFAULT:
        coverage.raised_by.update(f"{raised.fact} {raised.unknown or raised.value}" for raised in judgement.raised_by)
    coverage.referrals.update(
        verdict.response for verdict in judgement.responses if verdict.may_go and verdict.reached_by in NOT_ROUTED
    )
    if early is None and code is not None:
        coverage.taken[judgement.suitability] += 1
        line = coverage.types.setdefault(code.code, TypeLine())
        line.calls += 1
        line.would_go += fate.goes
        line.at_best += best.goes


AT_DEFAULT = "level: level-sends-default"


class _Fate(NamedTuple):
    """Which response goes, or the gate that stopped the call."""

    goes: bool
    words: str


def _before_its_level(programme: Programme, judgement: Judgement, *, listed: bool) -> _Fate | None:
    """What stops a call whatever is answered: where it is, that nobody knows its code, or takes its type."""
    for gate in judgement.gates:
        if not gate.passed and gate.gate not in ("level", "freshness"):
            return _Fate(goes=False, words=f"{gate.gate}: {gate.reason}")
    if not listed:
        return _Fate(goes=False, words="category: code-not-listed")
    if not any(judgement.category in response.takes for response in programme.responses.values()):
        return _Fate(goes=False, words="category: category-not-taken")
    return None


def _by_its_level(judgement: Judgement) -> _Fate | None:
    failed = next((gate for gate in judgement.gates if not gate.passed), None)
    return None if failed is None else _Fate(goes=False, words=f"{failed.gate}: {failed.reason}")


def _fate(responses: Sequence[ResponseVerdict]) -> _Fate:
    """The first response of a level that may go and is really sent, or what stops the preferred one."""
    routed = [verdict for verdict in responses if verdict.reached_by not in NOT_ROUTED]
    going = [verdict for verdict in routed if verdict.may_go]
    for verdict in going:
        if verdict.phase != "shadow":
            phase = "" if verdict.phase == "live" else f" ({verdict.phase})"
            return _Fate(goes=True, words=verdict.response + phase)
    if going:
        return _Fate(goes=False, words=f"phase: shadow, counted for {going[0].response}")
    gate = next(gate for gate in routed[0].gates if not gate.passed)
    return _Fate(goes=False, words=f"{gate.gate}: {gate.reason}")


def _at_best(programme: Programme, switchboard: Switchboard, call: Call, district: str | None, at: datetime) -> _Fate:
    """What comes of a call on the calmest level that it could stand on and that sends somebody."""
    code = programme.code(call.call_type, at)
    facts = weigh(programme, call, code, ALONE)
    fates = []
    for rank, answered in reversed(tuple(possible_levels(programme, facts))):
        local = at.astimezone(programme.zone)
        case = Case(programme, switchboard, call, code, district, answered, at, local, ALONE.load)
        fates.append(_fate([verdict_on(case, programme.responses[name]) for name in programme.levels[rank].sends]))
    return next((fate for fate in fates if fate.goes), fates[0])


def _by_suitability(counted: Mapping[Suitability, int]) -> dict[str, int]:
    order: tuple[Suitability, ...] = ("suitable", "indeterminate", "unsuitable")
    return {name: counted[name] for name in order}
