"""Every preset that routes something can be played; one is, with all that is switched, and decided again."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from immutables import Map

from deploy.actors.scenario import PROGRAMMES
from deploy.demo.stages import OneProcess
from deploy.local.kafka.node import free_port
from deploy.rehearsal import CannotRehearse, Rehearsal, rehearsal
from deploy.rehearsal.calls import best_instant, is_open
from deploy.rehearsal.changes import ChangePlan
from deploy.rehearsal.documents import find
from services.intake.flat import FlatCall
from shared.judgement import NOT_ROUTED, Judgement, Phase
from shared.programme import Programme, Switchboard, judge, read
from shared.programme.judging.surroundings import ALONE
from tests.deploy.test_demo import AT_ONCE, agency_of, play

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PRESETS = sorted(PROGRAMMES.glob("*.toml"))


def routes(programme: Programme) -> bool:
    return any(programme.responses[row.response].reached_by not in NOT_ROUTED for row in programme.rollout)


def judged(scenario: Rehearsal, phase: Phase) -> list[Judgement]:
    """What is said of a call by hand, and of every version, with the response that is switched in this phase."""
    plan, programme = scenario.plan, read(scenario.document)
    board = Switchboard(phases=Map({f"{plan.response}/{plan.district}": phase}))
    bodies = [scenario.example(NOW), *(scenario.body(one, NOW) for one in scenario.sendings)]
    calls = [FlatCall.model_validate_json(json.dumps(body)).version().call for body in bodies]
    return [judge(programme, board, call, ALONE, call.updated_at) for call in calls]


def goes(judgement: Judgement, plan: ChangePlan) -> bool:
    """Whether what is switched may go."""
    here = judgement.suitability == "suitable" and judgement.district == plan.district
    return here and any(one.response == plan.response and one.may_go for one in judgement.responses)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_preset_that_routes_something(path: Path) -> None:
    programme = read(path.read_text("utf-8"))
    if not routes(programme):
        with pytest.raises(CannotRehearse, match="routes no call"):
            rehearsal(path.stem, 1, 10, 6, NOW)
        return
    scenario = rehearsal(path.stem, 1, 10, 6, NOW)
    plan = scenario.plan
    following = read(plan.document)
    assert (following.agency, following.version > programme.version) == (programme.agency, True)
    assert scenario.phases[plan.response, plan.district] == plan.was != plan.becomes
    assert set(scenario.phases.values()) <= {"off", "shadow"}
    found = judged(scenario, plan.becomes)
    assert goes(found[0], plan)
    assert sum(goes(one, plan) for one in found) > 3
    suitabilities = Counter(one.suitability for one in found)
    assert suitabilities["unsuitable"] > 3 or not programme.hazards
    teams = [team for team in scenario.teams if plan.district in team.districts]
    response = programme.responses[plan.response]
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
