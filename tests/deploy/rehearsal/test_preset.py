"""Every preset and template can be played; some are, with all that is switched, and decided again."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from immutables import Map
from rich.console import Console

from deploy.actors.scenario import PROGRAMMES
from deploy.demo import every
from deploy.demo.referrals import Referrals, referrals_of
from deploy.demo.stages import OneProcess, agency_of
from deploy.local.access import AgencySpec
from deploy.local.kafka.node import free_port
from deploy.rehearsal import CannotRehearse, Rehearsal, rehearsal
from deploy.rehearsal.calls import DocumentCalls, best_instant, is_open
from deploy.rehearsal.changes import ChangePlan
from deploy.rehearsal.documents import find
from services.intake.flat import FlatCall
from shared.judgement import NOT_ROUTED, Judgement, Phase
from shared.programme import Switchboard, judge, read
from shared.programme.judging.surroundings import ALONE
from tests.deploy.test_demo import AT_ONCE, play

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PRESETS = sorted(PROGRAMMES.glob("*.toml"))


def judged(scenario: Rehearsal, phase: Phase) -> list[Judgement]:
    """What is said of a call by hand, and of every version, with the response that is switched in this phase."""
    plan, programme = scenario.plan, read(scenario.document)
    board = Switchboard(phases=Map({f"{plan.response}/{plan.district}": phase}))
    bodies = [scenario.example(NOW), *(scenario.body(one, NOW) for one in scenario.sendings)]
    calls = [FlatCall.model_validate_json(json.dumps(body)).version().call for body in bodies]
    return [judge(programme, board, call, ALONE, call.updated_at) for call in calls]


def goes(judgement: Judgement, plan: ChangePlan) -> bool:
    """Whether what is switched may go; of a referral or a note, whether it is made."""
    verdicts = [one for one in judgement.responses if one.response == plan.response and one.may_go]
    is_made = any(one.reached_by in NOT_ROUTED for one in verdicts)
    failed = {gate.gate for gate in judgement.gates if not gate.passed}
    here = judgement.district == plan.district and failed <= ({"level"} if is_made else set())
    return here and bool(verdicts)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_preset_and_template_is_played(path: Path) -> None:
    programme = read(path.read_text("utf-8"))
    scenario = rehearsal(path.stem, 1, 10, 6, NOW)
    plan = scenario.plan
    following = read(plan.document)
    assert (following.agency, following.version > programme.version) == (programme.agency, True)
    assert scenario.phases[plan.response, plan.district] == plan.was != plan.becomes
    routed = {at for at in scenario.phases if programme.responses[at[0]].reached_by not in NOT_ROUTED}
    assert {scenario.phases[at] for at in routed} <= {"off", "shadow"}
    assert scenario.phases.keys() == programme.rows.keys(), "every response is played, referrals and notes too"
    found = judged(scenario, plan.becomes)
    assert goes(found[0], plan)
    assert sum(goes(one, plan) for one in found) > 3
    suitabilities = Counter(one.suitability for one in found)
    assert suitabilities["unsuitable"] > 3 or not programme.hazards
    teams = [team for team in scenario.teams if plan.district in team.districts]
    response = programme.responses[plan.response]
    if response.reached_by in NOT_ROUTED:
        assert scenario.teams == []
        return
    assert any((team.model, team.pool) == (response.model, response.pool) for team in teams)
    assert all(set(team.districts) <= programme.districts.keys() for team in scenario.teams)
    looks = {team.paged_members == 0 for team in teams if team.team_id.rpartition("-")[0] == plan.response}
    assert response.reached_by != "pull" or looks == {True}, "nobody is paged for an open call"


def test_the_same_seed_gives_the_same_calls_and_another_others() -> None:
    def sendings(seed: int) -> object:
        return rehearsal("madison-wi", seed, 20, 5, NOW).sendings

    assert sendings(7) == sendings(7)
    assert sendings(7) != sendings(8)


def test_which_document_is_meant(tmp_path: Path) -> None:
    assert find("madison-wi") == PROGRAMMES / "madison-wi.2024-04-08.toml"
    assert find("madison-wi.2021-09-01") == PROGRAMMES / "madison-wi.2021-09-01.toml"
    assert find("indianapolis-in") == PROGRAMMES / "indianapolis-in.2018-12-01.toml"
    own = tmp_path / "mine.toml"
    own.write_text("agency = 1")
    assert find(str(own)) == own
    with pytest.raises(CannotRehearse, match=r"mine\.toml has \d+ faults: line 1: agency"):
        rehearsal(str(own), 1, 10, 6, NOW)
    with pytest.raises(CannotRehearse, match=r"no preset is called 'gotham'; there are albuquerque-nm, "):
        find("gotham")
    with pytest.raises(CannotRehearse, match="there is no file"):
        find(str(tmp_path / "none.toml"))


def test_what_follows_is_the_next_by_date_or_the_same_with_a_row_lowered() -> None:
    dated = rehearsal("madison-wi.2021-09-01", 1, 10, 6, NOW).plan
    newest = rehearsal("madison-wi.2024-04-08", 1, 10, 6, NOW).plan
    assert read(dated.document).hash == read(PRESETS[0].with_name("madison-wi.2022-04-01.toml").read_text()).hash
    following = read(newest.document)
    assert (following.version, [row.phase for row in following.rollout]) == (5, ["shadow", "live"])


def test_a_document_that_is_still_to_come_is_in_force_at_once(tmp_path: Path) -> None:
    own = tmp_path / "next.toml"
    own.write_text(re.sub(r"effective = \S+", "effective = 2027-03-01T00:00:00", find("amherst-ma").read_text()))
    scenario = rehearsal(str(own), 1, 10, 6, NOW)
    for document in (scenario.document, scenario.plan.document):
        assert read(document).effective < NOW


def test_the_instant_is_one_at_which_rows_are_open() -> None:
    programme = read(find("seattle-wa.2024-07-02").read_text())
    at = best_instant(programme)
    assert all(is_open(programme, row, at) for row in programme.rollout)
    row = read(find("madison-wi.2021-09-01").read_text()).rollout[0]
    madison = read(find("madison-wi.2021-09-01").read_text())
    monday, holiday = (datetime(2021, 9, day, 12, tzinfo=madison.zone) for day in (13, 6))
    assert [is_open(madison, row, at) for at in (monday, holiday, monday.replace(hour=22))] == [True, False, False]


async def test_a_small_preset_on_the_in_memory_twin(tmp_path: Path) -> None:
    """Switched, paused, resumed, published and rolled back while calls flow; then decided again."""
    text = find("amherst-ma").read_text().replace("seconds = 30", "seconds = 3")
    clocks = {"routing_deadline_seconds": 7, "cad_notice_seconds": 2, "offer_expiry_seconds": 2}
    own = tmp_path / "amherst-ma.toml"
    own.write_text(text + "\n[clocks]\n" + "".join(f"{name} = {value}\n" for name, value in clocks.items()))
    scenario, port = replace(rehearsal(str(own), 1, 8, 10, NOW), habits=AT_ONCE), free_port()
    found, run, printed = await play(scenario, OneProcess(tmp_path / "run", agency_of(scenario, port)), port)
    assert found.good, found.sentence
    assert run.changes is not None
    changes = [step.change for step in run.changes.steps]
    cited = [None if one is None else (one.cited.version, one.cited.revision) for one in changes]
    assert cited == [(2, 2), (2, 3), (2, 4), None, (3, 4), (2, 4)]
    assert all(one is None or (one.judgements and one.first_cited_at) for one in changes)
    assert run.ledger.offers["accepted"] > 0
    assert "Amherst paused" in printed
    assert re.search(r"All \d+ judgements cite the version and revision that were in force", found.sentence)


def test_where_no_call_is_suitable_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DocumentCalls, "_takes", lambda *_: False)
    with pytest.raises(CannotRehearse, match="sends, refers and notes no call at any time"):
        rehearsal("pierce-county-wa", 1, 10, 6, NOW)


async def test_referrals_alone_are_made_due_closed_and_decided_ahead(tmp_path: Path) -> None:
    """Pierce County sends nobody: referrals are made, most are closed, and the others would be overdue in 72 h."""
    scenario, port = rehearsal("pierce-county-wa", 1, 8, 10, NOW), free_port()
    stage = OneProcess(tmp_path, agency_of(scenario, port))
    found: list[Referrals] = []

    async def before_the_end() -> None:
        found.append(await referrals_of(stage.broker(), scenario.agency))

    verdict, run, printed = await play(scenario, stage, port, before_the_end)
    assert verdict.good, verdict.sentence
    assert "mcirt in Parkland from shadow to live" in printed
    made, states = found[0].made["referral to mcirt"], Counter(run.ledger.referrals.values())
    assert made == states.total() > 10
    assert found[0].closed == {name: count for name, count in states.items() if name != "open"}
    due = [at for at, what in found[0].ahead if what == "referral-overdue"]
    given_up = [at for at, what in found[0].ahead if what == "referral-closed"]
    assert len(due) == len(given_up) == states["open"] > 0
    assert min(due) > datetime.now(UTC) + timedelta(hours=71)
    assert min(given_up) > max(due)
    assert f"{len(due)} open: overdue from " in found[0].sentence


@pytest.mark.slow
async def test_every_document_is_a_line_and_one_that_fails_fails_alone(tmp_path: Path) -> None:
    rehearsals = [rehearsal(name, 1, 6, 6, NOW) for name in ("pierce-county-wa", "template-freedom-house")]
    broken = replace(rehearsals[0], document="agency = 1").renamed("broken")
    stages: list[OneProcess] = []

    def stage_of(agencies: Sequence[AgencySpec]) -> OneProcess:
        stages.append(OneProcess(tmp_path, *agencies))
        return stages[-1]

    printed = io.StringIO()
    console = Console(file=printed, width=120)
    lines = await every.play([rehearsals[0], broken, rehearsals[1]], stage_of, tmp_path, console, seed=1)
    every.show(lines, console)
    assert len(stages) == 1, "they share one careroute"
    assert [line.good for line in lines] == [True, False, True]
    assert lines[1].wrong[0].startswith("CommandFailed: /v1/programme/propose: 409 ")
    assert lines[0].referrals.made["referral to mcirt"] > 0
    assert lines[2].outcomes.keys() <= {"default", "cancelled"}
    assert all(line.again is not None and line.again.differences == 0 for line in lines)
    assert "verdict: not as promised: broken" in printed.getvalue()
    (row,) = re.findall(r"(?m)^pierce-county-wa .*$", printed.getvalue().partition("every document")[2])
    assert len(row) < 120
    assert lines[0].pause_ms > 0
    assert "verdict" not in (tmp_path / "broken.txt").read_text()
