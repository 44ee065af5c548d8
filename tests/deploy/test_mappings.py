"""San Diego's calls mapped onto the documents of other cities: what each code comes to, by hand and by tool."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.kafka.node import CHECKOUT
from services.console.cli.programme.app import programme_app
from shared.programme import read
from shared.programme.trying.cad_export import read_export
from shared.programme.trying.export_document import read_mapping

PRESETS = {
    "san-diego": "san-diego-replay",
    "san-diego-as-denver": "denver-co.2022-01-01",
    "san-diego-as-albuquerque": "albuquerque-nm.2021-09-08",
}
EXPORT = os.environ.get("SAN_DIEGO_CALLS", "")
"""The city's published calls, if they are there: they are no part of this repository."""
HEAD = "incident_num,date_time,call_type,disposition,beat,priority\n"


def coverage(name: str, export: Path) -> dict[str, Any]:
    document = CHECKOUT / "deploy" / "programmes" / f"{PRESETS[name]}.toml"
    mapping = CHECKOUT / "deploy" / "mappings" / f"{name}.toml"
    words = ["coverage", str(document), str(export), "--mapping", str(mapping), "--json"]
    result = CliRunner().invoke(programme_app, words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def of_rows(name: str, tmp_path: Path, *rows: str) -> dict[str, Any]:
    """Each row: local time, code, beat."""
    parts = [(number, *row.split(",")) for number, row in enumerate(rows)]
    export = tmp_path / "calls.csv"
    export.write_text(HEAD + "".join(f"E{number},{at},{code},K,{beat},2\n" for number, at, code, beat in parts))
    return coverage(name, export)


def test_as_denver(tmp_path: Path) -> None:
    """Nothing was asked, so nothing goes; at best the van by day, and the co-responders to mental health by night."""
    found = of_rows(
        "san-diego-as-denver",
        tmp_path,
        "2023-01-04 12:00:00,5150,523",
        "2023-01-04 05:59:59,5150,523",
        "2023-01-04 22:00:00,CW,111",
        "2023-01-04 21:59:59,CW,999",
        "2023-01-04 12:00:00,602,523",
        "2023-01-04 12:00:00,647F,523",
        "2023-01-04 12:00:00,314,523",
        "2023-01-04 12:00:00,242,523",
        "2023-01-04 12:00:00,245,523",
        "2023-01-04 12:00:00,5150V,523",
        "2023-01-04 12:00:00,SLEEPER,523",
        "2023-01-04 12:00:00,5150,-1",
        "2023-01-04 12:00:00,,523",
    )
    assert found["calls"] == 13
    assert (found["suitable"], found["indeterminate"], found["unsuitable"]) == (0, 10, 3)
    taken = {"calls": 7, "suitable": 0, "indeterminate": 7, "unsuitable": 0}
    assert found["of_a_type_that_is_taken"] == taken
    assert found["would_go"] == {}
    assert found["stopped"] == {
        "level: level-sends-default": 7,
        "category: category-not-taken": 2,
        "category: code-not-listed": 2,
        "district: district-unknown": 1,
        "call-type: no-call-type": 1,
    }
    assert found["at_best"]["suitable"] == 10
    assert found["at_best"]["would_go"] == {"star": 5, "co-responders": 1}
    assert found["at_best"]["stopped"]["phase: shadow, counted for star"] == 1
    assert found["types"]["MENTAL DISTRESS"] == {"calls": 2, "would_go": 0, "at_best": 2}
    assert found["types"]["WELFARE CHECK"] == {"calls": 2, "would_go": 0, "at_best": 1}


def test_as_albuquerque(tmp_path: Path) -> None:
    """Daily from 07:00 to 20:00, on clocks that are taken to show San Diego's time."""
    found = of_rows(
        "san-diego-as-albuquerque",
        tmp_path,
        "2023-01-04 07:00:00,5150,523",
        "2023-01-04 06:59:59,5150,523",
        "2023-01-04 19:59:59,415,111",
        "2023-01-04 20:00:00,415,111",
        "2023-01-04 12:00:00,CW,999",
        "2023-01-04 12:00:00,459,523",
        "2023-01-04 12:00:00,459-SUSP,523",
        "2023-01-04 12:00:00,459A,523",
        "2023-01-04 12:00:00,415V,523",
        "2023-01-04 12:00:00,602,523",
        "2023-01-04 12:00:00,CW,",
    )
    assert found["stopped"] == {
        "category: category-not-taken": 2,
        "category: code-not-listed": 3,
        "level: level-sends-default": 5,
        "district: district-unknown": 1,
    }
    assert found["would_go"] == {}
    assert found["unsuitable"] == 3
    assert found["at_best"]["would_go"] == {"behavioral-health-responders": 3}
    assert found["at_best"]["stopped"]["hours: outside-hours"] == 2


def test_as_the_replay(tmp_path: Path) -> None:
    """Its codes answer for themselves, by assumption; a person who is down was not checked for injury."""
    found = of_rows(
        "san-diego",
        tmp_path,
        "2023-01-04 12:00:00,5150,523",
        "2023-01-04 12:00:00,5150V,523",
        "2023-01-04 12:00:00,11-8,523",
        "2023-01-04 03:00:00,CW,523",
        "2023-01-04 03:00:00,CW,111",
        "2023-01-02 12:00:00,CW,111",
    )
    assert found["would_go"] == {"crisis-team": 2}
    assert found["at_best"]["would_go"] == {"crisis-team": 3}
    assert found["stopped"] == {
        "level: level-sends-default": 2,
        "hours: outside-hours": 1,
        "holiday: holiday": 1,
    }


@pytest.mark.parametrize("name", [name for name in PRESETS if "-as-" in name])
def test_a_code_that_is_left_as_it_is_means_nothing_in_the_other_city(name: str) -> None:
    mapping = read_mapping((CHECKOUT / "deploy" / "mappings" / f"{name}.toml").read_text())
    programme = read((CHECKOUT / "deploy" / "programmes" / f"{PRESETS[name]}.toml").read_text())
    replayed = read((CHECKOUT / "deploy" / "programmes" / "san-diego-replay.toml").read_text())
    theirs = {code for _, code in replayed.codes} - mapping.codes.keys()
    assert theirs
    assert theirs.isdisjoint({code for _, code in programme.codes})


@pytest.mark.skipif(not EXPORT, reason="SAN_DIEGO_CALLS names no file of the city's published calls")
@pytest.mark.parametrize("name", PRESETS)
def test_every_published_call_is_counted_once(name: str) -> None:
    found = coverage(name, Path(EXPORT))
    mapping = read_mapping((CHECKOUT / "deploy" / "mappings" / f"{name}.toml").read_text())
    programme = read((CHECKOUT / "deploy" / "programmes" / f"{PRESETS[name]}.toml").read_text())
    codes = [
        row.body["call_type"]["code"] for row in read_export(mapping, Path(EXPORT)).rows if "call_type" in row.body
    ]
    unmapped = set(codes) - set(mapping.codes.values())
    assert name == "san-diego" or unmapped.isdisjoint({code for _, code in programme.codes})
    assert len(codes) <= found["calls"]
    for counted in (found, found["at_best"]):
        assert sum(counted["would_go"].values()) + sum(counted["stopped"].values()) == found["calls"]
    assert found["suitable"] + found["indeterminate"] + found["unsuitable"] == found["calls"]
    assert sum(found["would_go"].values()) <= sum(found["at_best"]["would_go"].values())
    assert sum(line["at_best"] for line in found["types"].values()) == sum(found["at_best"]["would_go"].values())
