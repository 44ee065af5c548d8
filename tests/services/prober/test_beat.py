"""What a beat expects, under every delivered document, and each thing that may be wrong with what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.prober.beat import dangerous, expected, faults_of
from shared.call import Call, CallType
from shared.programme import Programme, Switchboard, judge
from shared.programme.judging.surroundings import Surroundings
from tests.shared.programme.generated import PRESETS, preset

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def call_of(programme: Programme) -> Call:
    system, code = min(programme.codes)
    return Call(
        agency=programme.agency,
        source=min(programme.sources, default="synthetic"),
        incident_id="probe-1",
        created_at=NOW,
        updated_at=NOW,
        call_type=CallType(system=system, code=code),
        district=min(programme.districts),
    )


@pytest.mark.parametrize("name", PRESETS)
def test_each_document_gives_a_beat_the_default_by_itself(name: str) -> None:
    """So a beat tries the city's own rules, and not only the wall before its teams."""
    programme = preset(name)
    call = dangerous(programme, call_of(programme))
    right = expected(programme, call)
    assert right.suitability == "unsuitable"
    assert right.reasons[-1] == "synthetic"
    assert "level-sends-default" in right.reasons
    assert judge(programme, Switchboard(), call, Surroundings(), NOW).suitability == "unsuitable"


def seen(**changes: Any) -> dict[str, Any]:
    """A call as the console shows it, with nothing wrong."""
    programme = preset("demo-city.toml")
    right = expected(programme, dangerous(programme, call_of(programme)))
    episode = {
        "outcome": "default",
        "reasons": list(right.reasons),
        "programme_hash": right.programme_hash,
        "began_at": NOW.isoformat(),
        "routed_at": (NOW + timedelta(seconds=0.2)).isoformat(),
        "deadline": (NOW + timedelta(seconds=50)).isoformat(),
    }
    judged = {"reasons": list(right.reasons), "programme_hash": right.programme_hash, "level": right.level}
    judged |= changes.pop("judged", {})
    return {
        "synthetic": changes.pop("synthetic", True),
        "judgement": judged,
        "episodes": [episode | changes],
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"synthetic": False}, "does not carry the mark"),
        ({"outcome": "team-accepted"}, "the outcome is team-accepted, not default"),
        ({"reasons": ["not-judged", "deadline"]}, "the reasons are not-judged, deadline, not level-sends-default"),
        ({"programme_hash": "another"}, "judged by another document"),
        ({"judged": {"programme_hash": "another"}}, "judged by another document"),
        ({"judged": {"level": "calm"}}, "it stands on the level calm"),
        ({"routed_at": (NOW + timedelta(seconds=52)).isoformat()}, "after the deadline"),
        ({"routed_at": (NOW + timedelta(seconds=9)).isoformat()}, "the outcome took 9.0 s"),
    ],
)
def test_whatever_is_not_as_it_must_be_is_said(changes: dict[str, Any], fault: str) -> None:
    programme = preset("demo-city.toml")
    right = expected(programme, dangerous(programme, call_of(programme)))
    assert list(faults_of(seen(), right)) == []
    (found,) = faults_of(seen(**changes), right)
    assert fault in found
