"""Ownership, gaps and snapshots hold in every interleaving; without their rules they are shown not to."""

from __future__ import annotations

import pytest

from tests.shared.engine.ownership_model import EverythingCounts, Explored, Model, State, explore, zombie_on_its_way


def shown(what: str, found: Explored) -> Explored:
    print(f"{what}: {found.states} states to depth {found.depth}, {found.violation or 'holds'}")  # noqa: T201  # -s
    return found


def test_a_journal_holds_in_every_interleaving() -> None:
    found = shown("journal", explore(Model(), 16))
    assert found.violation is None
    assert found.states > 40_000


def test_without_the_epoch_rule_a_late_write_counts() -> None:
    found = shown("journal where everything counts", explore(Model(EverythingCounts), 14))
    assert found.violation is not None
    assert "count before it" in found.violation


def test_who_decides_on_after_it_has_let_go_is_found_out() -> None:
    found = shown("an owner that goes on", explore(Model(goes_on=True), 10))
    assert found.violation is not None
    assert "let go" in found.violation


@pytest.mark.parametrize(("start", "depth"), [(State(), 15), (zombie_on_its_way(), 13)])
def test_a_restart_from_snapshots_is_a_restart_from_everything(start: State, depth: int) -> None:
    found = shown("snapshots", explore(Model(snapshots=True), depth, start))
    assert found.violation is None
    assert found.states > 5_000


def test_trusting_the_floor_alone_loses_what_a_zombie_overwrote() -> None:
    found = shown("snapshots by floor alone", explore(Model(snapshots=True, ranked=False), 14, zombie_on_its_way()))
    assert found.violation is not None
    assert "restored" in found.violation
