"""What a programme would have taken of many calls, and the gate that stopped the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared.judgement import NOT_ROUTED, Judgement
from shared.programme.programme import Programme


@dataclass(slots=True)
class Coverage:
    """A count of judgements, each in exactly one line of `stopped` or in `would_go`."""

    calls: int = 0
    suitable: int = 0
    indeterminate: int = 0
    would_go: Counter[str] = field(default_factory=Counter)
    """By the first response of the level that may go."""
    stopped: Counter[str] = field(default_factory=Counter)
    """By what stopped a call first: where it is, that nobody takes its type, its level, its preferred response."""
    raised_by: Counter[str] = field(default_factory=Counter)
    """Of calls on a level that sends the default: the facts that put them there; a call may count in several."""
    referrals: Counter[str] = field(default_factory=Counter)
    """Referrals and notes, which come beside all of these."""

    def summary(self) -> dict[str, Any]:
        """The figures, the greatest first."""
        return {
            "calls": self.calls,
            "suitable": self.suitable,
            "indeterminate": self.indeterminate,
            "unsuitable": self.calls - self.suitable - self.indeterminate,
            "would_go": dict(self.would_go.most_common()),
            "stopped": dict(self.stopped.most_common()),
            "raised_by": dict(self.raised_by.most_common()),
            "referrals": dict(self.referrals.most_common()),
        }


def tally(found: Coverage, programme: Programme, judgement: Judgement) -> None:
    """Count one more call. Nobody asks for anything by name here, so a type that no response takes stops a call."""
    found.calls += 1
    found.suitable += judgement.suitability == "suitable"
    found.indeterminate += judgement.suitability == "indeterminate"
    found.referrals.update(one.response for one in judgement.responses if one.may_go and one.reached_by in NOT_ROUTED)
    stopped_by = _stopped_by(programme, judgement)
    if stopped_by is None:
        going = (one.response for one in judgement.responses if one.may_go and one.reached_by not in NOT_ROUTED)
        found.would_go[next(going)] += 1
        return
    found.stopped[stopped_by] += 1
    if stopped_by == f"level: {AT_DEFAULT}":
        found.raised_by.update(f"{one.fact} {one.unknown or one.value}" for one in judgement.raised_by)


AT_DEFAULT = "level-sends-default"


def _stopped_by(programme: Programme, judgement: Judgement) -> str | None:
    failed = [gate for gate in judgement.gates if not gate.passed]
    before_type = next((gate for gate in failed if gate.gate not in ("level", "freshness")), None)
    if before_type is not None:
        return f"{before_type.gate}: {before_type.reason}"
    if not any(judgement.category in response.takes for response in programme.responses.values()):
        return "category: category-not-taken"
    if failed:
        return f"{failed[0].gate}: {failed[0].reason}"
    routed = [one for one in judgement.responses if one.reached_by not in NOT_ROUTED]
    if any(one.may_go for one in routed):
        return None
    gate = next(gate for gate in routed[0].gates if not gate.passed)
    return f"{gate.gate}: {gate.reason}"
