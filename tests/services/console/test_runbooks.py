"""What to do about an alert: read from a directory, shown as it is written there, and never as a page's own script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml
from structlog.testing import capture_logs

from deploy.local.kafka.node import CHECKOUT
from services.console.runbooks import RUNBOOK_OF, read_runbooks
from services.console.view.records import AlertKind
from tests.services.console.driver import City

RULES = yaml.safe_load((CHECKOUT / "deploy/prometheus/rules.yml").read_text())["groups"]


def test_an_alert_of_the_console_has_the_page_of_its_alert_in_prometheus() -> None:
    by_kind = {
        kind: rule["alert"]
        for group in RULES
        for rule in group["rules"]
        for kinds in re.findall(r'careroute_open_alarms\{kind=~?"([^"]+)"', rule.get("expr", ""))
        for kind in kinds.split("|")
    }
    assert by_kind == RUNBOOK_OF
    assert set(RUNBOOK_OF) == set(get_args(AlertKind))


def test_each_says_whether_anybody_is_in_danger_and_what_to_do_first() -> None:
    runbooks = read_runbooks(CHECKOUT / "deploy/runbooks")
    assert set(RUNBOOK_OF.values()) <= set(runbooks)
    assert all(runbook.danger and runbook.first for runbook in runbooks.values())
    calm = {name for name, runbook in runbooks.items() if not runbook.anybody_in_danger}
    assert {"PauseUnreviewed", "CadClockWrong", "NoStopSwitch"} <= calm
    assert calm.isdisjoint({"TeamSilent", "PoliceNeeded", "CadNotInformed", "AlarmsUnseen", "TeamNeedsWord"})


def test_what_is_not_said_counts_as_danger(tmp_path: Path) -> None:
    (tmp_path / "Odd.md").write_text("# Odd\n\nNothing is said here.\n")
    (tmp_path / "broken.md").write_bytes(b"\xff\xfe")
    runbooks = read_runbooks(tmp_path)
    assert list(runbooks) == ["Odd"]
    assert runbooks["Odd"].anybody_in_danger
    assert not read_runbooks(None)


def test_a_directory_without_any_is_told_of(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        with capture_logs() as logs:
            assert not read_runbooks(directory)
        assert "no runbooks in CAREROUTE_CONSOLE_RUNBOOKS" in logs[0]["event"]


def test_html_in_a_page_is_text(tmp_path: Path) -> None:
    text = "# X\n\n## Is anybody in danger now?\n<script>alert(1)</script> [here](javascript:alert(1))\n"
    (tmp_path / "X.md").write_text(text)
    runbook = read_runbooks(tmp_path)["X"]
    for part in (runbook.page, runbook.danger):
        assert "<script" not in part
        assert "href" not in part


async def test_a_runbook_is_a_page(city: City) -> None:
    async with city.signed_in("viewer") as browser:
        assert "How to tell that it is over" in (await browser.get("/runbooks/TeamSilent")).text
        for name in ("Nothing", "..%2fREADME", "TeamSilent.md"):
            assert (await browser.get(f"/runbooks/{name}")).status_code == 404
