"""`careroute key rotate`: what it prints is a rotation in which everybody can always open what anybody seals."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.console.cli.app import app
from shared.sealing import Sealer, new_key

SECOND, PSEUDONYM = "CAREROUTE_SECOND_SEALING_KEY", "CAREROUTE_PSEUDONYM_KEY"


def test_each_step_opens_what_the_one_before_it_has_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    present = new_key()
    monkeypatch.setenv("CAREROUTE_SEALING_KEY", present)
    printed = CliRunner().invoke(app, ["key", "rotate"]).stdout
    steps = [dict(line.split("=", 1) for line in part.splitlines()[2:]) for part in printed.strip().split("\n\n")]
    sealers = [Sealer(step["CAREROUTE_SEALING_KEY"], step[SECOND], step[PSEUDONYM]) for step in steps]
    before = [Sealer(present), *sealers]
    for one, other in zip(before, sealers, strict=False):
        for sealing, opening in ((one, other), (other, one)):
            assert opening.open("a", sealing.seal("a", {"x": "y"})) == {"x": "y"}
        assert one.pseudonym("ann") == other.pseudonym("ann")
        assert f"seals {other.key_id}" in printed
    assert sealers[-1].key_ids.isdisjoint(before[0].key_ids)
    assert printed.count(f"pseudonyms {before[0].pseudonym_key_id}") == len(steps)
    monkeypatch.setenv(SECOND, steps[0][SECOND])
    monkeypatch.setenv(PSEUDONYM, steps[0][PSEUDONYM])
    again = CliRunner().invoke(app, ["key", "rotate"])
    assert (again.exit_code, again.stdout) == (1, "")
