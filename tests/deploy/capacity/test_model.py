"""What holds at every size, and what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.capacity.__main__ import main
from deploy.capacity.answers import answers
from deploy.capacity.inputs import DECIDERS, NATIONAL, Wanted
from deploy.capacity.model import Cell, whole
from deploy.capacity.plan import bill
from deploy.capacity.report import sentences, text
from tests.deploy.capacity.figures import DEMAND, LAYOUT, MEASURED, PRICES

UNBOUNDED = LAYOUT.model_copy(update={"most_utilisation": 0.9, "process_gib": 1e6})


def cell(calls: int, partitions: int = 64) -> Cell:
    demand = DEMAND.model_copy(update={"calls_a_year": calls, "largest_agency_calls_a_year": calls // 20})
    layout = UNBOUNDED.model_copy(update={"partitions": partitions})
    return whole(MEASURED, Wanted(demand=demand, layout=layout, prices=PRICES))


@settings(max_examples=25)
@given(calls=st.integers(10**6, 2 * 10**7))
def test_twice_the_calls_never_need_less(calls: int) -> None:
    one, two = cell(calls), cell(2 * calls)
    for name in DECIDERS:
        assert (two.processes(name) or 10**9) >= (one.processes(name) or 10**9)
        assert two.memory_bytes(name, surge=True) >= one.memory_bytes(name, surge=True)
        assert two.restart_seconds(name, surge=True) >= one.restart_seconds(name, surge=True)
        assert two.unsaved_agencies(name, surge=True) >= one.unsaved_agencies(name, surge=True)
    bills = [bill(each, 1) for each in (one, two)]
    costs = [each.cost if each else float("inf") for each in bills]
    assert costs == sorted(costs)


def test_a_surge_never_needs_less() -> None:
    usual = cell(10**7)
    for name in DECIDERS:
        assert usual.memory_bytes(name, surge=True) > usual.memory_bytes(name, surge=False)
        assert usual.restart_seconds(name, surge=True) > usual.restart_seconds(name, surge=False)
        assert usual.unsaved_agencies(name, surge=True) >= usual.unsaved_agencies(name, surge=False)


def test_no_number_of_processes_is_enough_where_following_alone_is_too_much() -> None:
    # 0.1 ms for each version that others decide: 10,000 a second fill a core
    assert cell(10**10).processes("triage") is None


def test_the_page_shows_what_breaks_first_and_what_is_left_out() -> None:
    found = answers(cell(10**7))
    page = text(found, MEASURED)
    names = [line.name for lines in found.figures.values() for line in lines]
    assert len(names) == len({(line.name, line.unit) for lines in found.figures.values() for line in lines})
    assert [limit.bears for limit in found.limits] == sorted(limit.bears for limit in found.limits)
    assert page.index(found.limits[0].name) < page.index(found.limits[1].name)
    for item in found.left_out:
        assert item in page


def test_the_command_tells_the_country(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    calls = found["figures"]["What comes, all agencies"][0]
    assert calls["values"][0] == pytest.approx(240e6 / (365 * 86_400))
    assert {choice["partitions"] for choice in found["choices"]} >= {16, 64}


def test_a_wait_without_end_is_null_for_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has no word for it: `Infinity` is read by nobody but Python."""
    path, text_of = tmp_path / "more.toml", NATIONAL.read_text()
    path.write_text(re.sub(r"(?m)^surge_factor = .*$", "surge_factor = 1000.0", text_of))
    assert main(["--inputs", str(path), "--json"]) == 0
    said = capsys.readouterr().out
    json.loads(said, parse_constant=pytest.fail)
    assert "null" in said


def test_the_command_refuses_what_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", str(tmp_path / "none.toml")]) == 2
    path = tmp_path / "wrong.toml"
    path.write_text("[demand]\nagencies = -1\n")
    assert main(["--inputs", str(path)]) == 2
    said = capsys.readouterr().err
    assert "none.toml" in said
    assert "wrong.toml: line 1: layout: is missing" in said
    assert "line 2: demand.agencies: -1 does not fit; should be greater than or equal to 1" in said


def test_what_is_said_in_words_follows_from_the_figures() -> None:
    small, large = answers(cell(10**5)), answers(cell(10**9))
    assert "it bears" in next(sentences(small))
    assert "limits are passed, first of all" in next(sentences(large))
    assert large.limits[0].bears < 1 < small.limits[0].bears
    # 0.9 of a core for 1 ms a version; 15 times 10^5 calls of 10 versions a year, a twentieth of them the largest's
    assert small.own_partition == pytest.approx(0.9 / 0.001 / (15 * 10**6 / (365 * 86_400) / 20))
    # 256 MiB of the calls of 8 days, of 100 bytes
    assert small.most_saved_calls == pytest.approx(256 * 2**20 / 100 / 8 * 365)
