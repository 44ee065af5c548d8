"""What the terminal shows of a run: a picture where there is a terminal, a line now and then where there is none."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo import scenarios
from deploy.demo.view import View, percentile, tables
from deploy.local.kafka.node import CHECKOUT
from shared.programme.trying.export_document import MappingRefused
from tests.deploy.test_demo_verdict import OTHER, Topics


@pytest.fixture
def topics() -> Topics:
    topics = Topics()
    topics.say("decisions", "phase-changed", response="outreach", district="Harbor", phase="live")
    topics.say("decisions", "district-paused", district="Hillside", changed_by="cleo", reason="smoke")
    topics.say("assignments", "team-signed-on", team_id="harbor-1")
    for call_id in ("demo-city/cad/D1", OTHER):
        topics.report(call_id)
        topics.begin(call_id)
    topics.accept(OTHER)
    topics.route()
    return topics


def shown(topics: Topics, *, width: int, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=60, force_terminal=terminal, color_system=None)
    view = View(console, scenarios.city(1, 60, 2), topics.ledger)
    view.now.seconds, view.now.processes, view.now.acknowledged = 30.0, "9 processes up", 2
    with view.shown():
        view.refresh()
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 140])
def test_a_picture_in_a_terminal(topics: Topics, width: int) -> None:
    picture = shown(topics, width=width, terminal=True)
    for part in ("12:00 in the city", "Harbor", "live", "PAUSED", "D2 → harbor-1 (Harbor)", "9 processes up"):
        assert part in picture
    assert ("1 jobs" in picture) == (width == 140)


def test_lines_without_one(topics: Topics) -> None:
    line = shown(topics, width=80, terminal=False)
    assert line.count("\n") == 1
    assert "1 team-accepted, 1 default" in line


def test_the_tables_at_the_end(topics: Topics) -> None:
    scenario = scenarios.city(1, 60, 2)
    out = io.StringIO()
    console = Console(file=out, width=120)
    view = View(console, scenario, topics.ledger)
    console.print(tables(topics.ledger, scenario, topics.verdict(), view.now))
    told = out.getvalue()
    assert "default (no-team)" in told
    assert "dead letters" in told


def test_percentiles() -> None:
    assert [percentile([float(number) for number in range(1, 101)], share) for share in (50, 90, 99)] == [51, 91, 100]
    assert percentile([7.0], 99) == 7.0


def test_what_is_printed_to_try_by_hand_fits() -> None:
    now = datetime(2024, 5, 1, tzinfo=UTC)
    call = scenarios.city(1, 60, 5).example(now)
    assert call["district"] == "Harbor"
    assert set(call["answers"].values()) == {"no"}
    assert call["created_at"] == now.isoformat()


def test_a_replay_without_a_programme_says_which_it_wants(tmp_path: Path) -> None:
    mapping = CHECKOUT / "deploy" / "mappings" / "san-diego.toml"
    other = tmp_path / "elsewhere.toml"
    other.write_text(mapping.read_text())
    with pytest.raises(MappingRefused, match=r"elsewhere-replay\.toml"):
        scenarios.replay(tmp_path / "calls.csv", other, 10)
