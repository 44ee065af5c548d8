"""The tree is as the house has it: every streaming service has the same anatomy, and nothing stands elsewhere."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.telemetry import ALLOWED_KEYS

ROOT = Path(__file__).parents[1]
STREAMING = ("triage", "team_availability", "notification", "rostering")
SERVICES = sorted(main.parent.name for main in (ROOT / "services").glob("*/__main__.py"))
HEADINGS = ("## Decides", "## Reads", "## Writes", "## Settings", "## When it goes wrong")
TOP_LEVEL = {
    "pyproject.toml", "README.md", "services", "shared", "deploy", "tests", "docker-compose.yml", "Makefile",
    "requirements.lock", "LICENSE",
}  # fmt: skip


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return listed.stdout.split()


def test_the_top_level_is_the_owners() -> None:
    assert {path.split("/")[0] for path in tracked() if not path.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("service", STREAMING)
def test_a_streaming_service_has_its_parts(service: str) -> None:
    folder = ROOT / "services" / service
    for part in ("README.md", "decide.py", "service.py", "config.py", "__main__.py"):
        assert (folder / part).exists(), f"services/{service}/{part} is missing"
    assert len((folder / "service.py").read_text("utf-8").splitlines()) <= 60


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_readme_and_main_are_short(service: str) -> None:
    folder = ROOT / "services" / service
    readme = (folder / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 60
    assert [heading for heading in HEADINGS if heading not in readme] == []
    assert len((folder / "__main__.py").read_text("utf-8").splitlines()) <= 15


def test_the_makefile_is_a_dozen_targets_at_most() -> None:
    targets = next(line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if line.startswith(".PHONY"))
    assert len(targets.split()) - 1 <= 12


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    for wanted in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        line = next(line for line in text.splitlines() if f'"{wanted}"' in line)
        assert "#" in line, f"{wanted}: say in a line what it is for"


def test_no_lock_file_names_a_host() -> None:
    assert not (ROOT / "uv.lock").exists()
    assert "://" not in (ROOT / "requirements.lock").read_text("utf-8")


def test_the_first_line_already_has_allowed_keys_alone() -> None:
    """What the console said of its runbooks and sessions, while it was put together, was no JSON, and had any key."""
    says = "from shared.telemetry import logger; logger().error('said', caller='CANARY', count=1)"
    said = subprocess.run([sys.executable, "-c", says], cwd=ROOT, capture_output=True, text=True, check=True)
    line = json.loads(said.stderr)
    assert (line["event"], line["count"], line["dropped_keys"], said.stdout) == ("said", 1, 1, "")
    assert "CANARY" not in said.stderr


def logged(path: Path) -> Iterator[tuple[int, str]]:
    """Every key that a log line of a file is given, with its line."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and "logger()." in ast.unparse(call.func):
            yield from ((call.lineno, each.arg) for each in call.keywords if each.arg)


def test_no_log_line_is_given_what_is_dropped_before_anybody_reads_it() -> None:
    places = [path for folder in ("services", "shared", "deploy") for path in (ROOT / folder).rglob("*.py")]
    keys = {(str(path.relative_to(ROOT)), line, key) for path in places for line, key in logged(path)}
    assert len(keys) > 80
    assert {found for found in keys if found[2] not in ALLOWED_KEYS} == set()
    of_every_line = {"event", "level", "timestamp", "service", "instance", "dropped_keys"}
    assert ALLOWED_KEYS - of_every_line == {key for _, _, key in keys}, "nobody says it"
