"""`careroute figures` against the console and the real reporting behind it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.console.cli.client import REFUSED, USAGE
from tests.services.console.cli.driver import Town
from tests.services.console.driver import AGENCY
from tests.services.console.reported import reporting_of

MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")


@pytest.fixture
def town(town: Town, tmp_path: Path) -> Iterator[Town]:
    reporting = reporting_of(town.city, tmp_path)
    town.call(reporting.__aenter__)
    yield town
    town.call(lambda: reporting.__aexit__(None, None, None))


def test_figures_are_printed_with_their_sentences(town: Town) -> None:
    printed = town.run("viewer", "figures", *MARCH).output
    assert f"{AGENCY}: calls received from 2026-03-01 until before 2026-04-01" in printed
    assert "Eligible calls that a team, or somebody by phone, took." in printed
    assert "Cost of a call: " in printed
    by_district = town.run("viewer", "figures", *MARCH, "--by", "district", "--measure", "capture").output
    assert "north" in by_district
    assert "south" in by_district
    assert "Reach" not in by_district
    by_model = town.run("viewer", "figures", *MARCH, "--by", "model").output
    assert "Not cut by model, which says no more than what they count: listed, eligible," in by_model
    body = town.json("viewer", "figures", *MARCH, "--measure", "capture", "--measure", "reach")
    assert [measure["name"] for measure in body["measures"]] == ["capture", "reach"]


def test_figures_and_calls_are_printed_as_csv(town: Town) -> None:
    figures = town.run("viewer", "figures", *MARCH, "--csv").output.splitlines()
    assert figures[0] == f"# careroute figures of {AGENCY}"
    assert any(line.startswith("capture,2,,,") for line in figures)
    calls = list(csv.DictReader(town.run("supervisor", "figures", "calls", *MARCH).output.splitlines()))
    assert {"went", "diverted", "programme_hash"} < set(calls[0])
    refused = town.run("viewer", "figures", "calls", *MARCH)
    assert (refused.exit_code, "supervisor" in refused.output) == (REFUSED, True)


def test_a_period_is_published_once(town: Town) -> None:
    published = town.run("approver", "figures", "publish", "2026-Q1")
    assert published.exit_code == 0, published.output
    assert "2026-Q1: " in published.output
    again = town.run("approver", "figures", "publish", "2026-Q1")
    assert (again.exit_code, "stays as it is" in again.output) == (REFUSED, True)
    assert town.run("approver", "figures", "publish", "spring").exit_code == USAGE
    assert town.run("viewer", "figures", "publish", "2026").exit_code == REFUSED


def test_what_cannot_be_asked_is_said(town: Town) -> None:
    wrong = town.run("viewer", "figures", "--by", "person")
    assert wrong.exit_code == USAGE
    assert "district" in wrong.output
