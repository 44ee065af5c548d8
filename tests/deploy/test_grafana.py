"""The dashboards are what the panels say, and Grafana is given them read-only."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from deploy.grafana import boards
from deploy.grafana.boards import DASHBOARDS
from deploy.local.kafka.node import CHECKOUT
from shared.panels import BOARDS, PANELS

WRITTEN = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))}
DRAWN = [pytest.param(panel, id=panel["title"]) for board in WRITTEN.values() for panel in board["panels"]]
PROVISIONING = CHECKOUT / "deploy/grafana/provisioning"
SOURCE = {"type": "prometheus", "uid": "$prometheus"}


def test_the_files_are_what_the_panels_make() -> None:
    """Else: python -m deploy.grafana."""
    written = {path: path.read_text("utf-8") for path in DASHBOARDS.iterdir()}
    assert written == boards.files()
    assert sum(len(board["panels"]) for board in WRITTEN.values()) == len(PANELS)


@pytest.mark.parametrize("board", WRITTEN.values(), ids=WRITTEN)
def test_a_dashboard_has_a_lasting_address_and_asks_the_prometheus_that_is_chosen(board: dict[str, Any]) -> None:
    assert board["uid"] in {f"careroute-{name}" for name in BOARDS}
    assert WRITTEN[board["uid"]] is board
    assert not board["editable"]
    source, agency = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("prometheus", "datasource", "prometheus")
    assert (agency["name"], agency["datasource"], agency["allValue"]) == ("agency", SOURCE, ".*")
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.parametrize("panel", DRAWN)
def test_a_panel_has_all_that_a_reader_needs(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == SOURCE
    assert panel["options"]["legend"]["showLegend"]
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["expr"]
        assert target["legendFormat"]
        assert target["datasource"] == SOURCE
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("board", WRITTEN.values(), ids=WRITTEN)
def test_panels_stand_side_by_side_and_none_over_another(board: dict[str, Any]) -> None:
    cells = [
        (x, y)
        for panel in board["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_nobody_edits_in_grafana_what_stands_in_files() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    assert (source["type"], source["editable"]) == ("prometheus", False)
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/careroute.yml").read_text())["providers"]
    assert provider["disableDeletion"]
    assert not provider["allowUiUpdates"]
