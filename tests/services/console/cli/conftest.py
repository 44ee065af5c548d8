from __future__ import annotations

from functools import cache

import pytest
from typer.main import get_command

MADE = cache(get_command)


@pytest.fixture(autouse=True)
def one_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests run is made once: typer's runner makes all its commands anew for each line that is typed."""
    monkeypatch.setattr("typer.testing._get_command", MADE)
