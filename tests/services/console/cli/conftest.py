from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from tests.services.console.cli.driver import Town, living_town

MADE = cache(get_command)


@pytest.fixture(autouse=True)
def one_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests run is made once: typer's runner makes all its commands anew for each line that is typed."""
    monkeypatch.setattr("typer.testing._get_command", MADE)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with living_town(tmp_path) as living:
        yield living
