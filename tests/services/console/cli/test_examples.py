"""Each command about people shows a whole line of its own, and the line can be said so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from services.console.cli.app import app

ROOT = Path(__file__).parents[4]
SAYS_ENOUGH = {("person", "link"), ("person", "sign-in"), ("person", "list"), ("team", "list"), ("device", "list")}
SAYS_ENOUGH |= {("rota", name) for name in ("rotations", "absences", "feeds")}
"""Takes nothing, so its name is the whole line."""


def commands(group: TyperGroup, *names: str) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *names, name)
        elif isinstance(command, TyperCommand):
            yield (*names, name), command


def of_people() -> dict[tuple[str, ...], TyperCommand]:
    whole = typer.main.get_command(app)
    assert isinstance(whole, TyperGroup)
    first = {"person", "device", "team", "rota", "roll-call", "roll-calls", "offer", "hold"}
    return {names: command for names, command in commands(whole) if names[0] in first}


OF_PEOPLE = of_people()


@pytest.mark.parametrize("names", sorted(OF_PEOPLE.keys() - SAYS_ENOUGH), ids=" ".join)
def test_a_command_shows_a_line_that_can_be_said(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = OF_PEOPLE[names]
    said, _, line = (command.epilog or "").partition(": ")
    assert said == "Example"
    words = shlex.split(line.partition(" > ")[0])
    assert words[: len(names) + 1] == ["careroute", *names]
    monkeypatch.chdir(tmp_path)
    for file in ("people.csv", "rota.toml", "plan.csv", "deploy/mappings/rota-spreadsheet.toml"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    command.make_context(names[-1], words[len(names) + 1 :])


PAGES = ("README.md", "deploy/*.md", "deploy/runbooks/*.md", "deploy/kubernetes/README.md", "services/**/README.md")


@pytest.mark.parametrize("page", sorted(str(page.relative_to(ROOT)) for glob in PAGES for page in ROOT.glob(glob)))
def test_what_a_page_says_to_do_can_be_done(page: str) -> None:
    """Each command that it names is there, and so is each option that it shows."""
    text = (ROOT / page).read_text("utf-8")
    for line in re.findall(r"(?<=`)careroute [^`]+|(?<=\.venv/bin/)careroute [^`\n#)]+", text):
        command: Any = typer.main.get_command(app)
        words = shlex.split(line)[1:]
        while words and isinstance(command, TyperGroup) and words[0] != "--help":
            command = command.commands.get(words.pop(0))
            assert command is not None, line
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= options, line


def test_a_mapping_that_an_example_names_is_there() -> None:
    epilog = OF_PEOPLE["rota", "import"].epilog or ""
    (mapping,) = (word for word in epilog.split() if word.endswith(".toml"))
    assert (ROOT / mapping).is_file()
